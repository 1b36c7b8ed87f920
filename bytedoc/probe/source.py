"""From source text to code objects: compiling, and finding the one that is asked for."""

import re
import traceback
import warnings

from .failures import JobFailure

MODULE = "<module>"
_CO_OPTIMIZED = 1


def compile_job(job):
    """Compile the job's ``source`` as its ``mode`` and ``optimize`` say; it is not executed."""
    return compile_source(
        job["source"], job["filename"], job.get("mode", "exec"), job.get("optimize", 0)
    )


def compile_source(source, filename, mode="exec", optimize=0):
    """Compile, or raise a ``JobFailure`` of kind ``syntax`` with the interpreter's own message."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return compile(source, filename, mode, dont_inherit=True, optimize=optimize)
    except SyntaxError as error:
        raise JobFailure(
            "syntax",
            error.msg or type(error).__name__,
            type=type(error).__name__,
            filename=error.filename,
            line=error.lineno,
            offset=error.offset,
            end_line=getattr(error, "end_lineno", None),
            end_offset=getattr(error, "end_offset", None),
            text="".join(traceback.format_exception_only(type(error), error)),
        )
    except (ValueError, OverflowError, RecursionError) as error:
        # null bytes, lone surrogates, numbers or nesting beyond what this release compiles
        raise JobFailure(
            "syntax",
            str(error),
            type=type(error).__name__,
            filename=filename,
            text="".join(traceback.format_exception_only(type(error), error)),
        )


def nested(code):
    """The code objects among a code object's constants, in their order."""
    return [const for const in code.co_consts if hasattr(const, "co_code")]


def walk(code, depth=None, prefix="", qualname=MODULE):
    """Yield ``(qualified name, code object)`` of a code object and all inside it, outside first.

    *depth* limits the nesting (0: only the code object itself).  The qualified name is
    ``co_qualname`` where there is one (3.11), else made by the rule of PEP 3155.
    """
    yield qualname, code
    if depth is not None and depth <= 0:
        return
    if qualname == MODULE:
        inner_prefix = ""
    elif code.co_flags & _CO_OPTIMIZED:
        inner_prefix = qualname + ".<locals>."
    else:
        inner_prefix = qualname + "."
    for inner in nested(code):
        inner_name = getattr(inner, "co_qualname", None) or inner_prefix + inner.co_name
        for item in walk(inner, None if depth is None else depth - 1, inner_prefix, inner_name):
            yield item


_ADDRESS = re.compile(r"(<code object [^\n]*? at )(0x[0-9a-fA-F]+)(?=, file )")


def address_hider(codes):
    """A function that replaces the addresses of the constants of *codes* by ``0x...`` in a text.

    Only the addresses of those very objects: a string that looks like one stays as it is.
    """
    addresses = {id(inner) for code in codes for inner in nested(code)}

    def hidden(match):
        known = int(match.group(2), 16) in addresses
        return match.group(1) + "0x..." if known else match.group(0)

    return lambda text: _ADDRESS.sub(hidden, text) if " at 0x" in text else text


def find(code, name):
    """The ``(qualified name, code object)`` called *name*; empty or ``<module>``: the outermost.

    Where several share a name (two lambdas), ``name#2`` is the second of them.
    """
    if not name or name == MODULE:
        return MODULE, code
    wanted, _, number = name.partition("#")
    candidates = [item for item in walk(code) if item[0] == wanted]
    if number and not number.isdigit():
        candidates = []
    index = int(number or 1) - 1 if candidates else 0
    if not 0 <= index < len(candidates):
        raise JobFailure(
            "unknown-object",
            name,
            known=[qualname for qualname, _ in walk(code)],
        )
    return candidates[index]
