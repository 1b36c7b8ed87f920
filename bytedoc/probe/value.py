"""The ``value`` view: evaluate one expression about an example, in the interpreter it speaks of.

An expression sees the ``co_*`` attributes of the example's code object, ``code`` (the object),
``instructions`` (of ``dis``), ``opnames`` (their names, in order), ``count(name)``, the modules
``dis``, ``opcode`` and ``sys``, and the ``names`` that the job gives.  Any other name is looked
up in the example's own module, which is executed for it.
"""

import ast
import builtins
import dis
import opcode
import re
import sys
import warnings

from . import program, sandbox, source
from .failures import JobFailure

_ADDRESS = re.compile(r"\bat 0x[0-9a-fA-F]{6,}")


def answer(job):
    """``{"value": str, "repr": repr, "true": bool}`` of the job's ``expression``."""
    namespace = program.prepare(job)
    code = source.compile_source(job["expression"], "<expression>", "eval")
    known = {"dis": dis, "opcode": opcode, "sys": sys}
    known.update(job.get("names", {}))
    if job.get("source"):
        known.update(about(source.find(source.compile_job(job), job.get("object", ""))[1]))
        if job.get("mode", "exec") == "exec" and unknown_names(job["expression"], known):
            raised = program.execute(job, namespace)
            if raised is not None:
                raise JobFailure("exception", raised["summary"], exception=raised)
    namespace.update(known)
    try:
        value = program.perform(eval, code, namespace)
        record = {"value": str(value), "repr": repr(value), "true": bool(value)}
        if not record["true"]:
            record["repr"] = sides(job["expression"], namespace) or record["repr"]
        for name in ("value", "repr"):
            record[name] = _ADDRESS.sub("at 0x...", record[name])
    except BaseException:
        raised = program.describe_exception()
        raise JobFailure("expression", raised["summary"], exception=raised)
    for text in (record["value"], record["repr"]):
        if text != sandbox.cut(text):
            raise JobFailure("output-limit", f"it has {len(text)} characters")
    return dict(program.aftermath(), **record)


def sides(expression, namespace):
    """The values on both sides of a comparison, as ``2 == 3``; empty for other expressions."""
    tree = ast.parse(expression.strip(), mode="eval").body
    if not isinstance(tree, ast.Compare) or len(tree.ops) != 1:
        return ""
    left, right = (
        repr(eval(compile(ast.Expression(part), "<expression>", "eval"), namespace))
        for part in (tree.left, tree.comparators[0])
    )
    signs = {
        ast.Eq: "==",
        ast.NotEq: "!=",
        ast.Lt: "<",
        ast.LtE: "<=",
        ast.Gt: ">",
        ast.GtE: ">=",
        ast.Is: "is",
        ast.IsNot: "is not",
        ast.In: "in",
        ast.NotIn: "not in",
    }
    return " ".join([left, signs[type(tree.ops[0])], right])


def about(code):
    """What an expression may say of a code object."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # co_lnotab is deprecated from 3.12 on
        names = {name: getattr(code, name) for name in dir(code) if name.startswith("co_")}
    instructions = list(dis.Bytecode(code))
    opnames = [item.opname for item in instructions]
    names.update(code=code, instructions=instructions, opnames=opnames, count=opnames.count)
    return names


def unknown_names(expression, known):
    """Names that an expression uses, does not bind itself, and neither *known* nor Python has."""
    nodes = list(ast.walk(ast.parse(expression.strip(), mode="eval")))
    names = [node for node in nodes if isinstance(node, ast.Name)]
    bound = {node.id for node in names if not isinstance(node.ctx, ast.Load)}
    bound.update(node.arg for node in nodes if isinstance(node, ast.arg))
    used = {node.id for node in names} - bound
    return [name for name in sorted(used) if name not in known and not hasattr(builtins, name)]
