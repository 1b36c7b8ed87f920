"""The ``raised`` view: which instruction of an example raises the exception of an expression."""

import dis
import sys

from . import program, source
from .failures import JobFailure


def answer(job):
    """``{"type", "bases", "summary", "opname"}`` of what the job's ``expression`` raises.

    The example is executed before.  ``opname`` is the instruction that the innermost frame of the
    example was at, by its general name; empty: no frame of the example was left.  Where nothing is
    raised, ``type`` is empty.
    """
    namespace = program.prepare(job)
    code = source.compile_source(job["expression"], "<expression>", "eval")
    raised = program.execute(job, namespace)
    if raised is not None:
        raise JobFailure("exception", raised["summary"], exception=raised)
    try:
        program.perform(eval, code, namespace)
    except BaseException:
        trace = sys.exc_info()[2]
        record = program.describe_exception()
        found = {name: record[name] for name in ("type", "bases", "summary")}
        found["opname"] = instruction(trace, job["filename"])
    else:
        found = {"type": "", "bases": [], "summary": "", "opname": ""}
    return dict(program.aftermath(), **found)


def instruction(trace, filename):
    """The name of the instruction that the innermost frame of a file was at."""
    name = ""
    while trace is not None:
        code = trace.tb_frame.f_code
        if code.co_filename == filename:
            for item in dis.get_instructions(code):
                if item.offset <= trace.tb_lasti:
                    name = item.opname
        trace = trace.tb_next
    return name
