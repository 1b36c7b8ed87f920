"""The rows of a comparison: the instructions of two releases side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import groupby

from ..answers.listings import Instruction
from ..comparing.compare import Change, CodeComparison, Comparison
from ..comparing.forms import code_object_name
from ..rows import ComparisonRow

#: Gives the address of what documents an instruction, or nothing.
Link = Callable[[str], str]

#: What is between two instructions that differ.
_SIGNS = {"same": "", "changed": "became", "removed": "gone", "added": "new"}
#: Longer arguments are cut: they stand in the listings.
_LONGEST_ARGUMENT = 60
#: In text, cells are cut to be no longer, so that both columns fit on a page.
_WIDEST = 36
#: So many of the equal instructions beside others are shown where rows are folded.
_CONTEXT = 1


def table_rows(found: Comparison, link: Link) -> Iterator[ComparisonRow]:
    """The instructions of two releases side by side; *link*: the address for a name.

    Code objects that do not differ, or that one release does not have, are named alone.
    """
    for code in found.codes:
        if len(found.codes) > 1:
            yield ComparisonRow("code", text=code.qualname)
        if code.kind == "changed":
            yield from _rows_of_code(code, link)
        else:
            said = {
                "same": "the same",
                "removed": "only in the older release",
                "added": "only in the newer release",
            }[code.kind]
            yield ComparisonRow("note", text=f"{max(code.sizes)} instructions, {said}")


def _rows_of_code(code: CodeComparison, link: Link) -> Iterator[ComparisonRow]:
    """The rows of a code object, those that are jumped to with a label."""
    labels = _Labels(code)
    for change in code.changes:
        for number, pair in enumerate(change.pairs):
            cells = [
                ("", "", "")
                if item is None
                else (
                    item.opname,
                    "" if change.kind == "same" else link(item.opname),
                    labels.argument(item, side),
                )
                for side, item in enumerate(pair)
            ]
            line = next((item.line for item in reversed(pair) if item is not None), None)
            yield ComparisonRow(
                change.kind,
                line=line,
                label=labels.next(),
                sign=_sign(change),
                span=0 if number else len(change.pairs),
                old=cells[0],
                new=cells[1],
            )


def _sign(change: Change) -> str:
    """The word between what stands side by side."""
    return "replaced by" if change.by_place else _SIGNS[change.kind]


class _Labels:
    """Names the rows that are jumped to: the offsets and labels of two releases are not the same.

    It is asked for one row after the other.
    """

    def __init__(self, code: CodeComparison) -> None:
        row = 0
        rows: tuple[list[int], list[int]] = ([], [])
        for change in code.changes:
            for pair in change.pairs:
                for side, item in enumerate(pair):
                    if item is not None:
                        rows[side].append(row)
                row += 1
        self._to = [
            [rows[side][to] if 0 <= to < len(rows[side]) else -1 for to in code.targets[side]]
            for side in (0, 1)
        ]
        wanted = sorted({to for each in self._to for to in each if to >= 0})
        self._names = {to: f"L{number}" for number, to in enumerate(wanted, start=1)}
        self._row = -1
        self._done = [0, 0]

    def next(self) -> str:
        """The label of the next row, or nothing."""
        self._row += 1
        return self._names.get(self._row, "")

    def argument(self, item: Instruction, side: int) -> str:
        """The argument of the next instruction of a side."""
        to = self._to[side][self._done[side]]
        self._done[side] += 1
        if to >= 0:
            return f"to {self._names[to]}"
        name = code_object_name(item.argrepr)
        shown = f"<code object {name}>" if name else item.argrepr
        if not shown:
            return "" if item.arg is None else str(item.arg)
        return cut(shown, _LONGEST_ARGUMENT)


def folded(rows: Sequence[ComparisonRow]) -> Iterator[ComparisonRow]:
    """Rows with only those of the equal ones that are beside others, or jumped to."""
    for is_equal, some in groupby(rows, key=lambda row: row.kind == "same" and not row.label):
        run = list(some)
        if is_equal and len(run) > 2 * _CONTEXT + 1:
            yield from run[:_CONTEXT]
            yield ComparisonRow("note", text=f"{len(run) - 2 * _CONTEXT} equal instructions")
            yield from run[-_CONTEXT:]
        else:
            yield from run


def plain_rows(heads: tuple[str, str], rows: Sequence[ComparisonRow]) -> str:
    """The rows as text in columns, for builders that know no HTML."""
    lines: list[tuple[str, ...]] = [("Line", heads[0], "", heads[1])]
    last: int | None = None
    for row in rows:
        line = str(row.line) if row.line is not None and row.line != last else ""
        last = row.line
        sides = [cut(" ".join(filter(None, (name, argument)))) for name, _, argument in row[-2:]]
        place = " ".join(filter(None, (line, row.label)))
        sign = row.sign if row.span else row.sign and '"'
        lines.append((row.text,) if row.text else (place, sides[0], sign, sides[1]))
    full = [line for line in lines if len(line) > 1]
    widths = [max(len(cell) for cell in column) for column in zip(*full, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=False)).rstrip()
        for line in lines
    )


def cut(text: str, length: int = _WIDEST) -> str:
    """A text that is no longer than that."""
    return text if len(text) <= length else text[: length - 3] + "..."
