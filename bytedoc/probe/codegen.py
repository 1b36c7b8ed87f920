"""What the compiler has before the bytecode: what it generates first, and that optimised.

CPython shows both to its own tests, in the module ``_testinternalcapi``, which an interpreter need
not have.  Before 3.13 it shows what is generated alone, and that of a module but not of what is
nested in it.  These functions can damage the process that calls them (in 3.14 and 3.15 they do, if
a module has annotations), so they are called in one of their own.

The optimiser needs the constants, too.  Those of nested code are not shown, so they are gathered
from the finished code and from the source.  That is right if the optimiser then ends with the very
constants of the finished code, loaded in the same order; else they are not used.
"""

import ast
import dis
import gc
import json
import os
import re
import subprocess
import sys
import warnings

from . import source

try:
    import _testinternalcapi as internals  # type: ignore[import-not-found]
except ImportError:
    internals = None

#: Why instructions are not shown: the interpreter does not show any, or only those of modules, or
#: the constants could not be gathered, or it does not survive the question.
ABSENT, MODULES_ONLY, UNCERTAIN, BROKEN = "absent", "modules-only", "uncertain", "broken"

#: The modes of ``compile`` by the number that the code generator has for each.
_MODES = ("exec", "eval", "single")
_VARIADIC = (0x04, 0x08)  # CO_VARARGS, CO_VARKEYWORDS
#: Instructions that load a constant; which of them there are depends on the release.
_LOADING = ("LOAD_CONST", "RETURN_CONST", "LOAD_SMALL_INT", "LOAD_COMMON_CONSTANT")
#: A constant of which nothing tells what it is: one that code has which is never reached.
UNTOLD = object()
_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+(?=, file )")

#: Instructions whose argument is another instruction: jumps, and what begins a ``try`` block.
TARGETED = set(dis.hasjrel) | set(dis.hasjabs) | set(getattr(dis, "hasexc", ()))


#: What a process of its own executes; its argument is the folder of the probe.
_PROGRAM = """
import sys
package = type(sys)("_bytedoc_probe")
package.__path__ = sys.argv[1:]
sys.modules[package.__name__] = package
from _bytedoc_probe import codegen
codegen.serve()
"""
#: What must not be deleted: that is when the damage shows.
_KEPT = []


def answer(job):
    """``{"codegen": [...], "optimised": [...], "missing": {stage: [reason, names]}}``.

    A stage has ``[qualified name, records]`` for the job's ``object`` and each code object in it;
    see ``records``.  What it lacks of them is in ``missing``.
    """
    if not hasattr(internals, "compiler_codegen"):
        return without(ABSENT)
    try:
        done = subprocess.run(
            [sys.executable, "-s", "-S", "-B", "-c", _PROGRAM, os.path.dirname(__file__)],
            input=json.dumps(job).encode("ascii"),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=job.get("limits", {}).get("wall", 10),
            check=False,
        )
    except subprocess.TimeoutExpired:
        return without(BROKEN)
    return without(BROKEN) if done.returncode else json.loads(done.stdout.decode("ascii"))


def without(reason):
    """The answer of an interpreter that shows nothing."""
    return {"missing": {"codegen": [reason, []], "optimised": [reason, []]}}


def serve():
    """In the process of its own: answer the job that comes in, and end without cleaning up."""
    gc.disable()
    job = json.loads(sys.stdin.read())
    sys.stdout.write(json.dumps(stages(job)))
    sys.stdout.flush()
    os._exit(0)


def stages(job):
    """See ``answer``."""
    code = source.compile_job(job)
    qualname, wanted = source.find(code, job.get("object", ""))
    names = {id(inner): name for name, inner in source.walk(wanted, None, qualname)}
    has_optimiser = hasattr(internals, "new_instruction_sequence")
    codegen, optimised = {}, {}
    for inner, generated, consts, instructions in units(job, code, has_optimiser):
        codegen[id(inner)] = records(inner, generated, consts)
        if instructions is not None:
            optimised[id(inner)] = records(inner, instructions, inner.co_consts)
    found = {"missing": {}}
    for stage, known, reason in (
        ("codegen", codegen, UNCERTAIN if has_optimiser else MODULES_ONLY),
        ("optimised", optimised, UNCERTAIN if has_optimiser else ABSENT),
    ):
        shown = [[name, known[inner]] for inner, name in names.items() if inner in known]
        lacking = [name for inner, name in names.items() if inner not in known]
        if shown:
            found[stage] = shown
        if lacking:
            found["missing"][stage] = [reason, lacking if shown else []]
    return found


def units(job, code, has_optimiser):
    """Yield a code object, its instructions, its constants, and its optimised instructions.

    For *code* and all inside it.  The constants, and what needs them, are None where they could
    not be gathered.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        mode, level = job.get("mode", "exec"), job.get("optimize", 0)
        flags = ast.PyCF_ONLY_AST
        tree = compile(job["source"], job["filename"], mode, flags, dont_inherit=True)
        generated, metadata = internals.compiler_codegen(
            tree, job["filename"], level, _MODES.index(mode)
        )
        _KEPT.append(generated)
        consts = list(metadata["consts"])
        if isinstance(metadata["consts"], dict):  # with the type before what only equals another
            consts = [const[1] if isinstance(const, tuple) else const for const in consts]
        if not has_optimiser:
            yield code, generated, consts, None
            return
        places = expressions_by_place(tree)
        waiting = [(generated, code, consts)]
        while waiting:
            sequence, inner, known = waiting.pop(0)
            instructions = sequence.get_instructions()
            candidates = [known] if known else gathered(inner, instructions, places, level)
            for consts in candidates:
                optimised = optimise(inner, instructions, list(consts))
                if optimised is not None:
                    break
            else:
                consts = known
            yield inner, instructions, consts, optimised
            waiting[:0] = [(*pair, None) for pair in nested(sequence, inner)]


def nested(sequence, code):
    """The instructions of each code object in *code*, and that code object.

    They are told by the line on which they start: code that is never reached, or that is there
    twice (in a ``finally``), may have no code object of its own.
    """
    left = list(sequence.get_nested() or ())
    for inner in source.nested(code):
        for candidate in left:
            starts = [item[2] for item in candidate.get_instructions() if is_start(item)]
            if inner.co_firstlineno in starts:
                left.remove(candidate)
                yield candidate, inner
                break


def is_start(item):
    """Whether an instruction is where a function, or a generator after a ``yield``, begins."""
    return dis.opname[item[0]] == "RESUME"


def optimise(code, instructions, consts):
    """The optimised instructions; None if *consts* turn out to be others than those of *code*."""
    parameters = code.co_argcount + code.co_kwonlyargcount
    parameters += sum(1 for flag in _VARIADIC if code.co_flags & flag)
    sequence = sequence_of(instructions, parameters)
    try:
        result = internals.optimize_cfg(sequence, consts, code.co_nlocals).get_instructions()
    except (ValueError, IndexError, RuntimeError, SystemError):
        return None  # constants that the compiler can't have had there
    # A constant that came to be twice is one to the compiler; this function has no memory of it.
    numbers = {}
    for const in consts:
        numbers.setdefault(key(const), len(numbers))
    if list(numbers) != list(map(key, code.co_consts)):
        return None
    added = 2 * parameters
    found = []
    for op, number, *place in result[added:]:
        arg = number
        if op in TARGETED:
            arg -= added
        elif op in dis.hasconst:
            arg = numbers[key(consts[number])]
        found.append((op, arg, *place))
    if list(map(key, loaded(found, code.co_consts))) != [key(value) for _, value in loads(code)]:
        return None
    return as_decided(code, found)


def as_decided(code, instructions):
    """The same instructions, with variables borrowed where *code* does; None if they differ.

    Whether the value of a variable is borrowed (3.14 and newer) is decided at last, when there are
    no instructions for ``try`` any more.  The optimiser for tests decides it when they are there.
    """
    decided = [item.opcode for item in dis.get_instructions(code) if "LOAD_FAST" in item.opname]
    closure = dis.opmap["LOAD_CLOSURE"]  # which is to become LOAD_FAST
    loading = [
        index
        for index, (op, *_) in enumerate(instructions)
        if op == closure or "LOAD_FAST" in dis.opname[op]
    ]
    names = [unborrowed(instructions[index][0]) for index in loading]
    plain = ["LOAD_FAST" if name == "LOAD_CLOSURE" else name for name in names]
    if plain != list(map(unborrowed, decided)):
        return None
    found = list(instructions)
    for index, op in zip(loading, decided):
        if found[index][0] != closure:
            found[index] = (op, *found[index][1:])
    return found


def unborrowed(op):
    """The name of an instruction as if it borrowed nothing."""
    return dis.opname[op].replace("_BORROW", "")


def sequence_of(instructions, parameters):
    """A sequence for the optimiser, with two instructions for each parameter before the others.

    They give it a value, as a call would: the optimiser is not told which variables are parameters,
    and a variable that may have no value is loaded otherwise.
    """
    nowhere = (-1, -1, -1, -1)
    sequence = internals.new_instruction_sequence()
    targets = sorted({item[1] for item in instructions if item[0] in TARGETED})
    labels = {target: sequence.new_label() for target in targets}
    for index in range(parameters):
        sequence.addop(dis.opmap["PUSH_NULL"], 0, *nowhere)
        sequence.addop(dis.opmap["STORE_FAST"], index, *nowhere)
    for index, (op, arg, *place) in enumerate(instructions):
        if index in labels:
            sequence.use_label(labels[index])
        sequence.addop(op, labels[arg] if op in TARGETED else arg or 0, *place)
    return sequence


def gathered(code, instructions, places, level):
    """Yield lists of constants that the instructions of *code* may have been generated with.

    What is loaded is what the finished code loads at the same place, or what the expression at
    that place is.  Which is right where they differ is for ``optimise`` to say.
    """
    found = [
        (arg, tuple(place), dis.opname[after[0]])
        for (op, arg, *place), after in zip(instructions, [*instructions[1:], (0,)])
        if op in dis.hasconst
    ]
    finished, generated = {}, {}
    others = [item for item in instructions if item[0] not in dis.hasconst]
    common = set(map(key, loaded(others, ())))  # loaded in another way from the beginning
    values = [(place, value) for place, value in loads(code) if key(value) not in common]
    for place, value in values:
        finished.setdefault((place, hasattr(value, "co_code")), []).append(value)
    for arg, place, after in found:
        generated.setdefault((place, after == "MAKE_FUNCTION"), []).append(arg)
    exact, prefix = {}, {}
    for where, args in generated.items():
        here = finished.get(where, ())
        if len(args) == len(here):
            exact.update(zip(args, here))
        prefix.update(zip(args, here))  # what follows may be a None that is returned
    by_tree = {}
    for arg, place, _ in found:
        for node in places.get(place, ()):
            by_tree.update((arg, value) for value in constant(node, level))
    # What returns None at the end has no place.
    returned = {arg: None for arg, place, after in found[-1:] if place[0] < 0}
    size = max((arg + 1 for arg, _, _ in found), default=0)
    left = list(code.co_consts)
    for by_code in (exact, prefix):
        for known in (
            {**by_tree, **by_code, **returned},
            {**by_code, **by_tree, **returned},
            {**returned, **by_tree, **by_code},
        ):
            yield completed(known, size, left)
        left += [value for _, value in values]


def completed(known, size, others):
    """A list of *size* constants: the *known* ones, and in the gaps the *others* in their order."""
    keys = set(map(key, known.values()))
    left = {key(value): value for value in others if key(value) not in keys}
    gaps = [index for index in range(size) if index not in known]
    filled = dict(zip(gaps, left.values()))
    return [{**filled, **known}.get(index, UNTOLD) for index in range(size)]


def expressions_by_place(tree):
    """The expressions at each place: line, end line, column and end column."""
    found = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.expr):
            place = (node.lineno, node.end_lineno, node.col_offset, node.end_col_offset)
            found.setdefault(place, []).append(node)
    return found


def constant(node, level):
    """The value of an expression in a list, which is empty if it is not a constant."""
    try:
        code = compile(ast.Expression(node), "", "eval", dont_inherit=True, optimize=level)
    except (SyntaxError, ValueError, TypeError):
        return []
    names = {item.opname for item in dis.get_instructions(code)}
    is_constant = names <= {"RESUME", "RETURN_VALUE", *_LOADING}
    return [value for _, value in loads(code)] if is_constant else []


def loads(code):
    """Place and value of each constant that a code object loads, in order."""
    return [
        (tuple(item.positions), value_of(item.opcode, item.arg, code.co_consts))
        for item in dis.get_instructions(code)
        if item.opname in _LOADING
    ]


def loaded(instructions, consts):
    """The value of each constant that instructions load, in order."""
    return [value_of(op, arg, consts) for op, arg, *_ in instructions if dis.opname[op] in _LOADING]


def value_of(op, arg, consts):
    """The constant that an instruction loads."""
    if op in dis.hasconst:
        return consts[arg]
    return arg if dis.opname[op] == "LOAD_SMALL_INT" else dis._common_constants[arg]


def key(const):
    """Something that is equal for equal constants of equal types, and for no others."""
    if hasattr(const, "co_code"):
        return const
    if isinstance(const, tuple):
        return (tuple, *map(key, const))
    if isinstance(const, frozenset):
        return (frozenset, frozenset(map(key, const)))
    return (type(const), repr(const))


def records(code, instructions, consts):
    """Name, argument, what it is, and place (or None) of each instruction.

    A place is line, end line, column and end column in bytes, as those of the bytecode.
    """
    cells = [*sorted(code.co_cellvars), *code.co_freevars]
    found = []
    for op, number, *place in instructions:
        name = dis.opname[op]
        arg = number if op in dis.hasarg or op in TARGETED else None
        # The assembler is to number variables and cells in one go; here each are by themselves.
        variables = code.co_varnames if "FAST" in name else cells
        meaning = "" if arg is None else argument(op, arg, consts, code.co_names, variables)
        found.append([name, arg, meaning, told(place)])
    return found


def told(place):
    """A place with None for what it lacks; None if it lacks the line."""
    return [None if part < 0 else part for part in place] if place[0] >= 0 else None


def argument(op, arg, consts, names, variables):
    """What ``dis`` says of an argument; of an instruction its number."""
    if op in TARGETED:
        return f"to {arg}"
    if op in dis.hasconst:
        return "" if consts is None else shown(consts[arg])
    if hasattr(dis, "ArgResolver"):
        resolver = dis.ArgResolver((), names, variables.__getitem__)
        return resolver.get_argval_argrepr(op, arg, 0)[1]
    if op > 255:
        return variables[arg] if op in dis.haslocal else ""
    code = bytes([dis.EXTENDED_ARG, arg >> 8, op, arg & 255])
    *_, item = dis._get_instructions_bytes(code, variables.__getitem__, names, ())
    return item.argrepr


def shown(const):
    """The repr of a constant, the same in every run; empty if nothing tells what it is."""
    if const is UNTOLD:
        return ""
    if isinstance(const, frozenset) and not all(map(source.has_fixed_hash, const)):
        return source.sorted_repr(const)
    return _ADDRESS.sub(" at 0x...", repr(const)) if hasattr(const, "co_code") else repr(const)
