"""What is to be built: the releases of a site, and what their guides are made of.

The builder ``site-plan`` finds that out and leaves it in a file for the driver, which itself knows
nothing of Sphinx.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from .releases import SiteRelease, newest

#: The file in the folder of the output of ``site-plan``, and what the one before becomes.
NAME, LAST = "plan.json", "last.json"


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be built.

    Attributes:
        releases: those that have an interpreter or a capture, in order.
        missing: why there is no guide of the others, by their names.
        available: other releases that could have a guide; looked for only where one is missing.
        signature: a digest of all that the guides are made of; equal: they would be the same.
        pages: how many pages each guide has.
        cache: the folder of the results.
        base: the address of the site, if the configuration has it.
    """

    releases: tuple[SiteRelease, ...]
    missing: dict[str, str]
    available: tuple[str, ...]
    signature: str
    pages: int
    cache: str
    base: str

    @property
    def stable(self) -> SiteRelease:
        """The release whose guide is also the stable one."""
        return newest(self.releases)

    def write(self, path: Path) -> None:
        """Leave it in a file."""
        path.write_text(json.dumps(asdict(self), indent=1), encoding="utf-8")

    @classmethod
    def read(cls, path: Path) -> Plan | None:
        """What was left in a file; None: there is none, or it is of another version of bytedoc."""
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
            found["releases"] = tuple(SiteRelease(*item) for item in found["releases"])
            found["available"] = tuple(found["available"])
            return cls(**found)
        except (OSError, ValueError, LookupError, TypeError):
            return None
