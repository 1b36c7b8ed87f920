"""Under which conditions several releases were measured: on which machines, by which builds."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from ..release import Release
from ..request import Interpreter

#: What marks releases that are built otherwise than most; then twice, and so on.
_MARKS = (
    "*",
    "\N{DAGGER}",
    "\N{DOUBLE DAGGER}",
    "\N{SECTION SIGN}",
    "\N{PILCROW SIGN}",
)


class Group(NamedTuple):
    """Releases that have something in common.

    Attributes:
        said: what they have in common, in words.
        releases: these releases, in order.
    """

    said: str
    releases: tuple[Release, ...]


class Conditions(NamedTuple):
    """What several releases were measured on, and by.

    Attributes:
        machines: the machines, that with most releases first.
        builds: the builds, likewise.
    """

    machines: tuple[Group, ...]
    builds: tuple[Group, ...]

    @classmethod
    def of(cls, measured: Iterable[tuple[Release, Interpreter, str]]) -> "Conditions":
        """Those of releases that were measured by an interpreter, on a machine."""
        known = sorted(measured, key=lambda item: item[0])
        return cls(
            grouped([(release, machine) for release, _, machine in known]),
            grouped([(release, build_in_words(who)) for release, who, _ in known]),
        )

    def machine(self, release: Release) -> int:
        """The number of a release's machine among them."""
        return _number(self.machines, release)

    def build(self, release: Release) -> int:
        """The number of a release's build among them."""
        return _number(self.builds, release)

    def mark(self, release: Release) -> str:
        """What marks a release that is built otherwise than most; empty for those."""
        number = self.build(release)
        return mark(number - 1) if number else ""


def grouped(items: Sequence[tuple[Release, str]]) -> tuple[Group, ...]:
    """Releases by what is said of them; the largest group first, of equal ones the oldest."""
    found: dict[str, list[Release]] = {}
    for release, said in items:
        found.setdefault(said, []).append(release)
    ordered = sorted(found.items(), key=lambda item: (-len(item[1]), item[1]))
    return tuple(Group(said, tuple(releases)) for said, releases in ordered)


def _number(groups: Sequence[Group], release: Release) -> int:
    return next(number for number, group in enumerate(groups) if release in group.releases)


def mark(number: int) -> str:
    """The mark of a group, counted from 0."""
    times, index = divmod(number, len(_MARKS))
    return _MARKS[index] * (times + 1)


def build_in_words(interpreter: Interpreter) -> str:
    """What of a build may make it faster or slower than another of the same source.

    That is the compiler, the platform, and the flags that the build records; which is not all: a
    distributor may strip the record.
    """
    flags = f"with {', '.join(interpreter.flags)}" if interpreter.flags else "no flag recorded"
    return f"{interpreter.compiler} for {interpreter.platform}, {flags}"
