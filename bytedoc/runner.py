"""Speaks to probes: starts one in an interpreter, gives it jobs, limits and stops it.

This is the mechanism; what an answer means is decided elsewhere.  See ``probe/protocol.py`` for
the other side.
"""

# Annotations are evaluated: a tuple compiles each that is a string, in many builds.
import contextlib
import json
import os
import queue
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any, NamedTuple, Self

from .errors import InterpreterError
from .store import PROBE, compact

#: Variables of the environment that an example gets; all others stay with the build.
PASSED_ON = ("PATH", "SYSTEMROOT", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
#: Variables that are the same on every machine, so that outputs are.
FIXED = {
    "PYTHONHASHSEED": "0",
    "PYTHON_COLORS": "0",
    "NO_COLOR": "1",
    "LC_ALL": "C.UTF-8",
    "TZ": "UTC",
    "TERM": "dumb",
    "COLUMNS": "80",
    "LINES": "24",
}
#: Seconds that an interpreter has for its start, and a probe beyond a job's own wall time.
START_TIME = 20.0
GRACE = 5.0
#: Seconds that a probe has to end by itself.
END_TIME = 1.0
#: Seconds between two looks at whether the build was cancelled.
LOOK = 0.2
#: Bytes of the first line of a probe: what writes more is none.
LONGEST_GREETING = 10_000

#: Views for which an example is compiled and not executed.
_COMPILED = frozenset({"dis", "code-object"})
#: What an answer of the probe begins with.
ANSWERS = (b'{"ok":{', b'{"failure":{')

Job = Mapping[str, Any]
Record = dict[str, Any]


class Limits(NamedTuple):
    """What a job may use: seconds of wall and CPU time, bytes of memory, output and files."""

    wall: float = 10.0
    cpu: float = 15.0
    memory: int = 1 << 30
    output: int = 100_000
    file_size: int = 1 << 26

    def of(self, job: Job) -> Self:
        """The limits for one job, which may set its own ``timeout`` (seconds of wall time)."""
        if "timeout" not in job:
            return self
        return self._replace(wall=job["timeout"], cpu=job["timeout"] + 5)


class ProbeDied(Exception):
    """The probe ended, or was stopped for not answering; *kind* and *message* say how."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message


def run(
    executable: str,
    jobs: Sequence[Job],
    limits: Limits,
    on_answer: Callable[[int, Record], None],
    *,
    fork: bool = True,
    cancelled: threading.Event | None = None,
) -> None:
    """Have an interpreter answer jobs; *on_answer* gets each job's index and its record.

    As `run_lines`, but each answer is decoded.
    """

    def decode(index: int, line: bytes) -> None:
        on_answer(index, json.loads(line))

    run_lines(executable, jobs, limits, decode, fork=fork, cancelled=cancelled)


def run_lines(
    executable: str,
    jobs: Sequence[Job],
    limits: Limits,
    on_line: Callable[[int, bytes], None],
    *,
    fork: bool = True,
    cancelled: threading.Event | None = None,
) -> None:
    """Have an interpreter answer jobs; *on_line* gets each job's index and a line of JSON.

    A line is in ASCII, as the probe wrote it, without the line break.

    A probe that dies of a job (compiling can crash an interpreter) leaves that job a failure, and
    a new probe goes on with the next.  When *cancelled* is set, it ends without further answers.

    Raises:
        InterpreterError: the interpreter does not start, or is not a CPython of 3.6 or newer.
    """
    # Without site-packages, and without looking up the locale's encoding, an interpreter starts
    # faster; nothing that is compiled needs them.
    executes = any(job["view"] not in _COMPILED for job in jobs)
    options = [] if executes else ["-S", "-X", "utf8"]
    arguments = [*options, "-s", "-B", str(PROBE / "__main__.py"), *([] if fork else ["--no-fork"])]
    done = 0
    while done < len(jobs):
        with _Probe([executable, *arguments], cancelled) as probe:
            probe.greet()
            probe.send([{**job, "limits": limits.of(job)._asdict()} for job in jobs[done:]])
            try:
                while done < len(jobs):
                    line = probe.receive(limits.of(jobs[done]).wall + GRACE)
                    on_line(done, line)
                    done += 1
            except ProbeDied as death:
                if cancelled is not None and cancelled.is_set():
                    return
                failure = {"kind": death.kind, "message": death.message}
                on_line(done, compact({"failure": failure}))
                done += 1


def ask(executable: str, view: str) -> Mapping[str, Any]:
    """One answer about the interpreter itself, which no page can be blamed for.

    Raises:
        InterpreterError: the interpreter gives none.
    """
    answers: list[Record] = []
    run(executable, [{"view": view}], Limits(), lambda index, record: answers.append(record))
    if "ok" not in answers[0]:
        failure = answers[0]["failure"]
        raise InterpreterError("interpreter-broken", f"{executable}: {failure['message']}")
    found: Mapping[str, Any] = answers[0]["ok"]
    return found


def environment(home: str) -> dict[str, str]:
    """The environment of a probe and of the examples in it."""
    passed = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    return {**passed, **FIXED, "HOME": home, "TMPDIR": home, "TEMP": home, "TMP": home}


class _Probe:
    """A running probe."""

    def __init__(self, command: Sequence[str], cancelled: threading.Event | None) -> None:
        self._executable = command[0]
        self._cancelled = cancelled
        self._folder = tempfile.TemporaryDirectory(prefix="bytedoc-", ignore_cleanup_errors=True)
        self._home = os.path.realpath(self._folder.name)
        self._died = False
        self._errors: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115
        try:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._errors,
                cwd=self._home,
                env=environment(self._home),
                start_new_session=os.name == "posix",
            )
        except OSError as error:
            self._clean_up()
            raise InterpreterError(
                "interpreter-broken",
                f"{self._executable} does not start: {error.strerror or error}",
            ) from error
        self._lines: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as stream:
            self._lines.put(stream.readline(LONGEST_GREETING))
            for line in stream:
                self._lines.put(line)
        self._lines.put(b"")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *exception: object) -> None:
        """Stop it, and what it may have left; one that answered everything goes by itself."""
        if self._died or kind is not None or not self._ends(END_TIME):
            self._process.terminate()  # lets it stop what it is executing
            if not self._ends(END_TIME):
                self._process.kill()
                self._process.wait()
            end_leftovers(self._home, self._process.pid)
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):
            self._process.stdin.close()  # it may have ended before all was written
        self._clean_up()

    def _ends(self, seconds: float) -> bool:
        """Whether the process ends within some seconds."""
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    def _clean_up(self) -> None:
        self._errors.close()
        try:
            self._folder.cleanup()
        except RecursionError:  # folders in folders in folders
            subprocess.run(["rm", "-rf", self._home], stderr=subprocess.DEVNULL, check=False)

    def greet(self) -> None:
        """Wait for the greeting.

        Raises:
            InterpreterError: there is none, or it is a refusal.
        """
        try:
            greeting = json.loads(self.receive(START_TIME, b'{"'))
        except (ProbeDied, ValueError) as death:
            raise InterpreterError(
                "interpreter-broken", f"{self._executable} does not work: {death}"
            ) from death
        refused = greeting.get("refused")
        if refused == "too-old":
            raise InterpreterError(
                "interpreter-version",
                f"{self._executable} is Python {greeting['version']}; the oldest that can be "
                "shown is 3.6",
            )
        if refused is not None:
            raise InterpreterError(
                "interpreter-implementation",
                f"{self._executable} is {greeting['version']}, not CPython",
            )
        if "greeting" not in greeting:
            raise InterpreterError(
                "interpreter-broken", f"{self._executable} does not work: it did not greet"
            )

    def send(self, jobs: Sequence[Job]) -> None:
        """Hand over jobs; a thread writes them, so that answers can be read meanwhile."""

        def write() -> None:
            assert self._process.stdin is not None
            try:
                for job in jobs:
                    self._process.stdin.write(compact(job) + b"\n")
                self._process.stdin.close()
            except (OSError, ValueError):
                pass  # the probe ended: who waits for its answer sees it

        threading.Thread(target=write, daemon=True).start()

    def receive(self, seconds: float, *begins: bytes) -> bytes:
        """The next line, which is a JSON object that begins in one of some ways.

        Raises:
            ProbeDied: none came within *seconds*, the probe ended, or wrote something else.
        """
        self._died = True
        line = self._next_line(seconds)
        if line is None:
            raise ProbeDied("timeout", f"no answer within {seconds:g} seconds")
        if not line:
            raise ProbeDied("crash", self._last_words())
        # It is not decoded here: most lines go on to the store as they are.
        if not line.startswith(begins or ANSWERS) or not line.endswith(b"}\n"):
            raise ProbeDied("crash", f"it answered {line[:80]!r}, which is not of the probe")
        self._died = False
        return line[:-1]

    def _next_line(self, seconds: float) -> bytes | None:
        """The next line, empty at the end; None where there is none in time or it is cancelled."""
        deadline = time.monotonic() + seconds
        while self._cancelled is None or not self._cancelled.is_set():
            left = deadline - time.monotonic()
            with contextlib.suppress(queue.Empty):
                return self._lines.get(timeout=max(0.0, min(left, LOOK)))
            if left <= 0:
                break
        return None

    def _last_words(self) -> str:
        """How the process ended, and the last line that it wrote to standard error."""
        if not self._ends(END_TIME):
            return "closed its standard output"
        how = how_it_ended(self._process.returncode)
        self._errors.seek(0, os.SEEK_END)
        self._errors.seek(max(0, self._errors.tell() - 10_000))
        lines = self._errors.read().decode("utf-8", "replace").strip().splitlines()
        return f"{how} ({lines[-1][:200]})" if lines else how


def how_it_ended(status: int) -> str:
    """An exit status, or the signal that it stands for, in words."""
    if status >= 0:
        return f"ended with status {status}"
    try:
        name = signal.Signals(-status).name
    except ValueError:
        name = "signal"
    return f"killed by signal {-status} ({name})"


def end_leftovers(home: str, session: int) -> None:
    """Kill what a probe that came to a bad end left running (Linux; elsewhere nothing is found).

    Its processes are those of its session, and those whose environment or current directory
    names its home.
    """
    deadline = time.monotonic() + 2
    while (found := list(leftovers(home, session))) and time.monotonic() < deadline:
        for pid in found:
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)


def leftovers(home: str, session: int) -> Iterator[int]:
    """The processes that belong to a probe; see proc(5)."""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            # pid (name) state parent group session ...: the name may hold anything
            state, _, _, of_session, *_ = (folder / "stat").read_bytes().rpartition(b")")[2].split()
            if state in (b"Z", b"X"):
                continue  # it has ended
            if (
                int(of_session) == session
                or os.fsencode(home) in (folder / "environ").read_bytes()
                or (folder / "cwd").readlink().is_relative_to(home)
            ):
                yield int(folder.name)
        except OSError:
            continue  # it has ended, or is another user's
