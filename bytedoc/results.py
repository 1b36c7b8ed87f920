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

from sphinx.util.display import status_iterator

from .config import Config
from .errors import InterpreterError
from .examples import Example, Use, find_example
from .interpreters import Interpreters
from .release import Release, ReleaseRange
from .request import Interpreter, Request, digest_of
from .runner import Limits
from .store import Store, unchanged

if TYPE_CHECKING:
    from sphinx.builders import Builder

    from .domain import BytedocDomain

#: Steps of the progress bar.
_STEPS = 20


class Results:
    """What the pages of a domain asked for, answered.

    Args:
        domain: knows the examples and the uses that the pages make of them.

    What a build in which nothing changed does not need is imported where it is.
    """

    #: The builder of this build, from the end of the read phase on.
    builder: Builder
    #: How much the user wants to be told (``Config.verbosity`` is newer than Sphinx 8.2).
    verbosity: int

    def __init__(self, domain: BytedocDomain) -> None:
        self.domain = domain
        self._requests: dict[int, list[Request]] = {}  # by id of a `Use`, which the domain keeps

    @property
    def examples(self) -> Mapping[str, Example]:
        """All examples of the project, by name."""
        return self.domain.examples

    @cached_property
    def config(self) -> Config:
        """The configuration of this build."""
        return Config.from_sphinx(self.domain.env.config)

    @cached_property
    def cache(self) -> Path:
        """The folder in which results are kept."""
        if self.config.cache:
            return Path(self.domain.env.srcdir, self.config.cache)
        return Path(self.domain.env.doctreedir, "bytedoc")

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
        before = self.domain.data["settled"].get(key, {})
        have_results = self.cache.exists()  # asked first: what the signature needs may be put there
        signature = self._signature()
        is_as_before = (
            before.get("signature") == signature
            and not before["problems"]
            and have_results
            and all(unchanged(*item) for item in before["imports"])
        )
        pages = self.domain.pages()
        if is_as_before and pages == before["pages"]:
            return []
        from .settling import page_digests, settle  # noqa: PLC0415 - not needed until here

        affected = set(pages)
        digests: dict[str, str] = {}
        if is_as_before:
            changed = {name for name, when in pages.items() if before["pages"].get(name) != when}
            affected = self.domain.affected(changed)
            digests = {name: before["digests"][name] for name in pages.keys() - affected}
        problems = settle(self, affected)
        digests |= page_digests(self, affected)
        self.domain.data["settled"][key] = {
            "signature": signature,
            "pages": pages,
            "digests": digests,
            "problems": len(problems),
            "imports": self.store.imports() + (before["imports"] if is_as_before else []),
        }
        # Without an old digest nobody knows what this builder wrote: two builders, or two folders
        # of output, may share the doctrees.
        old = before.get("digests", {})
        return [name for name in digests if digests[name] != old.get(name)]

    def _signature(self) -> str:
        """What results depend on apart from the pages: interpreters, probe, configuration."""
        wanted = {self.config.target} | {
            use.release for uses in self.domain.uses.values() for use in uses if use.release
        }
        identities = []
        for name in sorted(wanted):
            try:
                identities.append(self.interpreters.get(name).identity)
            except InterpreterError as error:
                identities.append(error.message)
        return digest_of([identities, self.store.probe, str(self.config)])

    def releases_of(self, use: Use) -> ReleaseRange:
        """The releases for which a use is shown: its own, as far as its example is for them."""
        example = self.examples.get(use.example)
        return use.releases if example is None else use.releases & example.releases

    def stands(self, use: Use) -> bool:
        """Whether the prose around a use is shown for the target."""
        target = self.target()
        return target is None or target.release in use.targets

    def requests(self, use: Use, release: Release) -> list[Request]:
        """The request of a use, then those that decide its expectations for a release.

        Raises:
            BytedocError: the use asks for something that is not there.
        """
        found = self._requests.get(id(use))
        if found is None:
            from .views import VIEWS  # noqa: PLC0415

            example = find_example(use.example, self.examples) if use.example else None
            view = VIEWS[use.view]
            found = [view.request(use, example, self), *view.claims(use, example, self, release)]
            self._requests[id(use)] = found
        return found

    def ask(self, tasks: Sequence[tuple[Interpreter, Request]]) -> None:
        """Have the tasks answered that were not answered before, if that is allowed."""
        from . import executor  # noqa: PLC0415

        wanted = executor.missing(tasks, self.store)
        if not wanted or not self.config.execute:
            return
        names = ", ".join(sorted({str(interpreter.release) for interpreter, _ in wanted}))
        size = -(-len(wanted) // _STEPS)
        done = executor.execute(wanted, self.store, self.limits)
        progress = status_iterator(
            batched((request.view for request in done), size),
            f"asking Python {names}... ",
            "brown",
            -(-len(wanted) // size),
            self.verbosity,
        )
        for _ in progress:
            pass

    def answer(self, interpreter: Interpreter, request: Request) -> Any:
        """The typed answer, a `Failure`, or None where there is none."""
        from .models import answer_of  # noqa: PLC0415

        record = self.store.get(interpreter, request)
        return None if record is None else answer_of(request.view, record)

    def result(self, use: Use, interpreter: Interpreter) -> Any:
        """What to show at a use: as `answer`, for its own request.

        Raises:
            BytedocError: the use asks for something that is not there.
        """
        own = self.requests(use, interpreter.release)[0]
        if not self.store.has(interpreter, own):
            self.ask([(interpreter, own)])
        return self.answer(interpreter, own)


def batched(items: Iterable[str], size: int) -> Iterator[list[str]]:
    """Lists of *size* items, the last of what is left (``itertools`` has it from 3.12 on)."""
    iterator = iter(items)
    while chunk := list(islice(iterator, size)):
        yield chunk
