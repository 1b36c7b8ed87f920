"""The builder ``site``: the pages about all releases, from the same sources as the guides.

It writes no page of the project.  Their names lead into the stable guide, so that what a theme
shows around a page, such as the contents of the project, leads there.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from docutils import nodes
from sphinx.builders.html import StandaloneHTMLBuilder
from sphinx.util.display import status_iterator
from sphinx.util.parallel import ParallelTasks, parallel_available

from ..additional import Page, surroundings
from ..domain import bytedoc_domain
from ..request import digest_of
from .context import Chrome
from .folders import WORK, read_json, write_if_changed
from .pages import File, contributors
from .planning import PACKAGE, states, tree
from .releases import STABLE

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

    from ..domain import BytedocDomain
    from ..results import Results

#: What the names of our pages begin with where Sphinx handles them: a page of the project may have
#: the same name.
OWN = "site:"


class SiteBuilder(StandaloneHTMLBuilder):
    """Writes what joins the guides."""

    name = "site"
    epilog = "What joins the guides is in %(outdir)s."
    search = False
    copysource = False

    def __init__(self, app: Sphinx, env: BuildEnvironment) -> None:
        super().__init__(app, env)
        self._application = app  # Sphinx is about to give up `app`
        #: The names of our pages so far, but for those that nobody is to find by searching.
        self.listed: list[str] = []

    # -- Sphinx's part ----------------------------------------------------------------------------

    def init(self) -> None:
        super().init()
        self.use_index = False
        # Numbers of sections and figures, which Sphinx sets for each page of a project.
        self.secnumbers, self.fignumbers = {}, {}

    def get_outdated_docs(self) -> Iterator[str]:
        return iter(())

    def get_target_uri(self, docname: str, typ: str | None = None) -> str:
        if docname.startswith(OWN):
            return quote(docname.removeprefix(OWN)) + self.link_suffix
        if docname in self.env.all_docs or docname in self._generated:
            return f"{STABLE}/{super().get_target_uri(docname, typ)}"
        return super().get_target_uri(docname, typ)

    def get_output_path(self, page_name: str, /) -> Path:
        return super().get_output_path(page_name.removeprefix(OWN))

    @cached_property
    def _generated(self) -> frozenset[str]:
        """The pages that Sphinx adds to each guide."""
        indices = (
            f"{domain.name}-{index.name}"
            for domain in self.env.domains.sorted()
            for index in domain.indices
        )
        return frozenset({"genindex", "search", *indices})

    def write_documents(self, docnames: AbstractSet[str]) -> None:
        """No page of the project is written."""

    def finish(self) -> None:
        self.write_joined()
        self.write_buildinfo()

    # -- what contributors use --------------------------------------------------------------------

    @property
    def domain(self) -> BytedocDomain:
        """What the pages of the project define and ask for."""
        return bytedoc_domain(self.env)

    @property
    def results(self) -> Results:
        """What interpreters answer."""
        return self.domain.results

    def html_of(self, content: nodes.Node, name: str) -> str:
        """The HTML of docutils nodes on the page with that name in the site."""
        self.current_docname = self.own(name)
        return self.render_partial(content)["fragment"]

    @staticmethod
    def own(name: str) -> str:
        """How Sphinx knows the page with that name in the site, as where links begin."""
        return f"{OWN}{name}"

    def fill(self, template: str, name: str, context: Mapping[str, Any]) -> str:
        """What a template makes of a context, and of ``bytedoc``, for the page with that name."""
        here = self.own(name)
        more = {
            "bytedoc": self.chrome.page(here, None),
            "pathto": partial(self.get_relative_uri, here),
            "title": self.config.html_title,
        }
        filled: str = self.templates.render(template, {**more, **context})
        return filled

    @cached_property
    def chrome(self) -> Chrome:
        """What is around the pages."""
        return Chrome(self._application)

    # -- writing ----------------------------------------------------------------------------------

    def write_joined(self) -> None:
        """Write the pages and files whose inputs changed, and remove those that are no more."""
        memory = Path(self.doctreedir, WORK, "joined.json")
        before = read_json(memory)
        if before.get("out") != str(self.outdir):
            before = {}
        noted: dict[str, str] = before.get("digests", {})
        known = noted if before.get("around") == self._around else {}
        items = dict(self._items())
        digests = {name: digest_of(item.inputs) for name, item in items.items()}
        # Should this not come to its end, the next build knows what is ours, and no more.
        self._remember(memory, dict.fromkeys([*noted, *items], ""))
        outdated = [
            (name, item)
            for name, item in items.items()
            if known.get(name) != digests[name] or not Path(self.outdir, name).exists()
        ]
        self._write_pages([item for _, item in outdated if isinstance(item, Page)])
        for name, item in outdated:
            if isinstance(item, File):
                write_if_changed(Path(self.outdir, name), item.content())
        for name in noted.keys() - items.keys():
            Path(self.outdir, name).unlink(missing_ok=True)
        self._remember(memory, digests)

    def _items(self) -> Iterator[tuple[str, Page | File]]:
        """All pages and files, with the paths of what they become."""
        for contributor in contributors():
            for item in contributor(self):
                path = Path(self.outdir, item.name)
                if isinstance(item, Page):
                    path = self.get_output_path(item.name)
                    if item.is_listed:
                        self.listed.append(item.name)
                yield path.relative_to(self.outdir).as_posix(), item

    def _remember(self, memory: Path, digests: Mapping[str, str]) -> None:
        """Note what is there, and what it was made of."""
        found = {"out": str(self.outdir), "around": self._around, "digests": digests}
        memory.parent.mkdir(parents=True, exist_ok=True)
        memory.write_text(json.dumps(found, indent=1, sort_keys=True), encoding="utf-8")

    @cached_property
    def _around(self) -> str:
        """A digest of what all pages have in common, and of what makes them."""
        return digest_of([surroundings(self), self.chrome.digest(), states(tree(PACKAGE))])

    def _write_pages(self, pages: list[Page]) -> None:
        """Write pages, in several processes if that is allowed."""
        nproc = self._application.parallel
        if nproc < 2 or len(pages) < 2 * nproc or not parallel_available:
            self._write_some(pages)
            return
        self._write_some(pages[:1])  # compiles the templates for all
        tasks = ParallelTasks(nproc)
        size = -(-len(pages[1:]) // nproc)
        for start in range(1, len(pages), size):
            tasks.add_task(self._write_some, pages[start : start + size])
        tasks.join()

    def _write_some(self, pages: list[Page]) -> None:
        verbosity = self._application.verbosity
        names = [page.name for page in pages]
        shown = status_iterator(names, "writing pages... ", "darkgreen", len(names), verbosity)
        for page, _ in zip(pages, shown, strict=True):
            context: dict[str, Any] = dict(page.context())
            context |= {"master_doc": self.own("index"), "is_listed": page.is_listed}
            self.handle_page(self.own(page.name), context, page.template)
