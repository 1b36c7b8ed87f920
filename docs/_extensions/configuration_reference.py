"""Reference pages that are made from bytedoc itself, so that they can't fall behind it.

``configuration-reference`` describes every field of `bytedoc.config.Config`, and
``warning-reference`` every entry of `bytedoc.errors.SUBTYPES`.  ``options`` holds the description
of a directive's options, and warns where it is not of exactly those that the directive has.
``demonstration`` shows its content twice: as it is written, and as it then looks.
"""

from __future__ import annotations

import dataclasses
import inspect
import re
from types import ModuleType
from typing import TYPE_CHECKING, Any

from docutils import nodes
from sphinx.util import inspect as sphinx_inspect
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

from bytedoc import config, directives, errors, views
from bytedoc.views import options
from bytedoc.views.base import table

if TYPE_CHECKING:
    from sphinx.application import Sphinx

logger = logging.getLogger(__name__)

OPTION = re.compile(r":([\w-]+):")
CONFVAL = """\
```{{confval}} {name}
:type: `{type}`
:default: `{default!r}`

{doc}
```
"""


class ReferenceDirective(SphinxDirective):
    """A directive whose result depends on modules of bytedoc."""

    def depend_on(self, *parts: ModuleType | type) -> None:
        """Have the page read again when a module, or the module of a class, changes."""
        for part in parts:
            self.env.note_dependency(inspect.getfile(part))


class ConfigurationReference(ReferenceDirective):
    """A ``confval`` for each configuration value."""

    def run(self) -> list[nodes.Node]:
        self.depend_on(config)
        return self.parse_text_to_nodes("\n".join(map(confval, config.Config._fields)))


def confval(name: str) -> str:
    """The Markdown of one configuration value."""
    value = config.VALUES[name]
    least = "" if value.minimum is None else f" At least `{value.minimum}`."
    return CONFVAL.format(
        name=config.PREFIX + name,
        type=inspect.formatannotation(config.Config.__annotations__[name]),
        default=config.Config._field_defaults[name],
        doc=value.doc + least,
    )


class WarningReference(ReferenceDirective):
    """A table of the warnings; each has the label ``warning-`` and its subtype."""

    def run(self) -> list[nodes.Node]:
        self.depend_on(errors)
        rows = [(self.name_of(subtype), self.text(doc)) for subtype, doc in errors.SUBTYPES.items()]
        return [table(("Warning", "Given when"), rows, (32, 68))]

    def name_of(self, subtype: str) -> nodes.Node:
        """The name of a warning, which can be linked to."""
        anchor = f"warning-{subtype}"
        standard = self.env.domains.standard_domain
        standard.note_hyperlink_target(anchor, self.env.docname, anchor, f"bytedoc.{subtype}")
        return nodes.inline("", "", nodes.literal("", f"bytedoc.{subtype}"), ids=[anchor])

    def text(self, markdown: str) -> nodes.Node:
        """A sentence of the source as nodes."""
        return nodes.inline("", "", *self.parse_inline(markdown)[0])


class Options(ReferenceDirective):
    """A definition list of options: those of a directive or, without argument, of all views."""

    optional_arguments = 1
    has_content = True

    def run(self) -> list[nodes.Node]:
        found = self.parse_content_to_nodes()
        name = self.arguments[0] if self.arguments else ""
        view = views.VIEWS.get(name)
        self.depend_on(directives, options, *([type(view)] if view else []))
        terms = [term.astext() for node in found for term in node.findall(nodes.term)]
        described = {option for term in terms for option in OPTION.findall(term)}
        for option in sorted(described ^ options_of(name)):
            where = f"the directive {name}" if name else "all directives"
            problem = "does not describe" if option in options_of(name) else "describes unknown"
            logger.warning(
                "options of %s: it %s :%s:", where, problem, option, location=self.get_location()
            )
        return found


class Demonstration(SphinxDirective):
    """Source, and what becomes of it."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        text = "\n".join(self.content)
        source = nodes.literal_block(text, text, language="text")
        self.set_source_info(source)
        return [source, *self.parse_content_to_nodes()]


def options_of(name: str) -> set[str]:
    """The names of the options that only the directive *name* has; of all, if it is empty."""
    common = {*options.COMMON, *options.DEFINING}
    if not name:
        return common
    view = views.VIEWS.get(name)
    if view is not None and view.is_directive:
        return {*view.options}
    directive = directives.directive_class(name)
    assert directive is not None
    return {*directive.parsers} - common


def skip_tuple_fields(
    app: Sphinx, what: str, name: str, obj: object, *arguments: object
) -> bool | None:
    """Leave out the fields of named tuples: the docstrings of their classes describe them."""
    return True if type(obj).__name__ == "_tuplegetter" else None


def keep_colons(
    app: Sphinx, what: str, name: str, obj: object, options: object, lines: list[str]
) -> None:
    """Keep napoleon from reading a sentence such as "a line: its text" as a type and a text."""
    if lines and what in {"attribute", "data", "property"}:
        lines[:0] = ["..", ""]


def signature_without_factories(
    app: Sphinx, what: str, name: str, found: Any, *rest: Any
) -> tuple[str, None] | None:
    """The signature of a class whose default factories would keep it from being read as Python."""
    if not dataclasses.is_dataclass(found) or all(
        field.default_factory is dataclasses.MISSING for field in dataclasses.fields(found)
    ):
        return None
    shown = sphinx_inspect.stringify_signature(
        sphinx_inspect.signature(found), show_return_annotation=False
    )
    return shown.replace("<factory>", "..."), None


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directives."""
    app.add_directive("configuration-reference", ConfigurationReference)
    app.add_directive("warning-reference", WarningReference)
    app.add_directive("options", Options)
    app.add_directive("demonstration", Demonstration)
    app.connect("autodoc-skip-member", skip_tuple_fields)
    app.connect("autodoc-process-docstring", keep_colons, priority=400)
    app.connect("autodoc-process-signature", signature_without_factories, priority=400)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
