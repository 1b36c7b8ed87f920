"""How cost grows: with the examples on a page, and with the instructions of an example."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from environments import Environment
from examples import example, long_example
from markups import Markup
from oracle import listings
from projects import Page
from report import Report, mebibytes, seconds, table
from scenarios import COLD, Both, Comparison
from tools import BYTEDOC

_EXAMPLES = (0, 10, 100, 300, 1000)
_GROUPS = (0, 3, 33, 99, 330)

_NOTE = """\
Cold builds, the least of the rounds. "Each more" is the CPU time, then the memory, beyond the row
above, for each example or instruction beyond it: equal figures in a column are linear growth."""


@dataclass(frozen=True, slots=True)
class Point:
    """The least costs of a cold build with ``size`` examples, or one of ``size`` instructions."""

    size: int
    costs: Both


def measure(
    work: Path, environment: Environment, markup: Markup, *, rounds: int, report: Report
) -> None:
    """Measure both curves in ``environment``, of bytedoc, and report them."""
    many = [Page("page", tuple(example(number) for number in range(size))) for size in _EXAMPLES]
    long = [
        Page("page", tuple(long_example(groups) for _ in range(groups > 0))) for groups in _GROUPS
    ]
    for unit, pages in (("example", many), ("instruction", long)):
        points = []
        for page in pages:
            texts = listings(environment.python, [each.source for each in page.examples])
            size = len(texts) if unit == "example" else sum(text.instructions for text in texts)
            report.progress(f"scale: {unit}s: {size}")
            comparison = Comparison(
                work / "scale" / f"{unit}-{size}", BYTEDOC, environment, [page], markup
            )
            for _ in range(rounds):
                comparison.measure(COLD)
            points.append(Point(size, comparison.least(COLD)))
            report.problems += comparison.problems
        _tell(unit, points, report)


def _tell(unit: str, points: Sequence[Point], report: Report) -> None:
    report.figures.setdefault("scale", {})[unit] = [
        {
            "size": point.size,
            "plain": asdict(point.costs.plain),
            "bytedoc": asdict(point.costs.tool),
        }
        for point in points
    ]
    times = ("pasted", "bytedoc", "ratio", "CPU", "bytedoc's", "ratio")
    head = (f"{unit}s", *times, "each more", "bytedoc's", "memory", "bytedoc's", "each more")
    rows = [_row(*pair) for pair in zip(points, [None, *points], strict=False)]
    report.section(f"By {unit}s on one page", f"{table(head, rows)}\n\n{_NOTE}")


def _row(point: Point, before: Point | None) -> tuple[str, ...]:
    plain, tool = point.costs
    each = ("", "", "")
    if before is not None:
        more = point.size - before.size
        each = (
            f"{(plain.cpu - before.costs.plain.cpu) / more * 1e6:.0f} µs",
            f"{(tool.cpu - before.costs.tool.cpu) / more * 1e6:.0f} µs",
            f"{(tool.peak - before.costs.tool.peak) / more / 1024:.1f} KiB",
        )
    return (
        f"{point.size}",
        seconds(plain.wall),
        seconds(tool.wall),
        f"{tool.wall / plain.wall:.2f}",
        seconds(plain.cpu),
        seconds(tool.cpu),
        f"{tool.cpu / plain.cpu:.2f}",
        *each[:2],
        mebibytes(plain.peak),
        mebibytes(tool.peak),
        each[2],
    )
