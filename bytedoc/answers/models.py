"""What interpreters answer, as typed values.

None of them can change.  They are made from the plain JSON of the probe here, and nowhere else.
Most are tuples, which take little to define: every build that reads a page imports them.
"""

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from types import MappingProxyType
from typing import Any, NamedTuple, Self

from ..request import Interpreter

Json = Any  #: What ``json.loads`` gives.


class Failure(NamedTuple):
    """Why there is no answer.

    Attributes:
        kind: the probe's word for it, mostly the warning's subtype.
        message: what happened.
        details: what else the probe said (``line``, ``exception``, ``output`` ...).
    """

    kind: str
    message: str
    details: Mapping[str, Json] = MappingProxyType({})


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


class Opcode(NamedTuple):
    """An instruction that an interpreter has.

    Attributes:
        name: its name.
        number: its number; above 255 it is the compiler's own and never in bytecode.
        kind: ``real``, ``instrumented``, ``pseudo`` or ``specialised``.
        arg: whether it has an argument.
        jump: ``relative``, ``absolute`` or nothing.
        uses: what its argument is an index into: ``const``, ``name``, ``local`` ...
        caches: name and size in code units of each of its inline caches.
        effects: change of the stack depth, not jumping and jumping: for each argument from 0 to 8,
            or once where the argument makes no difference; empty or None where the interpreter
            does not tell.  Of a jump before 3.8 only the larger one is told, and stands first.
        family: the instruction whose specialised form it is, or nothing.
        values: first and last argument, and what ``dis`` says of those between, where it spells
            out what an argument means.
    """

    name: str
    number: int
    kind: str
    arg: bool
    jump: str
    uses: str
    caches: tuple[tuple[str, int], ...]
    effects: tuple[tuple[int | None, int | None], ...] = ()
    family: str = ""
    values: tuple[tuple[int, int, str], ...] = ()

    @property
    def effect(self) -> tuple[int | None, int | None]:
        """Change of the stack depth, not jumping and jumping, for an argument of 0."""
        return self.effects[0] if self.effects else (None, None)

    @classmethod
    def from_json(cls, record: Mapping[str, Json]) -> Self:
        """Make it from one of ``opcodes`` in the probe's answer."""
        return cls(
            record["name"],
            record["number"],
            record["kind"],
            record["arg"],
            record["jump"],
            record["uses"],
            tuple((name, size) for name, size in record["caches"]),
            tuple((ahead, jumping) for ahead, jumping in record["effects"]),
            record["family"],
            tuple((first, last, text) for first, last, text in record["values"]),
        )


class Answer(NamedTuple):
    """What a release says to a view of several.

    Attributes:
        interpreter: who says it; None where there is neither an interpreter nor a capture.
        result: the typed answer, a `Failure`, or None where it is not recorded.
    """

    interpreter: Interpreter | None
    result: Any


#: What the probe's answer to each view becomes.
_ANSWERS: Mapping[str, Callable[[Mapping[str, Json]], Json]] = {
    "identity": lambda record: Interpreter.from_json(record["executable"], record),
    "dis": Listing.from_json,
    "code-object": lambda record: [CodeObject.from_json(code) for code in record["codes"]],
    "opcodes": lambda record: [Opcode.from_json(item) for item in record["opcodes"]],
    "run": Outcome.from_json,
    "raised": RaisedBy.from_json,
    "value": Value.from_json,
}
#: The same for answers that few builds need: the module and the class.
_ELSEWHERE = {
    "frequencies": ("frequencies", "Frequencies"),
    "pipeline": ("pipeline", "Pipeline"),
    "pyc": ("pyc", "PycFile"),
    "specialize": ("specializations", "Specialization"),
    "stack": ("stack_recordings", "StackRecording"),
    "timing": ("timings", "Timing"),
}


def answer_of(view: str, record: Mapping[str, Json]) -> Json:
    """The typed answer in a record of the probe, or the `Failure` that it is."""
    return failure_of(record) or _answer(view)(record["ok"])


def _answer(view: str) -> Callable[[Mapping[str, Json]], Json]:
    """What makes the typed answer to a view."""
    if view not in _ELSEWHERE:
        return _ANSWERS[view]
    module, name = _ELSEWHERE[view]
    make: Callable[[Mapping[str, Json]], Json]
    make = getattr(import_module(f".{module}", __package__), name).from_json
    return make


def failure_of(record: Mapping[str, Json]) -> Failure | None:
    """The failure in an answer of the probe, or None where it succeeded."""
    found = record.get("failure")
    if found is None:
        return None
    details = {name: value for name, value in found.items() if name not in ("kind", "message")}
    return Failure(found["kind"], found["message"], details)
