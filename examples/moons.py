"""Two moons: 100 points in the plane, told apart by a network of 337 parameters.

Draws the decision boundary if matplotlib is installed (pip install matplotlib):
python examples/moons.py [picture.png]
"""

import sys

import microtrain as mt

xs, ys = mt.datasets.moons(100)
model = mt.MLP(2, [16, 16, 1], activation="relu", output_activation="linear")
steps = 200
lr = mt.warmup_cosine(peak=0.2, steps=steps, warmup_steps=20)
history = mt.train(model, xs, ys, steps=steps, lr=lr, loss=mt.hinge, reduction="mean")

print(history.chart())
right = sum(prediction * y > 0 for prediction, y in zip(model.predict(xs), ys))
print(
    f"\n{model}\n{right} of {len(xs)} points are on the right side, after {history.seconds:.1f} s"
)

path = sys.argv[1] if len(sys.argv) > 1 else "moons.png"
try:
    ax = model.plot_boundary(xs, ys)
except ImportError as error:
    print(error)
else:
    ax.set_title(f"hinge loss {history.final_loss:.3f} after {history.steps} steps")
    ax.figure.savefig(path, dpi=150)
    print(f"the decision boundary is in {path}")
sys.exit(right < 97)
