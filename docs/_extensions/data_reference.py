"""The reference of the files of data, made from their schemas, so that it can't fall behind them.

``data-reference`` has a section for each file of a ``guide``, or of a ``site``, with a table for
each object in it.  The role ``data-file`` names such a file, and links to it where pages lie beside
the data.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util.docutils import SphinxDirective, SphinxRole
from sphinx.util.osutil import relative_uri

from bytedoc import data
from bytedoc.data_files import BUILDERS
from bytedoc.domain import bytedoc_domain
from bytedoc.views.base import table

if TYPE_CHECKING:
    from docutils.nodes import Node, system_message
    from sphinx.application import Sphinx

Schema = Mapping[str, Any]

FILES = {"guide": data.GUIDE_FILES, "site": data.SITE_FILES}


class Field(NamedTuple):
    """A field of an object; type and description are Markdown."""

    name: str
    type: str
    unit: str
    description: str


class Object(NamedTuple):
    """An object in a file: where it is, and its fields."""

    path: str
    fields: list[Field]


class Reader:
    """Reads schemas, which refer to each other."""

    def __init__(self) -> None:
        self._known: dict[str, Schema] = {}

    def load(self, name: str) -> Schema:
        """A schema, by its name without suffix."""
        return self._known.setdefault(name, data.schema_of(name))

    def resolved(self, part: Schema, name: str) -> tuple[Schema, str]:
        """A part of a schema with what it refers to, and the name of the schema that has that.

        What the part says itself comes first.
        """
        if "$ref" not in part:
            return part, name
        file, _, pointer = part["$ref"].partition("#/")
        name = file.removesuffix(".json") or name
        found: Any = self.load(name)
        for step in pointer.split("/"):
            found = found[step]
        return self.resolved({**found, **{k: v for k, v in part.items() if k != "$ref"}}, name)

    def objects(self, part: Schema, name: str, path: str = "") -> Iterator[Object]:
        """An object with fields, and those in it."""
        part, name = self.resolved(part, name)
        fields = {
            field: self.resolved(described, name)
            for field, described in part.get("properties", {}).items()
        }
        if fields:
            yield Object(path, [self.field(field, *found) for field, found in fields.items()])
        for field, found in fields.items():
            yield from self.objects(*found, f"{path}.{field}" if path else field)
        for choice in () if fields else part.get("oneOf", ()):
            yield from self.objects(choice, name, path)
        if "items" in part:
            yield from self.objects(part["items"], name, f"{path}[]")
        for described in part.get("patternProperties", {}).values():
            yield from self.objects(described, name, f"{path}[{part['x-key']}]")

    def field(self, field: str, part: Schema, name: str) -> Field:
        """What is said of a field."""
        return Field(field, self.type_of(part, name), part.get("x-unit", ""), part["description"])

    def type_of(self, part: Schema, name: str) -> str:
        """What a value is, in Markdown."""
        part, name = self.resolved(part, name)
        if "enum" in part or "const" in part:
            return ", ".join(map(code, part.get("enum") or [part["const"]]))
        if "oneOf" in part and "type" not in part:
            return " or ".join(self.type_of(item, name) for item in reversed(part["oneOf"]))
        kinds = part.get("type", "any")
        words = []
        for kind in [kinds] if isinstance(kinds, str) else kinds:
            if kind == "array" and "items" in part:
                items = self.type_of(part["items"], name)
                words.append(f"list of {f'{items}s' if items.isalpha() else items}")
            else:
                words.append({"array": "list", "null": "`null`"}.get(kind, kind))
        # "list of integer or null or null" could be read in two ways
        return ", or ".join(words) if any(" or " in word for word in words) else " or ".join(words)


def code(value: Any) -> str:
    """A value in JSON, as code."""
    return "`null`" if value is None else f"`{value}`"


class data_file(nodes.Inline, nodes.TextElement):
    """The address of a file of data; ``site``: of all releases."""


class DataFile(SphinxRole):
    """``listings.json`` of a guide, or ``/instructions.json`` of a site."""

    def run(self) -> tuple[list[Node], list[system_message]]:
        return [named(self.text)], []


def named(text: str) -> data_file:
    """The node of an address: of a file of the guide, or after ``/`` of the site."""
    name = text.removeprefix("/")
    site = name != text
    path = f"/{data.FOLDER}/{name}" if site else f"{data.FOLDER}/{name}"
    return data_file("", "", nodes.literal("", path), name=name, site=site)


class LinkDataFiles(SphinxPostTransform):
    """Makes links of addresses, where pages lie beside the data."""

    default_priority = 5

    def run(self, **kwargs: Any) -> None:
        config, builder = self.config, bytedoc_domain(self.env).results.builder
        for node in list(self.document.findall(data_file)):
            has_data = builder.name in BUILDERS and config.bytedoc_data
            if not has_data or (node["site"] and not config.bytedoc_site):
                node.replace_self(node.children)
                continue
            page = builder.get_target_uri(self.env.docname)
            address = f"{'../' if node['site'] else ''}{data.FOLDER}/{node['name']}"
            uri = relative_uri(page, address)
            node.replace_self(nodes.reference("", "", *node.children, refuri=uri, internal=True))


class DataReference(SphinxDirective):
    """A section for each file of a guide, or of a site."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        self.env.note_dependency(inspect.getfile(data))
        for path in data.SCHEMAS.iterdir():
            self.env.note_dependency(str(path))
        kind = self.arguments[0]
        reader = Reader()
        return [self.section(reader, kind, *item) for item in FILES[kind].items()]

    def section(self, reader: Reader, kind: str, name: str, schema: str) -> nodes.section:
        """What is said of one file."""
        anchor = f"data-{kind}-{name}"
        described = reader.load(schema)
        found = nodes.section("", nodes.title("", "", nodes.literal("", f"{name}.json")))
        found["ids"].append(anchor)
        standard = self.env.domains.standard_domain
        standard.note_hyperlink_target(anchor, self.env.docname, anchor, f"{name}.json")
        root = "/" if kind == "site" else ""
        said = nodes.paragraph("", "", *self.parse_inline(described["description"])[0])
        said += [nodes.Text(" Its address: "), named(f"{root}{name}.json")]
        said += [nodes.Text("; its schema: ")]
        said += [named(f"{root}{data.SCHEMA_FOLDER}/{schema}.json"), nodes.Text(".")]
        found += said
        found += [self.object_table(item) for item in reader.objects(described, schema)]
        return found

    def object_table(self, item: Object) -> nodes.table:
        """The fields of an object."""
        rows = [
            (
                nodes.literal("", field.name),
                self.inline(field.type),
                field.unit,
                self.inline(field.description),
            )
            for field in item.fields
        ]
        found = table(("Field", "Type", "Unit", "Meaning"), rows, (18, 20, 14, 48))
        title = nodes.literal("", item.path) if item.path else nodes.Text("The file")
        found.insert(0, nodes.title("", "", title))
        return found

    def inline(self, markdown: str) -> nodes.Node:
        """A sentence of a schema as nodes."""
        return nodes.inline("", "", *self.parse_inline(markdown)[0])


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directive and the role."""
    app.add_node(data_file)
    app.add_directive("data-reference", DataReference)
    app.add_role("data-file", DataFile())
    app.add_post_transform(LinkDataFiles)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
