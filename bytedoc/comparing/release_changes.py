"""What changed in each release: a page with its instructions, and with the examples that differ.

As histories (`history`), they are pages of HTML alone; the directive ``changes`` shows their first
half on any page of any builder.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from ..additional import Page
from ..examples import Use
from . import history

if TYPE_CHECKING:
    from ..release import Release
    from ..results import Results

#: The folder of the pages.
FOLDER = "changes"
#: The list of all of them.
INDEX = f"{FOLDER}/index"


def pagename_of(release: Release) -> str:
    """The name of the page about a release."""
    return f"{FOLDER}/{release}"


@cache  # results know a use by its identity
def use_of(release: Release) -> Use:
    """The use that the page of a release makes of the view ``changes``."""
    return Use(
        view="changes",
        example="",
        options={"argument": release},
        docname=INDEX,
        path="conf.py",
        line=1,
        anchor="instructions",
    )


def wanted(results: Results) -> list[tuple[Release, Release]]:
    """Each release that has a page, after the one that it is compared with."""
    if not results.has_histories:
        return []
    return list(zip(results.releases, results.releases[1:], strict=False))


def ask(results: Results) -> None:
    """Have the instructions of all releases, where they can be had."""
    tasks = []
    for _, release in wanted(results)[:1]:
        use = use_of(release)
        tasks += [
            (who, results.requests(use, each)[0])
            for each, who in history.across(results, use).items()
            if who is not None
        ]
    results.ask(tasks)


def link(results: Results, release: Release, docname: str) -> str:
    """The address of the page about a release from another page; empty where there is none."""
    if release not in [new for _, new in wanted(results)]:
        return ""
    pagename = pagename_of(release)
    beside = f"../{pagename}" if results.config.site else pagename
    return results.builder.get_relative_uri(docname, beside)


def pages(results: Results) -> Iterator[Page]:
    """The page of each release, and the list of them."""
    found = wanted(results)
    if not found:
        return
    from . import release_changes_pages as made  # noqa: PLC0415 - only where pages are written

    inputs = []
    for old, new in found:
        made_of = inputs_of(results, old, new)
        inputs.append(made_of)
        yield Page(pagename_of(new), made_of, partial(made.page, results, old, new))
    yield Page(INDEX, inputs, partial(made.index_page, results, found))


def inputs_of(results: Results, old: Release, new: Release) -> list[Any]:
    """All that the page of a release is made of, in JSON."""
    uses = [use_of(new)]
    for each in history.wanted(results).values():
        uses += [subject.use for subject in each.subjects]
    found: list[Any] = []
    for use in uses:
        answering = history.across(results, use)
        for release in (old, new):
            who = answering.get(release)
            if who is not None:
                request = results.requests(use, release)[0]
                found.append([use.example, who.identity, results.digest(who, request)])
    return found
