"""Functions in which most instructions of every release are executed."""

#: Functions with all that changes a stack; each is called with 3.
CORPUS = """\
import asyncio

def expression(n):
    return -n + n * (n - 1) ** 2 // 3, n << 1 & 7 | ~n, [n, *range(n)], {**{"n": n}, "m": not n}

def choices(n):
    if n > 2 and n < 9 or n == 0:
        found = "some" if n % 2 else "other"
    else:
        found = None
    return 1 < n < 5, found, n and found

def loops(n):
    total = 0
    for item in range(n):
        if item == 1:
            continue
        for inner in "ab":
            total += len(inner)
            if total > 2:
                break
        else:
            total -= 1
    while total:
        total -= 1
    else:
        total = 5
    return total

def comprehensions(n):
    squares = [item * item for item in range(n) if item]
    found = {item: n for item in squares}, {item for item in squares}
    return squares, found, sum(item for item in squares)

def closures(n):
    def add(more, *rest, sign=1, **named):
        nonlocal n
        n += more * sign + sum(rest) + len(named)
        return lambda: n
    return add(1)(), add(1, 2, 3, sign=-1, other=n)(), add(*[1, 2], **{"x": 1})()

class Guard:
    def __init__(self, silent):
        self.silent = silent
    def __enter__(self):
        return self
    def __exit__(self, *exception):
        return self.silent

def guarded(n):
    with Guard(True) as one, Guard(False):
        one.items = [n, {}[n]]
    with Guard(False):
        n += 1
    for item in range(n):
        with Guard(True):
            if item:
                return item, one.silent

def handled(n):
    found = []
    for item in (0, "a", None, [], n):
        try:
            try:
                found.append(6 / item)
            except ZeroDivisionError as error:
                found.append(error.args)
                continue
            except (TypeError, KeyError):
                if item is None:
                    raise ValueError(item) from None
                found.append(item)
            else:
                found.append("fine")
            finally:
                found.append("done")
        except ValueError as error:
            found.append(str(error))
    try:
        return found
    finally:
        found.append("end")

def raising(n):
    try:
        try:
            raise KeyError(n)
        finally:
            n = 0
    except LookupError:
        try:
            raise
        except KeyError as error:
            return error.args

def steps(n):
    got = 0
    try:
        while n:
            got = yield n, got
            n -= 1
    except KeyError:
        yield "thrown"
    finally:
        n = 0
    return "end"

def delegating(n):
    result = yield from steps(n)
    yield result

def generators(n):
    found = list(delegating(n))
    one = steps(n)
    found += [next(one), one.send(5), one.throw(KeyError)]
    one.close()
    two = delegating(n)
    next(two)
    two.close()
    return found

async def numbers(n):
    for item in range(n):
        yield item

class Pause:
    def __await__(self):
        yield
        return 1

async def awaiting(n):
    total = 0
    async for item in numbers(n):
        total += item
    return total + sum([await Pause() for item in range(2)]) + len([i async for i in numbers(n)])

def coroutines(n):
    waiting = awaiting(n)
    try:
        while True:
            waiting.send(None)
    except StopIteration as stop:
        return stop.value

def unpacking(n):
    first, *middle, last = range(n + 2)
    (a, b), c = (first, last), middle
    a, b = b, a
    c[0] += 1
    c[1:2] = [7]
    del c[-1:]
    return f"{a!r:>{n}}{b}", c, first if b else last

def classes(n):
    class Thing(Guard, metaclass=type):
        size = n
        def __init__(self):
            super().__init__(self.size)
    import os.path as path
    from os import sep, altsep
    thing = Thing()
    thing.size += 1
    assert thing.size > n, "grows"
    return thing.size, thing.silent, path.sep is sep

def wide(n):
    return [n + 0, n + 1, n + 2, n + 3, n + 4, n + 5, n + 6, n + 7, (n, n, n, (n, n, (n, n)))]
"""
NAMES = (
    *("expression", "choices", "loops", "comprehensions", "closures", "guarded", "handled"),
    *("raising", "generators", "coroutines", "unpacking", "classes", "wide", "extended"),
)
#: So many constants that some arguments need a prefix, in straight lines and in a jump.
EXTENDED = (
    "def extended(n):\n    total = 0\n    for item in (1, 2):\n"
    + "".join(f"        total += {number}.5\n" for number in range(300))
    + "    return total\n"
)
