"""The comparison of a page in the guides of two releases."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from itertools import pairwise
from pathlib import Path
from urllib.parse import urljoin

import bs4
import html5lib
import pytest
from conftest import interpreter_or_skip
from markup import contents, directive, md, sphinx_build

from bytedoc.interpreters import Interpreters
from bytedoc.release import ReleaseRange
from bytedoc.site import bodies, comparisons
from bytedoc.site.blocks import blocks_of, relocated
from bytedoc.site.comparisons import Body, Pair, pairs
from bytedoc.site.difference import Counts, Guide, Row, parts, rendered, rows

RELEASES = ("3.10", "3.11", "3.12", "3.13")
OLD, NEW = (
    Guide("3.11", "../../../3.11/guide/page.html"),
    Guide("3.12", "../../../3.12/guide/page.html"),
)

FUNCTION = '''\
def total(values):
    """Add values
    and nothing else."""
    found = 0
    for value in values:
        found += value
    return found
'''


def compared(old: str, new: str) -> tuple[Row, ...]:
    """The rows of two bodies."""
    return rows(blocks_of(old, OLD.url, "3.11_"), blocks_of(new, NEW.url, "3.12_"))


def page_of(found: Sequence[Row]) -> bs4.BeautifulSoup:
    """The comparison as a page."""
    return bs4.BeautifulSoup(rendered("A page", OLD, NEW, found), "html.parser")


def both(found: Sequence[Row]) -> tuple[str, str]:
    """The HTML of each side."""
    return "".join(row.left for row in found), "".join(row.right for row in found)


def kinds(found: Sequence[Row]) -> list[str]:
    return [row.kind for row in found]


def removed(row: Row) -> list[str]:
    """What is marked on the left."""
    return [each.get_text() for each in bs4.BeautifulSoup(row.left, "html.parser").select("del")]


def added(row: Row) -> list[str]:
    """What is marked on the right."""
    return [each.get_text() for each in bs4.BeautifulSoup(row.right, "html.parser").select("ins")]


def letters(html: str) -> str:
    """The text of some HTML without its spaces: between blocks, their number means nothing."""
    return "".join(bs4.BeautifulSoup(html, "html.parser").get_text().split())


def preformatted(html: str) -> list[str]:
    """The preformatted texts of some HTML."""
    return [each.get_text() for each in bs4.BeautifulSoup(html, "html.parser").select("pre")]


def unmarked(html: str) -> str:
    """The text of some HTML that is not marked, without its spaces."""
    soup = bs4.BeautifulSoup(html, "html.parser")
    for mark in soup.select("del, ins"):
        mark.extract()
    return "".join(soup.get_text().split())


# -- built pages ----------------------------------------------------------------------------------

PAGE = (
    "Words before, with {value}`total: co_stacksize` and a {ref}`label <there>`.",
    directive("md", "dis", "", FUNCTION, name="total", object="total"),
    "## Other views\n\nThe list of `total`:\n\n- one\n- {value}`total: len(co_code)`",
    directive("md", "code-object", "total", bytes=True),
    directive("md", "run", "", "import sys\nprint(sys.version_info[:2])\nprint('same')"),
    directive("md", "release", "-3.11", "Only for the old."),
    directive("md", "release", "3.12+", "Only for the new.\n\n:::{note}\nAs this.\n:::"),
    "| a | b |\n|---|---|\n| x | {value}`total: co_flags` |\n| y | 2 |",
    "## In the end\n\nSee {doc}`other` and <https://docs.python.org/3/>. The same.",
    "```python\n" + FUNCTION + "```",
)


CONF = """\
extensions = ["myst_parser", "bytedoc"]
primary_domain = "bytedoc"
myst_enable_extensions = ["colon_fence"]
html_theme = "basic"
bytedoc_histories = False
"""


@pytest.fixture(scope="module")
def built(
    tmp_path_factory: pytest.TempPathFactory, interpreters: Interpreters
) -> Mapping[str, str]:
    """The body of one page in the guide of each release."""
    folder = tmp_path_factory.mktemp("guides")
    files = md(contents("other"), "(there)=\n## First", *PAGE)
    files |= md("Words.", directive("md", "opcode-table"), name="other")
    for name, text in {**files, "conf.py": CONF}.items():
        (folder / name).write_text(text, encoding="utf-8")
    found = {}
    for name in RELEASES:
        target = f"-Dbytedoc_target={interpreter_or_skip(interpreters, name).executable}"
        done = sphinx_build("-q", "-d", "read", target, ".", name, folder=folder)
        assert (done.returncode, done.stderr) == (0, "")
        page = bs4.BeautifulSoup(Path(folder, name, "index.html").read_bytes(), "html.parser")
        (body,) = page.select("div.body")
        found[name] = body.decode_contents()
    return found


def sides(built: Mapping[str, str]) -> Iterator[tuple[str, str, tuple[Row, ...]]]:
    """Each pair of neighbouring releases: the two bodies, and their comparison."""
    for old, new in pairwise(RELEASES):
        found = rows(
            blocks_of(built[old], f"../{old}/index.html", f"{old}_"),
            blocks_of(built[new], f"../{new}/index.html", f"{new}_"),
        )
        yield built[old], built[new], found


def test_each_side_reads_as_its_page(built: Mapping[str, str]) -> None:
    for old, new, found in sides(built):
        left, right = both(found)
        assert (letters(left), letters(right)) == (letters(old), letters(new))
        assert (preformatted(left), preformatted(right)) == (preformatted(old), preformatted(new))


def test_what_is_not_marked_is_the_same_on_both_sides(built: Mapping[str, str]) -> None:
    """But for where instructions are, and the version in a caption."""
    count = 0
    for _, _, found in sides(built):
        for row in found:
            if row.kind == "changed" and "bytedoc-output" not in row.left:
                assert unmarked(row.left) == unmarked(row.right)
                count += 1
    assert count >= 3


def test_what_is_the_same_is_the_same_in_both_pages(built: Mapping[str, str]) -> None:
    for _, _, found in sides(built):
        for row in found:
            if row.kind == "same" and "bytedoc-release" not in row.left:
                assert letters(row.left) == letters(row.right)


def test_links_of_each_side_lead_to_where_they_led(built: Mapping[str, str]) -> None:
    site = "https://example.org/"

    def links(html: str, page: str) -> list[str]:
        soup = bs4.BeautifulSoup(html, "html.parser")
        return [urljoin(site + page, str(link["href"])) for link in soup.select("a[href]")]

    for (old, new), (before, after, found) in zip(pairwise(RELEASES), sides(built), strict=True):
        for name, body, html in zip((old, new), (before, after), both(found), strict=True):
            expected = links(body, f"{name}/index.html")
            assert links(html, "compare/index.html") == expected
            assert len(expected) > 10


def test_no_two_elements_have_one_id(built: Mapping[str, str]) -> None:
    for _, _, found in sides(built):
        ids = [str(each["id"]) for each in page_of(found).select("[id]")]
        assert len(ids) == len(set(ids))
        assert any(name.endswith("_other-views") for name in ids)


def test_a_comparison_is_valid_html(built: Mapping[str, str]) -> None:
    for _, _, found in sides(built):
        body = rendered("A page", OLD, NEW, found)
        html = f"<!doctype html><html><head><title>A page</title></head><body>{body}</body></html>"
        html5lib.HTMLParser(strict=True).parse(html)


def test_a_page_is_the_same_as_itself(built: Mapping[str, str]) -> None:
    for body in built.values():
        found = compared(body, body)
        assert set(kinds(found)) == {"same"}
        assert Counts.of(found).differing == 0


# -- what is a difference -------------------------------------------------------------------------


def output(text: str, version: str = "3.11.7", name: str = "x_run") -> str:
    """An output, as it is in a page."""
    return (
        f'<div class="bytedoc-output bytedoc-run" id="{name}" data-example="x" data-view="run">'
        f'<p class="bytedoc-caption">Output<span class="bytedoc-separator">, </span>'
        f'<span class="bytedoc-release">CPython {version}</span></p>'
        f'<div class="bytedoc-printed highlight-none"><div class="highlight"><pre><span></span>'
        f"{text}</pre></div></div></div>"
    )


def listing(*lines: tuple[str, str, str], name: str = "f_dis_f") -> str:
    """A listing: offset, name and argument of each instruction."""
    shown = "\n".join(
        f'<span class="ins" id="{name}_{offset}" data-offset="{offset}" data-op="{op}"'
        f"{' data-target=1' if argument.startswith('to') else ''}>"
        f'  {offset:>6} <a href="opcodes.html#opcode-{op}">{op}</a>   {argument}</span>'
        for offset, op, argument in lines
    )
    return (
        f'<div class="bytedoc-output bytedoc-dis" id="{name}"><div class="highlight-bytedoc">'
        f'<div class="highlight"><pre>{shown}\n</pre></div></div></div>'
    )


def test_the_version_in_a_caption_is_no_difference() -> None:
    found = compared(output("1\n"), output("1\n", version="3.12.1"))
    assert kinds(found) == ["same"]
    assert "3.11.7" in found[0].left
    assert "3.12.1" in found[0].right


def test_the_version_in_a_caption_is_not_marked() -> None:
    (row,) = compared(output("1\n"), output("2\n", version="3.12.1"))
    assert (row.kind, removed(row), added(row)) == ("changed", ["1"], ["2"])


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(('href="#a"', 'href="#b"'), id="an address"),
        pytest.param(('id="one"', 'id="two"'), id="an anchor"),
        pytest.param(("A link.", "A\n  link."), id="a line break"),
        pytest.param(('class="x"', 'class="y"'), id="a class"),
    ],
)
def test_what_nobody_reads_is_no_difference(change: tuple[str, str]) -> None:
    body = '<section id="one"><p class="x"><a href="#a">A link.</a></p></section>'
    assert change[0] in body
    assert kinds(compared(body, body.replace(*change))) == ["same"]


def test_spaces_in_code_are_a_difference() -> None:
    old, new = (
        f'<div class="highlight-python"><pre>if x:\n{indent}y</pre></div>'
        for indent in ("  ", "    ")
    )
    (row,) = compared(old, new)
    assert (removed(row), added(row)) == (["  y"], ["    y"])


def test_another_image_is_a_difference() -> None:
    old, new = (f'<p><img src="_images/{name}.svg" alt="a figure"></p>' for name in "ab")
    found = compared(old, new)
    assert kinds(found) == ["removed", "added"]
    assert 'src="../../../3.11/guide/_images/a.svg"' in found[0].left
    assert 'src="../../../3.12/guide/_images/b.svg"' in found[1].right


def test_words_are_marked_in_prose() -> None:
    old = "<p>It has <code>five</code> instructions, and no more.</p>"
    (row,) = compared(old, old.replace("five", "six").replace("no more", "no fewer"))
    assert row.kind == "changed"
    assert (removed(row), added(row)) == (["five", "more"], ["six", "fewer"])
    assert '<code><del class="bytedoc-word">five</del></code>' in row.left


def test_words_are_marked_in_the_cells_of_tables() -> None:
    old = (
        "<table><tr><td>co_code</td><td>97 00</td></tr><tr><td>co_name</td><td>f</td></tr></table>"
    )
    (row,) = compared(old, old.replace("97 00", "95 00"))
    assert (removed(row), added(row)) == (["97"], ["95"])


def test_rows_of_tables_are_known_by_their_first_cell() -> None:
    old = "<table><tr><td>a</td><td>1 2 3</td></tr><tr><td>c</td><td>x y z</td></tr></table>"
    new = old.replace("1 2 3", "4 5").replace("<tr><td>c", "<tr><td>b</td><td>0</td></tr><tr><td>c")
    (row,) = compared(old, new)
    assert (removed(row), added(row)) == (["1 2 3"], ["4 5", "b", "0"])


def test_items_are_marked_in_lists() -> None:
    (row,) = compared("<ul><li><p>one</p></li></ul>", "<ul><li><p>one</p></li><li>two</li></ul>")
    assert (removed(row), added(row)) == ([], ["two"])


def test_lines_are_marked_in_outputs() -> None:
    (row,) = compared(output("a\nb\n\nc\n"), output("a\nx\n\nc\nd\n"))
    assert (removed(row), added(row)) == (["b"], ["x", "d"])
    assert '<del class="bytedoc-line">b</del>\n\nc\n' in row.left


def test_what_goes_on_over_lines_is_divided() -> None:
    old = (
        '<div class="highlight-python"><pre><span></span><span class="n">f</span>'
        '<span class="s">"""a\nb\nc"""</span> <span class="n">g</span>\n</pre></div>'
    )
    (row,) = compared(old, old.replace("\nb\n", "\nx\n"))
    assert (removed(row), added(row)) == (["b"], ["x"])
    assert preformatted(row.left) == preformatted(old)
    assert '<del class="bytedoc-line"><span class="s">b</span></del>' in row.left


LISTING = (
    ("0", "RESUME", "0"),
    ("2", "LOAD_FAST", "0 (a)"),
    ("4", "POP_JUMP_IF_FALSE", "to 8"),
    ("6", "LOAD_CONST", "1 (1)"),
    ("8", "RETURN_VALUE", ""),
)


def test_where_instructions_are_is_not_marked() -> None:
    later = [(str(int(offset) + 2), op, argument) for offset, op, argument in LISTING[1:]]
    later[1] = ("6", "POP_JUMP_IF_FALSE", "to 10")
    moved = listing(LISTING[0], *later)
    (row,) = compared(listing(*LISTING), moved)
    assert (row.kind, row.is_marked) == ("changed", False)
    assert preformatted(row.right) == preformatted(moved)
    assert Counts.of([row]) == Counts(total=1, changed=1, moved=1, removed=0, added=0)
    page = " ".join(page_of([row]).get_text().split())
    assert "1 of 1 blocks differs: 1 changed (1 only in where instructions stand)." in page
    assert "The instructions are the same" in page


def test_other_instructions_are_marked_although_all_others_moved() -> None:
    new = listing(
        LISTING[0], ("2", "COPY_FREE_VARS", "1"), ("4", "LOAD_FAST", "1 (b)"), *LISTING[2:]
    )
    (row,) = compared(listing(*LISTING), new)
    assert [line.split() for line in removed(row)] == [["2", "LOAD_FAST", "0", "(a)"]]
    assert [line.split()[1] for line in added(row)] == ["COPY_FREE_VARS", "LOAD_FAST"]


def test_an_output_is_known_by_its_anchor() -> None:
    """However little of it is the same, and however much another one is like it."""
    old = output("a b c", name="x_run") + output("d e f", name="y_run")
    new = output("d e f 2", name="x_run") + output("h", name="y_run")
    assert kinds(compared(old, new)) == ["changed", "changed"]
    other = output("a b c d", name="z_run")
    assert kinds(compared(output("a b c", name="x_run"), other)) == ["removed", "added"]


def test_blocks_of_one_page_alone_are_removed_or_added() -> None:
    old = "<h2>A</h2><p>Only here stands this sentence.</p><p>Both.</p>"
    new = "<h2>A</h2><p>Both.</p><ul><li>Nothing alike.</li></ul>"
    found = compared(old, new)
    assert kinds(found) == ["same", "removed", "same", "added"]
    assert (found[1].right, found[3].left) == ("", "")


def test_a_paragraph_that_is_hardly_alike_is_another_one() -> None:
    found = compared("<p>One thing is said here.</p>", "<p>What else might be told?</p>")
    assert sorted(kinds(found)) == ["added", "removed"]


def test_sections_and_frames_are_no_blocks() -> None:
    body = (
        '<section id="a"><span id="b"></span><h1>T</h1><div class="bytedoc-example container">'
        '<div class="highlight-python"><pre>x</pre></div>' + output("1") + "</div>"
        '<section id="c"><h2>U</h2><div class="bytedoc-prose container"><p>One.</p>'
        "<!-- no --><p>Two.</p></div></section></section>"
    )
    found = blocks_of(body, "page.html", "3.11_")
    assert [block.kind for block in found] == [
        *("heading", "code", "output", "heading", "paragraph", "paragraph")
    ]
    headings = [str(block.html) for block in found if block.kind == "heading"]
    assert headings == ['<h2 id="3.11_a">T</h2>', '<h3 id="3.11_c">U</h3>']


def test_text_between_blocks_is_kept() -> None:
    found = blocks_of("before<p>in</p> after ", "page.html", "")
    assert [block.text for block in found] == ["before", "in", "after"]


def test_a_page_may_be_empty() -> None:
    assert blocks_of("", "page.html", "") == ()
    assert kinds(compared("", "<p>New.</p>")) == ["added"]
    assert compared("", "") == ()


@pytest.mark.parametrize("seed", range(40))
def test_both_texts_are_whole_whatever_changed(seed: int) -> None:
    """Random edits of random prose, code and tables."""
    chosen = random.Random(seed)
    word = partial(chosen.choice, ["a", "b", "LOAD_FAST", "x-y", "(", "1.5", "of", "&amp;", "the"])

    def words(count: int) -> list[str]:
        return [word() for _ in range(count)]

    def edited(items: list[str]) -> list[str]:
        found = list(items)
        for _ in range(chosen.randrange(5)):
            place = chosen.randrange(len(found) + 1)
            found[place : place + chosen.randrange(3)] = words(chosen.randrange(3))
        return found

    def body(items: list[list[str]]) -> str:
        prose, code, table = items
        cells = "".join(f"<tr><td>{n % 3}</td><td>{item}</td></tr>" for n, item in enumerate(table))
        half = len(prose) // 2
        return (
            f"<p>{' '.join(prose[:half])} <em>{' '.join(prose[half:])}</em></p>"
            f'<div class="highlight-python"><pre><span></span>{chr(10).join(code)}\n</pre></div>'
            f"<table>{cells}</table>"
        )

    items = [words(chosen.randrange(1, 30)) for _ in range(3)]
    old, new = body(items), body([edited(item) for item in items])
    found = compared(old, new)
    left, right = both(found)
    assert (letters(left), letters(right)) == (letters(old), letters(new))
    assert (preformatted(left), preformatted(right)) == (preformatted(old), preformatted(new))
    for row in found:
        if row.kind == "changed":
            assert unmarked(row.left) == unmarked(row.right)


def test_long_lists_without_anything_in_common_are_compared_as_well() -> None:
    old, new = (
        "".join(f"<li>{word} {n}</li>\n" for n in range(count))
        for word, count in (("one", 250), ("two", 260))
    )
    found = compared(f"<p>Same</p><ul>{old}</ul>", f"<p>Same</p><ul>{new}</ul>")
    left, right = both(found)
    assert (letters(left), letters(right)) == (letters(f"Same{old}"), letters(f"Same{new}"))
    assert [row.kind for row in found] == ["same", "changed"]
    assert len(removed(found[1])) == 250


# -- how it is shown ------------------------------------------------------------------------------


def shown(*rows: str) -> list[tuple[str, int]]:
    """The parts of some rows, each with how many there are in it.

    A row is written as ``=`` (the same), ``#`` (a heading, the same) or ``!`` (changed).
    """
    made = [
        Row("changed" if kind == "!" else "same", "<p>", "<p>", is_heading=kind == "#")  # type: ignore[arg-type]
        for kind in rows
    ]
    return [(part.kind, len(part.rows)) for part in parts(made)]


def test_what_is_the_same_is_folded_but_for_the_block_and_the_heading_before_a_difference() -> None:
    assert shown(*"#==#====!==#==") == [
        *(("folded", 3), ("open", 1), ("folded", 3), ("open", 1)),
        *(("difference", 1), ("folded", 5)),
    ]


def test_one_block_alone_is_not_folded() -> None:
    assert shown(*"=#=!=") == [
        *(("open", 1), ("open", 1), ("open", 1), ("difference", 1), ("open", 1))
    ]


def test_differences_side_by_side_have_nothing_between_them() -> None:
    assert shown(*"!!") == [("difference", 1), ("difference", 1)]


def test_every_block_is_in_the_page_once() -> None:
    blocks = "".join(f"<h2>Title {n}</h2><p>Words {n}.</p><p>More {n}.</p>" for n in range(6))
    page = page_of(compared(blocks, blocks.replace("Words 3", "Word 3")))
    assert len(page.select("h3")) == 6
    assert len(page.select("details")) == 2
    assert [each.get_text() for each in page.select("summary")] == [
        *("9 blocks are the same", "7 blocks are the same")
    ]
    (difference,) = page.select("#difference-1")
    assert [each.get_text() for each in difference.select(".bytedoc-side-release")] == [
        "3.11",
        "3.12",
    ]
    assert page.get_text().count("Words 2.") == 1


def test_counts_stand_first_and_lead_to_the_differences() -> None:
    old = "<p>Both.</p><p>One two three.</p><p>Only in the old one.</p>"
    new = "<p>Both.</p><p>One two four.</p><ul><li>New</li></ul><hr>"
    page = page_of(compared(old, new))
    (said,) = page.select(".bytedoc-difference-counts")
    text = " ".join(said.get_text().split())
    assert text.startswith("4 of 5 blocks differ: 1 changed, 1 only in 3.11, 2 only in 3.12.")
    targets = [str(link["href"]) for link in page.select("a") if str(link["href"]).startswith("#")]
    assert targets == [f"#difference-{number}" for number in (1, 2, 3, 4)]
    assert all(page.select(target) for target in targets)


def test_a_page_that_is_the_same_is_not_shown_again() -> None:
    page = page_of(compared("<p>Words.</p>", "<p>Words.</p>"))
    assert "the same in both guides: none of its 1 blocks differ" in page.get_text()
    assert "Words." not in page.get_text()
    assert [str(link["href"]) for link in page.select("a")] == [OLD.url, NEW.url]


def test_titles_are_text() -> None:
    html = rendered("<b> & more", OLD, NEW, ())
    assert "<h1>&lt;b&gt; &amp; more: 3.11 and 3.12</h1>" in html


@pytest.mark.parametrize(
    ("link", "moved"),
    [
        ("#a", "../../3.11/guide/page.html#a"),
        ("other.html#b", "../../3.11/guide/other.html#b"),
        ("../opcodes.html", "../../3.11/opcodes.html"),
        ("sub/", "../../3.11/guide/sub/"),
        ("", "../../3.11/guide/page.html"),
        ("https://example.org/x", "https://example.org/x"),
        ("//example.org/x", "//example.org/x"),
        ("/x", "/x"),
        ("mailto:a@b", "mailto:a@b"),
        ("data:image/png;base64,AA==", "data:image/png;base64,AA=="),
    ],
)
def test_relative_links_are_moved(link: str, moved: str) -> None:
    assert relocated(link, "../../3.11/guide/page.html") == moved


# -- what guides leave, and what the site makes of it ---------------------------------------------


def test_a_body_is_written_where_it_changed(tmp_path: Path) -> None:
    folder = bodies.folder_of(tmp_path, "3.12")
    bodies.keep_body(folder, "guide/page", "<p>é</p>")
    path = bodies.path_of(folder, "guide/page")
    assert path.read_text(encoding="utf-8") == "<p>é</p>"
    before = path.stat()
    bodies.keep_body(folder, "guide/page", "<p>é</p>")
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    bodies.keep_body(folder, "guide/page", "<p>e</p>")
    assert path.read_text(encoding="utf-8") == "<p>e</p>"
    bodies.forget_body(folder, "guide/page")
    bodies.forget_body(folder, "guide/page")
    assert not path.exists()


def test_neighbours_are_compared_that_both_have_the_page() -> None:
    releases = ["3.9", "3.10", "3.11", "3.13"]
    assert pairs(releases, ReleaseRange()) == [
        *(Pair("3.9", "3.10"), Pair("3.10", "3.11"), Pair("3.11", "3.13"))
    ]
    assert pairs(releases, ReleaseRange.parse("3.11+")) == [Pair("3.11", "3.13")]
    assert pairs(["3.9"], ReleaseRange()) == []


def test_a_comparison_leads_to_both_guides_and_to_its_neighbours(tmp_path: Path) -> None:
    def body(release: str, html: str) -> Body:
        path = tmp_path / f"{release}.html"
        path.write_text(html, encoding="utf-8")
        return Body(str(path), path.stat().st_size, path.stat().st_mtime_ns)

    found = comparisons.context(
        "guide/page",
        "guide/page.html",
        "R&D",
        Pair("3.11", "3.12"),
        body("3.11", '<h1 id="t">R&amp;D</h1><p>Old <a href="../x.html">x</a></p>'),
        body("3.12", '<h1 id="t">R&amp;D</h1><p>New <a href="../x.html">x</a></p>'),
        [Pair("3.12", "3.13")],
    )
    assert found["title"] == "R&amp;D: 3.11 and 3.12"
    page = bs4.BeautifulSoup(found["body"], "html.parser")
    links = [str(link["href"]) for link in page.select("a")]
    assert {
        "../../../3.11/guide/page.html",
        "../../../3.12/guide/page.html",
        "../../../3.11/x.html",
        "../../../3.12/x.html",
        "../../../compare/3.12-3.13/guide/page.html",
    } <= set(links)
    (style,) = bs4.BeautifulSoup(found["metatags"], "html.parser").select("link")
    assert style["href"] == "../../../_static/difference.css"
    assert (Path(comparisons.__file__).parent / "static" / "difference.css").is_file()
