"""What surrounds the code of an example: its streams, its limits, its end."""

import atexit
import io
import os
import sys

try:
    import resource
except ImportError:  # not on Windows; there only wall time and output are limited
    resource = None

#: Whether the code of this process has read standard input.
_INPUT_READ = []


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


def private(descriptor):
    """Move a descriptor to a high number that programs do not stumble over."""
    try:
        import fcntl

        moved = fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, 200)
    except (ImportError, OSError):
        return descriptor
    return moved


def close_from(first, keep):
    """Close all descriptors from *first* on but *keep*: the probe's own channel among them."""
    os.closerange(first, keep)
    os.closerange(keep + 1, keep + 256)


def streams():
    """Give the process UTF-8 standard streams, the same on every release and platform.

    Output is line-buffered, so that it stands in the order in which a terminal would show it.
    """
    sys.stdin = io.TextIOWrapper(io.BufferedReader(NoInput()), encoding="utf-8")
    sys.stdout = text_writer(1, "strict")
    sys.stderr = text_writer(2, "backslashreplace")
    sys.__stdin__, sys.__stdout__, sys.__stderr__ = sys.stdin, sys.stdout, sys.stderr


def text_writer(descriptor, errors):
    """A line-buffered UTF-8 text stream on a descriptor that it does not close."""
    raw = io.open(descriptor, "wb", closefd=False)
    return io.TextIOWrapper(raw, encoding="utf-8", errors=errors, newline="\n", line_buffering=True)


def limit(limits):
    """Set the operating system's limits for this process and what it starts."""
    if resource is None:
        return
    set_limit(resource.RLIMIT_CORE, 0)
    if "cpu" in limits:
        set_limit(resource.RLIMIT_CPU, max(1, int(limits["cpu"])))
    if "memory" in limits:
        set_limit(getattr(resource, "RLIMIT_AS", None), limits["memory"])
    if "file_size" in limits:
        set_limit(resource.RLIMIT_FSIZE, limits["file_size"])


def set_limit(name, value):
    """Lower one limit, soft and hard, as far as the platform lets us."""
    if name is None:
        return
    try:
        hard = resource.getrlimit(name)[1]
        if hard != resource.RLIM_INFINITY:
            value = min(value, hard)
        resource.setrlimit(name, (value, value))
    except (ValueError, OSError):
        pass  # macOS refuses RLIMIT_AS


def finish(record):
    """End as an interpreter ends: join threads, call what ``atexit`` holds, flush.

    Returns the answer, with a note of whether standard output had been closed.
    """
    threading = sys.modules.get("threading")
    if threading is not None:
        threading._shutdown()
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (ValueError, OSError, AttributeError):
            pass  # closed or replaced by the example
    for content in record.values():
        content["closed_output"] = is_closed(sys.__stdout__, 1)
    return record


def is_closed(stream, descriptor):
    """Whether a standard stream or its descriptor was closed."""
    try:
        os.fstat(descriptor)
    except OSError:
        return True
    return stream.closed
