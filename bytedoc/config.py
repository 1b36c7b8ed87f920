"""The configuration: one tuple, whose fields are the values in ``conf.py``."""

# Annotations are evaluated: a tuple compiles each that is a string, in every build.
from collections.abc import Iterable, Mapping
from copy import copy
from typing import TYPE_CHECKING, Literal, NamedTuple, Self

from .errors import BytedocError
from .release import FLOOR, Release

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.config import Config as SphinxConfig

PREFIX = "bytedoc_"


class Value(NamedTuple):
    """What is to be known of a value in ``conf.py`` beside its type and its default.

    Attributes:
        doc: what it is for, in Markdown.
        rebuild: what is made anew when it changes, as Sphinx names it: nothing, ``html``, ``env``.
        choices: what it can be; empty: anything of its type.
        minimum: the least that it can be, if there is one.
    """

    doc: str
    rebuild: Literal["", "html", "env"] = ""
    choices: tuple[str, ...] = ()
    minimum: float | None = None


class Config(NamedTuple):
    """Each field ``name`` is the value ``bytedoc_name`` of ``conf.py``; `VALUES` says what for."""

    target: str = ""
    interpreters: dict[str, str] = {}
    execute: bool = True
    cache: str = ""
    captures: str = "captures"
    releases: list[str] = []
    end_of_life: dict[str, str] = {}
    site: bool = False
    histories: bool = True
    frequencies: bool = False
    claims_exclude: list[str] = []
    data: bool = False
    measure: bool = False
    capture_releases: list[str] = []
    capture_timings: bool = False
    layout: str = "above"
    opcode_url: str = "https://docs.python.org/{release}/library/dis.html#opcode-{name}"
    timeout: float = 10
    memory: int = 1024
    output_limit: int = 100_000
    file_limit: int = 64
    timing_processes: int = 6
    timing_values: int = 3
    timing_min_time: float = 0.02
    timing_attempts: int = 1

    @classmethod
    def from_sphinx(cls, config: "SphinxConfig") -> Self:
        """The values as ``conf.py`` and ``-D`` set them."""
        return cls(*(getattr(config, PREFIX + name) for name in cls._fields))

    def check(self) -> list[BytedocError]:
        """What is wrong with the values; the build goes on with those that are right."""
        found = []
        for name, (_, _, choices, minimum) in VALUES.items():
            value = getattr(self, name)
            if choices and value not in choices:
                found.append(_wrong(name, value, f"one of {', '.join(choices)}"))
            if minimum is not None and not (isinstance(value, int | float) and value >= minimum):
                found.append(_wrong(name, value, f"a number of at least {minimum}"))
        for field in ("releases", "end_of_life", "capture_releases"):
            for name in getattr(self, field):
                if not _is_release(name):
                    wanted = "releases of Python from 3.6 on, such as '3.13'"
                    found.append(_wrong(field, name, wanted))
        return found


#: What each field of `Config` is for.
VALUES: Mapping[str, Value] = {
    "target": Value(
        "The release whose guide is built, such as `3.8`, or the path of an interpreter. Empty: "
        "the interpreter that runs Sphinx."
    ),
    "interpreters": Value(
        "Where the interpreter of a release is, such as `{'3.8': '/opt/python3.8/bin/python'}`. "
        "Releases that are not named here are looked for on the machine."
    ),
    "execute": Value(
        "Whether interpreters may be started. If not, only results that were recorded before are "
        "shown, and each that is missing is a warning."
    ),
    "cache": Value(
        "The folder in which results are kept, relative to the source folder. Empty: "
        "`bytedoc` in the folder of the doctrees."
    ),
    "captures": Value(
        "The folder of the recorded results, a file for each release, relative to the source "
        "folder."
    ),
    "releases": Value(
        "The releases that are compared and that a site has guides of, such as `['3.12', '3.13']`. "
        "Empty: those that have a capture, and the target."
    ),
    "end_of_life": Value(
        "The day, or the month while no day is set, from which a release gets no fixes any more, "
        "such as `{'3.8': '2024-10-07', '3.10': '2026-10'}`: its guide then says so.",
        rebuild="html",
    ),
    "site": Value(
        "Whether the guide that is built is one of several in neighbouring folders, named by their "
        "releases. Set by `python -m bytedoc.site`.",
        rebuild="html",
    ),
    "histories": Value(
        "Whether HTML has a page for each example with its listings in all releases, where more "
        "than one is known.",
        rebuild="html",
    ),
    "frequencies": Value(
        "Whether the entry of an instruction says how often it occurs in the standard library of "
        "each release. Counting takes a few seconds for each, once.",
        rebuild="env",
    ),
    "claims_exclude": Value(
        "Pages that the builder `claims` leaves out: patterns such as `extension/**`."
    ),
    "data": Value("Whether HTML has the results as data, too: files of JSON in the folder `data`."),
    "measure": Value("Whether timings are measured although a capture has them."),
    "capture_releases": Value(
        "The releases that the builder `capture` records, and `capture-check` checks. Empty: all "
        "that are compared and whose interpreter is here."
    ),
    "capture_timings": Value(
        "Whether the builder `capture` measures anew the timings that a capture has already."
    ),
    "layout": Value(
        "Where the source of an example stands: `above` its listing, `beside` it, or `hidden`.",
        rebuild="env",
        choices=("above", "beside", "hidden"),
    ),
    "opcode_url": Value(
        "Where the name of an instruction links to, when no page of the project documents it. "
        "Empty: nowhere.",
        rebuild="html",
    ),
    "timeout": Value("Seconds of wall time that an example may run.", minimum=0.01),
    "memory": Value(
        "Mebibytes of memory that an example may use, where the platform can limit it.", minimum=16
    ),
    "output_limit": Value("Bytes that an example may print.", minimum=1),
    "file_limit": Value("Mebibytes that a file written by an example may have.", minimum=1),
    "timing_processes": Value(
        "In how many processes each statement of a timing is measured.", minimum=1
    ),
    "timing_values": Value(
        "How many times each of these processes measures a statement.", minimum=1
    ),
    "timing_min_time": Value(
        "Seconds that one measurement of a statement lasts at least.", minimum=0.000_001
    ),
    "timing_attempts": Value(
        "How often a timing is measured at most while it is not stable. Of each statement, the "
        "stable measurement with the least median is kept, or else the one with the least spread.",
        minimum=1,
    ),
}


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


def register(app: "Sphinx") -> None:
    """Add each field to Sphinx as a configuration value."""
    for name, default in Config._field_defaults.items():
        kind = Config.__annotations__[name]
        types = (float, int) if kind is float else (type(default),)
        # As `Sphinx.add_config_value` does, which writes to the log each time, in every build.
        app.config.add(PREFIX + name, copy(default), VALUES[name].rebuild, types)
