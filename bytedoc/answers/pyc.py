"""The bytes of a ``.pyc`` file, as typed values.

They are made from the probe's ``pyc`` answer.
"""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, Self

Json = Any  #: What ``json.loads`` gives.

#: The type of a code object, and that of a reference.
CODE, REFERENCE = "c", "r"


class Field(NamedTuple):
    """Some bytes of the file, and what they say.

    What is in a container or a code object are fields of their own, which follow it.

    Attributes:
        offset: where they begin, from the start of the file.
        hex: the bytes as hex digits.
        depth: how far inside of others; 0 for the header and the code object of the module.
        name: the field of the header, the attribute of a code object, or the place in a container.
        type: the letter of a marshalled object's type; empty for a number without a type.
        value: what it is, in words.
        number: by which references name it, or which this one names; None where there is none.
    """

    offset: int
    hex: str
    depth: int
    name: str
    type: str
    value: str
    number: int | None

    @property
    def size(self) -> int:
        """The number of bytes."""
        return len(self.hex) // 2


class PycFile(NamedTuple):
    """A ``.pyc`` file.

    Attributes:
        path: its path below the folder of the source, with ``/``.
        header: the fields of the header as numbers, a hash as hex digits.
        fields: all bytes of the file, in order.
        meanings: what each letter of a type means.
        part: the indexes of the fields that were asked for.
        ignored: options that were asked for and that the release does not have.
    """

    path: str
    header: Mapping[str, int | str]
    fields: tuple[Field, ...]
    meanings: Mapping[str, str]
    part: range
    ignored: tuple[str, ...]

    @property
    def size(self) -> int:
        """The size of the file in bytes."""
        last = self.fields[-1]
        return last.offset + last.size

    @property
    def header_size(self) -> int:
        """The size of the header in bytes."""
        return next(field.offset for field in self.fields if field.type)

    @classmethod
    def from_json(cls, record: Mapping[str, Json]) -> Self:
        """Make it from the probe's answer."""
        first, count = record["part"]
        return cls(
            record["path"],
            dict(record["header"]),
            tuple(_fields(record["rows"])),
            dict(record["meanings"]),
            range(first, first + count),
            tuple(record["ignored"]),
        )


def _fields(rows: Json) -> Iterator[Field]:
    offset = 0
    for depth, digits, name, kind, value, number in rows:
        field = Field(offset, digits, depth, name, kind, value, number)
        yield field
        offset += field.size
