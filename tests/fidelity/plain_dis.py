"""What an interpreter's own ``dis`` says: the measure of what bytedoc shows.

Runs on 3.6 and newer.  Imports nothing of bytedoc, and finds out everything in its own way.

A job is a line of JSON: ``path`` or ``source``, ``filename``, and perhaps ``mode``, ``optimize``,
``nth`` (which code object, counted in the order in which ``dis`` descends) and ``options`` of
``dis.dis``.  Each is answered by a line: ``text`` and ``codes``, or ``error`` where the source does
not compile.  The first line says where the standard library is, and what this ``dis`` is.
"""

# ruff: noqa: B905, RUF007 - 3.6 knows neither `strict` nor `pairwise`

import dis
import inspect
import io
import json
import os
import re
import sys
import warnings
from pathlib import Path
from typing import Any

DEFAULT_OPTIONS = {"file", "x"}


def greeting() -> Any:
    """What the comparison must know of this interpreter."""
    return {
        "library": str(Path(os.__file__).parent),
        "options": sorted(set(inspect.signature(dis.dis).parameters) - DEFAULT_OPTIONS),
        "absolute": [dis.opname[number] for number in dis.hasjabs],
        "labels": "label" in dis.Instruction._fields,
    }


def answer(job: Any) -> Any:
    """The listing of a job, or why there is none."""
    source: Any = job.get("source")
    if source is None:
        source = Path(job["path"]).read_bytes()
    mode, optimize = job.get("mode", "exec"), job.get("optimize", 0)
    try:
        code = compile(source, job["filename"], mode, dont_inherit=True, optimize=optimize)
    except (SyntaxError, ValueError, OverflowError, RecursionError, MemoryError) as error:
        return {"error": type(error).__name__}
    options = job.get("options", {})
    name, code = in_order_of_dis("<module>", code)[job.get("nth", 0)]
    own_options = {name: options[name] for name in options if name != "depth" or recursive()}
    shown = in_order_of_dis(name, code, options.get("depth"))
    out = io.StringIO()
    for number, (_, each) in enumerate(shown[:1] if recursive() else shown):
        if number:
            out.write("\nDisassembly of " + repr(each) + ":\n")
        dis.dis(each, file=out, **own_options)
    return {
        "text": without_addresses(out.getvalue(), [each for _, each in shown]),
        "codes": [describe(name, each, options.get("adaptive", False)) for name, each in shown],
    }


def recursive() -> bool:
    """Whether ``dis`` descends into what is nested (3.7 and newer)."""
    return "depth" in inspect.signature(dis.dis).parameters


def in_order_of_dis(name: Any, code: Any, depth: Any = None) -> Any:
    """A code object and those inside it, each after its qualified name."""
    found = [(name, code)]
    if depth is None or depth > 0:
        inner = [const for const in code.co_consts if inspect.iscode(const)]
        for inner_name, const in zip(qualified_names(inner, code), inner):
            found += in_order_of_dis(inner_name, const, None if depth is None else depth - 1)
    return found


def qualified_names(codes: Any, outer: Any) -> Any:
    """The qualified names of code objects in *outer*, as the interpreter has them.

    Before 3.11 it is what a class assigns to ``__qualname__``, or the constant that stands beside
    the code of a function; None where it is of no use, for the function is never made.
    """
    if all(hasattr(code, "co_qualname") for code in codes):
        return [code.co_qualname for code in codes]
    loaded = [item.argval for item in dis.get_instructions(outer) if item.opname == "LOAD_CONST"]
    beside = {id(one): other for one, other in zip(loaded, loaded[1:])}
    return [
        beside.get(id(code)) if code.co_flags & inspect.CO_OPTIMIZED else code.co_consts[0]
        for code in codes
    ]


def without_addresses(text: str, codes: Any) -> str:
    """*text* with ``0x...`` for the addresses of these code objects and of their constants."""
    addresses = {hex(id(const)) for code in codes for const in code.co_consts}
    return re.sub(
        r" at (0x[0-9a-f]+), file ",
        lambda match: " at 0x..., file " if match.group(1) in addresses else match.group(),
        text,
    )


def describe(name: Any, code: Any, adaptive: bool) -> Any:
    """One code object: what is known of each of its instructions, caches left out."""
    chosen = {"adaptive": True} if adaptive else {}
    items = list(dis.get_instructions(code, **chosen))
    offsets = [item.offset for item in items]
    positions = None
    if hasattr(code, "co_positions"):
        by_unit = list(code.co_positions())
        positions = [by_unit[offset // 2] for offset in offsets]
    return {
        "name": code.co_name,
        "qualname": name,
        "line": code.co_firstlineno,
        "offsets": offsets,
        "opcodes": [item.opcode for item in items],
        "lines": lines(code, offsets),
        "positions": positions,
    }


def lines(code: Any, offsets: Any) -> Any:
    """The line of each instruction, as the code object has it."""
    if hasattr(code, "co_lines"):
        spans = [(start, end, line) for start, end, line in code.co_lines() if start < end]
        found = []
        for offset in offsets:
            while not spans[0][0] <= offset < spans[0][1]:
                del spans[0]
            found.append(spans[0][2])
        return found
    starts = dict(dis.findlinestarts(code))
    line, found = None, []
    for offset in offsets:
        line = starts.get(offset, line)
        found.append(line)
    return found


def main() -> None:
    """Answer jobs until there are no more."""
    warnings.simplefilter("ignore")
    tell(greeting())
    for line in sys.stdin:
        tell(answer(json.loads(line)))


def tell(record: Any) -> None:
    """Send one line."""
    sys.stdout.write(json.dumps(record) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
