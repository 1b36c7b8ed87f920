"""What `dis` prints for each example: computed without bytedoc, by the building interpreter.

Run as a script, it is the part inside that interpreter: a JSON list of sources on stdin, a JSON
list of `[text, number of instructions]` on stdout.
"""

from __future__ import annotations

import contextlib
import dis
import io
import json
import re
import subprocess
import sys
import types
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_ADDRESS = re.compile(r"\bat 0x[0-9A-Fa-f]+")
_FILE = re.compile(r'\bfile "[^"]*"')


@dataclass(frozen=True, slots=True)
class Listing:
    """What `dis.dis` prints for one module, normalised, and how many instructions it has."""

    text: str
    instructions: int


def normalise(text: str) -> str:
    """Replace what two right listings of a source may differ in: addresses and file names."""
    return _FILE.sub('file "..."', _ADDRESS.sub("at 0x...", text)).strip("\n").rstrip()


def listings(python: Path, sources: Sequence[str]) -> list[Listing]:
    """Return the listing of each of ``sources`` by the interpreter ``python``."""
    reply = subprocess.run(
        [python, "-I", __file__],
        input=json.dumps(sources),
        stdout=subprocess.PIPE,
        check=True,
        encoding="utf-8",
    )
    return [Listing(normalise(text), count) for text, count in json.loads(reply.stdout)]


def _count(code: types.CodeType) -> int:
    nested = (const for const in code.co_consts if isinstance(const, types.CodeType))
    return sum(1 for _ in dis.get_instructions(code)) + sum(map(_count, nested))


def _answer() -> None:
    reply = []
    for source in json.load(sys.stdin):
        code = compile(source, "<example>", "exec", dont_inherit=True)
        with contextlib.redirect_stdout(io.StringIO()) as text:
            dis.dis(code)
        reply.append((text.getvalue(), _count(code)))
    json.dump(reply, sys.stdout)


if __name__ == "__main__":
    _answer()
