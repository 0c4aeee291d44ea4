"""A model: an object that finds its parameters among its attributes."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from ..draw import plot
from ..engine.graph import reset
from ..engine.number import as_number, number
from ..engine.value import Value
from ..errors import as_list, counted, expect
from .datasets import pairs_of
from .losses import one_hot


class Module:
    """Base class of models: finds, resets, saves and loads the parameters.

    A model of your own only says how to compute. Parameters are the Values that were not computed
    from others, among the attributes of the object (not of its class) and within the lists, tuples,
    dicts and Modules there, in the order in which they were set. One that is reached twice is one
    shared parameter.

    >>> class Offset(Module):
    ...     def __init__(self):
    ...         self.b = Value(0.5)
    ...     def __call__(self, x):
    ...         return x[0] + self.b
    >>> Offset().state_dict(), Offset().predict([[1.0], [2.0]])
    ({'b': 0.5}, [1.5, 2.5])
    """

    def __call__(self, x: Any) -> Any:
        """Return the prediction for one sample: a Value, or a list of them. Yours to define."""
        raise NotImplementedError(f"{type(self).__name__} defines no __call__(self, x)")

    def _attributes(self) -> Mapping[str, Any]:
        """Return where to look for parameters: a dict of attributes."""
        return vars(self)

    def parameters(self) -> list[Value]:
        """Return every parameter, once."""
        found: list[Value] = []
        _tree(self, found)
        return [*dict.fromkeys(found)]

    def named_parameters(self) -> list[tuple[str, Value]]:
        """Return every parameter, once, with its place, such as ``layers.0.weight.3.1``."""
        named: dict[Value, str] = {}
        for name, entry in _entries(_tree(self, [])):
            for place, value, _ in _leaves(entry, entry, name):
                named.setdefault(value, place)
        return [(name, value) for value, name in named.items()]

    def zero_grad(self) -> None:
        """Set the gradient of every parameter to zero."""
        reset(self.parameters())

    def state_dict(self) -> dict[str, Any]:
        """Return the parameters as floats: name to float or nested lists, in PyTorch's layout.

        Raises `ValueError` for two of one name, as in a dict with the keys 1 and "1".

        >>> import microtrain as mt
        >>> list(mt.MLP(3, [4, 1]).state_dict())
        ['layers.0.weight', 'layers.0.bias', 'layers.1.weight', 'layers.1.bias']
        """
        state: dict[str, Any] = {}
        for name, entry in _entries(_tree(self, [])):
            if name in state:
                raise ValueError(f"two parameters have the name {name}")
            state[name] = _data(entry)
        return state

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Set the parameters to those of a `state_dict`. Nothing changes unless all of it fits.

        Raises `ValueError` for missing or unknown names and wrong shapes, `TypeError` for what is
        not a number.
        """
        expect(hasattr(state, "keys"), "state", "a dict from state_dict()", state)
        entries = dict(_entries(_tree(self, [])))
        if odd := [repr(name) for name in entries if name not in state]:
            raise ValueError(f"state lacks {', '.join(odd)}")
        if odd := [repr(name) for name in state if name not in entries]:
            raise ValueError(f"state has {', '.join(odd)}, which {type(self).__name__} has not")
        leaves = [_leaves(entry, state[name], name) for name, entry in entries.items()]
        new = [(p, number(place, x)) for place, p, x in itertools.chain(*leaves)]
        for p, x in new:
            p.data = x

    def predict(self, xs: Iterable[Sequence[float]]) -> list[Any]:
        """Return the predictions for many samples as numbers: a float each, or a list of floats.

        >>> import microtrain as mt
        >>> mt.MLP(2, [1], output_activation="linear").predict([[0.0, 0.0]])
        [-0.15885683833831]
        """
        return [_data(self(x)) for x in as_list("xs", xs)]

    def plot_boundary(
        self, xs: Sequence[Sequence[float]], ys: Sequence[Any], ax: Any = None
    ) -> Any:
        """Draw where the prediction changes from one class to the other; return matplotlib's axes.

        The model has two inputs; xs: n points; ys: their targets. Of one output, the class changes
        where it changes its sign or, if the targets are 0 and 1, where it passes 0.5. Of several,
        the largest is the class predicted, and targets are as for `cross_entropy`. Raises
        `ImportError` without matplotlib (`pip install matplotlib`).
        """
        points, targets = map(list, zip(*pairs_of(xs, ys)))
        flat = (isinstance(x, list) and len(x) == 2 and max(map(abs, x)) < 1e100 for x in points)
        if not all(flat):
            raise ValueError("xs expects samples of two finite numbers, which lie in a plane")
        outputs = self(points[0])
        if isinstance(outputs, Value):
            targets = [number("ys", y) for y in targets]
        else:
            targets = [one_hot(y, len(outputs)).index(1) for y in targets]
        return plot.boundary(self.predict, points, targets, ax)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({counted(len(self.parameters()), 'parameter')})"

    def _repr_html_(self) -> str:
        rows = []
        for name, entry in _entries(_tree(self, [])):
            shape, part = [], entry
            while isinstance(part, list):
                shape.append(str(len(part)))
                part = part[0]
            count = len([*_leaves(entry, entry, name)])
            rows.append((name, " x ".join(shape) or "number", f"{count:,}"))
        return plot.html_table(repr(self), rows, header=("parameter", "shape", "numbers"))


def parameter_names(model: Any, parameters: Sequence[Value]) -> list[str]:
    """Return short names: ``w0_1_2`` is, in layer 0, the weight of neuron 1 for input 2."""
    named = {}
    if hasattr(model, "named_parameters"):
        named = {p: place.removeprefix("layers.") for place, p in model.named_parameters()}
    names = []
    for i, p in enumerate(parameters):
        parts = named.get(p, f"p{i}").split(".")
        if len(parts) > 2 and parts[0].isdecimal() and parts[1] in ("weight", "bias"):
            parts[:2] = [parts[1][0] + parts[0]]
        names.append("_".join(parts))
    return names


def _tree(item: Any, found: list[Value], inside: tuple[Any, ...] = ()) -> Any:
    """Return the parameters in an item: a Value, a nested list of Values, a dict of these, or None.

    All of them are added to `found`, too. A list that holds a Module or a dict becomes a dict.
    `inside` are the Modules around the item: a reference back to one of them leads nowhere.
    """
    if isinstance(item, Value):
        if item.parents:
            return None
        found.append(item)
        return item
    if isinstance(item, Module):
        if any(item is module for module in inside):
            return {}
        inside, item = (*inside, item), item._attributes()
    if isinstance(item, dict):
        return {key: _tree(x, found, inside) for key, x in item.items()}
    if not isinstance(item, list | tuple):
        return None
    trees = [_tree(x, found, inside) for x in item]
    if any(isinstance(tree, dict) for tree in trees):
        return dict(enumerate(trees))
    return [tree for tree in trees if tree is not None] or None


def _entries(tree: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Yield each Value or list of a tree with the dotted name of its place."""
    if isinstance(tree, dict):
        for key, child in tree.items():
            yield from _entries(child, f"{name}.{key}" if name else str(key))
    elif tree is not None:
        yield name, tree


def _leaves(entry: Any, beside: Any, place: str) -> Iterator[tuple[str, Value, Any]]:
    """Yield each Value of an entry: its place, itself, and what `beside` holds at this place."""
    if isinstance(entry, Value):
        yield place, entry, beside
        return
    beside = as_list(place, beside, f"a list of {len(entry)}")
    if len(beside) != len(entry):
        raise ValueError(f"{place} expects {len(entry)} numbers, got {len(beside)}")
    for i, (part, other) in enumerate(zip(entry, beside)):
        yield from _leaves(part, other, f"{place}.{i}")


def _data(prediction: Any) -> Any:
    """Return a number, the data of a Value, or a list of these for a list."""
    if isinstance(prediction, Value):
        return prediction.data
    if as_number(prediction) is not NotImplemented:
        return prediction
    return [_data(x) for x in as_list("prediction", prediction, "a Value, or a list of them")]
