"""What the official documentation of the module ``dis`` has, held against the interpreters.

``official-differences`` shows a table: ``names``, ``arguments`` or ``added``.  What the
documentation has is in ``opcodes_data/official.json``: for each release the version that was read,
the names of its entries, which of them have an argument in their heading, and the release since
which they say that an instruction is there.  What is true is asked of the interpreters when the
page is written.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from docutils import nodes
from docutils.parsers.rst.directives import choice
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util.docutils import SphinxDirective

from bytedoc.directives import path_in_project
from bytedoc.domain import bytedoc_domain
from bytedoc.examples import Use
from bytedoc.nodes import pending_opcode
from bytedoc.release import Release, ReleaseRange
from bytedoc.views.base import table

if TYPE_CHECKING:
    from docutils.nodes import Node
    from sphinx.application import Sphinx

    from bytedoc.answers.opcodes import Opcode
    from bytedoc.domain import BytedocDomain

PATH = Path(__file__).parents[1] / "opcodes_data" / "official.json"


class Documentation(NamedTuple):
    """What the documentation of one release has.

    Attributes:
        version: the release whose documentation was read, such as ``3.8.10``.
        names: the entries.
        arguments: those whose heading has an argument.
        added: since which release an instruction is there, where its entry says so.
    """

    version: str
    names: frozenset[str]
    arguments: frozenset[str]
    added: Mapping[str, Release]


class Compared(NamedTuple):
    """The documentation of a release, and the kind and the argument of what its interpreter has."""

    documentation: Documentation
    opcodes: Mapping[str, Opcode]


def load() -> dict[Release, Documentation]:
    """The documentation of each release, as ``official.json`` has it."""
    return {
        Release.parse(release): Documentation(
            found["version"],
            frozenset(found["names"]),
            frozenset(found["arguments"]),
            {name: Release.parse(since) for name, since in found["added"].items()},
        )
        for release, found in json.loads(PATH.read_text(encoding="utf-8")).items()
    }


def names(known: Mapping[Release, Compared]) -> Iterator[list[Node | str]]:
    """A row for each release: what has no entry, and the entries of what is not there."""
    for release, (documentation, opcodes) in known.items():
        missing = {
            kind: sorted(
                item.name
                for item in opcodes.values()
                if item.kind == kind and item.name not in documentation.names
            )
            for kind in ("real", "pseudo")
        }
        entries = sorted(
            name
            for name in documentation.names
            if name not in opcodes or opcodes[name].kind == "specialised"
        )
        yield [
            str(release),
            documentation.version,
            *map(listed, missing.values()),
            listed(entries),
        ]


def arguments(known: Mapping[Release, Compared]) -> Iterator[list[Node | str]]:
    """A row for each release with entries whose heading is wrong about the argument."""
    for release, (documentation, opcodes) in known.items():
        wrong = [
            item
            for name, item in sorted(opcodes.items())
            if item.kind == "real"
            and name in documentation.names
            and item.arg != (name in documentation.arguments)
        ]
        if wrong:
            yield [
                str(release),
                listed(item.name for item in wrong if item.arg),
                listed(item.name for item in wrong if not item.arg),
            ]


def added(known: Mapping[Release, Compared]) -> Iterator[list[Node | str]]:
    """A row for each statement about the first release that the interpreters contradict."""
    statements: dict[tuple[str, Release], list[Release]] = {}
    for release, (documentation, _) in known.items():
        for name, since in documentation.added.items():
            statements.setdefault((name, since), []).append(release)
    for (name, since), said in sorted(statements.items()):
        having = [
            release
            for release, (_, opcodes) in known.items()
            if name in opcodes and opcodes[name].kind == "real"
        ]
        # of what the oldest has, it is not known since when
        if having and since != having[0] and not since < having[0] == min(known):
            yield [opcode(name), str(since), str(having[0]), ", ".join(map(str, said))]


class Table(NamedTuple):
    """A table: its head, the widths of its columns, and what makes the rows."""

    head: Sequence[str]
    widths: Sequence[int]
    rows: Callable[[Mapping[Release, Compared]], Iterator[list[Any]]]


TABLES = {
    "names": Table(
        (
            "Release",
            "Documentation",
            "Instructions without an entry",
            "Pseudo-instructions without an entry",
            "Entries without such an instruction",
        ),
        (7, 12, 24, 33, 24),
        names,
    ),
    "arguments": Table(
        ("Release", "Has an argument, which the heading lacks", "Has none, but the heading has"),
        (10, 60, 30),
        arguments,
    ),
    "added": Table(
        ("Entry", "Says since", "Is there since", "In the documentation of"),
        (34, 16, 18, 32),
        added,
    ),
}


class official_differences(nodes.General, nodes.Element):
    """The place of a table; ``kind`` says of which, ``use`` is the number of its use."""


class OfficialDifferences(SphinxDirective):
    """A table of what the documentation and the interpreters say differently."""

    required_arguments = 1

    def run(self) -> list[Node]:
        self.env.note_dependency(str(PATH))
        self.env.note_dependency(__file__)
        kind = choice(self.arguments[0], tuple(TABLES))
        source, line = self.get_source_info()
        domain = bytedoc_domain(self.env)
        path = path_in_project(self.env, source)
        use = Use("opcode-releases", "", {}, self.env.docname, path, line)
        place = official_differences(kind=kind, docname=self.env.docname, use=domain.note_use(use))
        self.set_source_info(place)
        return [place]


class ShowDifferences(SphinxPostTransform):
    """Makes the tables; before the names in them become links."""

    default_priority = 4

    def run(self, **kwargs: Any) -> None:
        domain = bytedoc_domain(self.env)
        for place in list(self.document.findall(official_differences)):
            use = domain.uses[place["docname"]][place["use"]]
            found = {
                release: {item.name: item for item in answer.result}
                for release, answer in domain.results.results_across(use).items()
                if isinstance(answer.result, list)
            }
            known = {
                release: Compared(documentation, found[release])
                for release, documentation in load().items()
                if release in found
            }
            shown = TABLES[place["kind"]]
            rows = list(shown.rows(known))
            made = table(shown.head, rows, shown.widths)
            for name in list(made.findall(pending_opcode)):
                if not has_entry(domain, name.astext()):
                    name.replace_self(nodes.literal("", name.astext()))
            place.replace_self(made)


def has_entry(domain: BytedocDomain, name: str) -> bool:
    """Whether the guide that is built has an entry of that name."""
    target, entry = domain.results.target(), domain.entries.get(name)
    return bool(target and entry and target.release in domain.page_releases(entry.docname))


def opcode(name: str) -> Node:
    """A name that becomes a link where it has an entry."""
    return pending_opcode("", name, releases=ReleaseRange())


def listed(found: Iterable[str]) -> Node:
    """Names, separated by commas; a dash for none."""
    shown = nodes.inline()
    for name in found:
        shown += [nodes.Text(", "), opcode(name)] if shown.children else [opcode(name)]
    return shown if shown.children else nodes.Text("–")


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directive."""
    app.add_node(official_differences)
    app.add_directive("official-differences", OfficialDifferences)
    app.add_post_transform(ShowDifferences)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
