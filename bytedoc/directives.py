"""The directives: they read options and content, and leave an `Example` or a `Use` behind.

Nothing is executed here.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from docutils import nodes
from docutils.parsers.rst.states import RSTState
from sphinx.util.docutils import SphinxDirective

from .domain import BytedocDomain, bytedoc_domain
from .errors import BytedocError, Problem
from .examples import NAME, Example, Use, unknown
from .nodes import pending_release, pending_view
from .release import Release, ReleaseRange
from .request import digest_of
from .views import VIEWS
from .views.base import Parser, View
from .views.options import COMMON, DEFINING, flag, text

if TYPE_CHECKING:
    from sphinx.environment import BuildEnvironment


def path_in_project(env: BuildEnvironment, source: str | None) -> str:
    """A source file's path relative to the source folder; its name alone where it is elsewhere."""
    # docutils names an included file relative to the current folder
    return _path_within(str(env.srcdir), source or str(env.doc2path(env.docname)), os.getcwd())  # noqa: PTH109


@lru_cache(maxsize=16)  # the directives of a page are in few files
def _path_within(folder: str, source: str, current: str) -> str:
    found = os.path.normpath(os.path.join(current, source))  # noqa: PTH118 - takes no Path
    if found.startswith(f"{folder}{os.sep}"):
        return found[len(folder) + 1 :].replace(os.sep, "/")
    return Path(found).name


class _AnyOption(dict[str, Any]):
    """Accepts every option as its text: they are checked later, with messages of our own."""

    def __missing__(self, name: str) -> Callable[[str | None], str | None]:
        return lambda value: value

    def __bool__(self) -> bool:
        return True


class BytedocDirective(SphinxDirective):
    """What all directives share: reading options, and finding their place in the source."""

    optional_arguments = 1
    final_argument_whitespace = True
    has_content = True
    option_spec = _AnyOption()
    parsers: ClassVar[Mapping[str, Parser]] = {}

    @property
    def domain(self) -> BytedocDomain:
        """The domain."""
        return bytedoc_domain(self.env)

    def place(self) -> tuple[str, int]:
        """The file, relative to the source folder, and the line of the directive."""
        source, line = self.get_source_info()
        return path_in_project(self.env, source), line or self.lineno

    def content_place(self) -> tuple[str, int]:
        """The file, relative to the source folder, and the line on which the content begins.

        In reST every line of the content knows its own; MyST counts from the directive's line.
        """
        state: object = self.state
        if isinstance(state, RSTState):
            path = path_in_project(self.env, self.content.source(0))
            return path, int(self.content.offset(0)) + 1
        path, line = self.place()
        return path, line + self.content_offset + 1

    def tell(self, error: BytedocError) -> None:
        """Keep a mistake for the end of the read phase."""
        path, line = self.place()
        if error.line:
            path, line = self.content_place()
            line += error.line - 1
        message = f"{self.name}: {error.message}"
        self.domain.note_problem(Problem(error.subtype, message, self.env.docname, path, line))

    def read_options(self) -> dict[str, Any]:
        """The options that are right; the others are told."""
        found = {}
        for name, value in self.options.items():
            if name not in self.parsers:
                self.tell(
                    unknown("option", f":{name}:", [f":{key}:" for key in self.parsers], "option")
                )
                continue
            try:
                found[name] = self.parsers[name](None if value is None else str(value))
            except ValueError as error:
                shown = "" if value is None else f" {value}"
                self.tell(BytedocError("option", f":{name}:{shown}: {error}"))
        return found

    def layout(self, options: Mapping[str, Any]) -> str:
        """Where the source of an example stands."""
        return (
            "hidden" if "hidden" in options else options.get("layout") or self.config.bytedoc_layout
        )

    def releases(self, options: Mapping[str, Any]) -> ReleaseRange:
        """The releases that ``:since:`` and ``:until:`` leave."""
        first = options["since"].first if "since" in options else None
        last = options["until"].last if "until" in options else None
        return ReleaseRange(first, last)


class ViewDirective(BytedocDirective):
    """A view of an example: of a named one (argument), or of one that it defines (content)."""

    view: ClassVar[View]

    def run(self) -> list[nodes.Node]:
        options = self.read_options()
        try:
            example, shown = self.example(options)
        except BytedocError as error:
            self.tell(error)
            return []
        path, line = self.place()
        name = example.name if isinstance(example, Example) else example
        use = Use(
            view=self.view.name,
            example=name,
            options={
                key: value
                for key, value in options.items()
                if key in self.view.options or key in ("argument", "statements")
            },
            docname=self.env.docname,
            path=path,
            line=line,
            anchor=self.anchor(example, options),
            expectations=options.get("expect", ()),
            releases=self.releases(options),
            release=options.get("release", ""),
            content_line=self.content_place()[1] if self.content and not name else 0,
        )
        pending = pending_view(
            docname=use.docname,
            use=self.domain.note_use(use),
            classes=list(options.get("class", ())),
        )
        self.set_source_info(pending)
        if not shown:
            if isinstance(example, Example):  # links to it lead to its output
                pending["ids"].append(example.anchor)
            return [pending]
        layout = self.layout(options)
        frame = nodes.container("", classes=["bytedoc-example", f"bytedoc-{layout}"])
        assert isinstance(example, Example)
        frame["ids"].append(example.anchor)
        frame += shown
        frame += pending
        self.set_source_info(frame)
        return [frame]

    def example(self, options: Mapping[str, Any]) -> tuple[Example | str, list[nodes.Node]]:
        """The example to show, or its name, and the nodes of its source.

        Raises:
            BytedocError: there is neither content nor argument, or both.
        """
        if not self.view.needs_example:
            if self.arguments or self.content:
                raise BytedocError("argument", "it takes no argument and no content")
            return "", []
        if self.content and self.arguments:
            raise BytedocError(
                "argument",
                "it has an argument (a named example) and content (a new example); it takes one of "
                "them, and :name: names a new example",
            )
        if self.arguments:
            for name in options.keys() & DEFINING.keys():
                self.tell(BytedocError("option", f":{name}: belongs where the example is defined"))
            return self.arguments[0].strip(), []
        if not self.content:
            raise BytedocError(
                "argument", "it needs content, or the name of an example as its argument"
            )
        example = define(self, options)
        return example, source_nodes(self, example, options)

    def anchor(self, example: Example | str, options: Mapping[str, Any]) -> str:
        """What the anchors of this output begin with; the same for all releases."""
        if isinstance(example, Example):
            example = example.name if example.named else made_up_name(example.source)
        words: tuple[str, ...] = (example or "bytedoc", self.view.name, options.get("object", ""))
        return self.domain.free_anchor(self.env.docname, *(word for word in words if word))


@lru_cache(maxsize=1)  # asked twice, one after the other
def made_up_name(source: str) -> str:
    """What stands for the name of an example without one in anchors; its source alone decides."""
    return f"x{digest_of(source)[:8]}"


def define(directive: BytedocDirective, options: Mapping[str, Any]) -> Example:
    """Make the content of a directive an example, and known."""
    source = "\n".join(directive.content) + "\n"
    name = options.get("name", "")
    if name and not re.fullmatch(NAME, name):
        directive.tell(
            BytedocError(
                "option", f":name: {name}: a name has letters, digits and . _ + - in it only"
            )
        )
        name = ""
    path, line = directive.content_place()
    docname = directive.env.docname
    anchor = directive.domain.free_anchor(docname, "example", name or made_up_name(source))
    example = Example(
        name=name or f"{docname}#{anchor}",
        source=source,
        docname=docname,
        path=path,
        line=line,
        anchor=anchor,
        subject=options.get("object", ""),
        setup=options.get("setup", ()),
        releases=directive.releases(options),
        named=bool(name),
    )
    directive.domain.note_example(example)
    return example


def source_nodes(
    directive: BytedocDirective, example: Example, options: Mapping[str, Any]
) -> list[nodes.Node]:
    """The source of an example as it stands in the page; each line can be linked to."""
    if directive.layout(options) == "hidden":
        return []
    text_ = example.source.rstrip("\n")
    block = nodes.literal_block(text_, text_, language="python", classes=["bytedoc-source"])
    block["force"] = True  # an example may be for another release than Pygments knows
    block["highlight_args"] = {"linespans": f"{example.anchor}_line"}
    directive.set_source_info(block)
    return [block]


class OpcodeTableDirective(ViewDirective):
    """The table of instructions; their names elsewhere then link to this page."""

    def run(self) -> list[nodes.Node]:
        self.domain.note_opcode_page(self.env.docname)
        return super().run()


class TimingDirective(ViewDirective):
    """Statements, one a line, that are timed side by side; a comment at the end is a label."""

    def example(self, options: Mapping[str, Any]) -> tuple[Example | str, list[nodes.Node]]:
        if self.arguments:
            raise BytedocError(
                "argument", "it takes no argument; :setup: names what is executed before"
            )
        assert isinstance(options, dict)
        self.read_statements(options)
        if options.get("name", "") in self.named():
            message = f":name: {options.pop('name')}: a timing before it on this page is called so"
            self.tell(BytedocError("option", message))
        return "", []

    def read_statements(self, options: dict[str, Any]) -> None:
        """Put the statements in the content among the options, and check the baseline.

        Raises:
            BytedocError: there are none, or two of one label.
        """
        from .views.timing import statements  # noqa: PLC0415 - for pages with timings alone

        found = statements(list(self.content))
        if not found:
            raise BytedocError("argument", "it needs content: statements, one a line")
        options["statements"] = found
        self.check_baseline(options)

    def check_baseline(self, options: dict[str, Any]) -> None:
        """Tell a baseline that there is not, and go on without it."""
        labels = [item.label for item in options["statements"]]
        if options.get("baseline", labels[0]) not in labels:
            self.tell(unknown("statement", options.pop("baseline"), labels, "option"))

    def named(self) -> dict[str, Use]:
        """The timings so far on this page that have a name."""
        uses = self.domain.uses.get(self.env.docname, [])
        return {use.options["name"]: use for use in uses if use.options.get("name")}

    def anchor(self, example: Example | str, options: Mapping[str, Any]) -> str:
        return super().anchor(options.get("name") or options.get("argument", ""), options)


class TimingReleasesDirective(TimingDirective):
    """The same in several releases: statements, or the name of a timing before it on the page."""

    def example(self, options: Mapping[str, Any]) -> tuple[Example | str, list[nodes.Node]]:
        assert isinstance(options, dict)
        if self.arguments:
            self.take_timing(self.arguments[0].strip(), options)
        elif self.content:
            self.read_statements(options)
        else:
            message = "it needs content (statements, one a line), or the name of a timing"
            raise BytedocError("argument", message)
        return "", []

    def take_timing(self, name: str, options: dict[str, Any]) -> None:
        """Put the statements of a timing among the options, and what they are set up with.

        Raises:
            BytedocError: there is content, too, or no timing of that name.
        """
        if self.content:
            message = "it has an argument (a timing) and content (statements); it takes one of them"
            raise BytedocError("argument", message)
        known = self.named()
        if name not in known:
            raise unknown("timing", name, known, "unknown-timing")
        if options.pop("setup", None):
            self.tell(BytedocError("option", ":setup: belongs where the timing stands"))
        found = known[name].options
        options["argument"] = name
        options["statements"] = found["statements"]
        if "setup" in found:
            options["setup"] = found["setup"]
        self.check_baseline(options)

    def check_baseline(self, options: dict[str, Any]) -> None:
        """As for a timing; a release is one, too."""
        try:
            Release.parse(options.get("baseline", ""))
        except ValueError:
            super().check_baseline(options)


class ChangesDirective(ViewDirective):
    """What changed from one release to the next, which is the argument."""

    def example(self, options: Mapping[str, Any]) -> tuple[Example | str, list[nodes.Node]]:
        from .views.changes import release_argument  # noqa: PLC0415 - for such pages alone

        assert isinstance(options, dict)
        if self.content:
            raise BytedocError("argument", "it takes no content")
        try:
            options["argument"] = release_argument(" ".join(self.arguments))
        except ValueError as error:
            raise BytedocError("argument", str(error)) from None
        return "", []


class ExampleDirective(BytedocDirective):
    """Defines an example and shows its source alone."""

    parsers = {
        **{name: DEFINING[name] for name in ("name", "setup")},
        **{name: COMMON[name] for name in ("since", "until", "class")},
        "object": text,
        "hidden": flag,
    }

    def run(self) -> list[nodes.Node]:
        options = self.read_options()
        if self.arguments and "name" not in options:
            options["name"] = self.arguments[0].strip()
        if not self.content:
            self.tell(BytedocError("argument", "it needs content: the source of the example"))
            return []
        example = define(self, options)
        shown = source_nodes(self, example, {"layout": "above", **options})
        if not shown:
            return [nodes.target("", "", ids=[example.anchor])]
        frame = nodes.container(
            "", *shown, ids=[example.anchor], classes=["bytedoc-example", *options.get("class", ())]
        )
        self.set_source_info(frame)
        return [frame]


class ReleaseDirective(BytedocDirective):
    """Prose for some releases only."""

    def run(self) -> list[nodes.Node]:
        self.read_options()
        try:
            releases = ReleaseRange.parse(" ".join(self.arguments))
        except ValueError as error:
            self.tell(BytedocError("argument", str(error)))
            return []
        if not self.content:
            self.tell(BytedocError("argument", "it needs content: the prose for these releases"))
            return []
        self.domain.note_targeted(self.env.docname)
        frame = pending_release(releases=releases, entry=self.domain.entry_parsed)
        self.set_source_info(frame)
        with self.domain.only_for(releases):
            frame += self.parse_content_to_nodes()
        return [frame]


#: Directives that show no view.
_PROSE: dict[str, type[BytedocDirective]] = {
    "example": ExampleDirective,
    "release": ReleaseDirective,
}
#: Views whose directives read something of their own.
_BASES: dict[str, type[ViewDirective]] = {
    "changes": ChangesDirective,
    "opcode-table": OpcodeTableDirective,
    "timing": TimingDirective,
    "timing-releases": TimingReleasesDirective,
}


@cache
def directive_class(name: str) -> type[BytedocDirective] | None:
    """The class of the directive of that name; for a view it is made from the view."""
    if name in _PROSE:
        return _PROSE[name]
    if name == "opcode":
        from .reference.directive import OpcodeDirective  # noqa: PLC0415 - it needs this module

        return OpcodeDirective
    view = VIEWS.get(name)
    if view is None or not view.is_directive:
        return None
    parsers = {**COMMON, **(DEFINING if view.needs_example else {}), **view.options}
    attributes = {"view": view, "parsers": parsers, "__doc__": view.__doc__}
    base = _BASES.get(name, ViewDirective)
    return type(f"{type(view).__name__}Directive", (base,), attributes)
