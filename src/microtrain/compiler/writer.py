"""A record written down as code: statements, one after the other, in a language that has a table.

A result that is used once goes right into the expression that uses it; the rest get names. The
operations and their order are those that were recorded, so the results are too, to the bit.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, ClassVar

from ..engine.primitive import Primitive, check_text
from ..errors import CompileError
from .record import Record

MOST = 60  # operations in an expression; Python's parser gives up at 200 nested parentheses

# How tightly an expression holds together.
CHOICE, SUM, PRODUCT, SIGN, POWER, ATOM = range(6)

INFIX = {  # the levels: of the expression, and of what may stand to its left and right
    "+": (SUM, SUM, PRODUCT),
    "-": (SUM, SUM, PRODUCT),
    "*": (PRODUCT, PRODUCT, SIGN),
    "/": (PRODUCT, PRODUCT, SIGN),
    "**": (POWER, ATOM, SIGN),
    **dict.fromkeys(("<", "<=", ">", ">="), (CHOICE, SUM, SUM)),
    **dict.fromkeys(("&", "|"), (CHOICE, ATOM, ATOM)),
}


class Part:
    """Some of the operations, under a title, with the results that are to be taken out of them.

    `letter` begins the names of its results, and of no other part's. What leads up to the
    operations in `through` belongs here, too, though nobody takes them out. Written are its
    `lines`, and an expression for each of the `outputs`.
    """

    def __init__(
        self, title: str, letter: str, outputs: Sequence[int] = (), through: Sequence[int] = ()
    ) -> None:
        self.title, self.letter = title, letter
        self.outputs, self.through = outputs, through
        self.lines: list[str] = []
        self.expressions: list[str] = []


class Writer:
    """A record in a language, of which each is a subclass. Each name in the code means one thing.

    Attributes: `namespace`, what the code calls, by name; `texts`, how it writes each primitive.
    """

    column: str  # the attribute of a primitive that holds its text in this language
    statement: str  # the template of a result with a name
    comment: str  # the template of a title
    functions: ClassVar[Mapping[str, Any]] = {}  # what code may have to bring with it, by name
    taken: Iterable[str] = ()  # words that can't be names
    can_call = False  # primitives that have no text in it

    def __init__(self, record: Record, reserved: Iterable[str] = ()) -> None:
        import re  # slow to import

        self.record = record
        primitives = dict.fromkeys([op[0] for op in record.operations if len(op) > 1])
        self.texts: dict[Primitive, Any] = {x: getattr(x, self.column) for x in primitives}
        told = [text for text in self.texts.values() if not callable(text)]
        vary = {x for x, text in self.texts.items() if callable(text)}
        told += [self._text(op[0], op[1:]) for op in record.operations if op[0] in vary]
        words = re.findall(r"\b[^\W\d]\w*", " ".join(told))
        self.namespace = {x: self.functions[x] for x in words if x in self.functions}
        self._taken = {*reserved, *self.taken, *words, "inf", "nan"}
        self._calls: dict[Primitive, str] = {}  # the names of what may have no text
        for primitive, text in self.texts.items():
            if self.can_call and (not text or callable(text)):
                self._calls[primitive] = name = self.name(primitive.name)
                self.namespace[name] = primitive.call

    def inputs(self) -> dict[int, str]:
        """Return names for the inputs, such as the record has for them, by place."""
        operations = self.record.operations
        return {place: self.name(operations[place][0]) for place in self.record.inputs}

    def name(self, name: str) -> str:
        """Return the name as an identifier that means nothing else in the code."""
        if not (name.isascii() and name.isidentifier()):
            import re

            name = re.sub(r"\W", "_", name, flags=re.ASCII)
        if not name[:1].isalpha():
            name = f"x{name}"
        while name in self._taken:
            name += "_"
        self._taken.add(name)
        return name

    def numbered(self, letter: str) -> Iterator[str]:
        """Return names that begin with a letter: v1, v2, and so on."""
        return (name for n in itertools.count(1) if (name := f"{letter}{n}") not in self._taken)

    def write(self, inputs: Mapping[int, str], *parts: Part) -> list[str]:
        """Write down the parts, one after the other; `inputs` are their names, by place.

        Return how each place was written: its name, or the expression that went into another.
        Raises `CompileError` for a primitive that has no text in the language.

        An operation stands in the first part that needs it. What is kept because it may raise,
        though nobody needs it, stands before the last of several parts.
        """
        record, n = self.record, len(self.record.operations)
        constants = [repr(x) for x in reversed(record.constants)]
        self._written = [""] * n + constants  # so that places below 0 are those of constants
        for place, name in inputs.items():
            self._written[place] = name
        self._levels = [ATOM] * n + [SIGN if x.startswith("-") else ATOM for x in constants]
        self._sizes = [0] * len(self._written)  # the number of operations in an expression
        # How often each result is used: more than once if it has to have a name.
        self._uses = uses = [0] * len(self._written)
        self._known: dict[Primitive, Any] = {}
        groups = [[*part.outputs, *part.through] for part in parts]
        groups[max(0, len(parts) - 2)] += record.kept
        found: list[list[Any]] = [[] for _ in parts]  # places and forms, the last first
        for place in [x for part in parts for x in part.outputs]:
            uses[place] += 1
        for number, place, primitive, operands in record.needed(*groups):
            form = self._known.get(primitive) or self._form(primitive, operands)
            found[-number].append((place, form))
            if not form[2]:  # most are infix; written out, as it saves time
                a, b = operands
                uses[a] += 1
                uses[b] += 1
            else:
                for x, more in zip(operands, form[2]):
                    uses[x] += more
        for part, operations in zip(parts, found):
            self._write(part, operations)
        return self._written

    def _form(self, primitive: Primitive, operands: Sequence[int]) -> Any:
        """Return how an operation is written, and how often it uses each of its operands.

        If it is infix, that is its text and its levels; else a template, and the level that its
        operands need with its own. It uses an operand twice if that must be computed before it.
        """
        places = [f"{{{k}}}" for k in range(len(operands))]
        text = self._text(primitive, operands) or self._calls.get(primitive)
        if not text:
            raise CompileError(
                f"{primitive.name} can't be written in another language: give its primitive the "
                f"option {self.column}"
            )
        if text in INFIX and len(operands) == 2:
            form: Any = text, INFIX[text], ()
        else:
            template, levels = text, (ATOM, CHOICE)
            if text in INFIX:
                template, levels = f"{text}{{0}}", (POWER, SIGN)
            elif "{" not in text:
                template, levels = f"{text}({', '.join(places)})", (CHOICE, ATOM)
            may_skip = " if " in template or "?" in template  # some of its operands
            uses = [1 + (may_skip or template.count(at) != 1) for at in places]
            form = template, levels, uses
        if not callable(self.texts[primitive]):
            self._known[primitive] = form
        return form

    def _text(self, primitive: Primitive, operands: Sequence[int]) -> Any:
        """Return the text of a primitive, which may depend on operands that are constants."""
        text, constants = self.texts[primitive], self.record.constants
        if not callable(text):
            return text
        places = enumerate(operands)
        shown = [repr(constants[-1 - x]) if x < 0 else f"{{{k}}}" for k, x in places]
        return check_text(f"{self.column} of {primitive.name}", text(*shown) or "")

    def _write(self, part: Part, found: Sequence[Any]) -> None:
        """Write operations, of which these are the places and forms, the last first."""
        names, lines = self.numbered(part.letter), part.lines
        before, between, after = self.statement.split("{}")
        texts, levels, sizes = self._written, self._levels, self._sizes
        operations, uses = self.record.operations, self._uses
        size_of = sizes.__getitem__

        def assign(place: int) -> None:
            name = next(names)
            lines.append(f"{before}{name}{between}{texts[place]}{after}")
            texts[place], levels[place], sizes[place] = name, ATOM, 0

        for place, (text, needed, several) in reversed(found):
            operation = operations[place]
            a, b = operation[1], operation[-1]
            size = 1 + (sum(map(size_of, operation[1:])) if several else sizes[a] + sizes[b])
            while size > MOST:  # the largest operands get names
                largest = max(operation[1:], key=size_of)
                size -= sizes[largest] * operation[1:].count(largest)
                assign(largest)
            if several:
                at, levels[place] = needed
                shown = [texts[x] if levels[x] >= at else f"({texts[x]})" for x in operation[1:]]
                texts[place] = text.format(*shown)
            else:  # infix
                levels[place], at_left, at_right = needed
                if text == "*" and levels[b] == PRODUCT < levels[a]:
                    a, b = b, a  # the same bits, without parentheses
                left = texts[a] if levels[a] >= at_left else f"({texts[a]})"
                right = texts[b] if levels[b] >= at_right else f"({texts[b]})"
                texts[place] = f"{left} {text} {right}"
            sizes[place] = size
            if uses[place] != 1:
                assign(place)
        part.expressions = [texts[x] for x in part.outputs]
        if part.title and part.lines:
            part.lines.insert(0, self.comment.format(part.title))
