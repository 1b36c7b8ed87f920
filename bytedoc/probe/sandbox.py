"""What surrounds the code of an example: its folders, its streams, its limits."""

import builtins
import io
import os
import signal
import sys

try:
    import resource
except ImportError:  # not on Windows; there only wall time and output are limited
    resource = None

#: The folders of a job, within its own: the current directory and home, and that of ``tempfile``.
WORK, TEMPORARY = "work", "tmp"
#: Bytes of memory that are kept back for telling how an example ended.
_RESERVE = 64 << 20
#: Processes and threads that an example may have besides all others of the machine.
_TASKS = 1024

#: The signals that can be blocked (``valid_signals`` is of 3.8).
_SIGNALS = getattr(signal, "valid_signals", lambda: range(1, 32))()
#: The builtins as they were before the example.
_BUILTINS = dict(vars(builtins))
#: Whether the code of this process has read standard input.
_INPUT_READ = []
# Bound here, for an example may put something else in its place.
_fstat = os.fstat
#: The streams that this process began with.
_STREAMS = []
#: The job's folder, and its limits.
_FOLDER = []
_LIMITS = {}


class NoInput(io.RawIOBase):
    """Standard input that is empty, and remembers that it was read."""

    name = "<stdin>"

    def readable(self):
        return True

    def readinto(self, buffer):
        _INPUT_READ.append(True)
        return 0


def input_was_read():
    """Whether anything was read from standard input in this process."""
    return bool(_INPUT_READ)


def enter(folder, limits):
    """Put this process where an example is executed: in the job's folder, within its limits."""
    _FOLDER.append(folder)
    work = os.path.join(folder, WORK)
    os.chdir(work)
    os.environ["HOME"] = work
    os.environ.update(dict.fromkeys(("TMPDIR", "TEMP", "TMP"), os.path.join(folder, TEMPORARY)))
    _LIMITS.update(limits)
    limit(limits)
    streams()


def streams():
    """Give the process UTF-8 standard streams, the same on every release and platform.

    Output is line-buffered, so that it stands in the order in which a terminal would show it.
    """
    sys.stdin = io.TextIOWrapper(io.BufferedReader(NoInput()), encoding="utf-8")
    sys.stdout = text_writer(1, "strict")
    sys.stderr = text_writer(2, "backslashreplace")
    sys.__stdin__, sys.__stdout__, sys.__stderr__ = sys.stdin, sys.stdout, sys.stderr
    _STREAMS[:] = [sys.stdout, sys.stderr]


def text_writer(descriptor, errors):
    """A line-buffered UTF-8 text stream on a descriptor that it does not close."""
    raw = io.open(descriptor, "wb", closefd=False)  # noqa: SIM115 - lives as long as the process
    return io.TextIOWrapper(raw, encoding="utf-8", errors=errors, newline="\n", line_buffering=True)


def flush():
    """Write what still waits in the streams, those of the beginning and those of the end."""
    for stream in [sys.stdout, sys.stderr, *_STREAMS]:
        try:
            stream.flush()
        except BaseException:  # noqa: S110
            pass  # closed, or replaced by the example with something else


def output_is_closed():
    """Whether the standard output that the process began with was closed."""
    try:
        _fstat(1)
    except OSError:
        return True
    return _STREAMS[0].closed


def limit(limits):
    """Set the operating system's limits for this process and what it starts."""
    if resource is None:
        return
    set_limit("RLIMIT_CORE", 0)
    if "cpu" in limits:
        set_limit("RLIMIT_CPU", max(1, int(limits["cpu"])))
    if "memory" in limits:
        memory = limits["memory"] + memory_in_use()
        set_limit("RLIMIT_AS", memory, memory + _RESERVE)
    if "file_size" in limits:  # standard output is a file as well
        set_limit("RLIMIT_FSIZE", max(limits["file_size"], limits.get("output", 0) + 1))
    tasks = count_tasks()
    if tasks:
        set_limit("RLIMIT_NPROC", tasks + _TASKS)


def set_limit(name, value, hard=None):
    """Lower one limit, soft and hard (by default the same), as far as the platform lets us."""
    number = getattr(resource, name, None)
    if number is None:
        return
    hard = value if hard is None else hard
    try:
        highest = resource.getrlimit(number)[1]
        if highest != resource.RLIM_INFINITY:
            value, hard = min(value, highest), min(hard, highest)
        resource.setrlimit(number, (value, hard))
    except (ValueError, OSError):
        pass  # macOS refuses RLIMIT_AS


def memory_in_use():
    """Bytes of address space that the interpreter has already; 0 where that is not to be had."""
    try:
        with open("/proc/self/statm", "rb") as stream:
            return int(stream.read().split()[0]) * resource.getpagesize()
    except (OSError, ValueError, IndexError):
        return 0


def count_tasks():
    """How many processes and threads this machine has; 0 where that is not to be had."""
    try:
        with open("/proc/loadavg", "rb") as stream:
            return int(stream.read().split()[3].partition(b"/")[2])
    except (OSError, ValueError, IndexError):
        return 0


def let_signals_in():
    """Before an example, undo what ``recover`` did after the one that is its set-up."""
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_SETMASK, ())


def recover():
    """Undo, after an example, what it may have done to the interpreter that hinders telling of it.

    The builtins are the interpreter's own again, no signal comes in between, recursion is
    possible, and the reserve of memory is free.
    """
    builtins.__dict__.update(_BUILTINS)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
    if sys.getrecursionlimit() < 1000:
        sys.setrecursionlimit(1000)
    try:
        hard = resource.getrlimit(resource.RLIMIT_AS)[1]
        resource.setrlimit(resource.RLIMIT_AS, (hard, hard))
    except (AttributeError, ValueError, OSError):
        pass  # there is no such limit


def cut(text):
    """A text, or the beginning of one that is longer than what may be printed."""
    return text[: _LIMITS.get("output", 1 << 20) + 1]


def folder():
    """The folder of the job that this process executes."""
    return _FOLDER[0]
