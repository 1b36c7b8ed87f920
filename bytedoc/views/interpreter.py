"""Views of an interpreter itself: what it is, and the instructions that it has."""

from __future__ import annotations

from docutils import nodes

from ..answers.opcodes import Opcode
from ..examples import Example, Use
from ..request import Interpreter, Request
from .base import Page, Project, View, table
from .options import choices

#: What sorts of instructions there are.
_KINDS = ("real", "instrumented", "pseudo", "specialised")


class InterpreterView(View):
    """The identity of an interpreter."""

    name = "interpreter"
    title = "Interpreter"
    needs_example = False

    def request(self, use: Use, example: Example | None, project: Project) -> Request:
        return Request("identity", {})

    def render(
        self, use: Use, example: Example | None, result: Interpreter, page: Page
    ) -> list[nodes.Node]:
        rows = [
            ("Version", result.version),
            ("Build", result.build),
            ("Compiler", result.compiler),
            ("Recorded build flags", ", ".join(result.flags) or "none"),
            ("Platform", f"{result.platform}, {result.bits} bits"),
            ("Magic number", str(result.magic)),
            ("Cache tag", result.cache_tag),
        ]
        return [table((), rows, (30, 70), ["bytedoc-identity"])]


class OpcodeTable(View):
    """Every instruction that the interpreter has; names elsewhere link here."""

    name = "opcode-table"
    title = "Instructions"
    needs_example = False
    options = {"kind": choices(*_KINDS)}

    def request(self, use: Use, example: Example | None, project: Project) -> Request:
        return Request("opcodes", {})

    def render(
        self, use: Use, example: Example | None, result: list[Opcode], page: Page
    ) -> list[nodes.Node]:
        kinds = use.options.get("kind", _KINDS)
        shown = sorted((item for item in result if item.kind in kinds), key=lambda item: item.name)
        rows = [
            (
                anchored_name(item.name),
                str(item.number),
                argument(item),
                ", ".join(f"{name} ({size})" for name, size in item.caches),
                effect(item),
            )
            for item in shown
        ]
        head = ("Instruction", "Number", "Argument", "Inline caches (code units)", "Stack effect")
        return [table(head, rows, (34, 10, 18, 22, 16), ["bytedoc-opcodes"])]


def anchored_name(name: str) -> nodes.target:
    """The name of an instruction, to which its name elsewhere links."""
    return nodes.target("", "", nodes.literal("", name), ids=[f"opcode-{name}"])


def argument(item: Opcode) -> str:
    """What the argument of an instruction is, as far as the interpreter says."""
    if item.jump:
        return f"{item.jump} jump"
    if item.uses:
        return f"{item.uses} index"
    return "yes" if item.arg else ""


def effect(item: Opcode) -> str:
    """The change of the stack depth for an argument of 0; two where a jump changes it otherwise."""
    ahead, jumping = item.effect
    if ahead is None:
        return "" if jumping is None else f"{jumping:+d} (jump)"
    if jumping is None or jumping == ahead or not item.jump:
        return f"{ahead:+d}" if ahead else "0"
    return f"{ahead:+d}, {jumping:+d} (jump)"
