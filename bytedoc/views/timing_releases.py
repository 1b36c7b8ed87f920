"""The ``timing-releases`` view: how long statements take in each release, as plot and table."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import NamedTuple

from docutils import nodes

from ..answers import Failure
from ..answers.timings import Timing
from ..comparing.conditions import Conditions, Group
from ..errors import BytedocError
from ..examples import Example, Use
from ..nodes import bar, plot
from ..plots import Column, Plot, Series, Value, draw
from ..release import Release
from ..request import Interpreter, Request
from .base import Answer, Page, Project, explain, table, visible
from .compare import check_compared, label
from .options import ranges, text, words
from .timing import TimingView, duration, spread

#: In this share of a table's width is the column of releases.
_RELEASES = 16


class Measured(NamedTuple):
    """A release, who measured it, and its times."""

    release: Release
    interpreter: Interpreter
    timing: Timing


class TimingReleases(TimingView):
    """The times that statements take in several releases, plotted and in a table."""

    name = "timing-releases"
    across = True
    options = {"releases": ranges, "setup": words, "baseline": text}

    def shows(self, use: Use, release: Release) -> bool:
        wanted = use.options.get("releases", ())
        return not wanted or any(release in some for some in wanted)

    def request(self, use: Use, example: Example | None, project: Project) -> Request:
        check_compared(use, project)
        base = baseline_release(use)
        if base is not None and not (
            base in project.releases and base in use.releases and self.shows(use, base)
        ):
            raise BytedocError("release", f"the baseline {base} is none of the releases shown")
        return super().request(use, example, project)

    def caption(
        self, use: Use, example: Example | None, interpreter: Interpreter
    ) -> nodes.paragraph:
        """What is shown; who measured it is said below."""
        said = f"{self.title} across releases"
        return nodes.paragraph("", said, classes=["bytedoc-caption", "no-search"])

    def render_across(
        self,
        use: Use,
        example: Example | None,
        answers: Mapping[Release, Answer],
        page: Page,
    ) -> list[nodes.Node]:
        return list(_Rendering(use, answers, page).parts())


def labels_of(use: Use) -> list[str]:
    """What the statements are called."""
    return [item.label for item in use.options["statements"]]


def baseline_release(use: Use) -> Release | None:
    """The release to which ratios are; None where that is a statement, or none was chosen."""
    name = use.options.get("baseline")
    return None if name is None or name in labels_of(use) else Release.parse(name)


class _Rendering:
    """The times of several releases as nodes."""

    def __init__(self, use: Use, answers: Mapping[Release, Answer], page: Page) -> None:
        self._use, self._answers, self._page = use, answers, page
        self._labels = labels_of(use)
        self._measured = {
            release: Measured(release, answer.interpreter, answer.result)
            for release, answer in sorted(answers.items())
            if isinstance(answer.result, Timing) and answer.interpreter is not None
        }
        self._conditions = Conditions.of(
            (item.release, item.interpreter, item.timing.machine)
            for item in self._measured.values()
        )
        name = use.options.get("baseline")
        self._statement = self._labels.index(name) if name in self._labels else None
        self._release = baseline_release(use)
        if name is None and self._measured:
            self._release = min(self._measured)

    def parts(self) -> Iterator[nodes.Node]:
        """The plot, under which conditions it was measured, and the table."""
        if not self._answers:
            yield _note("None of these releases is shown here.")
        if self._measured:
            if self._plot is not None:
                yield plot.of(self._plot)
            yield from map(_note, (self._machines(), self._builds()))
        missing = "; ".join(self._missing())
        if missing:
            yield _note(f"Without times: {missing}.")
        if self._measured:
            yield self._table()
            yield _note(self._method())

    # -- numbers --------------------------------------------------------------------------------

    def _base(self, item: Measured, number: int) -> float | None:
        """What the time of a statement is divided by; None where it can't be compared."""
        if self._statement is not None:
            return item.timing.rows[self._statement].median
        base = self._measured.get(self._release) if self._release is not None else None
        if base is None or base.timing.machine != item.timing.machine:
            return None
        return base.timing.rows[number].median

    def _slowest(self, item: Measured) -> float:
        """The longest median on the machine of a release."""
        return max(
            row.median
            for other in self._measured.values()
            if other.timing.machine == item.timing.machine
            for row in other.timing.rows
        )

    def _value(self, item: Measured | None, number: int, *, relative: bool) -> Value | None:
        """What is plotted of a statement in a release."""
        base = None if item is None else self._base(item, number) if relative else 1.0
        if item is None or base is None:
            return None
        row = item.timing.rows[number]
        told = f"{self._labels[number]} on {item.release}: {duration(row.median)} {spread(row)}"
        if relative:
            told += f", {_ratio(row.median / base)}"
        return Value(row.median / base, row.deviation / base, told)

    # -- the plot -------------------------------------------------------------------------------

    @cached_property
    def _plot(self) -> Plot | None:
        """Ratios where a baseline was chosen, else times; none where no two are to be seen."""
        if not self._page.draws:
            return None
        relative = "baseline" in self._use.options
        shown = [
            Series(
                name,
                [
                    self._value(self._measured.get(release), number, relative=relative)
                    for release in self._answers
                ],
            )
            for number, name in enumerate(self._labels)
        ]
        if sum(value is not None for value in shown[0].values) < 2:
            return None
        caption = "Median time of a statement, by release"
        write: Callable[[float], str] = _tick
        if relative:
            caption, write = f"Median time, relative to {self._base_said()}", "{:g}".format
        columns = [self._column(release) for release in self._answers]
        description = " ".join(self._describe(item, write) for item in shown)
        return draw(f"{self._use.anchor}-plot", caption, description, columns, shown, write)

    def _column(self, release: Release) -> Column:
        if release not in self._measured:
            return Column(str(release))
        conditions = self._conditions
        return Column(
            str(release),
            conditions.mark(release),
            conditions.machine(release),
            conditions.build(release),
        )

    def _describe(self, item: Series, write: Callable[[float], str]) -> str:
        """What the plot shows of a statement, in a sentence."""
        pairs = zip(self._answers, item.values, strict=True)
        known = [(release, found) for release, found in pairs if found is not None]
        least = min(known, key=lambda pair: pair[1].value)
        most = max(known, key=lambda pair: pair[1].value)
        ends = {"first": known[0], "last": known[-1], "least": least, "most": most}
        said = ", ".join(
            f"{name} {write(float(f'{found.value:.3g}'))} on {release}"
            for name, (release, found) in ends.items()
        )
        return f"{item.label}: {said}."

    # -- the table ------------------------------------------------------------------------------

    def _table(self) -> nodes.table:
        """A row for each release, a column for each statement."""
        head: list[nodes.Node | str] = ["Release"]
        head += [nodes.literal("", name) for name in self._labels]
        rows: list[list[nodes.Node | str]] = [
            [self._named(item), *(self._cell(item, number) for number in range(len(self._labels)))]
            for item in self._measured.values()
        ]
        width = max(1, (100 - _RELEASES) // len(self._labels))
        widths = [_RELEASES, *[width] * len(self._labels)]
        return table(head, rows, widths, ["bytedoc-release-times"])

    def _named(self, item: Measured) -> str:
        """The full version, and the mark of its build."""
        return f"{item.interpreter.version} {self._conditions.mark(item.release)}".strip()

    def _cell(self, item: Measured, number: int) -> nodes.paragraph:
        row, base = item.timing.rows[number], self._base(item, number)
        found = nodes.paragraph("", duration(row.median))
        found += [nodes.Text(" "), nodes.inline("", spread(row), classes=["bytedoc-spread"])]
        if base is not None:
            said = _ratio(row.median / base)
            between = " " if self._page.is_html else ", "
            found += [nodes.Text(between), nodes.inline("", said, classes=["bytedoc-ratio"])]
        if self._page.is_html:
            found += [nodes.Text(" "), bar(share=row.median / self._slowest(item))]
        return found

    # -- what is said ---------------------------------------------------------------------------

    def _base_said(self) -> str:
        """To what ratios are."""
        if self._statement is not None:
            return f"{self._labels[self._statement]} in the same release"
        return f"the same statement in {self._release}"

    def _releases(self, group: Group) -> str:
        return label(group.releases, list(self._answers))

    def _machines(self) -> str:
        """On what the times were measured, and what that forbids."""
        groups = self._conditions.machines
        if len(groups) == 1:
            return f"All measured on {groups[0].said}."
        parts = "; ".join(f"{self._releases(group)} on {group.said}" for group in groups)
        said = (
            f"Measured on different machines: {parts}. Times of one machine say nothing about "
            "those of another"
        )
        if self._plot is not None:
            said += ", so no line joins them"
        if self._statement is None and self._release in self._measured:
            said += f", and only the machine of {self._release} has ratios to it"
        if self._page.is_html:
            said += "; a full bar is the longest time on its machine"
        return f"{said}."

    def _builds(self) -> str:
        """How the interpreters are built, and what that makes of differences between them."""
        groups = self._conditions.builds
        if len(groups) == 1:
            said = f"All built by {groups[0].said}."
        else:
            parts = (
                f"{self._releases(group)} {f'({mark}) ' if mark else ''}by {group.said}"
                for group in groups
                for mark in [self._conditions.mark(group.releases[0])]
            )
            said = f"Not built alike: {'; '.join(parts)}. What differs between these may come "
            said += "from how they are built instead of from the release"
            said += "." if self._plot is None else "; lines between them are dashed."
        flags = {flag for item in self._measured.values() for flag in item.interpreter.flags}
        said += " A build need not record that it is optimised (pgo, lto)"
        return f"{said}; jit need not be on." if "jit" in flags else f"{said}."

    def _missing(self) -> Iterator[str]:
        """The releases without times, and why."""
        for release, answer in self._answers.items():
            if isinstance(answer.result, Failure):
                reason = visible(explain(answer.result, release).message.split("\n")[0])
                yield f"{release} ({reason})"
            elif release not in self._measured:
                yield f"{release} (not recorded)"

    def _method(self) -> str:
        """What the numbers are."""
        values = len(next(iter(self._measured.values())).timing.rows[0].values)
        said = f"Time per loop: the median of {values} values, their median absolute deviation"
        if self._plot is not None:
            said += " (in the plot a line up and down)"
        if self._statement is not None or self._release in self._measured:
            said += f", and the ratio to {self._base_said()}"
        if any(row.is_unstable for item in self._measured.values() for row in item.timing.rows):
            said += ". Unstable values are too far apart to rely on"
        return f"{said}."


def _ratio(value: float) -> str:
    return f"\N{MULTIPLICATION SIGN}\N{NO-BREAK SPACE}{value:.2f}"


def _tick(seconds: float) -> str:
    return duration(seconds) if seconds else "0"


def _note(said: str) -> nodes.paragraph:
    return nodes.paragraph("", said, classes=["bytedoc-note"])
