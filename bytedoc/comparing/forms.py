"""What an instruction does, in a form in which releases can be compared."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from ..answers.listings import CodeListing, Instruction

#: They belong to the instruction before or after them, and say nothing by themselves.
_PARTS = frozenset({"CACHE", "EXTENDED_ARG"})
#: A part of a code object: its instructions from one number to another, which is excluded.
Piece = tuple[CodeListing, int, int]


class Form(NamedTuple):
    """What an instruction does, wherever it stands.

    Attributes:
        name: its name.
        argument: what ``dis`` says of its argument, in one spelling for all releases; empty where
            ``dis`` says nothing.
        null: the NULL that it pushes beside what it loads: ``NULL``, ``NULL|self`` or nothing.
        number: the argument; 0 where there is none, as the byte of the argument then is.
        target: the number of the instruction to which it jumps; -1 if it does not jump.
    """

    name: str
    argument: str
    null: str
    number: int
    target: int

    def equals(self, other: Form) -> bool:
        """Whether both do the same."""
        if self.name != other.name or self.target != other.target:
            return False
        return self.target >= 0 or self.has_argument_of(other)

    def has_argument_of(self, other: Form) -> bool:
        """Whether the arguments are the same, for instructions that do not jump."""
        if self.argument and other.argument:
            return self.argument == other.argument and self.null == other.null
        return self.number == other.number


class Instructions(NamedTuple):
    """Instructions in their order, each with its form."""

    items: Sequence[Instruction]
    forms: Sequence[Form]

    def name_at(self, number: int) -> str:
        """The name of one of them; nothing for what is beyond the last."""
        return self.forms[number].name if number < len(self.forms) else ""


def instructions_of(*pieces: Piece) -> Instructions:
    """The instructions of pieces of code objects, one after the other.

    ``CACHE`` and ``EXTENDED_ARG`` are left out: they are parts of other instructions.
    """
    items: list[Instruction] = []
    owners: list[int] = []
    numbers: dict[tuple[int, int | str], int] = {}  # by offset, and by label
    for code, start, end in pieces:
        owner = id(code)
        for item in code.instructions[start:end]:
            numbers[owner, item.offset] = len(items)
            if item.opname not in _PARTS:
                numbers[owner, item.label] = len(items)
                items.append(item)
                owners.append(owner)
    forms = []
    for owner, item in zip(owners, items, strict=True):
        target: int | str | None = item.target
        if target is None and item.argrepr.startswith("from "):
            target = item.argrepr[5:]  # END_ASYNC_FOR says where the awaiting began, by its label
        if target is None:
            argument, null = spelled(item.argrepr)
            forms.append(Form(item.opname, argument, null, item.arg or 0, -1))
        else:
            forms.append(Form(item.opname, "", "", 0, numbers.get((owner, target), len(items))))
    return Instructions(items, forms)


def whole(code: CodeListing) -> Piece:
    """All of a code object."""
    return code, 0, len(code.instructions)


@lru_cache(maxsize=8192)
def spelled(argrepr: str) -> tuple[str, str]:
    """What ``dis`` says of an argument, in one spelling for all releases, and its NULL.

    - ``NULL + print`` (3.11, 3.12) and ``print + NULL`` (3.13): the NULL is told apart.
    - Of a code object the name is kept; the rest says where it is.
    - The members of a frozen set are sorted.
    - What is not ASCII is escaped: which characters are printed as they are depends on the
      release's version of Unicode.
    """
    null = ""
    head, plus, tail = argrepr.partition(" + ")
    if plus and head in ("NULL", "NULL|self"):
        argrepr, null = tail, head
    elif argrepr.endswith((" + NULL", " + NULL|self")):
        argrepr, _, null = argrepr.rpartition(" + ")
    elif argrepr.startswith("<code object "):
        argrepr = f"<code object {code_object_name(argrepr)}>"
    elif argrepr.startswith("frozenset({"):
        argrepr = _sorted_set(argrepr)
    if not argrepr.isascii():
        argrepr = argrepr.encode("ascii", "backslashreplace").decode("ascii")
    return argrepr, null


def code_object_name(argrepr: str) -> str:
    """The name of the code object that an instruction loads; nothing if it loads something else."""
    if not argrepr.startswith("<code object "):
        return ""
    return argrepr.removeprefix("<code object ").partition(" at 0x")[0]


def _sorted_set(text: str) -> str:
    """The repr of a frozen set with its members in order."""
    try:
        call = ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError):
        return text
    if not (isinstance(call, ast.Call) and isinstance(call.args[0], ast.Set)):
        return text
    members = (ast.unparse(item) for item in call.args[0].elts)
    return "frozenset({" + ", ".join(sorted(members)) + "})"
