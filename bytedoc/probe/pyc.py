"""The ``pyc`` view: the file that this interpreter's ``py_compile`` writes, byte by byte.

It is written by a fresh interpreter: which objects are marked to be remembered depends on what
else refers to them, and so on what was compiled before.
"""

import importlib.util
import marshal
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import tokenize

from . import code_object, marshalled, source
from .failures import JobFailure

#: The time of the source file, in seconds since 1970: 2020-01-01 00:00:00 UTC.
MTIME = 1577836800
#: The bits of the flags (PEP 552).
BY_HASH, CHECKED = 1, 2
#: What each value of the flags means.
FLAGS = {0: "time and size", BY_HASH: "unchecked hash", BY_HASH | CHECKED: "checked hash"}
#: So many characters of a value are told.
_MOST = 200
#: The names in it begin with an underscore, so that an example hardly has the same.
_WRITE = "import py_compile as _0; _0.compile({name!r}, doraise=True, optimize={optimize}{mode})"
_MODE = ", invalidation_mode=_0.PycInvalidationMode.{}"
#: The environment holds what makes answers the same everywhere, so no -E and no -I.
_OPTIONS = ("-s", "-S", "-B")


def answer(job):
    """``{"path", "header", "rows", "meanings", "part", "ignored"}``.

    ``rows`` are all bytes of the file, in order: ``[depth, hex digits, field, type, value,
    number]``, where the number is that by which references name an object, or which this one
    names, or None.  ``meanings`` are those of the types.  ``part`` is the first row of the code
    object that the job asks for, and how many rows it has.
    """
    code = source.compile_job(job)
    source.find(code, job.get("object", ""))
    can_choose = hasattr(__import__("py_compile"), "PycInvalidationMode")  # 3.7 and newer
    path, data = written(job, can_choose)
    rows, header = header_rows(data, can_choose)
    start = sum(len(row[1]) for row in rows) // 2
    pieces = marshalled.pieces_of(data, start)
    names = qualified_names(data[start:], pieces)
    first = len(rows)
    rows += [row(piece, data, names) for piece in pieces]
    return {
        "path": path,
        "header": header,
        "rows": rows,
        "meanings": {piece.type: piece.meaning for piece in pieces if piece.type},
        "part": part(job, code, pieces, names, first),
        "ignored": [] if can_choose or "invalidation" not in job else ["invalidation"],
    }


def written(job, can_choose):
    """The path of the file below the folder of the source, and its content."""
    name = re.sub(r"[^\w.+-]", "_", job["filename"].strip("<>")) + ".py"
    content = encoded(job)
    folder = tempfile.mkdtemp()
    try:
        path = os.path.join(folder, name)
        with open(path, "wb") as stream:
            stream.write(content)
        os.utime(path, (MTIME, MTIME))
        compile_file(folder, name, job, can_choose)
        (found,) = os.listdir(os.path.join(folder, "__pycache__"))
        found = os.path.join("__pycache__", found)
        with open(os.path.join(folder, found), "rb") as stream:
            return found.replace(os.sep, "/"), stream.read()
    finally:
        shutil.rmtree(folder)


def encoded(job):
    """The bytes of the source file, in the encoding that the source says it has."""
    text = job["source"].encode("utf-8")
    try:
        encoding, _ = tokenize.detect_encoding(iter(text.splitlines(True)).__next__)
        return job["source"].encode(encoding)
    except (SyntaxError, UnicodeError) as error:
        kind, filename = type(error).__name__, job["filename"]
        raise JobFailure("syntax", str(error), type=kind, filename=filename, text="")


def compile_file(folder, name, job, can_choose):
    """Have a fresh interpreter compile a file."""
    mode = job.get("invalidation", "timestamp").replace("-", "_").upper()
    program = _WRITE.format(
        name=name,
        optimize=job.get("optimize", 0),
        mode=_MODE.format(mode) if can_choose else "",
    )
    seconds = job.get("limits", {}).get("wall", 10)
    try:
        done = subprocess.run(
            [sys.executable, *_OPTIONS, "-c", program],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise JobFailure("timeout", f"still compiling after {seconds:g} seconds")
    if done.returncode:
        lines = done.stderr.decode("utf-8", "replace").strip().splitlines() or [""]
        raise JobFailure("crash", f"py_compile ended with status {done.returncode}: {lines[-1]}")


def header_rows(data, has_flags):
    """The rows of what stands before the code object, and its fields as numbers or hex digits."""
    magic = len(importlib.util.MAGIC_NUMBER) - 2  # then "\r\n", which tells of damage to the file
    sizes = [("magic number", magic), ("end of line", 2)]
    flags = 0
    if has_flags:
        sizes.append(("flags", 4))
        flags = int.from_bytes(data[4:8], "little")
    if flags & BY_HASH:
        sizes.append(("hash of source", 8))
    else:
        sizes += [("time of source", 4), ("size of source", 4)]
    rows, header, end = [], {}, 0
    for field, size in sizes:
        start, end = end, end + size
        content = data[start:end]
        number = int.from_bytes(content, "little")
        header[field] = content.hex() if field == "hash of source" else number
        rows.append([0, content.hex(), field, "", header_value(field, content, number), None])
    return rows, header


def header_value(field, content, number):
    """What a field of the header says, in words."""
    if field == "end of line":
        return repr(content.decode("ascii"))
    if field == "flags":
        return f"{number} = {FLAGS[number]}"
    if field == "time of source":
        return f"{number} = " + time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(number))
    if field == "size of source":
        return count(number, "byte")
    return str(number) if field == "magic number" else ""


def qualified_names(data, pieces):
    """The qualified name of every code object in marshalled data, by its piece."""
    codes = {id(code): name for name, code in source.walk(marshal.loads(data))}  # noqa: S302 - ours
    return dict(zip([piece for piece in pieces if piece.type == "c"], codes.values()))


def part(job, code, pieces, names, first):
    """The first row of the code object that the job asks for, and how many rows it has."""
    codes = [id(item) for _, item in source.walk(code)]
    wanted = id(source.find(code, job.get("object", ""))[1])
    start = pieces.index(list(names)[list(dict.fromkeys(codes)).index(wanted)])
    end = start + 1
    while end < len(pieces) and pieces[end].depth > pieces[start].depth:
        end += 1
    return [first + start, end - start]


def row(piece, data, names):
    """The row of a piece; see ``answer``."""
    content = data[piece.start : piece.end].hex()
    value = in_words(piece, names)
    if len(value) > _MOST:
        value = value[:_MOST] + " ..."
    number = piece.number if piece.to is None else piece.to.number
    return [piece.depth, content, piece.field, piece.type, value, number]


def in_words(piece, names):
    """The value of a piece; of a reference, what it names."""
    value = piece.value
    object_ = piece.to or piece
    if object_.type == "c":
        return names[object_]
    if piece.field == "co_flags":
        flags = " | ".join(name for _, name in code_object.flag_names(value))
        return f"{value} = {flags}" if flags else str(value)
    if piece.field == marshalled.KINDS:
        return ", ".join(" ".join(marshalled.kinds(byte)) for byte in value) or count(0, "byte")
    if object_.type in marshalled.CONTAINERS:
        return count(len(value), "item")
    return count(len(value), "byte") if isinstance(value, bytes) else repr(value)


def count(number, noun):
    """``1 byte``, ``2 bytes``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
