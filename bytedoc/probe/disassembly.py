"""The ``dis`` view: the text that this interpreter's own ``dis`` prints, and what each line is.

The text is printed by ``dis.dis`` itself.  Beside it, for every code object in it, stand the
instructions with the number of the text line that shows each of them.
"""

import dis
import io
import sys

from . import source

#: Options of ``dis.dis`` that a job may set; those this release lacks are reported, not guessed.
OPTIONS = ("depth", "show_caches", "adaptive", "show_offsets", "show_positions")

#: The columns of an instruction record.  ``bytedoc.answers.listings`` reads them in this order.
FIELDS = (
    "row",
    "offset",
    "opcode",
    "opname",
    "arg",
    "argrepr",
    "line",
    "label",
    "target",
    "positions",
)


ARGREPR = FIELDS.index("argrepr")


def parameters(function):
    """The names of a function's parameters (without the cost of importing ``inspect``)."""
    code = function.__code__
    return code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]


def answer(job):
    """``{"text", "codes", "ignored"}`` for the job's ``object`` and ``options``."""
    qualname, code = source.find(source.compile_job(job), job.get("object", ""))
    asked = job.get("options", {})
    known = parameters(dis.dis)
    options = {name: asked[name] for name in OPTIONS if name in asked and name in known}
    ignored = sorted(name for name in asked if name not in known and name != "depth")
    depth = asked.get("depth")
    codes = list(source.walk(code, depth, qualname=qualname))
    stabilize = source.stabilizer(inner for _, inner in codes)
    text = stabilize(print_listing(code, depth, options))
    return {"text": text, "codes": annotate(text, codes, options, stabilize), "ignored": ignored}


def print_listing(code, depth=None, options=None):
    """What ``dis.dis(code, **options)`` prints.

    Up to 3.6 ``dis`` does not descend into nested code objects; there it is asked for each, and
    their texts are joined under the headings that it prints from 3.7 on.
    """
    out = io.StringIO()
    if "depth" in parameters(dis.dis):
        dis.dis(code, file=out, **(options or {}))
    else:
        for index, (_, inner) in enumerate(source.walk(code, depth)):
            if index:
                out.write(f"\nDisassembly of {inner!r}:\n")
            dis.dis(inner, file=out)
    return out.getvalue()


def annotate(text, codes, options, stabilize):
    """For each code object of the listing, its instructions and the text line of each."""
    lines = text.split("\n")
    row = 0
    result = []
    for qualname, code in codes:
        while not lines[row] or lines[row].startswith("Disassembly of "):
            row += 1
        records = instructions(code, options)
        for record in records:
            while not lines[row]:
                row += 1
            record[0] = row
            record[ARGREPR] = stabilize(record[ARGREPR])
            row += 1
        if row < len(lines) and lines[row] == "ExceptionTable:":
            while row < len(lines) and lines[row]:
                row += 1
        result.append(
            {
                "qualname": qualname,
                "name": code.co_name,
                "line": code.co_firstlineno,
                "instructions": records,
            }
        )
    return result


def instructions(code, options):
    """Records (see ``FIELDS``) of the instructions that ``dis`` prints, with row 0."""
    known = parameters(dis.Bytecode.__init__)
    wanted = [name for name in ("adaptive", "show_caches") if name in options and name in known]
    chosen = {name: options[name] for name in wanted}
    in_cache_info = options.get("show_caches") and "cache_info" in dis.Instruction._fields
    lines = lines_by_offset(code)
    jumps = jump_opcodes()
    result = []
    # Unlike `get_instructions`, this also numbers and marks what the exception table refers to.
    for item in dis.Bytecode(code, **chosen):
        result.append(record(item, lines, jumps))
        if in_cache_info and item.cache_info:
            result.extend(cache_records(item, lines))
    return result


def lines_by_offset(code):
    """The source line of each code unit; one that comes from no line is not there, or None."""
    if hasattr(code, "co_lines"):
        spans = code.co_lines()
    else:
        starts = list(dis.findlinestarts(code))
        ends = [offset for offset, _ in starts[1:]] + [len(code.co_code)]
        spans = ((start, end, line) for (start, line), end in zip(starts, ends))
    return {offset: line for start, end, line in spans for offset in range(start, end, 2)}


_JUMPS = set()


def jump_opcodes():
    """The opcodes whose argument leads to an instruction."""
    if not _JUMPS:
        _JUMPS.update(dis.hasjrel, dis.hasjabs)
        base = getattr(dis, "_deoptop", None)
        if base is not None:
            _JUMPS.update([op for op in range(256) if base(op) in _JUMPS])
    return _JUMPS


#: Whether instructions have these fields: numbers for those that are jumped to, and positions.
_HAVE_LABEL = "label" in dis.Instruction._fields
_HAVE_POSITIONS = "positions" in dis.Instruction._fields


def record(item, lines, jumps):
    """One instruction as a list in the order of ``FIELDS``."""
    offset, opcode, argrepr = item.offset, item.opcode, item.argrepr
    # END_ASYNC_FOR has an argument that leads back to where the awaiting began
    target = item.argval if opcode in jumps and not argrepr.startswith("from ") else None
    if _HAVE_LABEL and item.label is not None:
        mark = "L" + str(item.label)
    else:
        mark = ">>" if item.is_jump_target else ""
    line = lines.get(offset)
    place = positions(item) if _HAVE_POSITIONS else None
    return [0, offset, opcode, item.opname, item.arg, argrepr, line, mark, target, place]


def positions(item):
    """Line, end line, column and end column of an instruction, or None where it has no line."""
    found = item.positions
    return found if found is not None and found[0] is not None else None


def cache_records(item, lines):
    """The ``CACHE`` lines that follow an instruction (3.13 and newer print them from its info)."""
    opcode = dis.opmap["CACHE"]
    offset = item.offset
    result = []
    for name, size, data in item.cache_info:
        for index in range(size):
            offset += 2
            value = name + ": " + str(int.from_bytes(data, sys.byteorder)) if index == 0 else ""
            line = lines.get(offset)
            place = positions(item) if _HAVE_POSITIONS else None
            result.append([0, offset, opcode, "CACHE", 0, value, line, "", None, place])
    return result
