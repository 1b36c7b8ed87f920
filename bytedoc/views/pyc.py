"""The ``pyc`` view: the bytes of the file to which an example is compiled, field by field."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from docutils import nodes

from .. import expectations
from ..answers import Failure
from ..answers.programs import Value
from ..answers.pyc import CODE, Field, PycFile
from ..errors import BytedocError
from ..examples import Example, Use
from ..release import Release
from ..request import Interpreter, Request
from .aligned import Row, aligned_block
from .base import Page, Project, View, job_of, unmet_expression
from .options import COMPILING, choice, integer, text

#: So many bytes of a field are shown; of a longer one, so many and the number of the others.
_SHOWN = 8
#: So many characters of a value are shown.
_LONGEST_VALUE = 60

#: What expectations can say of the file.
NAMES = frozenset(
    (
        *("size", "header", "magic", "flags", "mtime", "source_size", "source_hash"),
        *("fields", "types", "path"),
    )
)


class PycView(View):
    """The ``.pyc`` file of an example, byte by byte."""

    name = "pyc"
    title = "Bytes of the .pyc file"
    options = {
        "invalidation": choice("timestamp", "checked-hash", "unchecked-hash"),
        "object": text,
        "depth": integer(0),
        "optimize": COMPILING["optimize"],
    }

    def request(self, use: Use, example: Example | None, project: Project) -> Request:
        assert example is not None
        job = job_of(use, example, project)
        job.pop("object", None)  # what the example is about: a file has all of it
        for name in ("object", "invalidation"):
            if name in use.options:
                job[name] = use.options[name]
        return Request("pyc", job)

    def caption(
        self, use: Use, example: Example | None, interpreter: Interpreter
    ) -> nodes.paragraph:
        return super().caption(use, None, interpreter)

    def is_expression(self, claim: str) -> bool:
        """Whether an expectation is one about the code object."""
        return not expectations.speaks_of(claim, NAMES)

    def later_claims(self, use: Use, result: PycFile, release: Release) -> list[Request]:
        names = names_of(result)
        return [
            Request("value", {"expression": claim.text, "names": names, "filename": "<expression>"})
            for claim in expectations.applying(use.expectations, release)
            if not self.is_expression(claim.text)
        ]

    def unmet(
        self,
        use: Use,
        result: PycFile,
        decided: Sequence[Value | Failure | None],
        release: Release,
    ) -> Iterator[BytedocError]:
        claims = [claim.text for claim in expectations.applying(use.expectations, release)]
        # in the order in which they were asked
        claims.sort(key=lambda claim: not self.is_expression(claim))
        for claim, value in zip(claims, decided, strict=True):
            yield from unmet_expression(claim, value)

    def render(
        self, use: Use, example: Example | None, result: PycFile, page: Page
    ) -> list[nodes.Node]:
        rows = list(rows_of(result, use))
        head = ("Offset", "Bytes", "Type", "Field and value")
        found: list[nodes.Node] = [summary(result, use)]
        found += [aligned_block(head, rows, page, right=(0,)), legend(result, rows)]
        if result.ignored:
            note = "(This release has no files that are checked by a hash.)"
            found.append(nodes.paragraph("", note, classes=["bytedoc-note"]))
        return found


def names_of(result: PycFile) -> dict[str, Any]:
    """The values of `NAMES`; None for a field that the header of this file does not have."""
    header = result.header
    return {
        "size": result.size,
        "header": result.header_size,
        "magic": header["magic number"],
        "flags": header.get("flags"),
        "mtime": header.get("time of source"),
        "source_size": header.get("size of source"),
        "source_hash": header.get("hash of source"),
        "fields": [field.name for field in result.fields],
        "types": [field.type for field in result.fields if field.type],
        "path": result.path,
    }


def summary(result: PycFile, use: Use) -> nodes.paragraph:
    """A sentence: which file it is, and how many bytes it has."""
    code = result.size - result.header_size
    text_ = f": {result.size} bytes, of which the header has {result.header_size}"
    text_ += f" and the code object {code}"
    found = nodes.paragraph("", "", nodes.literal("", result.path), classes=["bytedoc-note"])
    found += nodes.Text(text_)
    if "object" in use.options:
        size = sum(result.fields[index].size for index in result.part)
        found += [nodes.Text(". That of "), nodes.literal("", use.options["object"])]
        found += nodes.Text(f" has {size} bytes")
    found += nodes.Text(".")
    return found


def legend(result: PycFile, rows: Sequence[Row]) -> nodes.paragraph:
    """What the types in some rows mean."""
    types = dict.fromkeys(kind[:1] for _, _, kind, _ in (row.cells for row in rows) if kind)
    found = nodes.paragraph("", "Types: ", classes=["bytedoc-note"])
    for number, kind in enumerate(types):
        found += [nodes.Text("; " if number else ""), nodes.literal("", kind)]
        found += nodes.Text(f" {result.meanings[kind]}")
    return found


def rows_of(result: PycFile, use: Use) -> Iterator[Row]:
    """A row for each field that is shown."""
    shown = result.part if "object" in use.options else range(len(result.fields))
    base = result.fields[shown[0]].depth
    deepest = use.options.get("depth")
    around: list[Field] = []  # the code objects around a field
    hidden: Field | None = None
    for index in shown:
        field = result.fields[index]
        if hidden is not None and field.depth > hidden.depth:
            continue
        hidden = None
        while around and around[-1].depth >= field.depth:
            around.pop()
        size = field.size
        value = field.value
        if field.type == CODE:
            if deepest is not None and len(around) > deepest:
                hidden = field
                size = sum(inner.size for inner in below(result, index))
                value += f", {size} bytes"
            around.append(field)
        yield row_of(field, value, size, field.depth - base)


def below(result: PycFile, index: int) -> Iterator[Field]:
    """A field and those inside of it."""
    first = result.fields[index]
    yield first
    for field in result.fields[index + 1 :]:
        if field.depth <= first.depth:
            return
        yield field


def row_of(field: Field, value: str, size: int, depth: int) -> Row:
    """The row of a field: where it is, its bytes, its type, its name and its value."""
    kind = field.type if field.number is None else f"{field.type} #{field.number}"
    if field.type == CODE:
        value = f"code object {value}"
    if len(value) > _LONGEST_VALUE:
        value = value[:_LONGEST_VALUE] + " ..."
    name = "  " * depth + field.name
    text_ = f"{name}: {value}" if field.name and value else name + value
    data = {"offset": str(field.offset), "size": str(size)}
    return Row((str(field.offset), bytes_of(field, size), kind, text_), data)


def bytes_of(field: Field, size: int) -> str:
    """The bytes, or the first of them and how many others there are."""
    shown = bytes.fromhex(field.hex)[: _SHOWN if size <= _SHOWN else _SHOWN - 1]
    others = size - len(shown)
    return shown.hex(" ") + (f" +{others}" if others else "")
