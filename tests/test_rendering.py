"""What becomes of each view in each builder: nothing is lost, and nothing breaks a page."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import textwrap
import zipfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import html5lib
import pytest
from conftest import Build, Built, interpreter_or_skip
from markup import (
    LOOP,
    MARKUPS,
    QUICK,
    Markup,
    ask,
    contents,
    directive,
    dis,
    found,
    md,
    output,
    page,
    role,
    shown,
    soup,
)

from bytedoc.interpreters import Interpreters
from bytedoc.request import Interpreter

BUILDERS = (
    "html",
    "dirhtml",
    "singlehtml",
    "text",
    "latex",
    "epub",
    "man",
    "xml",
    "pseudoxml",
    "gettext",
    "texinfo",
)
SNAPSHOTS = Path(__file__).parent / "snapshots"
UPDATE = "BYTEDOC_UPDATE_SNAPSHOTS" in os.environ

#: Warns of every node that holds a place although the page is about to be written (what gettext
#: takes from it are sentences).
WATCHFUL = """\
from sphinx.util import logging

def look(app, document, docname):
    for node in document.findall() if app.builder.name != "gettext" else ():
        if type(node).__name__.startswith("pending"):
            logging.getLogger(__name__).warning("%s is written", type(node).__name__)

def setup(app):
    app.connect("doctree-resolved", look, priority=999)
"""
#: What builders want to be told of a project.
COMPLETE = {
    "project": "Bytecode",
    "author": "Somebody",
    "copyright": "Somebody",
    "version": "1",
    "nitpicky": True,
}

#: Text that would break a page in which it were not escaped.
HOSTILE = """</pre></div><b>&amp; "it's" <!-- ]]> \\end{Verbatim} %d {0} $x_1$ ~^#"""


def every_view(markup: Markup) -> list[str]:
    """A page with each view, role and directive, and with options that change how they look."""

    def part(view: str, argument: str = "", content: str = "", /, **options: str | bool) -> str:
        return directive(markup, view, argument, content, **options)

    return [
        part("dis", "", LOOP, name="loop", object="total", expect="FOR_ITER; co_argcount == 1"),
        part("dis", "loop", object="<module>", show_caches=True, show_positions=True),
        part("code-object", "loop", bytes=True),
        part("code-object", "loop", object="<module>", attributes="co_consts co_flags"),
        part("example", "hostile", f"text = {HOSTILE!r}\nprint(text)\n"),
        part("dis", "hostile"),
        part("run", "hostile"),
        part("run", "", "raise ValueError('</pre>')", raises="ValueError"),
        part("run", "", "x = 1", layout="hidden"),
        part(
            "timing", "", "sum([1])  # builtin\ntotal([1])  # ours", setup="loop", baseline="ours"
        ),
        part("interpreter"),
        part("opcode-table"),
        " ".join(
            [
                role(markup, "value", "loop: len(co_varnames)"),
                role(markup, "value", ": sys.version_info[0]"),
                role(markup, "op", "FOR_ITER"),
                role(markup, "op", "BINARY_ADD -3.10"),
                role(markup, "bytedoc:example", "loop"),
            ]
        ),
        part("release", "3.6+", f"These are new: {role(markup, 'op', 'POP_TOP')}."),
        part("release", "-3.5", "These are old."),
        part("dis", "", "x = 1", since="3.99"),
        part("dis", "", "y = 1", layout="beside", until="3.5"),
    ]


@pytest.mark.parametrize("markup", MARKUPS)
@pytest.mark.parametrize("builder", BUILDERS)
def test_every_view_is_written_by_every_builder_without_a_warning(
    build: Build, builder: str, markup: Markup
) -> None:
    other = "See {bytedoc:example}`loop`.\n\n```{dis} loop\n```\n"
    link = contents("other") if markup == "md" else ".. toctree::\n\n   other\n"
    files = page(markup, *every_view(markup), link) | md(other, name="other")
    built = build(files | {"conf.py": WATCHFUL}, builder, conf=COMPLETE | QUICK)
    assert built.warnings == ""


def test_a_builder_of_one_file_shows_the_outputs_of_all_pages(build: Build) -> None:
    files = md(directive("md", "dis", "", "x = 1"), contents("other")) | md(
        directive("md", "run", "", "print('from the other page')"),
        "It has {value}`: 6 * 7` parts.",
        name="other",
    )
    for builder, name in (("singlehtml", "index.html"), ("latex", "bytecode.tex")):
        text = build(files, builder, conf=COMPLETE).read(name)
        assert "from the other page" in text
        assert "42" in text


# -- listings in HTML -----------------------------------------------------------------------------


@pytest.mark.parametrize("markup", MARKUPS)
def test_a_listing_is_copied_as_dis_prints_it(
    build: Build, building: Interpreter, markup: Markup
) -> None:
    text = f"def f(a):\n    text = {HOSTILE!r}\n    return [text for _ in a]\n"
    built = build(
        page(
            markup,
            directive(markup, "dis", "", text, name="f"),
            directive(markup, "dis", "f", object="f"),
            directive(markup, "dis", "f", optimize="2", depth="0"),
        )
    )
    assert shown(built, "dis", 0) == dis(building.executable, text, name="f")
    assert shown(built, "dis", 1) == dis(building.executable, text, "f", name="f")
    assert (
        shown(built, "dis", 2)
        == dis(building.executable, text, name="f").partition("\nDisassembly of")[0]
    )


_INSTRUCTIONS = """\
import dis, json, sys
code = compile(sys.argv[1], "<loop>", "exec", dont_inherit=True).co_consts[0]
starts = dict(dis.findlinestarts(code))
line = None
for item in dis.get_instructions(code):
    line = getattr(item, "line_number", starts.get(item.offset, line))
    columns = getattr(item, "positions", None)
    print(
        item.offset,
        item.opname,
        line,
        " ".join(map(str, columns)) if columns else None,
        item.argval if item.opcode in dis.hasjrel + dis.hasjabs else None,
        sep="|",
    )
"""


def test_a_line_of_a_listing_carries_offset_name_line_columns_and_target(
    build: Build, interpreter: Interpreter
) -> None:
    built = build(
        md(directive("md", "dis", "", LOOP, name="loop", object="total")),
        target=interpreter.executable,
    )
    assert shown(built, "dis") == dis(interpreter.executable, LOOP, "total", name="loop")
    lines = output(built, "dis").select("pre > [data-offset]")
    carried = [
        "|".join(
            str(line.get(f"data-{name}")) for name in ("offset", "op", "line", "columns", "target")
        )
        for line in lines
    ]
    assert carried == ask(interpreter.executable, _INSTRUCTIONS, LOOP).splitlines()
    assert {line["data-op"] for line in lines if line.get("data-target")} >= {"FOR_ITER"}
    assert all(str(line["data-op"]) in line.get_text() for line in lines)


def test_every_instruction_has_an_anchor_of_its_own(build: Build) -> None:
    nested = "def f():\n    def g():\n        return lambda: 1\n    return g\n"
    built = build(
        md(
            directive("md", "dis", "", nested, name="nested"),
            directive("md", "dis", "nested", depth="1"),
            directive("md", "dis", "nested", object="f"),
            directive("md", "dis", "nested", object="f.<locals>.g"),
            directive("md", "dis", "", nested),
            directive("md", "dis", "", nested),
        )
    )
    lines = soup(built).select("[data-offset]")
    assert len({line["id"] for line in lines}) == len(lines) > 50


@pytest.mark.parametrize("markup", MARKUPS)
def test_no_anchor_occurs_twice_in_a_page(build: Build, markup: Markup) -> None:
    headings = ["Loop dis total", "Example loop", "Interpreter", "Timing", "Opcode table"]
    sections = [
        f"## {name}" if markup == "md" else f"{name}\n{'-' * len(name)}" for name in headings
    ]
    built = build(page(markup, *sections, *every_view(markup), *sections), conf=QUICK)
    anchors = Counter(str(element["id"]) for element in soup(built).select("[id]"))
    assert [name for name, count in anchors.items() if count > 1] == []


def test_anchors_do_not_depend_on_what_else_is_in_the_page(build: Build) -> None:
    block = directive("md", "dis", "", LOOP)
    named = directive("md", "dis", "", LOOP, name="loop", object="total")
    before = soup(build(md(block, named)))
    other = directive("md", "run", "", "print('first')")
    after = soup(build(md("Some words.", other, block, other, named)))
    wanted = [element["id"] for element in before.select(".bytedoc-example [id]")]
    assert len(wanted) > 20
    assert set(wanted) <= {element["id"] for element in after.select("[id]")}


def test_anchors_of_outputs_and_lines_of_source_are_the_same_for_all_releases(
    build: Build, interpreters: Interpreters
) -> None:
    other = interpreter_or_skip(interpreters, "3.8")
    files = md(
        directive("md", "dis", "", LOOP, name="loop"), directive("md", "run", "", "print('x')")
    )

    def anchors(built: Built) -> list[Any]:
        page_ = soup(built)
        found_ = page_.select(".bytedoc-example, .bytedoc-output, .bytedoc-source [id]")
        return [element["id"] for element in found_]

    ours = anchors(build(files))
    assert len(ours) == 4 + len(LOOP.splitlines()) + 1
    assert anchors(build(target=other.executable)) == ours


def test_each_line_of_a_source_can_be_linked_to(build: Build) -> None:
    built = build(md(directive("md", "dis", "", LOOP, name="loop")))
    for number, text in enumerate(LOOP.splitlines(), start=1):
        line = found(soup(built), f"#example_loop_line-{number}")
        assert line.get_text().rstrip("\n") == text


def test_an_output_names_its_release_its_example_and_its_view(
    build: Build, building: Interpreter
) -> None:
    built = build(page("rst", *every_view("rst")), conf=QUICK)
    outputs = [item for item in soup(built).select(".bytedoc-output") if item.get("data-release")]
    assert {item["data-release"] for item in outputs} == {str(building.release)}
    seen = {(item["data-view"], item.get("data-example")) for item in outputs}
    assert seen == {
        ("dis", "loop"),
        ("code-object", "loop"),
        ("dis", "hostile"),
        ("run", "hostile"),
        ("run", None),
        ("timing", None),
        ("interpreter", None),
        ("opcode-table", None),
    }
    for item in outputs:
        assert str(building) in found(item, ".bytedoc-caption").get_text()


def test_an_output_of_another_release_names_that_release(
    build: Build, interpreters: Interpreters
) -> None:
    other = interpreter_or_skip(interpreters, "3.8")
    conf = {"bytedoc_interpreters": {"3.8": other.executable}}
    built = build(md(directive("md", "dis", "", "x = 1", release="3.8")), conf=conf)
    listing = output(built, "dis")
    assert listing["data-release"] == "3.8"
    assert str(other) in found(listing, ".bytedoc-caption").get_text()
    assert shown(built, "dis") == dis(other.executable, "x = 1\n")


# -- well-formed ----------------------------------------------------------------------------------


@pytest.mark.parametrize("markup", MARKUPS)
@pytest.mark.parametrize("theme", ["basic", "furo", "alabaster"])
def test_html_is_what_the_standard_says(build: Build, markup: Markup, theme: str) -> None:
    built = build(page(markup, *every_view(markup)), conf={**QUICK, "html_theme": theme})
    html5lib.HTMLParser(strict=True).parse(built.read("index.html"))


#: Prints a character in each of the ways in which it can reach a page.
def printing(code: int) -> list[str]:
    return [
        directive("md", "run", "", f"print('a' + chr({code}) + 'b')"),
        directive(
            "md", "run", "", f"raise ValueError('a' + chr({code}) + 'b')", raises="ValueError"
        ),
        directive("md", "dis", "", f"x = 'a\\U{code:08x}b'"),
        directive("md", "code-object", "", f"x = 'a\\U{code:08x}b'"),
        f"It is {{value}}`: 'a' + chr({code}) + 'b'`.",
        directive(
            "md", "run", "", f"print('a' + chr({code}) + 'b', flush=True)\nimport os\nos._exit(3)"
        ),
    ]


#: Control characters, lone surrogates and noncharacters: XML allows none of these.
FORBIDDEN = (0x00, 0x07, 0x0C, 0x1B, 0x7F, 0x85, 0xD800, 0xFFFE, 0xFFFF)


@pytest.mark.parametrize("builder", ["html", "xml", "epub", "latex", "text"])
def test_characters_that_no_page_can_hold_are_shown_as_escapes(build: Build, builder: str) -> None:
    blocks = [block for code in FORBIDDEN for block in printing(code)]
    conf = {
        **COMPLETE,
        "suppress_warnings": ["bytedoc.exit", "bytedoc.encoding", "bytedoc.exception"],
    }
    built = build(md(*blocks), builder, conf=conf)
    assert "warning" not in built.warnings.lower()
    written = next(
        path
        for path in built.out.iterdir()
        if path.name in ("index.html", "index.xml", "index.xhtml", "bytecode.tex", "index.txt")
    ).read_text(encoding="utf-8")
    assert not set(map(chr, FORBIDDEN)) & set(written)
    if builder == "html":
        html5lib.HTMLParser(strict=True).parse(written)
    elif builder in ("xml", "epub"):
        text = "".join(ET.fromstring(written).itertext())
        assert text.count(r"a\x00b") >= 5
        assert text.count(r"a\uffffb") >= 5


@pytest.mark.parametrize(
    "text", [HOSTILE, "naïve ∀ 🐍 \N{RIGHT-TO-LEFT MARK} é", "a\ttab", "  blanks  "]
)
def test_what_an_example_prints_can_be_copied_from_the_page(build: Build, text: str) -> None:
    built = build(md(directive("md", "run", "", f"print({text!r})\nprint('|')")))
    assert shown(built, "run") == f"{text}\n|\n"


def test_values_and_names_in_sentences_are_escaped(build: Build) -> None:
    built = build(md("It is {value}`: '<b>&' + chr(34)`."))
    assert found(soup(built), ".bytedoc-value").get_text() == '<b>&"'


# -- other builders -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Listed:
    """A build of a page with the bytecode of ``total``, and what ``dis`` prints of it."""

    built: Built
    text: str


@pytest.fixture
def listed(request: pytest.FixtureRequest, build: Build, building: Interpreter) -> Listed:
    """Built by the builder that the test is marked with."""
    files = md(
        directive("md", "dis", "", LOOP, name="loop", object="total"),
        directive("md", "run", "", f"print({HOSTILE!r})"),
    )
    built = build(files, request.param, conf=COMPLETE)
    assert built.warnings == ""
    return Listed(built, dis(building.executable, LOOP, "total", name="loop"))


@pytest.mark.parametrize("listed", ["text"], indirect=True)
def test_text_has_the_listing_as_dis_prints_it(listed: Listed) -> None:
    written = listed.built.read("index.txt")
    assert textwrap.indent(listed.text, "   ") in written
    assert textwrap.indent(LOOP, "   ") in written
    assert f"   {HOSTILE}\n" in written


@pytest.mark.parametrize("listed", ["xml"], indirect=True)
def test_xml_has_the_listing_as_dis_prints_it(listed: Listed) -> None:
    root = ET.fromstring(listed.built.read("index.xml"))
    blocks = ["".join(block.itertext()) + "\n" for block in root.iter("literal_block")]
    assert blocks == [LOOP, listed.text, f"print({HOSTILE!r})\n", f"{HOSTILE}\n"]


@pytest.mark.parametrize("listed", ["epub"], indirect=True)
def test_epub_has_the_listing_as_dis_prints_it_and_is_xml(listed: Listed) -> None:
    (book,) = listed.built.out.glob("*.epub")
    with zipfile.ZipFile(book) as archive:
        pages = {
            name: ET.fromstring(archive.read(name))
            for name in archive.namelist()
            if name.endswith((".xhtml", ".opf", ".ncx"))
        }
        assert any(name.endswith("bytedoc.css") for name in archive.namelist())
    blocks = [
        "".join(block.itertext())
        for name, root in pages.items()
        if name.endswith("index.xhtml")
        for block in root.iter("{http://www.w3.org/1999/xhtml}pre")
    ]
    assert blocks == [LOOP, listed.text, f"print({HOSTILE!r})\n", f"{HOSTILE}\n"]


@pytest.mark.parametrize("listed", ["man"], indirect=True)
def test_a_manual_page_shows_the_listing(listed: Listed) -> None:
    (written,) = listed.built.out.glob("*.1")
    for line in listed.text.splitlines():
        assert line in written.read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("listed", ["texinfo"], indirect=True)
def test_texinfo_has_the_listing(listed: Listed) -> None:
    (written,) = listed.built.out.glob("*.texi")
    assert f"@example\n{listed.text}@end example" in written.read_text(encoding="utf-8")


def test_gettext_asks_no_interpreter_and_offers_the_prose_of_all_releases(build: Build) -> None:
    built = build(
        md(
            directive("md", "dis", "", LOOP, name="loop"),
            directive("md", "run", "loop"),
            "Its size is {value}`loop: len(co_code)`.",
            directive("md", "release", "3.6+", "Said of the new ones."),
            directive("md", "release", "-3.5", "Said of the old ones."),
        ),
        "gettext",
    )
    catalogue = built.read("index.pot")
    assert built.executed == 0
    assert "asking Python" not in built.status
    assert "Said of the new ones." in catalogue
    assert "Said of the old ones." in catalogue
    assert "Its size is {value}`loop: len(co_code)`." in catalogue
    assert "RETURN" not in catalogue
    assert "CPython" not in catalogue


def test_a_translated_sentence_has_its_values_and_names(build: Build, tmp_path: Path) -> None:
    catalogue = tmp_path / "locale" / "de" / "LC_MESSAGES" / "index.po"
    catalogue.parent.mkdir(parents=True)
    catalogue.write_text(
        'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n\n'
        'msgid "{op}`POP_TOP` and {value}`: 6 * 7`."\n'
        'msgstr "Erst {value}`: 6 * 7`, dann {op}`POP_TOP`."\n',
        encoding="utf-8",
    )
    conf = {"language": "de", "locale_dirs": [str(tmp_path / "locale")], "nitpicky": True}
    built = build(md("{op}`POP_TOP` and {value}`: 6 * 7`."), conf=conf)
    assert built.warnings == ""
    assert "Erst 42, dann POP_TOP." in soup(built).get_text()


# -- PDF ------------------------------------------------------------------------------------------


def tool(name: str) -> str:
    """Where a program is; without it the test is skipped, but not in continuous integration."""
    path = shutil.which(name)
    if path is None and os.environ.get("CI"):
        pytest.fail(f"{name} is required")
    if path is None:
        pytest.skip(f"{name} is not installed")
    return path


@dataclass(frozen=True)
class Pdf:
    """The text of a PDF, and what was said while it was made."""

    text: str
    log: str


def typeset(folder: Path) -> Pdf:
    """Make a PDF of the LaTeX files in a folder."""
    command = [
        tool("latexmk"),
        "-pdf",
        "-interaction=nonstopmode",
        "-halt-on-error",
        "bytecode.tex",
    ]
    made = subprocess.run(command, cwd=folder, check=False, capture_output=True)
    assert made.returncode == 0, made.stdout.decode("utf-8", "replace")[-3000:]
    text = subprocess.run(
        [tool("pdftotext"), "-layout", "bytecode.pdf", "-"],
        cwd=folder,
        check=True,
        capture_output=True,
        encoding="utf-8",
    ).stdout
    return Pdf(text, (folder / "bytecode.log").read_text(encoding="utf-8", errors="replace"))


def words(text: str) -> list[str]:
    return text.split()


def test_a_pdf_shows_every_view(build: Build, building: Interpreter) -> None:
    tool("latexmk")
    conf = {**COMPLETE, **QUICK, "latex_elements": {"papersize": "a3paper"}}
    blocks = [*every_view("md"), *printing(0)]
    built = build(md(*blocks), "latex", conf={**conf, "suppress_warnings": ["bytedoc.exit"]})
    pdf = typeset(built.out)
    listing = dis(building.executable, LOOP, "total", name="loop")
    assert re.search(r"\s+".join(map(re.escape, words(listing))), pdf.text)
    assert LOOP.splitlines()[2] in pdf.text
    assert str(building) in pdf.text
    assert "ValueError: </pre>" in pdf.text
    assert r"a\x00b" in pdf.text
    assert "Stack effect" in pdf.text
    assert "Undefined" not in pdf.log


def test_links_in_a_pdf_lead_somewhere(build: Build) -> None:
    tool("latexmk")
    built = build(
        md(
            directive("md", "example", "loop", LOOP),
            directive("md", "dis", "", "x = 1", name="shown"),
            directive("md", "opcode-table"),
            "{bytedoc:example}`loop`, {bytedoc:example}`shown`, {op}`POP_TOP`.",
        ),
        "latex",
        conf=COMPLETE,
    )
    assert re.findall(r"Hyper reference .* undefined", typeset(built.out).log) == []


# -- snapshots ------------------------------------------------------------------------------------

#: A page for each snapshot: what it shows is the same on every machine that has CPython 3.8.
PAGES: dict[str, list[tuple[str, str, str, dict[str, str | bool]]]] = {
    "dis": [
        ("dis", "", LOOP, {"name": "loop", "object": "total"}),
        ("dis", "loop", "", {"object": "<module>", "depth": "0", "adaptive": True}),
    ],
    "code-object": [
        ("code-object", "", LOOP, {"object": "total", "bytes": True}),
        ("code-object", "", "x = (1, 'a')", {"attributes": "co_consts co_names"}),
    ],
    "run": [
        ("run", "", "print('out')", {}),
        ("run", "", "x = 1", {"layout": "hidden"}),
        ("run", "", "raise ValueError('told')", {"raises": "ValueError", "layout": "beside"}),
    ],
    "example": [
        ("example", "alone", "x = 1", {}),
        ("example", "secret", "y = 1", {"hidden": True}),
    ],
    "release": [
        ("release", "3.6+", "Shown.", {}),
        ("release", "-3.7", "Dropped.", {}),
        ("dis", "", "x = 1", {"since": "3.9"}),
        ("dis", "", "x = 2", {"until": "3.7"}),
    ],
}


def compare(name: str, text: str) -> None:
    """Compare with the snapshot of that name; BYTEDOC_UPDATE_SNAPSHOTS=1 writes it anew."""
    path = SNAPSHOTS / f"{name}.txt"
    if UPDATE:
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


def general(text: str) -> str:
    """A doctree without what depends on the build of 3.8, on Sphinx and on docutils."""
    text = text.partition("\n")[2]  # the document itself: its attributes are Sphinx's
    text = re.sub(r"CPython 3\.8\.\d+( \([a-z, ]*\))?", "CPython 3.8.x", text)
    return text.replace('="True"', '="1"').replace('="False"', '="0"')


@pytest.mark.parametrize("name", PAGES)
def test_a_view_becomes_these_nodes(build: Build, interpreters: Interpreters, name: str) -> None:
    target = interpreter_or_skip(interpreters, "3.8").executable
    blocks = [
        directive("md", kind, argument, content, **options)
        for kind, argument, content, options in PAGES[name]
    ]
    built = build(md(*blocks), "pseudoxml", target=target)
    assert built.warnings == ""
    compare(name, general(built.read("index.pseudoxml")))
