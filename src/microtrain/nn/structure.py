"""What a model is made of: the names of its parameters, and what decides what it computes."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Any

from ..engine.value import Value
from .losses import is_known
from .mlp import ACTIVATIONS, MLP, Layer, Neuron


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


def structure_of(model: Any, parameters: Sequence[Value]) -> Any:
    """Return what decides, with the parameters' numbers, what the library's own MLP computes.

    For any other model, or one with weights that are no parameters, it is None.
    """
    if type(model) is not MLP or any(type(layer) is not Layer for layer in model.layers):
        return None
    places = {id(p): place for place, p in enumerate(parameters)}
    layers = []
    for layer in model.layers:
        neurons = []
        for neuron in layer.neurons:
            values = [places.get(id(value)) for value in (*neuron.weights, neuron.bias)]
            if type(neuron) is not Neuron or None in values:
                return None
            neurons.append((ACTIVATIONS[neuron.activation], tuple(values)))
        layers.append(tuple(neurons))
    calls = MLP.__call__, Layer.__call__, Neuron.__call__  # somebody may try out their own
    return tuple(layers), len(parameters), calls


def trace_key(
    model: Any,
    parameters: Sequence[Value],
    samples: Sequence[tuple[Any, Any]],
    loss: Callable[[Any, Any], Value],
) -> Hashable:
    """Return all that a recorded step of these depends on, or None if that can't be told."""
    structure = structure_of(model, parameters)
    if structure is None or not is_known(loss):
        return None
    lengths = [len(part) if isinstance(part, list) else None for part in samples[0]]
    return structure, tuple(parameter_names(model, parameters)), *lengths, loss
