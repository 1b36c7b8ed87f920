"""The recorded value stack: compared with what is known otherwise, and refused where it is not."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from conftest import RELEASES, Build, Built, interpreter_or_skip
from corpus import CORPUS, EXTENDED, NAMES
from markup import MARKUPS, Markup, ask, cells, directive, found, md, output, page, soup

from bytedoc import runner
from bytedoc.answers import Failure, answer_of
from bytedoc.answers.stack_recordings import StackRecording, Step
from bytedoc.interpreters import Interpreters
from bytedoc.request import Interpreter
from bytedoc.runner import Limits
from bytedoc.store import PROBE

ADD = "def add(a, b):\n    return a + b\n"


@pytest.fixture(params=RELEASES[1:])
def recorder(request: pytest.FixtureRequest, interpreters: Interpreters) -> Interpreter:
    """Each release whose stack is recorded."""
    return interpreter_or_skip(interpreters, request.param)


def records_of(
    interpreter: Interpreter | Path, *jobs: dict[str, Any], fork: bool = True
) -> list[dict[str, Any]]:
    """The plain answers to jobs of the view."""
    executable = interpreter if isinstance(interpreter, Path) else interpreter.executable
    answers: dict[int, dict[str, Any]] = {}
    wanted = [{"view": "stack", "filename": "<it>", **job} for job in jobs]
    runner.run(str(executable), wanted, Limits(), answers.__setitem__, fork=fork)
    return [answers[index] for index in range(len(jobs))]


def answer(interpreter: Interpreter | Path, source: str, call: str = "", **job: Any) -> Any:
    """The typed answer to one job."""
    if call:
        job["call"] = call
    return answer_of("stack", records_of(interpreter, {"source": source, **job})[0])


def recorded(interpreter: Interpreter, source: str, call: str = "", **job: Any) -> StackRecording:
    """What is recorded."""
    recording = answer(interpreter, source, call, **job)
    assert isinstance(recording, StackRecording), recording
    assert recording.refusal == ""
    return recording


def is_since(interpreter: Interpreter, minor: int) -> bool:
    return interpreter.release.minor >= minor


def texts(step: Step) -> list[str]:
    return [slot.text for slot in step.before]


def of(recording: StackRecording, qualname: str) -> list[Step]:
    """The steps of all frames of a function."""
    return [step for step in recording.steps if recording.code_of(step).qualname == qualname]


def called(recording: StackRecording, *names: str) -> list[Step]:
    """The steps of instructions whose names begin so."""
    return [step for step in recording.steps if step.instruction.opname.startswith(names)]


# -- what is recorded is what is there -------------------------------------------------------------


def test_the_stacks_of_a_sum_are_those_that_the_instructions_say(recorder: Interpreter) -> None:
    recording = recorded(recorder, ADD, "add(2, 3)")
    add = "BINARY_OP" if is_since(recorder, 11) else "BINARY_ADD"
    both = "LOAD_FAST_BORROW_LOAD_FAST_BORROW" if is_since(recorder, 14) else "LOAD_FAST_LOAD_FAST"
    begin = [(both, [])] if is_since(recorder, 13) else [("LOAD_FAST", []), ("LOAD_FAST", ["2"])]
    stacks = [(step.instruction.opname, texts(step)) for step in recording.steps]
    assert stacks == [*begin, (add, ["2", "3"]), ("RETURN_VALUE", ["5"])]


def test_a_call_ends_with_its_value(recorder: Interpreter) -> None:
    recording = recorded(recorder, ADD, "[add(2, 3)]")
    last = recording.steps[-1]
    assert last.value is not None
    assert (last.event, last.value.text, last.after) == ("returns", "5", None)
    assert recording.result is not None
    assert recording.result.text == "[5]"


#: A script that has never heard of bytedoc and traces nothing: the garbage collector tells what a
#: generator that waits, or its frame, refers to.  The values of its stack come last, without NULLs
#: and integers that are no objects.
_REFERENTS = """\
import gc, json, sys
source, call = sys.argv[1:]
namespace = {}
exec(source, namespace)
generator = eval(call, namespace)
found, least = [], {}
for value in generator:
    values = []
    for owner in (generator, generator.gi_frame):
        referents = gc.get_referents(owner)
        values += referents[least.setdefault(id(owner), len(referents)):]
    found.append([repr(item) for item in values])
print(json.dumps(found))
"""

#: Waits with all sorts of things on its stack; first with nothing.
WAITING = """\
def waiting(a, b, c, d):
    yield
    return [
        a,
        (b, -c * d + a, {"key": (yield), **{"more": (yield)}}),
        dict(one=(yield), **{"two": [c, (yield)]}),
        f"{a!r:>5} and {(yield)}",
        a < c < d is (yield),
    ]
"""


def test_the_garbage_collector_finds_the_same_values(recorder: Interpreter) -> None:
    call = "waiting(1, 2, 3.5, 4)"
    recording = recorded(recorder, WAITING, f"list({call})")
    ours = [
        [slot.text for slot in step.before[:-1] if slot.kind not in ("null", "machine")]
        for step in recording.steps
        if step.event == "yields"
    ]
    assert ours == json.loads(ask(recorder.executable, _REFERENTS, WAITING, call))
    assert ours[0] == []
    assert max(map(len, ours)) >= 4


#: The effect of each instruction on the stack as a release tells it, by function and offset: where
#: it goes on, and the change then; where it jumps to, and the change then.
_EFFECTS = """\
import dis, json, sys
source, *names = sys.argv[1:]
namespace = {}
exec(compile(source, "<it>", "exec"), namespace)
jumps = dis.hasjrel + dis.hasjabs
def effects(name):
    items = [item for item in dis.get_instructions(namespace[name]) if item.opname != "CACHE"]
    for item, after in zip(items, items[1:]):
        target = item.argval if item.opcode in jumps else None
        try:
            ahead, jump = [
                dis.stack_effect(item.opcode, item.arg, jump=way) for way in (False, True)
            ]
        except TypeError:  # 3.7, which tells the larger of the two
            jump, ahead = None, None
            if target is None and item.opname != "EXTENDED_ARG":
                ahead = dis.stack_effect(item.opcode, item.arg)
        yield item.offset, [after.offset, ahead, target, jump]
print(json.dumps([dict(effects(name)) for name in names]))
"""
#: Instructions whose effect is not what is told: these two of 3.11 are right in sum alone, and up
#: to 3.8 it depends on how a block was entered.
_OTHERWISE = {
    **dict.fromkeys(("3.7", "3.8"), ("WITH_", "END_FINALLY", "BEGIN_FINALLY", "RETURN", "POP_")),
    "3.11": ("PRECALL", "CALL"),
}


def test_each_step_changes_the_depth_as_dis_says(recorder: Interpreter) -> None:
    source = CORPUS + EXTENDED
    told = json.loads(ask(recorder.executable, _EFFECTS, source, *NAMES))
    job = {"source": source, "options": {"steps": 4000}}
    jobs = [{**job, "call": f"{name}(3)", "object": name} for name in NAMES]
    otherwise = _OTHERWISE.get(str(recorder.release), ())
    for name, effects, record in zip(NAMES, told, records_of(recorder, *jobs), strict=True):
        recording = answer_of("stack", record)
        assert isinstance(recording, StackRecording), recording
        assert not recording.truncated
        compared = 0
        for step, after in pairwise(of(recording, name)):
            following, ahead, target, jump = effects.get(str(step.instruction.offset), [None] * 4)
            change = len(after.before) - len(step.before)
            if step.event or step.instruction.opname.startswith(otherwise):
                continue
            if after.instruction.offset == following and ahead is not None:
                assert change == ahead, step
                compared += 1
            elif after.instruction.offset == target and jump is not None:
                assert change == jump, step
                compared += 1
        assert compared >= 5, name


def test_a_program_does_the_same_while_it_is_recorded(recorder: Interpreter) -> None:
    source = CORPUS + EXTENDED
    script = "import json, sys\nexec(sys.argv[1])\n"
    script += f"print(json.dumps([repr({'(3)), repr('.join(NAMES)}(3))]))"
    plain = json.loads(ask(recorder.executable, script, source))
    job = {"source": source, "options": {"steps": 4000}}
    jobs = [{**job, "call": f"print(repr({name}(3)))"} for name in NAMES]
    found_ = [answer_of("stack", record).outcome.output for record in records_of(recorder, *jobs)]
    assert found_ == [f"{value}\n" for value in plain]


def test_a_variable_gets_what_was_on_top(recorder: Interpreter) -> None:
    recording = recorded(recorder, "for n in (3, 'a', None):\n    m = [n]\n")
    stored = [(step.instruction.arg, texts(step)[-1]) for step in called(recording, "STORE_NAME")]
    assert stored == [
        *(("n", "3"), ("m", "[3]"), ("n", "'a'"), ("m", "['a']"), ("n", "None"), ("m", "[None]"))
    ]


def test_a_loop_keeps_its_iterator_at_the_bottom(recorder: Interpreter) -> None:
    source = "def f(n):\n    t = 0\n    for i in range(n):\n        t += i\n    return t\n"
    recording = recorded(recorder, source, "f(2)")
    inside = called(recording, "FOR_ITER", "INPLACE_ADD", "BINARY_OP")
    assert len(inside) == 5
    assert {step.before[0].kind for step in inside} == {"iterator"}
    left = [step.before[0].text for step in called(recording, "FOR_ITER")]
    assert left == [f"<range_iterator, {count} left>" for count in (2, 1, 0)]
    assert texts(recording.steps[-1]) == ["1"]


def test_a_generator_finds_its_stack_as_it_left_it(recorder: Interpreter) -> None:
    source = "def g(a):\n    return [a, (yield 1), (yield 2)]\n"
    call = "(lambda it: [next(it), it.send('x'), next(it, 'end')])(g(0))"
    recording = recorded(recorder, source, call)
    assert len(recording.frames) == 1
    yields = [step for step in recording.steps if step.event == "yields"]
    assert [texts(step) for step in yields] == [["0", "1"], ["0", "'x'", "2"]]
    numbers = [recording.steps.index(step) for step in yields]
    resumed = [texts(recording.steps[number + 1]) for number in numbers]
    assert resumed == [["0", "'x'"], ["0", "'x'", "None"]]


def test_what_is_thrown_into_a_generator_is_told_where_it_waits(recorder: Interpreter) -> None:
    source = (
        "def g():\n    try:\n        yield 1\n    except KeyError as error:\n"
        "        yield error.args\n"
    )
    call = "(lambda it: [next(it), it.throw(KeyError(5)), it.close()])(g())"
    recording = recorded(recorder, source, call)
    first, second, *_ = [step for step in recording.steps if step.event == "yields"]
    assert (first.thrown and first.thrown.text) == "KeyError(5)"
    assert (second.thrown and second.thrown.text) == "GeneratorExit()"
    assert recording.result is not None
    assert recording.result.text == "[1, (5,), None]"


def test_an_exception_takes_the_place_of_what_was_computed(recorder: Interpreter) -> None:
    source = (
        "def f(x):\n    try:\n        return [x, 1 / x]\n    except ZeroDivisionError:\n"
        "        return 'none'\n"
    )
    recording = recorded(recorder, source, "f(0)")
    error = "ZeroDivisionError('division by zero')"
    raising, last = [step for step in recording.steps if step.event]
    assert raising.instruction.opname in ("BINARY_OP", "BINARY_TRUE_DIVIDE")
    assert texts(raising) == ["0", "1", "0"]
    assert (raising.event, raising.value and raising.value.text) == ("raises", error)
    assert raising.after is not None
    pushed = [slot.text for slot in raising.after]
    if is_since(recorder, 11):
        assert pushed == [error]
    else:  # what is handled around it, then traceback, exception and class
        assert pushed[-3:] == ["<traceback object>", error, "<class 'ZeroDivisionError'>"]
        assert len(pushed) == 6
    assert (last.event, last.value and last.value.text) == ("returns", "'none'")


def test_an_exception_that_nothing_handles_leaves_its_frames(recorder: Interpreter) -> None:
    source = "def f(x):\n    return g(x)\ndef g(x):\n    return {}[x]\n"
    recording = recorded(recorder, source, "f(1)", raises="LookupError")
    ends = [(recording.code_of(step).qualname, step) for step in recording.steps if step.event]
    assert [(name, step.event, step.after) for name, step in ends] == [
        *(("f", "raises", None), ("g", "raises", None))
    ]
    assert {step.value and step.value.text for _, step in ends} == {"KeyError(1)"}
    assert recording.result is None
    assert recording.outcome.raised is not None
    assert recording.outcome.raised.summary == "KeyError: 1"
    assert [line for name, line in recording.outcome.raised.frames if name == "<it>"] == [2, 4]


def test_what_is_raised_again_is_told_where_it_is(recorder: Interpreter) -> None:
    """Trace functions are not."""
    source = (
        "def f():\n    try:\n        try:\n            1 / 0\n        finally:\n            x = 1\n"
        "    except ArithmeticError:\n        return x\n"
    )
    recording = recorded(recorder, source, "f()")
    events = [(step.event, step.value and step.value.text) for step in recording.steps]
    told = [item for item in events if item[0] == "raises"]
    assert set(told) == {("raises", "ZeroDivisionError('division by zero')")}
    assert len(told) >= 2
    assert events[-1] == ("returns", "1")


def test_the_end_of_an_iterator_is_no_exception(recorder: Interpreter) -> None:
    source = (
        "class Once:\n    def __iter__(self):\n        return self\n    def __next__(self):\n"
        "        raise StopIteration\n"
        "def f():\n    for item in Once():\n        pass\n    return 'over'\n"
    )
    recording = recorded(recorder, source, "f()", object="f", options={"depth": 0})
    assert [step.event for step in recording.steps if step.event] == ["returns"]


def test_a_call_within_a_call_has_a_frame_and_a_stack_of_its_own(recorder: Interpreter) -> None:
    source = "def outer(x):\n    return 10 * inner(x, 2)\ndef inner(y, z):\n    return y - z\n"
    recording = recorded(recorder, source, "outer(7)")
    names = [recording.codes[frame.code].qualname for frame in recording.frames]
    assert names == ["outer", "inner"]
    assert [frame.nesting for frame in recording.frames] == [0, 1]
    assert texts(of(recording, "inner")[0])[:1] == []
    assert texts(of(recording, "inner")[-1]) == ["5"]
    before, *_, after = [
        step
        for number, step in enumerate(recording.steps)
        if step.frame == 0
        and 1 in {other.frame for other in recording.steps[max(0, number - 1) : number + 2]}
    ]
    assert texts(before)[0] == "10"
    assert "<function inner>" in texts(before)
    assert texts(before)[-2:] == ["7", "2"]
    assert texts(after) == ["10", "5"]
    assert before.after == after.before


def test_a_function_that_calls_itself_has_a_frame_each_time(recorder: Interpreter) -> None:
    source = "def f(n):\n    return n and n + f(n - 1)\n"
    recording = recorded(recorder, source, "f(3)")
    assert [frame.nesting for frame in recording.frames] == [0, 1, 2, 3]
    returned = [step.value and step.value.text for step in recording.steps if step.event]
    assert returned == ["0", "1", "3", "6"]
    shallow = recorded(recorder, source, "f(3)", options={"depth": 1})
    assert [frame.nesting for frame in shallow.frames] == [0, 1]


def test_a_with_statement_keeps_its_exit_on_the_stack(recorder: Interpreter) -> None:
    source = (
        "class C:\n    def __enter__(self):\n        return 5\n"
        "    def __exit__(self, *args):\n        return True\n"
        "def f(c):\n    with c:\n        c = c.a\n    return 'on'\n"
    )
    recording = recorded(recorder, source, "f(C())", options={"depth": 0})
    (inside,) = called(recording, "LOAD_ATTR")
    assert "__exit__" in texts(inside)[0]
    assert (inside.event, inside.after is None) == ("raises", False)
    assert "AttributeError" in str(inside.value)
    assert recording.result is not None
    assert recording.result.text == "'on'"


def test_the_cells_of_a_closure_are_told_as_such(recorder: Interpreter) -> None:
    source = "def f(a):\n    def g():\n        return a\n    return g\n"
    recording = recorded(recorder, source, "f(4)()")
    cells_ = {slot for step in recording.steps for slot in step.before if slot.kind == "cell"}
    assert {slot.text for slot in cells_} == {"<cell: 4>"}
    assert [texts(step) for step in of(recording, "f.<locals>.g")] == [[], ["4"]]


def test_a_comprehension_has_a_frame_until_it_is_part_of_its_function(
    recorder: Interpreter,
) -> None:
    source = "def f(n):\n    return ['kept', [i * i for i in range(n)]]\n"
    recording = recorded(recorder, source, "f(3)")
    (append, *_) = called(recording, "LIST_APPEND")
    names = [recording.codes[frame.code].qualname for frame in recording.frames]
    if is_since(recorder, 12):
        assert names == ["f"]
        assert texts(append)[0] == "'kept'"
    else:
        assert names == ["f", "f.<locals>.<listcomp>"]
        assert texts(append) == ["[]", "<range_iterator, 2 left>", "0"]
    assert recording.result is not None
    assert recording.result.text == "['kept', [0, 1, 4]]"


def test_an_empty_slot_and_an_integer_that_is_no_object_are_told_as_such(
    recorder: Interpreter,
) -> None:
    source = "def f(x):\n    try:\n        len(x)\n    finally:\n        x = [*x]\n"
    recording = recorded(recorder, source, "f(1)", raises="TypeError")
    kinds = {slot.kind: slot.text for step in recording.steps for slot in step.before}
    assert kinds["null"] == "NULL"
    assert ("machine" in kinds) == is_since(recorder, 14)
    if is_since(recorder, 14):
        assert kinds["machine"].startswith("<machine integer ")


# -- what is told of values ------------------------------------------------------------------------

ODD = """\
class Broken:
    def __repr__(self):
        raise KeyError("no")

class Plain:
    pass

class Lines:
    def __repr__(self):
        return "one\\ntwo"

def keep(*values):
    return values

def f():
    itself = []
    itself.append(itself)
    keep(Broken(), Plain(), Lines(), object(), f, f.__code__, len, Plain, __import__("os"))
    keep(iter([1, 2]), (i for i in ()), iter({}.items()), {3, 1, 2}, {"b", None, ("a",)})
    keep("x" * 1000, "\\x00\\ud800", 1 << 400, list(range(1000)), dict.fromkeys(range(99)), itself)
    keep([[[["deep"]]]], (1,), frozenset([2, 1]), b"bytes", set(), {}, ..., NotImplemented, 1.5j)
"""


def test_values_are_short_and_the_same_in_every_run(recorder: Interpreter) -> None:
    job = {"source": ODD, "call": "f()", "object": "f", "options": {"steps": 2000}}
    first, second = records_of(recorder, job, job)
    fresh = records_of(recorder, job, fork=False)[0]
    assert json.dumps(first) == json.dumps(second) == json.dumps(fresh)
    assert "0x" not in json.dumps(first)
    recording = answer_of("stack", first)
    shown_ = {slot.text for step in recording.steps for slot in step.before}
    assert max(map(len, shown_)) <= 80
    assert {
        *("<Broken>", "<__main__.Plain object>", r"one\ntwo", "<object object>", "<function f>"),
        *("<code object f>", "<built-in function len>", "<class '__main__.Plain'>"),
        *("<module 'os'>", "<list_iterator, 2 left>", "<generator object f.<locals>.<genexpr>>"),
        *("{1, 2, 3}", "{'b', ('a',), None}", "<int of 401 bits>", "[0, 1, 2, 3, 4, 5, 6, 7, ...]"),
        *("{0: None, 1: None, 2: None, 3: None, 4: None,...", "[[[...]]]", "(1,)"),
        *("frozenset({1, 2})", "b'bytes'", "set()", "{}", "Ellipsis", "1.5j", r"'\x00\ud800'"),
    } <= shown_


def test_a_file_of_this_machine_is_not_told(recorder: Interpreter) -> None:
    source = "def f():\n    import json\n    return json, json.dumps.__code__\n"
    record = records_of(recorder, {"source": source, "call": "f()"})[0]
    assert "<module 'json'>" in json.dumps(record)
    assert "python3" not in json.dumps(record["ok"]["steps"])


# -- which part of a program is recorded -----------------------------------------------------------

PARTS = """\
def f(a):
    return g(a) + 1

def g(a):
    return -a

x = f(1)
y = g(2)
"""


def frames(recording: StackRecording) -> list[str]:
    return [recording.codes[frame.code].qualname for frame in recording.frames]


def test_without_a_call_the_whole_program_is_recorded(recorder: Interpreter) -> None:
    assert frames(recorded(recorder, PARTS)) == ["<module>", "f", "g", "g"]


def test_an_object_says_where_the_recording_begins(recorder: Interpreter) -> None:
    assert frames(recorded(recorder, PARTS, object="f")) == ["f", "g"]
    assert frames(recorded(recorder, PARTS, object="g")) == ["g", "g"]
    assert frames(recorded(recorder, PARTS, "f(3)", object="g")) == ["g"]
    assert frames(recorded(recorder, PARTS, "f(3)")) == ["f", "g"]


def test_depth_limits_the_calls_within_calls(recorder: Interpreter) -> None:
    assert frames(recorded(recorder, PARTS, options={"depth": 0})) == ["<module>"]
    assert frames(recorded(recorder, PARTS, options={"depth": 1})) == ["<module>", "f", "g"]


def test_set_up_is_executed_and_not_recorded(recorder: Interpreter) -> None:
    recording = recorded(
        recorder, "def f():\n    return k(2)\n", "f()", setup=[["<s>", PARTS + "k = g"]]
    )
    assert frames(recording) == ["f"]
    assert recording.result is not None
    assert recording.result.text == "-2"


def test_an_expression_can_be_recorded_as_well(recorder: Interpreter) -> None:
    recording = recorded(recorder, "6 * seven", mode="eval", setup=[["<s>", "seven = 7"]])
    assert texts(recording.steps[-1]) == ["42"]
    assert recording.result is not None
    assert recording.result.text == "42"


def test_steps_are_limited_and_the_program_comes_to_its_end(recorder: Interpreter) -> None:
    source = "def f(n):\n    while n:\n        n -= 1\n    return 'end'\n"
    whole = recorded(recorder, source, "f(3)")
    assert not whole.truncated
    for most in (1, 7, len(whole.steps)):
        part = recorded(recorder, source, "f(3)", options={"steps": most})
        assert len(part.steps) == most
        assert part.truncated == (most < len(whole.steps))
        assert [texts(step) for step in part.steps] == [texts(step) for step in whole.steps[:most]]
        assert part.result == whole.result
    assert recorded(recorder, source, "f(100_000)").truncated


def test_instructions_without_a_step_are_named(recorder: Interpreter) -> None:
    source = "def f(n):\n    for i in n:\n        i\n    return lambda: n\n"
    recording = recorded(recorder, source, "f([1])()")
    expected = {"RESUME", "MAKE_CELL", "COPY_FREE_VARS"} if is_since(recorder, 11) else set()
    if is_since(recorder, 12):
        expected.add("END_FOR")
    assert set(recording.silent) - {"POP_TOP"} == expected


def test_a_handler_without_a_step_is_named(recorder: Interpreter) -> None:
    source = (
        "class Items:\n    def __aiter__(self):\n        return self\n"
        "    async def __anext__(self):\n        raise StopAsyncIteration\n"
        "async def f():\n    async for _ in Items():\n        pass\n"
        "def g():\n    try:\n        f().send(None)\n    except StopIteration:\n        pass\n"
    )
    recording = recorded(recorder, source, "g()")
    passed = [*recording.silent, *(step.instruction.opname for step in recording.steps)]
    assert passed.count("END_ASYNC_FOR") == is_since(recorder, 8)


# -- what goes wrong -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "call", "kind", "message"),
    [
        ("import ctypes\ndef f():\n    ctypes.string_at(0)\n", "f()", "crash", "11 (SIGSEGV)"),
        ("import os\ndef f():\n    os._exit(4)\n", "f()", "exit", "status 4"),
        ("def f():\n    while True:\n        pass\n", "f()", "timeout", "still running"),
        (ADD, "len([])", "stack", "no instruction of the example was executed"),
        (ADD, "add(", "syntax", ""),
        ("def f(:", "f()", "syntax", ""),
        ("1 / 0\n", "f()", "exception", "ZeroDivisionError: division by zero"),
        (
            "import sys\ndef f():\n    sys.settrace(None)\n",
            "f()",
            "stack",
            "another trace function",
        ),
        (
            "class R:\n    def __repr__(self):\n        raise SystemExit\ndef f():\n    R()\n",
            *("f()", "stack", "interrupted by SystemExit"),
        ),
        (
            "import builtins\ndef f():\n    builtins.len = lambda x: 7\n    1 + len('a')\n",
            *("f()", "stack", ""),
        ),
    ],
)
def test_what_goes_wrong_is_a_failure_of_that_job_alone(
    recorder: Interpreter, source: str, call: str, kind: str, message: str
) -> None:
    good = {"source": ADD, "call": "add(2, 3)"}
    records = records_of(recorder, {"source": source, "call": call, "timeout": 1}, good)
    failure, after = (answer_of("stack", record) for record in records)
    assert isinstance(failure, Failure), failure
    assert failure.kind == kind
    assert message in failure.message
    assert len(after.steps) >= 3


def test_all_releases_answer_with_the_same_fields(
    interpreter: Interpreter, building: Interpreter
) -> None:
    mine, other = (
        records_of(each, {"source": ADD, "call": "add(2, 3)"})[0]["ok"]
        for each in (interpreter, building)
    )
    assert mine.keys() == other.keys()
    assert mine["codes"][0].keys() == other["codes"][0].keys()


def test_code_that_does_not_compile_or_is_not_there_is_told(interpreter: Interpreter) -> None:
    jobs = [{"source": "def f(:"}, {"source": ADD, "object": "sub"}]
    assert [record["failure"]["kind"] for record in records_of(interpreter, *jobs)] == [
        *("syntax", "unknown-object")
    ]


#: Changes one after the other of the places that were measured, each in a process of its own, and
#: tells whether the others give it away: nothing is recorded, or the recording breaks off.
_MUTATED = """\
import json, os, sys, types
package = types.ModuleType("_bytedoc_probe")
package.__path__ = [sys.argv[1]]
sys.modules["_bytedoc_probe"] = package
sys.dont_write_bytecode = True
from _bytedoc_probe import sandbox, stack, value_stack
sandbox._FOLDER.append("/nowhere")
job = {"source": "def f(a):\\n    return [a, [a, a]]\\n", "filename": "<it>", "call": "f(1)"}

def attempt(layout):
    value_stack._LAYOUT = layout
    if value_stack.refusal():
        return 1
    try:
        stack.answer(job)
    except stack.JobFailure as failure:
        return 2 if failure.record["kind"] == "stack" else 3
    return 0

def status(layout):
    pid = os.fork()
    if not pid:
        os._exit(attempt(layout))
    ended = os.waitpid(pid, 0)[1]
    return -os.WTERMSIG(ended) if os.WIFSIGNALED(ended) else os.WEXITSTATUS(ended)

measured = value_stack._LAYOUT
numbers = [
    (name, value)
    for name, value in measured._asdict().items()
    if isinstance(value, int) and name not in ("tags", "by_line")
]
changed = {
    "%s %+d" % (name, by): status(measured._replace(**{name: value + by}))
    for name, value in numbers for by in (-8, 8)
}
print(json.dumps([status(measured), changed]))
"""


def test_a_build_with_another_layout_is_found_out(recorder: Interpreter) -> None:
    """By a refusal (1), by a failure of the recording (2), or by a crash of the example alone."""
    as_measured, changed = json.loads(ask(recorder.executable, _MUTATED, str(PROBE)))
    assert as_measured == 0
    assert len(changed) >= 10
    for what, status in changed.items():
        assert status in (1, 2) or status < 0, what


# -- where nothing is recorded ---------------------------------------------------------------------


def altered(interpreter: Interpreter, folder: Path, statement: str) -> Path:
    """An interpreter that says something else of itself: *statement* is executed at its start."""
    program = folder / "altered.py"
    program.write_text(
        "import runpy, sys\n"
        "sys.argv[:] = [each for each in sys.argv[1:] if each not in ('-s', '-B')]\n"
        "sys.path[0] = sys.argv[0].rpartition('/')[0]\n"
        f"{statement}\n"
        "runpy.run_path(sys.argv[0], run_name='__main__')\n"
    )
    script = folder / "python"
    script.write_text(f'#!/bin/sh\nexec "{interpreter.executable}" -s -B "{program}" "$@"\n')
    script.chmod(0o755)
    return script


BUILDS = {
    "debug": ("sys.gettotalrefcount = len", "debug build"),
    "free-threaded": (
        "import sysconfig; sysconfig.get_config_vars()['Py_GIL_DISABLED'] = 1",
        "free-threaded build",
    ),
    "jit": ("sys._jit = type('', (), {'is_enabled': staticmethod(lambda: True)})", "JIT build"),
    "jit of 3.13": (
        """import sysconfig; vars(sys).pop('_jit', 0)
sysconfig.get_config_vars()['CONFIG_ARGS'] = '--enable-experimental-jit'""",
        "JIT build",
    ),
    "another platform": (
        "import sysconfig; sysconfig.get_platform = lambda: 'linux-aarch64'",
        "not on linux-aarch64",
    ),
    "32 bits": ("sys.maxsize = 2 ** 31 - 1", "frames were measured on"),
    "no ctypes": ("sys.modules['ctypes'] = None", "no ctypes"),
}


@pytest.mark.parametrize("build_", BUILDS)
def test_a_build_that_was_not_measured_is_refused_and_executes_nothing(
    recorder: Interpreter, tmp_path: Path, build_: str
) -> None:
    statement, reason = BUILDS[build_]
    executable = altered(recorder, tmp_path, statement)
    recording = answer(executable, ADD + "print('executed')\n", "add(2, 3)")
    assert isinstance(recording, StackRecording), recording
    assert reason in recording.refusal
    assert recording.steps == ()
    assert recording.outcome.output == ""
    (code,) = recording.codes
    depths = [item.depths for item in code.instructions if item.opname != "RESUME"]
    expected = [(0,), (2,), (1,)] if is_since(recorder, 13) else [(0,), (1,), (2,), (1,)]
    assert (code.qualname, depths) == ("add", expected)


def test_an_altered_interpreter_is_otherwise_one_that_records(
    recorder: Interpreter, tmp_path: Path
) -> None:
    """So that the refusals above are not due to something else."""
    executable = altered(recorder, tmp_path, "pass")
    assert answer(executable, ADD, "add(2, 3)").refusal == ""


def test_3_6_tells_depths_alone(interpreters: Interpreters) -> None:
    old = interpreter_or_skip(interpreters, "3.6")
    recording = answer(old, ADD, "add(2, 3)")
    assert "trace function" in recording.refusal
    assert [item.depths for item in recording.codes[0].instructions] == [(0,), (1,), (2,), (1,)]


#: Each depth by offset for all code objects of a source, without recording anything.
_DEPTHS = """\
import json, sys, types
package = types.ModuleType("_bytedoc_probe")
package.__path__ = [sys.argv[1]]
sys.modules["_bytedoc_probe"] = package
sys.dont_write_bytecode = True
from _bytedoc_probe import depths, source
import argparse, ast, asyncio.tasks, contextlib, dis, inspect, tarfile, typing
found = []
for module in (argparse, ast, asyncio.tasks, contextlib, dis, inspect, tarfile, typing):
    with open(module.__file__, encoding="utf-8") as stream:
        code = compile(stream.read(), module.__name__, "exec")
    for name, inner in source.walk(code):
        known = depths.Depths(inner)
        reached = [known.before[item.offset] for item in known.instructions]
        found.append([module.__name__ + " " + name, inner.co_stacksize,
                      [sorted(item) for item in reached if item]])
print(json.dumps(found))
"""


def test_depths_are_within_the_room_that_the_compiler_made(interpreter: Interpreter) -> None:
    """Which it counts in the same way: from 3.10 to 3.12 there is as much room as the highest."""
    answers = json.loads(ask(interpreter.executable, _DEPTHS, str(PROBE)))
    assert len(answers) > 800
    exact = 0
    for name, room, reached in answers:
        highest = max(max(item) for item in reached)
        assert min(min(item) for item in reached) >= 0, name
        assert highest <= room, name
        exact += highest == room
        if interpreter.release.minor >= 9:  # the depth depends on the place alone
            assert all(len(item) == 1 for item in reached), name
    if interpreter.release.minor in (10, 11, 12):
        assert exact == len(answers)
    else:
        assert exact > 0.8 * len(answers)


# -- in a page -------------------------------------------------------------------------------------


def one(content: str = "", argument: str = "", /, **options: str | bool) -> str:
    """A directive in MyST."""
    return directive("md", "stack", argument, content, **options)


def rows(built: Built, number: int = 0) -> list[list[str]]:
    return cells(found(output(built, "stack", number), "table"))


def test_a_page_shows_each_step_with_the_stack_before_and_after(
    build: Build, recorder: Interpreter
) -> None:
    target = recorder.executable
    built = build(md(one(ADD, name="add", object="add", call="add(2, 3)")), target=target)
    assert built.warnings == ""
    head, place, *steps = rows(built)
    assert head == ["Step", "Instruction", "Stack before", "Stack after"]
    assert place == ["Line 2: return a + b"]
    assert [row[0] for row in steps] == [str(number + 1) for number in range(len(steps))]
    assert [row[2:] for row in steps[-2:]] == [["2 3", "5"], ["5", "returns 5"]]
    caption = found(output(built, "stack"), ".bytedoc-caption").get_text()
    assert "Value stack of add in add(2, 3)" in caption
    assert f"CPython {recorder.version}" in caption


def test_rows_of_html_have_anchors_and_carry_what_they_show(build: Build) -> None:
    built = build(md(one(ADD, name="add", call="add(2, 3)")))
    assert built.warnings == ""
    steps = soup(built).select("tr[data-step]")
    assert [step["data-step"] for step in steps] == [str(n + 1) for n in range(len(steps))]
    assert [step["id"] for step in steps] == [f"add_stack_{n + 1}" for n in range(len(steps))]
    last = steps[-1]
    assert (last["data-op"], last["data-line"], last["data-depth"], last["data-frame"]) == (
        *("RETURN_VALUE", "2", "1", "1"),
    )
    assert last["data-event"] == "returns"
    assert int(str(last["data-offset"])) > 0
    (top,) = steps[-2].select("td:nth-of-type(3) strong")
    assert top.get_text() == "3"


def test_frames_are_told_apart_and_indented(build: Build) -> None:
    built = build(md(one(PARTS, call="f(1)")))
    places = [row[0] for row in rows(built) if len(row) == 1]
    assert places == [
        "f, frame 1, line 2: return g(a) + 1",
        "» g, frame 2, line 5: return -a",
        "f, frame 1, line 2: return g(a) + 1",
    ]
    calling = [row for row in rows(built) if row[-1].startswith("when it goes on: ")]
    assert [row[-1] for row in calling] == ["when it goes on: -1"]


def test_a_page_says_what_is_not_shown(build: Build, recorder: Interpreter) -> None:
    source = "def f():\n    raise ValueError('no')\n"
    built = build(
        md(
            one(source, call="f()", raises="ValueError", layout="hidden"),
            one("x = [1, 2, 3]\ny = x + x\n", steps="2"),
        ),
        target=recorder.executable,
    )
    assert built.warnings == ""
    notes = [note.get_text() for note in soup(built).select(".bytedoc-note")]
    assert "It ends with ValueError: no." in notes[0]
    assert ("Without a step of their own: RESUME" in notes[0]) == is_since(recorder, 11)
    assert rows(built)[-1][-1] == "raises ValueError('no')"
    assert "Only the first 2 steps are shown." in notes[1]
    assert rows(built, 1)[-1][-1] == "not recorded"


def test_where_nothing_is_recorded_a_page_shows_depths_and_nothing_is_wrong(
    build: Build, interpreters: Interpreters
) -> None:
    target = interpreter_or_skip(interpreters, "3.6").executable
    claims = "steps == 99; max(depths) == 9; BINARY_OP; co_stacksize == 2"
    blocks = [
        one(ADD, name="add", call="add(2, 3)", expect=claims, raises="KeyError"),
        one("", "add", object="<module>"),
    ]
    built = build(md(*blocks), target=target)
    assert built.warnings == ""
    assert "not recorded on CPython 3.6" in output(built, "stack").get_text()
    assert rows(built) == [
        ["Line", "Offset", "Instruction", "Depth before"],
        ["2", "0", "LOAD_FAST a", "0"],
        ["", "2", "LOAD_FAST b", "1"],
        ["", "4", "BINARY_ADD", "2"],
        ["", "6", "RETURN_VALUE", "1"],
    ]
    assert "<module>" in output(built, "stack", 1).get_text()


def test_claims_about_code_are_judged_although_nothing_is_recorded(
    build: Build, interpreters: Interpreters
) -> None:
    target = interpreter_or_skip(interpreters, "3.6").executable
    built = build(md(one(ADD, object="add", expect="co_stacksize == 7")), target=target)
    assert "expected co_stacksize == 7, but it is 2 == 7 [bytedoc.expectation]" in built.warnings


RIGHT = (
    "max(depths) == 2; depths[0] == 0; returned == '5'; frames == ['add']; RETURN_VALUE x1; "
    "stacks[-1] == ['5']; executed[-1] == 'RETURN_VALUE'; steps == len(stacks); not CALL; "
    "max(depths) <= co_stacksize; co_argcount == 2; BINARY_ADD RETURN_VALUE -3.10"
)


def test_claims_speak_of_what_was_recorded(build: Build, recorder: Interpreter) -> None:
    blocks = [one(ADD, object="add", call="add(2, 3)", expect=RIGHT)]
    assert build(md(*blocks), target=recorder.executable).warnings == ""


@pytest.mark.parametrize(
    ("claim", "warning"),
    [
        ("max(depths) == 3", "expected max(depths) == 3, but it is 2 == 3 [bytedoc.expectation]"),
        ("returned == '6'", "but it is '5' == '6'"),
        ("POP_TOP", "expected POP_TOP, but what was executed has "),
        ("RETURN_VALUE x2", "but it occurs once"),
        ("co_argcount == 3", "but it is 2 == 3"),
        ("steps[0]", "[bytedoc.expression]"),
    ],
)
def test_a_claim_that_does_not_hold_is_told(build: Build, claim: str, warning: str) -> None:
    built = build(md("Words.", one(ADD, object="add", call="add(2, 3)", expect=claim)))
    assert built.warnings.count("WARNING") == 1
    assert built.warnings.startswith("index.md:5: WARNING: stack on ")
    assert warning in built.warnings


@pytest.mark.parametrize(
    ("source", "options", "place", "warning"),
    [
        (
            "def f():\n    x = 1\n    return {}[x]\n",
            {"call": "f()"},
            10,
            "KeyError: 1; say :raises:",
        ),
        ("def f():\n    return 1\n", {"call": "g()"}, 5, "NameError: name 'g' is not defined"),
        ("def f():\n    return 1\n", {"call": "g("}, 5, "[bytedoc.expression]"),
        ("def f():\n    return 1\n", {"call": "1"}, 5, "[bytedoc.stack]"),
        (ADD, {"call": "add(1, 2)", "raises": "KeyError"}, 5, "[bytedoc.no-exception]"),
        (ADD, {"call": "add(1, 2)", "steps": "0"}, 5, "[bytedoc.option]"),
        ("import ctypes\nctypes.string_at(0)\n", {}, 5, "SIGSEGV) [bytedoc.crash]"),
        ("input()\n", {"raises": "EOFError"}, 5, "[bytedoc.input]"),
    ],
)
def test_a_mistake_is_told_at_its_line(
    build: Build, source: str, options: dict[str, str], place: int, warning: str
) -> None:
    built = build(md("Words.", one(source, **options)))
    assert built.warnings.count("WARNING") == 1, built.warnings
    assert built.warnings.startswith(f"index.md:{place}: WARNING: stack")
    assert warning in built.warnings


def test_the_line_of_an_exception_is_right_on_every_release(
    build: Build, recorder: Interpreter
) -> None:
    """Although some are given a line for each instruction."""
    source = "def f():\n    x = 1\n    return {}[x]\n\n\ny = 2\nf()\n"
    built = build(md(one(source)), target=recorder.executable)
    assert built.warnings.startswith("index.md:7: WARNING: stack on ")


BUILDERS = ("html", "dirhtml", "singlehtml", "text", "latex", "epub", "man", "xml", "texinfo")


@pytest.mark.parametrize("markup", MARKUPS)
@pytest.mark.parametrize("builder", BUILDERS)
def test_every_builder_shows_recordings_and_depths(
    build: Build, interpreters: Interpreters, markup: Markup, builder: str
) -> None:
    interpreter_or_skip(interpreters, "3.6")
    blocks = [
        directive(markup, "stack", "", ODD, name="odd", object="f", call="f()", depth="0"),
        directive(markup, "stack", "odd", "", object="keep", call="keep(1)"),
        directive(markup, "stack", "odd", "", call="f()", release="3.6"),
    ]
    conf = {"project": "p", "author": "a", "copyright": "c", "version": "1", "nitpicky": True}
    built = build(page(markup, *blocks), builder, conf=conf)
    assert built.warnings == ""
    names = {"text": "index.txt", "latex": "p.tex", "man": "p.1", "xml": "index.xml"}
    if builder in names:
        text = built.read(names[builder])
        for part in (
            "Stack before",
            "list_iterator, 2 left",
            "Depth before",
            "RETURN",
            "top is in",
        ):
            assert part in text.replace("\\_", "_").replace("{}", "")


def test_text_marks_the_top_without_colours(build: Build) -> None:
    built = build(md(one("def f(a):\n    return [a, None, a]\n", call="f(7)")), "text")
    assert '"7" "None" **"7"**' in " ".join(built.read("index.txt").split())
