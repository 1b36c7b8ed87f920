"""Between reading and writing: everything is asked, and judged, and what is wrong is told."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from pathlib import Path

from sphinx.util import logging

from .answers import Failure
from .errors import BytedocError, InterpreterError, Problem
from .examples import Use, with_setup
from .release import Release
from .request import Interpreter, Request, digest_of
from .results import Results
from .views import VIEWS

logger = logging.getLogger(__name__)

#: A use, the interpreter that it is about, its own request and then those of its expectations.
Plan = tuple[Use, Interpreter, list[Request]]


def settle(results: Results, docnames: AbstractSet[str]) -> list[Problem]:
    """Answer every request of these pages; all that is wrong with them, which is told."""
    problems = problems_of_project(results)
    say_who_is_recorded(results)
    plans = []
    for plan in planned(results, docnames):
        if isinstance(plan, Problem):
            problems.append(plan)
        else:
            plans.append(plan)
    problems += problems_of_captures(results)
    for plan in answered([(results, plan) for plan in plans]):
        problems += judged(results, plan)
    if any(use.view == "opcode-coverage" for uses in results.domain.uses.values() for use in uses):
        from .reference import coverage  # noqa: PLC0415 - only a reference is to be complete

        problems += coverage.problems(results)
    if results.has_histories and not results.config.site:  # there, they are asked for once
        from .comparing import history, release_changes  # noqa: PLC0415 - only where there are such pages

        history.ask(results, docnames)
        release_changes.ask(results)
    tell(problems, Path(results.domain.env.srcdir))
    return problems


def say_who_is_recorded(results: Results) -> None:
    """Name the interpreter of a guide where it is not that of this machine."""
    target = results.target()
    if results.config.execute and target is not None and not target.executable:
        logger.info("%s is not here: it is shown as it was recorded", target)


def problems_of_project(results: Results) -> list[Problem]:
    """What is wrong with the pages as they were read, and with the configuration."""
    domain = results.domain
    found = domain.found_while_reading
    problems = [problem for docname in sorted(found) for problem in found[docname]]
    problems += [Problem(e.subtype, e.message, "", "conf.py", 1) for e in results.config.check()]
    problems += domain.duplicates()
    return problems


def problems_of_captures(results: Results) -> list[Problem]:
    """What is wrong with the captures that were read."""
    source = results.domain.env.srcdir
    return [
        Problem(e.subtype, e.message, "", os.path.relpath(e.path, source), e.line)
        for e in results.captures.problems()
    ]


def answered(plans: Sequence[tuple[Results, Plan]]) -> list[Plan]:
    """The plans, all of their requests answered; those that need another's result are added.

    Several releases are asked at once.
    """
    if not plans:
        return []
    asking = plans[0][0]
    asking.ask([(who, what) for _, (_, who, requests) in plans for what in requests])
    later, complete = [], []
    for results, (use, interpreter, requests) in plans:
        more = later_requests(results, use, interpreter, requests[0])
        complete.append((use, interpreter, requests + more))
        later += [(interpreter, request) for request in more]
    asking.ask(later)
    return complete


def planned(results: Results, docnames: AbstractSet[str]) -> Iterator[Plan | Problem]:
    """A plan for each use on these pages, or the reason why there is none.

    A use that is not for its interpreter's release needs no plan.
    An interpreter that can't be had is a problem once, not once a use.
    """
    unavailable: dict[str, tuple[Use, InterpreterError, int]] = {}
    for docname in sorted(results.domain.uses.keys() & docnames):
        for use in results.domain.uses[docname]:
            if not results.stands(use):
                continue
            try:
                interpreter = results.interpreter_of(use)
                releases = results.releases_of(use)
                if VIEWS[use.view].across:
                    yield from planned_across(results, use)
                elif interpreter.release in releases:
                    yield use, interpreter, results.requests(use, interpreter.release)
                elif not VIEWS[use.view].is_directive:
                    message = f"the example is for {releases}; put the sentence in a release block"
                    error = BytedocError("release", message)
                    yield located(results, use, error, interpreter.release)
            except InterpreterError as why:
                first, _, count = unavailable.get(use.release, (use, why, 0))
                unavailable[use.release] = (first, why, count + 1)
            except BytedocError as why:
                yield located(results, use, why)
    for first, reason, count in unavailable.values():
        needing = "1 output needs it" if count == 1 else f"{count} outputs need it"
        message = f"{reason.message} ({needing})"
        yield Problem(reason.subtype, message, first.docname, first.path, first.line)
    if results.config.data:
        yield from planned_for_data(results)


def planned_for_data(results: Results) -> Iterator[Plan]:
    """A plan for what the files of data need and no page may have asked for."""
    from .data_files import INSTRUCTIONS  # noqa: PLC0415 - only where data is wanted

    target = results.target()
    if target is not None:
        yield INSTRUCTIONS, target, results.requests(INSTRUCTIONS, target.release)


def planned_across(results: Results, use: Use) -> Iterator[Plan | Problem]:
    """A plan for each release that a view of several shows."""
    for release, interpreter in results.across(use).items():
        if interpreter is not None:
            yield use, interpreter, results.requests(use, release)
        else:
            error = BytedocError(
                "not-recorded", f"{release} has no capture and no interpreter here"
            )
            yield located(results, use, error, release)


def later_requests(
    results: Results, use: Use, interpreter: Interpreter, own: Request
) -> list[Request]:
    """The requests of expectations that need the result of the use itself."""
    if not use.expectations:
        return []
    result = results.answer(interpreter, own)
    if result is None or isinstance(result, Failure):
        return []
    return VIEWS[use.view].later_claims(use, result, interpreter.release)


def judged(results: Results, plan: Plan) -> Iterator[Problem]:
    """What is wrong with the results of one use."""
    use, interpreter, requests = plan
    has_nothing_to_judge = not use.expectations and not VIEWS[use.view].judges_results
    if has_nothing_to_judge and results.succeeded(interpreter, requests[0]):
        return
    example = results.examples.get(use.example)
    answers = [results.answer(interpreter, request) for request in requests]
    for error in VIEWS[use.view].problems(use, example, answers, interpreter.release):
        yield located(results, use, error, interpreter.release)


def located(
    results: Results, use: Use, error: BytedocError, release: Release | None = None
) -> Problem:
    """An error at its line of the example, or else at the use."""
    example = results.examples.get(use.example)
    path, line = use.path, use.line
    if error.line and example is not None:
        path, line = example.path, example.line + error.line - 1
    elif error.line and use.content_line:
        line = use.content_line + error.line - 1
    message = f"{use.place(example, release)}: {error.message}"
    return Problem(error.subtype, message, use.docname, path, line)


def tell(problems: Iterable[Problem], source: Path) -> None:
    """Warn of each problem once."""
    for problem in dict.fromkeys(problems):
        location = f"{source / problem.path}:{problem.line}"
        logger.warning(problem.message, type="bytedoc", subtype=problem.subtype, location=location)


def page_digests(results: Results, docnames: Iterable[str]) -> dict[str, str]:
    """For each of these pages, a digest of all that its outputs come from beside its own text."""
    domain = results.domain
    target = results.target()
    digests = {}
    for docname in docnames:
        parts: list[object] = [None if target is None else target.identity, domain.opcode_page()]
        for use in domain.uses.get(docname, ()):
            try:
                interpreter = results.interpreter_of(use)
                releases = results.releases_of(use)
                parts += [interpreter.identity, str(releases)]
                if use.view == "opcode":
                    parts.append(results.occurrences.get(use.options["entry"].name))
                if results.stands(use) and VIEWS[use.view].across:
                    for release, who in results.across(use).items():
                        own = results.requests(use, release)[0]
                        parts += [str(release), who and [who.identity, results.digest(who, own)]]
                elif results.stands(use) and interpreter.release in releases:
                    own = results.requests(use, interpreter.release)[0]
                    parts += [own.digest, results.digest(interpreter, own)]
                    parts += places(results, use)
            except BytedocError as error:
                parts.append(error.message)
        digests[docname] = digest_of(parts)
    return digests


def places(results: Results, use: Use) -> list[object]:
    """Where the examples of a use stand: a traceback names their pages and lines."""
    example = results.examples.get(use.example)
    if example is None:
        return []
    examples = [example, *with_setup(example, results.examples)]
    return [place for item in examples for place in (item.path, item.line)]
