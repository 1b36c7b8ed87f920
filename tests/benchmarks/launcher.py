"""Runs one command and says what it cost; itself run in a process of its own, by `measure.run`.

A process inherits the peak memory of the one that starts it, so a small process is put between the
benchmark and what it measures. Arguments: the file for the command's output, then the command.
Prints one JSON object.
"""

import json
import os
import sys
import time


def main(log: str, *command: str) -> None:
    """Run ``command`` with its output going to the file ``log``; print its cost and status."""
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    actions = [(os.POSIX_SPAWN_DUP2, output, 1), (os.POSIX_SPAWN_DUP2, output, 2)]
    start = time.perf_counter()
    pid = os.posix_spawn(command[0], command, os.environ, file_actions=actions)
    _, status, usage = os.wait4(pid, 0)
    wall = time.perf_counter() - start
    # The usage of a child that was waited for holds that of the children which it waited for in
    # turn.
    peak = usage.ru_maxrss if sys.platform == "darwin" else usage.ru_maxrss * 1024
    cost = {"wall": wall, "cpu": usage.ru_utime + usage.ru_stime, "peak": peak}
    json.dump({"status": os.waitstatus_to_exitcode(status), "cost": cost}, sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
