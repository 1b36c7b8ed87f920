"""How the probe is spoken to: one JSON object a line in, one a line out.

The first line out is the greeting, ``{"greeting": {...}}``.  Then every job ``{"view": "dis",
...}`` is answered, in order, by ``{"ok": {...}}`` or ``{"failure": {"kind": "syntax", ...}}``.
End of input ends the probe.

The answers leave on a duplicate of the descriptor that was standard output at the start; standard
output itself then leads to the null device.  So nothing that is printed, by an example or by the
interpreter, can get into an answer.
"""

import os
import sys

from . import plain
from .failures import JobFailure

#: view -> (module, whether the view executes code of the job)
VIEWS = {
    "identity": ("identity", False),
    "dis": ("disassembly", False),
    "code-object": ("code_object", False),
    "pipeline": ("pipeline", False),
    "pyc": ("pyc", False),
    "opcodes": ("opcodes", False),
    "frequencies": ("frequencies", True),
    "run": ("run", True),
    "value": ("value", True),
    "raised": ("raised", True),
    "timing": ("timing", True),
    "stack": ("stack", True),
    "specialize": ("specialize", True),
}


def answer(job):
    """Answer one job in this process: ``{"ok": ...}`` or ``{"failure": ...}``."""
    module = module_of(job)
    try:
        return {"ok": module.answer(job)}
    except JobFailure as failure:
        return {"failure": failure.record}
    except MemoryError:
        return {"failure": {"kind": "memory", "message": "out of memory"}}
    except RecursionError:
        return {"failure": {"kind": "memory", "message": "nested too deeply for this interpreter"}}


def module_of(job):
    """The module that answers a job."""
    name = __package__ + "." + VIEWS[job["view"]][0]
    __import__(name)  # `importlib` is more than is needed
    return sys.modules[name]


def handle(job, supervisor):
    """Answer one job, in a process of its own where it executes code."""
    if job["view"] not in VIEWS:
        return {"failure": {"kind": "unknown-view", "message": job["view"]}}
    if VIEWS[job["view"]][1]:
        return supervisor.execute(job)
    return answer(job)


def take_channel():
    """Make the private channel: ``(jobs, replies)``, binary streams that no example can reach.

    Standard input then is empty, and standard output leads to the null device.
    """
    jobs = os.fdopen(os.dup(0), "rb")
    replies = os.fdopen(os.dup(1), "wb")
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    os.dup2(null, 1)
    os.close(null)
    return jobs, replies


def main(arguments):
    """Serve jobs until the input ends.  ``--no-fork``: never fork, start fresh processes."""
    jobs, replies = take_channel()
    if "--child" in arguments:
        from . import execution

        execution.serve_one(jobs, replies, answer)
        return
    supervisor = Supervisor("--no-fork" not in arguments)
    write(replies, {"greeting": {"version": list(sys.version_info[:3])}})
    for line in jobs:
        write(replies, handle(plain.loads(line.decode("ascii")), supervisor))
    os._exit(0)  # to take everything down takes the interpreter as long as its start


class Supervisor:
    """Executes jobs in processes of their own; made on the first one, for most probes need none."""

    def __init__(self, fork):
        self._fork = fork and hasattr(os, "fork")
        self._prepared = False

    def execute(self, job):
        from . import execution

        if not self._prepared:
            execution.stop_with_the_probe()
            self._prepared = True
        module_of(job)  # for all forks at once
        in_fork = self._fork and "environment" not in job
        start = execution.forked if in_fork else execution.spawned
        return execution.supervise(job, start, answer)


def write(stream, record):
    """Send one record."""
    stream.write(plain.dumps(record).encode("ascii") + b"\n")
    stream.flush()
