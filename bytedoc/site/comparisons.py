"""The comparison of each page with the same page in the guide of the next release."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from functools import lru_cache, partial
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote

from markupsafe import Markup, escape

from ..additional import Page
from ..release import Release, ReleaseRange
from .bodies import folder_of, path_of
from .folders import WORK
from .releases import STABLE

if TYPE_CHECKING:
    from .blocks import Block
    from .builder import SiteBuilder

#: The folder of the comparisons in a site.
FOLDER = "compare"
_STYLE = Markup('<link rel="stylesheet" type="text/css" href="{}" />')


class Pair(NamedTuple):
    """Two releases whose pages are compared.

    Attributes:
        old: the older one, such as ``3.11``.
        new: the newer one.
    """

    old: str
    new: str

    def __str__(self) -> str:
        return f"{self.old} and {self.new}"

    def name(self, docname: str) -> str:
        """The name of the comparison of a page: its address in the site, without ``.html``."""
        return f"{FOLDER}/{self.old}-{self.new}/{docname}"


def pairs(releases: Sequence[str], page_releases: ReleaseRange) -> list[Pair]:
    """The neighbouring releases, of those of a site, in both of which there is a page."""
    return [
        Pair(old, new)
        for old, new in pairwise(releases)
        if Release.parse(old) in page_releases and Release.parse(new) in page_releases
    ]


class Body(NamedTuple):
    """The body of a page that a guide left.

    Attributes:
        path: the file.
        size: its size in bytes.
        changed: when it was changed, in nanoseconds.
    """

    path: str
    size: int
    changed: int


def pages(builder: SiteBuilder) -> Iterator[Page]:
    """The comparisons of all pages."""
    releases = [str(release) for release in builder.results.releases]
    work = Path(builder.doctreedir, WORK)
    for docname in sorted(builder.env.all_docs):
        bodies = {
            name: body
            for name in releases
            if (body := _body(path_of(folder_of(work, name), docname))) is not None
        }
        wanted = [
            pair
            for pair in pairs(releases, builder.domain.page_releases(docname))
            if pair.old in bodies and pair.new in bodies
        ]
        title = builder.env.titles[docname].astext()
        address = builder.get_target_uri(docname).removeprefix(f"{STABLE}/")
        for pair in wanted:
            old, new = bodies[pair.old], bodies[pair.new]
            others = [other for other in wanted if other != pair]
            yield Page(
                pair.name(docname),
                [old, new, others, title, address],
                partial(context, docname, address, title, pair, old, new, others),
                is_listed=False,  # there is nothing in it that the guides have not
            )


def _body(path: Path) -> Body | None:
    try:
        status = os.stat(path)  # noqa: PTH116 - for every page of every guide
    except FileNotFoundError:
        return None
    return Body(os.fspath(path), status.st_size, status.st_mtime_ns)


def context(
    docname: str,
    address: str,
    title: str,
    pair: Pair,
    old: Body,
    new: Body,
    others: Sequence[Pair],
) -> dict[str, Any]:
    """What the template of a comparison is given.

    Args:
        docname: the page.
        address: its address in each guide.
        title: its title, as text.
        pair: the releases.
        old: what the older guide left.
        new: what the newer guide left.
        others: the other releases whose pages are compared.
    """
    from .difference import Guide, rendered, rows  # noqa: PLC0415 - only where one is written

    root = "../" * (docname.count("/") + 2)
    before, after = (Guide(name, f"{root}{name}/{address}") for name in pair)
    found = rows(
        _blocks(old, before.url, f"{before.release}_"), _blocks(new, after.url, f"{after.release}_")
    )
    links = [Guide(str(other), f"{root}{quote(other.name(docname))}.html") for other in others]
    return {
        "title": escape(f"{title}: {pair}"),
        "body": rendered(title, before, after, found, links),
        "metatags": _STYLE.format(f"{root}_static/difference.css"),
    }


@lru_cache(maxsize=2)
def _blocks(body: Body, url: str, prefix: str) -> tuple[Block, ...]:
    """The blocks of a body; a page is compared with the one before it and with the one after it."""
    from .blocks import blocks_of  # noqa: PLC0415

    return blocks_of(Path(body.path).read_text(encoding="utf-8"), url, prefix)
