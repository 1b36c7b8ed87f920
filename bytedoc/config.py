"""The configuration: one dataclass, whose fields are the values in ``conf.py``."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from copy import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .errors import BytedocError
from .release import FLOOR, Release

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.config import Config as SphinxConfig

PREFIX = "bytedoc_"


def _value(default: Any, doc: str, **more: Any) -> Any:
    """A field with its documentation; *more*: ``rebuild`` for Sphinx, ``choices``, ``minimum``."""
    metadata = {"doc": doc, "rebuild": "", **more}
    if isinstance(default, dict | list):
        return dataclasses.field(default_factory=lambda: copy(default), metadata=metadata)
    return dataclasses.field(default=default, metadata=metadata)


@dataclass(frozen=True, slots=True)
class Config:
    """Each field ``name`` is the value ``bytedoc_name`` of ``conf.py``."""

    target: str = _value(
        "",
        "The release whose guide is built, such as `3.8`, or the path of an interpreter. Empty: "
        "the interpreter that runs Sphinx.",
    )
    interpreters: dict[str, str] = _value(
        {},
        "Where the interpreter of a release is, such as `{'3.8': '/opt/python3.8/bin/python'}`. "
        "Releases that are not named here are looked for on the machine.",
    )
    execute: bool = _value(
        True,
        "Whether interpreters may be started. If not, only results that were recorded before are "
        "shown, and each that is missing is a warning.",
    )
    cache: str = _value(
        "",
        "The folder in which results are kept, relative to the source folder. Empty: "
        "`bytedoc` in the folder of the doctrees.",
    )
    captures: str = _value(
        "captures",
        "The folder of the recorded results, a file for each release, relative to the source "
        "folder.",
    )
    releases: list[str] = _value(
        [],
        "The releases that are compared and that a site has guides of, such as `['3.12', '3.13']`. "
        "Empty: those that have a capture, and the target.",
    )
    end_of_life: dict[str, str] = _value(
        {},
        "The day, or the month while no day is set, from which a release gets no fixes any more, "
        "such as `{'3.8': '2024-10-07', '3.10': '2026-10'}`: its guide then says so.",
        rebuild="html",
    )
    site: bool = _value(
        False,
        "Whether the guide that is built is one of several in neighbouring folders, named by their "
        "releases. Set by `python -m bytedoc.site`.",
        rebuild="html",
    )
    histories: bool = _value(
        True,
        "Whether HTML has a page for each example with its listings in all releases, where more "
        "than one is known.",
        rebuild="html",
    )
    data: bool = _value(
        False,
        "Whether HTML has the results as data, too: files of JSON in the folder `data`.",
    )
    measure: bool = _value(
        False,
        "Whether timings are measured although a capture has them.",
    )
    capture_releases: list[str] = _value(
        [],
        "The releases that the builder `capture` records, and `capture-check` checks. Empty: all "
        "that are compared and whose interpreter is here.",
    )
    capture_timings: bool = _value(
        False,
        "Whether the builder `capture` measures anew the timings that a capture has already.",
    )
    layout: str = _value(
        "above",
        "Where the source of an example stands: `above` its listing, `beside` it, or `hidden`.",
        rebuild="env",
        choices=("above", "beside", "hidden"),
    )
    opcode_url: str = _value(
        "https://docs.python.org/{release}/library/dis.html#opcode-{name}",
        "Where the name of an instruction links to, when no page of the project documents it. "
        "Empty: nowhere.",
        rebuild="html",
    )
    timeout: float = _value(10, "Seconds of wall time that an example may run.", minimum=0.01)
    memory: int = _value(
        1024,
        "Mebibytes of memory that an example may use, where the platform can limit it.",
        minimum=16,
    )
    output_limit: int = _value(100_000, "Bytes that an example may print.", minimum=1)
    file_limit: int = _value(64, "Mebibytes that a file written by an example may have.", minimum=1)
    timing_processes: int = _value(
        6, "In how many processes each statement of a timing is measured.", minimum=1
    )
    timing_values: int = _value(
        3, "How many times each of these processes measures a statement.", minimum=1
    )
    timing_min_time: float = _value(
        0.02, "Seconds that one measurement of a statement lasts at least.", minimum=0.000_001
    )

    @classmethod
    def from_sphinx(cls, config: SphinxConfig) -> Config:
        """The values as ``conf.py`` and ``-D`` set them."""
        return cls(
            **{item.name: getattr(config, PREFIX + item.name) for item in dataclasses.fields(cls)}
        )

    def check(self) -> list[BytedocError]:
        """What is wrong with the values; the build goes on with those that are right."""
        found = []
        for item in dataclasses.fields(self):
            value = getattr(self, item.name)
            choices = item.metadata.get("choices")
            if choices and value not in choices:
                found.append(_wrong(item.name, value, f"one of {', '.join(choices)}"))
            minimum = item.metadata.get("minimum")
            if minimum is not None and not (isinstance(value, int | float) and value >= minimum):
                found.append(_wrong(item.name, value, f"a number of at least {minimum}"))
        for field in ("releases", "end_of_life", "capture_releases"):
            for name in getattr(self, field):
                if not _is_release(name):
                    wanted = "releases of Python from 3.6 on, such as '3.13'"
                    found.append(_wrong(field, name, wanted))
        return found


def releases_in(names: Iterable[str]) -> list[Release]:
    """The releases that are named, in order, but for what is none."""
    return sorted({Release.parse(name) for name in names if _is_release(name)})


def _is_release(name: object) -> bool:
    try:
        return isinstance(name, str) and Release.parse(name) >= FLOOR
    except ValueError:
        return False


def _wrong(name: str, value: object, wanted: str) -> BytedocError:
    return BytedocError("option", f"{PREFIX}{name} is {value!r} in conf.py; it must be {wanted}")


def register(app: Sphinx) -> None:
    """Add each field to Sphinx as a configuration value."""
    for item in dataclasses.fields(Config):
        default = (
            item.default_factory()
            if item.default_factory is not dataclasses.MISSING
            else item.default
        )
        types: tuple[type, ...] = (type(default),)
        if item.type == "float":
            types = (float, int)
        app.add_config_value(PREFIX + item.name, default, item.metadata["rebuild"], types)
