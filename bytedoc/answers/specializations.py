"""What instructions became while they were executed, as an interpreter told it."""

from collections.abc import Mapping
from typing import Any, NamedTuple, Self

from .listings import Instruction

Json = Any  #: What ``json.loads`` gives.


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
