"""Between reading and writing: everything is asked, and judged, and what is wrong is told."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from pathlib import Path

from sphinx.util import logging

from .errors import BytedocError, InterpreterError, Problem
from .examples import Use, with_setup
from .models import Failure
from .release import Release
from .request import Interpreter, Request, digest_of
from .results import Results
from .views import VIEWS

logger = logging.getLogger(__name__)

#: A use, the interpreter that it is about, its own request and then those of its expectations.
Plan = tuple[Use, Interpreter, list[Request]]


def settle(results: Results, docnames: AbstractSet[str]) -> list[Problem]:
    """Answer every request of these pages; all that is wrong with them, which is told."""
    domain = results.domain
    found = domain.found_while_reading
    problems = [problem for docname in sorted(found) for problem in found[docname]]
    problems += [Problem(e.subtype, e.message, "", "conf.py", 1) for e in results.config.check()]
    problems += domain.duplicates()
    plans = []
    for plan in planned(results, docnames):
        if isinstance(plan, Problem):
            problems.append(plan)
        else:
            plans.append(plan)
    results.ask([(who, what) for _, who, requests in plans for what in requests])
    later, judging = [], []
    for use, interpreter, requests in plans:
        more = later_requests(results, use, interpreter, requests[0])
        judging.append((use, interpreter, requests + more))
        later += [(interpreter, request) for request in more]
    results.ask(later)
    for plan in judging:
        problems += judged(results, plan)
    tell(problems, Path(domain.env.srcdir))
    return problems


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
                if interpreter.release in releases:
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
    if has_nothing_to_judge and results.store.succeeded(interpreter, requests[0]):
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
                if results.stands(use) and interpreter.release in releases:
                    own = results.requests(use, interpreter.release)[0]
                    parts += [own.digest, results.store.digest(interpreter, own)]
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
