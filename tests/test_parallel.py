"""Reading and writing in several processes gives the same files, to the byte."""

from __future__ import annotations

from pathlib import Path

import pytest
from markup import LOOP, contents, directive, md, sphinx_build

CONF = """\
extensions = ["myst_parser", "bytedoc"]
primary_domain = "bytedoc"
project = "Bytecode"
copyright = "Somebody"
version = "1"
html_theme = "basic"
bytedoc_timing_processes = 1
bytedoc_timing_values = 2
bytedoc_timing_min_time = 0.000_001
"""
PAGES = 14


def one(name: str, content: str = "", argument: str = "", /, **options: str | bool) -> str:
    """A directive in MyST."""
    return directive("md", name, argument, content, **options)


def write(source: Path, *, timing: bool = False) -> None:
    """A project of many pages, which show examples of each other and make mistakes."""
    source.mkdir()
    names = [f"page{number:02}" for number in range(PAGES)]
    files = {"conf.py": CONF} | md(contents(*names), one("opcode-table"))
    for number, name in enumerate(names):
        other = f"example{(number * 5 + 3) % PAGES}"
        files |= md(
            one("dis", LOOP.replace("0", str(number)), name=f"example{number}", object="total"),
            one("dis", "", other, object="<module>"),
            one("code-object", "", other, attributes="co_consts"),
            one("run", f"print({number})\nraise ValueError", raises="ValueError", setup=other),
            one("run", "print('the same everywhere')"),
            one("example", f"x = {number % 3}", f"twice{number % 7}"),
            f"{{value}}`{other}: co_name` {{op}}`POP_TOP` {{bytedoc:example}}`{other}`",
            one("release", "Newer.", "3.6+"),
            one("dis", "x = 1", depth="a mistake"),
            one("timing", "pass") if timing else "",
            name=name,
        )
    for file, text in files.items():
        (source / file).write_text(text, encoding="utf-8")


def build(source: Path, target: Path, builder: str, *options: str) -> tuple[dict[str, bytes], str]:
    """Every file that ``sphinx-build`` writes, and what it warns of."""
    out = target / "out"
    folders = ("-d", target / "doctrees", source, out)
    environment = {"SOURCE_DATE_EPOCH": "1000000000", "PYTHONHASHSEED": "random"}
    done = sphinx_build("-b", builder, *options, *folders, folder=source, **environment)
    assert done.returncode == 0, done.stderr
    return {
        path.relative_to(out).as_posix(): path.read_bytes()
        for path in sorted(out.rglob("*"))
        if path.is_file()
    }, done.stderr


@pytest.mark.parametrize("builder", ["html", "text"])
def test_two_processes_write_the_same_bytes_as_one(tmp_path: Path, builder: str) -> None:
    write(tmp_path / "source")
    serial, told = build(tmp_path / "source", tmp_path / "serial", builder)
    parallel, told_too = build(tmp_path / "source", tmp_path / "parallel", builder, "-j", "2")
    assert parallel.keys() == serial.keys()
    assert [name for name in serial if parallel[name] != serial[name]] == []
    assert told_too == told
    assert told.count("[bytedoc.duplicate-example]") == PAGES - 7
    assert told.count("[bytedoc.option]") == PAGES
    assert told.count("WARNING") == 2 * PAGES - 7


def test_a_page_that_is_edited_is_merged_by_two_processes_as_by_one(tmp_path: Path) -> None:
    source = tmp_path / "source"
    write(source)
    for target, options in (("serial", ()), ("parallel", ("-j", "2"))):
        build(source, tmp_path / target, "text", *options)
    for number in range(8):
        path = source / f"page{number:02}.md"
        text = path.read_text(encoding="utf-8")
        path.write_text(text.replace("found +=", "found -="), encoding="utf-8")
    serial, told = build(source, tmp_path / "serial", "text")
    parallel, told_too = build(source, tmp_path / "parallel", "text", "-j", "2")
    assert [name for name in serial if parallel[name] != serial[name]] == []
    assert told_too == told
    assert b"found -= value" in parallel["page00.txt"]


def test_timings_that_were_measured_once_are_the_same_for_both(tmp_path: Path) -> None:
    write(tmp_path / "source", timing=True)
    cache = ("-D", f"bytedoc_cache={tmp_path / 'cache'}")
    serial, _ = build(tmp_path / "source", tmp_path / "serial", "html", *cache)
    parallel, _ = build(tmp_path / "source", tmp_path / "parallel", "html", *cache, "-j", "2")
    assert b"bytedoc-times" in serial["page00.html"]
    assert [name for name in serial if parallel[name] != serial[name]] == []
