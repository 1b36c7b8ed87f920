"""What a run has found: tables for a terminal, all figures for a file, and what is wrong."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from measure import Spread


@dataclass(slots=True)
class Report:
    """Collects the results of the parts of a run.

    ``figures`` is written as JSON; ``problems`` are outputs that are not right, which decide the
    exit status.
    """

    figures: dict[str, Any] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def progress(self, text: str) -> None:
        """Tell on stderr what is being done, so that stdout has the tables only."""
        print(f"... {text}", file=sys.stderr, flush=True)

    def section(self, title: str, body: str) -> None:
        """Print one table with its title."""
        print(f"\n{title}\n\n{body}", flush=True)

    def write(self, path: Path) -> None:
        """Write the figures and the problems to ``path``."""
        path.write_text(
            json.dumps(self.figures | {"problems": self.problems}, indent=1) + "\n",
            encoding="utf-8",
        )


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table with aligned columns; the first one is flush left, the others right."""
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]

    def line(cells: Sequence[str]) -> str:
        first, *others = (
            cell.rjust(width) if number else cell.ljust(width)
            for number, (cell, width) in enumerate(zip(cells, widths, strict=True))
        )
        return "  ".join([first, *others]).rstrip()

    return "\n".join([line(head), line(["-" * width for width in widths]), *map(line, rows)])


def spread(figures: Spread) -> str:
    """Return least, median and greatest ratio in one cell."""
    return f"{figures.least:.3f} {figures.median:.3f} {figures.greatest:.3f}"


def seconds(figure: float) -> str:
    """Return a time in seconds."""
    return f"{figure:.2f} s"


def mebibytes(figure: float) -> str:
    """Return a number of bytes in mebibytes."""
    return f"{figure / 2**20:.0f} MiB"
