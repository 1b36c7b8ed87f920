"""The releases of a site: what is known of each, which is the stable one, and which are over."""

# Annotations are evaluated: a tuple compiles each that is a string, in every build.
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import NamedTuple

#: The folder of the newest final release.
STABLE = "stable"

#: A day, or a month where the day is not yet known, as https://peps.python.org/api/release-cycle.json
#: has them.  Compiled when it is used.
_WHEN = r"(\d{4})-(0[1-9]|1[0-2])(?:-(0[1-9]|[12]\d|3[01]))?"
_MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)


class SiteRelease(NamedTuple):
    """A release that has a guide.

    Attributes:
        name: such as ``3.13``.
        version: the full version of its interpreter, such as ``3.13.0``; empty: there is none.
        end_of_life: the day or month from which it gets no fixes, such as ``2029-10``, or nothing.
        is_over: whether that has come.
    """

    name: str
    version: str
    end_of_life: str = ""
    is_over: bool = False

    @property
    def is_final(self) -> bool:
        """Whether its interpreter is no alpha, beta or release candidate."""
        return self.version.replace(".", "").isdigit()


def described(
    versions: Mapping[str, str], end_of_life: Mapping[str, str], day: date
) -> tuple[SiteRelease, ...]:
    """What is known of releases on a day.

    Args:
        versions: the full version of each, or nothing, in order.
        end_of_life: as the configuration has it.
        day: on which it is said.
    """
    return tuple(
        SiteRelease(name, version, (when := end_of_life.get(name, "")), is_over(when, day))
        for name, version in versions.items()
    )


def newest(releases: Sequence[SiteRelease]) -> SiteRelease:
    """The stable release: the newest that is final, or else the newest."""
    return next((item for item in reversed(releases) if item.is_final), releases[-1])


def is_over(when: str, day: date) -> bool:
    """Whether a day, or all of a month, has come; what is neither has not."""
    match = re.fullmatch(_WHEN, when) if when else None
    if match is None:
        return False
    return (int(match[1]), int(match[2]), int(match[3] or 31)) <= (day.year, day.month, day.day)


def in_words(when: str) -> str:
    """``on 7 October 2024``, or ``in October 2026``."""
    match = re.fullmatch(_WHEN, when)
    if match is None:
        return f"on {when}"
    name = _MONTHS[int(match[2]) - 1]
    return f"on {int(match[3])} {name} {match[1]}" if match[3] else f"in {name} {match[1]}"


def today() -> date:
    """The day of the build, in UTC; builds that are to be repeated set ``SOURCE_DATE_EPOCH``."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    now = datetime.now(UTC)
    if epoch is not None and epoch.isdigit():
        now = datetime.fromtimestamp(int(epoch), UTC)
    return now.date()


def wrong_dates(end_of_life: Mapping[str, str]) -> Iterable[str]:
    """The releases whose end of life is neither a day nor a month."""
    return [name for name, when in end_of_life.items() if not re.fullmatch(_WHEN, when)]
