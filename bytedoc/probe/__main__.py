"""Entry point of the probe: the version gate, then the rest of it.

Run as ``python -s -B <this file>``.  The gate stands before every other import, and this file
parses on any Python since 2.6, so that an interpreter that is too old says so instead of failing
on newer syntax.
"""

import sys

FLOOR = (3, 6)


def refuse(reason, version):
    sys.stdout.write('{"refused": "%s", "version": "%s"}\n' % (reason, version))
    sys.stdout.flush()
    sys.exit(3)


VERSION = ".".join(str(part) for part in sys.version_info[:3])
if sys.version_info < FLOOR:
    refuse("too-old", VERSION)
if sys.implementation.name != "cpython":
    refuse("not-cpython", sys.implementation.name + " " + VERSION)


def load():
    """Import this folder as a package of a private name, and leave ``sys.path`` as it was.

    The folder must not stay on the path (an example that imports ``run`` or ``timing`` would get
    the probe's module), and its parent must not come onto it (the host's package needs Sphinx).
    """
    folder = sys.path.pop(0)  # that of this file
    package = type(sys)("_bytedoc_probe")
    package.__path__ = [folder]
    sys.modules[package.__name__] = package
    from _bytedoc_probe import protocol

    return protocol


if __name__ == "__main__":
    load().main(sys.argv[1:])
