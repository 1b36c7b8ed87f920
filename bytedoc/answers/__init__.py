"""What interpreters answer, as typed values: a module for each kind of answer.

None of them can change.  They are made from the plain JSON of the probe here, and nowhere else.
Most are tuples, which take little to define: every build that reads a page imports some of them.
"""

from collections.abc import Callable, Mapping
from importlib import import_module
from types import MappingProxyType
from typing import Any, NamedTuple

from ..request import Interpreter

Json = Any  #: What ``json.loads`` gives.


class Failure(NamedTuple):
    """Why there is no answer.

    Attributes:
        kind: the probe's word for it, mostly the warning's subtype.
        message: what happened.
        details: what else the probe said (``line``, ``exception``, ``output`` ...).
    """

    kind: str
    message: str
    details: Mapping[str, Json] = MappingProxyType({})


class Answer(NamedTuple):
    """What a release says to a view of several.

    Attributes:
        interpreter: who says it; None where there is neither an interpreter nor a capture.
        result: the typed answer, a `Failure`, or None where it is not recorded.
    """

    interpreter: Interpreter | None
    result: Any


#: What makes the typed answer to each view: a module of this package, and the class in it.  Of an
#: answer that is a list of them, the field that has it.
_KINDS: Mapping[str, tuple[str, str, str]] = {
    "dis": ("listings", "Listing", ""),
    "code-object": ("code_objects", "CodeObject", "codes"),
    "opcodes": ("opcodes", "Opcode", "opcodes"),
    "run": ("programs", "Outcome", ""),
    "raised": ("programs", "RaisedBy", ""),
    "value": ("programs", "Value", ""),
    "frequencies": ("frequencies", "Frequencies", ""),
    "pipeline": ("pipeline", "Pipeline", ""),
    "pyc": ("pyc", "PycFile", ""),
    "specialize": ("specializations", "Specialization", ""),
    "stack": ("stack_recordings", "StackRecording", ""),
    "timing": ("timings", "Timing", ""),
}


def answer_of(view: str, record: Mapping[str, Json]) -> Json:
    """The typed answer in a record of the probe, or the `Failure` that it is."""
    return failure_of(record) or _answer(view, record["ok"])


def _answer(view: str, record: Mapping[str, Json]) -> Json:
    if view == "identity":
        return Interpreter.from_json(record["executable"], record)
    module, name, several = _KINDS[view]
    make: Callable[[Mapping[str, Json]], Json]
    make = getattr(import_module(f".{module}", __package__), name).from_json
    return [make(item) for item in record[several]] if several else make(record)


def failure_of(record: Mapping[str, Json]) -> Failure | None:
    """The failure in an answer of the probe, or None where it succeeded."""
    found = record.get("failure")
    if found is None:
        return None
    details = {name: value for name, value in found.items() if name not in ("kind", "message")}
    return Failure(found["kind"], found["message"], details)
