"""Whether bytedoc's timings agree with pyperf's, on the same statements, measured in turn."""

from __future__ import annotations

import json
import shutil
import statistics
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from environments import Environment
from markups import REST
from measure import environment as variables
from measure import run
from report import Report, table

LIMIT = 0.05

_SETUP = """\
class Point:
    def __init__(self, x):
        self.x = x


def caught():
    try:
        return ages[None]
    except KeyError:
        return 0


numbers = [(number * 7919) % 1000 for number in range(1000)]
words = [str(number) for number in numbers]
ages = dict(zip(words, numbers))
point = Point(1)
"""

# Both put statements in a function. timeit, and so pyperf, puts the set-up there as well: its names
# would be local there, but for this.
_AS_GLOBALS = "global Point, caught, numbers, words, ages, point\n"

_STATEMENTS = {
    "sorted list": "sorted(numbers)",
    "sum of a generator": "sum(number * 2 for number in numbers)",
    "string join": "', '.join(words)",
    "dict lookup": "ages['500']",
    "attribute access": "point.x",
    "try and except": "caught()",
}

_CONFIGURATION = """\
extensions = ["bytedoc"]
bytedoc_cache = "../results"
"""

_NOTE = """\
Time of one loop, over the values of all rounds: the median, and the value that a tenth of them is
below. Difference: bytedoc's over pyperf's, less one. On a machine that does other work at the same
time, medians differ by what that was, and only the fastest tenth can be compared."""


@dataclass(frozen=True, slots=True)
class Values:
    """What both have measured of one statement, in all rounds, in seconds per loop."""

    pyperf: list[float]
    bytedoc: list[float]


def measure(work: Path, environment: Environment, *, rounds: int, report: Report) -> None:
    """Measure each statement by both in turn, ``rounds`` times, and report the differences.

    ``environment`` has both of them installed.
    """
    found = {label: Values([], []) for label in _STATEMENTS}
    for number in range(rounds):
        for label, statement in _STATEMENTS.items():
            report.progress(f"timing: round {number + 1}: {label}")
            both = [(found[label].pyperf, _by_pyperf), (found[label].bytedoc, _by_bytedoc)]
            for values, measured_by in both[:: 1 if number % 2 else -1]:
                values.extend(measured_by(work / "timing", environment, statement))
    rows = [_row(label, values) for label, values in found.items()]
    tenth = ("fastest tenth: pyperf", "bytedoc", "difference")
    head = ("statement", "median: pyperf", "bytedoc", "difference", "limit", *tenth)
    report.section("Timings", f"{table(head, rows)}\n\n{_NOTE}")
    report.figures["timing"] = {
        label: {**asdict(values), "limit": LIMIT} for label, values in found.items()
    }


def _row(label: str, values: Values) -> tuple[str, ...]:
    medians = [statistics.median(each) for each in (values.pyperf, values.bytedoc)]
    tenths = [statistics.quantiles(each, n=10)[0] for each in (values.pyperf, values.bytedoc)]
    return (label, *_compared(*medians), f"{LIMIT:.0%}", *_compared(*tenths))


def _compared(pyperf: float, bytedoc: float) -> tuple[str, str, str]:
    return f"{pyperf * 1e9:.1f} ns", f"{bytedoc * 1e9:.1f} ns", f"{bytedoc / pyperf - 1:+.1%}"


def _by_pyperf(root: Path, environment: Environment, statement: str) -> list[float]:
    """Return the values that ``pyperf timeit`` measures, in seconds per loop."""
    root.mkdir(parents=True, exist_ok=True)
    result = root / "pyperf.json"
    result.unlink(missing_ok=True)
    # The same hashes as in bytedoc's interpreters, so that the same keys collide.
    hashes = {"PYTHONHASHSEED": "0"}
    # As many values as bytedoc takes; more rounds, in turn, tell more than more values in one.
    options = ["--processes=6", "--values=3", "--inherit-environ=PYTHONHASHSEED", "--quiet"]
    setup = _AS_GLOBALS + _SETUP
    run(
        [
            str(environment.python),
            "-m",
            "pyperf",
            "timeit",
            *options,
            "-o",
            str(result),
            "-s",
            setup,
            statement,
        ],
        log=root / "pyperf.log",
        env=variables(root / "cache", environment.python.parent) | hashes,
        cwd=root,
    )
    runs = json.loads(result.read_text(encoding="utf-8"))["benchmarks"][0]["runs"]
    return [value for each in runs for value in each.get("values", ())]


def _by_bytedoc(root: Path, environment: Environment, statement: str) -> list[float]:
    """Return the values that the directive measures when a page with it is built, in seconds."""
    source, results = root / "source", root / "results"
    for folder in (source, results, root / "html"):
        shutil.rmtree(folder, ignore_errors=True)
    source.mkdir(parents=True)
    (source / "conf.py").write_text(_CONFIGURATION, encoding="utf-8")
    page = [
        REST.heading("Timing", 1),
        REST.directive("bytedoc:dis", "", {"name": "data"}, _SETUP),
        REST.directive("bytedoc:timing", "", {"setup": "data"}, statement),
    ]
    (source / "index.rst").write_text("\n".join(page), encoding="utf-8")
    run(
        [str(environment.python), "-m", "sphinx", "-q", "-W", str(source), str(root / "html")],
        log=root / "build.log",
        env=variables(root / "cache", environment.python.parent),
        cwd=root,
    )
    (path,) = results.glob("*.jsonl")
    lines = path.read_text(encoding="ascii").split("\n")
    answers: list[dict[str, Any]] = [json.loads(line)[2].get("ok", {}) for line in lines if line]
    (rows,) = (answer["rows"] for answer in answers if "rows" in answer)
    values: list[float] = rows[0]["values"]
    return values
