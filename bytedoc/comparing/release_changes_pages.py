"""The HTML of what changed: the page of one release, and the list of all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from docutils import nodes

from ..answers.listings import Listing
from ..answers.opcodes import Opcode
from ..errors import BytedocError
from ..render import PageRenderer
from ..views.base import Either, failed, table
from ..views.changes import ChangedExample, ChangesView, examples_part, names_of
from .changes import changes, of_kind
from .compare import align
from .differences import sentences
from .history import History, Subject, section_of
from .history import wanted as histories_wanted
from .history_pages import context
from .release_changes import INDEX, pagename_of, use_of

if TYPE_CHECKING:
    from ..release import Release
    from ..results import Results


def page(results: Results, old: Release, new: Release) -> dict[str, Any]:
    """What the template of a release's page is given."""
    pagename = pagename_of(new)
    renderer = PageRenderer(results.domain, pagename)
    target = results.target()
    title = f"What changed in the bytecode of {new}"
    section = nodes.section("", nodes.title("", title), ids=["changes"])
    if target is None:
        return context(results, pagename, title, section)
    shown = renderer.page(target)
    use = use_of(new)
    try:
        instructions = ChangesView().render_across(use, None, results.results_across(use), shown)
    except BytedocError as error:
        instructions = failed(None, error)
    heading = nodes.title("", "Instructions")
    section += nodes.section("", heading, *instructions, ids=["instructions"])
    changed, total = changed_examples(results, pagename, old, new)
    heading = nodes.title("", "Examples of the guide")
    names = [names_of(instructions_of(results, release)) for release in (old, new)]
    said = examples_part(changed, total, Either(shown, old, new, *names))
    section += nodes.section("", heading, *said, ids=["examples"])
    return context(results, pagename, title, section)


def instructions_of(results: Results, release: Release) -> Sequence[Opcode]:
    """The instructions of a release; none where they are not known."""
    found = results.results_across(use_of(release))[release].result
    return found if isinstance(found, list) else ()


def changed_examples(
    results: Results, pagename: str, old: Release, new: Release
) -> tuple[list[ChangedExample], int]:
    """The examples whose bytecode differs between two releases; how many were compared."""
    found, total = [], 0
    for history in histories_wanted(results).values():
        for subject in history.subjects:
            said = differences(results, subject, old, new)
            if said is None:
                continue
            total += 1
            if said:
                address = results.builder.get_relative_uri(pagename, history.pagename)
                link = f"{address}#{section_of(subject.use)}"
                found.append(ChangedExample(title_of(history, subject), link, said))
    return found, total


def differences(
    results: Results, subject: Subject, old: Release, new: Release
) -> Sequence[str] | None:
    """What differs in a listing, in sentences; None where one of the releases has none."""
    listings = []
    try:
        answering = results.across(subject.use)
        for release in (old, new):
            who = answering.get(release)
            listings.append(None if who is None else results.result(subject.use, who))
    except BytedocError:
        return None  # told where the page shows it
    before, after = listings
    if not isinstance(before, Listing) or not isinstance(after, Listing):
        return None
    comparison = align(before, after)
    if comparison.is_same:
        return ()
    return [str(item) for item in sentences(comparison, old, new)]


def title_of(history: History, subject: Subject) -> str:
    """The name of an example, or its first line, and of the code object if there are several."""
    example = history.example
    name = example.name if example.named else example.source.strip().split("\n")[0]
    part = subject.use.options.get("object")
    return f"{name}, {part}" if part and len(history.subjects) > 1 else name


def index_page(results: Results, found: Sequence[tuple[Release, Release]]) -> dict[str, Any]:
    """What the list of all releases is: how many instructions each added and removed."""
    title = "What changed in the bytecode, release by release"
    section = nodes.section("", nodes.title("", title), ids=["changes"])
    rows = []
    for old, new in reversed(found):
        sets = [instructions_of(results, release) for release in (old, new)]
        address = results.builder.get_relative_uri(INDEX, pagename_of(new))
        link = nodes.reference("", f"Python {new}", refuri=address, internal=True)
        if not all(sets):
            rows.append((link, "?", "?", "?"))
            continue
        difference = changes(*(of_kind(each, "real") for each in sets))
        rows.append(
            (
                link,
                str(len(difference.added)),
                str(len(difference.removed)),
                str(len(difference.renumbered)),
            )
        )
    head = ("Release", "Instructions added", "Removed", "Renumbered")
    section += table(head, rows, (25, 25, 25, 25))
    return context(results, INDEX, title, section)
