"""The configuration: one field a value, checked, and used where it says it is."""

from __future__ import annotations

import sys
from typing import Any

import pytest
from conftest import RELEASES, Build, interpreter_or_skip
from markup import LOOP, cells, directive, md, output, shown, soup

from bytedoc.config import PREFIX, VALUES, Config
from bytedoc.interpreters import Interpreters


def one(name: str, content: str = "", argument: str = "", /, **options: str | bool) -> str:
    """A directive in MyST."""
    return directive("md", name, argument, content, **options)


def test_every_field_is_a_value_of_conf_py_with_its_default(build: Build) -> None:
    built = build(md("Words."))
    config = Config.from_sphinx(built.app.config)
    assert config == Config()
    names = [PREFIX + name for name in Config._fields]
    assert all(name in built.app.config for name in names)
    assert [name for name in built.app.config.values if name.startswith(PREFIX)] == names


def test_every_field_is_documented() -> None:
    assert VALUES.keys() == set(Config._fields)
    for name, value in VALUES.items():
        assert value.doc.endswith("."), name


def test_the_defaults_are_right() -> None:
    assert Config().check() == []


@pytest.mark.parametrize(
    ("name", "value", "wanted"),
    [
        ("layout", "left", "one of above, beside, hidden"),
        ("timeout", 0, "a number of at least 0.01"),
        ("memory", 1, "a number of at least 16"),
        ("output_limit", 0, "a number of at least 1"),
        ("file_limit", -1, "a number of at least 1"),
        ("timing_processes", 0, "a number of at least 1"),
        ("timing_values", 0, "a number of at least 1"),
        ("timing_min_time", 0.0, "a number of at least 1e-06"),
    ],
)
def test_a_value_that_can_not_be_used_is_told_and_the_pages_are_built(
    build: Build, name: str, value: Any, wanted: str
) -> None:
    built = build(md("Words."), conf={PREFIX + name: value})
    assert f"{PREFIX}{name} is {value!r} in conf.py; it must be {wanted}" in built.warnings
    assert "[bytedoc.option]" in built.warnings
    assert "Words." in soup(built).get_text()


def test_a_value_that_can_not_be_used_breaks_no_page_with_examples(build: Build) -> None:
    conf = {f"{PREFIX}layout": "left", f"{PREFIX}timeout": 0, f"{PREFIX}memory": 0}
    built = build(md(one("run", "print('still there')")), conf=conf)
    assert built.warnings.count("[bytedoc.option]") == 3
    assert "still there" in soup(built).get_text()


def test_a_value_of_the_wrong_type_is_told_by_sphinx(build: Build) -> None:
    built = build(md("Words."), conf={f"{PREFIX}timing_values": "many"})
    assert "bytedoc_timing_values" in built.warnings


@pytest.mark.parametrize(
    ("conf", "text", "subtype"),
    [
        ({"timeout": 0.2}, "import time\ntime.sleep(30)", "timeout"),
        ({"output_limit": 100}, "print('x' * 200)", "output-limit"),
        ({"file_limit": 1}, "open('f', 'wb').write(bytes(2 << 20))", "exception"),
    ],
)
def test_limits_hold(build: Build, conf: dict[str, Any], text: str, subtype: str) -> None:
    built = build(md(one("run", text)), conf={PREFIX + name: conf[name] for name in conf})
    assert f"[bytedoc.{subtype}]" in built.warnings
    assert built.warnings.count("WARNING") == 1


def test_the_memory_of_an_example_is_limited(build: Build) -> None:
    files = md(one("run", "print(len(bytes(300 << 20)))"))
    assert "[bytedoc.memory]" in build(files, conf={f"{PREFIX}memory": 200}).warnings
    assert build(conf={f"{PREFIX}memory": 1000}).warnings == ""


@pytest.mark.parametrize("layout", ["above", "beside"])
def test_layout_is_where_sources_stand_unless_a_directive_says_otherwise(
    build: Build, layout: str
) -> None:
    files = md(one("dis", "x = 1"), one("dis", "y = 1", layout="hidden"))
    page = soup(build(files, conf={f"{PREFIX}layout": layout}))
    assert len(page.select(f".bytedoc-{layout}")) == 1
    assert len(page.select(".bytedoc-source")) == 1


def test_sources_may_be_hidden_by_default(build: Build) -> None:
    files = md(one("dis", "x = 1"), one("dis", "y = 1", layout="above"))
    page = soup(build(files, conf={f"{PREFIX}layout": "hidden"}))
    assert [source.get_text() for source in page.select(".bytedoc-source pre")] == ["y = 1\n"]


def test_the_target_may_be_a_release_or_a_path(build: Build, interpreters: Interpreters) -> None:
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    for target in ("", version, sys.executable):
        built = build(md(one("interpreter")), target=target)
        assert output(built, "interpreter")["data-release"] == version


def test_an_interpreter_may_be_named_for_its_release(
    build: Build, interpreters: Interpreters
) -> None:
    other = interpreter_or_skip(interpreters, "3.9")
    named = {f"{PREFIX}interpreters": {"3.9": other.executable}}
    built = build(md(one("interpreter")), target="3.9", conf=named)
    assert built.warnings == ""
    assert dict(cells(output(built, "interpreter")))["Version"] == other.version


def test_an_interpreter_that_is_named_for_another_release_is_told(build: Build) -> None:
    named = {f"{PREFIX}interpreters": {"3.6": sys.executable}}
    built = build(md(one("interpreter")), target="3.6", conf=named)
    if sys.version_info[:2] != (3, 6):
        assert f"bytedoc_interpreters gives {sys.executable} for 3.6, but that is" in built.warnings
        assert "[bytedoc.interpreter-missing]" in built.warnings


@pytest.mark.parametrize("release", RELEASES)
def test_every_release_that_is_on_this_machine_is_found_by_its_number(
    interpreters: Interpreters, release: str
) -> None:
    assert str(interpreter_or_skip(interpreters, release).release) == release


def test_nothing_is_executed_where_that_is_not_allowed(build: Build) -> None:
    files = md(one("dis", LOOP), one("run", "print(1)"), "It is {value}`: 1`.")
    built = build(files, conf={f"{PREFIX}execute": False})
    assert not built.executed
    assert "(3 outputs need it) [bytedoc.not-recorded]" in built.warnings
    assert soup(built).select("[data-offset]") == []
    allowed = build()
    assert allowed.warnings == ""
    assert shown(allowed, "run") == "1\n"


def test_the_style_sheet_comes_with_every_page(build: Build) -> None:
    built = build(md("Words."))
    assert (built.out / "_static" / "bytedoc.css").is_file()
    assert soup(built).select_one('link[href^="_static/bytedoc.css"]') is not None


def test_a_project_may_have_static_files_of_its_own(build: Build) -> None:
    files = md("Words.") | {"own/own.css": "p {}", "conf.py": "html_static_path = ['own']\n"}
    built = build(files)
    assert built.warnings == ""
    assert (built.out / "_static" / "own.css").is_file()
    assert (built.out / "_static" / "bytedoc.css").is_file()
