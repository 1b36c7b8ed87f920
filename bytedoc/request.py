"""Who is asked, and what: an interpreter and a request."""

import hashlib
import json
from collections.abc import Mapping
from functools import cached_property
from typing import Any, NamedTuple, Self

from .release import Release

Json = Any  #: What ``json.loads`` gives.


def digest_of(value: Json) -> str:
    """A short name of a JSON value: equal for equal values, on every machine."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return hashlib.blake2b(text.encode("ascii"), digest_size=12).hexdigest()


class _Facts(NamedTuple):
    """The fields of an `Interpreter`, which can have more than a named tuple."""

    executable: str
    version: str
    implementation: str
    build: str
    compiler: str
    flags: tuple[str, ...]
    platform: str
    bits: int
    magic: int
    cache_tag: str


class Interpreter(_Facts):
    """One executable, and what it says of itself.

    Attributes:
        executable: the path by which it is started.
        version: the full version, such as ``3.13.0``.
        implementation: ``cpython``.
        build: the build's branch and date.
        compiler: the compiler that built it.
        flags: which of debug, free-threaded, jit, lto and pgo the build records.
        platform: such as ``linux-x86_64``.
        bits: the size of a pointer in bits.
        magic: the magic number of its ``.pyc`` files.
        cache_tag: such as ``cpython-313``.
    """

    @classmethod
    def from_json(cls, executable: str, record: Mapping[str, Json]) -> Self:
        """Make it from the probe's ``identity`` answer."""
        return cls(
            executable=executable,
            version=record["version"],
            implementation=record["implementation"],
            build=record["build"],
            compiler=record["compiler"],
            flags=tuple(record["flags"]),
            platform=record["platform"],
            bits=record["bits"],
            magic=record["magic"],
            cache_tag=record["cache_tag"],
        )

    @cached_property
    def release(self) -> Release:
        """The feature release."""
        return Release.of_version(self.version)

    @cached_property
    def identity(self) -> str:
        """A digest of all that may change an answer, so of all but where the executable is."""
        return digest_of(
            [
                self.version,
                self.implementation,
                self.build,
                self.compiler,
                list(self.flags),
                self.platform,
                self.bits,
                self.magic,
            ]
        )

    def __str__(self) -> str:
        flags = f" ({', '.join(self.flags)})" if self.flags else ""
        return f"CPython {self.version}{flags}"


class _Question(NamedTuple):
    """The fields of a `Request`, as those of an `Interpreter`."""

    view: str
    job: Mapping[str, Json]


class Request(_Question):
    """A question to an interpreter: a view and what it needs to know."""

    @cached_property
    def digest(self) -> str:
        """The name under which the answer is stored; it depends on nothing but the question."""
        return digest_of([self.view, dict(self.job)])
