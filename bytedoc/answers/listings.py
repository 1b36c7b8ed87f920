"""Listings: what ``dis`` prints, and what each of its lines is."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Self

Json = Any  #: What ``json.loads`` gives.


class Instruction(NamedTuple):
    """One line of a listing, in the order of the probe's ``disassembly.FIELDS``.

    Attributes:
        row: the line of the listing's text that shows it, from 0.
        offset: bytes from the start of the code.
        opcode: the number.
        opname: the name.
        arg: the argument, None where there is none.
        argrepr: what ``dis`` says of the argument.
        line: the source line, from 1; None where the instruction has none.
        label: ``L1`` (3.13 and newer), ``>>`` (before) or nothing: whether something refers to it,
            a jump or, from 3.11 on, the exception table.
        target: the offset to which it jumps.
        positions: line, end line, column and end column in bytes, from 3.11 on.
    """

    row: int
    offset: int
    opcode: int
    opname: str
    arg: int | None
    argrepr: str
    line: int | None
    label: str
    target: int | None
    positions: Sequence[int | None] | None


class CodeListing(NamedTuple):
    """The instructions of one code object within a listing."""

    qualname: str
    name: str
    line: int
    instructions: tuple[Instruction, ...]


class Listing(NamedTuple):
    """What ``dis`` printed, and what each of its lines is.

    Attributes:
        text: the text, byte for byte.
        codes: the code objects in it, in its order.
        ignored: options that were asked for and that the release does not have.
    """

    text: str
    codes: tuple[CodeListing, ...]
    ignored: tuple[str, ...]

    @classmethod
    def from_json(cls, record: Mapping[str, Json]) -> Self:
        """Make it from the probe's ``dis`` answer."""
        make = Instruction._make
        codes = tuple(
            CodeListing(
                code["qualname"],
                code["name"],
                code["line"],
                tuple([make(item) for item in code["instructions"]]),
            )
            for code in record["codes"]
        )
        return cls(record["text"], codes, tuple(record["ignored"]))

    def opnames(self) -> list[str]:
        """The names of all instructions, in order."""
        return [item.opname for code in self.codes for item in code.instructions]
