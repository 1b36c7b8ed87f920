"""The data about all releases of a site: what ``bytedoc.data`` has of one, side by side."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property, partial
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from .. import data
from ..answers.listings import Listing
from ..answers.opcodes import Opcode
from ..comparing import history
from ..comparing.changes import changes, instruction_table, of_kind
from ..comparing.compare import groups
from ..data import Document
from ..data_files import GENERATOR, INSTRUCTIONS, code_digest, contents, opcodes
from ..errors import InterpreterError
from ..release import Release
from ..request import Interpreter
from .pages import File

if TYPE_CHECKING:
    from .builder import SiteBuilder
    from .releases import SiteRelease

Json = Any  #: What ``json.loads`` gives.

#: The kinds of instructions, in the order in which their changes are told.
_KINDS = ("real", "instrumented", "pseudo", "specialised")


# What the files hold ----------------------------------------------------------------------------


def release(item: SiteRelease, who: Interpreter | None, *, is_stable: bool) -> Json:
    """A release, and the interpreter that its guide is about."""
    return {
        "release": item.name,
        "interpreter": None if who is None else data.interpreter(who),
        "is_final": item.is_final,
        "is_stable": is_stable,
        "end_of_life": item.end_of_life or None,
    }


def table(by_release: Mapping[Release, Iterable[Opcode]]) -> dict[str, Json]:
    """Every instruction by name and release."""
    return {
        name: {str(release): data.instruction(item) for release, item in found.items()}
        for name, found in instruction_table(by_release).items()
    }


def changed(by_release: Mapping[Release, Sequence[Opcode]]) -> Iterator[Json]:
    """What became of the instructions of each kind from each release to the next."""
    for old, new in pairwise(by_release):
        for kind in _KINDS:
            found = changes(of_kind(by_release[old], kind), of_kind(by_release[new], kind))
            yield {
                "old": str(old),
                "new": str(new),
                "kind": kind,
                "added": [item.name for item in found.added],
                "removed": [item.name for item in found.removed],
                "renumbered": [item._asdict() for item in found.renumbered],
                "changed": [
                    {
                        "name": item.name,
                        "field": item.field,
                        "old": data.plain(item.field, item.old),
                        "new": data.plain(item.field, item.new),
                        "is_certain": item.is_certain,
                    }
                    for item in found.changed
                ],
            }


def runs(listings: Mapping[Release, Listing | None]) -> dict[str, Json]:
    """The runs of releases with the same bytecode.

    Args:
        listings: by release, in order; None where it is not known.
    """
    known = {release: found for release, found in listings.items() if found is not None}
    return {
        "groups": [
            {
                "releases": [str(release) for release in group.releases],
                "instructions": len(group.listings[0].opnames()),
            }
            for group in groups(known)
        ],
        "unknown": [str(release) for release in listings if release not in known],
    }


# Where that comes from --------------------------------------------------------------------------


def files(builder: SiteBuilder) -> Iterator[File]:
    """The files, where the project wants data (one of `bytedoc.site.pages.contributors`)."""
    if not builder.results.config.data or not builder.chrome.releases:
        return
    site = SiteData(builder)
    made_of = [code_digest(), site.inputs()]
    named = [Document(f"{name}.json", schema, {}) for name, schema in data.SITE_FILES.items()]
    for name in contents(named):
        yield File(f"{data.FOLDER}/{name}", made_of, partial(site.content, name))


class SiteData:
    """The data of one build of a site.

    Args:
        builder: knows the releases and the results.
    """

    def __init__(self, builder: SiteBuilder) -> None:
        self._builder = builder
        self._results = builder.results

    def inputs(self) -> list[Json]:
        """All that the files are made of, beside the configuration."""
        results = self._results
        found: list[Json] = [str(item) for item in self._builder.chrome.releases]
        found += [who.identity for who in self._interpreters.values()]
        for who in self._asked.values():
            request = results.requests(INSTRUCTIONS, who.release)[0]
            found.append([who.identity, results.digest(who, request)])
        wanted = history.wanted(results).values()
        return [*found, *(history.inputs_of(results, item) for item in wanted)]

    def content(self, name: str) -> bytes:
        """What a file holds; all are made when the first is wanted."""
        return self._contents[name]

    @cached_property
    def _contents(self) -> dict[str, bytes]:
        return contents(self.documents())

    @cached_property
    def _interpreters(self) -> dict[Release, Interpreter]:
        """The interpreter of each guide, as far as it is known."""
        found = {}
        for item in self._builder.chrome.releases:
            try:
                found[Release.parse(item.name)] = self._results.interpreter(item.name)
            except InterpreterError:
                continue  # told where its guide is built
        return found

    @property
    def _asked(self) -> dict[Release, Interpreter]:
        """Who says which instructions a release has, as where releases are compared."""
        results = self._results
        found = {}
        for number in self._interpreters:
            who = results.interpreter_in(number, results.requests(INSTRUCTIONS, number)[0])
            if who is not None:
                found[number] = who
        return found

    def documents(self) -> list[Document]:
        """The documents."""
        by_release = {
            number: found
            for number, who in self._asked.items()
            if (found := opcodes(self._results, who))
        }
        held: dict[str, Json] = {
            "releases": {"releases": list(self._releases())},
            "instructions": {
                "releases": [str(number) for number in by_release],
                "instructions": table(by_release),
            },
            "changes": {"changes": list(changed(by_release))},
            "histories": {"histories": list(self._histories())},
        }
        documents = [_document(name, content) for name, content in held.items()]
        names = [item.name for item in self._builder.chrome.releases]
        index = {
            "generator": GENERATOR,
            "stable": self._builder.chrome.stable.name,
            "guides": [
                {"release": name, "data": f"../{name}/{data.FOLDER}/index.json"} for name in names
            ],
            "files": data.index_of(documents),
        }
        return [_document("index", index), *documents]

    def _releases(self) -> Iterator[Json]:
        chrome = self._builder.chrome
        for item in chrome.releases:
            who = self._interpreters.get(Release.parse(item.name))
            yield release(item, who, is_stable=item is chrome.stable)

    def _histories(self) -> Iterator[Json]:
        results = self._results
        for name, found in history.wanted(results).items():
            for subject in found.subjects:
                asked = history.across(results, subject.use)
                listings: dict[Release, Listing | None] = {}
                for number, who in asked.items():
                    answer = None if who is None else results.result(subject.use, who)
                    listings[number] = answer if isinstance(answer, Listing) else None
                if not asked:
                    continue
                request = results.requests(subject.use, next(iter(asked)))[0]
                yield {
                    "example": name,
                    "page": self._builder.get_target_uri(found.pagename),
                    "anchor": history.section_of(subject.use),
                    **data.compiled(request.job),
                    **runs(listings),
                }


def _document(name: str, content: Mapping[str, Json]) -> Document:
    """A document about all releases."""
    return Document(f"{name}.json", data.SITE_FILES[name], {"schema": data.SCHEMA, **content})
