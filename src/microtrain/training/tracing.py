"""A prediction and its loss, recorded: the model and the loss, run once, on one sample of symbols.

This happens on a copy of the model: no symbol is ever in the user's.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Hashable, Sequence
from typing import Any, TypeVar

from ..compiler.record import Record, without_collection
from ..compiler.symbol import Symbol, as_place
from ..compiler.writer import Part
from ..engine.graph import accumulated, topological_sort
from ..engine.number import as_number
from ..engine.value import Value
from ..errors import CompileError, describe
from ..files.records import digest
from ..nn.description import Description
from ..nn.losses import Loss, encode_target, takes
from ..nn.module import parameter_names
from .plan import Objective

Made = TypeVar("Made")


class Traced:
    """The recorded loss of one sample."""

    is_mean: bool  # whether the loss of a batch is the mean of its samples'
    prediction: Any  # a Value over symbols, or a list of them
    n_out: int  # how many these are,
    predicted: list[int]  # and the places of those that vary
    loss: Value  # over a symbol
    data: list[int]  # the places of the parameters,
    xs: list[int]  # of the sample,
    ys: list[int]  # of its target,
    running: list[int]  # after `backward`: of the gradients so far,
    seeds: list[int]  # and of the seed, if it comes in
    gradients: dict[Value, Any]  # of all Values

    def __init__(self, parameters: Sequence[Value], names: Sequence[str]) -> None:
        """Begin a record; the parameters are those of a copy of the model."""
        self.record = Record(', or train with engine="eager"')
        self.parameters, self.names = parameters, names

    def inputs(self, name: str, x: Any) -> tuple[list[int], Any]:
        """Return new inputs in the form of a number or a list: their places, and their symbols."""
        names = [f"{name}{i}" for i in range(len(x))] if isinstance(x, list) else [name]
        places = [self.record.input(each) for each in names]
        symbols = [Symbol(self.record, place) for place in places]
        return places, symbols if isinstance(x, list) else symbols[0]

    def backward(self, seeded: bool) -> list[Part]:
        """Record the backward pass, from the seed 1 or, if `seeded`, from one that comes in.

        Return the parts of the step, to be written down.
        """
        self.running = [self.record.input(f"g_{name}") for name in self.names]
        self.seeds = [self.record.input("seed")] if seeded else []
        running = [Symbol(self.record, place) for place in self.running]
        seed = Symbol(self.record, self.seeds[0]) if seeded else 1.0
        self.gradients = accumulated(self.loss, seed, dict(zip(self.parameters, running)))
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
    if not takes(loss):
        twin, _ = _copy(model, parameters)
        for x, y in objective.samples:  # a target that doesn't fit can be told from its number only
            with contextlib.suppress(ArithmeticError):  # that is for the steps to find
                objective.loss_of(twin(copy.copy(x)), copy.deepcopy(y))
    x, y = objective.samples[0]
    twin, symbols = _copy(model, parameters)
    traced = Traced(symbols, parameter_names(twin, symbols))
    traced.is_mean = objective.reduction == "mean"
    traced.xs, sample = traced.inputs("x", x)
    traced.data = [traced.record.input(name) for name in traced.names]
    for p, place in zip(symbols, traced.data):
        p.data = Symbol(traced.record, place)
    given = [*parts_of(sample)]
    try:
        prediction = traced.prediction = twin(sample)
        outputs = parts_of(prediction)
        traced.n_out = len(outputs)
        numbers = [getattr(v, "data", v) for v in outputs]
        traced.predicted = [x.place for x in numbers if isinstance(x, Symbol)]
        traced.ys, target = traced.inputs("y", as_floats(y, loss, traced.n_out))
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
    if Description(twin, symbols).text != Description(model, parameters).text:
        raise CompileError(
            'the forward pass changes the model, and generated code would not; use engine="eager"'
        )
    live = {id(p) for p in parameters}
    for value in (part for parts in topological_sort(traced.loss) for part in parts):
        if not isinstance(value.data, Symbol) and (value.parents or id(value) in live):
            raise CompileError(
                "model or loss uses a Value that was computed elsewhere, or a parameter of the "
                'model by another way than the model; compute it inside, or use engine="eager"'
            )
    return traced


def _lengths(*parts: Any) -> tuple[int | None, ...]:
    return tuple([len(part) if isinstance(part, list) else None for part in parts])


# What was generated before, by what it depends on: a sweep trains many models of one architecture.
_cache: dict[Hashable, Any] = {}
KEPT = 16


def cached(
    objective: Objective, kind: Hashable, make: Callable[[Traced], Made]
) -> tuple[Made, list[tuple[float, ...]]]:
    """Return what `make` makes of the recorded loss, or made of one like it; and the samples.

    Of each sample and its target there are all numbers, as floats. Raises `CompileError` if they
    differ in length.
    """
    text = objective.described()
    names, samples = parameter_names(objective.model, objective.parameters), objective.samples
    checked = "" if takes(objective.loss) else digest(repr(samples))  # see `trace_loss`
    key = kind, objective.reduction, text, *names, *_lengths(*samples[0]), checked
    kept = _cache if text is not None else objective.made
    found: tuple[Made, int] | None = kept.get(key)
    if found is None:
        with without_collection():
            traced = trace_loss(objective)
            found = kept[key] = make(traced), traced.n_out
        for oldest in list(_cache)[:-KEPT]:
            _cache.pop(oldest, None)  # another thread may have removed it
    made, n_out = found
    pairs = [(x, as_floats(y, objective.loss, n_out)) for x, y in samples]
    if len({_lengths(*pair) for pair in pairs}) > 1:
        raise CompileError("samples or targets differ in length, so one loop can't fit all")
    return made, [(*parts_of(x), *parts_of(y)) for x, y in pairs]


def as_floats(y: Any, loss: Loss, n_out: int) -> Any:
    """Return a target as a float or a list of floats."""
    y = encode_target(loss, y, n_out)
    numbers = [as_number(part) for part in parts_of(y)]
    if any(number is NotImplemented for number in numbers):
        raise CompileError(f"a target of numbers is all that compiles, got {describe(y)}")
    floats = [float(number) for number in numbers]
    return floats if isinstance(y, list | tuple) else floats[0]


def _copy(model: Any, parameters: Sequence[Value]) -> tuple[Any, list[Any]]:
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
