"""The ``opcode`` view: what the interpreters know of an instruction that the project documents."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any

from docutils import nodes

from ..answers import Failure
from ..answers.opcodes import Opcode
from ..answers.programs import RaisedBy
from ..comparing.changes import ranges
from ..errors import BytedocError
from ..examples import Example, Use
from ..nodes import details
from ..release import Release, ReleaseRange
from ..request import Interpreter, Request
from .base import Answer, Page, Project, View, failed, table
from .changes import cache_sizes, stack_effect
from .interpreter import argument
from .names import linked_name, linked_names

if TYPE_CHECKING:
    from ..reference.entry import Entry

#: What an instruction is that bytecode in a file never has.
_KINDS = {
    "instrumented": "It stands in the place of another instruction while code is traced or "
    "monitored, and is never in a file.",
    "pseudo": "It is an instruction of the compiler alone: something else takes its place before "
    "the bytecode is made.",
    "specialised": "It is a form that {family} takes while a program runs, and is never in a file.",
}
#: Examples that contain an instruction are listed up to so many; more are shown on demand.
_MOST_LISTED = 8


class OpcodeView(View):
    """An instruction, release by release."""

    name = "opcode"
    title = "Instruction"
    needs_example = False
    is_directive = False
    judges_results = True
    across = True

    def request(self, use: Use, example: Example | None, project: Project) -> Request:
        return Request("opcodes", {})

    def claims(
        self, use: Use, example: Example | None, project: Project, release: Release
    ) -> list[Request]:
        """The requests that show that exceptions are raised by this very instruction."""
        entry: Entry = use.options["entry"]
        if use.options["part"] != "state":
            return []
        shown = project.examples[entry.example(release)] if entry.example(release) else None
        return [
            Request(
                "raised",
                {"source": shown.source, "filename": shown.filename, "expression": item.expression},
            )
            for item in entry.evidence(release)
            if shown is not None
        ]

    def problems(
        self, use: Use, example: Example | None, results: Sequence[Any], release: Release
    ) -> Iterator[BytedocError]:
        own, *decided = results
        entry: Entry = use.options["entry"]
        if use.options["part"] != "state" or own is None or isinstance(own, Failure):
            if not isinstance(own, list):
                yield from super().problems(use, example, results, release)
            return
        item = named(own, entry.name)
        yield from misplaced(use, entry, item, release)
        if item is None:
            return
        for message in entry.misstatements(release, item):
            yield BytedocError("stack-effect", f"{entry.name}: {message}")
        for said, found in zip(entry.evidence(release), decided, strict=True):
            yield from unraised(entry, said.type, said.expression, found)

    def render_across(
        self,
        use: Use,
        example: Example | None,
        answers: Mapping[Release, Answer],
        page: Page,
    ) -> list[nodes.Node]:
        entry: Entry = use.options["entry"]
        found = {
            release: item
            for release, answer in answers.items()
            if isinstance(answer.result, list)
            and (item := named(answer.result, entry.name)) is not None
        }
        if not found:
            error = BytedocError("unknown-opcode", f"no release has an instruction {entry.name}")
            return failed(None, error)
        if use.options["part"] == "state":
            return state(entry, found, list(answers), page)
        if use.options["part"] == "releases":
            return by_release(found, page)
        return in_context(entry, found, page)

    def frame(
        self,
        use: Use,
        example: Example | None,
        interpreter: Interpreter,
        content: Sequence[nodes.Node],
    ) -> Any:
        """What is shown, without a frame: it is part of an entry."""
        return nodes.container("", *content, classes=[f"bytedoc-entry-{use.options['part']}"])


def named(opcodes: Sequence[Opcode], name: str) -> Opcode | None:
    """The instruction of that name, if there is one."""
    return next((item for item in opcodes if item.name == name), None)


def misplaced(
    use: Use, entry: Entry, item: Opcode | None, release: Release
) -> Iterator[BytedocError]:
    """Where a page is not for the releases that have the instruction, from the first one on.

    The first entry of a page decides which release is the first; others may be of later ones.
    """
    first = use.targets.first
    if item is not None and release not in use.targets:
        message = f"{release} has {entry.name}, and the page says that it is for {use.targets}"
        yield BytedocError("release", message)
    elif item is None and release == first and use.options["leads"]:
        message = (
            f"the page says that it is for {use.targets}, and {release} has no {entry.name}; "
            "its bytedoc-releases are to begin with the first one that does"
        )
        yield BytedocError("release", message)


def unraised(
    entry: Entry, wanted: str, expression: str, found: RaisedBy | Failure | None
) -> Iterator[BytedocError]:
    """Where an expression does not make the instruction raise what the entry says."""
    if isinstance(found, Failure):
        yield BytedocError("expression", f"{expression}: {found.message}")
    elif found is None:
        return
    elif not found.type:
        yield BytedocError("expectation", f"expected {expression} to raise {wanted}: it does not")
    elif wanted not in found.bases:
        yield BytedocError("expectation", f"{expression} raises {found.summary}, not {wanted}")
    elif found.opname != entry.name:
        message = f"{expression} raises {found.type} in {found.opname or 'no frame of the example'}"
        yield BytedocError("expectation", f"{message}, not in {entry.name}")


def state(
    entry: Entry, found: Mapping[Release, Opcode], releases: Sequence[Release], page: Page
) -> list[nodes.Node]:
    """Which releases have the instruction, and what it is for the reader of this guide."""
    here = page.interpreter.release
    shown: list[nodes.Node] = []
    words = [_range_words(each, releases) for each in ranges(found, releases)]
    text = f"In Python {' and '.join(words)}."
    sentence = nodes.paragraph("", text, classes=["bytedoc-lifetime"])
    if entry.category:
        sentence.insert(0, nodes.Text(f"{entry.category[0].upper()}{entry.category[1:]}. "))
    shown.append(sentence)
    if here not in found:
        text = f"Python {here} does not have it; this page speaks of the releases that do."
        note = nodes.paragraph("", "", nodes.Text(text))
        if entry.replaced_by:
            note += nodes.Text(" In its place came ")
            note += linked_names([item.name for item in entry.replaced_by], page)
            note += nodes.Text(".")
        shown.append(nodes.container("", note, classes=["bytedoc-removed"]))
        return shown
    item = found[here]
    if item.kind in _KINDS:
        text = _KINDS[item.kind].format(family=item.family)
        shown.append(nodes.paragraph("", text, classes=["bytedoc-kind"]))
    return shown


def _range_words(each: ReleaseRange, releases: Sequence[Release]) -> str:
    first, last = each.first, each.last
    if first == last:
        return str(first)
    if last is not None:
        return f"{first} to {last}" if first is not None else f"{last} and older"
    return f"{first} and newer" if first != releases[0] else f"{first} to {releases[-1]}"


def by_release(found: Mapping[Release, Opcode], page: Page) -> list[nodes.Node]:
    """Number, argument, caches and effect; a row for each run of releases in which all is equal."""
    rows: list[list[nodes.Node | str]] = []
    for key, group in groupby(found.items(), lambda item: _row(item[1])):
        run = [release for release, _ in group]
        label = str(run[0]) if len(run) == 1 else f"{run[0]} to {run[-1]}"
        is_here = page.interpreter.release in run
        name: nodes.Node = nodes.strong("", label) if is_here else nodes.Text(label)
        rows.append([nodes.inline("", "", name), *key])
    head = ["Release", "Number", "Argument", "Inline caches", "Stack effect"]
    widths = [16, 12, 22, 30, 20]
    if all(each.kind in ("specialised", "instrumented") for each in found.values()):
        head, widths = head[:2], [40, 40]  # the rest is as in the instruction in whose place it is
    shown: list[nodes.Node] = [table(head, rows, widths, ["bytedoc-by-release"])]
    item = found.get(page.interpreter.release) or list(found.values())[-1]
    if item.values:
        shown.append(values(item, page))
    return shown


def _row(item: Opcode) -> tuple[str, ...]:
    if item.kind in ("specialised", "instrumented"):
        return (str(item.number),)
    return (
        str(item.number),
        argument(item) or "none",
        cache_sizes(item.caches) or "none",
        stack_effect(item.effects) or "not told",
    )


def values(item: Opcode, page: Page) -> nodes.Node:
    """What each value of the argument means, as ``dis`` spells it out."""
    rows = [
        (str(first) if first == last else f"{first} to {last}", nodes.literal("", text))
        for first, last, text in item.values
    ]
    shown = table(("Argument", "Meaning"), rows, (30, 70), ["bytedoc-arguments"])
    if not page.is_html or len(rows) <= _MOST_LISTED:
        return shown
    return details("", shown, summary=f"All {len(rows)} values of the argument")


def in_context(entry: Entry, found: Mapping[Release, Opcode], page: Page) -> list[nodes.Node]:
    """Where it comes from and leads to: other instructions, examples, the official entry."""
    rows: list[tuple[str, list[nodes.Node]]] = []
    before = page.replaced(entry.name)
    if before:
        rows.append(("Replaces", [nodes.paragraph("", "", *linked_names(before, page))]))
    if entry.replaced_by:
        rows.append(("Replaced by", [nodes.paragraph("", "", *_ranged_names(entry, page))]))
    if entry.related:
        rows.append(("Related", [nodes.paragraph("", "", *linked_names(entry.related, page))]))
    examples = page.examples_with(entry.name)
    if examples:
        rows.append(("In this guide", [_list_of(examples, page)]))
    release = page.interpreter.release if page.interpreter.release in found else list(found)[-1]
    address = page.official_link(entry.name, release)
    is_documented = not any(release in each for each in entry.undocumented)
    if address and found[release].kind in ("real", "pseudo") and is_documented:
        link = nodes.reference("", f"dis, {release}", refuri=address)
        rows.append(("Official entry", [nodes.paragraph("", "", link)]))
    if not rows:
        return []
    items = [
        nodes.definition_list_item("", nodes.term("", title), nodes.definition("", *content))
        for title, content in rows
    ]
    return [nodes.definition_list("", *items, classes=["bytedoc-facts"])]


def _list_of(examples: Sequence[tuple[str, str]], page: Page) -> nodes.Node:
    """Links to examples; hidden at first where they are many."""
    shown = nodes.bullet_list()
    for title, address in examples:
        link = nodes.reference("", title, refuri=address, internal=True)
        shown += nodes.list_item("", nodes.paragraph("", "", link))
    if not page.is_html or len(examples) <= _MOST_LISTED:
        return shown
    return details("", shown, summary=f"{len(examples)} examples")


def _ranged_names(entry: Entry, page: Page) -> Iterator[nodes.Node]:
    for number, (name, releases) in enumerate(entry.replaced_by):
        if number:
            yield nodes.Text(", ")
        yield linked_name(name, page)
        if str(releases):
            yield nodes.Text(f" ({releases})")
