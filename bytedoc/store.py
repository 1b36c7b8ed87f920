"""Where results are kept: a file for each interpreter, to which answers are added, a line each.

A result depends on the interpreter's identity, on the request and on the probe, and on nothing
else: all three are in the name of its file or in its line.  One that also depends on modules which
the example imported says so (``imports``); it is not valid when one of them changed, nor for
another executable, which may have others.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from .request import Interpreter, Request

PROBE = Path(__file__).parent / "probe"

#: Failures that follow from the question alone; all others are asked again in the next build.
_LASTING = frozenset({"syntax", "unknown-object"})
#: What begins an answer that is no failure.
_OK = b'{"ok":'
#: What tells, in such an answer, that something was executed: it may not last, or depend on more.
#: No text in an answer has it, for there quotation marks are escaped.
_EXECUTED = (b'"imports":', b'"exception":')
#: A line is ``["<digest of the request>","<digest of the answer>",<answer>]``.
_LINE = b'["%b","%b",%b]\n'
_REQUEST, _DIGEST, _ANSWER = slice(2, 26), slice(29, 45), slice(47, -2)
#: Bytes that are read at once: lines are long, and one that is in two parts is copied twice.
_AT_ONCE = 1 << 20


def probe_state() -> list[tuple[str, int, int]]:
    """What tells one state of the probe's files from another: name, time of change and size."""
    with os.scandir(PROBE) as entries:
        sources = [(entry.name, entry.stat()) for entry in entries if entry.name.endswith(".py")]
    # An installer may set the time of the content, but not that of the file.
    return sorted((name, status.st_ctime_ns, status.st_size) for name, status in sources)


def probe_digest() -> str:
    """A digest of the probe's source: another probe may answer otherwise."""
    found = hashlib.blake2b(digest_size=8)
    for name, _, _ in probe_state():
        found.update((PROBE / name).read_bytes())
    return found.hexdigest()


class Store:
    """Results of earlier builds, and of this one.

    Several builds may use the same files at the same time: lines are only ever added, each at
    once, and one that is damaged, by a build that was killed, say, counts as missing.

    Args:
        folder: where the files are; made when the first result comes.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        # As they are in the files: many thousand objects less than as they are in Python.
        self._lines: dict[str, dict[bytes, bytes]] = {}
        self._known: dict[tuple[str, str, str], bytes] = {}
        self._begun: set[str] = set()
        self._imports: set[tuple[str, int, int]] = set()

    @cached_property
    def probe(self) -> str:
        """A digest of the probe, as `probe_digest`."""
        return probe_digest()

    def get(self, interpreter: Interpreter, request: Request) -> Mapping[str, Any] | None:
        """The probe's answer, or None where there is none that is still valid."""
        found = self.line(interpreter, request)
        if found is None:
            return None
        record: Mapping[str, Any] = json.loads(found)
        return record

    def line(self, interpreter: Interpreter, request: Request) -> bytes | None:
        """The probe's answer as JSON in ASCII on one line; None as for `get`."""
        found = self._find(interpreter, request)
        return None if found is None else found[_ANSWER]

    def has(self, interpreter: Interpreter, request: Request) -> bool:
        """Whether there is an answer."""
        return self._find(interpreter, request) is not None

    def succeeded(self, interpreter: Interpreter, request: Request) -> bool:
        """Whether there is an answer and it is no failure."""
        found = self._find(interpreter, request)
        return found is not None and found.startswith(_OK, _ANSWER.start)

    def digest(self, interpreter: Interpreter, request: Request) -> str:
        """A digest of the answer; empty where there is none."""
        found = self._find(interpreter, request)
        return "" if found is None else found[_DIGEST].decode("ascii")

    def imports(self) -> list[list[Any]]:
        """Path, time and size of every file on which an answer of this build depends."""
        return [list(item) for item in sorted(self._imports)]

    def put(self, interpreter: Interpreter, request: Request, answer: bytes) -> None:
        """Keep an answer, which is JSON in ASCII on one line, as the probe writes it.

        It is kept in this build always, on disk unless the next build should ask again.  Where
        the disk does not take it, the next build asks again as well.
        """
        lasts = True
        if not answer.startswith(_OK) or any(sign in answer for sign in _EXECUTED):
            record = json.loads(answer)
            lasts = _lasts(record)
            imports = record.get("ok", {}).get("imports")
            if imports:
                record["executable"] = interpreter.executable
                answer = compact(record)
                self._imports.update(map(tuple, imports))
        line = _LINE % (request.digest.encode("ascii"), _digest(answer), answer)
        self._known[_key(interpreter, request)] = line
        if not lasts:
            return
        with contextlib.suppress(OSError):
            if interpreter.identity not in self._begun:
                self._begun.add(interpreter.identity)
                self.folder.mkdir(parents=True, exist_ok=True)
                line = b"\n" + line  # in case that another build left a line half done
            with self._path(interpreter).open("ab", buffering=0) as file:
                file.write(line)  # in one go, so that nothing of another build comes in between

    def forget(self, interpreter: Interpreter, request: Request) -> None:
        """Take an answer of an earlier build for missing; the next one takes its place."""
        self._known.pop(_key(interpreter, request), None)
        self._lines_of(interpreter).pop(request.digest.encode("ascii"), None)

    def _find(self, interpreter: Interpreter, request: Request) -> bytes | None:
        key = _key(interpreter, request)
        found = self._known.get(key)
        if found is None:
            found = self._lines_of(interpreter).get(request.digest.encode("ascii"))
            if found is None or not self._is_valid(found, interpreter):
                return None
            self._known[key] = found
        return found

    def _lines_of(self, interpreter: Interpreter) -> dict[bytes, bytes]:
        """The lines that earlier builds left, by the digest of the request."""
        found = self._lines.get(interpreter.identity)
        if found is None:
            found = self._lines[interpreter.identity] = {}
            with contextlib.suppress(OSError), self._path(interpreter).open("rb", _AT_ONCE) as file:
                found.update((line[_REQUEST], line) for line in file)
        return found

    def _is_valid(self, line: bytes, interpreter: Interpreter) -> bool:
        """Whether a line is as it was written, and its answer would be given again."""
        answer = line[_ANSWER]
        if line != _LINE % (line[_REQUEST], _digest(answer), answer):
            return False
        if _EXECUTED[0] not in answer:
            return True
        record = json.loads(answer)
        if record.get("executable", interpreter.executable) != interpreter.executable:
            return False
        imports = record["ok"]["imports"]
        self._imports.update(map(tuple, imports))
        return all(unchanged(*item) for item in imports)

    def _path(self, interpreter: Interpreter) -> Path:
        return self.folder / f"{interpreter.version}-{interpreter.identity}-{self.probe}.jsonl"


def compact(value: Any) -> bytes:
    """A value as JSON, as the probe writes it."""
    return json.dumps(value, separators=(",", ":")).encode("ascii")


def _digest(answer: bytes) -> bytes:
    return hashlib.blake2b(answer, digest_size=8).hexdigest().encode("ascii")


def _key(interpreter: Interpreter, request: Request) -> tuple[str, str, str]:
    return interpreter.identity, interpreter.executable, request.digest


def _lasts(record: Mapping[str, Any]) -> bool:
    """Whether the same question would be answered in the same way.

    Running out of time, a crash, an exception (a module that is missing today) might not be.
    """
    failure = record.get("failure")
    if failure is not None:
        return failure["kind"] in _LASTING
    return record["ok"].get("exception") is None or record["ok"]["exception"]["expected"]


def unchanged(path: str, mtime: int, size: int) -> bool:
    """Whether a file is as it was: *mtime* in nanoseconds, *size* in bytes."""
    try:
        status = os.stat(path)  # noqa: PTH116 - many thousand times in a build
    except OSError:
        return False
    return (status.st_mtime_ns, status.st_size) == (mtime, size)
