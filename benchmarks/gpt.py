"""The GPT of `examples/gpt.py`: microtrain and its peers, alternately, in one process.

    pip install -e '.[bench]'
    python benchmarks/gpt.py [--rounds 9]

First the gradient of one document, of 12 places, by the 4,192 weights of the example and by those
of a block twice as wide. The peers are the same program over a bare Value of sixty lines
(`bare_value.py`), microtrain without compiling, a reverse pass by hand in plain Python and one in
NumPy (`gpt_by_hand.py`), and PyTorch on one thread. The gradients have to agree before anything is
timed. A bare Value's graph is garbage that only Python's collector finds, and that takes most of
its time, so it is timed without the collector, too. Then 1,000 steps of training, compiling
included, against the same over the bare Value, of which a few are done. Times are those of the
processor. A row is left out, with a message, where something is not installed.
"""

from __future__ import annotations

import argparse
import gc
import importlib
import itertools
import os
import pathlib
import random
import statistics
import sys
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import bare_value
import gpt_by_hand
import numpy as np

import microtrain as mt

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "examples"))
gpt = importlib.import_module("gpt")
NAME = "californium"  # with the dot after it, 12 letters to foretell
TEXT = [gpt.LETTERS.index(c) for c in f".{NAME}."]

Weights = dict[str, list[list[float]]]
Call = Callable[[], tuple[Any, Any]]


def bare_dot(a: Any, b: Any) -> Any:
    """Return a . b without terms that are 0: so it picks a letter's row, and computes with that."""
    return sum([x * y for x, y in zip(a, b) if type(y) is not float or y != 0.0])


def bare_softmax(xs: Any) -> Any:
    top = max(x.data for x in xs)
    powers = [(x + -top).exp() for x in xs]
    total = sum(powers)
    return [x / total for x in powers]


BARE = SimpleNamespace(
    dot=bare_dot,
    softmax=bare_softmax,
    relu=lambda x: x.relu(),
    log=lambda x: x.log(),
    where=lambda condition, a, b: a if condition else b,
)


def over_values(kind: Any, functions: Any) -> Callable[..., tuple[Any, Any]]:
    """Return the gradient of the example's own program, over Values of this kind."""

    def gradient(weights: Weights, text: Any, shares: Any) -> tuple[Any, Any]:
        gpt.mt = functions
        values = {k: [[kind(x) for x in row] for row in rows] for k, rows in weights.items()}
        loss = gpt.loss(values, text, [share for share in shares if share])  # without padding
        loss.backward()
        slopes = {k: [[v.grad for v in row] for row in rows] for k, rows in values.items()}
        gpt.mt = mt
        return loss.data, slopes

    return gradient


over_bare_values = over_values(bare_value.Value, BARE)


def bare(weights: Weights) -> Call:
    return lambda: over_bare_values(weights, *gpt.encoded(NAME))


def uncollected(weights: Weights) -> Call:
    def gradient() -> tuple[Any, Any]:
        gc.disable()
        found = over_bare_values(weights, *gpt.encoded(NAME))
        gc.enable()
        return found

    return gradient


def compiled_gradient(engine: str) -> Any:
    """Return the compiled gradient. Raises `ImportError` where there is no such engine."""
    options: dict[str, Any] = {} if engine == "python" else {"engine": engine}
    try:
        return mt.compile(mt.value_and_grad(gpt.loss), **options)
    except TypeError:
        raise ImportError(f"mt.compile has no engine {engine!r}") from None


def compiled(engine: str) -> Callable[[Weights], Call]:
    def peer(weights: Weights) -> Call:
        gradient, document = compiled_gradient(engine), gpt.encoded(NAME)
        return lambda: gradient(weights, *document)

    return peer


def pytorch(weights: Weights) -> Call:
    torch = importlib.import_module("torch")
    torch.set_num_threads(1)
    w = {k: torch.tensor(x, dtype=torch.float64, requires_grad=True) for k, x in weights.items()}
    text, n = torch.tensor(TEXT), len(TEXT) - 1
    hidden = torch.triu(torch.full((n, n), -torch.inf, dtype=torch.float64), 1)

    def normed(x: Any) -> Any:
        return x * ((x * x).mean(-1, keepdim=True) + 1e-5) ** -0.5

    def apart(x: Any) -> Any:
        return x.view(n, gpt.HEADS, -1).transpose(0, 1)

    def gradient() -> tuple[Any, Any]:
        x = normed(w["letters"][text[:-1]] + w["places"][:n])
        y = normed(x)
        query, key, value = (apart(y @ w[name].T) for name in ("query", "key", "value"))
        fits = query @ key.transpose(1, 2) / (gpt.WIDTH // gpt.HEADS) ** 0.5 + hidden
        seen = (torch.softmax(fits, -1) @ value).transpose(0, 1).reshape(n, -1)
        x = x + seen @ w["mixed"].T
        x = x + torch.relu(normed(x) @ w["up"].T) @ w["down"].T
        loss = torch.nn.functional.cross_entropy(x @ w["out"].T, text[1:])
        slopes = torch.autograd.grad(loss, [*w.values()])
        return loss.item(), dict(zip(w, slopes))

    return gradient


def by_hand(weights: Weights) -> Call:
    return lambda: gpt_by_hand.in_python(weights, TEXT, gpt.HEADS)


def numpy_by_hand(weights: Weights) -> Call:
    arrays, text = {k: np.array(x) for k, x in weights.items()}, np.array(TEXT)
    return lambda: gpt_by_hand.in_numpy(arrays, text, gpt.HEADS)


PEERS: dict[str, Callable[[Weights], Call]] = {
    "microtrain, compiled": compiled("python"),
    "microtrain, native": compiled("native"),
    "a bare Value": bare,
    "the same, gc disabled": uncollected,
    "microtrain, eager": lambda weights: (
        lambda: over_values(mt.Value, mt)(weights, *gpt.encoded(NAME))
    ),
    "by hand, Python": by_hand,
    "by hand, NumPy": numpy_by_hand,
    "PyTorch, 1 thread": pytorch,
}


def differs(a: Any, b: Any) -> float:
    """Return how far two results are apart, in parts of the largest slope."""
    largest = max(float(np.abs(np.asarray(x)).max()) for x in a[1].values())
    gaps = [float(np.abs(np.asarray(a[1][k]) - np.asarray(b[1][k])).max()) for k in a[1]]
    return max(abs(a[0] - b[0]), *gaps) / largest


def gradients(width: int, rounds: int) -> None:
    """Print a table of the gradient of one document."""
    gpt.WIDTH = width
    random.seed(0)
    weights = gpt.initial_weights()
    count = sum(len(row) for rows in weights.values() for row in rows)
    calls: dict[str, Call] = {}
    first: dict[str, float] = {}
    expected: Any = None
    for name, peer in PEERS.items():
        start = clock()
        try:
            calls[name] = peer(weights)
            found = calls[name]()
        except ImportError as error:
            print(f"{name} is left out: {error}", file=sys.stderr)
            calls.pop(name, None)
            continue
        first[name] = clock() - start
        expected = expected or found
        if not differs(expected, found) < 1e-9:
            raise SystemExit(f"{name} has another gradient")
    times: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(rounds):
        for name, call in calls.items():
            times[name].append(seconds(call))
    bare = times["a bare Value"]
    print(f"\nThe gradient by {count:,} weights:\n")
    print(f"{'':22}{'time':>10}{'first call':>12}{'as fast as a bare Value':>26}")
    for name, own in times.items():
        ratio = statistics.median(a / b for a, b in zip(bare, own))
        middle = f"{statistics.median(own) * 1e3:.2f} ms"
        print(f"{name:22}{middle:>10}{first[name]:>10.2f} s{ratio:>24.1f} x", flush=True)


def clock() -> float:
    """Return the time that this process has taken, and those that it has started: a C compiler."""
    return time.process_time() + sum(os.times()[2:4])


def seconds(call: Call) -> float:
    """Return the time of a call, the mean of at least four and of as many as take half a second.

    What others left behind is collected before. What a call leaves behind is collected during the
    next ones, as in a training loop.
    """
    gc.collect()
    start, calls = time.process_time(), 0
    while (elapsed := time.process_time() - start) < 0.5 or calls < 4:
        call()
        calls += 1
    return elapsed / calls


def training(engine: str, few: int = 20) -> None:
    """Print how long all steps of the example take, and how long they take over bare Values."""
    gpt.WIDTH = 16
    random.seed(0)
    start = clock()
    try:
        gradient = compiled_gradient(engine)
    except ImportError as error:
        print(f"training with engine {engine!r} is left out: {error}", file=sys.stderr)
        return
    own = [*gpt.train(gpt.initial_weights(), gradient)]
    mine = clock() - start
    random.seed(0)
    start = clock()
    others = [*itertools.islice(gpt.train(gpt.initial_weights(), over_bare_values), few)]
    theirs = (clock() - start) / few * len(own)
    if max(abs(a - b) for a, b in zip(own, others)) > 1e-9:
        raise SystemExit("the losses are different")
    print(
        f"\n{len(own):,} steps with engine={engine!r}, compiling included: {mine:.1f} s; over "
        f"a bare Value {theirs:.0f} s, by the first {few}: {theirs / mine:.1f} times as long"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=9)
    rounds = parser.parse_args().rounds
    sys.setrecursionlimit(100_000)  # the bare Value goes through the graph by recursion
    for width in (16, 32):
        gradients(width, rounds)
    for engine in ("python", "native"):
        training(engine)


if __name__ == "__main__":
    main()
