"""Models to and from files: their architecture and their parameters."""

from __future__ import annotations

from typing import Any

from ..errors import expect
from ..files.records import NUMBER, OBJECT, SIZE, Format, Path, checked, choice
from .description import Description
from .mlp import ACTIVATIONS, MLP
from .module import Module

ARCHITECTURE = {"n_in": SIZE, "sizes": [SIZE], "activations": [choice(*ACTIVATIONS), "sizes"]}
FORMAT = Format("microtrain model", {"architecture": (ARCHITECTURE,), "parameters": OBJECT})


def save(model: Module, path: Path) -> None:
    """Write a model to a JSON file, from which `load` makes it again, bit by bit.

    Of an `MLP` the architecture is written, too; of a `Module` of your own only the parameters. An
    existing file is replaced. Raises `ValueError` for parameters that are not finite floats,
    `OSError` where the file can't be written; an existing file is then as it was.

    >>> import microtrain as mt, pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "model.json"
    >>> model = mt.MLP(3, [4, 4, 1])
    >>> mt.save(model, path)
    >>> mt.load(path).state_dict() == model.state_dict()
    True
    """
    expect(isinstance(model, Module), "model", "a Module", model)
    FORMAT.write(path, architecture=architecture_of(model), parameters=model.state_dict())


def load(path: Path, model: Module | None = None) -> Any:
    """Return the model that `save` wrote, or `model` with the parameters in the file.

    One of a class of your own can only be loaded into a model. Raises `CheckpointError` for a file
    that `save` did not write, that was changed or cut short, is of a newer version, or does not fit
    the model (which is then as it was); `OSError` where it can't be read.

    >>> import microtrain as mt, pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "model.json"
    >>> mt.save(mt.Neuron(2), path)
    >>> neuron = mt.Neuron(2)
    >>> mt.load(path, neuron).state_dict() == mt.Neuron(2).state_dict()
    True
    """
    expect(model is None or isinstance(model, Module), "model", "a Module", model)
    return FORMAT.read(path, lambda **parts: restored(**parts, model=model))


def restored(architecture: Any, parameters: Any, model: Module | None = None) -> Any:
    """Return the model that a record holds, or `model` with its parameters, if they fit."""
    if model is None:
        if architecture is None:
            raise ValueError("it holds only the parameters of a model: load(path, model)")
        n_in, sizes = architecture["n_in"], architecture["sizes"]
        schema: dict[str, Any] = {}
        for i, (n, size) in enumerate(zip([n_in, *sizes], sizes)):
            schema[f"layers.{i}.weight"] = [[NUMBER, n], size]
            schema[f"layers.{i}.bias"] = [NUMBER, size]
        checked(schema, parameters, "parameters")  # before they are made
        model = built(**architecture)
    elif architecture not in (None, architecture_of(model)):
        raise ValueError(f"it holds a network of another architecture than {model}")
    model.load_state_dict(parameters)
    return model


def architecture_of(model: Any) -> dict[str, Any] | None:
    """Return all that an MLP is made with but its seed; None for a model that is made otherwise."""
    if type(model) is not MLP:
        return None
    try:
        activations = [layer.neurons[0].activation for layer in model.layers]
        sizes = list(model.sizes)
        made: dict[str, Any] = {"n_in": model.n_in, "sizes": sizes, "activations": activations}
        twin = built(**made)
    except (AttributeError, IndexError, TypeError, ValueError):
        return None  # its parts are not what they were
    texts = {Description(x, x.parameters()).text for x in (model, twin)}
    return made if len(texts) == 1 else None


def built(n_in: int, sizes: list[int], activations: list[str]) -> MLP:
    """Return a new MLP of this architecture."""
    model = MLP(n_in, sizes)
    for layer, name in zip(model.layers, activations, strict=True):
        for neuron in layer.neurons:
            neuron.activation = name
    return model
