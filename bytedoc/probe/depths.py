"""How deep the value stack is before each instruction, along every way through a code object.

The depths follow from ``dis.stack_effect`` and from where control can go: nothing is executed.
Up to 3.8 the depth in a ``finally`` or ``with`` is not a function of the place alone, since such a
block is entered with one, two or six more values; there, all depths are found.

Where ``dis.stack_effect`` is not what an instruction does, which was measured by comparing it with
recorded stacks (see ``stack``), `effect` says so.
"""

import collections
import dis

from . import code_object, disassembly
from .failures import JobFailure

#: An instruction with its ``EXTENDED_ARG`` prefixes, without its inline caches.  *start* is the
#: offset of its first prefix, *following* that of the instruction after it (None: there is none),
#: *target* that to which it may jump (None: it does not).
Instruction = collections.namedtuple(
    "Instruction", "offset start opcode opname arg argrepr line target following"
)

#: After these, the next instruction is not the one that follows (ceval.c, bytecodes.c).
_ENDS = frozenset(
    [
        "BREAK_LOOP",
        "CONTINUE_LOOP",
        "JUMP_ABSOLUTE",
        "JUMP_BACKWARD",
        "JUMP_BACKWARD_NO_INTERRUPT",
        "JUMP_FORWARD",
        "RAISE_VARARGS",
        "RERAISE",
        "RETURN_CONST",
        "RETURN_VALUE",
    ]
)
#: Instructions whose jump is the way into a handler.
_SETS_UP = frozenset(["SETUP_FINALLY", "SETUP_EXCEPT", "SETUP_WITH", "SETUP_ASYNC_WITH"])
#: Effects not jumping and jumping, where ``dis.stack_effect`` knows the larger only (before 3.8).
_EITHER = {
    "FOR_ITER": (1, -1),
    "JUMP_IF_FALSE_OR_POP": (-1, 0),
    "JUMP_IF_TRUE_OR_POP": (-1, 0),
}
#: Generators, coroutines and asynchronous generators (``inspect.CO_GENERATOR`` and so on).
_SUSPENDS = 0x20 | 0x80 | 0x200
#: So many states of stack and blocks are looked at; the standard library needs a tenth of it.
_MOST_STATES = 50_000


class Depths:
    """What is known of a code object's value stack without executing it.

    Attributes:
        instructions: all `Instruction`, in order.
        at: the same by offset.
        before: for each offset, the set of depths there; empty where nothing leads to it.
        after: for each offset, those that can be next when no exception is raised.
        handlers: for each offset, those that can be next when one is.
    """

    def __init__(self, code):
        self.code = code
        self.instructions = instructions_of(code)
        self.at = {item.offset: item for item in self.instructions}
        ends = [item.start for item in self.instructions[1:]] + [len(code.co_code)]
        self._owner = {
            offset: item.offset
            for item, end in zip(self.instructions, ends)
            for offset in range(item.start, end, 2)
        }
        self.before = collections.defaultdict(set)
        self.after = collections.defaultdict(set)
        self.handlers = collections.defaultdict(set)
        if "END_FINALLY" in dis.opmap:
            _Blocks(self).follow()
        else:
            self._follow()

    def owner(self, offset):
        """The offset of the instruction to which a code unit belongs: a prefix, or a cache."""
        return self._owner[offset]

    def successors(self, item):
        """``(offset, whether by a jump)`` of what can be next, exceptions aside."""
        if item.opname not in _ENDS and item.following is not None:
            yield self.owner(item.following), False
        if item.target is not None:
            yield self.owner(item.target), True

    def _follow(self):
        """For releases in which the depth depends on the place alone (3.9 and newer)."""
        rows = code_object.exception_table(self.code) or ()
        begins = "GEN_START" in dis.opmap and bool(self.code.co_flags & _SUSPENDS)
        waiting = [(self.instructions[0].offset, int(begins))]
        while waiting:
            offset, depth = waiting.pop()
            if depth in self.before[offset]:
                continue
            if self.before[offset] or depth < 0:
                raise JobFailure("stack", "its depths do not add up" + self._place(offset))
            self.before[offset].add(depth)
            item = self.at[offset]
            for target, jump in self.successors(item):
                waiting.append((target, depth + effect(item, jump)))
                is_handler = jump and item.opname in _SETS_UP
                (self.handlers if is_handler else self.after)[offset].add(target)
            for start, end, target, depth_there, lasti in rows:
                if start <= offset < end:
                    handler = self.owner(target)
                    self.handlers[offset].add(handler)
                    waiting.append((handler, depth_there + lasti + 1))
        if not rows:
            self._share_handlers()

    def _share_handlers(self):
        """3.9 and 3.10: any instruction may raise into any handler; which one, a block tells."""
        found = set().union(*self.handlers.values()) if self.handlers else set()
        for item in self.instructions:
            self.handlers[item.offset] = found

    def _place(self, offset):
        return f" at offset {offset} of {self.code.co_name}"


def instructions_of(code):
    """Every `Instruction` of a code object."""
    lines = disassembly.lines_by_offset(code)
    jumps = disassembly.jump_opcodes()
    extended = dis.opmap["EXTENDED_ARG"]
    items = [item for item in dis.get_instructions(code) if item.opname != "CACHE"]
    found = []
    start = None
    for item, next_one in zip(items, [*items[1:], None]):
        start = item.offset if start is None else start
        if item.opcode == extended:
            continue
        leads_back = item.argrepr.startswith("from ")  # END_ASYNC_FOR, which does not jump
        found.append(
            Instruction(
                item.offset,
                start,
                item.opcode,
                item.opname,
                item.arg,
                item.argrepr,
                lines.get(item.offset),
                item.argval if item.opcode in jumps and not leads_back else None,
                None if next_one is None else next_one.offset,
            )
        )
        start = None
    return found


def effect(item, jump):
    """By how much an instruction changes the depth."""
    if "PRECALL" in dis.opmap:  # 3.11, where the effects of these two are right in sum alone
        if item.opname == "PRECALL":
            return 0
        if item.opname == "CALL":
            return -1 - item.arg
    if item.opname == "RETURN_GENERATOR":
        return 1  # seen from the generator, which finds what it is sent first; 3.11 and 3.12 say 0
    try:
        return dis.stack_effect(item.opcode, item.arg, jump=jump)
    except TypeError:  # before 3.8
        if item.opname in _EITHER:
            return _EITHER[item.opname][jump]
        return dis.stack_effect(item.opcode, item.arg)


# What may lie on a stack and decides where END_FINALLY and its like go on.
_VALUE, _EXCEPTION, _NULL, _NO_EXCEPTION, _RAISED = "value", "exception", "null", "none", "raised"
_Address = collections.namedtuple("_Address", "offset")  # where a finally block returns to (3.8)
_Reason = collections.namedtuple("_Reason", "word target")  # why it was entered (before 3.8)
_Block = collections.namedtuple("_Block", "kind target level")
_HANDLER = "handler"  # the block in which an exception is handled
#: The six values of an exception that is handled, those of the one before it among them.
_SIX = (_EXCEPTION,) * 6


class _Blocks:
    """Follows every way through a code object of a release with blocks and ``END_FINALLY``.

    What is told apart on the stack is what decides where control goes: the rules are those of
    ``Python/ceval.c`` of 3.6 to 3.8.
    """

    def __init__(self, depths):
        self._depths = depths
        self._waiting = []
        self._from = None
        #: Before 3.8, leaving a block cuts the stack down to its level.
        self._cuts = "SETUP_LOOP" in dis.opmap

    def follow(self):
        """Fill in what the `Depths` is to know."""
        depths = self._depths
        seen = set()
        self._waiting.append((depths.instructions[0].offset, (), ()))
        while self._waiting:
            state = self._waiting.pop()
            if state in seen:
                continue
            seen.add(state)
            if len(seen) > _MOST_STATES:
                message = f"there are too many ways through {depths.code.co_name}"
                raise JobFailure("stack", message)
            offset, stack, blocks = state
            depths.before[offset].add(len(stack))
            self._from = offset
            self._raise(stack, blocks)
            self._step(depths.at[offset], stack, blocks)

    def _go(self, offset, stack, blocks):
        """Go on somewhere without an exception."""
        offset = self._depths.owner(offset)
        self._depths.after[self._from].add(offset)
        self._waiting.append((offset, stack, blocks))

    def _raise(self, stack, blocks):
        """Go on where an exception is handled, if it is."""
        blocks = list(blocks)
        while blocks:
            block = blocks.pop()
            if block.kind in ("except", "finally"):
                handler = self._depths.owner(block.target)
                self._depths.handlers[self._from].add(handler)
                inside = (*blocks, _Block(_HANDLER, None, block.level))
                self._waiting.append((handler, stack[: block.level] + _SIX, inside))
                return

    def _leave(self, reason, stack, blocks):
        """``break``, ``continue`` and ``return`` before 3.8, through the blocks around them."""
        blocks = list(blocks)
        while blocks:
            block = blocks[-1]
            if block.kind == "loop" and reason.word == "continue":
                self._go(reason.target, stack, tuple(blocks))
                return
            blocks.pop()
            stack = stack[: block.level]
            if block.kind == "loop" and reason.word == "break":
                self._go(block.target, stack, tuple(blocks))
                return
            if block.kind == "finally":
                if reason.word != "break":
                    stack += (_VALUE,)
                self._go(block.target, (*stack, reason), tuple(blocks))
                return

    def _step(self, item, stack, blocks):
        """Go on after one instruction."""
        special = getattr(self, "_" + item.opname.lower(), None)
        if special is not None:
            special(item, stack, blocks)
            return
        for offset, jump in self._depths.successors(item):
            change = effect(item, jump)
            changed = stack + (_VALUE,) * change if change >= 0 else stack[:change]
            self._go(offset, changed, blocks)

    def _setup_loop(self, item, stack, blocks):
        self._go(item.following, stack, (*blocks, _Block("loop", item.target, len(stack))))

    def _setup_except(self, item, stack, blocks):
        self._go(item.following, stack, (*blocks, _Block("except", item.target, len(stack))))

    def _setup_finally(self, item, stack, blocks):
        self._go(item.following, stack, (*blocks, _Block("finally", item.target, len(stack))))

    def _setup_with(self, item, stack, blocks):
        block = _Block("finally", item.target, len(stack))  # above __exit__, below __enter__'s
        self._go(item.following, (*stack, _VALUE), (*blocks, block))

    def _setup_async_with(self, item, stack, blocks):
        block = _Block("finally", item.target, len(stack) - 1)
        self._go(item.following, stack, (*blocks, block))

    def _pop_block(self, item, stack, blocks):
        left = stack[: blocks[-1].level] if self._cuts else stack
        self._go(item.following, left, blocks[:-1])

    def _pop_except(self, item, stack, blocks):
        left = stack[: blocks[-1].level] if self._cuts else stack[:-3]
        self._go(item.following, left, blocks[:-1])

    def _break_loop(self, item, stack, blocks):
        self._leave(_Reason("break", None), stack, blocks)

    def _continue_loop(self, item, stack, blocks):
        self._leave(_Reason("continue", item.target), stack, blocks)

    def _return_value(self, item, stack, blocks):
        if self._cuts:
            self._leave(_Reason("return", None), stack[:-1], blocks)

    def _begin_finally(self, item, stack, blocks):
        self._go(item.following, (*stack, _NULL), blocks)

    def _call_finally(self, item, stack, blocks):
        self._go(item.target, (*stack, _Address(item.following)), blocks)

    def _pop_finally(self, item, stack, blocks):
        kept = stack[-1:] if item.arg else ()
        stack = stack[:-1] if item.arg else stack
        if stack[-1] == _EXCEPTION:
            self._go(item.following, stack[:-6] + kept, blocks[:-1])
        else:
            self._go(item.following, stack[:-1] + kept, blocks)

    def _end_finally(self, item, stack, blocks):
        top = stack[-1]
        if top == _EXCEPTION:
            self._raise(stack, blocks)
        elif isinstance(top, _Address):
            self._go(top.offset, stack[:-1], blocks)
        elif not isinstance(top, _Reason):  # NULL in 3.8, None before
            self._go(item.following, stack[:-1], blocks)
        elif top.word == "silenced":
            self._go(item.following, stack[: blocks[-1].level], blocks[:-1])
        else:
            self._leave(top, stack[: -1 if top.word == "break" else -2], blocks)

    def _end_async_for(self, item, stack, blocks):
        self._go(item.following, stack[:-7], blocks[:-1])

    def _with_cleanup_start(self, item, stack, blocks):
        """Take ``__exit__`` out from below why the block ended; push an exception and a result."""
        top = stack[-1]
        if top == _EXCEPTION:
            left = (*stack[:-7], *_SIX[:3], _NULL, *_SIX[:3])
            block = blocks[-1]._replace(level=blocks[-1].level - 1)
            self._go(item.following, (*left, _RAISED, _VALUE), (*blocks[:-1], block))
        elif isinstance(top, _Reason) and top.word in ("return", "continue"):
            self._go(item.following, (*stack[:-3], _VALUE, top, _NO_EXCEPTION, _VALUE), blocks)
        else:
            self._go(item.following, (*stack[:-2], top, _NO_EXCEPTION, _VALUE), blocks)

    def _with_cleanup_finish(self, item, stack, blocks):
        left = stack[:-2]
        self._go(item.following, left, blocks)
        if stack[-2] != _RAISED:
            return
        if self._cuts:  # a true result silences the exception
            self._go(item.following, (*left, _Reason("silenced", None)), blocks)
        else:
            self._go(item.following, (*left[: blocks[-1].level], _NULL), blocks[:-1])

    def _rot_two(self, item, stack, blocks):
        self._rotate(2, item, stack, blocks)

    def _rot_three(self, item, stack, blocks):
        self._rotate(3, item, stack, blocks)

    def _rot_four(self, item, stack, blocks):
        self._rotate(4, item, stack, blocks)

    def _rotate(self, count, item, stack, blocks):
        turned = stack[:-count] + stack[-1:] + stack[-count:-1]
        self._go(item.following, turned, blocks)
