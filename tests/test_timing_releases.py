"""Timings across releases: whose times are shown, what is drawn, and what is not compared."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import bs4
import pytest
from conftest import Build, Built, interpreter_or_skip
from lxml import etree
from markup import MARKUPS, QUICK, Markup, cells, directive, found, md, output, page, soup

from bytedoc.capture import Capture, Record
from bytedoc.captures import Captures
from bytedoc.comparing.conditions import Conditions, Group, mark
from bytedoc.interpreters import Interpreters
from bytedoc.plots import HEIGHT, TOP, Column, Plot, Series, Value, draw
from bytedoc.release import Release
from bytedoc.request import Interpreter, Request

BUILD = {"compiler": "GCC 12.2.0", "flags": []}
MACHINE = "Some CPU, 2 cores, Linux"
STATEMENTS = "sum(())  # fast\nlist(range(9))  # slow"
CODES = ("sum(())", "list(range(9))")
#: Seconds per loop of the two statements by version: the medians that are recorded.
TIMES: dict[str, tuple[float, float]] = {
    "3.8.18": (2e-6, 4e-6),
    "3.9.18": (1e-6, 4e-6),
    "3.10.13": (1e-6, 2e-6),
}
CONF = {
    "bytedoc_releases": ["3.8", "3.9", "3.10"],
    "bytedoc_captures": "recorded",
    "bytedoc_histories": False,
    "bytedoc_execute": False,
    **QUICK,
}


def one(argument: str = "", content: str = STATEMENTS, /, **options: str | bool) -> str:
    """The directive in MyST."""
    return directive("md", "timing-releases", argument, content, **options)


def made_up(version: str, **build: Any) -> Interpreter:
    """An interpreter that is nowhere."""
    facts: dict[str, Any] = {
        "version": version,
        "implementation": "cpython",
        "build": "main",
        **BUILD,
        "platform": "linux-x86_64",
        "bits": 64,
        "magic": 1,
        "cache_tag": "cpython",
    }
    return Interpreter.from_json("", {**facts, **build})


def request(codes: Sequence[str] = CODES) -> Request:
    """What is asked for some statements."""
    options = {
        name: QUICK[f"bytedoc_timing_{name}"] for name in ("processes", "values", "min_time")
    }
    return Request("timing", {"statements": list(codes), "options": options})


def captured(
    folder: Path,
    version: str,
    times: Sequence[float],
    machine: str = MACHINE,
    claims: Mapping[str, bool] | None = None,
    **build: Any,
) -> None:
    """Write a capture whose only timing has these medians, each with a deviation of 5 %."""
    rows = [{"loops": 1, "values": [0.95 * time, time, 1.05 * time]} for time in times]
    clock = {"implementation": "clock_gettime(CLOCK_MONOTONIC)", "resolution": 1e-9}
    asked: list[tuple[Request, dict[str, Any]]] = [
        (request(), {"rows": rows, "clock": clock, "machine": machine})
    ]
    names = dict(zip(("fast", "slow"), times, strict=True))
    for claim, holds in (claims or {}).items():
        job = {"expression": claim, "names": names, "filename": "<expression>"}
        asked.append(
            (Request("value", job), {"value": str(holds), "repr": str(holds), "true": holds})
        )
    records = {
        what.digest: Record(what.digest, what.view, "index", {"ok": answer})
        for what, answer in asked
    }
    who = made_up(version, **build)
    folder.mkdir(exist_ok=True)
    text = Capture(who, records).text()
    (folder / f"{who.release}.json").write_text(text, encoding="utf-8")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder of the captures of the project."""
    return tmp_path / "source" / "recorded"


@pytest.fixture
def recorded(build: Build, folder: Path) -> Path:
    """The same, with captures of `TIMES`; ``build`` makes the folder above it."""
    for version, times in TIMES.items():
        captured(folder, version, times)
    return folder


def shown(built: Built, number: int = 0) -> bs4.Tag:
    """An output of the view."""
    return output(built, "timing-releases", number)


def times(built: Built, number: int = 0) -> list[list[str]]:
    """The table of an output, with simple blanks."""
    return [
        [cell.replace("\N{NO-BREAK SPACE}", " ") for cell in row]
        for row in cells(found(shown(built, number), ".bytedoc-release-times"))
    ]


def drawing(built: Built, number: int = 0) -> bs4.Tag:
    """The plot of an output, without its legend."""
    return found(shown(built, number), ".bytedoc-plot > svg")


def said(built: Built, number: int = 0) -> str:
    """All that an output says in notes."""
    return " ".join(
        note.get_text().replace("\n", " ") for note in shown(built, number).select(".bytedoc-note")
    )


# -- whose times ----------------------------------------------------------------------------------


@pytest.mark.parametrize("markup", MARKUPS)
def test_each_release_is_a_row_with_the_median_spread_and_ratio_of_each_statement(
    build: Build, recorded: Path, markup: Markup
) -> None:
    text = directive(markup, "timing-releases", "", STATEMENTS)
    built = build(page(markup, text), target="3.10", conf=CONF)
    assert built.warnings == ""
    assert times(built) == [
        ["Release", "fast", "slow"],
        ["3.8.18", "2 µs ± 5.0 % × 1.00", "4 µs ± 5.0 % × 1.00"],
        ["3.9.18", "1 µs ± 5.0 % × 0.50", "4 µs ± 5.0 % × 1.00"],
        ["3.10.13", "1 µs ± 5.0 % × 0.50", "2 µs ± 5.0 % × 0.50"],
    ]
    assert "the ratio to the same statement in 3.8" in said(built)


def test_what_is_shown_does_not_depend_on_the_target(build: Build, recorded: Path) -> None:
    pages = [
        str(found(shown(build(md(one()), target=target, conf=CONF)), ".bytedoc-plot"))
        for target in ("3.8", "3.10")
    ]
    assert pages[0] == pages[1]


def test_a_timing_that_has_a_name_is_shown_for_all_releases(build: Build, recorded: Path) -> None:
    timing = directive("md", "timing", "", STATEMENTS, name="two", baseline="slow")
    built = build(md(timing, one("two", "")), target="3.10", conf=CONF)
    assert built.warnings == ""
    assert [row[0] for row in times(built)] == ["Release", *TIMES]
    assert shown(built)["id"] == "two_timing-releases"
    assert output(built, "timing")["id"] == "two_timing"


def test_the_times_of_the_target_too_are_those_that_are_recorded(
    build: Build, folder: Path, building: Interpreter
) -> None:
    """Else one of the releases would be measured on another machine than the rest."""
    release = str(building.release)
    captured(folder, building.version, (2e-6, 4e-6))
    conf = {**CONF, "bytedoc_releases": [release], "bytedoc_execute": True}
    built = build(md(one()), target=release, conf=conf)
    assert MACHINE in said(built)
    anew = build(target=release, conf={**conf, "bytedoc_measure": True})
    assert MACHINE not in said(anew)


def test_two_interpreters_measure_and_the_captures_keep_what_both_said(
    build: Build, interpreters: Interpreters, folder: Path
) -> None:
    """Also where prose that only one of the guides has shows the times of both."""
    both = ("3.8", "3.12")
    for name in both:
        interpreter_or_skip(interpreters, name)
    conf = {**CONF, "bytedoc_releases": list(both), "bytedoc_execute": True}
    block = one(expect="fast < slow").replace("````", "```")
    text = md(f"````{{release}} 3.12\n{block}````\n")
    built = build(text, target="3.12", conf=conf)
    assert built.warnings == ""
    assert [row[0].split(".")[1] for row in times(built)[1:]] == ["8", "12"]
    capturing = build(builder="capture", conf=conf)
    assert capturing.warnings == ""
    for name in both:
        capture = Captures(capturing.out).get(Release.parse(name))
        assert capture is not None
        assert request().digest in capture.records


def test_the_page_is_written_again_when_other_times_were_recorded(
    build: Build, recorded: Path
) -> None:
    build(md(one()), target="3.10", conf=CONF)
    captured(recorded, "3.8.18", (3e-6, 4e-6))
    assert times(build(target="3.10", conf=CONF))[1][1].startswith("3 µs")


@pytest.mark.parametrize(
    ("releases", "expected"),
    [("3.9+", ["3.9.18", "3.10.13"]), ("3.8, 3.10", ["3.8.18", "3.10.13"])],
)
def test_releases_can_be_chosen(
    build: Build, recorded: Path, releases: str, expected: list[str]
) -> None:
    built = build(md(one(releases=releases)), target="3.10", conf=CONF)
    assert built.warnings == ""
    assert [row[0] for row in times(built)[1:]] == expected


# -- ratios ---------------------------------------------------------------------------------------


def plotted(built: Built) -> list[list[str]]:
    """What is said of each point, by statement."""
    groups = drawing(built).select("g[class^=bytedoc-series]")
    return [[title.get_text() for title in group.select("title")] for group in groups]


def test_ratios_to_a_statement_are_to_that_of_the_same_release(
    build: Build, recorded: Path
) -> None:
    built = build(md(one(baseline="slow")), target="3.10", conf=CONF)
    assert [row[1].split("× ")[1] for row in times(built)[1:]] == ["0.50", "0.25", "0.50"]
    assert [row[2].split("× ")[1] for row in times(built)[1:]] == ["1.00"] * 3
    assert found(shown(built), "figcaption").get_text() == (
        "Median time, relative to slow in the same release"
    )


def test_ratios_to_a_release_are_to_the_same_statement(build: Build, recorded: Path) -> None:
    built = build(md(one(baseline="3.10")), target="3.10", conf=CONF)
    assert [row[1].split("× ")[1] for row in times(built)[1:]] == ["2.00", "1.00", "1.00"]
    assert [row[2].split("× ")[1] for row in times(built)[1:]] == ["2.00", "2.00", "1.00"]


def test_the_plot_shows_times_and_with_a_baseline_ratios(build: Build, recorded: Path) -> None:
    absolute = build(md(one()), target="3.10", conf=CONF)
    ticks = [text.get_text() for text in drawing(absolute).select("g > text[text-anchor=end]")]
    assert ticks == ["0", "1 µs", "2 µs", "3 µs", "4 µs", "5 µs"]
    assert plotted(absolute)[0][1] == "fast on 3.9: 1 µs ± 5.0 %"
    relative = build(md(one(baseline="3.8")), target="3.10", conf=CONF)
    ticks = [text.get_text() for text in drawing(relative).select("g > text[text-anchor=end]")]
    assert ticks[0] == "0"
    assert "1" in ticks
    assert all(re.fullmatch(r"[0-9.]+", tick) for tick in ticks)
    assert plotted(relative)[0][1] == "fast on 3.9: 1 µs ± 5.0 %, ×\N{NO-BREAK SPACE}0.50"


# -- what is not compared without saying so -------------------------------------------------------


def test_equal_builds_are_named_once_and_nothing_is_marked(build: Build, recorded: Path) -> None:
    built = build(md(one()), target="3.10", conf=CONF)
    assert f"All measured on {MACHINE}." in said(built)
    assert "All built by GCC 12.2.0 for linux-x86_64, no flag recorded." in said(built)
    assert shown(built).select(".bytedoc-hollow, .bytedoc-dashed") == []
    assert len(drawing(built).select(".bytedoc-line")) == 4


def test_a_release_that_is_built_otherwise_is_marked_and_lines_to_it_are_dashed(
    build: Build, recorded: Path
) -> None:
    captured(recorded, "3.10.13", (1e-6, 2e-6), compiler="Clang 19", flags=["lto", "pgo"])
    built = build(md(one()), target="3.10", conf=CONF)
    assert built.warnings == ""
    assert (
        "Not built alike: 3.8 and 3.9 by GCC 12.2.0 for linux-x86_64, no flag recorded; "
        "3.10 (*) by Clang 19 for linux-x86_64, with lto, pgo. What differs between these may "
        "come from how they are built instead of from the release"
    ) in said(built)
    assert [row[0] for row in times(built)[1:]] == ["3.8.18", "3.9.18", "3.10.13 *"]
    assert len(drawing(built).select(".bytedoc-hollow")) == 2
    dashed = [
        ["bytedoc-dashed" in line.get_attribute_list("class") for line in group.select("line")]
        for group in drawing(built).select("g[class^=bytedoc-series]")
    ]
    assert [row[:2] for row in dashed] == [[False, True], [False, True]]
    axis = [text.get_text() for text in drawing(built).select("g[text-anchor=middle] > text")]
    assert axis == ["3.8", "3.9", "3.10", "*"]


def test_no_line_joins_times_of_different_machines_and_no_ratio_is_made_of_them(
    build: Build, recorded: Path
) -> None:
    captured(recorded, "3.10.13", (1e-6, 2e-6), machine="Another CPU, 8 cores, Linux")
    built = build(md(one()), target="3.10", conf=CONF)
    assert built.warnings == ""
    assert (
        f"Measured on different machines: 3.8 and 3.9 on {MACHINE}; 3.10 on Another CPU, 8 cores, "
        "Linux. Times of one machine say nothing about those of another, so no line joins them, "
        "and only the machine of 3.8 has ratios to it"
    ) in said(built)
    assert len(drawing(built).select(".bytedoc-line")) == 2
    assert len(drawing(built).select(".bytedoc-point")) == 6
    assert ["×" in row[1] for row in times(built)[1:]] == [True, True, False]
    bars = [str(bar["style"]) for bar in shown(built).select(".bytedoc-bar")]
    assert bars[-1] == "--share: 1.0000"  # of its own machine
    within = build(md(one(baseline="slow")), target="3.10", conf=CONF)
    assert ["×" in row[1] for row in times(within)[1:]] == [True, True, True]


def test_that_a_jit_need_not_be_on_is_said_where_a_build_has_one(
    build: Build, recorded: Path
) -> None:
    assert "jit" not in said(build(md(one()), target="3.10", conf=CONF))
    captured(recorded, "3.10.13", (1e-6, 2e-6), flags=["jit"])
    assert "jit need not be on" in said(build(target="3.10", conf=CONF))


def test_a_release_without_times_leaves_a_gap_and_is_told(build: Build, recorded: Path) -> None:
    (recorded / "3.9.json").unlink()
    built = build(md(one()), target="3.10", conf=CONF)
    assert "WARNING: timing-releases on 3.9: 3.9 has no capture and no interpreter" in (
        built.warnings
    )
    assert [row[0] for row in times(built)[1:]] == ["3.8.18", "3.10.13"]
    assert "Without times: 3.9 (not recorded)." in said(built)
    assert drawing(built).select(".bytedoc-line") == []
    axis = [text.get_text() for text in drawing(built).select("g[text-anchor=middle] > text")]
    assert axis == ["3.8", "3.9", "3.10"]


def test_a_statement_that_one_release_refuses_is_told_at_its_line(
    build: Build, interpreters: Interpreters
) -> None:
    both = ["3.7", "3.8"]
    for name in both:
        interpreter_or_skip(interpreters, name)
    conf = {**CONF, "bytedoc_releases": both, "bytedoc_execute": True}
    built = build(md(one("", "pass\n(n := 1)")), target="3.8", conf=conf)
    assert "index.md:6: WARNING: timing-releases on 3.7: SyntaxError" in built.warnings
    assert "[bytedoc.statement]" in built.warnings
    assert re.search(r"Without times: 3\.7 \(SyntaxError: .*\)", said(built))
    assert [row[0].startswith("3.8.") for row in times(built)[1:]] == [True]
    assert shown(built).select(".bytedoc-plot") == []  # of a single release there is nothing to see


# -- claims ---------------------------------------------------------------------------------------


def test_claims_are_judged_for_every_release_that_is_shown(build: Build, recorded: Path) -> None:
    claim = "3 * fast < slow"
    for version, medians in TIMES.items():
        holds = 3 * medians[0] < medians[1]
        captured(recorded, version, medians, claims={claim: holds})
    everywhere = build(md(one(expect=claim)), target="3.9", conf=CONF).warnings
    for release, holds in (("3.8", False), ("3.9", True), ("3.10", False)):
        told = f"index.md:3: WARNING: timing-releases on {release}: expected {claim}, but it is"
        assert (told in everywhere) is not holds
    assert build(md(one(expect=f"{claim} 3.9")), target="3.10", conf=CONF).warnings == ""


# -- mistakes -------------------------------------------------------------------------------------

NAMED = directive("md", "timing", "", STATEMENTS, name="two")


@pytest.mark.parametrize(
    ("blocks", "told"),
    [
        ([NAMED, one("tow", "")], "there is no timing 'tow'; did you mean 'two'? [bytedoc.unknown"),
        ([one("two", ""), NAMED], "there is no timing 'two' [bytedoc.unknown-timing]"),
        ([NAMED, one("two")], "it takes one of them [bytedoc.argument]"),
        ([one("", "")], "it needs content (statements, one a line), or the name of a timing"),
        ([one("", "pass  # a\n1  # a")], "index.md:6: WARNING: timing-releases: two statements"),
        ([NAMED, one("two", "", setup="x")], ":setup: belongs where the timing stands"),
        ([NAMED, NAMED], ":name: two: a timing before it on this page is called so"),
        ([NAMED.replace("two", "t w")], "a name has letters, digits and . _ + - in it only"),
        ([one(baseline="slwo")], "there is no statement 'slwo'; did you mean 'slow'?"),
        ([one(baseline="3.7")], "the baseline 3.7 is none of the releases shown [bytedoc.release]"),
        (
            [one(baseline="3.8", releases="3.9+")],
            "the baseline 3.8 is none of the releases shown [bytedoc.release]",
        ),
        ([one(releases="3.8 3.99")], "3.99 is not one of the releases that are compared"),
        ([one(releases="3.99")], "3.99 is not one of the releases that are compared"),
    ],
)
def test_mistakes_are_told_at_their_line(
    build: Build, recorded: Path, blocks: list[str], told: str
) -> None:
    built = build(md(*blocks), target="3.10", conf=CONF)
    assert told in built.warnings
    assert re.fullmatch(r"(recorded/)?index\.md:\d+: WARNING: .*", built.warnings.splitlines()[0])


# -- the plot -------------------------------------------------------------------------------------


def test_the_plot_is_well_formed_and_named_and_holds_no_colour_and_no_script(
    build: Build, recorded: Path
) -> None:
    built = build(md(one(), one(baseline="slow")), target="3.10", conf=CONF)
    ids = [str(each["id"]) for each in soup(built).select("[id]")]
    assert len({*ids}) == len(ids)
    for number in range(2):
        whole = drawing(built, number)
        root = etree.fromstring(str(whole))
        assert whole["role"] == "img"
        names = str(whole["aria-labelledby"]).split()
        assert [found(whole, f"#{name}").name for name in names] == ["title", "desc"]
        assert found(whole, "desc").get_text().startswith("fast: first ")
        attributes = {str(name) for each in root.iter() for name in each.attrib}
        assert attributes.isdisjoint({"fill", "stroke", "style", "viewBox", "onload", "href"})
        assert whole.select("script, style") == []


def test_what_statements_are_called_is_escaped(build: Build, recorded: Path) -> None:
    text = STATEMENTS.replace("fast", "<script>alert('&')</script>")
    built = build(md(one("", text)), target="3.10", conf=CONF)
    whole = found(shown(built), ".bytedoc-plot")
    assert whole.select("script") == []
    assert found(whole, ".bytedoc-legend code").get_text() == "<script>alert('&')</script>"
    assert etree.fromstring(str(whole)).tag == "figure"


def test_where_no_release_is_shown_that_is_said(build: Build, recorded: Path) -> None:
    built = build(md(one(since="3.11")), target="3.10", conf=CONF)
    assert built.warnings == ""
    assert said(built) == "None of these releases is shown here."


@pytest.mark.parametrize("builder", ["text", "latex", "epub", "man", "texinfo", "xml"])
def test_other_builders_have_the_table_without_the_plot(
    build: Build, recorded: Path, builder: str
) -> None:
    conf = {**CONF, "version": "1", "copyright": "nobody"}  # which epub wants
    built = build(md(one()), builder, target="3.10", conf=conf)
    assert built.warnings == ""
    name = {"text": "index.txt", "epub": "index.xhtml", "xml": "index.xml"}.get(builder)
    path = built.out / name if name else max(built.out.glob("*.[1t]*"))
    text = path.read_text(encoding="utf-8")
    assert "3.10.13" in text
    assert "<svg" not in text
    assert "in the plot" not in text


def test_nothing_is_asked_where_only_texts_are_taken_out(build: Build) -> None:
    assert build(md(one()), "gettext", target="3.10", conf=CONF).warnings == ""


# -- where things stand ---------------------------------------------------------------------------


def plot(*series: Sequence[float | None], columns: Sequence[Column] = ()) -> Plot:
    """A plot of some values without spread."""
    shown_ = [
        Series(str(number), [None if value is None else Value(value, 0, "") for value in values])
        for number, values in enumerate(series)
    ]
    places = columns or [Column(str(number)) for number in range(len(series[0]))]
    return draw("a", "Values", "", places, shown_, "{:g}".format)


def test_values_stand_in_proportion_above_zero() -> None:
    (line,) = plot([1.0, 2.0, 4.0]).lines
    above = [TOP + HEIGHT - point.y for point in line.points]
    assert above[1] == pytest.approx(2 * above[0])
    assert above[2] == pytest.approx(4 * above[0])
    assert above[2] <= HEIGHT


def test_values_that_differ_very_much_stand_on_a_logarithmic_scale_which_is_said() -> None:
    made = plot([1.0, 100.0, 10_000.0])
    assert made.caption == "Values, on a logarithmic scale"
    low, middle, high = (point.y for point in made.lines[0].points)
    assert low - middle == pytest.approx(middle - high)
    assert [label for _, label in made.ticks] == ["1", "10", "100", "1000", "10000"]
    assert plot([1.0, 10.0]).caption == "Values"
    few = [label for _, label in plot([3.0, 150.0]).ticks]
    assert few == ["2", "5", "10", "20", "50", "100", "200"]


@pytest.mark.parametrize("greatest", [1e-9, 0.9999e-6, 1.0, 1.0001, 3.0, 7.0, 9.99, 123456.0])
def test_lines_across_are_few_and_reach_above_all_values(greatest: float) -> None:
    made = plot([greatest / 2, greatest])
    assert 3 <= len(made.ticks) <= 7
    assert min(y for y, _ in made.ticks) == TOP
    assert all(point.y >= TOP for point in made.lines[0].points)


def test_a_spread_below_the_end_of_a_logarithmic_scale_ends_there() -> None:
    series = [Series("a", [Value(1.0, 1.0, ""), Value(100.0, 0, "")])]
    made = draw("a", "", "", [Column("1"), Column("2")], series, str)
    assert made.lines[0].points[0].low == made.bottom


def test_lines_join_neighbours_of_one_scene() -> None:
    columns = [Column("a"), Column("b"), Column("c", scene=1), Column("d", scene=1)]
    (line,) = plot([1.0, 1.0, 1.0, 1.0], columns=columns).lines
    assert [(part.x1, part.x2) for part in line.segments] == [(12.5, 37.5), (62.5, 87.5)]
    (line,) = plot([1.0, None, 1.0]).lines
    assert (len(line.segments), len(line.points)) == (0, 2)


def test_lines_are_told_apart_by_colour_and_by_shape() -> None:
    lines = plot(*([1.0, 2.0] for _ in range(10))).lines
    assert len({(line.colour, line.shape) for line in lines}) == 10
    assert len({line.shift for line in lines}) == 10


# -- conditions -----------------------------------------------------------------------------------


def test_most_releases_have_no_mark_and_of_equal_groups_the_oldest() -> None:
    releases = [Release(3, minor) for minor in (8, 9, 10)]
    flags: list[list[str]] = [["jit"], [], []]
    made = [
        made_up(f"{release}.0", flags=flag) for release, flag in zip(releases, flags, strict=True)
    ]
    found_ = Conditions.of([(who.release, who, MACHINE) for who in made])
    assert found_.machines == (Group(MACHINE, tuple(releases)),)
    assert [found_.mark(release) for release in releases] == ["*", "", ""]
    two = Conditions.of([(who.release, who, MACHINE) for who in made[:2]])
    assert [two.mark(release) for release in releases[:2]] == ["", "*"]


def test_marks_do_not_run_out() -> None:
    assert len({mark(number) for number in range(12)}) == 12


def test_the_date_of_a_build_does_not_matter() -> None:
    made = [made_up("3.8.1", build="a"), made_up("3.9.1", build="b")]
    assert len(Conditions.of([(who.release, who, MACHINE) for who in made]).builds) == 1
