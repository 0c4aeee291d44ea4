"""Why gradients have to be reset: backward() adds to what is there.

Forgetting to is the most common bug in training loops. Doing without on purpose is how a batch that
is too large is split into smaller ones.
"""

import microtrain as mt
from microtrain.draw.chart import line_chart

# The bug: each step follows the sum of all the gradients so far, and overshoots.
right = mt.train(steps=100)
wrong = mt.train(steps=100, zero_grad=False)
print(line_chart({"reset": right.losses, "forgotten": wrong.losses}, title="loss"))
for name, history in (("reset", right), ("forgotten", wrong)):
    pairs = zip(history.losses, history.losses[1:])
    rises = sum(after > before for before, after in pairs)
    print(f"{name:>9}: loss {history.final_loss:.4f} after 100 steps; it rose in {rises} of them")

# The feature: four batches of one sample, added up, are the batch of four, to the last bit.
xs, ys = mt.datasets.toy()
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
print(f"\nfour batches of one sample give the full-batch gradient: {accumulated == whole}")
