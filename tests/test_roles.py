"""Values and names of instructions in the middle of a sentence, and links to examples."""

from __future__ import annotations

import sys
import zlib

import pytest
from conftest import Build, interpreter_or_skip
from markup import LOOP, MARKUPS, Markup, contents, directive, found, md, page, role, soup

from bytedoc.interpreters import Interpreters
from bytedoc.request import Interpreter

NAMED = "limit = 41 + 1\n\ndef add(a, b):\n    return a + b\n\nclass C:\n    def m(self): pass\n"


@pytest.mark.parametrize("markup", MARKUPS)
@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("named: co_argcount", "2"),
        ("named[<module>]: co_name", "<module>"),
        ("named[C.m]: co_varnames", "('self',)"),
        ("named: limit", "42"),
        ("named: add('a', 'b')", "ab"),
        ("named: co_varnames[0] + ': it'", "a: it"),
        ("named: count('RETURN_VALUE') + count('RETURN_CONST')", "1"),
        ("named: len(instructions) == len(opnames)", "True"),
        (": sys.version_info[:2]", str(sys.version_info[:2])),
        (": dis.opname[dis.opmap['POP_TOP']]", "POP_TOP"),
    ],
)
def test_a_value_is_that_of_an_expression_on_the_interpreter(
    build: Build, markup: Markup, text: str, value: str
) -> None:
    example = directive(markup, "example", "named", NAMED, object="add")
    built = build(page(markup, example, f"It is {role(markup, 'value', text)}."))
    assert built.warnings == ""
    assert found(soup(built), ".bytedoc-value").get_text() == value


def test_a_value_may_stand_on_two_lines(build: Build) -> None:
    example = directive("md", "example", "named", NAMED)
    built = build(md(example, "It is {value}`named:\nlimit`."))
    assert built.warnings == ""
    assert "It is 42." in soup(built).get_text()


def test_values_of_several_targets_are_theirs(build: Build, interpreters: Interpreters) -> None:
    other = interpreter_or_skip(interpreters, "3.8")
    files = md("This is {value}`: sys.version_info[1]`.")
    assert f"This is {sys.version_info[1]}." in soup(build(files)).get_text()
    assert "This is 8." in soup(build(target=other.executable)).get_text()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("no colon", "'no colon' is neither 'example: expression' nor"),
        ("other: 1", "there is no example 'other'; there are named [bytedoc.unknown-example]"),
        ("name: 1", "did you mean 'named'? [bytedoc.unknown-example]"),
        ("named[D.m]: 1", "there is no code object 'D.m'"),
        ("named: nowhere", "NameError: name 'nowhere' is not defined [bytedoc.expression]"),
        ("named: 1 +", "[bytedoc.expression]"),
    ],
)
@pytest.mark.parametrize("markup", MARKUPS)
def test_a_value_that_can_not_be_had_is_told_at_its_line_and_its_text_is_shown(
    build: Build, markup: Markup, text: str, message: str
) -> None:
    example = directive(markup, "example", "named", NAMED)
    files = page(markup, example, f"It is {role(markup, 'value', text)}.", "The end.")
    ((name, source),) = files.items()
    line = source[: source.index("It is")].count("\n") + 1
    built = build(files)
    assert built.warnings.startswith(f"{name}:{line}: WARNING: value")
    assert message in built.warnings
    assert built.warnings.count("WARNING") == 1
    shown = soup(built).get_text()
    assert "The end." in shown
    assert text.partition(": ")[2] in shown


@pytest.mark.parametrize("markup", MARKUPS)
def test_the_name_of_an_instruction_leads_to_its_documentation(
    build: Build, building: Interpreter, markup: Markup
) -> None:
    built = build(page(markup, role(markup, "op", "POP_TOP")))
    assert built.warnings == ""
    link = found(soup(built), "a:has(.bytedoc-op)")
    assert link.get_text() == "POP_TOP"
    assert link["href"] == (
        f"https://docs.python.org/{building.release}/library/dis.html#opcode-POP_TOP"
    )


@pytest.mark.parametrize("builder", ["html", "dirhtml", "singlehtml"])
def test_it_leads_to_the_table_of_the_project_if_there_is_one(build: Build, builder: str) -> None:
    files = md(contents("opcodes"), "{op}`POP_TOP`") | md(
        directive("md", "opcode-table"), name="opcodes"
    )
    built = build(files, builder)
    address = {
        "html": "opcodes.html#opcode-POP_TOP",
        "dirhtml": "opcodes/#opcode-POP_TOP",
        "singlehtml": "#opcode-POP_TOP",
    }
    link = found(soup(built), "a:has(.bytedoc-op)")
    assert link["href"] == address[builder]
    assert "internal" in link["class"]


def test_where_instructions_lead_to_can_be_configured(build: Build) -> None:
    files = md("{op}`POP_TOP`", directive("md", "dis", "", "x = 1"))
    built = build(files, conf={"bytedoc_opcode_url": "https://example.org/{name}/{release}"})
    links = {str(link["href"]) for link in soup(built).select(".bytedoc-dis a, a:has(.bytedoc-op)")}
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    assert f"https://example.org/POP_TOP/{version}" in links
    assert all(link.startswith("https://example.org/") for link in links)
    without = soup(build(conf={"bytedoc_opcode_url": ""}))
    assert without.select(".bytedoc-dis a, a:has(.bytedoc-op)") == []
    assert found(without, ".bytedoc-op").get_text() == "POP_TOP"


def test_an_instruction_that_the_target_does_not_have_is_told_with_one_that_it_has(
    build: Build,
) -> None:
    built = build(md("Words.", "{op}`POP_TOPP` is no instruction."))
    assert built.warnings.startswith("index.md:5: WARNING: op on ")
    assert "there is no instruction 'POP_TOPP'; did you mean 'POP_TOP'?" in built.warnings
    assert "[bytedoc.unknown-opcode]" in built.warnings


@pytest.mark.parametrize(
    ("release", "problems"), [("3.8", ["BINARY_OP"]), ("3.10", []), ("3.11", ["BINARY_ADD"])]
)
def test_an_instruction_with_a_range_must_exist_in_exactly_these_releases(
    build: Build, interpreters: Interpreters, release: str, problems: list[str]
) -> None:
    target = interpreter_or_skip(interpreters, release).executable
    wrong = {"3.8": "{op}`BINARY_OP 3.8+`", "3.11": "{op}`BINARY_ADD 3.6+`"}
    files = md("{op}`BINARY_ADD -3.10` {op}`BINARY_OP 3.11+`", wrong.get(release, ""))
    built = build(files, target=target)
    lines = built.warnings.splitlines()
    assert len(lines) == len(problems)
    for line, name in zip(lines, problems, strict=True):
        assert name in line
        assert "[bytedoc.unknown-opcode]" in line
    names = soup(built).select(".bytedoc-op")[:2]
    linked = {name.get_text(): name.find_parent("a") is not None for name in names}
    assert linked == {"BINARY_ADD": release != "3.11", "BINARY_OP": release == "3.11"}


def test_a_range_that_is_too_narrow_is_told(build: Build, interpreters: Interpreters) -> None:
    target = interpreter_or_skip(interpreters, "3.10").executable
    built = build(md("{op}`BINARY_ADD -3.9`"), target=target)
    assert (
        "BINARY_ADD is an instruction here, though it is said to be one of -3.9" in built.warnings
    )


@pytest.mark.parametrize("markup", MARKUPS)
def test_an_example_can_be_linked_to_from_everywhere(build: Build, markup: Markup) -> None:
    link = contents("other") if markup == "md" else ".. toctree::\n\n   other\n"
    files = page(
        markup,
        link,
        role(markup, "bytedoc:example", "loop"),
        role(markup, "bytedoc:example", "the loop <loop>"),
        role(markup, "any", "loop"),
        directive(markup, "dis", "", "x = 1", name="here"),
        role(markup, "bytedoc:example", "here"),
    )
    other = page(markup, directive(markup, "dis", "", LOOP, name="loop"), name="other")
    built = build(files | other, conf={"nitpicky": True})
    assert built.warnings == ""
    links = [
        (str(item["href"]), item.get_text())
        for item in soup(built).select("a.reference.internal:has(code)")
    ]
    assert links == [
        ("other.html#example_loop", "loop"),
        ("other.html#example_loop", "the loop"),
        ("other.html#example_loop", "loop"),
        ("#example_here", "here"),
    ]
    found(soup(built, "other.html"), "#example_loop")


def test_a_link_to_an_example_that_is_not_there_is_told(build: Build) -> None:
    built = build(md("{bytedoc:example}`lop`"), conf={"nitpicky": True})
    assert "index.md:3: WARNING: bytedoc:example reference target not found: lop" in built.warnings


def test_other_projects_can_link_to_examples(build: Build) -> None:
    built = build(
        md(
            contents("other"),
            directive("md", "dis", "", LOOP, name="loop"),
            directive("md", "dis", "", "without = 'a name'"),
        )
        | md(directive("md", "example", "quiet", "x = 1", hidden=True), name="other")
    )
    packed = (built.out / "objects.inv").read_bytes().split(b"\n", 4)[4]
    lines = zlib.decompress(packed).decode("utf-8").splitlines()
    assert [line for line in lines if "bytedoc:" in line] == [
        "loop bytedoc:example 1 index.html#example_$ -",
        "quiet bytedoc:example 1 other.html#example_$ -",
    ]


def test_the_search_finds_names_of_instructions_and_outputs(build: Build) -> None:
    built = build(md(directive("md", "run", "", "print('plo' + 'ver')"), "{op}`POP_TOP`"))
    index = built.read("searchindex.js")
    assert '"plover"' in index
    assert '"pop_top"' in index


def test_the_search_finds_instructions_in_listings(build: Build) -> None:
    built = build(md(directive("md", "dis", "", "some_name = 1")))
    assert '"store_nam"' in built.read("searchindex.js")  # as the search stems it


def test_a_link_to_an_example_whose_source_is_hidden_leads_to_its_output(build: Build) -> None:
    page_ = "# Page\n\n```{dis}\n:name: unseen\n:layout: hidden\nx = 1\n```\n"
    built = build({"index.md": f"{page_}\n{{bytedoc:example}}`unseen`\n"})
    assert built.warnings == ""
    html = built.read("index.html")
    assert html.count('id="example_unseen"') == 1
    assert 'href="#example_unseen"' in html
