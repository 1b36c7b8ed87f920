"""How the package is put together: who may know what, and in which direction imports go."""

from __future__ import annotations

import ast
import importlib
import subprocess
import sys
from collections.abc import Iterable, Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import bytedoc

PACKAGE = Path(bytedoc.__file__).parent
#: The modules of the package by name, the probe left out: it is another program.
MODULES = {
    ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__"): path
    for path in sorted(PACKAGE.rglob("*.py"))
    if "probe" not in path.relative_to(PACKAGE).parts
}

#: What asks interpreters and what is asked and answered: of use without any documentation.
PLAIN = {
    f"bytedoc.{name}"
    for name in (
        "answers",
        "answers.code_objects",
        "answers.frequencies",
        "answers.listings",
        "answers.opcodes",
        "answers.pipeline",
        "answers.programs",
        "answers.pyc",
        "answers.specializations",
        "answers.stack_recordings",
        "answers.timings",
        "capture",
        "captures",
        "comparing",
        "comparing.changes",
        "comparing.compare",
        "comparing.conditions",
        "comparing.differences",
        "comparing.forms",
        "comparing.inlining",
        "comparing.steps",
        "errors",
        "examples",
        "executor",
        "expectations",
        "interpreters",
        "plots",
        "reference",
        "reference.entry",
        "reference.pair",
        "reference.stack_change",
        "release",
        "request",
        "rows",
        "runner",
        "site.__main__",
        "site.driver",
        "site.folders",
        "site.memory",
        "site.plan",
        "site.processes",
        "site.releases",
        "store",
        "views.options",
    )
}
#: What is between Sphinx and the rest.  All others, the views among them, know docutils at most.
KNOW_SPHINX = {
    f"bytedoc.{name}"
    for name in (
        "builders",
        "claims",
        "config",
        "directives",
        "domain",
        "page_releases",
        "recording",
        "render",
        "results",
        "roles",
        "settling",
        "shown_page",
        "site.builder",
        "site.builders",
        "site.context",
        "site.events",
        "site.planning",
        "transforms",
    )
}


class Imports(ast.NodeVisitor):
    """The modules that a module imports: when it is imported itself, and at any time."""

    def __init__(self, module: str, path: Path) -> None:
        self._package = module if path.name == "__init__.py" else module.rpartition(".")[0]
        self._deferred = 0
        self.at_once: set[str] = set()
        self.ever: set[str] = set()
        self.visit(ast.parse(path.read_text(encoding="utf-8")))

    def _add(self, name: str) -> None:
        self.ever.add(name)
        if not self._deferred:
            self.at_once.add(name)

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            self._add(alias.name)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        above = self._package.split(".")
        above = above[: len(above) - node.level + 1] if node.level else []
        source = ".".join([*above, *([node.module] if node.module else [])])
        for alias in node.names:
            inner = f"{source}.{alias.name}"
            self._add(inner if inner in MODULES else source)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self._deferred += 1
        self.generic_visit(node)
        self._deferred -= 1

    def visit_If(self, node: ast.If) -> None:
        """What is for type checkers alone is not imported."""
        if ast.unparse(node.test) == "TYPE_CHECKING":
            for statement in node.orelse:
                self.visit(statement)
        else:
            self.generic_visit(node)


IMPORTS = {name: Imports(name, path) for name, path in MODULES.items()}


def of_package(names: Iterable[str], *packages: str) -> list[str]:
    """Those names that are of one of the packages."""
    return sorted(name for name in names if name.split(".")[0] in packages)


def closure(module: str) -> Iterator[str]:
    """A module and all of the package that is imported with it."""
    found, waiting = set[str](), [module]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            yield name
            waiting += of_package(IMPORTS[name].at_once, "bytedoc")


def test_imports_are_seen() -> None:
    """As the other tests here hold for a package without imports, too."""
    assert "sphinx.domains" in IMPORTS["bytedoc.domain"].at_once
    assert "bytedoc.store" in IMPORTS["bytedoc.runner"].at_once
    assert "bytedoc.views.base" in IMPORTS["bytedoc.views.dis"].at_once
    assert "bytedoc.expectations" in IMPORTS["bytedoc.views.dis"].at_once
    assert "bytedoc.domain" in IMPORTS["bytedoc"].ever - IMPORTS["bytedoc"].at_once
    assert {*PLAIN, *KNOW_SPHINX} <= MODULES.keys()


@pytest.mark.parametrize("module", sorted(PLAIN))
def test_what_asks_interpreters_knows_neither_sphinx_nor_docutils(module: str) -> None:
    for name in closure(module):
        assert of_package(IMPORTS[name].ever, "sphinx", "docutils", "myst_parser") == []


def test_only_what_is_next_to_sphinx_knows_it() -> None:
    knowing = {name for name in MODULES if of_package(IMPORTS[name].ever, "sphinx")}
    assert knowing <= KNOW_SPHINX


def test_only_what_makes_pages_knows_docutils() -> None:
    knowing = {name for name in MODULES if of_package(IMPORTS[name].ever, "docutils")}
    making = {
        f"bytedoc.{name}"
        for name in (
            "claims",
            "comparing.history_pages",
            "comparing.release_changes_pages",
            "directives",
            "domain",
            "nodes",
            "page_releases",
            "reference.directive",
            "render",
            "roles",
            "site.builder",
            "site.builders",
            "site.context",
            "site.events",
            "site.front",
            "site.preview",
        )
    }
    assert {name for name in knowing if not name.startswith("bytedoc.views.")} <= making


def test_views_know_nothing_of_directives_and_of_building() -> None:
    views = [name for name in MODULES if name.startswith("bytedoc.views")]
    known = {other for name in views for other in of_package(IMPORTS[name].ever, "bytedoc")}
    assert known - set(views) - PLAIN == {"bytedoc.nodes"}


@pytest.mark.parametrize("module", sorted(MODULES))
def test_no_other_extension_and_no_theme_is_needed(module: str) -> None:
    third_party = {"docutils", "findpython", "jinja2", "lxml", "markupsafe", "sphinx"}
    known = {name.split(".")[0] for name in IMPORTS[module].ever}
    assert known - sys.stdlib_module_names <= {"bytedoc", *third_party}


def test_imports_go_one_way() -> None:
    graph = {name: of_package(IMPORTS[name].at_once, "bytedoc") for name in MODULES}
    try:
        order = list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        pytest.fail(f"imports go in a circle: {' -> '.join(error.args[1])}")
    assert MODULES.keys() <= set(order)


IMPORT_EACH_FIRST = """
import importlib, sys
for module in sys.argv[1:]:
    for name in [name for name in sys.modules if name.split(".")[0] == "bytedoc"]:
        del sys.modules[name]
    importlib.import_module(module)
"""


def test_every_module_is_the_first_that_can_be_imported() -> None:
    """No order that happens to work is needed."""
    done = subprocess.run(
        [sys.executable, "-c", IMPORT_EACH_FIRST, *MODULES],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""


def test_bytedoc_itself_imports_nothing() -> None:
    """Sphinx imports every extension to ask for its version, and tools ask for ours."""
    assert IMPORTS["bytedoc"].at_once <= {"__future__", "pathlib", "typing"}


@pytest.mark.parametrize("module", sorted(MODULES))
def test_every_module_says_what_it_is_for(module: str) -> None:
    docstring = importlib.import_module(module).__doc__
    assert docstring
    assert docstring.splitlines()[0].endswith((".", ":"))


def test_the_host_needs_no_module_of_the_probe() -> None:
    """But the identity view, which an interpreter that runs the host can be asked directly."""
    for module in MODULES:
        of_probe = {name for name in IMPORTS[module].ever if name.startswith("bytedoc.probe")}
        assert of_probe <= {"bytedoc.probe.identity", "bytedoc.probe"}
