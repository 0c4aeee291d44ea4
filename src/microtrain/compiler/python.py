"""A program written down as Python: straight-line code, one operation after the other.

A result that is used once goes right into the expression that uses it; the rest get names. The
float operations and their order are those that were recorded, so the results are too, to the bit.
"""

from __future__ import annotations

import keyword
import math

from .. import arithmetic
from .program import FUNCTIONS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Any

    from .program import Operand, Program

MOST = 60  # operations in an expression; Python's parser gives up at 200 nested parentheses

# How tightly an expression holds together: the levels of Python's grammar that matter here.
CHOICE, SUM, PRODUCT, SIGN, POWER, ATOM = range(6)

OPERATORS = {
    "+": ("+", SUM),
    "-": ("-", SUM),
    "*": ("*", PRODUCT),
    "/": ("/", PRODUCT),
    "ratio": ("/", PRODUCT),
}

# The functions that are an expression rather than a call: the same floats as
# `microtrain.functions`.
EXPRESSIONS = {
    "relu": (CHOICE, "0.0 if {0} <= 0.0 else {0}"),
    "step": (CHOICE, "0.0 if {0} <= 0.0 else 1.0"),
    "maximum": (CHOICE, "{0} if {0} >= {1} or {0} != {0} else {1}"),
    "minimum": (CHOICE, "{0} if {0} <= {1} or {0} != {0} else {1}"),
    "choose": (CHOICE, "{1} if {0} > 0.0 else {2}"),
    "compare": (CHOICE, "1.0 if {0} > {1} else -1.0 if {0} < {1} else 0.0"),
    "sigmoid": (
        CHOICE,
        "(e_ := exp({0})) / (1.0 + e_) if {0} < 0.0 else 1.0 / (1.0 + exp(-{0}))",
    ),
    "log_base": (ATOM, "log({0})"),
    "softplus": (SUM, "({0} if {0} > 0.0 else 0.0) + log1p(exp(-abs({0})))"),
}

# What generated code may call. `math`'s functions are faster than those of `microtrain.functions`,
# and raise where they do; whoever runs the code then replays the program, which says what happened.
NAMESPACE: dict[str, Any] = {
    **{name: getattr(math, name) for name in ("exp", "log", "log1p", "sqrt", "sin", "cos", "tanh")},
    "abs": abs,
    "inf": math.inf,
    "nan": math.nan,
    "power": arithmetic.power,
    "quiet_power": arithmetic.quiet_power,
    "float_power": FUNCTIONS["**"],
}


class Expression:
    """A piece of Python: its text, how tightly it holds together, and its number of operations."""

    __slots__ = ("level", "size", "text")

    def __init__(self, text: str, level: int = ATOM, size: int = 0) -> None:
        self.text = text
        self.level = level
        self.size = size

    def at(self, level: int) -> str:
        """Return the text for a place that needs this level, in parentheses if it has a lower."""
        return self.text if self.level >= level else f"({self.text})"


def identifiers(names: Iterable[str], reserved: Iterable[str] = ()) -> list[str]:
    """Return the names as different Python identifiers that mean nothing else in generated code."""
    taken = {*NAMESPACE, *reserved, "e_"}
    result = []
    for name in names:
        plain = "".join(c if c.isascii() and (c.isalnum() or c == "_") else "_" for c in name)
        if not plain or plain[0].isdigit() or keyword.iskeyword(plain) or plain.startswith("_"):
            plain = f"x{plain}"
        while plain in taken:
            plain += "_"
        taken.add(plain)
        result.append(plain)
    return result


def input_names(program: Program, reserved: Iterable[str] = ()) -> dict[int, str]:
    """Return the names of a program's inputs as identifiers, by place."""
    return dict(zip(program.inputs, identifiers(program.inputs.values(), reserved)))


def listed(names: Iterable[str]) -> str:
    """Return the Python of a tuple of names."""
    return f"({', '.join(names)},)"


def write(
    program: Program,
    outputs: Sequence[Operand],
    names: Mapping[int, str],
    letters: Mapping[str, str],
    taken: Iterable[str] = (),
) -> tuple[list[str], list[str]]:
    """Return statements that compute the outputs, and an expression for each output.

    `names` are those of the inputs, by place; `letters` gives, for each section of the program, the
    letter that the names of its results begin with; `taken` are names to keep away from.
    """
    operations = program.operations
    needed = program.live(outputs)
    uses = [0] * len(operations)
    for output in outputs:
        if isinstance(output, int):
            uses[output] += 1
    for place, (name, operands) in enumerate(operations):
        if needed[place]:
            for operand in operands:
                if isinstance(operand, int):
                    # an expression may name an operand more than once, so it needs a name
                    uses[operand] += 2 if name in EXPRESSIONS else 1

    expressions: dict[int, Expression] = {place: Expression(name) for place, name in names.items()}
    used = {*NAMESPACE, *names.values(), *taken}
    counts = dict.fromkeys(letters.values(), 0)
    statements: list[str] = []
    section = ""

    def name_it(place: int) -> None:
        nonlocal section
        if program.sections[place] != section:
            section = program.sections[place]
            statements.append(f"# {section}")
        letter = letters[section]
        while True:
            counts[letter] += 1
            name = f"{letter}{counts[letter]}"
            if name not in used:
                break
        statements.append(f"{name} = {expressions[place].text}")
        expressions[place] = Expression(name)

    def operand_of(x: Operand) -> Expression:
        if isinstance(x, int):
            return expressions[x]
        text = repr(x)
        return Expression(text, SIGN if text.startswith("-") else ATOM)

    ranks = {section: rank for rank, section in enumerate(letters)}
    for place in sorted(range(len(operations)), key=lambda i: ranks.get(program.sections[i], -1)):
        name, operands = operations[place]
        if not needed[place] or name == "input":
            continue
        parts = [operand_of(x) for x in operands]
        while sum(part.size for part in parts) >= MOST:
            largest = max(range(len(parts)), key=lambda i: parts[i].size)
            name_it(operands[largest])  # type: ignore[arg-type]
            parts = [operand_of(x) for x in operands]
        expressions[place] = _expression(name, parts, operands)
        if uses[place] != 1:
            name_it(place)
    return statements, [operand_of(x).text for x in outputs]


def _expression(name: str, parts: Sequence[Expression], operands: Sequence[Operand]) -> Expression:
    size = 1 + sum(part.size for part in parts)
    if name in OPERATORS:
        sign, level = OPERATORS[name]
        text = f"{parts[0].at(level)} {sign} {parts[1].at(level + 1)}"
        return Expression(text, level, size)
    if name == "neg":
        return Expression(f"-{parts[0].at(SIGN)}", SIGN, size)
    if name in EXPRESSIONS:
        level, template = EXPRESSIONS[name]
        return Expression(template.format(*(part.at(ATOM) for part in parts)), level, size)
    if name in ("**", "power", "quiet_power"):
        if isinstance(operands[1], float) and operands[1].is_integer():  # never a complex number
            if name == "quiet_power" and operands[1] == -1.0:
                return Expression(f"1.0 / {parts[0].at(SIGN)}", PRODUCT, size)
            return Expression(f"{parts[0].at(ATOM)} ** {parts[1].at(SIGN)}", POWER, size)
        name = "float_power" if name == "**" else name
    return Expression(f"{name}({', '.join(part.text for part in parts)})", ATOM, size)


def function(
    name: str, arguments: Mapping[str, Sequence[str] | None], body: Sequence[str], otherwise: str
) -> str:
    """Return the source of a function of floats, and of lists of floats.

    arguments: by name, the names of a list's items, or None for a float. Called with anything but
    floats, or where an operation raises, the function hands over to the one named `otherwise`.
    """
    lists = [f"[{', '.join(items)}] = {x}" for x, items in arguments.items() if items is not None]
    if lists:
        kinds = [
            f"type({x})" if items is None else f"*map(type, {x})" for x, items in arguments.items()
        ]
        check = f"{{{', '.join(kinds)}}} == {{float}}"
    else:
        check = " is ".join([*(f"type({x})" for x in arguments), "float"])
    parameters = ", ".join(arguments)
    return "\n".join(
        [
            f"def {name}({parameters}):",
            *(
                [f"    if not ({check}):", f"        return {otherwise}({parameters})"]
                * bool(arguments)
            ),
            "    try:",
            *(f"        {line}" for line in (*lists, *body)),
            "    except (ArithmeticError, ValueError):  # to say which, and of what",
            f"        return {otherwise}({parameters})",
        ]
    )


def assemble(source: str, function: str, **extra: Any) -> Any:
    """Return a function that is defined in the source; `extra` are more names that it may use."""
    namespace = {**NAMESPACE, **extra}
    exec(compile(source, f"<microtrain: {function}>", "exec"), namespace)
    return namespace.pop(function)  # which leaves no circle of references
