"""The values that answers become: statistics, digests, and what they are made from."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from itertools import permutations
from typing import Any

import pytest

from bytedoc.answers import Failure, answer_of
from bytedoc.answers.listings import Instruction, Listing
from bytedoc.answers.timings import Measurement
from bytedoc.request import Interpreter, Request, digest_of

NUMBERS = [
    (1.0,),
    (1.0, 2.0),
    (3.0, 1.0, 2.0),
    (4.0, 1.0, 3.0, 2.0),
    (1.0, 1.0, 1.0, 100.0),
    (0.5, 0.25, 0.125, 8.0, 2.0),
]


@pytest.mark.parametrize("values", NUMBERS)
def test_the_median_has_as_many_values_below_as_above(values: tuple[float, ...]) -> None:
    median = Measurement(1, values).median
    below = sum(value < median for value in values)
    above = sum(value > median for value in values)
    assert below == above or median in values
    assert min(values) <= median <= max(values)


def test_of_an_even_number_of_values_the_median_is_between_the_two_in_the_middle() -> None:
    assert Measurement(1, (10.0, 1.0, 2.0, 4.0)).median == 3.0


def test_the_deviation_is_the_median_of_the_distances_from_the_median() -> None:
    assert Measurement(1, (1.0, 1.0, 2.0, 2.0, 4.0, 6.0, 9.0)).deviation == 1.0


@pytest.mark.parametrize("values", NUMBERS)
def test_median_and_deviation_are_those_of_pyperf(values: tuple[float, ...]) -> None:
    """By the definitions in its ``_utils.median_abs_dev`` and ``Benchmark.median``."""
    median = statistics.median(values)
    assert Measurement(1, values).median == median
    assert Measurement(1, values).deviation == statistics.median([abs(median - v) for v in values])


def test_the_order_of_values_does_not_matter() -> None:
    values = (4.0, 1.0, 2.5, 8.0)
    found = {
        (item.median, item.minimum, item.deviation, item.is_unstable)
        for item in (Measurement(1, each) for each in permutations(values))
    }
    assert len(found) == 1


@pytest.mark.parametrize("factor", [1e-9, 1e-3, 1.0, 1e3])
@pytest.mark.parametrize("values", NUMBERS)
def test_whether_values_are_unstable_does_not_depend_on_their_size(
    values: tuple[float, ...], factor: float
) -> None:
    scaled = Measurement(1, tuple(value * factor for value in values))
    assert scaled.is_unstable == Measurement(1, values).is_unstable


@pytest.mark.parametrize(
    ("values", "unstable"),
    [
        ((1.0,), False),
        ((1.0,) * 20, False),
        ((0.95, 1.0, 1.05), False),
        # A standard deviation (of a sample, so by n - 1) of 12 % of the mean, by n of 8.5 %
        ((0.915, 1.085), True),
        ((0.8, 1.0, 1.2), True),
        # One value in a hundred, 60 % above the others: a standard deviation of 6 %
        ((1.0,) * 99 + (1.6,), True),
        ((1.0,) * 99 + (0.4,), True),
        ((1.0,) * 99 + (1.4,), False),
    ],
)
def test_values_are_unstable_where_pyperf_says_so(
    values: tuple[float, ...], unstable: bool
) -> None:
    assert Measurement(1, values).is_unstable is unstable


@pytest.mark.parametrize(
    "value", [None, True, 0, -1.5, "x", "\u00e9\ud800", [], [1, [2]], {}, {"a": {"b": [None]}}]
)
def test_a_digest_is_short_and_fit_for_a_file_name(value: Any) -> None:
    assert len(digest_of(value)) == 24
    assert digest_of(value).isalnum()


def test_equal_values_have_equal_digests_in_whatever_order_their_keys_are() -> None:
    assert digest_of({"a": 1, "b": [2]}) == digest_of({"b": [2], "a": 1})


def test_different_values_have_different_digests() -> None:
    values: list[Any] = [None, 0, 1, "", "0", "1", [], [0], ["0"], {}, {"a": 0}, {"a": "0"}, [[]]]
    assert len({digest_of(value) for value in values}) == len(values)


def test_a_digest_is_the_same_in_another_process() -> None:
    value = {"view": "dis", "job": {"source": "x = '\u00e9'\n", "options": {"depth": 1}}}
    script = (
        "import json, sys; from bytedoc.request import digest_of;"
        "print(digest_of(json.load(sys.stdin)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        input=json.dumps(value),
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONHASHSEED": "7", "PYTHONPATH": ":".join(sys.path)},
    )
    assert done.stdout.strip() == digest_of(value)


def test_a_request_is_known_by_its_view_and_its_job() -> None:
    requests = [
        Request("dis", {"source": "x\n"}),
        Request("dis", {"source": "y\n"}),
        Request("run", {"source": "x\n"}),
        Request("dis", {"source": "x\n", "mode": "eval"}),
    ]
    assert len({request.digest for request in requests}) == len(requests)
    assert Request("dis", {"source": "x\n"}).digest == requests[0].digest


INTERPRETER = Interpreter(
    executable="/usr/bin/python3.13",
    version="3.13.0",
    implementation="cpython",
    build="main Oct 7 2024",
    compiler="GCC 12.2.0",
    flags=("lto", "pgo"),
    platform="linux-x86_64",
    bits=64,
    magic=3571,
    cache_tag="cpython-313",
)


def test_an_interpreter_is_the_same_wherever_it_lies() -> None:
    moved = INTERPRETER._replace(executable="/opt/python/bin/python")
    assert moved.identity == INTERPRETER.identity


@pytest.mark.parametrize(
    "change",
    [
        {"version": "3.13.1"},
        {"implementation": "pypy"},
        {"build": "main Dec 3 2024"},
        {"compiler": "Clang 18"},
        {"flags": ("lto",)},
        {"platform": "macosx-14-arm64"},
        {"bits": 32},
        {"magic": 3572},
    ],
    ids="-".join,
)
def test_whatever_may_change_an_answer_makes_it_another_interpreter(change: Any) -> None:
    assert INTERPRETER._replace(**change).identity != INTERPRETER.identity


def test_an_interpreter_names_its_version_and_how_it_was_built() -> None:
    assert str(INTERPRETER) == "CPython 3.13.0 (lto, pgo)"
    assert str(INTERPRETER._replace(flags=())) == "CPython 3.13.0"
    assert str(INTERPRETER.release) == "3.13"


def test_a_failure_keeps_what_else_was_said() -> None:
    record = {"failure": {"kind": "syntax", "message": "invalid syntax", "line": 3}}
    assert answer_of("dis", record) == Failure("syntax", "invalid syntax", {"line": 3})


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (INTERPRETER, "version"),
        (Failure("exit", "gone"), "kind"),
        (Measurement(1, (1.0,)), "loops"),
    ],
)
def test_values_cannot_be_changed(value: Any, name: str) -> None:
    with pytest.raises(AttributeError):
        setattr(value, name, None)


def test_an_instruction_has_the_columns_of_the_probe() -> None:
    from bytedoc.probe.disassembly import FIELDS  # noqa: PLC0415 - of the other side

    assert Instruction._fields == FIELDS


def test_all_names_of_a_listing_are_in_its_order() -> None:
    rows = [[row, 2 * row, 1, name, None, "", 1, "", None, None] for row, name in enumerate("ABC")]
    record = {
        "text": "",
        "ignored": [],
        "codes": [
            {"qualname": name, "name": name, "line": 1, "instructions": rows[at : at + 2]}
            for name, at in (("f", 0), ("g", 1))
        ],
    }
    assert Listing.from_json(record).opnames() == ["A", "B", "B", "C"]
