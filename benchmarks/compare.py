"""microtrain against its peers: the same work, in one process, in alternating rounds.

    python benchmarks/compare.py [--rounds N] [--only TEXT] [--json FILE]

Absolute times drift with the machine, so each round times all contestants in turn, and what counts
is the median of the rounds' ratios; beside it stand the quartiles. A peer that is not installed is
named and left out. ``pip install '.[bench]'`` brings micrograd and JAX; take PyTorch in its
CPU build. Everything runs on one thread, in float64.
"""

from __future__ import annotations

import argparse
import array
import ctypes
import functools
import gc
import importlib
import importlib.metadata
import json
import os
import pathlib
import platform
import random
import statistics
import sys
import time

os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false")
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("JAX_PLATFORMS", "cpu")

import bare_value
import by_hand

import microtrain as mt
import microtrain.nn.micrograd
from microtrain.compiler import toolchain
from microtrain.compiler.python import Python
from microtrain.compiler.transforms import taken_apart
from microtrain.compiler.writer import Part

XS, YS = mt.datasets.toy()
LR = 0.01


def available(name):
    try:
        return importlib.import_module(name)
    except ImportError:
        return None


torch, jax, micrograd = available("torch"), available("jax"), available("micrograd.nn")
if torch:
    torch.set_num_threads(1)
if jax:
    jax.config.update("jax_enable_x64", True)


# A contestant is a pair: a function that does the work n times, and that n.


def trainer(make_model, xs, ys, steps, **options):
    model = make_model()
    return lambda: mt.train(model, xs, ys, steps=steps, lr=LR, **options), steps


def toy():
    return mt.MLP(3, [4, 4, 1])


def toy_by_hand(steps=5000):
    parameters = [p.data for p in toy().parameters()]
    samples = [(*x, y) for x, y in zip(XS, YS)]
    return lambda: by_hand.train(parameters, samples, LR, steps), steps


def toy_in_c(steps=100_000):
    """The same in C, by hand, compiled with the flags of native code; its records become lists."""
    library = toolchain.load(pathlib.Path(__file__).with_name("by_hand.c").read_text())
    start = [p.data for p in toy().parameters()]
    samples = [number for x, y in zip(XS, YS) for number in (*x, y)]

    def work():
        numbers = start, start, samples, [0.0] * steps, [0.0] * steps
        p, g, x, losses, norms = arrays = [array.array("d", part) for part in numbers]
        p, g, x, *records = (ctypes.c_void_p(part.buffer_info()[0]) for part in arrays)
        sizes = ctypes.c_int(len(XS)), ctypes.c_double(LR), ctypes.c_long(steps)
        library.by_hand(p, g, x, *sizes, *records)
        return losses.tolist(), norms.tolist()

    return work, steps


def micrograd_trainer(sizes, xs, ys, loss_of, steps, activation=None):
    """micrograd's own loop; `activation` replaces that of every neuron, as tanh is not built in."""
    model = micrograd.MLP(len(xs[0]), sizes)
    if activation:

        class Neuron(micrograd.Neuron):
            def __call__(self, x):
                return activation(sum((w * v for w, v in zip(self.w, x)), self.b))

        for layer in model.layers:
            for neuron in layer.neurons:
                neuron.__class__ = Neuron
    parameters = model.parameters()

    def work():
        for _ in range(steps):
            loss = sum(loss_of(model(x), y) for x, y in zip(xs, ys))
            model.zero_grad()
            loss.backward()
            for p in parameters:
                p.data -= LR * p.grad

    return work, steps


def micrograd_program(library, steps):
    """Moons as a program for micrograd trains them: hinge loss, L2, inputs that are Values.

    `library` is what it imports `Value` and `MLP` from; nothing else differs.
    """
    random.seed(1337)
    xs, ys = MOONS
    model = library.MLP(2, [16, 16, 1])

    def work():
        for _ in range(steps):
            inputs = [list(map(library.Value, x)) for x in xs]
            scores = list(map(model, inputs))
            losses = [(1 + -y * score).relu() for y, score in zip(ys, scores)]
            data_loss = sum(losses) * (1.0 / len(losses))
            penalty = 1e-4 * sum(p * p for p in model.parameters())
            total_loss = data_loss + penalty
            model.zero_grad()
            total_loss.backward()
            for p in model.parameters():
                p.data -= 0.5 * p.grad

    return work, steps


def micrograd_tanh(v):
    import math

    t = math.tanh(v.data)
    out = micrograd.Value(t, (v,), "tanh")

    def backward():
        v.grad += (1 - t * t) * out.grad

    out._backward = backward
    return out


def toy_torch(steps=100):
    nn, double = torch.nn, torch.float64
    model = nn.Sequential(
        *(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 4), nn.Tanh(), nn.Linear(4, 1), nn.Tanh())
    ).to(double)
    parameters = list(model.parameters())
    x, y = torch.tensor(XS, dtype=double), torch.tensor(YS, dtype=double)

    def work():
        for _ in range(steps):
            loss = ((model(x).squeeze(1) - y) ** 2).sum()
            for p in parameters:
                p.grad = None
            loss.backward()
            with torch.no_grad():
                for p in parameters:
                    p -= LR * p.grad

    return work, steps


def toy_jax(steps=1000):
    jnp = jax.numpy
    state = toy().state_dict()
    parameters = [jnp.array(part) for part in state.values()]
    x, y = jnp.array(XS), jnp.array(YS)

    def loss_of(parameters):
        signal = x
        for weight, bias in zip(parameters[::2], parameters[1::2]):
            signal = jnp.tanh(signal @ weight.T + bias)
        return ((signal[:, 0] - y) ** 2).sum()

    @jax.jit
    def step(parameters):
        loss, gradient = jax.value_and_grad(loss_of)(parameters)
        return loss, [p - LR * g for p, g in zip(parameters, gradient)]

    jax.block_until_ready(step(parameters))

    def work():
        new = parameters
        for _ in range(steps):
            loss, new = step(new)
        jax.block_until_ready((loss, new))

    return work, steps


def toy_jax_scan(steps=20_000):
    """The same with the loop over steps in XLA."""
    jnp = jax.numpy
    parameters = [jnp.array(part) for part in toy().state_dict().values()]
    x, y = jnp.array(XS), jnp.array(YS)

    def loss_of(parameters):
        signal = x
        for weight, bias in zip(parameters[::2], parameters[1::2]):
            signal = jnp.tanh(signal @ weight.T + bias)
        return ((signal[:, 0] - y) ** 2).sum()

    def step(parameters, _):
        loss, gradient = jax.value_and_grad(loss_of)(parameters)
        return [p - LR * g for p, g in zip(parameters, gradient)], loss

    run = jax.jit(lambda parameters: jax.lax.scan(step, parameters, None, steps))
    jax.block_until_ready(run(parameters))
    return lambda: jax.block_until_ready(run(parameters)), steps


def sweeper(engine, seeds):
    """Four rates with so many seeds; what is timed is a run of 200 steps."""
    options = {"seeds": range(seeds), "steps": 200, "target_loss": None, "engine": engine}
    return lambda: mt.sweep((0.01, 0.05, 0.1, 0.5), **options), 4 * seeds


def mapped(f, a, b, engine, n):
    """The value and gradient at n points; native code gets them in a buffer."""
    function = mt.compile(lambda x: f(x[0], x[1]), engine=engine)
    rng = random.Random(0)
    rows = [[rng.gauss(a, 1.0), rng.gauss(b, 1.0)] for _ in range(n)]
    flat = array.array("d", [x for row in rows for x in row])
    buffer = memoryview(flat).cast("B").cast("d", (n, 2))
    points = buffer if engine == "native" else rows
    return lambda: function.map_value_and_grad(points), n


# The two small graphs that BurTorch is measured on (Burlachenko and Richtarik, 2025,
# arXiv:2503.13795): their value and both derivatives.


def small(a, b):
    return ((a + b) - (a * b + b**3)) ** 2 / 2


def readme(a, b):
    c = a + b
    d = a * b + b**3
    c = c + (c + 1)
    c = c + (1 + c + (-a))
    d = d + (d * 2 + (b + a).relu())
    d = d + (3 * d + (b - a).relu())
    e = c - d
    f = e**2
    return f / 2.0 + 10.0 / f


def graph_compiled(f, a, b, n=20_000):
    value_and_grad = mt.compile(f).value_and_grad

    def work():
        for _ in range(n):
            value_and_grad(a, b)

    return work, n


def graph_of_values(f, a, b, kind, n):
    def work():
        for _ in range(n):
            x, y = kind(a), kind(b)
            f(x, y).backward()

    return work, n


def graph_torch(f, a, b, n=200):
    return graph_of_values(
        f, a, b, lambda x: torch.tensor(x, dtype=torch.float64, requires_grad=True), n
    )


def graph_jax(f, a, b, n=2000):
    def with_relu(a, b):
        return f(_JaxScalar(a), _JaxScalar(b)).x

    function = jax.jit(jax.value_and_grad(with_relu, (0, 1)))
    x, y = jax.numpy.array(a), jax.numpy.array(b)
    jax.block_until_ready(function(x, y))

    def work():
        for _ in range(n):
            result = function(x, y)
        jax.block_until_ready(result)

    return work, n


class _JaxScalar:
    """A traced scalar with a method `relu`, so that the same expression runs in JAX."""

    def __init__(self, x):
        self.x = x

    def relu(self):
        return _JaxScalar(jax.nn.relu(self.x))

    def __neg__(self):
        return _JaxScalar(-self.x)


def _lift(name):
    def method(self, other):
        other = other.x if isinstance(other, _JaxScalar) else other
        return _JaxScalar(getattr(self.x, name)(other))

    return method


for _name in ("add", "radd", "sub", "rsub", "mul", "rmul", "truediv", "rtruediv", "pow"):
    setattr(_JaxScalar, f"__{_name}__", _lift(f"__{_name}__"))


# The same network written with operators alone: `sum(w * x ...)` in place of `mt.dot`.

WIDTHS = [2, 16, 16, 1]


def loss_by_operators(parameters, xs, ys):
    """Return the sum of squares of an MLP whose parameters are Values of any kind, in a list."""
    loss = 0.0
    for x, y in zip(xs, ys):
        signal, rest = x, iter(parameters)
        for width in WIDTHS[1:]:
            layer = []
            for _ in range(width):
                bias = next(rest)
                layer.append(sum((next(rest) * part for part in signal), bias))
            signal = [v.relu() for v in layer] if width > 1 else layer
        loss = loss + (signal[0] - y) ** 2
    return loss


def some_parameters():
    rng = random.Random(0)
    n = sum(outputs * (inputs + 1) for inputs, outputs in zip(WIDTHS, WIDTHS[1:]))
    return [rng.uniform(-1, 1) for _ in range(n)]


def operators(kind, n=3):
    """Forward and backward over this kind of Value."""
    parameters = [kind(x) for x in some_parameters()]

    def work():
        for _ in range(n):
            for p in parameters:
                p.grad = 0.0
            loss_by_operators(parameters, *FEW_MOONS).backward()

    return work, n


def traced():
    f = mt.value_and_grad(lambda parameters: loss_by_operators(parameters, *FEW_MOONS))
    _, shape = taken_apart(f, (some_parameters(),), {})
    record, (value, *slopes), _ = f.trace(shape)
    return record, value, slopes


def tracing():
    """Record forward and backward; what is timed is an operation."""
    return traced, len(traced()[0].operations)


def writing():
    """Write that record as Python, without Python's own compiling of it."""
    record, value, slopes = traced()

    def work():
        writer = Python(record)
        parts = Part("forward", "v", [value]), Part("backward", "d", slopes)
        writer.write(writer.inputs(), *parts)

    return work, len(record.operations)


def compiling(make_model, xs, ys):
    """Trace, write and compile: the rest of a run of one step takes no time beside that.

    What was compiled for a loss of the library's own would be used again.
    """
    model = make_model()
    options = {"steps": 1, "lr": LR, "loss": squares, "engine": "compiled"}
    return lambda: mt.train(model, xs[:1], ys[:1], **options), 1


def wide():
    return mt.MLP(64, [16, 10], output_activation="linear")


def squares(prediction, y):
    return (prediction - y) ** 2


def micrograd_hinge(prediction, y):
    return (1 + -y * prediction).relu()


MOONS = mt.datasets.moons(100)
FEW_MOONS = mt.datasets.moons(20)
DIGITS = [[(i * j % 17) / 16 for i in range(64)] for j in range(100)], [j % 10 for j in range(100)]
IMAGES = [[(i * j % 255) / 255 for i in range(784)] for j in range(20)], [j % 10 for j in range(20)]
WIDE_XS, WIDE_YS = [[(i * j % 7) / 7 for i in range(64)] for j in range(10)], list(range(10))


def moons_model():
    return mt.MLP(2, [16, 16, 1], "relu", "linear")


def table():
    """Return the rows: work, our contestant, the peer, its contestant (or None), what to expect."""
    step = "training step of the toy"
    compiled = lambda: trainer(toy, XS, YS, 20_000, engine="compiled")  # noqa: E731
    eager = lambda: trainer(toy, XS, YS, 50, engine="eager")  # noqa: E731
    toy_micrograd = lambda: micrograd_trainer([4, 4, 1], XS, YS, squares, 10, micrograd_tanh)  # noqa: E731
    yield f"{step}, compiled", compiled, "by hand", toy_by_hand, ">= 0.91"
    yield f"{step}, compiled", compiled, "micrograd", toy_micrograd, ">= 38"
    yield f"{step}, compiled", compiled, "torch", toy_torch, ">= 11"
    yield f"{step}, compiled", compiled, "jax", toy_jax, ">= 0.8"
    yield f"{step}, eager", eager, "micrograd", toy_micrograd, ">= 4"
    for name, f, a, b in (("small graph", small, -41.0, 2.0), ("larger graph", readme, -4.0, 2.0)):
        ours = lambda f=f, a=a, b=b: graph_compiled(f, a, b)  # noqa: E731
        for other, make, floor in (
            (
                "micrograd",
                lambda f=f, a=a, b=b: graph_of_values(f, a, b, micrograd.Value, 200),
                ">= 30",
            ),
            ("torch", lambda f=f, a=a, b=b: graph_torch(f, a, b), ">= 80"),
            ("jax", lambda f=f, a=a, b=b: graph_jax(f, a, b), ">= 4"),
        ):
            yield f"{name}, value and gradient", ours, other, make, floor
    yield (
        "larger graph, as Values",
        lambda: graph_of_values(readme, -4.0, 2.0, mt.Value, 200),
        "micrograd",
        lambda: graph_of_values(readme, -4.0, 2.0, micrograd.Value, 200),
        ">= 1.5",
    )
    yield (
        "moons, 100 samples, 337 parameters",
        lambda: trainer(
            moons_model, *MOONS, 1000, loss=mt.hinge, reduction="mean", engine="compiled"
        ),
        "micrograd",
        lambda: micrograd_trainer([16, 16, 1], *MOONS, micrograd_hinge, 1),
        ">= 80",
    )
    yield (
        "moons, a program for micrograd",
        lambda: micrograd_program(microtrain.nn.micrograd, 1),
        "micrograd",
        lambda: micrograd_program(micrograd, 1),
        ">= 10",
    )
    yield (
        "a network of + and *, as Values",
        lambda: operators(mt.Value),
        "bare Value",
        lambda: operators(bare_value.Value),
        ">= 0.9",
    )
    yield from native_rows()
    yield "tracing, an operation", tracing, None, None, "<= 3.3 us, 300,000 a second"
    yield "writing, an operation", writing, None, None, "<= 2.5 us, 400,000 a second"
    yield "tracing and compiling the toy", lambda: compiling(toy, XS, YS), None, None, "<= 20 ms"
    yield (
        "64 inputs, 16 hidden, a sample",
        lambda: per_sample(trainer(wide, WIDE_XS, WIDE_YS, 2000, loss=mt.cross_entropy), 10),
        None,
        None,
        f"{len(wide().parameters())} parameters",
    )
    yield (
        "the toy, a sample",
        lambda: per_sample(trainer(toy, XS, YS, 20_000, engine="compiled"), 4),
        None,
        None,
        "41 parameters",
    )


def native_rows():
    """Return the rows of native code; "compiled" is our own generated Python."""
    step = "training step of the toy, native"
    native = lambda: trainer(toy, XS, YS, 100_000, engine="native")  # noqa: E731
    yield step, native, "C by hand", toy_in_c, ">= 1"
    yield step, native, "jax", toy_jax_scan, ">= 2"
    toy_compiled = lambda: trainer(toy, XS, YS, 5000, engine="compiled")  # noqa: E731
    yield step, native, "compiled", toy_compiled, ">= 13"
    toy_micrograd = lambda: micrograd_trainer([4, 4, 1], XS, YS, squares, 10, micrograd_tanh)  # noqa: E731
    yield step, native, "micrograd", toy_micrograd, ">= 400"
    mean = {"loss": mt.cross_entropy, "reduction": "mean"}
    hinge = {"loss": mt.hinge, "reduction": "mean"}
    images = functools.partial(mt.MLP, 784, [32, 10], output_activation="linear")
    for name, model, data, options, steps, fewer, floor in (
        ("moons, 100 samples, 337 parameters", moons_model, MOONS, hinge, 4000, 150, ">= 25"),
        ("digits, 100 samples, 1,210 parameters", wide, DIGITS, mean, 1000, 25, ">= 35"),
        ("784-32-10, 20 samples, 25,450 parameters", images, IMAGES, mean, 300, 5, ">= 45"),
    ):
        yield (
            f"{name}, native",
            lambda o=options, m=model, d=data, n=steps: trainer(m, *d, n, engine="native", **o),
            "compiled",
            lambda o=options, m=model, d=data, n=fewer: trainer(m, *d, n, engine="compiled", **o),
            floor,
        )
    yield (
        "a run of 200 steps in a sweep of 400, native",
        lambda: sweeper("native", 100),
        "compiled",
        lambda: sweeper("compiled", 5),
        ">= 4",
    )
    for name, f, a, b in (("small graph", small, -41.0, 2.0), ("larger graph", readme, -4.0, 2.0)):
        yield (
            f"{name}, value and gradient at 100,000 points, native",
            lambda f=f, a=a, b=b: mapped(f, a, b, "native", 100_000),
            "compiled",
            lambda f=f, a=a, b=b: mapped(f, a, b, "python", 10_000),
            "<= 30 ns",
        )


def per_sample(contestant, samples):
    work, n = contestant
    return work, n * samples


def seconds(contestant):
    work, n = contestant
    gc.collect()
    start = time.perf_counter()
    work()
    return (time.perf_counter() - start) / n


def measure(ours, theirs, rounds):
    """Return our and their times, round by round, taken in turn."""
    contestants = [make() for make in (ours, theirs) if make is not None]
    for contestant in contestants:
        seconds(contestant)
    times = [[seconds(contestant) for contestant in contestants] for _ in range(rounds)]
    return [list(column) for column in zip(*times)]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=15, help="rounds for each row (15)")
    parser.add_argument("--only", default="", help="only rows whose text has this in it")
    parser.add_argument("--json", metavar="FILE", help="write the figures to a file, too")
    arguments = parser.parse_args()

    present = {"micrograd": micrograd, "torch": torch, "jax": jax, "by hand": True}
    present |= {"bare Value": True, "C by hand": True, "compiled": True, None: True}
    versions = {"python": platform.python_version(), "microtrain": mt.__version__} | {
        name: importlib.metadata.version(name)
        for name in ("micrograd", "torch", "jax")
        if present[name]
    }
    print(", ".join(f"{name} {version}" for name, version in versions.items()), file=sys.stderr)
    for name, module in present.items():
        if not module:
            print(f"{name} is not installed: its rows are left out", file=sys.stderr)

    gc.freeze()  # so that collecting garbage does not visit all that the peers have imported

    print("| work | ours | peer | its time | times as fast | quartiles | to expect |")
    print("|---|---|---|---|---|---|---|")
    rows = []
    for work, ours, name, theirs, expected in table():
        if not present[name] or arguments.only not in f"{work} {name}":
            continue
        times = measure(ours, theirs, arguments.rounds)
        mine = statistics.median(times[0])
        row = {"work": work, "ours": mine, "peer": name, "expected": expected}
        cells = [work, show(mine), name or "", "", "", "", expected]
        if name:
            ratios = [b / a for a, b in zip(*times)]
            low, middle, high = statistics.quantiles(ratios, n=4)
            row |= {
                "theirs": statistics.median(times[1]),
                "ratio": middle,
                "quartiles": [low, high],
            }
            cells[3:6] = show(row["theirs"]), f"{middle:.2f}", f"{low:.2f} to {high:.2f}"
        rows.append(row)
        print("| " + " | ".join(cells) + " |", flush=True)
    if arguments.json:
        with open(arguments.json, "w", encoding="utf-8") as file:
            json.dump({"versions": versions, "rows": rows}, file, indent=1)


def show(seconds):
    if seconds < 1e-6:
        return f"{seconds * 1e9:.3g} ns"
    return f"{seconds * 1e6:.3g} us" if seconds < 1e-3 else f"{seconds * 1e3:.3g} ms"


if __name__ == "__main__":
    main()
