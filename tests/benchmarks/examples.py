"""The examples of the benchmark: deterministic, all distinct, realistic in size and kind.

An example is made from a template and a number, so that the same number gives the same source on
every machine and any two numbers give different sources. All compile on CPython 3.11 and later.
"""

from __future__ import annotations

from dataclasses import dataclass
from string import Template


@dataclass(frozen=True, slots=True)
class Example:
    """One named piece of Python source with the prose that surrounds it in its page.

    ``name`` is unique within a project and valid both as a reST name and as an identifier;
    ``before`` and ``after`` are paragraphs of plain words without markup.
    """

    name: str
    source: str
    before: str
    after: str


_NOUNS = (
    "order", "invoice", "reading", "packet", "record", "token", "sample", "vertex", "account",
    "message", "ticket", "parcel", "signal", "chapter", "frame", "cell", "planet", "recipe",
    "village", "engine", "letter", "pixel", "route", "shelf", "tide", "meter", "branch",
)  # fmt: skip
_FIELDS = (
    "weight", "price", "length", "depth", "score", "height", "delay", "volume", "rank",
    "charge", "width",
)  # fmt: skip

# $noun and $field are words, $n and $m numbers; $id makes every name unique, so that no two sources
# are equal.
_TEMPLATES = (
    """\
def total_$id(${noun}s):
    total = $n
    for $noun in ${noun}s:
        if $noun.$field > $m:
            total += $noun.$field
    return total
""",
    """\
def squares_$id(limit):
    found = [$field * $field + $n for $field in range(limit) if $field % $m]
    found.reverse()
    return found
""",
    """\
def by_${field}_$id(${noun}s):
    groups = {}
    for $noun in ${noun}s:
        groups.setdefault($noun["$field"] // $m, []).append($noun)
    return {key: len(value) + $n for key, value in groups.items()}
""",
    """\
def read_$id(path, default=$n):
    try:
        with open(path, encoding="utf-8") as stream:
            return int(stream.readline())
    except FileNotFoundError:
        return default
    except ValueError as error:
        raise RuntimeError(f"bad $noun in {path}") from error
""",
    """\
class ${noun}_$id:
    limit = $n

    def __init__(self, $field=$m):
        self.$field = $field

    def grow(self, step=1):
        self.$field = min(self.$field + step, self.limit)
        return self
""",
    """\
def counter_$id(start=$n):
    $field = start

    def step(by=$m):
        nonlocal $field
        $field += by
        return $field

    return step
""",
    """\
def label_$id($noun, $field):
    name = $noun.strip().title() or "$noun"
    share = $field / $m
    return f"{name:>$n}: {share:.2f} ({$field!r})"
""",
    """\
def search_$id(${noun}s, wanted):
    low, high = $n, len(${noun}s)
    while low < high:
        middle = (low + high) // 2
        if ${noun}s[middle] < wanted:
            low = middle + 1
        else:
            high = middle
    return low
""",
    """\
def chunks_$id(${noun}s, size=$n):
    for start in range(0, len(${noun}s), size):
        yield ${noun}s[start:start + size]
    yield $m
""",
    """\
async def gather_$id(${noun}s, client):
    found = []
    async for $noun in client.fetch(${noun}s, limit=$n):
        if await client.accepts($noun, $field=$m):
            found.append($noun)
    return found
""",
    """\
def describe_$id($noun):
    match $noun:
        case {"$field": int(value)} if value > $n:
            return "large"
        case [first, *rest]:
            return describe_$id(first) + str(len(rest))
        case _:
            return "$noun $m"
""",
    """\
def merge_$id(left, right, *others, **options):
    result = {**left, **right, "$field": $n}
    for other in others:
        result |= other
    return dict(result, size=$m, **options)
""",
    """\
def cached_$id(function):
    seen = {}

    def wrapper(*args):
        if args not in seen:
            seen[args] = function(*args) * $n
        return seen[args] + $m

    return wrapper
""",
    """\
def parse_$id(line, separator=","):
    key, _, value = line.partition(separator)
    fields = [part.strip() for part in value.split(separator)][:$n]
    return key.lower(), tuple(fields), len(fields) == $m
""",
    """\
def retry_$id(call, attempts=$n):
    for attempt in range(attempts):
        try:
            return call(attempt)
        except (OSError, TimeoutError):
            if attempt == attempts - 1:
                raise
        finally:
            call.$field = $m
    return None
""",
    """\
def swap_$id(${noun}s, i=$n, j=-1):
    ${noun}s[i], ${noun}s[j] = ${noun}s[j], ${noun}s[i]
    first, *middle, last = ${noun}s
    del ${noun}s[0]
    return first, sorted(middle, key=lambda $noun: -$noun)[:$m], last
""",
    """\
import math

RADIUS_$id = $n


def area_$id($field):
    return round(math.pi * $field ** 2 + RADIUS_$id, $m)


print(area_$id(1.5))
""",
    """\
def check_$id($field):
    assert $field is not None, "no $field"
    if not 0 <= $field < $n or $field == $m:
        raise ValueError("$field out of range: %d" % $field)
    return $field if $field & 1 else ~$field
""",
    """\
def any_$id(${noun}s):
    if len({*${noun}s}) > $m:
        return True
    return any($noun.$field >= $n and $noun.ok for $noun in ${noun}s)
""",
    """\
def walk_$id($noun, depth=0):
    yield depth, $noun.name
    if depth > $n:
        return
    for child in $noun.children:
        yield from walk_$id(child, depth + 1)
""",
    """\
class stack_$id:
    def __init__(self):
        self.items = [$n]

    def __enter__(self):
        return self.items.append

    def __exit__(self, *details):
        return self.items.pop() == $m
""",
    """\
def histogram_$id(${noun}s):
    counts = [0] * $n
    for position, $noun in enumerate(${noun}s, start=$m):
        counts[hash($noun) % $n] += position
    return "".join("#" if count else "." for count in counts)
""",
    """\
def matrix_$id(rows, columns):
    chosen = (row for row in range(rows) if row != $m)
    table = [[row * $n + column for column in range(columns)] for row in chosen]
    return list(zip(*table, strict=True))
""",
    """\
def skip_$id(${noun}s):
    kept = []
    for $noun in ${noun}s:
        if $noun is None:
            continue
        if $noun.$field == $n:
            break
        kept.append($noun)
    else:
        kept.append($m)
    return kept
""",
    """\
def decode_$id(data):
    size = int.from_bytes(data[:$n], "big")
    flags = data[$n] >> 2 & 0b111
    return size ^ $m, bool(flags), data[$n + 1:].decode("ascii", errors="replace")
""",
)

_BEFORE = (
    """\
The next piece works on one $noun at a time and looks at its $field. Nothing in it is unusual, which
is the point: most of the code that is read in practice looks like this.""",
    """\
How much does a $field cost? The listing below shows what the compiler makes of it, from the first
instruction to the last, and which of the names end up in which table.""",
    """\
A reader who has seen the previous section will recognise the shape. What changes here is the $noun,
and with it the operands of the instructions that load it.""",
    """\
Before looking at the listing, try to guess how many instructions there are, and where the jumps for
the $field go.""",
)
_AFTER = (
    "Note the constants, and that the $noun is loaded again each time it is used.",
    "The offsets count bytes, so that two instructions are at least two apart.",
    "Compare it with the one above: what is new in the listing comes from the $field.",
)


def example(index: int, revision: int = 0) -> Example:
    """Return example number ``index``; in another ``revision`` one number of it is edited."""
    words = {
        "noun": _NOUNS[index % len(_NOUNS)],
        "field": _FIELDS[index % len(_FIELDS)],
        "n": str(3 + index % 29 + 100 * revision),
        "m": str(2 + index % 7),
        "id": str(index),
    }

    def fill(templates: tuple[str, ...]) -> str:
        return Template(templates[index % len(templates)]).substitute(words)

    return Example(f"example_{index:04}", fill(_TEMPLATES), fill(_BEFORE), fill(_AFTER))


def long_example(groups: int) -> Example:
    """Return one function of ``groups`` groups of statements, about 30 instructions each."""
    lines = ["def long(data, table):", "    total = 0"]
    for group in range(groups):
        lines += [
            f"    value_{group} = data[{group}] * {group + 3} - total",
            f"    if value_{group} > {group * 7 + 1}:",
            f"        total += table.get(value_{group}, {group})",
            f"    table[{group}] = value_{group}, total",
        ]
    lines.append("    return total")
    return Example("long", "\n".join(lines) + "\n", "One long function.", "That was all of it.")
