"""Builds a site, step by step: plan, guides, what joins them, the stable guide.

Each step is a build by Sphinx in a process of its own, or a copy.  A step whose inputs and output
are as they were is left out.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from ..request import digest_of
from . import folders
from .memory import Memory
from .plan import LAST, NAME, Plan
from .processes import Build, Done, Runner
from .releases import STABLE

#: Share of the pages that a guide reads anew by itself; of more, it gets what was read for all.
_FEW = 0.25


class SiteError(Exception):
    """A reason why no site can be built, told to whom asked for it."""


@dataclass(frozen=True, slots=True)
class Order:
    """What is asked for.

    Attributes:
        source: the folder with ``conf.py``.
        out: the folder of the site.
        doctrees: the folder of what was read.
        releases: whose guides are built; empty: those of the configuration.
        captures_only: whether no interpreter may be started.
        at_once: how many processes may run at once.
        options: further options for each sphinx-build.
    """

    source: Path
    out: Path
    doctrees: Path
    releases: tuple[str, ...]
    captures_only: bool
    at_once: int
    options: tuple[str, ...]

    @property
    def work(self) -> Path:
        """The folder of what is needed to build, and no part of the site."""
        return self.doctrees / folders.WORK


def build(order: Order) -> list[str]:
    """Build a site; the names of the steps that failed.

    Raises:
        SiteError: nothing could be built.
    """
    if find_spec("lxml") is None:
        raise SiteError("pages are compared with lxml: pip install 'bytedoc[site]'")
    try:
        folders.claim(order.out)
    except folders.NotOurs as error:
        raise SiteError(str(error)) from None
    runner = Runner()
    try:
        return Site(order, runner).build()
    except BaseException:
        runner.end()
        raise


class Site:
    """One run of the driver."""

    def __init__(self, order: Order, runner: Runner) -> None:
        self.order = order
        self.runner = runner
        self.memory = Memory(order.work / "built", order.out)
        self.failed: list[str] = []
        self.told: dict[str, str] = {}  # what failed builds printed, and the first of them

    def build(self) -> list[str]:
        """All steps; the names of those that failed."""
        plan = self.plan()
        names = [item.name for item in plan.releases]
        if not plan.base:
            say("html_baseurl is not set: no sitemap.xml and no canonical links")
        self.remove_others(names)
        signature = digest_of([plan.signature, list(self.order.options)])
        unchanged = [name for name in names if self.memory.holds(name, signature)]
        if unchanged:
            say(f"nothing changed in {', '.join(unchanged)}")
        changed = [name for name in names if name not in unchanged]
        each = max(1, self.order.at_once // max(1, len(changed)))
        builds = [self.guide(plan, name, each) for name in changed]
        for done in self.runner.run_all(builds, self.order.at_once):
            self.note(done, signature)
        around = digest_of([signature, names])
        if builds or not self.memory.holds(Memory.ROOT, around):
            self.memory.forget(Memory.ROOT)
            done = self.runner.run(self.joined(plan))
            copied = folders.mirror(self.order.out / plan.stable.name, self.order.out / STABLE)
            self.note(done, around)
            if copied:
                say(f"{STABLE}: {copied} files copied from {plan.stable.name}")
        return self.failed

    def plan(self) -> Plan:
        """Read the pages, have everything asked, and find out what is to be built."""
        folder = self.order.work / "plan"
        folder.mkdir(parents=True, exist_ok=True)
        if (folder / NAME).exists():
            (folder / NAME).replace(folder / LAST)
        parallel = ["-j", str(self.order.at_once)]
        doctrees, releases = self.order.doctrees, self.order.releases
        arguments = self.arguments("site-plan", doctrees, folder, releases, parallel)
        done = self.runner.show(Build("pages", arguments))
        plan = Plan.read(folder / NAME)
        if plan is None:
            raise SiteError("the pages could not be read, for the reason above")
        if done.status:
            self.failed.append(done.name)
        if plan.missing:
            reasons = "".join(f"\n  {name}: {why}" for name, why in plan.missing.items())
            there = ", ".join(plan.available) or "none"
            raise SiteError(f"these releases can't have a guide:{reasons}\nthere are: {there}")
        if not plan.releases:
            raise SiteError("bytedoc_releases names no release, and none has a capture")
        return plan

    def guide(self, plan: Plan, name: str, processes: int) -> Build:
        """The build of the guide of a release, which begins with the pages as they were read."""
        doctrees = folders.doctrees_of(self.order.work, name)
        share_doctrees(self.order.doctrees, doctrees)
        more = ["-q", "-j", str(processes)]
        more += ["-D", f"bytedoc_target={name}", "-D", f"bytedoc_cache={plan.cache}"]
        if not self.memory.is_untouched(name):
            more.append("-a")  # an earlier build was interrupted, or someone changed its output
        self.memory.forget(name)
        releases = tuple(item.name for item in plan.releases)
        return Build(name, self.arguments("html", doctrees, self.order.out / name, releases, more))

    def joined(self, plan: Plan) -> Build:
        """The build of what joins the guides."""
        releases = tuple(item.name for item in plan.releases)
        more = ["-q", "-j", str(self.order.at_once), "-D", f"bytedoc_target={plan.stable.name}"]
        arguments = self.arguments("site", self.order.doctrees, self.order.out, releases, more)
        return Build(Memory.ROOT, arguments)

    def arguments(
        self,
        builder: str,
        doctrees: Path,
        out: Path,
        releases: Sequence[str],
        more: Sequence[str],
    ) -> tuple[str, ...]:
        """The arguments of sphinx-build."""
        found = ["-b", builder, "-d", str(doctrees), "-D", "bytedoc_site=1"]
        if releases:
            found += ["-D", f"bytedoc_releases={','.join(releases)}"]
        if self.order.captures_only:
            found += ["-D", "bytedoc_execute=0"]
        color = "--color" if sys.stdout.isatty() else "--no-color"
        return (*found, color, *more, *self.order.options, str(self.order.source), str(out))

    def note(self, done: Done, signature: str) -> None:
        """Tell of a step that ended, and remember it."""
        if done.status:
            self.failed.append(done.name)
            output = done.output.rstrip()
            first = self.told.setdefault(output, done.name)
            say(f"{done.name}: failed" + (f"\n{output}" if first == done.name else f", as {first}"))
        else:
            if done.output.strip():
                say(done.output.rstrip())
            say(f"{done.name}: built in {done.seconds:.1f} s")
        if done.is_complete:
            # What was told is told again in the next build, until it is mended.
            has_told = bool(done.status or done.output.strip())
            self.memory.keep(done.name, "" if has_told else signature)

    def remove_others(self, names: Sequence[str]) -> None:
        """Delete guides that an earlier site had and this one has not."""
        for name in self.memory.names():
            if name not in names and name != Memory.ROOT:
                say(f"{name}: removed, it is not part of this site")
                folders.remove(self.order.out / name)
                self.memory.forget(name)


def share_doctrees(source: Path, target: Path) -> None:
    """Give a guide what was read for all, unless it has most of it: then it reads the rest."""
    ours = {"bytedoc", folders.WORK}
    files = [
        path.relative_to(source)
        for path in source.rglob("*")
        if path.suffix in {".doctree", ".pickle"} and path.relative_to(source).parts[0] not in ours
    ]
    newer = [path for path in files if _is_newer(source / path, target / path)]
    if len(newer) <= _FEW * len(files):
        return
    folders.remove(target)
    for path in files:
        (target / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source / path, target / path)


def _is_newer(one: Path, other: Path) -> bool:
    try:
        return one.stat().st_mtime_ns > other.stat().st_mtime_ns
    except FileNotFoundError:
        return True


def say(text: str) -> None:
    """Tell how far it is."""
    print(text, flush=True)
