"""What can be wrong with a page, an example or an interpreter.

Everything here is a mistake of a user and ends as a Sphinx warning ``bytedoc.<subtype>`` at a
line of a page, so that ``-W`` fails the build and without it every other page still builds.
A defect of bytedoc itself is any other exception, and is not caught.
"""

from pathlib import Path
from typing import NamedTuple

#: Each warning subtype, and when it is given.  The documentation shows this table.
SUBTYPES = {
    "argument": "A directive lacks its content or argument, or has one too many.",
    "option": "An option of a directive is unknown, or its value can't be used.",
    "unknown-example": "A view or role names an example that no page defines.",
    "unknown-timing": "A `timing-releases` names a timing that isn't before it on its page.",
    "duplicate-example": "Two examples have the same name.",
    "unknown-object": "The example has no code object of that qualified name.",
    "unknown-opcode": "The target has no instruction of that name.",
    "duplicate-opcode": "Two pages document the same instruction.",
    "stack-effect": "The entry of an instruction says of the stack what an interpreter doesn't.",
    "claim": "The builder `claims` found a number, or the name of an instruction, in prose with "
    "nothing behind it.",
    "coverage": "An instruction has no entry, or a release of it no listing that shows it.",
    "syntax": "The example doesn't compile on the target.",
    "exception": "The example raised an exception that `:raises:` doesn't announce.",
    "no-exception": "The example didn't raise the exception that `:raises:` announces.",
    "expectation": "What `:expect:` says of a result doesn't hold.",
    "expression": "An expression failed: of a `value` role, an expectation or a `specialize`.",
    "release": "A sentence shows a value of an example that isn't for this release, or a release "
    "is named that the project doesn't compare.",
    "timeout": "The example ran longer than it may.",
    "output-limit": "The example printed more than it may.",
    "process-limit": "The example started more processes than it may.",
    "memory": "The example needed more memory than it may.",
    "exit": "The example ended its process: `sys.exit` or `os._exit`.",
    "crash": "The example's process was killed by a signal, such as a segmentation fault.",
    "closed-output": "The example closed its standard output.",
    "encoding": "The example printed bytes that aren't UTF-8, or a lone surrogate.",
    "leftover-process": "The example ended and left a process of its own running.",
    "input": "The example read standard input, which is empty.",
    "setup": "An example named in `:setup:` failed.",
    "statement": "A statement of a timing failed.",
    "stack": "The value stack of an example couldn't be recorded, or nothing of it was executed.",
    "interpreter-missing": "No interpreter of that release was found.",
    "interpreter-implementation": "The interpreter isn't CPython.",
    "interpreter-version": "The interpreter is older than 3.6.",
    "interpreter-broken": "The interpreter doesn't start, or stopped answering.",
    "not-recorded": "No result of this is recorded, and no interpreter can be asked.",
    "capture": "A file of recorded results is damaged, or of another schema.",
    "capture-differs": "An interpreter answers otherwise than its capture says.",
}


class BytedocError(Exception):
    """A mistake of a user.

    Args:
        subtype: one of `SUBTYPES`.
        message: what was wrong, and what to do.
        line: the line of the content at which it is, counted from 1; 0: the directive's own.
    """

    def __init__(self, subtype: str, message: str, line: int = 0) -> None:
        super().__init__(message)
        self.subtype = subtype
        self.message = message
        self.line = line


class InterpreterError(BytedocError):
    """An interpreter that can't be used, and of which nothing is recorded that can."""


class CaptureError(BytedocError):
    """A capture that can't be used, with the line of its file at which it goes wrong."""

    def __init__(self, path: Path, line: int, message: str) -> None:
        super().__init__("capture", f"{message}; record it anew or restore the file", line)
        self.path = path


class Problem(NamedTuple):
    """A mistake and where it is: *path*, relative to the source folder, may be an included file."""

    subtype: str
    message: str
    docname: str
    path: str
    line: int
