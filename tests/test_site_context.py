"""What is around every page: its release and that of others, with any theme."""

from __future__ import annotations

from datetime import date

import pytest
from conftest import Build, Built, interpreter_or_skip
from markup import LOOP, contents, directive, found, md, pages_written, soup

from bytedoc.interpreters import Interpreters
from bytedoc.request import Interpreter
from bytedoc.site.releases import SiteRelease, described, in_words, is_over, newest, today

#: A theme's template with all that may be around a page.
AROUND = {
    "_templates/page.html": """\
{% extends "!page.html" %}
{% block body %}
{% include "bytedoc-release.html" %}{% include "bytedoc-switcher.html" %}
{% include "bytedoc-joined.html" %}{{ super() }}
{% endblock %}
"""
}
CONF = {"templates_path": ["_templates"]}


# -- releases ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("when", "day", "expected"),
    [
        ("2024-10-07", date(2024, 10, 6), False),
        ("2024-10-07", date(2024, 10, 7), True),
        ("2026-10", date(2026, 10, 30), False),
        ("2026-10", date(2026, 11, 1), True),
        ("2026-09", date(2026, 10, 1), True),
        ("", date(2026, 10, 1), False),
    ],
)
def test_a_release_is_over_from_a_day_on_or_after_a_month(
    when: str, day: date, *, expected: bool
) -> None:
    assert is_over(when, day) == expected


def test_an_end_of_life_is_said_in_words() -> None:
    assert in_words("2024-10-07") == "on 7 October 2024"
    assert in_words("2026-10") == "in October 2026"


def test_the_stable_release_is_the_newest_final_one() -> None:
    versions = {"3.13": "3.13.0", "3.14": "3.14.2", "3.15": "3.15.0rc1", "3.16": ""}
    releases = described(versions, {}, date(2026, 1, 1))
    assert newest(releases).name == "3.14"
    assert [item.is_final for item in releases] == [True, True, False, False]
    candidates = (SiteRelease("3.15", "3.15.0rc1"), SiteRelease("3.16", "3.16.0a1"))
    assert newest(candidates).name == "3.16"


def test_the_day_of_a_build_that_is_repeated_is_that_of_the_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1728259200")
    assert today() == date(2024, 10, 7)


# -- a guide alone ----------------------------------------------------------------------------


def test_a_guide_alone_says_its_release_and_links_to_no_other(
    build: Build, building: Interpreter
) -> None:
    built = build({**AROUND, **md("Words.")}, conf=CONF)
    page = soup(built)
    assert found(page, ".bytedoc-guide-release").get_text() == f"Python {building.release}"
    assert building.version in found(page, ".bytedoc-guide-version").get_text()
    assert page.select(".bytedoc-switcher, .bytedoc-joined, .bytedoc-guide-links") == []
    assert "bytedoc-site.js" not in built.read("index.html")


def test_a_guide_alone_says_that_its_release_is_over(build: Build, building: Interpreter) -> None:
    life = {str(building.release): "2020-01-31"}
    built = build({**AROUND, **md("Words.")}, conf={**CONF, "bytedoc_end_of_life": life})
    note = found(soup(built), ".bytedoc-guide-note")
    assert "reached its end of life on 31 January 2020" in note.get_text()
    assert note.select("a") == []


def test_every_page_is_written_for_another_release(
    build: Build, interpreters: Interpreters
) -> None:
    interpreter_or_skip(interpreters, "3.8")
    words = md("Only words.", name="words")
    build({**AROUND, **md("Words.", contents("words")), **words}, conf=CONF)
    built = build(target="3.8", conf=CONF)
    assert pages_written(built) == ["index", "words"]
    said = found(soup(built, "words.html"), ".bytedoc-guide-release").get_text()
    assert said == "Python 3.8"
    again = build(target="3.8", conf=CONF)
    assert pages_written(again) == []


@pytest.mark.parametrize("builder", ["epub", "singlehtml", "text", "dirhtml"])
def test_other_builders_need_nothing_of_this(build: Build, builder: str) -> None:
    conf = {"project": "p", "copyright": "c", "version": "1"}
    built = build(md("Words.", directive("md", "dis", "", LOOP)), builder, conf=conf)
    assert built.warnings == ""


def test_an_end_of_life_that_is_no_date_is_told(build: Build) -> None:
    built = build(md("Words."), conf={"bytedoc_end_of_life": {"3.8": "October"}})
    assert "'October' of 3.8 is neither a day" in built.warnings
    assert "[bytedoc.option]" in built.warnings


# -- what a page is about ---------------------------------------------------------------------


def descriptions(built: Built) -> list[str]:
    """What a page says that it is about."""
    return [str(item["content"]) for item in soup(built).select("meta[name=description]")]


FRONT = "---\n{}\n---\n# Page\n\nThe first *paragraph*.\n\nAnother.\n"
#: A hundred words of six characters, in sentences of ten.
LONG = "# Page\n\n" + ("Lorem " + "ipsum " * 8 + "dolor. ") * 10


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        (FRONT.format("description: What it is."), "What it is."),
        (FRONT.format("other: value"), "The first paragraph."),
        ("# Page\n\n> Quoted.\n\n- In a list.\n", None),
        (LONG, 3 * ("Lorem " + "ipsum " * 8 + "dolor. ")),
        ("# Page\n\n" + "word " * 100, "word " * 38 + "word …"),
        (
            '# Page\n\nWith {value}`: 6 * 7` and <tags> & "quotes".',
            "With 42 and <tags> & “quotes”.",
        ),
    ],
)
def test_a_page_says_what_it_is_about(build: Build, page: str, expected: str | None) -> None:
    built = build({"index.md": page}, conf={"myst_enable_extensions": ["smartquotes"]})
    assert descriptions(built) == ([] if expected is None else [expected.strip()])


def test_a_description_of_the_authors_own_is_the_only_one(build: Build) -> None:
    front = FRONT.format("myst:\n  html_meta:\n    description: By hand.")
    assert descriptions(build({"index.md": front})) == ["By hand."]


def test_the_front_matter_works_in_both_markups(build: Build) -> None:
    text = ":bytedoc-releases: -3.9\n:description: In words.\n\nPage\n====\n\nOld.\n"
    built = build({"index.rst": text}, target="")
    assert "This page is for Python 3.9 and older." in soup(built).get_text()
    assert "Old." not in soup(built).get_text()
    assert descriptions(built) == ["In words."]


def test_pages_for_other_releases_are_left_out_of_one_document(build: Build) -> None:
    old = "---\nbytedoc-releases: -3.9\n---\n# Old times\n\n" + directive("md", "dis", "", LOOP)
    files = {**md("Words.", contents("old", "new")), "old.md": old, **md("More.", name="new")}
    built = build(files, "singlehtml")
    assert built.warnings == ""
    text = soup(built).get_text()
    assert "Old times" in text
    assert "This page is for Python 3.9 and older." in text
    assert "More." in text
    assert soup(built).select(".bytedoc-output") == []
    assert not built.executed
