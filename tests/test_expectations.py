"""What pages claim of a result, and whether it holds."""

from __future__ import annotations

from itertools import pairwise, product

import pytest

from bytedoc import expectations
from bytedoc.answers.listings import CodeListing, Instruction, Listing
from bytedoc.expectations import Expectation, unmet_by_listing, unmet_by_output
from bytedoc.release import Release, ReleaseRange


def listing(*codes: str) -> Listing:
    """A listing of code objects, each given by the names of its instructions."""
    return Listing(
        "",
        tuple(
            CodeListing(
                "<module>",
                "<module>",
                1,
                tuple(
                    Instruction(row, 2 * row, 0, name, None, "", 1, "", None, None)
                    for row, name in enumerate(code.split())
                ),
            )
            for code in codes
        ),
        (),
    )


SHOWN = listing("LOAD_FAST LOAD_FAST BINARY_OP CACHE RETURN_VALUE", "RESUME LOAD_FAST RETURN_VALUE")


@pytest.mark.parametrize(
    "text",
    [
        "LOAD_FAST",
        "BINARY_OP",
        "LOAD_FAST x3",
        "LOAD_FAST x 3",
        "RETURN_VALUE x2",
        "LOAD_FAST LOAD_FAST",
        "LOAD_FAST LOAD_FAST BINARY_OP",
        "LOAD_FAST LOAD_FAST x1",
        "BINARY_OP RETURN_VALUE",
        "BINARY_OP CACHE RETURN_VALUE",
        "not BINARY_ADD",
        "not LOAD_FAST x2",
        "not BINARY_OP LOAD_FAST",
        "not RETURN_VALUE RESUME",
    ],
)
def test_what_a_listing_shows_is_met(text: str) -> None:
    assert expectations.is_about_instructions(text)
    assert unmet_by_listing(text, SHOWN) is None


@pytest.mark.parametrize(
    "text",
    [
        "BINARY_ADD",
        "LOAD_FAST x2",
        "LOAD",
        "BINARY_OP LOAD_FAST",
        "RETURN_VALUE RESUME",
        "not LOAD_FAST",
        "not LOAD_FAST x3",
        "not LOAD_FAST LOAD_FAST",
    ],
)
def test_what_a_listing_does_not_show_is_not_met(text: str) -> None:
    assert unmet_by_listing(text, SHOWN)


def test_what_is_there_instead_is_told() -> None:
    assert unmet_by_listing("BINARY_ADD", listing("NOP NOP RETURN_VALUE")) == (
        "the listing has NOP RETURN_VALUE"
    )
    assert unmet_by_listing("NOP x3", listing("NOP NOP")) == (
        "it occurs 2 times; the listing has NOP"
    )
    assert unmet_by_listing("not NOP", listing("NOP")) == "it occurs once; the listing has NOP"


@pytest.mark.parametrize(("first", "second"), list(product("ABC", repeat=2)))
def test_two_names_are_met_where_they_are_neighbours(first: str, second: str) -> None:
    sequence = ["AA", "BB", "BB", "CC", "AA", "CC"]
    claim = f"{first * 2} {second * 2}"
    met = unmet_by_listing(claim, listing(" ".join(sequence))) is None
    assert met == ((first * 2, second * 2) in pairwise(sequence))
    opposite = unmet_by_listing(f"not {claim}", listing(" ".join(sequence))) is None
    assert opposite != met


@pytest.mark.parametrize(
    "text",
    [
        "co_stacksize == 2",
        "len(co_consts) > 1",
        "count('NOP') == 1",
        "'NOP' in opnames",
        "not opnames",
        "A",
        "NOP == 1",
        "NOP x",
        "builtin < loop",
    ],
)
def test_all_else_is_an_expression(text: str) -> None:
    assert not expectations.is_about_instructions(text)


def test_claims_are_separated_by_semicolons_and_line_breaks() -> None:
    found = expectations.parse("BINARY_OP 3.11+; BINARY_ADD -3.10;\nnot NOP\n\nLOAD_FAST x2;")
    assert found == (
        Expectation("BINARY_OP", ReleaseRange.parse("3.11+")),
        Expectation("BINARY_ADD", ReleaseRange.parse("-3.10")),
        Expectation("not NOP", ReleaseRange()),
        Expectation("LOAD_FAST x2", ReleaseRange()),
    )


def test_a_semicolon_within_a_word_separates_nothing() -> None:
    (found,) = expectations.parse("'a;b' in co_consts")
    assert found.text == "'a;b' in co_consts"


@pytest.mark.parametrize("text", ["", " ", ";", "\n;\n"])
def test_nothing_claims_nothing(text: str) -> None:
    assert expectations.parse(text) == ()


@pytest.mark.parametrize("text", ["BINARY_OP 3.11+", "not NOP -3.10", "co_nlocals == 1", "A B 3.8"])
def test_a_claim_is_written_as_it_is_read(text: str) -> None:
    (found,) = expectations.parse(text)
    assert str(found) == text


def test_a_range_that_runs_backwards_is_refused() -> None:
    with pytest.raises(ValueError, match="runs backwards"):
        expectations.parse("NOP 3.10-3.8")


@pytest.mark.parametrize(
    ("release", "expected"), [("3.8", "A1 A3"), ("3.10", "A1 A3"), ("3.11", "A2 A3")]
)
def test_only_claims_about_a_release_apply_to_it(release: str, expected: str) -> None:
    claims = expectations.parse("A1 -3.10; A2 3.11+; A3")
    applying = expectations.applying(claims, Release.parse(release))
    assert " ".join(claim.text for claim in applying) == expected


@pytest.mark.parametrize("text", ["hello", "lo wor", "not bye", "not  HELLO"])
def test_what_an_output_contains_is_met(text: str) -> None:
    assert unmet_by_output(text, "hello world\n") is None


@pytest.mark.parametrize("text", ["bye", "not hello"])
def test_what_an_output_does_not_contain_is_not_met_and_the_output_is_told(text: str) -> None:
    assert unmet_by_output(text, "hello\n") == "the output is 'hello\\n'"


def test_of_a_long_output_the_beginning_is_told() -> None:
    told = unmet_by_output("bye", "x" * 1000)
    assert told == f"the output is {'x' * 400 + ' ...'!r}"
