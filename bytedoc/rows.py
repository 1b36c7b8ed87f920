"""The lines of blocks and tables that HTML shows with more than their text."""

from collections.abc import Mapping
from typing import NamedTuple


class ComparisonRow(NamedTuple):
    """A row of a `comparison`.

    Attributes:
        kind: ``same``, ``changed``, ``removed``, ``added``; or ``code``, ``note``: a text alone.
        text: this text.
        line: the source line.
        label: what jumps to this row call it.
        sign: what is between the two instructions, for all rows that belong to the same change.
        span: how many rows these are; 0: the sign stands in a row above.
        old: name, address of the name and argument of an instruction; empty where there is none.
        new: the same for the newer release.
    """

    kind: str
    text: str = ""
    line: int | None = None
    label: str = ""
    sign: str = ""
    span: int = 1
    old: tuple[str, str, str] = ("", "", "")
    new: tuple[str, str, str] = ("", "", "")


class AlignedLine(NamedTuple):
    """A line of an ``aligned`` block.

    Attributes:
        before: the text before the name of an instruction; without one the whole line.
        name: this name.
        after: the text after it.
        data: what the line shows, by the name of the ``data-`` attribute; empty for a heading.
    """

    before: str
    name: str
    after: str
    data: Mapping[str, str]
