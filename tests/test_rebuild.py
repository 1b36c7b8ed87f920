"""What a build does again, and what it does not: reading, executing, writing."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from conftest import Build, Built, interpreter_or_skip
from markup import (
    LOOP,
    QUICK,
    contents,
    directive,
    dis,
    found,
    md,
    pages_read,
    pages_written,
    shown,
    soup,
)

from bytedoc.interpreters import Interpreters
from bytedoc.request import Interpreter


def one(name: str, content: str = "", argument: str = "", /, **options: str | bool) -> str:
    """A directive in MyST."""
    return directive("md", name, argument, content, **options)


#: Three pages: one with an example, one that shows it as well, one with neither; and the contents,
#: which Sphinx writes again when a page in them changes.
PROJECT = {
    **md(contents("user", "other")),
    **md(
        one("dis", LOOP, name="loop"),
        one("run", "print('ran')", name="ran"),
        "It is {value}`loop: co_name`.",
        name="definer",
    ),
    **md(one("dis", "", "loop"), "Words.", name="user"),
    **md("Only words.", one("dis", "x = 1"), name="other"),
    "index.md": "# Index\n\n" + contents("definer", "user", "other"),
}


def result_files(built: Built) -> list[Path]:
    """The files of results in the folder of the doctrees."""
    return sorted(Path(built.app.doctreedir, "bytedoc").glob("*.jsonl"))


def results(built: Built) -> list[bytes]:
    """The results in them, a line each."""
    return [line for path in result_files(built) for line in path.read_bytes().splitlines() if line]


def forget_what_ran(built: Built) -> None:
    """Damage all results: whoever needs one has to ask for it."""
    for path in result_files(built):
        path.write_bytes(path.read_bytes().replace(b'{"', b"{_"))


@pytest.mark.parametrize("builder", ["html", "text", "latex", "epub"])
def test_when_nothing_changed_nothing_is_read_executed_or_written(
    build: Build, builder: str
) -> None:
    conf = {"project": "p", "copyright": "c", "version": "1", **QUICK}
    timing = md(one("timing", "pass"), name="other")
    built = build({**PROJECT, **timing}, builder, conf=conf)
    assert built.executed
    before = {path: path.stat().st_mtime_ns for path in built.out.rglob("index.*")}
    again = build(builder=builder, conf=conf)
    assert again.warnings == ""
    assert not again.executed
    assert pages_read(again) == []
    if builder in ("html", "text"):
        assert pages_written(again) == []
        assert {path: path.stat().st_mtime_ns for path in before} == before


def test_when_one_example_is_edited_only_it_is_executed_and_only_its_pages_are_written(
    build: Build, building: Interpreter
) -> None:
    first = build(PROJECT)
    before = results(first)
    edited = PROJECT["definer.md"].replace("found = 0", "found = 1")
    built = build({"definer.md": edited})
    assert built.warnings == ""
    assert pages_read(built) == ["definer"]
    assert pages_written(built) == ["definer", "index", "user"]
    # its listing and the value about it
    assert len(results(built)) == len(before) + 2
    text = LOOP.replace("found = 0", "found = 1")
    expected = dis(building.executable, text, name="loop")
    assert shown(built, "dis", name="definer.html") == expected
    assert shown(built, "dis", name="user.html") == expected


def test_prose_around_examples_may_change_without_executing_anything(build: Build) -> None:
    build(PROJECT)
    edited = PROJECT["definer.md"].replace("It is", "Some words.\n\nThis is")
    built = build({"definer.md": edited})
    assert not built.executed
    assert pages_written(built) == ["definer", "index"]
    built = build({"other.md": PROJECT["other.md"].replace("Only words", "Many words")})
    assert not built.executed
    assert pages_written(built) == ["index", "other"]


def test_line_numbers_of_a_traceback_follow_the_text_above_without_executing_again(
    build: Build,
) -> None:
    fails = one("run", "raise ValueError", raises="ValueError", name="fails")
    user = md(one("run", "", "fails", raises="ValueError"), name="user")
    built = build(PROJECT | md(fails, name="definer") | user)
    first = md(fails)["index.md"].splitlines().index("raise ValueError") + 1
    for name in ("definer.html", "user.html"):
        assert f'"definer.md", line {first},' in shown(built, "run", name=name)
    again = build(md("Some words.", "More words.", fails, name="definer"))
    assert not again.executed
    assert pages_read(again) == ["definer"]
    for name in ("definer.html", "user.html"):
        assert f'"definer.md", line {first + 4},' in shown(again, "run", name=name)


def test_another_target_shows_its_own_results_and_no_page_is_read_again(
    build: Build, building: Interpreter, interpreters: Interpreters
) -> None:
    other = interpreter_or_skip(interpreters, "3.8").executable
    prose = md(":::{release} 3.8\nFor 3.8.\n:::\n", name="other")
    assert "For 3.8." not in soup(build({**PROJECT, **prose}), "other.html").get_text()
    built = build(target=other)
    assert built.executed
    assert pages_read(built) == []
    assert pages_written(built) == ["definer", "index", "other", "user"]
    assert shown(built, "dis", name="user.html") == dis(other, LOOP, name="loop")
    assert "For 3.8." in soup(built, "other.html").get_text()
    back = build()
    assert not back.executed
    assert pages_read(back) == []
    expected = dis(building.executable, LOOP, name="loop")
    assert shown(back, "dis", name="user.html") == expected
    assert "For 3.8." not in soup(back, "other.html").get_text()


def test_two_builders_may_share_what_was_read(
    build: Build, building: Interpreter, interpreters: Interpreters
) -> None:
    other = interpreter_or_skip(interpreters, "3.8").executable
    ours, theirs = (dis(each, LOOP, name="loop") for each in (building.executable, other))
    build(PROJECT)
    text = build(builder="text", target=other)
    assert pages_read(text) == []
    assert theirs.splitlines()[2] in text.read("user.txt")
    html = build()
    assert not html.executed
    assert shown(html, "dis", name="user.html") == ours
    assert shown(build(target=other), "dis", name="user.html") == theirs
    assert ours.splitlines()[2] in build(builder="text").read("user.txt")


def test_a_page_that_another_builder_read_is_shown_anew_by_each(
    build: Build, building: Interpreter
) -> None:
    build(PROJECT)
    build(builder="text")
    edited = PROJECT["definer.md"].replace("found = 0", "found = 1")
    build({"definer.md": edited}, "text")
    html = build()
    assert pages_read(html) == []
    expected = dis(building.executable, LOOP.replace("found = 0", "found = 1"), name="loop")
    assert shown(html, "dis", name="definer.html") == expected
    assert shown(html, "dis", name="user.html") == expected


def test_a_page_whose_example_is_gone_is_told_and_written_again(build: Build) -> None:
    build(PROJECT)
    built = build(md("Only words.", name="definer"))
    line = PROJECT["user.md"].splitlines().index("````{dis} loop") + 1
    assert built.warnings.startswith(f"user.md:{line}: WARNING: dis")
    assert "there is no example 'loop' [bytedoc.unknown-example]" in built.warnings
    assert pages_written(built) == ["definer", "index", "user"]
    assert soup(built, "user.html").select("[data-offset]") == []


def test_a_page_whose_example_is_gone_with_its_page_is_told(build: Build, tmp_path: Path) -> None:
    built = build(PROJECT)
    (Path(built.app.srcdir) / "definer.md").unlink()
    again = build(md(contents("user", "other")))
    assert again.warnings.count("[bytedoc.unknown-example]") == 1
    assert "user.md:3: WARNING: dis: there is no example 'loop'" in again.warnings


def test_problems_are_told_in_each_build_until_they_are_mended(build: Build) -> None:
    wrong = md(
        one("dis", "x = 1", expect="BUILD_MAP"),
        one("dis", "x = 1", depth="many"),
        one("dis", "", "nowhere"),
        one("run", "raise ValueError"),
    )
    subtypes = ["expectation", "option", "unknown-example", "exception"]
    for number in range(3):
        built = build(wrong if number == 0 else None)
        for subtype in subtypes:
            assert built.warnings.count(f"[bytedoc.{subtype}]") == 1
        assert bool(pages_written(built)) == (number == 0)
    assert build(md(one("dis", "x = 1", expect="STORE_NAME"))).warnings == ""
    assert build().warnings == ""


def test_a_problem_of_one_page_is_told_when_another_is_edited(build: Build) -> None:
    build({**PROJECT, **md(one("dis", "x = 1", expect="BUILD_MAP"), name="other")})
    edited = PROJECT["definer.md"].replace("It is", "This is")
    built = build({"definer.md": edited})
    assert pages_read(built) == ["definer"]
    assert "other.md:3: WARNING: dis on " in built.warnings


def test_what_failed_for_a_reason_that_may_be_gone_is_executed_again(
    build: Build, tmp_path: Path
) -> None:
    flag = tmp_path / "flag"
    text = f"if not __import__('os').path.exists({str(flag)!r}): raise ValueError\nprint('there')"
    assert "[bytedoc.exception]" in build(md(one("run", text))).warnings
    flag.touch()
    built = build()
    assert built.warnings == ""
    assert shown(built, "run") == "there\n"


def test_an_example_that_imports_a_module_is_executed_when_that_module_changed(
    build: Build, tmp_path: Path
) -> None:
    module = tmp_path / "helper.py"
    module.write_text("x = 1\n", encoding="utf-8")
    text = f"import sys; sys.path.insert(0, {str(tmp_path)!r})\nimport helper\nprint(helper.x)"
    assert shown(build(md(one("run", text))), "run") == "1\n"
    assert not build().executed
    module.write_text("x = 'changed'\n", encoding="utf-8")
    built = build()
    assert built.executed
    assert pages_written(built) == ["index"]
    assert shown(built, "run") == "changed\n"


def test_results_that_were_deleted_are_asked_for_again(build: Build, building: Interpreter) -> None:
    first = build(PROJECT)
    before = first.read("user.html")
    shutil.rmtree(Path(first.app.doctreedir) / "bytedoc")
    built = build()
    assert built.warnings == ""
    assert built.executed
    assert pages_read(built) == []
    assert built.read("user.html") == before
    assert len(results(built)) == len(results(first)) > 3


@pytest.mark.parametrize(
    "damage", [b"", b"{", b"[]", b'{"ok": 1}', b'{"failure": []}', b"\xff\x00"]
)
def test_a_damaged_result_is_asked_for_again(build: Build, damage: bytes) -> None:
    first = build(PROJECT)
    before = first.read("user.html")
    for path in result_files(first):
        path.write_bytes(damage)
    edited = PROJECT["user.md"].replace("Words.", "Other words.")
    built = build({"user.md": edited})
    assert built.warnings == ""
    assert built.executed
    assert built.read("user.html") == before.replace("Words.", "Other words.")


def test_a_damaged_memory_of_interpreters_is_made_anew(build: Build) -> None:
    first = build(PROJECT)
    memory = Path(first.app.doctreedir) / "bytedoc" / "interpreters.json"
    for damage in ("", "[]", '{"identities": 1, "releases": []}'):
        memory.write_text(damage, encoding="utf-8")
        built = build()
        assert built.warnings == ""
        assert not built.executed


def test_with_a_fresh_environment_all_is_read_and_nothing_executed(build: Build) -> None:
    first = build(PROJECT)
    before = {name: first.read(f"{name}.html") for name in ("definer", "user", "other")}
    built = build(fresh=True)
    assert not built.executed
    assert pages_read(built) == ["definer", "index", "other", "user"]
    assert {name: built.read(f"{name}.html") for name in before} == before


def test_pages_that_were_removed_are_written_again_from_the_cache(build: Build) -> None:
    first = build(PROJECT)
    before = first.read("user.html")
    shutil.rmtree(first.out)
    built = build()
    assert not built.executed
    assert pages_read(built) == []
    assert built.read("user.html") == before


def test_limits_may_change_without_executing_anything(build: Build) -> None:
    limits = {"bytedoc_timeout": 20.0, "bytedoc_memory": 2048, "bytedoc_output_limit": 1000}
    build(PROJECT)
    built = build(conf=limits)
    assert built.warnings == ""
    assert not built.executed
    assert pages_read(built) == []
    # One page is written, and that with the contents, so that Sphinx keeps what all is made of.
    assert pages_written(built) == ["definer", "index"]
    assert pages_written(build(conf=limits)) == []


def test_how_timings_are_measured_may_change_without_executing_anything_else(build: Build) -> None:
    files = {**PROJECT, **md(one("timing", "pass"), name="other")}
    before = results(build(files, conf=QUICK))
    built = build(conf={**QUICK, "bytedoc_timing_values": 3})
    assert built.executed == 1
    assert len(results(built)) == len(before) + 1


def test_names_of_instructions_lead_to_a_table_as_soon_as_there_is_one(build: Build) -> None:
    first = build(PROJECT)
    assert "docs.python.org" in first.read("user.html")
    built = build(md(one("opcode-table"), name="other"))
    assert "other.html#opcode-LOAD_CONST" in built.read("user.html")
    again = build(md("No table.", name="other"))
    assert "docs.python.org" in again.read("user.html")


def test_since_of_an_example_holds_for_the_pages_that_show_it(build: Build) -> None:
    build(PROJECT)
    for since in ("3.98", "3.99"):
        edited = PROJECT["definer.md"].replace(":name: loop", f":name: loop\n:since: {since}")
        built = build({"definer.md": edited})
        assert f"needs Python {since}" in soup(built, "user.html").get_text()


def test_layout_may_be_changed_in_the_configuration(build: Build) -> None:
    build(PROJECT)
    built = build(conf={"bytedoc_layout": "beside"})
    assert not built.executed
    assert soup(built, "definer.html").select(".bytedoc-beside > .bytedoc-output")


def test_a_cache_within_the_project_outlives_the_folder_of_the_build(
    build: Build, tmp_path: Path
) -> None:
    conf = {"bytedoc_cache": "recorded"}
    first = build(PROJECT, conf=conf)
    assert (tmp_path / "source" / "recorded").is_dir()
    before = first.read("user.html")
    shutil.rmtree(tmp_path / "build")
    built = build(conf=conf)
    assert not built.executed
    assert built.read("user.html") == before


def test_what_a_set_up_of_a_set_up_changes_is_executed_and_written_again(build: Build) -> None:
    pages = {
        "index.md": "# Index\n\n" + contents("base", "middle", "user"),
        **md(one("example", "x = 1", "base"), name="base"),
        **md(one("example", "y = x + 1", "middle", setup="base"), name="middle"),
        **md(one("run", "print(y)", setup="middle"), "{value}`middle: y * 10`", name="user"),
    }
    built = build(pages)
    assert shown(built, "run", name="user.html") == "2\n"
    again = build(md(one("example", "x = 5", "base"), name="base"))
    assert again.warnings == ""
    assert pages_read(again) == ["base"]
    assert shown(again, "run", name="user.html") == "6\n"
    assert found(soup(again, "user.html"), ".bytedoc-value").get_text() == "60"


def test_a_name_that_an_earlier_page_takes_is_told_and_shown_as_that_everywhere(
    build: Build,
) -> None:
    later = md(one("run", "print('later')", name="taken"), one("run", "", "taken"), name="user")
    assert build(PROJECT | later).warnings == ""
    earlier = md(one("example", "print('earlier')", "taken"), name="definer")
    built = build(earlier)
    assert "user.md" in built.warnings
    assert "[bytedoc.duplicate-example]" in built.warnings
    assert shown(built, "run", 1, "user.html") == "earlier\n"
    mended = build(md("Words.", name="definer"))
    assert mended.warnings == ""
    assert shown(mended, "run", 1, "user.html") == "later\n"


def test_a_claim_about_an_example_of_another_page_is_checked_when_that_changes(
    build: Build,
) -> None:
    claim = one("dis", "", "loop", object="total", expect="not BUILD_MAP")
    assert build(PROJECT | md(claim, name="user")).warnings == ""
    edited = PROJECT["definer.md"].replace("found = 0", "found = {}")
    built = build({"definer.md": edited})
    assert built.warnings.startswith("user.md:3: WARNING: dis of loop on ")
    assert "expected not BUILD_MAP" in built.warnings
