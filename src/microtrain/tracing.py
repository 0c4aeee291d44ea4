"""A prediction and its loss, recorded: the model and the loss, run once, on one sample of symbols.

This happens on a copy of the model: no symbol is ever in the user's.
"""

from __future__ import annotations

import contextlib
import copy
import threading

from .compiler.program import Program
from .compiler.python import assemble, input_names, listed, write
from .compiler.symbol import Symbol, as_operand
from .errors import CompileError, describe
from .graph import topological_sort
from .losses import encode_target, is_known
from .number import as_number
from .samples import checked
from .structure import parameter_names
from .value import Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Sequence
    from typing import Any, TypeVar

    Made = TypeVar("Made")

FORWARD, LOSS, BACKWARD = "1. forward pass", "2. loss", "3. backward pass"


class Forward:
    """The recorded computation of a model's prediction from one sample and the parameters.

    Attributes: `program`; `model` and `parameters`, the copy that holds symbols; `names`, of the
    parameters; `xs` and `data`, the symbols of the sample and of the parameters; `prediction`, a
    Value over symbols, or a list of them; `x_length`, None where a sample is a lone number.

    Raises `CompileError` where the computation is not the same for all numbers.
    """

    def __init__(self, model: Any, parameters: Sequence[Value], x: Any) -> None:
        self.model, self.parameters = _copy(model, parameters)
        self.program = Program()
        self.program.section = FORWARD
        self.x_length = len(x) if isinstance(x, list) else None
        self.xs = self.symbols(_numbered("x", self.x_length))
        self.names = parameter_names(self.model, self.parameters)
        self.data = self.symbols(self.names)
        for p, symbol in zip(self.parameters, self.data):
            p.data = symbol
        try:
            self.prediction = self.model(self.xs[0] if self.x_length is None else list(self.xs))
        except ArithmeticError as error:
            raise CompileError(f"a computation with constants fails: {error}") from error

    def symbols(self, names: Sequence[str]) -> list[Any]:
        """Add inputs of these names to the program."""
        return [Symbol(self.program, self.program.input(name)) for name in names]


class Trace(Forward):
    """The recorded computation of one sample's loss from the sample, its target, the parameters.

    Beside what `Forward` has: `loss`, the Value of the loss, over symbols; `ys`, the symbols of the
    target; `layout`, which says how samples are packed for what is made of the program.
    """

    layout: Layout

    def __init__(
        self,
        model: Any,
        parameters: Sequence[Value],
        samples: Sequence[tuple[Any, Any]],
        loss: Callable[[Any, Any], Value],
    ) -> None:
        if not is_known(loss):
            twin, _ = _copy(model, parameters)
            for x, y in samples:  # a target that doesn't fit can be told from its number only
                with contextlib.suppress(ArithmeticError):  # that is for the steps to find
                    checked(loss)(twin(x), y)
        super().__init__(model, parameters, samples[0][0])
        prediction = self.prediction
        try:
            self.program.section = LOSS
            n_out = len(prediction) if isinstance(prediction, list | tuple) else 1
            y = as_floats(samples[0][1], loss, n_out)
            y_length = len(y) if isinstance(y, list) else None
            self.ys = self.symbols(_numbered("y", y_length))
            self.loss = checked(loss)(prediction, self.ys[0] if y_length is None else list(self.ys))
        except ArithmeticError as error:
            raise CompileError(f"a computation with constants fails: {error}") from error
        if not isinstance(self.loss.data, Symbol):
            raise CompileError("loss is a constant: it depends on nothing that is known to change")
        if _holds_symbol(self.model, {id(p) for p in self.parameters}):
            raise CompileError(
                "the forward pass changes the model, and generated code would not; "
                'use engine="eager"'
            )
        self.layout = Layout(self.x_length, y_length, n_out, loss)
        live = {id(p) for p in parameters}
        for value in (part for parts in topological_sort(self.loss) for part in parts):
            if not isinstance(value.data, Symbol) and (value.parents or id(value) in live):
                raise CompileError(
                    "model or loss uses a Value that was computed elsewhere, or a parameter of the "
                    'model by another way than the model; compute it inside, or use engine="eager"'
                )


class Layout:
    """How a sample and its target become one flat tuple of floats, and two again."""

    def __init__(
        self,
        x_length: int | None,
        y_length: int | None,
        n_out: int,
        loss: Callable[[Any, Any], Value],
    ) -> None:
        self.x_length, self.y_length, self.n_out, self.loss = x_length, y_length, n_out, loss

    def pack(self, x: Any, y: Any) -> tuple[float, ...]:
        """Return a sample and its target as one tuple of floats."""
        y = as_floats(y, self.loss, self.n_out)
        for part, length in ((x, self.x_length), (y, self.y_length)):
            if (len(part) if isinstance(part, list) else None) != length:
                raise CompileError("samples or targets differ in length, so one loop can't fit all")
        return (
            *(x if isinstance(x, list) else [x]),
            *(y if isinstance(y, list) else [y]),
        )

    def unpack(self, sample: tuple[float, ...]) -> tuple[Any, Any]:
        """Return the sample and its target that `pack` made one of."""
        n = 1 if self.x_length is None else self.x_length
        x, y = list(sample[:n]), list(sample[n:])
        return x[0] if self.x_length is None else x, y[0] if self.y_length is None else y


def predictor(
    model: Any, parameters: Sequence[Value], x: list[float]
) -> Callable[[Sequence[float], Sequence[Sequence[float]]], list[float]]:
    """Return a function from parameters and samples, lists such as `x`, to the predictions.

    The function is generated Python. Raises `CompileError`, also for a model of several outputs.
    """
    forward = Forward(model, parameters, x)
    if not isinstance(forward.prediction, Value):
        raise CompileError("a model of one output is expected")
    names = input_names(forward.program, ("parameters", "samples", "predictions"))
    statements, (prediction,) = write(
        forward.program, [as_operand(forward.prediction.data)], names, {FORWARD: "v"}
    )
    data, xs = (listed(names[x.place] for x in symbols) for symbols in (forward.data, forward.xs))
    lines = [
        "def predict(parameters, samples):",
        f"    {data} = parameters",
        "    predictions = []",
        f"    for {xs} in samples:",
        *(f"        {line}" for line in statements),
        f"        predictions.append({prediction})",
        "    return predictions",
    ]
    function: Callable[..., list[float]] = assemble("\n".join(lines), "predict")
    return function


# What was generated before, by what it depends on: a sweep trains many models of one architecture.
_made: dict[Hashable, Any] = {}
_lock = threading.Lock()
KEPT = 16


def made_once(key: Hashable, make: Callable[[], Made]) -> Made:
    """Return what `make` makes, or what it made when it was last called for this key, if any."""
    with _lock:
        known: Made | None = _made.get(key)
    if known is not None:
        return known
    made = make()
    if key is not None:
        with _lock:
            while len(_made) >= KEPT:
                del _made[next(iter(_made))]
            _made[key] = made
    return made


def as_floats(y: Any, loss: Callable[[Any, Any], Value], n_out: int) -> Any:
    """Return a target as a float or a list of floats."""
    y = encode_target(loss, y, n_out)
    parts = y if isinstance(y, list | tuple) else [y]
    numbers = [as_number(part) for part in parts]
    if any(number is NotImplemented for number in numbers):
        raise CompileError(f"a target of numbers is all that compiles, got {describe(y)}")
    floats = [float(number) for number in numbers]
    return floats if isinstance(y, list | tuple) else floats[0]


def _copy(model: Any, parameters: Sequence[Value]) -> tuple[Any, list[Value]]:
    """Return a copy of the model, and its parameters in the order of the model's."""
    memo: dict[int, Any] = {}
    try:
        twin = copy.deepcopy(model, memo)
    except Exception as error:
        raise CompileError(f"model can't be copied, so it can't be compiled: {error}") from error
    if any(id(p) not in memo for p in parameters):
        raise CompileError("model's parameters are not its own: a copy of it has others")
    return twin, [memo[id(p)] for p in parameters]


def _holds_symbol(item: Any, parameters: set[int], seen: set[int] | None = None) -> bool:
    """Return whether something in a model, other than its parameters, has become a Symbol."""
    seen = set() if seen is None else seen
    if id(item) in seen or id(item) in parameters:
        return False
    seen.add(id(item))
    if isinstance(item, Value):
        return isinstance(item.data, Symbol)
    if isinstance(item, list | tuple | dict):
        parts = item.values() if isinstance(item, dict) else item
        return any(_holds_symbol(part, parameters, seen) for part in parts)
    if hasattr(item, "__dict__") and not isinstance(item, type):
        return _holds_symbol(vars(item), parameters, seen)
    return isinstance(item, Symbol)


def _numbered(name: str, length: int | None) -> list[str]:
    """Return names for the items of a list, or the name alone for a number."""
    return [name] if length is None else [f"{name}{i}" for i in range(length)]
