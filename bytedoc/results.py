"""The results of a build: what is needed, what is wrong with it, and what pages it changes.

``settle`` works between reading and writing; afterwards the write phase asks for one result after
the other.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sphinx.util.display import status_iterator

from .captures import Captures
from .config import Config, releases_in
from .errors import BytedocError, InterpreterError
from .examples import Example, Use, find_example
from .interpreters import Interpreters
from .release import Release, ReleaseRange
from .request import Interpreter, Request, digest_of
from .store import Store, probe_state, unchanged

if TYPE_CHECKING:
    from sphinx.builders import Builder

    from .answers import Answer
    from .domain import BytedocDomain
    from .runner import Limits

#: Views whose answers are about the interpreter alone, so that many uses have the same.
_ABOUT_INTERPRETERS = frozenset({"frequencies", "identity", "opcodes"})
#: Builders whose pages stand for themselves, each at an address of its own.
_WITH_ADDRESSES = frozenset({"html", "dirhtml", "site"})
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
        # By id of a `Use`, which the domain keeps, and the release.
        self._requests: dict[tuple[int, Release], list[Request]] = {}
        self._answering: dict[tuple[Release, str], Interpreter | None] = {}
        # What many uses have in common, by identity of the interpreter and digest of the request.
        self._shared: dict[tuple[str, str], Any] = {}
        self._digests: dict[tuple[str, str], str] = {}
        #: Whether views of several releases ask the target alone, as others are asked in turn.
        self.alone = False

    def for_target(self, release: Release) -> Results:
        """The same build as far as one release is concerned, which is taken for the target."""
        other = Results(self.domain)
        other.builder, other.verbosity, other.alone = self.builder, self.verbosity, True
        other.config = self.config._replace(target=str(release))
        other.cache, other.store = self.cache, self.store
        other.interpreters, other.captures = self.interpreters, self.captures
        other._shared, other._digests = self._shared, self._digests
        return other

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

    @property
    def has_histories(self) -> bool:
        """Whether this build writes pages about several releases, or links to them."""
        return (
            self.config.histories
            and self.builder.name in _WITH_ADDRESSES
            and len(self.releases) > 1
        )

    @property
    def pages(self) -> Path:
        """The file that tells of what the pages were made that come from no source file."""
        return self.cache / "pages.json"

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
        from .runner import Limits  # noqa: PLC0415

        return Limits(
            wall=self.config.timeout,
            cpu=self.config.timeout + 5,
            memory=self.config.memory << 20,
            output=self.config.output_limit,
            file_size=self.config.file_limit << 20,
        )

    @cached_property
    def captures(self) -> Captures:
        """The recorded results that the project keeps."""
        return Captures(Path(self.domain.env.srcdir, self.config.captures))

    @cached_property
    def releases(self) -> list[Release]:
        """The releases that are compared, in order."""
        named = releases_in(self.config.releases)
        if named:
            return named
        target = self.target()
        own = [] if target is None else [target.release]
        return sorted({*self.captures.releases(), *own})

    def interpreter(self, name: str) -> Interpreter:
        """The interpreter of a release, or at a path: that of this machine, or else the recorded.

        Raises:
            InterpreterError: it can't be had.
        """
        if self.config.execute:
            try:
                return self.interpreters.get(name)
            except InterpreterError:
                release = _release_named(name)
                capture = None if release is None else self.captures.usable(release)
                if capture is None:
                    raise
                return capture.interpreter
        release = _release_named(name)
        if release is None:
            message = f"no interpreter may be started, and {name!r} is no release"
            raise InterpreterError("not-recorded", message)
        return self.captures.interpreter(release)

    def interpreter_of(self, use: Use) -> Interpreter:
        """The interpreter that a use is about.

        Of another release than the target, and of times, which take long and are best compared
        where all were measured on one machine, the recorded result is shown if there is one.

        Raises:
            InterpreterError: it can't be had.
        """
        other = use.release or self._kept(use)
        name = other or self.config.target
        measured = use.view == "timing" and not self.config.measure
        release = _release_named(name) if other or measured else None
        if release is not None:
            with contextlib.suppress(BytedocError):  # told where the use is planned
                found = self.recorded_by(release, self.requests(use, release)[0])
                if found is not None:
                    return found
        return self.interpreter(name)

    def _kept(self, use: Use) -> str:
        """The last release that a use is for, where it is kept for a newer target; else nothing."""
        if not use.keeps:
            return ""
        last, target = self.releases_of(use).last, self.target()
        is_over = last is not None and target is not None and last < target.release
        return str(last) if is_over else ""

    def recorded_by(self, release: Release, request: Request) -> Interpreter | None:
        """The interpreter whose answer to a request is in the capture of a release, if it is."""
        capture = self.captures.usable(release)
        if capture is None or request.digest not in capture.records:
            return None
        return capture.interpreter

    def interpreter_in(self, release: Release, request: Request) -> Interpreter | None:
        """Who answers for a release in a comparison; None where nobody can."""
        key = release, request.digest
        if key not in self._answering:
            self._answering[key] = self._found_in(release, request)
        return self._answering[key]

    def _found_in(self, release: Release, request: Request) -> Interpreter | None:
        """As `interpreter_in`, looked for."""
        if request.view == "timing":  # best compared where all were measured on one machine
            recorded = None if self.config.measure else self.recorded_by(release, request)
            if recorded is not None:
                return recorded
        target = self.target()
        if target is not None and target.release == release:
            return target
        with contextlib.suppress(InterpreterError):
            if request.view == "timing":
                return self.interpreter(str(release))
            return self.recorded_by(release, request) or self.interpreter(str(release))
        return None

    def across(self, use: Use) -> dict[Release, Interpreter | None]:
        """Who answers for each release that a view of several shows.

        Raises:
            BytedocError: the use asks for something that is not there.
        """
        from .views import VIEWS  # noqa: PLC0415

        target = self.target()
        releases = self.releases_of(use)
        wanted = self.releases
        if self.alone:
            wanted = [] if target is None else [target.release]
        shown = [
            release
            for release in wanted
            if release in releases and VIEWS[use.view].shows(use, release)
        ]
        if not shown:  # perhaps for a mistake
            for release in self.releases[:1]:
                self.requests(use, release)
        return {
            release: self.interpreter_in(release, self.requests(use, release)[0])
            for release in shown
        }

    @cached_property
    def occurrences(self) -> Mapping[str, Sequence[tuple[str, str, str]]]:
        """Where the guide shows each instruction; see `reference.occurrences`."""
        from .reference.occurrences import occurrences  # noqa: PLC0415 - for entries alone

        return occurrences(self)

    def target(self) -> Interpreter | None:
        """The target, or None where it can't be had (which ``settle`` has told)."""
        try:
            return self.interpreter(self.config.target)
        except InterpreterError:
            return None

    @property
    def _output(self) -> str:
        """The name of what this build writes: the doctrees may be shared with others."""
        return f"{self.builder.name} {self.builder.outdir}"

    @property
    def settled(self) -> Mapping[str, Any]:
        """What `settle` noted last of what these pages are made of; empty before."""
        found: Mapping[str, Any] = self.domain.data["settled"].get(self._output, {})
        return found

    def settle(self) -> list[str]:
        """Have every result that the pages need; the pages that must be written again.

        Called once, between reading and writing.  Where nothing was read and neither an
        interpreter nor the configuration changed, nothing is to be done.
        """
        before = self.settled
        have_results = self.cache.exists()  # asked first: what the signature needs may be put there
        files = probe_state()
        if files == before.get("probe_state"):
            self.store.probe = before["probe"]
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
        # The list of examples in an entry may change with any page.
        digests |= page_digests(self, affected | self.domain.data["opcodes"].keys())
        noted = self.domain.data["settled"][self._output] = {
            "signature": signature,
            "pages": pages,
            "digests": digests,
            "problems": len(problems),
            "probe": self.store.probe,
            "probe_state": files,
            "imports": self.store.imports() + (before["imports"] if is_as_before else []),
        }
        # Without an old digest nobody knows what this builder wrote: two builders, or two folders
        # of output, may share the doctrees.
        old = before.get("digests", {})
        outdated = [name for name in digests if digests[name] != old.get(name)]
        if not outdated and pages == before.get("pages") and noted != before:
            # Sphinx keeps what was noted only where a page was read or is written: one is, so that
            # the next build has nothing to do.
            return sorted(pages)[:1]
        return outdated

    def _signature(self) -> str:
        """What results depend on apart from the pages: interpreters, probe, configuration."""
        wanted = {self.config.target} | {
            name
            for uses in self.domain.uses.values()
            for use in uses
            if (name := use.release or self._kept(use))
        }
        identities = []
        for name in sorted(wanted):
            try:
                identities.append(self.interpreter(name).identity)
            except InterpreterError as error:
                identities.append(error.message)
        return digest_of(
            [identities, self.store.probe, str(self.config), self.captures.signature()]
        )

    def page_in(self, release: Release, pagename: str) -> str:
        """The name of a page in the guide of another release of the site, as seen from here."""
        beside = "" if self.builder.name == "site" else "../"
        return f"{beside}{release}/{pagename}"

    def releases_of(self, use: Use) -> ReleaseRange:
        """The releases for which a use is shown: its own, as far as its example is for them."""
        example = self.examples.get(use.example)
        return use.releases if example is None else use.releases & example.releases

    def stands(self, use: Use) -> bool:
        """Whether the prose around a use is shown for the target.

        Where each release is asked in turn, what several show together is asked of all of them,
        wherever one of them shows it.
        """
        if self.alone:
            from .views import VIEWS  # noqa: PLC0415

            if VIEWS[use.view].across:
                return any(release in use.targets for release in self.releases)
        target = self.target()
        return target is None or target.release in use.targets

    def requests(self, use: Use, release: Release) -> list[Request]:
        """The request of a use, then those that decide its expectations for a release.

        Raises:
            BytedocError: the use asks for something that is not there.
        """
        found = self._requests.get((id(use), release))
        if found is None:
            from .views import VIEWS  # noqa: PLC0415

            example = find_example(use.example, self.examples) if use.example else None
            view = VIEWS[use.view]
            found = [view.request(use, example, self), *view.claims(use, example, self, release)]
            self._requests[id(use), release] = found
        return found

    def ask(self, tasks: Sequence[tuple[Interpreter, Request]]) -> None:
        """Have the tasks answered that were not answered before, if that is allowed."""
        from . import executor  # noqa: PLC0415

        if not self.config.execute:
            return
        tasks = [
            (self._executed_by(interpreter, request), request)
            for interpreter, request in tasks
            if self._recorded(interpreter, request) is None
        ]
        wanted = executor.missing([task for task in tasks if task[0].executable], self.store)
        if not wanted:
            return
        names = ", ".join(sorted({str(interpreter.release) for interpreter, _ in wanted}))
        size = -(-len(wanted) // _STEPS)
        done = executor.execute(wanted, self.store, self.limits, self.config.timing_attempts)
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
        from .answers import answer_of  # noqa: PLC0415

        key = interpreter.identity, request.digest
        if key in self._shared:
            return self._shared[key]
        record = self.record(interpreter, request)
        found = None if record is None else answer_of(request.view, record)
        if found is not None and request.view in _ABOUT_INTERPRETERS:
            self._shared[key] = found
        return found

    def record(self, interpreter: Interpreter, request: Request) -> Mapping[str, Any] | None:
        """The answer as the probe gave it, or None where there is none."""
        found = self._recorded(interpreter, request)
        if found is not None:
            return found
        return self.store.get(self._executed_by(interpreter, request), request)

    def digest(self, interpreter: Interpreter, request: Request) -> str:
        """A digest of the answer; empty where there is none."""
        key = interpreter.identity, request.digest
        if key in self._digests:
            return self._digests[key]
        record = self._recorded(interpreter, request)
        if record is not None:
            found = digest_of(record)
        else:
            found = self.store.digest(self._executed_by(interpreter, request), request)
        if found:
            self._digests[key] = found
        return found

    def succeeded(self, interpreter: Interpreter, request: Request) -> bool:
        """Whether there is an answer and it is no failure."""
        record = self._recorded(interpreter, request)
        if record is not None:
            return "ok" in record
        return self.store.succeeded(self._executed_by(interpreter, request), request)

    def _recorded(self, interpreter: Interpreter, request: Request) -> Mapping[str, Any] | None:
        """The answer of an interpreter that is known by its capture."""
        if interpreter.executable:
            return None
        capture = self.captures.usable(interpreter.release)
        return None if capture is None else capture.get(request)

    def _executed_by(self, interpreter: Interpreter, request: Request) -> Interpreter:
        """The interpreter that is asked what was not recorded, where one of the release is here."""
        if not interpreter.executable and self.config.execute:
            with contextlib.suppress(InterpreterError):
                return self.interpreters.get(str(interpreter.release))
        return interpreter

    def result(self, use: Use, interpreter: Interpreter) -> Any:
        """What to show at a use: as `answer`, for its own request.

        Raises:
            BytedocError: the use asks for something that is not there.
        """
        own = self.requests(use, interpreter.release)[0]
        found = self.answer(interpreter, own)
        if found is None:
            self.ask([(interpreter, own)])
            found = self.answer(interpreter, own)
        return found

    def results_across(self, use: Use) -> dict[Release, Answer]:
        """What to show at a use of several releases.

        Raises:
            BytedocError: the use asks for something that is not there.
        """
        from .answers import Answer  # noqa: PLC0415

        return {
            release: Answer(who, None if who is None else self.result(use, who))
            for release, who in self.across(use).items()
        }


def _release_named(name: str) -> Release | None:
    """The release that a target names; None for a path."""
    if not name:
        return Release(*sys.version_info[:2])
    try:
        return Release.parse(name)
    except ValueError:
        return None


def batched(items: Iterable[str], size: int) -> Iterator[list[str]]:
    """Lists of *size* items, the last of what is left (``itertools`` has it from 3.12 on)."""
    iterator = iter(items)
    while chunk := list(islice(iterator, size)):
        yield chunk
