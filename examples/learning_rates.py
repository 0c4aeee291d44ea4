"""What the learning rate does: 0.001 or 0.01 take long, 0.1 converges, 1.0 saturates.

The same four rates, each from twenty sets of initial parameters; then the rates around the edge,
from a cold start and with a warmup. A few seconds of work.
"""

import textwrap

import microtrain as mt

seeds = range(20)
steps = 200

rates = [0.001, 0.01, 0.1, 1.0]
measured = {*range(10), *range(10, steps, 50)}  # it changes most at first
found = mt.sweep(rates, seeds=seeds, steps=steps, track_sharpness=measured)
print(f"{found.table()}\n")
print(f"{found.chart()}\n")
print("The first of the twenty:")
for rate in found.rates:
    told = f"{rate.label:>5}  {rate.runs[0].verdict}: {rate.runs[0].reason}"
    print(textwrap.fill(told, 80, subsequent_indent=" " * 7))
print(f"\nTake {found.best.label}.\n")

around = {"0.2": 0.2, "0.5": 0.5, "1.0": 1.0}
warm = {f"{label} warm": mt.warmup_cosine(lr, steps, 20) for label, lr in around.items()}
found = mt.sweep({**around, **warm}, seeds=seeds, steps=steps)
print(f"{found.table()}\n")
print(textwrap.fill(found.explain(), 80))
