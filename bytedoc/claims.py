"""What the prose of a page says of bytecode with nothing behind it: names and numbers.

The name of an instruction in prose is checked where it is an ``op`` role, or stands in an
expectation of the page.  A number is where it is a ``value`` role, or stands in an expectation or
in the source of an example of the page.  Whatever else is found is a claim that nobody checks.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from docutils import nodes
from sphinx.util import logging
from sphinx.util.matching import Matcher

from .comparing.changes import instruction_table
from .comparing.release_changes import use_of
from .nodes import Pending, unchecked

if TYPE_CHECKING:
    from .domain import BytedocDomain

logger = logging.getLogger(__name__)

#: Numbers that are written as words, as far as prose counts something with them.
_WORDS = {
    "two": 2,
    "twice": 2,
    "three": 3,
    "four": 4,
    "five": 5,
    "six": 6,
    "seven": 7,
    "eight": 8,
    "nine": 9,
    "ten": 10,
    "eleven": 11,
    "twelve": 12,
    "sixteen": 16,
    "twenty": 20,
}
#: What an interpreter can be asked the number of.
_COUNTED = (
    "bytes?",
    "calls?",
    "characters?",
    "code units?",
    "constants?",
    "copies",
    "entries",
    "instructions?",
    "jumps?",
    "kilobytes?",
    "nanoseconds?",
    "seconds?",
    "slots?",
    "times",
)
_WORD = re.compile(
    rf"\b(?P<word>{'|'.join(_WORDS)})(?:\s+[a-z-]+)?\s+(?:{'|'.join(_COUNTED)})\b", re.IGNORECASE
)
_NUMBER = re.compile(r"(?<![\w.#-])\d[\d,_]*(?:\.\d+)?(?![\w.]*\w)")
#: Numbers that name something: releases, proposals, years.
_NAMING = re.compile(
    r"\b[23]\.\d+(?:\.\d+)?\b|\bPEPs?\s+\d+|\bISO[ -]\d+|\b(?:19|20)\d\d\b|\bUTF-\d+"
)
_NAME = re.compile(r"(?<![\w.])[A-Z][A-Z0-9_]{2,}(?!\w)")
#: What is no prose.
_OTHER = (
    Pending,
    nodes.FixedTextElement,
    nodes.Invisible,
    nodes.math,
    nodes.raw,
    nodes.substitution_definition,
    unchecked,
)


class Claim(NamedTuple):
    """A name or a number in prose that nothing stands behind.

    Attributes:
        text: the name or the number.
        line: the line of the page, as far as is known.
        kind: ``instruction`` or ``number``.
    """

    text: str
    line: int
    kind: str


def claims(
    document: nodes.document, backing: Iterable[str], checked: Container[str], known: Container[str]
) -> Iterator[Claim]:
    """What a page says with nothing behind it.

    Args:
        document: the page as it was read.
        backing: the expectations and the sources of its examples.
        checked: the names of instructions that it has in roles, or documents.
        known: the instructions of all releases.
    """
    texts = list(backing)
    numbers = {normal(number) for text in texts for number in re.findall(r"\d[\d_,.]*", text)}
    names = {name for text in texts for name in _NAME.findall(text)}
    for node in document.findall(nodes.Text):
        if any(isinstance(parent, _OTHER) for parent in ancestors(node)):
            continue
        text = node.astext()
        line = line_of(node)
        for name in _NAME.findall(text):
            if name in known and name not in checked and name not in names:
                yield Claim(name, line, "instruction")
        if any(isinstance(parent, nodes.literal) for parent in ancestors(node)):
            continue
        text = _NAMING.sub(" ", text)
        for number in _NUMBER.findall(text):
            if normal(number) not in numbers:
                yield Claim(number, line, "number")
        for match in _WORD.finditer(text):
            if str(_WORDS[match["word"].lower()]) not in numbers:
                yield Claim(match[0], line, "number")


def normal(number: str) -> str:
    """A number without what only separates its digits."""
    return number.replace(",", "").replace("_", "").rstrip(".")


def ancestors(node: nodes.Node) -> Iterator[nodes.Node]:
    """What a node is in, the innermost first."""
    while node.parent is not None:
        node = node.parent
        yield node


def line_of(node: nodes.Node) -> int:
    """The line on which a node begins, or that of what it is in."""
    return next((each.line for each in ancestors(node) if each.line), 1)


def backing_of(domain: BytedocDomain, docname: str) -> Iterator[str]:
    """The expectations and the sources of what a page shows."""
    for use in domain.uses.get(docname, ()):
        yield from (each.text for each in use.expectations)
        for value in use.options.values():
            if isinstance(value, str):
                yield value
        example = domain.examples.get(use.example)
        if example is not None:
            yield example.source
    for example in domain.by_page.get(docname, ()):
        yield example.source


def checked_of(domain: BytedocDomain, docname: str) -> set[str]:
    """The instructions that a page names in roles, or documents."""
    found = {use.options["opcode"] for use in domain.uses.get(docname, ()) if use.view == "op"}
    return found | {entry.name for entry in domain.entries_of(docname)}


def known_instructions(domain: BytedocDomain) -> set[str]:
    """The instructions of all releases that are compared, as far as they are known."""
    results = domain.results
    if not results.releases:
        return set()
    answers = results.results_across(use_of(results.releases[-1]))
    lists = {
        release: answer.result
        for release, answer in answers.items()
        if isinstance(answer.result, list)
    }
    return {*instruction_table(lists)}


def tell(domain: BytedocDomain) -> None:
    """Warn of every claim on every page that has nothing behind it."""
    known = known_instructions(domain)
    excluded = Matcher(domain.results.config.claims_exclude)
    marked = 0
    for docname in sorted(domain.env.all_docs):
        if excluded(docname):
            continue
        document = domain.env.get_doctree(docname)
        marked += sum(1 for _ in document.findall(unchecked))
        checked = checked_of(domain, docname)
        path = domain.env.doc2path(docname)
        for claim in claims(document, backing_of(domain, docname), checked, known):
            message = (
                f"nothing stands behind the {claim.kind} {claim.text!r}: let a role or an "
                "expectation of the page have it, or mark it by the role unchecked"
            )
            location = f"{path}:{claim.line}"
            logger.warning(message, type="bytedoc", subtype="claim", location=location)
    logger.info("%d marked as unchecked", marked)
