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

#: The columns of an instruction record.  ``bytedoc.models`` reads them in this order.
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
    hide = source.address_hider(inner for _, inner in codes)
    text = hide(print_listing(code, depth, options))
    return {"text": text, "codes": annotate(text, codes, options, hide), "ignored": ignored}


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
                out.write("\nDisassembly of %r:\n" % (inner,))
            dis.dis(inner, file=out)
    return out.getvalue()


def annotate(text, codes, options, hide):
    """For each code object of the listing, its instructions and the text line of each."""
    lines = text.split("\n")
    row = 0
    result = []
    for qualname, code in codes:
        while lines[row] == "" or lines[row].startswith("Disassembly of "):
            row += 1
        records = []
        for record in instructions(code, options):
            while lines[row] == "":
                row += 1
            record[0] = row
            record[ARGREPR] = hide(record[ARGREPR])
            records.append(record)
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
    known = parameters(dis.get_instructions)
    chosen = {"adaptive": options["adaptive"]} if options.get("adaptive") else {}
    has_cache_info = "cache_info" in dis.Instruction._fields
    show_caches = bool(options.get("show_caches"))
    if show_caches and not has_cache_info and "show_caches" in known:
        chosen["show_caches"] = True
    starts = dict(dis.findlinestarts(code))
    has_line_number = "line_number" in dis.Instruction._fields
    jumps = jump_opcodes()
    line = None
    result = []
    for item in dis.get_instructions(code, **chosen):
        line = item.line_number if has_line_number else starts.get(item.offset, line)
        result.append(record(item, line, jumps))
        if show_caches and has_cache_info and item.cache_info:
            result.extend(cache_records(item, line))
    return result


def jump_opcodes():
    """The opcodes whose argument leads to an instruction."""
    found = set(dis.hasjrel) | set(dis.hasjabs)
    base = getattr(dis, "_deoptop", None)
    if base is None:
        return found
    return found | {op for op in range(256) if base(op) in found}


def record(item, line, jumps):
    """One instruction as a list in the order of ``FIELDS``."""
    target = item.argval if item.opcode in jumps and isinstance(item.argval, int) else None
    positions = getattr(item, "positions", None)
    label = getattr(item, "label", None)
    if label is not None:
        mark = "L" + str(label)
    else:
        mark = ">>" if item.is_jump_target else ""
    return [
        0,
        item.offset,
        item.opcode,
        item.opname,
        item.arg,
        item.argrepr,
        line,
        mark,
        target,
        list(positions) if positions is not None and positions[0] is not None else None,
    ]


def cache_records(item, line):
    """The ``CACHE`` lines that follow an instruction (3.13 and newer print them from its info)."""
    offset = item.offset
    result = []
    for name, size, data in item.cache_info:
        for index in range(size):
            offset += 2
            value = name + ": " + str(int.from_bytes(data, sys.byteorder)) if index == 0 else ""
            result.append([0, offset, dis.opmap["CACHE"], "CACHE", 0, value, line, "", None, None])
    return result
