"""How often each instruction occurs in the standard library of a release."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any, Self


class Frequencies:
    """What was counted in one standard library.

    Attributes:
        modules: how many modules were compiled.
        instructions: how many instructions they have.
        counts: how many of them are of each name.
    """

    def __init__(self, modules: int, instructions: int, counts: Mapping[str, int]) -> None:
        self.modules = modules
        self.instructions = instructions
        self.counts = counts

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> Self:
        """Make it from the probe's ``frequencies`` answer."""
        return cls(record["modules"], record["instructions"], record["counts"])

    @cached_property
    def ranks(self) -> Mapping[str, int]:
        """The place of each name, the most frequent being 1; equal counts have the same."""
        ordered = sorted(self.counts.values(), reverse=True)
        return {name: ordered.index(count) + 1 for name, count in self.counts.items()}

    def share(self, name: str) -> float:
        """Which part of all instructions one is, from 0 to 1."""
        return self.counts.get(name, 0) / self.instructions if self.instructions else 0.0


def percent(share: float) -> str:
    """A share in percent, with two digits that say something."""
    if not share:
        return "0"
    if share >= 0.1:
        return f"{share:.1%}"
    return f"{share:.2%}" if share >= 0.0001 else "below 0.01%"
