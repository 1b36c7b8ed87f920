"""The instructions that an interpreter has."""

from collections.abc import Mapping
from typing import Any, NamedTuple, Self

Json = Any  #: What ``json.loads`` gives.


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
