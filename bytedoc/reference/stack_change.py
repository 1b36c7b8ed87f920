"""What an instruction does to the value stack, as the reference writes it down.

``callable args[arg] -- result``: before and after, the top of the stack last.  ``args[arg]`` is as
many values as its argument says, ``null[arg & 1]`` is one or none.  ``jump:`` in front: when it
jumps.
"""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, Self

_ITEM = re.compile(r"(?P<name>[a-z_][a-z0-9_]*)(?:\[(?P<count>[^\]]+)\])?")
_OPERATORS: Mapping[type[ast.AST], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.FloorDiv: operator.floordiv,
    ast.BitAnd: operator.and_,
    ast.RShift: operator.rshift,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.Gt: operator.gt,
}


class StackItem(NamedTuple):
    """One name in a `StackChange`.

    Attributes:
        name: what the value is.
        number: how many of them there are, an expression of ``arg``; empty: one.
    """

    name: str
    number: str = ""

    def size(self, arg: int) -> int:
        """How many values it is for an argument."""
        return counted(self.number, arg) if self.number else 1

    def __str__(self) -> str:
        return f"{self.name}[{self.number}]" if self.number else self.name


class StackChange(NamedTuple):
    """The values that an instruction finds on the stack, and those that it leaves there.

    Attributes:
        before: what it takes, or looks at; the top of the stack last.
        after: what is there in place of that.
        jump: whether this is so when it jumps.
    """

    before: tuple[StackItem, ...]
    after: tuple[StackItem, ...]
    jump: bool = False

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``left right -- result``.

        Raises:
            ValueError: it is not of that form.
        """
        jump = text.startswith("jump:")
        sides = re.split(r"(?:^|\s+)--(?:\s+|$)", text.removeprefix("jump:").strip())
        if len(sides) != 2:
            raise ValueError(f"{text!r} is not of the form 'before -- after'")
        return cls(_items(sides[0]), _items(sides[1]), jump)

    def effect(self, arg: int) -> int:
        """The change of the stack depth, for an argument."""
        return sum(item.size(arg) for item in self.after) - sum(
            item.size(arg) for item in self.before
        )


def counted(expression: str, arg: int) -> int:
    """The value of an expression of ``arg``, none below 0.

    Raises:
        ValueError: it is more than arithmetic.
    """
    return max(0, int(_value(ast.parse(expression, mode="eval").body, arg)))


def _items(text: str) -> tuple[StackItem, ...]:
    found = []
    for word in re.findall(r"[^\s\[]+(?:\[[^\]]*\])?", text):
        match = _ITEM.fullmatch(word)
        if match is None:
            raise ValueError(f"{word!r} is neither 'name' nor 'name[count]'")
        if match["count"]:
            try:
                counted(match["count"], 1)
            except SyntaxError:
                raise ValueError(f"{match['count']!r} is no expression") from None
        found.append(StackItem(match["name"], match["count"] or ""))
    return tuple(found)


def _value(node: ast.AST, arg: int) -> int:
    if isinstance(node, ast.Constant) and isinstance(node.value, int):
        return node.value
    if isinstance(node, ast.Name) and node.id == "arg":
        return arg
    if isinstance(node, ast.BinOp) and type(node.op) in _OPERATORS:
        return int(_OPERATORS[type(node.op)](_value(node.left, arg), _value(node.right, arg)))
    if isinstance(node, ast.Compare) and len(node.ops) == 1 and type(node.ops[0]) in _OPERATORS:
        compared = _value(node.comparators[0], arg)
        return int(_OPERATORS[type(node.ops[0])](_value(node.left, arg), compared))
    if isinstance(node, ast.IfExp):
        return _value(node.body if _value(node.test, arg) else node.orelse, arg)
    raise ValueError(f"{ast.unparse(node)!r} is more than arithmetic with arg")
