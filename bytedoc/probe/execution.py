"""Executing a job in a process of its own, within limits, and saying how that ended.

Where there is ``fork``, the process is a fork of this probe, which costs about a millisecond;
elsewhere (``spawned``) it is a fresh probe.  Both write what they print, and their answer, into
files: so a descendant that keeps standard output open can't hold anything up, and nothing needs
to be drained while the process runs.

The limits of a job, all optional: ``wall`` and ``cpu`` seconds, ``memory``, ``output`` and
``file_size`` bytes.
"""

import json
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from . import sandbox

#: Longest time between two looks at the process (seconds): bounds how far output can run over.
_LOOK = 0.02
#: Exit status of a child that has left its answer behind.
_ANSWERED = 0


def supervise(job, start, answer):
    """Execute *job* by *start* and return ``{"ok": ...}`` or ``{"failure": ...}``."""
    limits = job.get("limits", {})
    folder = tempfile.mkdtemp(prefix="bytedoc-")
    try:
        with open(os.path.join(folder, "output"), "w+b") as output, open(
            os.path.join(folder, "reply"), "w+b"
        ) as reply:
            work = os.path.join(folder, "work")
            os.mkdir(work)
            process = start(job, work, output, reply, answer)
            try:
                stopped = watch(process, output, limits)
            finally:
                leftover = process.end()
            return report(process.status, stopped, leftover, output, reply, limits)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def watch(process, output, limits):
    """Wait for the end; ``timeout`` or ``output`` when the process was stopped for it, else None."""
    deadline = time.monotonic() + limits.get("wall", 10)
    largest = limits.get("output", 1 << 20)
    while not process.wait(_LOOK):
        if os.fstat(output.fileno()).st_size > largest:
            return "output"
        if time.monotonic() > deadline:
            return "timeout"
    return None


def report(status, stopped, leftover, output, reply, limits):
    """Put together the record from the answer, the output and the way the process ended."""
    largest = limits.get("output", 1 << 20)
    size = os.fstat(output.fileno()).st_size
    printed = read(output, largest)
    if stopped is None and size > largest:
        stopped = "output"
    if stopped == "timeout":
        message = "still running after %g seconds" % limits.get("wall", 10)
        return failure("timeout", message, printed)
    if stopped == "output":
        return failure("output-limit", "printed more than %d bytes" % largest, printed)
    try:
        record = json.loads(read(reply).decode("ascii"))
    except ValueError:
        record = None
    if record is None or status != _ANSWERED:
        return failure(*died(status), printed=printed)
    for content in record.values():
        content.update(text_of(printed), leftover=leftover)
    return record


def text_of(printed):
    """What was printed, as text: bytes that are not UTF-8 become escapes, and that is told."""
    try:
        return {"output": printed.decode("utf-8"), "undecodable": False}
    except UnicodeDecodeError:
        return {"output": printed.decode("utf-8", "backslashreplace"), "undecodable": True}


def died(status):
    """``(kind, message)`` for a process that ended without an answer."""
    if status >= 0:
        return "exit", "ended its process with status %d" % status
    number = -status
    if number == getattr(signal, "SIGXCPU", None):
        return "timeout", "used up its CPU time"
    try:
        name = signal.Signals(number).name
    except ValueError:
        name = "signal"
    return "crash", "killed by signal %d (%s)" % (number, name)


def failure(kind, message, printed):
    """A failure record that keeps what was printed until then."""
    return {"failure": dict(text_of(printed), kind=kind, message=message)}


def read(stream, size=-1):
    """The first *size* bytes of a file as this process sees it now."""
    stream.seek(0)
    return stream.read(size)


class Forked:
    """A fork of this process, in a process group of its own."""

    def __init__(self, pid):
        self._pid = pid
        self.status = None

    def wait(self, seconds):
        """Whether it has ended, after *seconds* at most."""
        deadline = time.monotonic() + seconds
        while True:
            pid, status = os.waitpid(self._pid, os.WNOHANG)
            if pid:
                self.status = decode_status(status)
                return True
            left = deadline - time.monotonic()
            if left <= 0:
                return False
            wait_for_child(left)

    def end(self):
        """Kill what is left of the group; whether any process but the first was left."""
        running = self.status is None
        try:
            os.killpg(self._pid, signal.SIGKILL)
            leftover = not running
        except (ProcessLookupError, PermissionError):
            leftover = False
        if running:
            self.status = decode_status(os.waitpid(self._pid, 0)[1])
        return leftover


def decode_status(status):
    """An exit status as ``subprocess`` gives it: negative for a signal."""
    return -os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)


def forked(job, work, output, reply, answer):
    """Start the job in a fork of this process."""
    prepare_waiting()
    pid = os.fork()
    if pid:
        try:
            os.setpgid(pid, pid)  # both sides do it: whichever comes first
        except OSError:
            pass
        return Forked(pid)
    status = 70
    try:
        os.setpgid(0, 0)
        status = child(job, work, output.fileno(), reply.fileno(), answer)
    finally:
        os._exit(status)


def child(job, work, output, reply, answer):
    """In the child: close what is the probe's, execute the job, leave the answer behind."""
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    reply = sandbox.private(reply)
    os.dup2(output, 1)
    os.dup2(output, 2)
    sandbox.close_from(3, keep=reply)
    os.chdir(work)
    sandbox.limit(job.get("limits", {}))
    sandbox.streams()
    record = sandbox.finish(answer(job))
    write_all(reply, json.dumps(record).encode("ascii"))
    return _ANSWERED


def write_all(descriptor, data):
    """Write all of *data*, however many calls that takes."""
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


_WAKEUP = []


def prepare_waiting():
    """Make the end of a child wake ``select``, once a process."""
    if _WAKEUP:
        return
    reader, writer = os.pipe()
    os.set_blocking(reader, False)
    os.set_blocking(writer, False)
    signal.signal(signal.SIGCHLD, lambda number, frame: None)
    signal.set_wakeup_fd(writer)
    _WAKEUP.append(reader)


def wait_for_child(seconds):
    """Sleep until a child ends, *seconds* at most."""
    ready, _, _ = select.select(_WAKEUP, [], [], seconds)
    if ready:
        try:
            os.read(_WAKEUP[0], 512)
        except BlockingIOError:
            pass


class Spawned:
    """A fresh probe that executes one job: for platforms without fork."""

    def __init__(self, process):
        self._process = process
        self.status = None

    def wait(self, seconds):
        """Whether it has ended, after *seconds* at most."""
        try:
            self.status = self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    def end(self):
        """Kill the process and, where there are process groups, what it left behind."""
        running = self.status is None
        leftover = False
        if hasattr(os, "killpg"):
            try:
                os.killpg(self._process.pid, signal.SIGKILL)
                leftover = not running
            except (ProcessLookupError, PermissionError):
                pass
        if running:
            self._process.kill()
            self.status = self._process.wait()
        return leftover


def spawned(job, work, output, reply, answer):
    """Start the job in a fresh probe (*answer* is the other one's own)."""
    probe = os.path.dirname(os.path.abspath(__file__))
    arguments = [sys.executable, "-s", "-B", probe, "--child"]
    process = subprocess.Popen(
        arguments,
        stdin=subprocess.PIPE,
        stdout=reply,
        stderr=output,
        cwd=work,
        start_new_session=hasattr(os, "setsid"),
    )
    try:
        with process.stdin as stream:
            stream.write(json.dumps(job).encode("ascii") + b"\n")
    except OSError:
        pass  # it ended before it read the job: its status says how
    return Spawned(process)


def serve_one(jobs, replies, answer):
    """In a fresh probe: execute the one job; what it prints goes where standard error leads."""
    job = json.loads(jobs.readline())
    jobs.close()
    os.dup2(2, 1)
    sandbox.limit(job.get("limits", {}))
    sandbox.streams()
    record = sandbox.finish(answer(job))
    replies.write(json.dumps(record))
    replies.flush()
    os._exit(_ANSWERED)
