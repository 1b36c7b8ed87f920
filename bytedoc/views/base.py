"""What all views have in common: a request, a judgement of the result, and a frame around it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from docutils import nodes

from .. import expectations
from ..answers import Failure
from ..answers.programs import Raised, Value
from ..errors import BytedocError
from ..examples import Example, Use, unknown, with_setup
from ..nodes import output
from ..release import Release
from ..request import Interpreter, Request

if TYPE_CHECKING:
    from ..answers.opcodes import Opcode
    from ..config import Config
    from ..reference.entry import Entry
    from ..reference.pair import Pair

#: Characters that no page can hold: all control characters but line breaks and tabs.
#: Compiled when it is used, which takes long.
_CONTROL = r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]"
#: Lines of source that are longer are not quoted.
_LONGEST_LINE = 200
#: So many characters of a failed example's output are shown.
_SHOWN = 2000
#: Turns the text of an option, or None where it has none, into its value, or raises ``ValueError``.
Parser = Callable[[str | None], Any]


class Answer(Protocol):
    """What a release says to a view of several; see ``results.Answer``."""

    @property
    def interpreter(self) -> Interpreter | None: ...
    @property
    def result(self) -> Any: ...


class Project(Protocol):
    """What a view may know of the project."""

    @property
    def examples(self) -> Mapping[str, Example]: ...
    @property
    def config(self) -> Config: ...
    @property
    def releases(self) -> Sequence[Release]: ...


class Linking(Protocol):
    """What knows where instructions are documented."""

    def opcode_link(self, name: str) -> str: ...


class Page(Protocol):
    """What a view may know of the page in which it is shown."""

    @property
    def is_html(self) -> bool: ...
    @property
    def draws(self) -> bool: ...
    @property
    def keeps_lines(self) -> bool: ...
    @property
    def examples(self) -> Mapping[str, Example]: ...
    @property
    def interpreter(self) -> Interpreter: ...
    @property
    def marked(self) -> AbstractSet[str]: ...
    def opcode_link(self, name: str) -> str: ...
    def entry_link(self, name: str) -> str: ...
    def official_link(self, name: str, release: Release) -> str: ...
    def replaced(self, name: str) -> Sequence[str]: ...
    @property
    def entries(self) -> Mapping[str, Entry]: ...
    def coverage(self, release: Release, opcodes: list[Opcode]) -> list[Pair]: ...
    def examples_with(self, name: str) -> Sequence[tuple[str, str]]: ...
    def at(self, release: Release) -> Linking: ...


class Either:
    """Links to the instructions of two releases: to the newer one, if that has them.

    Args:
        page: the page with the links.
        old: a release.
        new: a newer one.
        in_old: the instructions of the older one.
        in_new: those of the newer one.
    """

    def __init__(
        self,
        page: Page,
        old: Release,
        new: Release,
        in_old: AbstractSet[str],
        in_new: AbstractSet[str],
    ) -> None:
        self._sides = ((page.at(new), in_new), (page.at(old), in_old))

    def opcode_link(self, name: str) -> str:
        """The address of an instruction's documentation; empty: neither release has it."""
        found = (side.opcode_link(name) for side, names in self._sides if name in names)
        return next(found, "")


class View:
    """One way to show an example.

    Attributes:
        name: the directive's name.
        title: what the caption of its output begins with.
        options: the options it has besides those of all views.
        needs_example: whether it shows an example at all.
        is_directive: whether a directive shows it.
        judges_results: whether a result can be wrong without any expectation.
        across: whether it shows several releases, by ``render_across``.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    options: ClassVar[Mapping[str, Parser]] = {}
    needs_example: ClassVar[bool] = True
    is_directive: ClassVar[bool] = True
    judges_results: ClassVar[bool] = False
    across: ClassVar[bool] = False

    def request(self, use: Use, example: Example | None, project: Project) -> Request:
        """What to ask the interpreter.

        Raises:
            BytedocError: the use names something that is not there.
        """
        raise NotImplementedError

    def claims(
        self, use: Use, example: Example | None, project: Project, release: Release
    ) -> list[Request]:
        """The requests that decide the expectations for a release which the result itself can't."""
        return [
            expression_request(claim.text, use, example, project)
            for claim in expectations.applying(use.expectations, release)
            if self.is_expression(claim.text)
        ]

    def is_expression(self, claim: str) -> bool:
        """Whether an expectation is an expression, to be evaluated by the interpreter itself."""
        return True

    def later_claims(self, use: Use, result: Any, release: Release) -> list[Request]:
        """Further requests that decide expectations, and need the result."""
        return []

    def shows(self, use: Use, release: Release) -> bool:
        """Whether a view of several releases shows this one."""
        return True

    def problems(
        self, use: Use, example: Example | None, results: Sequence[Any], release: Release
    ) -> Iterator[BytedocError]:
        """What is wrong with a use: *results* are those of its request and then of its claims."""
        own, *decided = results
        if own is None:
            yield BytedocError(
                "not-recorded",
                f"no result of this is recorded for {release}, and no interpreter may be started "
                "or is here; if the example was edited, record it again (builder capture)",
            )
        elif isinstance(own, Failure):
            yield explain(own, release, example)
        else:
            yield from self.mistakes(use, example, own)
            yield from self.unmet(use, own, decided, release)

    def mistakes(self, use: Use, example: Example | None, result: Any) -> Iterator[BytedocError]:
        """What is wrong with a result although it is one."""
        return iter(())

    def unmet(
        self, use: Use, result: Any, decided: Sequence[Value | Failure | None], release: Release
    ) -> Iterator[BytedocError]:
        """The expectations that do not hold."""
        claims = expectations.applying(use.expectations, release)
        for claim, value in zip(claims, decided, strict=True):
            yield from unmet_expression(claim.text, value)

    def render(
        self, use: Use, example: Example | None, result: Any, page: Page
    ) -> list[nodes.Node]:
        """The result as docutils nodes."""
        raise NotImplementedError

    def render_across(
        self,
        use: Use,
        example: Example | None,
        answers: Mapping[Release, Answer],
        page: Page,
    ) -> list[nodes.Node]:
        """The results of several releases as docutils nodes, for a view that is ``across``."""
        raise NotImplementedError

    def caption(
        self, use: Use, example: Example | None, interpreter: Interpreter
    ) -> nodes.paragraph:
        """The line above the output, which names the release."""
        # Its words, which are the same everywhere, lead nobody who searches to what is shown.
        found = nodes.paragraph(classes=["bytedoc-caption", "no-search"])
        found += nodes.Text(self.title)
        subject = use.options.get("object") or (example.subject if example else "")
        if subject and "object" in self.options:
            found += [nodes.Text(" of "), nodes.literal("", subject)]
        found += nodes.inline("", ", ", classes=["bytedoc-separator"])
        found += nodes.inline("", str(interpreter), classes=["bytedoc-release"])
        return found

    def frame(
        self,
        use: Use,
        example: Example | None,
        interpreter: Interpreter,
        content: Sequence[nodes.Node],
    ) -> output:
        """An output with its caption, naming release, example and view."""
        found = output(
            "",
            self.caption(use, example, interpreter),
            *content,
            ids=[use.anchor],
            classes=["bytedoc-output", f"bytedoc-{self.name}"],
            release=str(interpreter.release),
            view=self.name,
        )
        if example is not None and example.named:
            found["example"] = example.name
        return found


def job_of(use: Use, example: Example, project: Project) -> dict[str, Any]:
    """The part of a job that says which source is meant, and how it is compiled."""
    found: dict[str, Any] = {"source": example.source, "filename": example.filename}
    for name in ("mode", "optimize"):
        if use.options.get(name):
            found[name] = use.options[name]
    subject = use.options.get("object", example.subject)
    if subject:
        found["object"] = subject
    return found


def setup_of(example: Example, project: Project) -> list[list[str]]:
    """File name and source of every example that is executed before this one."""
    return [[item.filename, item.source] for item in with_setup(example, project.examples)]


def expression_request(
    expression: str, use: Use, example: Example | None, project: Project
) -> Request:
    """The request for the value of an expression about an example, or about the interpreter."""
    job: dict[str, Any] = {"expression": expression, "filename": "<expression>"}
    if example is not None:
        job |= job_of(use, example, project)
        setup = setup_of(example, project)
        if setup:
            job["setup"] = setup
    return Request("value", job)


def unmet_expression(text: str, value: Value | Failure | None) -> Iterator[BytedocError]:
    """The error of an expectation whose expression is not true."""
    if isinstance(value, Failure):
        yield BytedocError("expression", f"expected {text}, but it fails: {value.message}")
    elif value is not None and not value.true:
        yield BytedocError("expectation", f"expected {text}, but it is {value.repr}")


def explain(failure: Failure, release: Release, example: Example | None = None) -> BytedocError:
    """The error that a failure is, at the line of the example where it happened."""
    kind, details = failure.kind, failure.details
    if kind == "syntax":
        return explain_syntax(failure, release, example)
    if kind == "unknown-object":
        return unknown("code object", failure.message, details["known"], "unknown-object")
    if kind in ("exception", "setup", "statement", "expression"):
        raised = details.get("exception")
        if raised is not None and kind != "setup":
            return explain_exception(Raised.from_json(raised), example, kind)
        return BytedocError(kind, failure.message)
    return BytedocError(kind, failure.message + ADVICE.get(kind, ""))


def explain_syntax(failure: Failure, release: Release, example: Example | None) -> BytedocError:
    """The error of source that does not compile: the interpreter's words, with its caret."""
    details = failure.details
    message = f"{details['type']}: {failure.message}"
    quoted = [line for line in details["text"].splitlines()[:-1] if len(line) <= _LONGEST_LINE]
    if quoted and quoted[0].startswith('  File "'):
        del quoted[0]
    message = "\n".join([message, *quoted])
    message = message.rstrip()
    filename = details.get("filename")
    if filename == "<expression>":
        return BytedocError("expression", message)
    if example is not None and filename not in (None, example.filename):
        return BytedocError("setup", f"in {filename}, line {details.get('line')}: {message}")
    hint = f"\nif Python {release} can't have it, say :since: and the release that can"
    return BytedocError("syntax", message + hint, details.get("line") or 0)


#: What to do about a failure, after what it is.
ADVICE = {
    "timeout": "; shorten the example, or give it more by :timeout: or bytedoc_timeout",
    "output-limit": "; bytedoc_output_limit is the most",
    "memory": "; bytedoc_memory is the most",
    "exit": "; let the example come to its end",
}


def explain_exception(
    raised: Raised, example: Example | None, kind: str = "exception"
) -> BytedocError:
    """The error of an exception that nobody expected, at the innermost line of the example."""
    filename = None if example is None else example.filename
    line = next((line for name, line in reversed(raised.frames) if name == filename), 0)
    if "MemoryError" in raised.bases:
        return BytedocError("memory", f"{raised.summary}{ADVICE['memory']}", line)
    if "UnicodeEncodeError" in raised.bases and "surrogates not allowed" in raised.summary:
        return BytedocError("encoding", raised.summary, line)
    if "SystemExit" in raised.bases:
        return BytedocError("exit", f"{raised.summary}{ADVICE['exit']}", line)
    return BytedocError(kind, raised.summary, line)


def failed(failure: Failure | None, error: BytedocError) -> list[nodes.Node]:
    """What a page shows in the place of a result that is not there."""
    reason = visible(error.message.split("\n")[0])
    found: list[nodes.Node] = [
        nodes.paragraph("", "", nodes.strong("", "No result:"), nodes.Text(f" {reason}"))
    ]
    printed = str(failure.details.get("output", "")) if failure else ""
    if printed:
        shown = printed if len(printed) <= _SHOWN else printed[:_SHOWN] + "\n..."
        found.append(plain_block(visible(shown)))
    return found


def visible(printed: str) -> str:
    """Text with control characters and lone surrogates as escapes."""
    return re.sub(
        _CONTROL, lambda match: match[0].encode("unicode_escape").decode("ascii"), printed
    )


def plain_block(text: str, classes: Sequence[str] = ()) -> nodes.literal_block:
    """Text as it is, without highlighting."""
    return nodes.literal_block(text, text, language="none", classes=list(classes), force=True)


def table(
    head: Sequence[nodes.Node | str],
    rows: Sequence[Sequence[nodes.Node | str]],
    widths: Sequence[int],
    classes: Sequence[str] = (),
) -> nodes.table:
    """A docutils table; a string is shown as text, a node as it is.  No *head*: no header row."""
    group = nodes.tgroup(cols=len(widths))
    group += [nodes.colspec(colwidth=width) for width in widths]
    if head:
        group += nodes.thead("", _row(head))
    group += nodes.tbody("", *(_row(row) for row in rows))
    return nodes.table("", group, classes=["bytedoc-table", *classes])


def _row(cells: Sequence[nodes.Node | str]) -> nodes.row:
    found = nodes.row()
    for cell in cells:
        content = nodes.Text(cell) if isinstance(cell, str) else cell
        block = isinstance(content, nodes.Body) and not isinstance(content, nodes.Inline)
        found += nodes.entry("", content if block else nodes.paragraph("", "", content))
    return found
