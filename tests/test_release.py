"""Releases and ranges of them, as pages write them."""

from __future__ import annotations

import pytest

from bytedoc.release import Release, ReleaseRange, split_range

ALL = [Release(3, minor) for minor in range(6, 16)]


def inside(text: str) -> list[str]:
    """The supported releases that a range holds."""
    found = ReleaseRange.parse(text)
    return [str(release) for release in ALL if release in found]


@pytest.mark.parametrize("release", ALL, ids=str)
def test_a_release_is_written_as_it_is_read(release: Release) -> None:
    assert Release.parse(str(release)) == release


def test_releases_are_ordered_by_number_and_not_by_text() -> None:
    assert Release.parse("3.9") < Release.parse("3.10") < Release.parse("4.0")


@pytest.mark.parametrize("text", ["", "3", "3.13.0", "3.13+", "v3.13", "3.x", "3 .13", "three"])
def test_what_is_no_release_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not a release such as 3\.13"):
        Release.parse(text)


@pytest.mark.parametrize("version", ["3.13.0", "3.13", "3.13.0rc1", "3.13.0+", "3.13.0a1+dev"])
def test_a_version_belongs_to_a_release(version: str) -> None:
    assert Release.of_version(version) == Release(3, 13)


def test_what_is_no_version_is_refused() -> None:
    with pytest.raises(ValueError, match=r"is not a version such as 3\.13\.0"):
        Release.of_version("main")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("3.8", ["3.8"]),
        ("3.14+", ["3.14", "3.15"]),
        ("-3.7", ["3.6", "3.7"]),
        ("3.9-3.11", ["3.9", "3.10", "3.11"]),
        ("3.9-3.9", ["3.9"]),
        (" 3.15 ", ["3.15"]),
        ("2.7", []),
    ],
)
def test_a_range_holds_its_first_and_its_last_release_and_those_between(
    text: str, expected: list[str]
) -> None:
    assert inside(text) == expected


def test_a_range_without_limits_holds_every_release() -> None:
    assert all(release in ReleaseRange() for release in ALL)


def test_a_range_holds_releases_only() -> None:
    text: object = "3.8"
    assert text not in ReleaseRange.parse("3.8")


@pytest.mark.parametrize(
    "text",
    ["", "3", "+", "-", "3.8-", "3.8 - 3.9", "3.8+3.9", "+3.8", "3.8-3.9+", "3.8.1", "3.8,3.9"],
)
def test_what_is_no_range_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a range of releases"):
        ReleaseRange.parse(text)


def test_a_range_that_runs_backwards_is_refused() -> None:
    with pytest.raises(ValueError, match=r"'3\.10-3\.9' runs backwards"):
        ReleaseRange.parse("3.10-3.9")


@pytest.mark.parametrize("text", ["3.8", "3.11+", "-3.10", "3.8-3.10"])
def test_a_range_is_written_as_it_is_read(text: str) -> None:
    assert str(ReleaseRange.parse(text)) == text


def test_a_range_without_limits_is_written_as_nothing() -> None:
    assert str(ReleaseRange()) == ""


RANGES = ["3.6", "3.9", "3.15", "3.8+", "3.12+", "-3.7", "-3.13", "3.7-3.9", "3.9-3.14"]


@pytest.mark.parametrize("one", RANGES)
@pytest.mark.parametrize("other", RANGES)
def test_two_ranges_have_in_common_what_both_hold(one: str, other: str) -> None:
    common = ReleaseRange.parse(one) & ReleaseRange.parse(other)
    both = set(inside(one)) & set(inside(other))
    assert {str(release) for release in ALL if release in common} == both


@pytest.mark.parametrize("text", RANGES)
def test_a_range_has_all_of_itself_in_common_with_one_without_limits(text: str) -> None:
    found = ReleaseRange.parse(text)
    assert found & ReleaseRange() == ReleaseRange() & found == found


@pytest.mark.parametrize("said", ["BINARY_OP", "not A B", "len(co_consts) > 1", "x == [1, 2]"])
@pytest.mark.parametrize("releases", RANGES)
def test_a_range_at_the_end_is_split_off(said: str, releases: str) -> None:
    assert split_range(f" {said}  {releases} ") == (said, ReleaseRange.parse(releases))


@pytest.mark.parametrize("said", ["BINARY_OP", "co_stacksize == 2", "3.8", "A-3.8", "f(3.8)", ""])
def test_without_a_range_at_the_end_all_releases_are_meant(said: str) -> None:
    assert split_range(said) == (said, ReleaseRange())


@pytest.mark.parametrize(
    "said", ["ratio < 0.5", "pi == 3.14", "x > -3.5", "x in (1,\n3.5", "a + 3.5"]
)
def test_a_number_that_an_operator_needs_is_no_range(said: str) -> None:
    """Else the claim would be about releases that nobody asks, and never be checked."""
    assert split_range(said) == (said, ReleaseRange())


def test_a_range_may_follow_a_number() -> None:
    assert split_range("pi == 3.14 3.8+") == ("pi == 3.14", ReleaseRange.parse("3.8+"))
