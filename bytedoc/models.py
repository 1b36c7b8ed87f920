"""What interpreters answer, as typed values.

None of them can change.  They are made from the plain JSON of the probe here, and nowhere else.
Most are tuples, which take little to define: every build that reads a page imports them.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, NamedTuple, Self

from .request import Interpreter

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


class Measurement(NamedTuple):
    """The times of one statement: *values* in seconds per loop, each over *loops* loops."""

    loops: int
    values: tuple[float, ...]

    @property
    def median(self) -> float:
        """The median, in seconds per loop."""
        return _median(self.values)

    @property
    def minimum(self) -> float:
        """The shortest, in seconds per loop."""
        return min(self.values)

    @property
    def deviation(self) -> float:
        """The median absolute deviation (as in ``pyperf``), in seconds per loop."""
        median = self.median
        return _median([abs(value - median) for value in self.values])

    @property
    def is_unstable(self) -> bool:
        """Whether the values are too far apart to be relied on.

        As in ``pyperf check``: a standard deviation (of a sample) above 10 % of the mean, or a
        value more than 50 % off it.
        """
        import statistics  # noqa: PLC0415 - only pages with timings need it

        mean = statistics.fmean(self.values)
        far = max(abs(value - mean) for value in self.values)
        deviation = statistics.stdev(self.values) if len(self.values) > 1 else 0.0
        return deviation > 0.1 * mean or far > 0.5 * mean


def _median(values: Sequence[float]) -> float:
    import statistics  # noqa: PLC0415 - only pages with timings need it

    return statistics.median(values)


class Timing(NamedTuple):
    """Times of several statements, measured in one go.

    Attributes:
        rows: one for each statement, in order.
        clock: the clock's implementation.
        resolution: the clock's resolution in seconds.
        machine: the processor, its cores and the operating system.
    """

    rows: tuple[Measurement, ...]
    clock: str
    resolution: float
    machine: str

    @classmethod
    def from_json(cls, record: Mapping[str, Json]) -> Self:
        """Make it from the probe's ``timing`` answer."""
        return cls(
            tuple(Measurement(row["loops"], tuple(row["values"])) for row in record["rows"]),
            record["clock"]["implementation"],
            record["clock"]["resolution"],
            record["machine"],
        )


class Counter(NamedTuple):
    """The counter of an instruction that specialises.

    Attributes:
        value: executions until the next attempt to specialise it, or inputs that are not for its
            form until that is given up; less by one each time.
        backoff: more after each attempt that failed; the next wait is the longer.  None: this
            counter has none.
    """

    value: int
    backoff: int | None


class FormChange(NamedTuple):
    """An instruction that became another form.

    Attributes:
        call: the evaluation in which it did, from 1.
        number: which of the instructions, from 0.
        opname: the form that it has from then on.
    """

    call: int
    number: int
    opname: str


class Phase(NamedTuple):
    """What a code object is after an expression was evaluated some times.

    Attributes:
        expression: the expression; empty: before any was evaluated.
        calls: how many evaluations these were.
        settled: whether more of them change nothing; None: not found out.
        changes: the changes in this phase, in order.
        opnames: the name of each instruction at its end.
        caches: what is then in each field of each instruction's inline cache: a number, a counter,
            or ``#1``, ``#2`` ... for a number that is other in each process.
    """

    expression: str
    calls: int
    settled: bool | None
    changes: tuple[FormChange, ...]
    opnames: tuple[str, ...]
    caches: tuple[tuple[int | str | Counter, ...], ...]

    @classmethod
    def from_json(cls, record: Mapping[str, Json]) -> Self:
        """Make it from one of ``phases`` in the probe's ``specialize`` answer."""
        return cls(
            record["expression"],
            record["calls"],
            record["settled"],
            tuple(FormChange(*item) for item in record["changes"]),
            tuple(record["opnames"]),
            tuple(
                tuple(Counter(*item) if isinstance(item, list) else item for item in cache)
                for cache in record["caches"]
            ),
        )


class Specialization(NamedTuple):
    """What the instructions of a code object become while it is executed.

    Attributes:
        reason: why they don't change: ``release`` (it has no adaptive interpreter), ``build`` (this
            one does not use it); empty where they do.
        qualname: the name of the code object.
        instructions: its instructions as they were compiled.
        fields: the names of the fields of each instruction's inline cache.
        phases: what there is before any evaluation, and after those of each expression.
        jit: whether the compiler to machine code was on.
    """

    reason: str
    qualname: str
    instructions: tuple[Instruction, ...]
    fields: tuple[tuple[str, ...], ...]
    phases: tuple[Phase, ...]
    jit: bool = False

    @classmethod
    def from_json(cls, record: Mapping[str, Json]) -> Self:
        """Make it from the probe's ``specialize`` answer."""
        if "reason" in record:
            return cls(record["reason"], "", (), (), ())
        return cls(
            "",
            record["qualname"],
            tuple(Instruction(*item) for item in record["instructions"]),
            tuple(tuple(names) for names in record["fields"]),
            tuple(Phase.from_json(phase) for phase in record["phases"]),
            record["jit"],
        )


class Slot(NamedTuple):
    """A place on a value stack.

    Attributes:
        kind: what it holds, where that is no plain value: ``null`` (nothing), ``machine`` (an
            integer that is no object), ``cell`` (the variable of a closure) or ``iterator``.
        text: a short repr, without addresses.
    """

    kind: str
    text: str


class StackInstruction(NamedTuple):
    """An instruction, and how deep the stack can be before it.

    Attributes:
        offset: bytes from the start of the code.
        opname: the name.
        arg: what ``dis`` says of its argument, or the argument; empty where there is none.
        line: the source line, from 1; None where it has none.
        depths: the depths before it along all ways through the code; empty where none leads to it.
    """

    offset: int
    opname: str
    arg: str
    line: int | None
    depths: tuple[int, ...]


class StackCode(NamedTuple):
    """A code object of which a recording speaks.

    Attributes:
        qualname: its qualified name.
        stacksize: the room that is made for its stack, in values.
        instructions: all of its instructions.
    """

    qualname: str
    stacksize: int
    instructions: tuple[StackInstruction, ...]

    @classmethod
    def from_json(cls, record: Mapping[str, Json]) -> Self:
        """Make it from one of ``codes`` in the probe's ``stack`` answer."""
        instructions = tuple(
            StackInstruction(offset, opname, arg, line, tuple(depths))
            for offset, opname, arg, line, depths in record["instructions"]
        )
        return cls(record["qualname"], record["stacksize"], instructions)


class StackFrame(NamedTuple):
    """A frame in a recording: the number of its code object, and how many frames wait for it."""

    code: int
    nesting: int


class Step(NamedTuple):
    """An instruction that was executed, and what it did to the stack.

    Attributes:
        frame: the number of its frame.
        instruction: what was executed.
        before: the stack that it found, from the bottom.
        after: the stack with which its frame went on; None where it did not, or where that is not
            part of the recording.
        event: ``returns``, ``yields`` or ``raises``; empty: the frame just went on.
        value: what was returned, yielded or raised; None where that was not told.
        thrown: the exception that was thrown in where it yielded.
    """

    frame: int
    instruction: StackInstruction
    before: tuple[Slot, ...]
    after: tuple[Slot, ...] | None
    event: str
    value: Slot | None
    thrown: Slot | None


class StackRecording(NamedTuple):
    """The value stack of a call, step by step.

    Attributes:
        refusal: why this interpreter's stack is not recorded; empty: it is.
        codes: the code objects that were executed; without a recording, those that it would be of.
        frames: in the order in which they began.
        steps: in the order in which they were executed.
        silent: instructions that were passed without a step of their own.
        truncated: whether there were more steps.
        result: the value of the call; None where there is none.
        outcome: how the program ran.
    """

    refusal: str
    codes: tuple[StackCode, ...]
    frames: tuple[StackFrame, ...]
    steps: tuple[Step, ...]
    silent: tuple[str, ...]
    truncated: bool
    result: Slot | None
    outcome: Outcome

    @classmethod
    def from_json(cls, record: Mapping[str, Json]) -> Self:
        """Make it from the probe's ``stack`` answer."""
        codes = tuple(StackCode.from_json(item) for item in record["codes"])
        frames = tuple(StackFrame(*item) for item in record["frames"])
        return cls(
            record["refusal"],
            codes,
            frames,
            _steps(record["steps"], codes, frames),
            tuple(record["silent"]),
            record["truncated"],
            _slot(record["result"]),
            Outcome.from_json(record),
        )

    def code_of(self, step: Step) -> StackCode:
        """The code object to which a step belongs."""
        return self.codes[self.frames[step.frame].code]


def _slot(record: Json) -> Slot | None:
    return None if record is None else Slot(*record)


def _steps(
    records: Sequence[Json], codes: Sequence[StackCode], frames: Sequence[StackFrame]
) -> tuple[Step, ...]:
    """The steps; the stack after one is the one before the next of the same frame."""
    instructions = [{item.offset: item for item in code.instructions} for code in codes]
    found: list[Step] = []
    following: dict[int, tuple[Slot, ...]] = {}
    for frame, offset, slots, event, value, thrown in reversed(records):
        before = tuple(Slot(*item) for item in slots)
        after = None if event in ("returns", "yields") else following.get(frame)
        instruction = instructions[frames[frame].code][offset]
        found.append(Step(frame, instruction, before, after, event, _slot(value), _slot(thrown)))
        following[frame] = before
    return tuple(reversed(found))


@dataclass(frozen=True, slots=True)
class Opcode:
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
        )


def _pipeline(record: Mapping[str, Json]) -> Json:
    from .pipeline import Pipeline  # noqa: PLC0415 - only pages with a pipeline need it

    return Pipeline.from_json(record)


def _pyc_file(record: Mapping[str, Json]) -> Json:
    from .pyc import PycFile  # noqa: PLC0415 - only pages with such a file need it

    return PycFile.from_json(record)


#: What the probe's answer to each view becomes.
_ANSWERS: Mapping[str, Callable[[Mapping[str, Json]], Json]] = {
    "identity": lambda record: Interpreter.from_json(record["executable"], record),
    "dis": Listing.from_json,
    "code-object": lambda record: [CodeObject.from_json(code) for code in record["codes"]],
    "pipeline": _pipeline,
    "pyc": _pyc_file,
    "opcodes": lambda record: [Opcode.from_json(item) for item in record["opcodes"]],
    "run": Outcome.from_json,
    "value": Value.from_json,
    "timing": Timing.from_json,
    "stack": StackRecording.from_json,
    "specialize": Specialization.from_json,
}


def answer_of(view: str, record: Mapping[str, Json]) -> Json:
    """The typed answer in a record of the probe, or the `Failure` that it is."""
    return failure_of(record) or _ANSWERS[view](record["ok"])


def failure_of(record: Mapping[str, Json]) -> Failure | None:
    """The failure in an answer of the probe, or None where it succeeded."""
    found = record.get("failure")
    if found is None:
        return None
    details = {name: value for name, value in found.items() if name not in ("kind", "message")}
    return Failure(found["kind"], found["message"], details)
