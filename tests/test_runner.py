"""Probes: they are started, given jobs, limited and stopped, and leave nothing behind."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any

import pytest

from bytedoc import runner
from bytedoc.errors import InterpreterError
from bytedoc.request import Interpreter
from bytedoc.runner import Limits, Record
from bytedoc.store import PROBE

#: A job that is answered without executing anything.
COMPILE = {"view": "dis", "source": "x = 1\n", "filename": "<it>"}


def run(executable: str, *jobs: dict[str, Any], limits: Limits | None = None) -> list[Record]:
    """The answers to jobs, which come in order."""
    found: list[Record] = []

    def keep(index: int, record: Record) -> None:
        assert index == len(found)
        found.append(record)

    runner.run(executable, jobs, limits or Limits(), keep)
    return found


def script(path: Path, *lines: str) -> str:
    """Write a shell script that can be executed; its path."""
    path.write_text("\n".join(["#!/bin/sh", *lines, ""]))
    path.chmod(0o755)
    return str(path)


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder for temporary files, of this test alone."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def test_without_jobs_no_interpreter_is_started() -> None:
    assert run("/nowhere/python") == []


def test_more_jobs_than_a_pipe_holds_are_answered_in_order(building: Interpreter) -> None:
    jobs = [{**COMPILE, "source": f"x = {number}\n" + "#" * 2000} for number in range(200)]
    for number, record in enumerate(run(building.executable, *jobs)):
        assert f"({number})" in record["ok"]["text"]


def test_a_job_for_an_unknown_view_is_a_failure_of_its_own(building: Interpreter) -> None:
    unknown, known = run(building.executable, {"view": "nothing"}, COMPILE)
    assert unknown["failure"]["kind"] == "unknown-view"
    assert "ok" in known


def test_an_interpreter_that_dies_of_a_job_is_started_again_for_the_next(
    building: Interpreter, tmp_path: Path
) -> None:
    """As a compiler may; here the wrapper has the second job kill it."""
    wrapper = script(
        tmp_path / "python",
        f"sed -u '/deadly/q' | {building.executable} \"$@\"",
    )
    deadly = {**COMPILE, "source": "deadly = 1\n"}
    answers = run(wrapper, COMPILE, deadly, COMPILE, COMPILE)
    assert ["ok" in record for record in answers] == [True, True, False, True]
    assert "ended with status 0" in answers[2]["failure"]["message"]


def test_an_interpreter_that_stops_answering_is_replaced(
    building: Interpreter, monkeypatch: pytest.MonkeyPatch, temporary: Path
) -> None:
    monkeypatch.setattr(runner, "GRACE", 0.1)
    monkeypatch.setattr(runner, "END_TIME", 0.1)
    stop = "import os, signal, time\nos.kill(os.getppid(), signal.SIGSTOP)\ntime.sleep(60)\n"
    hanging = {"view": "run", "source": stop, "filename": "<it>", "timeout": 0.3}
    first, second = run(building.executable, hanging, COMPILE)
    assert first["failure"]["kind"] == "timeout"
    assert "no answer within 0.4 seconds" in first["failure"]["message"]
    assert "ok" in second
    assert list(temporary.iterdir()) == []


def test_an_error_of_who_receives_the_answers_stops_the_probe(
    building: Interpreter, temporary: Path
) -> None:
    endless = {"view": "run", "source": "while True: pass\n", "filename": "<it>", "timeout": 60}

    def fail(index: int, record: Record) -> None:
        raise LookupError

    with pytest.raises(LookupError):
        runner.run(building.executable, [COMPILE, endless], Limits(), fail)
    assert list(temporary.iterdir()) == []
    assert list(runner.leftovers(str(temporary), session=-1)) == []


def test_a_build_that_is_cancelled_does_not_wait_for_an_example(
    building: Interpreter, temporary: Path
) -> None:
    endless = {"view": "run", "source": "while True: pass\n", "filename": "<it>", "timeout": 600}
    cancelled, found = threading.Event(), []

    def cancel(index: int, record: Record) -> None:
        found.append(record)
        cancelled.set()

    jobs: list[dict[str, Any]] = [COMPILE, endless, COMPILE]
    runner.run(building.executable, jobs, Limits(), cancel, cancelled=cancelled)
    assert len(found) == 1
    assert list(temporary.iterdir()) == []
    assert list(runner.leftovers(str(temporary), session=-1)) == []


def test_a_host_that_is_killed_leaves_no_example_running(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    source = f"pipe = open({str(pipe)!r}, 'w')\nprint('x', file=pipe, flush=True)\n"
    job = {"view": "run", "source": source + "while True: pass\n", "filename": "<it>"}
    host = (
        "import sys\nfrom bytedoc import runner\n"
        f"runner.run(sys.executable, [{job!r}], runner.Limits(wall=60), print)\n"
    )
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    command = [sys.executable, "-c", host]
    with subprocess.Popen(command, env=environment) as process, pipe.open() as example:
        assert example.read(2) == "x\n"  # it runs
        process.kill()
        assert example.read() == ""  # it has ended


def test_a_probe_that_answers_something_else_is_not_believed(
    building: Interpreter, tmp_path: Path
) -> None:
    wrapper = script(
        tmp_path / "python",
        f"{building.executable} \"$@\" | sed -u '2s/.*/surprise/'",
    )
    (record,) = run(wrapper, COMPILE)
    assert record["failure"]["kind"] == "crash"
    assert "b'surprise\\n', which is not of the probe" in record["failure"]["message"]


@pytest.mark.parametrize(
    ("lines", "subtype", "says"),
    [
        (["exit 1"], "interpreter-broken", "ended with status 1"),
        (["echo 'it failed' >&2; exit 1"], "interpreter-broken", "(it failed)"),
        (["echo '[]'"], "interpreter-broken", "which is not of the probe"),
        (["head -c 100000 /dev/zero; sleep 60"], "interpreter-broken", "not of the probe"),
        (["exec sleep 60"], "interpreter-broken", "no answer within 0.3 seconds"),
        (["exec sleep 60 >&-"], "interpreter-broken", "closed its standard output"),
        (["trap '' TERM; while :; do :; done"], "interpreter-broken", "no answer within"),
    ],
)
def test_an_interpreter_that_does_not_greet_is_an_error(
    lines: list[str],
    subtype: str,
    says: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    temporary: Path,
) -> None:
    monkeypatch.setattr(runner, "START_TIME", 0.3)
    monkeypatch.setattr(runner, "END_TIME", 0.1)
    path = script(tmp_path / "python", *lines)
    with pytest.raises(InterpreterError, match=r"^/.* does not work: ") as caught:
        run(path, COMPILE)
    assert caught.value.subtype == subtype
    assert says in caught.value.message
    assert list(temporary.iterdir()) == []


def test_asking_an_interpreter_that_has_no_answer_is_an_error(building: Interpreter) -> None:
    with pytest.raises(InterpreterError, match="nothing"):
        runner.ask(building.executable, "nothing")


def test_the_probe_writes_nothing_into_the_package(
    interpreter: Interpreter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may be installed where nobody can write, and serves many releases."""
    probe = tmp_path / "probe"
    shutil.copytree(PROBE, probe, ignore=shutil.ignore_patterns("__pycache__"))
    for path in [*probe.iterdir(), probe]:
        path.chmod(path.stat().st_mode & ~0o222)
    monkeypatch.setattr(runner, "PROBE", probe)
    monkeypatch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
    before = sorted(probe.rglob("*"))
    views: list[dict[str, Any]] = [
        COMPILE,
        {**COMPILE, "view": "code-object"},
        {**COMPILE, "view": "run"},
        {"view": "value", "expression": "1", "filename": "<it>"},
        {"view": "identity"},
        {"view": "opcodes"},
    ]
    assert all("ok" in record for record in run(interpreter.executable, *views))
    assert sorted(probe.rglob("*")) == before


def test_examples_can_not_import_the_probe_or_the_package(building: Interpreter) -> None:
    source = "import sys\nprint(sys.path)\nimport timing\n"
    (record,) = run(building.executable, {"view": "run", "source": source, "filename": "<it>"})
    # As it is without the probe, but for the folder of a program, which comes first.
    plain = [building.executable, "-s", "-E", "-c", "import sys; print(sys.path[1:])"]
    assert record["ok"]["output"] == subprocess.check_output(plain, text=True)
    assert str(PROBE.parent) not in record["ok"]["output"]
    assert record["ok"]["exception"]["type"] == "ModuleNotFoundError"


def test_the_limits_of_a_job_are_those_of_the_build_but_for_its_own_timeout() -> None:
    limits = Limits(wall=10, cpu=15)
    assert limits.of({}) == limits
    assert limits.of({"timeout": 2.5}) == Limits(wall=2.5, cpu=7.5)


def test_probes_in_several_threads_do_not_disturb_each_other(building: Interpreter) -> None:
    found: list[str] = []

    def ask(number: int) -> None:
        job = {"view": "run", "source": f"print({number})\n", "filename": "<it>"}
        found.extend(record["ok"]["output"] for record in run(building.executable, *[job] * 5))

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == sorted(f"{number}\n" for number in range(4) for _ in range(5))


def test_no_descriptor_is_left_open(building: Interpreter) -> None:
    run(building.executable, COMPILE)
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(3):
        run(building.executable, COMPILE, {**COMPILE, "view": "run"})
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_the_interpreter_may_be_in_a_folder_with_any_name(tmp_path: Path) -> None:
    folder = tmp_path / "a folder: with 'signs' and ü"
    folder.mkdir()
    link = folder / "python"
    link.symlink_to(sys.executable)
    (record,) = run(str(link), {**COMPILE, "view": "run", "source": "print('ok')\n"})
    assert record["ok"]["output"] == "ok\n"
