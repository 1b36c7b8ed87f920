"""The ``code-object`` view: what a code object holds, attribute by attribute."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from docutils import nodes

from ..answers.code_objects import Attribute, CodeObject
from ..examples import Example, Use
from ..request import Request
from .base import Page, Project, View, job_of, plain_block, table
from .options import CODE, attributes, flag

#: The order in which attributes are shown; one that is not named here comes last.
_ORDER = (
    *("co_name", "co_qualname", "co_filename", "co_firstlineno"),
    *("co_argcount", "co_posonlyargcount", "co_kwonlyargcount", "co_nlocals", "co_stacksize"),
    *("co_flags", "co_varnames", "co_cellvars", "co_freevars", "co_consts", "co_names"),
    *("co_code", "co_exceptiontable", "co_linetable", "co_lnotab"),
    *("co_lines()", "co_positions()", "co_branches()"),
)


class CodeObjectView(View):
    """Every ``co_*`` attribute of an example's code objects."""

    name = "code-object"
    title = "Code object"
    options = {
        **CODE,
        "attributes": attributes,
        "bytes": flag,
    }

    def request(self, use: Use, example: Example | None, project: Project) -> Request:
        assert example is not None
        job = job_of(use, example, project)
        if "depth" in use.options:
            job["options"] = {"depth": use.options["depth"]}
        return Request("code-object", job)

    def render(
        self, use: Use, example: Example | None, result: list[CodeObject], page: Page
    ) -> list[nodes.Node]:
        found: list[nodes.Node] = []
        for code in result:
            if len(result) > 1:
                title = nodes.paragraph("", "", classes=["bytedoc-subject"])
                title += nodes.literal("", code.qualname)
                found.append(title)
            found.append(attribute_table(code, use.options.get("attributes", ()), page))
            wanted = use.options.get("attributes", ())
            if code.exception_table and (not wanted or "co_exceptiontable" in wanted):
                found.append(exception_table(code))
            if use.options.get("bytes"):
                found.append(bytes_table(code, page))
        return found


def attribute_table(code: CodeObject, wanted: Sequence[str], page: Page) -> nodes.table:
    """Name and value of the attributes that are wanted; none named: all."""
    rank = {name: number for number, name in enumerate(_ORDER)}
    shown = [
        item
        for item in sorted(code.attributes, key=lambda item: rank.get(item.name, len(rank)))
        if not wanted or item.name in wanted or item.name.removesuffix("()") in wanted
    ]
    rows = [(nodes.literal("", item.name), value_of(item, code, page)) for item in shown]
    return table(("Attribute", "Value"), rows, (30, 70), ["bytedoc-attributes"])


def value_of(item: Attribute, code: CodeObject, page: Page) -> nodes.Node:
    """The value of one attribute, spelled out."""
    if item.name == "co_flags":
        names = " | ".join(name for _, name in code.flags)
        return literal_lines([f"{item.value} = {names}" if names else item.value], page)
    if item.kind == "bytes":
        return literal_lines([spaced(item.value)] if item.value else [], page)
    if item.kind == "items":
        return literal_lines(
            [f"{number}: {value}" for number, value in enumerate(item.value)], page
        )
    if item.kind == "rows":
        return literal_lines(list(merged(item.value)), page)
    return literal_lines([item.value], page)


def literal_lines(lines: Sequence[str], page: Page) -> nodes.Node:
    """Lines of code, one under the other; a word where there is none."""
    if not lines:
        return nodes.emphasis("", "empty")
    if len(lines) == 1:
        return nodes.literal("", lines[0])
    if not page.keeps_lines:
        return nodes.literal("", "; ".join(lines))
    return plain_block("\n".join(lines))


def spaced(digits: str) -> str:
    """Hex digits with a blank after each byte."""
    return " ".join(digits[start : start + 2] for start in range(0, len(digits), 2))


def merged(rows: Sequence[Sequence[object]]) -> Iterator[str]:
    """Rows as text; equal neighbours are shown once, with how many they are."""
    for row, group in groupby(rows):
        count = len(list(group))
        yield f"({', '.join(map(str, row))})" + (f", {count} times" if count > 1 else "")


def exception_table(code: CodeObject) -> nodes.table:
    """The decoded exception table."""
    assert code.exception_table is not None
    rows = [
        (
            f"{entry.start} to {entry.end - 2}",
            str(entry.target),
            str(entry.depth),
            "yes" if entry.lasti else "no",
        )
        for entry in code.exception_table
    ]
    head = ("Exception in", "goes to", "stack depth", "pushes lasti")
    return table(head, rows, (30, 20, 25, 25), ["bytedoc-exceptions"])


def bytes_table(code: CodeObject, page: Page) -> nodes.table:
    """The bytes of ``co_code`` beside the instructions that they are."""
    rows = []
    for item in code.code_bytes:
        name: nodes.Node = nodes.literal("", item.opname)
        if link := page.opcode_link(item.opname):
            name = nodes.reference("", "", name, refuri=link, internal=False)
        argument: nodes.Node | str = nodes.literal("", item.arg) if item.arg else ""
        rows.append((str(item.offset), nodes.literal("", spaced(item.hex)), name, argument))
    head = ("Offset", "Bytes", "Instruction", "Argument")
    return table(head, rows, (10, 35, 30, 25), ["bytedoc-bytes"])
