"""Listings across releases: which have the same bytecode, which instruction is which, in words.

Every example is compiled by every interpreter here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from itertools import combinations, pairwise
from typing import Any

import pytest
from conftest import RELEASES, REQUIRED, Build, interpreter_or_skip
from markup import MARKUPS, Markup, cells, directive, found, md, output, page, soup

from bytedoc import runner
from bytedoc.answers import answer_of
from bytedoc.answers.listings import Listing
from bytedoc.comparing.compare import Change, Comparison, align, groups
from bytedoc.comparing.differences import sentences
from bytedoc.comparing.forms import spelled
from bytedoc.comparing.steps import roles_of
from bytedoc.errors import InterpreterError
from bytedoc.interpreters import Interpreters
from bytedoc.release import Release
from bytedoc.views.compare import label

#: Examples, each after its name.  They need no newer Python than the tests do: they are text.
SOURCES = """
# add
def f(a, b):
    return a + b
# annotations
x: int = 1
def f(a: list[int]) -> None: ...
# assertion
def f(x):
    assert x > 0, 'positive'
    return x
# async
async def f(urls):
    async with session() as s:
        async for url in urls:
            await s.get(url)
    return [x async for x in urls]
# attributes
def f(x, y):
    x.a = y.b
    x.b, y.b = y.b, x.b
    return x.a.b
# augmented
def f(x, d):
    x.n += 1
    d[0] -= 2
    x **= 2
    return -x, not x
# calls
def f(g, *args, **kw):
    g(1, b=2)
    g(*args, **kw)
    g(1, *args, x=1, **kw)
    return g.m(1, k=2)
# chain
def f(a, b, c):
    return a < b <= c != 0
# class
class P(B):
    '''Doc.'''
    x: int = 0
    def m(self, x):
        super().m()
        self.x = x
# closure
def f():
    n = 0
    def g():
        nonlocal n
        n += 1
        return n
    return g
# comprehension
def f(items):
    return [x * x for x in items if x]
# conditions
def f(a, b, c):
    if a and (b or not c):
        return a is None
    return b
# constants
def f(a):
    return [1, 2, 3], {'b': 1, 'a': a}, a in {'x', 'y'}, 2 * 3
# decorated
@d(1)
@e
def f(x, y='a', *, z=1):
    return x
# deletion
def f(x, d):
    del d['a'], d.b, x
# finally
def f(x):
    try:
        g(x)
    finally:
        h(x)
# format
def f(name, n):
    return f'Hello {name!r:>{n}}, {n:03d}!'
# generator
def f(tree):
    for node in tree:
        got = yield node
        yield from f(got)
# genexp
def f(items):
    return g(x * 2 for x in items)
# globals
n = 0
def f():
    global n
    n += 1
    print(n)
# imports
import os.path as p, sys
from collections import deque as d
from os import *
# lambda
key = lambda pair, default=3: pair[1] or default
# loop
def f(items):
    n = 0
    for item in items:
        n += item
    return n
# match
def f(shape):
    match shape:
        case {'kind': 'circle', 'r': r}:
            return r
        case [w, h] | (w, h, _):
            return w
        case P(x=0, y=y):
            return y
# method
def f(items):
    items.append(1)
    return items.pop().upper()
# nested
def f(a):
    def g(b):
        return {a + b + c: [d for d in c] for c in g(b)}
    return g
# nothing
def f():
    pass
# raising
def f(x):
    if not x:
        raise ValueError(f'bad {x}')
    raise
# slices
def f(x, i, j):
    x[i:j] = x[1:]
    return x[::2], x[:-1]
# ternary
def f(a, b):
    return a if a else b
# try
def f(text):
    try:
        return int(text)
    except ValueError as error:
        print(error)
# unpacking
def f(p):
    a, b = b, a = p
    first, *rest = p
    return [*rest, first], (*a, *b), {**b, 'x': 1}
# walrus
def f(data):
    while (chunk := data.read(10)):
        use(chunk)
# while
def f(n):
    while n > 0:
        n -= 1
        if n == 5:
            break
    return n
# with
def f(path):
    with open(path) as file:
        return file.read()
"""
#: The examples that are compared as modules; of the others it is the function ``f``.
MODULES = {"annotations", "class", "decorated", "imports", "lambda"}
EXAMPLES = dict(re.findall(r"(?m)^# (\w+)\n((?:(?!# ).*\n)+)", SOURCES))

Job = dict[str, Any]
Listings = Mapping[str, Mapping[Release, Listing]]
Record = Callable[[str, list[Job]], list[Any]]
Compare = Callable[[str, str, str], Comparison]


@pytest.fixture(scope="session")
def record(interpreters: Interpreters) -> Record:
    """Has the interpreter of a release answer jobs; it is one that is here."""

    def ask(release: str, jobs: list[Job]) -> list[Any]:
        found: dict[int, Any] = {}
        executable = interpreters.get(release).executable
        jobs = [{"view": "dis", "filename": "<example>", **job} for job in jobs]
        runner.run(executable, jobs, runner.Limits(), found.__setitem__)
        return [answer_of("dis", found[index]) for index in range(len(jobs))]

    return ask


@pytest.fixture(scope="session")
def here(interpreters: Interpreters) -> list[str]:
    """The releases that are here; those that are required must be."""
    found = []
    for release in RELEASES:
        try:
            interpreters.get(release)
        except InterpreterError as error:
            if release in REQUIRED:
                pytest.fail(f"Python {release} is required, but: {error.message}")
        else:
            found.append(release)
    return found


@pytest.fixture(scope="session")
def listings(here: list[str], record: Record) -> Listings:
    """The listing of every example in every release that is here and can compile it."""
    found: dict[str, dict[Release, Listing]] = {name: {} for name in EXAMPLES}
    jobs: list[Job] = [
        {"source": source} if name in MODULES else {"source": source, "object": "f"}
        for name, source in EXAMPLES.items()
    ]
    for release in here:
        for name, answer in zip(EXAMPLES, record(release, jobs), strict=True):
            if isinstance(answer, Listing):
                found[name][Release.parse(release)] = answer
    return found


@pytest.fixture
def compared(listings: Listings) -> Compare:
    """Aligns an example in two releases, which must be here."""

    def compare(example: str, old: str, new: str) -> Comparison:
        found = listings[example]
        sides = [found.get(Release.parse(name)) for name in (old, new)]
        if sides[0] is None or sides[1] is None:
            pytest.skip(f"{old} or {new} is not here")
        return align(sides[0], sides[1])

    return compare


def pairs(found: Mapping[Release, Listing]) -> Iterator[tuple[Listing, Listing]]:
    """Every two releases of an example, the older first."""
    return combinations([found[release] for release in sorted(found)], 2)


def instructions(listing: Listing) -> list[int]:
    """The identities of all instructions that stand for themselves."""
    parts = ("CACHE", "EXTENDED_ARG")
    return [
        id(item) for code in listing.codes for item in code.instructions if item.opname not in parts
    ]


def changed(comparison: Comparison) -> list[Change]:
    return [change for code in comparison.codes for change in code.changes if change.kind != "same"]


def named(change: Change) -> tuple[str, str]:
    """The names in a change, as ``LOAD_CONST RETURN_VALUE`` and ``RETURN_CONST``."""
    old, new = (" ".join(item.opname for item in side) for side in (change.old, change.new))
    return old, new


def edited(listing: Listing, number: int, **fields: Any) -> Listing:
    """A listing with another instruction in its first code object."""
    code = listing.codes[0]
    items = list(code.instructions)
    items[number] = items[number]._replace(**fields)
    return listing._replace(codes=(code._replace(instructions=tuple(items)), *listing.codes[1:]))


def test_the_examples_are_read() -> None:
    assert len(EXAMPLES) == SOURCES.count("\n# ") >= 25
    assert "".join(f"# {name}\n{source}" for name, source in EXAMPLES.items()) == SOURCES[1:]


# Groups -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_release_is_in_one_group_with_its_own_listing(
    listings: Listings, example: str
) -> None:
    found = groups(listings[example])
    releases = [release for group in found for release in group.releases]
    assert releases == sorted(listings[example])
    for group in found:
        assert [listings[example][release] for release in group.releases] == list(group.listings)


@pytest.mark.parametrize(
    ("example", "runs"),
    [
        ("nothing", ["3.6 3.7 3.8 3.9 3.10", "3.11", "3.12 3.13", "3.14", "3.15"]),
        ("add", ["3.6 3.7 3.8 3.9 3.10", "3.11 3.12", "3.13", "3.14 3.15"]),
        # Jumps by bytes and, from 3.10 on, by code units, absolute and relative.
        ("chain", ["3.6 3.7 3.8 3.9 3.10", "3.11", "3.12", "3.13", "3.14 3.15"]),
        # 3.7 calls methods without binding them.  ``NULL|self + pop`` is ``pop + NULL|self``.
        ("method", ["3.6", "3.7 3.8 3.9 3.10", "3.11", "3.12 3.13", "3.14 3.15"]),
        # The cleanup is of another line in 3.10, which is not bytecode, but RERAISE restores more.
        ("with", ["3.6", "3.7", "3.8", "3.9", "3.10", "3.11", "3.12", "3.13", "3.14", "3.15"]),
        ("ternary", ["3.6 3.7 3.8 3.9 3.10", "3.11", "3.12", "3.13", "3.14 3.15"]),
        ("attributes", ["3.6 3.7 3.8 3.9 3.10", "3.11 3.12 3.13", "3.14 3.15"]),
        ("finally", ["3.6 3.7", "3.8", "3.9", "3.10", "3.11", "3.12 3.13", "3.14", "3.15"]),
        ("comprehension", ["3.6 3.7 3.8 3.9 3.10", "3.11", "3.12", "3.13", "3.14", "3.15"]),
        ("walrus", ["3.8 3.9", "3.10", "3.11", "3.12", "3.13", "3.14", "3.15"]),
        ("match", ["3.10", "3.11", "3.12", "3.13", "3.14", "3.15"]),
    ],
)
def test_these_releases_have_the_same_bytecode(
    listings: Listings, example: str, runs: list[str]
) -> None:
    known = [str(release) for release in listings[example]]
    expected = [[name for name in run.split() if name in known] for run in runs]
    found = [[str(release) for release in group.releases] for group in groups(listings[example])]
    assert found == [run for run in expected if run]


@pytest.mark.parametrize("release", RELEASES)
def test_inline_caches_and_offsets_do_not_count(
    here: list[str], record: Record, release: str
) -> None:
    if release not in here:
        pytest.skip(f"{release} is not here")
    source = EXAMPLES["loop"]
    options = {"show_caches": True, "show_offsets": True}
    plain, full = record(release, [{"source": source}, {"source": source, "options": options}])
    assert len(groups({Release(3, 1): plain, Release(3, 2): full})) == 1
    assert all(kind == "same" for _, _, kind in align(plain, full).rows())


def test_the_parts_of_long_jumps_do_not_count(here: list[str], record: Record) -> None:
    """3.10 counts code units, so that fewer jumps need an EXTENDED_ARG."""
    if not {"3.9", "3.10"} <= {*here}:
        pytest.skip("3.9 or 3.10 is not here")
    source = "if a:\n" + "    b = c\n" * 100 + "d = e\n"
    found = {}
    for release in ("3.9", "3.10"):
        (found[Release.parse(release)],) = record(release, [{"source": source}])
    extended = [listing.opnames().count("EXTENDED_ARG") for listing in found.values()]
    assert extended[0] > extended[1]
    assert len(groups(found)) == 1


def test_what_counts_is_what_an_instruction_does(listings: Listings) -> None:
    listing = next(iter(listings["loop"].values()))
    items = listing.codes[0].instructions
    first = next(n for n, item in enumerate(items) if item.argrepr)
    jump = next(n for n, item in enumerate(items) if item.target is not None)

    def same(other: Listing) -> bool:
        return len(groups({Release(3, 1): listing, Release(3, 2): other})) == 1

    assert same(edited(listing, first, line=99, label="L9", positions=None, opcode=0, arg=77))
    assert same(edited(listing, jump, arg=77, argrepr="to elsewhere"))
    assert not same(edited(listing, first, argrepr="'another'"))
    assert not same(edited(listing, first, opname="ANOTHER"))
    assert not same(edited(listing, jump, target=0))
    shorter = listing.codes[0]._replace(instructions=items[:-1])
    assert not same(listing._replace(codes=(shorter,)))
    assert not same(listing._replace(codes=(listing.codes[0], listing.codes[0])))


@pytest.mark.parametrize(
    ("argument", "other"),
    [
        ("NULL + print", "print + NULL"),
        ("NULL|self + pop", "pop + NULL|self"),
        (
            "<code object <listcomp> at 0x..., file '<a>', line 2>",
            "<code object <listcomp> at 0x..., file '<a>', line 1>",
        ),
        ("frozenset({'a', 'b', (1, 'c')})", "frozenset({(1, 'c'), 'b', 'a'})"),
        ("'\N{MELTING FACE}'", r"'\U0001fae0'"),
    ],
)
def test_spellings_of_dis_do_not_count(argument: str, other: str) -> None:
    assert spelled(argument) == spelled(other)


@pytest.mark.parametrize(
    ("argument", "other"),
    [
        ("print + NULL", "print"),
        ("print + NULL", "print + NULL|self"),
        ("'a + NULL'", "'a'"),
        ("bool(<)", "<"),
        ("frozenset({1, 2})", "frozenset({1, 3})"),
        ("frozenset({'a, b'})", "frozenset({'a', 'b'})"),
        ("<code object f at 0x..., file '<a>', line 2>", "<code object g at 0x...>"),
    ],
)
def test_other_arguments_count(argument: str, other: str) -> None:
    assert spelled(argument) != spelled(other)


# Which instruction is which -----------------------------------------------------------------------


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_instruction_is_in_one_row_in_its_order(listings: Listings, example: str) -> None:
    for old, new in pairs(listings[example]):
        rows = list(align(old, new).rows())
        for number, listing in enumerate((old, new)):
            found = [id(row[number]) for row in rows if row[number] is not None]
            assert sorted(found) == sorted(instructions(listing))
            for code in listing.codes:
                own = [id(item) for item in code.instructions]
                assert [each for each in found if each in own] == [
                    each for each in own if each in found
                ]


@pytest.mark.parametrize("example", EXAMPLES)
def test_what_a_row_is_said_to_be_it_is(listings: Listings, example: str) -> None:
    for old, new in pairs(listings[example]):
        for change in (each for code in align(old, new).codes for each in code.changes):
            sizes = bool(change.old), bool(change.new)
            expected = {"removed": (True, False), "added": (False, True)}
            assert sizes == expected.get(change.kind, (True, True))
            if change.kind == "same":
                assert len(change.pairs) == 1
                assert change.old[0].opname == change.new[0].opname


@pytest.mark.parametrize("example", EXAMPLES)
def test_a_listing_differs_in_nothing_from_itself(listings: Listings, example: str) -> None:
    for release, listing in listings[example].items():
        found = align(listing, listing)
        assert found.is_same
        assert all(old is new and kind == "same" for old, new, kind in found.rows())
        assert sentences(found, release, release) == []


@pytest.mark.parametrize("example", EXAMPLES)
def test_nothing_differs_where_the_bytecode_is_the_same_and_only_there(
    listings: Listings, example: str
) -> None:
    for old, new in combinations(sorted(listings[example]), 2):
        both = {release: listings[example][release] for release in (old, new)}
        found = align(both[old], both[new])
        assert found.is_same == (len(groups(both)) == 1)
        assert bool(sentences(found, old, new)) != found.is_same


@pytest.mark.parametrize("example", EXAMPLES)
def test_what_one_way_is_gone_is_new_the_other_way(listings: Listings, example: str) -> None:
    mirrored = {"removed": "added", "added": "removed"}
    for old, new in pairs(listings[example]):
        there, back = align(old, new), align(new, old)
        assert there.is_same == back.is_same
        kinds = {code.qualname: mirrored.get(code.kind, code.kind) for code in there.codes}
        assert kinds == {code.qualname: code.kind for code in back.codes}


@pytest.mark.parametrize(
    ("example", "old", "new", "expected"),
    [
        ("loop", "3.6", "3.8", [("SETUP_LOOP", ""), ("POP_BLOCK", "")]),
        ("add", "3.10", "3.11", [("", "RESUME"), ("BINARY_ADD", "BINARY_OP")]),
        ("add", "3.12", "3.13", [("LOAD_FAST LOAD_FAST", "LOAD_FAST_LOAD_FAST")]),
        (
            "add",
            "3.13",
            "3.14",
            [("LOAD_FAST_LOAD_FAST", "LOAD_FAST_BORROW_LOAD_FAST_BORROW")],
        ),
        ("nothing", "3.11", "3.12", [("LOAD_CONST RETURN_VALUE", "RETURN_CONST")]),
        ("nothing", "3.13", "3.14", [("RETURN_CONST", "LOAD_CONST RETURN_VALUE")]),
        (
            "chain",
            "3.11",
            "3.12",
            [
                ("JUMP_IF_FALSE_OR_POP", "COPY POP_JUMP_IF_FALSE POP_TOP"),
                ("JUMP_IF_FALSE_OR_POP", "COPY POP_JUMP_IF_FALSE POP_TOP"),
                ("JUMP_FORWARD", "RETURN_VALUE"),
            ],
        ),
        ("ternary", "3.12", "3.13", [("", "TO_BOOL")]),
        (
            "method",
            "3.6",
            "3.7",
            [("LOAD_ATTR", "LOAD_METHOD"), ("CALL_FUNCTION", "CALL_METHOD")] * 3,
        ),
        (
            "loop",
            "3.8",
            "3.14",
            [
                ("", "RESUME"),
                ("LOAD_CONST", "LOAD_SMALL_INT"),
                ("LOAD_FAST", "LOAD_FAST_BORROW"),
                ("LOAD_FAST LOAD_FAST", "LOAD_FAST_BORROW_LOAD_FAST_BORROW"),
                ("INPLACE_ADD", "BINARY_OP"),
                ("JUMP_ABSOLUTE", "JUMP_BACKWARD"),
                ("", "END_FOR POP_ITER"),
                ("LOAD_FAST", "LOAD_FAST_BORROW"),
            ],
        ),
    ],
)
def test_this_became_that(
    compared: Compare,
    example: str,
    old: str,
    new: str,
    expected: list[tuple[str, str]],
) -> None:
    assert [named(change) for change in changed(compared(example, old, new))] == expected


def test_a_comprehension_that_runs_inline_is_compared_where_it_was_called(
    compared: Compare,
) -> None:
    found = compared("comprehension", "3.11", "3.12")
    (code,) = found.codes
    assert code.inlined == (("f.<locals>.<listcomp>", "removed"),)
    kept = [change.old[0].opname for change in code.changes if change.kind == "same"]
    assert "LIST_APPEND" in kept
    assert "FOR_ITER" in kept


def test_comprehensions_within_others_are_found(
    compared: Compare,
) -> None:
    found = compared("nested", "3.8", "3.13")
    assert [code.qualname for code in found.codes] == ["f", "f.<locals>.g"]
    names = [name.rpartition(".")[2] for name, _ in found.codes[1].inlined]
    assert names == ["<dictcomp>", "<listcomp>"]
    kept = [change.old[0].opname for change in found.codes[1].changes if change.kind == "same"]
    assert {"MAP_ADD", "LIST_APPEND"} <= {*kept}


def test_a_code_object_of_one_release_is_told_as_such(
    compared: Compare,
) -> None:
    found = compared("annotations", "3.13", "3.14")
    assert [code.qualname for code in found.codes if code.kind == "added"] == ["__annotate__"] * 2


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("POP_JUMP_FORWARD_IF_FALSE", "POP_JUMP_IF_FALSE"),
        ("JUMP_ABSOLUTE", "JUMP_BACKWARD"),
        ("JUMP_FORWARD", "JUMP_BACKWARD_NO_INTERRUPT"),
        ("LOAD_FAST_BORROW", "LOAD_FAST"),
        ("LOAD_FAST_CHECK", "LOAD_FAST"),
        ("LOAD_METHOD", "LOAD_ATTR"),
        ("BINARY_ADD", "BINARY_OP"),
        ("INPLACE_ADD", "BINARY_OP"),
        ("CALL_METHOD", "CALL_FUNCTION"),
        ("LOAD_FAST_BORROW_LOAD_FAST_BORROW", "LOAD_FAST_LOAD_FAST"),
    ],
)
def test_names_for_the_same_have_the_same_role(name: str, other: str) -> None:
    assert roles_of(name) == roles_of(other)


@pytest.mark.parametrize(
    ("name", "steps"),
    [
        ("LOAD_FAST_LOAD_FAST", ["LOAD_FAST", "LOAD_FAST"]),
        ("STORE_FAST_LOAD_FAST", ["STORE_FAST", "LOAD_FAST"]),
        ("STORE_FAST_STORE_FAST", ["STORE_FAST", "STORE_FAST"]),
        ("RETURN_CONST", ["LOAD_CONST", "RETURN_VALUE"]),
        ("LOAD_FAST_AND_CLEAR", ["LOAD_FAST_AND_CLEAR"]),
    ],
)
def test_an_instruction_may_be_several_steps(name: str, steps: list[str]) -> None:
    assert roles_of(name) == tuple(role for step in steps for role in roles_of(step))


def test_very_long_lines_are_compared(here: list[str], record: Record) -> None:
    """They are compared in halves, so that this takes no minutes."""
    if not {"3.11", "3.12"} <= {*here}:
        pytest.skip("3.11 or 3.12 is not here")
    source = "x = [" + ", ".join(["f(a)"] * 300) + "]\n"
    found = align(*(record(release, [{"source": source}])[0] for release in ("3.11", "3.12")))
    assert ("PRECALL", "") in {named(change) for change in changed(found)}
    assert sum(kind == "same" for *_, kind in found.rows()) > 1000


# In words -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("example", "old", "new", "expected"),
    [
        (
            "nothing",
            "3.11",
            "3.12",
            ["`LOAD_CONST` and `RETURN_VALUE` became `RETURN_CONST`."],
        ),
        (
            "loop",
            "3.10",
            "3.11",
            [
                "`RESUME` is new at the start.",
                "`INPLACE_ADD` became `BINARY_OP` with `+=`.",
                "`JUMP_ABSOLUTE` became `JUMP_BACKWARD`.",
            ],
        ),
        (
            "loop",
            "3.12",
            "3.13",
            [
                "Two `LOAD_FAST` became `LOAD_FAST_LOAD_FAST`.",
                "`POP_TOP` is new after `END_FOR`.",
            ],
        ),
        ("loop", "3.7", "3.8", ["`SETUP_LOOP` is gone.", "`POP_BLOCK` is gone."]),
        (
            "assertion",
            "3.12",
            "3.13",
            ["The argument of `COMPARE_OP` is `bool(>)` instead of `>`."],
        ),
        (
            "method",
            "3.10",
            "3.11",
            [
                "`RESUME` is new at the start.",
                "`CALL_METHOD` became `PRECALL` and `CALL` (three times).",
            ],
        ),
        (
            "chain",
            "3.10",
            "3.11",
            [
                "`RESUME` is new at the start.",
                "`DUP_TOP` and `ROT_THREE` became `SWAP` and `COPY` (twice).",
                "In place of `RETURN_VALUE` there is `JUMP_FORWARD`.",
                "`ROT_TWO` became `SWAP`.",
            ],
        ),
        (
            "calls",
            "3.12",
            "3.13",
            [
                "`PUSH_NULL` moved after `LOAD_FAST` (three times).",
                "`KW_NAMES` became `LOAD_CONST` (twice).",
                "`CALL` became `CALL_KW` (twice).",
            ],
        ),
        (
            "globals",
            "3.10",
            "3.11",
            [
                "`RESUME` is new at the start.",
                "`INPLACE_ADD` became `BINARY_OP` with `+=`.",
                "`LOAD_GLOBAL` pushes a NULL, too.",
                "`CALL_FUNCTION` became `PRECALL` and `CALL`.",
            ],
        ),
        (
            "comprehension",
            "3.14",
            "3.15",
            [
                "`LOAD_FAST_BORROW` became `LOAD_FAST`.",
                "`GET_ITER` moved before `FOR_ITER`.",
                "The argument of `LIST_APPEND` is `3` instead of `2`.",
            ],
        ),
        ("with", "3.9", "3.10", ["`RERAISE` has an argument now."]),
        (
            "calls",
            "3.13",
            "3.14",
            [
                "`LOAD_FAST` became `LOAD_FAST_BORROW` (eight times).",
                "`LOAD_CONST` became `LOAD_SMALL_INT` (six times).",
                "`CALL_FUNCTION_EX` has no argument any more (twice).",
            ],
        ),
        ("finally", "3.7", "3.8", ["In place of `LOAD_CONST` there is `BEGIN_FINALLY`."]),
        (
            "annotations",
            "3.10",
            "3.11",
            ["`RESUME` is new at the start (twice).", "`LOAD_CONST` with `'f'` is gone."],
        ),
    ],
)
def test_differences_are_told_in_sentences(
    compared: Compare,
    example: str,
    old: str,
    new: str,
    expected: list[str],
) -> None:
    found = compared(example, old, new)
    told = sentences(found, Release.parse(old), Release.parse(new))
    assert [str(sentence) for sentence in told] == expected


def test_a_sentence_says_where_instructions_of_a_code_object_went(
    compared: Compare,
) -> None:
    first = sentences(compared("comprehension", "3.11", "3.12"), Release(3, 11), Release(3, 12))[0]
    assert str(first) == (
        "In 3.12 `f.<locals>.<listcomp>` is no code object of its own: it runs within `f`."
    )


@pytest.mark.parametrize("example", EXAMPLES)
def test_no_difference_is_told_twice(listings: Listings, example: str) -> None:
    for old, new in pairwise(sorted(listings[example])):
        found = align(listings[example][old], listings[example][new])
        told = [str(sentence) for sentence in sentences(found, old, new)]
        assert len({*told}) == len(told)


@pytest.mark.parametrize("example", EXAMPLES)
def test_the_names_in_sentences_are_marked(listings: Listings, example: str) -> None:
    for old, new in pairwise(sorted(listings[example])):
        both = [listings[example][release] for release in (old, new)]
        known = {name for listing in both for name in listing.opnames()}
        for sentence in sentences(align(*both), old, new):
            assert {text for text, kind in sentence.words if kind == "op"} <= known
            words = {
                word for text, kind in sentence.words if kind == "text" for word in text.split()
            }
            assert not known & {word.strip(".,:") for word in words}


# On pages -----------------------------------------------------------------------------------------

THREE = {"bytedoc_releases": ["3.11", "3.12", "3.13"]}


@pytest.fixture
def three(interpreters: Interpreters) -> dict[str, Any]:
    """The configuration that compares three releases, which must be here."""
    for name in THREE["bytedoc_releases"]:
        interpreter_or_skip(interpreters, name)
    return {**THREE, "bytedoc_histories": False}


def add(**options: str | bool) -> str:
    """A comparison of the addition, by the directive."""
    return directive("md", "compare", "", EXAMPLES["add"], name="add", object="f", **options)


@pytest.mark.parametrize("markup", MARKUPS)
def test_a_page_shows_the_groups_their_listings_and_what_changed(
    build: Build, three: dict[str, Any], markup: Markup
) -> None:
    source = EXAMPLES["add"]
    text = directive(markup, "compare", "", source, name="add", object="f")
    built = build(page(markup, text), target="3.13", conf=three)
    assert built.warnings == ""
    shown = output(built, "compare")
    assert cells(found(shown, "table.bytedoc-groups"))[1:] == [
        ["3.11 and 3.12", "5", ""],
        ["3.13", "4", "1 difference"],
    ]
    assert [title.get_text() for title in shown.select(".rubric")] == [
        "3.11 and 3.12",
        "From 3.12 to 3.13",
        "3.13",
    ]
    assert ["RESUME" in each.get_text() for each in shown.select("pre")] == [True, True]
    told = [each.get_text() for each in shown.select(".bytedoc-differences li")]
    assert told == ["Two LOAD_FAST became LOAD_FAST_LOAD_FAST."]
    assert cells(found(shown, "table.bytedoc-aligned")) == [
        ["Line", "3.12", "", "3.13"],
        ["1", "RESUME 0", "", "RESUME 0"],
        ["2", "LOAD_FAST a", "became", "LOAD_FAST_LOAD_FAST a, b"],
        ["", "LOAD_FAST b", ""],
        ["", "BINARY_OP +", "", "BINARY_OP +"],
        ["", "RETURN_VALUE", "", "RETURN_VALUE"],
    ]


def test_links_lead_to_what_is_there_and_anchors_are_unique(
    build: Build, three: dict[str, Any]
) -> None:
    again = directive("md", "compare", "add") + directive("md", "dis", "add")
    table = directive("md", "opcode-table")
    conf = {**three, "bytedoc_histories": True}
    built = build(md(add(), again, table), target="3.13", conf=conf)
    assert built.warnings == ""
    for name in ("index.html", "history/add.html"):
        whole = soup(built, name)
        ids = [str(each["id"]) for each in whole.select("[id]")]
        assert len({*ids}) == len(ids)
        links = [str(each["href"]) for each in whole.select(".bytedoc-groups a")]
        assert links
        assert {link.removeprefix("#") for link in links} <= {*ids}
    names = output(built, "compare").select(".bytedoc-differences a, .bytedoc-aligned a")
    assert {str(name["href"]) for name in names} == {
        "https://docs.python.org/3.12/library/dis.html#opcode-LOAD_FAST",
        "#opcode-LOAD_FAST_LOAD_FAST",
    }


def test_jumps_are_told_by_the_rows_to_which_they_lead(build: Build, three: dict[str, Any]) -> None:
    source = EXAMPLES["ternary"]
    text = directive("md", "compare", "", source, object="f", releases="3.12-3.13")
    built = build(md(text), target="3.13", conf=three)
    rows = cells(found(output(built, "compare"), "table.bytedoc-aligned"))
    jump = next(row for row in rows if row[1].startswith("POP_JUMP_IF_FALSE"))
    assert jump[1:] == ["POP_JUMP_IF_FALSE to L1", "", "POP_JUMP_IF_FALSE to L1"]
    target = next(row for row in rows if row[0].endswith("L1"))
    assert target[1:] == ["LOAD_FAST b", "", "LOAD_FAST b"]


def test_every_row_that_differs_says_so_in_a_word(build: Build, three: dict[str, Any]) -> None:
    text = directive("md", "compare", "", EXAMPLES["with"], object="f")
    built = build(md(text), target="3.13", conf=three)
    signs = {"changed": {"became", "replaced by"}, "removed": {"gone"}, "added": {"new"}}
    rows = output(built, "compare").select(".bytedoc-aligned tbody tr")
    waiting, kinds = 0, set()
    for row in rows:
        kind = " ".join(map(str, row.get_attribute_list("class"))) or "same"
        if waiting:  # the word stands in a row above, and spans this one
            waiting -= 1
            continue
        sign = row.select("td")[2]
        assert sign.get_text() in signs.get(kind, {""})
        waiting = int(str(sign.get("rowspan", "1"))) - 1
        kinds.add(kind)
    assert kinds == {"same", *signs}


def test_a_release_that_cannot_compile_it_is_in_the_table(
    build: Build, three: dict[str, Any]
) -> None:
    source = "type Alias = int\n"
    built = build(md(directive("md", "compare", "", source)), target="3.13", conf=three)
    assert "compare on 3.11: SyntaxError" in built.warnings
    rows = cells(found(output(built, "compare"), "table.bytedoc-groups"))
    assert rows[1][0] == "3.11"
    assert "SyntaxError" in rows[1][2]
    since = directive("md", "compare", "", source, since="3.12")
    built = build(md(since), target="3.13", conf=three)
    assert built.warnings == ""
    assert cells(found(output(built, "compare"), "table.bytedoc-groups"))[1][0] == "3.12 and 3.13"


def test_releases_can_be_chosen(build: Build, three: dict[str, Any]) -> None:
    chosen = {"3.12": ["3.12"], "3.11, 3.13": ["3.11", "3.13"], "3.12+": ["3.12", "3.13"]}
    more = [directive("md", "compare", "add", releases=releases) for releases in chosen]
    built = build(md(add(), *more), target="3.13", conf=three)
    assert built.warnings == ""
    for number, expected in enumerate(chosen.values(), start=1):
        rows = cells(found(output(built, "compare", number), "table.bytedoc-groups"))[1:]
        assert [row[0] for row in rows] == expected


@pytest.mark.parametrize(
    ("releases", "told"),
    [
        ("3.11 3.99", "3.99 is not one of the releases that are compared: 3.11, 3.12, 3.13"),
        ("newest", "'newest' is not a range of releases"),
    ],
)
def test_releases_that_are_not_compared_are_told(
    build: Build, three: dict[str, Any], releases: str, told: str
) -> None:
    built = build(md(add(releases=releases)), target="3.13", conf=three)
    assert told in built.warnings


def test_claims_hold_for_every_release(build: Build, three: dict[str, Any]) -> None:
    holding = "BINARY_OP; LOAD_FAST x2 -3.12; LOAD_FAST_LOAD_FAST 3.13"
    assert build(md(add(expect=holding)), target="3.13", conf=three).warnings == ""
    told = build(md(add(expect="LOAD_FAST x2")), target="3.13", conf=three).warnings
    assert "add on 3.13: expected LOAD_FAST x2" in told
    assert "on 3.12" not in told


@pytest.mark.parametrize("builder", ["text", "latex", "epub", "man", "texinfo", "xml", "dirhtml"])
def test_every_builder_shows_it(build: Build, three: dict[str, Any], builder: str) -> None:
    conf = {**three, "version": "1", "copyright": "nobody"}  # which epub wants
    built = build(md(add()), builder, target="3.13", conf=conf)
    assert built.warnings == ""


def test_text_shows_the_instructions_side_by_side(build: Build, three: dict[str, Any]) -> None:
    built = build(md(add()), "text", target="3.13", conf=three)
    lines = [" ".join(line.split()) for line in built.read("index.txt").splitlines()]
    assert '* Two "LOAD_FAST" became "LOAD_FAST_LOAD_FAST".' in lines
    assert "2 LOAD_FAST a became LOAD_FAST_LOAD_FAST a, b" in lines
    assert 'LOAD_FAST b "' in lines


def test_what_an_example_holds_is_escaped(build: Build, three: dict[str, Any]) -> None:
    source = "def f(a):\n    return a < '<script>alert(1)</script>' < a\n"
    text = directive("md", "compare", "", source, object="f", releases="3.11-3.12")
    built = build(md(text), target="3.13", conf=three)
    shown = output(built, "compare")
    assert shown.select("script") == []
    assert "<script>alert(1)</script>" in found(shown, ".bytedoc-aligned").get_text()


def test_a_history_shows_every_two_groups_of_releases(build: Build, three: dict[str, Any]) -> None:
    text = directive("md", "dis", "", EXAMPLES["loop"], name="loop", object="f")
    built = build(md(text), target="3.13", conf={**three, "bytedoc_histories": True})
    assert built.warnings == ""
    history = soup(built, "history/loop.html")
    rows = cells(found(history, "table.bytedoc-groups"))[1:]
    assert [row[0] for row in rows] == ["3.11", "3.12", "3.13"]
    (pair,) = history.select("details")
    assert not pair.has_attr("open")
    assert found(pair, "summary").get_text() == "3.11 and 3.13: 2 differences"
    assert [each.get_text() for each in pair.select("li")] == [
        "Two LOAD_FAST became LOAD_FAST_LOAD_FAST.",
        "END_FOR and POP_TOP are new after JUMP_BACKWARD.",
    ]
    assert "3.11" in found(pair, "table.bytedoc-aligned").get_text()


@pytest.mark.parametrize(
    ("releases", "known", "expected"),
    [
        ("3.8", "3.8", "3.8"),
        ("3.8 3.9", "3.8 3.9 3.10", "3.8 and 3.9"),
        ("3.8 3.9 3.10", "3.8 3.9 3.10", "3.8 to 3.10"),
        ("3.8 3.9 3.11", "3.8 3.9 3.10 3.11", "3.8, 3.9 and 3.11"),
    ],
)
def test_a_group_is_called_by_its_releases(releases: str, known: str, expected: str) -> None:
    some, among = ([Release.parse(name) for name in each.split()] for each in (releases, known))
    assert label(some, among) == expected
