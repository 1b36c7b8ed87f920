"""Where results are kept: a file each, named by what was asked and of whom.

A result depends on the interpreter's identity, on the request and on the probe, and on nothing
else: all three are in its path.  One that also depends on modules which the example imported says
so (``imports``); it is not valid when one of them changed, nor for another executable, which may
have others.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .request import Interpreter, Request

PROBE = Path(__file__).parent / "probe"

#: Failures that follow from the question alone; all others are asked again in the next build.
_LASTING = frozenset({"syntax", "unknown-object"})


def probe_digest() -> str:
    """A digest of the probe's source: another probe may answer otherwise."""
    found = hashlib.blake2b(digest_size=8)
    for path in sorted(PROBE.glob("*.py")):
        found.update(path.read_bytes())
    return found.hexdigest()


class Store:
    """Results of earlier builds, and of this one.

    Args:
        folder: where the files are; made when the first result comes.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.probe = probe_digest()
        # As they are in the files: many thousand objects less than as they are in Python.
        self._known: dict[tuple[str, str, str], bytes] = {}
        self._imports: set[tuple[str, int, int]] = set()

    def get(self, interpreter: Interpreter, request: Request) -> Mapping[str, Any] | None:
        """The probe's answer, or None where there is none that is still valid."""
        found = self._find(interpreter, request)
        if found is None:
            return None
        record: Mapping[str, Any] = json.loads(found)
        return record

    def has(self, interpreter: Interpreter, request: Request) -> bool:
        """Whether there is an answer."""
        return self._find(interpreter, request) is not None

    def succeeded(self, interpreter: Interpreter, request: Request) -> bool:
        """Whether there is an answer and it is no failure."""
        found = self._find(interpreter, request)
        return found is not None and found.startswith(b'{"ok"')

    def digest(self, interpreter: Interpreter, request: Request) -> str:
        """A digest of the answer; empty where there is none."""
        found = self._find(interpreter, request)
        return "" if found is None else hashlib.blake2b(found, digest_size=8).hexdigest()

    def imports(self) -> list[list[Any]]:
        """Path, time and size of every file on which an answer of this build depends."""
        return [list(item) for item in sorted(self._imports)]

    def put(self, interpreter: Interpreter, request: Request, record: Mapping[str, Any]) -> None:
        """Keep an answer: in this build always, on disk unless the next build should ask again.

        Where the disk does not take it, the next build asks again as well.
        """
        if record.get("ok", {}).get("imports"):
            record = {**record, "executable": interpreter.executable}
        data = json.dumps(record, separators=(",", ":")).encode("ascii")
        self._keep(interpreter, request, data, record)
        if not _lasts(record):
            return
        path = self._path(interpreter, request)
        part = path.with_name(f"{path.name}.{os.getpid()}")
        with contextlib.suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True)
            part.write_bytes(data)
            part.replace(path)

    def _find(self, interpreter: Interpreter, request: Request) -> bytes | None:
        found = self._known.get(_key(interpreter, request))
        if found is None:
            read = _read(self._path(interpreter, request), interpreter.executable)
            if read is not None:
                found = read[0]
                self._keep(interpreter, request, *read)
        return found

    def _keep(
        self, interpreter: Interpreter, request: Request, data: bytes, record: Mapping[str, Any]
    ) -> None:
        self._known[_key(interpreter, request)] = data
        imports = record.get("ok", {}).get("imports", ())
        self._imports.update(tuple(item) for item in imports)

    def _path(self, interpreter: Interpreter, request: Request) -> Path:
        version = f"{interpreter.version}-{interpreter.identity}-{self.probe}"
        return self.folder / version / f"{request.digest}.json"


def _key(interpreter: Interpreter, request: Request) -> tuple[str, str, str]:
    return interpreter.identity, interpreter.executable, request.digest


def _read(path: Path, executable: str) -> tuple[bytes, Mapping[str, Any]] | None:
    """The record in a file, if it is still valid.

    A damaged one counts as missing, and is written anew.
    """
    try:
        data = path.read_bytes()
        record = json.loads(data)
        answer = record["ok"] if "ok" in record else record["failure"]
        imports = answer.get("imports", ())
        if record.get("executable", executable) != executable:
            return None
        return (data, record) if all(unchanged(*item) for item in imports) else None
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None


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
