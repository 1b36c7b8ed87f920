"""An example as a program: its module, its set-up, its exceptions, its imports, its end."""

import atexit
import builtins
import linecache
import os
import sys
import traceback
import types

from . import sandbox, source
from .failures import JobFailure

# Bound here, for an example may put something else in their place.
_settrace, _setprofile, _stat, _exit = sys.settrace, sys.setprofile, os.stat, os._exit
_monitoring = getattr(sys, "monitoring", None)  # 3.12 and newer
#: The name of a class, whatever its metaclass makes of it.
_name_of = type.__dict__["__name__"].__get__

_HERE = os.path.dirname(os.path.abspath(__file__))
_LIBRARY = os.path.dirname(os.path.abspath(os.__file__))
#: Most frames of a traceback that are told one by one.
_MOST_FRAMES = 1000

#: Modules that were there before the example: what comes later is what it imported.
_BEFORE = set()
#: The sources that are executed, and the module in which they are.
_SOURCES = []
_MAIN = []


def prepare(job):
    """The namespace of a fresh ``__main__`` in which the job's set-up has been executed.

    ``setup`` is a list of ``[filename, source]``.
    """
    _BEFORE.update(sys.modules)
    main = types.ModuleType("__main__")
    main.__builtins__ = builtins
    sys.modules["__main__"] = main
    _MAIN.append(main)
    sys.argv = [job.get("filename", "")]
    for filename, text in job.get("setup", ()):
        show_lines(filename, text)
        code = source.compile_source(text, filename, "exec", job.get("optimize", 0))
        try:
            perform(exec, code, main.__dict__)
        except BaseException:
            record = describe_exception()
            raise JobFailure("setup", record["summary"], exception=record, filename=filename)
    return main.__dict__


def show_lines(filename, text):
    """Let tracebacks quote the lines of a source that is in no file."""
    linecache.cache[filename] = (len(text), None, text.splitlines(True), filename)
    _SOURCES.append(text)


def execute(job, namespace):
    """Execute the job's source; the record of the exception that ended it, or None."""
    code = source.compile_job(job)
    show_lines(job["filename"], job["source"])
    try:
        if job.get("mode") == "eval":
            print(repr(perform(eval, code, namespace)))
        else:
            perform(exec, code, namespace)
    except BaseException:
        return describe_exception()
    return None


def perform(how, code, namespace):
    """``exec`` or ``eval`` code, and undo what it did to the interpreter.

    Tracing, profiling and monitoring end first: before any function of the probe is called.
    """
    sandbox.let_signals_in()
    try:
        return how(code, namespace)
    finally:
        _settrace(None)
        _setprofile(None)
        if _monitoring is not None:
            for tool in range(6):
                if _monitoring.get_tool(tool) is not None:
                    _monitoring.set_events(tool, 0)
        sandbox.recover()


def describe_exception():
    """The current exception: its type, and the traceback that the interpreter would print.

    The probe's own frames are left out.  ``frames`` are the file name and line of each frame,
    outermost first.
    """
    kind, value, trace = sys.exc_info()
    sandbox.recover()
    try:
        return description(kind, value, trace)
    except MemoryError:
        raise
    except BaseException:  # from its class, say, which does not want to tell its name
        name = _name_of(kind)
        return {"type": name, "bases": [name], "summary": name, "traceback": name, "frames": []}


def description(kind, value, trace):
    """The record of an exception; may raise whatever the exception's own methods do."""
    while trace is not None and trace.tb_frame.f_code.co_filename.startswith(_HERE):
        trace = trace.tb_next
    record = {
        "type": kind.__name__,
        "bases": [base.__name__ for base in kind.__mro__],
        "summary": sandbox.cut(summary(kind, value)),
        "traceback": sandbox.cut("".join(traceback.format_exception(kind, value, trace))),
        "frames": [[item[0], item[1]] for item in traceback.extract_tb(trace, -_MOST_FRAMES)],
    }
    if isinstance(value, SystemExit):
        record["status"] = value.code if isinstance(value.code, int) else repr(value.code)
    return record


def summary(kind, value):
    """The line of a traceback that names the exception (notes may follow it, from 3.11 on)."""
    lines = traceback.format_exception_only(kind, value)
    for line in lines:
        if line.partition(":")[0].strip().rpartition(".")[2] == kind.__name__:
            return line.strip()
    return lines[-1].strip()


def aftermath():
    """What the host must know of a program that ran: files it imported, whether it read input."""
    return {"imports": imported_files(), "input_read": sandbox.input_was_read()}


def imported_files():
    """``[[path, mtime in ns, size], ...]`` of modules imported from outside the standard library.

    An answer that depends on such a file is no longer valid when the file changes.  A module that
    was there before the example, as a ``.pth`` file of ``site-packages`` can have it, counts where
    the source names it, or where something else from outside is imported, which may use it.
    """
    outside = {}
    for name, module in list(sys.modules.items()):
        path = getattr(module, "__file__", None)
        if isinstance(path, str) and is_outside(path):
            outside[name] = path
    named = [
        name
        for name in outside
        if name not in _BEFORE or any(name.partition(".")[0] in text for text in _SOURCES)
    ]
    found = []
    for path in sorted({outside[name] for name in outside} if named else ()):
        try:
            status = _stat(path)
        except OSError:
            continue  # made and removed by the example itself
        found.append([path, status.st_mtime_ns, status.st_size])
    return found


def is_outside(path):
    """Whether a file is neither of the standard library, nor of the probe, nor of the example."""
    if not os.path.isabs(path) or path.startswith((_HERE + os.sep, sandbox.folder() + os.sep)):
        return False
    if not path.startswith(_LIBRARY + os.sep):
        return True
    return path[len(_LIBRARY) + 1 :].partition(os.sep)[0] in ("site-packages", "dist-packages")


def finish(record):
    """End as an interpreter ends: threads, what ``atexit`` holds, the globals, the streams.

    Returns the answer, with a note of whether standard output had been closed.
    """
    threading = sys.modules.get("threading")
    try:
        if threading is not None:
            threading._shutdown()
        atexit._run_exitfuncs()
    except BaseException:  # noqa: S110
        pass  # what an exit function raised is printed by now
    for main in _MAIN:
        drop_globals(main.__dict__)
    sandbox.recover()
    sandbox.flush()
    for content in record.values():
        content["closed_output"] = sandbox.output_is_closed()
    return record


def drop_globals(namespace):
    """Let go of a module's globals as the interpreter does at its end, for their ``__del__``.

    Those that begin with one underscore go first.
    """
    for private in (True, False):
        for name in list(namespace):
            if not isinstance(name, str) or name.startswith("__"):
                continue
            if name.startswith("_") is not private:
                continue
            namespace[name] = None


def leave(record):
    """End a process that an example forked and that came to its end, as its interpreter would."""
    raised = record.get("ok", {}).get("exception")
    status = 0
    if raised is not None:
        status = 1
        if "SystemExit" not in raised["bases"]:
            os.write(2, raised["traceback"].encode("utf-8", "backslashreplace"))
        elif isinstance(raised["status"], int):
            status = raised["status"] & 255
        elif raised["status"] == "None":
            status = 0
    _exit(status)
