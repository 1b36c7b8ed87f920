"""Executing examples: whatever one does, its answer is right or a clear failure, and it ends."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from conftest import interpreter_or_skip

from bytedoc import runner
from bytedoc.interpreters import Interpreters
from bytedoc.request import Interpreter
from bytedoc.runner import Limits, Record

#: Where there is no fork, a fresh process does the same job.
MODES = pytest.mark.parametrize("fork", [True, False], ids=["fork", "no-fork"])
#: Small enough that examples reach them fast.
LIMITS = Limits(wall=30, cpu=30, memory=200 << 20, output=100_000, file_size=1 << 20)


def answers(
    interpreter: Interpreter,
    jobs: Sequence[dict[str, Any]],
    *,
    fork: bool = True,
    limits: Limits = LIMITS,
) -> list[Record]:
    """What an interpreter answers to jobs; they are runs unless they say otherwise."""
    found: dict[int, Record] = {}
    asked = [{"view": "run", "filename": "<it>", **job} for job in jobs]
    runner.run(interpreter.executable, asked, limits, found.__setitem__, fork=fork)
    assert sorted(found) == list(range(len(jobs)))
    return [found[index] for index in range(len(jobs))]


def printed(interpreter: Interpreter, *sources: str, fork: bool = True) -> list[str]:
    """What examples print, none of which fails."""
    found = answers(interpreter, [{"source": source} for source in sources], fork=fork)
    for record in found:
        assert record.get("ok", {}).get("exception", record) is None
    return [record["ok"]["output"] for record in found]


@dataclass(frozen=True)
class Case:
    """An example, and how it ends.

    Attributes:
        ends: ``ok``, ``raised``, or the kind of the failure; several where that is open.
        says: what the output, the exception or the message has in it.
        timeout: seconds of wall time.
        notes: what else is told of it, in words.
        everywhere: whether this is tried on other releases than the building one as well.
    """

    source: str
    ends: str
    says: str = ""
    timeout: float = 30
    notes: str = ""
    everywhere: bool = True


def once(source: str, ends: str, says: str = "", timeout: float = 30, notes: str = "") -> Case:
    """A case for the building interpreter alone: it does not depend on the release."""
    return Case(source, ends, says, timeout, notes, everywhere=False)


#: What an example can do to itself, to its process and to the probe.
CASES = {
    # -- it does not end, or not as programs end
    "infinite loop": Case("while True: pass", "timeout", "still running after 0.3 seconds", 0.3),
    "sleep": once("import time; time.sleep(60)", "timeout", timeout=0.3),
    "stopped": once("import os, signal; os.kill(os.getpid(), signal.SIGSTOP)", "timeout", "", 0.3),
    "ignored signals": once(
        "import signal\nfor name in ('SIGTERM', 'SIGINT', 'SIGXCPU'):\n"
        "    signal.signal(getattr(signal, name), signal.SIG_IGN)\nwhile True: pass",
        "timeout",
        timeout=0.3,
    ),
    "thread without end": once(
        "import threading\ndef loop():\n    while True: pass\n"
        "threading.Thread(target=loop).start()",
        "timeout",
        timeout=0.5,
    ),
    "exit function without end": once(
        "import atexit\n@atexit.register\ndef loop():\n    while True: pass", "timeout", "", 0.5
    ),
    "os._exit": Case("import os; os._exit(3)", "exit", "status 3"),
    "os._exit(0)": Case("import os; os._exit(0)", "exit", "ended its process before its end"),
    "sys.exit": Case("import sys; sys.exit(3)", "raised", "SystemExit: 3"),
    "another program": once("import os; os.execvp('true', ['true'])", "exit"),
    "segmentation fault": Case("import ctypes; ctypes.string_at(0)", "crash", "11 (SIGSEGV)"),
    "abort": once("import os; os.abort()", "crash", "signal 6 (SIGABRT)"),
    "killed": Case("import os; os.kill(os.getpid(), 9)", "crash", "signal 9 (SIGKILL)"),
    "killed group": Case("import os; os.killpg(0, 9)", "crash", "signal 9 (SIGKILL)"),
    "alarm": once("import signal; signal.setitimer(0, .01)\nwhile True: pass", "crash", "SIGALRM"),
    # -- it takes more than it may have
    "endless output": Case(
        "import sys\nwhile True: sys.stdout.write('x' * 100_000)",
        "output-limit",
        "more than 100000 bytes",
    ),
    "endless raw output": once(
        "import os\nwhile True: os.write(1, b'x' * 100_000)", "output-limit raised"
    ),
    "endless memory": Case("all = []\nwhile True: all.append(bytearray(1 << 20))", "raised", "Mem"),
    "memory at once": once("bytearray(1 << 40)", "raised", "MemoryError"),
    "huge file": once("open('x', 'wb').write(bytes(2 << 20))", "raised", "File too large"),
    "many processes": once(
        "import os, time\nfor _ in range(400):\n"
        "    if not os.fork(): time.sleep(60); os._exit(0)\ntime.sleep(60)",
        "process-limit",
        "started more than 256 processes",
    ),
    "huge exception": Case("raise ValueError('x' * 50_000_000)", "output-limit memory", timeout=60),
    "deep traceback": Case(
        "import sys\nsys.setrecursionlimit(20_000)\ndef f(n): g(n - 1) if n else 1 / 0\n"
        "def g(n): f(n)\nf(1000)",
        "output-limit",
    ),
    "deep recursion": Case("def f(): f()\nf()", "raised", "RecursionError"),
    "recursion without limit": Case(
        "import sys\nsys.setrecursionlimit(10 ** 9)\ndef f(): f()\nf()",
        "crash timeout memory raised output-limit",
        timeout=1,
    ),
    # -- standard streams
    "closed output": Case(
        "import sys; print('a'); sys.stdout.close()", "ok", "a", notes="closed_output"
    ),
    "closed descriptor": Case(
        "import os; print('a'); os.close(1)", "ok", "a", notes="closed_output"
    ),
    "printing on a closed descriptor": once(
        "import os; os.close(1); print('b')", "raised", "Bad file", notes="closed_output"
    ),
    "output replaced": once("import sys; print('a', end=''); sys.stdout = None", "ok", "a"),
    "not UTF-8": Case(
        "import sys; sys.stdout.buffer.write(b'caf\\xe9')",
        "ok",
        "caf\\xe9",
        notes="undecodable",
    ),
    "surrogate": Case("print('\\ud800')", "raised", "UnicodeEncodeError"),
    "surrogate in an exception": Case("raise ValueError('\\ud800')", "raised", "\ud800"),
    "input": Case("input()", "raised", "EOFError", notes="input_read"),
    "all input": Case("import sys; print(repr(sys.stdin.read()))", "ok", "''", notes="input_read"),
    "raw input": once("import os; print(os.read(0, 9))", "ok", "b''"),
    # -- processes
    "child": Case(
        "import subprocess; subprocess.Popen(['sleep', '60'])",
        "ok",
        notes="leftover",
    ),
    "child in a session of its own": Case(
        "import subprocess; subprocess.Popen(['sleep', '60'], start_new_session=True)",
        "ok",
        notes="leftover",
    ),
    "daemon": Case(
        "import os, time\nif not os.fork():\n    os.setsid()\n"
        "    if not os.fork(): time.sleep(60)\n    os._exit(0)\nos.wait()",
        "ok",
        notes="leftover",
    ),
    "child that is waited for": once(
        "import subprocess; print(subprocess.check_output(['echo', 'a']))", "ok", "b'a\\n'"
    ),
    "child that ends by itself": once(
        "import subprocess; subprocess.Popen(['sleep', '0.05'])", "ok"
    ),
    "pool": once(
        "import multiprocessing\nwith multiprocessing.get_context('fork').Pool(2) as pool:\n"
        "    print(pool.map(abs, [-1, -2]))",
        "ok",
        "[1, 2]",
    ),
    "fork that comes to its end as well": Case(
        "import os\npid = os.fork()\nif pid: os.waitpid(pid, 0)\n"
        "print('parent' if pid else 'child')",
        "ok",
        "child\nparent\n",
    ),
    "fork that exits": once(
        "import os, sys\npid = os.fork()\nif not pid: sys.exit(3)\n"
        "print(os.waitpid(pid, 0)[1] >> 8)",
        "ok",
        "3",
    ),
    "fork that raises": once(
        "import os\npid = os.fork()\nif not pid: 1 / 0\nprint(os.waitpid(pid, 0)[1] >> 8)",
        "ok",
        "ZeroDivisionError: division by zero\n1\n",
    ),
    # -- what the probe needs
    "descriptors written and closed": Case(
        "import os\nfor number in range(3, 256):\n    try: os.write(number, b'garbage')\n"
        "    except OSError: pass\nos.closerange(3, 65_536)\nprint('done')",
        "ok",
        "done",
    ),
    "work folder removed": Case(
        "import os, shutil; shutil.rmtree(os.getcwd()); print('gone')", "ok", "gone"
    ),
    "all folders removed": Case(
        "import os, shutil; os.chdir('/')\nfolder = os.path.dirname(os.environ['HOME'])\n"
        "shutil.rmtree(os.path.dirname(folder)); print('gone')",
        "ok",
        "gone",
    ),
    "folders closed": once("import os; os.chmod('.', 0); os.chmod('..', 0)", "ok"),
    "timer": Case(
        "import signal\ndef alarm(*_): raise KeyError('alarm')\n"
        "signal.signal(signal.SIGALRM, alarm)\nsignal.setitimer(signal.ITIMER_REAL, .001, .001)\n",
        "ok raised",
    ),
    "trace": Case(
        "import sys\ndef trace(frame, event, arg):\n    print(event, frame.f_code.co_name)\n"
        "    return trace\ndef f(): pass\nsys.settrace(trace)\nf()",
        "ok",
        "call f\nline f\nreturn f\n",
    ),
    "profile that raises": once("import sys\nsys.setprofile(lambda *_: 1 / 0)", "raised", "Zero"),
    "monitoring": Case(
        "import sys\nif hasattr(sys, 'monitoring'):\n    events = sys.monitoring.events\n"
        "    sys.monitoring.use_tool_id(2, 'it')\n"
        "    sys.monitoring.register_callback(2, events.PY_START, lambda *_: print('start'))\n"
        "    sys.monitoring.set_events(2, events.PY_START)\n",
        "ok",
    ),
    "functions replaced": Case(
        "import builtins, json, os, time\n"
        "builtins.open = builtins.print = json.dumps = json.dump = time.monotonic = None\n"
        "os.write = os._exit = os.getpid = os.fstat = os.stat = os.getcwd = None",
        "ok",
    ),
    "builtins replaced": Case(
        "import builtins\nfor name in ('len', 'isinstance', 'getattr', 'str', 'list', 'dict', "
        "'type', 'any', 'sorted', 'repr', 'set'):\n    setattr(builtins, name, None)",
        "ok",
    ),
    "import replaced": Case(
        "import builtins\noriginal = builtins.__import__\n"
        "def traced(name, *rest, **more):\n    print(name)\n"
        "    return original(name, *rest, **more)\nbuiltins.__import__ = traced\n"
        "import keyword\nimport no_such_module",
        "raised",
        "no_such_module",
    ),
    "modules removed": once("import sys; sys.modules.clear()", "ok"),
    "limits": once(
        "import resource\nfor name in ('RLIMIT_NOFILE', 'RLIMIT_AS', 'RLIMIT_FSIZE'):\n"
        "    resource.setrlimit(getattr(resource, name), (0, 0))",
        "ok exit",  # a fresh process has to write its answer into a file
    ),
    "little recursion": Case("import sys; sys.setrecursionlimit(60)", "ok"),
    "deep folders": once(
        "import os\nfor _ in range(1200): os.mkdir('d'); os.chdir('d')\nprint('deep')", "ok", "deep"
    ),
    # -- its end
    "exit functions": Case(
        "import atexit; atexit.register(print, 'bye'); print('hello')", "ok", "hello\nbye\n"
    ),
    "exit function that raises": Case(
        "import atexit; atexit.register(lambda: 1 / 0); print('hello')", "ok", "ZeroDivisionError"
    ),
    "exit function that exits": once(
        "import atexit, os; atexit.register(os._exit, 5)", "exit", "5"
    ),
    "threads": Case(
        "import threading\nevent = threading.Event()\n"
        "def run(): event.wait(); print('thread')\n"
        "threading.Thread(target=run).start()\nprint('main'); event.set()",
        "ok",
        "main\nthread\n",
    ),
    "daemon thread that prints": Case(
        "import threading\ndef loop():\n    while True: print(end='x')\n"
        "threading.Thread(target=loop, daemon=True).start()",
        "ok output-limit",
    ),
    "thread that raises": once(
        "import threading; threading.Thread(target=lambda: 1 / 0).start()", "ok", "ZeroDivision"
    ),
    "finalizers": Case(
        "class It:\n    def __del__(self): print('deleted')\nit = It()\nprint('end')",
        "ok",
        "end\ndeleted\n",
    ),
    "warning": Case("import warnings; warnings.warn('careful')", "ok", "<it>:1: UserWarning: care"),
    # -- exceptions that hide
    "no message": Case(
        "class Odd(Exception):\n    def __str__(self): raise RuntimeError\nraise Odd",
        "raised",
        "Odd",
    ),
    "message that exits": once(
        "class Odd(Exception):\n    def __str__(self): raise SystemExit\nraise Odd", "raised", "Odd"
    ),
    "no name": Case(
        "class Meta(type):\n    __name__ = property(lambda self: 1 / 0)\n"
        "class Odd(Exception, metaclass=Meta): pass\nraise Odd",
        "raised",
        "Odd",
    ),
    "notes": once(
        "error = ValueError('it')\nerror.add_note('a note')\nraise error",
        "raised",
        "ValueError: it",
    ),
}

#: The probe dies with these, and another one goes on.
DEADLY = {
    "killed probe": Case(
        "import os, time; os.kill(os.getppid(), 9); time.sleep(60)", "crash", "SIGKILL"
    ),
    "probe told to end": once(
        "import os, time; os.kill(os.getppid(), 15); time.sleep(60)", "crash", "status 143"
    ),
    "stopped probe": once(
        "import os, signal, time; os.kill(os.getppid(), signal.SIGSTOP); time.sleep(60)",
        "timeout",
        "no answer within",
        0.3,
    ),
}


def ending(record: Record) -> tuple[str, str, str]:
    """How an example ended, what is said of that, and the notes."""
    if "failure" in record:
        return record["failure"]["kind"], record["failure"]["message"], ""
    known = ("closed_output", "undecodable", "input_read", "leftover")
    notes = " ".join(note for note in known if record["ok"][note])
    raised = record["ok"].get("exception")
    if raised is not None:
        return "raised", raised["summary"], notes
    return "ok", record["ok"]["output"], notes


def differences(interpreter: Interpreter, cases: dict[str, Case], *, fork: bool) -> dict[str, Any]:
    """The cases that end otherwise than they should, in one batch with good ones in between."""
    asked: list[tuple[str, Case]] = []
    good = Case("print('good')", "ok", "good")
    for number, (name, case) in enumerate(cases.items()):
        asked.append((name, case))
        if number % 5 == 0 or name in DEADLY:
            asked.append((f"after {name}", good))
    jobs = [{"source": case.source, "timeout": case.timeout} for _, case in asked]
    wrong = {}
    for (name, case), record in zip(asked, answers(interpreter, jobs, fork=fork), strict=True):
        ends, says, notes = ending(record)
        if ends not in case.ends.split() or case.says not in says or notes != case.notes:
            wrong[name] = (ends, says[-500:], notes)
    return wrong


@MODES
def test_whatever_an_example_does_is_told_and_harms_no_other(
    building: Interpreter, fork: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "GRACE", 0.5)
    assert differences(building, {**CASES, **DEADLY}, fork=fork) == {}


@MODES
@pytest.mark.parametrize("release", ["3.6", "3.8", "3.11", "3.13", "3.15"])
def test_that_holds_on_every_release(interpreters: Interpreters, release: str, fork: bool) -> None:
    interpreter = interpreter_or_skip(interpreters, release)
    cases = {name: case for name, case in {**CASES, **DEADLY}.items() if case.everywhere}
    assert differences(interpreter, cases, fork=fork) == {}


# -- the place in which an example is executed -----------------------------------------------


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder for temporary files, of this test alone."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def processes_of(folder: Path) -> list[str]:
    """The commands of the processes that were started for probes with their home in a folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if os.fsencode(folder) in (process / "environ").read_bytes():
                found.append((process / "cmdline").read_text().replace("\0", " "))
        except OSError:
            continue
    return found


@MODES
def test_no_variable_of_the_build_reaches_an_example(
    building: Interpreter, fork: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_TOKEN", "hidden")
    monkeypatch.setenv("PYTHONSTARTUP", "/nowhere")
    source = "import os, subprocess\nprint(sorted(os.environ))\n"
    source += "print(subprocess.check_output(['env']).decode())\n"
    source += "print(open('/proc/self/environ').read())\n"
    (output,) = printed(building, source, fork=fork)
    assert "hidden" not in output
    assert "PYTHONSTARTUP" not in output
    assert "PYTHONHASHSEED" in output


@MODES
def test_an_example_finds_its_folders_empty_and_they_are_gone_afterwards(
    building: Interpreter, fork: bool, temporary: Path
) -> None:
    look = "import os, tempfile\n"
    look += "for folder in ('.', os.path.expanduser('~'), tempfile.gettempdir()):\n"
    look += "    print(os.path.realpath(folder), os.listdir(folder))\n"
    look += "    open(os.path.join(folder, 'left'), 'w').close()\n"
    first, second = printed(building, look, look, fork=fork)
    assert first == second  # also in the names that they see, which are the same in every build
    assert first.splitlines() == [
        "/tmp/bytedoc/work []",
        "/tmp/bytedoc/work ['left']",
        "/tmp/bytedoc/tmp []",
    ]
    assert list(temporary.iterdir()) == []


@MODES
def test_nothing_is_left_of_a_probe_that_was_killed(
    building: Interpreter, fork: bool, temporary: Path
) -> None:
    source = (
        "import os, subprocess, time\n"
        "subprocess.Popen(['sleep', '60'], start_new_session=True)\n"
        "subprocess.Popen(['sleep', '60'], env={}, start_new_session=True)\n"
        "os.kill(os.getppid(), 9)\n"
        "time.sleep(60)\n"
    )
    killed, after = answers(building, [{"source": source}, {"source": "print(1)"}], fork=fork)
    assert killed["failure"]["kind"] == "crash"
    assert after["ok"]["output"] == "1\n"
    assert processes_of(temporary) == []
    assert list(temporary.iterdir()) == []


@MODES
def test_what_runs_on_is_killed_however_it_hides(
    building: Interpreter, fork: bool, temporary: Path
) -> None:
    source = (
        "import subprocess\n"
        "subprocess.Popen(['sleep', '54321'], env={}, cwd='/', start_new_session=True)\n"
    )
    (record,) = answers(building, [{"source": source}], fork=fork)
    assert record["ok"]["leftover"]
    commands = [path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline")]
    assert b"sleep\x0054321\0" not in commands


def test_both_modes_give_the_same_answer(interpreter: Interpreter) -> None:
    jobs: list[dict[str, Any]] = [
        {"source": "import os, sys\nprint(hash('a'), os.getcwd(), sys.argv, __name__, sys.path)"},
        {"source": "print('before')\ndef f(): 1 / 0\nf()", "raises": "ZeroDivisionError"},
        {"source": "import sys\nprint(sys.flags, sys.stdin, sys.stdout, sorted(globals()))"},
        {"source": "f()", "setup": [["<helper>", "def f():\n    raise KeyError('x')\n"]]},
        {"source": "'a' * 3", "mode": "eval"},
        {"source": "1 + 1\n", "mode": "single"},
        {"view": "value", "source": "def f(a): pass", "object": "f", "expression": "co_argcount"},
        {"view": "value", "source": "x = 1", "expression": "x == 2"},
        {"view": "value", "source": "x = 1", "expression": "y"},
        {"source": "x = "},
    ]
    forked = answers(interpreter, jobs)
    assert forked == answers(interpreter, jobs, fork=False)
    ends = [ending(record)[0] for record in forked]
    assert ends[:6] == ["ok", "raised", "ok", "raised", "ok", "ok"]
    assert ends[8:] == ["expression", "syntax"]
    assert [forked[4]["ok"]["output"], forked[5]["ok"]["output"]] == ["'aaa'\n", "2\n"]
    assert forked[6]["ok"]["value"] == "1"
    assert forked[7]["ok"]["repr"] == "1 == 2"


#: Exceptions that a script does not catch.
UNCAUGHT = {
    "plain": "def f():\n    return [1 / 0 for _ in range(1)]\n\nf()\n",
    "chained": "try:\n    {}['a']\nexcept KeyError as error:\n    raise ValueError from error\n",
    "in between": "try:\n    {}['a']\nexcept KeyError:\n    int('b')\n",
    "in the library": "import json\njson.loads('{')\n",
    "syntax": "exec('a = (')\n",
    "import": "import importlib\nimportlib.import_module('no_such_module')\n",
    "several lines": "raise ValueError('a\\nb')\n",
}


@pytest.mark.parametrize("source", UNCAUGHT.values(), ids=UNCAUGHT.keys())
def test_a_traceback_is_the_one_that_a_script_prints(
    building: Interpreter, source: str, tmp_path: Path
) -> None:
    script = tmp_path / "script.py"
    script.write_text(source)
    command = [building.executable, "-s", "-B", str(script)]
    real = subprocess.run(command, capture_output=True, text=True, check=False, env={}).stderr
    (record,) = answers(building, [{"source": source, "filename": str(script)}])
    assert record["ok"]["exception"]["traceback"] == real


def test_what_was_printed_until_a_failure_is_kept(building: Interpreter) -> None:
    source = "import os, sys\nprint('out'); print('error', file=sys.stderr)\n"
    source += "print('end', end='', flush=True)\n"
    source += "os.write(1, b'raw')\nos._exit(1)\n"
    (record,) = answers(building, [{"source": source}])
    assert record["failure"]["output"] == "out\nerror\nendraw"


def test_a_signal_can_be_handled_by_an_example_whose_set_up_had_one(building: Interpreter) -> None:
    setup = "import os, signal\nsignal.signal(signal.SIGUSR1, lambda *_: print('handled'))\n"
    source = "os.kill(os.getpid(), signal.SIGUSR1)\n"
    (record,) = answers(building, [{"source": source, "setup": [["<setup>", setup]]}])
    assert ending(record) == ("ok", "handled\n", "")


@MODES
def test_the_limit_of_memory_is_what_an_example_may_have_besides_the_interpreter(
    interpreter: Interpreter, fork: bool
) -> None:
    jobs = [{"source": f"print(len(bytearray({size} << 20)))"} for size in (4, 32)]
    little, much = answers(interpreter, jobs, fork=fork, limits=Limits(memory=16 << 20))
    assert ending(little) == ("ok", f"{4 << 20}\n", "")
    assert ending(much) == ("raised", "MemoryError", "")


def test_a_value_too_long_for_a_page_is_a_failure(building: Interpreter) -> None:
    job = {"view": "value", "expression": "'x' * 1_000_000"}
    (record,) = answers(building, [job])
    assert record["failure"]["kind"] == "output-limit"


def test_the_worker_of_a_timing_that_ends_its_process_is_told(building: Interpreter) -> None:
    """Calibration is in the first process; the workers are forks of it."""
    options = {"processes": 1, "values": 1, "min_time": 1e-6}
    setup = [["<setup>", "import os\nfirst = os.getpid()\n"]]
    statements = ["1", "os.getpid() == first or os._exit(0)"]
    job = {"view": "timing", "statements": statements, "options": options, "setup": setup}
    (record,) = answers(building, [job])
    assert record["failure"]["kind"] == "statement"
    assert record["failure"]["index"] == 1
