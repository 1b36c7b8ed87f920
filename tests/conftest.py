"""What the tests share: the interpreters of this machine, and builds of small projects."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any, Protocol

import pytest
from sphinx.testing.util import SphinxTestApp

from bytedoc.errors import InterpreterError
from bytedoc.interpreters import Interpreters
from bytedoc.request import Interpreter

pytest_plugins = ["sphinx.testing.fixtures"]

#: The releases that bytedoc supports as targets.
RELEASES = [f"3.{minor}" for minor in range(6, 16)]
#: Those that must be there: a test that needs one fails without it, and is not skipped.
REQUIRED = os.environ.get("BYTEDOC_REQUIRE_RELEASES", "").split()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--full", action="store_true", help="compare the whole standard library")


@pytest.fixture(scope="session")
def interpreters(pytestconfig: pytest.Config) -> Interpreters:
    """The interpreters of this machine; what they are is remembered from run to run."""
    assert pytestconfig.cache is not None
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    return Interpreters({}, pytestconfig.cache.mkdir("bytedoc") / f"interpreters-{worker}.json")


def interpreter_or_skip(interpreters: Interpreters, release: str) -> Interpreter:
    """The interpreter of a release; without it the test is skipped, or fails if it is required."""
    try:
        return interpreters.get(release)
    except InterpreterError as error:
        if release in REQUIRED:
            pytest.fail(f"Python {release} is required, but: {error.message}")
        pytest.skip(error.message)


@pytest.fixture(params=RELEASES)
def interpreter(request: pytest.FixtureRequest, interpreters: Interpreters) -> Interpreter:
    """Each of the supported releases in turn."""
    return interpreter_or_skip(interpreters, request.param)


@pytest.fixture
def building(interpreters: Interpreters) -> Interpreter:
    """The interpreter that runs the tests."""
    return interpreters.get("")


@dataclass(frozen=True)
class Built:
    """A finished build.

    Attributes:
        app: the application.
        out: the folder of the output.
        warnings: what was warned, a message a line where it has no line breaks of its own;
            paths are relative to the source folder.
        status: what was said otherwise.
    """

    app: SphinxTestApp
    out: Path
    warnings: str
    status: str

    def read(self, name: str) -> str:
        """The text of an output file."""
        return (self.out / name).read_text(encoding="utf-8")

    @property
    def executed(self) -> int:
        """How many steps of the progress bar of asking interpreters were shown; 0: nobody asked."""
        return len(re.findall(r"asking Python .*?\[ *\d+%\]", self.status))


class Build(Protocol):
    """Builds a project; see the fixture ``build``."""

    def __call__(
        self,
        files: Mapping[str, str] | None = None,
        builder: str = "html",
        *,
        target: str = "",
        conf: Mapping[str, Any] | None = None,
        parallel: int = 0,
        fresh: bool = False,
    ) -> Built: ...


@pytest.fixture
def build(tmp_path: Path) -> Iterator[Build]:
    """Write files into a project and build it, as often as wanted.

    *files*: text by name; a file that is not named stays as an earlier call left it.  *conf*:
    further configuration values.  *fresh*: read all files again.
    """
    source = tmp_path / "source"
    source.mkdir()
    apps: list[SphinxTestApp] = []

    def run(
        files: Mapping[str, str] | None = None,
        builder: str = "html",
        *,
        target: str = "",
        conf: Mapping[str, Any] | None = None,
        parallel: int = 0,
        fresh: bool = False,
    ) -> Built:
        for name, text in (files or {}).items():
            path = source / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        (source / "conf.py").touch()
        settings = {
            "extensions": ["myst_parser", "bytedoc"],
            "primary_domain": "bytedoc",
            "myst_enable_extensions": ["colon_fence"],
            "bytedoc_target": target,
            "html_theme": "basic",
            **(conf or {}),
        }
        while apps:  # what one application registers, the next would register again
            apps.pop().cleanup()
        status, warning = StringIO(), StringIO()
        app = SphinxTestApp(
            builder,
            srcdir=source,
            builddir=tmp_path / "build",
            freshenv=fresh,
            confoverrides=settings,
            status=status,
            warning=warning,
            parallel=parallel,
        )
        apps.append(app)
        app.build()
        told = re.sub(r"\x1b\[[0-9;]*m", "", warning.getvalue()).replace(f"{source}/", "")
        said = re.sub(r"\x1b\[[0-9;]*[mK]", "", status.getvalue())
        return Built(app, Path(app.outdir), told, said)

    yield run
    for app in apps:
        app.cleanup()
