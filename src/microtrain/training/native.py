"""The training step as C, with the loop over steps: the record of `compiled`, in another language.

A chunk of steps is one call, and takes about `SECONDS`. It ends early before a step that raised a
floating-point flag, which is then made in Python, with its errors, and before one whose loss is
below the target.
"""

import ctypes
import functools
import itertools
import math
import time
from array import array
from collections.abc import Sequence
from copy import copy
from importlib import resources
from types import SimpleNamespace

from ..compiler.c import PRELUDE, C, function
from ..compiler.native import check
from ..compiler.toolchain import load
from ..errors import CompileError
from .compiled import CompiledEngine
from .eager import Drawn, EagerEngine, State, Stepped
from .plan import Objective
from .tracing import Traced, cached

SECONDS = 0.05  # that a chunk should take, so that Ctrl-C and progress do not wait
MOST = 100_000  # steps in a chunk
EASY = 1_000_000  # samples times parameters in a first chunk, as nobody knows yet what they take
COMPARED = 20_000  # operations, roughly, of the step that is made in C and in Python, too

STEP = (resources.files("microtrain.training") / "step.c").read_text(encoding="ascii")  # the frame


class NativeEngine(EagerEngine):
    """The engine that does in C what `eager` does; `source` is that C.

    Raises `CompileError` where there is no C compiler, where C has other bits than Python, and
    where the computation is not the same for all numbers.
    """

    name = "native"

    def __init__(self, objective: Objective, zero_grad: bool, accumulate: int) -> None:
        super().__init__(objective, zero_grad)
        made, samples = cached(objective, "native", _generated)
        self.source, self._train = made.source, made.train
        # What makes the steps that C can't make.
        self._compiled = functools.cache(lambda: CompiledEngine(objective, zero_grad, accumulate))
        n = len(objective.parameters)
        self._data = array("d", itertools.chain(*samples))
        self._is_finite = made.is_finite and all(map(math.isfinite, self._data))
        if not made.is_compared and not self.agrees(COMPARED // n):
            raise CompileError("the first step has other bits in C than in Python here")
        made.is_compared = True
        self.chunk = max(1, min(16, EASY // (len(samples) * accumulate * n)))

    def steps(self, state: State, batches: Drawn, rates: Sequence[float], least: float) -> Stepped:
        start = time.perf_counter()
        n, count = len(state[0]), len(rates)
        shuffled = not isinstance(batches, itertools.repeat)
        ahead = [*itertools.islice(copy(batches), count)] if shuffled else [next(batches)]
        order: list[int] = []
        for batch in itertools.chain.from_iterable(ahead):
            order.append(len(batch))
            order += batch
        zero = array("d", [0.0])
        states, losses, norms = zero * (7 * n), zero * count, zero * count
        states[: 2 * n] = array("d", itertools.chain(*state))
        buffers = states, self._data, array("i", order), array("d", rates), losses, norms
        made = self._is_finite and self._train(
            *[buffer.buffer_info()[0] for buffer in buffers],
            *(len(ahead[0]), shuffled, self.zero_grad, count, least),
        )
        if not made:
            return self._compiled().steps(state, batches, rates, least)
        if shuffled:
            next(itertools.islice(batches, made - 1, None))  # as so many were used
        after, before = (tuple(states[2 * n * (k % 3) :][: 2 * n]) for k in (made, made - 1))
        seconds = (time.perf_counter() - start) / made
        self.chunk = max(1, min(MOST, 8 * count, int(SECONDS / seconds)))
        return losses[:made], norms[:made], (after[:n], after[n:]), (before[:n], before[n:])


def _generated(traced: Traced) -> SimpleNamespace:
    """Return the C of a training step, and the function `train` in it."""
    parts = traced.backward(traced.is_mean)
    check(traced.record)
    writer = C(traced.record)
    names = dict.fromkeys(traced.seeds, "seed")
    for letter, places in zip("xypg", (traced.xs, traced.ys, traced.data, traced.running)):
        names |= {place: f"{letter}[{k}]" for k, place in enumerate(places)}
    targets = [[], ["loss = {};"], [f"g[{k}] = {{}};" for k in range(len(traced.data))]]
    lines = writer.body(names, parts, targets)
    sample = function(
        "static double sample(const double *restrict p, const double *restrict x,\n"
        "                     const double *restrict y, double seed, double *restrict g)",
        ["double loss;", "(void)seed;", *lines, "return loss;"],
    )
    numbers = {"N": len(traced.data), "WIDTH": len(traced.xs) + len(traced.ys)}
    numbers |= {"INPUTS": len(traced.xs), "MEAN": int(traced.is_mean)}
    defined = "\n".join([f"#define {name} {x}" for name, x in numbers.items()])
    source = "\n\n".join([PRELUDE, *writer.namespace.values(), sample, defined, STEP])
    train = load(source).train
    train.restype = ctypes.c_long
    train.argtypes = [*[ctypes.c_void_p] * 6, *[ctypes.c_long] * 4, ctypes.c_double]
    is_finite = writer.is_finite
    return SimpleNamespace(source=source, train=train, is_finite=is_finite, is_compared=False)
