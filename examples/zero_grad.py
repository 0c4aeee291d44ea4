"""Why gradients have to be reset: backward() adds to what is there.

Forgetting to is the most common bug in training loops. Doing without on purpose is how a batch that
is too large is split into smaller ones.
"""

import statistics

import microtrain as mt
from microtrain.draw.chart import line_chart

xs, ys = mt.datasets.toy()


# The bug: each step follows the sum of all the gradients so far, like a ball without friction.
def runs(output, lr, steps, zero_grad):
    models = [mt.MLP(3, [4, 4, 1], output_activation=output, seed=seed) for seed in range(40)]
    return [mt.train(m, xs, ys, lr=lr, steps=steps, zero_grad=zero_grad) for m in models]


# With the toy's tanh output it is even faster, by accident: the tanh's flat end catches the ball.
print("steps to a loss below 0.01, with a tanh output (medians of 40 runs):")
for name, zero_grad in (("reset", True), ("forgotten", False)):
    needed = [
        next(k for k, loss in enumerate(run.losses) if loss < 0.01)
        for run in runs("tanh", 0.05, 200, zero_grad)
    ]
    print(f"{name:>9}: {statistics.median(needed):g}")

# With a linear output nothing catches it: it gets down, and up again on the other side.
print("\nwith a linear output (medians of 40 runs):")
median = {}
for name, zero_grad in (("reset", True), ("forgotten", False)):
    linear = runs("linear", 0.01, 100, zero_grad)
    rises = [sum(b > a for a, b in zip(run.losses, run.losses[1:])) for run in linear]
    median[name] = [statistics.median(losses) for losses in zip(*[run.losses for run in linear])]
    print(
        f"{name:>9}: a loss of {median[name][-1]:.4f} after 100 steps; "
        f"it rose in {statistics.median(rises):.0f} of the steps"
    )
print(f"\n{line_chart(median, title='loss (median of 40 runs)', x_label='step')}")

# The feature: four batches of one sample, added up, are the batch of four, to the last bit.
model = mt.MLP(3, [4, 4, 1])


def gradient(*batches):
    model.zero_grad()  # once, then backward() for each batch
    for batch in batches:
        loss = sum((model(x) - y) ** 2 for x, y in batch)
        loss.backward()
    return [p.grad for p in model.parameters()]


samples = list(zip(xs, ys))
whole = gradient(samples)
accumulated = gradient(*([sample] for sample in samples))
print(f"\nFour batches of one sample give the full-batch gradient: {accumulated == whole}")
