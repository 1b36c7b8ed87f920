"""A capture: the recorded results of a release, in a file of plain data that a project keeps.

One file a release, ``3.12.json``, with one record a line, sorted, so that it can be read, compared
and merged like text::

    {"schema": 1,
    "interpreter": {"version": "3.12.1", ...},
    "records": [
    {"request": "<digest>", "view": "dis", "of": "add", "answer": {...}},
    ...
    ]}

A capture belongs to one interpreter, which its head names.  What depends on the machine alone
(paths, files that were imported) and what is the same in nearly all answers is left out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from .errors import CaptureError
from .release import Release
from .request import Interpreter, Request

Json = Any  #: What ``json.loads`` gives.

#: The form of the files that is written, and the only one that is read.
SCHEMA = 1

#: What an answer holds where it says nothing else: not written, and put back when read.
_DEFAULTS: Mapping[str, Json] = {
    "closed_output": False,
    "exception": None,
    "ignored": [],
    "imports": [],
    "input_read": False,
    "leftover": False,
    "output": "",
    "undecodable": False,
}
#: What an answer tells of the machine alone.
_LOCAL = frozenset({"executable", "files", "imports"})
#: What an example printed or raised: text in which there may be more of the machine.
_TOLD = ("exception", "output", "summary")
#: An address in what an example printed: another one in every run, so never kept.
_ADDRESS = r"\bat 0x[0-9a-fA-F]{6,}"
#: The folder of an interpreter's library, and where it is unless CPython is told otherwise.
_LIBRARY = r"(?<![\w./-])/[^\s\"'(),:]*?(?=/lib/python3\.\d+/)"
_SHOWN_PREFIX = "/usr/local"
#: The fields of an interpreter in the head of a capture.
_IDENTITY = tuple(name for name in Interpreter._fields if name not in _LOCAL)


class Record(NamedTuple):
    """One result in a capture.

    Attributes:
        request: the digest of the question.
        view: the question's view.
        of: the example, or else the page, that asked first.
        answer: what the probe answered, as far as it is kept.
    """

    request: str
    view: str
    of: str
    answer: Mapping[str, Json]

    def line(self) -> str:
        """The record as it stands in the file."""
        answer = json.dumps(self.answer, sort_keys=True, separators=(",", ":"))
        head = json.dumps({"request": self.request, "view": self.view, "of": self.of})
        return f'{head[:-1]}, "answer": {answer}}}'


class Capture(NamedTuple):
    """The recorded results of one release.

    Attributes:
        interpreter: the one that answered; it has no executable here.
        records: by the digest of the request.
    """

    interpreter: Interpreter
    records: Mapping[str, Record]

    def get(self, request: Request) -> Mapping[str, Json] | None:
        """The answer to a request, in the probe's form; None where there is none."""
        record = self.records.get(request.digest)
        return None if record is None else restored(record.answer)

    def text(self) -> str:
        """The whole file."""
        head = {name: getattr(self.interpreter, name) for name in _IDENTITY}
        ordered = sorted(self.records.values(), key=lambda item: (item.of, item.view, item.request))
        lines = ",\n".join(record.line() for record in ordered)
        first = f'{{"schema": {SCHEMA},\n"interpreter": {json.dumps(head)},\n"records": ['
        return f"{first}\n{lines}\n]}}\n"


def kept(answer: Mapping[str, Json]) -> dict[str, Json]:
    """The part of a probe's answer that a capture keeps."""
    if "failure" in answer:
        return {"failure": dict(answer["failure"])}
    found = {
        name: value
        for name, value in answer["ok"].items()
        if name not in _LOCAL and not (name in _DEFAULTS and value == _DEFAULTS[name])
    }
    return {"ok": found | {name: anywhere(found[name]) for name in _TOLD if name in found}}


def anywhere(told: Json) -> Json:
    """What an example told, as it would be in another run on another machine.

    Addresses are left out, and the library is where CPython is installed by default.
    """
    if isinstance(told, str):
        return re.sub(_LIBRARY, _SHOWN_PREFIX, re.sub(_ADDRESS, "at 0x...", told))
    if isinstance(told, list):
        return [anywhere(item) for item in told]
    if isinstance(told, dict):
        return {name: anywhere(item) for name, item in told.items()}
    return told


def restored(answer: Mapping[str, Json]) -> dict[str, Json]:
    """A kept answer as the probe gave it, but for what it said of the machine."""
    if "failure" in answer:
        return dict(answer)
    return {"ok": {**_DEFAULTS, "executable": "", **answer["ok"]}}


def load(path: Path, release: Release) -> Capture | None:
    """Read a capture; None where there is no file.

    Raises:
        CaptureError: it is damaged, of another schema, or of another release.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise CaptureError(path, 1, f"the capture can't be read: {error}") from None
    lines = text.split("\n")
    interpreter = _head(path, lines, release)
    records: dict[str, Record] = {}
    for number, record in _records(path, lines):
        if record.request in records:
            raise CaptureError(path, number, f"a second record of {record.request}")
        records[record.request] = record
    return Capture(interpreter, records)


def _head(path: Path, lines: list[str], release: Release) -> Interpreter:
    """What the first lines say."""
    if not lines[0]:
        raise CaptureError(path, 1, "the capture is empty")
    match = re.fullmatch(r'\{"schema": (\d+),', lines[0])
    if match is None:
        raise CaptureError(path, 1, f"this is no capture: it begins with {lines[0][:40]!r}")
    if int(match[1]) != SCHEMA:
        raise CaptureError(path, 1, f"the capture is of schema {match[1]}, not of {SCHEMA}")
    try:
        name, found = next(iter(json.loads(f"{{{lines[1].removesuffix(',')}}}").items()))
        interpreter = Interpreter.from_json("", found)
    except (LookupError, TypeError, ValueError, AttributeError, StopIteration) as error:
        raise CaptureError(path, 2, f"the head of the capture is damaged: {error!r}") from None
    if name != "interpreter" or lines[2] != '"records": [':
        raise CaptureError(path, 2, "the head of the capture is damaged: unknown fields")
    if interpreter.release != release:
        raise CaptureError(path, 2, f"the capture of {release} is of {interpreter}")
    return interpreter


def _records(path: Path, lines: list[str]) -> Iterator[tuple[int, Record]]:
    """Number and content of each record's line."""
    try:
        end = lines.index("]}", 3)
    except ValueError:
        message = "the capture breaks off: its last line is missing"
        last = len(lines) - (lines[-1] == "")
        raise CaptureError(path, last, message) from None
    if any(lines[end + 1 :]):
        raise CaptureError(path, end + 2, "something follows the end of the capture")
    body = lines[3:end]
    for number, line in enumerate(body if body != [""] else [], start=4):
        last = number == end
        if line.endswith(",") == last:
            what = "a comma too many" if last else "a comma is missing"
            raise CaptureError(path, number, f"the record is damaged: {what}")
        try:
            yield number, _record(json.loads(line.removesuffix(",")))
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            raise CaptureError(path, number, f"the record is damaged: {error!r}") from None


def _record(found: Json) -> Record:
    """A record, validated: its answer becomes a typed one, which is thrown away."""
    from .answers import answer_of  # noqa: PLC0415 - not needed where no capture is read

    record = Record(**found)
    if not all(isinstance(part, str) for part in record[:3]):
        raise TypeError("request, view and of must be text")
    answer_of(record.view, restored(record.answer))
    return record
