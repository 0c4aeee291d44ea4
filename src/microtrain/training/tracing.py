"""A prediction and its loss, recorded: the model and the loss, run once, on one sample of symbols.

This happens on a copy of the model: no symbol is ever in the user's.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Hashable, Iterator, Sequence
from typing import Any, TypeVar

from ..compiler.record import Record
from ..compiler.symbol import Symbol
from ..engine.graph import topological_sort
from ..engine.number import as_number
from ..engine.value import Value
from ..errors import CompileError, describe
from ..nn.description import described
from ..nn.losses import encode_target, is_known
from ..nn.module import parameter_names
from .objective import Objective

Made = TypeVar("Made")


class Traced:
    """The recorded computation of a model's prediction from one sample and the parameters.

    Attributes: `record`; `parameters`, those of a copy of the model, which hold symbols; `names`,
    of the parameters; `data` and `xs`, the places of the parameters and of the sample; `x_length`,
    None where a sample is a lone number; `prediction`, a Value over symbols, or a list of them.
    Where the loss is recorded, too: `ys`, the places of the target; `loss`, a Value over symbols;
    `layout`, which says how samples are packed for what is made of the record.
    """

    layout: Layout
    loss: Value
    prediction: Any

    def __init__(self, parameters: Sequence[Value], names: Sequence[str], x: Any) -> None:
        self.record = Record(', or train with engine="eager"')
        self.parameters, self.names = parameters, names
        self.x_length = len(x) if isinstance(x, list) else None
        self.xs = [self.record.input(name) for name in _numbered("x", self.x_length)]
        self.ys: list[int] = []
        self.data = [self.record.input(name) for name in names]

    def symbol(self, place: int) -> Any:
        """Return the symbol of a place."""
        return Symbol(self.record, place)

    def sample(self, places: Sequence[int], length: int | None) -> Any:
        """Return the symbols of a sample or target, in the form that it has."""
        symbols = [self.symbol(place) for place in places]
        return symbols[0] if length is None else symbols

    @property
    def predicted(self) -> list[int]:
        """The places of the outputs of the prediction."""
        parts = parts_of(self.prediction)
        return [v.data.place for v in parts if isinstance(getattr(v, "data", None), Symbol)]


def trace_loss(objective: Objective) -> Traced:
    """Record the loss of one sample from the sample, its target and the parameters.

    Raises `CompileError` where the computation is not the same for all numbers.
    """
    import copy  # slow to import

    model, parameters, loss = objective.model, objective.parameters, objective.loss
    samples = objective.samples
    if not is_known(loss):
        twin, _ = _copy(model, parameters)
        for x, y in samples:  # a target that doesn't fit can be told from its number only
            with contextlib.suppress(ArithmeticError):  # that is for the steps to find
                objective.loss_of(twin(copy.copy(x)), copy.deepcopy(y))
    x, y = samples[0]
    twin, symbols = _copy(model, parameters)
    traced = _traced_prediction(twin, symbols, x)
    prediction = traced.prediction
    n_out = len(prediction) if isinstance(prediction, list | tuple) else 1
    with _constants_checked():
        y = as_floats(y, loss, n_out)
        y_length = len(y) if isinstance(y, list) else None
        traced.ys = [traced.record.input(name) for name in _numbered("y", y_length)]
        with _kept(traced.sample(traced.ys, y_length)) as target:
            traced.loss = objective.loss_of(prediction, target)
    if not isinstance(traced.loss.data, Symbol):
        raise CompileError("loss is a constant: it depends on nothing that is known to change")
    if described(twin, symbols) != described(model, parameters):
        raise CompileError(
            'the forward pass changes the model, and generated code would not; use engine="eager"'
        )
    traced.layout = Layout(traced.x_length, y_length, n_out, loss)
    live = {id(p) for p in parameters}
    for value in (part for parts in topological_sort(traced.loss) for part in parts):
        if not isinstance(value.data, Symbol) and (value.parents or id(value) in live):
            raise CompileError(
                "model or loss uses a Value that was computed elsewhere, or a parameter of the "
                'model by another way than the model; compute it inside, or use engine="eager"'
            )
    return traced


def _traced_prediction(model: Any, parameters: Sequence[Value], x: Any) -> Traced:
    """Record the prediction of a model that may be filled with symbols."""
    traced = Traced(parameters, parameter_names(model, parameters), x)
    for p, place in zip(parameters, traced.data):
        p.data = traced.symbol(place)
    with _constants_checked(), _kept(traced.sample(traced.xs, traced.x_length)) as sample:
        traced.prediction = model(sample)
    return traced


@contextlib.contextmanager
def _kept(sample: Any) -> Iterator[Any]:
    """Raise `CompileError` if a sample or target is changed while symbols stand for it."""
    before = [*map(id, parts_of(sample))]
    yield sample
    if before != [*map(id, parts_of(sample))]:
        raise CompileError("the computation changes its sample or target, which it is given again")


@contextlib.contextmanager
def _constants_checked() -> Iterator[None]:
    """Say of an error while symbols are computed with that only constants can have caused it."""
    try:
        yield
    except ArithmeticError as error:
        raise CompileError(f"a computation with constants fails: {error}") from error


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


# What was generated before, by what it depends on: a sweep trains many models of one architecture.
_cache: dict[Hashable, Any] = {}
KEPT = 16


def cached(
    objective: Objective, text: str | None, kind: Hashable, make: Callable[[], Made]
) -> Made:
    """Return what `make` makes of an objective, or what it made of one like it before, if any.

    `text` is the objective's description.
    """
    key = None
    if text is not None and is_known(objective.loss):
        names = parameter_names(objective.model, objective.parameters)
        lengths = [len(x) if isinstance(x, list) else None for x in objective.samples[0]]
        key = kind, text, *names, *lengths
    known: Made | None = _cache.get(key)
    if known is not None:
        return known
    made = make()
    if key is not None:
        _cache[key] = made
        for oldest in list(_cache)[:-KEPT]:
            _cache.pop(oldest, None)  # another thread may have removed it
    return made


def as_floats(y: Any, loss: Callable[[Any, Any], Value], n_out: int) -> Any:
    """Return a target as a float or a list of floats."""
    y = encode_target(loss, y, n_out)
    numbers = [as_number(part) for part in parts_of(y)]
    if any(number is NotImplemented for number in numbers):
        raise CompileError(f"a target of numbers is all that compiles, got {describe(y)}")
    floats = [float(number) for number in numbers]
    return floats if isinstance(y, list | tuple) else floats[0]


def _copy(model: Any, parameters: Sequence[Value]) -> tuple[Any, list[Value]]:
    """Return a copy of the model, and its parameters in the order of the model's."""
    import copy  # slow to import

    memo: dict[int, Any] = {}
    try:
        twin = copy.deepcopy(model, memo)
    except Exception as error:
        raise CompileError(f"model can't be copied, so it can't be compiled: {error}") from error
    if any(id(p) not in memo for p in parameters):
        raise CompileError("model's parameters are not its own: a copy of it has others")
    return twin, [memo[id(p)] for p in parameters]


def parts_of(item: Any) -> Sequence[Any]:
    """Return the items of a list or tuple; anything else as the only one."""
    return item if isinstance(item, list | tuple) else [item]


def _numbered(name: str, length: int | None) -> list[str]:
    """Return names for the items of a list, or the name alone for a number."""
    return [name] if length is None else [f"{name}{i}" for i in range(length)]
