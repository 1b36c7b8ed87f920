"""``python -m bytedoc.site SOURCE OUT [RELEASE ...] [-- SPHINX-OPTION ...]``."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from ..release import FLOOR, Release
from .driver import Order, SiteError, build


def release(text: str) -> str:
    """A release on the command line."""
    try:
        found = Release.parse(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    if found < FLOOR:
        raise argparse.ArgumentTypeError(f"Python {found} can't be shown; the oldest is {FLOOR}")
    return str(found)


def count(text: str) -> int:
    """A number of processes."""
    if not text.isdigit() or not int(text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of processes")
    return int(text)


def read_arguments(arguments: Sequence[str]) -> Order:
    """What the command line asks for; ends the program where it is wrong."""
    parser = argparse.ArgumentParser(
        prog="python -m bytedoc.site",
        description="Build a guide for each release from the same pages, and a site of them all.",
        epilog="What follows `--` is for each sphinx-build, such as `-- -n -W --keep-going`.",
    )
    parser.add_argument("source", type=Path, help="the folder with conf.py")
    parser.add_argument("out", type=Path, help="the folder of the site")
    parser.add_argument(
        "releases",
        metavar="RELEASE",
        nargs="*",
        type=release,
        help="only these releases; by default, those of bytedoc_releases in conf.py",
    )
    parser.add_argument(
        "--captures-only",
        action="store_true",
        help="start no interpreter: show what was recorded",
    )
    parser.add_argument(
        "-j",
        dest="at_once",
        metavar="N",
        type=count,
        default=os.cpu_count() or 1,
        help="run up to N processes at once; by default, one for each processor",
    )
    parser.add_argument(
        "-d", dest="doctrees", type=Path, help="the folder of what was read; default: OUT.doctrees"
    )
    own, options = split(arguments)
    found = parser.parse_intermixed_args(own)
    if not (found.source / "conf.py").is_file():
        parser.error(f"there is no conf.py in {found.source}")
    return Order(
        source=found.source.resolve(),
        out=found.out.resolve(),
        doctrees=(found.doctrees or Path(f"{found.out}.doctrees")).resolve(),
        releases=tuple(dict.fromkeys(found.releases)),
        captures_only=found.captures_only,
        at_once=found.at_once,
        options=tuple(options),
    )


def split(arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    """The arguments before the first ``--``, and those after it, for Sphinx."""
    if "--" not in arguments:
        return list(arguments), []
    at = list(arguments).index("--")
    return list(arguments[:at]), [item for item in arguments[at + 1 :] if item != "--"]


def main() -> int:
    """Build the site; the exit status."""
    order = read_arguments(sys.argv[1:])
    try:
        failed = build(order)
    except SiteError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("interrupted; what is not finished is built again next time", file=sys.stderr)
        return 130
    if failed:
        print(f"failed, for the reasons above: {', '.join(failed)}", file=sys.stderr)
        return 1
    print(f"open {order.out / 'index.html'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
