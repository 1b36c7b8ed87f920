"""The Sphinx domain: what the pages ask for, and the results that they get.

The read phase leaves `Example` and `Use` objects in the domain's data, by page.  ``settle``, called
once between reading and writing, has all results found or made and says which pages must be
written again.  The write phase asks for one result after the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from docutils import nodes
from sphinx.domains import Domain, ObjType
from sphinx.roles import XRefRole
from sphinx.util import logging
from sphinx.util.display import status_iterator
from sphinx.util.nodes import make_refnode

from . import executor
from .config import Config
from .errors import BytedocError, InterpreterError, Problem
from .examples import Example, Use, find_example
from .interpreters import Interpreters
from .models import Failure, Interpreter, Request, answer_of, digest_of
from .release import Release
from .runner import Limits
from .store import Store, unchanged
from .views import VIEWS

if TYPE_CHECKING:
    import jinja2
    from docutils.nodes import Element
    from sphinx.addnodes import pending_xref
    from sphinx.application import Sphinx
    from sphinx.builders import Builder
    from sphinx.environment import BuildEnvironment

logger = logging.getLogger(__name__)

#: Builders that never show a result.
_WITHOUT_RESULTS = frozenset({"gettext", "linkcheck"})
#: The parts of the domain's data that are kept by page.
_BY_PAGE = ("examples", "uses", "problems", "opcode_pages", "targeted")
#: Steps of the progress bar.
_STEPS = 20


class BytedocDomain(Domain):
    """Examples, views, and the names of instructions."""

    name = "bytedoc"
    label = "Python bytecode"
    object_types = {"example": ObjType("example", "example")}
    roles = {"example": XRefRole()}
    data_version = 1
    initial_data: dict[str, Any] = {
        "examples": {},  # docname -> [Example]
        "uses": {},  # docname -> [Use]
        "problems": {},  # docname -> [Problem] found while reading
        "opcode_pages": {},  # docname -> True where instructions are documented
        "targeted": {},  # docname -> True where prose depends on the target
        "settled": {},  # builder -> what the last build with it was made of
    }

    # -- the read phase -------------------------------------------------------------------------

    @property
    def by_page(self) -> dict[str, list[Example]]:
        """The examples that each page defines."""
        return cast("dict[str, list[Example]]", self.data["examples"])

    @property
    def uses(self) -> dict[str, list[Use]]:
        """What each page shows, in its order."""
        return cast("dict[str, list[Use]]", self.data["uses"])

    @property
    def found_while_reading(self) -> dict[str, list[Problem]]:
        """The mistakes found in each page while it was read."""
        return cast("dict[str, list[Problem]]", self.data["problems"])

    def note_example(self, example: Example) -> None:
        """Make an example known."""
        self.by_page.setdefault(example.docname, []).append(example)

    def unnamed(self, docname: str) -> set[str]:
        """The names that were made up for examples of a page."""
        return {example.name for example in self.by_page.get(docname, ()) if not example.named}

    def note_use(self, use: Use) -> int:
        """Ask for a result; the number of the use in its page."""
        uses = self.uses.setdefault(use.docname, [])
        uses.append(use)
        return len(uses) - 1

    def note_problem(self, problem: Problem) -> None:
        """Keep a mistake for the end of the read phase; it is told in every build until mended."""
        self.found_while_reading.setdefault(problem.docname, []).append(problem)

    def note_opcode_page(self, docname: str) -> None:
        """A page documents the instructions: their names link to it."""
        self.data["opcode_pages"][docname] = True

    def note_targeted(self, docname: str) -> None:
        """A page has prose that depends on the target."""
        self.data["targeted"][docname] = True

    def clear_doc(self, docname: str) -> None:
        for name in _BY_PAGE:
            self.data[name].pop(docname, None)
        self._forget()

    def merge_domaindata(self, docnames: Set[str], otherdata: dict[str, Any]) -> None:
        for name in _BY_PAGE:
            for docname in docnames:
                if docname in otherdata[name]:
                    self.data[name][docname] = otherdata[name][docname]
        self._forget()

    def process_doc(self, env: BuildEnvironment, docname: str, document: nodes.document) -> None:
        self._forget()

    def _forget(self) -> None:
        """The pages changed: what was derived from them is no longer right."""
        self.__dict__.pop("examples", None)
        self._read_anything = True

    _read_anything = False

    # -- names ----------------------------------------------------------------------------------

    @cached_property
    def examples(self) -> dict[str, Example]:
        """All examples by name; of two with one name, the one of the first page, read in order."""
        found: dict[str, Example] = {}
        for docname in sorted(self.by_page):
            for example in self.by_page[docname]:
                found.setdefault(example.name, example)
        return found

    def duplicates(self) -> Iterator[Problem]:
        """A problem for every example whose name another one has."""
        for docname in sorted(self.by_page):
            for example in self.by_page[docname]:
                first = self.examples[example.name]
                if example.named and first is not example:
                    yield Problem(
                        "duplicate-example",
                        f"the name {example.name!r} is taken by the example at "
                        f"{first.path}:{first.line}; views of it show that one",
                        docname,
                        example.path,
                        example.line,
                    )

    def resolve_xref(
        self,
        env: BuildEnvironment,
        fromdocname: str,
        builder: Builder,
        typ: str,
        target: str,
        node: pending_xref,
        contnode: Element,
    ) -> nodes.reference | None:
        example = self.examples.get(target)
        if example is None:
            return None
        return make_refnode(builder, fromdocname, example.docname, example.anchor, contnode)

    def resolve_any_xref(
        self,
        env: BuildEnvironment,
        fromdocname: str,
        builder: Builder,
        target: str,
        node: pending_xref,
        contnode: Element,
    ) -> list[tuple[str, nodes.reference]]:
        found = self.resolve_xref(env, fromdocname, builder, "example", target, node, contnode)
        return [] if found is None else [("bytedoc:example", found)]

    def get_objects(self) -> Iterable[tuple[str, str, str, str, str, int]]:
        for name, example in self.examples.items():
            if example.named:
                yield name, name, "example", example.docname, example.anchor, 1

    # -- what a build works with ----------------------------------------------------------------

    @cached_property
    def config(self) -> Config:
        """The configuration of this build."""
        return Config.from_sphinx(self.env.config)

    @cached_property
    def cache(self) -> Path:
        """The folder in which results are kept."""
        if self.config.cache:
            return Path(self.env.srcdir, self.config.cache)
        return Path(self.env.doctreedir, "bytedoc")

    @cached_property
    def store(self) -> Store:
        """The results of this build and of earlier ones."""
        return Store(self.cache)

    @cached_property
    def interpreters(self) -> Interpreters:
        """The interpreters of this machine."""
        return Interpreters(self.config.interpreters, self.cache / "interpreters.json")

    @cached_property
    def _templates(self) -> jinja2.Environment:
        import jinja2

        return jinja2.Environment(
            loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"), autoescape=True
        )

    def template(self, name: str) -> jinja2.Template:
        """One of the HTML templates, compiled."""
        return self._templates.get_template(name)

    @property
    def limits(self) -> Limits:
        """What an example may use."""
        return Limits(
            wall=self.config.timeout,
            cpu=self.config.timeout + 5,
            memory=self.config.memory << 20,
            output=self.config.output_limit,
            file_size=self.config.file_limit << 20,
        )

    def interpreter_of(self, use: Use) -> Interpreter:
        """The interpreter that a use is about.

        Raises:
            InterpreterError: it can't be had.
        """
        return self.interpreters.get(use.release or self.config.target)

    def target(self) -> Interpreter | None:
        """The target, or None where it can't be had (which ``settle`` has told)."""
        try:
            return self.interpreters.get(self.config.target)
        except InterpreterError:
            return None

    # -- between reading and writing ------------------------------------------------------------

    def settle(self, builder: Builder) -> list[str]:
        """Have every result that the pages need; the pages that must be written again."""
        key = f"{builder.name} {builder.outdir}"
        before = self.data["settled"].get(key, {})
        signature = self._signature()
        if (
            not self._read_anything
            and before.get("signature") == signature
            and not before["problems"]
            and self.cache.exists()
            and all(unchanged(*item) for item in before["imports"])
        ):
            return []
        problems = [problem for found in self.found_while_reading.values() for problem in found]
        problems += [Problem(e.subtype, e.message, "", "", 0) for e in self.config.check()]
        problems += self.duplicates()
        problems += self._execute()
        self._tell(problems)
        pages = {
            docname: self._page_digest(docname)
            for docname in self.uses.keys() | self.data["targeted"]
        }
        self.data["settled"][key] = {
            "signature": signature,
            "pages": pages,
            "problems": len(problems),
            "imports": self.store.imports(),
        }
        old = before.get("pages", {})
        return [docname for docname in pages if docname in old and pages[docname] != old[docname]]

    def _signature(self) -> str:
        """What results depend on apart from the pages: interpreters, probe, configuration."""
        wanted = {self.config.target} | {
            use.release for uses in self.uses.values() for use in uses if use.release
        }
        identities = []
        for name in sorted(wanted):
            try:
                identities.append(self.interpreters.get(name).identity)
            except InterpreterError as error:
                identities.append(error.message)
        return digest_of([identities, self.store.probe, str(self.config)])

    def _execute(self) -> list[Problem]:
        """Answer all requests; the problems that show in asking and in the answers."""
        problems: list[Problem] = []
        planned: list[tuple[Use, Interpreter, list[Request]]] = []
        unavailable: dict[str, tuple[Use, InterpreterError, int]] = {}
        for use in self._all_uses():
            try:
                interpreter = self.interpreter_of(use)
                if self.excluded(use, interpreter.release):
                    continue
                planned.append((use, interpreter, self._requests(use, interpreter.release)))
            except InterpreterError as error:
                first, _, count = unavailable.get(use.release, (use, error, 0))
                unavailable[use.release] = (first, error, count + 1)
            except BytedocError as error:
                problems.append(self._problem(use, error))
        for first, error, count in unavailable.values():
            problems.append(
                Problem(
                    error.subtype,
                    f"{error.message} ({count} outputs need it)",
                    first.docname,
                    first.path,
                    first.line,
                )
            )
        self._answer([(who, what) for _, who, requests in planned for what in requests])
        later = []
        for use, interpreter, requests in planned:
            for request in self._later_requests(use, interpreter, requests):
                requests.append(request)
                later.append((interpreter, request))
        self._answer(later)
        for use, interpreter, requests in planned:
            problems += self._judge(use, interpreter, requests)
        return problems

    def _all_uses(self) -> Iterator[Use]:
        for docname in sorted(self.uses):
            yield from self.uses[docname]

    def excluded(self, use: Use, release: Release) -> bool:
        """Whether a use, or its example, is not for a release."""
        if release not in use.releases:
            return True
        example = self.examples.get(use.example)
        return example is not None and release not in example.releases

    def _requests(self, use: Use, release: Release) -> list[Request]:
        """The use's own request, then those that its expectations need."""
        view = VIEWS[use.view]
        example = find_example(use.example, self.examples) if use.example else None
        own = view.request(use, example, self)
        return [own, *view.claims(use, example, self, release)]

    def _later_requests(
        self, use: Use, interpreter: Interpreter, requests: Sequence[Request]
    ) -> list[Request]:
        result = self.answer(interpreter, requests[0])
        if result is None or isinstance(result, Failure):
            return []
        return VIEWS[use.view].later_claims(use, result, interpreter.release)

    def _answer(self, tasks: Sequence[tuple[Interpreter, Request]]) -> None:
        wanted = executor.missing(tasks, self.store)
        if not wanted or not self.config.execute:
            return
        names = ", ".join(sorted({str(interpreter.release) for interpreter, _ in wanted}))
        done = executor.execute(wanted, self.store, self.limits)
        size = -(-len(wanted) // _STEPS)
        chunks = batched((request.view for request in done), size)
        for _ in status_iterator(
            chunks,
            f"asking Python {names}... ",
            "brown",
            -(-len(wanted) // size),
            self.env.config.verbosity,
        ):
            pass

    def _judge(
        self, use: Use, interpreter: Interpreter, requests: Sequence[Request]
    ) -> Iterator[Problem]:
        """What is wrong with the results of one use."""
        view = VIEWS[use.view]
        example = self.examples.get(use.example)
        results = [self.answer(interpreter, request) for request in requests]
        for error in view.problems(use, example, results, interpreter.release):
            yield self._problem(use, error, interpreter.release)

    def _problem(self, use: Use, error: BytedocError, release: Release | None = None) -> Problem:
        example = self.examples.get(use.example)
        place = use.place(example, release)
        path, line = use.path, use.line
        if error.line and example is not None:
            path, line = example.path, example.line + error.line - 1
        return Problem(error.subtype, f"{place}: {error.message}", use.docname, path, line)

    def _tell(self, problems: Iterable[Problem]) -> None:
        for problem in dict.fromkeys(problems):
            location = "conf.py"
            if problem.path:
                location = f"{Path(self.env.srcdir, problem.path)}:{problem.line}"
            logger.warning(
                problem.message, type="bytedoc", subtype=problem.subtype, location=location
            )

    def _page_digest(self, docname: str) -> str:
        """What the results on a page come from: another digest, another page."""
        target = self.target()
        parts: list[object] = [None if target is None else target.identity]
        for use in self.uses.get(docname, ()):
            try:
                interpreter = self.interpreter_of(use)
                parts.append(interpreter.identity)
                if not self.excluded(use, interpreter.release):
                    own = self._requests(use, interpreter.release)[0]
                    parts += [own.digest, self.store.digest(interpreter, own)]
            except BytedocError as error:
                parts.append(error.message)
        return digest_of(parts)

    # -- the write phase ------------------------------------------------------------------------

    def answer(self, interpreter: Interpreter, request: Request) -> Any:
        """The typed result, a `Failure`, or None where nothing may be executed to get it."""
        record = self.store.get(interpreter, request)
        if record is None:
            return None
        return answer_of(request.view, record)

    def result(self, use: Use, interpreter: Interpreter) -> Any:
        """The result to show at a use.

        Raises:
            BytedocError: the use asks for something that is not there.
        """
        own = self._requests(use, interpreter.release)[0]
        if self.store.get(interpreter, own) is None:
            self._answer([(interpreter, own)])
        return self.answer(interpreter, own)

    def opcode_page(self) -> str | None:
        """The page that documents the instructions, if there is one."""
        pages: Mapping[str, bool] = self.data["opcode_pages"]
        return min(pages, default=None)


def batched(items: Iterable[str], size: int) -> Iterator[list[str]]:
    """Lists of *size* items, the last of what is left (``itertools`` has it from 3.12 on)."""
    iterator = iter(items)
    while chunk := list(islice(iterator, size)):
        yield chunk


def bytedoc_domain(env: BuildEnvironment) -> BytedocDomain:
    """The domain, typed."""
    return cast("BytedocDomain", env.get_domain(BytedocDomain.name))


def settle(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """The handler of ``env-updated``."""
    if app.builder.name in _WITHOUT_RESULTS:
        return []
    return bytedoc_domain(env).settle(app.builder)
