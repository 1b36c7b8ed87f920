"""Code objects, attribute by attribute."""

from collections.abc import Mapping
from typing import Any, NamedTuple, Self

Json = Any  #: What ``json.loads`` gives.


class Attribute(NamedTuple):
    """One ``co_*`` attribute.

    Attributes:
        name: the attribute, with ``()`` where it is a method.
        kind: ``bytes``, ``rows``, ``items`` or ``repr``: what *value* is.
        value: hex digits, a list of rows, a list of reprs, or a repr.
    """

    name: str
    kind: str
    value: Json


class ExceptionEntry(NamedTuple):
    """A row of an exception table; *start*, *end* (excluded) and *target* in bytes."""

    start: int
    end: int
    target: int
    depth: int
    lasti: bool


class CodeBytes(NamedTuple):
    """The code units of one instruction, its inline caches with it, as hex digits."""

    offset: int
    hex: str
    opname: str
    arg: str


class CodeObject(NamedTuple):
    """A code object's attributes.

    Attributes:
        qualname: its qualified name within the example.
        attributes: every ``co_*`` that this release has.
        flags: value and name of each bit of ``co_flags`` that is set.
        code_bytes: the bytes of each instruction.
        exception_table: its rows; None where the release has no such table (before 3.11).
    """

    qualname: str
    attributes: tuple[Attribute, ...]
    flags: tuple[tuple[int, str], ...]
    code_bytes: tuple[CodeBytes, ...]
    exception_table: tuple[ExceptionEntry, ...] | None

    @classmethod
    def from_json(cls, record: Mapping[str, Json]) -> Self:
        """Make it from one of ``codes`` in the probe's ``code-object`` answer."""
        table = record["exception_table"]
        return cls(
            record["qualname"],
            tuple(Attribute(*item) for item in record["attributes"]),
            tuple((bit, name) for bit, name in record["flags"]),
            tuple(CodeBytes(*item) for item in record["bytes"]),
            None if table is None else tuple(ExceptionEntry(*item) for item in table),
        )
