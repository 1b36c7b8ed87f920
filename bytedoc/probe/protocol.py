"""How the probe is spoken to: one JSON object a line in, one a line out.

The first line out is the greeting, ``{"greeting": {...}}``.  Then every job ``{"view": "dis",
...}`` is answered, in order, by ``{"ok": {...}}`` or ``{"failure": {"kind": "syntax", ...}}``.
End of input ends the probe.

The answers leave on a duplicate of the descriptor that was standard output at the start; standard
output itself then leads to the null device.  So nothing that is printed, by an example or by the
interpreter, can get into an answer.
"""

import importlib
import json
import os
import signal
import sys

from .failures import JobFailure

#: view -> (module, whether the view executes code of the job)
VIEWS = {
    "identity": ("identity", False),
    "dis": ("disassembly", False),
    "code-object": ("code_object", False),
    "opcodes": ("opcodes", False),
    "run": ("run", True),
    "value": ("value", True),
    "timing": ("timing", True),
}


def answer(job):
    """Answer one job in this process: ``{"ok": ...}`` or ``{"failure": ...}``."""
    module = importlib.import_module("." + VIEWS[job["view"]][0], __package__)
    try:
        return {"ok": module.answer(job)}
    except JobFailure as failure:
        return {"failure": failure.record}
    except MemoryError:
        return {"failure": {"kind": "memory", "message": "out of memory"}}
    except RecursionError:
        return {"failure": {"kind": "memory", "message": "nested too deeply for this interpreter"}}


def handle(job, supervisor):
    """Answer one job, in a process of its own where it executes code."""
    if job["view"] not in VIEWS:
        return {"failure": {"kind": "unknown-view", "message": job["view"]}}
    if VIEWS[job["view"]][1]:
        return supervisor.execute(job)
    return answer(job)


def take_channel():
    """Make the private channel: ``(jobs, replies)``, text streams that no example can reach.

    Standard input then is empty, and standard output leads to the null device.
    """
    jobs = os.fdopen(os.dup(0), "r", encoding="utf-8", newline="\n")
    replies = os.fdopen(os.dup(1), "w", encoding="ascii", newline="\n")
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
    # So that a child that is executing a job is stopped with the probe (see ``supervise``).
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    supervisor = Supervisor("--no-fork" not in arguments)
    write(replies, {"greeting": {"version": list(sys.version_info[:3])}})
    for line in jobs:
        job = json.loads(line)
        write(replies, handle(job, supervisor))


class Supervisor:
    """Executes jobs in processes of their own; made on the first one, for most probes need none."""

    def __init__(self, fork):
        self._fork = fork and hasattr(os, "fork")

    def execute(self, job):
        from . import execution

        start = execution.forked if self._fork else execution.spawned
        return execution.supervise(job, start, answer)


def write(stream, record):
    """Send one record (ASCII only: a lone surrogate stays an escape)."""
    stream.write(json.dumps(record, separators=(",", ":")) + "\n")
    stream.flush()
