"""The ``stack`` view: the value stack of a real call, before and after each instruction."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence

from docutils import nodes

from .. import expectations
from ..answers import Failure
from ..answers.programs import Value
from ..answers.stack_recordings import Slot, StackCode, StackRecording, Step
from ..errors import BytedocError
from ..examples import Example, Use
from ..nodes import step as carrying_row
from ..release import Release
from ..request import Interpreter, Request
from .base import Page, Project, View, job_of, setup_of, unmet_expression, visible
from .options import CODE, integer, seconds, text
from .run import unforeseen

_MODULE = "<module>"
#: Most steps that can be asked for: more are no help to a reader.
_MOST_STEPS = 2000
#: What an expectation can say of a recording, besides ``co_stacksize``.
_RECORDED = frozenset({"depths", "executed", "frames", "returned", "stacks", "steps"})


class Stack(View):
    """The recorded value stack of a call, or of an example that is executed as a program."""

    name = "stack"
    title = "Value stack"
    judges_results = True
    options = {
        "call": text,
        **CODE,
        "steps": integer(1, _MOST_STEPS),
        "raises": text,
        "timeout": seconds,
    }

    def request(self, use: Use, example: Example | None, project: Project) -> Request:
        assert example is not None
        job = job_of(use, example, project)
        setup = setup_of(example, project)
        if setup:
            job["setup"] = setup
        for name in ("call", "raises", "timeout"):
            if name in use.options:
                job[name] = use.options[name]
        if "call" in job and job.get("object") == _MODULE:
            del job["object"]  # the module is executed before
        asked = {name: use.options[name] for name in ("depth", "steps") if name in use.options}
        if asked:
            job["options"] = asked
        return Request("stack", job)

    def caption(
        self, use: Use, example: Example | None, interpreter: Interpreter
    ) -> nodes.paragraph:
        found = super().caption(use, example, interpreter)
        if "call" in use.options:
            call: list[nodes.Node] = [nodes.Text(" in "), nodes.literal("", use.options["call"])]
            found[-2:-2] = call
        return found

    def mistakes(
        self, use: Use, example: Example | None, result: StackRecording
    ) -> Iterator[BytedocError]:
        if not result.refusal:
            yield from unforeseen(result.outcome, use.options.get("raises"), example)

    def is_expression(self, claim: str) -> bool:
        return not expectations.is_about_instructions(claim) and not is_about_recording(claim)

    def later_claims(self, use: Use, result: StackRecording, release: Release) -> list[Request]:
        if result.refusal:
            return []
        names = names_of(result)
        return [
            Request("value", {"expression": claim.text, "names": names, "filename": "<expression>"})
            for claim in expectations.applying(use.expectations, release)
            if is_about_recording(claim.text)
        ]

    def unmet(
        self,
        use: Use,
        result: StackRecording,
        decided: Sequence[Value | Failure | None],
        release: Release,
    ) -> Iterator[BytedocError]:
        claims = [claim.text for claim in expectations.applying(use.expectations, release)]
        of_code = [claim for claim in claims if self.is_expression(claim)]
        of_recording = [claim for claim in claims if is_about_recording(claim)]
        if result.refusal:
            of_recording = claims = []
        for claim, value in zip(of_code + of_recording, decided, strict=True):
            yield from unmet_expression(claim, value)
        for claim in filter(expectations.is_about_instructions, claims):
            why = expectations.unmet_by_instructions(claim, executed(result), "what was executed")
            if why is not None:
                yield BytedocError("expectation", f"expected {claim}, but {why}")

    def render(
        self, use: Use, example: Example | None, result: StackRecording, page: Page
    ) -> list[nodes.Node]:
        assert example is not None
        if result.refusal:
            return static(result, page)
        found: list[nodes.Node] = []
        if result.steps:
            found.append(Steps(result, example.source, page, use.anchor).table())
        return [*found, remarks(result, use)]


def is_about_recording(claim: str) -> bool:
    """Whether an expectation is an expression that speaks of what was recorded."""
    try:
        tree = ast.parse(claim, mode="eval")
    except (SyntaxError, ValueError):
        return False
    return any(isinstance(node, ast.Name) and node.id in _RECORDED for node in ast.walk(tree))


def names_of(result: StackRecording) -> Mapping[str, object]:
    """What an expectation can say of a recording."""
    return {
        "steps": len(result.steps),
        "executed": [item.instruction.opname for item in result.steps],
        "depths": [len(item.before) for item in result.steps],
        "stacks": [[slot.text for slot in item.before] for item in result.steps],
        "frames": [result.codes[frame.code].qualname for frame in result.frames],
        "returned": result.result and result.result.text,
        "co_stacksize": result.codes[0].stacksize if result.codes else None,
    }


def executed(result: StackRecording) -> list[list[str]]:
    """For each frame, the names of what was executed in it."""
    found: list[list[str]] = [[] for _ in result.frames]
    for item in result.steps:
        found[item.frame].append(item.instruction.opname)
    return found


class Steps:
    """The table of a recording.

    Args:
        result: the recording.
        source: the text of the example.
        page: the page that it is for.
        anchor: what the anchors of its rows begin with.
    """

    def __init__(self, result: StackRecording, source: str, page: Page, anchor: str) -> None:
        self._result = result
        self._lines = source.splitlines()
        self._page = page
        self._anchor = anchor

    def table(self) -> nodes.table:
        """One row for each step, and one where another frame or line goes on."""
        rows: list[nodes.row] = []
        place = None
        for number, item in enumerate(self._result.steps, start=1):
            if place != (item.frame, item.instruction.line):
                place = (item.frame, item.instruction.line)
                rows.append(self._place(item))
            rows.append(self._step(number, item))
        head = ("Step", "Instruction", "Stack before", "Stack after")
        return framed(head, rows, (6, 26, 34, 34), ["bytedoc-steps"])

    def _place(self, item: Step) -> nodes.row:
        """Which frame goes on, and at which line."""
        found = nodes.paragraph()
        line = item.instruction.line
        place = "no line" if line is None else f"line {line}"
        if len(self._result.frames) > 1:
            nesting = self._result.frames[item.frame].nesting
            found += nodes.Text("\N{RIGHT-POINTING DOUBLE ANGLE QUOTATION MARK} " * nesting)
            found += nodes.literal("", self._result.code_of(item).qualname)
            place = f", frame {item.frame + 1}, {place}"
        else:
            place = place.capitalize()
        found += nodes.Text(place)
        if line is not None and line <= len(self._lines):
            found += [nodes.Text(": "), nodes.literal("", visible(self._lines[line - 1].strip()))]
        if self._page.is_html:
            return nodes.row("", nodes.entry("", found, morecols=3), classes=["bytedoc-place"])
        return row([[], [found], [], []])

    def _step(self, number: int, item: Step) -> nodes.row:
        """An instruction and the stacks around it."""
        cells: list[list[nodes.Node]] = [
            [nodes.paragraph("", str(number))],
            [instruction(item.instruction.opname, item.instruction.arg, self._page)],
            [nodes.paragraph("", "", *stack(item.before))],
            self._after(number, item),
        ]
        if not self._page.is_html:
            return row(cells)
        data = {
            "step": number,
            "frame": item.frame + 1,
            "offset": item.instruction.offset,
            "op": item.instruction.opname,
            "line": item.instruction.line,
            "depth": len(item.before),
            "event": item.event,
        }
        found = carrying_row("", *row(cells).children, ids=[f"{self._anchor}_{number}"])
        found["data"] = {name: value for name, value in data.items() if value not in (None, "")}
        return found

    def _after(self, number: int, item: Step) -> list[nodes.Node]:
        """What an instruction left behind, or how its frame came to a halt."""
        found: list[nodes.Node] = []
        if item.event:
            what = nodes.paragraph("", f"{item.event} ")
            if item.value is not None:
                what += shown(item.value)
            else:
                what += nodes.Text("what is being handled")
            if item.thrown is not None:
                what += [nodes.Text(", and finds "), shown(item.thrown), nodes.Text(" thrown in")]
            elif item.event == "raises" and item.after is not None:
                what += nodes.Text(", which is handled:")
            found.append(what)
        if item.after is not None:
            calls = not item.event and self._result.steps[number].frame != item.frame
            waits = "when it goes on: " if calls else ""
            found.append(nodes.paragraph("", waits, *stack(item.after)))
        elif not item.event and self._result.truncated:
            found.append(nodes.paragraph("", "", nodes.emphasis("", "not recorded")))
        return found


def stack(slots: Sequence[Slot]) -> list[nodes.Node]:
    """A stack that grows to the right; its top is strong."""
    if not slots:
        return [nodes.emphasis("", "empty")]
    found: list[nodes.Node] = []
    for slot in slots[:-1]:
        found += [shown(slot), nodes.Text(" ")]
    return [*found, nodes.strong("", "", shown(slots[-1]))]


def shown(slot: Slot) -> nodes.Node:
    """What is in one slot."""
    if slot.kind == "null":
        return nodes.emphasis("", slot.text, classes=["bytedoc-slot", "bytedoc-null"])
    classes = ["bytedoc-slot", *([f"bytedoc-{slot.kind}"] if slot.kind else [])]
    return nodes.literal("", visible(slot.text), classes=classes)


def instruction(name: str, arg: str, page: Page) -> nodes.paragraph:
    """The name of an instruction, linked, and its argument."""
    literal: nodes.Node = nodes.literal("", name)
    if link := page.opcode_link(name):
        literal = nodes.reference("", "", literal, refuri=link, internal=False)
    found = nodes.paragraph("", "", literal)
    if arg:
        found += [nodes.Text(" "), nodes.literal("", visible(arg), classes=["bytedoc-argument"])]
    return found


def remarks(result: StackRecording, use: Use) -> nodes.paragraph:
    """How to read the table, what the call came to, and what the table lacks."""
    found = nodes.paragraph(classes=["bytedoc-note"])
    if result.steps:
        found += nodes.Text("The stack grows to the right; its top is in bold. ")
    if result.result is not None:
        found += [nodes.Text("The value of the call is "), shown(result.result), nodes.Text(". ")]
    if result.outcome.raised is not None:
        raised = nodes.literal("", visible(result.outcome.raised.summary))
        found += [nodes.Text("It ends with "), raised, nodes.Text(". ")]
    if result.silent:
        found += nodes.Text("Without a step of their own: ")
        for name in result.silent:
            found += [nodes.literal("", name), nodes.Text(", ")]
        found.pop()
        found += nodes.Text(
            " (the interpreter does not report them, or does their work with that before). "
        )
    if result.truncated:
        found += nodes.Text(f"Only the first {len(result.steps)} steps are shown. ")
    return found


def static(result: StackRecording, page: Page) -> list[nodes.Node]:
    """The depths that follow from the instructions alone, where no stack is recorded."""
    said = (
        f"The values are not recorded on {page.interpreter}: {result.refusal}. Shown instead is "
        "how deep the stack gets along all ways through the code, by dis.stack_effect."
    )
    found: list[nodes.Node] = [nodes.paragraph("", said, classes=["bytedoc-note"])]
    for code in result.codes:
        if len(result.codes) > 1:
            name = nodes.literal("", code.qualname)
            found.append(nodes.paragraph("", "", name, classes=["bytedoc-subject"]))
        found.append(depths_of(code, page))
    return found


def depths_of(code: StackCode, page: Page) -> nodes.table:
    """The instructions of a code object, and how deep the stack can be before each."""
    rows = []
    line = None
    for item in code.instructions:
        depths = " or ".join(map(str, item.depths)) or "never reached"
        new_line = "" if item.line in (None, line) else str(item.line)
        line = item.line
        cells = [nodes.paragraph("", part) for part in (new_line, str(item.offset), depths)]
        cells.insert(2, instruction(item.opname, item.arg, page))
        rows.append(row([[cell] for cell in cells]))
    head = ("Line", "Offset", "Instruction", "Depth before")
    return framed(head, rows, (10, 12, 53, 25), ["bytedoc-depths"])


def framed(
    head: Sequence[str], rows: Sequence[nodes.row], widths: Sequence[int], classes: Sequence[str]
) -> nodes.table:
    """A table of rows that are there already."""
    group = nodes.tgroup(cols=len(widths))
    group += [nodes.colspec(colwidth=width) for width in widths]
    group += nodes.thead("", row([[nodes.paragraph("", name)] for name in head]))
    group += nodes.tbody("", *rows)
    given = "colwidths-given"  # LaTeX then takes all the room that there is
    return nodes.table("", group, classes=["bytedoc-table", given, *classes])


def row(cells: Sequence[Sequence[nodes.Node]]) -> nodes.row:
    """A row, from what is in its cells."""
    return nodes.row("", *(nodes.entry("", *cell) for cell in cells))
