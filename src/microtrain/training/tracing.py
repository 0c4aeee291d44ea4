"""A prediction and its loss, recorded: the model and the loss, run once, on one sample of symbols.

This happens on a copy of the model: no symbol is ever in the user's.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Hashable, Sequence
from typing import Any, TypeVar

from ..compiler.record import Record
from ..compiler.symbol import Symbol, as_place
from ..compiler.writer import Part
from ..engine.graph import accumulated, topological_sort
from ..engine.number import as_number
from ..engine.value import Value
from ..errors import CompileError, describe
from ..nn.description import described
from ..nn.losses import Loss, encode_target, is_known
from ..nn.module import parameter_names
from .objective import Objective

Made = TypeVar("Made")


class Traced:
    """The recorded loss of one sample, and what is made of it later on.

    Attributes: `record`; `parameters`, those of a copy of the model, which hold symbols; `names`,
    of the parameters; `data`, `xs` and `ys`, the places of the parameters, the sample and its
    target; `prediction`, a Value over symbols, or a list of them; `loss`, one; `pack`, which makes
    a tuple of floats of a sample and its target. After `backward`: `running` and `seeds`, the
    places of the gradients so far and of the seed, if it comes in; `gradients`, of each Value.
    """

    pack: Callable[[Any, Any], tuple[float, ...]]
    loss: Value
    prediction: Any
    data: list[int]
    xs: list[int]
    ys: list[int]
    running: list[int]
    seeds: list[int]
    gradients: dict[Value, Any]

    def __init__(self, parameters: Sequence[Value], names: Sequence[str]) -> None:
        self.record = Record(', or train with engine="eager"')
        self.parameters, self.names = parameters, names

    def symbol(self, place: int) -> Any:
        """Return the symbol of a place."""
        return Symbol(self.record, place)

    def inputs(self, name: str, x: Any) -> tuple[list[int], Any]:
        """Return new inputs in the form of a number or a list: their places, and their symbols."""
        names = [f"{name}{i}" for i in range(len(x))] if isinstance(x, list) else [name]
        places = [self.record.input(each) for each in names]
        symbols = [self.symbol(place) for place in places]
        return places, symbols if isinstance(x, list) else symbols[0]

    @property
    def predicted(self) -> list[int]:
        """The places of the outputs of the prediction."""
        parts = parts_of(self.prediction)
        return [v.data.place for v in parts if isinstance(getattr(v, "data", None), Symbol)]

    def backward(self, seeded: bool) -> None:
        """Record the backward pass, from the seed 1 or, if `seeded`, from one that comes in."""
        self.running = [self.record.input(f"g_{name}") for name in self.names]
        self.seeds = [self.record.input("seed")] if seeded else []
        seed: Any = self.symbol(self.seeds[0]) if seeded else 1.0
        start: dict[Value, Any] = dict(zip(self.parameters, map(self.symbol, self.running)))
        self.gradients = accumulated(self.loss, seed, start)

    def parts(self) -> list[Part]:
        """Return the parts of the step, to be written down."""
        gradient = [as_place(self.record, self.gradients[p]) for p in self.parameters]
        return [
            Part("1. forward pass", "v", through=self.predicted),
            Part("2. loss", "l", [as_place(self.record, self.loss.data)]),
            Part("3. backward pass", "d", gradient),
        ]


def trace_loss(objective: Objective) -> Traced:
    """Record the loss of one sample from the sample, its target and the parameters.

    Raises `CompileError` where the computation is not the same for all numbers.
    """
    import copy  # slow to import

    model, parameters, loss = objective.model, objective.parameters, objective.loss
    if not is_known(loss):
        twin, _ = _copy(model, parameters)
        for x, y in objective.samples:  # a target that doesn't fit can be told from its number only
            with contextlib.suppress(ArithmeticError):  # that is for the steps to find
                objective.loss_of(twin(copy.copy(x)), copy.deepcopy(y))
    x, y = objective.samples[0]
    twin, symbols = _copy(model, parameters)
    traced = Traced(symbols, parameter_names(twin, symbols))
    traced.xs, sample = traced.inputs("x", x)
    traced.data = [traced.record.input(name) for name in traced.names]
    for p, place in zip(symbols, traced.data):
        p.data = traced.symbol(place)
    given = [*parts_of(sample)]
    try:
        prediction = traced.prediction = twin(sample)
        n_out = len(prediction) if isinstance(prediction, list | tuple) else 1
        y = as_floats(y, loss, n_out)
        traced.ys, target = traced.inputs("y", y)
        given += parts_of(target)
        traced.loss = objective.loss_of(prediction, target)
    except ArithmeticError as error:  # while symbols are computed with, only constants cause one
        raise CompileError(f"a computation with constants fails: {error}") from error
    if traced.record.refused:
        raise traced.record.refused
    if [*map(id, given)] != [*map(id, (*parts_of(sample), *parts_of(target)))]:
        raise CompileError("the computation changes its sample or target, which it is given again")
    if not isinstance(traced.loss.data, Symbol):
        raise CompileError("loss is a constant: it depends on nothing that is known to change")
    if described(twin, symbols) != described(model, parameters):
        raise CompileError(
            'the forward pass changes the model, and generated code would not; use engine="eager"'
        )
    traced.pack = _packing(x, y, n_out, loss)
    live = {id(p) for p in parameters}
    for value in (part for parts in topological_sort(traced.loss) for part in parts):
        if not isinstance(value.data, Symbol) and (value.parents or id(value) in live):
            raise CompileError(
                "model or loss uses a Value that was computed elsewhere, or a parameter of the "
                'model by another way than the model; compute it inside, or use engine="eager"'
            )
    return traced


def _packing(x: Any, y: Any, n_out: int, loss: Loss) -> Callable[[Any, Any], tuple[float, ...]]:
    """Return what makes one flat tuple of samples and targets that are like these."""
    lengths = _lengths(x, y)

    def pack(x: Any, y: Any) -> tuple[float, ...]:
        y = as_floats(y, loss, n_out)
        if _lengths(x, y) != lengths:
            raise CompileError("samples or targets differ in length, so one loop can't fit all")
        return (*parts_of(x), *parts_of(y))

    return pack


def _lengths(*parts: Any) -> list[int | None]:
    return [len(part) if isinstance(part, list) else None for part in parts]


# What was generated before, by what it depends on: a sweep trains many models of one architecture.
_cache: dict[Hashable, Any] = {}
KEPT = 16


def cached(
    objective: Objective, text: str | None, kind: Hashable, make: Callable[[], Made]
) -> Made:
    """Return what `make` makes of an objective, described by `text`, or made of one like it."""
    if text is None:
        return make()
    names, samples = parameter_names(objective.model, objective.parameters), objective.samples
    checked = "" if is_known(objective.loss) else repr(samples)  # all of them, see `trace_loss`
    key = kind, text, *names, *_lengths(*samples[0]), checked
    made: Made | None = _cache.get(key)
    if made is None:
        made = _cache[key] = make()
        for oldest in list(_cache)[:-KEPT]:
            _cache.pop(oldest, None)  # another thread may have removed it
    return made


def as_floats(y: Any, loss: Loss, n_out: int) -> Any:
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
    if any(memo.get(id(p), p) is p for p in parameters):
        raise CompileError("model's parameters are not its own: a copy of it has others")
    return twin, [memo[id(p)] for p in parameters]


def parts_of(item: Any) -> Sequence[Any]:
    """Return the items of a list or tuple; anything else as the only one."""
    return item if isinstance(item, list | tuple) else [item]
