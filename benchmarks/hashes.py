"""Hashes of all that the library computes: a change inside it must leave every bit as it was.

    python benchmarks/hashes.py --write before.tsv      (then change the library)
    python benchmarks/hashes.py --compare before.tsv

Random cases, each with a seed of its own, call the public functions. Their results and errors are
hashed. (Another Python or C library may have other hashes.)
"""

import argparse
import collections
import functools
import hashlib
import math
import pathlib
import random
import re
import sys
import warnings
from fractions import Fraction

import microtrain as mt

SPECIAL = (0.0, -0.0, 1.0, -1.0, 5e-324, -5e-324, 1e-310, 1e-160, 1e308, -1e308)
SPECIAL = (*SPECIAL, math.inf, -math.inf, math.nan, 0.5, 2, 710.0)
ACTIVATIONS = ("tanh", "relu", "sigmoid", "linear")

# Operations for random functions: what is defined everywhere, what is not, and what is rational.
TAME = """
{a} + {b}; {a} - {b}; {a} * {b}; {a} + {k}; {k} + {a}; {a} - {k}; {k} - {a}; {a} * {k}; {k} * {a};
-{a}; +{a}; abs({a}); {a} ** 2; {a} ** 0; {a} / ({b} * {b} + 1); 2 ** {a}.tanh(); {a} * OUTER;
OUTER - {a}; {a}.sin(); {a}.cos(); {a}.tanh(); {a}.sigmoid(); {a}.relu(); {a}.softplus();
mt.tanh({a}); mt.sigmoid({a}); mt.relu({a}); mt.softplus({a}); {a}.tanh().exp();
({a} * {a} + 0.5).log(); ({a} * {a}).log1p(); mt.sqrt({a} * {a} + 0.5); ({a} * {a} + 0.5) ** {n};
({a} * {a} + 0.5) ** {b}.sin(); {a}.maximum({b}); {a}.minimum({b}); {a}.maximum({k});
mt.maximum({k}, {a}); mt.maximum({a}, {b}); mt.minimum({a}, {b}); mt.minimum({a}, {k});
mt.dot([{a}, {k}, {b}], [{b}, {c}, {a}], {k}); mt.dot([{a}, {b}], [0.5, -2]); NEURON([{a}, {b}]);
mt.dot([{a}], [{b}], {c}); mt.cross_entropy([{a}, {b}], 0); mt.cross_entropy([{a}, {k}, {b}], 2);
mt.cross_entropy([{a}, {b}, {c}], [0.0, 0.0, 1.0]); mt.hinge({a}, 1); mt.hinge({a} - {b}, -1.0);
mt.squared_error({a}, {k}); mt.squared_error([{a}, {b}], [0.5, -1]);
mt.mse_loss([{a}, {b}], [1.0, 0.0], 'mean')"""
RISKY = """
{a} / {b}; {a} / {k}; {k} / {a}; {a} ** {n}; {a} ** {b}; {k} ** {a}; {a} ** OUTER; OUTER ** {a};
{a} / OUTER; OUTER / {a}; {a}.exp(); {a}.log(); {a}.sqrt(); {a}.log1p(); mt.exp({a}); mt.log({a});
mt.sqrt({a}); mt.sin({a}); mt.cos({a}); mt.minimum({k}, {a})"""
RATIONAL = """
{a} + {b}; {a} - {b}; {a} * {b}; {a} / {b}; {a} / ({b} * {b} + 1); -{a}; +{a}; abs({a}); {a} + {k};
{k} + {a}; {a} - {k}; {k} - {a}; {a} * {k}; {k} * {a}; {a} / {k}; {k} / {a}; {a} ** 0; {a} ** 1;
{a} ** 2; {a} ** 3; {a} ** -1; {a} ** -2; {a}.relu(); mt.relu({a}); {a}.maximum({b});
{a}.minimum({k}); mt.maximum({k}, {a}); mt.minimum({a}, {b}); mt.hinge({a}, -1);
mt.dot([{a}, {k}, {b}], [{b}, {c}, 2]); mt.dot([{a}, {b}], [{c}, {a}], {k});
mt.squared_error({a}, {k}); mt.squared_error([{a}, {b}], [{k}, 1])"""
TAME, RISKY, RATIONAL = (" ".join(x.split()).split("; ") for x in (TAME, RISKY, RATIONAL))
POWERS = (-2, -1, -0.5, 0, 0.5, 1, 2, 3, 1.7)
EXACT = ("2", "3", "0", "(-1)", "Fraction(1, 3)", "Fraction(-5, 2)")
CONSTANTS = (*EXACT, "0.5", "(-1.5)", "0.0", "(-0.0)", "1.0", "1e300")
# Functions of one operation, with each constant and each power.
ALONE = [(x, k, n) for x in TAME + RISKY for k in CONSTANTS for n in POWERS]
ALONE = [operation.format(a="a", b="b", c="c", k=k, n=n) for operation, k, n in ALONE]
ALONE = [f"def f(a, b, c): return {x}" for x in dict.fromkeys(ALONE)]


def text(x):
    """Return numbers, in any nesting, as text with every bit of them."""
    if isinstance(x, list | tuple):
        return f"[{' '.join(map(text, x))}]"
    if isinstance(x, mt.Value):
        return f"Value({text(x.data)})"
    return x.hex() if isinstance(x, float) else str(x)


def failure(error):
    """Return an error as text that begins with "!", without the lines of code that it names."""
    said = re.sub(r"^.*?, line \d+(, in (['\"]).*?\2)?: | at 0x[0-9A-Fa-f]+", "", str(error))
    return f"!{type(error).__name__}: {' '.join(said.split())}"


def outcome(function, *args):
    """Return what a function returns, or its error, as text."""
    try:
        return text(function(*args))
    except Exception as error:
        return failure(error)


def gradients(f, *args):
    """Return the value of `f`, run over Values, and what `backward` gives each of them."""
    leaves = [mt.Value(x) for x in args]
    y = f(*leaves)
    y.backward()
    return y, [leaf.grad for leaf in leaves]


ASPECTS = {
    "eager": lambda f, n: functools.partial(gradients, f),
    "value_and_grad": lambda f, n: mt.value_and_grad(f, tuple(range(n))),
    "compiled": lambda f, n: mt.compile(f).value_and_grad,
    "compiled_value": lambda f, n: mt.compile(f),
    "compiled_values": lambda f, n: functools.partial(gradients, mt.compile(f)),
    "grad_grad": lambda f, n: mt.grad(mt.grad(f)),
    "compiled_grad": lambda f, n: mt.compile(mt.grad(f)),
    "hessian": lambda f, n: lambda *args: mt.hessian(lambda v: f(*v))(list(args)),
}


def evaluated(source, points, aspects):
    """Yield each aspect of a function, and its results at all points."""
    yield "source", [source]
    outer = mt.Value(0.75)
    scope = {"mt": mt, "Fraction": Fraction, "OUTER": outer, "NEURON": mt.Neuron(2)}
    exec(source, scope)
    for aspect in aspects:
        try:
            function = ASPECTS[aspect](scope["f"], len(points[0]))
        except Exception as error:
            yield aspect, [failure(error)]
        else:
            yield aspect, [outcome(function, *point) for point in points]
    yield "outer_grad", [text(outer.grad)]


def source_of(rng, operations, constants, n, most):
    """Return a function of n arguments as Python; each operation takes any earlier results."""
    names, lines = [f"x{i}" for i in range(n)], []
    for k in range(rng.randint(1, most)):
        a, b, c = (names[-1] if rng.random() < 0.4 else rng.choice(names) for _ in "abc")
        options = {"a": a, "b": b, "c": c, "k": rng.choice(constants), "n": rng.choice(POWERS)}
        names.append(f"v{k}")
        lines.append(f"v{k} = {rng.choice(operations).format(**options)}")
    return f"def f({', '.join(names[:n])}): {'; '.join(lines)}; return {names[-1]}"


def functions(rng, i):
    if i < len(ALONE):
        points = [[x] * 3 for x in SPECIAL] + [rng.choices(SPECIAL, k=3) for _ in range(12)]
        source = ALONE[i]
    else:
        n = rng.randint(1, 3)
        points = [[rng.uniform(-2, 2) for _ in range(n)], [rng.uniform(0.1, 2) for _ in range(n)]]
        points += [rng.choices(SPECIAL, k=n) for _ in range(2)] + [[rng.choice(SPECIAL)] * n]
        source = source_of(rng, rng.choice([TAME, TAME + RISKY]), CONSTANTS, n, 12)
    yield from evaluated(source, points, ASPECTS)


def rationals(rng, i):
    n = rng.randint(1, 3)
    points = [[Fraction(rng.randint(-4, 4), rng.randint(1, 4)) for _ in range(n)] for _ in "1234"]
    points.append(points[0][:1] * n)
    source = source_of(rng, RATIONAL, EXACT, n, 6)
    yield from evaluated(source, points, ("eager", "value_and_grad", "grad_grad", "hessian"))


class Own(mt.Module):
    def __init__(self, formula, n_in, rng):
        self.formula = formula
        self.weights = tuple(mt.Value(rng.uniform(0, 1.5)) for _ in range(4))
        self.more = {"layer": mt.Layer(n_in, n_in, rng.choice(ACTIVATIONS), rng)}

    def __call__(self, x):
        return FORMULAS[self.formula](self.more["layer"], x, *self.weights)


FORMULAS = {  # of models of one's own
    "bumps": lambda layer, x, a, b, c, d: mt.dot(
        [a, -0.5], [mt.exp(-d * sum((xi - center) ** 2 for xi in x)) for center in (b, c)], d
    ),
    "waves": lambda layer, x, a, b, c, d: (
        mt.sin(a * x[0]) + b.sqrt() * x[-1] - mt.log(c + x[0] ** 2) + b**1.7 + (2 + c) ** d - 2**a
    ),
    "quotient": lambda layer, x, a, b, c, d: (a * x[0] + b) / (c * x[-1] + d) + a / 3 - 1 / (2 + d),
    "shared": lambda layer, x, a, b, c, d: [
        mt.maximum(y, a) - abs(x[0]) * mt.minimum(y * b, x[1] * a) for y in layer(layer(x))[:2]
    ],
}
LOSSES = [  # of one output
    lambda p, t: abs(p - t) + 0.1 * mt.maximum(p, t),
    lambda p, t: mt.sqrt((p - t) ** 2) - 0.1 * mt.log(9 - (p - t) ** 2),
    lambda p, t: p - t if p > t else t - p,
]
LOSSES = LOSSES, [lambda ps, ts: sum(abs(p - t) + mt.sqrt(p + 2) for p, t in zip(ps, ts))]
RATES = [1e-300, 1e-4, 0.01, 0.05, 0.05, 0.3, 0.3, 1.0, 30.0, 1e6, 1e150, mt.constant(0.1)]
RATES += [mt.warmup_cosine(0.2, 9, 3), mt.warmup_cosine(2.0, 5, 1, 0.5)]
RATES += [lambda step: 0.3 / (step + 1), lambda step: 0.1 - 0.02 * step]  # which gets below 0


def meddle(history):
    for p in history.model.parameters():
        p.data = max(-0.9, min(0.9, p.data))
    if history.steps == 6:
        raise KeyboardInterrupt


def problem(rng):
    """Return a function that makes a model, and samples, targets, a loss and a reduction."""
    n_in, n_out, n, seed = rng.randint(1, 4), rng.randint(1, 3), rng.randint(1, 6), rng.random()
    if formula := rng.choice([None, None, None, None, *FORMULAS]):
        n_in, n_out = (max(n_in, 2), 2) if formula == "shared" else (n_in, 1)
    hidden = rng.choices(range(1, 6), k=rng.randint(0, 2)) if rng.random() < 0.97 else [10, 8]
    shape = n_in, [*hidden, n_out], rng.choice(ACTIVATIONS), rng.choice(ACTIVATIONS)
    odd = rng.choices(rng.choice([SPECIAL, [0.0]]), k=200) if rng.random() < 0.2 else []

    def make():
        drawn = random.Random(seed)
        model = Own(formula, n_in, drawn) if formula else mt.MLP(*shape, drawn.randrange(1000))
        for p, x in zip(model.parameters(), odd):
            p.data = float(x)
        return model

    pool = [rng.uniform(-2, 2) for _ in range(40)] + [0.0, -0.0, 1.0, 1.0, rng.choice([2.0, 1e200])]
    xs = [rng.choices(pool, k=n_in) for _ in range(n)]
    ys = [rng.choices(pool, k=n_out) if n_out > 1 else rng.choice(pool) for _ in range(n)]
    loss = rng.choice([mt.squared_error, rng.choice(LOSSES[n_out > 1])])
    if rng.random() < 0.4:
        loss = mt.hinge if n_out == 1 else mt.cross_entropy
        ys = [rng.choice([-1, 1.0]) if n_out == 1 else rng.randrange(n_out) for _ in range(n)]
    return make, xs, ys, loss, rng.choice(["sum", "mean"])


def trained(make, xs, ys, options):
    """Return everything that a run leaves behind, as text; after an error, the model's state."""
    model = make()
    try:
        history = mt.train(model, xs, ys, **options)
    except Exception as error:
        said = failure(error)
    else:
        said = f"!{history.error} " if history.error else ""
        said += f"{history.status} {history.steps} {history.engine}"
        said += text([history.losses, history.lrs, history.grad_norms, *history.sharpness.items()])
        if history.recording is not None:
            said += text([history.recording.parameters, history.recording.gradients])
    return said + text([[p.data, p.grad] for p in model.parameters()])


def training(rng, i):
    make, xs, ys, loss, reduction = problem(rng)
    options = {"loss": loss, "reduction": reduction, "lr": rng.choice(RATES)}
    options |= {"steps": rng.choice([1, 2, 5, 8, 15]), "zero_grad": rng.random() < 0.75}
    options |= {"batch_size": rng.choice([None, None, rng.randint(1, len(xs) + 1)])}
    options |= {"accumulate": rng.choice([1, 1, 2, 3]), "seed": rng.randrange(10)}
    options |= {"target_loss": rng.choice([None, None, 0.1, 1.0]), "record": rng.random() < 0.2}
    options |= {"track_sharpness": rng.choice([None, None, None, 1, 3, {0, 2}])}
    options |= {"on_step": rng.choice([None, None, None, meddle])}
    for engine in ("eager", "compiled"):
        yield engine, [trained(make, xs, ys, {**options, "engine": engine})]


def sharpness(rng, i):
    make, *given = problem(rng)
    yield "sharpness", [outcome(mt.sharpness, make(), *given)]


def results_of(section, n):
    """Return the results of a section's cases by ``section/case/aspect``."""
    found, name = {}, section.__name__
    for i in range(n):
        if sys.stderr.isatty():
            print(f"\r{name} {i}/{n} ", end="" if i + 1 < n else "\r", file=sys.stderr, flush=True)
        for aspect, outcomes in section(random.Random(f"{name} {i}"), i):
            found[f"{name}/{i:05}/{aspect}"] = " | ".join(outcomes)
    return found


def differences(before, after):
    """Print how the results of two runs differ; return whether they do."""
    places = [x for x in {**before, **after} if before.get(x) != after.get(x)]
    print(f"{len(places):,} of {len(after):,} lines differ")
    for name, count in collections.Counter(re.sub(r"/\d+/", " ", x) for x in places).items():
        print(f"  {name}: {count:,}")
    for place in places[:10]:
        was, now = (lines.get(place, "(no such line)") for lines in (before, after))
        first = next((i for i, (a, b) in enumerate(zip(was, now)) if a != b), 0)
        was, now = (line[max(0, first - 80) : first + 200] for line in (was, now))
        source = after.get(re.sub("[^/]*$", "source", place), "")
        print(f"{place}  {source}\n  was {was}\n  is  {now}")
    return bool(places)


def main():
    warnings.simplefilter("ignore")  # of strange data, which is what is wanted here
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--write", metavar="FILE", help="keep all results in FILE, one case a line")
    parser.add_argument("--compare", metavar="FILE", help="say which differ from those in FILE")
    args = parser.parse_args()
    kept = pathlib.Path(args.compare).read_text(encoding="utf-8") if args.compare else ""
    before, after = dict(line.split("\t", 1) for line in kept.splitlines()), {}
    print(f"{'section':10} {'cases':>6} {'results':>8} {'errors':>7}  SHA-256")
    for section, n in (training, 1500), (functions, 5000), (sharpness, 800), (rationals, 600):
        found = results_of(section, n)
        results = [x for at in found if not at.endswith("source") for x in found[at].split(" | ")]
        errors = sum(x.startswith("!") for x in results)
        sha = hashlib.sha256(repr(found).encode()).hexdigest()[:16]
        print(f"{section.__name__:10} {n:6,} {len(results):8,} {errors:7,}  {sha}", flush=True)
        after |= found
    if args.write:
        lines = [f"{place}\t{result}\n" for place, result in after.items()]
        pathlib.Path(args.write).write_text("".join(lines), encoding="utf-8")
    return int(bool(args.compare) and differences(before, after))


if __name__ == "__main__":
    sys.exit(main())
