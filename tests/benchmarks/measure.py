"""What a build costs, and ratios of costs."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_LAUNCHER = Path(__file__).with_name("launcher.py")


class CommandError(Exception):
    """A command ended with another status than 0; the message holds the end of its output."""


@dataclass(frozen=True, slots=True)
class Cost:
    """The cost of one command with all its children.

    ``wall`` and ``cpu`` (user and system) are in seconds; ``peak`` is the resident memory of the
    largest single process among them, in bytes.
    """

    wall: float
    cpu: float
    peak: int

    @classmethod
    def least(cls, costs: Sequence[Cost]) -> Cost:
        """Return the least of each figure of ``costs``, at least one."""
        return cls(
            min(cost.wall for cost in costs),
            min(cost.cpu for cost in costs),
            min(cost.peak for cost in costs),
        )


@dataclass(frozen=True, slots=True)
class Spread:
    """Least, median and greatest of some figures."""

    least: float
    median: float
    greatest: float

    @classmethod
    def of(cls, figures: Sequence[float]) -> Spread:
        """Return the spread of ``figures``, at least one."""
        return cls(min(figures), statistics.median(figures), max(figures))


def environment(caches: Path, scripts: Path) -> dict[str, str]:
    """Return the environment of a measured command, the same for both sides of a ratio.

    Bytecode caches are written and read, other caches of the user go to the folder ``caches``, and
    ``python`` is the one in the folder ``scripts``.
    """
    unwanted = ("PYTHON", "JUPYTER", "VIRTUAL_ENV")
    kept = {key: value for key, value in os.environ.items() if not key.startswith(unwanted)}
    path = f"{scripts}{os.pathsep}{os.environ['PATH']}"
    return kept | {"XDG_CACHE_HOME": str(caches), "PATH": path, "NO_COLOR": "1"}


def run(
    command: Sequence[str | Path], *, log: Path, env: Mapping[str, str], cwd: Path
) -> tuple[Cost, str]:
    """Run ``command`` and return its cost and what it printed.

    Raises `CommandError` if its exit status is not 0.
    """
    launched = subprocess.run(
        [sys.executable, "-I", "-S", _LAUNCHER, log, *command],
        stdout=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        text=True,
        check=True,
        env=env,
        cwd=cwd,
    )
    reply = json.loads(launched.stdout)
    printed = log.read_text(encoding="utf-8", errors="replace")
    if reply["status"]:
        raise CommandError(
            f"{' '.join(map(str, command))}: exit status {reply['status']}\n{printed[-2000:]}"
        )
    return Cost(**reply["cost"]), printed
