"""What becomes of an example on its way to bytecode, as typed values.

They are made from the probe's ``pipeline`` answer.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Self

from .listings import Listing

Json = Any  #: What ``json.loads`` gives.

#: The stages, in the order of the compiler, and what each is called.
STAGES: Mapping[str, str] = {
    "tokens": "Tokens",
    "ast": "Syntax tree",
    "symbols": "Symbol table",
    "codegen": "Code generator",
    "optimised": "Optimiser",
    "bytecode": "Bytecode",
}


class Place(NamedTuple):
    """Where in the source something is; columns in bytes from 0, the ends None where unknown."""

    line: int
    end_line: int | None
    column: int | None
    end_column: int | None


class Token(NamedTuple):
    """A token: the name of its type, its text, its place."""

    type: str
    text: str
    place: Place


class TreeNode(NamedTuple):
    """A node of the syntax tree.

    Attributes:
        depth: how far below the root.
        field: the field of the node above in which it is; empty for the root.
        name: its class.
        values: its fields that hold no nodes.
        place: where it is, None where it has no place.
    """

    depth: int
    field: str
    name: str
    values: tuple[tuple[str, str], ...]
    place: Place | None


class Scope(NamedTuple):
    """A scope of the symbol table.

    Attributes:
        kind: ``module``, ``function``, ``class`` ...
        qualname: its qualified name.
        line: the line on which it begins; 0 for a module.
        symbols: the names in it, and what each of them is.
    """

    kind: str
    qualname: str
    line: int
    symbols: tuple[tuple[str, tuple[str, ...]], ...]


class CompilerInstruction(NamedTuple):
    """An instruction that the compiler has before the bytecode.

    Attributes:
        name: its name; some are the compiler's own.
        arg: its argument, None where it has none.
        argrepr: what the argument is; ``to`` and a number: the instruction of this number.
        place: where it comes from, None where it has no place.
    """

    name: str
    arg: int | None
    argrepr: str
    place: Place | None


class CompilerCode(NamedTuple):
    """The instructions of one code object, which are numbered from 0."""

    qualname: str
    instructions: tuple[CompilerInstruction, ...]


class Missing(NamedTuple):
    """Why a stage is not there: ``absent``, ``modules-only``, ``uncertain`` or ``broken``.

    *names* are the code objects that lack it; none: all do.
    """

    reason: str
    names: tuple[str, ...]


class Pipeline(NamedTuple):
    """The stages of an example.

    Attributes:
        tokens: all tokens of the source.
        tree: the syntax tree of the source, each node before those below it.
        scopes: the scopes of the symbol table.
        codegen: what the code generator made, as far as the release tells.
        optimised: what the optimiser made of that, as far as the release tells.
        bytecode: the listing.
        missing: what is not there, by stage.
    """

    tokens: tuple[Token, ...]
    tree: tuple[TreeNode, ...]
    scopes: tuple[Scope, ...]
    codegen: tuple[CompilerCode, ...]
    optimised: tuple[CompilerCode, ...]
    bytecode: Listing
    missing: Mapping[str, Missing]

    @classmethod
    def from_json(cls, record: Mapping[str, Json]) -> Self:
        """Make it from the probe's answer."""
        return cls(
            tuple(Token(kind, text, Place(*place)) for kind, text, place in record["tokens"]),
            tuple(
                TreeNode(depth, field, name, _pairs(values), _place(place))
                for depth, field, name, values, place in record["ast"]
            ),
            tuple(
                Scope(kind, name, line, tuple((each, tuple(flags)) for each, flags in symbols))
                for kind, name, line, symbols in record["symbols"]
            ),
            _codes(record.get("codegen", ())),
            _codes(record.get("optimised", ())),
            Listing.from_json(record["bytecode"]),
            {
                stage: Missing(reason, tuple(names))
                for stage, (reason, names) in record["missing"].items()
            },
        )


def _place(place: Sequence[int | None] | None) -> Place | None:
    return None if place is None else Place._make(place)


def _pairs(values: Sequence[Sequence[str]]) -> tuple[tuple[str, str], ...]:
    return tuple((name, value) for name, value in values)


def _codes(codes: Sequence[Json]) -> tuple[CompilerCode, ...]:
    return tuple(
        CompilerCode(
            qualname,
            tuple(
                CompilerInstruction(name, arg, argrepr, _place(place))
                for name, arg, argrepr, place in instructions
            ),
        )
        for qualname, instructions in codes
    )
