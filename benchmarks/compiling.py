"""How long compiling a gradient takes, in eager passes: forward and backward over bare Values.

Compiling is all of the first call: the recording, the writing, Python's own compiling, the result.
Both are the shortest of many rounds, taken in turn, in time of the processor.
"""

from __future__ import annotations

import argparse
import functools
import time
from typing import Any

import gradients

import microtrain as mt


def chained_sines(m: Any, x: Any) -> Any:
    y = x[0]
    for factor in x[1:]:
        y = m.sin(y * factor)
    return y


def nested_sines(m: Any, x: Any) -> Any:
    y = x[0]
    for _ in range(300):
        y = m.sin(y)
    return y


PROBLEMS = {
    "rosenbrock 50": gradients.PROBLEMS["rosenbrock 50"],
    # Factors above 1, as the sine of a number near 0 is found in less time than that of others.
    "chained sines 300": gradients.Problem(chained_sines, [1.0 + 0.001 * k for k in range(300)]),
    "nested sines 300": gradients.Problem(nested_sines, [0.5]),
    "gpt 4192": gradients.PROBLEMS["gpt 4192"],
}


def with_values(x: Any) -> Any:
    """Return a nesting with a Value for each number."""
    if isinstance(x, dict):
        return {key: with_values(part) for key, part in x.items()}
    return [with_values(part) for part in x] if isinstance(x, list) else mt.Value(x)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=60)
    rounds = parser.parse_args().rounds
    print(f"{'':20}{'eager pass':>12}{'compiling':>12}{'passes':>9}")
    for name, problem in PROBLEMS.items():
        f = functools.partial(problem.f, mt)
        eager = compiling = float("inf")
        for _ in range(max(3, rounds // (8 if name.startswith("gpt") else 1))):
            values = with_values(problem.x)
            start = time.process_time()
            f(values).backward()
            eager = min(eager, time.process_time() - start)
            del values  # with the graph, which the collector would walk over
            start = time.process_time()
            mt.compile(mt.value_and_grad(f))(problem.x)
            compiling = min(compiling, time.process_time() - start)
        shown = f"{eager * 1e3:9.2f} ms{compiling * 1e3:9.2f} ms{compiling / eager:9.1f}"
        print(f"{name:20}{shown}", flush=True)


if __name__ == "__main__":
    main()
