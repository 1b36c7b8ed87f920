"""The store: results are kept by what was asked and of whom, and only as long as they are valid."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
import venv
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from conftest import Build

from bytedoc.request import Interpreter, Request
from bytedoc.store import PROBE, Store, compact, unchanged

REQUEST = Request("run", {"source": "x\n", "filename": "<x>"})
OK: dict[str, Any] = {"ok": {"output": "1\n", "exception": None, "imports": []}}


def put(
    store: Store, interpreter: Interpreter, request: Request, record: Mapping[str, Any]
) -> None:
    """Keep an answer, which comes from the probe as a line of JSON."""
    store.put(interpreter, request, compact(record))


def depends_on(path: Path) -> dict[str, Any]:
    """An answer that depends on a file."""
    status = path.stat()
    return {"ok": {**OK["ok"], "imports": [[str(path), status.st_mtime_ns, status.st_size]]}}


def kept(folder: Path, interpreter: Interpreter, request: Request = REQUEST) -> Any:
    """What another build finds."""
    return Store(folder).get(interpreter, request)


def test_an_answer_is_found_by_the_next_build(building: Interpreter, tmp_path: Path) -> None:
    store = Store(tmp_path)
    assert store.get(building, REQUEST) is None
    assert store.digest(building, REQUEST) == ""
    put(store, building, REQUEST, OK)
    assert store.get(building, REQUEST) == kept(tmp_path, building) == OK
    assert store.digest(building, REQUEST) == Store(tmp_path).digest(building, REQUEST) != ""


def test_an_answer_is_for_its_request_its_interpreter_and_its_probe_alone(
    building: Interpreter, tmp_path: Path
) -> None:
    put(Store(tmp_path), building, REQUEST, OK)
    assert kept(tmp_path, building, Request("run", {**REQUEST.job, "source": "y\n"})) is None
    assert kept(tmp_path, building, Request("dis", REQUEST.job)) is None
    assert kept(tmp_path, building._replace(build="another")) is None
    assert kept(tmp_path, building._replace(executable="/elsewhere/python")) == OK
    other = Store(tmp_path)
    other.probe = "another"
    assert other.get(building, REQUEST) is None


@pytest.mark.parametrize(
    ("record", "lasts"),
    [
        (OK, True),
        ({"ok": {"text": "listing"}}, True),
        ({"ok": {"output": "", "exception": {"expected": True}}}, True),
        ({"ok": {"output": "", "exception": {"expected": False}}}, False),
        ({"failure": {"kind": "syntax", "message": "invalid syntax"}}, True),
        ({"failure": {"kind": "unknown-object", "message": "f"}}, True),
        ({"failure": {"kind": "timeout", "message": "still running"}}, False),
        ({"failure": {"kind": "crash", "message": "killed"}}, False),
        ({"failure": {"kind": "interpreter-broken", "message": "gone"}}, False),
    ],
)
def test_what_might_be_otherwise_next_time_is_asked_again(
    record: dict[str, Any], lasts: bool, building: Interpreter, tmp_path: Path
) -> None:
    store = Store(tmp_path)
    put(store, building, REQUEST, record)
    assert store.get(building, REQUEST) == record
    assert kept(tmp_path, building) == (record if lasts else None)


def test_an_answer_is_not_valid_when_a_module_that_was_imported_changed(
    building: Interpreter, tmp_path: Path
) -> None:
    module = tmp_path / "module.py"
    module.write_text("x = 1\n")
    store = Store(tmp_path / "cache")
    put(store, building, REQUEST, depends_on(module))
    assert kept(store.folder, building) is not None
    module.write_text("x = 22\n")
    assert kept(store.folder, building) is None
    module.unlink()
    assert kept(store.folder, building) is None


def test_an_answer_with_imports_is_for_its_executable_alone(
    building: Interpreter, tmp_path: Path
) -> None:
    """Another one of the same identity, in a virtual environment, say, has other modules."""
    module = tmp_path / "module.py"
    module.touch()
    store = Store(tmp_path / "cache")
    put(store, building, REQUEST, depends_on(module))
    other = building._replace(executable="/elsewhere/python")
    assert store.get(other, REQUEST) is None
    assert kept(store.folder, other) is None
    assert kept(store.folder, building) is not None


def test_the_imports_of_all_answers_are_named_once(building: Interpreter, tmp_path: Path) -> None:
    store = Store(tmp_path / "cache")
    for name in "ba":
        (tmp_path / name).touch()
    for number, name in enumerate("abab"):
        put(store, building, Request("run", {"number": number}), depends_on(tmp_path / name))
    assert [Path(path).name for path, *_ in store.imports()] == ["a", "b"]
    assert all(unchanged(*item) for item in store.imports())


def the_file(folder: Path) -> Path:
    """The only file of results."""
    (path,) = folder.rglob("*.jsonl")
    return path


def test_a_line_holds_the_answer_as_the_probe_wrote_it(
    building: Interpreter, tmp_path: Path
) -> None:
    answer = b'{"ok":{"text":"\\u20ac, \\udc80 and \\"imports\\":[[1,2"}}'
    Store(tmp_path).put(building, REQUEST, answer)
    assert Store(tmp_path).line(building, REQUEST) == answer
    assert Store(tmp_path).line(building, Request("dis", {})) is None
    line = the_file(tmp_path).read_bytes().strip()
    assert json.loads(line)[0::2] == [REQUEST.digest, json.loads(answer)]


def test_the_answer_that_came_last_is_valid(building: Interpreter, tmp_path: Path) -> None:
    newer = {"ok": {**OK["ok"], "output": "2\n"}}
    for record in (OK, newer):
        put(Store(tmp_path), building, REQUEST, record)
    assert kept(tmp_path, building) == newer


@pytest.mark.parametrize(
    "damage",
    [
        lambda line: b"",
        lambda line: line,  # without its end
        lambda line: line[:-1],
        lambda line: line[:50],
        lambda line: line[:10],
        lambda line: line.replace(b"1", b"2"),
        lambda line: line + b"]",
        lambda line: b"[" + line,
        lambda line: b"\xff\xfe",
    ],
)
def test_a_damaged_line_counts_as_missing_and_is_written_anew(
    damage: Callable[[bytes], bytes], building: Interpreter, tmp_path: Path
) -> None:
    other = Request("run", {"source": "y\n"})
    for request in (other, REQUEST):
        put(Store(tmp_path), building, request, OK)
    path = the_file(tmp_path)
    *before, line = path.read_bytes().splitlines()
    path.write_bytes(b"\n".join([*before, damage(line)]))
    store = Store(tmp_path)
    assert store.get(building, REQUEST) is None
    assert store.get(building, other) == OK
    put(store, building, REQUEST, OK)
    assert kept(tmp_path, building) == kept(tmp_path, building, other) == OK


def test_builds_at_the_same_time_lose_nothing(building: Interpreter, tmp_path: Path) -> None:
    """Processes that write at once, each of them a store of its own."""
    script = (
        "import json, pickle, sys\n"
        "from bytedoc.request import Request\n"
        "from bytedoc.store import Store\n"
        "folder, building, name = pickle.load(sys.stdin.buffer)\n"
        "store = Store(folder)\n"
        "for number in range(200):\n"
        "    answer = json.dumps({'ok': {'text': name * 3000}}).encode()\n"
        "    store.put(building, Request('dis', {'name': name, 'number': number}), answer)\n"
    )
    writers = []
    for name in "abc":
        writer = subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE)
        assert writer.stdin is not None
        with writer.stdin as stream:
            pickle.dump((tmp_path, building, name), stream)
        writers.append(writer)
    assert [writer.wait() for writer in writers] == [0, 0, 0]
    store = Store(tmp_path)
    for name in "abc":
        for number in range(200):
            request = Request("dis", {"name": name, "number": number})
            assert store.get(building, request) == {"ok": {"text": name * 3000}}


def test_a_folder_that_can_not_be_written_is_done_without(
    building: Interpreter, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    store = Store(tmp_path / "file" / "cache")
    put(store, building, REQUEST, OK)
    assert store.get(building, REQUEST) == OK


def test_the_probe_is_known_by_the_source_of_all_its_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for path in PROBE.glob("*.py"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    before = Store(tmp_path).probe
    monkeypatch.setattr("bytedoc.store.PROBE", tmp_path)
    assert Store(tmp_path).probe == before
    with (tmp_path / "dis.py").open("a") as file:
        file.write("# changed\n")
    assert Store(tmp_path).probe != before


# -- in a project: modules from outside ----------------------------------------------------------

PAGE = """\
# Page

```{{run}}
:name: uses

{imports}
print("answer", module.answer)
```

```{{run}}
print("nothing")
```

{{value}}`uses: module.answer`
"""


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A virtual environment; its interpreter finds modules where no variable says so."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, symlinks=os.name != "nt")
    return folder


@pytest.mark.parametrize(
    ("pth", "imports"),
    [
        (None, "import module"),
        ("{outside}\n", "import module"),
        (
            "{outside}\nimport sys; sys.path.insert(0, {outside!r}); import module\n",
            "import module",
        ),
        ("{outside}\n", "import importlib\nmodule = importlib.import_module('module')"),
        ("{outside}\n", "import uses_module\nmodule = uses_module.module"),
    ],
    ids=["in site-packages", "on a path of a .pth", "preloaded", "by name", "by another module"],
)
def test_an_example_is_executed_again_when_a_module_that_it_imports_changed(
    pth: str | None, imports: str, build: Build, environment: Path, tmp_path: Path
) -> None:
    (packages,) = environment.glob("lib/python3.*/site-packages")
    outside = packages if pth is None else tmp_path
    (packages / "it.pth").write_text((pth or "").format(outside=str(outside)))
    (outside / "module.py").write_text("answer = 41\n")
    (outside / "uses_module.py").write_text("import module\n")
    target = str(environment / "bin" / "python")
    first = build({"index.md": PAGE.format(imports=imports)}, target=target)
    first.app.cleanup()
    assert first.warnings == ""
    assert "answer 41" in first.read("index.html")
    same = build(target=target)
    same.app.cleanup()
    assert not same.executed
    (outside / "module.py").write_text("answer = 42  # changed\n")
    second = build(target=target)
    second.app.cleanup()
    assert "answer 42" in second.read("index.html")
    assert '<span class="pre">42</span>' in second.read("index.html")
    assert second.executed
    again = build(target=target)
    assert not again.executed
    for path in outside.glob("*module.py"):
        path.unlink()
