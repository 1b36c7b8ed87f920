"""What every page may say of its release and of the others: ``bytedoc`` in the HTML templates.

In the guide of one release alone that is the release.  In a site (`bytedoc_site`), where guides lie
in neighbouring folders, it is also where the same page is in the guide of each other release.
"""

# Annotations are evaluated: a tuple compiles each that is a string, in every build.
import posixpath
from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.builders.html import StandaloneHTMLBuilder

from ..domain import bytedoc_domain
from ..errors import InterpreterError
from ..release import Release, ReleaseRange
from ..request import digest_of
from ..results import Results
from .preview import description
from .releases import STABLE, SiteRelease, described, in_words, newest, today

if TYPE_CHECKING:
    from .pages import Joined


class Link(NamedTuple):
    """A place to go to: its title, and its address relative to the page."""

    title: str
    url: str


class ReleaseLink(NamedTuple):
    """A page in the guide of a release.

    Attributes:
        name: the release, such as ``3.13``.
        url: the address, relative to the page that has the link.
        is_current: whether that page is of this release.
        is_stable: whether this is the newest final release.
        is_final: whether it is no alpha, beta or release candidate.
        is_over: whether it gets no fixes any more.
        end_of_life: when that is, in words: ``on 7 October 2024``, ``in October 2026``; or empty.
        has_page: whether the page is for this release; if not, the address leads to a page that
            says so.
    """

    name: str
    url: str
    is_current: bool
    is_stable: bool
    is_final: bool
    is_over: bool
    end_of_life: str
    has_page: bool


class PageContext(NamedTuple):
    """What a template finds as ``bytedoc``.

    Attributes:
        release: the release of the guide, such as ``3.13``; empty on pages of no release.
        version: the full version of its interpreter, such as ``3.13.0``.
        is_final: whether that is no alpha, beta or release candidate.
        is_over: whether the release gets no fixes any more.
        end_of_life: when that is, in words: ``on 7 October 2024``, ``in October 2026``; or empty.
        is_for_release: whether the page is for the release, or one that says that it is not.
        releases: the page in the guide of each release, the newest first; empty without a site.
        older: the page in the guide of the release before; None: there is none.
        newer: the page in the guide of the release after; None: there is none.
        stable: the page in the stable guide; None without a site.
        home: the address of the front page of the site; empty without a site.
        joined: the pages that are about all releases, of a site.
        compare: the page compared with that of other releases, by their names, of a site.
        canonical: the address that search engines are to know the page by; may be empty.
        description: what the page is about, in a sentence or two.
    """

    release: str
    version: str
    is_final: bool
    is_over: bool
    end_of_life: str
    is_for_release: bool
    releases: tuple[ReleaseLink, ...]
    older: ReleaseLink | None
    newer: ReleaseLink | None
    stable: ReleaseLink | None
    home: str
    joined: tuple[Link, ...]
    compare: tuple[Link, ...]
    canonical: str
    description: str


class Chrome:
    """What is around the pages of one build.

    Args:
        app: the application.
    """

    def __init__(self, app: Sphinx) -> None:
        self._app = app

    @property
    def results(self) -> Results:
        """The results of the build."""
        return bytedoc_domain(self._app.env).results

    @property
    def in_site(self) -> bool:
        """Whether there are other guides, or pages about all of them, beside this build's."""
        return bool(self._app.config.bytedoc_site)

    @cached_property
    def releases(self) -> tuple[SiteRelease, ...]:
        """The releases of the site, in order; without a site, that of the guide."""
        target = self.results.target()
        names = [str(release) for release in self.results.releases] if self.in_site else []
        if not names and target is not None:
            names = [str(target.release)]
        own = {} if target is None else {str(target.release): target.version}
        versions = {name: own.get(name) or self._version(name) for name in names}
        return described(versions, self._app.config.bytedoc_end_of_life, today())

    def _version(self, name: str) -> str:
        """The version of a release, or nothing where it has neither interpreter nor capture."""
        try:
            return self.results.interpreter(name).version
        except InterpreterError:
            return ""

    @cached_property
    def stable(self) -> SiteRelease:
        """The release whose guide is also the stable one."""
        return newest(self.releases)

    @cached_property
    def own(self) -> SiteRelease | None:
        """The release of the guide; None where it can't be had, or pages are of no release."""
        target = self.results.target()
        if target is None or self._app.builder.name == "site":
            return None
        name = str(target.release)
        found = next((item for item in self.releases if item.name == name), None)
        if found is None:
            life = self._app.config.bytedoc_end_of_life
            (found,) = described({name: target.version}, life, today())
        return found

    @cached_property
    def _joined(self) -> "list[Joined]":
        """The pages that every page leads to."""
        from .pages import joined  # noqa: PLC0415 - only a site has such pages

        return list(joined(self.results))

    def digest(self) -> str:
        """A digest of all that is shown on each page."""
        joined = self._joined if self.in_site else []
        return digest_of([str(self.own), str(self.releases), self.in_site, joined])

    # -- a page -----------------------------------------------------------------------------------

    def page(self, pagename: str, doctree: nodes.document | None) -> PageContext:
        """What is around one page."""
        builder = self._app.builder
        assert isinstance(builder, StandaloneHTMLBuilder)
        uri = builder.get_target_uri(pagename).partition("#")[0]
        domain = bytedoc_domain(self._app.env)
        is_document = pagename in self._app.env.all_docs
        releases = domain.page_releases(pagename) if is_document else ReleaseRange()
        links: list[ReleaseLink] = []
        joined: tuple[Link, ...] = ()
        stable = older = newer = None
        home = root = ""
        own = self.own
        if self.in_site and self.releases:
            root = "../" * (uri.count("/") + (own is not None))
            links = [self._link(item, pagename, root, releases) for item in self.releases]
            stable = self._lasting(next(item for item in links if item.is_stable), root)
            home = f"{root}index.html"
            joined = tuple(Link(item.title, f"{root}{item.address}") for item in self._joined)
            current = next((n for n, item in enumerate(links) if item.is_current), None)
            if current is not None:
                older = links[current - 1] if current else None
                newer = links[current + 1] if current + 1 < len(links) else None
        return PageContext(
            release=own.name if own else "",
            version=own.version if own else "",
            is_final=own.is_final if own else True,
            is_over=own.is_over if own else False,
            end_of_life=in_words(own.end_of_life) if own and own.end_of_life else "",
            is_for_release=own is None or Release.parse(own.name) in releases,
            releases=tuple(reversed(links)),
            older=older,
            newer=newer,
            stable=stable,
            home=home,
            joined=joined,
            compare=tuple(self._compare(pagename, releases, root)) if is_document else (),
            canonical=self._canonical(uri),
            description=description(self._app.env.metadata.get(pagename, {}), doctree),
        )

    def _link(
        self, item: SiteRelease, pagename: str, root: str, releases: ReleaseRange
    ) -> ReleaseLink:
        """The page in the guide of a release."""
        return ReleaseLink(
            name=item.name,
            url=f"{root}{item.name}/{self._address(pagename)}",
            is_current=self.own is not None and item.name == self.own.name,
            is_stable=item is self.stable,
            is_final=item.is_final,
            is_over=item.is_over,
            end_of_life=in_words(item.end_of_life) if item.end_of_life else "",
            has_page=Release.parse(item.name) in releases,
        )

    def _compare(self, docname: str, releases: ReleaseRange, root: str) -> Iterator[Link]:
        """The comparisons of a page with that of its neighbours, by the names of those."""
        own = self.own
        if not self.in_site or own is None:
            return
        from .comparisons import pairs  # noqa: PLC0415 - only a site has guides to compare

        for pair in pairs([item.name for item in self.releases], releases):
            if own.name in pair:
                other = pair.old if pair.new == own.name else pair.new
                yield Link(other, f"{root}{quote(pair.name(docname))}.html")

    def _address(self, pagename: str) -> str:
        """Where a page is in each guide; of a page that they need not have, where they begin."""
        builder = self._app.builder
        assert isinstance(builder, StandaloneHTMLBuilder)
        generated = {"genindex", "search", *(item[0] for item in builder.domain_indices)}
        is_in_each = pagename in self._app.env.all_docs or pagename in generated
        if self.own is None or not is_in_each:
            pagename = self._app.config.root_doc
        return builder.get_target_uri(pagename).removeprefix(f"{STABLE}/")

    @staticmethod
    def _lasting(link: ReleaseLink, root: str) -> ReleaseLink:
        """A link to the stable guide, under the name that lasts."""
        return link._replace(url=f"{root}{STABLE}{link.url[len(root) + len(link.name) :]}")

    def _canonical(self, uri: str) -> str:
        """The one address of a page that may be found at several."""
        base = self._app.config.html_baseurl
        if not base:
            return ""
        if not self.in_site:
            return posixpath.join(base, uri)
        folder = ""
        if self.own is not None:
            folder = STABLE if self.own is self.stable else self.own.name
        return posixpath.join(base, folder, uri)
