"""Interpreters: found by release, name or path, asked what they are, and again when replaced."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest
from conftest import RELEASES, interpreter_or_skip

from bytedoc import runner
from bytedoc.errors import InterpreterError
from bytedoc.interpreters import Interpreters
from bytedoc.release import Release
from bytedoc.request import Interpreter


@pytest.fixture
def memory(tmp_path: Path) -> Path:
    """Where it is remembered what interpreters said."""
    return tmp_path / "cache" / "interpreters.json"


def never_asked(*_: Any) -> Any:
    """In place of asking an interpreter."""
    pytest.fail("an interpreter was asked")


def wrapper(path: Path, executable: str) -> Path:
    """Write a script that starts an interpreter."""
    path.unlink(missing_ok=True)
    path.write_text(f'#!/bin/sh\nexec {executable} "$@"\n')
    path.chmod(0o755)
    return path


def test_each_release_is_found_and_is_what_it_says(interpreter: Interpreter) -> None:
    assert str(interpreter.release) in RELEASES
    assert interpreter.implementation == "cpython"
    assert interpreter.version.startswith(f"{interpreter.release}.")
    assert interpreter.bits in (32, 64)
    assert interpreter.magic > 3000


def test_the_building_interpreter_is_the_one_that_runs_this(memory: Path) -> None:
    building = Interpreters({}, memory).get("")
    assert building.executable == sys.executable
    assert building.release == Release(*sys.version_info[:2])


def test_the_building_interpreter_says_the_same_when_it_is_asked(building: Interpreter) -> None:
    record = runner.ask(sys.executable, "identity")
    assert Interpreter.from_json(sys.executable, record) == building


def test_an_interpreter_is_given_by_its_path(interpreters: Interpreters, memory: Path) -> None:
    known = interpreter_or_skip(interpreters, "3.8")
    assert Interpreters({}, memory).get(known.executable) == known


def test_a_name_in_the_configuration_comes_before_what_is_found(
    tmp_path: Path, memory: Path, interpreters: Interpreters
) -> None:
    known = interpreter_or_skip(interpreters, "3.8")
    path = wrapper(tmp_path / "python", known.executable)
    found = Interpreters({"3.8": str(path)}, memory).get("3.8")
    assert found.executable == str(path)
    assert found.identity == known.identity


def test_a_name_without_a_folder_is_looked_for_on_the_path(
    tmp_path: Path, memory: Path, interpreters: Interpreters, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = interpreter_or_skip(interpreters, "3.8")
    path = wrapper(tmp_path / "my-python", known.executable)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    assert Interpreters({"3.8": "my-python"}, memory).get("3.8").executable == str(path)


def test_of_several_builds_the_newest_final_one_is_taken(
    tmp_path: Path, memory: Path, monkeypatch: pytest.MonkeyPatch, interpreters: Interpreters
) -> None:
    """What is called like the release, but is another or does not work, is passed over."""
    known = interpreter_or_skip(interpreters, "3.8")
    other = interpreter_or_skip(interpreters, "3.9")
    for number, executable in enumerate(["/bin/false", other.executable, known.executable]):
        (tmp_path / str(number)).mkdir()
        wrapper(tmp_path / str(number) / "python3.8", executable)
    folders = [str(tmp_path / str(number)) for number in range(3)]
    monkeypatch.setenv("PATH", os.pathsep.join([*folders, os.environ["PATH"]]))
    found = Interpreters({}, memory).get("3.8")
    assert found.identity == known.identity
    assert not Path(found.executable).is_relative_to(tmp_path)  # wrappers are the last choice


@pytest.mark.parametrize(
    ("wanted", "subtype", "says"),
    [
        ("3.99", "interpreter-missing", "no CPython 3.99 was found on this machine"),
        ("3.5", "interpreter-version", "Python 3.5 can't be shown; the oldest is 3.6"),
        ("2.7", "interpreter-version", "Python 2.7 can't be shown; the oldest is 3.6"),
        ("/nowhere/python", "interpreter-missing", "there is no /nowhere/python"),
        ("python", "interpreter-missing", "neither a release such as 3.13 nor the path"),
        ("three", "interpreter-missing", "'three' is neither a release such as 3.13 nor"),
        ("/", "interpreter-broken", "does not start: Permission denied"),
    ],
)
def test_what_is_no_interpreter_is_said(wanted: str, subtype: str, says: str, memory: Path) -> None:
    interpreters = Interpreters({}, memory)
    for _ in range(2):  # the second time from memory
        with pytest.raises(InterpreterError) as caught:
            interpreters.get(wanted)
        assert caught.value.subtype == subtype
        assert says in caught.value.message


def test_what_an_interpreter_said_is_remembered_while_its_files_are_the_same(
    memory: Path, interpreters: Interpreters, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = interpreter_or_skip(interpreters, "3.8")
    first = Interpreters({}, memory).get("3.8")
    monkeypatch.setattr(runner, "ask", never_asked)
    assert Interpreters({}, memory).get("3.8") == first == known


def test_a_link_that_leads_elsewhere_is_another_interpreter(
    tmp_path: Path, memory: Path, interpreters: Interpreters
) -> None:
    link = tmp_path / "python"
    for release in ("3.8", "3.9", "3.8"):
        link.unlink(missing_ok=True)
        link.symlink_to(interpreter_or_skip(interpreters, release).executable)
        assert str(Interpreters({}, memory).get(str(link)).release) == release


def test_a_wrapper_that_starts_another_interpreter_is_noticed(
    tmp_path: Path, memory: Path, interpreters: Interpreters
) -> None:
    """Also where the script itself stays the same: a shim reads elsewhere what to start."""
    link = tmp_path / "chosen"
    shim = wrapper(tmp_path / "python", str(link))
    for release in ("3.8", "3.9"):
        link.unlink(missing_ok=True)
        link.symlink_to(interpreter_or_skip(interpreters, release).executable)
        assert str(Interpreters({}, memory).get(str(shim)).release) == release


def test_an_interpreter_whose_library_changed_is_asked_again(
    memory: Path, interpreters: Interpreters, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = interpreter_or_skip(interpreters, "3.8")
    Interpreters({}, memory).get(known.executable)
    remembered = json.loads(memory.read_text())
    files = remembered["identities"][known.executable]["files"]
    assert {Path(path).name for path in files} >= {"dis.py", "opcode.py"}
    files[next(path for path in files if path.endswith("dis.py"))][2] += 1
    memory.write_text(json.dumps(remembered))
    really_ask, asked = runner.ask, []

    def ask(executable: str, view: str) -> Any:
        asked.append((executable, view))
        return really_ask(executable, view)

    monkeypatch.setattr(runner, "ask", ask)
    assert Interpreters({}, memory).get(known.executable) == known
    assert asked == [(known.executable, "identity")]


def test_a_release_found_before_is_looked_for_again_when_it_is_gone(
    tmp_path: Path, memory: Path, interpreters: Interpreters, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = interpreter_or_skip(interpreters, "3.8")
    memory.parent.mkdir()
    memory.write_text(json.dumps({"releases": {"3.8": str(tmp_path / "gone")}}))
    assert Interpreters({}, memory).get("3.8") == known


@pytest.mark.parametrize(
    "damaged",
    [
        "",
        "no JSON",
        "[]",
        '{"identities": {"PATH": {}}}',
        '{"identities": {"PATH": {"files": {}, "record": {}}}}',
        '{"identities": {"PATH": {"files": 1, "record": []}}}',
        '{"releases": {"3.8": 1}}',
    ],
)
def test_a_damaged_memory_is_made_anew(
    damaged: str, memory: Path, interpreters: Interpreters
) -> None:
    known = interpreter_or_skip(interpreters, "3.8")
    memory.parent.mkdir()
    memory.write_text(damaged.replace("PATH", known.executable))
    assert Interpreters({}, memory).get("3.8") == known
    assert known.executable in json.loads(memory.read_text())["identities"]


def test_a_memory_that_can_not_be_written_is_done_without(
    tmp_path: Path, interpreters: Interpreters
) -> None:
    known = interpreter_or_skip(interpreters, "3.8")
    (tmp_path / "file").touch()
    assert Interpreters({}, tmp_path / "file" / "memory.json").get(known.executable) == known
