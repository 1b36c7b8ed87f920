"""Runs several builds at once, each in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Build:
    """One run of sphinx-build: what it is called here, and its arguments."""

    name: str
    arguments: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Done:
    """A build that has ended.

    Attributes:
        name: what it is called.
        status: its exit status; 0: nothing was wrong, 1: there were warnings, and ``-W``.
        output: what it printed, standard error included.
        seconds: how long it took.
    """

    name: str
    status: int
    output: str
    seconds: float

    @property
    def is_complete(self) -> bool:
        """Whether it came to its end, with or without warnings."""
        return self.status in {0, 1}


class Runner:
    """Runs builds; when it is left by an exception, those that run are ended."""

    def __init__(self) -> None:
        self._running: set[subprocess.Popen[str]] = set()
        self._lock = threading.Lock()
        self._is_over = False

    def run(self, build: Build) -> Done:
        """Run a build and collect what it prints."""
        return self._run(build, subprocess.PIPE)

    def show(self, build: Build) -> Done:
        """Run a build that prints for itself."""
        return self._run(build, None)

    def run_all(self, builds: Sequence[Build], at_once: int) -> Iterator[Done]:
        """Run builds, some at once; yields each as it ends."""
        with ThreadPoolExecutor(max_workers=at_once) as pool:
            futures = [pool.submit(self.run, build) for build in builds]
            try:
                for future in as_completed(futures):
                    yield future.result()
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                self.end()
                raise

    def end(self) -> None:
        """End all that runs."""
        with self._lock:
            self._is_over = True
            running = list(self._running)
        for process in running:
            process.terminate()

    def _run(self, build: Build, output: int | None) -> Done:
        start = time.perf_counter()
        errors = None if output is None else subprocess.STDOUT
        with self._lock:
            if self._is_over:
                return Done(build.name, -1, "", 0.0)
            process = subprocess.Popen(
                [sys.executable, "-m", "sphinx", *build.arguments],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=errors,
                text=True,
                encoding="utf-8",
                errors="replace",
                env={**os.environ, "PYTHONIOENCODING": "utf-8"},
            )
            self._running.add(process)
        try:
            text, _ = process.communicate()
        finally:
            with self._lock:
                self._running.discard(process)
            if process.poll() is None:
                process.terminate()
                process.wait()
        return Done(build.name, process.returncode, text or "", time.perf_counter() - start)
