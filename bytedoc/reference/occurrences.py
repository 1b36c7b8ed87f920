"""Where a guide shows each instruction: the examples whose listings have it."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from ..errors import BytedocError

if TYPE_CHECKING:
    from ..examples import Use
    from ..results import Results

#: What to call an example, its page and the anchor of the listing.
Place = tuple[str, str, str]


def occurrences(results: Results) -> Mapping[str, Sequence[Place]]:
    """The places of each instruction in the listings of the target's guide, in order of pages.

    Pages of the reference are left out: they show an instruction for its own sake.
    """
    found: dict[str, dict[Place, None]] = {}
    domain = results.domain
    titles = domain.env.titles
    for docname in sorted(domain.uses.keys() - domain.data["opcodes"].keys()):
        for use in domain.uses[docname]:
            if use.view != "dis" or use.release or not results.stands(use):
                continue
            example = results.examples.get(use.example)
            title = titles[docname].astext() if docname in titles else docname
            if example is not None and example.named:
                title = f"{title}: {example.name}"
            for name in opnames(results, use):
                found.setdefault(name, {})[title, docname, use.anchor] = None
    return {name: list(places) for name, places in found.items()}


def opnames(results: Results, use: Use) -> set[str]:
    """The instructions in the listing at a use; none where there is none."""
    with contextlib.suppress(BytedocError):  # told where the use is planned
        interpreter = results.interpreter_of(use)
        if interpreter.release not in results.releases_of(use):
            return set()
        record = results.record(interpreter, results.requests(use, interpreter.release)[0])
        if record is not None and "ok" in record:
            return {item[3] for code in record["ok"]["codes"] for item in code["instructions"]}
    return set()
