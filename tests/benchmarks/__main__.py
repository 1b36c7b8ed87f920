"""Measures what bytedoc costs, beside pasted outputs and beside other tools.

Nothing is asserted about the figures: the exit status is 1 if a page does not show what it should,
else 0.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import platform
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import builds
import scale
import timing
from environments import InstallationError
from markups import MARKUPS
from measure import CommandError
from report import Report
from tools import BYTEDOC, PEERS, Tool


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the parts that are asked for and print their tables; return the exit status."""
    options = _parser().parse_args(arguments)
    machine = {"python": sys.version, "platform": platform.platform(), "cpus": os.cpu_count()}
    report = Report({**machine, "load": os.getloadavg()})
    print(f"Python {platform.python_version()}, {platform.platform()}, {os.cpu_count()} CPUs")
    # Figures of a machine that is at work for others say less.
    print(f"load average before: {os.getloadavg()[0]:.1f}")
    with _workspace(options.keep) as work:
        if options.builds or not (options.scale or options.timing):
            _builds(options, work, report)
        if options.scale or options.timing:
            _parts_of_bytedoc(options, work, report)
    if options.json:
        report.write(options.json)
    for problem in report.problems:
        print(f"wrong: {problem}", file=sys.stderr)
    return 1 if report.problems else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python tests/benchmarks", description=__doc__)
    add = parser.add_argument
    add("--builds", action="store_true", help="compare builds (the default if no part is named)")
    add(
        "--scale",
        action="store_true",
        help="measure how cost grows with examples and with instructions",
    )
    add("--timing", action="store_true", help="compare bytedoc's timings with pyperf's")
    add(
        "--peers",
        type=_peers,
        default="all",
        metavar="all|none|NAME,...",
        help="other tools to measure (default: all)",
    )
    add("--without-bytedoc", action="store_true", help="build with the other tools only")
    add("--rounds", type=int, default=5, metavar="N", help="rounds of the builds (default: 5)")
    add(
        "--peer-rounds",
        type=int,
        default=2,
        metavar="N",
        help="rounds of the other tools' builds (default: 2)",
    )
    add("--scale-rounds", type=int, default=2, metavar="N", help="of --scale (default: 2)")
    add("--timing-rounds", type=int, default=7, metavar="N", help="of --timing (default: 7)")
    add("--pages", type=int, default=20, metavar="N", help="pages of the project (default: 20)")
    add("--examples", type=int, default=10, metavar="N", help="examples on each page (default: 10)")
    add(
        "--markup",
        choices=sorted(MARKUPS),
        default="rest",
        help="markup of the pages (default: rest)",
    )
    add(
        "--sphinx",
        default="sphinx",
        metavar="REQUIREMENT",
        help='for bytedoc, as "sphinx==8.2.*" (default: the newest)',
    )
    add(
        "--keep",
        type=Path,
        metavar="DIR",
        help="keep projects and environments here; environments are used again",
    )
    add("--json", type=Path, metavar="FILE", help="write all figures to this file")
    return parser


def _peers(text: str) -> list[Tool]:
    known = {peer.name: peer for peer in PEERS}
    if text in ("all", "none"):
        return list(PEERS) if text == "all" else []
    unknown = [name for name in text.split(",") if name not in known]
    if unknown:
        raise argparse.ArgumentTypeError(
            f"no such tool: {', '.join(unknown)}; there are {', '.join(known)}"
        )
    return [known[name] for name in text.split(",")]


@contextlib.contextmanager
def _workspace(keep: Path | None) -> Iterator[Path]:
    """The folder for all that a run writes: ``keep``, or one that is removed in the end."""
    if keep:
        keep.mkdir(parents=True, exist_ok=True)
        yield keep.resolve()
    else:
        with tempfile.TemporaryDirectory(prefix="bytedoc-benchmarks-") as folder:
            yield Path(folder).resolve()


def _builds(options: argparse.Namespace, work: Path, report: Report) -> None:
    builds.compare(
        work,
        [*([] if options.without_bytedoc else [BYTEDOC]), *options.peers],
        builds.usual_pages(options.pages, options.examples),
        MARKUPS[options.markup],
        sphinx=options.sphinx,
        rounds=options.rounds,
        peer_rounds=options.peer_rounds,
        report=report,
    )


def _parts_of_bytedoc(options: argparse.Namespace, work: Path, report: Report) -> None:
    """Run the parts that measure bytedoc alone; both use the same environment."""
    markup = MARKUPS[options.markup]
    try:
        environment = builds.install(work, BYTEDOC, markup, options.sphinx)
        if options.scale:
            scale.measure(work, environment, markup, rounds=options.scale_rounds, report=report)
        if options.timing:
            timing.measure(work, environment, rounds=options.timing_rounds, report=report)
    except (InstallationError, CommandError) as error:
        builds.unavailable(BYTEDOC, error, report)


if __name__ == "__main__":
    sys.exit(main())
