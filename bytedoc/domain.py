"""The Sphinx domain: what the pages define and ask for, as the read phase leaves it behind.

`Example` and `Use` objects are kept by page, so that pages can be read again, one by one or in
several processes, and merged.  The results are the business of `bytedoc.results`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, cast

from docutils import nodes
from sphinx.domains import Domain, ObjType
from sphinx.roles import XRefRole
from sphinx.util.nodes import make_refnode

from .errors import Problem
from .examples import Example, Use
from .release import ReleaseRange

if TYPE_CHECKING:
    from docutils.nodes import Element
    from docutils.parsers.rst import Directive
    from sphinx.addnodes import pending_xref
    from sphinx.builders import Builder
    from sphinx.environment import BuildEnvironment
    from sphinx.util.typing import RoleFunction

    from .comparing.history import History
    from .reference.entry import Entry
    from .results import Results

#: The parts of the domain's data that are kept by page.
_BY_PAGE = ("examples", "uses", "problems", "opcodes", "opcode_pages", "targeted", "page_releases")


class BytedocDomain(Domain):
    """Examples, views, and the names of instructions."""

    name = "bytedoc"
    label = "Python bytecode"
    object_types = {
        "example": ObjType("example", "example"),
        "opcode": ObjType("instruction", "op"),
    }
    roles = {"example": XRefRole()}
    # To be raised whenever `Example`, `Use`, `Entry` or `Problem` changes: pages are read anew.
    data_version = 9
    initial_data: ClassVar[dict[str, Any]] = {
        "examples": {},  # docname -> [Example]
        "uses": {},  # docname -> [Use]
        "problems": {},  # docname -> [Problem] found while reading
        "opcodes": {},  # docname -> [Entry]
        "opcode_pages": {},  # docname -> True where there is a table of instructions
        "targeted": {},  # docname -> True where prose depends on the target
        "page_releases": {},  # docname -> the releases that the page is for, where not for all
        "settled": {},  # builder -> what the last build with it was made of
    }

    # Directives and roles are imported when a page asks for one: a build in which nothing changed
    # reads no page.

    def directive(self, name: str) -> type[Directive] | None:
        from .directives import directive_class  # noqa: PLC0415

        return directive_class(name)

    def role(self, name: str) -> RoleFunction | None:
        from .roles import ROLES  # noqa: PLC0415

        return ROLES.get(name) or super().role(name)

    # -- the read phase -------------------------------------------------------------------------

    @property
    def by_page(self) -> dict[str, list[Example]]:
        """The examples that each page defines."""
        return cast("dict[str, list[Example]]", self.data["examples"])

    @property
    def uses(self) -> dict[str, list[Use]]:
        """What each page shows, in its order."""
        return cast("dict[str, list[Use]]", self.data["uses"])

    @property
    def found_while_reading(self) -> dict[str, list[Problem]]:
        """The mistakes found in each page while it was read."""
        return cast("dict[str, list[Problem]]", self.data["problems"])

    def note_example(self, example: Example) -> None:
        """Make an example known."""
        self.by_page.setdefault(example.docname, []).append(example)

    def free_anchor(self, docname: str, *parts: str) -> str:
        """An anchor that nothing else of ours in the page has, with a number if need be.

        Its parts are joined by ``_``, which docutils never puts into the anchor of a heading.
        """
        name = "_".join(identifier for part in parts if (identifier := nodes.make_id(part)))
        taken = self._anchors.setdefault(docname, {})
        number = taken[name] = taken.get(name, 0) + 1
        if number == 1:
            return name
        return self.free_anchor(docname, *parts[:-1], f"{parts[-1]}-{number}")

    @cached_property
    def _anchors(self) -> dict[str, dict[str, int]]:
        """How often each anchor was asked for, by page; of use while that page is read."""
        return {}

    def note_use(self, use: Use) -> int:
        """Ask for a result, where the prose around it is shown; its number in the page."""
        for releases in self._scopes:
            use = use._replace(targets=use.targets & releases)
        if self.entry_parsed and not use.release:
            use = use._replace(keeps=True)
        uses = self.uses.setdefault(use.docname, [])
        uses.append(use)
        return len(uses) - 1

    @contextmanager
    def only_for(self, releases: ReleaseRange) -> Iterator[None]:
        """While prose for some targets is parsed: what it asks for is asked for them alone."""
        self._scopes.append(releases)
        try:
            yield
        finally:
            self._scopes.pop()

    @contextmanager
    def keeping(self, name: str) -> Iterator[None]:
        """While the entry of an instruction is parsed.

        Newer targets are shown what the last release has that it is for.
        """
        self.entry_parsed = name
        try:
            yield
        finally:
            self.entry_parsed = ""

    #: The instruction whose entry is being parsed; empty: none is.
    entry_parsed = ""

    @cached_property
    def _scopes(self) -> list[ReleaseRange]:
        """The releases of the blocks of prose that are being parsed, the outermost first."""
        return []

    def note_problem(self, problem: Problem) -> None:
        """Keep a mistake for the end of the read phase; it is told in every build until mended."""
        self.found_while_reading.setdefault(problem.docname, []).append(problem)

    def note_opcode(self, entry: Entry) -> None:
        """Make an entry known: the name of the instruction links to it."""
        self.data["opcodes"].setdefault(entry.docname, []).append(entry)

    def note_opcode_page(self, docname: str) -> None:
        """A page has the table of instructions: names link to it, but for those with an entry."""
        self.data["opcode_pages"][docname] = True

    def note_targeted(self, docname: str) -> None:
        """A page has prose that depends on the target."""
        self.data["targeted"][docname] = True

    def note_page_releases(self, docname: str, releases: ReleaseRange) -> None:
        """A page that was just read is for some releases: what it shows is asked for them alone."""
        self.data["page_releases"][docname] = releases
        self.note_targeted(docname)
        uses = self.uses.get(docname, [])
        uses[:] = [use._replace(targets=use.targets & releases) for use in uses]

    def page_releases(self, docname: str) -> ReleaseRange:
        """The releases that a page is for."""
        found: Mapping[str, ReleaseRange] = self.data["page_releases"]
        return found.get(docname, ReleaseRange())

    def clear_doc(self, docname: str) -> None:
        for name in _BY_PAGE:
            self.data[name].pop(docname, None)
        self._anchors.pop(docname, None)
        self._forget()

    def merge_domaindata(self, docnames: AbstractSet[str], otherdata: dict[str, Any]) -> None:
        for name in _BY_PAGE:
            for docname in docnames:
                if docname in otherdata[name]:
                    self.data[name][docname] = otherdata[name][docname]
        self._forget()

    def process_doc(self, env: BuildEnvironment, docname: str, document: nodes.document) -> None:
        self._forget()

    def _forget(self) -> None:
        """The pages changed: what was derived from them is no longer right."""
        self.__dict__.pop("examples", None)
        self.__dict__.pop("entries", None)
        self.__dict__.pop("histories", None)
        self.__dict__.pop("results", None)

    def pages(self) -> dict[str, int]:
        """The pages that have something of ours, and when each was read (as Sphinx notes it)."""
        found = self.by_page.keys() | self.uses.keys() | self.data["targeted"].keys()
        return {docname: self.env.all_docs.get(docname, 0) for docname in found}

    def affected(self, changed: AbstractSet[str]) -> set[str]:
        """The pages whose results may be others when these pages have changed.

        They themselves, and all that show, or set up with, an example of another page.
        """
        found = set(changed)
        for docname, uses in self.uses.items():
            examples = self.by_page.get(docname, ())
            wanted = {use.example for use in uses if use.example}
            wanted.update(name for use in uses for name in use.options.get("setup", ()))
            wanted.update(name for example in examples for name in example.setup)
            shown_here = {item.name for item in examples if self.examples[item.name] is item}
            if not wanted <= shown_here:  # or another page has, or took, the name
                found.add(docname)
        return found

    # -- names ----------------------------------------------------------------------------------

    @cached_property
    def examples(self) -> dict[str, Example]:
        """All examples by name; of two with one name, the one of the first page, read in order."""
        found: dict[str, Example] = {}
        for docname in sorted(self.by_page):
            for example in self.by_page[docname]:
                found.setdefault(example.name, example)
        return found

    @cached_property
    def histories(self) -> dict[str, History]:
        """The history of every example that a page shows a listing of, by the example's name."""
        from .comparing.history import histories  # noqa: PLC0415 - only builds that compare releases need it

        return histories(self.examples, self.uses)

    @cached_property
    def entries(self) -> dict[str, Entry]:
        """The entry of each instruction; of two, that of the first page."""
        found: dict[str, Entry] = {}
        for docname in sorted(self.data["opcodes"]):
            for entry in self.data["opcodes"][docname]:
                found.setdefault(entry.name, entry)
        return found

    def entries_of(self, docname: str) -> list[Entry]:
        """The entries on a page."""
        found: list[Entry] = self.data["opcodes"].get(docname, [])
        return found

    def duplicates(self) -> Iterator[Problem]:
        """A problem for every example, and every instruction, whose name another one has."""
        for docname in sorted(self.data["opcodes"]):
            for entry in self.data["opcodes"][docname]:
                other = self.entries[entry.name]
                if other is not entry:
                    message = f"{entry.name} is documented at {other.path}:{other.line} already"
                    yield Problem("duplicate-opcode", message, docname, entry.path, entry.line)
        for docname in sorted(self.by_page):
            for example in self.by_page[docname]:
                first = self.examples[example.name]
                if example.named and first is not example:
                    yield Problem(
                        "duplicate-example",
                        f"the name {example.name!r} is taken by the example at "
                        f"{first.path}:{first.line}; views of it show that one",
                        docname,
                        example.path,
                        example.line,
                    )

    def resolve_xref(
        self,
        env: BuildEnvironment,
        fromdocname: str,
        builder: Builder,
        typ: str,
        target: str,
        node: pending_xref,
        contnode: Element,
    ) -> nodes.reference | None:
        example = self.examples.get(target)
        if example is None:
            return None
        return make_refnode(builder, fromdocname, example.docname, example.anchor, contnode)

    def resolve_any_xref(
        self,
        env: BuildEnvironment,
        fromdocname: str,
        builder: Builder,
        target: str,
        node: pending_xref,
        contnode: Element,
    ) -> list[tuple[str, nodes.reference]]:
        found = self.resolve_xref(env, fromdocname, builder, "example", target, node, contnode)
        return [] if found is None else [("bytedoc:example", found)]

    def get_objects(self) -> Iterable[tuple[str, str, str, str, str, int]]:
        for name, example in self.examples.items():
            if example.named:
                yield name, name, "example", example.docname, example.anchor, 1

        for name, entry in self.entries.items():
            yield name, name, "opcode", entry.docname, entry.anchor, 1

    def opcode_page(self) -> str | None:
        """The page with the table of instructions, if there is one."""
        pages: Mapping[str, bool] = self.data["opcode_pages"]
        return min(pages, default=None)

    # -- results --------------------------------------------------------------------------------

    @cached_property
    def results(self) -> Results:
        """The results of this build."""
        from .results import Results  # noqa: PLC0415 - only builds that show results need them

        return Results(self)


def bytedoc_domain(env: BuildEnvironment) -> BytedocDomain:
    """The domain, typed."""
    return cast("BytedocDomain", env.get_domain(BytedocDomain.name))
