"""The part of bytedoc that runs inside the target interpreter.

Standard library only, CPython 3.6 to 3.15.  It never imports Sphinx or the rest of bytedoc, and
asks the interpreter for every name, number and flag instead of keeping a table of its own.

Start it with ``python -s -B <this folder>/__main__.py``; ``protocol`` says how it is spoken to.
"""
