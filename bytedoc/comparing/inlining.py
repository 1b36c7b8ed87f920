"""Puts comprehensions where they are called: 3.12 has them there (PEP 709), others beside."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..answers.listings import CodeListing
from .forms import Piece, code_object_name

#: The names of code objects that are called where they are made, and nowhere else.
_COMPREHENSIONS = ("<listcomp>", "<setcomp>", "<dictcomp>", "<genexpr>")


class Pieces:
    """The code objects of a listing, each in the pieces in which it is compared."""

    def __init__(self, codes: Sequence[CodeListing]) -> None:
        self._codes = codes
        self._guests: dict[int, dict[int, CodeListing]] = {}

    def of(self, code: CodeListing) -> list[Piece]:
        """A code object, and in it those that are compared where it calls them."""
        found: list[Piece] = []
        start = 0
        for called, guest in sorted(self._guests.get(id(code), {}).items(), key=lambda it: it[0]):
            found += [(code, start, called), *self.of(guest)]
            start = called
        return [*found, (code, start, len(code.instructions))]

    def guests_of(self, code: CodeListing) -> Iterator[str]:
        """The names of the code objects that are compared in this one."""
        for guest in self._guests.get(id(code), {}).values():
            yield guest.qualname
            yield from self.guests_of(guest)

    def inline(self, code: CodeListing) -> bool:
        """Compare a comprehension where it is called; False: it is none, or that is not found."""
        if code.name not in _COMPREHENSIONS:
            return False
        before = self._codes[: next(n for n, item in enumerate(self._codes) if item is code)]
        for host in reversed(before):
            guests = self._guests.setdefault(id(host), {})
            for name, line, called in _calls(host):
                if (name, line) == (code.name, code.line) and called not in guests:
                    guests[called] = code
                    return True
        return False


def _calls(host: CodeListing) -> Iterator[tuple[str, int, int]]:
    """Name, line, and the number of the instruction after its call, of each comprehension.

    A function is made of it, then the iterator of its outermost ``for``, with which it is called
    at once.  Comprehensions within the expression of that iterator begin later and end earlier.
    """
    begun: list[tuple[str, int]] = []
    waiting = False
    for number, item in enumerate(host.instructions):
        if item.opname in ("GET_ITER", "GET_AITER"):
            waiting = bool(begun)
        elif waiting and item.opname not in ("PRECALL", "CACHE"):
            waiting = False
            if item.opname.startswith("CALL"):
                yield (*begun.pop(), number + 1)
        if item.opname == "LOAD_CONST" and code_object_name(item.argrepr) in _COMPREHENSIONS:
            line = item.argrepr.rpartition(" line ")[2].rstrip(">")
            begun.append((code_object_name(item.argrepr), int(line)))
