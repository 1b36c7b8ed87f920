"""An instruction of a release, and whether the reference shows it."""

from __future__ import annotations

from typing import NamedTuple

from ..answers.opcodes import Opcode

#: How an instruction of a release can be covered.
SHOWN, EXPLAINED, OPEN, UNKNOWN = "shown", "explained", "open", "unknown"


class Pair(NamedTuple):
    """An instruction of a release.

    Attributes:
        opcode: the instruction.
        state: ``shown`` by a listing on its page, ``explained`` as never emitted, ``open``, or
            ``unknown`` where what that release answers is not.
    """

    opcode: Opcode
    state: str
