"""The ``pyc`` view: its bytes are those of the file, and what it says of them is true."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import html5lib
import pytest
from conftest import Build, Built, interpreter_or_skip
from markup import LOOP, MARKUPS, Markup, ask, directive, found, md, output, page, shown, soup
from test_probe import EXAMPLE, Job, records_of

from bytedoc.answers import answer_of
from bytedoc.answers.pyc import Field, PycFile
from bytedoc.capture import kept, restored
from bytedoc.interpreters import Interpreters
from bytedoc.request import Interpreter
from bytedoc.store import PROBE

#: The time of the source file: 2020-01-01 00:00:00 UTC.
MTIME = 1577836800
#: A module with constants of all sorts, and every kind of local variable.
CONSTANTS = '''
"""Names: \N{LATIN SMALL LETTER E WITH ACUTE}, \N{SNOWMAN}."""
numbers = 1, -1, 300, 2 ** 31, -(2 ** 70), 1.5, -0.0, 2j, True, None, ...
texts = "short", "with blanks", b"bytes", b"", "", "\N{SNOWMAN}", "\\ud800", "x" * 300
found = numbers in {1, 2, (3, 4)} or texts in {"a", "b"}
large = 'LARGE'

def outer(a, b=1, *rest, c, **others):
    def inner(d):
        return a, rest, d, [e for e in d]
    return inner, (lambda: 1), (lambda: 2)

class Shop:
    def name(self):
        return __class__
'''.replace("'LARGE'", repr(tuple(f"item {number}" for number in range(300))))
SOURCES = {"everything": EXAMPLE, "constants": CONSTANTS, "loop": LOOP, "nothing": "\n"}


def files_of(interpreter: Interpreter, *jobs: Job) -> list[PycFile]:
    """What the probe answers to jobs of the view."""
    records = records_of(interpreter, [{"view": "pyc", **job} for job in jobs])
    return [PycFile.from_json(record["ok"]) for record in records]


def file_of(interpreter: Interpreter, source: str, name: str = "example", **job: str) -> PycFile:
    """The file of one example."""
    return files_of(interpreter, {"source": source, "filename": f"<{name}>", **job})[0]


def content(file: PycFile) -> bytes:
    """The bytes of all fields, one after the other."""
    return bytes.fromhex("".join(field.hex for field in file.fields))


def compiled(
    interpreter: Interpreter, folder: Path, source: str, name: str, *options: str, **variables: str
) -> tuple[str, bytes]:
    """Name and content of the file that ``python -m py_compile`` writes."""
    path = folder / f"{name}.py"
    path.write_text(source, encoding="utf-8", newline="\n")
    os.utime(path, (MTIME, MTIME))
    subprocess.run(
        [interpreter.executable, "-S", *options, "-m", "py_compile", path.name],
        cwd=folder,
        check=True,
        env={"PATH": os.environ["PATH"], "PYTHONHASHSEED": "0", **variables},
    )
    (written,) = (folder / "__pycache__").iterdir()
    return f"__pycache__/{written.name}", written.read_bytes()


@pytest.mark.parametrize("name", SOURCES)
def test_its_bytes_are_those_that_py_compile_writes(
    interpreter: Interpreter, tmp_path: Path, name: str
) -> None:
    file = file_of(interpreter, SOURCES[name], name)
    assert (file.path, content(file)) == compiled(interpreter, tmp_path, SOURCES[name], name)
    assert file.size == len(content(file))


@pytest.mark.parametrize("level", [1, 2])
def test_an_optimised_file_is_that_of_an_interpreter_that_optimises(
    interpreter: Interpreter, tmp_path: Path, level: int
) -> None:
    (file,) = files_of(interpreter, {"source": EXAMPLE, "filename": "<example>", "optimize": level})
    option = "-" + "O" * level
    assert (file.path, content(file)) == compiled(interpreter, tmp_path, EXAMPLE, "example", option)


def test_a_file_checked_by_a_hash_is_that_of_a_reproducible_build(
    interpreter: Interpreter, tmp_path: Path
) -> None:
    file = file_of(interpreter, LOOP, "loop", invalidation="checked-hash")
    expected = compiled(interpreter, tmp_path, LOOP, "loop", SOURCE_DATE_EPOCH="1")
    assert (file.path, content(file)) == expected


HEADER = """\
import importlib.util, json, _imp, sys
source = sys.argv[1].encode("utf-8")
magic = importlib.util.MAGIC_NUMBER
number = int.from_bytes(magic[:2], "little")
has_hash = hasattr(_imp, "source_hash")
key = int.from_bytes(magic, "little")
digest = _imp.source_hash(key, source).hex() if has_hash else None
print(json.dumps([number, magic[2:].hex(), digest, len(source)]))
"""


def test_the_header_says_what_importlib_says(interpreter: Interpreter) -> None:
    magic, end, digest, size = json.loads(ask(interpreter.executable, HEADER, LOOP))
    kinds = ("timestamp", "checked-hash", "unchecked-hash")
    jobs = [{"source": LOOP, "filename": "<loop>", "invalidation": kind} for kind in kinds]
    for flags, file in zip((0, 3, 1), files_of(interpreter, *jobs), strict=True):
        assert file.header["magic number"] == magic
        assert file.fields[1].hex == end
        if digest is None:
            assert "flags" not in file.header
            assert file.header_size == 12
            assert file.ignored == ("invalidation",)
            continue
        assert (file.header["flags"], file.header_size) == (flags, 16)
        assert file.ignored == ()
        if flags:
            assert file.header["hash of source"] == digest
        else:
            assert file.header["time of source"] == MTIME
            assert file.header["size of source"] == size


CODES = """\
import json, marshal, sys, warnings
warnings.simplefilter("ignore")
code = marshal.loads(bytes.fromhex(sys.stdin.read()))
def walk(code):
    yield code
    for const in code.co_consts:
        if hasattr(const, "co_code"):
            yield from walk(const)
def shown(value):
    if hasattr(value, "co_code"):
        return None
    return sorted(map(repr, value)) if isinstance(value, frozenset) else repr(value)
def told(value):
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, tuple):
        return [shown(item) for item in value]
    return repr(value)
print(json.dumps([
    {name: told(getattr(code, name)) for name in dir(code)
     if name.startswith("co_") and not callable(getattr(code, name))}
    for code in walk(code)
]))
"""


def members(file: PycFile, start: int) -> Iterator[tuple[int, Field]]:
    """Index and field of what is directly in another."""
    depth = file.fields[start].depth
    for index in range(start + 1, len(file.fields)):
        if file.fields[index].depth <= depth:
            return
        if file.fields[index].depth == depth + 1:
            yield index, file.fields[index]


def reference(file: PycFile, index: int) -> int:
    """The index of the object that a field is, or that it refers to."""
    field = file.fields[index]
    if field.type != "r":
        return index
    return next(
        number
        for number, other in enumerate(file.fields)
        if other.number == field.number and other.type != "r"
    )


def told(file: PycFile, index: int) -> Any:
    """The value of a field, in the form of ``CODES``."""
    index = reference(file, index)
    field = file.fields[index]
    if field.type in ("(", ")"):
        return [shown_constant(file, item) for item, _ in members(file, index)]
    if field.type == "s":
        return field.hex[10:]  # after the type, and the length in four bytes
    return field.value.partition(" = ")[0]


def shown_constant(file: PycFile, index: int) -> Any:
    """A constant in the form of ``CODES``."""
    index = reference(file, index)
    if file.fields[index].type == "c":
        return None
    if file.fields[index].type == ">":  # in the order of the file, which is no other's
        return sorted(whole(file, item) for item, _ in members(file, index))
    return whole(file, index)


def whole(file: PycFile, index: int) -> str:
    """The repr of an object."""
    index = reference(file, index)
    field = file.fields[index]
    items = [whole(file, item) for item, _ in members(file, index)]
    if field.type in ("(", ")"):
        return f"({items[0]},)" if len(items) == 1 else f"({', '.join(items)})"
    return repr(bytes.fromhex(field.hex[10:])) if field.type == "s" else field.value


@pytest.mark.parametrize("name", SOURCES)
def test_each_field_of_a_code_object_has_the_value_of_the_real_one(
    interpreter: Interpreter, name: str
) -> None:
    source = SOURCES[name].replace('"x" * 300', '"x" * 20')  # else it is cut
    file = file_of(interpreter, source, name)
    code = content(file)[file.header_size :]
    real = json.loads(
        subprocess.run(
            [interpreter.executable, "-X", "utf8", "-c", CODES],
            input=code.hex(),
            check=True,
            capture_output=True,
            encoding="utf-8",
            env={**os.environ, "PYTHONHASHSEED": "0"},
        ).stdout
    )
    codes = [index for index, field in enumerate(file.fields) if field.type == "c"]
    assert len(codes) == len(real)
    for index, attributes in zip(codes, real, strict=True):
        fields = {field.name: told(file, item) for item, field in members(file, index)}
        locals_ = fields.pop("co_localsplusnames", None)
        kinds = fields.pop("co_localspluskinds", None)
        assert "?" not in fields
        assert {name: attributes[name] for name in fields} == fields
        assert {"co_code", "co_consts", "co_names", "co_firstlineno", "co_flags"} <= fields.keys()
        if locals_ is not None:
            variables, free = attributes["co_varnames"], attributes["co_freevars"]
            cells = [cell for cell in attributes["co_cellvars"] if cell not in variables]
            assert locals_ == [*variables, *cells, *free]
            assert len(bytes.fromhex(kinds)) == len(locals_)


def test_the_kinds_of_variables_are_told(interpreters: Interpreters) -> None:
    source = "def outer(a, *b, c):\n    d = 1\n    def inner(): return a, d\n    return inner\n"
    expected = {
        "3.12": ["local cell, local, local, local, cell", "free, free"],
        "3.15": [
            "positional keyword local cell, keyword local, positional variadic local, local, cell",
            "free, free",
        ],
    }
    for release, kinds in expected.items():
        interpreter = interpreter_or_skip(interpreters, release)
        fields = file_of(interpreter, source).fields
        values = [field.value for field in fields if field.name == "co_localspluskinds"]
        assert values == [kinds[1], kinds[0], "0 bytes"]


def test_the_file_can_be_imported(interpreter: Interpreter, tmp_path: Path) -> None:
    file = file_of(interpreter, LOOP, "loop")
    (tmp_path / "loop.pyc").write_bytes(content(file))
    script = "import sys; sys.path.insert(0, sys.argv[1]); import loop; print(loop.total([1, 2]))"
    assert ask(interpreter.executable, script, str(tmp_path)) == "3\n"


def test_flags_are_spelled_out(interpreter: Interpreter) -> None:
    fields = file_of(interpreter, "async def f(*a): yield 1\n").fields
    module, function = (field.value for field in fields if field.name == "co_flags")
    assert "ASYNC_GENERATOR" not in module
    assert {"ASYNC_GENERATOR", "VARARGS"} <= set(function.partition(" = ")[2].split(" | "))


READ_ALL = """\
import marshal, os, sys, types
package = types.ModuleType("_bytedoc_probe")
package.__path__ = [sys.argv[1]]
sys.modules[package.__name__] = package
from _bytedoc_probe import marshalled
class Same(list):
    pass
shared = ("a name", 1.5)
objects = [
    None, True, False, ..., StopIteration, 0, -1, 2 ** 31 - 1, 2 ** 31, -(2 ** 200), 10 ** 30,
    1.5, -0.0, 1e300, 2j, -1.5j, "", "a", "a" * 300, "\\xe9", "\\u2603", "\\ud800", b"",
    b"\\xff" * 9, (), (1,), tuple(range(300)), [1, [2]], {}, {1: "a", "b": None, None: ()}, {1, 2},
    frozenset([3]), (shared, shared, [shared]), sys.intern("a name"),
    (sys.intern("x" * 300), "x" * 300),
]
count = 0
for version in range(marshal.version + 1):
    for value in objects:
        data = marshal.dumps(value, version)
        pieces = marshalled.pieces_of(data)
        assert repr(pieces[0].value) == repr(marshal.loads(data)), (version, value)
        ends = [0] + [piece.end for piece in pieces]
        assert [piece.start for piece in pieces] == ends[:-1] and ends[-1] == len(data), value
        assert all(piece.meaning for piece in pieces)
        count += len(pieces)
for broken in (b"", b"i\\x01", data + b"N", b"?"):
    try:
        marshalled.pieces_of(broken)
    except (EOFError, ValueError, IndexError):
        continue
    raise AssertionError(broken)
print(count)
"""


def test_the_reader_agrees_with_marshal_on_all_that_it_writes(interpreter: Interpreter) -> None:
    assert int(ask(interpreter.executable, READ_ALL, str(PROBE))) > 1000


LIBRARY = """\
import glob, json, os
folder = os.path.dirname(os.__file__)
print(json.dumps([
    open(os.path.join(folder, name + ".py"), encoding="utf-8").read()
    for name in ("abc", "ast", "bisect", "contextlib", "dataclasses", "enum", "functools", "typing")
    if os.path.exists(os.path.join(folder, name + ".py"))
]))
"""


def test_modules_of_the_library_are_read_to_their_end(interpreter: Interpreter) -> None:
    sources = json.loads(ask(interpreter.executable, LIBRARY))
    jobs = [{"source": source, "filename": "<module>"} for source in sources]
    for file in files_of(interpreter, *jobs):
        assert content(file)[:2] == interpreter.magic.to_bytes(2, "little")
        assert "?" not in {field.name for field in file.fields}
        assert len(file.fields) > 100


def test_the_same_example_has_the_same_file_whatever_was_compiled_before(
    interpreter: Interpreter,
) -> None:
    job = {"view": "pyc", "source": EXAMPLE, "filename": "<example>"}
    names = "limit = lock = item = push = walk = fetch = urls = 'RuntimeError', 'pool'\n"
    others = [{"view": "dis", "source": names, "filename": "<names>"}, {**job, "source": names}]
    alone = records_of(interpreter, [job])
    assert records_of(interpreter, [*others, job])[-1] == alone[0]
    assert records_of(interpreter, [job], fork=False) == alone


def test_a_declaration_of_an_encoding_changes_no_text(interpreter: Interpreter) -> None:
    file = file_of(interpreter, "# -*- coding: latin-1 -*-\nx = '\xe9'\n")
    assert repr("\xe9") in {field.value for field in file.fields}


@pytest.mark.parametrize("encoding", ["no-such-encoding", "ascii"])
def test_source_that_no_file_can_hold_is_told(interpreter: Interpreter, encoding: str) -> None:
    source = f"# -*- coding: {encoding} -*-\nx = '\xe9'\n"
    (record,) = records_of(
        interpreter, [{"view": "pyc", "source": source, "filename": "<example>"}]
    )
    assert record["failure"]["kind"] == "syntax"
    assert encoding in record["failure"]["message"]


# In pages


def one(content: str = "", argument: str = "", /, **options: str | bool) -> str:
    """The directive in MyST."""
    return directive("md", "pyc", argument, content, **options)


def rows(built: Built, number: int = 0) -> list[list[str]]:
    """Offset, bytes, type and field of each line of an output."""
    head, *lines = shown(built, "pyc", number).splitlines()
    starts = [head.index(name) for name in ("Offset", "Bytes", "Type", "Field and value")]
    ends = [*starts[1:], None]
    return [
        [line[start:end].strip() for start, end in zip(starts, ends, strict=True)] for line in lines
    ]


def test_a_page_shows_every_byte_up_to_eight_of_a_field(
    build: Build, interpreter: Interpreter
) -> None:
    built = build(md(one(LOOP, name="loop")), target=interpreter.executable)
    assert built.warnings == ""
    file = file_of(interpreter, LOOP, "loop")
    told_ = rows(built)
    assert [int(offset) for offset, *_ in told_] == [field.offset for field in file.fields]
    for (_, digits, _, _), field in zip(told_, file.fields, strict=True):
        first, _, others = digits.partition(" +")
        assert field.hex.startswith(bytes.fromhex(first).hex())
        assert len(bytes.fromhex(first)) + int(others or 0) == field.size
    text = output(built, "pyc").get_text()
    assert f"{file.path}: {file.size} bytes" in text
    assert f"the header has {file.header_size}" in text


def test_each_line_carries_its_offset_and_size(build: Build, building: Interpreter) -> None:
    built = build(md(one(LOOP, name="loop")))
    lines = output(built, "pyc").select("pre > .row")
    carried = [(int(str(line["data-offset"])), int(str(line["data-size"]))) for line in lines]
    file = file_of(building, LOOP, "loop")
    assert carried == [(field.offset, field.size) for field in file.fields]


def test_the_meaning_of_each_type_that_is_shown_is_told(build: Build) -> None:
    built = build(md(one(LOOP), one(LOOP, object="total", depth="0")))
    for number in range(2):
        types = {kind[0] for _, _, kind, _ in rows(built, number) if kind}
        note = output(built, "pyc", number).select(".bytedoc-note")[-1]
        assert {code.get_text() for code in note.select("code")} == types
        assert "c code object" in note.get_text()


NESTED = "def f():\n    def g():\n        return lambda: 1\n    return g\n"


def test_an_object_is_shown_with_its_bytes_at_their_offsets(build: Build) -> None:
    wanted = ("f.<locals>.g", "<module>")
    parts = [one("", "nested", object=name) for name in wanted]
    built = build(md(one(NESTED, name="nested"), *parts))
    everything = [line[:3] for line in rows(built)]
    for number, name in enumerate(wanted, start=1):
        part = [line[:3] for line in rows(built, number)]
        first = everything.index(part[0])
        assert everything[first : first + len(part)] == part
        assert rows(built, number)[0][3].endswith(f"code object {name}")
        start = int(part[0][0])
        end = int(everything[first + len(part)][0]) if first + len(part) < len(everything) else None
        if end is not None:
            assert (
                f"That of {name} has {end - start} bytes" in output(built, "pyc", number).get_text()
            )


def test_an_example_about_an_object_is_shown_as_a_whole_file(build: Build) -> None:
    built = build(md(directive("md", "example", "nested", NESTED, object="f"), one("", "nested")))
    assert built.warnings == ""
    assert rows(built)[0] == ["0", *rows(built)[0][1:3], f"magic number: {magic(built)}"]


def magic(built: Built) -> str:
    """The magic number of the interpreter that builds."""
    return str(found(output(built, "pyc"), "pre").get_text().split("magic number: ")[1].split()[0])


@pytest.mark.parametrize(("depth", "codes"), [(0, 2), (1, 3), (2, 4), (3, 4)])
def test_depth_limits_which_code_objects_are_shown(build: Build, depth: int, codes: int) -> None:
    built = build(md(one(NESTED, depth=str(depth))))
    told_ = rows(built)
    assert sum(kind.startswith("c") for _, _, kind, _ in told_) == codes
    sizes = [
        len(bytes.fromhex(digits.partition(" +")[0])) + int(digits.partition(" +")[2] or 0)
        for _, digits, _, _ in told_
    ]
    ends = [int(offset) + size for (offset, *_), size in zip(told_, sizes, strict=True)]
    assert [int(offset) for offset, *_ in told_[1:]] == ends[:-1]
    hidden = [text for *_, text in told_ if text.endswith(" bytes") and "code object" in text]
    assert len(hidden) == (codes - depth - 1 if depth < 3 else 0) == (1 if depth < 3 else 0)


def test_a_release_without_hashes_says_so(build: Build, interpreters: Interpreters) -> None:
    for release, notes in (("3.6", 1), ("3.7", 0)):
        target = interpreter_or_skip(interpreters, release).executable
        built = build(md(one(LOOP, invalidation="unchecked-hash")), target=target)
        assert built.warnings == ""
        assert output(built, "pyc").get_text().count("no files that are checked") == notes


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"invalidation": "never"}, "it must be one of timestamp, checked-hash, unchecked-hash"),
        ({"depth": "-1"}, "it must be at least 0"),
        ({"optimize": "3"}, "it must be at least 0 and at most 2"),
        ({"mode": "eval"}, "there is no option ':mode:'"),
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
    assert "SyntaxError" in syntax
    assert "No result" in output(built, "pyc", 1).get_text()


CLAIMS = {
    "size > 100": "size < 100",
    "header in (12, 16)": "header == 14",
    "magic == __import__('_imp') or magic > 3000": "magic < 3000",
    "flags in (None, 0)": "flags == 1",
    "mtime == 1577836800": "mtime == 0",
    f"source_size == {len(LOOP)}": "source_size is None",
    "source_hash is None": "source_hash == ''",
    "'co_names' in fields": "'co_nothing' in fields",
    "types.count('c') == 2": "types[0] != 'c'",
    "path.startswith('__pycache__/loop.')": "path.endswith('.py')",
    "co_names == ('total',)": "'total' not in co_names",
}


def test_claims_about_file_and_code_are_checked(build: Build) -> None:
    true = "; ".join(f"({claim})" for claim in CLAIMS)
    assert build(md(one(LOOP, name="loop", expect=true))).warnings == ""
    false = "; ".join(f"({claim})" for claim in CLAIMS.values())
    told_ = build(md(one(LOOP, name="loop", expect=false))).warnings
    assert told_.count("[bytedoc.expectation]") == len(CLAIMS)
    assert told_.count("index.md:3: WARNING: pyc of loop on ") == len(CLAIMS)
    assert "expected (types[0] != 'c'), but it is 'c' != 'c'" in told_


def test_the_example_is_not_executed(build: Build, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    built = build(md(one(f"open({str(mark)!r}, 'w')\n1 / 0\n", expect="size > 0")))
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
def test_every_builder_shows_it_without_a_warning(
    build: Build, builder: str, markup: Markup
) -> None:
    source = f"text = {HOSTILE!r}\nlong = {'x' * 500!r}\nbad = '\\x00\\x1b'\n"
    files = page(
        markup,
        directive(markup, "pyc", "", source, name="hostile"),
        directive(markup, "pyc", "hostile", object="<module>", depth="0"),
    )
    built = build(files, builder, conf=COMPLETE)
    assert built.warnings == ""
    if builder == "html":
        html5lib.HTMLParser(strict=True).parse(built.read("index.html"))
        assert repr(HOSTILE)[:40] in shown(built, "pyc")
        assert soup(built).select(".bytedoc-pyc b") == []
    elif builder == "text":
        assert "magic number: " in built.read("index.txt")


def test_a_recorded_answer_says_the_same(interpreter: Interpreter) -> None:
    job = {"view": "pyc", "source": LOOP, "filename": "<loop>", "invalidation": "checked-hash"}
    (record,) = records_of(interpreter, [job])
    assert answer_of("pyc", restored(kept(record))) == answer_of("pyc", record)
