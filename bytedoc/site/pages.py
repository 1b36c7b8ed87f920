"""What joins the guides: the pages about all releases, and the files beside them.

Who has such pages adds a function to `contributors`, and the page with which they begin to
`joined`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from ..additional import Page

if TYPE_CHECKING:
    from ..results import Results
    from .builder import SiteBuilder


class File(NamedTuple):
    """A file that is no page, such as one of data.

    Attributes:
        name: its address in the site, with its suffix.
        inputs: as for a page.
        content: makes what it holds; called only where it is written.
    """

    name: str
    inputs: Any
    content: Callable[[], bytes]


class Joined(NamedTuple):
    """A page that every page of the site leads to.

    Attributes:
        title: its title.
        address: its address in the site.
    """

    title: str
    address: str


Contributor = Callable[["SiteBuilder"], Iterator[Page | File]]


def joined(results: Results) -> Iterator[Joined]:
    """What the sidebar of every page lists, in its order."""
    from ..comparing import history, release_changes  # noqa: PLC0415 - only HTML needs them

    if release_changes.wanted(results):
        yield Joined("What changed", f"{release_changes.INDEX}.html")
    if history.wanted(results):
        yield Joined("All examples", f"{history.INDEX}.html")


def contributors() -> tuple[Contributor, ...]:
    """The functions that make pages and files, in the order in which they are asked."""
    from . import comparisons, data, front, indexes  # noqa: PLC0415 - only our builder needs them

    return (front.pages, histories, changes, comparisons.pages, data.files, indexes.files)


def histories(builder: SiteBuilder) -> Iterator[Page]:
    """The history of each example."""
    from ..comparing.history import pages  # noqa: PLC0415

    return pages(builder.results)


def changes(builder: SiteBuilder) -> Iterator[Page]:
    """What changed in each release."""
    from ..comparing.release_changes import pages  # noqa: PLC0415

    return pages(builder.results)
