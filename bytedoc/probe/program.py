"""An example as a program: its ``__main__`` module, its set-up, its exceptions, its imports."""

import builtins
import linecache
import os
import sys
import types

from . import sandbox, source
from .failures import JobFailure

#: Modules that were there before the example: what comes later is what it imported.
_BEFORE = set()


def prepare(job):
    """The namespace of a fresh ``__main__`` in which the job's set-up has been executed.

    ``setup`` is a list of ``[filename, source]``.
    """
    _BEFORE.update(sys.modules)
    main = types.ModuleType("__main__")
    main.__builtins__ = builtins
    sys.modules["__main__"] = main
    sys.argv = [job.get("filename", "")]
    for filename, text in job.get("setup", ()):
        show_lines(filename, text)
        code = source.compile_source(text, filename, "exec", job.get("optimize", 0))
        try:
            exec(code, main.__dict__)
        except BaseException:
            record = describe_exception()
            raise JobFailure("setup", record["summary"], exception=record, filename=filename)
    return main.__dict__


def show_lines(filename, text):
    """Let tracebacks quote the lines of a source that is in no file."""
    linecache.cache[filename] = (len(text), None, text.splitlines(True), filename)


def execute(job, namespace):
    """Execute the job's source; the record of the exception that ended it, or None."""
    code = source.compile_job(job)
    show_lines(job["filename"], job["source"])
    try:
        if job.get("mode") == "eval":
            print(repr(eval(code, namespace)))
        else:
            exec(code, namespace)
    except BaseException:
        return describe_exception()
    return None


def describe_exception():
    """The current exception: its type, and the traceback that the interpreter would print.

    The probe's own frames are left out.  ``lines`` are the line numbers in the example, outermost
    first.
    """
    import traceback

    kind, value, trace = sys.exc_info()
    here = os.path.dirname(os.path.abspath(__file__))
    while trace is not None and trace.tb_frame.f_code.co_filename.startswith(here):
        trace = trace.tb_next
    record = {
        "type": kind.__name__,
        "bases": [base.__name__ for base in kind.__mro__],
        "summary": traceback.format_exception_only(kind, value)[-1].strip(),
        "traceback": "".join(traceback.format_exception(kind, value, trace)),
        "frames": [[item[0], item[1]] for item in traceback.extract_tb(trace)],
    }
    if isinstance(value, SystemExit):
        record["status"] = value.code if isinstance(value.code, int) else repr(value.code)
    return record


def aftermath():
    """What the host must know of a program that ran: files it imported, whether it read input."""
    return {"imports": imported_files(), "input_read": sandbox.input_was_read()}


def imported_files():
    """``[[path, mtime in ns, size], ...]`` of modules imported from outside the standard library.

    An answer that depends on such a file is no longer valid when the file changes.
    """
    library = os.path.dirname(os.path.abspath(os.__file__))
    packages = os.path.join(library, "site-packages")
    found = []
    for name in sorted(set(sys.modules) - _BEFORE):
        path = getattr(sys.modules.get(name), "__file__", None)
        if not isinstance(path, str):
            continue
        path = os.path.abspath(path)
        if path.startswith(library + os.sep) and not path.startswith(packages + os.sep):
            continue
        try:
            status = os.stat(path)
        except OSError:
            continue  # made and removed by the example itself
        if not path.startswith(os.getcwd() + os.sep):
            found.append([path, status.st_mtime_ns, status.st_size])
    return found
