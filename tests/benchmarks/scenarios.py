"""The builds that are compared: cold, unchanged, after an edit, and with only the caches kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple

import checks
from environments import Environment
from examples import example
from markups import Markup
from measure import Cost, Spread
from projects import Page, Project
from tools import PLAIN, Tool


@dataclass(frozen=True, slots=True)
class Scenario:
    """A kind of build.

    ``limit`` is how many times the plain build bytedoc's may cost; it is printed, not asserted.
    ``repeats`` is how often it is done in a round: a short build needs more of them for a steady
    figure.
    """

    name: str
    limit: float
    repeats: int = 1


COLD = Scenario("cold", 1.25)
UNCHANGED = Scenario("unchanged", 1.02, repeats=3)
EDITED = Scenario("one example edited", 1.05, repeats=3)
CACHES_KEPT = Scenario("pages removed, caches kept", 1.05)
SCENARIOS = (COLD, UNCHANGED, EDITED, CACHES_KEPT)


class Both(NamedTuple):
    """The cost of one build of each side, one right after the other."""

    plain: Cost
    tool: Cost


class Comparison:
    """Two projects with the same pages in the same environment: pasted outputs, and ``tool``.

    ``costs`` holds the builds so far, by scenario. ``problems`` are outputs that are not right,
    ``warnings`` what the builds of each side have printed, without repeats.
    """

    def __init__(
        self,
        root: Path,
        tool: Tool,
        environment: Environment,
        pages: Sequence[Page],
        markup: Markup,
    ) -> None:
        used = tool.markup or markup
        self.tool = tool
        self.environment = environment
        self.pages = list(pages)
        self.projects = tuple(
            Project(root / each.name, each, environment, used) for each in (PLAIN, tool)
        )
        self.costs: dict[str, list[Both]] = {}
        self.problems: list[str] = []
        self.warnings: dict[str, None] = {}
        self._builds = 0
        for project in self.projects:
            project.write(self.pages)

    def measure(self, scenario: Scenario, *, keep: bool = True) -> None:
        """Build both sides as ``scenario`` says, and check the pages; ``keep`` the costs."""
        for _ in range(scenario.repeats):
            both = self._build(scenario)
            if keep:
                self.costs.setdefault(scenario.name, []).append(both)

    def _build(self, scenario: Scenario) -> Both:
        if scenario is EDITED:
            self._edit()
        self._builds += 1
        costs: dict[str, Cost] = {}
        # Whichever comes second may find a warmer machine; the sides take turns in that.
        for project in self.projects[:: 1 if self._builds % 2 else -1]:
            if scenario in (COLD, CACHES_KEPT):
                project.remove_pages()
            if scenario is COLD:
                project.remove_caches()
            costs[project.tool.name], printed = project.build()
            self.warnings.update(
                dict.fromkeys(
                    f"{project.tool.name}: {line}" for line in printed.splitlines() if line.strip()
                )
            )
            self.problems += [
                f"{scenario.name}: {problem}" for problem in checks.wrong(project, self.pages)
            ]
        return Both(costs[PLAIN.name], costs[self.tool.name])

    def _edit(self) -> None:
        """Change one example to a source that it never had, on another page each time."""
        place = self._builds % len(self.pages)
        page = self.pages[place]
        first, *rest = page.examples
        number = int(first.name.rpartition("_")[2])
        edited = Page(page.document, (example(number, revision=1 + self._builds), *rest))
        self.pages[place] = edited
        for project in self.projects:
            project.write_pages([edited])

    @property
    def scenarios(self) -> list[Scenario]:
        """The scenarios that were measured."""
        return [scenario for scenario in SCENARIOS if scenario.name in self.costs]

    def ratios(self, scenario: Scenario, figure: str) -> Spread:
        """Return the ratios of one ``figure`` of `Cost`, tool to pasted output."""
        return Spread.of(
            [
                getattr(both.tool, figure) / getattr(both.plain, figure)
                for both in self.costs[scenario.name]
            ]
        )

    def least(self, scenario: Scenario) -> Both:
        """Return the least cost of both sides, each figure by itself."""
        plain, tool = zip(*self.costs[scenario.name], strict=True)
        return Both(Cost.least(plain), Cost.least(tool))

    def figures(self) -> dict[str, Any]:
        """Return all that was measured, as JSON."""
        return {
            "tool": self.tool.name,
            "versions": self.environment.versions,
            "scenarios": [
                {
                    "name": scenario.name,
                    "limit": scenario.limit,
                    "costs": [
                        {"plain": asdict(both.plain), "tool": asdict(both.tool)}
                        for both in self.costs[scenario.name]
                    ],
                }
                for scenario in self.scenarios
            ],
            "printed": [*self.warnings],
        }
