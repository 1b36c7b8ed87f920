"""Plain values as JSON, and back: what ``json`` does, with less of its modules.

``json`` takes a third of the time in which the rest of the probe starts, mostly for the regular
expressions of its parts in Python.  Its parts in C, which do all the work, are used alone where
they are as they are known; where they are not, ``json`` itself.
"""


class _Reading:
    """What ``json.JSONDecoder`` tells its scanner by default."""

    strict = True
    object_hook = object_pairs_hook = array_hook = None
    parse_float = parse_constant = float
    parse_int = int


def _refuse(value):
    raise TypeError(type(value).__name__ + " is no plain value")


try:
    from _json import encode_basestring_ascii, make_encoder, make_scanner

    _scan = make_scanner(_Reading)  # type: ignore[arg-type] # has what it asks for
    # markers, default, encoder, indent, separators, sort_keys, skipkeys, allow_nan
    _encode = make_encoder(
        None, _refuse, encode_basestring_ascii, None, ":", ",", False, False, True
    )
except (ImportError, AttributeError, TypeError):
    from json import dumps as _dumps
    from json import loads

    def dumps(value):
        """A value as one line of JSON, in ASCII: a lone surrogate is an escape."""
        return _dumps(value, separators=(",", ":"))

else:

    def loads(text):
        """The value that one line of JSON stands for."""
        return _scan(text, 0)[0]

    def dumps(value):
        """A value as one line of JSON, in ASCII: a lone surrogate is an escape."""
        return "".join(_encode(value, 0))
