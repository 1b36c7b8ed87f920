"""The ``pipeline`` view: what becomes of an example until it is bytecode, stage by stage."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from docutils import nodes

from .. import expectations
from ..answers import Failure
from ..answers.pipeline import STAGES, CompilerCode, Missing, Pipeline, Place
from ..answers.programs import Value
from ..errors import BytedocError
from ..examples import Example, Use
from ..release import Release
from ..request import Request
from .aligned import Row, aligned_block, cells_of_place, data_of_place
from .base import Page, Project, View, job_of, unmet_expression
from .dis import listing_node
from .options import COMPILING, choices, text

#: The module of the standard library that shows a stage.
_MODULES = {"tokens": "tokenize", "ast": "ast", "symbols": "symtable", "bytecode": "dis"}
#: Why a stage is not shown, at all or for the code objects that are named.
_REASONS = {
    "absent": "This interpreter does not show it. CPython does from 3.13 on, where its module "
    "_testinternalcapi is installed",
    "modules-only": "This release shows it for the code of a module, and not for the code in it",
    "uncertain": "It can't be shown for certain, as the interpreter does not tell all that goes "
    "into it",
    "broken": "This interpreter does not survive the question",
}


class PipelineView(View):
    """The stages from the text of an example to its bytecode."""

    name = "pipeline"
    title = "Pipeline"
    options = {
        "stages": choices(*STAGES),
        "object": text,
        **COMPILING,
    }

    def request(self, use: Use, example: Example | None, project: Project) -> Request:
        assert example is not None
        return Request("pipeline", job_of(use, example, project))

    def is_expression(self, claim: str) -> bool:
        """Whether an expectation is one about the code object."""
        about_stages = expectations.speaks_of(claim, NAMES)
        return not expectations.is_about_instructions(claim) and not about_stages

    def later_claims(self, use: Use, result: Pipeline, release: Release) -> list[Request]:
        names = names_of(result)
        return [
            Request("value", {"expression": claim.text, "names": names, "filename": "<expression>"})
            for claim in expectations.applying(use.expectations, release)
            if expectations.speaks_of(claim.text, NAMES)
        ]

    def unmet(
        self,
        use: Use,
        result: Pipeline,
        decided: Sequence[Value | Failure | None],
        release: Release,
    ) -> Iterator[BytedocError]:
        claims = [claim.text for claim in expectations.applying(use.expectations, release)]
        about_code = [claim for claim in claims if self.is_expression(claim)]
        about_stages = [claim for claim in claims if expectations.speaks_of(claim, NAMES)]
        for claim, value in zip(about_code + about_stages, decided, strict=True):
            yield from unmet_expression(claim, value)
        for claim in filter(expectations.is_about_instructions, claims):
            why = expectations.unmet_by_listing(claim, result.bytecode)
            if why is not None:
                yield BytedocError("expectation", f"expected {claim}, but {why}")

    def render(
        self, use: Use, example: Example | None, result: Pipeline, page: Page
    ) -> list[nodes.Node]:
        wanted = use.options.get("stages", STAGES)
        return [
            nodes.container(
                "",
                title_of(stage),
                *content_of(stage, result, use, page),
                ids=[f"{use.anchor}_{stage}"],
                classes=["bytedoc-stage"],
            )
            for stage in STAGES
            if stage in wanted
        ]


#: What expectations can say of the stages.
NAMES = frozenset(
    {"tokens", "texts", "ast", "symbols", "names", "codegen", "optimised", "bytecode"}
)


def names_of(result: Pipeline) -> dict[str, Any]:
    """The values of `NAMES`."""
    symbols = {scope.qualname: dict(scope.symbols) for scope in result.scopes}
    return {
        "tokens": [token.type for token in result.tokens],
        "texts": [token.text for token in result.tokens],
        "ast": [node.name for node in result.tree],
        "symbols": symbols,
        "names": list(dict.fromkeys(name for scope in symbols.values() for name in scope)),
        "codegen": opnames_of(result.codegen),
        "optimised": opnames_of(result.optimised),
        "bytecode": result.bytecode.opnames(),
    }


def opnames_of(codes: Sequence[CompilerCode]) -> list[str] | None:
    """The names of the instructions of a stage; None where it is not there."""
    return [item.name for code in codes for item in code.instructions] or None


def title_of(stage: str) -> nodes.paragraph:
    """The line above a stage: its name, and the module that shows it."""
    found = nodes.paragraph(
        "", "", nodes.strong("", STAGES[stage]), classes=["bytedoc-stage-title"]
    )
    if stage in _MODULES:
        found += [nodes.Text(", by "), nodes.literal("", _MODULES[stage])]
    return found


def content_of(stage: str, result: Pipeline, use: Use, page: Page) -> list[nodes.Node]:
    """A stage as nodes."""
    if stage == "tokens":
        return [tokens_block(result, page)]
    if stage == "ast":
        return [tree_block(result, page)]
    if stage == "symbols":
        return [symbols_block(result, page)]
    if stage == "bytecode":
        return [listing_node(result.bytecode, use.anchor, page)]
    codes = result.codegen if stage == "codegen" else result.optimised
    found: list[nodes.Node] = []
    for code in codes:
        if len(codes) > 1:
            name = nodes.literal("", code.qualname)
            found.append(nodes.paragraph("", "", name, classes=["bytedoc-subject"]))
        found.append(instructions_block(code, page))
    if stage in result.missing:
        found.append(why_not(result.missing[stage]))
    return found


def tokens_block(result: Pipeline, page: Page) -> nodes.Node:
    """The tokens, one a line."""
    rows = [
        Row((*cells_of_place(place), kind, repr(text)), data_of_place(place))
        for kind, text, place in result.tokens
    ]
    return aligned_block(("Line", "Columns", "Type", "Text"), rows, page, right=(0,))


def tree_block(result: Pipeline, page: Page) -> nodes.Node:
    """The syntax tree, one node a line, indented by its depth."""
    rows = []
    for depth, field, name, values, place in result.tree:
        words = [f"{key}={value}" for key, value in values]
        text = " ".join([f"{field}: {name}" if field else name, *words])
        rows.append(Row((*cells_of_place(place), "  " * depth + text), data_of_place(place)))
    return aligned_block(("Line", "Columns", "Node"), rows, page, right=(0,))


def symbols_block(result: Pipeline, page: Page) -> nodes.Node:
    """The names of each scope, one a line."""
    rows = []
    for kind, qualname, line, symbols in result.scopes:
        place = Place(line, None, None, None) if line else None
        scope = kind if kind == "module" else f"{kind} {qualname}"
        rows += [
            Row((cells_of_place(place)[0], scope, name, ", ".join(words)), data_of_place(place))
            for name, words in (
                (name, [word.replace("_", " ") for word in words]) for name, words in symbols
            )
        ]
    return aligned_block(("Line", "Scope", "Name", "Flags"), rows, page, right=(0,))


def instructions_block(code: CompilerCode, page: Page) -> nodes.Node:
    """The instructions of a code object, which are numbered."""
    rows = []
    for number, (name, arg, meaning, place) in enumerate(code.instructions):
        argument = "" if arg is None else meaning if meaning == f"to {arg}" else str(arg)
        if meaning and meaning != argument:
            argument += f" ({meaning})"
        cells = (*cells_of_place(place), str(number), name, argument)
        rows.append(Row(cells, {"number": str(number), "op": name, **data_of_place(place)}))
    head = ("Line", "Columns", "Number", "Instruction", "Argument")
    return aligned_block(head, rows, page, right=(0, 2), instruction=3)


def why_not(missing: Missing) -> nodes.paragraph:
    """A sentence about what is not shown."""
    found = nodes.paragraph("", _REASONS[missing.reason], classes=["bytedoc-note"])
    for number, name in enumerate(missing.names):
        found += [nodes.Text(", " if number else ": "), nodes.literal("", name)]
    found += nodes.Text(".")
    return found
