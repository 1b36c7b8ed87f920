"""Blocks of aligned columns, whose lines say in HTML what they show."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import zip_longest
from typing import NamedTuple

from docutils import nodes

from ..answers.pipeline import Place
from ..nodes import aligned
from ..rows import AlignedLine
from .base import Page, plain_block, visible

#: Between two columns.
_GAP = "  "


class Row(NamedTuple):
    """A line of a block.

    Attributes:
        cells: the text of each column.
        data: what the line shows, by the name of the ``data-`` attribute.
    """

    cells: Sequence[str]
    data: dict[str, str] = {}


def aligned_block(
    head: Sequence[str],
    rows: Sequence[Row],
    page: Page,
    right: Collection[int] = (),
    instruction: int | None = None,
) -> nodes.Node:
    """A block with a line for *head* and one for each row.

    Args:
        head: the titles of the columns.
        rows: the lines.
        page: the page on which it stands.
        right: columns that are aligned to the right.
        instruction: the column with names of instructions, which become links.
    """
    cells = [head, *(row.cells for row in rows)]
    widths = [max(map(len, column)) for column in zip_longest(*cells, fillvalue="")]
    padded = [
        [
            text.rjust(width) if column in right else text.ljust(width)
            for column, (text, width) in enumerate(zip(line, widths, strict=True))
        ]
        for line in cells
    ]
    text = visible("\n".join(_GAP.join(line).rstrip() for line in padded))
    if not page.is_html:
        return plain_block(text)
    node = aligned(text, text, language="none")
    node.lines = [AlignedLine(text.split("\n")[0], "", "", {})]
    for line, row in zip(text.split("\n")[1:], rows, strict=True):
        before, name, after = line, "", ""
        if instruction is not None:
            start = sum(widths[:instruction]) + len(_GAP) * instruction
            name = row.cells[instruction]
            before, after = line[:start], line[start + len(name) :]
        node.lines.append(AlignedLine(before, name, after, row.data))
    names = {line.name for line in node.lines if line.name}
    node.links = {name: page.opcode_link(name) for name in names}
    return node


def cells_of_place(place: Place | None) -> tuple[str, str]:
    """Line and columns as text; empty where there is no place."""
    if place is None:
        return "", ""
    line, end_line, column, end_column = place
    lines = str(line) if end_line in (None, line) else f"{line}-{end_line}"
    columns = "" if column is None else str(column)
    return lines, columns if end_column is None else f"{columns}-{end_column}"


def data_of_place(place: Place | None) -> dict[str, str]:
    """The attributes of a line about something in the source, as those of a listing."""
    if place is None:
        return {}
    data = {"line": str(place.line)}
    if None not in place:
        data["columns"] = " ".join(map(str, place))
    return data
