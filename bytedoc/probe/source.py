"""From source text to code objects: compiling, and finding the one that is asked for."""

import warnings

from .failures import JobFailure

MODULE = "<module>"
_CO_OPTIMIZED = 1
#: Functions to the interpreter (before 3.12), but none whose locals name what they define.
_COMPREHENSIONS = ("<genexpr>", "<listcomp>", "<setcomp>", "<dictcomp>")


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
            text=in_words(error),
        )
    except (ValueError, OverflowError, RecursionError) as error:
        # null bytes, lone surrogates, numbers or nesting beyond what this release compiles
        raise JobFailure(
            "syntax",
            str(error),
            type=type(error).__name__,
            filename=filename,
            text=in_words(error),
        )
    except MemoryError:
        # what the older parsers say of nesting that is too deep for their stack
        message = "too complex to compile"
        raise JobFailure("syntax", message, type="MemoryError", filename=filename, text="")


def in_words(error):
    """The last lines of a traceback: what went wrong, and where."""
    import traceback  # only here: it would double the time that the probe takes to start

    return "".join(traceback.format_exception_only(type(error), error))


def nested(code):
    """The code objects among a code object's constants, in their order."""
    return [const for const in code.co_consts if hasattr(const, "co_code")]


def walk(code, depth=None, qualname=MODULE):
    """Yield ``(qualified name, code object)`` of a code object and all inside it, outside first.

    *depth* limits the nesting (0: only the code object itself).  The qualified name is
    ``co_qualname`` where there is one (3.11), else made by the rule of PEP 3155.
    """
    yield qualname, code
    if depth is not None and depth <= 0:
        return
    inner_depth = None if depth is None else depth - 1
    for inner in nested(code):
        name = getattr(inner, "co_qualname", None) or qualified_name(inner.co_name, code, qualname)
        yield from walk(inner, inner_depth, name)


def qualified_name(name, outer, outer_name):
    """The qualified name, by the rule of PEP 3155, of what the code object *outer* defines."""
    if outer_name == MODULE or name in global_names(outer):
        return name
    is_function = outer.co_flags & _CO_OPTIMIZED and outer.co_name not in _COMPREHENSIONS
    return outer_name + (".<locals>." if is_function else ".") + name


def global_names(code):
    """The names that a code object assigns as ``global`` ones."""
    import dis

    if dis.opmap["STORE_GLOBAL"] not in code.co_code[::2]:
        return set()
    return {item.argval for item in dis.get_instructions(code) if item.opname == "STORE_GLOBAL"}


def stabilizer(codes):
    """A function that takes out of a text what chance has put into the constants of *codes*.

    An address becomes ``0x...``, but only that of one of those very objects: a string that looks
    like one stays as it is.  A set whose order depends on more than its members is sorted.
    """
    consts = [const for code in codes for const in code.co_consts]
    addresses = {id(const) for const in consts if hasattr(const, "co_code")}
    orders = {
        repr(const): sorted_repr(const)
        for const in consts
        if isinstance(const, frozenset) and not all(map(has_fixed_hash, const))
    }
    sort = sorter(orders) if orders else None

    def stabilize(text):
        if _AT in text:
            text = without_addresses(text, addresses)
        return sort(text) if sort is not None else text

    return stabilize


_AT = " at 0x"


def without_addresses(text, addresses):
    """A text in which the code objects at these addresses, as their repr has them, have none."""
    before, *parts = text.split(_AT)
    found = [before]
    for part in parts:
        digits, file, _ = part.partition(", file ")
        if file and is_one_of(digits, addresses):
            found.append("..." + part[len(digits) :])
        else:
            found.append(part)
    return _AT.join(found)


def is_one_of(digits, addresses):
    """Whether hexadecimal digits are one of some addresses."""
    try:
        return int(digits, 16) in addresses
    except ValueError:
        return False


def sorter(orders):
    """A function that puts other reprs, the values of *orders*, in the place of its keys."""
    import re  # only here: it would add a third to the time that the probe takes to start

    # Standing alone, or in parentheses at the end of a line, as what `dis` says of an argument.
    anyone = "|".join(re.escape(shown) for shown in orders)
    sets = re.compile(rf"(?m)(?:^|(?<= \())(?:{anyone})(?=\)?$)")
    return lambda text: sets.sub(lambda match: orders[match.group()], text)


def has_fixed_hash(const):
    """Whether the hash of a constant follows from its value alone.

    A number's does.  That of None is made from its address (before 3.12); strings are hashed with
    a random seed, and those that collide stand as they were interned, which depends on what was
    compiled before.
    """
    if isinstance(const, tuple):
        return all(map(has_fixed_hash, const))
    return isinstance(const, (int, float, complex))


def sorted_repr(items):
    """The repr of a frozen set, with its members in the order of theirs."""
    return "frozenset({" + ", ".join(sorted(map(repr, items))) + "})"


def find(code, name):
    """The ``(qualified name, code object)`` called *name*; empty or ``<module>``: the outermost.

    Where several share a name (two lambdas), ``name#2`` is the second of them.
    """
    if not name or name == MODULE:
        return MODULE, code
    wanted, _, number = name.partition("#")
    candidates = [item for item in walk(code) if item[0] == wanted]
    if number and not number.isdecimal():
        candidates = []
    index = int(number or 1) - 1 if candidates else 0
    if not 0 <= index < len(candidates):
        raise JobFailure(
            "unknown-object",
            name,
            known=[qualname for qualname, _ in walk(code)],
        )
    return candidates[index]
