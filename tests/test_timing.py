"""Timings: what is measured, in which order, and how it is shown and claimed."""

from __future__ import annotations

import os
import platform
import re
from pathlib import Path
from textwrap import indent

import pytest
from conftest import Build, Built
from docutils import nodes
from markup import QUICK, cells, directive, found, md, output

from bytedoc.answers.timings import Measurement, Timing, steadiest
from bytedoc.errors import BytedocError
from bytedoc.examples import Use
from bytedoc.request import Interpreter
from bytedoc.views.timing import Statement, TimingView, duration, spread, statements


def one(name: str, content: str = "", argument: str = "", /, **options: str | bool) -> str:
    """A directive in MyST."""
    return directive("md", name, argument, content, **options)


def times(built: Built) -> list[list[str]]:
    """The table of a timing in a page of HTML."""
    return cells(found(output(built, "timing"), ".bytedoc-times"))


# -- statements -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "code", "label"),
    [
        ("sum(x)", "sum(x)", "sum(x)"),
        ("sum(x)  # builtin", "sum(x)", "builtin"),
        ("sum(x)#builtin", "sum(x)", "builtin"),
        ("sum(x)  #", "sum(x)", "sum(x)"),
        ("'# no label'", "'# no label'", "'# no label'"),
        ("'#' * 2  # twice", "'#' * 2", "twice"),
        ("'a'  # is it '#'?", "'a'", "is it '#'?"),
        ('f(\'"#\', "#")  # two # in it', 'f(\'"#\', "#")', "two # in it"),
        ("x = 1; y = 2  # both", "x = 1; y = 2", "both"),
    ],
)
def test_a_comment_at_the_end_of_a_statement_is_its_label(line: str, code: str, label: str) -> None:
    assert statements([line]) == [Statement(code, label, 1)]


def test_blank_lines_and_comments_are_no_statements() -> None:
    found_ = statements(["# about both", "a", "", "  ", "b  # two"])
    assert found_ == [Statement("a", "a", 2), Statement("b", "two", 5)]


def test_two_statements_with_one_label_are_refused_at_the_line_of_the_second() -> None:
    with pytest.raises(BytedocError, match="two statements are called 'one'") as caught:
        statements(["a  # one", "", "b  # one"])
    assert (caught.value.subtype, caught.value.line) == ("argument", 3)


def test_a_label_that_is_given_twice_is_told_at_its_line(build: Build) -> None:
    built = build(md(one("timing", "pass  # a\n\n1  # a")), conf=QUICK)
    assert "index.md:7: WARNING: timing: two statements are called 'a'" in built.warnings


def test_a_statement_that_fails_is_told_and_the_page_says_so(build: Build) -> None:
    built = build(md(one("timing", "1\nnowhere")), conf=QUICK)
    assert "WARNING: timing on " in built.warnings
    assert "NameError: name 'nowhere' is not defined [bytedoc.statement]" in built.warnings
    assert "No result" in output(built, "timing").get_text()


def test_a_statement_that_no_function_can_have_is_told(build: Build) -> None:
    built = build(md(one("timing", "from os import *")), conf=QUICK)
    assert "SyntaxError: import * only allowed at module level [bytedoc.statement]" in (
        built.warnings
    )


# -- what is shown --------------------------------------------------------------------------------


def measured(*values: float) -> Measurement:
    return Measurement(1, values)


def made_up(*rows: Measurement) -> Timing:
    return Timing(rows, "clock_gettime(CLOCK_MONOTONIC)", 1e-9, "Some CPU, 2 cores, Linux")


class Page:
    """A page of a builder that writes no HTML, or of one that does."""

    examples: dict[str, object] = {}

    def __init__(self, interpreter: Interpreter, *, is_html: bool) -> None:
        self.interpreter = interpreter
        self.is_html = is_html

    def opcode_link(self, name: str) -> str:
        return ""


def rendered(
    interpreter: Interpreter, timing: Timing, baseline: str = "", *, is_html: bool = False
) -> list[list[str]]:
    """The cells of the table of a timing whose statements are called a, b, c ..."""
    labels = "abcdef"[: len(timing.rows)]
    options: dict[str, object] = {"statements": [Statement(name, name, 1) for name in labels]}
    if baseline:
        options["baseline"] = baseline
    use = Use("timing", "", options, "index", "index.md", 1)
    table, _ = TimingView().render(use, None, timing, Page(interpreter, is_html=is_html))  # type: ignore[arg-type]
    return [[cell.astext() for cell in row.children] for row in table.findall(nodes.row)]


def test_a_row_has_median_minimum_spread_and_the_ratio_to_the_first(building: Interpreter) -> None:
    timing = made_up(measured(1e-6, 1.02e-6, 1.04e-6), measured(3.06e-6, 3.06e-6, 3.06e-6))
    assert rendered(building, timing) == [
        ["Statement", "Median", "Minimum", "Spread", "Ratio"],
        ["a", "1.02 µs", "1 µs", "± 2.0 %", "1.00"],
        ["b", "3.06 µs", "3.06 µs", "± 0.0 %", "3.00"],
    ]


def test_ratios_are_to_the_baseline(building: Interpreter) -> None:
    timing = made_up(measured(1e-6), measured(4e-6), measured(2e-6))
    assert [row[4] for row in rendered(building, timing, "b")[1:]] == ["0.25", "1.00", "0.50"]


def test_only_html_has_bars_and_the_longest_is_the_slowest(
    build: Build, building: Interpreter
) -> None:
    timing = made_up(measured(1e-6), measured(4e-6))
    assert [len(row) for row in rendered(building, timing, is_html=True)] == [6, 6, 6]
    assert [len(row) for row in rendered(building, timing)] == [5, 5, 5]
    built = build(md(one("timing", "pass\nsum(range(9))")), conf=QUICK)
    bars = output(built, "timing").select(".bytedoc-bar")
    shares = [float(re.findall(r"--share: ([0-9.]+)", str(bar["style"]))[0]) for bar in bars]
    assert len(shares) == 2
    assert max(shares) == 1
    assert all(bar["aria-hidden"] == "true" for bar in bars)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (2.0, "2 s"),
        (1.5, "1.5 s"),
        (0.0123, "12.3 ms"),
        (1e-3, "1 ms"),
        (4.56e-6, "4.56 µs"),
        (7.891e-9, "7.89 ns"),
        (0.5e-9, "0.5 ns"),
    ],
)
def test_a_time_has_three_digits_and_a_unit(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize("seconds", [999.6e-9, 999.9e-6, 0.9999])
def test_a_time_just_below_the_next_unit_is_not_written_with_a_power_of_ten(seconds: float) -> None:
    assert "e" not in duration(seconds)


@pytest.mark.parametrize(
    ("values", "unstable"),
    [
        ((1.0, 1.0, 1.0), False),
        ((1.0, 1.05, 0.95), False),
        ((1.0, 1.3, 0.7), True),  # standard deviation above 10 % of the mean
        ((1.0,) * 30 + (1.6,), True),  # one value more than 50 % off
        ((1.0,) * 30 + (1.4,), False),
    ],
)
def test_values_that_are_far_apart_are_marked_as_unstable(
    building: Interpreter, values: tuple[float, ...], unstable: bool
) -> None:
    row = measured(*values)
    assert row.is_unstable == unstable
    assert ("unstable" in spread(row)) == unstable
    use = Use("timing", "", {"statements": [Statement("a", "a", 1)]}, "index", "index.md", 1)
    shown = TimingView().render(use, None, made_up(row), Page(building, is_html=False))  # type: ignore[arg-type]
    assert ("Unstable" in shown[1].astext()) == unstable


def test_machine_and_build_are_named(build: Build, building: Interpreter) -> None:
    built = build(md(one("timing", "pass")), conf=QUICK)
    note = found(output(built, "timing"), ".bytedoc-note").get_text()
    assert f"{os.cpu_count()} cores, {platform.system()}" in note
    assert str(building) in note
    assert building.compiler in note
    assert "2 values a statement" in note


def test_text_has_the_table_without_bars(build: Build) -> None:
    built = build(md(one("timing", "pass  # nothing\n1  # one")), "text", conf=QUICK)
    assert built.warnings == ""
    (head,) = (line for line in built.read("index.txt").splitlines() if "Statement" in line)
    columns = [name.strip() for name in head.strip("| ").split("|")]
    assert columns == ["Statement", "Median", "Minimum", "Spread", "Ratio"]


#: A statement that sleeps longer every other time, until it was executed so many times.
RESTLESS = """
with open({path!r}, "a+") as file:
    file.seek(0)
    times = len(file.read())
    file.write("x")
sleep(0.06 if times % 2 and times < {until} else 0.02)
"""


def test_an_unstable_timing_is_measured_again_as_often_as_the_project_wants(
    build: Build, tmp_path: Path
) -> None:
    runs = 1 + 6 * 2  # for calibration, and in two workers a warm-up run and five that count
    settings = {**QUICK, "bytedoc_timing_processes": 2, "bytedoc_timing_values": 5}
    for attempts in (1, 2, 9):
        path = tmp_path / f"executed{attempts}"
        code = indent(RESTLESS.format(path=str(path), until=2 * runs), "    ")
        setup = f"from time import sleep\ndef restless():{code}"
        page = md(one("example", setup, "restless"), one("timing", "restless()", setup="restless"))
        built = build(page, conf={**settings, "bytedoc_timing_attempts": attempts})
        assert built.warnings == ""
        executed = len(path.read_text()) // runs
        # That the third is stable as well depends on how busy the machine is.
        assert executed == attempts if attempts < 3 else 3 <= executed <= 9
        assert ("unstable" in output(built, "timing").get_text()) == (attempts < 3)


def test_of_each_statement_the_best_measurement_is_kept() -> None:
    def row(*values: float) -> dict[str, object]:
        return {"loops": 1, "values": values}

    wild, mild, high, low = row(1, 9, 1), row(1, 2, 1), row(3, 3, 3), row(2, 2, 2)
    assert steadiest([[wild, high]]) == ([wild, high], False)
    assert steadiest([[wild, high], [mild, low]]) == ([mild, low], False)
    assert steadiest([[wild, low], [high, wild], [low, high]]) == ([low, low], True)


# -- what is measured -----------------------------------------------------------------------------


def test_setup_is_executed_before_and_not_measured(build: Build) -> None:
    built = build(
        md(
            one("example", "import time\ntime.sleep(0.3)\nbase = 40", "slow"),
            one("example", "two = base - 38", "two", setup="slow"),
            one("timing", "base + two", setup="two"),
        ),
        conf=QUICK,
    )
    median = times(built)[1][1]
    assert median.endswith(("ns", "µs"))


def test_claims_speak_of_medians_by_label(build: Build) -> None:
    claims = "fast < slow; slow > 0.0005; fast < 0.0005"
    block = one("timing", "1  # fast\nsum(range(99999))  # slow", expect=claims)
    assert build(md(block), conf=QUICK).warnings == ""
    wrong = build(md(block.replace(claims, "slow < fast")), conf=QUICK)
    assert re.search(
        r"index\.md:3: WARNING: timing on \S+: expected slow < fast, but it is "
        r"[0-9.e-]+ < [0-9.e-]+ \[bytedoc\.expectation\]",
        wrong.warnings,
    )


def test_a_baseline_that_is_no_statement_is_told_with_one_that_is(build: Build) -> None:
    built = build(md(one("timing", "1  # first", baseline="frist")), conf=QUICK)
    assert "there is no statement 'frist'; did you mean 'first'? [bytedoc.option]" in built.warnings
    assert times(built)[1][4] == "1.00"


def test_timings_are_measured_last_and_one_after_the_other(build: Build, tmp_path: Path) -> None:
    log = tmp_path / "log"

    def note(word: str) -> str:
        line = f"print({word!r}, time.time(), file=f)"
        return f"import time\nwith open({str(log)!r}, 'a') as f: {line}\n"

    def timed(name: str) -> str:
        setup = one("example", f"{note(f'begin {name}')}time.sleep(0.02)\n", name)
        return setup + "\n" + one("timing", "pass", setup=name)

    # Each worker of a timing forks after the set-up, so what a timing writes is its begin; its end
    # is the moment at which the next one begins.
    runs = [one("run", note("run") + f"print({number})") for number in range(40)]
    built = build(md(timed("a"), *runs, timed("b"), timed("c")), conf=QUICK)
    assert built.warnings == ""
    words = [line.split()[:-1] for line in log.read_text(encoding="utf-8").splitlines()]
    assert words[:40] == [["run"]] * 40
    assert words[40:] == [["begin", "a"], ["begin", "b"], ["begin", "c"]]


def test_a_timing_is_measured_once_and_shown_from_then_on(build: Build) -> None:
    files = md(one("timing", "pass"))
    first = build(files, conf=QUICK)
    again = build(fresh=True, conf=QUICK)
    assert not again.executed
    assert times(again) == times(first)
