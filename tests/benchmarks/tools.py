"""What is measured: pasted outputs, bytedoc, and other tools that show what a program prints.

Every tool but bytedoc shows an example by Sphinx's own ``code-block``, followed by its output
block, whose program is hidden where it is not the example itself.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from examples import Example
from markups import MYST, Markup

# Where the sources are, beside the pages, for a tool that reads files.
SOURCES = "sources"

Block = Callable[[Markup, Example, str], str]


@dataclass(frozen=True, slots=True)
class Tool:
    """One way to show the listing of an example in a page.

    ``block`` gives the markup of the output block from the page's markup, the example and the
    listing that is expected. ``requirements`` is what pip installs beside Sphinx, ``extensions``
    and ``configuration`` (lines) go to ``conf.py``, and ``front`` begins each page.
    """

    name: str
    how: str
    block: Block
    requirements: tuple[str, ...] = ()
    extensions: tuple[str, ...] = ()
    configuration: tuple[str, ...] = ()
    markup: Markup | None = None
    front: str = ""
    shows_source: bool = False

    @property
    def distribution(self) -> str:
        """The name of what is measured, on PyPI."""
        return self.requirements[0] if self.requirements else self.name


def _program(example: Example) -> str:
    return f"import dis\ndis.dis({example.source!r})"


def _plain(markup: Markup, example: Example, listing: str) -> str:
    return markup.directive("code-block", "text", {}, listing)


def _bytedoc(markup: Markup, example: Example, listing: str) -> str:
    return markup.directive("bytedoc:dis", "", {}, example.source)


def _runpython(markup: Markup, example: Example, listing: str) -> str:
    return markup.directive("runpython", "", {"indent": "0", "noblack": ""}, _program(example))


def _exec_code(markup: Markup, example: Example, listing: str) -> str:
    return markup.directive("exec_code", "", {"hide": ""}, _program(example))


def _program_output(markup: Markup, example: Example, listing: str) -> str:
    return markup.directive("program-output", f"python -m dis {SOURCES}/{example.name}.py", {}, "")


def _code_cell(markup: Markup, example: Example, listing: str) -> str:
    return markup.directive("code-cell", "ipython3", {"tags": "[remove-input]"}, _program(example))


def _jupyter_execute(markup: Markup, example: Example, listing: str) -> str:
    return markup.directive("jupyter-execute", "", {"hide-code": ""}, _program(example))


PLAIN = Tool("plain", "pasted output", _plain)
BYTEDOC = Tool(
    "bytedoc",
    "this package",
    _bytedoc,
    extensions=("bytedoc",),
    configuration=('bytedoc_cache = "../results"',),
    shows_source=True,
)
PEERS = (
    Tool(
        "sphinx-runpython",
        "in process",
        _runpython,
        requirements=("sphinx-runpython",),
        extensions=("sphinx_runpython.runpython",),
    ),
    # It gives its output no language, and Sphinx takes that for Python unless told otherwise.
    Tool(
        "sphinx-runpython-as-text",
        "in process, listing not highlighted",
        _runpython,
        requirements=("sphinx-runpython",),
        extensions=("sphinx_runpython.runpython",),
        configuration=('highlight_language = "text"',),
    ),
    Tool(
        "sphinx-exec-code",
        "a process each",
        _exec_code,
        requirements=("sphinx-exec-code",),
        extensions=("sphinx_exec_code",),
    ),
    Tool(
        "sphinxcontrib-programoutput",
        "a process each",
        _program_output,
        requirements=("sphinxcontrib-programoutput",),
        extensions=("sphinxcontrib.programoutput",),
    ),
    Tool(
        "myst-nb",
        "a kernel a page",
        _code_cell,
        requirements=("myst-nb",),
        extensions=("myst_nb",),
        configuration=("nb_execution_raise_on_error = True",),
        markup=MYST,
        front="---\nfile_format: mystnb\nkernelspec:\n  name: python3\n---\n\n",
    ),
    Tool(
        "jupyter-sphinx",
        "a kernel a page",
        _jupyter_execute,
        requirements=("jupyter-sphinx", "ipykernel"),
        extensions=("jupyter_sphinx",),
    ),
)
