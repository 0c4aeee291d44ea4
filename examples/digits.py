"""Digits, read by a network that is trained in C, with the bits that Python gives in more time.

The images are scikit-learn's, 8 x 8 numbers of handwriting each, where it is installed. Else they
are drawn here: ten digits in a font, moved by a dot, under noise. This needs a C compiler.
"""

import random
import sys
import time

import microtrain as mt

FONT = """
.##. ..#. .##. ###. #..# #### .### #### .##. .##.
#..# .##. #..# ...# #..# #... #... ...# #..# #..#
#..# ..#. ...# .##. #### ###. ###. ..#. .##. .###
#..# ..#. .##. ...# ...# ...# #..# .#.. #..# ...#
.##. ..#. #### ###. ...# ###. .##. .#.. .##. ###.
"""


def drawn(n, noise=0.2, seed=0):
    """Return n images, each a list of 64 numbers, and the digits that are on them."""
    draw = random.Random(seed)
    rows = [line.split() for line in FONT.strip().splitlines()]
    images, digits = [], []
    for k in range(n):
        digit, top, left = k % 10, draw.randrange(1, 3), draw.randrange(1, 3)
        image = [draw.gauss(0.0, noise) for _ in range(64)]
        for y, row in enumerate(rows):
            for x, dot in enumerate(row[digit]):
                image[8 * (top + y) + left + x] += dot == "#"
        images.append(image)
        digits.append(digit)
    return images, digits


try:
    from sklearn.datasets import load_digits

    source, data = "scikit-learn", load_digits()
    images, digits = (data.data / 16).tolist(), data.target.tolist()
except ImportError:
    source, (images, digits) = "drawn", drawn(1800)

both = list(zip(images, digits))
random.Random(0).shuffle(both)
held_out, training = both[: len(both) // 5], both[len(both) // 5 :]
xs, ys = zip(*training)


def trained(engine, steps):
    """Train a new network for so many steps; return it, its history, and the seconds it took."""
    model = mt.MLP(64, [16, 10], output_activation="linear")
    start = time.perf_counter()
    lr = mt.warmup_cosine(peak=0.5, steps=5000, warmup_steps=100)
    batches = {"loss": mt.cross_entropy, "reduction": "mean", "batch_size": 32}
    history = mt.train(model, xs, ys, steps=steps, lr=lr, engine=engine, **batches)
    return model, history, time.perf_counter() - start


model, history, seconds = trained("native", 5000)
predictions = model.predict([image for image, _ in held_out])
right = sum(max(scores) == scores[digit] for scores, (_, digit) in zip(predictions, held_out))
print(f"{len(both)} images ({source}); {model}")
print(f"native: 5000 steps in {seconds:.1f} s, compiling included")
print(f"{right / len(held_out):.1%} of {len(held_out)} images that it has not seen are read right")

# The first steps again in Python, to see whether they are the same, and what all would take.
for engine, steps in (("compiled", 200), ("eager", 4)):
    _, again, seconds = trained(engine, steps)
    same = "the same" if again.losses == history.losses[:steps] else "OTHER"
    print(f"{engine}: {same} losses; 5000 steps would take {5000 * seconds / steps:.0f} s")
sys.exit(right < 0.8 * len(held_out))
