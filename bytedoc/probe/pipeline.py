"""The ``pipeline`` view: what becomes of an example, stage by stage, until it is bytecode.

Places are lines from 1 and columns in bytes from 0, in all stages the same: ``[line, end line,
column, end column]``, where the ends are None if the stage does not tell them.
"""

import ast
import io
import symtable
import tokenize
import warnings
from itertools import takewhile

from . import codegen, disassembly, source

#: What the table of symbols calls a scope that has no name of its own.
_NAMELESS = ("lambda", "genexpr", "listcomp", "setcomp", "dictcomp")
#: So many characters of a constant in the syntax tree are told.
_MOST = 200


def answer(job):
    """``{"tokens", "ast", "symbols", "codegen", "optimised", "bytecode", "missing"}``.

    Tokens and tree are those of the whole source, for they know of no objects; the others are of
    the job's ``object`` and what is in it.  A stage that is not there is in ``missing``, with the
    reason and, where only a part of it is not there, with the names of these code objects.
    """
    bytecode = disassembly.answer({**job, "options": {}})  # which tells what is wrong with the job
    found = codegen.answer(job)
    found["tokens"] = tokens(job["source"])
    found["ast"] = list(tree_rows(tree_of(job)))
    found["symbols"] = scopes(job, job.get("object", ""))
    found["bytecode"] = bytecode
    return found


def tokens(text):
    """``[type, text, place]`` of every token, by ``tokenize``."""
    lines = text.split("\n")
    found = []
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        (line, column), (end_line, end_column) = token.start, token.end
        columns = [in_bytes(lines, line, column), in_bytes(lines, end_line, end_column)]
        found.append([tokenize.tok_name[token.type], token.string, [line, end_line, *columns]])
    return found


def in_bytes(lines, line, column):
    """A column in characters as one in bytes."""
    text = lines[line - 1] if line <= len(lines) else ""
    beyond = max(0, column - len(text))  # the line break
    return len(text[:column].encode("utf-8", "surrogatepass")) + beyond


def tree_of(job):
    """The syntax tree of the job's source."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        flags, mode = ast.PyCF_ONLY_AST, job.get("mode", "exec")
        return compile(job["source"], job["filename"], mode, flags, dont_inherit=True)


def tree_rows(node, field="", depth=0):
    """Yield ``[depth, field, class, [[field, value], ...], place]`` of a node and those below it.

    As in ``ast.dump``, with one row for each node; fields that hold no nodes stand in the row, and
    so does a node without any fields, by its class.  Fields that are empty are left out.
    """
    values, below = [], []
    for name, value in ast.iter_fields(node):
        if isinstance(value, list) and any(isinstance(item, ast.AST) for item in value):
            below += [(f"{name}[{index}]", item) for index, item in enumerate(value)]
        elif isinstance(value, ast.AST) and value._fields:
            below.append((name, value))
        elif isinstance(value, ast.AST):
            values.append([name, type(value).__name__])
        elif value is not None and value != []:
            values.append([name, brief(value)])
        elif name == "value" and type(node).__name__ in ("Constant", "NameConstant"):
            values.append([name, "None"])
    yield [depth, field, type(node).__name__, values, place_of(node)]
    for name, value in below:
        if isinstance(value, ast.AST):
            yield from tree_rows(value, name, depth + 1)
        else:
            yield [depth + 1, name, repr(value), [], None]  # `**` in a dictionary has no key


def place_of(node):
    """The place of a node; None where it has none."""
    if not hasattr(node, "lineno") or node.col_offset < 0:  # as texts of several lines before 3.8
        return None
    ends = (getattr(node, "end_lineno", None), getattr(node, "end_col_offset", None))
    return [node.lineno, ends[0], node.col_offset, ends[1]]


def brief(value):
    """The repr of a constant, or its beginning."""
    shown = repr(value)
    return shown if len(shown) <= _MOST else shown[:_MOST] + " ..."


def scopes(job, wanted):
    """``[kind, qualified name, line, [[name, [what it is, ...]], ...]]`` of every scope.

    In the order of the source; of those in *wanted*, if that is the name of one.  What a name is,
    ``symtable`` says in the methods that begin with ``is_``.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        table = symtable.symtable(job["source"], job["filename"], job.get("mode", "exec"))
    found = list(walk(table, source.MODULE))
    name, _, number = wanted.partition("#")
    starts = [index for index, (_, qualname, _) in enumerate(found) if qualname == name]
    if wanted and starts:
        start = starts[min(int(number or 1), len(starts)) - 1]
        depth = found[start][0]
        inner = takewhile(lambda item: item[0] > depth, found[start + 1 :])
        found = [found[start], *inner]
    return [
        [str(table.get_type()), qualname, table.get_lineno(), symbols(table)]
        for _, qualname, table in found
        if not is_empty(table)
    ]


def walk(table, qualname, depth=0):
    """Yield ``(depth, qualified name, table)`` of a scope and those in it."""
    yield depth, qualname, table
    if qualname == source.MODULE:
        prefix = ""
    elif str(table.get_type()) == "type parameters":  # around what has the parameters
        prefix = qualname.rpartition(".")[0] + "." if "." in qualname else ""
    else:
        prefix = qualname + (".<locals>." if isinstance(table, symtable.Function) else ".")
    for inner in table.get_children():
        name = inner.get_name()
        yield from walk(inner, prefix + (f"<{name}>" if name in _NAMELESS else name), depth + 1)


def is_empty(table):
    """Whether a scope only holds names of the compiler, as that of annotations without any name."""
    names = [symbol.get_name() for symbol in table.get_symbols()]
    own = [name for name in names if name.startswith(".")]
    return bool(own) and all(name in own or name.startswith("__") for name in names)


def symbols(table):
    """``[name, [what it is, ...]]`` of every name in a scope, in the order of the table."""
    tests = [name for name in dir(symtable.Symbol) if name.startswith("is_")]
    return [
        [symbol.get_name(), [name[3:] for name in tests if getattr(symbol, name)()]]
        for symbol in table.get_symbols()
    ]
