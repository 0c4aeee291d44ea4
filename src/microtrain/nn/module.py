"""A model: anything with parameters.

A `Module` finds them by itself, in its attributes, so a model of your own only says how to compute:

>>> class Line(Module):
...     def __init__(self):
...         self.slope, self.offset = Value(1.0), Value(0.0)
...     def __call__(self, x):
...         return self.slope * x[0] + self.offset
>>> [name for name, _ in Line().named_parameters()]
['slope', 'offset']
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from ..draw import plot
from ..draw.grid import field
from ..draw.html import html_table
from ..engine.graph import reset
from ..engine.number import number
from ..engine.value import Value
from ..errors import as_list, counted, describe


class Module:
    """Base class of models: finds, resets, saves and loads the parameters.

    Parameters are the Values (those that were not computed from others) among the attributes of the
    object (not of its class), within lists, tuples, dicts and other Modules there too, in the order
    in which they were set.
    One that is reached twice is one shared parameter.

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
        """Return where to look for parameters: name to Value, Module, or a nested list of them."""
        return vars(self)

    def parameters(self) -> list[Value]:
        """Return every parameter, once."""
        return [value for _, value in self.named_parameters()]

    def named_parameters(self) -> list[tuple[str, Value]]:
        """Return every parameter, once, with its place: ``layers.0.weight.3.1`` and the like."""
        named: dict[Value, str] = {}
        for name, entry in _entries(self, ""):
            for place, value in _flatten(entry, name):
                named.setdefault(value, place)
        return [(name, value) for value, name in named.items()]

    def zero_grad(self) -> None:
        """Set the gradient of every parameter to zero."""
        reset(self.parameters())

    def state_dict(self) -> dict[str, Any]:
        """Return the parameters as floats: name to float or nested lists, in PyTorch's layout.

        >>> import microtrain as mt
        >>> list(mt.MLP(3, [4, 1]).state_dict())
        ['layers.0.weight', 'layers.0.bias', 'layers.1.weight', 'layers.1.bias']
        """
        return {name: _map(entry, lambda value: value.data) for name, entry in _entries(self, "")}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Set the parameters to those of a `state_dict`. Nothing changes unless all of it fits.

        Raises `ValueError` for missing or unknown names and wrong shapes, `TypeError` for what is
        not a number.
        """
        if not hasattr(state, "keys"):
            raise TypeError(f"state expects a dict from state_dict(), got {describe(state)}")
        entries = dict(_entries(self, ""))
        if odd := [repr(name) for name in entries if name not in state]:
            raise ValueError(f"state lacks {', '.join(odd)}")
        if odd := [repr(name) for name in state if name not in entries]:
            raise ValueError(f"state has {', '.join(odd)}, which {type(self).__name__} has not")
        new: list[tuple[Value, float]] = []
        for name, entry in entries.items():
            new += _paired(entry, state[name], name)
        for value, x in new:
            value.data = x

    def predict(self, xs: Iterable[Sequence[float]]) -> list[Any]:
        """Return the predictions for many samples as numbers: a float each, or a list of floats.

        >>> import microtrain as mt
        >>> mt.MLP(2, [1], output_activation="linear").predict([[0.0, 0.0]])
        [-0.15885683833831]
        """
        return [_map(self(x), lambda value: value.data) for x in as_list("xs", xs)]

    def plot_boundary(
        self, xs: Sequence[Sequence[float]], ys: Sequence[float], ax: Any = None
    ) -> Any:
        """Draw where the prediction changes from one class to the other; return matplotlib's axes.

        For a model of two inputs and one output; xs: n points to draw; ys: their targets. That is
        where its sign changes or, if the targets are 0 and 1, where it passes 0.5. Needs matplotlib
        (`pip install matplotlib`), else `ImportError`.
        """
        points = [[number("xs", x) for x in as_list("xs", point)] for point in as_list("xs", xs)]
        targets = [number("ys", y) for y in as_list("ys", ys)]
        if not points or any(len(point) != 2 for point in points):
            raise ValueError("xs expects samples of two numbers, which lie in a plane")
        if len(targets) != len(points):
            raise ValueError(f"ys expects {len(points)} targets, as many as xs; got {len(targets)}")
        if not all(abs(x) < 1e100 for point in points for x in point):
            raise ValueError("xs expects finite samples")
        if not isinstance(self(points[0]), Value):
            raise ValueError("plot_boundary expects a model of one output")
        return plot.boundary(points, targets, field(self.predict, points), ax)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({counted(len(self.parameters()), 'parameter')})"

    def _repr_html_(self) -> str:
        rows = []
        for name, entry in _entries(self, ""):
            shape, part = [], entry
            while isinstance(part, list):
                shape.append(str(len(part)))
                part = part[0]
            count = sum(1 for _ in _flatten(entry, name))
            rows.append((name, " x ".join(shape) or "number", f"{count:,}"))
        return html_table(repr(self), rows, header=("parameter", "shape", "numbers"))


def parameter_names(model: Any, parameters: Sequence[Value]) -> list[str]:
    """Return short names: ``w0_1_2`` is, in layer 0, the weight of neuron 1 for input 2."""
    named = {}
    if hasattr(model, "named_parameters"):
        named = {value: name for name, value in model.named_parameters()}
    names = []
    for i, p in enumerate(parameters):
        place = named.get(p, f"p{i}").removeprefix("layers.")
        layer, _, rest = place.partition(".")
        if rest.startswith(("weight.", "bias.")) and layer.isdigit():
            place = f"{rest[0]}{layer}_{rest.partition('.')[2]}"
        names.append(place.replace(".", "_"))
    return names


# A module's entries: each attribute that holds parameters, as a Value or a nested list of Values.


def _entries(item: Any, name: str, inside: tuple[Any, ...] = ()) -> Iterator[tuple[str, Any]]:
    """Yield the entries in a Module, or in what it holds, with their dotted names.

    `inside` are the Modules around it, so that a reference back to one of them leads nowhere.
    """
    if isinstance(item, Module):
        if any(item is module for module in inside):
            return
        inside, children = (*inside, item), list(item._attributes().items())
    elif isinstance(item, dict):
        children = list(item.items())
    elif _has_modules(item):
        children = [(str(i), x) for i, x in enumerate(item)]
    else:
        entry = _values(item)
        if entry is not None:
            yield name, entry
        return
    for key, child in children:
        yield from _entries(child, f"{name}.{key}" if name else str(key), inside)


def _has_modules(item: Any) -> bool:
    """Return whether a Module or a dict is somewhere in nested lists."""
    if isinstance(item, list | tuple):
        return any(map(_has_modules, item))
    return isinstance(item, Module | dict)


def _values(item: Any) -> Any:
    """Return a leaf Value, or a nested list of what of `item` is one, or None."""
    if isinstance(item, Value):
        return None if item.parents else item
    if isinstance(item, list | tuple):
        return [entry for x in item if (entry := _values(x)) is not None] or None
    return None


def _flatten(entry: Any, name: str) -> Iterator[tuple[str, Value]]:
    if isinstance(entry, Value):
        yield name, entry
    else:
        for i, part in enumerate(entry):
            yield from _flatten(part, f"{name}.{i}")


def _map(entry: Any, function: Any) -> Any:
    """Return `function` of a Value, or of each in a nested list of them."""
    if isinstance(entry, Value):
        return function(entry)
    return [_map(part, function) for part in entry]


def _paired(entry: Any, new: Any, name: str) -> Iterator[tuple[Value, float]]:
    """Yield each Value of an entry with its new number."""
    if isinstance(entry, Value):
        yield entry, number(f"state[{name!r}]", new)
        return
    if not isinstance(new, list | tuple):
        raise TypeError(f"state[{name!r}] expects a list of {len(entry)}, got {describe(new)}")
    if len(new) != len(entry):
        raise ValueError(f"state[{name!r}] expects {len(entry)} numbers, got {len(new)}")
    for part, new_part in zip(entry, new):
        yield from _paired(part, new_part, name)
