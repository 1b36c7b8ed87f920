"""Builds of small projects: a directive becomes a listing, in the page that asked for it."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import Build
from markup import LOOP, MARKUPS, Markup, contents, directive, md, page, soup, sphinx_build


@pytest.mark.parametrize("markup", MARKUPS)
def test_an_example_is_disassembled_where_it_stands(build: Build, markup: Markup) -> None:
    before, after = "Words before.", "Words after."
    built = build(page(markup, before, directive(markup, "dis", "", LOOP, name="loop"), after))
    assert built.warnings == ""
    assert built.executed
    text = soup(built).get_text()
    places = [text.index(part) for part in (before, "def total", "FOR_ITER", after)]
    assert places == sorted(places)


def test_nothing_is_executed_when_nothing_changed(build: Build) -> None:
    built = build(md(directive("md", "dis", "", "x = 1")))
    assert built.executed
    assert not build().executed


def test_a_project_without_examples_starts_no_interpreter(build: Build) -> None:
    built = build(md("Words."))
    assert built.warnings == ""
    assert not built.executed


@pytest.mark.parametrize("markup", MARKUPS)
def test_directives_and_roles_have_a_prefix_unless_the_project_says_otherwise(
    build: Build, markup: Markup
) -> None:
    block = directive(markup, "bytedoc:dis", "", LOOP)
    sentence = "{bytedoc:op}`POP_TOP`" if markup == "md" else ":bytedoc:op:`POP_TOP`"
    built = build(page(markup, block, sentence), conf={"primary_domain": "py"})
    assert built.warnings == ""
    assert soup(built).select('[data-op="FOR_ITER"]')


def test_one_mistake_leaves_every_other_example_and_page_as_it_was(build: Build) -> None:
    fine = md(directive("md", "run", "", "print('fine')"), name="fine")
    expected = build(md(contents("fine", "wrong")) | fine | md("Words.", name="wrong"))
    before = expected.read("fine.html")
    wrong = md(
        directive("md", "run", "", "print('also fine')"),
        directive("md", "run", "", "def"),
        directive("md", "dis", "", "x = 1"),
        name="wrong",
    )
    built = build(wrong, fresh=True)
    assert built.warnings.count("WARNING") == 1
    assert "[bytedoc.syntax]" in built.warnings
    assert built.read("fine.html") == before
    text = soup(built, "wrong.html").get_text()
    assert "also fine" in text
    assert "STORE_NAME" in text


@pytest.mark.parametrize("options", [(), ("-W", "--keep-going")])
def test_a_mistake_fails_a_build_that_takes_warnings_for_errors(
    tmp_path: Path, options: tuple[str, ...]
) -> None:
    (tmp_path / "conf.py").write_text('extensions = ["myst_parser", "bytedoc"]\n', encoding="utf-8")
    text = directive("md", "bytedoc:run", "", "raise ValueError")
    (tmp_path / "index.md").write_text(f"# Page\n\n{text}", encoding="utf-8")
    done = sphinx_build("-b", "html", *options, ".", "out", folder=tmp_path)
    assert done.returncode == (1 if options else 0)
    assert "index.md:5: WARNING: run on " in done.stderr
    assert (tmp_path / "out" / "index.html").is_file()
