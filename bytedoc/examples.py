"""Examples, and the uses that pages make of them; what the read phase leaves behind.

Both are tuples, which are pickled and unpickled with every build in a fraction of the time that
other objects take.
"""

import difflib
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from .errors import BytedocError
from .release import Release, ReleaseRange

if TYPE_CHECKING:
    from .expectations import Expectation

#: A name may stand in an address of a page.  Compiled when it is used.
NAME = r"[A-Za-z0-9][\w.+-]*"


class Example(NamedTuple):
    """A named piece of Python source in a page.

    Attributes:
        name: unique in the project.
        source: the text, ending in a line break.
        docname: the page that defines it.
        path: the file that holds it, relative to the source folder.
        line: the line of that file on which it begins.
        anchor: where it is in the page.
        subject: the code object that it is about, unless a view says otherwise.
        setup: examples that are executed before it.
        releases: the releases that it is for.
        named: whether the name was given by the author.
    """

    name: str
    source: str
    docname: str
    path: str
    line: int
    anchor: str
    subject: str = ""
    setup: tuple[str, ...] = ()
    releases: ReleaseRange = ReleaseRange()
    named: bool = True

    @property
    def filename(self) -> str:
        """The file name under which interpreters know it."""
        return f"<{self.name}>" if self.named else "<example>"


class Use(NamedTuple):
    """One place in a page that shows something of an example, or of an interpreter.

    Attributes:
        view: the view's name.
        example: the example's name; empty for a view that needs none.
        options: the view's own options.
        docname: the page.
        path: the file of the page's source, relative to the source folder.
        line: the line of that file.
        anchor: what the anchors of its output begin with.
        expectations: what is claimed of the result.
        releases: the releases for which it is shown.
        release: the release that is asked; empty: the target.
        content_line: the line on which the directive's content begins, where it is no example.
        targets: the targets in whose guide the prose around it stands.
        keeps: whether the last release that it is for is shown where the target is newer.
    """

    view: str
    example: str
    options: Mapping[str, Any]
    docname: str
    path: str
    line: int
    anchor: str = ""
    expectations: "tuple[Expectation, ...]" = ()
    releases: ReleaseRange = ReleaseRange()
    release: str = ""
    content_line: int = 0
    targets: ReleaseRange = ReleaseRange()
    keeps: bool = False

    def place(self, example: Example | None, release: Release | None) -> str:
        """Where this is, in the words of a message."""
        parts = [self.view]
        if example is not None and example.named:
            parts.append(f"of {example.name}")
        if release is not None:
            parts.append(f"on {release}")
        return " ".join(parts)


def unknown(what: str, name: str, known: Iterable[str], subtype: str) -> BytedocError:
    """The mistake of naming something that is not there, with what it may have meant."""
    names = sorted(set(known))
    close = difflib.get_close_matches(name, names, 1)
    if close:
        hint = f"; did you mean {close[0]!r}?"
    elif names and len(names) <= 12:
        hint = f"; there are {', '.join(names)}"
    else:
        hint = ""
    return BytedocError(subtype, f"there is no {what} {name!r}{hint}")


def find_example(name: str, examples: Mapping[str, Example]) -> Example:
    """The example of that name.

    Raises:
        BytedocError: there is none.
    """
    if name not in examples:
        known = [item.name for item in examples.values() if item.named]
        raise unknown("example", name, known, "unknown-example")
    return examples[name]


def with_setup(example: Example, examples: Mapping[str, Example]) -> list[Example]:
    """The examples to execute before this one, theirs first, each once.

    Raises:
        BytedocError: one is unknown, or they need each other in a circle.
    """
    found: dict[str, Example] = {}

    def add(names: Iterable[str], trail: tuple[str, ...]) -> None:
        for name in names:
            if name in trail:
                raise BytedocError(
                    "option", f":setup: goes in a circle: {' -> '.join((*trail, name))}"
                )
            before = find_example(name, examples)
            add(before.setup, (*trail, name))
            found.setdefault(name, before)

    add(example.setup, (example.name,))
    return list(found.values())
