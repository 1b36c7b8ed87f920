"""The store: results are kept by what was asked and of whom, and only as long as they are valid."""

from __future__ import annotations

import json
import os
import venv
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from conftest import Build

from bytedoc.request import Interpreter, Request
from bytedoc.store import PROBE, Store, unchanged

REQUEST = Request("run", {"source": "x\n", "filename": "<x>"})
OK: dict[str, Any] = {"ok": {"output": "1\n", "exception": None, "imports": []}}


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
    store.put(building, REQUEST, OK)
    assert store.get(building, REQUEST) == kept(tmp_path, building) == OK
    assert store.digest(building, REQUEST) == Store(tmp_path).digest(building, REQUEST) != ""


def test_an_answer_is_for_its_request_its_interpreter_and_its_probe_alone(
    building: Interpreter, tmp_path: Path
) -> None:
    Store(tmp_path).put(building, REQUEST, OK)
    assert kept(tmp_path, building, Request("run", {**REQUEST.job, "source": "y\n"})) is None
    assert kept(tmp_path, building, Request("dis", REQUEST.job)) is None
    assert kept(tmp_path, replace(building, build="another")) is None
    assert kept(tmp_path, replace(building, executable="/elsewhere/python")) == OK
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
    store.put(building, REQUEST, record)
    assert store.get(building, REQUEST) == record
    assert kept(tmp_path, building) == (record if lasts else None)


def test_an_answer_is_not_valid_when_a_module_that_was_imported_changed(
    building: Interpreter, tmp_path: Path
) -> None:
    module = tmp_path / "module.py"
    module.write_text("x = 1\n")
    store = Store(tmp_path / "cache")
    store.put(building, REQUEST, depends_on(module))
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
    store.put(building, REQUEST, depends_on(module))
    other = replace(building, executable="/elsewhere/python")
    assert store.get(other, REQUEST) is None
    assert kept(store.folder, other) is None
    assert kept(store.folder, building) is not None


def test_the_imports_of_all_answers_are_named_once(building: Interpreter, tmp_path: Path) -> None:
    store = Store(tmp_path / "cache")
    for name in "ba":
        (tmp_path / name).touch()
    for number, name in enumerate("abab"):
        store.put(building, Request("run", {"number": number}), depends_on(tmp_path / name))
    assert [Path(path).name for path, *_ in store.imports()] == ["a", "b"]
    assert all(unchanged(*item) for item in store.imports())


@pytest.mark.parametrize(
    "damaged",
    [
        b"",
        b'{"ok": {"out',
        b"[]",
        b"{}",
        b'{"ok": null}',
        b'{"ok": {"imports": [1]}}',
        b'{"failure": []}',
        b"\xff\xfe",
    ],
)
def test_a_damaged_file_counts_as_missing_and_is_written_anew(
    damaged: bytes, building: Interpreter, tmp_path: Path
) -> None:
    store = Store(tmp_path)
    store.put(building, REQUEST, OK)
    (path,) = tmp_path.rglob("*.json")
    path.write_bytes(damaged)
    other = Store(tmp_path)
    assert other.get(building, REQUEST) is None
    other.put(building, REQUEST, OK)
    assert json.loads(path.read_bytes()) == OK


def test_a_folder_that_can_not_be_written_is_done_without(
    building: Interpreter, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    store = Store(tmp_path / "file" / "cache")
    store.put(building, REQUEST, OK)
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
