"""C: how it writes records, and the frame around what was written: a function, a file."""

import itertools
import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib import resources
from typing import Any

from ..engine.primitive import Primitive, check_text
from ..errors import CompileError
from .python import indented
from .record import Record
from .rolling import rolled
from .writer import Part, Writer

# Operations that are written one by one. What has more is written as loops, which compile in less
# time, and run as fast or faster.
STRAIGHT = 1_000
STACK = 250_000  # numbers in an array on the stack, of which threads may have a few megabytes

FOLDER = resources.files("microtrain.compiler")
PRELUDE = (FOLDER / "prelude.h").read_text(encoding="ascii")  # what stands before native code
# What nothing in the generated code may be called: C's keywords, the names in its headers, and
# those in the frame.
TAKEN = """auto break case char const continue default do double else enum extern float for goto if
inline int long main register restrict return short signed sizeof static struct switch typedef union
unsigned void volatile while acos acosh asin asinh atan atan2 atanh cbrt ceil copysign cos cosh erf
erfc exp exp2 expm1 fabs fdim floor fma fmax fmin fmod frexp gamma hypot ilogb isfinite isinf isnan
isnormal j0 j1 jn ldexp lgamma llrint llround log log10 log1p log2 logb lrint lround modf nan
nearbyint nextafter nexttoward pow remainder remquo rint round scalbln scalbn signbit sin sinh sqrt
tan tanh tgamma trunc y0 y1 yn double_t float_t math_errhandling HUGE_VAL HUGE_VALF HUGE_VALL
INFINITY NAN finite_all points result value gradient sample step train seed loss unused d g i j k l
n p v x y"""

# The functions that the texts of primitives call and C does not have, by name.
_, *_texts = (FOLDER / "functions.c").read_text(encoding="ascii").strip().split("\n\n")
FUNCTIONS = {text.partition("(")[0].split()[-1]: text for text in _texts}


class C(Writer):
    """C99, with the functions of its `math.h`.

    Attributes: `rolls`, whether results are in arrays, so that statements can be made loops;
    `is_finite`, whether constants are; `conditions`, what decides between the arms of primitives
    that have some.
    """

    column = "c"
    comment = "/* {} */"
    functions = FUNCTIONS
    taken = TAKEN.split()

    def __init__(self, record: Record) -> None:
        self.rolls = len(record.operations) > STRAIGHT
        self.statement = "{} = {};" if self.rolls else "const double {} = {};"
        super().__init__(record)
        self.conditions: dict[Primitive, str] = {}
        for primitive, text in self.texts.items():
            if callable(text):
                shown = [f"{{{k}}}" for k in range(len(primitive.slopes))]
                text = self.texts[primitive] = check_text(f"c of {primitive.name}", text(*shown))
            if "?" in text:
                self.conditions[primitive] = text.partition("?")[0]
                self.texts[primitive] = name = self.name(primitive.name)
                operands = "abcdefgh"[: len(primitive.slopes)]
                head = f"static double {name}({', '.join(f'double {x}' for x in operands)})"
                self.namespace[name] = function(head, [f"return {text.format(*operands)};"])
        self.is_finite = all(map(math.isfinite, record.constants))
        if not self.is_finite:
            self.namespace["inf"] = "#define inf HUGE_VAL\n#define nan (HUGE_VAL - HUGE_VAL)"

    def numbered(self, letter: str) -> Iterator[str]:
        if not self.rolls:
            return super().numbered(letter)
        return (f"{letter}[{n}]" for n in itertools.count())

    def _may_be_skipped(self, places: Iterable[int]) -> list[int]:
        """Return what may raise, but that a compiler may leave out: it is unused or only in an arm.

        The flags that tell of errors would not be raised then.
        """
        always = {*places}
        for _, place, primitive, operands in self.record.needed(places):
            if place in always:
                condition = self.conditions.get(primitive)
                always.update(
                    x for k, x in enumerate(operands) if not condition or f"{{{k}}}" in condition
                )
        return [place for place in self.record.kept if place >= 0 and place not in always]

    def body(self, inputs: Mapping[int, str], parts: Sequence[Part], targets: Any) -> list[str]:
        """Return statements of the parts; `targets` are templates of what is done with outputs."""
        risky = self._may_be_skipped([x for part in parts for x in part.outputs])
        parts[-1].outputs = [*parts[-1].outputs, *risky]
        targets = [*targets[:-1], [*targets[-1], *["unused = {};"] * len(risky)]]
        self.write(inputs, *parts)
        lines = ["volatile double unused;"] if risky else []
        statements: list[str] = []
        for part, templates in zip(parts, targets):
            statements += part.lines
            statements += [text.format(x) for text, x in zip(templates, part.expressions)]
        statements += ["(void)unused;"] * bool(risky)
        if not self.rolls:
            return lines + statements
        for part in parts:
            count = sum(line.startswith(f"{part.letter}[") for line in statements)
            if count > STACK:
                raise CompileError(
                    f"C would have to keep {count:,} results on its stack, and {STACK:,} is what "
                    "fits: use another engine, or smaller functions"
                )
            lines += [f"double {part.letter}[{count}];"] * (count > 0)
        return lines + rolled(statements)


def function(head: str, lines: Iterable[str]) -> str:
    """Return the definition of a function."""
    return "\n".join([head, "{", *indented(lines), "}"])


class Source:
    """A record as a C function, from an array of numbers to an array for each part.

    Attributes: `outputs`, the names of those arrays and how many numbers are in each; `is_finite`,
    whether the constants are.
    """

    def __init__(self, record: Record, parts: Sequence[Part], name: str) -> None:
        writer = C(record)
        self.name = writer.name(name)
        self.width, self.is_finite = len(record.inputs), writer.is_finite
        names = ["value", "gradient"] if len(parts) == 2 else ["result"]
        self.outputs = {x: len(part.outputs) for x, part in zip(names, parts)}
        inputs = {place: f"x[{k}]" for k, place in enumerate(record.inputs)}
        targets = [[f"{x}[{k}] = {{}};" for k in range(n)] for x, n in self.outputs.items()]
        lines = writer.body(inputs, parts, targets)
        self.call = f"{self.name}({', '.join(['x', *self.outputs])})"
        self.parameters = ", ".join(f"double *restrict {x}" for x in self.outputs)
        head = f"void {self.name}(const double *restrict x, {self.parameters})"
        unused = [x for x in ("x", *self.outputs) if not any(f"{x}[" in line for line in lines)]
        # Of parameters that are not used, no compiler is to warn.
        text = self.function = function(head, [*(f"(void){x};" for x in unused), *lines])
        self.helpers: list[str] = []
        for name, helper in reversed(writer.namespace.items()):
            if re.search(rf"\b{name}\b", text) or helper.startswith("#"):
                self.helpers.insert(0, helper)
                text += helper

    def native(self) -> str:
        """Return the C to be compiled here: a function of many points, which tells of errors."""
        moves = ", ".join(f"{x} += {n}" for x, n in {"x": self.width, **self.outputs}.items())
        fails = f"!finite_all(x, n * {self.width})" if self.is_finite else "n > 0"
        points = function(
            f"int points(const double *restrict x, long n, {self.parameters})",
            [
                f"if ({fails})",
                "    return 1;",
                "feclearexcept(FE_ALL_EXCEPT);",
                f"for (; n > 0; --n, {moves})",
                f"    {self.call};",
                "return fetestexcept(FLAGS) != 0;",
            ],
        )
        alone = f"__attribute__((noinline)) static {self.function}"
        return "\n\n".join([PRELUDE, *self.helpers, alone, points, ""])

    def portable(self) -> str:
        """Return a file of C99 that needs nothing else."""
        sizes = ", ".join(f"{x} of {n}" for x, n in self.outputs.items())
        head = f"""/* {self.call}: x points to {self.width} doubles, the arguments one after
   the other; the results go to {sizes}. Made by microtrain; compile
   with -std=c99 -ffp-contract=off -fno-builtin, and link with -lm. */
#include <math.h>"""
        return "\n\n".join([head, *self.helpers, self.function, ""])
