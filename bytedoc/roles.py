"""The roles: ``value``, something real in the middle of a sentence, and ``op``, an instruction."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from docutils import nodes
from sphinx.util.docutils import SphinxRole

from .directives import path_in_project
from .domain import BytedocDomain, bytedoc_domain
from .errors import BytedocError, Problem
from .examples import Use
from .nodes import pending_opcode, pending_value, unchecked
from .release import split_range

if TYPE_CHECKING:
    from docutils.nodes import Node, system_message

_VALUE = re.compile(
    r"(?P<name>[A-Za-z0-9][\w.+-]*)?(?:\[(?P<object>[^\]]+)\])?:\s+(?P<expression>.+)", re.DOTALL
)


class BytedocRole(SphinxRole):
    """What both roles share: their place, and telling mistakes."""

    @property
    def domain(self) -> BytedocDomain:
        """The domain."""
        return bytedoc_domain(self.env)

    def note(self, view: str, example: str, options: dict[str, Any]) -> int:
        """Ask for a result; its number in the page."""
        path, line = self.place()
        return self.domain.note_use(Use(view, example, options, self.env.docname, path, line))

    def place(self) -> tuple[str, int]:
        """The file, relative to the source folder, and the line of the role."""
        source, line = self.get_source_info()
        return path_in_project(self.env, source), line or self.lineno

    def tell(self, error: BytedocError) -> None:
        """Keep a mistake for the end of the read phase."""
        path, line = self.place()
        message = f"{self.name}: {error.message}"
        self.domain.note_problem(Problem(error.subtype, message, self.env.docname, path, line))


class ValueRole(BytedocRole):
    """``name: expression`` about an example, ``name[object]: expression``, ``: expression``."""

    def run(self) -> tuple[list[Node], list[system_message]]:
        match = _VALUE.fullmatch(self.text.strip()) or re.fullmatch(
            r"(?P<name>)(?P<object>):\s*(?P<expression>.+)", self.text.strip(), re.DOTALL
        )
        if match is None:
            self.tell(
                BytedocError(
                    "argument",
                    f"{self.text!r} is neither 'example: expression' nor, about the interpreter, "
                    "': expression'",
                )
            )
            return [nodes.problematic("", self.text)], []
        options = {"expression": " ".join(match["expression"].split())}
        if match["object"]:
            options["object"] = match["object"]
        number = self.note("value", match["name"] or "", options)
        return [pending_value("", options["expression"], docname=self.env.docname, use=number)], []


class OpcodeRole(BytedocRole):
    """The name of an instruction, ``BINARY_OP`` or ``BINARY_ADD -3.10``; it links to its page.

    The target must have it; with a range of releases, exactly the targets in that range.
    """

    def run(self) -> tuple[list[Node], list[system_message]]:
        try:
            name, releases = split_range(self.text)
        except ValueError as error:
            self.tell(BytedocError("argument", str(error)))
            return [nodes.problematic("", self.text)], []
        self.note("op", "", {"opcode": name, "releases": releases})
        return [pending_opcode("", name, releases=releases)], []


class UncheckedRole(SphinxRole):
    """Words with a number, or a name, that the builder ``claims`` is to leave alone."""

    def run(self) -> tuple[list[Node], list[system_message]]:
        return [unchecked("", self.text)], []


#: The roles by name.
ROLES = {"value": ValueRole(), "op": OpcodeRole(), "unchecked": UncheckedRole()}
