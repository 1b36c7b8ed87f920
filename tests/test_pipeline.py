"""The ``pipeline`` view: each stage is what the release itself says of it."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import bs4
import html5lib
import pytest
from conftest import Build, Built, interpreter_or_skip
from markup import LOOP, MARKUPS, Markup, ask, directive, dis, found, md, output, page, soup
from test_probe import EXAMPLE, records_of

from bytedoc.answers import answer_of
from bytedoc.answers.pipeline import CompilerCode, Pipeline, Place, TreeNode
from bytedoc.capture import kept, restored
from bytedoc.interpreters import Interpreters
from bytedoc.request import Interpreter

#: Names and texts of more bytes than characters, and an operator that no release lacks.
WIDE = """\
größe = "\N{SNOWMAN}\N{SNOWMAN}" + "é" if größe else 'x'  # \N{SNOWMAN}
def f(ä, *, b={"é": None, **größe}):
    return [ä
            for _ in b], f"{ä}é"
"""
SOURCES = {"everything": EXAMPLE, "wide": WIDE, "loop": LOOP, "nothing": "\n"}


def pipeline_of(interpreter: Interpreter, source: str, **job: Any) -> Pipeline:
    """The stages of an example."""
    question = {"view": "pipeline", "source": source, "filename": "<example>", **job}
    return Pipeline.from_json(records_of(interpreter, [question])[0]["ok"])


def quoted(source: str, place: Place) -> str:
    """The text at a place, whose columns are in bytes."""
    lines = [*source.encode("utf-8").splitlines(keepends=True), b""]
    line, end_line, column, end_column = place
    assert end_line is not None
    text = b"".join(lines[line - 1 : end_line])
    cut = len(lines[end_line - 1]) - (end_column or 0)
    return text[column : len(text) - cut if cut > 0 else None].decode("utf-8")


# Tokens

TOKENS = """\
import io, json, sys, tokenize
print(json.dumps([
    [tokenize.tok_name[token[0]], token[1], token[2][0], token[3][0]]
    for token in tokenize.generate_tokens(io.StringIO(sys.argv[1]).readline)
]))
"""


@pytest.mark.parametrize("name", SOURCES)
def test_tokens_are_those_of_tokenize(interpreter: Interpreter, name: str) -> None:
    source = SOURCES[name]
    tokens = pipeline_of(interpreter, source).tokens
    told = [[token.type, token.text, token.place.line, token.place.end_line] for token in tokens]
    assert told == json.loads(ask(interpreter.executable, TOKENS, source))


@pytest.mark.parametrize("name", SOURCES)
def test_the_place_of_a_token_is_that_of_its_text(interpreter: Interpreter, name: str) -> None:
    tokens = pipeline_of(interpreter, SOURCES[name]).tokens
    assert len(tokens) > 1
    for token in tokens:
        if token.type not in ("NEWLINE", "NL", "ENDMARKER", "DEDENT"):
            assert quoted(SOURCES[name], token.place) == token.text


# Syntax tree

TREE = """\
import ast, json, sys
def told(value):
    if isinstance(value, ast.AST):
        fields = {name: told(getattr(value, name, None)) for name in value._fields}
        kept = {name: item for name, item in fields.items() if item not in ("None", [])}
        if type(value).__name__ in ("Constant", "NameConstant") and value.value is None:
            kept["value"] = "None"
        place = [getattr(value, name, None) for name in
                 ("lineno", "end_lineno", "col_offset", "end_col_offset")]
        return [type(value).__name__, kept, None if None in (place[0], place[2]) else place]
    if isinstance(value, list) and any(isinstance(item, ast.AST) for item in value):
        return [told(item) for item in value]
    return [] if value == [] else repr(value)
print(json.dumps(told(ast.parse(sys.argv[1], mode=sys.argv[2]))))
"""


def rebuilt(nodes: Sequence[TreeNode]) -> Any:
    """The tree of a row and those below it, in the form of ``TREE``."""
    first, *rest = nodes
    fields: dict[str, Any] = {
        name: [value, {}, None] if value.isidentifier() and name in ("op", "ctx") else value
        for name, value in first.values
    }
    starts = [index for index, node in enumerate(rest) if node.depth == first.depth + 1]
    for start, end in zip(starts, [*starts, len(rest)][1:], strict=True):
        name, is_list, _ = rest[start].field.partition("[")
        value = "None" if rest[start].name == "None" else rebuilt(rest[start:end])
        if is_list:
            fields.setdefault(name, []).append(value)
        else:
            fields[name] = value
    return [first.name, fields, list(first.place) if first.place else None]


@pytest.mark.parametrize("name", SOURCES)
def test_the_tree_is_that_of_ast(interpreter: Interpreter, name: str) -> None:
    tree = pipeline_of(interpreter, SOURCES[name]).tree
    expected = json.loads(ask(interpreter.executable, TREE, SOURCES[name], "exec"))
    assert rebuilt(tree) == expected


def test_a_name_in_the_tree_is_where_its_place_says(interpreters: Interpreters) -> None:
    interpreter = interpreter_or_skip(interpreters, "3.8")
    names = [node for node in pipeline_of(interpreter, WIDE).tree if node.name == "Name"]
    assert len(names) > 5
    for node in names:
        if node.place is not None and node.place.line < 4:  # positions in f-strings came later
            assert repr(quoted(WIDE, node.place)) == dict(node.values)["id"]


def test_a_node_that_has_no_place_is_shown_without_one(interpreter: Interpreter) -> None:
    tree = pipeline_of(interpreter, LOOP).tree
    assert [node.name for node in tree if node.place is None] == ["Module", "arguments"]


# Symbol table

FLAGS = ("parameter", "local", "global", "free", "assigned", "referenced", "imported", "namespace")
SYMBOLS = """\
import json, symtable, sys
def walk(table):
    yield table
    for child in table.get_children():
        yield from walk(child)
print(json.dumps([
    [str(table.get_type()), table.get_name(), table.get_lineno(), [
        [symbol.get_name(), [n for n in sys.argv[2:] if getattr(symbol, "is_" + n)()]]
        for symbol in table.get_symbols()
    ]]
    for table in walk(symtable.symtable(sys.argv[1], "<example>", "exec"))
    if str(table.get_type()) != "annotation"
]))
"""


@pytest.mark.parametrize("name", SOURCES)
def test_scopes_are_those_of_symtable(interpreter: Interpreter, name: str) -> None:
    scopes = pipeline_of(interpreter, SOURCES[name]).scopes
    told = [
        [
            scope.kind,
            "top" if scope.kind == "module" else scope.qualname.rpartition(".")[2].strip("<>"),
            scope.line,
            [[name, [flag for flag in FLAGS if flag in flags]] for name, flags in scope.symbols],
        ]
        for scope in scopes
        if scope.kind != "annotation"
    ]
    expected = json.loads(ask(interpreter.executable, SYMBOLS, SOURCES[name], *FLAGS))
    for scope in expected:
        scope[1] = scope[1].strip("<>")  # as some are called from 3.15 on
    assert told == expected


def test_scopes_are_named_as_the_code_objects(interpreter: Interpreter) -> None:
    source = """\
class C:
    def m(self):
        one = lambda: self
        return (each for each in one)

    class D:
        def n(self): pass
"""
    pipeline = pipeline_of(interpreter, source)
    names = sorted(code.qualname for code in pipeline.bytecode.codes)
    assert sorted(scope.qualname for scope in pipeline.scopes) == names
    for wanted in ("C.m", "C.m.<locals>.<lambda>", "C.D"):
        part = pipeline_of(interpreter, source, object=wanted)
        assert part.scopes[0].qualname == wanted
        names = sorted(code.qualname for code in part.bytecode.codes)
        assert sorted(scope.qualname for scope in part.scopes) == names


def test_a_closure_is_seen_in_its_scopes(interpreter: Interpreter) -> None:
    source = "def outer(a):\n    def inner():\n        return a + b\n    return inner\n"
    scopes = {
        scope.qualname: dict(scope.symbols) for scope in pipeline_of(interpreter, source).scopes
    }
    assert "parameter" in scopes["outer"]["a"]
    assert "free" in scopes["outer.<locals>.inner"]["a"]
    assert "global" in scopes["outer.<locals>.inner"]["b"]


def test_annotations_have_a_scope_where_there_are_some(interpreters: Interpreters) -> None:
    interpreter = interpreter_or_skip(interpreters, "3.14")
    source = "def f(a): pass\ndef g(a: int): pass\n"
    scopes = pipeline_of(interpreter, source).scopes
    (annotation,) = (scope for scope in scopes if scope.kind == "annotation")
    assert annotation.line == 2
    assert "int" in dict(annotation.symbols)


# What the compiler has before the bytecode

#: Functions of every shape, with what is loaded, folded and left out in them.
FUNCTIONS = {
    "add": "def f(a, b=2, *c, d, **e):\n    return a + b * 24 * 60, 'text', (1, 2), d\n",
    "loop": LOOP,
    "branches": "def f(a):\n    while a and 1:\n        a = b if a else None\n    return [a, ()]\n",
    "nothing": "def f():\n    pass\n",
    "docstring": "def f(a):\n    '''Of two\n    lines.'''\n    return a.b(c=a)\n",
    "keywords": "def f(a):\n    return a(1, b=a, c=-5, **{'x': 300})\n",
    "unset": "def f(a):\n    if a:\n        b = a\n    del a\n    return b\n",
    "comprehension": "def f(a):\n    return [b for b in a], {b: 1 for b in a}, a in {1, 2}\n",
    "text": "def f(a):\n    return f'{a} and {a!r:>3}', 'x' * 3, -1, 1.5, a[1:2]\n",
    "module": "import a.b as c, d\nfrom e import f\nfor g in 1, 2:\n    print(c, d, f, g + 3)\n",
    "class": "class A:\n    '''Doc.'''\n    x = 1, 2\n    def f(self, a=(), b=(None,)): return 5\n",
    "exit": "def f(a):\n    with a as b:\n        return b or 3\n",
    "handler": "def f(a):\n    try:\n        a()\n    except a: return 1\n    finally: a(2)\n",
    "generator": "def f(a):\n    b = yield a\n    yield from (b, 1)\n",
    "coroutine": "async def f(a):\n    async with a:\n        return [b async for b in await a]\n",
    "closure": "def f(a, b):\n    def g(d=b): return a, b, d\n    b = 1\n    return g, lambda: b\n",
    "again": "class A:\n    __slots__ = ('a', 'b')\n    x = ('a', 'b'), 1, 2, (1, 2)\n",
    "any": "def f(a):\n    return any(b for b in a) or all(c for c in a)\n",
}
#: Releases whose compiler shows both stages of all code.
SHOWING = ("3.13", "3.14", "3.15")


@pytest.fixture(params=SHOWING)
def showing(request: pytest.FixtureRequest, interpreters: Interpreters) -> Interpreter:
    """An interpreter whose compiler shows its stages."""
    interpreter = interpreter_or_skip(interpreters, request.param)
    try:
        ask(interpreter.executable, "import _testinternalcapi")
    except subprocess.CalledProcessError:
        pytest.skip(f"{interpreter} has no _testinternalcapi")
    return interpreter


def as_told(codes: Sequence[CompilerCode]) -> list[list[list[Any]]]:
    """Name, argument and place of each instruction, -1 for what a place lacks."""
    return [
        [
            [item.name, item.arg, item.place and [-1 if n is None else n for n in item.place]]
            for item in code.instructions
        ]
        for code in codes
    ]


GENERATED = """\
import ast, dis, json, sys, _testinternalcapi
def instructions(sequence):
    return [[dis.opname[op], arg if op in dis.hasarg or op in dis.hasjump + dis.hasexc else None,
             place if place[0] >= 0 else None]
            for op, arg, *place in sequence.get_instructions()]
def walk(sequence):
    yield instructions(sequence)
    for inner in sequence.get_nested() or ():
        yield from walk(inner)
sequence, _ = _testinternalcapi.compiler_codegen(ast.parse(sys.argv[1]), "<example>", 0)
print(json.dumps(list(walk(sequence))))
"""


@pytest.mark.parametrize("name", FUNCTIONS)
def test_what_is_generated_is_what_the_compiler_says(showing: Interpreter, name: str) -> None:
    pipeline = pipeline_of(showing, FUNCTIONS[name])
    told = as_told(pipeline.codegen)
    assert len(told) == len(pipeline.bytecode.codes)
    # In their order; what is generated twice can become one code object.
    generated = iter(json.loads(ask(showing.executable, GENERATED, FUNCTIONS[name])))
    assert all(code in generated for code in told)


ASSEMBLED = """\
import dis, json, sys, _testinternalcapi as internals
source, stages = sys.argv[1], json.loads(sys.argv[2])
targeted = dis.hasjump + dis.hasexc
def walk(code):
    yield code
    for const in code.co_consts:
        if hasattr(const, "co_code"):
            yield from walk(const)
def assembled(code, instructions):
    sequence = internals.new_instruction_sequence()
    targets = {arg for name, arg, _ in instructions if dis.opmap[name] in targeted}
    labels = {target: sequence.new_label() for target in sorted(targets)}
    for number, (name, arg, place) in enumerate(instructions):
        if number in labels:
            sequence.use_label(labels[number])
        op = dis.opmap[name]
        sequence.addop(op, labels[arg] if op in targeted else arg or 0, *(place or [-1] * 4))
    cells = {name: n for n, name in enumerate(sorted(code.co_cellvars))}
    metadata = {
        "name": code.co_name, "qualname": code.co_qualname,
        "consts": {n: n for n in range(len(code.co_consts))},
        "names": {name: n for n, name in enumerate(code.co_names)},
        "varnames": {name: n for n, name in enumerate(code.co_varnames)},
        "cellvars": cells,
        "freevars": {name: n for n, name in enumerate(code.co_freevars, len(cells))},
        "fasthidden": {}, "argcount": code.co_argcount,
        "posonlyargcount": code.co_posonlyargcount,
        "kwonlyargcount": code.co_kwonlyargcount, "firstlineno": code.co_firstlineno,
    }
    return internals.assemble_code_object("<example>", sequence, metadata)
def told(code):
    # This function for tests keeps fewer lines without code, and is not told of handlers.
    return [[item.opname.replace("_BORROW", ""), item.opcode in targeted or item.arg]
            for item in dis.get_instructions(code) if item.opname != "NOP"]
for code, instructions in zip(walk(compile(source, "<example>", "exec")), stages):
    # The function for tests is not told that it makes a generator, which begins otherwise.
    if not code.co_flags & 0x2A0:
        assert told(assembled(code, instructions)) == told(code), (code, instructions)
        print(code.co_name)
"""


@pytest.mark.parametrize("name", FUNCTIONS)
def test_what_is_optimised_assembles_to_the_bytecode(showing: Interpreter, name: str) -> None:
    pipeline = pipeline_of(showing, FUNCTIONS[name])
    assert "optimised" not in pipeline.missing
    stages = json.dumps(as_told(pipeline.optimised))
    assembled = ask(showing.executable, ASSEMBLED, FUNCTIONS[name], stages).split()
    assert assembled[0] == "<module>"


def opnames(codes: Sequence[CompilerCode]) -> list[str]:
    return [item.name for code in codes for item in code.instructions]


def arguments(codes: Sequence[CompilerCode], name: str) -> list[str]:
    """What the arguments of all instructions of a name are."""
    return [item.argrepr for code in codes for item in code.instructions if item.name == name]


def test_folding_is_seen_where_the_release_does_it(showing: Interpreter) -> None:
    """In the syntax tree up to 3.13, among the instructions from 3.14 on."""
    pipeline = pipeline_of(showing, "def f(a):\n    return a * (24 * 60)\n", object="f")
    generated = [text for text in arguments(pipeline.codegen, "LOAD_CONST") if text != "None"]
    assert generated == (["1440"] if str(showing.release) == "3.13" else ["24", "60"])
    assert arguments(pipeline.optimised, "LOAD_CONST") == ["1440"]


def test_constants_names_and_variables_of_nested_code_are_told(showing: Interpreter) -> None:
    source = (
        "def f(a):\n    b = c.d\n    def g():\n        return a, b, 'one', 1.5, {'x', None}\n"
        "    return g\n"
    )
    _, outer, inner = pipeline_of(showing, source).codegen
    assert arguments([outer], "STORE_DEREF") == ["b"]
    assert arguments([outer], "LOAD_GLOBAL") == ["c"]
    assert arguments([outer], "LOAD_ATTR") == ["d"]
    assert arguments([outer], "LOAD_CLOSURE") == ["a", "b"]
    (code,) = (text for text in arguments([outer], "LOAD_CONST") if text != "None")
    assert code == '<code object g at 0x..., file "<example>", line 3>'
    assert arguments([inner], "LOAD_DEREF") == ["a", "b"]
    assert {"'one'", "1.5", "'x'"} <= set(arguments([inner], "LOAD_CONST"))


def test_a_parameter_has_a_value_and_a_variable_may_have_none(showing: Interpreter) -> None:
    pipeline = pipeline_of(showing, FUNCTIONS["unset"], object="f")
    assert arguments(pipeline.optimised, "LOAD_FAST_CHECK") == ["b"]
    assert "LOAD_FAST_CHECK" not in opnames(pipeline.codegen)


def test_a_jump_names_the_instruction_to_which_it_goes(showing: Interpreter) -> None:
    pipeline = pipeline_of(showing, LOOP, object="total")
    for (code,) in (pipeline.codegen, pipeline.optimised):
        (ahead,) = (item for item in code.instructions if item.name == "FOR_ITER")
        (back,) = (item for item in code.instructions if item.name == "JUMP")
        assert (ahead.argrepr, back.argrepr) == (f"to {ahead.arg}", f"to {back.arg}")
        assert ahead.arg is not None
        assert back.arg is not None
        assert code.instructions[ahead.arg].name == "END_FOR"
        assert code.instructions[back.arg].name == "FOR_ITER"


def test_a_variable_is_borrowed_where_the_bytecode_does(interpreters: Interpreters) -> None:
    interpreter = interpreter_or_skip(interpreters, "3.14")
    pipeline = pipeline_of(interpreter, FUNCTIONS["handler"], object="f")
    if pipeline.optimised:
        loads = [name for name in opnames(pipeline.optimised) if name.startswith("LOAD_FAST")]
        assert set(loads) == {"LOAD_FAST", "LOAD_FAST_BORROW"}
        assert loads == [
            name for name in pipeline.bytecode.opnames() if name.startswith("LOAD_FAST")
        ]


def test_what_is_never_reached_is_generated_and_then_left_out(showing: Interpreter) -> None:
    source = "def f(a):\n    return a\n    print(1)\n"
    pipeline = pipeline_of(showing, source, object="f")
    assert arguments(pipeline.codegen, "LOAD_GLOBAL") == ["print"]
    assert arguments(pipeline.optimised, "LOAD_GLOBAL") == []


def test_what_can_not_be_shown_for_certain_is_not_shown(showing: Interpreter) -> None:
    """From 3.14 on, code for the annotations of a module is put together in another way."""
    pipeline = pipeline_of(showing, "a: int = 1\ndef f(): pass\n")
    if "__annotate__" in pipeline.bytecode.text:
        assert pipeline.missing["optimised"] == ("uncertain", ("<module>", "__annotate__"))
        assert pipeline.missing["codegen"] == ("uncertain", ("__annotate__",))
        assert [code.qualname for code in pipeline.optimised] == ["f"]
    else:
        assert pipeline.missing == {}
    assert arguments(pipeline.codegen, "STORE_NAME")[-2:] == ["a", "f"]


def test_what_the_compiler_is_asked_harms_no_other_answer(interpreters: Interpreters) -> None:
    """Its functions for tests damage the process, if there are annotations (3.14 and 3.15)."""
    interpreter = interpreter_or_skip(interpreters, "3.14")
    job = {"view": "pipeline", "source": "a: int = 1\n", "filename": "<example>"}
    collect = {"view": "value", "expression": "__import__('gc').collect() >= 0"}
    records = records_of(interpreter, [job, collect] * 10)
    assert all("ok" in record for record in records)
    assert len({json.dumps(record) for record in records[::2]}) == 1
    assert records[0]["ok"]["missing"].get("codegen", [""])[0] != "broken"


def test_an_interpreter_that_shows_nothing_says_so(interpreters: Interpreters) -> None:
    for release in ("3.6", "3.11"):
        pipeline = pipeline_of(interpreter_or_skip(interpreters, release), LOOP)
        assert (pipeline.codegen, pipeline.optimised) == ((), ())
        assert {missing.reason for missing in pipeline.missing.values()} == {"absent"}


def test_3_12_shows_what_is_generated_for_a_module(interpreters: Interpreters) -> None:
    interpreter = interpreter_or_skip(interpreters, "3.12")
    pipeline = pipeline_of(interpreter, LOOP + "x = 1, [total]\n")
    if not pipeline.codegen:
        pytest.skip("this interpreter has no _testinternalcapi")
    (code,) = pipeline.codegen
    assert opnames([code])[-2:] == ["LOAD_CONST", "RETURN_VALUE"]
    assert arguments([code], "STORE_NAME") == ["total", "x"]
    assert pipeline.missing["codegen"] == ("modules-only", ("total",))
    nested = pipeline_of(interpreter, LOOP, object="total")
    assert nested.missing["codegen"] == ("modules-only", ())


# All of it


def test_the_bytecode_is_that_of_dis(interpreter: Interpreter) -> None:
    listing = pipeline_of(interpreter, LOOP, object="total").bytecode
    assert listing.text == dis(interpreter.executable, LOOP, "total")


def test_mode_and_level_are_those_of_compile(interpreter: Interpreter) -> None:
    expression = pipeline_of(interpreter, "a + b\n", mode="eval")
    assert expression.tree[0].name == "Expression"
    assert expression.bytecode.text == dis(interpreter.executable, "a + b\n", mode="eval")
    prompt = pipeline_of(interpreter, "a + b\n", mode="single")
    assert prompt.tree[0].name == "Interactive"
    assert prompt.bytecode.text == dis(interpreter.executable, "a + b\n", mode="single")
    assertion = pipeline_of(interpreter, "assert a\n", optimize=1)
    assert "Assert" in [node.name for node in assertion.tree]
    assert assertion.bytecode.text == dis(interpreter.executable, "assert a\n", optimize=1)
    for pipeline in (expression, prompt, assertion):
        assert pipeline.optimised or pipeline.missing["optimised"].reason == "absent"


def test_the_same_example_has_the_same_stages_whatever_was_compiled_before(
    interpreter: Interpreter,
) -> None:
    source = EXAMPLE + "x in {'b', None, 'a'}\n"
    job = {"view": "pipeline", "source": source, "filename": "<example>"}
    before = [{**job, "source": "y = {'a', 'b'}, None\n"}, {**job, "view": "dis"}]
    alone = records_of(interpreter, [job])
    assert records_of(interpreter, [*before, job])[-1] == alone[0]
    assert records_of(interpreter, [job], fork=False) == alone
    assert "0x" not in json.dumps(alone).replace("0x...", "")


# In pages


def one(content: str = "", argument: str = "", /, **options: str | bool) -> str:
    """The directive in MyST."""
    return directive("md", "pipeline", argument, content, **options)


def stage(built: Built, name: str, anchor: str = "loop_pipeline") -> bs4.Tag:
    """A stage in a page of HTML."""
    return found(soup(built), f"#{anchor}_{name}")


def lines_of(built: Built, name: str, anchor: str = "loop_pipeline") -> list[str]:
    """The lines of the block of a stage, without its head."""
    return found(stage(built, name, anchor), "pre").get_text().splitlines()[1:]


def stages_of(built: Built, number: int = 0) -> list[str]:
    """The titles of the stages in an output."""
    titles = output(built, "pipeline", number).select(".bytedoc-stage-title strong")
    return [title.get_text() for title in titles]


EVERY = ["Tokens", "Syntax tree", "Symbol table", "Code generator", "Optimiser", "Bytecode"]


def test_a_page_shows_every_stage(build: Build, interpreter: Interpreter) -> None:
    built = build(md(one(LOOP, name="loop")), target=interpreter.executable)
    assert built.warnings == ""
    assert stages_of(built) == EVERY
    pipeline = pipeline_of(interpreter, LOOP)
    assert len(lines_of(built, "tokens")) == len(pipeline.tokens)
    assert len(lines_of(built, "ast")) == len(pipeline.tree)
    assert len(lines_of(built, "symbols")) == sum(len(scope.symbols) for scope in pipeline.scopes)
    listing = found(stage(built, "bytecode"), "pre").get_text()
    assert listing.replace("<loop>", "<example>") == pipeline.bytecode.text
    for name, codes in (("codegen", pipeline.codegen), ("optimised", pipeline.optimised)):
        shown = stage(built, name).select("pre .row")
        assert [line["data-op"] for line in shown] == opnames(codes)
        notes = stage(built, name).select(".bytedoc-note")
        assert len(notes) == (name in pipeline.missing)


@pytest.mark.parametrize(
    ("release", "note"),
    [("3.8", "CPython does from 3.13 on"), ("3.12", "and not for the code in it: total.")],
)
def test_a_stage_that_is_not_shown_is_explained(
    build: Build, interpreters: Interpreters, release: str, note: str
) -> None:
    target = interpreter_or_skip(interpreters, release).executable
    built = build(md(one(LOOP, name="loop", stages="codegen")), target=target)
    assert built.warnings == ""
    told = found(stage(built, "codegen"), ".bytedoc-note").get_text()
    assert note in told or "_testinternalcapi" in told


def test_a_line_has_its_place_in_words_and_as_attributes(
    build: Build, interpreters: Interpreters
) -> None:
    target = interpreter_or_skip(interpreters, "3.8")
    built = build(md(one(WIDE, name="loop")), target=target.executable)
    for name in ("tokens", "ast"):
        rows = stage(built, name).select(".row")
        assert len(rows) > 20
        for row in rows:
            line, columns = row.get("data-line"), row.get("data-columns")
            words = row.get_text().split()
            if line is None:
                assert columns is None
                assert not words[0][0].isdecimal()
                continue
            first, last, start, end = str(columns).split()
            assert words[0] == (first if first == last else f"{first}-{last}")
            assert words[1] == f"{start}-{end}"
            assert line == first
    (row, *_) = stage(built, "ast").select('[data-columns="1 1 0 7"]')
    assert quoted(WIDE, Place(1, 1, 0, 7)) == "größe"
    assert "größe" in row.get_text()


def test_stages_are_shown_that_are_wanted_in_the_order_of_the_compiler(build: Build) -> None:
    built = build(
        md(
            one(LOOP, name="loop", stages="bytecode tokens"),
            one("", "loop", stages="optimised, ast"),
        )
    )
    assert built.warnings == ""
    assert stages_of(built) == ["Tokens", "Bytecode"]
    assert stages_of(built, 1) == ["Syntax tree", "Optimiser"]


def test_object_limits_the_stages_that_know_of_objects(build: Build, building: Interpreter) -> None:
    source = f"{LOOP}\nx = total([])\n"
    built = build(md(one(source, name="loop", object="total")))
    caption = found(output(built, "pipeline"), ".bytedoc-caption").get_text()
    assert caption.startswith("Pipeline of total")
    anchor = "loop_pipeline_total"
    listing = found(stage(built, "bytecode", anchor), "pre").get_text()
    assert listing == dis(building.executable, source, "total", name="loop")
    assert all(" function total " in line for line in lines_of(built, "symbols", anchor))
    assert any("'x'" in line for line in lines_of(built, "tokens", anchor))
    assert any("id='x'" in line for line in lines_of(built, "ast", anchor))


def test_names_of_instructions_are_links_in_each_stage(
    build: Build, interpreters: Interpreters
) -> None:
    interpreter = interpreter_or_skip(interpreters, "3.13")
    conf = {"bytedoc_opcode_url": "https://example.org/{release}/{name}"}
    built = build(md(one(LOOP, name="loop")), conf=conf, target=interpreter.executable)
    for name in ("codegen", "optimised", "bytecode"):
        for link in stage(built, name).select("pre a"):
            assert link["href"] == f"https://example.org/3.13/{link.get_text()}"
    assert stage(built, "bytecode").select("pre a")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"stages": "tokens parser"}, "parser is not one of tokens, ast, symbols, codegen,"),
        ({"mode": "file"}, "it must be one of exec, eval, single"),
        ({"optimize": "3"}, "it must be at least 0 and at most 2"),
        ({"depth": "1"}, "there is no option ':depth:'"),
    ],
)
def test_an_option_that_can_not_be_used_is_told(
    build: Build, options: dict[str, str], message: str
) -> None:
    built = build(md(one(LOOP, **options)))
    assert message in built.warnings
    assert built.warnings.count("[bytedoc.option]") == 1


def test_an_object_that_is_not_there_and_source_that_does_not_compile_are_told(
    build: Build,
) -> None:
    built = build(md(one(LOOP, object="totals"), one("x = = 1\n")))
    unknown, syntax = (line for line in built.warnings.splitlines() if "WARNING" in line)
    assert "did you mean 'total'?" in unknown
    assert "[bytedoc.unknown-object]" in unknown
    assert syntax.startswith("index.md:")
    assert "SyntaxError" in syntax


#: Claims that hold, and the same ones turned around.
CLAIMS = {
    "FOR_ITER": "not FOR_ITER",
    "STORE_FAST x3": "STORE_FAST x9",
    "(tokens.count('INDENT') == 2)": "(tokens.count('INDENT') == 3)",
    "('for' in texts)": "('while' in texts)",
    "(ast.count('For') == 1)": "(ast.count('While') == 1)",
    "('parameter' in symbols['total']['values'])": "('free' in symbols['total']['values'])",
    "(names == ['values', 'found', 'value'])": "('total' in names)",
    "(codegen is None or len(codegen) > 5)": "(codegen is not None and len(codegen) < 5)",
    "(optimised is None or 'JUMP' in optimised)": "(optimised == [])",
    "(bytecode.count('FOR_ITER') == 1)": "(bytecode == tokens)",
    "(co_argcount == 1)": "(co_argcount == 2)",
}


def test_claims_about_stages_and_code_are_checked(build: Build, interpreters: Interpreters) -> None:
    target = interpreter_or_skip(interpreters, "3.12").executable
    options = {"name": "loop", "object": "total", "stages": "tokens"}
    true = build(md(one(LOOP, **options, expect="; ".join(CLAIMS))), target=target)
    assert true.warnings == ""
    false = build(md(one(LOOP, **options, expect="; ".join(CLAIMS.values()))), target=target)
    assert false.warnings.count("[bytedoc.expectation]") == len(CLAIMS)
    assert false.warnings.count("index.md:3: WARNING: pipeline of loop on 3.12: ") == len(CLAIMS)
    assert "expected not FOR_ITER, but it occurs once" in false.warnings


def test_an_expression_about_a_stage_that_fails_is_told(build: Build) -> None:
    built = build(md(one(LOOP, name="loop", expect="(tokens[99999] == 'NAME')")))
    assert "but it fails: IndexError" in built.warnings
    assert "[bytedoc.expression]" in built.warnings


def test_the_example_is_not_executed(build: Build, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    built = build(md(one(f"open({str(mark)!r}, 'w')\n1 / 0\n", expect="('open' in names)")))
    assert built.warnings == ""
    assert not mark.exists()


HOSTILE = """</pre></div><b>&amp; "it's" <!-- ]]> \\end{Verbatim} %d {0} $x_1$ ~^#"""
BUILDERS = ("html", "singlehtml", "text", "latex", "epub", "man", "xml", "texinfo", "gettext")
#: What builders want to be told of a project.
COMPLETE = {
    "project": "Bytecode",
    "author": "Somebody",
    "copyright": "Somebody",
    "version": "1",
    "nitpicky": True,
}


@pytest.mark.parametrize("markup", MARKUPS)
@pytest.mark.parametrize("builder", BUILDERS)
def test_every_builder_shows_every_stage_without_a_warning(
    build: Build, interpreters: Interpreters, builder: str, markup: Markup
) -> None:
    target = interpreter_or_skip(interpreters, "3.13").executable
    source = (
        f"text = {HOSTILE!r}  # {HOSTILE}\nbad = '\\x00\\x1b\\ud800'\n\ndef f(a):\n    return a\n"
    )
    files = page(
        markup,
        directive(markup, "pipeline", "", source, name="hostile", layout="beside"),
        directive(markup, "pipeline", "hostile", object="f"),
    )
    built = build(files, builder, conf=COMPLETE, target=target)
    assert built.warnings == ""
    if builder == "html":
        html5lib.HTMLParser(strict=True).parse(built.read("index.html"))
        tokens = lines_of(built, "tokens", "hostile_pipeline")
        assert any(line.endswith(repr(repr(HOSTILE))) for line in tokens)
        assert stages_of(built, 1) == EVERY
    elif builder == "text":
        text = built.read("index.txt")
        assert all(title in text for title in EVERY)
        assert "Line  Columns  Type" in text
    elif builder == "latex":
        assert "Syntax tree" in built.read("bytecode.tex")


def test_anchors_of_stages_are_the_same_for_all_releases(
    build: Build, interpreters: Interpreters
) -> None:
    files = md(one(LOOP, name="loop"), one("", "loop"))
    anchors = []
    for release in ("3.6", "3.13"):
        target = interpreter_or_skip(interpreters, release).executable
        built = build(files, target=target)
        anchors.append([element["id"] for element in soup(built).select(".bytedoc-stage")])
    assert anchors[0] == anchors[1]
    assert len(set(anchors[0])) == 2 * len(EVERY)


def test_a_recorded_answer_says_the_same(interpreter: Interpreter) -> None:
    job = {"view": "pipeline", "source": LOOP, "filename": "<loop>"}
    (record,) = records_of(interpreter, [job])
    assert answer_of("pipeline", restored(kept(record))) == answer_of("pipeline", record)
