"""What the learning rate does: 0.001 crawls, 0.01 descends, 0.1 converges, 1.0 saturates.

The same four rates, each from twenty sets of initial parameters; then the rates around the edge,
from a cold start and with a warmup.
"""

import microtrain as mt

seeds = range(20)
steps = 200

found = mt.sweep(
    [0.001, 0.01, 0.1, 1.0],
    seeds=seeds,
    steps=steps,
    track_sharpness={*range(10), *range(10, steps, 10)},
)
print(found.table(), "\n")
print(found.chart(), "\n")
for rate in found.rates:
    print(f"{rate.label:>5}, seed 0: {rate.runs[0].verdict}, as {rate.runs[0].reason}")
print(f"\nTake {found.best.label}.\n")

around = {"0.2": 0.2, "0.5": 0.5, "1.0": 1.0}
warm = {f"{label} warm": mt.warmup_cosine(lr, steps, 20) for label, lr in around.items()}
found = mt.sweep({**around, **warm}, seeds=seeds, steps=steps)
print(found.table(), "\n")
print(found.explain())
