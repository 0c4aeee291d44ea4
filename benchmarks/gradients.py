"""Gradients of twelve functions: microtrain's Python, its C and its peers, one after the other.

    pip install -e '.[bench]'
    python benchmarks/gradients.py [--rounds 15] [NAME ...]

Each peer is used as its documentation recommends: array code for JAX, autograd and PyTorch, with
`jit` and 64 bits in JAX, and with `scan` for its loop; scalar symbols for CasADi, on its virtual
machine and as C; numba for gradients written by hand. All get float64 arrays, microtrain's Python
a list. Its C returns lists, too, but for the 1,000 variables, which are one row of an array to it.
Results have to agree to 1e-9 (finite differences to 1e-3) before anything is timed. In every round
each is timed once; a ratio is the median over the rounds of its time over microtrain's. Peers that
are not installed are left out.
"""

from __future__ import annotations

import argparse
import importlib
import math
import random
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np

import microtrain as mt

RANDOM = random.Random(0)
POINTS = [[RANDOM.gauss(0, 1) for _ in range(5)] for _ in range(200)]
LABELS = [1.0 if RANDOM.random() < 0.5 else -1.0 for _ in range(200)]

# The functions, written with the functions of `m`: over numbers first, then over arrays.


def rosenbrock(m: Any, x: Any) -> Any:
    return sum([100.0 * (b - a**2) ** 2 + (1.0 - a) ** 2 for a, b in zip(x, x[1:])])


def rosenbrock_array(m: Any, x: Any) -> Any:
    return m.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2)


def logistic(m: Any, w: Any) -> Any:
    margins = [y * m.dot(w, xs) for xs, y in zip(POINTS, LABELS)]
    return sum([m.softplus(-margin) for margin in margins])


def logistic_array(m: Any, w: Any) -> Any:
    return m.sum(m.softplus(-m.asarray(LABELS) * (m.asarray(POINTS) @ w)))


def black_scholes(m: Any, x: Any) -> Any:
    spot, strike, rate, sigma, years = x[0], x[1], x[2], x[3], x[4]
    spread = sigma * m.sqrt(years)
    d1 = (m.log(spot / strike) + (rate + sigma * sigma / 2.0) * years) / spread
    d2 = d1 - spread
    at_strike = strike * m.exp(-rate * years)
    return spot * (1.0 + m.erf(d1 / 2**0.5)) / 2.0 - at_strike * (1.0 + m.erf(d2 / 2**0.5)) / 2.0


def position(m: Any, x: Any) -> list[Any]:
    """Return where a hand is, at the end of an arm of two links, one with a length of 1.5."""
    a, b = x[0], x[0] + x[1]
    return [1.5 * m.cos(a) + m.cos(b), 1.5 * m.sin(a) + m.sin(b)]


def arm(m: Any, x: Any) -> Any:
    hand = position(m, x)
    return (hand[0] - 1.0) ** 2 + (hand[1] - 0.5) ** 2


def slope(m: Any, angle: Any, speed: Any) -> tuple[Any, Any]:
    return speed, -9.81 * m.sin(angle) - 0.1 * speed


def rk4_step(m: Any, angle: Any, speed: Any) -> tuple[Any, Any]:
    h = 0.01
    a1, s1 = slope(m, angle, speed)
    a2, s2 = slope(m, angle + h / 2 * a1, speed + h / 2 * s1)
    a3, s3 = slope(m, angle + h / 2 * a2, speed + h / 2 * s2)
    a4, s4 = slope(m, angle + h * a3, speed + h * s3)
    angle = angle + h / 6 * (a1 + 2.0 * a2 + 2.0 * a3 + a4)
    return angle, speed + h / 6 * (s1 + 2.0 * s2 + 2.0 * s3 + s4)


def pendulum(m: Any, x: Any) -> Any:
    if hasattr(m, "scan"):
        state = m.scan(lambda state, _: (rk4_step(m, *state), None), (x[0], x[1]), length=200)[0]
    else:
        state = (x[0], x[1])
        for _ in range(200):
            state = rk4_step(m, *state)
    return state[0] ** 2 + state[1] ** 2


# The tiny and the small graph of the BurTorch paper (arXiv:2503.13795), at its points.


def tiny_graph(m: Any, x: Any) -> Any:
    a, b = x[0], x[1]
    return ((a + b) - (a * b + b**3)) ** 2 / 2.0


def micrograd_graph(m: Any, x: Any) -> Any:
    a, b = x[0], x[1]
    c = a + b
    d = a * b + b**3
    c = c + (c + 1.0)
    c = c + (1.0 + c + (-a))
    d = d + (d * 2.0 + m.relu(b + a))
    d = d + (3.0 * d + m.relu(b - a))
    f = (c - d) ** 2
    return f / 2.0 + 10.0 / f


# The model of Karpathy's microgpt: one block of 4 heads, 27 letters, 16 numbers for each.

WIDTH, HEADS, LETTERS, LENGTH = 16, 4, 27, 12
TEXT = [RANDOM.randrange(LETTERS) for _ in range(LENGTH + 1)]
MATRICES = {
    "letters": (LETTERS, WIDTH),
    "places": (16, WIDTH),
    "out": (LETTERS, WIDTH),
    **dict.fromkeys(("query", "key", "value", "mixed"), (WIDTH, WIDTH)),
    "up": (4 * WIDTH, WIDTH),
    "down": (WIDTH, 4 * WIDTH),
}
WEIGHTS = {
    name: [[RANDOM.gauss(0, 0.2) for _ in range(columns)] for _ in range(rows)]
    for name, (rows, columns) in MATRICES.items()
}


def gpt(m: Any, w: Any) -> Any:
    size = WIDTH // HEADS

    def linear(rows: Any, x: Any) -> list[Any]:
        return [m.dot(row, x) for row in rows]

    def normed(x: list[Any]) -> list[Any]:
        scale = (m.dot(x, x) / WIDTH + 1e-5) ** -0.5
        return [a * scale for a in x]

    keys: list[Any] = []
    values: list[Any] = []
    total = 0.0
    for place, (letter, target) in enumerate(zip(TEXT, TEXT[1:])):
        x = normed([a + b for a, b in zip(w["letters"][letter], w["places"][place])])
        inner = normed(x)
        query = linear(w["query"], inner)
        keys.append(linear(w["key"], inner))
        values.append(linear(w["value"], inner))
        heads = []
        for h in range(0, WIDTH, size):
            part = slice(h, h + size)
            weights = m.softmax([m.dot(query[part], key[part]) / size**0.5 for key in keys])
            heads += [m.dot(weights, [v[h + k] for v in values]) for k in range(size)]
        x = [a + b for a, b in zip(linear(w["mixed"], heads), x)]
        up = [m.relu(a) for a in linear(w["up"], normed(x))]
        x = [a + b for a, b in zip(linear(w["down"], up), x)]
        total = total + m.cross_entropy(linear(w["out"], x), target)
    return total / LENGTH


def gpt_array(m: Any, w: Any) -> Any:
    size = WIDTH // HEADS

    def normed(x: Any) -> Any:
        return x * (m.mean(x * x, -1)[:, None] + 1e-5) ** -0.5

    x = normed(w["letters"][m.indices(TEXT[:-1])] + w["places"][:LENGTH])
    inner = normed(x)
    query, key, value = (inner @ w[name].T for name in ("query", "key", "value"))
    hidden = m.asarray(np.triu(np.full((LENGTH, LENGTH), -1e30), 1))
    heads = []
    for h in range(0, WIDTH, size):
        part = slice(h, h + size)
        scores = query[:, part] @ key[:, part].T / size**0.5 + hidden
        heads.append(m.exp(scores - m.logsumexp(scores)[:, None]) @ value[:, part])
    x = m.concatenate(heads, 1) @ w["mixed"].T + x
    x = m.relu(normed(x) @ w["up"].T) @ w["down"].T + x
    scores = x @ w["out"].T
    right = scores[m.indices(range(LENGTH)), m.indices(TEXT[1:])]
    return m.mean(m.logsumexp(scores) - right, 0)


class Problem:
    """A function, the point at which it is differentiated, and what is computed."""

    def __init__(self, f: Any, x: Any, *, array: Any = None, what: str = "value_and_grad") -> None:
        self.f, self.x, self.array, self.what = f, x, array or f, what


def spread(n: int) -> list[float]:
    return [0.5 + 0.3 * math.sin(i) for i in range(n)]


PROBLEMS = {
    "rosenbrock 2": Problem(rosenbrock, spread(2), array=rosenbrock_array),
    "rosenbrock 50": Problem(rosenbrock, spread(50), array=rosenbrock_array),
    "rosenbrock 1000": Problem(rosenbrock, spread(1000), array=rosenbrock_array),
    "logistic 200 x 5": Problem(logistic, spread(5), array=logistic_array),
    "black-scholes": Problem(black_scholes, [100.0, 105.0, 0.02, 0.25, 0.75]),
    "arm": Problem(arm, [0.3, 0.8]),
    "pendulum rk4 200": Problem(pendulum, [1.0, 0.2]),
    "tiny graph": Problem(tiny_graph, [-41.0, 2.0]),
    "micrograd graph": Problem(micrograd_graph, [-4.0, 2.0]),
    "gpt 4192": Problem(gpt, WEIGHTS, array=gpt_array),
    "hessian rosenbrock 50": Problem(
        rosenbrock, spread(50), array=rosenbrock_array, what="hessian"
    ),
    "jacobian arm": Problem(position, [0.3, 0.8], what="jacobian"),
}

# The peers: each returns a function without arguments, which computes and waits for the result.


class Namespace:
    """The functions that the problems call, from one library."""

    def __init__(self, **functions: Any) -> None:
        vars(self).update(functions)


def taken(module: Any, *names: str) -> dict[str, Any]:
    return {name: getattr(module, name) for name in names}


ELEMENTARY = ("exp", "log", "sqrt", "sin", "cos")


def microtrain(problem: Problem) -> Callable[[], Any]:
    compiled = mt.compile(getattr(mt, problem.what)(lambda x: problem.f(mt, x)))
    return lambda: compiled(problem.x)


def microtrain_c(problem: Problem) -> Callable[[], Any]:
    compiled = mt.compile(getattr(mt, problem.what)(lambda x: problem.f(mt, x)), engine="native")
    x = arrays(problem.x, np.array)
    if len(problem.x) > 100 and problem.what == "value_and_grad":
        return lambda: compiled.map(x[None])  # which returns arrays, too, as the peers do
    return lambda: compiled(x)


def arrays(x: Any, convert: Any) -> Any:
    return {k: convert(v) for k, v in x.items()} if isinstance(x, dict) else convert(x)


def jax(problem: Problem) -> Callable[[], Any]:
    jax = importlib.import_module("jax")
    jax.config.update("jax_enable_x64", True)
    m = Namespace(
        **taken(jax.numpy, *ELEMENTARY, "sum", "mean", "asarray", "concatenate"),
        **taken(jax.nn, "relu", "softplus"),
        erf=jax.scipy.special.erf,
        scan=jax.lax.scan,
        logsumexp=lambda x: jax.nn.logsumexp(x, -1),
        indices=lambda x: jax.numpy.asarray([*x]),
    )

    def f(x: Any) -> Any:
        found = problem.array(m, x)
        return jax.numpy.stack(found) if isinstance(found, list) else found

    made = jax.jit(getattr(jax, problem.what)(f))
    x = arrays(problem.x, np.array)
    return lambda: jax.block_until_ready(made(x))


def autograd(problem: Problem) -> Callable[[], Any]:
    package = importlib.import_module("autograd")
    anp = importlib.import_module("autograd.numpy")
    special = importlib.import_module("autograd.scipy.special")
    m = Namespace(
        **taken(anp, *ELEMENTARY, "sum", "mean", "asarray", "concatenate"),
        erf=special.erf,
        relu=lambda x: anp.maximum(x, 0.0),
        softplus=lambda x: anp.logaddexp(0.0, x),
        logsumexp=lambda x: special.logsumexp(x, -1),
        indices=lambda x: np.array([*x]),
    )

    def f(x: Any) -> Any:
        found = problem.array(m, x)
        return anp.stack(found) if isinstance(found, list) else found

    made, x = getattr(package, problem.what)(f), arrays(problem.x, np.array)
    return lambda: made(x)


def pytorch(problem: Problem) -> Callable[[], Any]:
    torch = importlib.import_module("torch")
    torch.set_num_threads(1)
    m = Namespace(
        **taken(torch, *ELEMENTARY, "sum", "erf", "relu", "mean"),
        softplus=torch.nn.functional.softplus,
        asarray=lambda x: torch.as_tensor(x, dtype=torch.float64),
        concatenate=torch.cat,
        logsumexp=lambda x: torch.logsumexp(x, -1),
        indices=lambda x: torch.tensor([*x]),
    )

    def f(x: Any) -> Any:
        found = problem.array(m, x)
        return torch.stack(found) if isinstance(found, list) else found

    if problem.what != "value_and_grad":
        made = getattr(torch.autograd.functional, problem.what)
        x = torch.tensor(problem.x, dtype=torch.float64)
        return lambda: made(f, x)

    def value_and_grad() -> Any:
        x = arrays(problem.x, lambda v: torch.tensor(v, dtype=torch.float64, requires_grad=True))
        value = f(x)
        leaves = [*x.values()] if isinstance(x, dict) else [x]
        slopes = [slope.numpy() for slope in torch.autograd.grad(value, leaves)]
        return value.item(), dict(zip(x, slopes)) if isinstance(x, dict) else slopes[0]

    return value_and_grad


def casadi(problem: Problem, **options: Any) -> Callable[[], Any]:
    ca = importlib.import_module("casadi")

    def dot(a: Any, b: Any) -> Any:
        return sum([x * y for x, y in zip(a, b)])

    def logsumexp(xs: Any) -> Any:
        top = xs[0]
        for x in xs[1:]:
            top = ca.fmax(top, x)
        return top + ca.log(sum([ca.exp(x - top) for x in xs]))

    m = Namespace(
        **taken(ca, *ELEMENTARY, "erf"),
        relu=lambda x: ca.fmax(x, 0.0),
        softplus=lambda x: ca.fmax(x, 0.0) + ca.log1p(ca.exp(-ca.fabs(x))),
        dot=dot,
        softmax=lambda xs: [ca.exp(x - logsumexp(xs)) for x in xs],
        cross_entropy=lambda xs, k: logsumexp(xs) - xs[k],
    )
    flat = flattened(problem.x)
    x = ca.SX.sym("x", len(flat))
    symbols = [x[i] for i in range(len(flat))]
    found = problem.f(m, rebuilt(problem.x, iter(symbols)))
    results = {
        "value_and_grad": lambda: [found, ca.gradient(found, x)],
        "hessian": lambda: [ca.hessian(found, x)[0]],
        "jacobian": lambda: [ca.jacobian(ca.vertcat(*found), x)],
    }[problem.what]()
    made, at = ca.Function("f", [x], results), np.array(flat)
    if options:
        if made.n_instructions() > 50_000:
            raise ImportError("the C compiler takes minutes")
        made = ca.Function("f", [x], results, options)
    return lambda: made(at)


def casadi_c(problem: Problem) -> Callable[[], Any]:
    options = {"flags": ["-O2"], "verbose": False}
    return casadi(problem, jit=True, compiler="shell", jit_options=options)


def numba(problem: Problem) -> Callable[[], Any]:
    package = importlib.import_module("numba")
    by_hand = {rosenbrock: rosenbrock_by_hand, logistic: logistic_by_hand, arm: arm_by_hand}
    if problem.f not in by_hand or problem.what != "value_and_grad":
        raise ImportError("no gradient was written by hand")
    made, x = package.njit(by_hand[problem.f]), np.array(problem.x)
    data = (np.array(POINTS), np.array(LABELS)) if problem.f is logistic else ()
    return lambda: made(x, *data)


def rosenbrock_by_hand(x: Any) -> Any:
    value, slopes = 0.0, np.zeros_like(x)
    for i in range(len(x) - 1):
        t, u = x[i + 1] - x[i] * x[i], 1.0 - x[i]
        value += 100.0 * t * t + u * u
        slopes[i] += -400.0 * t * x[i] - 2.0 * u
        slopes[i + 1] += 200.0 * t
    return value, slopes


def logistic_by_hand(w: Any, points: Any, labels: Any) -> Any:
    value, slopes = 0.0, np.zeros_like(w)
    for i in range(len(labels)):
        margin = 0.0
        for k in range(len(w)):
            margin += w[k] * points[i, k]
        margin *= labels[i]
        e = math.exp(-abs(margin))
        value += max(-margin, 0.0) + math.log1p(e)
        share = (e if margin > 0.0 else 1.0) / (1.0 + e)
        for k in range(len(w)):
            slopes[k] -= share * labels[i] * points[i, k]
    return value, slopes


def arm_by_hand(x: Any) -> Any:
    a, b = x[0], x[0] + x[1]
    right = 1.5 * math.cos(a) + math.cos(b) - 1.0
    up = 1.5 * math.sin(a) + math.sin(b) - 0.5
    by_b = 2.0 * (up * math.cos(b) - right * math.sin(b))
    by_a = 3.0 * (up * math.cos(a) - right * math.sin(a))
    return right * right + up * up, np.array([by_a + by_b, by_b])


def differences(problem: Problem) -> Callable[[], Any]:
    special = importlib.import_module("scipy.special")
    m = Namespace(
        **taken(np, *ELEMENTARY, "sum", "mean", "asarray", "concatenate"),
        erf=special.erf,
        relu=lambda x: np.maximum(x, 0.0),
        softplus=lambda x: np.logaddexp(0.0, x),
        logsumexp=lambda x: special.logsumexp(x, -1),
        indices=lambda x: np.array([*x]),
    )
    if problem.what == "hessian" or isinstance(problem.x, dict):
        raise ImportError("not worth waiting for")
    start, h = np.array(problem.x), 1e-6

    def value_and_grad() -> Any:
        slopes = []
        for i in range(len(start)):
            x = start.copy()
            x[i] += h
            up = np.array(problem.array(m, x))
            x[i] -= 2 * h
            slopes.append((up - np.array(problem.array(m, x))) / (2 * h))
        if problem.what == "jacobian":
            return np.array(slopes).T
        return problem.array(m, start), slopes

    return value_and_grad


PEERS: dict[str, Callable[[Problem], Callable[[], Any]]] = {
    "microtrain": microtrain,
    "microtrain, C": microtrain_c,
    "CasADi": casadi,
    "CasADi, C": casadi_c,
    "JAX": jax,
    "autograd": autograd,
    "numba, by hand": numba,
    "PyTorch": pytorch,
    "differences": differences,
}


def flattened(x: Any) -> list[float]:
    """Return the numbers in a nesting or an array, those of a dict in the order of its keys."""
    if isinstance(x, dict):
        x = [x[key] for key in sorted(x)]
    if isinstance(x, list | tuple):
        return [number for part in x for number in flattened(part)]
    return [float(number) for number in np.asarray(x).ravel()]


def rebuilt(like: Any, numbers: Any) -> Any:
    if isinstance(like, dict):
        return {key: rebuilt(like[key], numbers) for key in sorted(like)}
    return [rebuilt(part, numbers) for part in like] if isinstance(like, list) else next(numbers)


def seconds(f: Callable[[], Any], least: float = 0.0) -> float:
    """Return the time of a call, the mean of as many as take that long."""
    start, calls = time.perf_counter(), 0
    while True:
        f()
        calls += 1
        elapsed = time.perf_counter() - start
        if elapsed >= least:
            return elapsed / calls


def prepared(problem: Problem) -> tuple[dict[str, Callable[[], Any]], dict[str, float]]:
    """Return the peers that are there, checked against each other, and how long they took."""
    calls: dict[str, Callable[[], Any]] = {}
    first: dict[str, float] = {}
    expected: list[float] = []
    for name, peer in PEERS.items():
        start = time.perf_counter()
        try:
            call = peer(problem)
            found = flattened(call())
        except ImportError:
            continue
        first[name] = time.perf_counter() - start
        expected = expected or found
        size, near = max(map(abs, expected)), 1e-3 if name == "differences" else 1e-9
        gap = max(abs(a - b) for a, b in zip(expected, found, strict=True))
        if not gap <= near * size:
            raise SystemExit(f"{name} differs by {gap:.3g}")
        calls[name] = call
    return calls, first


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--rounds", type=int, default=15)
    options = parser.parse_args()
    if not PROBLEMS.keys() >= {*options.names}:
        parser.error(f"NAME is one of: {', '.join(PROBLEMS)}")
    print(f"{'':22}{'microtrain':>12}" + "".join(f"{name:>16}" for name in [*PEERS][1:]))
    for name in options.names or PROBLEMS:
        calls, first = prepared(PROBLEMS[name])
        times: dict[str, list[float]] = {peer: [] for peer in calls}
        for _ in range(options.rounds):
            for peer, call in calls.items():
                times[peer].append(seconds(call, 0.02))
        own = times["microtrain"]
        row = f"{name:22}{statistics.median(own) * 1e6:9.2f} us"
        made = f"{'  first call':22}{first['microtrain'] * 1e3:9.1f} ms"
        for peer in [*PEERS][1:]:
            if peer in calls:
                ratio = statistics.median(a / b for a, b in zip(times[peer], own))
                row += f"{ratio:14.2f} x"
                made += f"{first[peer] * 1e3:13.1f} ms"
            else:
                row, made = row + f"{'-':>16}", made + f"{'-':>16}"
        print(row)
        print(made, flush=True)


if __name__ == "__main__":
    main()
