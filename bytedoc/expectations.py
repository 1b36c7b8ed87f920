"""What the prose says of a result, and whether it holds.

An expectation is written in ``:expect:``, several separated by ``;`` or line breaks, each
with the releases that it speaks of at its end.  What its words mean depends on the view.
"""

import ast
import re
from collections.abc import Container, Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from .release import Release, ReleaseRange, split_range

if TYPE_CHECKING:
    from .answers.listings import Listing

# Compiled when it is used: every build imports this.
_INSTRUCTIONS = (
    r"(?P<no>not\s+)?(?P<names>[A-Z][A-Z0-9_]+(?:\s+[A-Z][A-Z0-9_]+)*)(?:\s+x\s*(?P<count>\d+))?"
)


class Expectation(NamedTuple):
    """One sentence of a claim, and the releases for which it is made."""

    text: str
    releases: ReleaseRange

    def __str__(self) -> str:
        return f"{self.text} {self.releases}".strip()


def parse(text: str) -> tuple[Expectation, ...]:
    """The expectations in the value of an ``:expect:`` option.

    Raises:
        ValueError: a range of releases runs backwards.
    """
    parts = (part.strip() for part in re.split(r";\s|;$|\n", text))
    return tuple(Expectation(*split_range(part)) for part in parts if part)


def applying(expectations: Iterable[Expectation], release: Release) -> list[Expectation]:
    """Those that speak of a release."""
    return [item for item in expectations if release in item.releases]


def is_about_instructions(text: str) -> bool:
    """Whether an expectation is of the form ``NAME``, ``NAME x2``, ``A B`` or ``not NAME``."""
    return re.fullmatch(_INSTRUCTIONS, text) is not None


def speaks_of(text: str, names: Container[str]) -> bool:
    """Whether an expectation is an expression in which one of some names occurs."""
    try:
        tree = ast.parse(text, mode="eval")
    except (SyntaxError, ValueError):
        return False
    return any(isinstance(node, ast.Name) and node.id in names for node in ast.walk(tree))


def unmet_by_listing(text: str, listing: "Listing") -> str | None:
    """Why a listing does not show what *text* says, or None where it does.

    ``A`` and ``not A``: the instruction is there, or not.  ``A x2``: exactly twice.  ``A B``: both
    one after the other, with nothing in between but inline caches.
    """
    keeps_caches = "CACHE" in text.split()
    sequences = [
        [item.opname for item in code.instructions if item.opname != "CACHE" or keeps_caches]
        for code in listing.codes
    ]
    return unmet_by_instructions(text, sequences, "the listing")


def unmet_by_instructions(text: str, sequences: Sequence[Sequence[str]], where: str) -> str | None:
    """The same of the names of instructions in some sequences, which *where* names."""
    match = re.fullmatch(_INSTRUCTIONS, text)
    assert match is not None
    names = match["names"].split()
    found = sum(_occurrences(names, sequence) for sequence in sequences)
    wanted = int(match["count"]) if match["count"] else None
    if match["no"]:
        fine = found == 0 if wanted is None else found != wanted
    else:
        fine = found > 0 if wanted is None else found == wanted
    if fine:
        return None
    shown = " ".join(dict.fromkeys(name for sequence in sequences for name in sequence))
    times = "once" if found == 1 else f"{found} times"
    return f"it occurs {times}; {where} has {shown}" if found else f"{where} has {shown}"


def _occurrences(names: Sequence[str], sequence: Sequence[str]) -> int:
    width = len(names)
    return sum(
        list(sequence[start : start + width]) == list(names)
        for start in range(len(sequence) - width + 1)
    )


def unmet_by_output(text: str, output: str) -> str | None:
    """Why an output does not contain *text* (or, after ``not``, contains it), or None."""
    negated = text.startswith("not ")
    wanted = text[4:].strip() if negated else text
    if (wanted in output) != negated:
        return None
    shown = output if len(output) <= 400 else output[:400] + " ..."
    return f"the output is {shown!r}"
