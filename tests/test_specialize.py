"""What instructions become while a program runs: the view, and the programs for every form.

The oracle is the interpreter itself: a fresh process that has never heard of bytedoc makes as many
calls, and asks its own ``dis`` after each of them.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from conftest import Build, interpreter_or_skip
from markup import MARKUPS, Markup, ask, cells, directive, found, md, output, page, soup

from bytedoc import runner
from bytedoc.answers import Failure, answer_of
from bytedoc.answers.specializations import Counter, Phase, Specialization
from bytedoc.interpreters import Interpreters
from bytedoc.request import Interpreter
from bytedoc.views.specialize import change_kind, phase_claim, then, times

ADAPTIVE = ["3.11", "3.12", "3.13", "3.14", "3.15"]
#: The reference: the entry of every specialised form has a program that reaches it.
PAGES = Path(__file__).parents[1] / "docs" / "opcodes"

ADD = """\
class Other:
    def __add__(self, other):
        return self

def add(a, b):
    return a + b
"""

Program = dict[str, Any]


@pytest.fixture(params=ADAPTIVE)
def adaptive(request: pytest.FixtureRequest, interpreters: Interpreters) -> Interpreter:
    """Each release that has an adaptive interpreter."""
    return interpreter_or_skip(interpreters, request.param)


def records(
    interpreter: Interpreter, *jobs: dict[str, Any], fork: bool = True
) -> list[dict[str, Any]]:
    """What the probe answers to some jobs, as it is sent."""
    answers: dict[int, dict[str, Any]] = {}
    asked = [{"view": "specialize", "filename": "<example>", **job} for job in jobs]
    runner.run(interpreter.executable, asked, runner.Limits(), answers.__setitem__, fork=fork)
    return [answers[number] for number in range(len(jobs))]


def specialized(interpreter: Interpreter, source: str, *expressions: str, **job: Any) -> Any:
    """What becomes of a function of *source*; the first expression is the warm-up."""
    warm_up, *others = expressions
    job = {"source": source, "warm_up": warm_up, "then": others, **job}
    return answer_of("specialize", records(interpreter, job)[0])


def form(phase: Phase, family: str) -> str:
    """The form of the only instruction of a family."""
    (name,) = (name for name in phase.opnames if name.startswith(family))
    return name


def counter(result: Specialization, number: int, opname: str) -> Counter:
    """The counter of the only instruction of that name, in a phase."""
    (index,) = (n for n, item in enumerate(result.instructions) if item.opname == opname)
    value = result.phases[number].caches[index][0]
    assert isinstance(value, Counter)
    return value


# -- the oracle -----------------------------------------------------------------------------------

#: Makes calls, and tells what ``dis`` shows after each: a line in is a program, one out its states.
ORACLE = """\
import dis, json, os, sys

def forms(code):
    return [item.opname for item in dis.get_instructions(code, adaptive=True)]

def follow(program):
    code = compile(program["source"], "<example>", "exec")
    watched = code
    for name in program["object"].split("."):
        watched = next(c for c in watched.co_consts if getattr(c, "co_name", "") == name)
    namespace = {"__name__": "__main__"}
    exec(code, namespace)
    found = [[forms(watched)]]
    for expression, count in program["calls"]:
        states = []
        evaluated = compile(expression, "<expression>", "eval")
        for _ in range(count):
            eval(evaluated, namespace)
            states.append(forms(watched))
        found.append(states)
    return found

for line in sys.stdin:
    reader, writer = os.pipe()
    if os.fork() == 0:
        with os.fdopen(writer, "w") as stream:
            json.dump(follow(json.loads(line)), stream)
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as stream:
        print(stream.read(), flush=True)
    os.wait()
"""


def follow(interpreter: Interpreter, programs: list[Program]) -> list[list[list[list[str]]]]:
    """For each program, each of its expressions and each call, the names that ``dis`` shows."""
    done = subprocess.run(
        [interpreter.executable, "-s", "-c", ORACLE],
        input="\n".join(map(json.dumps, programs)),
        capture_output=True,
        check=True,
        env={**os.environ, "PYTHON_JIT": "1" if any("jit" in p for p in programs) else "0"},
        encoding="utf-8",
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


def told(result: Specialization) -> list[list[list[str]]]:
    """What the view says, in the form of `follow`: the names after each call."""
    forms = list(result.phases[0].opnames)
    states = [[list(forms)]]
    for phase in result.phases[1:]:
        found = []
        for call in range(1, phase.calls + 1):
            for change in phase.changes:
                if change.call == call:
                    forms[change.number] = change.opname
            found.append(list(forms))
        assert forms == list(phase.opnames)
        states.append(found)
    return states


# -- programs for every form ----------------------------------------------------------------------


_ENTRY = re.compile(r"^`{5}\{opcode\} (\w+)\n(.*?)^`{5}$", re.MULTILINE | re.DOTALL)
_EXAMPLE = re.compile(
    r"^```\{\w+\}\n((?::[^\n]*\n)*:name: [^\n]*\n(?::[^\n]*\n)*)\n(.*?)^```$",
    re.MULTILINE | re.DOTALL,
)


@cache
def programs() -> list[Program]:
    """The first program that reaches a form in each release; ``releases`` are those it is for."""
    found: list[Program] = []
    sources: dict[str, str] = {}
    for path in sorted(PAGES.glob("*.md")):
        for form, entry in _ENTRY.findall(path.read_text(encoding="utf-8")):
            for head, text in _EXAMPLE.findall(entry):
                options = dict(re.findall(r"^:([a-z-]+):(?: (.*))?$", head, re.MULTILINE))
                before = [sources[name] for name in options.get("setup", "").split()]
                source = sources[options["name"]] = "".join([*before, text])
                if path.stem == form or form.startswith("INSTRUMENTED_"):
                    continue
                if "warm-up" not in options or "times" in options:
                    continue
                last = options.get("until", "3.99")
                releases = range(int(options["since"][2:]), int(last[2:]) + 1)
                taken = [each["releases"] for each in found if each["form"] == form]
                if form in options["expect"] and not any(
                    set(releases) & set(all_) for all_ in taken
                ):
                    program = {"form": form, "source": source, "releases": list(releases)}
                    found.append({**options, **program})
    return found


@cache
def forms_of(executable: str) -> list[str]:
    """The specialised forms that an interpreter has."""
    script = (
        "import opcode; print(*(n for names in opcode._specializations.values() for n in names))"
    )
    return ask(executable, script).split()


def has_jit(executable: str) -> bool:
    """Whether an interpreter was built with the compiler to machine code."""
    script = "import sys; print(hasattr(sys, '_jit') and sys._jit.is_available())"
    return ask(executable, script) == "True\n"


@cache
def shown_by(executable: str) -> list[tuple[Program, Specialization]]:
    """The programs whose forms an interpreter has, and what the view says of each."""
    jit = has_jit(executable)
    minor = int(ask(executable, "import sys; print(sys.version_info[1])"))
    wanted = [
        program
        for program in programs()
        if program["form"] in forms_of(executable)
        and (jit or "jit" not in program)
        and minor in program["releases"]
    ]
    asked = [
        {
            "view": "specialize",
            "filename": "<example>",
            "source": program["source"],
            "object": program["object"],
            "warm_up": program["warm-up"],
            "then": then(program["then"]) if "then" in program else [],
            **({"environment": {"PYTHON_JIT": "1"}} if "jit" in program else {}),
        }
        for program in wanted
    ]
    answers: dict[int, Any] = {}

    def keep(number: int, record: dict[str, Any]) -> None:
        answers[number] = answer_of("specialize", record)

    runner.run(executable, asked, runner.Limits(), keep)
    return [(program, answers[number]) for number, program in enumerate(wanted)]


def test_every_form_of_every_release_has_a_program_and_no_other_name_has_one(
    interpreters: Interpreters,
) -> None:
    names: set[str] = set()
    for release in ADAPTIVE:
        names.update(forms_of(interpreter_or_skip(interpreters, release).executable))
    assert {program["form"] for program in programs()} == names


def test_each_program_reaches_its_form(adaptive: Interpreter) -> None:
    shown = shown_by(adaptive.executable)
    missed = [p["form"] for p, result in shown if p["form"] not in result.phases[1].opnames]
    assert missed == []
    unreached = set(forms_of(adaptive.executable)) - {program["form"] for program, _ in shown}
    assert unreached == set() or not has_jit(adaptive.executable)
    assert all(name.endswith("_JIT") for name in unreached)


def test_each_program_loses_its_form_by_what_it_does_then(adaptive: Interpreter) -> None:
    lost = 0
    for program, result in shown_by(adaptive.executable):
        if "then" in program:
            assert any(program["form"] not in phase.opnames for phase in result.phases[2:]), program
            assert result.phases[2].settled, program
            lost += 1
    assert lost >= 30


def test_forms_and_calls_are_those_that_dis_shows_in_a_fresh_process(
    adaptive: Interpreter,
) -> None:
    shown = shown_by(adaptive.executable)
    for jit in (False, True):
        pairs = [pair for pair in shown if ("jit" in pair[0]) is jit]
        wanted = [
            {**program, "calls": [(phase.expression, phase.calls) for phase in result.phases[1:]]}
            for program, result in pairs
        ]
        seen = follow(adaptive, wanted)
        assert len(seen) == len(pairs)
        for (program, result), states in zip(pairs, seen, strict=True):
            assert told(result) == states, program["form"]


def test_the_instructions_are_those_that_were_compiled(adaptive: Interpreter) -> None:
    script = (
        "import dis, json, sys; code = compile(sys.argv[1], 'f', 'exec').co_consts\n"
        "code = next(c for c in code if getattr(c, 'co_name', '') == sys.argv[2])\n"
        "print(json.dumps([[i.offset, i.opname, i.arg] for i in dis.get_instructions(code)]))"
    )
    names = {"FOR_ITER_LIST", "LOAD_ATTR_SLOT", "UNPACK_SEQUENCE_LIST", "COMPARE_OP_INT_JUMP"}
    chosen = [pair for pair in shown_by(adaptive.executable) if pair[0]["form"] in names]
    assert len(chosen) > 2
    for program, result in chosen:
        seen = json.loads(ask(adaptive.executable, script, program["source"], program["object"]))
        assert [[i.offset, i.opname, i.arg] for i in result.instructions] == seen


# -- counting -------------------------------------------------------------------------------------


def test_a_form_is_given_up_after_53_inputs_that_it_is_not_for(adaptive: Interpreter) -> None:
    result = specialized(adaptive, ADD, "add(1, 2)", "add('a', 'b')", object="add")
    before, warm, other = result.phases
    assert form(before, "BINARY_OP") == "BINARY_OP"
    assert form(warm, "BINARY_OP") == "BINARY_OP_ADD_INT"
    assert form(other, "BINARY_OP") == "BINARY_OP_ADD_UNICODE"
    assert other.changes[0].call == 53


def test_a_counter_counts_down_by_one(adaptive: Interpreter) -> None:
    names = {"object": "add", "times": [30, 10, 30]}
    result = specialized(adaptive, ADD, "add(1, 2)", "add('', '')", "add(1, 2)", **names)
    warm, missed, hit = (counter(result, number, "BINARY_OP") for number in (1, 2, 3))
    assert warm.value - missed.value == 10
    assert hit == missed


def test_a_counter_at_its_end_is_what_gives_the_form_up(adaptive: Interpreter) -> None:
    first = specialized(adaptive, ADD, "add(1, 2)", object="add")
    left = counter(first, 1, "BINARY_OP")
    spare = 1 if left.backoff is None else 0  # in 3.11 it is given up when the counter gets to 0
    result = specialized(adaptive, ADD, "add(1, 2)", "add('', '')", object="add")
    assert result.phases[2].changes[0].call == left.value + 1 - spare


def test_after_a_failure_an_instruction_waits_longer_and_longer(adaptive: Interpreter) -> None:
    calls = ["add(Other(), Other())"] * 300
    result = specialized(adaptive, ADD, *calls, object="add", times=[1] * 300)
    waits = [counter(result, number, "BINARY_OP") for number in range(301)]
    starts = [
        new for old, new in pairwise(waits) if new.value > old.value and new.backoff is not None
    ]
    assert len(starts) >= 3
    for shorter, longer in pairwise(starts):
        assert longer.value > shorter.value
        assert shorter.backoff is not None
        assert longer.backoff == shorter.backoff + 1
    falling = [old.value - new.value for old, new in pairwise(waits) if new.value < old.value]
    assert set(falling) == {1}


def test_the_index_of_a_global_is_its_place_in_the_module(adaptive: Interpreter) -> None:
    """From 3.13 on ``opcode`` names the fields of this cache in another order than they have."""
    source = "first = 1\nsecond = 2\nthird = 3\n\ndef f():\n    return third, second, first\n"
    result = specialized(adaptive, source, "f()", object="f")
    indexes = []
    for names, values in zip(result.fields, result.phases[1].caches, strict=True):
        fields = dict(zip(names, values, strict=True))
        if "module_keys_version" in fields:
            assert fields["module_keys_version"] == "#1"
            assert fields["builtin_keys_version"] == 0
            indexes.append(fields["index"])
    third, second, first = indexes
    assert (third - second, second - first) == (1, 1)


def test_a_version_has_a_number_only_as_long_as_it_is_the_same(adaptive: Interpreter) -> None:
    source = (
        "class One:\n    __slots__ = 'x'\nclass Two:\n    __slots__ = 'x'\n"
        "one, two = One(), Two()\none.x = two.x = 1\ndef f(a, b):\n    return a.x, b.x\n"
    )
    calls = ("f(one, one)", "f(one, two)", "f(two, one)")
    result = specialized(adaptive, source, *calls, object="f")
    versions = [
        [
            dict(zip(names, values, strict=True))["version"]
            for names, values in zip(result.fields, phase.caches, strict=True)
            if "version" in names
        ]
        for phase in result.phases
    ]
    assert versions == [[0, 0], ["#1", "#1"], ["#1", "#2"], ["#2", "#1"]]


def test_the_number_of_evaluations_can_be_given(adaptive: Interpreter) -> None:
    calls = ("add(1, 2)", "add('', '')", "add(1, 2)")
    result = specialized(adaptive, ADD, *calls, object="add", times=[5, 7])
    assert [phase.calls for phase in result.phases[:3]] == [0, 5, 7]
    assert [phase.settled for phase in result.phases] == [None, None, None, True]
    assert result.phases[3].calls > 50


def test_exactly_as_many_evaluations_are_made_as_are_told(adaptive: Interpreter) -> None:
    source = "made = []\n" + ADD
    warm_up = "add(1, 2), made.append(1)"
    calls = specialized(adaptive, source, warm_up, object="add").phases[1].calls
    for number, outcome in ((calls, Specialization), (calls + 1, Failure)):
        check = f"1 / (len(made) == {number})"
        found = specialized(adaptive, source, warm_up, check, object="add")
        assert isinstance(found, outcome)


def test_what_changes_nothing_is_evaluated_for_long_and_is_settled(adaptive: Interpreter) -> None:
    result = specialized(adaptive, ADD, "add(1, 2)", "add(3, 4)", object="add")
    same = result.phases[2]
    assert (same.changes, same.settled) == ((), True)
    assert same.calls >= 100
    assert same.opnames == result.phases[1].opnames


def test_what_goes_on_changing_the_instructions_comes_to_an_end(adaptive: Interpreter) -> None:
    source = "numbers = [0]\n" + ADD
    text = "numbers.append(1), add('', '') if len(numbers) % 120 < 60 else add(1, 2)"
    result = specialized(adaptive, source, text, object="add")
    assert result.phases[1].settled is False
    assert len(result.phases[1].changes) > 10


def test_an_expression_that_fails_after_it_did_what_it_should_is_not_evaluated_so_often(
    adaptive: Interpreter,
) -> None:
    source = "left = [1] * 100\n" + ADD
    result = specialized(adaptive, source, "add(left.pop(), 1)", object="add")
    assert form(result.phases[1], "BINARY_OP") == "BINARY_OP_ADD_INT"
    assert result.phases[1].settled is None


def test_calls_that_the_example_makes_come_before_the_warm_up(adaptive: Interpreter) -> None:
    source = ADD + "for number in range(30):\n    add(number, 1)\n"
    result = specialized(adaptive, source, "add(1, 2)", object="add")
    assert form(result.phases[0], "BINARY_OP") == "BINARY_OP_ADD_INT"
    assert result.phases[1].changes == ()


TRACED = """\
import sys

def f(a, b):
    return a + b

def trace(frame, event, arg):
    return trace

def traced(a, b):
    sys.settrace(trace)
    try:
        f(a, b)
    finally:
        sys.settrace(None)
"""


def test_what_is_traced_falls_back_or_is_not_specialised_at_all(adaptive: Interpreter) -> None:
    traced = specialized(adaptive, TRACED, "f(1, 2)", "traced(1, 2)", object="f", times=[30, 1])
    names = traced.phases[2].opnames
    if any(name.startswith("INSTRUMENTED_") for name in names):
        kinds = {change_kind("RESUME", name) for name in names if name.startswith("INSTR")}
        assert kinds == {"instrumented"}
    else:  # 3.11 traces by other means, and keeps the forms that it has
        assert names == traced.phases[1].opnames


@pytest.mark.parametrize(
    ("base", "new", "kind"),
    [
        ("BINARY_OP", "BINARY_OP_ADD_INT", "specialised"),
        ("BINARY_OP", "BINARY_OP", "fallback"),
        ("BINARY_OP", "BINARY_OP_ADAPTIVE", "fallback"),
        ("RESUME", "INSTRUMENTED_RESUME", "instrumented"),
    ],
)
def test_a_change_is_of_a_kind(base: str, new: str, kind: str) -> None:
    assert change_kind(base, new) == kind


def test_other_threads_of_an_example_keep_running(adaptive: Interpreter) -> None:
    """They would not be in a fork: so none finds out how often to evaluate."""
    source = (
        "from concurrent.futures import ThreadPoolExecutor\npool = ThreadPoolExecutor(1)\n"
        "pool.submit(int).result()\n"
    )
    text = "pool.submit(add, 1, 2).result()"
    result = specialized(adaptive, source + ADD, text, object="add", timeout=5)
    assert isinstance(result, Specialization), result
    assert form(result.phases[1], "BINARY_OP") == "BINARY_OP_ADD_INT"
    assert (
        result.phases[1].calls
        == specialized(adaptive, ADD, "add(1, 2)", object="add").phases[1].calls
    )


def test_what_an_example_has_for_its_globals_does_not_matter(adaptive: Interpreter) -> None:
    source = "globals()[1] = 2\nglobals()[None] = 3\n" + ADD
    result = specialized(adaptive, source, "add(1, 2)", object="add")
    assert form(result.phases[1], "BINARY_OP") == "BINARY_OP_ADD_INT"


# -- the same in each process ---------------------------------------------------------------------

EVERYTHING = """\
import math

class Point:
    def __init__(self, x):
        self.x = x

    def move(self, by):
        return self.x + by

class Other:
    __slots__ = ("x",)

    def __init__(self, x):
        self.x = x

    def move(self, by):
        return math.sqrt(self.x) * by

def f(points, names):
    found = {}
    for point, name in zip(points, names):
        found[name] = point.move(len(name)) + point.x + names[0].count("a")
    return found if found else max(points)
"""


#: Uses up numbers that the interpreter gives to types, functions and keys of dictionaries.
NOISE = """\
for number in range(20):
    space = {}
    exec("class A:\\n    def m(self):\\n        return len(self.x)\\n"
         "def f(a):\\n    return a.m()\\n", space)
    space["A"].x = ""
    for _ in range(40):
        space["f"](space["A"]())
"""


def test_an_answer_is_the_same_in_every_process(adaptive: Interpreter) -> None:
    job = {
        "source": EVERYTHING,
        "warm_up": "f([Point(1), Point(2)], ['a', 'b'])",
        "then": ["f([Other(1)], ['abc'])", "f([Point(1.5)], ['x'])"],
        "object": "f",
    }
    noisy = {**job, "setup": [["<noise>", f"exec({NOISE!r}, {{}})"]]}
    found = [*records(adaptive, job, noisy, job), *records(adaptive, job, noisy, fork=False)]
    assert found[0] == found[1] == found[2] == found[3] == found[4]
    assert "#2" in json.dumps(found[0])


# -- what can't be answered -----------------------------------------------------------------------


@pytest.mark.parametrize("release", ["3.6", "3.7", "3.8", "3.9", "3.10"])
def test_an_older_release_says_that_it_does_not_specialise_and_executes_nothing(
    interpreters: Interpreters, release: str
) -> None:
    old = interpreter_or_skip(interpreters, release)
    for source in ("raise SystemExit('executed')\n", "not a program\n"):
        result = specialized(old, source, "f()")
        assert result == Specialization("release", "", (), (), ())


@pytest.mark.parametrize(
    ("source", "warm_up", "kind"),
    [
        (ADD + "1 / 0\n", "add(1, 2)", "exception"),
        (ADD, "add(1, None)", "expression"),
        (ADD, "add(1,", "syntax"),
        ("def add(", "add(1, 2)", "syntax"),
        (ADD, "exit()", "expression"),
        (ADD, "__import__('os')._exit(3)", "exit"),
        (ADD + "def loop():\n    while True:\n        pass\n", "loop()", "timeout"),
        (ADD, "add(bytearray(1 << 33), 1)", "expression"),
        (ADD, "print('x' * 1_000_000)", "output-limit"),
    ],
)
def test_what_goes_wrong_is_told(
    adaptive: Interpreter, source: str, warm_up: str, kind: str
) -> None:
    result = specialized(adaptive, source, warm_up, object="add", timeout=1)
    assert isinstance(result, Failure)
    assert result.kind == kind, result.message


def test_without_a_name_it_is_the_only_code_object(adaptive: Interpreter) -> None:
    source = "def add(a, b):\n    return a + b\n"
    assert specialized(adaptive, source, "add(1, 2)").qualname == "add"
    several = specialized(adaptive, ADD, "add(1, 2)")
    assert several.kind == "option"
    assert "there are Other, Other.__add__, add" in several.message
    assert specialized(adaptive, "x = 1\n", "x").kind == "option"
    assert specialized(adaptive, source, "add(1, 2)", object="plus").kind == "unknown-object"


# -- the directive --------------------------------------------------------------------------------


def shown(text: str, **options: str | bool) -> str:
    """The directive in MyST."""
    return directive("md", "specialize", "", text, object="add", **options)


def test_the_page_shows_each_state_and_what_changed_it(build: Build, adaptive: Interpreter) -> None:
    options = {"warm-up": "add(1, 2)", "then": "add('', ''); add(Other(), Other())"}
    built = build(md(shown(ADD, **options)), target=adaptive.executable)
    assert built.warnings == ""
    result = output(built, "specialize")
    assert "Specialisation of add" in found(result, ".bytedoc-caption").get_text()
    head, *rows = cells(found(result, ".bytedoc-forms"))
    assert head == ["Offset", "Line", "Before", "Warm-up", "Then 1", "Then 2"]
    (row,) = (row for row in rows if row[2].startswith("BINARY_OP"))
    given_up = "BINARY_OP_ADAPTIVE" if "BINARY_OP_ADAPTIVE" in result.get_text() else "BINARY_OP"
    assert row[2:] == [
        *("BINARY_OP +", "→ BINARY_OP_ADD_INT"),
        *("→ BINARY_OP_ADD_UNICODE", f"→ {given_up}"),
    ]
    assert len(result.select(".changed.fallback")) == 1
    steps = [" ".join(item.get_text().split()) for item in result.select(".bytedoc-story > li")]
    assert steps[0].startswith("Warm-up, ")
    assert " calls of add(1, 2): call " in steps[0]
    assert "call 53: at " in steps[1]
    caches = cells(found(result, "details .bytedoc-caches"))
    assert caches[0] == ["Offset", "Instruction", "Field", "Before", "Warm-up", "Then 1", "Then 2"]
    assert "BINARY_OP" in [row[1] for row in caches]


@pytest.mark.parametrize("markup", MARKUPS)
def test_options_are_those_of_both_markups(
    build: Build, interpreters: Interpreters, markup: Markup
) -> None:
    target = interpreter_or_skip(interpreters, "3.13").executable
    options = {"warm-up": "add(1, 2)", "then": "add('', ''); add(1.5, 2.5)", "times": "9 60"}
    block = directive(markup, "specialize", "", ADD, object="add", **options)
    built = build(page(markup, block), target=target)
    assert built.warnings == ""
    result = output(built, "specialize")
    steps = [item.get_text() for item in result.select(".bytedoc-story > li > p")]
    assert steps == [
        "Warm-up, 9 calls of add(1, 2):",
        "Then 1, 60 calls of add('', ''):",
        "Then 2, 53 calls of add(1.5, 2.5):",
    ]


def test_every_builder_shows_it(build: Build, interpreters: Interpreters) -> None:
    target = interpreter_or_skip(interpreters, "3.13").executable
    source = md(shown(ADD, **{"warm-up": "add(1, 2)", "then": "add('', '')"}))
    for builder, name in (("text", "index.txt"), ("latex", "projectnamenotset.tex")):
        built = build(source, builder, target=target)
        assert built.warnings == ""
        text = built.read(name).replace("\\_", "_").replace("\\sphinxhyphen{}", "-")
        assert "BINARY_OP_ADD_INT" in text.replace("\n", "")
        assert "Inline caches" in text
        assert "{0em}\n\\end{DUlineblock}" not in text  # LaTeX refuses a block without lines


@pytest.mark.parametrize("release", ["3.6", "3.10"])
def test_the_page_of_an_older_release_says_so_and_warns_of_nothing(
    build: Build, interpreters: Interpreters, release: str
) -> None:
    target = interpreter_or_skip(interpreters, release).executable
    options = {"warm-up": "add(1, 2)", "expect": "BINARY_OP_ADD_INT; calls == 1; then 7: X"}
    built = build(md(shown(ADD, **options)), target=target)
    assert built.warnings == ""
    assert "has no adaptive interpreter" in output(built, "specialize").get_text()
    assert output(built, "specialize").select("table") == []


def test_claims_are_about_the_phase_that_they_name(build: Build, adaptive: Interpreter) -> None:
    claims = [
        "BINARY_OP_ADD_INT",
        "not BINARY_OP",
        "warm-up: BINARY_OP_ADD_INT x1",
        "before: BINARY_OP RETURN_VALUE",
        "calls < 9",
        "then: BINARY_OP_ADD_UNICODE",
        "then 1: calls >= 53",
        "then : changes[0][0] == 53",
        "then 2: not BINARY_OP_ADD_UNICODE",
        "before: calls == 0",
        "'BINARY_OP_ADD_INT' in opnames",
        'any(cache.get("counter", [0])[0] > 50 for cache in caches)',
    ]
    options = {
        "warm-up": "add(1, 2)",
        "then": "add('', ''); add(Other(), Other())",
        "expect": "; ".join(claims),
    }
    built = build(md(shown(ADD, **options)), target=adaptive.executable)
    assert built.warnings == ""


@pytest.mark.parametrize(
    ("claim", "told"),
    [
        ("BINARY_OP_ADD_FLOAT", "expected BINARY_OP_ADD_FLOAT (warm-up), but the listing has"),
        ("before: BINARY_OP_ADD_INT", "expected BINARY_OP_ADD_INT (before), but the listing"),
        ("then: BINARY_OP_ADD_INT", "expected BINARY_OP_ADD_INT (then), but the listing has"),
        ("then 2: BINARY_OP", "expected BINARY_OP after a :then: that is not there"),
        ("then: calls == 3", "expected calls == 3, but it is 53 == 3"),
        ("then: call == 3", "expected call == 3, but it fails: NameError"),
    ],
)
def test_a_claim_that_does_not_hold_is_told(
    build: Build, interpreters: Interpreters, claim: str, told: str
) -> None:
    target = interpreter_or_skip(interpreters, "3.13").executable
    options = {"warm-up": "add(1, 2)", "then": "add('', '')", "expect": claim}
    built = build(md("Words.", shown(ADD, **options)), target=target)
    (line,) = built.warnings.splitlines()
    assert line.startswith("index.md:5: WARNING: specialize on 3.13: ")
    assert told in line


@pytest.mark.parametrize(
    ("options", "text", "line", "told"),
    [
        ({}, ADD, 5, "it needs :warm-up:"),
        ({"warm-up": "add(1, None)"}, ADD, 14, "TypeError"),
        ({"warm-up": "add(1"}, ADD, 5, "SyntaxError"),
        ({"warm-up": "nothing()"}, ADD, 5, "NameError"),
        ({"warm-up": "add(1, 2)"}, ADD + "1 / 0\n", 15, "ZeroDivisionError"),
        ({"warm-up": "add(1, 2)", "times": "0"}, ADD, 5, ":times: 0: it must be whole numbers"),
    ],
)
def test_a_mistake_is_told_where_it_is(
    build: Build,
    interpreters: Interpreters,
    options: dict[str, str],
    text: str,
    line: int,
    told: str,
) -> None:
    target = interpreter_or_skip(interpreters, "3.13").executable
    built = build(md("Words.", shown(text, **options)), target=target)
    assert f"index.md:{line}: WARNING: specialize" in built.warnings
    assert told in built.warnings
    assert "Traceback" not in built.warnings


def test_the_compiler_to_machine_code_is_on_only_where_it_is_asked_for(
    build: Build, interpreters: Interpreters
) -> None:
    source = "def add(items):\n    for item in items:\n        pass\n"
    target = interpreter_or_skip(interpreters, "3.14").executable
    call = {"warm-up": "add('abc')"}
    built = build(md(shown(source, **call), shown(source, jit=True, **call)), target=target)
    assert built.warnings == ""
    plain, compiled = (output(built, "specialize", number).get_text() for number in (0, 1))
    assert "JUMP_BACKWARD_NO_JIT" in plain
    if has_jit(target):
        assert "JUMP_BACKWARD_JIT" in compiled
        assert "The JIT compiler is on." in compiled
    else:
        assert "The JIT compiler is not in this build." in compiled


def test_setup_is_executed_before(build: Build, interpreters: Interpreters) -> None:
    target = interpreter_or_skip(interpreters, "3.12").executable
    built = build(
        md(
            directive("md", "example", "values", "values = [1, 2]"),
            shown(ADD, setup="values", **{"warm-up": "add(*values)"}),
        ),
        target=target,
    )
    assert built.warnings == ""
    assert "BINARY_OP_ADD_INT" in soup(built).get_text()


# -- options --------------------------------------------------------------------------------------


def test_expressions_are_separated_by_semicolons_and_lines() -> None:
    assert then("f(1); f('a;b');\ng()") == ("f(1)", "f('a;b')", "g()")


@pytest.mark.parametrize("text", ["", "0", "-1", "1.5", "many", "3 0", "1000000"])
def test_a_number_of_evaluations_is_a_whole_number(text: str) -> None:
    with pytest.raises(ValueError, match=r"it (must be|needs)"):
        times(text)
    assert times("3, 14 5") == (3, 14, 5)


@pytest.mark.parametrize(
    ("claim", "number", "text"),
    [
        ("A", 1, "A"),
        ("before: A", 0, "A"),
        ("warm-up: not A", 1, "not A"),
        ("then: A B", 2, "A B"),
        ("then 1: A", 2, "A"),
        ("then 12: calls == 3", 13, "calls == 3"),
        ("{'then': 1}['then'] == 1", 1, "{'then': 1}['then'] == 1"),
    ],
)
def test_a_claim_begins_with_its_phase(claim: str, number: int, text: str) -> None:
    assert phase_claim(claim) == (number, text)
