"""What PyTorch says at the edges of the floats: `python benchmarks/pytorch_edges.py`, with torch.

It prints tests/pytorch_edges.csv: an operation; one or two operands; the result; the gradient by
each operand. Numbers are float64.
"""

import csv
import itertools
import math
import sys

import torch

TINY, HUGE, INF = 5e-324, 1e308, math.inf
ONE = (0.0, TINY, 1e-308, 1.0, 1000.0, HUGE, INF)
ONE = (*ONE, *(-x for x in ONE), math.nan)
TWO = (0.0, -0.0, TINY, 1.0, -2.0, HUGE, INF, -INF)
NAMES = ("exp", "log", "log1p", "sqrt", "sin", "cos", "tanh", "sigmoid", "relu")
UNARY = {
    **{name: getattr(torch, name) for name in NAMES},
    "softplus": torch.nn.functional.softplus,
    "abs": torch.abs,
    "-x": lambda x: -x,
    "x ** 2": lambda x: x**2,
    "x ** 3": lambda x: x**3,
    "x ** 0": lambda x: x**0,
    "x ** 0.5": lambda x: x**0.5,
    "x ** -1": lambda x: x**-1,
    "x ** -2": lambda x: x**-2,
    "2.0 ** x": lambda x: 2.0**x,
    "1.0 / x": lambda x: 1.0 / x,
}
BINARY = {
    "x + y": lambda x, y: x + y,
    "x - y": lambda x, y: x - y,
    "x * y": lambda x, y: x * y,
    "x / y": lambda x, y: x / y,
    "x ** y": lambda x, y: x**y,
    "maximum": torch.maximum,
    "minimum": torch.minimum,
}

print(f"# PyTorch {torch.__version__}, float64")
writer = csv.writer(sys.stdout, lineterminator="\n")
writer.writerow(["operation", "x", "y", "result", "by x", "by y"])
for operations, operands in (UNARY, [(x,) for x in ONE]), (BINARY, itertools.product(TWO, TWO)):
    operands = list(operands)
    for name, operation in operations.items():
        for numbers in operands:
            leaves = [torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in numbers]
            result = operation(*leaves)
            result.backward()
            blank = [""] * (2 - len(leaves))
            gradients = [leaf.grad.item() for leaf in leaves]
            writer.writerow([name, *numbers, *blank, result.item(), *gradients, *blank])
