"""The contents in the sidebar of our documentation are what Sphinx would have written."""

from __future__ import annotations

from pathlib import Path

import bs4
import pytest
from conftest import Build, Built

EXTENSIONS = Path(__file__).parents[1] / "docs" / "_extensions"
PAGE = """\
{% extends "!page.html" %}
{% block body %}
<nav id="furo">
{{ toctree(collapse=False, titles_only=True, maxdepth=-1, includehidden=True) }}
</nav>
<nav id="other">{{ toctree(collapse=True, maxdepth=2) }}</nav>
{{ super() }}
{% endblock %}
"""
PROJECT = {
    "_templates/page.html": PAGE,
    "index.md": """\
# Start

```{toctree}
:caption: First
:hidden:

one
Elsewhere <https://example.org/>
self
sub/two
```

```{toctree}
:maxdepth: 1

last
```
""",
    "one.md": "# One, *with* `code`\n\n## Section\n\nWords.\n",
    "sub/two.md": "# Two\n\n```{toctree}\nthree\n```\n\n## After\n",
    "sub/three.md": "# Three\n\n## Deep\n",
    "last.md": "# Last\n",
    "orphan.md": "---\norphan: true\n---\n# Orphan\n",
}


def shown(built: Built) -> dict[str, list[str]]:
    """The contents on each page."""
    found = {}
    for path in sorted(built.out.rglob("*.html")):
        soup = bs4.BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")
        name = path.relative_to(built.out).as_posix()
        found[name] = [str(element) for element in soup.select("#furo, #other")]
    return found


@pytest.mark.parametrize("builder", ["html", "dirhtml"])
def test_the_contents_of_every_page_are_those_of_sphinx(
    build: Build, builder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(EXTENSIONS)
    conf = {"templates_path": ["_templates"]}
    expected = shown(build(PROJECT, builder, conf=conf))
    extensions = ["myst_parser", "bytedoc", "contents"]
    built = build(builder=builder, conf={**conf, "extensions": extensions}, fresh=True)
    assert built.warnings == ""
    assert shown(built) == expected
    pages = [name for name, found in expected.items() if found]
    assert len(pages) >= len(PROJECT) - 1
    assert any("current" in found[0] for found in expected.values() if found)
