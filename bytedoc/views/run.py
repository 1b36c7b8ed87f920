"""The ``run`` view: what an example prints, and the exception that ends it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from docutils import nodes

from .. import expectations
from ..answers.programs import Outcome
from ..errors import BytedocError
from ..examples import Example, Use, with_setup
from ..release import Release
from ..request import Request
from .base import Page, Project, View, explain_exception, job_of, plain_block, setup_of, visible
from .options import COMPILING, flag, seconds, text

_FRAME = re.compile(r'File "(<[^"\n]+>)", line (\d+)')
_WARNING = re.compile(r"^(<[^:\n]+>):(\d+)(?=: \w*Warning: )", re.MULTILINE)
_ADDRESS = re.compile(r"\bat 0x[0-9a-fA-F]{6,}")


class Run(View):
    """The output of an example, as a terminal shows it."""

    name = "run"
    title = "Output"
    judges_results = True
    options = {
        "raises": text,
        **COMPILING,
        "timeout": seconds,
        "addresses": flag,
        "varies": flag,
    }

    def request(self, use: Use, example: Example | None, project: Project) -> Request:
        assert example is not None
        job = job_of(use, example, project)
        job.pop("object", None)
        setup = setup_of(example, project)
        if setup:
            job["setup"] = setup
        for name in ("raises", "timeout"):
            if name in use.options:
                job[name] = use.options[name]
        return Request("run", job)

    def mistakes(
        self, use: Use, example: Example | None, result: Outcome
    ) -> Iterator[BytedocError]:
        yield from unforeseen(result, use.options.get("raises"), example)
        if result.undecodable:
            yield BytedocError(
                "encoding", "it prints bytes that are not UTF-8; they are shown as \\x.."
            )
        if result.closed_output:
            yield BytedocError("closed-output", "it closes its standard output")

    def is_expression(self, claim: str) -> bool:
        return False  # but text to be found in the output

    def unmet(
        self, use: Use, result: Outcome, decided: Sequence[Any], release: Release
    ) -> Iterator[BytedocError]:
        shown = result.output + (result.raised.traceback if result.raised else "")
        for claim in expectations.applying(use.expectations, release):
            why = expectations.unmet_by_output(claim.text, shown)
            if why is not None:
                yield BytedocError("expectation", f"expected {claim.text}, but {why}")

    def render(
        self, use: Use, example: Example | None, result: Outcome, page: Page
    ) -> list[nodes.Node]:
        assert example is not None
        printed = result.output + (result.raised.traceback if result.raised else "")
        if not printed:
            return [nodes.paragraph("", "(It prints nothing.)", classes=["bytedoc-note"])]
        if not use.options.get("addresses"):
            printed = _ADDRESS.sub("at 0x...", printed)
        lines = on_page(printed.rstrip("\n"), [example, *with_setup(example, page.examples)])
        return [plain_block(visible(lines), ["bytedoc-printed"])]


def unforeseen(
    outcome: Outcome, wanted: str | None, example: Example | None
) -> Iterator[BytedocError]:
    """What is wrong with how a program ran; *wanted* is the class of the exception to end it."""
    if outcome.input_read:
        yield BytedocError("input", "it reads standard input, which is empty for examples")
    elif outcome.raised is not None and wanted not in outcome.raised.bases:
        error = explain_exception(outcome.raised, example)
        hint = f"; say :raises: {outcome.raised.type} if that is what it shows"
        yield BytedocError(error.subtype, error.message + hint, error.line)
    elif outcome.raised is None and wanted is not None:
        yield BytedocError("no-exception", f"it was to raise {wanted}, and came to its end")
    if outcome.leftover:
        yield BytedocError(
            "leftover-process", "it ends before a process that it started, which was killed"
        )


def on_page(printed: str, examples: Iterable[Example]) -> str:
    """Output whose file names and line numbers are those of the pages that hold the examples."""
    by_file = {example.filename: example for example in examples}

    def place(match: re.Match[str], form: str) -> str:
        example = by_file.get(match[1])
        if example is None:
            return match[0]
        return form.format(example.path, example.line + int(match[2]) - 1)

    printed = _FRAME.sub(lambda match: place(match, 'File "{}", line {}'), printed)
    return _WARNING.sub(lambda match: place(match, "{}:{}"), printed)
