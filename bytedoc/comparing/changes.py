"""What changed in the instruction set from one release to another, and all of it by release."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, NamedTuple

from ..answers.opcodes import Opcode
from ..release import Release, ReleaseRange

#: What an instruction may change in, by the names of `answers.opcodes.Opcode`; its number is told
#: apart, and what the values of its argument mean is left to the page about it.
FIELDS = ("kind", "arg", "uses", "jump", "caches", "effects", "family")

#: Change of the stack depth, not jumping and jumping; None: not told.
Effect = tuple[int | None, int | None]


class Renumbered(NamedTuple):
    """An instruction that has another number than before."""

    name: str
    old: int
    new: int


class Changed(NamedTuple):
    """An instruction that is otherwise than before in one respect.

    Attributes:
        name: the instruction.
        field: one of `FIELDS`.
        old: that attribute of the `answers.opcodes.Opcode` before.
        new: the same after.
    """

    name: str
    field: str
    old: Any
    new: Any

    @property
    def is_certain(self) -> bool:
        """Whether it is more than that one of the two interpreters tells less."""
        return self.field != "effects" or not _may_be_equal(self.old, self.new)


@dataclass(frozen=True, slots=True)
class InstructionSetChanges:
    """What changed from one instruction set to another.

    Attributes:
        added: the instructions that only the new one has.
        removed: the instructions that only the old one has.
        kept: the names of those that both have.
        renumbered: those of them that have another number.
        changed: what else is different in them, one respect after the other.

    All are sorted by name.
    """

    added: tuple[Opcode, ...]
    removed: tuple[Opcode, ...]
    kept: tuple[str, ...]
    renumbered: tuple[Renumbered, ...]
    changed: tuple[Changed, ...]

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.renumbered or self.changed)


def changes(old: Sequence[Opcode], new: Sequence[Opcode]) -> InstructionSetChanges:
    """What changed from the instructions of one release to those of another.

    Instructions are the same if their names are.  One that is another kind of instruction now, such
    as ``LOAD_METHOD`` in 3.12, is changed; between the instructions of one kind (see `of_kind`) it
    is added or removed.
    """
    before = {item.name: item for item in old}
    after = {item.name: item for item in new}
    kept = sorted(before.keys() & after.keys())
    return InstructionSetChanges(
        added=tuple(after[name] for name in sorted(after.keys() - before.keys())),
        removed=tuple(before[name] for name in sorted(before.keys() - after.keys())),
        kept=tuple(kept),
        renumbered=tuple(
            Renumbered(name, before[name].number, after[name].number)
            for name in kept
            if before[name].number != after[name].number
        ),
        changed=tuple(
            Changed(name, field, was, now)
            for name in kept
            for field in FIELDS
            if (was := getattr(before[name], field)) != (now := getattr(after[name], field))
        ),
    )


def of_kind(opcodes: Iterable[Opcode], kind: str) -> list[Opcode]:
    """The instructions that are ``real``, ``instrumented``, ``pseudo`` or ``specialised``."""
    return [item for item in opcodes if item.kind == kind]


def instruction_table(
    by_release: Mapping[Release, Iterable[Opcode]],
) -> dict[str, dict[Release, Opcode]]:
    """Every instruction of any release, by name, and what it is in each release that has it.

    The names are sorted; the releases stand in the order in which they are given.
    """
    found: dict[str, dict[Release, Opcode]] = {}
    for release, opcodes in by_release.items():
        for item in opcodes:
            found.setdefault(item.name, {})[release] = item
    return dict(sorted(found.items()))


def ranges(having: Iterable[Release], releases: Sequence[Release]) -> list[ReleaseRange]:
    """The releases *having* something, in runs of neighbours.

    Args:
        having: some of *releases*.
        releases: all that are known, in order.  A run that reaches the last of them is open.
    """
    wanted = set(having)
    found = []
    for present, group in groupby(releases, lambda release: release in wanted):
        run = list(group)
        if present:
            found.append(ReleaseRange(run[0], None if run[-1] == releases[-1] else run[-1]))
    return found


def _may_be_equal(old: Sequence[Effect], new: Sequence[Effect]) -> bool:
    """Whether two effects on the stack are equal as far as both interpreters tell."""
    if not old or not new:
        return True
    longest = max(len(old), len(new))
    return all(map(_may_be_one, _for_each(old, longest), _for_each(new, longest)))


def _for_each(effects: Sequence[Effect], count: int) -> list[Effect]:
    """The effect for each of *count* arguments, of which the one that is told holds for all."""
    return [effects[0]] * count if len(effects) == 1 else list(effects)


def _may_be_one(old: Effect, new: Effect) -> bool:
    """Whether two effects for one argument are equal as far as both interpreters tell.

    One that does not tell the effect of jumping tells the larger of the two.
    """
    if old[0] is None or new[0] is None:
        return True
    if (old[1] is None) != (new[1] is None):
        return max(value for value in old if value is not None) == max(
            value for value in new if value is not None
        )
    return old == new
