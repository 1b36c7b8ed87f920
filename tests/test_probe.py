"""The probe in every interpreter: what it needs, how it is spoken to, whether its answers are true.

That its listings are is shown in ``test_fidelity.py``.
"""

from __future__ import annotations

import ast
import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from conftest import interpreter_or_skip

from bytedoc import runner
from bytedoc.answers import Failure, answer_of
from bytedoc.answers.code_objects import CodeObject
from bytedoc.answers.listings import Listing
from bytedoc.answers.opcodes import Opcode
from bytedoc.answers.programs import Outcome, Value
from bytedoc.answers.timings import Timing
from bytedoc.errors import InterpreterError
from bytedoc.interpreters import Interpreters
from bytedoc.probe import source as probe_source
from bytedoc.release import Release
from bytedoc.request import Interpreter
from bytedoc.store import PROBE

Job = dict[str, Any]

FILES = sorted(PROBE.glob("*.py"))

#: Something of everything: nesting, exceptions, closures, jumps, a set, a class, annotations.
EXAMPLE = '''
"""A module."""
import sys

class Stack(list):
    """A class."""
    limit: int = 3

    def push(self, item, *, twice=False):
        try:
            with self.lock as lock:
                self.append(item)
        except (ValueError, KeyError) as error:
            raise RuntimeError from error
        finally:
            self.limit += 1
        return lambda: (item, twice)

def walk(tree):
    for node in tree:
        if node in {"a", None, 1, ...}:
            yield from walk(node)
    return [each for each in tree if each], (lambda: 1), (lambda: 2)

async def fetch(urls):
    async with pool as p:
        return [u async for u in urls]
'''

JOBS: list[Job] = [
    {"view": "identity"},
    {"view": "dis", "source": EXAMPLE, "filename": "<example>"},
    {"view": "code-object", "source": EXAMPLE, "filename": "<example>"},
    {"view": "opcodes"},
    {"view": "run", "source": "print({'a', 'b'}, None)\n", "filename": "<example>"},
    {"view": "run", "source": "1 / 0\n", "filename": "<example>", "raises": "ZeroDivisionError"},
    {"view": "value", "source": EXAMPLE, "filename": "<example>", "expression": "co_names"},
    {
        "view": "dis",
        "source": EXAMPLE,
        "filename": "<example>",
        "object": "walk",
        "options": {"depth": 0, "show_caches": True, "show_offsets": True},
    },
]
TIMING: Job = {
    "view": "timing",
    "statements": ["x + 1", "x * 2"],
    "source": "x = 1\n",
    "filename": "<example>",
    "options": {"min_time": 1e-5, "processes": 2, "values": 2},
}


def records_of(
    interpreter: Interpreter, jobs: Sequence[Job], *, fork: bool = True
) -> list[dict[str, Any]]:
    """The plain answers to jobs, in their order."""
    found: dict[int, dict[str, Any]] = {}
    runner.run(interpreter.executable, jobs, runner.Limits(), found.__setitem__, fork=fork)
    return [found[index] for index in range(len(jobs))]


def ask(interpreter: Interpreter, view: str, **job: Any) -> Any:
    """The typed answer to one job about ``<example>``."""
    job = {"filename": "<example>", **job}
    return answer_of(view, records_of(interpreter, [{"view": view, **job}])[0])


def evaluate(interpreter: Interpreter, expression: str, **job: Any) -> Any:
    """The value of an expression in the interpreter, for kinds of values that have a literal."""
    found = ask(interpreter, "value", expression=f"({expression},)", **job)
    assert isinstance(found, Value), found
    (value,) = ast.literal_eval(found.repr)
    return value


# What it needs


def top_level_imports(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            assert node.module
            yield node.module.split(".")[0]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_it_imports_the_standard_library_and_itself(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    # CPython's module for its own tests, which an interpreter need not have, is no official part.
    known = sys.stdlib_module_names | {"_bytedoc_probe", "_testinternalcapi"}
    assert set(top_level_imports(tree)) <= known
    relative = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.level]
    names = {each.stem for each in FILES}
    for node in relative:
        assert node.level == 1
        assert {node.module} <= names or {alias.name for alias in node.names} <= names


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_its_syntax_is_that_of_3_6(path: Path) -> None:
    ast.parse(path.read_text(encoding="utf-8"), feature_version=(3, 6))


def test_3_6_compiles_it(interpreters: Interpreters) -> None:
    oldest = interpreter_or_skip(interpreters, "3.6")
    jobs = [
        {"view": "dis", "source": path.read_text(encoding="utf-8"), "filename": path.name}
        for path in FILES
    ]
    for path, record in zip(FILES, records_of(oldest, jobs), strict=True):
        assert isinstance(answer_of("dis", record), Listing), path


MODULES = "sorted((name, getattr(module, '__file__', None)) for name, module in {}.items())"


def test_only_the_standard_library_is_loaded_with_it(interpreter: Interpreter) -> None:
    """What is loaded at the start of any program, by a ``.pth`` file for instance, aside."""
    program = (
        f"import os, sys; print([os.path.dirname(os.__file__), {MODULES.format('sys.modules')}])"
    )
    bare = subprocess.run(
        [interpreter.executable, "-s", "-B", "-c", program],
        capture_output=True,
        text=True,
        check=True,
    )
    library, at_start = ast.literal_eval(bare.stdout)
    question = {"view": "value", "expression": MODULES.format("sys.modules")}
    *_, record = records_of(interpreter, [*JOBS, TIMING, question])
    loaded = ast.literal_eval(answer_of("value", record).repr)
    files = [file for name, file in set(loaded) - set(at_start) if file]
    assert len(files) > 10
    for file in files:
        of_library = Path(file).is_relative_to(library) and "site-packages" not in file
        assert of_library or Path(file).parent == PROBE, file
    packages = {name.split(".")[0] for name, _ in loaded}
    assert not packages & {"bytedoc", "docutils", "sphinx", "typing_extensions"}


@pytest.mark.parametrize("fork", [True, False], ids=["fork", "no fork"])
def test_it_writes_no_bytecode(
    building: Interpreter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fork: bool
) -> None:
    monkeypatch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
    copy = tmp_path / "probe"
    shutil.copytree(PROBE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(runner, "PROBE", copy)
    for record in records_of(building, JOBS, fork=fork):
        assert "ok" in record
    assert sorted(copy.rglob("*")) == [copy / path.name for path in FILES]


def test_an_example_can_have_modules_called_as_those_of_the_probe(
    interpreter: Interpreter,
) -> None:
    source = "for name in ('run', 'timing', 'source', '_bytedoc_probe.run'):\n"
    source += "    try:\n        __import__(name)\n    except ImportError:\n        print(name)\n"
    found = ask(interpreter, "run", source=source)
    assert found.output.split() == ["run", "timing", "source"]


# The version gate

GATE = PROBE / "__main__.py"
PRETEND = (
    "import runpy, sys\n"
    "{change}\n"
    "sys.path[0] = {folder!r}\n"
    "runpy.run_path({path!r}, run_name='__main__')\n"
)


def refusal(change: str) -> tuple[Any, int]:
    """What the gate says, and the exit status, in an interpreter that pretends to be another."""
    program = PRETEND.format(change=change, folder=str(PROBE), path=str(GATE))
    done = subprocess.run(
        [sys.executable, "-B", "-c", program], input="", capture_output=True, text=True, check=False
    )
    return json.loads(done.stdout), done.returncode


def test_an_interpreter_that_is_too_old_is_refused() -> None:
    assert refusal("sys.version_info = (3, 5, 10, 'final', 0)") == (
        {"refused": "too-old", "version": "3.5.10"},
        3,
    )


def test_an_interpreter_that_is_not_cpython_is_refused() -> None:
    said, status = refusal("sys.implementation.name = 'pypy'")
    assert said["refused"] == "not-cpython"
    assert said["version"].startswith("pypy 3.")
    assert status == 3


def test_the_gate_stands_before_everything_else() -> None:
    body = ast.parse(GATE.read_text(encoding="utf-8")).body
    checks = [number for number, node in enumerate(body) if isinstance(node, ast.If)]
    last_check = checks[1]
    before = [node for node in body[:last_check] if isinstance(node, ast.Import | ast.ImportFrom)]
    assert [ast.unparse(node) for node in before] == ["import sys"]


def test_the_gate_has_no_syntax_that_python_2_lacks() -> None:
    tree = ast.parse(GATE.read_text(encoding="utf-8"), feature_version=(3, 4))
    newer = (
        *(ast.JoinedStr, ast.AnnAssign, ast.Nonlocal, ast.AsyncFunctionDef, ast.Starred),
        *(ast.YieldFrom, ast.MatMult),
    )
    for node in ast.walk(tree):
        assert not isinstance(node, newer), ast.dump(node)
        if isinstance(node, ast.arg):
            assert node.annotation is None
        if isinstance(node, ast.FunctionDef):
            assert not node.args.kwonlyargs
            assert node.returns is None
        if isinstance(node, ast.Raise):
            assert node.cause is None


def works(executable: str) -> bool:
    return subprocess.run([executable, "-V"], capture_output=True, check=False).returncode == 0


def python_2() -> str:
    """A Python 2.7: on PATH, or beside the interpreter that runs the tests."""
    neighbours = sorted(Path(sys.base_prefix).parent.glob("2.7*/bin/python2.7"))
    for candidate in [shutil.which("python2.7"), *map(str, neighbours)]:
        if candidate and works(candidate):
            return candidate
    pytest.skip("no Python 2.7")


def test_python_2_7_is_refused() -> None:
    done = subprocess.run(
        [python_2(), "-s", "-B", str(GATE)], input=b"", capture_output=True, check=False
    )
    said = json.loads(done.stdout)
    assert said["refused"] == "too-old"
    assert said["version"].startswith("2.7.")
    assert (done.returncode, done.stderr) == (3, b"")


def test_a_refusal_says_which_interpreter_is_too_old() -> None:
    executable = python_2()
    with pytest.raises(InterpreterError, match=r"is Python 2\.7.*; the oldest") as caught:
        runner.ask(executable, "identity")
    assert caught.value.subtype == "interpreter-version"


# How it is spoken to


def test_it_greets_with_its_version(interpreter: Interpreter) -> None:
    done = subprocess.run(
        [interpreter.executable, "-s", "-B", str(GATE)],
        input="",
        capture_output=True,
        text=True,
        check=False,
    )
    version = json.loads(done.stdout)["greeting"]["version"]
    assert str(Release(*version[:2])) == str(interpreter.release)
    assert (done.returncode, done.stderr) == (0, "")


VALUES = r"""[
    None, True, 0, -1.5e300, 1e16, 2 ** 70, "", "a\\ \"\n\x00\u20ac\udc80", [], [1, [2]], {},
    {"a": {"b": None}, "\u20ac": (1, 2)},
]"""
COMPARE = """
import sys
{before}
sys.path.insert(0, sys.argv[1])
import plain
with_json = "json" in sys.modules
import json
values = {values}
assert plain.dumps(values) == json.dumps(values, separators=(",", ":"))
assert plain.loads(plain.dumps(values)) == json.loads(json.dumps(values))
print(with_json)
"""


@pytest.mark.parametrize("before", ["", "sys.modules['_json'] = None"], ids=["in C", "without C"])
def test_plain_values_are_as_json_has_them(interpreter: Interpreter, before: str) -> None:
    program = COMPARE.format(before=before, values=VALUES)
    done = subprocess.run(
        [interpreter.executable, "-S", "-B", "-c", program, str(PROBE)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    assert done.stdout.strip() == str(bool(before))


def test_answers_come_in_the_order_of_the_jobs(interpreter: Interpreter) -> None:
    jobs: list[Job] = []
    for number in range(40):
        text = f"number = {number}"
        jobs += [
            {"view": "dis", "source": text, "filename": f"<{number}>"},
            {"view": "value", "expression": f"{number} + 1000"},
            {"view": "dis", "source": f"{number} = {number}", "filename": f"<{number}>"},
            {"view": "no such view", "number": number},
        ]
    records = records_of(interpreter, jobs)
    for number in range(40):
        listing, value, wrong, unknown = records[4 * number : 4 * number + 4]
        assert f"({number})" in listing["ok"]["text"] or f" {number}\n" in listing["ok"]["text"]
        assert value["ok"]["value"] == str(number + 1000)
        assert wrong["failure"]["filename"] == f"<{number}>"
        assert unknown["failure"]["kind"] == "unknown-view"


WRITE_EVERYWHERE = """
import os, sys
line = '{"ok": {"value": "forged", "repr": "forged", "true": true}}\\n'
for stream in (sys.stdout, sys.stderr, sys.__stdout__, sys.stdout.buffer.raw):
    try:
        stream.write(line if stream in (sys.stdout, sys.stderr, sys.__stdout__) else line.encode())
        stream.flush()
    except Exception:
        pass
for descriptor in range(1024):
    try:
        os.write(descriptor, line.encode())
    except OSError:
        pass
"""


@pytest.mark.parametrize("fork", [True, False], ids=["fork", "no fork"])
def test_what_an_example_writes_anywhere_gets_into_no_other_answer(
    interpreter: Interpreter, fork: bool
) -> None:
    question = {"view": "value", "expression": "6 * 7"}
    attack = {"view": "run", "source": WRITE_EVERYWHERE, "filename": "<example>"}
    records = records_of(interpreter, [question, attack, question], fork=fork)
    assert [records[0]["ok"]["value"], records[2]["ok"]["value"]] == ["42", "42"]
    assert records[1].get("ok", {}).get("value") is None
    assert "forged" in json.dumps(records[1])


def test_an_example_reads_nothing_of_the_jobs_that_follow(interpreter: Interpreter) -> None:
    greedy = "import os, sys\nprint(repr(sys.stdin.read()), os.read(0, 9))\n"
    jobs = [
        {"view": "run", "source": greedy, "filename": "<example>"},
        {"view": "value", "expression": "6 * 7"},
    ]
    records = records_of(interpreter, jobs)
    assert answer_of("run", records[0]).output == "'' b''\n"
    assert records[1]["ok"]["value"] == "42"


def test_the_same_jobs_have_the_same_answers_to_the_byte(interpreter: Interpreter) -> None:
    """Whatever is hashed, at whatever addresses it is: the example has a set with None."""
    answers = {json.dumps(records_of(interpreter, JOBS)) for _ in range(4)}
    assert len(answers) == 1


HEADERS = "'connection', 'keep-alive', 'proxy-authenticate', 'te', 'trailers', 'upgrade', 'age'"


def test_an_answer_does_not_depend_on_what_was_answered_before(interpreter: Interpreter) -> None:
    """Strings that were interned before stand elsewhere in the order of a set."""
    job = {"view": "dis", "source": f"x in {{{HEADERS}}}\n", "filename": "<example>"}
    before = {**job, "source": f"print({HEADERS})\nf({HEADERS.replace('-', '_')})\n"}
    alone = records_of(interpreter, [job])
    assert records_of(interpreter, [before, *JOBS, job])[-1] == alone[0]


def test_sets_whose_order_is_chance_are_sorted(interpreter: Interpreter) -> None:
    source = "x in {'b', None, 'a'}; x in {'z', 'y', 'x'}; x in {8, 1, 16, 3.5, -2}\n"
    listing = ask(interpreter, "dis", source=source)
    (code,) = code_objects(interpreter, source)
    expected = ["frozenset({'a', 'b', None})", "frozenset({'x', 'y', 'z'})"]
    expected += evaluate(
        interpreter,
        "[repr(c) for c in co_consts if type(c) is frozenset and 8 in c]",
        source=source,
    )
    assert len(expected) == 3
    shown = [item.argrepr for item in listing.codes[0].instructions]
    assert [text for text in shown if text.startswith("frozenset")] == expected
    assert [text for text in attribute(code, "co_consts") if text in expected] == expected
    for text in expected:
        assert f"({text})\n" in listing.text


def test_a_string_that_looks_like_a_set_stays_as_it_is(interpreter: Interpreter) -> None:
    texts = [f"frozenset({{{', '.join(each)}}})" for each in permutations(["'x'", "'y'", "'z'"])]
    source = "x in {'x', 'y', 'z'}\n" + "".join(
        f"t = {each!r}, {f'({each})'!r}, t\n" for each in texts
    )
    listing = ask(interpreter, "dis", source=source)
    for text in texts:
        assert repr(text) in listing.text
        assert repr(f"({text})") in listing.text


# One schema


def test_the_answer_to_every_view_becomes_a_value(interpreter: Interpreter) -> None:
    records = records_of(interpreter, [*JOBS, TIMING])
    kinds: list[type] = [Interpreter, Listing, list, list, Outcome, Outcome, Value, Listing, Timing]
    values = [
        answer_of(job["view"], record) for job, record in zip([*JOBS, TIMING], records, strict=True)
    ]
    assert [type(value) for value in values] == kinds
    assert {type(value) for value in values[2]} == {CodeObject}
    assert {type(value) for value in values[3]} == {Opcode}


def keys(record: Any) -> Any:
    """The names of all fields of a record, at every level, and of the records in its lists."""
    if isinstance(record, dict):
        return {name: keys(value) for name, value in record.items()}
    if isinstance(record, list):
        inner = [keys(value) for value in record if isinstance(value, dict)]
        assert all(each == inner[0] for each in inner)
        return inner[0] if inner else None
    return None


def test_all_releases_answer_with_the_same_fields(
    interpreter: Interpreter, building: Interpreter
) -> None:
    jobs = [*JOBS, TIMING]
    for job, record, own in zip(
        jobs, records_of(interpreter, jobs), records_of(building, jobs), strict=True
    ):
        if job["view"] == "identity":
            record["ok"]["files"] = own["ok"]["files"] = []
        assert keys(record) == keys(own), job["view"]


#: What is in the columns of an instruction.
COLUMNS: dict[str, tuple[type, ...]] = {
    "row": (int,),
    "offset": (int,),
    "opcode": (int,),
    "opname": (str,),
    "arg": (int, type(None)),
    "argrepr": (str,),
    "line": (int, type(None)),
    "label": (str,),
    "target": (int, type(None)),
    "positions": (list, type(None)),
}


def test_the_columns_of_an_instruction_have_the_same_types_on_all_releases(
    interpreter: Interpreter,
) -> None:
    listing = ask(interpreter, "dis", source=EXAMPLE, options={"show_caches": True})
    items = [item for code in listing.codes for item in code.instructions]
    for item in items:
        for name, value in item._asdict().items():
            assert isinstance(value, COLUMNS[name]), item
    assert any(item.target is not None for item in items)
    assert any(item.label for item in items)


def test_options_that_a_release_lacks_are_told(interpreter: Interpreter) -> None:
    asked = ["adaptive", "depth", "show_caches", "show_offsets", "show_positions"]
    has = evaluate(
        interpreter,
        "dis.dis.__code__.co_varnames[: dis.dis.__code__.co_argcount"
        " + dis.dis.__code__.co_kwonlyargcount]",
    )
    listing = ask(interpreter, "dis", source="x", options=dict.fromkeys(asked, True))
    assert set(listing.ignored) == set(asked) - set(has) - {"depth"}


# What it says of the interpreter


def test_the_identity_is_what_the_interpreter_says_of_itself(interpreter: Interpreter) -> None:
    program = (
        "import importlib.util, json, platform, sys, sysconfig\n"
        "print(json.dumps([platform.python_version(), sys.implementation.name,"
        "sys.implementation.cache_tag, list(importlib.util.MAGIC_NUMBER[:2]),"
        "sys.maxsize.bit_length() + 1, sysconfig.get_platform(), platform.python_compiler()]))"
    )
    done = subprocess.run(
        [interpreter.executable, "-c", program], capture_output=True, text=True, check=True
    )
    version, name, tag, magic, bits, platform, compiler = json.loads(done.stdout)
    assert (interpreter.version, interpreter.implementation) == (version, name)
    assert (interpreter.cache_tag, interpreter.magic) == (tag, magic[0] + 256 * magic[1])
    assert (interpreter.bits, interpreter.platform) == (bits, platform)
    assert interpreter.compiler == compiler


def test_the_files_of_an_interpreter_are_there(interpreter: Interpreter) -> None:
    (record,) = records_of(interpreter, [{"view": "identity"}])
    files = record["ok"]["files"]
    assert os.path.realpath(interpreter.executable) in files
    assert all(Path(file).is_file() for file in files)


def test_the_instructions_are_those_of_dis(interpreter: Interpreter) -> None:
    opcodes = ask(interpreter, "opcodes")
    general = {item.name: item.number for item in opcodes if not item.family}
    assert general == evaluate(interpreter, "dict(dis.opmap)")
    assert [item.number for item in opcodes] == sorted(item.number for item in opcodes)


#: The effect on the stack for each argument, with and without a jump where the release can tell
#: them apart.
EFFECTS = """
import dis, json
def effect(number, argument, **jump):
    try:
        return dis.stack_effect(number, argument, **jump)
    except ValueError:
        return None
try:
    dis.stack_effect(dis.opmap["NOP"], jump=True)
    jumps = [{"jump": False}, {"jump": True}]
except TypeError:
    jumps = [{}]
has_argument = getattr(dis, "hasarg", range(dis.HAVE_ARGUMENT, 256))
print(json.dumps({
    name: [
        [effect(number, argument, **jump) for jump in jumps]
        for argument in (range(9) if number in has_argument else [None])
    ]
    for name, number in dis.opmap.items() if number < 256
}))
"""


def test_effects_on_the_stack_are_those_of_dis(interpreter: Interpreter) -> None:
    done = subprocess.run(
        [interpreter.executable, "-c", EFFECTS], capture_output=True, text=True, check=True
    )
    real = json.loads(done.stdout)
    told = {item.name: item for item in ask(interpreter, "opcodes") if item.effects}
    assert told.keys() == real.keys()
    for name, expected in real.items():
        effects = told[name].effects
        assert told[name].effect == effects[0]
        for (ahead, jumping), values in zip(
            effects * (len(expected) if len(effects) == 1 else 1), expected, strict=True
        ):
            if len(values) == 2:
                assert [ahead, jumping] == values, name
            else:  # the larger of the two
                assert [ahead, jumping] == values + ([None] if told[name].jump else values), name
    assert told["POP_TOP"].effects == ((-1, -1),)


#: A function that adds integers, and what it becomes: the numbers in its adaptive code.
WARM = """
import json
def add(values):
    total = 0
    for value in values:
        total = total + value
    return total
for _ in range(100):
    add([1, 2, 3])
print(json.dumps(list(add.__code__._co_code_adaptive[::2])))
"""


def test_specialised_forms_have_the_numbers_that_running_code_shows(
    interpreter: Interpreter,
) -> None:
    forms = {item.name: item for item in ask(interpreter, "opcodes") if item.family}
    if interpreter.release < Release(3, 11):
        assert forms == {}
        return
    done = subprocess.run(
        [interpreter.executable, "-c", WARM], capture_output=True, text=True, check=True
    )
    assert forms["BINARY_OP_ADD_INT"].number in json.loads(done.stdout)
    families = "{name: sorted(forms) for name, forms in opcode._specializations.items()}"
    assert evaluate(interpreter, families) == {
        family: sorted(item.name for item in forms.values() if item.family == family)
        for family in {item.family for item in forms.values()}
    }


def test_kinds_of_instructions(interpreter: Interpreter) -> None:
    opcodes = {item.name: item for item in ask(interpreter, "opcodes")}
    assert opcodes["RETURN_VALUE"].kind == "real"
    assert all(item.kind == "pseudo" for item in opcodes.values() if item.number > 255)
    untold = [item for item in opcodes.values() if item.kind in ("pseudo", "specialised")]
    assert all(item.effect == (None, None) for item in untold)
    for item in opcodes.values():
        assert (item.kind == "specialised") == bool(item.family)
        if item.family:
            assert item.caches == opcodes[item.family].caches
    assert opcodes["LOAD_CONST"].uses == "const"
    assert opcodes["STORE_FAST"].uses == "local"
    assert opcodes["LOAD_GLOBAL"].uses == "name"
    assert opcodes["COMPARE_OP"].uses == "compare"
    assert opcodes["FOR_ITER"].jump == "relative"
    assert (opcodes["POP_TOP"].arg, opcodes["LOAD_CONST"].arg) == (False, True)


def test_inline_caches_are_those_of_the_code(interpreter: Interpreter) -> None:
    """The size of an instruction's caches is the distance to the next one."""
    caches = {
        item.name: sum(size for _, size in item.caches) for item in ask(interpreter, "opcodes")
    }
    listing = ask(interpreter, "dis", source=EXAMPLE)
    for code in listing.codes:
        for item, after in zip(code.instructions, code.instructions[1:], strict=False):
            assert after.offset - item.offset == 2 + 2 * caches[item.opname], item


# What it says of code objects


def code_objects(interpreter: Interpreter, source: str, **job: Any) -> list[CodeObject]:
    found = ask(interpreter, "code-object", source=source, **job)
    assert isinstance(found, list), found
    return found


def evaluate_each(interpreter: Interpreter, expression: str, source: str) -> list[Any]:
    """The value of an expression for each code object of the source, in their order."""
    seen = Counter[str]()
    jobs = []
    for code in code_objects(interpreter, source):
        seen[code.qualname] += 1
        name = f"{code.qualname}#{seen[code.qualname]}" if code.qualname != "<module>" else ""
        jobs.append(
            {
                "view": "value",
                "filename": "<example>",
                "source": source,
                "object": name,
                "expression": f"({expression},)",
            }
        )
    values = [answer_of("value", record) for record in records_of(interpreter, jobs)]
    return [ast.literal_eval(value.repr)[0] for value in values]


def attribute(code: CodeObject, name: str) -> Any:
    (found,) = [item.value for item in code.attributes if item.name == name]
    return found


def test_every_attribute_of_a_code_object_is_there(interpreter: Interpreter) -> None:
    names = "[n + '()' if callable(getattr(code, n)) else n for n in dir(code) if n[:3] == 'co_']"
    real = evaluate_each(interpreter, names, EXAMPLE)
    shown = [[item.name for item in code.attributes] for code in code_objects(interpreter, EXAMPLE)]
    assert shown == real
    assert "co_code" in shown[0]


@pytest.mark.parametrize(
    "name", ["co_name", "co_filename", "co_firstlineno", "co_flags", "co_stacksize", "co_argcount"]
)
def test_an_attribute_is_shown_by_its_repr(interpreter: Interpreter, name: str) -> None:
    (code,) = code_objects(interpreter, EXAMPLE, object="Stack.push", options={"depth": 0})
    real = evaluate(interpreter, name, source=EXAMPLE, object="Stack.push")
    assert ast.literal_eval(attribute(code, name)) == real


def test_constants_and_names_are_shown_one_by_one(interpreter: Interpreter) -> None:
    (code,) = code_objects(interpreter, "x = 'a', 1.5\nprint(x)\n")
    real = evaluate(interpreter, "[co_names, co_consts]", source="x = 'a', 1.5\nprint(x)\n")
    assert attribute(code, "co_names") == [repr(name) for name in real[0]]
    assert attribute(code, "co_consts") == [repr(const) for const in real[1]]


@pytest.mark.parametrize("name", ["co_lines", "co_positions"])
def test_lines_are_those_of_the_code_object(interpreter: Interpreter, name: str) -> None:
    question = f"[list(row) for row in {name}()] if hasattr(code, {name!r}) else None"
    real = evaluate_each(interpreter, question, EXAMPLE)
    for code, rows in zip(code_objects(interpreter, EXAMPLE), real, strict=True):
        shown = {item.name: item.value for item in code.attributes if item.kind == "rows"}
        assert shown.get(name + "()") == rows


def test_the_bytes_of_all_instructions_are_the_code(interpreter: Interpreter) -> None:
    for code in code_objects(interpreter, EXAMPLE):
        assert "".join(item.hex for item in code.code_bytes) == attribute(code, "co_code")
        for item in code.code_bytes:
            assert item.offset * 2 == attribute(code, "co_code").index(item.hex, item.offset * 2)


def test_bytes_are_named_as_in_the_listing(interpreter: Interpreter) -> None:
    listing = ask(interpreter, "dis", source=EXAMPLE)
    for code, shown in zip(code_objects(interpreter, EXAMPLE), listing.codes, strict=True):
        assert code.qualname == shown.qualname
        assert [(item.offset, item.opname, item.arg) for item in code.code_bytes] == [
            (item.offset, item.opname, item.argrepr or ("" if item.arg is None else str(item.arg)))
            for item in shown.instructions
        ]


#: The rows of an exception table as this interpreter's ``dis`` reads them, where it has one.
TABLE = (
    "[tuple(row) for row in dis._parse_exception_table(code)]"
    " if hasattr(dis, '_parse_exception_table') else None"
)
#: One whose numbers take several bytes each.
LONG_TABLE = (
    "a = 1\n"
    + "try:\n    a\nexcept ValueError:\n    a\n" * 300
    + ("try:\n" + "    a\n" * 900 + "finally:\n    a\n")
)


@pytest.mark.parametrize("source", [EXAMPLE, LONG_TABLE], ids=["example", "long"])
def test_the_exception_table_is_that_of_dis(interpreter: Interpreter, source: str) -> None:
    shown = [code.exception_table for code in code_objects(interpreter, source)]
    real = evaluate_each(interpreter, TABLE, source)
    assert [None if table is None else list(map(tuple, table)) for table in shown] == real
    has_tables = evaluate(interpreter, "hasattr(code, 'co_exceptiontable')", source="pass")
    assert any(shown) == has_tables


@pytest.mark.parametrize(
    ("name", "flags"),
    [
        ("<module>", ""),
        ("Stack", ""),
        ("Stack.push", "OPTIMIZED NEWLOCALS"),
        ("walk", "OPTIMIZED NEWLOCALS GENERATOR"),
        ("fetch", "OPTIMIZED NEWLOCALS COROUTINE"),
    ],
)
def test_flags_have_their_names(interpreter: Interpreter, name: str, flags: str) -> None:
    (code,) = code_objects(interpreter, EXAMPLE, object=name, options={"depth": 0})
    assert sum(bit for bit, _ in code.flags) == int(attribute(code, "co_flags"))
    # Releases differ in these: whether there are cells, a docstring, or a class around.
    shown = {name for _, name in code.flags} - {"NOFREE", "NESTED", "HAS_DOCSTRING", "METHOD"}
    assert shown == set(flags.split())


def test_a_flag_of_a_future_feature_has_its_name(interpreter: Interpreter) -> None:
    (code,) = code_objects(interpreter, "from __future__ import generator_stop, barry_as_FLUFL\n")
    assert "FUTURE_BARRY_AS_FLUFL" in {name for _, name in code.flags}


# Names of code objects

NAMES = """
def f():
    class C:
        def m(self):
            return [lambda: 1 for _ in x], (lambda: 2 for _ in x)
        class D:
            y = lambda: 3
            g = (z for z in x)
    global g, K
    def g():
        def h(): pass
    class K:
        def k(self): pass
    async def a(): return lambda: 4
one = lambda: 1; two = lambda: 2
"""
QUALIFIED = {
    *("<module>", "f", "f.<locals>.C", "f.<locals>.C.m", "f.<locals>.C.m.<locals>.<genexpr>"),
    *("f.<locals>.C.m.<locals>.<genexpr>.<lambda>", "f.<locals>.C.D", "f.<locals>.C.D.<lambda>"),
    *("f.<locals>.C.D.<genexpr>", "g", "g.<locals>.h", "K", "K.k", "f.<locals>.a"),
    *("f.<locals>.a.<locals>.<lambda>", "<lambda>"),
}


def test_code_objects_have_their_qualified_names_on_all_releases(interpreter: Interpreter) -> None:
    shown = {code.qualname for code in ask(interpreter, "dis", source=NAMES).codes}
    # Where comprehensions are inlined (3.12), what is in them belongs to what is around them.
    comprehension = "f.<locals>.C.m.<locals>.<listcomp>"
    inside = {comprehension, comprehension + ".<lambda>"}
    assert shown - inside - {"f.<locals>.C.m.<locals>.<lambda>"} == QUALIFIED
    assert shown & inside in (inside, set())


STANDARD_LIBRARY = [
    *(
        "argparse",
        "ast",
        "asyncio.tasks",
        "contextlib",
        "enum",
        "functools",
        "typing",
        "unittest.mock",
    ),
    *("dataclasses", "heapq", "inspect", "json.decoder", "logging.config", "pickle", "tarfile"),
]


@pytest.mark.parametrize("module", STANDARD_LIBRARY)
def test_the_rule_for_qualified_names_is_that_of_the_interpreter(module: str) -> None:
    """The rule serves releases before 3.11; this interpreter can tell whether it is right."""
    path = Path(os.__file__).parent.joinpath(*module.split(".")).with_suffix(".py")
    if not path.exists():
        path = path.with_suffix("") / "__init__.py"
    code = compile(path.read_bytes(), str(path), "exec", dont_inherit=True)
    checked = 0
    for name, outer in probe_source.walk(code):  # type: ignore[no-untyped-call]
        for inner in probe_source.nested(outer):  # type: ignore[no-untyped-call]
            made = probe_source.qualified_name(inner.co_name, outer, name)  # type: ignore[no-untyped-call]
            assert made == inner.co_qualname
            checked += 1
    assert checked > 5


@pytest.mark.parametrize(
    ("name", "constant"), [("<lambda>", 1), ("<lambda>#1", 1), ("<lambda>#2", 2)]
)
def test_of_several_with_the_same_name_one_is_chosen_by_number(
    interpreter: Interpreter, name: str, constant: int
) -> None:
    source = "one = lambda: 'is 1'; two = lambda: 'is 2'\n"
    listing = ask(interpreter, "dis", source=source, object=name)
    assert [code.qualname for code in listing.codes] == ["<lambda>"]
    assert f"'is {constant}'" in listing.text


@pytest.mark.parametrize(
    "name", ["nothing", "<lambda>#3", "<lambda>#0", "<lambda>#-1", "<lambda>#x", "<lambda>#\u00b2"]
)
def test_a_name_that_no_code_object_has_is_told_with_those_that_are(
    interpreter: Interpreter, name: str
) -> None:
    failure = ask(interpreter, "dis", source=NAMES, object=name)
    assert isinstance(failure, Failure)
    assert (failure.kind, failure.message) == ("unknown-object", name)
    assert set(failure.details["known"]) >= QUALIFIED


@pytest.mark.parametrize("name", ["", "<module>"])
def test_without_a_name_it_is_the_whole_module(interpreter: Interpreter, name: str) -> None:
    listing = ask(interpreter, "dis", source=NAMES, object=name)
    assert listing.codes[0].qualname == "<module>"
    assert len(listing.codes) >= len(QUALIFIED)


# What does not compile


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        ("x = (", "SyntaxError"),
        ("if x:\npass\n", "IndentationError"),
        ("return 1\n", "SyntaxError"),
        ("x = '\ud800'\n", "UnicodeEncodeError"),
    ],
)
def test_a_mistake_is_told_in_the_interpreters_words(
    interpreter: Interpreter, source: str, kind: str
) -> None:
    failure = ask(interpreter, "dis", source=source)
    assert isinstance(failure, Failure)
    assert failure.kind == "syntax"
    assert failure.details["type"] == kind
    assert failure.details["text"].rstrip().endswith(failure.message)


def test_a_syntax_error_says_where_it_is(interpreter: Interpreter) -> None:
    failure = ask(interpreter, "dis", source="x = 1\ny = $\n")
    assert isinstance(failure, Failure)
    assert (failure.details["line"], failure.details["filename"]) == (2, "<example>")
    assert failure.details["offset"] in (4, 5)


def test_too_deep_nesting_is_a_failure_of_that_job_alone(interpreter: Interpreter) -> None:
    """Whether it is the compiler that gives up or ``dis``."""
    deep = {"view": "dis", "source": "f = " + "lambda: " * 1500 + "1\n", "filename": "<example>"}
    first, second, after = records_of(interpreter, [deep, {**deep, "view": "code-object"}, JOBS[1]])
    for record in (first, second):
        assert record["failure"]["kind"] in ("memory", "syntax")
        assert record["failure"]["message"] in (
            "nested too deeply for this interpreter",
            "too complex to compile",
        )
    assert "ok" in after


def test_an_expression_about_code_does_not_execute_the_example(interpreter: Interpreter) -> None:
    found = ask(
        interpreter,
        "value",
        source="def f(): pass\nraise SystemExit\n",
        object="f",
        expression="len([each.opname for each in instructions]) == len(opnames), code.co_name",
    )
    assert found.text == "(True, 'f')"


def test_a_null_byte_is_a_mistake(interpreter: Interpreter) -> None:
    failure = ask(interpreter, "dis", source="x = '\0'\n")
    assert isinstance(failure, Failure)
    assert failure.kind == "syntax"


@pytest.mark.parametrize("mode", ["exec", "eval", "single"])
@pytest.mark.parametrize("optimize", [0, 1, 2])
def test_mode_and_optimization_are_those_asked_for(
    interpreter: Interpreter, mode: str, optimize: int
) -> None:
    source = "__debug__" if mode == "eval" else "'''doc'''\nassert x\n__debug__\n"
    if mode == "single":
        source = "assert x; __debug__\n"
    listing = ask(interpreter, "dis", source=source, mode=mode, optimize=optimize)
    if mode != "eval":
        assert ("RAISE_VARARGS" in listing.text) == (optimize == 0)
    assert ("PRINT" in listing.text) == (mode == "single")
    if mode != "exec":
        assert ("True" in listing.text) == (optimize == 0)
    else:
        assert ("'doc'" in listing.text) == (optimize < 2)
