"""The ``specialize`` view: what the instructions of a function become while it is called."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby, pairwise
from typing import Any, NamedTuple

from docutils import nodes

from .. import expectations
from ..answers import Failure
from ..answers.listings import CodeListing, Instruction, Listing
from ..answers.programs import Value
from ..answers.specializations import Counter, Phase, Specialization
from ..errors import BytedocError
from ..examples import Example, Use
from ..nodes import details
from ..release import Release
from ..request import Request
from .base import Page, Project, View, job_of, setup_of, table, unmet_expression
from .changes import linked
from .options import COMPILING, flag, seconds, text

#: So many steps of a phase are told one by one.
_MOST_TOLD = 12
#: What stands before a form that an instruction did not have before.
_SIGN = "\N{RIGHTWARDS ARROW} "
#: Why nothing changes, after the name of the interpreter.
_REASONS = {
    "release": "has no adaptive interpreter: its instructions stay as they were compiled. "
    "Specialisation came with 3.11.",
    "build": "does not specialise: in this build the adaptive interpreter is off.",
}
#: What the table of inline caches is called, and how it is read.
_CACHES = "Inline caches"
_CACHES_NOTE = (
    "A counter counts down: to the next attempt to specialise, or, in a specialised form, the "
    "inputs that it is not for. Versions and addresses are other in each process: #1 stands for "
    "the first value of its field, #2 for the second."
)
_PHASE = re.compile(r"(before|warm-up|then(?:\s+(?P<number>\d+))?)\s*:\s*(?P<claim>.*)", re.DOTALL)


def then(value: str | None) -> tuple[str, ...]:
    """Expressions, separated by a semicolon and a blank, or by line breaks."""
    parts = (part.strip() for part in re.split(r";\s|;$|\n", text(value)))
    return tuple(part for part in parts if part)


def times(value: str | None) -> tuple[int, ...]:
    """How often each expression is evaluated."""
    words = text(value).replace(",", " ").split()
    if not all(word.isdecimal() and 0 < int(word) <= 100_000 for word in words):
        raise ValueError("it must be whole numbers from 1 to 100000")
    return tuple(map(int, words))


class PhaseClaim(NamedTuple):
    """What is claimed of a phase: *number* counts from 0, the one before any evaluation."""

    number: int
    text: str


def phase_claim(claim: str) -> PhaseClaim:
    """The phase of which an expectation speaks, and what it says.

    ``before: A``, ``warm-up: A``, ``then: A``, ``then 2: A``; ``A`` alone is about the warm-up.
    """
    match = _PHASE.fullmatch(claim)
    if match is None:
        return PhaseClaim(1, claim)
    number = {"before": 0, "warm-up": 1}.get(match[1], 1 + int(match["number"] or 1))
    return PhaseClaim(number, match["claim"])


class Specialize(View):
    """The instructions of a function before and after it was warmed up, and what changes them."""

    name = "specialize"
    title = "Specialisation"
    options = {
        "object": text,
        "warm-up": text,
        "then": then,
        "times": times,
        "jit": flag,
        "optimize": COMPILING["optimize"],
        "timeout": seconds,
    }

    def request(self, use: Use, example: Example | None, project: Project) -> Request:
        assert example is not None
        if "warm-up" not in use.options:
            raise BytedocError("option", "it needs :warm-up:, an expression that calls the example")
        job = job_of(use, example, project) | {"warm_up": use.options["warm-up"]}
        setup = setup_of(example, project)
        if setup:
            job["setup"] = setup
        for name in ("then", "times"):
            if name in use.options:
                job[name] = list(use.options[name])
        if "timeout" in use.options:
            job["timeout"] = use.options["timeout"]
        if "jit" in use.options:
            job["environment"] = {"PYTHON_JIT": "1"}  # read when an interpreter starts
        return Request("specialize", job)

    def is_expression(self, claim: str) -> bool:
        return False  # before it is known what the phases are

    def later_claims(self, use: Use, result: Specialization, release: Release) -> list[Request]:
        return [
            Request(
                "value",
                {
                    "expression": claim.text,
                    "names": names_of(result, claim.number),
                    "filename": "<expression>",
                },
            )
            for claim in phase_claims(use, release)
            if claim.number < len(result.phases)
            and not expectations.is_about_instructions(claim.text)
        ]

    def unmet(
        self,
        use: Use,
        result: Specialization,
        decided: Sequence[Value | Failure | None],
        release: Release,
    ) -> Iterator[BytedocError]:
        values = iter(decided)
        for claim in phase_claims(use, release) if not result.reason else ():
            if claim.number >= len(result.phases):
                message = f"expected {claim.text} after a :then: that is not there"
                yield BytedocError("expectation", message)
            elif not expectations.is_about_instructions(claim.text):
                yield from unmet_expression(claim.text, next(values))
            else:
                why = expectations.unmet_by_listing(claim.text, listing(result, claim.number))
                if why is not None:
                    where = phase_name(result, claim.number).lower()
                    message = f"expected {claim.text} ({where}), but {why}"
                    yield BytedocError("expectation", message)

    def render(
        self, use: Use, example: Example | None, result: Specialization, page: Page
    ) -> list[nodes.Node]:
        if result.reason:
            said = f"{page.interpreter} {_REASONS[result.reason]}"
            return [nodes.paragraph("", said, classes=["bytedoc-note"])]
        said = "An empty cell: as before."
        if "jit" in use.options:
            said += f" The JIT compiler is {'on' if result.jit else 'not in this build'}."
        note = nodes.paragraph("", said, classes=["bytedoc-note"])
        return [story(result, page), forms_table(result, page), note, *caches(result, page)]


def phase_claims(use: Use, release: Release) -> list[PhaseClaim]:
    """What is expected on a release, by phase."""
    return [phase_claim(item.text) for item in expectations.applying(use.expectations, release)]


def names_of(result: Specialization, number: int) -> Mapping[str, Any]:
    """What an expression about a phase may name."""
    phase = result.phases[number]
    return {
        "calls": phase.calls,
        "opnames": phase.opnames,
        "changes": [
            (item.call, result.instructions[item.number].offset, item.opname)
            for item in phase.changes
        ],
        "caches": [
            dict(zip(names, cache, strict=True))
            for names, cache in zip(result.fields, phase.caches, strict=True)
        ],
    }


def listing(result: Specialization, number: int) -> Listing:
    """The instructions as they are in a phase."""
    instructions = zip(result.instructions, result.phases[number].opnames, strict=True)
    shown = tuple(item._replace(opname=name) for item, name in instructions)
    return Listing("", (CodeListing(result.qualname, result.qualname, 0, shown),), ())


def phase_name(result: Specialization, number: int) -> str:
    """What a phase is called: ``Before``, ``Warm-up``, ``Then``, or ``Then 2``."""
    if number < 2:
        return ("Before", "Warm-up")[number]
    return "Then" if len(result.phases) == 3 else f"Then {number - 1}"


# -- what happened --------------------------------------------------------------------------------


def story(result: Specialization, page: Page) -> nodes.bullet_list:
    """What was evaluated, and which call changed what."""
    found = nodes.bullet_list(classes=["bytedoc-story"])
    forms = list(result.phases[0].opnames)
    for number, phase in enumerate(result.phases[1:], start=1):
        said = nodes.paragraph()
        said += nodes.strong("", phase_name(result, number))
        said += [nodes.Text(f", {counted(phase.calls)} of "), nodes.literal("", phase.expression)]
        said += nodes.Text(outcome(phase))
        item = nodes.list_item("", said)
        if told := list(steps(result, phase, forms, page)):
            item += nodes.bullet_list("", *told)
        found += item
    return found


def counted(calls: int) -> str:
    """A number of calls in words."""
    return "1 call" if calls == 1 else f"{calls} calls"


def outcome(phase: Phase) -> str:
    """What came of a phase, as the end of a sentence or what introduces its steps."""
    if not phase.changes:
        return ": nothing changes."
    return "; more of them go on changing it:" if phase.settled is False else ":"


def steps(
    result: Specialization, phase: Phase, forms: list[str], page: Page
) -> Iterator[nodes.list_item]:
    """Each call that changed something, with what it changed; *forms* become those after it."""
    calls = groupby(phase.changes, lambda change: change.call)
    for number, (call, changes) in enumerate(calls):
        said = nodes.paragraph("", f"call {call}: ")
        for position, change in enumerate(changes):
            old, forms[change.number] = forms[change.number], change.opname
            offset = result.instructions[change.number].offset
            said += nodes.Text(f"{', ' if position else ''}at {offset} ")
            said += [linked(old, page), nodes.Text(f" {_SIGN}"), linked(change.opname, page)]
        if number < _MOST_TOLD:
            yield nodes.list_item("", said)
        elif number == _MOST_TOLD:
            yield nodes.list_item("", nodes.paragraph("", "and so on"))


# -- tables ---------------------------------------------------------------------------------------


def forms_table(result: Specialization, page: Page) -> nodes.table:
    """Every instruction: as it was compiled, and what it is after each phase.

    On paper there is no room for more than two names side by side: there, what an instruction
    becomes stands in one column.
    """
    names = [phase_name(result, number) for number in range(len(result.phases))]
    stacked = not page.is_html and len(names) > 2
    head = ["Offset", "Line", names[0], *(["After"] if stacked else names[1:])]
    rows = []
    line: int | None = None
    for index, item in enumerate(result.instructions):
        forms = [phase.opnames[index] for phase in result.phases]
        changes = [
            None if new == old else changed(item.opname, new, page) for old, new in pairwise(forms)
        ]
        rows.append(
            [
                f"{item.label} {item.offset}".strip(),
                "" if item.line in (None, line) else str(item.line),
                with_argument(forms[0], item, page),
                *([stack(names[1:], changes)] if stacked else [each or "" for each in changes]),
            ]
        )
        line = item.line
    widths = [9, 7, 34, 50] if stacked else [8, 7, *([24] * len(names))]
    return table(head, rows, widths, ["bytedoc-forms"])


def stack(names: Sequence[str], changes: Sequence[nodes.Node | None]) -> nodes.line_block | str:
    """What an instruction becomes, a phase a line; LaTeX has no block without lines."""
    lines = [
        nodes.line("", "", nodes.Text(f"{name} "), change)
        for name, change in zip(names, changes, strict=True)
        if change is not None
    ]
    return nodes.line_block("", *lines) if lines else ""


def with_argument(form: str, item: Instruction, page: Page) -> nodes.inline:
    """An instruction and what ``dis`` says of its argument, or else the argument."""
    found = nodes.inline("", "", linked(form, page))
    argument = item.argrepr or ("" if item.arg is None else str(item.arg))
    if argument:
        found += [nodes.Text(" "), nodes.literal("", argument)]
    return found


def changed(base: str, new: str, page: Page) -> nodes.inline:
    """A form that an instruction did not have before, with a sign and a class."""
    kind = change_kind(base, new)
    return nodes.inline("", "", nodes.Text(_SIGN), linked(new, page), classes=["changed", kind])


def change_kind(base: str, new: str) -> str:
    """What becoming another form is: ``specialised``, ``fallback`` or ``instrumented``."""
    if new.startswith("INSTRUMENTED_"):
        return "instrumented"
    return "fallback" if new in (base, f"{base}_ADAPTIVE") else "specialised"


def caches(result: Specialization, page: Page) -> list[nodes.Node]:
    """The inline caches of the instructions that specialise; hidden at first where that can be."""
    rows: list[list[nodes.Node | str]] = []
    for index, item in enumerate(result.instructions):
        values = [phase.caches[index] for phase in result.phases]
        if not any(isinstance(value, Counter) for value in values[0]):
            continue  # it has no other form
        name: nodes.Node | str = linked(item.opname, page)
        offset = str(item.offset)
        for field, row in zip(result.fields[index], zip(*values, strict=True), strict=True):
            if any(row):
                rows.append([offset, name, field, *map(cache_value, row)])
                offset = name = ""
    if not rows:
        return []
    phases = [phase_name(result, number) for number in range(len(result.phases))]
    head = ["Offset", "Instruction", "Field", *phases]
    shown = table(head, rows, [8, 24, 18, *([18] * len(phases))], ["bytedoc-caches"])
    note = nodes.paragraph("", _CACHES_NOTE, classes=["bytedoc-note"])
    if page.is_html:
        return [details("", shown, note, summary=_CACHES, classes=["bytedoc-hidden"])]
    shown.insert(0, nodes.title("", _CACHES))
    return [shown, note]


def cache_value(value: int | str | Counter) -> str:
    """What is in a field of an inline cache."""
    if not isinstance(value, Counter):
        return str(value)
    waits = "" if value.backoff is None else f", backoff {value.backoff}"
    return f"{value.value}{waits}"
