"""microtrain: the whole training loop of a neural network, in pure Python.

>>> import microtrain as mt
>>> model = mt.MLP(3, [4, 4, 1])
>>> xs, ys = mt.datasets.toy()
>>> for step in range(20):
...     predictions = [model(x) for x in xs]                                     # 1. forward pass
...     loss = sum((yout - yt)**2 for yout, yt in zip(predictions, ys))          # 2. loss
...     model.zero_grad()                                                        # 3. backward pass
...     loss.backward()
...     for p in model.parameters():                                             # 4. update
...         p.data += -0.05 * p.grad
>>> print(f"{loss:.3f}")
0.055
"""

from . import datasets
from .checkpoint import load, save
from .compiled import compile
from .curvature import sharpness
from .errors import CompileError, DomainError, GradcheckError
from .functions import (
    cos,
    exp,
    log,
    maximum,
    minimum,
    relu,
    sigmoid,
    sin,
    softplus,
    sqrt,
    tanh,
)
from .gradcheck import gradcheck
from .graph import to_dot
from .lab.results import Sweep
from .lab.sweep import SweepError, sweep
from .losses import cross_entropy, hinge, mse_loss, squared_error
from .module import Module
from .nn import MLP, Layer, Neuron, dot
from .optim import SGD, constant, warmup_cosine
from .records import CheckpointError
from .report.page import report
from .training.history import History
from .training.train import train
from .transforms import grad, hessian, value_and_grad
from .value import Value

__version__ = "0.1.0"

__all__ = [
    "MLP",
    "SGD",
    "CheckpointError",
    "CompileError",
    "DomainError",
    "GradcheckError",
    "History",
    "Layer",
    "Module",
    "Neuron",
    "Sweep",
    "SweepError",
    "Value",
    "compile",
    "constant",
    "cos",
    "cross_entropy",
    "datasets",
    "dot",
    "exp",
    "grad",
    "gradcheck",
    "hessian",
    "hinge",
    "load",
    "log",
    "maximum",
    "minimum",
    "mse_loss",
    "relu",
    "report",
    "save",
    "sharpness",
    "sigmoid",
    "sin",
    "softplus",
    "sqrt",
    "squared_error",
    "sweep",
    "tanh",
    "to_dot",
    "train",
    "value_and_grad",
    "warmup_cosine",
]


def __dir__() -> list[str]:
    return [*__all__, "__doc__", "__version__"]
