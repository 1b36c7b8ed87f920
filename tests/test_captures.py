"""Captures: what is recorded, what of it is kept, and what builds make of it."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import Build, Built, interpreter_or_skip
from markup import LOOP, QUICK, cells, directive, md, output, shown

from bytedoc.capture import SCHEMA, Capture, Record, kept, load, restored
from bytedoc.captures import Captures
from bytedoc.errors import CaptureError
from bytedoc.interpreters import Interpreters
from bytedoc.release import Release
from bytedoc.request import Interpreter

OLD, NEW = "3.8", "3.12"
RELEASES = {
    "bytedoc_releases": [OLD, NEW],
    "bytedoc_captures": "recorded",
    "bytedoc_histories": False,
    **QUICK,
}


def one(name: str, content: str = "", argument: str = "", /, **options: str | bool) -> str:
    """A directive in MyST."""
    return directive("md", name, argument, content, **options)


PAGE = md(
    one("dis", LOOP, name="loop", expect="FOR_ITER"),
    one("run", "print(object())", name="printing", expect="object object"),
    one("run", "1 / 0", raises="ZeroDivisionError"),
    one("code-object", "", "loop"),
    one("timing", "pass", expect="True"),
    one("interpreter"),
    one("dis", "match x:\n    case 1: pass", since="3.10", name="newer"),
    "It has {value}`loop: len(co_code)` bytes.",
)


@pytest.fixture
def both(interpreters: Interpreters) -> dict[str, Interpreter]:
    """The interpreters of the two releases; without one the test is skipped."""
    return {release: interpreter_or_skip(interpreters, release) for release in (OLD, NEW)}


def record(build: Build, builder: str = "capture", **conf: object) -> Built:
    """Record the project into its folder of captures."""
    built = build(builder=builder, conf={**RELEASES, **conf})
    if builder == "capture":
        folder = Path(built.app.srcdir, "recorded")
        folder.mkdir(exist_ok=True)
        for path in built.out.glob("*.json"):
            shutil.copy(path, folder)
    return built


@pytest.fixture
def recorded(build: Build, both: dict[str, Interpreter]) -> Path:
    """The folder of the captures of `PAGE`, in its project."""
    build(PAGE, "dummy", conf={**RELEASES, "bytedoc_target": NEW})
    built = record(build)
    assert built.warnings == ""
    shutil.rmtree(built.app.doctreedir)
    return Path(built.app.srcdir, "recorded")


# -- the files ------------------------------------------------------------------------------------


def test_there_is_a_file_for_each_release_with_a_record_a_line(
    recorded: Path, both: dict[str, Interpreter]
) -> None:
    assert sorted(path.name for path in recorded.iterdir()) == [f"{NEW}.json", f"{OLD}.json"]
    for path in recorded.iterdir():
        text = path.read_text(encoding="utf-8")
        whole = json.loads(text)
        assert whole["schema"] == SCHEMA
        assert whole["interpreter"]["version"].startswith(f"{path.stem}.")
        lines = text.splitlines()[3:-1]
        assert [json.loads(line.rstrip(",")) for line in lines] == whole["records"]
        keys = [(item["of"], item["view"], item["request"]) for item in whole["records"]]
        assert keys == sorted(set(keys))
        views = {item["view"] for item in whole["records"]}
        assert views == {"code-object", "dis", "identity", "run", "timing", "value"}


def test_a_capture_says_nothing_of_the_machine_and_nothing_that_changes(
    recorded: Path, both: dict[str, Interpreter]
) -> None:
    text = (recorded / f"{NEW}.json").read_text(encoding="utf-8")
    assert both[NEW].executable not in text
    assert "object at 0x..." in text
    assert re.search(r"at 0x[0-9a-f]{6}", text) is None


@pytest.mark.parametrize("prefix", ["/home/me/.pyenv/versions/3.9.18", "/usr", "/a-b"])
@pytest.mark.parametrize("before", ['File "', "(", "'", "", "named "])
def test_a_capture_tells_nothing_of_where_an_interpreter_is(before: str, prefix: str) -> None:
    told = f"{before}{prefix}/lib/python3.9/dis.py"
    shown = f"{before}/usr/local/lib/python3.9/dis.py"
    raised = {"summary": told, "traceback": told, "frames": [[told, 3]]}
    answer = {"ok": {"output": f"{told}\n{told}\n", "exception": raised, "summary": told}}
    assert kept(answer)["ok"] == {
        "output": f"{shown}\n{shown}\n",
        "exception": {"summary": shown, "traceback": shown, "frames": [[shown, 3]]},
        "summary": shown,
    }


@pytest.mark.parametrize("text", ["/tmp/bytedoc/work/a.py", "a/lib/python3.9/x"])
def test_a_capture_keeps_other_places(text: str) -> None:
    assert kept({"ok": {"output": text}})["ok"]["output"] == text


def test_an_example_is_recorded_for_the_releases_that_it_is_for(recorded: Path) -> None:
    for release, wanted in ((OLD, False), (NEW, True)):
        found = Captures(recorded).get(Release.parse(release))
        assert found is not None
        assert any(item.of == "newer" for item in found.records.values()) is wanted


def test_recording_again_changes_no_byte(build: Build, recorded: Path) -> None:
    """Although everything is asked anew but the times, which are kept."""
    before = {path.name: path.read_bytes() for path in recorded.iterdir()}
    again = record(build)
    assert again.executed
    assert {path.name: path.read_bytes() for path in recorded.iterdir()} == before
    assert "records: 0 new, 0 changed, 0 gone" in again.status or "unchanged" in again.status


def test_times_are_measured_anew_when_asked_for(build: Build, recorded: Path) -> None:
    before = times(recorded)
    record(build, bytedoc_capture_timings=True)
    first = times(recorded)
    assert first != before
    assert first.keys() == before.keys()
    record(build, bytedoc_capture_timings=True)  # although the build before knows them
    assert times(recorded) != first


def times(folder: Path) -> dict[str, list[Any]]:
    """The recorded times by release."""
    found = {}
    for path in folder.iterdir():
        whole = json.loads(path.read_text(encoding="utf-8"))
        found[path.name] = [item for item in whole["records"] if item["view"] == "timing"]
    return found


def test_an_output_that_varies_stays_as_it_was_recorded(build: Build) -> None:
    source = "import random, os\nprint(int.from_bytes(os.urandom(8), 'big'))"
    page_ = md(directive("md", "run", "", source, varies=True, name="dice"))
    conf: dict[str, Any] = {"bytedoc_releases": [NEW], "bytedoc_histories": False}
    folder = build(page_, "capture", conf=conf).out
    before = (folder / f"{NEW}.json").read_text(encoding="utf-8")
    shutil.copytree(folder, folder.parents[1] / "source" / "captures")
    again = {"bytedoc_cache": "again"}
    after = build(None, "capture", conf=conf | again).out
    assert (after / f"{NEW}.json").read_text(encoding="utf-8") == before
    checked = build(None, "capture-check", conf=conf | {"bytedoc_cache": "checked"})
    assert checked.warnings == ""


def test_one_release_can_be_recorded_alone(build: Build, recorded: Path) -> None:
    (recorded / f"{OLD}.json").unlink()
    shutil.rmtree(recorded.parent.parent / "build" / "capture")
    built = record(build, bytedoc_capture_releases=[NEW])
    assert [path.name for path in built.out.glob("*.json")] == [f"{NEW}.json"]


def test_what_is_kept_becomes_what_was_answered() -> None:
    answer = {"ok": {"output": "x", "exception": None, "leftover": False, "input_read": True}}
    assert kept(answer) == {"ok": {"output": "x", "input_read": True}}
    assert answer["ok"].items() <= restored(kept(answer))["ok"].items()
    failure = {"failure": {"kind": "syntax", "message": "no"}}
    assert restored(kept(failure)) == failure


def test_a_capture_is_read_as_it_was_written(recorded: Path) -> None:
    release = Release.parse(NEW)
    found = load(recorded / f"{NEW}.json", release)
    assert isinstance(found, Capture)
    assert found.text() == (recorded / f"{NEW}.json").read_text(encoding="utf-8")


#: What happens to the lines of a file; the line that is told, None for the last; the message.
DAMAGES: dict[str, tuple[Callable[[list[str]], list[str]], int | None, str]] = {
    "empty": (lambda lines: [], 1, "is empty"),
    "other": (lambda lines: ["hello", *lines[1:]], 1, "this is no capture"),
    "schema": (lambda lines: ['{"schema": 99,', *lines[1:]], 1, "of schema 99"),
    "head": (lambda lines: [lines[0], '"interpreter": {},', *lines[2:]], 2, "head of the capture"),
    "half a line": (lambda lines: [*lines[:5], lines[5][:40]], 6, "breaks off"),
    "half a file": (lambda lines: lines[:5], 5, "breaks off"),
    "no answer": (lambda lines: [*lines[:3], '{"request": "x"},', *lines[4:]], 4, "is damaged"),
    "not JSON": (lambda lines: [*lines[:4], "<<<<<<< ours", *lines[5:]], 5, "is damaged"),
    "twice": (lambda lines: [*lines[:4], lines[3], *lines[4:]], 5, "a second record"),
    "no comma": (
        lambda lines: [*lines[:3], lines[3].rstrip(","), *lines[4:]],
        4,
        "comma is missing",
    ),
    "more": (lambda lines: [*lines, "x"], None, "something follows"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_capture_is_told_at_its_line_and_at_the_page(
    build: Build, recorded: Path, damage: str
) -> None:
    change, line, message = DAMAGES[damage]
    path = recorded / f"{OLD}.json"
    lines = change(path.read_text(encoding="utf-8").splitlines())
    path.write_text("\n".join(lines) + "\n" if lines else "", encoding="utf-8")
    with pytest.raises(CaptureError, match=message) as caught:
        load(path, Release.parse(OLD))
    assert caught.value.line == (line or len(lines))
    built = build(target=OLD, conf={**RELEASES, "bytedoc_execute": False})
    assert f"recorded/{OLD}.json:{caught.value.line}: WARNING" in built.warnings
    assert "[bytedoc.capture]" in built.warnings
    assert re.search(r"index\.md:\d+: WARNING: .*damaged", built.warnings)
    assert build(target=NEW, conf={**RELEASES, "bytedoc_execute": False}).warnings == ""


def test_a_capture_under_the_name_of_another_release_is_told(recorded: Path) -> None:
    shutil.copy(recorded / f"{NEW}.json", recorded / f"{OLD}.json")
    with pytest.raises(CaptureError, match=rf"of {OLD} is of CPython {NEW}"):
        load(recorded / f"{OLD}.json", Release.parse(OLD))


def test_a_record_that_no_view_can_show_is_damaged(tmp_path: Path, recorded: Path) -> None:
    path = recorded / f"{NEW}.json"
    lines = path.read_text(encoding="utf-8").splitlines()
    number = next(n for n, line in enumerate(lines) if '"view": "dis"' in line)
    record_ = json.loads(lines[number].rstrip(","))
    record_["answer"]["ok"]["codes"] = 3
    comma = "," if lines[number].endswith(",") else ""
    lines[number] = json.dumps(record_) + comma
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    with pytest.raises(CaptureError) as caught:
        load(path, Release.parse(NEW))
    assert caught.value.line == number + 1


def test_a_record_knows_its_line() -> None:
    record_ = Record("digest", "run", "name", {"ok": {"output": "\N{SNOWMAN}"}})
    assert Record(**json.loads(record_.line())) == record_
    assert record_.line().isascii()


# -- builds ---------------------------------------------------------------------------------------

WATCH = """
import sys
started = []
STARTING = ("subprocess.Popen", "os.fork", "os.forkpty", "os.posix_spawn", "os.exec", "os.system")
sys.addaudithook(lambda event, args: started.append(event) if event in STARTING else None)
from sphinx.cmd.build import main
status = main(sys.argv[1:])
print("STARTED", started)
sys.exit(status)
"""


@pytest.mark.parametrize("target", [OLD, NEW])
def test_without_executing_a_guide_is_built_from_its_capture_and_nothing_is_started(
    build: Build, recorded: Path, target: str
) -> None:
    from_interpreter = build(target=target, conf=RELEASES)
    assert from_interpreter.warnings == ""
    wanted = from_interpreter.read("index.html")
    source = Path(from_interpreter.app.srcdir)
    conf = {
        "extensions": ["myst_parser", "bytedoc"],
        "primary_domain": "bytedoc",
        "myst_enable_extensions": ["colon_fence"],
        "html_theme": "basic",
        **RELEASES,
        "bytedoc_target": target,
        "bytedoc_execute": False,
    }
    settings = "".join(f"{name} = {value!r}\n" for name, value in conf.items())
    (source / "conf.py").write_text(settings, encoding="utf-8")
    out = source.parent / "unstarted"
    done = subprocess.run(
        [sys.executable, "-c", WATCH, "-W", "-b", "html", str(source), str(out)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "STARTED []"
    html = (out / "index.html").read_text(encoding="utf-8")
    assert html == wanted


def test_the_watch_sees_what_is_started() -> None:
    """Else the test before could not fail."""
    program = WATCH.replace("from sphinx.cmd.build import main", "import subprocess").replace(
        "main(sys.argv[1:])", "subprocess.call([sys.executable, '-c', ''])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert "subprocess.Popen" in done.stdout


def test_a_release_that_is_not_here_is_shown_as_recorded(
    build: Build, recorded: Path, both: dict[str, Interpreter]
) -> None:
    missing = {"bytedoc_interpreters": {OLD: "/nowhere/python"}}
    built = build(target=OLD, conf={**RELEASES, **missing})
    assert built.warnings == ""
    assert "is shown as it was recorded" in built.status
    assert "SETUP_LOOP" not in shown(built, "dis")
    assert str(both[OLD]) in output(built, "dis").get_text()


def test_an_edited_example_is_not_recorded_and_said_so_at_its_line(
    build: Build, recorded: Path
) -> None:
    edited = {"index.md": PAGE["index.md"].replace("print(object())", "print(1)")}
    built = build(edited, target=OLD, conf={**RELEASES, "bytedoc_execute": False})
    assert re.search(
        rf"index\.md:\d+: WARNING: run of printing on {OLD}: no result of this is recorded",
        built.warnings,
    )
    assert "[bytedoc.not-recorded]" in built.warnings
    assert "No result:" in built.read("index.html")
    assert "FOR_ITER" in built.read("index.html")


def test_times_are_shown_as_recorded_also_where_they_could_be_measured(
    build: Build, recorded: Path
) -> None:
    wanted = cells(output(build(target=NEW, conf={**RELEASES, "bytedoc_execute": False}), "timing"))
    here = build(target=NEW, conf=RELEASES)
    assert cells(output(here, "timing")) == wanted
    anew = build(target=NEW, conf={**RELEASES, "bytedoc_measure": True})
    assert cells(output(anew, "timing")) != wanted


# -- checking -------------------------------------------------------------------------------------


def test_a_check_that_finds_nothing_says_nothing(build: Build, recorded: Path) -> None:
    assert record(build, "capture-check").warnings == ""


def test_a_check_tells_each_record_that_is_wrong_missing_or_not_wanted(
    build: Build, recorded: Path
) -> None:
    path = recorded / f"{OLD}.json"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("FOR_ITER", "FOR_EVER"), encoding="utf-8")
    edited = {"index.md": PAGE["index.md"].replace("print(object())", "print(1)")}
    build(edited, "dummy", conf=RELEASES)
    built = record(build, "capture-check")
    assert re.search(
        rf"index\.md:\d+: WARNING: dis of loop on {OLD}: CPython {OLD}\.\d+ answers otherwise than "
        rf"the capture of CPython {OLD}\.\d+: .*FOR_ITER.*, not .*FOR_EVER",
        built.warnings,
    )
    for release in (OLD, NEW):
        assert f"run of printing on {release}: CPython {release}" in built.warnings
        assert re.search(
            rf"recorded/{release}\.json:\d+: WARNING: no page asks for this", built.warnings
        )
    assert built.warnings.count("[bytedoc.capture-differs]") == 6  # with the code-object


def test_another_patch_release_is_said_and_compared_by_content(
    build: Build, recorded: Path, both: dict[str, Interpreter]
) -> None:
    path = recorded / f"{NEW}.json"
    text = path.read_text(encoding="utf-8")
    version = both[NEW].version
    path.write_text(text.replace(f'"version": "{version}"', f'"version": "{NEW}.99"'), "utf-8")
    built = record(build, "capture-check")
    assert built.warnings == ""
    assert f"the capture is of CPython {NEW}.99, the interpreter here is CPython {version}" in (
        built.status
    )


def test_a_release_that_is_asked_for_and_not_here_is_told(
    build: Build, both: dict[str, Interpreter]
) -> None:
    build(PAGE, "dummy", conf=RELEASES)
    built = record(build, bytedoc_capture_releases=["3.99"])
    assert "Python 3.99 was not recorded: no CPython 3.99 was found" in built.warnings
    assert list(built.out.glob("*.json")) == []


def test_a_release_that_is_not_here_keeps_its_capture(build: Build, recorded: Path) -> None:
    before = (recorded / f"{OLD}.json").read_bytes()
    built = record(build, bytedoc_interpreters={OLD: "/nowhere/python"})
    assert built.warnings == ""
    assert f"{OLD}: left as it is" in built.status
    assert (recorded / f"{OLD}.json").read_bytes() == before


def test_with_two_interpreters_of_a_release_the_one_that_is_asked_is_named(
    build: Build, both: dict[str, Interpreter], tmp_path: Path
) -> None:
    """The one that the configuration names."""
    interpreter = both[NEW]
    build(PAGE, "dummy", conf=RELEASES)
    built = record(build, bytedoc_interpreters={NEW: interpreter.executable})
    others = [line for line in built.status.splitlines() if line.startswith(f"{NEW}: asked")]
    assert all(f"asked {interpreter} ({interpreter.executable})" in line for line in others)
    found = json.loads((Path(built.app.srcdir) / "recorded" / f"{NEW}.json").read_text("utf-8"))
    assert found["interpreter"]["version"] == interpreter.version


def test_nothing_can_be_recorded_where_nothing_may_be_executed(
    build: Build, both: dict[str, Interpreter]
) -> None:
    build(PAGE, "dummy", conf=RELEASES)
    built = record(build, bytedoc_execute=False)
    assert "left as it is: nothing may be executed" in built.status
    assert list(built.out.glob("*.json")) == []
