"""The data: what it holds is what pages show, and its schemas describe it, and nothing else."""

from __future__ import annotations

import copy
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import bs4
import pytest
from conftest import Build, Built, interpreter_or_skip
from jsonschema import Draft202012Validator
from markup import LOOP, QUICK, cells, contents, directive, found, md, shown, soup
from referencing import Registry, Resource

import bytedoc
from bytedoc import data, runner
from bytedoc.answers import answer_of
from bytedoc.answers.opcodes import Opcode
from bytedoc.capture import load as load_capture
from bytedoc.comparing.changes import changes, of_kind
from bytedoc.data import GUIDE_FILES, SCHEMAS, SITE_FILES, Document
from bytedoc.interpreters import Interpreters
from bytedoc.release import Release
from bytedoc.views.timing import duration

OLD, NEW = "3.6", "3.13"
IN_SITE = [OLD, "3.7", NEW]
SNAPSHOTS = Path(__file__).parent / "snapshots"
DATA_PAGE = Path(__file__).parents[1] / "docs" / "data.md"

HANDLER = """\
def first(values):
    try:
        return [value * 1.5 for value in values][0]
    except IndexError:
        return None
"""


def one(name: str, content: str = "", argument: str = "", /, **options: str | bool) -> str:
    """A directive in MyST."""
    return directive("md", name, argument, content, **options)


#: Entries of an instruction that both releases have, and of one that only the old one has.
ENTRIES = md(
    one(
        "opcode",
        "Fetches the next item of `x`.",
        "FOR_ITER",
        stack="iterator -- iterator item; jump: iterator --",
        misjudged="`dis.stack_effect` counts otherwise. 3.12-3.13",
        category="iteration",
        raises="RuntimeError: a dictionary changes its size -3.10; ValueError: never 3.11+",
        related="GET_ITER",
    ),
    one(
        "opcode",
        "* Merges",
        "BUILD_MAP_UNPACK",
        stack="mappings[arg] -- map",
        replaced_by="DICT_UPDATE 3.9+",
    ),
    name="entries",
)

PROJECT = (
    md(
        contents("sub/page", "elsewhere", "entries"),
        one("dis", LOOP, name="loop", object="total"),
        one("dis", "", "loop", optimize="2", depth="0", show_caches=True, adaptive=True),
        one("dis", HANDLER, name="handler"),
        one("dis", "", "handler", release=NEW),
        one("code-object", "", "handler", bytes=True),
        one("opcode-table"),
        "It has {value}`loop: len(co_code)` bytes of {value}`: sys.int_info.sizeof_digit`.",
    )
    | md(
        one("example", "scale = 3", "scale", hidden=True),
        one("run", "print(object(), scale)", setup="scale"),
        one("run", "1 / 0", name="ending", raises="ZeroDivisionError"),
        one("timing", "scale * 2  # product\nscale + 2", setup="scale", baseline="scale + 2"),
        one("dis", "match x:\n    case 1: pass", name="newer", since="3.10"),
        ":::{release} 3.10+\n" + one("dis", "x = y", name="in-a-block") + "\n:::",
        name="sub/page",
    )
    | md(one("example", "unused = 1", "unused"), name="elsewhere")
    | ENTRIES
)

CONF = {"bytedoc_data": True, "bytedoc_histories": False, **QUICK}


# -- helpers --------------------------------------------------------------------------------------


def registry() -> Registry[Any]:
    """All schemas, under the names by which they refer to each other."""
    known = {path.name: json.loads(path.read_text("utf-8")) for path in SCHEMAS.iterdir()}
    return Registry[Any]().with_resources(
        (name, Resource.from_contents(content)) for name, content in known.items()
    )


REGISTRY = registry()


def validator(schema: str) -> Draft202012Validator:
    """What validates documents of a schema."""
    return Draft202012Validator(REGISTRY.contents(f"{schema}.json"), registry=REGISTRY)


def folder_of(built: Built) -> Path:
    """The folder of the data."""
    return built.out / "data"


def load(folder: Path, name: str) -> Any:
    """What a file of data holds."""
    return json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))


def states(folder: Path) -> dict[str, bytes]:
    """The content of every file in a folder."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def times(folder: Path) -> dict[str, int]:
    """When each file in a folder was written."""
    return {path.name: path.stat().st_mtime_ns for path in folder.glob("*.json")}


@pytest.fixture(params=[OLD, NEW])
def release(request: pytest.FixtureRequest, interpreters: Interpreters) -> str:
    """An old release and a new one."""
    for name in (request.param, NEW):  # one listing is always of the new one
        interpreter_or_skip(interpreters, name)
    return str(request.param)


@pytest.fixture
def guide(build: Build, release: str) -> Built:
    """The project with its data, built for an old or a new release."""
    built = build(PROJECT, target=release, conf=CONF)
    assert built.warnings == ""
    return built


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, interpreters: Interpreters) -> Path:
    """The folder of a site with the project's guides for three releases."""
    for name in IN_SITE:
        interpreter_or_skip(interpreters, name)
    folder = tmp_path_factory.mktemp("site")
    conf = {
        "extensions": ["myst_parser", "bytedoc"],
        "primary_domain": "bytedoc",
        "myst_enable_extensions": ["colon_fence"],
        "html_theme": "basic",
        **CONF,
        "bytedoc_histories": True,
        "bytedoc_releases": IN_SITE,
        "bytedoc_end_of_life": {OLD: "2021-12-23"},
    }
    files = {**PROJECT, "conf.py": "".join(f"{name} = {conf[name]!r}\n" for name in conf)}
    for name, text in files.items():
        path = folder / "source" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "bytedoc.site", "source", "site"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(Path(bytedoc.__file__).parents[1])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return folder / "site"


# -- schemas --------------------------------------------------------------------------------------


def test_there_is_a_schema_for_each_file_and_none_besides() -> None:
    described = {path.stem for path in SCHEMAS.iterdir()}
    assert described == {*GUIDE_FILES.values(), *SITE_FILES.values(), "common"}


@pytest.mark.parametrize("path", sorted(SCHEMAS.iterdir()), ids=lambda path: str(path.stem))
def test_a_schema_is_one_and_refers_to_others_by_their_names(path: Path) -> None:
    schema = json.loads(path.read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    assert schema["$id"] == path.name
    references = [part["$ref"] for _, part in parts(schema) if "$ref" in part]
    resolver = REGISTRY.resolver(path.name)
    assert all(isinstance(resolver.lookup(name).contents, dict) for name in references)


def parts(schema: Any, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every object in a schema, and where it is."""
    if isinstance(schema, dict):
        yield path, schema
        for name, part in schema.items():
            yield from parts(part, f"{path}/{name}")
    elif isinstance(schema, list):
        for number, part in enumerate(schema):
            yield from parts(part, f"{path}/{number}")


@pytest.mark.parametrize("path", sorted(SCHEMAS.iterdir()), ids=lambda path: str(path.stem))
def test_a_schema_is_strict_and_describes_every_field_with_its_unit(path: Path) -> None:
    schema = json.loads(path.read_text(encoding="utf-8"))
    resolver = REGISTRY.resolver(path.name)
    for where, part in parts(schema):
        if "/oneOf/" in where:
            continue  # what is there adds to the object around it
        if part.get("type") == "object":
            assert part["additionalProperties"] is False, where
            assert part.get("required", []) == list(part.get("properties", {})), where
        for name, field in {**part.get("properties", {}), **part.get("$defs", {})}.items():
            described = {**field}
            if "$ref" in field:
                described = {**resolver.lookup(field["$ref"]).contents, **field}
            assert described["description"].endswith("."), f"{where}/{name}"
            kinds = described.get("type", ())
            if {"integer", "number"} & {*([kinds] if isinstance(kinds, str) else kinds)}:
                assert described["x-unit"], f"{where}/{name}"


# -- validity -------------------------------------------------------------------------------------


def documents(folder: Path, files: Mapping[str, str]) -> dict[str, Any]:
    """The files that there are to be, by their schemas."""
    return {schema: load(folder, name) for name, schema in files.items()}


def test_the_data_of_a_guide_is_valid_by_the_schemas_that_lie_beside_it(
    guide: Built, release: str
) -> None:
    folder = folder_of(guide)
    written = documents(folder, GUIDE_FILES)
    assert {path.name for path in folder.glob("*.json")} == {f"{n}.json" for n in GUIDE_FILES}
    for schema, document in written.items():
        assert [error.message for error in validator(schema).iter_errors(document)] == []
        assert document["schema"] == data.SCHEMA
        assert document["release"] == release
    for path in (folder / "schema").iterdir():
        assert path.read_bytes() == (SCHEMAS / path.name).read_bytes()
    index = written["guide"]["files"]
    assert [item["path"] for item in index] == [f"{n}.json" for n in GUIDE_FILES if n != "index"]
    assert all((folder / item["schema"]).is_file() for item in index)
    used = [
        item
        for name in ("listings", "outputs", "timings", "values")
        for item in written[name][name]
    ]
    assert len(used) > 8
    known = {item["id"] for item in written["guide"]["interpreters"]}
    assert {item["interpreter"] for item in used} <= known


def test_the_data_of_a_site_is_valid(site: Path) -> None:
    folder = site / "data"
    assert {path.name for path in folder.glob("*.json")} == {f"{n}.json" for n in SITE_FILES}
    for schema, document in documents(folder, SITE_FILES).items():
        assert [error.message for error in validator(schema).iter_errors(document)] == []
    assert all((folder / item["schema"]).is_file() for item in load(folder, "index")["files"])


class Mutations:
    """Documents that are wrong in one place, for each place of a valid one.

    Of the items of a list the first two alone are changed.
    """

    def __init__(self, document: Any) -> None:
        self._document = document

    def __iter__(self) -> Iterator[tuple[str, Any]]:
        yield from self._within(self._document, ())

    def _within(self, part: Any, path: tuple[str | int, ...]) -> Iterator[tuple[str, Any]]:
        where = "".join(f"[{step!r}]" for step in path)
        if isinstance(part, dict):
            yield f"{where} has one more field", self._with(path, {**part, "surprise": 1})
            for name in part:
                yield from self._field(part, name, path)
        elif isinstance(part, list):
            for number, item in enumerate(part[:2]):
                yield from self._within(item, (*path, number))
            yield f"{where} is an object", self._with(path, {})
        else:
            yield f"{where} is an object", self._with(path, {})
            yield f"{where} is a list", self._with(path, [[[]]])
        if isinstance(part, int) and not isinstance(part, bool):
            yield f"{where} is a fraction", self._with(path, part + 0.5)

    def _field(
        self, part: dict[str, Any], name: str, path: tuple[str | int, ...]
    ) -> Iterator[tuple[str, Any]]:
        if not re.fullmatch(r"[A-Z_\d]+|3\.\d+", name):  # a name that data made
            less = {key: value for key, value in part.items() if key != name}
            yield f"{path} lacks {name}", self._with(path, less)
        yield from self._within(part[name], (*path, name))

    def _with(self, path: tuple[str | int, ...], value: Any) -> Any:
        """The document with another value at a place; the lists on the way there are shortened."""
        if not path:
            return value
        found = place = copy.copy(self._document)
        for step in path[:-1]:
            inner = place[step]
            inner = copy.copy(inner)
            if isinstance(inner, list):
                del inner[2:]
            place[step] = inner
            place = inner
        place[path[-1]] = value
        return found


def small(document: Mapping[str, Any]) -> dict[str, Any]:
    """A document with few records, so that each place in it can be changed."""
    found = dict(document)
    for name, value in found.items():
        if isinstance(value, list):
            found[name] = value[:6]
        elif isinstance(value, dict):
            found[name] = {key: value[key] for key in [*value][:40:13]}
    return found


def assert_that_no_mutation_is_valid(schema: str, document: Mapping[str, Any]) -> None:
    validate = validator(schema)
    assert validate.is_valid(small(document))
    mutations = list(Mutations(small(document)))
    assert len(mutations) > 20
    assert [what for what, mutation in mutations if validate.is_valid(mutation)] == []


def test_schemas_reject_documents_of_a_guide_that_are_wrong_in_one_place(guide: Built) -> None:
    for schema, document in documents(folder_of(guide), GUIDE_FILES).items():
        assert_that_no_mutation_is_valid(schema, document)


def test_schemas_reject_documents_of_a_site_that_are_wrong_in_one_place(site: Path) -> None:
    for schema, document in documents(site / "data", SITE_FILES).items():
        assert_that_no_mutation_is_valid(schema, document)


#: Values of the right type that can not be: the file, where, and the value.
IMPOSSIBLE: list[tuple[str, Sequence[str | int], object]] = [
    ("listings", ("listings", 0, "codes", 0, "instructions", 0, "offset"), 3),
    ("listings", ("listings", 0, "codes", 0, "instructions", 0, "label"), ""),
    ("listings", ("listings", 0, "codes", 0, "instructions", 0, "positions"), [1, 1, 0]),
    ("listings", ("listings", 0, "interpreter"), "/usr/bin/python3"),
    ("listings", ("listings", 0, "release"), "3"),
    ("listings", ("schema",), data.SCHEMA + 1),
    ("code-objects", ("code_objects", 0, "codes", 0, "attributes", 0, "kind"), "bytes"),
    ("instructions", ("instructions", 0, "kind"), "another"),
    ("timings", ("timings", 0, "statements", 0, "median"), -1.0),
    ("timings", ("timings", 0, "statements", 0, "values"), []),
    ("entries", ("entries", -1, "stack", "before", 0, "name"), "Iterator"),
    ("entries", ("entries", -1, "related", 0), "get_iter"),
    ("index", ("interpreters", 0, "implementation"), "pypy"),
]


def test_schemas_reject_values_that_can_not_be(guide: Built) -> None:
    for file, path, value in IMPOSSIBLE:
        document = place = load(folder_of(guide), file)
        for step in path[:-1]:
            place = place[step]
        assert type(place[path[-1]]) is type(value) or place[path[-1]] is None
        place[path[-1]] = value
        assert not validator(GUIDE_FILES[file]).is_valid(document), path


# -- what the data says ---------------------------------------------------------------------------


def outputs(built: Built, view: str, name: str = "index.html") -> dict[str, bs4.Tag]:
    """The outputs of a view in a page, by their anchors."""
    return {
        str(tag["id"]): tag
        for tag in soup(built, name).select(f".bytedoc-{view}:not(.bytedoc-missing)")
    }


def test_listings_are_what_the_pages_show(guide: Built, release: str) -> None:
    listings = load(folder_of(guide), "listings")["listings"]
    pages = {page: outputs(guide, "dis", page) for page in ("index.html", "sub/page.html")}
    assert [(item["page"], item["anchor"]) for item in listings] == [
        (page, anchor) for page, found in pages.items() for anchor in found
    ]
    assert len(listings) == (4 if release == OLD else 6)
    for item in listings:
        tag = pages[item["page"]][item["anchor"]]
        assert item["text"].rstrip("\n") == found(tag, "pre").get_text().rstrip("\n")
        assert item["release"] == tag["data-release"]
        rows = [row for code in item["codes"] for row in code["instructions"]]
        lines = tag.select(".ins")
        assert [row["opname"] for row in rows] == [line["data-op"] for line in lines]
        assert [str(row["offset"]) for row in rows] == [line["data-offset"] for line in lines]
        jumps = [str(row["target"]) for row in rows if row["target"] is not None]
        assert jumps == [line["data-target"] for line in lines if line.get("data-target")]
        text = item["text"].split("\n")
        assert all(row["opname"] in text[row["row"]] for row in rows)


def test_listings_say_what_was_asked_for(guide: Built, release: str) -> None:
    first, second, module, other = load(folder_of(guide), "listings")["listings"][:4]
    assert (first["example"], first["object"], first["optimize"]) == ("loop", "total", 0)
    assert second["optimize"] == 2
    assert second["options"] == {
        "depth": 0,
        "show_caches": True,
        "adaptive": True,
        "show_offsets": False,
        "show_positions": False,
    }
    assert second["ignored"] == (["adaptive", "show_caches"] if release == OLD else [])
    assert module["object"] is None
    assert module["codes"][1]["qualname"] == "first"
    assert (other["example"], other["release"]) == ("handler", NEW)
    assert (other["interpreter"] == module["interpreter"]) is (release == NEW)


def test_code_objects_are_whole(guide: Built, release: str) -> None:
    (item,) = load(folder_of(guide), "code-objects")["code_objects"]
    assert [code["qualname"] for code in item["codes"]][:2] == ["<module>", "first"]
    (tag,) = outputs(guide, "code-object").values()
    tables = {
        row[0]: row[1]
        for row in reversed([row for table in tag.select("table") for row in cells(table)])
    }
    attributes = {part["name"]: part for part in item["codes"][0]["attributes"]}
    assert attributes["co_stacksize"]["value"] == tables["co_stacksize"]
    code = bytes.fromhex(attributes["co_code"]["value"])
    assert b"".join(bytes.fromhex(part["bytes"]) for part in item["codes"][0]["units"]) == code
    table = item["codes"][1]["exception_table"]
    assert table is None if release == OLD else table[0]["start"] < table[0]["end"]


def test_outputs_are_what_was_printed_without_addresses(guide: Built) -> None:
    printed, ended = load(folder_of(guide), "outputs")["outputs"]
    assert printed["output"] == shown(guide, "run", 0, "sub/page.html")
    assert re.fullmatch(r"<object object at 0x\.\.\.> 3\n", printed["output"])
    assert printed["exception"] is None
    raised = ended["exception"]
    assert (raised["type"], raised["bases"][-1]) == ("ZeroDivisionError", "object")
    assert raised["summary"] in shown(guide, "run", 1, "sub/page.html")
    assert 'File "<ending>", line 1' in raised["traceback"]


def test_timings_have_every_value(guide: Built) -> None:
    (item,) = load(folder_of(guide), "timings")["timings"]
    (tag,) = outputs(guide, "timing", "sub/page.html").values()
    _, *rows = cells(found(tag, "table"))
    assert [part["label"] for part in item["statements"]] == [row[0] for row in rows]
    assert [part["code"] for part in item["statements"]] == ["scale * 2", "scale + 2"]
    assert (item["baseline"], item["setup"]) == ("scale + 2", ["scale"])
    for part, row in zip(item["statements"], rows, strict=True):
        assert len(part["values"]) == 2
        assert duration(part["median"]) == row[1]
        assert part["minimum"] == min(part["values"])


def test_values_are_those_in_the_sentences(guide: Built) -> None:
    values = load(folder_of(guide), "values")["values"]
    tags = soup(guide).select(".bytedoc-value")
    assert [item["text"] for item in values] == [tag.get_text() for tag in tags]
    assert [item["example"] for item in values] == ["loop", None]
    assert [item["object"] for item in values] == ["total", None]


def test_instructions_are_those_of_the_table(guide: Built) -> None:
    known = load(folder_of(guide), "instructions")["instructions"]
    (tag,) = outputs(guide, "opcode-table").values()
    _, *rows = cells(found(tag, "table"))
    numbers = {item["name"]: str(item["number"]) for item in known}
    assert {row[0]: row[1] for row in rows}.items() <= numbers.items()
    assert {item["name"] for item in known if item["kind"] == "real"} <= {row[0] for row in rows}
    assert [item["number"] for item in known] == sorted(item["number"] for item in known)


def test_entries_are_those_of_instructions_that_the_release_has(guide: Built, release: str) -> None:
    entries = {item["name"]: item for item in load(folder_of(guide), "entries")["entries"]}
    assert [*entries] == (["BUILD_MAP_UNPACK", "FOR_ITER"] if release == OLD else ["FOR_ITER"])
    (iterator, item) = ({"name": name, "count": None} for name in ("iterator", "item"))
    exception = {"type": "RuntimeError", "when": "a dictionary changes its size"}
    if release == NEW:
        exception = {"type": "ValueError", "when": "never"}
    assert entries["FOR_ITER"] == {
        "name": "FOR_ITER",
        "page": "entries.html",
        "anchor": "opcode-FOR_ITER",
        "summary": "Fetches the next item of `x`.",
        "category": "iteration",
        "stack": {"before": [iterator], "after": [iterator, item]},
        "jumping": {"before": [iterator], "after": []},
        "raises": [exception],
        "replaced_by": [],
        "related": ["GET_ITER"],
    }
    if release == OLD:
        entry = entries["BUILD_MAP_UNPACK"]
        assert entry["stack"]["before"] == [{"name": "mappings", "count": "arg"}]
        assert entry["jumping"] == entry["stack"]
        assert entry["replaced_by"] == ["DICT_UPDATE"]
        assert (entry["summary"], entry["category"]) == (None, None)
    for item in entries.values():
        assert soup(guide, item["page"]).find(id=item["anchor"])


def test_examples_are_those_that_the_guide_has(guide: Built, release: str) -> None:
    examples = {item["name"]: item for item in load(folder_of(guide), "examples")["examples"]}
    unnamed = [name for name, item in examples.items() if not item["named"]]
    named = {"loop", "handler", "scale", "ending", "newer", "unused"}
    assert examples.keys() - unnamed == named | ({"in-a-block"} if release == NEW else set())
    assert len(unnamed) == 1
    assert examples[unnamed[0]]["setup"] == ["scale"]
    assert (examples["newer"]["since"], examples["newer"]["until"]) == ("3.10", None)
    assert examples["loop"]["source"] == LOOP
    for item in examples.values():
        assert soup(guide, item["page"]).find(id=item["anchor"])


def test_an_interpreter_is_not_known_by_where_it_is(
    guide: Built, interpreters: Interpreters, release: str
) -> None:
    index = load(folder_of(guide), "index")
    used = interpreters.get(release)
    assert index["target"] == used.identity
    assert used.version in [item["version"] for item in index["interpreters"]]
    for content in states(folder_of(guide)).values():
        assert used.executable.encode() not in content
        assert str(guide.app.srcdir).encode() not in content


# -- what a site has ------------------------------------------------------------------------------


def test_a_site_has_every_instruction_by_release(site: Path) -> None:
    table = load(site / "data", "instructions")
    assert table["releases"] == IN_SITE
    assert [*table["instructions"]] == sorted(table["instructions"])
    assert [*table["instructions"]["RETURN_VALUE"]] == IN_SITE
    assert [*table["instructions"]["BINARY_ADD"]] == IN_SITE[:2]
    assert table["instructions"]["BINARY_OP_ADD_INT"][NEW]["family"] == "BINARY_OP"


def test_a_guide_and_its_site_say_the_same_of_instructions(site: Path) -> None:
    table = load(site / "data", "instructions")["instructions"]
    for release in IN_SITE:
        known = load(site / release / "data", "instructions")["instructions"]
        assert known == [{"name": item["name"], **table[item["name"]][release]} for item in known]
        assert {item["name"] for item in known} == {
            name for name, by_release in table.items() if release in by_release
        }


def opcodes(interpreters: Interpreters, release: str) -> list[Opcode]:
    """The instructions of a release, asked of its interpreter."""
    found = runner.ask(interpreters.get(release).executable, "opcodes")
    return list(answer_of("opcodes", {"ok": found}))


def test_a_site_has_what_changed_in_the_instructions(
    site: Path, interpreters: Interpreters
) -> None:
    told = load(site / "data", "changes")["changes"]
    kinds = ["real", "instrumented", "pseudo", "specialised"]
    assert [(item["old"], item["new"], item["kind"]) for item in told] == [
        (old, new, kind) for old, new in pairwise(IN_SITE) for kind in kinds
    ]
    for item in told:
        old, new = (
            of_kind(opcodes(interpreters, item[side]), item["kind"]) for side in ("old", "new")
        )
        expected = changes(old, new)
        assert item["added"] == [one.name for one in expected.added]
        assert item["removed"] == [one.name for one in expected.removed]
        assert item["renumbered"] == [one._asdict() for one in expected.renumbered]
        assert [(one["name"], one["field"], one["is_certain"]) for one in item["changed"]] == [
            (one.name, one.field, one.is_certain) for one in expected.changed
        ]
    assert "LOAD_METHOD" in told[0]["added"]
    assert "BINARY_ADD" in told[4]["removed"]


def test_a_site_has_the_runs_of_releases_with_the_same_bytecode(site: Path) -> None:
    histories = load(site / "data", "histories")["histories"]
    by_name = {(item["example"], item["optimize"]): item for item in histories}
    runs = by_name["loop", 0]["groups"]
    assert [run["releases"] for run in runs] == [IN_SITE[:2], [NEW]]
    for run in runs:
        listings = load(site / run["releases"][0] / "data", "listings")["listings"]
        (codes,) = (
            item["codes"] for item in listings if (item["example"], item["optimize"]) == ("loop", 0)
        )
        assert run["instructions"] == sum(len(code["instructions"]) for code in codes)
    assert [run["releases"] for run in by_name["newer", 0]["groups"]] == [[NEW]]
    assert by_name["loop", 2]["object"] == "total"
    for item in histories:
        html = bs4.BeautifulSoup((site / item["page"]).read_text("utf-8"), "html.parser")
        assert html.find(id=item["anchor"])


def test_a_site_says_what_its_releases_are_and_where_their_data_is(
    site: Path, interpreters: Interpreters
) -> None:
    old, _, new = load(site / "data", "releases")["releases"]
    assert (old["release"], old["is_stable"], old["end_of_life"]) == (OLD, False, "2021-12-23")
    assert (new["release"], new["is_stable"], new["end_of_life"]) == (NEW, True, None)
    assert new["interpreter"]["version"] == interpreters.get(NEW).version
    index = load(site / "data", "index")
    assert index["stable"] == NEW
    assert [item["release"] for item in index["guides"]] == IN_SITE
    for item in index["guides"]:
        assert load((site / "data" / item["data"]).parent, "index")["release"] == item["release"]
    assert load(site / "stable" / "data", "index")["release"] == NEW


# -- when it is written ---------------------------------------------------------------------------


def test_there_is_no_data_unless_the_project_wants_it(build: Build) -> None:
    built = build(PROJECT, target=NEW, conf={**CONF, "bytedoc_data": False})
    assert not folder_of(built).exists()


@pytest.mark.parametrize("builder", ["text", "singlehtml", "latex"])
def test_only_html_with_a_page_an_address_has_data(build: Build, builder: str) -> None:
    assert not folder_of(build(PROJECT, builder, target=NEW, conf=CONF)).exists()


def test_addresses_are_those_of_the_builder(build: Build) -> None:
    built = build(PROJECT, "dirhtml", target=NEW, conf=CONF)
    pages = {item["page"] for item in load(folder_of(built), "examples")["examples"]}
    assert pages == {"", "sub/page/", "elsewhere/"}
    assert all((built.out / page / "index.html").is_file() for page in pages)


def test_equal_results_give_equal_files(build: Build) -> None:
    first = build(PROJECT, target=NEW, conf=CONF)
    before = states(folder_of(first))
    shutil.rmtree(folder_of(first))
    second = build(target=NEW, conf=CONF, parallel=2, fresh=True)
    assert states(folder_of(second)) == before
    shutil.rmtree(second.app.doctreedir)
    third = build(target=NEW, conf=CONF)
    del before["timings.json"]
    assert {name: states(folder_of(third))[name] for name in before} == before


def test_a_capture_gives_the_same_data_as_its_interpreter(build: Build) -> None:
    conf = {**CONF, "bytedoc_captures": "recorded", "bytedoc_releases": [OLD, NEW]}
    recorded = build(PROJECT, "capture", target=NEW, conf=conf)
    shutil.copytree(recorded.out, Path(recorded.app.srcdir, "recorded"))
    asked = build(target=NEW, conf=conf, fresh=True)
    assert asked.warnings == ""
    before = states(folder_of(asked))
    shutil.rmtree(folder_of(asked))
    shutil.rmtree(asked.app.doctreedir)
    built = build(target=NEW, conf={**conf, "bytedoc_execute": False})
    assert built.warnings == ""
    assert not built.executed
    assert states(folder_of(built)) == before


def test_without_captures_and_interpreters_there_is_no_data_and_nothing_breaks(
    build: Build,
) -> None:
    before = build(PROJECT, target=NEW, conf=CONF)
    assert folder_of(before).is_dir()
    built = build(target=NEW, conf={**CONF, "bytedoc_execute": False})
    assert "no interpreter may be started" in built.warnings
    assert not built.executed
    assert list(folder_of(built).rglob("*.json")) == []


def test_results_that_are_not_there_are_left_out(build: Build) -> None:
    pages = md(one("dis", "def", name="wrong"), one("dis", "x = 1", name="right"))
    built = build(pages, target=NEW, conf=CONF)
    assert "[bytedoc.syntax]" in built.warnings
    folder = folder_of(built)
    assert [item["example"] for item in load(folder, "listings")["listings"]] == ["right"]
    names = [item["name"] for item in load(folder, "examples")["examples"]]
    assert names == ["wrong", "right"]


def test_data_is_written_only_where_it_changed(build: Build) -> None:
    built = build(PROJECT, target=NEW, conf=CONF)
    before = times(folder_of(built))
    assert times(folder_of(build(target=NEW, conf=CONF))) == before
    changed = PROJECT["sub/page.md"].replace("print(object(), scale)", "print(scale)")
    again = times(folder_of(build({"sub/page.md": changed}, target=NEW, conf=CONF)))
    assert {name for name in before if before[name] != again[name]} == {
        "examples.json",
        "outputs.json",
    }


def test_a_file_that_someone_else_changed_is_written_again(build: Build) -> None:
    built = build(PROJECT, target=NEW, conf=CONF)
    before = states(folder_of(built))
    (folder_of(built) / "values.json").write_text("{}", encoding="utf-8")
    (folder_of(built) / "listings.json").unlink()
    assert states(folder_of(build(target=NEW, conf=CONF))) == before


def test_nothing_else_is_asked_for_data_but_the_instructions(build: Build) -> None:
    pages = md(one("dis", "x = 1"), one("run", "print(1)"))
    asked = []
    for wanted in (False, True):
        conf = {**CONF, "bytedoc_releases": [NEW], "bytedoc_data": wanted}
        built = build(pages, "capture", target=NEW, conf=conf, fresh=True)
        captured = load_capture(built.out / f"{NEW}.json", Release.parse(NEW))
        assert captured is not None
        asked.append(sorted(record.view for record in captured.records.values()))
    assert asked == [["dis", "run"], ["dis", "opcodes", "run"]]


def test_a_file_has_a_record_a_line() -> None:
    document = Document("x.json", "x", {"schema": 1, "list": [{"a": 1}, {"b": "ü"}], "none": []})
    assert document.text() == (
        '{"schema": 1,\n"list": [\n{"a":1},\n{"b":"\\u00fc"}\n],\n"none": []}\n'
    )


# -- its documentation and versions ---------------------------------------------------------------


def code_blocks(page: Path) -> list[str]:
    """The Python in a page."""
    return re.findall(
        r"^```python\n(.*?)^```", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE
    )


def run(script: str, folder: Path) -> list[str]:
    """What a script prints in a folder, line by line."""
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=folder, capture_output=True, text=True, check=True
    )
    return done.stdout.splitlines()


def test_the_examples_of_the_documentation_work(build: Build, site: Path) -> None:
    of_guide, of_entries, of_site = code_blocks(DATA_PAGE)
    numbers = load(site / "data", "instructions")["instructions"]["RETURN_VALUE"]
    assert run(of_site, site) == [f"{name} {item['number']}" for name, item in numbers.items()]
    built = build(PROJECT, target=NEW, conf=CONF)
    lines = run(of_guide, built.out)
    assert len(lines) == 5
    assert all(re.fullmatch(r" *\d+ [A-Z_]+", line) for line in lines)
    said = "FOR_ITER ['iterator'] -> ['iterator', 'item'] Fetches the next item of `x`."
    assert run(of_entries, built.out) == [said]


def form(schema: str) -> Iterator[str]:
    """A line for each field: where it is, and what of it a program relies on."""
    content = REGISTRY.contents(f"{schema}.json")
    for where, part in parts(content):
        for name, field in part.get("properties", {}).items():
            told = {key: field[key] for key in ("$ref", "type", "enum", "x-unit") if key in field}
            yield f"{schema}{where.replace('/$defs', '')} {name}: {json.dumps(told)}"
    if schema == "common":
        for name, field in content["$defs"].items():
            told = {key: field[key] for key in ("type", "enum", "const", "x-unit") if key in field}
            yield f"{schema} {name}: {json.dumps(told)}"


def test_a_version_stays_what_it_is() -> None:
    """Lines may be added to the snapshot.

    If one changes or goes, programs break: raise `SCHEMA`, and make a snapshot of the new version.
    """
    snapshot = SNAPSHOTS / f"data-{data.SCHEMA}.txt"
    lines = [line for path in sorted(SCHEMAS.iterdir()) for line in form(path.stem)]
    assert "\n".join(lines) + "\n" == snapshot.read_text(encoding="utf-8")
