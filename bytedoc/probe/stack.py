"""The ``stack`` view: the value stack of a real call, before each instruction that is executed.

A trace function is told of each instruction, and reads the stack of its frame (see
``value_stack``).  Every depth that is read must be one that `depths.Depths` finds without
executing anything: else the recording is wrong, and refused.

An interpreter whose frames can't be read executes nothing.  Its answer says why, and has the
depths alone.
"""

import sys

from . import depths, program, relined, shown, source, value_stack
from .failures import JobFailure

# Bound here, for an example may put something else in its place.
_settrace, _gettrace = sys.settrace, sys.gettrace
#: Of END_FINALLY (up to 3.8), which either ends an exception's handling or goes on with a return.
_RESUMES_RETURN = "END_FINALLY"
#: Most instructions in a row of which nothing is told, as far as their names are of interest.
_MOST_SILENT = 8


def answer(job):
    """What was recorded, and the code objects of which it speaks; see `record`."""
    refusal = value_stack.refusal()
    if refusal:
        return unrecorded(job, refusal)
    recorder = Recorder(job)
    namespace = program.prepare(job)
    program.show_lines(job["filename"], job["source"])
    try:
        raised, result = recorder.execute(namespace)
    except JobFailure:
        recorder.stop()
        raise
    if recorder.error is not None:
        raise recorder.error
    if not recorder.steps and raised is None:
        message = "no instruction of the example was executed, so there is no stack to record"
        raise JobFailure("stack", message)
    return dict(
        program.aftermath(),
        refusal="",
        codes=[about(item) for item in recorder.used],
        frames=recorder.frames,
        steps=[step.record() for step in recorder.steps],
        silent=recorder.silent,
        truncated=recorder.truncated,
        result=result,
        exception=raised,
    )


def unrecorded(job, refusal):
    """The depths of the code objects that the job names, nothing being executed."""
    qualname, code = source.find(source.compile_job(job), job.get("object", ""))
    inside = source.walk(code, job.get("options", {}).get("depth"), qualname)
    found = [Code(item, name) for name, item in inside]
    if "call" in job and not job.get("object") and len(found) > 1:
        del found[0]  # the module is not what is called
    return {
        "imports": [],
        "input_read": False,
        "refusal": refusal,
        "codes": [about(item) for item in found],
        "frames": [],
        "steps": [],
        "silent": [],
        "truncated": False,
        "result": None,
        "exception": None,
    }


class Code:
    """A code object of the example.

    Attributes:
        original: the code object, as it was compiled.
        depths: its `Depths`, found when they are needed.
        number: its place among those that were executed; None: it was not.
    """

    def __init__(self, original, qualname):
        self.original = original
        self.qualname = qualname
        self.number = None
        self._depths = None

    @property
    def depths(self):
        if self._depths is None:
            self._depths = depths.Depths(self.original)
        return self._depths


def about(code):
    """A code object as ``{"qualname", "stacksize", "instructions"}``.

    An instruction is ``[offset, opname, argrepr or arg, line, depths]``.
    """
    stabilize = source.stabilizer([code.original])
    found = code.depths
    return {
        "qualname": code.qualname,
        "stacksize": code.original.co_stacksize,
        "instructions": [
            [
                item.offset,
                item.opname,
                shown.without_places(stabilize(item.argrepr))
                or ("" if item.arg is None else str(item.arg)),
                item.line,
                sorted(found.before[item.offset]),
            ]
            for item in found.instructions
        ],
    }


class Step:
    """An instruction that was executed, and the stack that it found.

    Attributes:
        frame: the number of its frame.
        offset: of the instruction.
        told: the offset that the trace function was told: its own, or that of a prefix.
        slots: the stack from its bottom, as `shown.slot` gives it.
        top: the type of the topmost value.
        exception: the topmost exception on the stack, as a slot, or None.
        event: what followed, if it was not simply the next instruction: ``returns``, ``yields``
            or ``raises``.
        value: what was returned, yielded or raised, as a slot; None where that is not told.
        thrown: the exception that was thrown in where it yielded, as a slot.
    """

    def __init__(self, frame, offset, told, values):
        self.frame = frame
        self.offset = offset
        self.told = told
        self.slots = [shown.slot(value) for value in values]
        self.top = type(values[-1]) if values else None
        found = [value for value in values if issubclass(type(value), BaseException)]
        self.exception = shown.slot(found[-1]) if found else None
        self.event = ""
        self.value = self.thrown = None
        self.may_be_over = False

    def record(self):
        """``[frame, offset, stack, event, value, thrown]``."""
        return [self.frame, self.offset, self.slots, self.event, self.value, self.thrown]

    def happened(self, event, value):
        self.event = event
        self.value = value


class Activation:
    """A frame of the example that has begun and is not over."""

    def __init__(self, number, code, nesting, at_start):
        self.number = number
        self.code = code
        self.nesting = nesting
        self.at_start = at_start
        self.last = None
        self.resumed = False


class Recorder:
    """Executes a job, and records the steps of the frames that it asks for.

    Attributes:
        frames: ``[code, nesting]`` of each, in the order in which they begin: the number of the
            code object, and that of the recorded frames which wait for it.
        steps: the `Step` of every instruction, in order.
        used: the code objects that were executed.
        silent: the names of instructions that were passed, and of which nothing was told.
        truncated: whether there were more steps than the job asks for.
        error: the `JobFailure` that ended the recording, or None.
    """

    def __init__(self, job):
        self._job = job
        options = job.get("options", {})
        self._most = options.get("steps", 200)
        self._deepest = options.get("depth")
        original = source.compile_job(job)
        self._module, originals = original, {}
        if value_stack.BY_LINE:
            self._module, originals = relined.everywhere(original, depths.instructions_of)
        self._codes = {
            id(code): Code(originals.get(id(code), code), qualname)
            for qualname, code in source.walk(self._module)
        }
        wanted = job.get("object")
        self._first = id(source.find(self._module, wanted)[1]) if wanted else None
        self._active = {}  # by the id of the frame: a reference would let it live longer
        self._trace = self.trace  # one object, to be compared with
        self.frames, self.steps, self.used, self.silent = [], [], [], []
        self.truncated = False
        self.error = None

    def execute(self, namespace):
        """The record of the exception that ended it, or None, and the value as a slot, or None."""
        call = self._job.get("call")
        mode = "exec"
        code = self._module
        if call is not None:
            code = source.compile_source(call, "<expression>", "eval")
            try:
                program.perform(exec, self._module, namespace)
            except BaseException:
                raised = self.describe()
                raise JobFailure("exception", raised["summary"], exception=raised)
            mode = "eval"
        elif self._job.get("mode") == "eval":
            mode = "eval"
        try:
            value = program.perform(self.traced, code, namespace)
            return None, shown.slot(value) if mode == "eval" else None
        except BaseException:
            return self.describe(), None

    def traced(self, code, namespace):
        """Execute code, and record."""
        _settrace(self._trace)
        try:
            value = eval(code, namespace)
            if _gettrace() != self._trace and not self.is_over():
                message = "the example puts another trace function in the place of the recording's"
                self.error = JobFailure("stack", message)
            return value
        finally:
            _settrace(None)

    def is_over(self):
        """Whether the recording has come to its end before the program did."""
        return self.truncated or self.error is not None

    def stop(self):
        """Record no more."""
        _settrace(None)
        self._active.clear()

    def describe(self):
        """The record of the current exception, with the lines of the source as it was compiled.

        There is no traceback in it: the interpreter would make it of the lines that were changed.
        """
        trace = sys.exc_info()[2]
        record = program.describe_exception()
        if value_stack.BY_LINE:
            record["frames"] = list(self.places(trace))
        record["summary"] = shown.without_places(record["summary"])
        record["traceback"] = record["summary"] + "\n"
        record["expected"] = self._job.get("raises") in record["bases"]
        return record

    def places(self, trace):
        """``[file name, line]`` of each frame of the example in a traceback."""
        while trace is not None:
            code = self._codes.get(id(trace.tb_frame.f_code))
            if code is not None:
                found = code.depths
                line = found.at[found.owner(trace.tb_lasti)].line
                yield [code.original.co_filename, line or 0]
            trace = trace.tb_next

    # What the interpreter tells

    def trace(self, frame, event, arg):
        """The trace function; see ``sys.settrace``."""
        try:
            return self.told(frame, event, arg)
        except JobFailure as failure:
            self.error = failure
        except BaseException as error:  # of the example, such as in a repr; it must not get there
            name = type(error).__name__
            self.error = JobFailure("stack", f"the recording was interrupted by {name}")
        self.stop()
        return None

    def told(self, frame, event, arg):
        """What a frame does; the trace function for what it does next, or None."""
        if event == "call":
            if not self.enter(frame):
                return None
        elif id(frame) in self._active:
            activation = self._active[id(frame)]
            if event in ("opcode", "line"):
                self.step(frame, activation)
            elif event == "exception":
                self.excepted(activation, arg)
            elif event == "return":
                self.leave(frame, activation, arg)
        return None if self.is_over() else self._trace

    def enter(self, frame):
        """A frame begins or goes on; whether it is to be recorded."""
        code = self._codes.get(id(frame.f_code))
        if code is None:
            return False
        known = self._active.get(id(frame))
        at_start = begins(frame, code)
        if known is not None and known.code is code and not at_start:
            known.resumed = True
            return True
        nesting = self.nesting(frame)
        if nesting is None:
            return False
        if code.number is None:
            code.number = len(self.used)
            self.used.append(code)
        self._active[id(frame)] = Activation(len(self.frames), code, nesting, at_start)
        self.frames.append([code.number, nesting])
        frame.f_trace = self._trace  # 3.13 ignores the next line as long as there is none
        frame.f_trace_opcodes = not value_stack.BY_LINE
        frame.f_trace_lines = value_stack.BY_LINE
        return True

    def nesting(self, frame):
        """How many recorded frames wait for one that begins; None: it is not to be recorded."""
        outer = frame.f_back
        while outer is not None:
            waiting = self._active.get(id(outer))
            if waiting is not None and waiting.code is self._codes.get(id(outer.f_code)):
                found = waiting.nesting + 1
                return found if self._deepest is None or found <= self._deepest else None
            outer = outer.f_back
        return 0 if self._first in (None, id(frame.f_code)) else None

    def step(self, frame, activation):
        """An instruction is about to be executed."""
        known = activation.code.depths
        told = frame.f_lasti
        offset = known.owner(told)
        last = activation.last
        if last is not None and last.offset == offset and last.told < told and not last.event:
            last.told = told  # after a prefix: some releases tell of both, some of the prefix alone
            return
        values = value_stack.values(frame)
        if len(values) not in known.before[offset]:
            expected = " or ".join(map(str, sorted(known.before[offset]))) or "none"
            raise JobFailure(
                "stack",
                f"a depth of {len(values)} was recorded at offset {offset} of "
                f"{activation.code.qualname} ({known.at[offset].opname}), where it must be "
                f"{expected}; this is a defect of bytedoc or a build that it does not know",
            )
        if last is not None:
            self.settle(last, offset, known)
            raised = last.event == "raises" or last.thrown is not None
            ways = (known.handlers if raised else known.after)[last.offset]
            self.note_silent(ways or known.after[last.offset], offset, known)
        elif activation.at_start:
            self.note_silent([known.instructions[0].offset], offset, known)
        if len(self.steps) >= self._most:
            self.truncated = True
            self.stop()
            return
        activation.last = Step(activation.number, offset, told, values)
        activation.resumed = False
        self.steps.append(activation.last)

    def settle(self, last, offset, known):
        """Now that it is known where a frame went on: whether the step before raised anything."""
        handled = offset in known.handlers[last.offset] and offset not in known.after[last.offset]
        if last.may_be_over and not handled:
            last.happened("", None)  # the end of an iterator, which the instruction itself handles
        elif handled and not last.event:
            last.happened("raises", last.exception)  # once more, which is not told
        last.may_be_over = False

    def note_silent(self, begins, offset, known):
        """Keep the names of what is on the way from where a frame went on to this step of it."""
        ways = [(begin, ()) for begin in sorted(begins)]
        seen = set()
        for begin, names in ways:  # which grows: the shortest way comes first
            if begin == offset:
                self.silent += sorted(set(names) - set(self.silent), key=names.index)
                return
            if begin not in seen and len(names) < _MOST_SILENT:
                seen.add(begin)
                passed = (*names, known.at[begin].opname)
                ways += [(after, passed) for after in sorted(known.after[begin])]

    def excepted(self, activation, arg):
        """An exception was raised in a frame, or arrived there."""
        kind, value, _ = arg
        last = activation.last
        if last is None:
            return
        found = shown.slot(value) if isinstance(value, kind) else ["", kind.__name__]
        if activation.resumed:
            last.thrown = found
            activation.resumed = False
        elif not last.event:
            last.happened("raises", found)
            last.may_be_over = issubclass(kind, StopIteration)

    def leave(self, frame, activation, arg):
        """A frame returns, yields, or lets an exception through."""
        last = activation.last
        name = "" if last is None else activation.code.depths.at[last.offset].opname
        if name.startswith("YIELD") and not last.event:
            last.happened("yields", shown.slot(arg))
            return
        if last is not None and not last.event:
            returns = name.startswith("RETURN")
            if name == _RESUMES_RETURN:
                returns = not issubclass(last.top, type)  # else on top is what was raised
            if returns:
                last.happened("returns", shown.slot(arg))
            else:
                last.happened("raises", last.exception)
        del self._active[id(frame)]


def begins(frame, code):
    """Whether a frame that is entered is at its beginning."""
    if frame.f_lasti < 0:
        return True
    found = code.depths
    item = found.at[found.owner(frame.f_lasti)]
    # The lowest bits of RESUME's argument are 0 at the beginning (3.11 and newer).
    return item.opname == "RESUME" and item.arg & 3 == 0
