"""Documents of plain data, for programs to read what pages show.

Each function makes a part of a document from what an interpreter answered; nothing is asked here.
The form of each file is in ``schemas``, and `SCHEMA` is its version.  Records are made of the
plain answers of the probe, in the form that a capture keeps: so the data is the same whether an
interpreter answers or its capture, and only what is shown, not how, becomes part of it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from .answers.code_objects import CodeBytes, ExceptionEntry
from .answers.listings import Instruction
from .answers.opcodes import Opcode
from .answers.timings import Measurement
from .examples import Example
from .reference.entry import Entry
from .reference.stack_change import StackChange
from .release import Release
from .request import Interpreter

Json = Any  #: What ``json.loads`` gives.

#: The version of the form of all files; docs/data.md says what raises it.
SCHEMA = 1
#: The folder of the data in a guide, and in a site.
FOLDER = "data"
#: The folder of the schemas within it.
SCHEMA_FOLDER = "schema"
#: Our folder of the schemas.
SCHEMAS = Path(__file__).parent / "schemas"
#: The files of a guide, in the order of its index, and their schemas.
GUIDE_FILES: Mapping[str, str] = {
    "index": "guide",
    "examples": "examples",
    "listings": "listings",
    "code-objects": "code-objects",
    "outputs": "outputs",
    "timings": "timings",
    "values": "values",
    "instructions": "instructions",
    "entries": "entries",
}
#: The files about all releases of a site, in the order of its index, and their schemas.
SITE_FILES: Mapping[str, str] = {
    "index": "site",
    "releases": "releases",
    "instructions": "instruction-table",
    "changes": "changes",
    "histories": "histories",
}
#: The options of a listing, and what `dis` does without them.
_OPTIONS: Mapping[str, Json] = {
    "depth": None,
    "show_caches": False,
    "adaptive": False,
    "show_offsets": False,
    "show_positions": False,
}

#: The fields of an instruction beside its name and number.
_FIELDS = ("kind", "arg", "uses", "jump", "caches", "effects", "family")

_encode = json.JSONEncoder(separators=(",", ":")).encode


class Document(NamedTuple):
    """A file of data.

    Attributes:
        name: the name of the file.
        schema: the name of its schema, without suffix.
        content: what it holds.
    """

    name: str
    schema: str
    content: Mapping[str, Json]

    def text(self) -> str:
        """The whole file: a record a line, so that it can be compared like text."""
        parts = [f"{_encode(name)}: {_lines(value)}" for name, value in self.content.items()]
        return "{" + ",\n".join(parts) + "}\n"


def _lines(value: Json) -> str:
    """A list or an object with one item a line; all else on one."""
    if isinstance(value, list) and value:
        return "[\n" + ",\n".join(map(_encode, value)) + "\n]"
    if isinstance(value, dict) and value:
        items = (f"{_encode(name)}: {_encode(item)}" for name, item in value.items())
        return "{\n" + ",\n".join(items) + "\n}"
    return _encode(value)


class Place(NamedTuple):
    """Where a result is shown, and whose it is.

    Attributes:
        page: the address of the page, relative to the folder of the guide.
        anchor: where it is in the page; empty in a sentence.
        example: the name of the example; empty: it is about none.
        interpreter: who answered.
    """

    page: str
    anchor: str
    example: str
    interpreter: Interpreter

    def json(self) -> dict[str, Json]:
        """What a record begins with."""
        found = {"page": self.page, "anchor": self.anchor, "example": self.example}
        return {
            **{name: value for name, value in found.items() if value or name == "page"},
            "release": str(self.interpreter.release),
            "interpreter": self.interpreter.identity,
        }


# What a guide shows -----------------------------------------------------------------------------


def listing(place: Place, job: Mapping[str, Json], found: Mapping[str, Json]) -> Json:
    """A listing.

    Args:
        place: where it is shown.
        job: what was asked.
        found: the probe's answer to ``dis``.
    """
    names = Instruction._fields
    return {
        **place.json(),
        **compiled(job),
        "options": {**_OPTIONS, **job.get("options", {})},
        "ignored": found["ignored"],
        "text": found["text"],
        "codes": [
            {
                "qualname": code["qualname"],
                "name": code["name"],
                "line": code["line"],
                "instructions": [
                    {**dict(zip(names, item, strict=True)), "label": item[7] or None}
                    for item in code["instructions"]
                ],
            }
            for code in found["codes"]
        ],
    }


def code_object(place: Place, job: Mapping[str, Json], found: Mapping[str, Json]) -> Json:
    """Code objects; *found* is the probe's answer to ``code-object``, else as for `listing`."""
    return {
        **place.json(),
        **compiled(job),
        "depth": job.get("options", {}).get("depth"),
        "codes": [
            {
                "qualname": code["qualname"],
                "attributes": [
                    {"name": name, "kind": kind, "value": value}
                    for name, kind, value in code["attributes"]
                ],
                "flags": [{"value": value, "name": name} for value, name in code["flags"]],
                "units": [_units(CodeBytes(*item)) for item in code["bytes"]],
                "exception_table": None
                if code["exception_table"] is None
                else [ExceptionEntry(*item)._asdict() for item in code["exception_table"]],
            }
            for code in found["codes"]
        ],
    }


def _units(item: CodeBytes) -> Json:
    """The code units of an instruction."""
    return {"offset": item.offset, "bytes": item.hex, "opname": item.opname, "arg": item.arg}


def output(place: Place, job: Mapping[str, Json], found: Mapping[str, Json]) -> Json:
    """What an execution did; *found* is the probe's answer to ``run``, else as for `listing`."""
    raised = found["exception"]
    how = compiled(job)
    return {
        **place.json(),
        "mode": how["mode"],
        "optimize": how["optimize"],
        "output": found["output"],
        "exception": None
        if raised is None
        else {name: raised[name] for name in ("type", "bases", "summary", "traceback")},
    }


def timing(
    place: Place,
    job: Mapping[str, Json],
    found: Mapping[str, Json],
    *,
    labels: Sequence[str],
    baseline: str,
    setup: Sequence[str],
) -> Json:
    """A timing.

    Args:
        place: where it is shown.
        job: what was asked.
        found: the probe's answer to ``timing``; values in seconds per loop.
        labels: what the page calls the statements.
        baseline: the label of the statement to which the page gives ratios.
        setup: the examples that are executed before.
    """
    statements = []
    for label, code, row in zip(labels, job["statements"], found["rows"], strict=True):
        measured = Measurement(row["loops"], tuple(row["values"]))
        statements.append(
            {
                "label": label,
                "code": code,
                "loops": measured.loops,
                "values": row["values"],
                "median": measured.median,
                "minimum": measured.minimum,
                "deviation": measured.deviation,
                "is_unstable": measured.is_unstable,
            }
        )
    return {
        **place.json(),
        "setup": list(setup),
        "baseline": baseline,
        "statements": statements,
        "clock": {name: found["clock"][name] for name in ("implementation", "resolution")},
        "machine": found["machine"],
    }


def value(place: Place, job: Mapping[str, Json], found: Mapping[str, Json]) -> Json:
    """The value of an expression; *found* is the probe's answer, else as for `listing`."""
    return {
        **place.json(),
        "example": place.example or None,
        "object": job.get("object"),
        "expression": job["expression"],
        "text": found["value"],
        "repr": found["repr"],
    }


def compiled(job: Mapping[str, Json]) -> dict[str, Json]:
    """Which code object of an example is meant, and how it is compiled."""
    return {
        "object": job.get("object"),
        "mode": job.get("mode", "exec"),
        "optimize": job.get("optimize", 0),
    }


def example(item: Example, page: str) -> Json:
    """An example; *page* is the address of the page that defines it."""
    first, last = item.releases.first, item.releases.last
    return {
        "name": item.name,
        "named": item.named,
        "page": page,
        "anchor": item.anchor,
        "source": item.source,
        "object": item.subject or None,
        "setup": list(item.setup),
        "since": None if first is None else str(first),
        "until": None if last is None else str(last),
    }


def interpreter(who: Interpreter) -> Json:
    """What an interpreter is, without what it is on this machine alone."""
    found = {name: value for name, value in who._asdict().items() if name != "executable"}
    return {"id": who.identity, "release": str(who.release), **found, "flags": list(who.flags)}


def instruction(item: Opcode) -> dict[str, Json]:
    """What an instruction is in a release, without its name."""
    return {
        "number": item.number,
        **{name: plain(name, getattr(item, name)) for name in _FIELDS},
    }


def plain(name: str, found: Any) -> Json:
    """The value of a field of an instruction, as it stands in the data."""
    if name == "caches":
        return [{"name": cache, "size": size} for cache, size in found]
    if name == "effects":
        return [{"ahead": ahead, "jumping": jumping} for ahead, jumping in found]
    return None if found == "" else found


def entry(item: Entry, release: Release, page: str) -> Json:
    """What the project says of an instruction, as far as it is said of a release.

    Args:
        item: its entry.
        release: the release.
        page: the address of the page that has it.
    """
    ahead, jumping = item.changes(release)
    return {
        "name": item.name,
        "page": page,
        "anchor": item.anchor,
        "summary": item.summary or None,
        "category": item.category or None,
        "stack": _stack_change(ahead),
        "jumping": _stack_change(jumping),
        "raises": [
            {"type": each.type, "when": each.text}
            for each in item.raises
            if release in each.releases
        ],
        "replaced_by": [each.name for each in item.replaced_by],
        "related": list(item.related),
    }


def _stack_change(change: StackChange | None) -> Json:
    """The values before and after an instruction; null where the entry does not say."""
    if change is None:
        return None
    return {
        side: [{"name": each.name, "count": each.number or None} for each in values]
        for side, values in (("before", change.before), ("after", change.after))
    }


# The schemas ------------------------------------------------------------------------------------


def schema_of(name: str) -> Mapping[str, Json]:
    """A schema, by its name without suffix."""
    found: Mapping[str, Json] = json.loads((SCHEMAS / f"{name}.json").read_text(encoding="utf-8"))
    return found


def schemas_of(documents: Iterable[Document]) -> list[str]:
    """The names of the schemas of documents, and of those that they refer to."""
    found: set[str] = set()
    waiting = [item.schema for item in documents]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += _referenced(schema_of(name))
    return sorted(found)


def _referenced(part: Json) -> Iterator[str]:
    """The names of the schemas that a part of one refers to."""
    if isinstance(part, dict):
        file, separator, _ = str(part.get("$ref", "")).partition(".json#")
        if separator:
            yield file
        for item in part.values():
            yield from _referenced(item)
    elif isinstance(part, list):
        for item in part:
            yield from _referenced(item)


def index_of(documents: Iterable[Document]) -> list[Json]:
    """The entries of documents in an index."""
    return [
        {
            "path": item.name,
            "schema": f"{SCHEMA_FOLDER}/{item.schema}.json",
            "title": schema_of(item.schema)["title"],
        }
        for item in documents
    ]
