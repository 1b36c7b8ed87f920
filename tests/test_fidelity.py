"""What is shown is what the interpreter's own ``dis`` prints, and what it is said to be.

``fidelity/plain_dis.py`` is asked for the listing in a process of its own; it shares nothing with
the probe.  The standard library of each interpreter is what is compared: a sample of it, or with
``--full`` every module.
"""

from __future__ import annotations

import json
import re
import subprocess
import tempfile
import tokenize
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from io import BytesIO
from itertools import cycle, pairwise
from pathlib import Path
from typing import Any

import pytest

from bytedoc import runner
from bytedoc.answers import Failure, answer_of
from bytedoc.answers.listings import CodeListing, Instruction, Listing
from bytedoc.request import Interpreter

Job = dict[str, Any]

#: Modules of various kinds, some of which only some releases have.
SAMPLE = [
    *("argparse.py", "asyncio/taskgroups.py", "asyncio/tasks.py", "contextlib.py"),
    *("dataclasses.py", "encodings/cp037.py", "enum.py", "heapq.py", "this.py", "token.py"),
    *("test/test_asyncgen.py", "test/test_genexps.py", "test/test_type_params.py"),
    *("test/test_unpack_ex.py", "wsgiref/util.py", "zipapp.py"),
]

#: Sets of options of ``dis.dis``; of each, those are used that a release has.
OPTIONS: list[dict[str, Any]] = [
    {"show_caches": True},
    {"adaptive": True},
    {"show_offsets": True},
    {"show_positions": True},
    {"depth": 1},
    {"show_caches": True, "adaptive": True, "show_offsets": True, "show_positions": True},
    {"depth": 0, "show_offsets": True, "show_caches": True},
]

#: Jobs between two probes, which bounds what is waiting to be compared.
BATCH = 40


class PlainDis:
    """``fidelity/plain_dis.py`` in an interpreter, started anew where one died of a job."""

    def __init__(self, interpreter: Interpreter, home: str) -> None:
        script = Path(__file__).parent / "fidelity" / "plain_dis.py"
        self._process = subprocess.Popen(
            [interpreter.executable, "-s", "-B", str(script)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=runner.environment(home),
            text=True,
        )
        greeting = self._read()
        self.library = Path(greeting["library"])
        self.options: list[str] = greeting["options"]
        self.absolute: list[str] = greeting["absolute"]
        self.labels: bool = greeting["labels"]

    def _read(self) -> Any:
        assert self._process.stdout is not None
        return json.loads(self._process.stdout.readline())

    def ask(self, job: Job) -> Any:
        """The answer to one job."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(job) + "\n")
        self._process.stdin.flush()
        return self._read()

    def chosen(self, options: Mapping[str, Any]) -> dict[str, Any]:
        """Those of the options that this release has; ``depth`` bytedoc gives to all of them."""
        return {
            name: value
            for name, value in options.items()
            if name in self.options or name == "depth"
        }

    def close(self) -> None:
        self._process.communicate()


@contextmanager
def plain_dis(interpreter: Interpreter) -> Iterator[PlainDis]:
    with tempfile.TemporaryDirectory() as home:
        found = PlainDis(interpreter, home)
        try:
            yield found
        finally:
            found.close()


def compare(interpreter: Interpreter, own: PlainDis, jobs: Sequence[Job]) -> Counter[str]:
    """Compare the listings of all jobs; how many modules, code objects, instructions there were."""
    found: Counter[str] = Counter()

    def check(index: int, record: dict[str, Any]) -> None:
        try:
            found.update(compare_one(own, jobs[start + index], answer_of("dis", record)))
        except AssertionError as error:
            error.add_note(f"{interpreter}: {jobs[start + index]}")
            raise

    limits = runner.Limits(wall=300)
    for start in range(0, len(jobs), BATCH):
        asked = [{"view": "dis", **decoded(job)} for job in jobs[start : start + BATCH]]
        runner.run(interpreter.executable, asked, limits, check)
    return found


def decoded(job: Job) -> Job:
    """A job with the text of its file, for the probe reads no files."""
    return job if "source" in job else {**job, "source": text_of(Path(job["path"]))}


def text_of(path: Path) -> str:
    """A module's source, in the encoding that it names; what can't be decoded can't be compiled."""
    data = path.read_bytes()
    try:
        encoding, _ = tokenize.detect_encoding(BytesIO(data).readline)
        return data.decode(encoding)
    except (SyntaxError, UnicodeDecodeError):
        return "(this module can't be decoded"


def compare_one(own: PlainDis, job: Job, shown: Listing | Failure) -> Counter[str]:
    expected = own.ask(job)
    if isinstance(shown, Failure):
        assert shown.kind in ("syntax", "memory"), shown
        assert "error" in expected, shown
        return Counter(refused=1)
    assert "error" not in expected, expected
    assert_same_text(shown.text, expected["text"])
    assert shown.ignored == ()
    assert len(shown.codes) == len(expected["codes"])
    assert_rows_are_claimed(shown)
    assert_names(shown.codes, expected["codes"])
    pattern = line_pattern(own, job.get("options", {}))
    lines = shown.text.split("\n")
    for code, real in zip(shown.codes, expected["codes"], strict=True):
        assert_structure(code, real)
        assert_lines(code, lines, pattern)
        assert_targets(code, own)
    return Counter(
        modules=1,
        codes=len(shown.codes),
        instructions=sum(len(code.instructions) for code in shown.codes),
    )


def assert_same_text(shown: str, expected: str) -> None:
    """Byte for byte, but for the order of the members of sets that are not of numbers.

    It is a matter of chance: it also depends on the strings that were interned before.
    """
    if shown == expected:
        return
    for number, (line, real) in enumerate(
        zip(shown.split("\n"), expected.split("\n"), strict=True)
    ):
        if re.search(r" \(frozenset\(\{.*['NE].*\}\)\)$", real):
            assert sorted(line) == sorted(real), f"line {number}"
        else:
            assert line == real, f"line {number}"


HEADING = re.compile(r"Disassembly of <code object (.*?) at 0x\.\.\., file .*, line (\d+)>:")
TABLE = re.compile(r"  L?\d+ to L?\d+ -> L?\d+ \[\d+\](?: lasti)?")


def assert_rows_are_claimed(shown: Listing) -> None:
    """Each line is an instruction's, and of one only, or a heading, or of an exception table."""
    rows = [item.row for code in shown.codes for item in code.instructions]
    assert all(row < after for row, after in pairwise(rows))
    claimed = set(rows)
    headings, in_table = [], False
    lines = shown.text.split("\n")
    for row, line in enumerate(lines):
        if row in claimed or line == "":
            in_table = False
        elif line == "ExceptionTable:":
            assert row - 1 in claimed
            in_table = True
        elif in_table:
            assert TABLE.fullmatch(line), line
        else:
            heading = HEADING.fullmatch(line)
            assert heading, line
            headings.append((heading[1], int(heading[2])))
    assert headings == [(code.name, code.line) for code in shown.codes[1:]]


def assert_names(shown: Sequence[CodeListing], real: Sequence[Any]) -> None:
    """The code objects are those of the interpreter, under the names that it has for them."""
    assert [(code.name, code.line) for code in shown] == [
        (code["name"], code["line"]) for code in real
    ]
    for code, expected in zip(shown, real, strict=True):
        assert expected["qualname"] in (code.qualname, None)


def assert_structure(code: CodeListing, real: Mapping[str, Any]) -> None:
    """Number, opcodes, lines and positions of the instructions are those of the code object."""
    items = [item for item in code.instructions if item.opname != "CACHE"]
    assert [item.offset for item in items] == real["offsets"]
    assert [item.opcode for item in items] == real["opcodes"]
    assert [item.line for item in items] == real["lines"]
    if real["positions"] is None:
        assert {item.positions for item in items} == {None}
    else:
        assert [item.positions for item in items] == [
            each if each[0] is not None else None for each in real["positions"]
        ]
    offsets = [item.offset for item in code.instructions]
    assert all(offset < after for offset, after in pairwise(offsets))


def line_pattern(own: PlainDis, options: Mapping[str, Any]) -> re.Pattern[str]:
    """The columns of a line, as this release prints them with these options."""
    argument = r"(?P<opname>\S+)(?: +(?P<arg>-?\d+)(?: \((?P<argrepr>.*)\))?)?"
    if not own.labels:
        return re.compile(rf" *(?P<line>\d+)? +(?P<label>>>)? +(?P<offset>\d+) {argument}")
    part = r"(?:\d+|\?)"
    number = rf"{part}:{part}-{part}:{part}" if options.get("show_positions") else r"\d+"
    offset = r"(?P<offset>\d+)" if options.get("show_offsets") else "(?P<offset>)"
    return re.compile(rf" *(?P<line>--|{number})? +(?:(?P<label>L\d+):)? *{offset} +{argument}")


def assert_lines(code: CodeListing, lines: Sequence[str], pattern: re.Pattern[str]) -> None:
    """The line that shows an instruction says what is said of the instruction."""
    before: int | None = None
    for item in code.instructions:
        match = pattern.fullmatch(lines[item.row])
        assert match, lines[item.row]
        line, label, offset, opname, arg, argrepr = match.groups()
        shown = (opname, arg, argrepr or "", label or "")
        said = (
            item.opname,
            None if item.arg is None else str(item.arg),
            item.argrepr if item.arg is not None else "",
            item.label,
        )
        assert shown == said, lines[item.row]
        if offset:
            assert int(offset) == item.offset, lines[item.row]
        if line == "--":
            assert item.line is None
        elif line and ":" in line:
            assert line == position_text(item)
        elif line:
            assert int(line) == item.line
        elif item.line:  # an empty module's is 0, and not shown
            assert item.line == before, f"line {item.line} begins at {lines[item.row]}"
        if item.line:
            before = item.line


def position_text(item: Instruction) -> str:
    """How ``dis`` writes positions."""
    assert item.positions is not None
    line, end_line, column, end_column = ("?" if part is None else part for part in item.positions)
    return f"{line}:{column}-{end_line}:{end_column}"


def assert_targets(code: CodeListing, own: PlainDis) -> None:
    """What is jumped to is what the text says, an instruction of the same code, and marked."""
    by_offset = {item.offset: item for item in code.instructions}
    by_label = {item.label: item.offset for item in code.instructions if item.label}
    for item in code.instructions:
        if item.argrepr.startswith("to L"):
            expected: int | None = by_label[item.argrepr[3:]]
        elif re.fullmatch(r"to \d+", item.argrepr) and item.target is not None:
            expected = int(item.argrepr[3:])
        elif item.opname in own.absolute:
            expected = item.arg
        else:
            expected = None
        assert item.target == expected, item
        if item.target is not None:
            assert by_offset[item.target].label, item


def modules_of(own: PlainDis, names: Sequence[str] = ()) -> list[Job]:
    """Jobs for modules of the standard library: those named, as far as it has them, or all."""
    if names:
        paths = [own.library / name for name in names if (own.library / name).exists()]
    else:
        paths = sorted(
            path
            for path in own.library.rglob("*.py")
            if not {"site-packages", "__pycache__"} & set(path.relative_to(own.library).parts)
        )
    return [
        {"path": str(path), "filename": path.relative_to(own.library).as_posix()} for path in paths
    ]


#: What listings could be got wrong by.  Some of it compiles on some releases only.
SNIPPETS = {
    "nothing": "",
    "an expression": "x",
    "extended arguments": "x = [" + ", ".join(f"name_{n}" for n in range(300)) + "]\n",
    "far jumps": "while x:\n" + "    if y: a_name = another\n" * 900,
    "long function": "def f():\n    for x in y:\n" + "        a = b(c, d)\n" * 1600,
    "many lines": "\n" * 1200 + "x = 1\ndef f():\n  return 2\n" + "\n" * 100_000 + "y = 3\n",
    "one line": "if a:b;c\nfor x in y: z; w\n" * 3,
    "expression over lines": "x = f(a,\n  b,\n c(\nd,\n e))[\n0\n].y(\n)\n",
    "try": """
def f():
    for x in y:
        try:
            with a as b, c:
                if x: continue
                return b
        except (A, B) as e:
            raise C from e
        except D:
            break
        else:
            z()
        finally:
            try: g()
            finally: h()
    while True:
        try: pass
        except: pass
""",
    "except group": "try:\n    f()\nexcept* A as e:\n    g()\nexcept* (B, C):\n    raise\n",
    "async": """
async def f():
    async with a as b, c as d:
        async for x in y:
            yield [await z async for z in x if await z]
    await (w async for w in (v for v in u))
    return_ = {k: v async for k, v in z}, {i for i in await j}
    try: await g
    finally: await h
""",
    "match": """
def f(x):
    match x:
        case {"a": [1, *rest], **others} if rest: return others
        case Point(x=0, y=[_, (3 | 4) as z]): return z
        case None | True | "s" | -1.5: pass
        case [a, b, *_]: return a
        case _: raise E
""",
    "nested": """
class A(B, metaclass=C):
    x: int = 1
    class D:
        def f(self):
            class E:
                def g(self): return super().h(__class__, self)
            return E, lambda: (lambda: self)
    @property
    def f(self, *, k: "t" = 1, **kw) -> None: return [lambda: i for i in self]
""",
    "type parameters": """
def f[T: (int, str), *U, **P](x: T) -> U: return x
class C[T = int]:
    def m[V: T](self, v: V): return [T for _ in v]
type A[X: (lambda: 1)] = list[X]
type B = A[int]
""",
    "template strings": "x = t'a {b!r:>{c}} d {e=}'\n",
    "format strings": "x = f'a {b!r:>{c}} {d} {e!s}' f'{g!a}' '{h}'\n",
    "looks like a listing": """
a = '<code object f at 0x7f0000000000, file "x", line 1>'
b = ('Disassembly of', '<code object g at 0x7f0000000000, file "<example>", line 2>:')
'Disassembly of <code object f at 0x7f0000000000, file "<example>", line 1>:'
c = 'ExceptionTable:', '  1 to 2 -> 3 [0]', '''
ExceptionTable:
  L1 to L2 -> L3 [1] lasti

Disassembly of <code object <lambda> at 0x..., file "<example>", line 1>:
'''
def f():
    'Disassembly of <code object f at 0x7f0000000000, file "<example>", line 1>:'
    return lambda: ('>>   12 LOAD_CONST  1 (', 'RETURN_VALUE', ') to L1', 'to 12', 'from L2')
""",
    "odd strings": r"""
a = '\n', '\r\n', '\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029', '\0', '\ud800', b'\n\xff', '  x  '
b = 'ends in (', ')', '))', '', ' ', '\t', "'", '"', '\\', 'é', '日本', '🐍', '\U0010ffff', '\u202e'
é = 日本 = ｆｏｏ = 1
x in {'b', 'a', 'c'}; x in {None, ..., 'a'}; x in {3, 1, 2}; x in {(None, 'z'), ('a', 1)}
""",
    "numbers": "x = 1e999, -1e999, 1e999 - 1e999, -0.0, 1j, 2**200, 0xffffffffff, ..., True\n",
    "sequences": "a = [1, 2, 3], {1, 2, 3}, {'a': 1, 'b': 2}, x[1:2], x[::3], x[1:2, ...]\n",
    "unpacking": "a, *b, (c, d) = f(*e, g=h, **i); [*a, *b]; {**a, 'x': 1}; del a, b[0], c.d\n",
    "assignments": "x += y; x @= y; x.a |= z; x[0] //= w; a: int; b.c: int = 2\n",
    "named expressions": "if (n := f(m := 1)): [k := n for _ in m]\n",
    "comparisons": "a < b < c != d is not e in f; not a; a and b or c; (a if b else c) or d\n",
    "globals": "def f():\n  global x, g\n  def g(): y = 1\n  x = 1\n  class K: pass\n",
    "closures": "def f(a, b):\n  def g():\n    nonlocal a\n    a = b\n    del a\n  b = g\n",
    "imports": "import a.b as c, d; from . import e; from ..f import (g as h); from i import *\n",
    "generators": "def f():\n  x = yield\n  y = yield from x\n  return (yield y), (z for z in y)\n",
    "two of a name": "a = lambda: 1; b = lambda: 2\ndef f(): pass\ndef f(): return 1\n",
    "after return": "def f():\n  return 1\n  def g(): return 2\n  while 0: x = lambda: 3\n",
    "deep": "f = " + "lambda: " * 60 + "1\n",
    "too deep": "f = " + "lambda: " * 4000 + "1\n",
    "deep blocks": "".join("  " * n + "if x:\n" for n in range(90)) + "  " * 90 + "y\n",
    "constant conditions": "if 0: a\nwhile 1: b\nassert (c, d)\nif __debug__: e\n",
}
#: Those that are asked for often.
SHORT = {name: source for name, source in SNIPPETS.items() if len(source) < 4000}
#: Further ways to compile.
COMPILING: list[dict[str, Any]] = [
    {"mode": "eval"},
    {"mode": "single"},
    {"optimize": 1},
    {"optimize": 2},
]


def test_snippets_are_shown_as_dis_shows_them_with_each_option(interpreter: Interpreter) -> None:
    with plain_dis(interpreter) as own:
        jobs: list[Job] = [
            {"source": source, "filename": "<example>", **variant}
            for source in SNIPPETS.values()
            for variant in (
                [*({"options": chosen} for chosen in all_options(own)), *COMPILING]
                if source in SHORT.values()
                else [{}]
            )
        ]
        found = compare(interpreter, own, jobs)
    assert found["modules"] > len(jobs) * 0.6


def all_options(own: PlainDis) -> list[dict[str, Any]]:
    """All sets of options that a release can tell apart."""
    found: list[dict[str, Any]] = [{}]
    for options in map(own.chosen, OPTIONS):
        if options not in found:
            found.append(options)
    return found


def test_each_code_object_is_shown_as_dis_shows_it(interpreter: Interpreter) -> None:
    with plain_dis(interpreter) as own:
        jobs: list[Job] = []
        for source in SHORT.values():
            snippet = {"source": source, "filename": "<example>"}
            seen = Counter[str]()
            for nth, code in enumerate(own.ask(snippet).get("codes", ())):
                if not code["qualname"]:
                    break  # unreachable: what follows can't be counted by name
                seen[code["qualname"]] += 1
                name = f"{code['qualname']}#{seen[code['qualname']]}"
                jobs.append({**snippet, "nth": nth, "object": name if nth else "<module>"})
        found = compare(interpreter, own, jobs)
    assert found["modules"] == len(jobs) > 100


def test_sampled_modules_are_shown_as_dis_shows_them(interpreter: Interpreter) -> None:
    with plain_dis(interpreter) as own:
        found = compare(interpreter, own, modules_of(own, SAMPLE))
    assert found["modules"] > len(SAMPLE) / 2
    assert found["instructions"] > 10_000


def test_every_module_is_shown_as_dis_shows_it(
    interpreter: Interpreter,
    pytestconfig: pytest.Config,
    record_property: Callable[[str, object], None],
) -> None:
    if not pytestconfig.getoption("full"):
        pytest.skip("only with --full")
    with plain_dis(interpreter) as own:
        jobs = modules_of(own)
        modules = len(jobs)
        # With options, a third of the modules is enough: many hundreds on each release.
        jobs += [
            {**job, "options": own.chosen(options)}
            for job, options in zip(jobs[::3], cycle(OPTIONS), strict=False)
        ]
        found = compare(interpreter, own, jobs)
    for name, count in found.items():
        record_property(name, count)
    assert found["modules"] > 1.3 * modules
