"""A reader of marshalled objects that says what each of their bytes is.

The types of objects are those of CPython's ``Python/marshal.c``, where a letter has kept its
meaning in all releases.  What changes is which fields a code object has, and in which order: that
is not known here but found out, from a code object no two fields of which are equal (``layout``).
"""

import functools
import marshal
import struct
import warnings

from . import source

#: This bit of a type byte: the object is remembered, a reference to it may follow (FLAG_REF).
REMEMBERED = 0x80

#: The types without anything that follows, and their values.
CONSTANTS = {
    "0": ("NULL", None),
    "N": ("None", None),
    "F": ("False", False),
    "T": ("True", True),
    "S": ("StopIteration", StopIteration),
    ".": ("Ellipsis", Ellipsis),
}
#: The types of numbers of a fixed size, and the format of each.
NUMBERS = {"i": ("int", "<i"), "g": ("float", "<d"), "y": ("complex", "<dd")}
#: The same as text, by versions of the format that no ``.pyc`` file has: class, number of texts.
TEXT_NUMBERS = {"f": ("float", float, 1), "x": ("complex", complex, 2)}
#: The types of bytes and texts: name, bytes of the length, encoding.
STRINGS = {
    "s": ("bytes", 4, None),
    "u": ("str", 4, "utf-8"),
    "t": ("interned str", 4, "utf-8"),
    "a": ("ASCII str", 4, "ascii"),
    "A": ("interned ASCII str", 4, "ascii"),
    "z": ("short ASCII str", 1, "ascii"),
    "Z": ("short interned ASCII str", 1, "ascii"),
}
#: The types of objects with others in them: name, bytes of their number, class.
CONTAINERS = {
    "(": ("tuple", 4, tuple),
    ")": ("small tuple", 1, tuple),
    "[": ("list", 4, list),
    "<": ("set", 4, set),
    ">": ("frozenset", 4, frozenset),
}

#: Fields of code objects that no attribute shows; the names are those of CPython's source.
LOCALS, KINDS = "co_localsplusnames", "co_localspluskinds"
#: A field that is nothing that we know.
UNKNOWN = "?"


class Piece:
    """Some bytes of marshalled data, and what they are.

    What is in a container or a code object are pieces of their own, which follow it.

    Attributes: ``depth`` of nesting; ``start`` and ``end`` of the bytes; ``field``: the attribute
    of a code object, or the place in a container; ``type``: a letter, empty for a number without a
    type; ``meaning`` of that; ``value``; ``number``: that by which references name it, or None;
    ``to``: the piece that a reference names, or None.
    """

    def __init__(self, depth, start, field):
        self.depth, self.start, self.field = depth, start, field
        self.end = start
        self.type = self.meaning = ""
        self.value = self.number = self.to = None


class Reader:
    """Reads objects, from *position* on; ``pieces`` has what was read.

    *fields* are those of a code object: the attribute of each, and whether it is a number without
    a type.
    """

    def __init__(self, data, position, fields):
        self._data, self._fields = data, fields
        self._remembered = []
        self.position = position
        self.pieces = []

    def at_end(self):
        """Whether all is read."""
        return self.position == len(self._data)

    def take(self, size):
        """The next *size* bytes."""
        start, self.position = self.position, self.position + size
        if self.position > len(self._data):
            raise EOFError("marshalled data ends too soon")
        return self._data[start : self.position]

    def take_number(self, size):
        """The next number, of 1 byte or of 4 with a sign."""
        return int.from_bytes(self.take(size), "little", signed=size > 1)

    def begin(self, depth, field):
        """A new piece that begins here."""
        piece = Piece(depth, self.position, field)
        self.pieces.append(piece)
        return piece

    def read_number(self, depth, field):
        """Read a number of 4 bytes that has no type."""
        piece = self.begin(depth, field)
        piece.value = self.take_number(4)
        piece.end = self.position
        return piece

    def read(self, depth=0, field=""):
        """Read an object and what is in it; the piece of the object itself."""
        piece = self.begin(depth, field)
        byte = self.take(1)[0]
        piece.type = chr(byte & ~REMEMBERED)
        if byte & REMEMBERED:
            piece.number = len(self._remembered)
            self._remembered.append(piece)
        if piece.type in CONTAINERS:
            self._read_container(piece)
        elif piece.type == "c":
            self._read_code(piece)
        elif piece.type == "{":
            self._read_dictionary(piece)
        elif piece.type == ":":
            self._read_slice(piece)
        else:
            self._read_leaf(piece)
            piece.end = self.position
        return piece

    def _read_leaf(self, piece):
        letter = piece.type
        if letter in CONSTANTS:
            piece.meaning, piece.value = CONSTANTS[letter]
        elif letter in NUMBERS:
            piece.meaning, form = NUMBERS[letter]
            numbers = struct.unpack(form, self.take(struct.calcsize(form)))
            piece.value = complex(*numbers) if letter == "y" else numbers[0]
        elif letter in TEXT_NUMBERS:
            piece.meaning, kind, count = TEXT_NUMBERS[letter]
            texts = [self.take(self.take_number(1)).decode("ascii") for _ in range(count)]
            piece.value = kind(*map(float, texts))
        elif letter == "l":
            # digits of 15 bits, the least significant first; the sign is that of their number
            piece.meaning, size = "long int", self.take_number(4)
            digits = struct.unpack(f"<{abs(size)}H", self.take(2 * abs(size)))
            value = sum(digit << 15 * place for place, digit in enumerate(digits))
            piece.value = -value if size < 0 else value
        elif letter in STRINGS:
            piece.meaning, size, encoding = STRINGS[letter]
            content = self.take(self.take_number(size))
            piece.value = content.decode(encoding, "surrogatepass") if encoding else content
        elif letter == "r":
            piece.meaning, piece.to = "reference", self._remembered[self.take_number(4)]
            piece.value = piece.to.value
        else:
            raise ValueError(f"marshalled data has an unknown type {letter!r}")

    def _read_container(self, piece):
        piece.meaning, size, kind = CONTAINERS[piece.type]
        length = self.take_number(size)
        piece.end = self.position
        piece.value = kind([self.read(piece.depth + 1, str(n)).value for n in range(length)])

    def _read_dictionary(self, piece):
        piece.meaning, piece.value, piece.end = "dict", {}, self.position
        while True:  # until NULL stands where a key would be
            key = self.read(piece.depth + 1, "key")
            if key.type == "0":
                return
            piece.value[key.value] = self.read(piece.depth + 1, "value").value

    def _read_slice(self, piece):
        piece.meaning, piece.end = "slice", self.position
        names = ("start", "stop", "step")
        piece.value = slice(*[self.read(piece.depth + 1, name).value for name in names])

    def _read_code(self, piece):
        """Its value is a dictionary of its fields."""
        piece.meaning, piece.value, piece.end = "code object", {}, self.position
        for name, is_number in self._fields:
            read = self.read_number if is_number else self.read
            piece.value[name] = read(piece.depth + 1, name).value


def pieces_of(data, start=0):
    """The pieces of the object that is marshalled in *data*, from *start* to its end."""
    reader = Reader(data, start, layout())
    reader.read()
    if not reader.at_end():
        raise ValueError("marshalled data goes on after its end")
    return reader.pieces


#: The inner function has something of everything that a code object can hold, but for cells, which
#: the outer one has.  Its line, the size of its stack and the number of its parameters tell its
#: numbers apart, and none can be taken for the type of an object: the lowest of those is ``(``.
_SAMPLE = """
def outer(free_1, free_2):
    def inner(a, b, c{slash}, d, e, *rest, f=1, g=2, **others):
        one = two = three = four = 1.5
        try:
            one.attribute({arguments}, free_1, free_2)
        except name:
            pass
"""


def sample():
    """The code object of the outer function of ``_SAMPLE``; it has no name for the module."""
    text = "\n" * 4096 + _SAMPLE.replace("{arguments}", ", ".join("a" * 20))
    try:
        module = compile(text.replace("{slash}", ", /"), "file", "exec", dont_inherit=True)
    except SyntaxError:  # before 3.8
        module = compile(text.replace("{slash}", ""), "file", "exec", dont_inherit=True)
    (outer,) = source.nested(module)
    return outer


@functools.lru_cache(maxsize=None)
def layout():
    """The fields of a code object in the order in which this interpreter writes them.

    ``[(attribute, whether it is a number without a type), ...]``.  Each is recognised by its value
    in a sample.  From 3.11 on two have no attribute: the names of all local variables, cells and
    free variables one after the other, and as many bytes that say which of these each is.
    """
    (code,) = source.nested(sample())
    data = marshal.dumps(code)
    known = attributes(code)
    known[LOCALS] = all_locals(code)
    reader = Reader(data, 1, ())
    found = []
    while not reader.at_end():
        number = int.from_bytes(data[reader.position : reader.position + 4], "little")
        name = name_of(number, known)
        is_number = name is not None
        if is_number:
            reader.take(4)
        else:
            value = reader.read().value
            name = name_of(value, known)
            if name is None and isinstance(value, bytes) and len(value) == len(known[LOCALS]):
                name = KINDS
        found.append((name or UNKNOWN, is_number))
    return tuple(found)


def kinds(byte):
    """What a byte of ``KINDS`` says: the words for its bits, and in hex those without one."""
    words = kind_words()
    bits = [1 << bit for bit in range(8) if byte >> bit & 1]
    return [words.get(bit) or hex(bit) for bit in bits]


@functools.lru_cache(maxsize=None)
def kind_words():
    """What each bit of a byte of ``KINDS`` means, told from names in the samples."""
    (inner,) = source.nested(sample())
    name, outer_name = kinds_by_name(inner), kinds_by_name(sample())
    local = name["one"]
    words = (
        (local, "local"),
        (name["free_1"], "free"),
        (outer_name["free_1"] & ~name["d"], "cell"),
        (name["a"] & ~local, "positional"),  # this and the next ones: 3.14 and newer
        (name["f"] & ~local, "keyword"),
        (name["rest"] & ~name["a"], "variadic"),
    )
    return {bit: word for bit, word in words if bit}


def kinds_by_name(code):
    """The byte of ``KINDS`` for each name of ``LOCALS``."""
    fields = pieces_of(marshal.dumps(code))[0].value
    return dict(zip(fields[LOCALS], fields[KINDS]))


def attributes(code):
    """The ``co_*`` attributes of a code object by name."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # co_lnotab is deprecated from 3.12 on
        return {name: getattr(code, name) for name in dir(code) if name.startswith("co_")}


def name_of(value, known):
    """The name of the one among the *known* values that is equal; None: there is none."""
    for name, other in known.items():
        if type(other) is type(value) and other == value:
            return name
    return None


def all_locals(code):
    """The names of local variables, of cells that are none of these, and of free variables."""
    cells = tuple(name for name in code.co_cellvars if name not in code.co_varnames)
    return code.co_varnames + cells + code.co_freevars
