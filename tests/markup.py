"""Pages for tests, in MyST and reStructuredText from one description, and what becomes of them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import bs4
from conftest import Built

import bytedoc

Markup = Literal["md", "rst"]

MARKUPS: tuple[Markup, ...] = ("md", "rst")
#: Settings with which a timing is over soon; the times it gives mean nothing.
QUICK = {
    "bytedoc_timing_processes": 1,
    "bytedoc_timing_values": 2,
    "bytedoc_timing_min_time": 0.000_001,
}

#: An example with a function that has a loop, so that its bytecode has a jump back and one ahead.
LOOP = """\
def total(values):
    found = 0
    for value in values:
        found += value
    return found
"""


def directive(
    markup: Markup, name: str, argument: str = "", content: str = "", /, **options: str | bool
) -> str:
    """A directive; ``_`` in the name of an option stands for ``-``, and True for no value."""
    lines = [
        f":{key.replace('_', '-')}:" + ("" if value is True else f" {value}")
        for key, value in options.items()
    ]
    if markup == "md":
        head = "\n".join([f"````{{{name}}} {argument}".rstrip(), *lines])
        return head + (f"\n\n{content.rstrip()}\n````\n" if content else "\n````\n")
    head = "\n".join([f".. {name}:: {argument}".rstrip(), *(f"   {line}" for line in lines)])
    return head + ("\n\n" + textwrap.indent(content.rstrip(), "   ") if content else "") + "\n"


def role(markup: Markup, name: str, text: str) -> str:
    """A role."""
    return f"{{{name}}}`{text}`" if markup == "md" else f":{name}:`{text}`"


def page(markup: Markup, *blocks: str, title: str = "Page", name: str = "index") -> dict[str, str]:
    """The file of a page, by its name."""
    heading = f"# {title}" if markup == "md" else f"{title}\n{'=' * len(title)}"
    return {f"{name}.{markup}": "\n\n".join([heading, *blocks]) + "\n"}


def md(*blocks: str, name: str = "index") -> dict[str, str]:
    """The file of a page in MyST, for tests of what does not depend on the markup."""
    return page("md", *blocks, name=name)


def contents(*names: str) -> str:
    """A table of contents of other pages, in MyST."""
    return "```{toctree}\n" + "\n".join(names) + "\n```"


def soup(built: Built, name: str = "index.html") -> bs4.BeautifulSoup:
    """A page of HTML, parsed."""
    return bs4.BeautifulSoup(built.read(name), "html.parser")


def found(within: bs4.Tag, selector: str) -> bs4.Tag:
    """The first element that a CSS selector matches; there is one."""
    element = within.select_one(selector)
    assert element is not None, f"no {selector} in {within}"
    return element


def output(built: Built, view: str, number: int = 0, name: str = "index.html") -> bs4.Tag:
    """An output of a view in a page of HTML, counted from 0."""
    return soup(built, name).select(f".bytedoc-{view}")[number]


def shown(built: Built, view: str, number: int = 0, name: str = "index.html") -> str:
    """The first preformatted text in an output, as one copies it."""
    return found(output(built, view, number, name), "pre").get_text()


def cells(table: bs4.Tag) -> list[list[str]]:
    """The text of each cell of a table, its head included."""
    return [
        [" ".join(cell.get_text().split()) for cell in row.select("th, td")]
        for row in table.select("tr")
    ]


def progress(doing: str) -> Callable[[Built], list[str]]:
    """A function that gives the pages which a build reports at one of its steps."""

    def pages(built: Built) -> list[str]:
        return sorted(re.findall(rf"{doing}\.\.\. \[ *\d+%\] (\S+)", built.status))

    return pages


#: The pages that a build read, and those that it wrote.
pages_read = progress("reading sources")
pages_written = progress("writing output")


def sphinx_build(
    *arguments: str | Path, folder: Path, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run ``sphinx-build`` as a program of its own, in a folder, with this very bytedoc."""
    package = str(Path(bytedoc.__file__).parents[1])
    return subprocess.run(
        [sys.executable, "-m", "sphinx", "--no-color", *arguments],
        cwd=folder,
        check=False,
        capture_output=True,
        env={**os.environ, "PYTHONPATH": package, **environment},
        encoding="utf-8",
    )


def ask(executable: str | Path, script: str, *arguments: str) -> str:
    """What a script prints on an interpreter, which has never heard of bytedoc."""
    return subprocess.run(
        [executable, "-I", "-X", "utf8", "-c", script, *arguments],
        check=True,
        capture_output=True,
        encoding="utf-8",
    ).stdout


_DIS = """\
import dis, re, sys
source, filename, path, mode, optimize = sys.argv[1:6]
code = compile(source, filename, mode, dont_inherit=True, optimize=int(optimize))
for name in path.split():
    code = next(c for c in code.co_consts if hasattr(c, "co_code") and c.co_name == name)
options = dict.fromkeys(sys.argv[6:], True)
dis.dis(code, **options)
"""


def dis(
    executable: str | Path,
    source: str,
    path: str = "",
    *options: str,
    name: str = "",
    mode: str = "exec",
    optimize: int = 0,
) -> str:
    """What ``dis`` prints of an example on an interpreter: of the function at *path*, or of all.

    Memory addresses are replaced as bytedoc says it does.
    """
    filename = f"<{name or 'example'}>"
    printed = ask(executable, _DIS, source, filename, path, mode, str(optimize), *options)
    return re.sub(r"0x[0-9a-f]{6,}", "0x...", printed)
