"""Executing a job in a process of its own, within limits, and saying how that ended.

Where there is ``fork``, the process is a fork of this probe, which costs about a millisecond;
elsewhere (``spawned``), and for a job with variables for the ``environment`` that are read when an
interpreter starts, it is a fresh probe.  What it prints goes into a file: so a descendant that
keeps standard output open can't hold anything up, and nothing needs to be drained while the
process runs.  Its answer comes in memory or by a path, never on a descriptor that an example could
write to or close.

On Linux the probe is a subreaper: whatever an example starts ends up as a child of the probe, in
whatever session or process group it is, and does not outlive its job.  Elsewhere that holds for the
job's process group.

The limits of a job, all optional: ``wall`` and ``cpu`` seconds, ``memory``, ``output`` and
``file_size`` bytes.
"""

import json
import os
import signal
import struct
import sys
import time

# What executes a job is imported here, so that a fork finds it there already.
from . import processes, program, sandbox
from . import run as _run  # noqa: F401
from . import value as _value  # noqa: F401

try:
    import mmap
except ImportError:  # only a fork needs it
    mmap = None

#: Longest time between two looks at the process (seconds): bounds how far output can run over.
_LOOK = 0.02
#: Seconds that processes have to end by themselves after the one that started them.
_PATIENCE = 0.25
#: Most processes that a job may have at a time.
_MOST_PROCESSES = 256
#: Most bytes of an answer.
_LARGEST_ANSWER = 1 << 24
#: Where the probe was started: a folder of its own.
_HOME = os.getcwd()
#: The process that started it.
_HOST = os.getppid()
#: What examples print instead of the name of their folder.
_SHOWN_FOLDER = "/tmp/bytedoc"  # noqa: S108 - nothing is written there
#: Exit status of a child that has left its answer behind.
_ANSWERED = 0

# Bound here, for an example may put something else in their place.
_dumps, _exit, _getpid, _makedirs, _open = json.dumps, os._exit, os.getpid, os.makedirs, open


def stop_with_the_probe():
    """Let a request to end stop what is executed as well (see ``supervise``)."""
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))


def supervise(job, start, answer):
    """Execute *job* by *start* and return ``{"ok": ...}`` or ``{"failure": ...}``."""
    limits = job.get("limits", {})
    folder = make_folder()
    path = os.path.join(folder, "output")
    try:
        # Appending, so that reading it here moves nobody's position.
        with open(path, "a+b") as output:
            process = start(job, folder, output.fileno(), answer)
            stopped = leftover = None
            try:
                stopped = watch(process, output, limits)
            finally:
                leftover = process.end()
            record = report(process, stopped, output, limits)
    finally:
        remove_folder(folder)
    if "ok" in record:
        record["ok"]["leftover"] = leftover
    return without(folder, record)


def make_folder():
    """A new folder in the probe's own, with a ``work`` and a ``temporary`` folder in it."""
    number = 1
    while True:
        folder = os.path.join(_HOME, f"job-{number}")
        try:
            os.makedirs(os.path.join(folder, sandbox.WORK))  # also _HOME, if an example removed it
            os.mkdir(os.path.join(folder, sandbox.TEMPORARY))
        except FileExistsError:
            number += 1  # it could not be removed
            continue
        return folder


def remove_folder(folder):
    """Remove a job's folder; what can't be removed goes with the probe's own."""
    try:
        os.remove(os.path.join(folder, "output"))
        os.rmdir(os.path.join(folder, sandbox.WORK))
        os.rmdir(os.path.join(folder, sandbox.TEMPORARY))
        os.rmdir(folder)
    except OSError:
        import shutil

        try:
            os.chmod(_HOME, 0o700)
            shutil.rmtree(folder, ignore_errors=True)
        except (OSError, RecursionError):
            pass


def without(folder, value):
    """A JSON value in which a job's folder, another one in every build, is ``_SHOWN_FOLDER``."""
    if isinstance(value, str):
        return value.replace(folder, _SHOWN_FOLDER) if folder in value else value
    if isinstance(value, list):
        return [without(folder, item) for item in value]
    if isinstance(value, dict):
        return {name: without(folder, item) for name, item in value.items()}
    return value


def watch(process, output, limits):
    """Wait for the end; why the process must be stopped before it, or None."""
    deadline = time.monotonic() + limits.get("wall", 10)
    largest = limits.get("output", 1 << 20)
    tasks = None
    while not process.wait(_LOOK):
        if os.fstat(output.fileno()).st_size > largest:
            return "output"
        if time.monotonic() > deadline:
            return "timeout"
        if os.getppid() != _HOST:
            sys.exit(1)  # nobody waits for the answer any more
        if tasks is None:
            tasks = sandbox.count_tasks()
        elif sandbox.count_tasks() > tasks + _MOST_PROCESSES and crowded():
            return "processes"
    return None


def crowded():
    """Whether a job has more processes than it may."""
    return len(processes.descendants_of(os.getpid())) > _MOST_PROCESSES


def report(process, stopped, output, limits):
    """Put together the record from the answer, the output and the way the process ended."""
    largest = limits.get("output", 1 << 20)
    size = os.fstat(output.fileno()).st_size
    output.seek(0)
    printed = output.read(largest)
    if stopped == "timeout":
        message = f"still running after {limits.get('wall', 10):g} seconds"
        return failure("timeout", message, printed)
    if stopped == "processes":
        message = f"started more than {_MOST_PROCESSES} processes"
        return failure("process-limit", message, printed)
    if stopped == "output" or size > largest:
        return failure("output-limit", f"printed more than {largest} bytes", printed)
    if process.status != _ANSWERED:
        return failure(*died(process.status), printed=printed)
    try:
        record = json.loads(process.answer().decode("ascii"))
    except ValueError:
        return failure("exit", "ended its process before its end", printed)
    for content in record.values():
        exception = content.get("exception")
        if exception is not None and len(exception["traceback"]) > largest:
            return failure("output-limit", f"printed more than {largest} bytes", printed)
        content.update(text_of(printed))
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
        return "exit", f"ended its process with status {status}"
    number = -status
    if number == getattr(signal, "SIGXCPU", None):
        return "timeout", "used up its CPU time"
    try:
        name = signal.Signals(number).name
    except ValueError:
        name = "signal"
    return "crash", f"killed by signal {number} ({name})"


def failure(kind, message, printed):
    """A failure record that keeps what was printed until then."""
    return {"failure": dict(text_of(printed), kind=kind, message=message)}


def concluded(job, answer):
    """In the process of a job: execute it and come to an end; the answer as JSON, in bytes.

    Whatever an example has done to its process, this gives an answer or says that it can't.
    """
    process = _getpid()
    try:
        record = program.finish(answer(job))
        if _getpid() != process:
            program.leave(record)  # a fork that the example made came to its end as well
        data = _dumps(record).encode("ascii")
        if len(data) <= _LARGEST_ANSWER:
            return data
        kind, message = "output-limit", f"its result has more than {_LARGEST_ANSWER} bytes"
    except MemoryError:
        kind, message = "memory", "out of memory"
    except BaseException as error:
        kind = "crash"
        message = f"left an interpreter in which nothing works ({type(error).__name__})"
    return _dumps({"failure": {"kind": kind, "message": message}}).encode("ascii")


class Forked:
    """A fork of this process, in a process group of its own."""

    def __init__(self, pid, memory):
        self._pid = pid
        self._memory = memory
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
            processes.wait_for_child(left)

    def end(self):
        """Kill what is left of the job; whether any process but the first had to be."""
        if self.status is not None:
            return processes.end_descendants(self._pid, _PATIENCE)
        os.kill(self._pid, signal.SIGKILL)  # it may have left the group
        self.status = decode_status(os.waitpid(self._pid, 0)[1])
        processes.end_descendants(self._pid, 0)
        return False

    def answer(self):
        """The answer that it left behind, in bytes; empty if it left none."""
        (size,) = _SIZE.unpack_from(self._memory)
        return self._memory[_SIZE.size : _SIZE.size + size]


#: The number of bytes of the answer that follow.
_SIZE = struct.Struct("=Q")


def decode_status(status):
    """An exit status as ``subprocess`` gives it: negative for a signal."""
    return -os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)


def forked(job, folder, output, answer):
    """Start the job in a fork of this process."""
    processes.prepare()
    memory = mmap.mmap(-1, _SIZE.size + _LARGEST_ANSWER)  # shared with the fork
    pid = os.fork()
    if pid:
        try:
            os.setpgid(pid, pid)  # both sides do it: whichever comes first
        except OSError:
            pass
        return Forked(pid, memory)
    try:
        os.setpgid(0, 0)
        child(job, folder, output, answer, memory)
    finally:
        _exit(70)


def child(job, folder, output, answer, memory):
    """In the child: let go of what is the probe's, execute the job, leave the answer behind."""
    processes.forget()
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.closerange(3, 256)  # the probe opens its few descriptors first, so they have low numbers
    sandbox.enter(folder, job.get("limits", {}))
    data = concluded(job, answer)
    memory[_SIZE.size : _SIZE.size + len(data)] = data
    _SIZE.pack_into(memory, 0, len(data))  # last: now the answer is complete
    _exit(_ANSWERED)


class Spawned:
    """A fresh probe that executes one job: for platforms without fork."""

    def __init__(self, process, reply):
        self._process = process
        self._reply = reply
        self.status = None

    def wait(self, seconds):
        """Whether it has ended, after *seconds* at most."""
        import subprocess

        try:
            self.status = self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    def end(self):
        """Kill what is left of the job; whether any process but the first had to be."""
        running = self.status is None
        if running:
            self._process.kill()
            self.status = self._process.wait()
        if not hasattr(os, "killpg"):
            return False
        leftover = processes.end_descendants(self._process.pid, 0 if running else _PATIENCE)
        return leftover and not running

    def answer(self):
        """The answer that it left behind, in bytes; empty if it left none."""
        try:
            with open(self._reply, "rb") as stream:
                return stream.read()
        except OSError:
            return b""


def spawned(job, folder, output, answer):
    """Start the job in a fresh probe (*answer* is the other one's own)."""
    import subprocess

    processes.prepare()
    probe = os.path.join(os.path.dirname(os.path.abspath(__file__)), "__main__.py")
    arguments = [sys.executable, "-s", "-B", probe, "--child"]
    process = subprocess.Popen(
        arguments,
        stdin=subprocess.PIPE,
        stdout=output,
        stderr=output,
        cwd=folder,
        env=dict(os.environ, **job.get("environment", {})),
        start_new_session=hasattr(os, "setsid"),
    )
    try:
        with process.stdin as stream:
            stream.write(json.dumps(dict(job, folder=folder)).encode("ascii") + b"\n")
    except OSError:
        pass  # it ended before it read the job: its status says how
    return Spawned(process, os.path.join(folder, "reply"))


def serve_one(jobs, replies, answer):
    """In a fresh probe: execute the one job; its answer goes into a file beside its folder."""
    job = json.loads(jobs.readline())
    jobs.close()
    replies.close()
    os.dup2(2, 1)
    folder = job.pop("folder")
    path = os.path.join(folder, "reply")
    sandbox.enter(folder, job.get("limits", {}))
    data = concluded(job, answer)
    try:
        stream = _open(path, "wb")
    except FileNotFoundError:  # the example removed the folder
        _makedirs(folder)
        stream = _open(path, "wb")
    stream.write(data)
    stream.close()
    _exit(_ANSWERED)
