"""Captures are recorded, and compared with what interpreters answer today.

The pages are read once, and every release is asked what its guide would ask, several interpreters
at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from sphinx.util import logging

from .capture import Capture, Record, kept
from .comparing import history, release_changes
from .config import releases_in
from .errors import BytedocError, InterpreterError, Problem
from .examples import Use
from .release import Release
from .request import Interpreter, Request
from .results import Results
from .settling import (
    Plan,
    answered,
    judged,
    located,
    planned,
    problems_of_captures,
    problems_of_project,
    tell,
)

logger = logging.getLogger(__name__)

#: Failures that follow from the question alone, and so are worth keeping.
_LASTING = frozenset({"syntax", "unknown-object"})


def record(results: Results, folder: Path, *, checks: bool) -> None:
    """Ask every release what its guide would ask, and tell what is wrong.

    Args:
        results: of the build that asks.
        folder: where captures are written to.
        checks: whether answers are compared with the captures that are there instead.
    """
    source = Path(results.domain.env.srcdir)
    session = Session(results, checks=checks)
    tell(session.problems, source)
    for release, interpreter in session.interpreters.items():
        new = session.capture(release)
        old = results.captures.usable(release)
        say(session, release, interpreter, old)
        if checks:
            tell(session.differences(release, old, new), source)
        else:
            logger.info("%s: %s", release, written(folder / f"{release}.json", new, old))


class Session:
    """One round of asking.

    Attributes:
        interpreters: those that are asked, by release.
        problems: what is wrong with the pages, and with their results in these releases.
    """

    def __init__(self, results: Results, *, checks: bool) -> None:
        self.results = results
        self.problems = problems_of_project(results)
        self.interpreters: dict[Release, Interpreter] = {}
        self._records: dict[Release, dict[str, Record]] = {}
        self._uses: dict[tuple[Release, str], Plan] = {}
        self._find_interpreters()
        self._ask(checks=checks)

    def _find_interpreters(self) -> None:
        """Decide who is asked; a release that nobody asked for by name may be missing."""
        named = releases_in(self.results.config.capture_releases)
        for release in named or self.results.releases:
            if not self.results.config.execute:
                logger.info("%s: left as it is: nothing may be executed", release)
                continue
            try:
                self.interpreters[release] = self.results.interpreters.get(str(release))
            except InterpreterError as error:
                if named:
                    message = f"Python {release} was not recorded: {error.message}"
                    self.problems.append(Problem(error.subtype, message, "", "conf.py", 1))
                else:
                    logger.info("%s: left as it is: %s", release, error.message)

    def _ask(self, *, checks: bool) -> None:
        """Have everything answered that the guides of all releases ask of these interpreters."""
        plans: list[tuple[Results, Plan]] = []
        unjudged: list[Plan] = []
        compares = self.results.config.histories and len(self.results.releases) > 1
        for release in sorted({*self.results.releases, *self.interpreters}):
            results = self._results_for(release, checks=checks)
            for plan in planned(results, self.results.domain.uses.keys()):
                if isinstance(plan, Problem):
                    if release in self.interpreters:
                        self.problems.append(plan)
                elif plan[1].release in self.interpreters:
                    plans.append((results, plan))
            if release in self.interpreters and compares:
                who = self.interpreters[release]
                wanted = [*history.plain_uses(results), release_changes.use_of(release)]
                unjudged += [
                    (use, who, results.requests(use, release)[:1])
                    for use in wanted
                    if release in results.releases_of(use)
                ]
        self.problems += problems_of_captures(self.results)
        self.results.ask([(who, requests[0]) for _, who, requests in unjudged])
        for plan in unjudged:
            self._keep(self.results, plan)
        if self.results.config.capture_timings:
            for _, (_, who, requests) in plans:
                for request in requests:
                    if request.view == "timing" and not checks:
                        self.results.store.forget(who, request)
        for (results, _), plan in zip(plans, answered(plans), strict=True):
            self.problems += judged(results, plan)
            self._keep(results, plan)

    def _results_for(self, release: Release, *, checks: bool) -> Results:
        """The results of the guide of a release; times are only taken again where they must be."""
        results = self.results.for_target(release)
        capture = self.results.captures.usable(release)
        interpreter = self.interpreters.get(release)
        anew = (
            not checks
            and interpreter is not None
            and (
                self.results.config.capture_timings
                or capture is None
                or capture.interpreter.identity != interpreter.identity
            )
        )
        results.config = results.config._replace(measure=anew)
        return results

    def _keep(self, results: Results, plan: Plan) -> None:
        use, interpreter, requests = plan
        example = self.results.examples.get(use.example)
        of = example.name if example is not None and example.named else use.docname
        records = self._records.setdefault(interpreter.release, {})
        for request in requests:
            answer = results.record(interpreter, request)
            if answer is None or answer.get("failure", {}).get("kind", "syntax") not in _LASTING:
                continue  # told as a problem
            before = records.get(request.digest)
            if before is None or of < before.of:
                recorded = self._varying(use, interpreter.release, request)
                records[request.digest] = recorded or Record(
                    request.digest, request.view, of, kept(answer)
                )
                self._uses[interpreter.release, request.digest] = plan

    def _varying(self, use: Use, release: Release, request: Request) -> Record | None:
        """What is recorded of an output that varies, which is as good as another."""
        if not use.options.get("varies") or self.results.config.capture_timings:
            return None
        old = self.results.captures.usable(release)
        return None if old is None else old.records.get(request.digest)

    def capture(self, release: Release) -> Capture:
        """What a release answered."""
        return Capture(self.interpreters[release], self._records.get(release, {}))

    def differences(self, release: Release, old: Capture | None, new: Capture) -> Iterator[Problem]:
        """Where a capture says otherwise than the interpreter, at the pages that ask."""
        if old is None:
            name = self.results.captures.path(release).name
            message = f"Python {release} has no capture that can be used; record it ({name})"
            yield Problem("capture-differs", message, "", "conf.py", 1)
            return
        for digest, record in new.records.items():
            before = old.records.get(digest)
            if before is not None and is_same(before, record, old, new):
                continue
            if before is None:
                message = f"{old.interpreter} has no record of this; record it anew"
            else:
                message = (
                    f"{new.interpreter} answers otherwise than the capture of {old.interpreter}: "
                    f"{first_difference(before.answer, record.answer)}; record it anew"
                )
            use = self._uses[release, digest][0]
            yield located(self.results, use, BytedocError("capture-differs", message), release)
        path = self.results.captures.path(release)
        lines = path.read_text(encoding="utf-8").split("\n")
        for number, line in enumerate(lines, start=1):
            digest = line[len('{"request": "') :].partition('"')[0]
            if digest in old.records and digest not in new.records:
                message = "no page asks for this any more; record it anew"
                where = f"{self.results.config.captures}/{path.name}"
                yield Problem("capture-differs", message, "", where, number)


def is_same(before: Record, after: Record, old: Capture, new: Capture) -> bool:
    """Whether a record says the same; times never do, nor do two interpreters of themselves."""
    if before.view == "timing":
        return True
    if before.view == "identity" and old.interpreter.identity != new.interpreter.identity:
        return True
    return before.answer == after.answer


def first_difference(before: Any, after: Any, path: str = "") -> str:
    """The first place where two JSON values differ, and what is there."""
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for name in [*before, *(name for name in after if name not in before)]:
            if before.get(name) != after.get(name):
                return first_difference(before.get(name), after.get(name), f"{path}.{name}")
    if isinstance(before, str) and isinstance(after, str):
        pairs = zip([*before.split("\n"), ""], [*after.split("\n"), ""], strict=False)
        before, after = next((pair for pair in pairs if pair[0] != pair[1]), (before, after))
    elif isinstance(before, Sequence) and isinstance(after, Sequence):
        for index, (one, other) in enumerate(zip(before, after, strict=False)):
            if one != other:
                return first_difference(one, other, f"{path}[{index}]")
        return f"{path.lstrip('.')} has {len(after)} items, not {len(before)}"
    return f"{path.lstrip('.')} is {_short(after)}, not {_short(before)}"


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 120 else f"{text[:117]}..."


def say(session: Session, release: Release, interpreter: Interpreter, old: Capture | None) -> None:
    """Name the interpreter that was asked, where it was a choice or another than before."""
    others = session.results.interpreters.others(interpreter)
    if others:
        found = ", ".join(f"{item} ({item.executable})" for item in others)
        logger.info(
            "%s: asked %s (%s); also here: %s", release, interpreter, interpreter.executable, found
        )
    if old is not None and old.interpreter.identity != interpreter.identity:
        logger.info(
            "%s: the capture is of %s, the interpreter here is %s; they are compared by content",
            release,
            describe(old.interpreter, interpreter),
            describe(interpreter, old.interpreter),
        )


def describe(one: Interpreter, other: Interpreter) -> str:
    """An interpreter, with its build where only that tells it from another."""
    if str(one) != str(other):
        return str(one)
    return f"{one} ({one.build}, {one.compiler}, {one.platform})"


def written(path: Path, new: Capture, old: Capture | None) -> str:
    """Write a capture if it changed; what was done, in words."""
    count = f"{len(new.records)} records"
    text = new.text()
    try:
        if path.read_text(encoding="utf-8") == text:
            return f"{count}, unchanged"
    except (OSError, UnicodeDecodeError):
        pass  # it is not there, or damaged
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.part")
    part.write_text(text, encoding="utf-8", newline="\n")
    part.replace(path)
    if old is None:
        return f"{count}, new"
    added = len(new.records.keys() - old.records.keys())
    gone = len(old.records.keys() - new.records.keys())
    both = new.records.keys() & old.records.keys()
    changed = sum(old.records[name].answer != new.records[name].answer for name in both)
    return f"{count}: {added} new, {changed} changed, {gone} gone"
