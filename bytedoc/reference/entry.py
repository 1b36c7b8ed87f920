"""An entry of the reference: what the project says of one instruction."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from ..answers.opcodes import Opcode
from ..expectations import Expectation
from ..release import Release, ReleaseRange, split_range
from .stack_change import StackChange

#: For these arguments interpreters tell the stack effect.
ARGUMENTS = tuple(range(9))
_RAISES = re.compile(r"(?P<type>[A-Za-z_]\w*)(?:\s+via\s+(?P<expression>.+?))?:\s+(?P<text>.+)")


class RangedChange(NamedTuple):
    """A `StackChange`, and the releases in which it is so."""

    change: StackChange
    releases: ReleaseRange


class RangedName(NamedTuple):
    """Another instruction, and the releases of which something is said."""

    name: str
    releases: ReleaseRange


class Raises(NamedTuple):
    """An exception that an instruction can raise.

    Attributes:
        type: the name of its class.
        expression: evaluated after an example of the entry, it makes the instruction raise it;
            empty: nothing shows it.
        text: when it is raised.
        releases: the releases in which it is.
    """

    type: str
    expression: str
    text: str
    releases: ReleaseRange


class Entry(NamedTuple):
    """What the project says of an instruction, apart from its prose.

    Attributes:
        name: the instruction.
        docname: the page.
        path: the file of the page's source, relative to the source folder.
        line: the line of that file.
        anchor: where it is in the page.
        summary: what it does, in a sentence, with code between backquotes.
        category: what it has to do with, in a word or two.
        stack: what it does to the value stack.
        arguments: for which arguments this can be held against the interpreter.
        misjudged: the releases whose own ``dis.stack_effect`` says otherwise, and why.
        raises: what it can raise.
        never: the releases in which no bytecode has it, and why.
        replaced_by: what came in its place; the releases that have that.
        related: other instructions.
        undocumented: the releases whose official documentation has no entry for it.
        examples: its examples, by name, and the releases that they are for.
    """

    name: str
    docname: str
    path: str
    line: int
    anchor: str
    summary: str = ""
    category: str = ""
    stack: tuple[RangedChange, ...] = ()
    arguments: tuple[int, ...] = ARGUMENTS
    misjudged: tuple[Expectation, ...] = ()
    raises: tuple[Raises, ...] = ()
    never: tuple[Expectation, ...] = ()
    replaced_by: tuple[RangedName, ...] = ()
    related: tuple[str, ...] = ()
    undocumented: tuple[ReleaseRange, ...] = ()
    examples: tuple[RangedName, ...] = ()

    @property
    def last(self) -> Release | None:
        """The last release that an example is for; None: there is one for the newest."""
        lasts = [item.releases.last for item in self.examples]
        known = [last for last in lasts if last is not None]
        return max(known) if known and len(known) == len(lasts) else None

    def changes(self, release: Release) -> tuple[StackChange | None, StackChange | None]:
        """What it does to the stack of a release, not jumping and jumping."""
        found = [item.change for item in self.stack if release in item.releases]
        ahead = next((item for item in found if not item.jump), None)
        return ahead, next((item for item in found if item.jump), ahead)

    def is_never_emitted(self, release: Release) -> bool:
        """Whether it is said that no bytecode of a release has it."""
        return any(release in item.releases for item in self.never)

    def example(self, release: Release) -> str:
        """The name of its first example for a release; empty: it has none."""
        return next((item.name for item in self.examples if release in item.releases), "")

    def evidence(self, release: Release) -> list[Raises]:
        """The exceptions that an example for a release can show."""
        if not self.example(release):
            return []
        return [item for item in self.raises if item.expression and release in item.releases]

    def misstatements(self, release: Release, item: Opcode) -> Iterator[str]:
        """Where the change of the stack is otherwise than the interpreter says.

        In a release whose interpreter is said to be wrong: that it is not.
        """
        if item.kind != "real" or not item.effects:
            return
        ahead, jumping = self.changes(release)
        if ahead is None:
            yield f"it does not say what {self.name} does to the stack of {release}"
            return
        found = [
            message
            for arg in (self.arguments if item.arg else (0,))
            if (message := difference(ahead, jumping or ahead, arg, item)) is not None
        ]
        if not any(release in each.releases for each in self.misjudged):
            yield from found[:1]
        elif not found:
            yield f"dis.stack_effect of {release} is right about {self.name}, though said not to be"


def difference(ahead: StackChange, jumping: StackChange, arg: int, item: Opcode) -> str | None:
    """How a documented change differs from what an interpreter says, for an argument."""
    said = ahead.effect(arg), jumping.effect(arg)
    measured = item.effects[arg] if len(item.effects) > 1 else item.effects[0]
    if measured[0] is None:
        return None
    if measured[1] is None:  # before 3.8 the larger of the two is all that is told
        agrees = measured[0] == max(said)
    else:
        agrees = measured == said if item.jump else measured[0] == said[0]
    if agrees:
        return None
    shown = measured[0] if measured[1] in (None, measured[0]) else measured
    ours = said[0] if said[0] == said[1] else said
    return f"with the argument {arg} the stack changes by {shown}, not by {ours}"


def parse_stack(text: str) -> tuple[RangedChange, ...]:
    """Read ``before -- after 3.12+; jump: before -- after``.

    Raises:
        ValueError: a part of it is not of that form.
    """
    found = []
    for part in _parts(text):
        head, _, tail = part.rpartition(" ")
        try:
            releases = ReleaseRange.parse(tail)
        except ValueError:
            head, releases = part, ReleaseRange()
        found.append(RangedChange(StackChange.parse(head), releases))
    return tuple(found)


def parse_raises(text: str) -> tuple[Raises, ...]:
    """Read ``TypeError via add(1, ""): the operands do not fit 3.11+; ...``.

    Raises:
        ValueError: a part of it is not of that form.
    """
    found = []
    for part in _parts(text):
        said, releases = split_range(part)
        match = _RAISES.fullmatch(said)
        if match is None:
            raise ValueError(f"{part!r} is not of the form 'TypeError: when' ")
        found.append(Raises(match["type"], match["expression"] or "", match["text"], releases))
    return tuple(found)


def parse_names(text: str) -> tuple[RangedName, ...]:
    """Read ``CALL 3.12+; CALL_KW 3.13+``.

    Raises:
        ValueError: a part of it is not of that form.
    """
    found = []
    for part in _parts(text):
        name, releases = split_range(part)
        if not re.fullmatch(r"[A-Z][A-Z0-9_]*", name):
            raise ValueError(f"{name!r} is not the name of an instruction")
        found.append(RangedName(name, releases))
    return tuple(found)


def _parts(text: str) -> list[str]:
    return [part.strip() for part in re.split(r";\s|;$|\n", text) if part.strip()]
