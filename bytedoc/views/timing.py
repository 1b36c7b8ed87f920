"""The ``timing`` view: how long statements take, side by side."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from docutils import nodes

from .. import expectations
from ..answers import Failure
from ..answers.timings import Measurement, Timing
from ..errors import BytedocError
from ..examples import Example, Use, find_example, with_setup
from ..nodes import bar
from ..release import Release
from ..request import Interpreter, Request
from .base import Page, Project, View, table
from .options import given_name, text, words


class Statement(NamedTuple):
    """One line of a timing: its code, its label (a comment at its end, or else the code)."""

    code: str
    label: str
    line: int


def statements(content: Sequence[str]) -> list[Statement]:
    """The statements in a directive's content, one a line.

    Raises:
        BytedocError: two have the same label.
    """
    found: list[Statement] = []
    for number, text_ in enumerate(content, start=1):
        code, label = split_label(text_)
        if not code:
            continue
        if any(item.label == label for item in found):
            raise BytedocError("argument", f"two statements are called {label!r}", number)
        found.append(Statement(code, label, number))
    return found


def split_label(line: str) -> tuple[str, str]:
    """Code, and its label: ``sum(x)  # builtin`` gives ``sum(x)`` and ``builtin``."""
    parts = line.split("#")
    for count in range(1, len(parts)):
        code = "#".join(parts[:count]).strip()
        if code and is_complete(code):
            return code, "#".join(parts[count:]).strip() or code
    code = line.strip()
    return ("", "") if code.startswith("#") else (code, code)


def is_complete(code: str) -> bool:
    """Whether text is Python by itself: a ``#`` after it begins a comment."""
    try:
        ast.parse(code)
    except (SyntaxError, ValueError):
        return False
    return True


class TimingView(View):
    """A table of statements and the time that each takes per loop."""

    name = "timing"
    title = "Timing"
    needs_example = False
    options = {"name": given_name, "setup": words, "baseline": text}

    def request(self, use: Use, example: Example | None, project: Project) -> Request:
        job: dict[str, Any] = {
            "statements": [item.code for item in use.options["statements"]],
            "options": {
                "processes": project.config.timing_processes,
                "values": project.config.timing_values,
                "min_time": project.config.timing_min_time,
            },
        }
        before: dict[str, Example] = {}
        for name in use.options.get("setup", ()):
            found = find_example(name, project.examples)
            before |= {item.name: item for item in [*with_setup(found, project.examples), found]}
        if before:
            job["setup"] = [[item.filename, item.source] for item in before.values()]
        return Request("timing", job)

    def problems(
        self, use: Use, example: Example | None, results: Sequence[Any], release: Release
    ) -> Iterator[BytedocError]:
        own = results[0]
        for error in super().problems(use, example, results, release):
            number = failed_statement(own)
            if number is not None:
                line = use.options["statements"][number].line
                error = BytedocError("statement", error.message, line)  # noqa: PLW2901
            yield error

    def is_expression(self, claim: str) -> bool:
        return False  # before the times are known

    def later_claims(self, use: Use, result: Timing, release: Release) -> list[Request]:
        names = medians(use, result)
        return [
            Request("value", {"expression": claim.text, "names": names, "filename": "<expression>"})
            for claim in expectations.applying(use.expectations, release)
        ]

    def render(
        self, use: Use, example: Example | None, result: Timing, page: Page
    ) -> list[nodes.Node]:
        labels = [item.label for item in use.options["statements"]]
        base = result.rows[baseline_index(use)]
        head = ["Statement", "Median", "Minimum", "Spread", "Ratio"]
        widths = [40, 15, 15, 15, 15]
        slowest = max(row.median for row in result.rows)
        rows: list[list[nodes.Node | str]] = []
        for label, row in zip(labels, result.rows, strict=True):
            cells: list[nodes.Node | str] = [
                nodes.literal("", label),
                duration(row.median),
                duration(row.minimum),
                spread(row),
                times_as_long(row.median / base.median),
            ]
            if page.is_html:
                cells.append(bar(share=row.median / slowest))
            rows.append(cells)
        if page.is_html:
            head.append("")
            widths = [30, 12, 12, 12, 10, 24]
        return [table(head, rows, widths, ["bytedoc-times"]), self.note(result, page.interpreter)]

    def note(self, result: Timing, interpreter: Interpreter) -> nodes.paragraph:
        """How and where it was measured."""
        count = len(result.rows[0].values)
        said = (
            f"Seconds per loop; median and median absolute deviation of {count} values a "
            f"statement. Measured on {result.machine}, by {interpreter}, built with "
            f"{interpreter.compiler}."
        )
        if any(row.is_unstable for row in result.rows):
            said += " Unstable: the values of a statement so marked are too far apart to rely on."
        return nodes.paragraph("", said, classes=["bytedoc-note"])


def failed_statement(result: Any) -> int | None:
    """The number of the statement that failed, or did not compile, from 0."""
    if not isinstance(result, Failure):
        return None
    match = re.fullmatch(r"<statement (\d+)>", str(result.details.get("filename")))
    index: int | None = result.details.get("index")
    return int(match[1]) - 1 if match else index


def baseline_index(use: Use) -> int:
    """The number of the statement that ratios are to: the one so called, or the first."""
    labels = [item.label for item in use.options["statements"]]
    name = use.options.get("baseline", labels[0])
    return labels.index(name) if name in labels else 0


def medians(use: Use, result: Timing) -> Mapping[str, float]:
    """The medians, in seconds, by label, as far as a label is a name."""
    labels = [item.label for item in use.options["statements"]]
    return {
        label: row.median
        for label, row in zip(labels, result.rows, strict=True)
        if label.isidentifier()
    }


def times_as_long(ratio: float) -> str:
    """A ratio with two digits behind the point, or as many as it takes to say something."""
    return f"{ratio:.2f}" if ratio >= 0.1 else f"{ratio:.2g}"


def duration(seconds: float) -> str:
    """A time with three digits and a unit; 999.6 ns are 1 µs by then."""
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("\N{MICRO SIGN}s", 1e-6)):
        if seconds >= 0.9995 * size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds / 1e-9:.3g} ns"


def spread(row: Measurement) -> str:
    """How far apart the values of a statement are, and whether that is too far."""
    share = f"\N{PLUS-MINUS SIGN} {100 * row.deviation / row.median:.1f} %"
    return f"{share}, unstable" if row.is_unstable else share
