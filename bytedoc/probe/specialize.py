"""The ``specialize`` view: what instructions become while a program runs (3.11 and newer; PEP 659).

The example is executed, and then an expression, the warm-up, is evaluated as often as it takes
until the instructions of one code object no longer change; then further expressions likewise.  The
instructions and their inline caches are read before and after each of them, and between any two
evaluations.

How often that is, a scout finds out: a fork which goes on until nothing has changed for long.  This
process then makes exactly as many evaluations: so anyone gets to the state that is told by as many.
"""

import _thread
import dis
import os
import struct
import sys

from . import disassembly, inline_caches, program, source
from .failures import JobFailure

#: So many evaluations without a change, and no other is waited for.  A form is given up after 53
#: inputs that it is not for; of two attempts to find one, the second comes after 64 at most.
QUIET = 128
#: Most evaluations where their number is not given.
MOST = 1024

#: The names of all opcodes, those of the specialised forms included.
_NAMES = getattr(dis, "_all_opname", ())

# Bound here, for an example may put something else in their place.
_eval, _exit, _tuple, _enumerate, _zip = eval, os._exit, tuple, enumerate, zip


def answer(job):
    """``{"qualname", "instructions", "fields", "phases", "jit"}``, or ``{"reason"}``.

    The reason for which nothing changes is ``release`` where there is no adaptive interpreter, and
    ``build`` where it is not in use.  A phase is ``{"expression", "calls", "settled", "changes",
    "opnames", "caches"}``; see ``perform`` and ``inline_caches.Values``.  The first is what there
    is before any evaluation.
    """
    if not hasattr(answer.__code__, "_co_code_adaptive"):
        return {"reason": "release"}
    steps = inline_caches.counter_steps()
    if steps is None:
        return {"reason": "build"}
    namespace = program.prepare(job)
    module = source.compile_job(job)
    qualname, code = find(module, job.get("object", ""))
    expressions = [job["warm_up"], *job.get("then", [])]
    compiled = [source.compile_source(text, "<expression>", "eval") for text in expressions]
    execute(job, module, namespace)
    watched = Watched(code)
    phases = [{"expression": "", "calls": 0, "settled": None, "changes": []}]
    states = [watched.read()]
    times = job.get("times", [])
    for index, text in enumerate(expressions):
        wanted = times[index] if index < len(times) else None
        phase, state = perform(watched, compiled[index], namespace, wanted)
        phases.append(dict(phase, expression=text))
        states.append(state)
    caches = inline_caches.Values(steps)
    for phase, state in zip(phases, states):
        opnames = watched.opnames(state)
        phase["opnames"] = opnames
        phase["caches"] = [
            caches.of(base, opname, state, offset)
            for base, opname, offset in zip(watched.bases, opnames, watched.offsets)
        ]
    return dict(
        program.aftermath(),
        jit=uses_jit(),
        qualname=qualname,
        instructions=watched.records,
        fields=[[name for name, _ in inline_caches.fields(base)] for base in watched.bases],
        phases=phases,
    )


def uses_jit():
    """Whether the compiler to machine code is on (``PYTHON_JIT=1``, in builds that have one)."""
    jit = getattr(sys, "_jit", None)  # 3.14 and newer
    return jit is not None and jit.is_enabled()


def find(module, name):
    """``(qualified name, code object)`` by ``source.find``; without a name the only one inside."""
    if name:
        return source.find(module, name)
    inside = list(source.walk(module))[1:]
    if len(inside) == 1:
        return inside[0]
    known = ", ".join(qualname for qualname, _ in inside)
    what = "say by :object: which (there are " + known + ")" if known else "there is no function"
    raise JobFailure("option", "it shows one function of the example: " + what)


def execute(job, module, namespace):
    """Execute the example: the functions that it makes then have the code objects in *module*."""
    program.show_lines(job["filename"], job["source"])
    try:
        program.perform(exec, module, namespace)
    except BaseException:
        raised = program.describe_exception()
        raise JobFailure("exception", raised["summary"], exception=raised)


class Watched:
    """A code object whose instructions are read while it is used.

    ``records`` are its instructions as they were compiled, by ``disassembly.FIELDS``; ``bases``
    their names, ``offsets`` where they are.
    """

    def __init__(self, code):
        self._code = code
        self.records = disassembly.instructions(code, {})
        stabilize = source.stabilizer([code])
        for record in self.records:
            record[disassembly.ARGREPR] = stabilize(record[disassembly.ARGREPR])
        self.bases = [record[disassembly.FIELDS.index("opname")] for record in self.records]
        self.offsets = [record[disassembly.FIELDS.index("offset")] for record in self.records]

    def read(self):
        """The state: the bytes of the instructions and their caches as they are now."""
        return self._code._co_code_adaptive

    def opcodes(self, state):
        """The opcode of each instruction in a state."""
        return _tuple([state[offset] for offset in self.offsets])

    def opnames(self, state):
        """The name of each instruction in a state."""
        return [_NAMES[number] for number in self.opcodes(state)]


def perform(watched, code, namespace, wanted):
    """Evaluate *code*, *wanted* times or as often as it takes: ``(phase, state)``.

    The phase says how many ``calls`` these were; the ``changes`` as ``[call, index of the
    instruction, its new name]``, calls counted from 1; and whether it is ``settled``, so that more
    calls change nothing: None where *wanted* was given.
    """
    settled = None
    if wanted is None and can_scout():
        wanted, settled = scout(watched, code, namespace)

    def run(code, namespace):
        return evaluate(watched, code, namespace, wanted)

    try:
        calls, changes, state = program.perform(run, code, namespace)
    except BaseException:
        raised = program.describe_exception()
        raise JobFailure("expression", raised["summary"], exception=raised)
    if wanted is None:
        settled = calls < MOST
    changes = [[call, index, _NAMES[number]] for call, index, number in changes]
    return {"calls": calls, "settled": settled, "changes": changes}, state


def evaluate(watched, code, namespace, wanted=None, notice=None):
    """Evaluate *code*: ``(calls, [(call, index, opcode), ...], state)``.

    *wanted* is how often.  Without it, it goes on until nothing has changed for `QUIET` calls, or
    to `MOST`; told is then what was after the call that brought the last change, if one did.
    *notice* is called with the number of each call, before it, and that of the last change.
    """
    changes = []
    opcodes = watched.opcodes(watched.read())
    told = None
    last = call = 0
    while call < (wanted or MOST) and (wanted or call - last < QUIET):
        call += 1
        if notice is not None:
            notice(call, last)
        _eval(code, namespace)
        state = watched.read()
        now = watched.opcodes(state)
        if now != opcodes:
            for index, (old, new) in _enumerate(_zip(opcodes, now)):
                if old != new:
                    changes.append((call, index, new))
            opcodes = now
            told = state
            last = call
    if wanted or told is None or call == MOST:
        return call, changes, state
    return last, changes, told


#: What a scout leaves behind: the call that it began last, that of the last change, and whether it
#: came to its end.
_SCOUTED = struct.Struct("=QQ?")


def can_scout():
    """Whether this process can be forked: other threads would not be in the fork."""
    return hasattr(os, "fork") and not _thread._count()


def scout(watched, code, namespace):
    """``(calls, settled)``: how many evaluations of *code* it takes, found out in a fork.

    Where evaluating fails there, it is the number up to the last change, or to the failure.
    """
    import mmap

    memory = mmap.mmap(-1, _SCOUTED.size)  # shared with the fork

    def notice(call, last):
        _SCOUTED.pack_into(memory, 0, call, last, False)

    pid = os.fork()
    if pid == 0:
        try:
            null = os.open(os.devnull, os.O_RDWR)
            os.dup2(null, 1)
            os.dup2(null, 2)
            calls, _, _ = evaluate(watched, code, namespace, notice=notice)
            _SCOUTED.pack_into(memory, 0, calls, calls, True)
        finally:
            _exit(0)
    os.waitpid(pid, 0)
    begun, last, ended = _SCOUTED.unpack_from(memory)
    if ended:
        return begun, begun < MOST
    return last or begun, None
