"""Entries about instructions: what they say is held against ten interpreters, and shown.

First the notation of stacks, then this project's own reference as its sources have it, then the
directive and the tables.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest
from conftest import RELEASES, Build, Built, interpreter_or_skip
from corpus import CORPUS, EXTENDED, NAMES
from markup import MARKUPS, Markup, cells, directive, found, md, output, page, role, soup

from bytedoc import runner
from bytedoc.answers import answer_of
from bytedoc.answers.opcodes import Opcode
from bytedoc.answers.stack_recordings import StackRecording
from bytedoc.expectations import parse
from bytedoc.interpreters import Interpreters
from bytedoc.reference.entry import (
    ARGUMENTS,
    Entry,
    parse_names,
    parse_raises,
    parse_stack,
)
from bytedoc.reference.stack_change import StackChange, counted
from bytedoc.release import Release, ReleaseRange
from bytedoc.request import Interpreter
from bytedoc.runner import Limits

PAGES = Path(__file__).parents[1] / "docs" / "opcodes"
_ENTRY = re.compile(r"\{opcode\} (?P<name>\w+)\n(?P<options>(?::.*\n)*)")


@cache
def asked(executable: str) -> tuple[Opcode, ...]:
    return tuple(answer_of("opcodes", {"ok": runner.ask(executable, "opcodes")}))


def entry(name: str, **options: object) -> Entry:
    return Entry(name, "page", "page.md", 1, f"opcode-{name}", **options)  # type: ignore[arg-type]


@cache
def written() -> Mapping[str, Entry]:
    """The entries of this project, read without Sphinx; their stacks and what is said of them."""
    entries = {}
    for path in sorted(PAGES.glob("*.md")):
        for match in _ENTRY.finditer(path.read_text(encoding="utf-8")):
            options = dict(re.findall(r"^:([a-z-]+): (.*)$", match["options"], re.MULTILINE))
            assert match["name"] not in entries, f"{match['name']} has two entries"
            entries[match["name"]] = entry(
                match["name"],
                category=options.get("category", ""),
                stack=parse_stack(options.get("stack", "")),
                misjudged=parse(options.get("misjudged", "")),
                never=parse(options.get("never", "")),
                replaced_by=parse_names(options.get("replaced-by", "")),
                related=tuple(options.get("related", "").split()),
            )
    return entries


def every(interpreters: Interpreters) -> Iterator[tuple[str, Opcode]]:
    """Each instruction of each release."""
    for release in RELEASES:
        for item in asked(interpreter_or_skip(interpreters, release).executable):
            yield release, item


# -- the notation ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "arg", "effect"),
    [
        ("left right -- result", 0, -1),
        ("-- value", 0, 1),
        ("value --", 0, -1),
        ("--", 5, 0),
        ("callable args[arg] -- result", 3, -3),
        ("sequence -- items[arg]", 4, 3),
        ("-- value null[arg & 1]", 2, 1),
        ("-- value null[arg & 1]", 3, 2),
        ("start stop step[arg == 3] -- slice", 2, -1),
        ("start stop step[arg == 3] -- slice", 3, -2),
        ("sequence -- after[arg >> 8] rest before[arg % 1 if arg > 9 else arg]", 2, 2),
    ][:-1],
)
def test_a_change_of_the_stack_is_counted(text: str, arg: int, effect: int) -> None:
    assert StackChange.parse(text).effect(arg) == effect


@pytest.mark.parametrize(
    ("expression", "value"), [("arg - 3", 0), ("2 if arg > 1 else 7", 2), ("arg * 2 + 1", 5)]
)
def test_a_number_of_values_is_an_expression_of_the_argument(expression: str, value: int) -> None:
    assert counted(expression, 2) == value


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("left right result", "not of the form"),
        ("a -- b -- c", "not of the form"),
        ("Left -- right", "neither 'name' nor"),
        ("a[len(x)] -- b", "more than arithmetic"),
        ("a[arg +] -- b", "no expression"),
    ],
)
def test_what_is_no_change_of_the_stack_is_refused(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        StackChange.parse(text)


def test_changes_have_releases_and_a_jump_of_their_own() -> None:
    iterating = entry(
        "FOR_ITER",
        stack=parse_stack("it -- it item; jump: it -- -3.11; jump: it -- it null 3.12+"),
    )
    ahead, jumping = iterating.changes(Release(3, 11))
    assert ahead is not None
    assert jumping is not None
    assert (ahead.effect(0), jumping.effect(0)) == (1, -1)
    jumping = iterating.changes(Release(3, 12))[1]
    assert jumping is not None
    assert jumping.effect(0) == 1


def test_exceptions_are_written_with_what_shows_them() -> None:
    first, second = parse_raises("TypeError via add(1, ''): they do not fit 3.11+; KeyError: no")
    assert first == ("TypeError", "add(1, '')", "they do not fit", ReleaseRange.parse("3.11+"))
    assert second == ("KeyError", "", "no", ReleaseRange())
    with pytest.raises(ValueError, match="not of the form"):
        parse_raises("TypeError because")


@pytest.mark.parametrize("release", RELEASES)
def test_a_wrong_change_is_found_out_on_every_release(
    interpreters: Interpreters, release: str
) -> None:
    known = asked(interpreter_or_skip(interpreters, release).executable)
    items = {item.name: item for item in known}
    right = {
        "BUILD_LIST": "items[arg] -- list",
        "UNPACK_SEQUENCE": "sequence -- items[arg]",
        "STORE_SUBSCR": "value container key --",
    }
    for name, text in right.items():
        said = entry(name, stack=parse_stack(text))
        assert not list(said.misstatements(Release.parse(release), items[name])), name
        wrong = entry(name, stack=parse_stack(f"{text} more"))
        (message,) = wrong.misstatements(Release.parse(release), items[name])
        assert message.startswith("with the argument 0 the stack changes by "), message
        silent = entry(name, stack=parse_stack(f"{text} 3.5"))
        (message,) = silent.misstatements(Release.parse(release), items[name])
        assert "does not say" in message


def test_an_interpreter_that_is_said_to_be_wrong_must_be(interpreters: Interpreters) -> None:
    known = asked(interpreter_or_skip(interpreters, "3.11").executable)
    item = next(item for item in known if item.name == "BINARY_OP")
    said = entry(
        "BINARY_OP", stack=parse_stack("left right -- result"), misjudged=parse("it is 3.11")
    )
    (message,) = said.misstatements(Release(3, 11), item)
    assert message == "dis.stack_effect of 3.11 is right about BINARY_OP, though said not to be"


# -- this project's own reference ------------------------------------------------------------------


def test_every_instruction_of_every_release_has_an_entry(interpreters: Interpreters) -> None:
    known = {item.name for _, item in every(interpreters)}
    assert known - written().keys() == set()


def test_every_entry_is_of_an_instruction_that_a_release_has(interpreters: Interpreters) -> None:
    known = {item.name for _, item in every(interpreters)}
    assert written().keys() - known == set()


def test_every_entry_of_a_real_instruction_has_a_category(interpreters: Interpreters) -> None:
    real = {item.name for _, item in every(interpreters) if item.kind == "real"}
    assert {name for name in real if not written()[name].category} == set()


def test_instructions_that_are_named_beside_others_exist() -> None:
    for name, item in written().items():
        others = {*item.related, *(other.name for other in item.replaced_by)}
        assert others <= written().keys(), name
        assert name not in others


@pytest.mark.parametrize("release", RELEASES)
def test_stacks_are_written_as_the_interpreter_says(
    interpreters: Interpreters, release: str
) -> None:
    known = asked(interpreter_or_skip(interpreters, release).executable)
    ranges = dict(_arguments())
    for item in known:
        said = written()[item.name]._replace(arguments=ranges.get(item.name, ARGUMENTS))
        messages = list(said.misstatements(Release.parse(release), item))
        assert not messages, (item.name, messages)


def _arguments() -> Iterator[tuple[str, tuple[int, ...]]]:
    """The arguments for which an entry says that its stack can be compared."""
    for path in PAGES.glob("*.md"):
        for match in _ENTRY.finditer(path.read_text(encoding="utf-8")):
            numbers = re.search(r"^:arguments: (.*)$", match["options"], re.MULTILINE)
            if numbers:
                yield match["name"], tuple(map(int, numbers[1].split()))


#: Up to 3.8 it depends on how a block is left what these find or leave on the stack; one way is to
#: return a value, which then waits there for the ``finally`` to end (3.7).
_BY_WAY_OF_LEAVING = {
    "BEGIN_FINALLY",
    "END_FINALLY",
    "RETURN_VALUE",
    "WITH_CLEANUP_FINISH",
    "WITH_CLEANUP_START",
}


@pytest.mark.parametrize("release", RELEASES[1:])  # nothing is recorded on 3.6
def test_stacks_are_written_as_real_calls_have_them(
    interpreters: Interpreters, release: str
) -> None:
    interpreter = interpreter_or_skip(interpreters, release)
    compared: dict[str, int] = {}
    for name, recording, items in recordings(interpreter):
        steps = [step for step in recording.steps if recording.code_of(step).qualname == name]
        for step, after in pairwise(steps):
            offset = step.instruction.offset
            if step.event or step.frame != after.frame or offset not in items:
                continue
            opname, arg, following, target = items[offset]
            if opname in _BY_WAY_OF_LEAVING:
                continue
            ahead, jumping = written()[opname].changes(interpreter.release)
            change = len(after.before) - len(step.before)
            assert ahead is not None, opname
            if after.instruction.offset == following and target != following:
                assert change == ahead.effect(arg), (name, step)
            elif after.instruction.offset == target:
                assert jumping is not None
                assert change == jumping.effect(arg), (name, step)
            else:
                continue
            compared[opname] = compared.get(opname, 0) + 1
    assert len(compared) >= 40, compared


def recordings(
    interpreter: Interpreter,
) -> Iterator[tuple[str, StackRecording, Mapping[int, tuple[str, int, int, int | None]]]]:
    """Each function of the corpus as it was recorded, and its instructions by offset.

    Of an instruction its name, its argument, where the next one is, and where it jumps to.
    """
    source = CORPUS + EXTENDED
    common = {"source": source, "filename": "<it>"}
    jobs = []
    for name in NAMES:
        subject = {**common, "object": name}
        options = {"steps": 4000}
        jobs.append({"view": "stack", **subject, "call": f"{name}(3)", "options": options})
        jobs.append({"view": "dis", **subject, "options": {"depth": 0}})
    answers: dict[int, dict[str, object]] = {}
    runner.run(interpreter.executable, jobs, Limits(), answers.__setitem__)
    for number, name in enumerate(NAMES):
        recording = answer_of("stack", answers[2 * number])
        listing = answer_of("dis", answers[2 * number + 1])
        assert isinstance(recording, StackRecording), recording
        instructions = listing.codes[0].instructions
        items = {
            one.offset: (one.opname, one.arg or 0, other.offset, one.target)
            for one, other in pairwise(instructions)
            if one.opname != "EXTENDED_ARG"
        }
        yield name, recording, items


# -- the directive ---------------------------------------------------------------------------------

ADD = "def add(left, right):\n    return left + right\n"
#: Releases before and after the one in which BINARY_OP came.
TWO = {"bytedoc_releases": ["3.10", "3.11"], "bytedoc_histories": False}


def documented(
    markup: Markup, name: str, *shown: str, said: str = "Does something.", **options: str
) -> str:
    """An entry with a summary and what shows it."""
    content = "\n\n".join([said, *shown])
    if markup == "md":
        head = "\n".join(f":{key.replace('_', '-')}: {value}" for key, value in options.items())
        return f"``````{{opcode}} {name}\n{head}\n\n{content}\n``````\n"
    return directive(markup, "opcode", name, content, **options)


def adding(markup: Markup, **options: str) -> str:
    """The entry of BINARY_ADD."""
    options = {"stack": "left right -- result", "category": "operators", **options}
    shown = directive(
        markup, "dis", "", ADD, name="adding", object="add", until="3.10", expect="BINARY_ADD"
    )
    return documented(markup, "BINARY_ADD", shown, said="Adds two values.", **options)


def facts(built: Built, name: str = "index.html") -> dict[str, str]:
    """What an entry says, by the words in front of it."""
    return {
        term.get_text(): " ".join(found_beside(term).split())
        for term in soup(built, name).select(".bytedoc-facts > dt")
    }


def found_beside(term: object) -> str:
    beside = term.find_next_sibling("dd")  # type: ignore[attr-defined]
    return str(beside.get_text(" "))


@pytest.mark.parametrize("markup", MARKUPS)
def test_an_entry_says_everything_in_its_order(build: Build, markup: Markup) -> None:
    files = page(
        markup,
        adding(
            markup,
            raises="TypeError via add(1, ''): the operands do not fit",
            replaced_by="BINARY_OP 3.11+",
            related="INPLACE_ADD",
        ),
        role(markup, "op", "BINARY_ADD"),
    )
    built = build(files, target="3.10", conf=TWO)
    assert built.warnings == ""
    said = facts(built)
    order = ["Stack", "By release", "Raises", "Replaced by", "Related", "Official entry"]
    assert list(said) == order
    assert said["Stack"] == "Before After left, right result"
    assert said["By release"].endswith("3.10 23 none none -1")
    assert said["Raises"] == "TypeError : the operands do not fit, as add(1, '') shows"
    assert said["Replaced by"] == "BINARY_OP (3.11+)"
    text = soup(built).get_text(" ")
    assert "Operators. In Python 3.10." in text
    links = [link["href"] for link in soup(built).select("p > a.reference")]
    assert links[-1] == "#opcode-BINARY_ADD"
    marked = soup(built).select(".ins.marked")
    assert [line["data-op"] for line in marked] == ["BINARY_ADD"]


def test_what_is_gone_is_shown_as_the_last_release_has_it(build: Build) -> None:
    built = build(md(adding("md", replaced_by="BINARY_OP 3.11+")), target="3.11", conf=TWO)
    assert built.warnings == ""
    shown = output(built, "dis")
    assert shown["data-release"] == "3.10"
    assert "BINARY_ADD" in shown.get_text()
    note = found(soup(built), ".bytedoc-removed").get_text()
    assert "Python 3.11 does not have it" in note
    assert "In its place came BINARY_OP." in note


def test_prose_about_releases_that_had_it_stays(build: Build) -> None:
    old = "::::{release} -3.10\nIt was so.\n::::"
    new = "::::{release} 3.11+\nIt is gone.\n::::"
    said = adding("md").replace("Adds two values.", f"Adds two values.\n\n{old}\n\n{new}")
    text = soup(build(md(said, old.replace("so", "outside")), target="3.11", conf=TWO)).get_text()
    assert "It was so." in text
    assert "outside" not in text
    assert "It is gone." not in text


def test_names_lead_to_the_entry_from_every_page(build: Build) -> None:
    user = directive("md", "dis", "", ADD, name="other", object="add", until="3.10")
    files = md(contents_of("sub/ops"), role("md", "op", "BINARY_ADD -3.10"), user)
    files |= md(adding("md"), name="sub/ops")
    built = build(files, target="3.10", conf=TWO)
    page_ = soup(built)
    assert found(page_, ".ins a[href*=BINARY]")["href"] == "sub/ops.html#opcode-BINARY_ADD"
    assert found(page_, "p > a[href*=BINARY]")["href"] == "sub/ops.html#opcode-BINARY_ADD"
    assert facts(built, "sub/ops.html")["In this guide"] == "Page: other"
    later = build(target="3.11", conf=TWO)
    assert found(soup(later), "p > a[href*=BINARY]")["href"] == "sub/ops.html#opcode-BINARY_ADD"


def contents_of(name: str) -> str:
    return f"```{{toctree}}\n{name}\n```"


def test_the_list_of_examples_follows_the_pages_that_show_them(build: Build) -> None:
    user = directive("md", "dis", "", ADD, name="other", object="add", until="3.10")
    build(md(contents_of("ops"), user) | md(adding("md"), name="ops"), target="3.10", conf=TWO)
    built = build(md(contents_of("ops")), target="3.10", conf=TWO)
    assert "In this guide" not in facts(built, "ops.html")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"stack": "left -- result"}, "BINARY_ADD: with the argument 0 the stack changes by -1"),
        ({"stack": "left right"}, "'left right' is not of the form"),
        ({"arguments": "9"}, "they must be numbers from 0 to 8"),
        ({"raises": "KeyError via add(1, ''): no"}, "raises TypeError: unsupported operand"),
        ({"raises": "TypeError via add(1, 2): no"}, "expected add(1, 2) to raise TypeError"),
        (
            {"raises": "TypeError via add(1): no"},
            "add(1) raises TypeError in no frame of the example, not in BINARY_ADD",
        ),
        ({"raises": "TypeError via add(: no"}, "add(: "),
        ({"replaced_by": "other"}, "'other' is not the name of an instruction"),
    ],
)
def test_what_does_not_hold_is_told_at_the_entry(
    build: Build, options: dict[str, str], message: str
) -> None:
    built = build(md(adding("md", **options)), target="3.10", conf=TWO)
    assert message in built.warnings
    assert built.warnings.startswith("index.md:3: WARNING: opcode")
    assert output(built, "dis").get_text()


def test_the_instruction_that_raises_is_the_one_that_says_so(build: Build) -> None:
    """The expression raises what the entry says, but in the instruction before."""
    source = "def add(left, right):\n    return left.no + right\n"
    shown = directive("md", "dis", "", source, name="a", object="add", expect="BINARY_ADD -3.10")
    said = documented("md", "BINARY_ADD", shown, raises="AttributeError via add(1, 2): no -3.10")
    built = build(md(said), target="3.10", conf=TWO)
    assert "add(1, 2) raises AttributeError in LOAD_ATTR, not in BINARY_ADD" in built.warnings


def test_two_entries_of_one_instruction_are_told(build: Build) -> None:
    built = build(md(documented("md", "NOP", stack="--"), documented("md", "NOP", stack="--")))
    assert "NOP is documented at index.md:3 already" in built.warnings
    assert "[bytedoc.duplicate-opcode]" in built.warnings


def test_an_entry_needs_a_name_and_content(build: Build) -> None:
    built = build(md("```{opcode}\n\nText.\n```", "```{opcode} NOP\n```"))
    assert "opcode: it needs an argument: the name of an instruction" in built.warnings
    assert "opcode: it needs content" in built.warnings


@pytest.mark.parametrize(
    ("releases", "message"),
    [
        ("3.11+", None),
        ("'3.10+'", "3.10 has no BINARY_OP"),
        ("3.12+", "3.11 has BINARY_OP, and the page says that it is for 3.12+"),
    ],
)
def test_the_page_of_an_instruction_begins_with_the_release_that_has_it(
    build: Build, releases: str, message: str | None
) -> None:
    shown = documented("md", "BINARY_OP", stack="left right -- result")
    text = f"---\nbytedoc-releases: {releases}\n---\n\n# Page\n\n{shown}"
    conf = {**TWO, "bytedoc_releases": ["3.10", "3.11", "3.12"]}
    built = build({"index.md": text}, target="3.12", conf=conf)
    if message is None:
        assert built.warnings == ""
    else:
        assert message in built.warnings


COVERED = "a project with a table of coverage"


def test_what_no_listing_shows_is_open_until_it_is_explained(build: Build) -> None:
    conf = {**TWO, "bytedoc_releases": ["3.10"]}
    table = directive("md", "opcode-coverage")
    built = build(md(table, adding("md")), target="3.10", conf=conf)
    assert "3.10 has POP_TOP, and no page documents it [bytedoc.coverage]" in built.warnings
    assert "BINARY_ADD" not in built.warnings
    shown = directive("md", "dis", "", ADD, name="no", object="add")
    nop = documented("md", "NOP", shown, stack="--")
    built = build(md(table, nop), target="3.10", conf=conf)
    assert "no listing of 3.10 on this page has NOP" in built.warnings
    nop = documented("md", "NOP", shown, stack="--", never="it is left out 3.10")
    built = build(md(table, nop), target="3.10", conf=conf)
    assert "has NOP" not in built.warnings
    assert cells(output(built, "opcode-coverage"))[1] == ["3.10", "real", "127", "0", "1", "126"]


def test_an_entry_of_what_no_release_has_is_told(build: Build) -> None:
    table = directive("md", "opcode-coverage")
    built = build(md(table, documented("md", "NO_SUCH", stack="--")), target="3.10", conf=TWO)
    assert "no release that is compared has an instruction NO_SUCH" in built.warnings


@pytest.mark.parametrize("builder", ["text", "latex", "epub", "man", "xml", "singlehtml"])
def test_every_builder_shows_entries_and_tables(build: Build, builder: str) -> None:
    tables = [directive("md", name) for name in ("opcode-index", "opcode-releases")]
    built = build(
        md(adding("md", replaced_by="BINARY_OP 3.11+"), *tables),
        builder,
        target="3.10",
        conf={**TWO, "man_pages": [("index", "page", "Page", [], 1)]},
    )
    assert "bytedoc" not in built.warnings
    names = {"text": "index.txt", "latex": "*.tex", "epub": "index.xhtml", "man": "page.1"}
    (path,) = built.out.glob(names.get(builder) or f"index.{builder.removeprefix('single')}")
    text = re.sub(r"[\\{}]|</?span[^>]*>", "", path.read_text(encoding="utf-8"))
    assert "Adds two values." in text
    assert "left, right" in text


def test_the_index_groups_by_category(build: Build) -> None:
    built = build(md(adding("md"), directive("md", "opcode-index")), target="3.10", conf=TWO)
    shown = output(built, "opcode-index")
    assert found(shown, ".rubric").get_text() == "Operators"
    assert cells(shown) == [["BINARY_ADD", "Adds two values."]]


def test_code_in_a_summary_is_code_in_the_index(build: Build) -> None:
    shown = directive("md", "dis", "", ADD, name="adding", object="add", until="3.10")
    entry = documented(
        "md",
        "BINARY_ADD",
        shown,
        said="Adds *two* values, as `a + b` does; see `POP_TOP`.",
        stack="left right -- result",
    )
    built = build(md(entry, directive("md", "opcode-index")), target="3.10", conf=TWO)
    row = found(output(built, "opcode-index"), "tbody tr")
    assert (
        row.get_text(" ", strip=True) == "BINARY_ADD Adds two values, as a + b does; see POP_TOP ."
    )
    codes = [code.get_text() for code in row.select("code")]
    assert codes == ["BINARY_ADD", "a + b", "POP_TOP"]


def test_the_table_of_releases_has_every_instruction(build: Build) -> None:
    table = directive("md", "opcode-releases", kind="real")
    built = build(md(adding("md"), table), target="3.10", conf=TWO)
    rows = {row[0]: row[1:] for row in cells(output(built, "opcode-releases"))}
    assert rows["Instruction"] == ["Category", "3.10", "3.11"]
    assert rows["BINARY_ADD"] == ["operators", "23", "–"]
    assert rows["PRECALL"] == ["real", "–", "166"]
    assert "bytedoc-table.js" in built.read("index.html")


def test_what_the_standard_library_has_is_counted(build: Build) -> None:
    conf = {**TWO, "bytedoc_releases": ["3.10"], "bytedoc_frequencies": True}
    said = adding("md", never="it is said to be left out 3.10")
    built = build(md(said, directive("md", "frequencies", first="3")), target="3.10", conf=conf)
    assert "no bytecode of 3.10 has BINARY_ADD; the standard library has it" in built.warnings
    rows = cells(output(built, "frequencies"))
    assert [row[0] for row in rows] == ["Rank", "1", "2", "3"]
    assert {row[1] for row in rows[1:]} <= {"LOAD_CONST", "LOAD_FAST", "LOAD_GLOBAL"}
    count = facts(built)["In the standard library"]
    assert re.search(r"3\.10 [\d,]+ of [\d,]+ \d+ of \d+ ", count), count
