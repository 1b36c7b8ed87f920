"""What changed in the instruction set, release by release, as ten interpreters tell it.

First the comparison itself, then the view that shows it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cache
from itertools import pairwise

import pytest
from conftest import RELEASES, Build, interpreter_or_skip
from docutils import nodes
from markup import MARKUPS, Markup, cells, directive, found, md, output, page

from bytedoc import runner
from bytedoc.answers import answer_of
from bytedoc.answers.opcodes import Opcode
from bytedoc.comparing.changes import (
    Changed,
    InstructionSetChanges,
    Renumbered,
    changes,
    instruction_table,
    of_kind,
    ranges,
)
from bytedoc.examples import Example
from bytedoc.interpreters import Interpreters
from bytedoc.release import Release, ReleaseRange
from bytedoc.request import Interpreter
from bytedoc.views.changes import ChangedExample, examples_part, sentence, stack_effect

PAIRS = list(pairwise(RELEASES))

#: How many instructions of each kind a release has, counted in its own ``opcode.opmap`` and
#: ``opcode._specializations``: real, instrumented, pseudo, specialised.
COUNTS = {
    "3.6": (118, 0, 0, 0),
    "3.7": (119, 0, 0, 0),
    "3.8": (120, 0, 0, 0),
    "3.9": (119, 0, 0, 0),
    "3.10": (127, 0, 0, 0),
    "3.11": (110, 0, 0, 71),
    "3.12": (111, 18, 11, 64),
    "3.13": (119, 19, 12, 74),
    "3.14": (122, 21, 11, 84),
    "3.15": (122, 21, 11, 91),
}
#: How many real ones came and went since the release before.
CAME_AND_WENT = {
    "3.7": (2, 1),
    "3.8": (5, 4),
    "3.9": (11, 12),
    "3.10": (8, 0),
    "3.11": (29, 46),
    "3.12": (20, 19),
    "3.13": (11, 3),
    "3.14": (9, 6),
    "3.15": (1, 1),
}


@cache
def asked(executable: str) -> tuple[Opcode, ...]:
    # What the values of an argument mean is told by the reference, not as a change.
    found = answer_of("opcodes", {"ok": runner.ask(executable, "opcodes")})
    return tuple(item._replace(values=()) for item in found)


def opcodes(interpreters: Interpreters, release: str) -> tuple[Opcode, ...]:
    """The instructions that the interpreter of a release has."""
    return asked(interpreter_or_skip(interpreters, release).executable)


def applied(found: InstructionSetChanges, old: Sequence[Opcode]) -> list[Opcode]:
    """The instruction set that these changes make of an old one."""
    gone = {item.name for item in found.removed}
    now = {item.name: item for item in old if item.name not in gone}
    for name, before, number in found.renumbered:
        assert now[name].number == before
        now[name] = now[name]._replace(number=number)
    for name, field, before, value in found.changed:
        assert getattr(now[name], field) == before
        now[name] = now[name]._replace(**{field: value})
    now |= {item.name: item for item in found.added}
    return sorted(now.values(), key=lambda item: item.number)


@pytest.mark.parametrize("release", RELEASES)
def test_every_kind_of_instruction_is_counted(interpreters: Interpreters, release: str) -> None:
    counted = Counter(item.kind for item in opcodes(interpreters, release))
    kinds = ("real", "instrumented", "pseudo", "specialised")
    assert tuple(counted[kind] for kind in kinds) == COUNTS[release]


@pytest.mark.parametrize(("before", "after"), PAIRS)
def test_so_many_instructions_came_and_went(
    interpreters: Interpreters, before: str, after: str
) -> None:
    old, new = (of_kind(opcodes(interpreters, name), "real") for name in (before, after))
    found = changes(old, new)
    assert (len(found.added), len(found.removed)) == CAME_AND_WENT[after]
    assert len(found.kept) == len(new) - len(found.added) == len(old) - len(found.removed)


@pytest.mark.parametrize("after", RELEASES)
@pytest.mark.parametrize("before", RELEASES)
def test_the_changes_make_the_new_instructions_of_the_old_ones(
    interpreters: Interpreters, before: str, after: str
) -> None:
    """Of any two releases, in either direction."""
    old, new = opcodes(interpreters, before), opcodes(interpreters, after)
    found = changes(old, new)
    assert applied(found, old) == list(new)
    assert bool(found) == (old != new)
    back = changes(new, old)
    assert (back.added, back.removed) == (found.removed, found.added)
    assert back.kept == found.kept


@pytest.mark.parametrize("release", RELEASES)
def test_from_a_release_to_itself_nothing_changes(interpreters: Interpreters, release: str) -> None:
    same = opcodes(interpreters, release)
    found = changes(same, list(reversed(same)))
    assert not found
    assert [*found.added, *found.removed, *found.renumbered, *found.changed] == []
    assert len(found.kept) == len(same)


def test_nearly_all_instructions_were_renumbered_in_3_13(interpreters: Interpreters) -> None:
    found = changes(*(of_kind(opcodes(interpreters, name), "real") for name in ("3.12", "3.13")))
    assert (len(found.renumbered), len(found.kept)) == (106, 108)
    assert all(item.old != item.new for item in found.renumbered)


def certain(interpreters: Interpreters, before: str, after: str) -> dict[tuple[str, str], Changed]:
    """What certainly changed, by instruction and field."""
    old, new = opcodes(interpreters, before), opcodes(interpreters, after)
    found = changes(old, new)
    return {(item.name, item.field): item for item in found.changed if item.is_certain}


def test_what_an_argument_selects_shows_in_the_effect(interpreters: Interpreters) -> None:
    """From 3.11 on the low bit of LOAD_GLOBAL's argument says whether NULL is pushed as well."""
    found = certain(interpreters, "3.10", "3.11")["LOAD_GLOBAL", "effects"]
    assert found.old == ((1, 1),)
    assert found.new[:4] == ((1, 1), (2, 2), (1, 1), (2, 2))


def test_a_release_that_tells_less_has_not_changed(interpreters: Interpreters) -> None:
    """3.8 is the first to tell the effect of jumping, and that of NOP."""
    real = changes(opcodes(interpreters, "3.7"), opcodes(interpreters, "3.8"))
    differing = {item.name for item in real.changed if item.field == "effects"}
    assert {"FOR_ITER", "SETUP_FINALLY", "NOP"} <= differing
    told = {name for name, _ in certain(interpreters, "3.7", "3.8")}
    assert not {"FOR_ITER", "SETUP_FINALLY", "NOP"} & told


def test_a_jump_that_leaves_something_else_has_changed(interpreters: Interpreters) -> None:
    """FOR_ITER leaves the exhausted iterator to END_FOR since 3.12."""
    found = certain(interpreters, "3.11", "3.12")["FOR_ITER", "effects"]
    assert (found.old, found.new) == (((1, -1),), ((1, 1),))


def test_an_instruction_can_become_another_kind(interpreters: Interpreters) -> None:
    old, new = opcodes(interpreters, "3.11"), opcodes(interpreters, "3.12")
    kinds = {item.name: item for item in changes(old, new).changed if item.field == "kind"}
    assert (kinds["LOAD_METHOD"].old, kinds["LOAD_METHOD"].new) == ("real", "pseudo")
    real = changes(of_kind(old, "real"), of_kind(new, "real"))
    assert "LOAD_METHOD" in {item.name for item in real.removed}


def test_inline_caches_change(interpreters: Interpreters) -> None:
    found = certain(interpreters, "3.13", "3.14")["BINARY_OP", "caches"]
    assert (found.old, found.new) == ((("counter", 1),), (("counter", 1), ("descr", 4)))


PLAIN = Opcode("A", 1, "real", arg=False, jump="", uses="", caches=(), effects=((0, 0),))


@pytest.mark.parametrize(
    ("old", "new", "is_certain"),
    [
        pytest.param(((1, -1),), ((1, 1),), True, id="another jump"),
        pytest.param(((1, None),), ((1, -1),), False, id="the larger was told"),
        pytest.param(((1, None),), ((-1, 1),), False, id="the larger was told, of the jump"),
        pytest.param(((1, None),), ((0, -1),), True, id="another larger one was told"),
        pytest.param(((1, None),), ((2, None),), True, id="both tell one"),
        pytest.param(((None, None),), ((0, 0),), False, id="was not told"),
        pytest.param((), ((0, 0),), False, id="is of no kind that tells"),
        pytest.param(((1, 1),), ((1, 1), (2, 2)), True, id="depends on the argument"),
        pytest.param(((0, 0), (1, 1)), ((0, 0), (1, None)), False, id="is told for less"),
    ],
)
def test_what_one_of_two_does_not_tell_is_no_change(
    old: tuple[tuple[int | None, int | None], ...],
    new: tuple[tuple[int | None, int | None], ...],
    is_certain: bool,
) -> None:
    there, back = (
        changes([PLAIN._replace(effects=one)], [PLAIN._replace(effects=other)]).changed
        for one, other in ((old, new), (new, old))
    )
    assert [item.is_certain for item in (*there, *back)] == [is_certain] * 2


def test_each_respect_is_told_by_itself() -> None:
    other = Opcode("A", 2, "pseudo", arg=True, jump="relative", uses="const", caches=(("c", 1),))
    found = changes([PLAIN], [other])
    assert found.renumbered == (Renumbered("A", 1, 2),)
    assert [item.field for item in found.changed] == [
        *("kind", "arg", "uses", "jump", "caches", "effects")
    ]


# -- all releases ---------------------------------------------------------------------------------


@pytest.fixture
def table(interpreters: Interpreters) -> Mapping[str, Mapping[Release, Opcode]]:
    by_release = {Release.parse(name): opcodes(interpreters, name) for name in RELEASES}
    return instruction_table(by_release)


def test_every_instruction_of_every_release_is_in_the_table(
    interpreters: Interpreters, table: Mapping[str, Mapping[Release, Opcode]]
) -> None:
    for name in RELEASES:
        there = [row[Release.parse(name)] for row in table.values() if Release.parse(name) in row]
        assert sorted(there, key=lambda item: item.number) == list(opcodes(interpreters, name))
    assert list(table) == sorted(table)
    assert all(row[release].name == name for name, row in table.items() for release in row)


def test_the_union_of_all_instructions(
    table: Mapping[str, Mapping[Release, Opcode]],
) -> None:
    real = {
        name: {release for release, item in row.items() if item.kind == "real"}
        for name, row in table.items()
    }
    specialised = [name for name, row in table.items() if any(i.family for i in row.values())]
    assert sum(map(bool, real.values())) == 212
    assert sum(len(having) == len(RELEASES) for having in real.values()) == 52
    assert len(specialised) == 153


def test_when_there_was_an_instruction(table: Mapping[str, Mapping[Release, Opcode]]) -> None:
    releases = [Release.parse(name) for name in RELEASES]

    def real(name: str) -> str:
        having = (release for release, item in table[name].items() if item.kind == "real")
        return ", ".join(map(str, ranges(having, releases)))

    assert real("RETURN_CONST") == "3.12-3.13"
    assert real("PRECALL") == "3.11"
    assert real("BINARY_ADD") == "3.6-3.10"
    assert real("BINARY_OP") == "3.11+"
    assert real("LOAD_CONST") == "3.6+"
    assert real("LOAD_METHOD") == "3.7-3.11"


def test_what_came_back_has_two_ranges() -> None:
    one, two, three, four = (Release(3, minor) for minor in (8, 9, 10, 11))
    found = ranges([four, one, two], [one, two, three, four])
    assert found == [ReleaseRange(one, two), ReleaseRange(four, None)]
    assert ranges([], [one]) == []


# -- the view -------------------------------------------------------------------------------------


def known(*releases: str) -> dict[str, object]:
    """The configuration of a project that compares these releases."""
    return {"bytedoc_releases": list(releases), "bytedoc_histories": False}


@pytest.fixture
def three(interpreters: Interpreters) -> dict[str, object]:
    for name in ("3.11", "3.12", "3.13"):
        interpreter_or_skip(interpreters, name)
    return known("3.11", "3.12", "3.13")


@pytest.mark.parametrize("markup", MARKUPS)
def test_a_release_is_compared_with_the_one_before_it(
    build: Build, interpreters: Interpreters, three: dict[str, object], markup: Markup
) -> None:
    """Whichever release the guide is for."""
    built = build(page(markup, directive(markup, "changes", "3.12")), target="3.13", conf=three)
    assert built.warnings == ""
    shown = output(built, "changes")
    old, new = (of_kind(opcodes(interpreters, name), "real") for name in ("3.11", "3.12"))
    expected = changes(old, new)
    tables = {
        found(table, "caption .caption-text").get_text(): cells(table)[1:]
        for table in shown.select("table")
    }
    assert [row[:2] for row in tables["Added (20)"]] == [
        [item.name, str(item.number)] for item in expected.added
    ]
    assert [row[:2] for row in tables["Removed (19)"]] == [
        [item.name, str(item.number)] for item in expected.removed
    ]
    changed = tables["Changed (8)"]
    assert ["LOAD_ATTR", "inline caches"] in [row[:2] for row in changed]
    assert ["FOR_ITER", "stack effect", "+1, -1 (jump)", "+1"] not in changed  # told once a name
    assert ["", "stack effect", "+1, -1 (jump)", "+1"] in changed
    renumbered = found(shown, ".bytedoc-renumbered").get_text().split("\n")
    assert [line for line in renumbered if line] == [
        f"{item.name} {item.old} \N{RIGHTWARDS ARROW} {item.new}" for item in expected.renumbered
    ]
    text = " ".join(shown.get_text().split())
    assert "20 instructions were added and 19 removed. Of the 91 that both releases have" in text
    versions = [interpreters.get(name).version for name in ("3.11", "3.12")]
    assert f"Compared: CPython {versions[0]} and CPython {versions[1]}." in text
    assert "Still known to the compiler: LOAD_METHOD." in text


def test_other_kinds_of_instructions_are_listed_by_name(
    build: Build, three: dict[str, object]
) -> None:
    built = build(md(directive("md", "changes", "3.13")), target="3.12", conf=three)
    shown = output(built, "changes")
    text = " ".join(shown.get_text().split())
    assert "monitored: added INSTRUMENTED_CALL_KW." in text
    assert "never in bytecode: added LOAD_CLOSURE." in text
    specialised = {row[0]: row for row in cells(shown.select("table")[-1])}
    assert specialised["RESUME"] == ["RESUME", "RESUME_CHECK", ""]
    assert "LOAD_FAST__LOAD_FAST" in specialised["LOAD_FAST"][2]


def test_names_lead_to_the_page_of_instructions(build: Build, three: dict[str, object]) -> None:
    blocks = directive("md", "changes", "3.13"), directive("md", "opcode-table")
    built = build(md(*blocks), target="3.13", conf=three)
    link = found(output(built, "changes"), "td a")
    assert link["href"] == f"#opcode-{link.get_text()}"


def test_the_tables_have_anchors_of_their_own(build: Build, three: dict[str, object]) -> None:
    blocks = directive("md", "changes", "3.12"), directive("md", "changes", "3.13")
    built = build(md(*blocks), target="3.13", conf=three)
    ids = [
        str(table["id"])
        for number in range(2)
        for table in output(built, "changes", number).select("table")
    ]
    assert len(ids) == len(set(ids)) == 8
    assert ids[0] == "bytedoc_changes_added"


def test_claims_are_checked_on_every_release(build: Build, three: dict[str, object]) -> None:
    claims = "dis.opmap['CACHE'] == 0; dis.opmap['RETURN_CONST'] > 0 3.12+"
    holding = directive("md", "changes", "3.13", expect=claims)
    assert build(md(holding), target="3.13", conf=three).warnings == ""
    claim = "dis.opmap.get('RETURN_CONST') is not None"
    failing = directive("md", "changes", "3.13", expect=claim)
    told = build(md(failing), target="3.13", conf=three).warnings
    assert told.startswith(f"index.md:3: WARNING: changes on 3.11: expected {claim}, but it is ")
    assert told.count("[bytedoc.expectation]") == 1


def test_the_oldest_release_has_nothing_to_be_compared_with(
    build: Build, three: dict[str, object]
) -> None:
    built = build(md(directive("md", "changes", "3.11")), target="3.13", conf=three)
    assert built.warnings == ""
    assert "3.11 is the oldest release here" in output(built, "changes").get_text()


@pytest.mark.parametrize(
    ("argument", "told"),
    [
        pytest.param("", "it needs a value", id="none"),
        pytest.param("3", "'3' is not a release such as 3.13", id="not a release"),
        pytest.param("3.11-3.12", "is not a release such as 3.13", id="a range"),
    ],
)
def test_an_argument_that_is_no_release_is_told(build: Build, argument: str, told: str) -> None:
    built = build(md(directive("md", "changes", argument)))
    assert "index.md:3: WARNING: changes: " in built.warnings
    assert told in built.warnings
    assert built.warnings.endswith("[bytedoc.argument]\n")


def test_content_is_told(build: Build) -> None:
    built = build(md(directive("md", "changes", "3.12", "x = 1")))
    assert "changes: it takes no content [bytedoc.argument]" in built.warnings


def test_a_release_that_the_project_does_not_compare_is_told(
    build: Build, three: dict[str, object]
) -> None:
    built = build(md(directive("md", "changes", "3.9")), target="3.13", conf=three)
    told = "3.9 is not one of the releases that are compared: 3.11, 3.12, 3.13"
    assert f"index.md:3: WARNING: changes: {told} [bytedoc.release]" in built.warnings
    assert told in output(built, "changes").get_text()


def test_a_release_that_nobody_can_be_asked_about_is_told(
    build: Build, building: Interpreter
) -> None:
    release = str(building.release)
    built = build(md(directive("md", "changes", "3.99")), conf=known(release, "3.99"))
    assert "3.99 has no capture and no interpreter here [bytedoc.not-recorded]" in built.warnings
    assert "the instructions of 3.99 are not known here" in output(built, "changes").get_text()


@pytest.mark.parametrize("builder", ["text", "latex", "epub", "man", "xml"])
def test_every_builder_shows_it(build: Build, three: dict[str, object], builder: str) -> None:
    conf = {**three, "version": "1", "copyright": "nobody"}  # which epub wants
    built = build(md(directive("md", "changes", "3.13")), builder, target="3.13", conf=conf)
    assert built.warnings == ""


def test_an_unchanged_page_asks_nobody_again(build: Build, three: dict[str, object]) -> None:
    files = md(directive("md", "changes", "3.13"))
    assert build(files, target="3.13", conf=three).executed > 0
    assert build(files, target="3.13", conf=three).executed == 0


EFFECTS = {
    "0": ((0, 0),),
    "+1": ((1, 1),),
    "-2": ((-2, -2),),
    "+1, -1 (jump)": ((1, -1),),
    "at most +6": ((6, None),),
    "": ((None, None),),
    "-1 - argument": ((-1, -1), (-2, -2), (-3, -3)),
    "+1 - 2 * argument": ((1, 1), (-1, -1), (-3, -3)),
    "-argument": ((0, 0), (-1, -1), (-2, -2)),
    "+1, for an odd argument +2": ((1, 1), (2, 2), (1, 1), (2, 2)),
    "by argument: 0 for 0, 1; -1 for 2": ((0, 0), (0, 0), (-1, -1)),
}


@pytest.mark.parametrize("text", EFFECTS)
def test_effects_are_written_by_what_they_depend_on(text: str) -> None:
    assert stack_effect(EFFECTS[text]) == text


def test_where_nothing_is_told_of_the_effect_nothing_stands() -> None:
    assert stack_effect(()) == ""


class InText:
    """A page of a guide without a description of instructions, but for one."""

    is_html = False
    keeps_lines = True
    examples: Mapping[str, Example] = {}

    @property
    def interpreter(self) -> Interpreter:
        raise NotImplementedError

    def opcode_link(self, name: str) -> str:
        return "opcodes.html#opcode-POP_TOP" if name == "POP_TOP" else ""


def test_what_stands_between_backquotes_in_a_sentence_is_code() -> None:
    found = sentence("`POP_TOP` and `LOAD_CONST` for `x + 1`", InText())
    assert found.astext() == "POP_TOP and LOAD_CONST for x + 1"
    assert [each.astext() for each in found.findall(nodes.literal)] == [
        *("POP_TOP", "LOAD_CONST", "x + 1")
    ]
    (link,) = found.findall(nodes.reference)
    assert (link.astext(), link["refuri"]) == ("POP_TOP", "opcodes.html#opcode-POP_TOP")


def test_each_changed_example_is_named_with_what_changed_in_it() -> None:
    changed = [
        ChangedExample("add", "history/add.html", ["`LOAD_FAST` is gone", "one more"]),
        ChangedExample("other", "", ["one"]),
    ]
    said, listed = examples_part(changed, 7, InText())
    assert said.astext() == "The bytecode of 2 of 7 examples changed."
    terms = [term.astext() for term in listed.findall(nodes.term)]
    bodies = [
        [each.astext() for each in body.findall(nodes.paragraph)]
        for body in listed.findall(nodes.definition)
    ]
    assert dict(zip(terms, bodies, strict=True)) == {
        "add": ["LOAD_FAST is gone", "one more"],
        "other": ["one"],
    }
    assert [link["refuri"] for link in listed.findall(nodes.reference)] == ["history/add.html"]


def test_where_no_example_changed_that_is_all_there_is_to_say() -> None:
    (said,) = examples_part([], 7, InText())
    assert said.astext() == "The bytecode of none of 7 examples changed."
