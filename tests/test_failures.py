"""What is wrong in a project: it is told where it is, and leaves everything else alone."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from bs4 import BeautifulSoup
from conftest import Build, Built, interpreter_or_skip
from sphinx.cmd.build import build_main

from bytedoc import runner
from bytedoc.errors import SUBTYPES
from bytedoc.interpreters import Interpreters

#: The release of the building interpreter.
THIS = f"3.{sys.version_info.minor}"
#: The bad example stands between two good ones, of two views.
PAGE = """\
# Page

```{{run}}
:name: before

print("before")
```

```{{dis}} before
```

{bad}

```{{run}}
:name: after

print("after")
```

{{value}}`after: len(co_consts)`
"""
#: The line of PAGE on which the bad example begins.
BAD_LINE = 12
#: Another page, with one good example of each view that asks an interpreter.
OTHER = """\
---
orphan: true
---

# Other

```{dis}
:name: add
:expect: co_argcount == 0; RETURN_VALUE -3.11; co_name == "<module>"

def add(a, b):
    return a + b
```

```{code-object} add
```

```{run}
:raises: ZeroDivisionError

1 / 0
```

```{interpreter}
```

{value}`add[add]: co_argcount`
"""


class Warned(NamedTuple):
    """A warning: where it is (line 0: nowhere), its subtype, what it says."""

    path: str
    line: int
    subtype: str
    message: str


def warned(built: Built) -> list[Warned]:
    """The warnings of a build; a message may have several lines."""
    found = []
    starts = re.compile(r"(?m)^(?=[^\s:]+(?::\d+)?: WARNING: )")
    for text in filter(None, starts.split(built.warnings)):
        match = re.fullmatch(
            r"(?P<path>[^\s:]+)(?::(?P<line>\d+))?: WARNING: "
            r"(?P<message>.*) \[(?P<subtype>[\w.-]+)\]\n*",
            text,
            re.DOTALL,
        )
        assert match is not None, text
        found.append(
            Warned(match["path"], int(match["line"] or 0), match["subtype"], match["message"])
        )
    return found


def outputs(built: Built, page: str = "index.html") -> list[str]:
    """The outputs of the good examples of a page, and its value."""
    soup = BeautifulSoup(built.read(page), "html.parser")
    wanted = "[data-example=before], [data-example=after], .bytedoc-value"
    return [str(item) for item in soup.select(wanted)]


def told(
    build: Build, bad: str, *, target: str = "", conf: dict[str, Any] | None = None
) -> list[Warned]:
    """Build the project with something bad in it; its warnings.

    Asserts that all the rest is as it is without that, and needs no interpreter any more.
    """
    broken = build({"index.md": PAGE.format(bad=bad), "other.md": OTHER}, target=target, conf=conf)
    broken.app.cleanup()
    other, good = broken.read("other.html"), outputs(broken)
    sound = build({"index.md": PAGE.format(bad="")}, target=target, conf=conf, fresh=True)
    assert sound.warnings == ""
    assert not sound.executed
    assert other == sound.read("other.html")
    assert good == outputs(sound)
    assert len(good) == 4
    return warned(broken)


@dataclass(frozen=True)
class Case:
    """Something bad: the directive, and the one warning that it is to give.

    Attributes:
        line: which line of the directive the warning names, from 0.
        says: what the message has in it.
    """

    bad: str
    subtype: str
    says: str
    line: int = 0
    conf: dict[str, Any] = field(default_factory=dict)


def run(*lines: str, options: str = "") -> str:
    """A ``run`` directive with these lines of source; the first is the fourth line, if named."""
    return "\n".join(["```{run}", ":name: bad", *([options] if options else []), "", *lines, "```"])


#: The line of ``run`` on which its source begins.
FIRST = 3
BRIEF = {"bytedoc_timeout": 0.5}

CASES = {
    "an infinite loop": Case(
        run("while True:", "    pass"), "timeout", "still running after 0.5 seconds", conf=BRIEF
    ),
    "a timeout of its own": Case(
        run("while True:", "    pass", options=":timeout: 0.3"),
        "timeout",
        "still running after 0.3 seconds",
    ),
    "endless output": Case(
        run("import sys", "while True:", "    sys.stdout.write('x' * 100_000)"),
        "output-limit",
        "printed more than 100000 bytes",
    ),
    "a flood and an end": Case(
        run("print('x' * 200_000)"), "output-limit", "printed more than 100000 bytes"
    ),
    "memory without end": Case(
        run("kept = []", "while True:", "    kept.append(bytearray(1 << 20))"),
        "memory",
        "bytedoc_memory is the most",
        line=FIRST + 2,
        conf={"bytedoc_memory": 128},
    ),
    "os._exit": Case(run("import os", "os._exit(3)"), "exit", "ended its process with status 3"),
    "os._exit without a failure": Case(
        run("import os", "os._exit(0)"), "exit", "ended its process before its end"
    ),
    "sys.exit": Case(run("import sys", "sys.exit(3)"), "exit", "SystemExit: 3", line=FIRST + 1),
    "sys.exit without a failure": Case(
        run("import sys", "sys.exit(0)"), "exit", "SystemExit: 0", line=FIRST + 1
    ),
    "a segmentation fault": Case(
        run("import ctypes", "ctypes.string_at(0)"), "crash", "signal 11 (SIGSEGV)"
    ),
    "a closed standard output": Case(
        run("import sys", "sys.stdout.close()"), "closed-output", "closes its standard output"
    ),
    "a closed descriptor": Case(
        run("import os", "os.close(1)"), "closed-output", "closes its standard output"
    ),
    "bytes that are not UTF-8": Case(
        run("import sys", "sys.stdout.buffer.write(b'caf\\xe9')"), "encoding", "not UTF-8"
    ),
    "a lone surrogate": Case(run("print('\\ud800')"), "encoding", "UnicodeEncodeError", line=FIRST),
    "a lone surrogate in an exception": Case(
        run("raise ValueError('\\ud800')"), "exception", "ValueError", line=FIRST
    ),
    "a killed process": Case(
        run("import os", "os.kill(os.getpid(), 9)"), "crash", "killed by signal 9 (SIGKILL)"
    ),
    "a killed probe": Case(
        run("import os", "os.kill(os.getppid(), 9)"), "crash", "killed by signal 9 (SIGKILL)"
    ),
    "a process left behind": Case(
        run("import subprocess", "subprocess.Popen(['sleep', '60'])"),
        "leftover-process",
        "was killed",
    ),
    "standard input read": Case(run("input()"), "input", "reads standard input"),
    "an exception": Case(
        run("def half(number):", "    return number / 0", "", "half(1)"),
        "exception",
        "ZeroDivisionError: division by zero; say :raises: ZeroDivisionError",
        line=FIRST + 1,
    ),
    "an exception in the library": Case(
        run("import importlib", "importlib.import_module('no_such_module')"),
        "exception",
        "ModuleNotFoundError: No module named 'no_such_module'",
        line=FIRST + 1,
    ),
    "an exception in a function of another example": Case(
        "```{example} helper\n\n\n\ndef fail():\n    1 / 0\n```\n\n"
        "```{run}\n:setup: helper\n\nfail()\n```",
        "exception",
        "ZeroDivisionError",
        line=11,
    ),
    "too many processes": Case(
        run(
            "import os, time",
            "for _ in range(400):",
            "    if not os.fork(): time.sleep(60); os._exit(0)",
            "time.sleep(60)",
        ),
        "process-limit",
        "started more than 256 processes",
    ),
    "a message of 100 MB": Case(
        run("raise ValueError('x' * 100_000_000)"),
        "output-limit",
        "printed more than 100000 bytes",
    ),
    "another exception than the expected": Case(
        run("int('x')", options=":raises: KeyError"),
        "exception",
        "ValueError: invalid literal",
        line=FIRST + 1,
    ),
    "an expected exception that does not come": Case(
        run("1 + 1", options=":raises: ZeroDivisionError"),
        "no-exception",
        "it was to raise ZeroDivisionError",
    ),
    "an example that is not there": Case(
        "```{dis} befor\n```", "unknown-example", "no example 'befor'; did you mean 'before'?"
    ),
    "a role of an example that is not there": Case(
        "A {value}`befor: 1`.", "unknown-example", "no example 'befor'; did you mean 'before'?"
    ),
    "an option that is not there": Case(
        "```{dis} add\n:optimise: 1\n```", "option", "did you mean ':optimize:'?"
    ),
    "an option's value": Case(
        "```{dis} add\n:optimize: 3\n```", "option", ":optimize: 3: it must be at least 0"
    ),
    "a code object that is not there": Case(
        "```{dis} add\n:object: ad\n```", "unknown-object", "did you mean 'add'?"
    ),
    "no content": Case("```{dis}\n```", "argument", "it needs content"),
    "content and an argument": Case("```{dis} add\n\nx\n```", "argument", "it has an argument"),
    "a name that is taken": Case(
        "```{example} before\n\nx = 1\n```",
        "duplicate-example",
        "the name 'before' is taken by the example at index.md:6",
        line=2,
    ),
    "an instruction that is not there": Case(
        "A {op}`LOAD_FROM_MARS`.", "unknown-opcode", "LOAD_FROM_MARS"
    ),
    "an expression that fails": Case(
        "A {value}`before: 1 / 0`.", "expression", "ZeroDivisionError: division by zero"
    ),
    "a set-up that fails": Case(
        "```{example} helper\n\n1 / 0\n```\n\n```{run}\n:setup: helper\n\nprint(1)\n```",
        "setup",
        "ZeroDivisionError",
        line=5,
    ),
    "a statement that fails": Case(
        "```{timing}\n1 / 0\n```",
        "statement",
        "ZeroDivisionError",
        line=1,
        conf={"bytedoc_timing_processes": 1},
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_a_failure_is_told_where_it_is_and_leaves_everything_else_alone(
    case: Case, build: Build
) -> None:
    (found,) = told(build, case.bad, conf=case.conf)
    assert found.subtype == f"bytedoc.{case.subtype}"
    assert case.says in found.message
    assert (found.path, found.line) == ("index.md", BAD_LINE + case.line)
    assert case.subtype in SUBTYPES


@pytest.mark.parametrize("release", ["3.6", "3.8", "3.13", ""])
def test_a_syntax_error_is_shown_as_its_release_shows_it(
    release: str, build: Build, interpreters: Interpreters
) -> None:
    target = interpreter_or_skip(interpreters, release or THIS).executable
    bad = "```{dis}\n:name: bad\n\nx = 1\n\nif x = 1:\n    pass\n```"
    (found,) = told(build, bad, target=target)
    assert found[:3] == ("index.md", BAD_LINE + 3 + 2, "bytedoc.syntax")
    what, source, caret, advice = found.message.split("\n")
    assert "SyntaxError: invalid syntax" in what
    assert source.strip() == "if x = 1:"
    column = caret.index("^") - (len(source) - len(source.lstrip()))
    assert (
        "if x = 1:"[column] in "x="
    )  # until 3.9 releases point at the sign, then at its left side
    assert "say :since:" in advice


def test_a_syntax_error_in_rest_is_at_its_line_of_the_file(build: Build) -> None:
    page = """\
Page
====

* In a list:

  .. dis::
     :name: bad
     :object: f

     def f():
         return ))
"""
    good = ":orphan:\n\nOther\n=====\n\n.. run::\n\n   print('good')\n"
    built = build({"index.rst": page, "other.rst": good}, conf={"exclude_patterns": ["*.md"]})
    (found,) = warned(built)
    assert found[:3] == ("index.rst", 11, "bytedoc.syntax")
    assert "unmatched ')'\n    return ))\n           ^" in found.message
    assert "good" in built.read("other.html")


NEWER = "match x:\n    case 1: pass\n"


def test_an_example_newer_than_the_target_is_a_syntax_error_that_says_what_to_do(
    build: Build, interpreters: Interpreters
) -> None:
    target = interpreter_or_skip(interpreters, "3.8").executable
    (found,) = told(build, f"```{{dis}}\n\n{NEWER}```", target=target)
    assert found[:3] == ("index.md", BAD_LINE + 2, "bytedoc.syntax")
    assert found.message.endswith(
        "if Python 3.8 can't have it, say :since: and the release that can"
    )


def test_since_says_kindly_that_an_example_is_newer_than_the_target(
    build: Build, interpreters: Interpreters
) -> None:
    target = interpreter_or_skip(interpreters, "3.8").executable
    bad = f"```{{dis}}\n:name: new\n:since: 3.10\n\n{NEWER}```\n\n```{{run}} new\n```"
    assert told(build, bad, target=target) == []
    kind = "This needs Python 3.10 or newer; this page shows Python 3.8."
    page = build({"index.md": PAGE.format(bad=bad)}, target=target).read("index.html")
    assert page.count(kind) == 2


def test_an_unknown_directive_is_told_by_its_parser(build: Build) -> None:
    (found,) = told(build, "```{diss}\n\nx\n```")
    # Sphinx 8.2 gives the file another ending here, which is no matter of ours
    assert found[0].removesuffix(".rst") == "index.md"
    assert found[1:3] == (BAD_LINE, "myst.directive_unknown")


#: A page whose examples have names that another such page has as well.
TAKEN = "---\norphan: true\n---\n\n# {page}\n\n```{{run}}\n:name: same\n\nprint('{page}')\n```\n"


@pytest.mark.parametrize("parallel", [0, 2])
def test_of_two_examples_with_one_name_the_first_in_order_of_pages_is_shown(
    parallel: int, build: Build
) -> None:
    pages = {f"{page}.md": TAKEN.format(page=page) for page in "abcdefgh"}
    shows = "# Page\n\n```{run} same\n```\n"
    built = build({**pages, "index.md": shows}, parallel=parallel)
    assert warned(built) == [
        Warned(
            f"{page}.md",
            10,
            "bytedoc.duplicate-example",
            "the name 'same' is taken by the example at a.md:10; views of it show that one",
        )
        for page in "bcdefgh"
    ]
    assert "a\n" in BeautifulSoup(built.read("index.html"), "html.parser").get_text()


UNMET = {
    "an instruction": (
        "```{dis} add\n:expect: RETURN_VALUE; FROM_MARS\n```",
        "expected FROM_MARS, but the listing has",
    ),
    "no such instruction": (
        "```{dis} add\n:expect: not RETURN_VALUE\n```",
        "expected not RETURN_VALUE, but it occurs 2 times",
    ),
    "a number of instructions": (
        "```{dis} add\n:object: add\n:expect: RETURN_VALUE x3\n```",
        "expected RETURN_VALUE x3, but it occurs once",
    ),
    "an expression about a listing": (
        "```{dis} add\n:object: add\n:expect: co_argcount == 3\n```",
        "expected co_argcount == 3, but it is 2 == 3",
    ),
    "an expression about a code object": (
        "```{code-object} add\n:object: add\n:expect: co_nlocals > 2 3.6+\n```",
        "expected co_nlocals > 2, but it is 2 > 2",
    ),
    "an output": (
        "```{run} before\n:expect: afterwards\n```",
        "expected afterwards, but the output is 'before\\n'",
    ),
    "no such output": (
        "```{run} before\n:expect: not before\n```",
        "expected not before, but the output is 'before\\n'",
    ),
    "a timing": (
        "```{timing}\n:expect: long < short\n\n1  # short\n1 in range(10)  # long\n```",
        "expected long < short, but it is ",
    ),
    "an interpreter": (
        "```{interpreter}\n:expect: sys.version_info[0] == 4\n```",
        "expected sys.version_info[0] == 4, but it is 3 == 4",
    ),
}


@pytest.mark.parametrize(("bad", "says"), UNMET.values(), ids=UNMET.keys())
def test_an_expectation_that_does_not_hold_says_what_is_there(
    bad: str, says: str, build: Build
) -> None:
    conf = {"bytedoc_timing_processes": 1, "bytedoc_timing_min_time": 0.001}
    files = {"index.md": PAGE.format(bad=bad), "other.md": OTHER}
    (found,) = warned(build(files, conf=conf))
    assert found[:3] == ("index.md", BAD_LINE, "bytedoc.expectation")
    assert says in found.message


def test_an_expectation_whose_expression_fails_says_why(build: Build) -> None:
    (found,) = told(build, "```{dis} add\n:expect: co_argcuont == 2\n```")
    assert found[:3] == ("index.md", BAD_LINE, "bytedoc.expression")
    assert "NameError: name 'co_argcuont' is not defined" in found.message


def test_a_failure_fails_the_build_under_w_and_all_pages_are_written(tmp_path: Path) -> None:
    (tmp_path / "conf.py").write_text(
        "extensions = ['myst_parser', 'bytedoc']\nprimary_domain = 'bytedoc'\n"
    )
    (tmp_path / "index.md").write_text(PAGE.format(bad=run("import sys", "sys.exit(0)")))
    (tmp_path / "other.md").write_text(OTHER)
    out = tmp_path / "out"
    assert build_main(["-q", "-W", "--keep-going", str(tmp_path), str(out)]) == 1
    assert "after" in (out / "index.html").read_text()
    assert "RETURN_VALUE" in (out / "other.html").read_text()


def test_an_interrupted_build_does_not_wait_for_an_example(tmp_path: Path) -> None:
    (tmp_path / "conf.py").write_text(
        "extensions = ['myst_parser', 'bytedoc']\nprimary_domain = 'bytedoc'\n"
    )
    started = tmp_path / "started"
    os.mkfifo(started)
    endless = run(f"open({str(started)!r}, 'w').close()", "while True: pass")
    page = endless.replace(":name: bad", ":timeout: 60")
    (tmp_path / "index.md").write_text(f"# Page\n\n{page}\n")
    # A shell that runs the tests in its background has this signal ignored.
    script = (
        "import signal, sys\nsignal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "from sphinx.cmd.build import main\nsys.exit(main(sys.argv[1:]))"
    )
    command = [sys.executable, "-c", script, "-q", str(tmp_path), str(tmp_path / "out")]
    with subprocess.Popen(command, stderr=subprocess.PIPE) as process:
        started.read_bytes()  # waits until the example runs
        process.send_signal(signal.SIGINT)
        try:
            _, said = process.communicate(timeout=20)
        finally:
            process.kill()
    assert process.returncode == 2
    assert b"Interrupted!" in said


def test_what_failed_is_told_in_every_build_until_it_is_mended(build: Build) -> None:
    files = {"index.md": PAGE.format(bad=run("1 / 0"))}
    first = build(files)
    first.app.cleanup()
    assert warned(first) == warned(build())


@pytest.mark.parametrize("builder", ["text", "latex", "html"])
def test_what_no_page_can_hold_is_shown_as_escapes(builder: str, build: Build) -> None:
    surrogate = run("raise ValueError('\\ud800\\x00')", options=":raises: ValueError")
    control = "```{run}\n\nprint('\\x1b[31m\\x00')\n```"
    failing = "```{run}\n\nraise KeyError('\\ud801')\n```"
    value = "{value}`before: '\\ud802\\x00'`"
    bad = f"{surrogate}\n\n{control}\n\n{failing}\n\n{value}"
    built = build({"index.md": PAGE.format(bad=bad)}, builder)
    (found,) = warned(built)
    assert found.subtype == "bytedoc.exception"
    if builder == "html":
        text = BeautifulSoup(built.read("index.html"), "html.parser").get_text()
        for escape in (r"\ud800\x00", r"\x1b[31m\x00", r"\ud801", r"\ud802\x00"):
            assert escape in text


# -- interpreters ---------------------------------------------------------------------------

#: A view of another release than the target, which ``bytedoc_interpreters`` names.
ELSEWHERE = "```{dis} add\n:release: 3.7\n```"


def program(path: Path, *lines: str) -> str:
    """Write a shell script that can be executed; its path."""
    path.write_text("\n".join(["#!/bin/sh", *lines, ""]))
    path.chmod(0o755)
    return str(path)


#: An interpreter that says it is another implementation than it is.
FAKE = """exec {python} -c '
import runpy, sys
sys.implementation.name = "pypy"
sys.argv[:] = sys.argv[3:]
runpy.run_path(sys.argv[0], run_name="__main__")' "$@"
"""

BROKEN = {
    "fails": (["exit 1"], "interpreter-broken", "does not work: ended with status 1"),
    "complains": (
        ["echo 'no license' >&2; exit 1"],
        "interpreter-broken",
        "ended with status 1 (no license)",
    ),
    "is killed": (["kill -9 $$"], "interpreter-broken", "killed by signal 9 (SIGKILL)"),
    "prints garbage": (["echo hello"], "interpreter-broken", "answered b'hello\\n'"),
    "prints another object": (["echo '{}'"], "interpreter-broken", "does not work"),
    "never stops printing": (["exec yes"], "interpreter-broken", "answered b'y\\n'"),
    "prints an endless line": (
        ["exec cat /dev/zero"],
        "interpreter-broken",
        "which is not of the probe",
    ),
    "hangs": (["exec sleep 60"], "interpreter-broken", "no answer within 0.5 seconds"),
    "closes its output and hangs": (
        ["exec sleep 60 >&-"],
        "interpreter-broken",
        "closed its standard output",
    ),
    "is not CPython": (
        [FAKE.format(python=sys.executable)],
        "interpreter-implementation",
        "is pypy 3.",
    ),
    "is too old": (
        ["""echo '{"refused": "too-old", "version": "2.7.18"}'; exit 3"""],
        "interpreter-version",
        "is Python 2.7.18; the oldest that can be shown is 3.6",
    ),
    "is another release": (
        [f'exec {sys.executable} "$@"'],
        "interpreter-missing",
        f"for 3.7, but that is CPython 3.{sys.version_info.minor}",
    ),
}


@pytest.mark.parametrize(("lines", "subtype", "says"), BROKEN.values(), ids=BROKEN.keys())
def test_an_interpreter_that_can_not_be_used_is_told_at_its_first_use(
    lines: list[str],
    subtype: str,
    says: str,
    build: Build,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(runner, "START_TIME", 0.5 if "sleep" in lines[0] else 20.0)
    monkeypatch.setattr(runner, "END_TIME", 0.1)
    conf = {"bytedoc_interpreters": {"3.7": program(tmp_path / "python3.7", *lines)}}
    (found,) = told(build, ELSEWHERE, conf=conf)
    assert found[:3] == ("index.md", BAD_LINE, f"bytedoc.{subtype}")
    assert says in found.message


def test_an_interpreter_that_is_no_program_is_told(build: Build, tmp_path: Path) -> None:
    (tmp_path / "python").write_text("not a program")
    conf = {"bytedoc_interpreters": {"3.7": str(tmp_path / "python")}}
    (found,) = told(build, ELSEWHERE, conf=conf)
    assert found[:3] == ("index.md", BAD_LINE, "bytedoc.interpreter-broken")
    assert "does not start: Permission denied" in found.message


def test_an_interpreter_that_is_not_there_is_told_once(build: Build) -> None:
    missing = {"bytedoc_interpreters": {"3.7": "/nowhere/python3.7"}}
    (found,) = told(build, ELSEWHERE + "\n\n" + ELSEWHERE, conf=missing)
    assert found[:3] == ("index.md", BAD_LINE, "bytedoc.interpreter-missing")
    assert "there is no /nowhere/python3.7 (2 outputs need it)" in found.message


def test_a_release_that_nobody_has_is_told_with_what_to_do(build: Build) -> None:
    (found,) = told(build, "```{dis} add\n:release: 3.99\n```")
    assert found[:3] == ("index.md", BAD_LINE, "bytedoc.interpreter-missing")
    assert "no CPython 3.99 was found" in found.message
    assert "bytedoc_interpreters = {'3.99': '/path/to/python3.99'}" in found.message


def test_a_target_that_is_not_there_leaves_pages_without_results(build: Build) -> None:
    built = build({"index.md": PAGE.format(bad="")}, target="3.99")
    (found,) = warned(built)
    assert found[:3] == ("index.md", 3, "bytedoc.interpreter-missing")
    assert "(4 outputs need it)" in found.message
    assert "No result" in built.read("index.html")


def test_a_python_2_is_told_to_be_too_old(build: Build) -> None:
    python = Path("~/.pyenv/versions/2.7.18/bin/python2.7").expanduser()
    if not python.exists():
        pytest.skip("there is no Python 2.7")
    conf = {"bytedoc_interpreters": {"3.7": str(python)}}
    (found,) = told(build, ELSEWHERE, conf=conf)
    assert found.subtype == "bytedoc.interpreter-version"
    assert "is Python 2.7.18" in found.message


#: Says which release executes it, compiles to other instructions in each, and has a value.
IDENTITY = """\
# Page

```{run}
:name: who

import sys
print("I am", sys.version_info[:2])
```

```{dis} who
```

{value}`: sys.version_info[1]`
"""


@pytest.mark.parametrize("how", ["a link", "a wrapper"])
def test_an_interpreter_replaced_behind_its_name_gives_new_results(
    how: str, build: Build, interpreters: Interpreters, tmp_path: Path
) -> None:
    old = interpreter_or_skip(interpreters, "3.8").executable
    new = interpreter_or_skip(interpreters, "3.9").executable
    path = tmp_path / "python"

    def install(executable: str) -> None:
        path.unlink(missing_ok=True)
        if how == "a link":
            path.symlink_to(executable)
        else:
            program(path, f'exec {executable} "$@"')

    install(old)
    first = build({"index.md": IDENTITY}, target=str(path))
    first.app.cleanup()
    assert "I am (3, 8)" in first.read("index.html")
    install(new)
    second = build(target=str(path))
    second.app.cleanup()
    page = second.read("index.html")
    assert "I am (3, 9)" in page
    assert 'data-release="3.8"' not in page
    assert second.executed
    assert not build(target=str(path)).executed


# -- compiling ------------------------------------------------------------------------------


@pytest.mark.parametrize("release", ["3.6", "3.8", ""])
@pytest.mark.parametrize(
    "source", ["(" * 100_000, "x = " + "-" * 1_000_000 + "1", "x" + ".y" * 200_000]
)
def test_source_that_breaks_the_compiler_loses_nothing_else(
    source: str, release: str, build: Build, interpreters: Interpreters
) -> None:
    target = interpreter_or_skip(interpreters, release or THIS).executable
    (found,) = told(build, f"```{{dis}}\n:layout: hidden\n\n{source}\n```", target=target)
    assert found.path == "index.md"
    assert found.subtype in {"bytedoc.syntax", "bytedoc.memory", "bytedoc.crash"}


def test_a_compiler_that_does_not_come_to_an_end_loses_nothing_else(
    build: Build, interpreters: Interpreters, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = interpreter_or_skip(
        interpreters, "3.6"
    ).executable  # it reads long numbers in quadratic time
    monkeypatch.setattr(runner, "GRACE", 0.5)
    monkeypatch.setattr(runner, "END_TIME", 0.1)
    bad = "```{dis}\n:layout: hidden\n\nx = " + "9" * 2_000_000 + "\n```"
    (found,) = told(build, bad, target=target, conf={"bytedoc_timeout": 1})
    assert found[:3] == ("index.md", BAD_LINE, "bytedoc.timeout")
    assert "no answer within 1.5 seconds" in found.message
