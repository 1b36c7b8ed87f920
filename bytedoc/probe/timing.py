"""The ``timing`` view: how long statements take, measured as ``timeit`` and ``pyperf`` do.

Each statement is put in ``timeit``'s own loop.  The number of loops is calibrated: doubled until
one run takes ``min_time`` seconds.  Then every worker, a fork where there is fork, makes one
warm-up run and ``values`` runs that count.  The workers of all statements take turns, so that a
change in the machine's speed hits them alike.
"""

import gc
import itertools
import os
import platform
import struct
import time
import timeit

from . import program, source
from .failures import JobFailure

# Bound here, for a statement may put something else in their place.
_exit = os._exit
_Timer = timeit.Timer
_TOO_MANY_LOOPS = 1 << 40


def answer(job):
    """``{"rows": [{"loops", "values"}], "clock": ...}``; values in seconds per loop."""
    namespace = program.prepare(job)
    if job.get("source"):
        raised = program.execute(job, namespace)
        if raised is not None:
            raise JobFailure("setup", raised["summary"], exception=raised)
    statements = job["statements"]
    options = job.get("options", {})
    runs = [runner(text, namespace, index) for index, text in enumerate(statements)]
    loops = [calibrate(run, options["min_time"]) for run in runs]
    values = [[] for _ in runs]
    for _ in range(options["processes"]):
        for index, run in enumerate(runs):
            values[index].extend(in_worker(run, index, loops[index], options["values"]))
    rows = [{"loops": count, "values": found} for count, found in zip(loops, values)]
    info = time.get_clock_info("perf_counter")
    clock = {"implementation": info.implementation, "resolution": info.resolution}
    return dict(program.aftermath(), rows=rows, clock=clock, machine=machine())


def machine():
    """What measured it: processor and number of cores that may be used, operating system."""
    name = platform.processor() or platform.machine()
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:
            models = [
                line.partition(":")[2].strip() for line in lines if line.startswith("model name")
            ]
    except OSError:
        models = []
    processor = models[0] if models else name
    return f"{processor}, {os.cpu_count() or 1} cores, {platform.system()}"


def runner(statement, namespace, index):
    """A function of the number of loops that gives the seconds they take.

    The loop is that of ``timeit``.  The garbage collector stays on, as in ``pyperf`` and in a
    real program.

    The statement is compiled for each run, as ``pyperf`` does.  That makes the processor forget:
    where run follows upon run, it foresees every branch of sorting one list again and again, and
    times get better by a tenth than any program will see them.
    """
    source.compile_source(statement, f"<statement {index + 1}>")

    def run(loops):
        try:
            timer = _Timer(statement, globals=namespace)
            return timer.inner(itertools.repeat(None, loops), time.perf_counter)
        except BaseException:
            record = program.describe_exception()
            raise JobFailure("statement", record["summary"], exception=record, index=index)

    return run


def calibrate(run, min_time):
    """The number of loops, a power of two, that take *min_time* seconds at least."""
    loops = 1
    while True:
        if run(loops) >= min_time or loops >= _TOO_MANY_LOOPS:
            return loops
        loops *= 2


def in_worker(run, index, loops, count):
    """Seconds per loop of *count* runs after a warm-up, in a process of its own."""
    if not hasattr(os, "fork"):
        return measure(run, loops, count)
    import mmap

    measured = struct.Struct(f"=?{count}d")  # whether it has, and what
    memory = mmap.mmap(-1, measured.size)  # shared with the worker
    pid = os.fork()
    if pid == 0:
        try:
            measured.pack_into(memory, 0, True, *measure(run, loops, count))
        finally:
            _exit(0)
    os.waitpid(pid, 0)
    done, *values = measured.unpack_from(memory)
    if not done:
        raise JobFailure("statement", "ended its process", index=index)
    return values


def measure(run, loops, count):
    """Seconds per loop of *count* runs, after one that does not count."""
    gc.collect()
    run(loops)
    return [run(loops) / loops for _ in range(count)]
