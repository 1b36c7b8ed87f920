"""What roles show: the value of an expression, and the name of an instruction."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from ..answers.opcodes import Opcode
from ..errors import BytedocError
from ..examples import Example, Use, unknown
from ..release import Release
from ..request import Request
from .base import Project, View, expression_request


class ValueView(View):
    """The value of an expression, in the middle of a sentence."""

    name = "value"
    title = "Value"
    is_directive = False

    def request(self, use: Use, example: Example | None, project: Project) -> Request:
        return expression_request(use.options["expression"], use, example, project)

    def unmet(
        self, use: Use, result: Any, decided: Sequence[Any], release: Release
    ) -> Iterator[BytedocError]:
        return iter(())


class OpcodeName(View):
    """The name of an instruction; the interpreter must know it."""

    name = "op"
    title = "Instruction"
    judges_results = True
    needs_example = False
    is_directive = False

    def request(self, use: Use, example: Example | None, project: Project) -> Request:
        return Request("opcodes", {})

    def unmet(
        self, use: Use, result: list[Opcode], decided: Sequence[Any], release: Release
    ) -> Iterator[BytedocError]:
        name, releases = use.options["opcode"], use.options["releases"]
        names = [item.name for item in result]
        # The compiler's own instructions never are in bytecode; some have the name of an older one.
        in_bytecode = [item.name for item in result if item.kind != "pseudo"]
        if release in releases and name not in names:
            yield unknown("instruction", name, names, "unknown-opcode")
        elif release not in releases and name in in_bytecode:
            message = f"{name} is an instruction here, though it is said to be one of {releases}"
            yield BytedocError("unknown-opcode", message)
