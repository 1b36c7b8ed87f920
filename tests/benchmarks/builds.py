"""The comparison of builds: bytedoc and other tools against pasted outputs, in turn."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from environments import Environment, InstallationError, create
from examples import example
from markups import Markup
from measure import CommandError
from projects import Page
from report import Report, mebibytes, seconds, spread, table
from scenarios import CACHES_KEPT, COLD, EDITED, UNCHANGED, Comparison, Scenario
from tools import BYTEDOC, Tool

_NOTE = """\
Ratios are tool to pasted output, of builds one right after the other in the same environment:
least, median, greatest. "of least" is the ratio of the least times; CPU is that of all processes;
memory is that of the largest process. The limits are those bytedoc sets itself."""


def usual_pages(pages: int, examples: int) -> list[Page]:
    """Return ``pages`` pages with ``examples`` examples each, no two the same."""
    return [
        Page(
            f"page_{page:02}",
            tuple(example(page * examples + number) for number in range(examples)),
        )
        for page in range(pages)
    ]


def compare(
    work: Path,
    tools: Sequence[Tool],
    pages: Sequence[Page],
    markup: Markup,
    *,
    sphinx: str,
    rounds: int,
    peer_rounds: int,
    report: Report,
) -> None:
    """Build ``pages`` with each of ``tools`` and report the ratios.

    bytedoc is built with the release of Sphinx that the requirement ``sphinx`` names, ``rounds``
    times in each scenario; the other tools with the newest release, ``peer_rounds`` times, cold and
    unchanged only.
    """
    comparisons = []
    for tool in tools:
        report.progress(f"{tool.name}: installation and a first build")
        try:
            comparisons.append(_prepare(work, tool, pages, markup, sphinx))
        except (InstallationError, CommandError) as error:
            unavailable(tool, error, report)
    for number in range(max(rounds, peer_rounds)):
        for comparison in comparisons:
            ours = comparison.tool is BYTEDOC
            if number < (rounds if ours else peer_rounds):
                report.progress(f"{comparison.tool.name}: round {number + 1}")
                for scenario in (
                    (COLD, UNCHANGED, EDITED, CACHES_KEPT) if ours else (COLD, UNCHANGED)
                ):
                    comparison.measure(scenario)
    if comparisons:
        _tell(comparisons, pages, report)


def unavailable(tool: Tool, error: Exception, report: Report) -> None:
    """Report that ``tool`` can't be measured here; that is a problem for bytedoc only."""
    report.section(f"{tool.name} can't be measured here", str(error))
    if tool is BYTEDOC:
        report.problems.append(f"{tool.name}: {error}")


def install(work: Path, tool: Tool, markup: Markup, sphinx: str) -> Environment:
    """Return the environment of ``tool``; the requirement ``sphinx`` is for bytedoc only.

    Raises `InstallationError`.
    """
    ours = tool is BYTEDOC
    # All parts use the same environment for bytedoc, and one of them needs pyperf.
    common = (sphinx, "pyperf") if ours else ("sphinx",)
    requirements = [*common, *markup.requirements, *tool.requirements]
    return create(work / "environments" / tool.distribution, requirements, package=ours)


def _prepare(
    work: Path, tool: Tool, pages: Sequence[Page], markup: Markup, sphinx: str
) -> Comparison:
    used = tool.markup or markup
    environment = install(work, tool, used, sphinx)
    comparison = Comparison(work / "builds" / tool.name, tool, environment, pages, used)
    comparison.measure(COLD, keep=False)
    return comparison


def _tell(comparisons: Sequence[Comparison], pages: Sequence[Page], report: Report) -> None:
    rows = []
    for comparison in comparisons:
        rows += [_row(comparison, scenario) for scenario in comparison.scenarios]
        report.problems += comparison.problems
        report.figures.setdefault("builds", []).append(comparison.figures())
    head = (
        "tool, how",
        "build",
        "pasted",
        "tool",
        "wall ratio",
        "of least",
        "CPU ratio",
        "of least",
        "limit",
        "memory",
        "tool's",
    )
    examples = sum(len(page.examples) for page in pages)
    report.section(f"{examples} examples on {len(pages)} pages", f"{table(head, rows)}\n\n{_NOTE}")
    said = [line for comparison in comparisons for line in comparison.warnings]
    if said:
        report.section(
            "Printed by the builds, repeats left out", "\n".join(line[:160] for line in said)
        )


def _row(comparison: Comparison, scenario: Scenario) -> tuple[str, ...]:
    plain, tool = comparison.least(scenario)
    name = comparison.tool.distribution
    version = comparison.environment.version(name)
    return (
        f"{name} {version}, {comparison.tool.how}" if scenario is COLD else "",
        scenario.name,
        seconds(plain.wall),
        seconds(tool.wall),
        spread(comparison.ratios(scenario, "wall")),
        f"{tool.wall / plain.wall:.3f}",
        spread(comparison.ratios(scenario, "cpu")),
        f"{tool.cpu / plain.cpu:.3f}",
        f"{scenario.limit:.2f}" if comparison.tool is BYTEDOC else "",
        mebibytes(plain.peak),
        mebibytes(tool.peak),
    )
