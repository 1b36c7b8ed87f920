"""What the directives show, and what their options change."""

from __future__ import annotations

import platform
import sys
from pathlib import Path

import myst_parser
import pytest
from conftest import Build, Built, interpreter_or_skip
from markup import (
    LOOP,
    MARKUPS,
    QUICK,
    Markup,
    ask,
    cells,
    contents,
    directive,
    dis,
    found,
    md,
    output,
    page,
    shown,
    soup,
)

from bytedoc.interpreters import Interpreters
from bytedoc.request import Interpreter

NESTED = """\
class C:
    def m(self):
        one = lambda: 1
        two = lambda: 2
        return one, two
"""


def one(name: str, content: str = "", argument: str = "", /, **options: str | bool) -> str:
    """A directive in MyST."""
    return directive("md", name, argument, content, **options)


def problem(built: Built) -> str:
    """The one warning of a build."""
    (line,) = built.warnings.splitlines()
    return line


# -- dis ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wanted", "path"),
    [
        ("C", "C"),
        ("C.m", "C m"),
        ("C.m.<locals>.<lambda>", "C m <lambda>"),
        ("<module>", ""),
    ],
)
def test_dis_shows_the_code_object_of_a_qualified_name(
    build: Build, building: Interpreter, wanted: str, path: str
) -> None:
    built = build(md(one("dis", NESTED, object=wanted)))
    assert built.warnings == ""
    assert shown(built, "dis") == dis(building.executable, NESTED, path)
    assert wanted in found(output(built, "dis"), ".bytedoc-caption").get_text()


def test_of_two_code_objects_with_one_name_the_second_is_had_by_its_number(build: Build) -> None:
    names = ["C.m.<locals>.<lambda>", "C.m.<locals>.<lambda>#2"]
    blocks = [
        one("code-object", "", "nested", object=name, attributes="co_firstlineno") for name in names
    ]
    built = build(md(one("example", NESTED, "nested"), *blocks))
    assert [cells(output(built, "code-object", number))[1] for number in range(len(names))] == [
        ["co_firstlineno", "3"],
        ["co_firstlineno", "4"],
    ]


@pytest.mark.parametrize(
    ("wanted", "hint"),
    [("C.n", "did you mean 'C.m'?"), ("C.m.<locals>.<lambda>#3", "C.m.<locals>.<lambda>")],
)
def test_an_object_that_is_not_there_is_told_with_one_that_is(
    build: Build, wanted: str, hint: str
) -> None:
    built = build(md("Words.", one("dis", NESTED, object=wanted)))
    assert problem(built).startswith("index.md:5: WARNING: dis on ")
    assert f"there is no code object {wanted!r}" in built.warnings
    assert hint in built.warnings
    assert "[bytedoc.unknown-object]" in built.warnings


def test_views_of_an_example_are_about_its_object_unless_they_say_otherwise(
    build: Build, building: Interpreter
) -> None:
    built = build(
        md(
            one("dis", LOOP, name="loop", object="total"),
            one("dis", "", "loop"),
            one("dis", "", "loop", object="<module>"),
        )
    )
    function = dis(building.executable, LOOP, "total", name="loop")
    assert [shown(built, "dis", number) for number in range(3)] == [
        function,
        function,
        dis(building.executable, LOOP, name="loop"),
    ]


def test_examples_without_a_name_are_told_apart_although_their_text_is_the_same(
    build: Build, building: Interpreter
) -> None:
    built = build(
        md(
            one("dis", LOOP, object="total"),
            one("dis", LOOP),
            one("dis", LOOP, since="3.99"),
            one("dis", LOOP, object="total"),
        )
    )
    function, module = dis(building.executable, LOOP, "total"), dis(building.executable, LOOP)
    pages = soup(built)
    listings = [block.get_text() for block in pages.select(".bytedoc-dis pre")]
    assert listings == [function, module, function]
    assert len(pages.select(".bytedoc-missing")) == 1


def test_depth_limits_how_far_dis_descends(build: Build, building: Interpreter) -> None:
    built = build(md(*(one("dis", NESTED, depth=str(depth)) for depth in (0, 1, 2, 3))))
    counts = [shown(built, "dis", number).count("Disassembly of") for number in range(4)]
    assert counts == [0, 1, 2, 4]


@pytest.mark.parametrize("mode", ["exec", "eval", "single"])
def test_mode_is_that_of_compile(build: Build, building: Interpreter, mode: str) -> None:
    built = build(md(one("dis", "a + b", mode=mode)))
    assert built.warnings == ""
    assert shown(built, "dis") == dis(building.executable, "a + b\n", mode=mode)


def test_optimize_leaves_out_assertions_and_then_docstrings(build: Build) -> None:
    text = 'def f(x):\n    "A docstring."\n    assert x > 41\n'
    levels = [one("dis", text, optimize=str(level)) for level in (0, 1, 2)]
    built = build(md(*levels, *(one("code-object", text, optimize=str(n)) for n in (0, 1, 2))))
    listings = [shown(built, "dis", number) for number in range(3)]
    assert ["41" in text for text in listings] == [True, False, False]
    tables = [output(built, "code-object", number).get_text() for number in range(3)]
    assert ["A docstring." in text for text in tables] == [True, True, False]


_OPTIONS = ("show-caches", "adaptive", "show-offsets", "show-positions")


@pytest.mark.parametrize("option", _OPTIONS)
def test_an_option_of_dis_is_used_where_the_release_has_it_and_noted_where_not(
    build: Build, interpreters: Interpreters, option: str
) -> None:
    parameter = option.replace("-", "_")
    for release in ("3.8", "3.11", "3.13", "3.14"):
        target = interpreter_or_skip(interpreters, release).executable
        built = build(md(one("dis", LOOP, **{parameter: True})), target=target)
        assert built.warnings == ""
        known = parameter in ask(
            target, "import dis, inspect; print(*inspect.signature(dis.dis).parameters)"
        )
        if known:
            assert shown(built, "dis") == dis(target, LOOP, "", parameter)
            assert output(built, "dis").select(".bytedoc-note") == []
        else:
            assert shown(built, "dis") == dis(target, LOOP)
            note = found(output(built, "dis"), ".bytedoc-note").get_text()
            assert parameter in note or option in note


def test_a_line_of_a_cache_has_an_anchor_of_its_own(build: Build) -> None:
    built = build(md(one("dis", "a.b.c()", show_caches=True)))
    caches = soup(built).select('[data-op="CACHE"]')
    assert (len(caches) > 2) == (sys.version_info >= (3, 11))
    assert len({line["id"] for line in caches}) == len(caches)


# -- code-object ----------------------------------------------------------------------------------


def attributes(built: Built, number: int = 0) -> dict[str, str]:
    """The table of a ``code-object`` output."""
    table = found(output(built, "code-object", number), ".bytedoc-attributes")
    return {name: value for name, value in cells(table)[1:]}  # noqa: C416 - rows are lists


def test_a_code_object_is_shown_with_all_attributes_that_the_release_has(
    build: Build, interpreter: Interpreter
) -> None:
    built = build(md(one("code-object", LOOP, object="total")), target=interpreter.executable)
    assert built.warnings == ""
    names = ask(
        interpreter.executable,
        "print(*(n for n in dir((lambda: 0).__code__) if n.startswith('co_')))",
    ).split()
    table = attributes(built)
    assert sorted(name.removesuffix("()") for name in table) == sorted(names)
    assert table["co_name"] == "'total'"
    assert table["co_varnames"] == "0: 'values' 1: 'found' 2: 'value'"
    assert "OPTIMIZED | NEWLOCALS" in table["co_flags"]


def test_nested_code_objects_are_shown_to_the_depth_that_is_asked_for(build: Build) -> None:
    built = build(
        md(one("code-object", NESTED), one("code-object", NESTED, depth="1")),
    )
    titles = [
        [title.get_text() for title in output(built, "code-object", n).select(".bytedoc-subject")]
        for n in range(2)
    ]
    inner = "C.m.<locals>.<lambda>"
    assert titles == [["<module>", "C", "C.m", inner, inner], ["<module>", "C"]]


def test_only_the_attributes_that_are_asked_for_are_shown(build: Build) -> None:
    built = build(md(one("code-object", "x = 'a'", attributes="co_names, co_consts")))
    assert attributes(built) == {"co_consts": "0: 'a' 1: None", "co_names": "0: 'x'"}


def test_the_bytes_of_each_instruction_are_those_of_co_code(build: Build) -> None:
    built = build(md(one("code-object", LOOP, object="total", bytes=True)))
    table = found(output(built, "code-object"), ".bytedoc-bytes")
    code: dict[str, object] = {}
    exec(compile(LOOP, "<loop>", "exec", dont_inherit=True), code)
    expected = code["total"].__code__.co_code  # type: ignore[attr-defined]
    assert bytes.fromhex("".join(row[1] for row in cells(table)[1:])) == expected


def test_an_exception_table_is_decoded_as_dis_does(
    build: Build, interpreters: Interpreters
) -> None:
    text = "def f():\n    try:\n        g()\n    finally:\n        h()\n"
    target = interpreter_or_skip(interpreters, "3.12").executable
    script = (
        "import dis, sys; code = compile(sys.argv[1], 'f', 'exec').co_consts[0]\n"
        "for e in dis._parse_exception_table(code):\n"
        "    print(f'{e.start} to {e.end - 2}', e.target, e.depth, ['no', 'yes'][e.lasti], sep='|')"
    )
    built = build(md(one("code-object", text, object="f")), target=target)
    table = found(output(built, "code-object"), ".bytedoc-exceptions")
    rows = ["|".join(row) for row in cells(table)[1:]]
    assert rows == ask(target, script, text).splitlines()
    assert rows


# -- run ------------------------------------------------------------------------------------------


def test_standard_error_stands_where_a_terminal_would_show_it(build: Build) -> None:
    text = "import sys\nprint(1)\nprint(2, file=sys.stderr)\nprint(3)\nsys.stderr.write('4\\n')\n"
    assert shown(build(md(one("run", text))), "run") == "1\n2\n3\n4\n"


def test_an_example_that_prints_nothing_says_so(build: Build) -> None:
    built = build(md(one("run", "x = 1")))
    assert "prints nothing" in output(built, "run").get_text()


def test_in_mode_eval_the_value_is_shown_and_in_mode_single_that_of_each_expression(
    build: Build,
) -> None:
    built = build(md(one("run", "'a' * 3", mode="eval"), one("run", "6 * 7", mode="single")))
    assert [shown(built, "run", number) for number in range(2)] == ["'aaa'\n", "42\n"]


def test_optimize_holds_for_what_is_executed(build: Build) -> None:
    built = build(md(one("run", "assert False\nprint(__debug__)", optimize="1")))
    assert built.warnings == ""
    assert shown(built, "run") == "False\n"


def test_addresses_are_hidden_unless_they_are_wanted(build: Build) -> None:
    text = "print(object())"
    built = build(md(one("run", text), one("run", text, addresses=True)))
    assert shown(built, "run", 0) == "<object object at 0x...>\n"
    assert "0x..." not in shown(built, "run", 1)


def test_setup_is_executed_first_and_what_it_needs_before_it(build: Build) -> None:
    built = build(
        md(
            one("example", "a = [1]", "a"),
            one("example", "b = [*a, 2]", "b", setup="a"),
            one("run", "print(b, len(a))", setup="b a"),
        )
    )
    assert built.warnings == ""
    assert shown(built, "run") == "[1, 2] 1\n"


def test_setup_in_a_circle_is_told(build: Build) -> None:
    built = build(
        md(
            one("example", "a = 1", "a", setup="b"),
            one("example", "b = 1", "b", setup="a"),
            one("run", "", "a"),
        )
    )
    assert ":setup: goes in a circle: a -> b -> a [bytedoc.option]" in built.warnings


@pytest.mark.parametrize("raises", ["KeyError", "LookupError", "Exception"])
def test_an_exception_may_be_announced_by_its_class_or_a_base(build: Build, raises: str) -> None:
    built = build(md(one("run", "print('before')\n{}[1]", raises=raises)))
    assert built.warnings == ""
    printed = shown(built, "run")
    assert printed.startswith("before\nTraceback (most recent call last):\n")
    assert printed.endswith("\nKeyError: 1\n")


def line_of(text: str, wanted: str) -> int:
    """The number of the line that has *wanted* in it."""
    (number,) = (n for n, line in enumerate(text.splitlines(), start=1) if wanted in line)
    return number


@pytest.mark.parametrize("markup", MARKUPS)
def test_a_traceback_names_file_and_line_of_the_page(build: Build, markup: Markup) -> None:
    text = "def f():\n    raise ValueError('told')  # inner\n\nf()  # outer\n"
    block = directive(markup, "run", "", text, raises="ValueError", name="f")
    files = page(markup, "Words.", block)
    ((name, source),) = files.items()
    built = build(files)
    assert built.warnings == ""
    printed = shown(built, "run")
    assert f'File "{name}", line {line_of(source, "# outer")}, in <module>' in printed
    assert f'File "{name}", line {line_of(source, "# inner")}, in f' in printed
    assert "<f>" not in printed


@pytest.mark.parametrize("markup", MARKUPS)
def test_a_traceback_through_setup_names_the_page_of_each_example(
    build: Build, markup: Markup
) -> None:
    helper = "def fail():\n    raise ValueError('told')  # inner\n"
    other = page(markup, "Words.", directive(markup, "example", "helper", helper), name="other")
    link = contents("other") if markup == "md" else ".. toctree::\n\n   other\n"
    run = directive(markup, "run", "", "fail()  # outer", setup="helper", raises="ValueError")
    files = page(markup, link, run)
    built = build(files | other)
    assert built.warnings == ""
    printed = shown(built, "run")
    for pages, mark in ((files, "# outer"), (other, "# inner")):
        ((name, source),) = pages.items()
        assert f'File "{name}", line {line_of(source, mark)}, in' in printed


# MyST's own use of Sphinx
@pytest.mark.filterwarnings("ignore:'sphinx.environment.BuildEnvironment.app' is deprecated")
@pytest.mark.parametrize("markup", MARKUPS)
def test_a_traceback_names_the_file_that_a_page_includes(
    build: Build, markup: Markup, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if markup == "md" and myst_parser.__version__.startswith("4."):
        pytest.skip("MyST 4 itself counts a line too many in a file that is included")
    monkeypatch.chdir(tmp_path)  # docutils writes paths that are relative to this folder
    part = directive(markup, "run", "", "x = 1\nraise ValueError  # here", raises="ValueError")
    part = f"Words.\n\n{part}"
    include = (
        "```{include} /parts/part.txt\n```" if markup == "md" else ".. include:: /parts/part.txt"
    )
    built = build(page(markup, "Words.", include, "More.") | {"parts/part.txt": part})
    assert built.warnings == ""
    assert f'File "parts/part.txt", line {line_of(part, "# here")}, in <module>' in shown(
        built, "run"
    )


@pytest.mark.parametrize("markup", MARKUPS)
def test_a_directive_within_another_knows_its_line(build: Build, markup: Markup) -> None:
    run = directive(markup, "run", "", "raise ValueError  # here", raises="ValueError")
    if markup == "md":
        block = f":::::{{release}} 3.6+\nWords.\n\n{run}\n:::::\n"
    else:
        block = directive("rst", "release", "3.6+", f"Words.\n\n{run}")
    files = page(markup, "Words.", block)
    ((name, source),) = files.items()
    built = build(files)
    assert built.warnings == ""
    assert f'File "{name}", line {line_of(source, "# here")}, in' in shown(built, "run")


def test_an_example_that_ran_elsewhere_keeps_its_lines(build: Build) -> None:
    other = md("Words.", one("example", "x = 1\nraise ValueError  # here", "fails"), name="other")
    built = build(md(contents("other"), one("run", "", "fails", raises="ValueError")) | other)
    wanted = line_of(other["other.md"], "# here")
    assert f'File "other.md", line {wanted}, in <module>' in shown(built, "run")


# -- interpreter and opcode-table -----------------------------------------------------------------


def test_an_interpreter_is_shown_as_it_describes_itself(
    build: Build, interpreter: Interpreter
) -> None:
    built = build(md(one("interpreter")), target=interpreter.executable)
    assert built.warnings == ""
    table = dict(cells(output(built, "interpreter")))
    script = (
        "import platform as p, sys, importlib.util as u; print(p.python_version(), "
        "p.python_compiler(), int.from_bytes(u.MAGIC_NUMBER[:2], 'little'), "
        "sys.implementation.cache_tag, sep='|')"
    )
    said = ask(interpreter.executable, script).strip().split("|")
    names = ("Version", "Compiler", "Magic number", "Cache tag")
    assert [table[name] for name in names] == said
    assert str(interpreter.bits) in table["Platform"]


def test_the_building_interpreter_is_the_target_unless_another_is_named(build: Build) -> None:
    built = build(md(one("interpreter")))
    assert dict(cells(output(built, "interpreter")))["Version"] == platform.python_version()


def test_every_instruction_has_a_row_with_an_anchor(build: Build, interpreter: Interpreter) -> None:
    built = build(md(one("opcode-table", kind="real")), target=interpreter.executable)
    assert built.warnings == ""
    known = ask(
        interpreter.executable, "import dis; print(*(f'{n}={v}' for n, v in dis.opmap.items()))"
    )
    numbers = dict(item.split("=") for item in known.split())
    page_ = soup(built)
    rows = cells(found(page_, ".bytedoc-opcodes"))[1:]
    for name, number, *_ in rows:
        assert numbers[name] == number
        assert found(page_, f"#opcode-{name}").get_text() == name
    assert {"POP_TOP", "LOAD_CONST", "EXTENDED_ARG"} <= {row[0] for row in rows}
    assert [row[0] for row in rows] == sorted(row[0] for row in rows)


def test_only_the_kinds_of_instructions_that_are_asked_for_are_in_the_table(
    build: Build, interpreters: Interpreters
) -> None:
    target = interpreter_or_skip(interpreters, "3.13").executable
    kinds = ("real", "instrumented", "pseudo", "specialised")
    built = build(md(*(one("opcode-table", kind=kind) for kind in kinds)), target=target)
    real, instrumented, pseudo, specialised = (
        {row[0] for row in cells(output(built, "opcode-table", number))[1:]} for number in range(4)
    )
    assert "LOAD_FAST" in real
    assert "INSTRUMENTED_CALL" in instrumented
    assert "JUMP" in pseudo
    assert "BINARY_OP_ADD_INT" in specialised
    assert not real & specialised
    assert not real & instrumented
    assert not real & pseudo


def test_names_of_instructions_lead_to_the_table_wherever_it_is(build: Build) -> None:
    built = build(
        md(contents("sub/opcodes"), one("dis", "x = 1"), one("code-object", "x = 1", bytes=True))
        | md(one("opcode-table"), name="sub/opcodes")
    )
    page_ = soup(built)
    links = {link["href"] for link in page_.select(".bytedoc-dis a, .bytedoc-bytes a")}
    assert "sub/opcodes.html#opcode-STORE_NAME" in links
    table = soup(built, "sub/opcodes.html")
    for link in links:
        found(table, "#" + str(link).partition("#")[2])


# -- expectations ---------------------------------------------------------------------------------

#: Views with a claim that holds, and one that does not.
CLAIMS = {
    "dis": (one("dis", "x = a", expect="STORE_NAME; not POP_JUMP_IF_TRUE"), "BUILD_MAP"),
    "dis by expression": (one("dis", "x = a", expect="co_names == ('a', 'x')"), "co_argcount == 7"),
    "code-object": (one("code-object", "x = a", expect="len(co_names) == 2"), "len(co_names) == 3"),
    "run": (one("run", "print('yes')", expect="yes; not no"), "no"),
    "interpreter": (one("interpreter", expect="sys.maxsize > 1"), "sys.maxsize == 1"),
    "opcode-table": (
        one("opcode-table", expect="len(opcode.opname) > 255"),
        "len(opcode.opname) == 7",
    ),
    "timing": (
        one("timing", "pass  # a\n1  # b", expect="a < 1; b < 1"),
        "a > 1",
    ),
}


@pytest.mark.parametrize("view", CLAIMS)
def test_a_claim_that_holds_is_not_mentioned_and_one_that_does_not_is_told(
    build: Build, view: str
) -> None:
    block, wrong = CLAIMS[view]
    assert build(md(block), conf=QUICK).warnings == ""
    before, _, after = block.partition(":expect: ")
    failing = f"{before}:expect: {wrong}{after[after.index(chr(10)) :]}"
    told = problem(build(md(failing), conf=QUICK))
    assert told.startswith("index.md:3: WARNING: ")
    assert f"expected {wrong}, but " in told
    assert told.endswith("[bytedoc.expectation]")


@pytest.mark.parametrize("view", CLAIMS)
def test_a_claim_is_only_made_for_the_releases_that_it_names(
    build: Build, building: Interpreter, view: str
) -> None:
    block, wrong = CLAIMS[view]
    before, _, after = block.partition(":expect: ")
    rest = after[after.index("\n") :]
    built = build(md(f"{before}:expect: {wrong} -3.5; {wrong} 3.99+{rest}"), conf=QUICK)
    assert built.warnings == ""
    told = build(md(f"{before}:expect: {wrong} {building.release}{rest}"), conf=QUICK).warnings
    assert f"expected {wrong}, but " in told


# -- releases -------------------------------------------------------------------------------------


@pytest.mark.parametrize("markup", MARKUPS)
def test_prose_is_shown_for_the_releases_that_it_is_for(build: Build, markup: Markup) -> None:
    ranges = {"3.6+": True, "-3.99": True, "3.6-3.99": True, "-3.5": False, "3.99": False}
    blocks = [
        directive(
            markup,
            "release",
            text,
            f"Said of *{text}*.",
        )
        for text in ranges
    ]
    built = build(page(markup, *blocks))
    assert built.warnings == ""
    text = soup(built).get_text()
    assert {name: f"Said of {name}." in text for name in ranges} == ranges


def test_prose_for_some_releases_may_hold_views_and_be_nested(build: Build) -> None:
    inner = one("release", one("run", "print('inner')"), "-3.99")
    built = build(
        md(f":::::{{release}} 3.6+\n{inner.replace('````', '``````', 1)[:-5]}``````\n:::::")
    )
    assert built.warnings == ""
    assert shown(built, "run") == "inner\n"


def test_nothing_of_prose_for_other_releases_is_left_in_the_page(build: Build) -> None:
    built = build(md("Before.\n\n:::{release} 3.99+\nHidden words.\n:::\n\nAfter."))
    assert "Hidden" not in built.read("index.html")
    assert "bytedoc-prose" not in built.read("index.html")


def test_a_claim_in_prose_for_another_release_is_not_checked(build: Build) -> None:
    block = one("run", "raise ValueError").replace("````", "```")
    built = build(md(f"::::{{release}} 3.99+\n{block}\n{{op}}`NEW_INSTRUCTION`\n::::"))
    assert built.warnings == ""
    assert not built.executed


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"since": "3.99"}, "needs Python 3.99 or newer"),
        ({"until": "3.5"}, "Python 3.5"),
    ],
)
def test_an_example_for_other_releases_is_not_asked_and_says_so_kindly(
    build: Build, options: dict[str, str | bool], said: str
) -> None:
    built = build(
        md(
            one("run", "this is no Python at all", name="other", **options),
            one("dis", "", "other"),
            one("code-object", "", "other"),
        )
    )
    assert built.warnings == ""
    notes = [note.get_text() for note in soup(built).select(".bytedoc-missing")]
    assert len(notes) == 3
    assert all(said in note for note in notes)


def test_since_and_until_of_a_view_hold_for_that_view_alone(build: Build) -> None:
    built = build(md(one("dis", "x = 1", name="x"), one("dis", "", "x", since="3.99")))
    page_ = soup(built)
    assert len(page_.select(".bytedoc-dis pre")) == 1
    assert len(page_.select(".bytedoc-missing")) == 1


# -- example --------------------------------------------------------------------------------------


@pytest.mark.parametrize("markup", MARKUPS)
def test_an_example_shows_its_source_and_can_be_linked_to(build: Build, markup: Markup) -> None:
    built = build(
        page(
            markup,
            directive(markup, "example", "seen", "x = 1\ny = 2"),
            directive(markup, "example", "", "z = 3", name="named"),
            directive(markup, "example", "unseen", "w = 4", hidden=True),
            directive(markup, "run", "", "print(x, z, w)", setup="seen named unseen"),
        )
    )
    assert built.warnings == ""
    page_ = soup(built)
    assert found(page_, "#example_seen pre").get_text() == "x = 1\ny = 2\n"
    assert found(page_, "#example_named pre").get_text() == "z = 3\n"
    assert found(page_, "#example_unseen").get_text().strip() == ""
    assert shown(built, "run") == "1 3 4\n"


@pytest.mark.parametrize("layout", ["above", "beside", "hidden"])
def test_layout_says_where_the_source_stands(build: Build, layout: str) -> None:
    page_ = soup(build(md(one("dis", "some_name = 1", layout=layout))))
    frames = page_.select(f".bytedoc-{layout}")
    assert len(frames) == (layout != "hidden")
    sources = page_.select(".bytedoc-source")
    assert len(sources) == (layout != "hidden")
    for source in sources:
        following = source.find_next_sibling()
        assert following is not None
        assert "bytedoc-output" in following["class"]


def test_a_class_is_given_to_the_output(build: Build) -> None:
    built = build(md(one("dis", "x = 1", **{"class": "wide tall"})))
    assert {"wide", "tall"} <= set(output(built, "dis")["class"])


def test_source_newer_than_pygments_is_shown_without_a_warning(build: Build) -> None:
    built = build(md(one("example", "x = a ?? b ::= `c`", "strange")))
    assert built.warnings == ""
    assert found(soup(built), ".bytedoc-source pre").get_text() == "x = a ?? b ::= `c`\n"


@pytest.mark.parametrize("markup", MARKUPS)
def test_blank_lines_and_indentation_of_a_source_are_kept(build: Build, markup: Markup) -> None:
    text = "if True:\n\n    x = '''\n      a\n\n  b'''\n    print(x)\n"
    built = build(page(markup, directive(markup, "run", "", text)))
    assert built.warnings == ""
    assert found(soup(built), ".bytedoc-source pre").get_text() == text
    assert shown(built, "run") == "\n      a\n\n  b\n"
