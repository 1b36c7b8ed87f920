"""The ``dis`` view: what the interpreter's own ``dis`` prints of an example."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from docutils import nodes

from .. import expectations
from ..answers import Failure
from ..answers.listings import Listing
from ..answers.programs import Value
from ..errors import BytedocError
from ..examples import Example, Use
from ..nodes import html_of, listing
from ..release import Release
from ..request import Request
from .base import Linking, Page, Project, View, job_of, plain_block, unmet_expression
from .options import CODE, flag


class Dis(View):
    """The disassembly of an example, of one function in it, or of one nested code object."""

    name = "dis"
    title = "Bytecode"
    options = {
        **CODE,
        "show-caches": flag,
        "adaptive": flag,
        "show-offsets": flag,
        "show-positions": flag,
    }

    def request(self, use: Use, example: Example | None, project: Project) -> Request:
        assert example is not None
        job = job_of(use, example, project)
        asked = {
            name.replace("-", "_"): use.options[name]
            for name in ("depth", "show-caches", "adaptive", "show-offsets", "show-positions")
            if name in use.options
        }
        if asked:
            job["options"] = asked
        return Request("dis", job)

    def is_expression(self, claim: str) -> bool:
        return not expectations.is_about_instructions(claim)

    def unmet(
        self, use: Use, result: Listing, decided: Sequence[Value | Failure | None], release: Release
    ) -> Iterator[BytedocError]:
        values = iter(decided)
        for claim in expectations.applying(use.expectations, release):
            if self.is_expression(claim.text):
                yield from unmet_expression(claim.text, next(values))
                continue
            why = expectations.unmet_by_listing(claim.text, result)
            if why is not None:
                yield BytedocError("expectation", f"expected {claim.text}, but {why}")

    def render(
        self, use: Use, example: Example | None, result: Listing, page: Page
    ) -> list[nodes.Node]:
        shown: list[nodes.Node] = [listing_node(result, use.anchor, page)]
        if result.ignored:
            names = ", ".join(name.replace("_", "-") for name in result.ignored)
            shown.append(
                nodes.paragraph(
                    "", f"(The dis of this release has no {names}.)", classes=["bytedoc-note"]
                )
            )
        return shown


def listing_node(shown: Listing, anchor: str, page: Page, linking: Linking | None = None) -> Any:
    """A listing: in HTML with what each line carries, else as plain text.

    *linking* knows where the instructions are documented, if not the page.
    """
    if not page.is_html:
        return plain_block(shown.text.rstrip("\n"))
    node = listing(shown.text, shown.text, language="none")
    node.html = html_of(shown, (linking or page).opcode_link, anchor, page.marked)
    return node
