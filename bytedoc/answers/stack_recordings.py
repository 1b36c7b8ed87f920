"""The value stack of a call, as an interpreter recorded it."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Self

from .programs import Outcome

Json = Any  #: What ``json.loads`` gives.


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
