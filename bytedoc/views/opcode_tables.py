"""Tables of all instructions that a project documents: by category, and by release."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby

from docutils import nodes

from ..answers.opcodes import Opcode
from ..comparing.changes import instruction_table
from ..examples import Example, Use
from ..reference.pair import EXPLAINED, OPEN, SHOWN, UNKNOWN
from ..release import Release
from ..request import Interpreter, Request
from .base import Answer, Page, Project, View, table
from .changes import sentence
from .names import linked_name
from .options import choices

#: What sorts of instructions there are.
KINDS = ("real", "instrumented", "pseudo", "specialised")
#: What stands for an instruction without a category.
_OTHER = "others"


class OpcodeIndex(View):
    """The instructions that the target has, by category, each with what it does."""

    name = "opcode-index"
    title = "Instructions by category"
    needs_example = False

    def request(self, use: Use, example: Example | None, project: Project) -> Request:
        return Request("opcodes", {})

    def render(
        self, use: Use, example: Example | None, result: list[Opcode], page: Page
    ) -> list[nodes.Node]:
        entries = page.entries
        shown = sorted(
            (entries[item.name].category or _OTHER, item.name)
            for item in result
            if item.name in entries and item.kind == "real"
        )
        found: list[nodes.Node] = []
        for category, group in groupby(shown, lambda each: each[0]):
            rows = [
                (linked_name(name, page), sentence(entries[name].summary, page))
                for _, name in group
            ]
            found.append(nodes.rubric("", f"{category[0].upper()}{category[1:]}"))
            found.append(table((), rows, (36, 64), ["bytedoc-summaries"]))
        return found


class _AllReleases(View):
    """A table of the instructions of all releases, whosever guide it is in."""

    needs_example = False
    across = True

    def request(self, use: Use, example: Example | None, project: Project) -> Request:
        return Request("opcodes", {})

    def caption(
        self, use: Use, example: Example | None, interpreter: Interpreter
    ) -> nodes.paragraph:
        """What is shown; not whose guide it is in, for that has no part in it."""
        return nodes.paragraph("", self.title, classes=["bytedoc-caption"])


class OpcodeReleases(_AllReleases):
    """Every instruction of any release, and its number in each release that has it."""

    name = "opcode-releases"
    title = "Instructions by release"
    options = {"kind": choices(*KINDS)}

    def render_across(
        self,
        use: Use,
        example: Example | None,
        answers: Mapping[Release, Answer],
        page: Page,
    ) -> list[nodes.Node]:
        known = {
            release: answer.result
            for release, answer in answers.items()
            if isinstance(answer.result, list)
        }
        kinds = use.options.get("kind", KINDS)
        rows: list[list[nodes.Node | str]] = []
        for name, having in instruction_table(known).items():
            if not any(item.kind in kinds for item in having.values()):
                continue
            entry = page.entries.get(name)
            kind = list(having.values())[-1].kind
            numbers = numbers_of(having, list(known))
            rows.append([linked_name(name, page), (entry and entry.category) or kind, *numbers])
        head = ["Instruction", "Category", *map(str, known)]
        widths = [28, 16, *([56 // max(1, len(known))] * len(known))]
        shown = table(head, rows, widths, ["bytedoc-numbers"])
        if not page.is_html:
            return [shown]
        return [nodes.container("", shown, classes=["bytedoc-data-table"])]


def numbers_of(
    having: Mapping[Release, Opcode], releases: Sequence[Release]
) -> list[nodes.Node | str]:
    """Its number in each release; one that is other than in the release before is emphasised."""
    found: list[nodes.Node | str] = []
    before: Opcode | None = None
    for release in releases:
        item = having.get(release)
        if item is None:
            found.append("–")
        elif not found or (before is not None and item.number == before.number):
            found.append(str(item.number))
        else:
            found.append(nodes.strong("", str(item.number)))
        before = item
    return found


class OpcodeCoverage(_AllReleases):
    """How much of each release the reference shows by real listings; nothing may be open."""

    name = "opcode-coverage"
    title = "Coverage of the reference"

    def render_across(
        self,
        use: Use,
        example: Example | None,
        answers: Mapping[Release, Answer],
        page: Page,
    ) -> list[nodes.Node]:
        rows: list[list[nodes.Node | str]] = []
        unshown: dict[str, dict[str, list[Release]]] = {EXPLAINED: {}, OPEN: {}}
        for release, answer in answers.items():
            if not isinstance(answer.result, list):
                continue
            pairs = page.coverage(release, answer.result)
            for kind in KINDS:
                states = [pair.state for pair in pairs if pair.opcode.kind == kind]
                if states:
                    counts = [states.count(state) for state in (SHOWN, EXPLAINED, OPEN, UNKNOWN)]
                    label = str(release) if kind == KINDS[0] else ""
                    rows.append([label, kind, str(len(states)), *map(str, counts)])
            for pair in pairs:
                if pair.state in unshown:
                    unshown[pair.state].setdefault(pair.opcode.name, []).append(release)
        head = ["Release", "Kind", "Names", "Shown by a listing", "Never in bytecode", "Open"]
        widths = [14, 20, 12, 20, 20, 14]
        if any(row[-1] != "0" for row in rows):
            head.append("Not known here")
            widths.append(14)
        else:
            rows = [row[:-1] for row in rows]
        found: list[nodes.Node] = [table(head, rows, widths, ["bytedoc-covered"])]
        for state, names in unshown.items():
            if names:
                title = "Never in bytecode" if state == EXPLAINED else "Open"
                listed = [
                    (linked_name(name, page), ", ".join(map(str, releases)))
                    for name, releases in sorted(names.items())
                ]
                found += [nodes.rubric("", title), table((), listed, (44, 56))]
        return found
