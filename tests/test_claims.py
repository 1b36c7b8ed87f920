"""The builder ``claims``: names and numbers in prose with nothing behind them."""

from __future__ import annotations

import pytest
from conftest import Build
from markup import MARKUPS, Markup, directive, page, role

ADD = "def add(a, b):\n    return a + b + 17\n"
#: The release whose instructions are known.
CONF = {"bytedoc_releases": ["3.12"]}
FOUND = "nothing stands behind the {} {!r}: let a role or an expectation of the page have it"


def told(build: Build, markup: Markup, *blocks: str, conf: dict[str, object] | None = None) -> str:
    """What is warned of a page."""
    return build(page(markup, *blocks), "claims", target="3.12", conf=CONF | (conf or {})).warnings


@pytest.mark.parametrize("markup", MARKUPS)
def test_a_name_in_prose_needs_a_role_or_an_expectation(build: Build, markup: Markup) -> None:
    literal = "`BINARY_OP`" if markup == "md" else "``BINARY_OP``"
    warnings = told(build, markup, f"There is {literal}, and RETURN_VALUE.")
    assert FOUND.format("instruction", "BINARY_OP") in warnings
    assert FOUND.format("instruction", "RETURN_VALUE") in warnings
    assert f"index.{markup}:" in warnings
    assert "[bytedoc.claim]" in warnings
    shown = directive(markup, "dis", "", ADD, name="add", expect="RETURN_VALUE; BINARY_OP x2")
    assert told(build, markup, f"There is {literal}, and RETURN_VALUE.", shown) == ""
    roles = role(markup, "op", "BINARY_OP"), role(markup, "op", "RETURN_VALUE")
    assert told(build, markup, f"There is {literal}, or RETURN_VALUE.", *roles) == ""


def test_a_number_needs_a_value_an_expectation_or_a_source(build: Build) -> None:
    prose = "It has 12 instructions in 1,024 bytes and adds 17."
    warnings = told(build, "md", prose)
    assert [number for number in ("12", "1,024", "17") if repr(number) in warnings] == [
        "12",
        "1,024",
        "17",
    ]
    shown = directive(
        "md", "dis", "", ADD, name="add", expect="len(instructions) < 12; len(co_code) != 1024"
    )
    assert told(build, "md", prose, shown) == ""
    value = role("md", "value", "add: len(instructions)")
    assert told(build, "md", f"It has {value} instructions.", shown) == ""


def test_a_count_in_words_is_a_number(build: Build) -> None:
    assert "'three more instructions'" in told(build, "md", "It takes three more instructions.")
    assert told(build, "md", "There are two ways, and three of us.") == ""


@pytest.mark.parametrize(
    "prose",
    [
        "Since Python 3.12 (2023), see PEP 659.",
        "The file has `17` in it, and UTF-8.",
        "An API and a NULL.",
        "Words with a2 and b3.",
    ],
)
def test_what_only_names_something_is_no_claim(build: Build, prose: str) -> None:
    assert told(build, "md", prose) == ""


def test_what_nothing_can_check_is_marked(build: Build) -> None:
    built = build(
        page("md", "It takes " + role("md", "unchecked", "64 bits") + "."),
        "claims",
        target="3.12",
        conf=CONF,
    )
    assert built.warnings == ""
    assert "1 marked as unchecked" in built.status


def test_pages_can_be_left_out(build: Build) -> None:
    assert told(build, "md", "It has 12.", conf={"bytedoc_claims_exclude": ["in*"]}) == ""


def test_a_page_shows_marked_words_as_they_are(build: Build) -> None:
    built = build(page("md", "It takes " + role("md", "unchecked", "64 bits") + "."), "text")
    assert "It takes 64 bits." in built.read("index.txt")
