"""Sphinx projects on disk: the same pages, once for each tool."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from environments import Environment
from examples import Example
from markups import REST, Markup
from measure import Cost, environment, run
from oracle import listings
from tools import SOURCES, Tool

# Half the examples of a usual page are under the same heading.
_SECTION = 5

_CONFIGURATION = """\
project = "Benchmark"
extensions = {extensions!r}
{configuration}
"""


@dataclass(frozen=True, slots=True)
class Page:
    """One page: its document name and its examples."""

    document: str
    examples: tuple[Example, ...]


@dataclass(frozen=True, slots=True)
class Project:
    """A Sphinx project in the folder ``root``, for ``tool``, built in ``environment``."""

    root: Path
    tool: Tool
    environment: Environment
    markup: Markup

    @property
    def source(self) -> Path:
        """The folder of the pages."""
        return self.root / "source"

    @property
    def output(self) -> Path:
        """The folder of the built HTML."""
        return self.root / "html"

    @property
    def doctrees(self) -> Path:
        """The folder of Sphinx's pickles."""
        return self.root / "doctrees"

    @property
    def caches(self) -> tuple[Path, Path]:
        """The folder of bytedoc's results, and that of all that goes to the user's cache."""
        return self.root / "results", self.root / "cache"

    def write(self, pages: Sequence[Page]) -> None:
        """Write ``conf.py``, the index and ``pages``; what another run left here goes."""
        shutil.rmtree(self.root, ignore_errors=True)
        self.source.mkdir(parents=True, exist_ok=True)
        extensions = [*self.tool.extensions]
        if self.tool.markup is None:
            extensions += self.markup.extensions
        lines = "\n".join(self.tool.configuration)
        configuration = _CONFIGURATION.format(extensions=extensions, configuration=lines)
        (self.source / "conf.py").write_text(configuration, encoding="utf-8")
        contents = REST.contents([page.document for page in pages])
        index = f"{REST.heading('Benchmark', 1)}\n{contents}"
        (self.source / "index.rst").write_text(index, encoding="utf-8")
        self.write_pages(pages)

    def write_pages(self, pages: Sequence[Page]) -> None:
        """Write ``pages`` only, as after an edit."""
        examples = [example for page in pages for example in page.examples]
        texts = listings(self.environment.python, [example.source for example in examples])
        shown = {
            example.name: listing.text for example, listing in zip(examples, texts, strict=True)
        }
        sources = self.source / SOURCES
        sources.mkdir(exist_ok=True)
        for page in pages:
            for example in page.examples:
                (sources / f"{example.name}.py").write_text(example.source, encoding="utf-8")
            text = self._page(page, shown)
            (self.source / (page.document + self.markup.suffix)).write_text(text, encoding="utf-8")

    def _page(self, page: Page, shown: dict[str, str]) -> str:
        title = page.document.replace("_", " ").capitalize()
        parts = [self.tool.front + self.markup.heading(title, 1)]
        for number, example in enumerate(page.examples):
            if number % _SECTION == 0:
                parts.append(self.markup.heading(f"{title}, part {number // _SECTION + 1}", 2))
            parts.append(example.before + "\n")
            if not self.tool.shows_source:
                parts.append(self.markup.directive("code-block", "python", {}, example.source))
            parts.append(self.tool.block(self.markup, example, shown[example.name]))
            parts.append(example.after + "\n")
        return "\n".join(parts)

    def remove_pages(self) -> None:
        """Remove what Sphinx has written: HTML and doctrees."""
        for folder in (self.output, self.doctrees):
            shutil.rmtree(folder, ignore_errors=True)

    def remove_caches(self) -> None:
        """Remove what the tool has kept from one build to the next outside Sphinx's own folders."""
        for folder in self.caches:
            shutil.rmtree(folder, ignore_errors=True)

    def build(self) -> tuple[Cost, str]:
        """Build the HTML; return the cost and what was printed, which is nothing if all is well."""
        folders = ("-d", str(self.doctrees), str(self.source), str(self.output))
        return run(
            [str(self.environment.python), "-m", "sphinx", "-b", "html", "-q", *folders],
            log=self.root / "build.log",
            env=environment(self.caches[1], self.environment.python.parent),
            cwd=self.root,
        )
