"""A page as the views see it that show something in it: above all, where names lead to."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from sphinx.errors import NoUri

from .domain import BytedocDomain
from .examples import Example
from .release import Release
from .request import Interpreter

if TYPE_CHECKING:
    from .answers.opcodes import Opcode
    from .reference.entry import Entry
    from .reference.pair import Pair


class ShownPage:
    """What a view may know of the page in which it is shown."""

    def __init__(
        self,
        domain: BytedocDomain,
        docname: str,
        interpreter: Interpreter,
        release: Release | None = None,
    ) -> None:
        self.interpreter = interpreter
        self._release = release or interpreter.release
        self._domain = domain
        self._builder = domain.results.builder
        self._docname = docname
        self._links: dict[str, str] = {}

    @property
    def is_html(self) -> bool:
        """Whether the builder writes HTML of some sort."""
        return self._builder.format == "html"

    @property
    def draws(self) -> bool:
        """Whether plots are drawn; readers of e-books show the tables alone."""
        return self.is_html and self._builder.name != "epub"

    @property
    def keeps_lines(self) -> bool:
        """Whether line breaks in the cells of a table stay."""
        return self._builder.name != "text"

    @property
    def examples(self) -> Mapping[str, Example]:
        """All examples of the project, by name."""
        return self._domain.examples

    def at(self, release: Release) -> ShownPage:
        """The page as one that speaks of another release."""
        return ShownPage(self._domain, self._docname, self.interpreter, release)

    @cached_property
    def marked(self) -> frozenset[str]:
        """The instructions that are pointed out in listings: those that the page documents."""
        return frozenset(entry.name for entry in self._domain.entries_of(self._docname))

    def opcode_link(self, name: str) -> str:
        """The address of one instruction's documentation; empty: there is none."""
        if name not in self._links:
            self._links[name] = self._opcode_link(name)
        return self._links[name]

    def entry_link(self, name: str) -> str:
        """The address of the entry of an instruction in this guide; empty: it has none."""
        entry = self._domain.entries.get(name)
        target = self._domain.results.target()
        if entry is None or target is None:
            return ""
        if target.release not in self._domain.page_releases(entry.docname):
            return ""
        return self._address(entry.docname, entry.anchor)

    def official_link(self, name: str, release: Release) -> str:
        """The address of the official documentation of an instruction; empty: there is none."""
        return self._domain.results.config.opcode_url.format(release=release, name=name)

    def replaced(self, name: str) -> list[str]:
        """The instructions in whose place one came, as their entries say."""
        return [
            entry.name
            for entry in self._domain.entries.values()
            if any(name == item.name for item in entry.replaced_by)
        ]

    @property
    def entries(self) -> Mapping[str, Entry]:
        """The entries of all instructions that the project documents."""
        return self._domain.entries

    def coverage(self, release: Release, opcodes: list[Opcode]) -> list[Pair]:
        """What the entries show of the instructions of a release."""
        from .reference.coverage import coverage  # noqa: PLC0415 - for one page alone

        return coverage(self._domain.results, release, opcodes)

    def examples_with(self, name: str) -> list[tuple[str, str]]:
        """What to call each example of the guide that has an instruction, and its address."""
        return [
            (title, self._address(docname, anchor))
            for title, docname, anchor in self._domain.results.occurrences.get(name, ())
            if docname != self._docname
        ]

    def _address(self, docname: str, anchor: str) -> str:
        try:
            address = self._builder.get_relative_uri(self._docname, docname)
        except NoUri:
            return ""
        return f"{address.partition('#')[0]}#{anchor}"

    def _opcode_link(self, name: str) -> str:
        results = self._domain.results
        entry = self._domain.entries.get(name)
        target = results.target()
        found = ""
        if target is not None and self._release == target.release:
            found = self.entry_link(name)
        elif entry is not None and results.config.site and self._release in results.releases:
            found = self._address(results.page_in(self._release, entry.docname), entry.anchor)
        if found:
            return found
        if self._opcodes is not None:
            return f"{self._opcodes}#{opcode_anchor(name)}"
        pattern = results.config.opcode_url
        return pattern.format(release=self._release, name=name)

    @cached_property
    def _opcodes(self) -> str | None:
        """The address of the page that documents the instructions of the release, if it is here.

        The page of this guide speaks of the target alone; in a site there are those of the others.
        """
        page = self._domain.opcode_page()
        if page is None:
            return None
        results = self._domain.results
        target = results.target()
        if target is not None and self._release != target.release:
            if not results.config.site or self._release not in results.releases:
                return None
            page = results.page_in(self._release, page)
        try:
            address = self._builder.get_relative_uri(self._docname, page)
        except NoUri:
            return ""
        # A builder of one file addresses pages by an anchor, which must give way.
        return address.partition("#")[0]


def opcode_anchor(name: str) -> str:
    """The anchor of an instruction on the page that documents it."""
    return f"opcode-{name}"
