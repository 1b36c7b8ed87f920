"""The front page of a site, and the page for addresses that it does not have."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

from docutils import nodes

from ..additional import Page
from ..answers.listings import Instruction, Listing
from ..comparing import history
from ..comparing.compare import align, groups
from ..comparing.differences import Sentence, sentences
from ..errors import BytedocError
from ..release import Release
from .releases import STABLE

if TYPE_CHECKING:
    from .builder import SiteBuilder

#: An instruction as a template shows it: name, argument, and whether it is new in its release.
Row = tuple[str, str, bool]


class Run(NamedTuple):
    """Neighbouring releases that make the same bytecode of an example.

    Attributes:
        releases: their names, the oldest first.
        rows: the instructions of the newest of them.
        sentences: what changed since the run before.
    """

    releases: tuple[str, ...]
    rows: tuple[Row, ...]
    sentences: tuple[Sentence, ...]


class Shown(NamedTuple):
    """An example in all releases, as a template may show it.

    Attributes:
        name: the example's name.
        source: its source, as HTML.
        runs: from the oldest releases to the newest.
        url: the address of its history, relative to the front page; may be empty.
    """

    name: str
    source: str
    runs: tuple[Run, ...]
    url: str


def pages(builder: SiteBuilder) -> Iterator[Page]:
    """The front page and ``404.html``."""
    releases = [str(release) for release in builder.results.releases]
    made_of = [list(page.inputs) for page in history.pages(builder.results)]
    yield Page("index", [releases, made_of], partial(front, builder))
    yield Page("404", releases, partial(not_found, builder), is_listed=False)


def front(builder: SiteBuilder) -> dict[str, Any]:
    """The front page, made by the template ``bytedoc-front.html``."""
    show = partial(shown, builder)
    body = builder.fill("bytedoc-front.html", "index", {"example": show})
    return {"title": builder.config.html_title, "body": body}


def not_found(builder: SiteBuilder) -> dict[str, Any]:
    """The page for addresses that are not there, which must work at any of them.

    Its own addresses are relative to the site, which a ``base`` names: from the configuration, or
    else found by a script in the address that was asked for.
    """
    base = builder.config.html_baseurl
    path = posixpath.join(urlsplit(base).path or "/", "404.html") if base else ""
    folders = [STABLE, *(str(release) for release in builder.results.releases)]
    context = {"base": path, "folders": folders}
    body = builder.fill("bytedoc-404.html", "404", context)
    head = builder.fill("bytedoc-404-head.html", "404", context)
    return {"title": "Not found", "body": body, "metatags": head}


def shown(builder: SiteBuilder, name: str) -> Shown | None:
    """An example by its name; None: no page shows a listing of it, or no release has one."""
    results = builder.results
    found = results.domain.histories.get(name)
    if found is None:
        return None
    use = found.subjects[0].use
    try:
        answers = results.results_across(use)
    except BytedocError:
        return None  # told where the page shows it
    listings = {
        release: answer.result
        for release, answer in answers.items()
        if isinstance(answer.result, Listing)
    }
    address = ""
    if name in history.wanted(results):
        address = builder.get_relative_uri(builder.own("index"), found.pagename)
    text = found.example.source
    block = nodes.literal_block(text, text, language="python", force=True)
    return Shown(name, builder.html_of(block, "index"), tuple(runs(listings)), address)


def argument(instruction: Instruction) -> str:
    """What ``dis`` says of an argument, or else its number."""
    if instruction.argrepr or instruction.arg is None:
        return instruction.argrepr
    return str(instruction.arg)


def runs(listings: Mapping[Release, Listing]) -> Iterator[Run]:
    """The runs of releases with the same bytecode."""
    before: tuple[Release, Listing] | None = None
    for group in groups(listings):
        release, listing = group.releases[-1], group.listings[-1]
        new: set[int] = set()
        told: tuple[Sentence, ...] = ()
        if before is not None:
            comparison = align(before[1], listing)
            told = tuple(sentences(comparison, before[0], group.releases[0]))
            new = {id(now) for _, now, kind in comparison.rows() if now and kind != "same"}
        rows = tuple(
            (item.opname, argument(item), id(item) in new)
            for code in listing.codes
            for item in code.instructions
        )
        yield Run(tuple(map(str, group.releases)), rows, told)
        before = release, listing
