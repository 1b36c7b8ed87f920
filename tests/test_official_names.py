"""The tables of what the official documentation and the interpreters say differently."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from types import ModuleType

import pytest

from bytedoc.answers.opcodes import Opcode
from bytedoc.release import Release

EXTENSIONS = Path(__file__).parents[1] / "docs" / "_extensions"


@pytest.fixture(scope="module")
def official() -> ModuleType:
    sys.path.insert(0, str(EXTENSIONS))
    try:
        return importlib.import_module("official_names")
    finally:
        sys.path.remove(str(EXTENSIONS))


def instruction(name: str, kind: str = "real", *, arg: bool = False) -> Opcode:
    return Opcode(name=name, number=1, kind=kind, arg=arg, jump="", uses="", caches=())


def compared(
    official: ModuleType,
    *opcodes: Opcode,
    names: str = "",
    arguments: str = "",
    added: dict[str, Release] | None = None,
) -> tuple[object, ...]:
    found = official.Documentation(
        "3.8.10", frozenset(names.split()), frozenset(arguments.split()), added or {}
    )
    made: tuple[object, ...] = official.Compared(found, {item.name: item for item in opcodes})
    return made


def texts(rows: object) -> list[list[str]]:
    assert hasattr(rows, "__iter__")
    return [[cell if isinstance(cell, str) else cell.astext() for cell in row] for row in rows]


OLD, NEW = Release(3, 8), Release(3, 9)


def test_the_names_of_every_release_that_the_guide_compares_are_known(official: ModuleType) -> None:
    found = official.load()
    assert [str(release) for release in found] == [f"3.{minor}" for minor in range(6, 16)]
    for release, documentation in found.items():
        assert Release.of_version(documentation.version) == release
        assert documentation.arguments <= documentation.names
        assert documentation.added.keys() <= documentation.names


def test_instructions_without_an_entry_and_entries_without_an_instruction_are_listed(
    official: ModuleType,
) -> None:
    known = {
        OLD: compared(
            official,
            instruction("NOP"),
            instruction("RESERVED"),
            instruction("JUMP", "pseudo"),
            instruction("NOP_FAST", "specialised"),
            instruction("INSTRUMENTED_NOP", "instrumented"),
            names="NOP GONE NOP_FAST",
        )
    }
    assert texts(official.names(known)) == [["3.8", "3.8.10", "RESERVED", "JUMP", "GONE, NOP_FAST"]]


def test_a_release_without_differences_has_dashes(official: ModuleType) -> None:
    known = {OLD: compared(official, instruction("NOP"), names="NOP")}
    assert texts(official.names(known)) == [["3.8", "3.8.10", "–", "–", "–"]]
    assert texts(official.arguments(known)) == []


def test_headings_are_held_against_what_takes_an_argument(official: ModuleType) -> None:
    known = {
        OLD: compared(
            official,
            instruction("RIGHT", arg=True),
            instruction("LACKS", arg=True),
            instruction("HAS"),
            instruction("NO_ENTRY", arg=True),
            names="RIGHT LACKS HAS",
            arguments="RIGHT HAS",
        )
    }
    assert texts(official.arguments(known)) == [["3.8", "LACKS", "HAS"]]


def test_since_when_an_instruction_is_there_is_held_against_all_releases(
    official: ModuleType,
) -> None:
    said = {"EARLY": OLD, "RIGHT": NEW, "BEFORE": Release(3, 2)}
    known = {
        OLD: compared(official, instruction("BEFORE"), instruction("EARLY", "pseudo")),
        NEW: compared(
            official,
            *map(instruction, said),
            names="EARLY RIGHT BEFORE",
            added=said,
        ),
    }
    assert texts(official.added(known)) == [["EARLY", "3.8", "3.9", "3.9"]]
