"""The requests of a build to results: what is missing, on which interpreter, in which order.

Everything but timings goes first, several interpreters at once.  Timings go last, one after the
other, with nothing else of the build running.
"""

from __future__ import annotations

import os
import queue
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from . import runner
from .errors import InterpreterError
from .request import Interpreter, Request
from .runner import Limits
from .store import Store, compact

Task = tuple[Interpreter, Request]

#: Views that execute an example; one probe does about a thousand of them a second.
_EXECUTING = frozenset({"frequencies", "raised", "run", "specialize", "stack", "value"})
#: From so many on, an interpreter gets a second probe.
_WORTH_A_PROBE = 16


def missing(tasks: Iterable[Task], store: Store) -> list[Task]:
    """The tasks that have no result yet, each once, in order."""
    found: dict[tuple[str, str], Task] = {}
    for interpreter, request in tasks:
        key = (interpreter.executable, request.digest)
        if key not in found and not store.has(interpreter, request):
            found[key] = (interpreter, request)
    return list(found.values())


def execute(
    tasks: Sequence[Task], store: Store, limits: Limits, timing_attempts: int = 1
) -> Iterator[Request]:
    """Have every task answered and the answers stored; yields each request as it is done.

    An interpreter that breaks down in between leaves its remaining tasks failures.  A timing that
    is not stable is measured up to *timing_attempts* times.
    """
    timings = [task for task in tasks if task[1].view == "timing"]
    others = [task for task in tasks if task[1].view != "timing"]
    yield from in_parallel(split(others, os.cpu_count() or 1), store, limits)
    for task in timings:
        wall = limits.wall + seconds_of_timing(task[1])
        patient = limits._replace(wall=wall, cpu=wall + limits.wall)
        yield measure(task, store, patient, timing_attempts)


def measure(task: Task, store: Store, limits: Limits, attempts: int) -> Request:
    """Have a timing taken, and again until it is stable, but not more than *attempts* times.

    Of each statement the best measurement is kept, as `steadiest` picks it.
    """
    from .answers.timings import steadiest  # noqa: PLC0415

    measured: list[Any] = []
    while True:
        for _ in in_parallel([[task]], store, limits):
            pass
        answer = store.get(*task)
        if answer is None or "ok" not in answer:
            return task[1]
        measured.append(answer["ok"])
        rows, stable = steadiest([each["rows"] for each in measured])
        if stable or len(measured) >= attempts:
            break
    if len(measured) > 1:
        store.put(*task, compact({**answer, "ok": {**answer["ok"], "rows": rows}}))
    return task[1]


def in_parallel(batches: Sequence[list[Task]], store: Store, limits: Limits) -> Iterator[Request]:
    """Run batches in threads, as many at once as there are processors; yields what is done."""
    waiting: queue.SimpleQueue[list[Task] | None] = queue.SimpleQueue()
    done: queue.SimpleQueue[Request | BaseException | None] = queue.SimpleQueue()
    cancelled = threading.Event()

    def work() -> None:
        try:
            while (batch := waiting.get()) is not None:
                run_batch(batch, store, limits, done.put, cancelled)
            done.put(None)
        except BaseException as error:  # noqa: BLE001 - for who waits
            done.put(error)

    workers = [threading.Thread(target=work) for _ in batches[: os.cpu_count() or 1]]
    for item in [*batches, *(None for _ in workers)]:
        waiting.put(item)
    for worker in workers:
        worker.start()
    try:
        running = len(workers)
        while running:
            request = done.get()
            if isinstance(request, BaseException):
                raise request
            if request is None:
                running -= 1
            else:
                yield request
    finally:
        cancelled.set()  # of importance where the build was interrupted
        for worker in workers:
            worker.join()


def split(tasks: Sequence[Task], most: int) -> list[list[Task]]:
    """Tasks of one interpreter together; those that execute code spread over *most* probes."""
    by_interpreter: dict[str, list[Task]] = {}
    for task in tasks:
        by_interpreter.setdefault(task[0].executable, []).append(task)
    batches: list[list[Task]] = []
    for mine in by_interpreter.values():
        executing = [task for task in mine if task[1].view in _EXECUTING]
        compiling = [task for task in mine if task[1].view not in _EXECUTING]
        count = max(1, min(most, len(executing) // _WORTH_A_PROBE))
        parts = [executing[n::count] for n in range(count)]
        parts[-1] = compiling + parts[-1]
        batches.extend(part for part in parts if part)
    return batches


def run_batch(
    tasks: Sequence[Task],
    store: Store,
    limits: Limits,
    on_done: Callable[[Request], None],
    cancelled: threading.Event,
) -> None:
    """Have one interpreter answer its tasks."""
    if cancelled.is_set():
        return
    interpreter = tasks[0][0]
    answered = 0

    def keep(index: int, line: bytes) -> None:
        nonlocal answered
        store.put(interpreter, tasks[index][1], line)
        answered = index + 1
        on_done(tasks[index][1])

    jobs = [{"view": request.view, **request.job} for _, request in tasks]
    try:
        runner.run_lines(interpreter.executable, jobs, limits, keep, cancelled=cancelled)
    except InterpreterError as error:
        for index in range(answered, len(tasks)):
            keep(index, compact({"failure": {"kind": error.subtype, "message": error.message}}))


def seconds_of_timing(request: Request) -> float:
    """Seconds that a timing may take: three times what its runs do, calibration included."""
    options = request.job["options"]
    runs = options["processes"] * (options["values"] + 1) + 40
    seconds: float = 3.0 * len(request.job["statements"]) * runs * options["min_time"]
    return seconds
