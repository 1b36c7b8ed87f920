"""The directive ``opcode``: it documents an instruction, as ``py:function`` does a function."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, ClassVar

from docutils import nodes

from ..directives import BytedocDirective
from ..errors import BytedocError
from ..examples import Use
from ..expectations import Expectation
from ..nodes import pending_release, pending_view
from ..release import ReleaseRange
from ..views.base import Parser, table
from ..views.options import expectation, ranges, text, words
from .entry import ARGUMENTS, Entry, RangedName, parse_names, parse_raises, parse_stack
from .stack_change import StackItem


def arguments(value: str | None) -> tuple[int, ...]:
    """Numbers among those for which interpreters tell the stack effect."""
    found = tuple(int(word) for word in words(value) if word.isdecimal())
    if len(found) != len(words(value)) or not set(found) <= set(ARGUMENTS):
        raise ValueError(f"they must be numbers from {ARGUMENTS[0]} to {ARGUMENTS[-1]}")
    return found


class OpcodeDirective(BytedocDirective):
    """An entry of the reference: the argument is the name of the instruction.

    Its content begins with a paragraph that says what the instruction does, and has the examples.
    """

    parsers: ClassVar[Mapping[str, Parser]] = {
        "category": text,
        "stack": lambda value: parse_stack(text(value)),
        "argument": expectation,
        "arguments": arguments,
        "misjudged": expectation,
        "raises": lambda value: parse_raises(text(value)),
        "never": expectation,
        "replaced-by": lambda value: parse_names(text(value)),
        "related": words,
        "undocumented": ranges,
    }

    def run(self) -> list[nodes.Node]:
        options = self.read_options()
        if not self.arguments or not self.content:
            what = "an argument: the name of an instruction" if self.content else "content"
            self.tell(BytedocError("argument", f"it needs {what}"))
            return []
        name = self.arguments[0].strip()
        docname = self.env.docname
        known = len(self.domain.by_page.get(docname, ()))
        with self.domain.keeping(name):
            content = self.parse_content_to_nodes()
        examples = self.domain.by_page.get(docname, ())[known:]
        path, line = self.place()
        entry = Entry(
            name=name,
            docname=docname,
            path=path,
            line=line,
            anchor=f"opcode-{name}",
            summary=_summary(content),
            examples=tuple(RangedName(item.name, item.releases) for item in examples),
            **{key.replace("-", "_"): value for key, value in options.items() if key != "argument"},
        )
        self.domain.note_opcode(entry)
        lead, prose, shown = _parts(content)
        frame = nodes.container("", ids=[entry.anchor], classes=["bytedoc-opcode"])
        frame += [*lead, self.pending(entry, "state")]
        frame += self.facts(entry, options)
        frame += [*prose, *shown]
        if self.config.bytedoc_frequencies and not name.startswith("INSTRUMENTED_"):
            frame += self.pending(entry, "frequency", "opcode-frequency")
        frame += self.pending(entry, "context")
        self.set_source_info(frame)
        return [frame]

    def pending(self, entry: Entry, part: str, view: str = "opcode") -> nodes.Node:
        """The place of what only the interpreters know."""
        use = Use(
            view=view,
            example="",
            options={
                "entry": entry,
                "part": part,
                "leads": self.domain.entries_of(entry.docname)[0] is entry,
            },
            docname=entry.docname,
            path=entry.path,
            line=entry.line,
        )
        found = pending_view(docname=use.docname, use=self.domain.note_use(use))
        self.set_source_info(found)
        return found

    def facts(self, entry: Entry, options: Mapping[str, Any]) -> list[nodes.Node]:
        """Stack, argument and exceptions, each where there is something to say."""
        found: list[tuple[str, list[nodes.Node]]] = []
        if entry.stack:
            found.append(("Stack", [self.stack(entry)]))
            if entry.misjudged:
                found[-1][1].extend(self.ranged(entry.misjudged))
        if "argument" in options:
            found.append(("Argument", self.ranged(options["argument"])))
        if entry.never:
            found.append(("Never in bytecode", self.ranged(entry.never)))
        found.append(("By release", [self.pending(entry, "releases")]))
        if entry.raises:
            items = [
                nodes.list_item("", nodes.paragraph("", "", *self.raising(item)))
                for item in entry.raises
            ]
            found.append(("Raises", [nodes.bullet_list("", *items)]))
        rows = [
            nodes.definition_list_item("", nodes.term("", title), nodes.definition("", *content))
            for title, content in found
        ]
        return [nodes.definition_list("", *rows, classes=["bytedoc-facts"])]

    def stack(self, entry: Entry) -> nodes.table:
        """The values before and after, a row for each way in which it can be."""
        has_ranges = any(str(item.releases) for item in entry.stack)
        has_jumps = any(item.change.jump for item in entry.stack)
        head = ["Before", "After"]
        if has_jumps:
            head.insert(0, "")
        if has_ranges:
            head.insert(0, "Releases")
        rows = []
        for change, releases in entry.stack:
            row: list[nodes.Node | str] = [_values(change.before), _values(change.after)]
            if has_jumps:
                row.insert(0, "jumping" if change.jump else "not jumping")
            if has_ranges:
                row.insert(0, range_words(releases))
            rows.append(row)
        widths = [20] * (len(head) - 2) + [40, 40]
        return table(head, rows, widths, ["bytedoc-stack-change"])

    def ranged(self, said: Sequence[Expectation]) -> list[nodes.Node]:
        """Sentences, each with the releases of which it speaks, if not of all."""
        return [
            nodes.paragraph("", "", *_label(item.releases), *self.inline(item.text))
            for item in said
        ]

    def raising(self, item: Any) -> Iterator[nodes.Node]:
        """When an exception is raised, and what shows it."""
        yield from _label(item.releases)
        yield nodes.literal("", item.type)
        yield nodes.Text(": ")
        yield from self.inline(item.text)
        if item.expression:
            yield nodes.Text(", as ")
            yield nodes.literal("", item.expression)
            yield nodes.Text(" shows")

    def inline(self, source: str) -> list[nodes.Node]:
        """The nodes of a text in the language of the page."""
        found, messages = self.parse_inline(source)
        return [*found, *messages]


def range_words(releases: ReleaseRange) -> str:
    """``3.8 to 3.10``, ``3.11 and newer``, ``3.10 and older``, ``3.12``, ``all``."""
    if releases.first is None and releases.last is None:
        return "all"
    if releases.first == releases.last:
        return str(releases.first)
    if releases.first is None:
        return f"{releases.last} and older"
    if releases.last is None:
        return f"{releases.first} and newer"
    return f"{releases.first} to {releases.last}"


def _label(releases: ReleaseRange) -> list[nodes.Node]:
    if not str(releases):
        return []
    return [nodes.strong("", range_words(releases)), nodes.Text(": ")]


def _values(items: Sequence[StackItem]) -> nodes.Node:
    if not items:
        return nodes.emphasis("", "nothing")
    return nodes.literal("", ", ".join(map(str, items)))


def _summary(content: Sequence[nodes.Node]) -> str:
    """The text of the first paragraph, with code between backquotes."""
    first = content[0] if content else None
    if not isinstance(first, nodes.paragraph):
        return ""
    parts = [
        f"`{node.astext()}`" if isinstance(node, nodes.literal) else node.astext()
        for node in first.children
    ]
    return " ".join("".join(parts).split())


def _parts(
    content: Iterable[nodes.Node],
) -> tuple[list[nodes.Node], list[nodes.Node], list[nodes.Node]]:
    """The first paragraph, the prose up to the first example, and all from there on."""
    found = list(content)
    lead = [found.pop(0)] if found and isinstance(found[0], nodes.paragraph) else []
    at = next((number for number, node in enumerate(found) if _shows(node)), len(found))
    return lead, found[:at], found[at:]


def _shows(node: nodes.Node) -> bool:
    """Whether an example begins with this node."""
    if isinstance(node, pending_release):
        return any(node.findall(pending_view))
    if isinstance(node, pending_view):
        return True
    return isinstance(node, nodes.Element) and "bytedoc-example" in node["classes"]
