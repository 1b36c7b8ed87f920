"""Histories: a page for each example with its listings in all releases, and what changed.

They are pages of HTML alone, written beside those of the project; any page of any builder can show
the same with the directive ``compare``.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from ..additional import Page
from ..errors import BytedocError
from ..examples import Example, Use
from ..request import digest_of

if TYPE_CHECKING:
    from ..release import Release
    from ..results import Results

#: The folder of the pages.
FOLDER = "history"
#: The list of all examples.
INDEX = f"{FOLDER}/index"
#: The options of a listing that decide what code is shown, not how.
_SUBJECT = ("object", "mode", "optimize")


class Subject(NamedTuple):
    """What one section of a history is about.

    Attributes:
        use: the listing that is asked for, without the options that only change its looks.
        places: the uses on pages that show it, in the order of the pages.
    """

    use: Use
    places: tuple[Use, ...]


class History(NamedTuple):
    """The page of one example.

    Attributes:
        example: the example.
        subjects: its listings, of different code objects or compiled differently.
    """

    example: Example
    subjects: tuple[Subject, ...]

    @property
    def pagename(self) -> str:
        """The page's name, as Sphinx names pages."""
        return pagename_of(self.example)


def pagename_of(example: Example) -> str:
    """The name of the page with an example's history."""
    if example.named:
        return f"{FOLDER}/{example.name}"
    return f"{FOLDER}/{example.docname}/{example.anchor.removeprefix('example_')}"


def subject_options(use: Use) -> dict[str, Any]:
    """The options of a listing that decide what code it shows."""
    return {name: use.options[name] for name in _SUBJECT if use.options.get(name)}


def section_of(use: Use) -> str:
    """The anchor of the section about a listing."""
    options = subject_options(use)
    return "listing" if not options else f"listing-{digest_of(options)[:6]}"


def histories(
    examples: Mapping[str, Example], uses: Mapping[str, Iterable[Use]]
) -> dict[str, History]:
    """The history of every example that some page shows a listing of, by the example's name."""
    found: dict[str, dict[str, list[Use]]] = {}
    for docname in sorted(uses):
        for use in uses[docname]:
            if use.view == "dis" and use.example in examples:
                sections = found.setdefault(use.example, {})
                sections.setdefault(section_of(use), []).append(use)
    return {
        name: History(
            examples[name], tuple(_subject(places) for _, places in sorted(sections.items()))
        )
        for name, sections in sorted(found.items())
    }


def _subject(places: list[Use]) -> Subject:
    """One section, for the releases of any of the places that show it."""
    first = places[0]
    releases = first.releases & first.targets
    for use in places[1:]:
        releases |= use.releases & use.targets
    use = first._replace(
        options=subject_options(first),
        expectations=(),
        release="",
        releases=releases,
        targets=type(releases)(),
        anchor=section_of(first),
    )
    return Subject(use, tuple(places))


def wanted(results: Results) -> dict[str, History]:
    """The histories that a build writes or links to; none where one release is known."""
    return results.domain.histories if results.has_histories else {}


def plain_uses(results: Results) -> Iterator[Use]:
    """What the histories of all examples ask for, where that can be asked."""
    for history in results.domain.histories.values():
        for subject in history.subjects:
            with contextlib.suppress(BytedocError):  # told where the page shows it
                for release in results.releases[:1]:
                    results.requests(subject.use, release)
                yield subject.use


def ask(results: Results, docnames: AbstractSet[str] | None = None) -> None:
    """Have the listings of all releases, where they can be had; those of some pages, or of all."""
    tasks = []
    for history in wanted(results).values():
        for subject in history.subjects:
            if docnames is None or not docnames.isdisjoint(use.docname for use in subject.places):
                tasks += [
                    (who, results.requests(subject.use, release)[0])
                    for release, who in across(results, subject.use).items()
                    if who is not None
                ]
    results.ask(tasks)


def across(results: Results, use: Use) -> dict[Release, Any]:
    """Who answers for each release, or nobody where the listing can't be asked for."""
    try:
        return dict(results.across(use))
    except BytedocError:
        return {}  # told where the page shows it


def link(results: Results, use: Use, docname: str) -> str:
    """The address of a listing's history from a page; empty where there is none."""
    history = wanted(results).get(use.example) if use.view == "dis" else None
    if history is None:
        return ""
    pagename = f"../{history.pagename}" if results.config.site else history.pagename
    return f"{results.builder.get_relative_uri(docname, pagename)}#{section_of(use)}"


def pages(results: Results) -> Iterator[Page]:
    """Every page: that of each example, and the list of all."""
    found = wanted(results)
    if not found:
        return
    from .history_pages import index_page, page  # noqa: PLC0415 - only where pages are written

    inputs = []
    for history in found.values():
        made_of = inputs_of(results, history)
        inputs.append(made_of)
        yield Page(history.pagename, made_of, partial(page, results, history))
    yield Page(INDEX, inputs, partial(index_page, results, found.values()))


def inputs_of(results: Results, history: History) -> list[Any]:
    """All that the page of an example is made of, in JSON."""
    found: list[Any] = [list(history.example[:6]), str(history.example.releases)]
    for subject in history.subjects:
        found.append([section_of(subject.use), [use.docname for use in subject.places]])
        for release, who in across(results, subject.use).items():
            request = results.requests(subject.use, release)[0]
            answer = None if who is None else [who.identity, results.digest(who, request)]
            found.append([str(release), request.digest, answer])
    return found
