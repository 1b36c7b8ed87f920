"""The two markups of the pages: the same page can be written in reStructuredText and in MyST."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from textwrap import indent


@dataclass(frozen=True, slots=True)
class Markup:
    """How headings and directives are written; ``suffix`` is that of the files."""

    name: str
    suffix: str
    requirements: tuple[str, ...]
    extensions: tuple[str, ...]

    def heading(self, text: str, level: int) -> str:
        """Return the heading ``text``, of the page (level 1) or of a section (level 2)."""
        if self.name == "myst":
            return f"{'#' * level} {text}\n"
        return f"{text}\n{'=-'[level - 1] * len(text)}\n"

    def directive(self, name: str, argument: str, options: Mapping[str, str], content: str) -> str:
        """Return a directive; ``content`` is the text in it, as it is."""
        if self.name == "myst":
            fields = "".join(f":{key}: {value}".rstrip() + "\n" for key, value in options.items())
            head = f"```{{{name}}} {argument}".rstrip()
            return f"{head}\n{fields}{content.rstrip()}\n```\n"
        fields = "".join(f"   :{key}: {value}".rstrip() + "\n" for key, value in options.items())
        head = f".. {name}:: {argument}".rstrip()
        return f"{head}\n{fields}" + (f"\n{indent(content.rstrip(), '   ')}\n" if content else "")

    def contents(self, documents: Sequence[str]) -> str:
        """Return a table of contents with ``documents``."""
        return self.directive("toctree", "", {}, "\n".join(documents))


REST = Markup("rest", ".rst", (), ())
MYST = Markup("myst", ".md", ("myst-parser",), ("myst_parser",))
MARKUPS = {markup.name: markup for markup in (REST, MYST)}
