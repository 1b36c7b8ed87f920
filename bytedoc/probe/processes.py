"""The processes below this one: what Linux tells of them, and how they are ended."""

import os
import signal
import time

try:
    import select
except ImportError:
    select = None

#: Seconds between two looks where nothing tells of an end.
_LOOK = 0.02
_PR_SET_CHILD_SUBREAPER = 36  # <linux/prctl.h>

#: Read end of the pipe into which the end of a child writes, once ``prepare`` was called.
_WAKEUP = []
#: Whether orphans become children of this process, once ``prepare`` was called.
_ADOPTS = []


def prepare():
    """Once a process: make the end of a child wake ``wait_for_child``, and adopt orphans."""
    if _WAKEUP or not hasattr(signal, "SIGCHLD"):
        return
    reader, writer = os.pipe()
    os.set_blocking(reader, False)
    os.set_blocking(writer, False)
    signal.signal(signal.SIGCHLD, lambda number, frame: None)
    signal.set_wakeup_fd(writer)
    _WAKEUP.append(reader)
    if adopt_orphans():
        _ADOPTS.append(True)


def forget():
    """In a fork: what ``prepare`` did is for its parent."""
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)


def adopt_orphans():
    """Make this process a subreaper (Linux; see prctl(2)); whether it is one.

    Whatever a descendant starts then becomes a child of this process when its parent ends, also
    in a session of its own.
    """
    try:
        import ctypes

        return ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0
    except (ImportError, OSError, AttributeError, TypeError):
        return False


def wait_for_child(seconds):
    """Sleep until a child ends, *seconds* at most."""
    ready, _, _ = select.select(_WAKEUP, [], [], seconds)
    if ready:
        try:
            os.read(_WAKEUP[0], 512)
        except BlockingIOError:
            pass


def end_descendants(group, patience):
    """Kill what is left of a job whose first process ended; whether anything had to be.

    *group* is its process group.  Helpers such as those of ``multiprocessing`` have *patience*
    seconds to end by themselves, as they do a moment after the program.
    """
    deadline = time.monotonic() + patience
    while has_descendants(group):
        if time.monotonic() >= deadline:
            break
        wait_for_child(_LOOK)
    else:
        return False
    deadline = time.monotonic() + 5
    while has_descendants(group) and time.monotonic() < deadline:
        kill_group(group)
        if _ADOPTS:
            for pid in descendants_of(os.getpid()):
                try:
                    os.kill(pid, signal.SIGKILL)
                except OSError:
                    pass
        wait_for_child(_LOOK)
    return True


def has_descendants(group):
    """Whether a process of a job is left; those that have ended are buried."""
    if _ADOPTS:
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            return False
        return True
    try:
        os.killpg(group, 0)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def kill_group(group):
    """Kill every process of a group."""
    try:
        os.killpg(group, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        pass


def descendants_of(ancestor):
    """The numbers of all processes below one; empty where there is no ``/proc``."""
    children = {}
    for pid, parent in parents():
        children.setdefault(parent, []).append(pid)
    found = []
    waiting = [ancestor]
    while waiting:
        below = children.get(waiting.pop(), [])
        found += below
        waiting += below
    return found


def parents():
    """``(process, its parent)`` for every process of this machine; see proc(5)."""
    try:
        names = os.listdir("/proc")
    except OSError:
        return
    for name in names:
        if not name.isdigit():
            continue
        try:
            with open(f"/proc/{name}/stat", "rb") as stream:
                status = stream.read()
        except OSError:
            continue  # it has ended
        # pid (name) state parent ...: the name may hold anything, parentheses as well
        yield int(name), int(status.rpartition(b")")[2].split()[1])
