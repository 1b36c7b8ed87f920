"""Parsers of option values: each turns a text into a value, or says what is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from .. import expectations
from ..examples import NAME
from ..release import Release, ReleaseRange


def text(value: str | None) -> str:
    """Any text that is not empty."""
    if value is None or not value.strip():
        raise ValueError("it needs a value")
    return value.strip()


def given_name(value: str | None) -> str:
    """What something is called."""
    found = text(value)
    if not re.fullmatch(NAME, found):
        raise ValueError("a name has letters, digits and . _ + - in it only")
    return found


def words(value: str | None) -> tuple[str, ...]:
    """Words, separated by blanks or commas."""
    return tuple(text(value).replace(",", " ").split())


def attributes(value: str | None) -> tuple[str, ...]:
    """Names of attributes of code objects."""
    found = words(value)
    for name in found:
        if not name.startswith("co_"):
            raise ValueError(f"{name} is no attribute of a code object: they begin with co_")
    return found


def choices(*names: str) -> Callable[[str | None], tuple[str, ...]]:
    """Some of some words."""

    def parse(value: str | None) -> tuple[str, ...]:
        found = words(value)
        for word in found:
            if word not in names:
                raise ValueError(f"{word} is not one of {', '.join(names)}")
        return found

    return parse


def flag(value: str | None) -> bool:
    """An option that is set by its presence."""
    if value and value.strip().lower() not in ("true", "yes"):
        raise ValueError("it takes no value")
    return True


def choice(*names: str) -> Callable[[str | None], str]:
    """One of some words."""

    def parse(value: str | None) -> str:
        found = text(value)
        if found not in names:
            raise ValueError(f"it must be one of {', '.join(names)}")
        return found

    return parse


def integer(least: int, most: int | None = None) -> Callable[[str | None], int]:
    """A whole number within bounds."""

    def parse(value: str | None) -> int:
        try:
            found = int(text(value))
        except ValueError:
            raise ValueError("it must be a whole number") from None
        if found < least or (most is not None and found > most):
            upper = "" if most is None else f" and at most {most}"
            raise ValueError(f"it must be at least {least}{upper}")
        return found

    return parse


def seconds(value: str | None) -> float:
    """A positive number."""
    try:
        found = float(text(value))
    except ValueError:
        raise ValueError("it must be a number of seconds") from None
    if not 0 < found < 86_400:
        raise ValueError("it must be a number of seconds, more than 0 and less than a day")
    return found


def release(value: str | None) -> str:
    """A release, such as 3.8."""
    return str(Release.parse(text(value)))


def ranges(value: str | None) -> tuple[ReleaseRange, ...]:
    """Releases and ranges of them, separated by blanks or commas."""
    return tuple(ReleaseRange.parse(part) for part in words(value))


def since(value: str | None) -> ReleaseRange:
    """The releases from one on."""
    return ReleaseRange(first=Release.parse(text(value)))


def until(value: str | None) -> ReleaseRange:
    """The releases up to one, which is included."""
    return ReleaseRange(last=Release.parse(text(value)))


def expectation(value: str | None) -> tuple[expectations.Expectation, ...]:
    """Expectations; see `bytedoc.expectations`."""
    return expectations.parse(text(value))


#: How an example is compiled.
COMPILING: dict[str, Callable[[str | None], Any]] = {
    "mode": choice("exec", "eval", "single"),
    "optimize": integer(0, 2),
}
#: Which code objects of an example are shown, and how they are compiled.
CODE: dict[str, Callable[[str | None], Any]] = {"object": text, **COMPILING, "depth": integer(0)}
#: Options that every view has; those from ``name`` on make sense only where an example is defined.
COMMON: dict[str, Callable[[str | None], Any]] = {
    "expect": expectation,
    "since": since,
    "until": until,
    "release": release,
    "class": words,
}
DEFINING: dict[str, Callable[[str | None], Any]] = {
    "name": text,
    "setup": words,
    "layout": choice("above", "beside", "hidden"),
}
