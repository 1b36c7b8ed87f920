"""The ``changes`` view: what changed in the instruction set from one release to the next."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, Sized
from typing import Any, NamedTuple

from docutils import nodes

from ..answers import Failure
from ..answers.opcodes import Opcode
from ..comparing.changes import Changed, Effect, InstructionSetChanges, changes, of_kind
from ..errors import BytedocError
from ..examples import Example, Use
from ..release import Release
from ..request import Interpreter, Request
from .base import Answer, Either, Linking, Page, Project, View, explain, failed, table
from .interpreter import argument
from .options import text

#: What is said of the instructions that no bytecode in a file has.
_OTHER_KINDS = {
    "instrumented": "Instrumented instructions, which stand in the place of others while code is "
    "monitored:",
    "pseudo": "Instructions of the compiler alone, which are never in bytecode:",
}
#: What an instruction may have changed in, in the words of a table.
_RESPECTS = {
    "arg": "has an argument",
    "uses": "argument is an index of",
    "jump": "jump",
    "caches": "inline caches",
    "effects": "stack effect",
}


class ChangedExample(NamedTuple):
    """An example whose bytecode changed.

    Attributes:
        title: what it is called.
        link: the address of its listings, or nothing.
        sentences: what changed; names of instructions stand between backquotes.
    """

    title: str
    link: str
    sentences: Sequence[str]


def release_argument(value: str | None) -> Release:
    """The argument of the directive: a release."""
    return Release.parse(text(value))


class ChangesView(View):
    """The instructions that a release added, removed, renumbered or changed."""

    name = "changes"
    title = "What changed in the instructions"
    needs_example = False
    across = True

    def request(self, use: Use, example: Example | None, project: Project) -> Request:
        release = use.options["argument"]
        if release not in project.releases:
            known = ", ".join(map(str, project.releases))
            message = f"{release} is not one of the releases that are compared: {known}"
            raise BytedocError("release", message)
        return Request("opcodes", {})

    def caption(
        self, use: Use, example: Example | None, interpreter: Interpreter
    ) -> nodes.paragraph:
        """What is shown; not whose guide it is in, for that has no part in it."""
        shown = f"What changed in the instructions of {use.options['argument']}"
        return nodes.paragraph("", shown, classes=["bytedoc-caption"])

    def render_across(
        self,
        use: Use,
        example: Example | None,
        answers: Mapping[Release, Answer],
        page: Page,
    ) -> list[nodes.Node]:
        release: Release = use.options["argument"]
        known = list(answers)
        if release not in known:
            message = f"{release} is not one of the releases that this is for"
            return failed(None, BytedocError("release", message))
        if release == known[0]:
            said = f"{release} is the oldest release here; there is nothing to compare it with."
            return [nodes.paragraph("", said, classes=["bytedoc-note"])]
        compared = {name: answers[name] for name in (known[known.index(release) - 1], release)}
        for name, answer in compared.items():
            if answer.result is None or answer.interpreter is None:
                message = f"the instructions of {name} are not known here"
                return failed(None, BytedocError("not-recorded", message))
            if isinstance(answer.result, Failure):
                return failed(answer.result, explain(answer.result, name))
        (old, was), (new, now) = ((item.result, item.interpreter) for item in compared.values())
        before, after = compared
        linking = Either(page, before, after, names_of(old), names_of(new))
        return list(rendered(old, new, f"{was} and {now}", use.anchor, linking))


def names_of(opcodes: Iterable[Opcode]) -> frozenset[str]:
    """The names of instructions."""
    return frozenset(item.name for item in opcodes)


def rendered(
    old: Sequence[Opcode], new: Sequence[Opcode], compared: str, anchor: str, page: Linking
) -> Iterator[nodes.Node]:
    """What changed between two instruction sets: a sentence of counts, then tables.

    Args:
        compared: the two interpreters.
        anchor: what the anchors of the tables begin with.
    """
    found = changes(of_kind(old, "real"), of_kind(new, "real"))
    certain = [item for item in found.changed if item.is_certain]
    yield nodes.paragraph("", f"{counted(found, certain)} Compared: {compared}.")
    if found.added:
        title = f"Added ({len(found.added)})"
        yield titled(instructions(found.added, page), title, f"{anchor}_added")
    if found.removed:
        title = f"Removed ({len(found.removed)})"
        yield titled(instructions(found.removed, page), title, f"{anchor}_removed")
        if kept := sorted({item.name for item in found.removed} & {item.name for item in new}):
            yield sentence(f"Still known to the compiler: {quoted(kept)}.", page)
    if certain:
        title = f"Changed ({len({item.name for item in certain})})"
        yield titled(changed_table(certain, page), title, f"{anchor}_changed")
    if found.renumbered:
        yield nodes.paragraph("", f"Renumbered ({len(found.renumbered)} of {len(found.kept)}):")
        yield renumbered_list(found, page)
    for kind, said in _OTHER_KINDS.items():
        other = changes(of_kind(old, kind), of_kind(new, kind))
        if other.added or other.removed:
            yield sentence(f"{said} {came_and_went(other)}.", page)
    forms = changes(of_kind(old, "specialised"), of_kind(new, "specialised"))
    if forms.added or forms.removed:
        title = f"Specialised forms ({len(forms.added)} added, {len(forms.removed)} removed)"
        yield titled(specialised(forms, page), title, f"{anchor}_specialised")


def counted(found: InstructionSetChanges, certain: Sequence[Changed]) -> str:
    """How many instructions changed in which way."""
    said = f"{number(found.added)} added and {len(found.removed) or 'none'} removed. "
    said += f"Of the {len(found.kept)} that both releases have, "
    others = len({item.name for item in certain})
    if not found.renumbered and not others:
        return f"{said}none changed."
    return (
        f"{said}{len(found.renumbered) or 'none'} got another number, and {others or 'none'} "
        "changed in something else."
    )


def number(items: Sized) -> str:
    """How many instructions were ..."""
    return "1 instruction was" if len(items) == 1 else f"{len(items)} instructions were"


def instructions(shown: Sequence[Opcode], page: Linking) -> nodes.table:
    """A table of instructions that came or went."""
    head = ["Instruction", "Number", "Argument", "Inline caches (code units)", "Stack effect"]
    widths = [34, 10, 18, 22, 16]
    rows: list[list[nodes.Node | str]] = [
        [
            linked(item.name, page),
            str(item.number),
            argument(item),
            cache_sizes(item.caches),
            stack_effect(item.effects),
        ]
        for item in shown
    ]
    if not any(item.caches for item in shown):
        del head[3], widths[3]
        for row in rows:
            del row[3]
    return table(head, rows, widths, ["bytedoc-opcodes"])


def changed_table(certain: Sequence[Changed], page: Linking) -> nodes.table:
    """A table of what is otherwise than before, an instruction and a respect a row."""
    rows: list[tuple[nodes.Node | str, ...]] = []
    before = ""
    for item in certain:
        name: nodes.Node | str = linked(item.name, page) if item.name != before else ""
        was, now = (respect(item.field, value) for value in (item.old, item.new))
        rows.append((name, _RESPECTS[item.field], was, now))
        before = item.name
    head = ("Instruction", "What", "Before", "Now")
    return table(head, rows, (28, 16, 28, 28), ["bytedoc-changed"])


def respect(field: str, value: Any) -> str:
    """What an instruction is in one respect."""
    if field == "effects":
        return stack_effect(value)
    if field == "caches":
        return cache_sizes(value) or "none"
    if field == "arg":
        return "yes" if value else "no"
    return str(value) or "none"


def renumbered_list(found: InstructionSetChanges, page: Linking) -> nodes.bullet_list:
    """The numbers before and now, one instruction an item."""
    shown = nodes.bullet_list(bullet="*", classes=["bytedoc-renumbered"])
    for name, was, now in found.renumbered:
        said = nodes.paragraph(
            "", "", linked(name, page), nodes.Text(f" {was} \N{RIGHTWARDS ARROW} {now}")
        )
        shown += nodes.list_item("", said)
    return shown


def specialised(found: InstructionSetChanges, page: Linking) -> nodes.table:
    """A table of the specialised forms that came and went, by the instruction that they are of."""
    families = sorted({item.family for item in (*found.added, *found.removed)})
    rows = [
        (
            linked(family, page),
            *(
                names_in_a_cell((item.name for item in some if item.family == family), page)
                for some in (found.added, found.removed)
            ),
        )
        for family in families
    ]
    return table(("Instruction", "Added", "Removed"), rows, (26, 37, 37), ["bytedoc-changed"])


def examples_part(changed: Sequence[ChangedExample], total: int, page: Linking) -> list[nodes.Node]:
    """Which examples have other bytecode than in the release before, and how.

    Args:
        changed: those examples.
        total: how many were compared.
    """
    said = f"The bytecode of {len(changed) or 'none'} of {total} examples changed."
    found: list[nodes.Node] = [nodes.paragraph("", said)]
    if not changed:
        return found
    listed = nodes.definition_list(classes=["bytedoc-changed-examples"])
    for item in changed:
        title: nodes.Node = nodes.Text(item.title)
        if item.link:
            title = nodes.reference("", item.title, refuri=item.link, internal=True)
        body: list[nodes.Node] = [sentence(said, page) for said in item.sentences]
        if len(body) > 1:
            body = [nodes.bullet_list("", *(nodes.list_item("", each) for each in body))]
        listed += nodes.definition_list_item(
            "", nodes.term("", "", title), nodes.definition("", *body)
        )
    return [*found, listed]


# -- small parts ----------------------------------------------------------------------------------


def linked(name: str, page: Linking) -> nodes.Node:
    """The name of an instruction, leading to its description."""
    literal = nodes.literal("", name, classes=["bytedoc-op"])
    link = page.opcode_link(name)
    if not link:
        return literal
    return nodes.reference("", "", literal, refuri=link, internal="://" not in link)


def sentence(said: str, page: Linking) -> nodes.paragraph:
    """A sentence in which what stands between backquotes is code, and instructions are linked."""
    found = nodes.paragraph()
    for number, part in enumerate(said.split("`")):
        if number % 2 == 0:
            found += nodes.Text(part)
        elif is_name(part):
            found += linked(part, page)
        else:
            found += nodes.literal("", part)
    return found


def is_name(code: str) -> bool:
    """Whether code has the form of an instruction's name."""
    return code.isidentifier() and code.isupper()


def titled(found: nodes.table, title: str, anchor: str) -> nodes.table:
    """A table with a title, which can be linked to."""
    found.insert(0, nodes.title("", title))
    found["ids"].append(anchor)
    return found


def names_in_a_cell(names: Iterable[str], page: Linking) -> nodes.Node:
    """Linked names, separated by commas."""
    found = nodes.inline()
    for name in names:
        if len(found):
            found += nodes.Text(", ")
        found += linked(name, page)
    return found


def quoted(names: Iterable[str]) -> str:
    """Names between backquotes, separated by commas."""
    return ", ".join(f"`{name}`" for name in names)


def came_and_went(found: InstructionSetChanges) -> str:
    """The names that were added and removed."""
    parts = [
        f"{what} {quoted(item.name for item in items)}"
        for what, items in (("added", found.added), ("removed", found.removed))
        if items
    ]
    return "; ".join(parts)


def cache_sizes(caches: Iterable[tuple[str, int]]) -> str:
    """Inline caches with their sizes in code units."""
    return ", ".join(f"{name} ({size})" for name, size in caches)


def stack_effect(effects: Sequence[Effect]) -> str:
    """The change of the stack depth: ``+1``, ``-1 - argument``, ``+1, -1 (jump)`` ..."""
    ahead = by_argument([pair[0] for pair in effects])
    jumping = by_argument([pair[1] for pair in effects])
    if ahead and not jumping:  # the larger one, which is all that is told
        return f"at most {ahead}"
    return f"{ahead}, {jumping} (jump)" if jumping != ahead else ahead


def by_argument(values: Sequence[int | None]) -> str:
    """An effect for the arguments from 0 on, or for all; nothing where it is not told."""
    told = [value for value in values if value is not None]
    if not told or len(told) != len(values):
        return ""
    first = told[0]
    if len(set(told)) == 1:
        return signed(first)
    step = told[1] - first
    if told == [first + step * number for number in range(len(told))]:
        factor = "argument" if abs(step) == 1 else f"{abs(step)} * argument"
        sign = "-" if step < 0 else "+"
        return f"{signed(first)} {sign} {factor}" if first else f"{sign}{factor}"
    odd = set(told[1::2])
    if len(set(told[::2])) == len(odd) == 1:
        return f"{signed(first)}, for an odd argument {signed(odd.pop())}"
    groups = (
        f"{signed(value)} for {', '.join(str(n) for n, each in enumerate(told) if each == value)}"
        for value in dict.fromkeys(told)
    )
    return f"by argument: {'; '.join(groups)}"


def signed(value: int) -> str:
    """A change with its sign."""
    return f"{value:+d}" if value else "0"
