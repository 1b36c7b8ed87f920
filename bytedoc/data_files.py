"""The files of data beside the pages of a guide: what they hold, and when they are written.

They follow from results that pages have.  The one thing that is asked for them alone is which
instructions the target has (`INSTRUCTIONS`).

A view becomes part of the data by a function in ``data`` that makes a record of its answer, a
schema, a name in ``data.GUIDE_FILES`` and an entry in the table at the end of this module.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Container, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import __version__, data
from .answers import Failure
from .answers.opcodes import Opcode
from .capture import kept, restored
from .data import Document, Place
from .errors import BytedocError
from .examples import Use
from .request import Interpreter, Request, digest_of
from .site.folders import read_json, write_if_changed
from .views.timing import baseline_index

if TYPE_CHECKING:
    from .release import Release
    from .results import Results

Json = Any  #: What ``json.loads`` gives.

#: What wrote the data.
GENERATOR = f"bytedoc {__version__}"
#: Builders whose pages have addresses of their own, to which data can refer.
BUILDERS = frozenset({"html", "dirhtml"})
#: Asks which instructions a release has, where the project wants data; no page shows it.
INSTRUCTIONS = Use("opcode-table", "", {}, "conf.py", "conf.py", 1)


def write(results: Results) -> None:
    """Write the data of a guide, unless it is as it was."""
    if results.builder.name not in BUILDERS:
        return
    out = str(results.builder.outdir)
    name = digest_of([results.builder.name, out])
    memory = Path(results.domain.env.doctreedir, "bytedoc-data", f"{name}.json")
    folder = Path(out, data.FOLDER)
    before = read_json(memory)
    files: Mapping[str, Json] = before.get("files", {})
    made_of = inputs(results)
    if before.get("inputs") == made_of and files == states(folder, files):
        return
    wanted = contents(documents(results))
    for path, content in wanted.items():
        write_if_changed(folder / path, content)
    for path in files.keys() - wanted.keys():
        (folder / path).unlink(missing_ok=True)
    after = {"inputs": made_of, "files": states(folder, wanted)}
    write_if_changed(memory, json.dumps(after).encode())


def inputs(results: Results) -> str:
    """A digest of all that the data of a guide is made of."""
    settled = results.settled
    return digest_of(
        [
            code_digest(),
            results.builder.get_target_uri(results.domain.env.config.root_doc),
            [settled.get(name) for name in ("signature", "pages", "digests")],
        ]
    )


def code_digest() -> str:
    """A digest of what makes the data, and of its schemas."""
    found = hashlib.blake2b(GENERATOR.encode(), digest_size=8)
    for path in (Path(__file__), Path(data.__file__), *sorted(data.SCHEMAS.iterdir())):
        found.update(path.read_bytes())
    return found.hexdigest()


def states(folder: Path, names: Mapping[str, Any]) -> dict[str, list[int]]:
    """Size and time of files, as far as they are there."""
    found = {}
    for name in names:
        path = folder / name
        if path.is_file():
            status = path.stat()
            found[name] = [status.st_size, status.st_mtime_ns]
    return found


def contents(documents: list[Document]) -> dict[str, bytes]:
    """Documents and their schemas, by the names of their files."""
    found = {item.name: item.text().encode() for item in documents}
    for name in data.schemas_of(documents):
        path = data.SCHEMAS / f"{name}.json"
        found[f"{data.SCHEMA_FOLDER}/{path.name}"] = path.read_bytes()
    return found


def documents(results: Results) -> list[Document]:
    """The data of a guide; none where its interpreter can't be had."""
    target = results.target()
    if target is None:
        return []
    release = str(target.release)
    found = [_document("examples", release, {"examples": list(examples(results, target.release))})]
    answered = {target.identity: target}
    records: dict[str, list[Json]] = {view: [] for view in _SHOWN}
    for use, request, who, answer in shown(results):
        answered[who.identity] = who
        address = results.builder.get_target_uri(use.docname)
        place = Place(address, use.anchor, use.example, who)
        records[use.view].append(_SHOWN[use.view].record(use, place, request.job, answer))
    for view, item in _SHOWN.items():
        found.append(_document(item.name, release, {item.field: records[view]}))
    instructions = opcodes(results, target)
    if instructions:
        known = [{"name": item.name, **data.instruction(item)} for item in instructions]
        content = {"interpreter": target.identity, "instructions": known}
        found.append(_document("instructions", release, content))
    names = {item.name for item in instructions}
    found.append(_document("entries", release, {"entries": list(entries(results, target, names))}))
    everyone = sorted(answered.values(), key=lambda who: (who.release, who.version, who.identity))
    index = {
        "generator": GENERATOR,
        "target": target.identity,
        "interpreters": [data.interpreter(who) for who in everyone],
        "files": data.index_of(found),
    }
    return [_document("index", release, index), *found]


def _document(name: str, release: str, content: Mapping[str, Json]) -> Document:
    """A document about a release."""
    head = {"schema": data.SCHEMA, "release": release}
    return Document(f"{name}.json", data.GUIDE_FILES[name], {**head, **content})


def opcodes(results: Results, who: Interpreter) -> list[Opcode]:
    """The instructions that an interpreter has; none where they are not known."""
    found = results.result(INSTRUCTIONS, who)
    return [] if found is None or isinstance(found, Failure) else found


def shown(
    results: Results,
) -> Iterator[tuple[Use, Request, Interpreter, Mapping[str, Json]]]:
    """What the pages of a guide show, in their order: what was asked, of whom, and its answer.

    The answers are as a capture keeps them.
    """
    for docname in sorted(results.domain.uses):
        for use in results.domain.uses[docname]:
            if use.view not in _SHOWN or not results.stands(use):
                continue
            try:
                who = results.interpreter_of(use)
                if who.release not in results.releases_of(use):
                    continue
                request = results.requests(use, who.release)[0]
            except BytedocError:
                continue  # told where the page shows it
            record = results.record(who, request)
            if record is not None and "ok" in record:
                yield use, request, who, restored(kept(record))["ok"]


def examples(results: Results, release: Release) -> Iterator[Json]:
    """The examples of a guide: what its pages show or define, and what that is set up with."""
    domain = results.domain
    uses = [use for found in domain.uses.values() for use in found]
    wanted = {use.example for use in uses if results.stands(use)}
    shown_elsewhere = {use.example for use in uses} - wanted
    for item in results.examples.values():
        if release in domain.page_releases(item.docname) and item.name not in shown_elsewhere:
            wanted.add(item.name)
    waiting = [name for use in uses for name in use.options.get("setup", ())] + list(wanted)
    while waiting:
        name = waiting.pop()
        if name in results.examples:
            wanted.add(name)
            waiting += [before for before in results.examples[name].setup if before not in wanted]
    for name, item in results.examples.items():
        if name in wanted:
            yield data.example(item, results.builder.get_target_uri(item.docname))


def entries(results: Results, target: Interpreter, names: Container[str]) -> Iterator[Json]:
    """The entries of instructions that the target has, as far as its guide has their pages."""
    for name, item in sorted(results.domain.entries.items()):
        if name in names and target.release in results.domain.page_releases(item.docname):
            address = results.builder.get_target_uri(item.docname)
            yield data.entry(item, target.release, address)


# What becomes of each view ----------------------------------------------------------------------

Record = Callable[[Use, Place, Mapping[str, Json], Mapping[str, Json]], Json]


class _Shown:
    """The file with what a view shows.

    Attributes:
        name: the name of the file and of its schema.
        field: the list in it.
        record: makes a record of a use, a place, what was asked and what was answered.
    """

    def __init__(self, name: str, record: Record) -> None:
        self.name = name
        self.field = name.replace("-", "_")
        self.record = record


def _without_use(make: Callable[[Place, Mapping[str, Json], Mapping[str, Json]], Json]) -> Record:
    """A function of `data` that needs to know nothing of the use."""
    return lambda use, place, job, found: make(place, job, found)


def _timing(use: Use, place: Place, job: Mapping[str, Json], found: Mapping[str, Json]) -> Json:
    """A timing, whose labels are the page's alone."""
    labels = [item.label for item in use.options["statements"]]
    return data.timing(
        place,
        job,
        found,
        labels=labels,
        baseline=labels[baseline_index(use)],
        setup=use.options.get("setup", ()),
    )


#: By the name of the view, in the order of an index.
_SHOWN: Mapping[str, _Shown] = {
    "dis": _Shown("listings", _without_use(data.listing)),
    "code-object": _Shown("code-objects", _without_use(data.code_object)),
    "run": _Shown("outputs", _without_use(data.output)),
    "timing": _Shown("timings", _timing),
    "value": _Shown("values", _without_use(data.value)),
}
