"""The ``frequencies`` view: how often each instruction occurs in the standard library."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from docutils import nodes

from ..answers.frequencies import Frequencies, percent
from ..errors import BytedocError
from ..examples import Example, Use
from ..nodes import bar
from ..release import Release
from ..request import Interpreter, Request
from .base import Answer, Page, Project, View, table
from .names import linked_name
from .options import integer

if TYPE_CHECKING:
    from ..reference.entry import Entry

#: Compiling a standard library takes longer than examples may (seconds).
_PATIENCE = 300


class FrequenciesView(View):
    """The instructions of the standard library, the most frequent first."""

    name = "frequencies"
    title = "Instructions in the standard library"
    needs_example = False
    options = {"first": integer(1)}

    def request(self, use: Use, example: Example | None, project: Project) -> Request:
        return Request("frequencies", {"timeout": _PATIENCE})

    def render(
        self, use: Use, example: Example | None, result: Frequencies, page: Page
    ) -> list[nodes.Node]:
        ordered = sorted(result.counts, key=lambda name: (-result.counts[name], name))
        shown = ordered[: use.options.get("first", len(ordered))]
        most = max(result.counts.values(), default=1)
        rows = []
        for name in shown:
            count = result.counts[name]
            share = with_bar(count / result.instructions, most / result.instructions, page)
            rows.append((str(result.ranks[name]), linked_name(name, page), f"{count:,}", share))
        head = ("Rank", "Instruction", "Count", "Share")
        text = f"{result.instructions:,} instructions in {result.modules} modules."
        return [
            nodes.paragraph("", text),
            table(head, rows, (10, 40, 20, 30), ["bytedoc-counts"]),
        ]


class OpcodeFrequency(View):
    """How often one instruction occurs, release by release: part of its entry."""

    name = "opcode-frequency"
    title = "In the standard library"
    needs_example = False
    is_directive = False
    judges_results = True
    across = True

    def request(self, use: Use, example: Example | None, project: Project) -> Request:
        return Request("frequencies", {"timeout": _PATIENCE})

    def mistakes(self, use: Use, example: Example | None, result: Any) -> Iterator[BytedocError]:
        """None: what is said of a release is judged with the release at hand."""
        return iter(())

    def unmet(
        self, use: Use, result: Frequencies, decided: Sequence[Any], release: Release
    ) -> Iterator[BytedocError]:
        entry: Entry = use.options["entry"]
        count = result.counts.get(entry.name, 0)
        if count and entry.is_never_emitted(release):
            message = (
                f"it says that no bytecode of {release} has {entry.name}; the standard library has "
                f"it {count} times"
            )
            yield BytedocError("coverage", message)

    def render_across(
        self,
        use: Use,
        example: Example | None,
        answers: Mapping[Release, Answer],
        page: Page,
    ) -> list[nodes.Node]:
        entry: Entry = use.options["entry"]
        counted = {
            release: answer.result
            for release, answer in answers.items()
            if isinstance(answer.result, Frequencies)
            and (entry.name in answer.result.counts or entry.is_never_emitted(release))
        }
        if not counted:
            return []
        shares = {release: each.share(entry.name) for release, each in counted.items()}
        rows = []
        for release, each in counted.items():
            label = str(release)
            shown: nodes.Node = nodes.Text(label)
            if release == page.interpreter.release:
                shown = nodes.strong("", label)
            rank = each.ranks.get(entry.name)
            rows.append(
                (
                    nodes.inline("", "", shown),
                    f"{each.counts.get(entry.name, 0):,} of {each.instructions:,}",
                    "" if rank is None else f"{rank} of {len(each.counts)}",
                    with_bar(shares[release], max(shares.values()), page),
                )
            )
        head = ("Release", "Count", "Rank", "Share of all")
        found = table(head, rows, (16, 30, 18, 36), ["bytedoc-counts"])
        item = nodes.definition_list_item(
            "", nodes.term("", self.title), nodes.definition("", found)
        )
        return [nodes.definition_list("", item, classes=["bytedoc-facts"])]

    def frame(
        self,
        use: Use,
        example: Example | None,
        interpreter: Interpreter,
        content: Sequence[nodes.Node],
    ) -> Any:
        """What is shown, without a frame: it is part of an entry."""
        return nodes.container("", *content, classes=[f"bytedoc-{self.name}"])


def with_bar(share: float, most: float, page: Page) -> nodes.Node:
    """A share as a number, and in HTML as a bar beside others of which *most* is the longest."""
    text = nodes.Text(percent(share))
    if not page.is_html or not most:
        return nodes.inline("", "", text)
    return nodes.inline("", "", bar(share=share / most), nodes.Text(" "), text)
