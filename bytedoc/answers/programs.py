"""What came of executing: a program, an expression, or one that was to raise an exception."""

from collections.abc import Mapping
from typing import Any, NamedTuple, Self

Json = Any  #: What ``json.loads`` gives.


class Raised(NamedTuple):
    """The exception that ended a program.

    Attributes:
        type: its class's name.
        bases: the names of the classes that it is an instance of.
        summary: the last line of the traceback.
        traceback: all of it, as the interpreter formats it.
        frames: file name and line of each frame, outermost first.
    """

    type: str
    bases: tuple[str, ...]
    summary: str
    traceback: str
    frames: tuple[tuple[str, int], ...]

    @classmethod
    def from_json(cls, record: Mapping[str, Json]) -> Self:
        """Make it from the probe's record of an exception."""
        return cls(
            record["type"],
            tuple(record["bases"]),
            record["summary"],
            record["traceback"],
            tuple((name, line) for name, line in record["frames"]),
        )


class Outcome(NamedTuple):
    """How a program ran.

    Attributes:
        output: what it printed, standard error in between as on a terminal.
        raised: the exception that ended it, if one did.
        undecodable: whether it printed bytes that are not UTF-8 (they are escaped in *output*).
        leftover: whether a process that it started outlived it.
        input_read: whether it read standard input.
        closed_output: whether it closed standard output.
    """

    output: str
    raised: Raised | None
    undecodable: bool
    leftover: bool
    input_read: bool
    closed_output: bool

    @classmethod
    def from_json(cls, record: Mapping[str, Json]) -> Self:
        """Make it from the probe's ``run`` answer."""
        raised = record["exception"]
        return cls(
            record["output"],
            None if raised is None else Raised.from_json(raised),
            record["undecodable"],
            record["leftover"],
            record["input_read"],
            record["closed_output"],
        )


class Value(NamedTuple):
    """What an expression gave: ``str`` and ``repr`` of it, and whether it is true."""

    text: str
    repr: str
    true: bool

    @classmethod
    def from_json(cls, record: Mapping[str, Json]) -> Self:
        """Make it from the probe's ``value`` answer."""
        return cls(record["value"], record["repr"], record["true"])


class RaisedBy(NamedTuple):
    """What an expression raised, and which instruction of the example did.

    Attributes:
        type: the name of the exception's class; empty: nothing was raised.
        bases: the names of the classes that it is an instance of.
        summary: the last line of the traceback.
        opname: the instruction that the innermost frame of the example was at.
    """

    type: str
    bases: tuple[str, ...]
    summary: str
    opname: str

    @classmethod
    def from_json(cls, record: Mapping[str, Json]) -> Self:
        """Make it from the probe's ``raised`` answer."""
        return cls(record["type"], tuple(record["bases"]), record["summary"], record["opname"])
