"""Models to and from files: their architecture and their parameters."""

from __future__ import annotations

import os
from typing import Any

from ..errors import describe
from ..files.records import CheckpointError, Path, read, write
from .description import described
from .mlp import ACTIVATIONS, MLP
from .module import Module

FORMAT, VERSION = "microtrain model", 1


def save(model: Module, path: Path) -> None:
    """Write a model to a JSON file, from which `load` makes it again, bit by bit.

    An existing file is replaced. Of an `MLP` the architecture is written, too; of a `Module` of
    your own only the parameters. Raises `ValueError` for parameters that are not finite, and
    `OSError` where the file can't be written; an existing file is then as it was.

    >>> import microtrain as mt, pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "model.json"
    >>> model = mt.MLP(3, [4, 4, 1])
    >>> mt.save(model, path)
    >>> mt.load(path).state_dict() == model.state_dict()
    True
    """
    if not isinstance(model, Module):
        raise TypeError(f"model expects a Module, got {describe(model)}")
    write(
        path,
        {
            "format": FORMAT,
            "version": VERSION,
            "architecture": architecture_of(model),
            "parameters": model.state_dict(),
        },
    )


def load(path: Path, model: Module | None = None) -> Any:
    """Return the model that `save` wrote.

    Given a model, set its parameters to those in the file, and return it; one of a class of your
    own can be loaded only so. Raises `CheckpointError` for a file that is no such thing, was cut
    short or tampered with, is of a newer version, or does not fit the model (which is then as it
    was); `OSError` where it can't be read.

    >>> import microtrain as mt, pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "model.json"
    >>> mt.save(mt.Neuron(2), path)
    >>> neuron = mt.Neuron(2)
    >>> mt.load(path, neuron).state_dict() == mt.Neuron(2).state_dict()
    True
    """
    if model is not None and not isinstance(model, Module):
        raise TypeError(f"model expects a Module, got {describe(model)}")
    record = read(path, FORMAT, VERSION, ("architecture", "parameters"))
    try:
        return restored(record["architecture"], record["parameters"], model)
    except (TypeError, ValueError) as error:
        raise CheckpointError(f"{os.fsdecode(path)}: {error}") from None


def restored(architecture: Any, parameters: Any, model: Module | None = None) -> Any:
    """Return the model that a record holds, or this one with the parameters of the record.

    Raises `ValueError` or `TypeError` for a record that makes no sense, or does not fit the model.
    """
    _dict(parameters, "parameters")
    if architecture is not None:
        check(architecture, most=_numbers(parameters))
    if model is None:
        if architecture is None:
            raise ValueError("it holds only the parameters of a model: load(path, model)")
        model = built(**architecture)
    elif architecture not in (None, architecture_of(model)):
        raise ValueError(f"it holds a network of another architecture than {model}")
    model.load_state_dict(parameters)
    return model


def architecture_of(model: Any) -> dict[str, Any] | None:
    """Return all that an MLP is made with but its seed; None for any other model."""
    if type(model) is not MLP:
        return None
    try:
        activations = [layer.neurons[0].activation for layer in model.layers]
        twin = built(model.n_in, model.sizes, activations)
    except (AttributeError, IndexError, TypeError, ValueError):
        return None  # its parts are not what they were
    if described(model, model.parameters()) != described(twin, twin.parameters()):
        return None
    return {"n_in": model.n_in, "sizes": list(model.sizes), "activations": activations}


def built(n_in: int, sizes: list[int], activations: list[str]) -> MLP:
    """Return a new MLP of this architecture."""
    model = MLP(n_in, sizes)
    for layer, name in zip(model.layers, activations, strict=True):
        for neuron in layer.neurons:
            neuron.activation = name
    return model


def check(architecture: Any, most: int) -> None:
    """Raise `ValueError` for an architecture that makes no sense, or has more parameters."""
    parts = _dict(architecture, "architecture")
    if set(parts) != {"n_in", "sizes", "activations"}:
        raise ValueError("architecture expects n_in, sizes and activations, and nothing else")
    sizes, activations = parts["sizes"], parts["activations"]
    for name, entry in (("sizes", sizes), ("activations", activations)):
        if not isinstance(entry, list) or not entry:
            raise ValueError(f"{name} expects a list, got {describe(entry)}")
    counts = [parts["n_in"], *sizes]
    if any(type(n) is not int or n < 1 for n in counts):
        raise ValueError("n_in and sizes expect ints of at least 1")
    count = 0
    for n, m in zip(counts, sizes):
        count += (n + 1) * m
    if count > most:
        raise ValueError(f"its network has {count} parameters, but there are only {most} numbers")
    known = all(type(name) is str and name in ACTIVATIONS for name in activations)
    if not known or len(activations) != len(sizes):
        raise ValueError(f"activations expects one of {', '.join(ACTIVATIONS)} for each layer")


def _dict(entry: Any, name: str) -> dict[str, Any]:
    if not isinstance(entry, dict):
        raise ValueError(f"{name} expects an object, got {describe(entry)}")
    return entry


def _numbers(entry: Any) -> int:
    """Return how many numbers are in nested lists and dicts."""
    count, waiting = 0, [entry]
    while waiting:
        part = waiting.pop()
        if isinstance(part, list | dict):
            waiting += part.values() if isinstance(part, dict) else part
        else:
            count += 1
    return count
