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

from .compiler.compiled import compile
from .compiler.transforms import grad, hessian, jacobian, value_and_grad
from .draw.values import to_dot, to_svg
from .engine.gradcheck import gradcheck
from .engine.operators import ieee_power, ratio
from .engine.piecewise import *
from .engine.primitive import primitive
from .engine.primitives import *
from .engine.value import Value
from .errors import CompileError, DomainError, GradcheckError
from .files.records import CheckpointError
from .lab.diagram import PhaseDiagram
from .lab.executors import SweepError
from .lab.results import Sweep
from .lab.sweep import phase_diagram, sweep
from .nn import datasets
from .nn.checkpoint import load, save
from .nn.losses import cross_entropy, hinge, mse_loss, squared_error
from .nn.mlp import MLP, Layer, Neuron, dot
from .nn.module import Module
from .nn.optim import SGD, constant, warmup_cosine
from .report.page import report
from .training.curvature import sharpness
from .training.history import History
from .training.train import train

__version__ = "0.2.0"

__all__ = ["DomainError", "GradcheckError", "Value", "dot", "gradcheck", "to_dot", "to_svg"]
__all__ += ["ieee_power", "primitive", "ratio"]
__all__ += ["exp", "expm1", "log", "log1p", "log2", "log10", "softmax", "softplus", "sqrt"]
__all__ += ["acos", "asin", "atan", "atan2", "cos", "sin", "tan"]
__all__ += ["acosh", "asinh", "atanh", "cosh", "erf", "erfc", "sigmoid", "sinh", "tanh"]
__all__ += ["ceil", "clip", "detach", "floor", "maximum", "minimum", "relu", "sign", "where"]
__all__ += ["CompileError", "compile", "grad", "hessian", "jacobian", "value_and_grad"]
__all__ += ["MLP", "Layer", "Module", "Neuron", "datasets", "load", "save"]
__all__ += ["cross_entropy", "hinge", "mse_loss", "squared_error"]
__all__ += ["SGD", "CheckpointError", "History", "constant", "sharpness", "train", "warmup_cosine"]
__all__ += ["PhaseDiagram", "Sweep", "SweepError", "phase_diagram", "report", "sweep"]


def __dir__() -> list[str]:
    return [*__all__, "__doc__", "__version__"]
