"""Which instructions of which releases the reference shows by a real listing."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

from ..errors import BytedocError, Problem
from ..request import Json
from .pair import EXPLAINED, OPEN, SHOWN, UNKNOWN, Pair

if TYPE_CHECKING:
    from ..answers.opcodes import Opcode
    from ..examples import Use
    from ..release import Release
    from ..results import Results


def coverage(results: Results, release: Release, opcodes: list[Opcode]) -> list[Pair]:
    """What the entries show of each instruction of a release.

    Args:
        results: of this build.
        release: the release.
        opcodes: its instructions.
    """
    entries = results.domain.entries
    seen = listed(results, release)
    found = []
    for item in opcodes:
        entry = entries.get(item.name)
        state = OPEN
        if entry is not None and item.name in (names := seen.get(entry.docname, set())):
            state = SHOWN
        elif entry is not None and entry.is_never_emitted(release):
            state = EXPLAINED
        elif entry is not None and None in names:
            state = UNKNOWN
        found.append(Pair(item, state))
    return found


def listed(results: Results, release: Release) -> Mapping[str, set[str | None]]:
    """The instructions in the listings of a release, by page of the reference.

    None is among them where a listing is not known.
    """
    target = results.target()
    if target is None or target.release != release:
        results = results.for_target(release)
    found: dict[str, set[str | None]] = {}
    for docname in results.domain.data["opcodes"]:
        names: set[str | None] = set()
        found[docname] = names
        for use in results.domain.uses.get(docname, ()):
            if use.view in _NAMES and results.stands(use):
                names |= names_at(results, use, release)
    return found


def names_at(results: Results, use: Use, release: Release) -> set[str] | set[None]:
    """The instructions that a use shows of a release; only None where they are not known."""
    with contextlib.suppress(BytedocError):  # told where the use is planned
        interpreter = results.interpreter_of(use)
        if interpreter.release != release or release not in results.releases_of(use):
            return set()
        record = results.record(interpreter, results.requests(use, release)[0])
        if record is None:
            return {None}
        if "ok" in record:
            return _NAMES[use.view](record["ok"])
    return set()


def _of_listing(answer: Json) -> set[str]:
    return {item[3] for code in answer["codes"] for item in code["instructions"]}


def _of_specialization(answer: Json) -> set[str]:
    return {name for phase in answer.get("phases", ()) for name in phase["opnames"]}


#: The views that show instructions by what an interpreter has or does, and what to find in answers.
_NAMES: Mapping[str, Callable[[Json], set[str]]] = {
    "dis": _of_listing,
    "specialize": _of_specialization,
}


def problems(results: Results) -> Iterator[Problem]:
    """What is open in the target, where a page asks to have nothing open."""
    uses = [
        use
        for docname in sorted(results.domain.uses)
        for use in results.domain.uses[docname]
        if use.view == "opcode-coverage" and results.stands(use)
    ]
    target = results.target()
    if not uses or target is None:
        return
    opcodes = results.result(uses[0], target)
    if not isinstance(opcodes, list):
        return  # told where it is asked
    for pair in coverage(results, target.release, opcodes):
        if pair.state == OPEN:
            entry = results.domain.entries.get(pair.opcode.name)
            name = pair.opcode.name
            if entry is None:
                place = uses[0].docname, uses[0].path, uses[0].line
                message = f"{target.release} has {name}, and no page documents it"
            else:
                place = entry.docname, entry.path, entry.line
                message = (
                    f"no listing of {target.release} on this page has {name}; give an example, or "
                    "say in :never: why there is none"
                )
            yield Problem("coverage", message, *place)
    existing = {each.name for each in known(results, uses[0])}
    for name, entry in sorted(results.domain.entries.items()):
        if name not in existing:
            message = f"no release that is compared has an instruction {name}"
            yield Problem("coverage", message, entry.docname, entry.path, entry.line)


def known(results: Results, use: Use) -> list[Opcode]:
    """The instructions of all releases whose answer is known."""
    answers = results.results_across(use).values()
    return [item for each in answers if isinstance(each.result, list) for item in each.result]
