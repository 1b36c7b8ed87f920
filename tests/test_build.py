"""Builds of small projects: a directive becomes a listing, in the page that asked for it."""

from __future__ import annotations

from conftest import Build


def test_an_example_is_disassembled_where_it_stands(build: Build) -> None:
    page = "# Page\n\n```{dis}\n:name: add\n\ndef add(a, b):\n    return a + b\n```\n"
    built = build({"index.md": page})
    assert built.warnings == ""
    assert 'data-op="RETURN_VALUE"' in built.read("index.html")
    assert built.executed


def test_nothing_is_executed_when_nothing_changed(build: Build) -> None:
    page = "# Page\n\n```{dis}\nx = 1\n```\n"
    build({"index.md": page})
    assert not build().executed
