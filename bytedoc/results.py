"""The results of a build: what is needed, what is wrong with it, and what pages it changes.

``settle`` works between reading and writing; afterwards the write phase asks for one result after
the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sphinx.util import logging
from sphinx.util.display import status_iterator

from . import executor
from .config import Config
from .errors import BytedocError, InterpreterError, Problem
from .examples import Example, Use, find_example
from .interpreters import Interpreters
from .models import Failure, Interpreter, Request, answer_of, digest_of
from .release import Release, ReleaseRange
from .runner import Limits
from .store import Store, unchanged
from .views import VIEWS

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.builders import Builder
    from sphinx.environment import BuildEnvironment

    from .domain import BytedocDomain

logger = logging.getLogger(__name__)

#: Builders that never show a result.
_WITHOUT_RESULTS = frozenset({"gettext"})
#: Steps of the progress bar.
_STEPS = 20


class Results:
    """What the pages of a domain asked for, answered.

    Args:
        domain: knows the examples and the uses that the pages make of them.
    """

    #: The builder of this build, from the end of the read phase on.
    builder: Builder

    def __init__(self, domain: BytedocDomain) -> None:
        self._domain = domain

    @property
    def examples(self) -> Mapping[str, Example]:
        """All examples of the project, by name."""
        return self._domain.examples

    @cached_property
    def config(self) -> Config:
        """The configuration of this build."""
        return Config.from_sphinx(self._domain.env.config)

    @cached_property
    def cache(self) -> Path:
        """The folder in which results are kept."""
        if self.config.cache:
            return Path(self._domain.env.srcdir, self.config.cache)
        return Path(self._domain.env.doctreedir, "bytedoc")

    @cached_property
    def store(self) -> Store:
        """The results of this build and of earlier ones."""
        return Store(self.cache)

    @cached_property
    def interpreters(self) -> Interpreters:
        """The interpreters of this machine."""
        return Interpreters(self.config.interpreters, self.cache / "interpreters.json")

    @property
    def limits(self) -> Limits:
        """What an example may use."""
        return Limits(
            wall=self.config.timeout,
            cpu=self.config.timeout + 5,
            memory=self.config.memory << 20,
            output=self.config.output_limit,
            file_size=self.config.file_limit << 20,
        )

    def interpreter_of(self, use: Use) -> Interpreter:
        """The interpreter that a use is about.

        Raises:
            InterpreterError: it can't be had.
        """
        return self.interpreters.get(use.release or self.config.target)

    def target(self) -> Interpreter | None:
        """The target, or None where it can't be had (which ``settle`` has told)."""
        try:
            return self.interpreters.get(self.config.target)
        except InterpreterError:
            return None

    def settle(self) -> list[str]:
        """Have every result that the pages need; the pages that must be written again.

        Called once, between reading and writing.  Where nothing was read and neither an
        interpreter nor the configuration changed, nothing is to be done.
        """
        key = f"{self.builder.name} {self.builder.outdir}"
        before = self._domain.data["settled"].get(key, {})
        signature = self._signature()
        if (
            not self._domain.read_anything
            and before.get("signature") == signature
            and not before["problems"]
            and self.cache.exists()
            and all(unchanged(*item) for item in before["imports"])
        ):
            return []
        problems = [
            problem for found in self._domain.found_while_reading.values() for problem in found
        ]
        problems += [Problem(e.subtype, e.message, "", "", 0) for e in self.config.check()]
        problems += self._domain.duplicates()
        problems += self._execute()
        self._tell(problems)
        pages = {
            docname: self._page_digest(docname)
            for docname in self._domain.uses.keys() | self._domain.data["targeted"]
        }
        self._domain.data["settled"][key] = {
            "signature": signature,
            "pages": pages,
            "problems": len(problems),
            "imports": self.store.imports(),
        }
        old = before.get("pages", {})
        # Without an old digest nobody knows what this builder wrote: two builders, or two folders of
        # output, may share the doctrees.
        return [docname for docname in pages if pages[docname] != old.get(docname)]

    def _signature(self) -> str:
        """What results depend on apart from the pages: interpreters, probe, configuration."""
        wanted = {self.config.target} | {
            use.release for uses in self._domain.uses.values() for use in uses if use.release
        }
        identities = []
        for name in sorted(wanted):
            try:
                identities.append(self.interpreters.get(name).identity)
            except InterpreterError as error:
                identities.append(error.message)
        return digest_of([identities, self.store.probe, str(self.config)])

    def _execute(self) -> list[Problem]:
        """Answer all requests; the problems that show in asking and in the answers."""
        problems: list[Problem] = []
        planned: list[tuple[Use, Interpreter, list[Request]]] = []
        unavailable: dict[str, tuple[Use, InterpreterError, int]] = {}
        for use in self._all_uses():
            try:
                interpreter = self.interpreter_of(use)
                if interpreter.release not in self.releases_of(use):
                    continue
                planned.append((use, interpreter, self._requests(use, interpreter.release)))
            except InterpreterError as error:
                first, _, count = unavailable.get(use.release, (use, error, 0))
                unavailable[use.release] = (first, error, count + 1)
            except BytedocError as error:
                problems.append(self._problem(use, error))
        for first, why, count in unavailable.values():
            message = f"{why.message} ({count} outputs need it)"
            problems.append(Problem(why.subtype, message, first.docname, first.path, first.line))
        self._answer([(who, what) for _, who, requests in planned for what in requests])
        later = []
        for use, interpreter, requests in planned:
            for request in self._later_requests(use, interpreter, requests):
                requests.append(request)
                later.append((interpreter, request))
        self._answer(later)
        for use, interpreter, requests in planned:
            problems += self._judge(use, interpreter, requests)
        return problems

    def _all_uses(self) -> Iterator[Use]:
        for docname in sorted(self._domain.uses):
            yield from self._domain.uses[docname]

    def releases_of(self, use: Use) -> ReleaseRange:
        """The releases for which a use is shown: its own, as far as its example is for them."""
        example = self.examples.get(use.example)
        return use.releases if example is None else use.releases & example.releases

    def _requests(self, use: Use, release: Release) -> list[Request]:
        """The use's own request, then those that its expectations need."""
        view = VIEWS[use.view]
        example = find_example(use.example, self.examples) if use.example else None
        own = view.request(use, example, self)
        return [own, *view.claims(use, example, self, release)]

    def _later_requests(
        self, use: Use, interpreter: Interpreter, requests: Sequence[Request]
    ) -> list[Request]:
        result = self.answer(interpreter, requests[0])
        if result is None or isinstance(result, Failure):
            return []
        return VIEWS[use.view].later_claims(use, result, interpreter.release)

    def _answer(self, tasks: Sequence[tuple[Interpreter, Request]]) -> None:
        wanted = executor.missing(tasks, self.store)
        if not wanted or not self.config.execute:
            return
        names = ", ".join(sorted({str(interpreter.release) for interpreter, _ in wanted}))
        done = executor.execute(wanted, self.store, self.limits)
        size = -(-len(wanted) // _STEPS)
        chunks = batched((request.view for request in done), size)
        for _ in status_iterator(
            chunks,
            f"asking Python {names}... ",
            "brown",
            -(-len(wanted) // size),
            self._domain.env.config.verbosity,
        ):
            pass

    def _judge(
        self, use: Use, interpreter: Interpreter, requests: Sequence[Request]
    ) -> Iterator[Problem]:
        """What is wrong with the results of one use."""
        view = VIEWS[use.view]
        example = self._domain.examples.get(use.example)
        results = [self.answer(interpreter, request) for request in requests]
        for error in view.problems(use, example, results, interpreter.release):
            yield self._problem(use, error, interpreter.release)

    def _problem(self, use: Use, error: BytedocError, release: Release | None = None) -> Problem:
        example = self._domain.examples.get(use.example)
        place = use.place(example, release)
        path, line = use.path, use.line
        if error.line and example is not None:
            path, line = example.path, example.line + error.line - 1
        return Problem(error.subtype, f"{place}: {error.message}", use.docname, path, line)

    def _tell(self, problems: Iterable[Problem]) -> None:
        for problem in dict.fromkeys(problems):
            location = "conf.py"
            if problem.path:
                location = f"{Path(self._domain.env.srcdir, problem.path)}:{problem.line}"
            logger.warning(
                problem.message, type="bytedoc", subtype=problem.subtype, location=location
            )

    def _page_digest(self, docname: str) -> str:
        """What the results on a page come from: another digest, another page."""
        target = self.target()
        parts: list[object] = [None if target is None else target.identity]
        for use in self._domain.uses.get(docname, ()):
            try:
                interpreter = self.interpreter_of(use)
                parts.append(interpreter.identity)
                if interpreter.release in self.releases_of(use):
                    own = self._requests(use, interpreter.release)[0]
                    parts += [own.digest, self.store.digest(interpreter, own)]
            except BytedocError as error:
                parts.append(error.message)
        return digest_of(parts)

    def answer(self, interpreter: Interpreter, request: Request) -> Any:
        """The typed result, a `Failure`, or None where nothing may be executed to get it."""
        record = self.store.get(interpreter, request)
        if record is None:
            return None
        return answer_of(request.view, record)

    def result(self, use: Use, interpreter: Interpreter) -> Any:
        """The result to show at a use.

        Raises:
            BytedocError: the use asks for something that is not there.
        """
        own = self._requests(use, interpreter.release)[0]
        if self.store.get(interpreter, own) is None:
            self._answer([(interpreter, own)])
        return self.answer(interpreter, own)


def batched(items: Iterable[str], size: int) -> Iterator[list[str]]:
    """Lists of *size* items, the last of what is left (``itertools`` has it from 3.12 on)."""
    iterator = iter(items)
    while chunk := list(islice(iterator, size)):
        yield chunk


def settle(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """The handler of ``env-updated``."""
    from .domain import bytedoc_domain  # noqa: PLC0415 - a domain has results, not the reverse

    results = bytedoc_domain(env).results
    results.builder = app.builder
    return [] if app.builder.name in _WITHOUT_RESULTS else results.settle()
