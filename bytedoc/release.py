"""Releases of CPython and ranges of them: ``3.11``, ``3.11+``, ``-3.10``, ``3.8-3.10``."""

import re
from typing import NamedTuple, Self

# Compiled when it is used: every build imports this, and few parse a range.
_RANGE = r"(?:\d+\.\d+)?-\d+\.\d+|\d+\.\d+\+?"


class Release(NamedTuple):
    """A feature release of CPython, such as 3.13."""

    major: int
    minor: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """The release that *text* names, with nothing around it.

        Raises:
            ValueError: *text* is not of the form ``3.13``.
        """
        major, _, minor = text.strip().partition(".")
        if not (major.isdecimal() and minor.isdecimal()):
            raise ValueError(f"{text!r} is not a release such as 3.13")
        return cls(int(major), int(minor))

    @classmethod
    def of_version(cls, version: str) -> Self:
        """The release of a full version, such as ``3.13.0`` or ``3.15.0rc1``."""
        try:
            return cls.parse(".".join(version.split(".")[:2]))
        except ValueError:
            raise ValueError(f"{version!r} is not a version such as 3.13.0") from None

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}"


#: The oldest release that can be a target.
FLOOR = Release(3, 6)


class ReleaseRange(NamedTuple):
    """The releases from *first* to *last*, both included; None leaves that side open."""

    first: Release | None = None
    last: Release | None = None

    @classmethod
    def parse(cls, text: str) -> Self:
        """The range that *text* writes: ``3.12``, ``3.11+``, ``-3.10`` or ``3.8-3.10``.

        Raises:
            ValueError: it is none of these, or runs backwards.
        """
        text = text.strip()
        if not re.fullmatch(_RANGE, text):
            raise ValueError(
                f"{text!r} is not a range of releases such as 3.11+, -3.10 or 3.8-3.10"
            )
        if text.endswith("+"):
            return cls(Release.parse(text[:-1]), None)
        first, dash, last = text.rpartition("-")
        if not dash:
            release = Release.parse(text)
            return cls(release, release)
        found = cls(Release.parse(first) if first else None, Release.parse(last))
        if found.first is not None and found.last is not None and found.first > found.last:
            raise ValueError(f"{text!r} runs backwards")
        return found

    def __contains__(self, release: object) -> bool:
        if not isinstance(release, Release):
            return False
        return (self.first is None or self.first <= release) and (
            self.last is None or release <= self.last
        )

    def __and__(self, other: Self) -> Self:
        """The releases that are in both."""
        firsts = [item.first for item in (self, other) if item.first is not None]
        lasts = [item.last for item in (self, other) if item.last is not None]
        return type(self)(max(firsts, default=None), min(lasts, default=None))

    def __or__(self, other: Self) -> Self:
        """The smallest range that has all releases of both."""
        firsts = [item.first for item in (self, other) if item.first is not None]
        lasts = [item.last for item in (self, other) if item.last is not None]
        return type(self)(
            min(firsts) if len(firsts) == 2 else None, max(lasts) if len(lasts) == 2 else None
        )

    def __str__(self) -> str:
        if self.first == self.last:
            return "" if self.first is None else str(self.first)
        if self.last is None:
            return f"{self.first}+"
        return f"{'' if self.first is None else self.first}-{self.last}"


#: What the end of an expression that goes on looks like: what follows is not a range.
_GOES_ON = r"(?:^|\s)[-+*/%<>=!&|^@]+$|[,(\[{:]$|\b(?:and|or|not|in|is|if|else)$"


def split_range(text: str) -> tuple[str, ReleaseRange]:
    """Split ``BINARY_OP 3.11+`` into what is said and the releases that it is said of.

    Without a range at its end the text speaks of all releases.  The number in ``slow / fast > 3.5``
    belongs to the comparison.
    """
    head, _, tail = text.strip().rpartition(" ")
    head = head.rstrip()
    if head and re.fullmatch(_RANGE, tail) and not re.search(_GOES_ON, head):
        return head, ReleaseRange.parse(tail)
    return text.strip(), ReleaseRange()
