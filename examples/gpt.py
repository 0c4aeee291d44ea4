"""A GPT that learns the names of the chemical elements, letter by letter, and invents new ones.

All of it is here, in plain Python: a letter becomes a vector; attention lets it look back at the
letters before it; a layer of neurons works on what it saw; and out come the odds of each letter to
be the next. No derivative is written down: microtrain finds them, and compiles the whole gradient.
"""

import math
import random
import sys
import time

import microtrain as mt

ELEMENTS = """
    hydrogen helium lithium beryllium boron carbon nitrogen oxygen fluorine neon sodium magnesium
    aluminium silicon phosphorus sulfur chlorine argon potassium calcium scandium titanium vanadium
    chromium manganese iron cobalt nickel copper zinc gallium germanium arsenic selenium bromine
    krypton rubidium strontium yttrium zirconium niobium molybdenum technetium ruthenium rhodium
    palladium silver cadmium indium tin antimony tellurium iodine xenon caesium barium lanthanum
    cerium praseodymium neodymium promethium samarium europium gadolinium terbium dysprosium holmium
    erbium thulium ytterbium lutetium hafnium tantalum tungsten rhenium osmium iridium platinum gold
    mercury thallium lead bismuth polonium astatine radon francium radium actinium thorium
    protactinium uranium neptunium plutonium americium curium berkelium californium einsteinium
    fermium mendelevium nobelium lawrencium rutherfordium dubnium seaborgium bohrium hassium
    meitnerium darmstadtium roentgenium copernicium nihonium flerovium moscovium livermorium
    tennessine oganesson
""".split()  # noqa: SIM905

LETTERS = ".abcdefghijklmnopqrstuvwxyz"  # the dot stands before and after each name
WIDTH, HEADS = 16, 4  # numbers in the vector of a letter; parts of it that look back separately
PLACES = 12  # letters, and the dot, that a name may have: all names are padded to that
STEPS, RATE, WARMUP = 1000, 0.3, 50


def matrix(rows, columns):
    return [[random.gauss(0, 0.2) for _ in range(columns)] for _ in range(rows)]


def initial_weights():
    """Return the 4,192 numbers that are learnt, as matrices: lists of rows."""
    return {
        "letters": matrix(len(LETTERS), WIDTH),
        "places": matrix(16, WIDTH),
        **{name: matrix(WIDTH, WIDTH) for name in ("query", "key", "value", "mixed")},
        "up": matrix(4 * WIDTH, WIDTH),
        "down": matrix(WIDTH, 4 * WIDTH),
        "out": matrix(len(LETTERS), WIDTH),
    }


def linear(matrix, x):
    return [mt.dot(row, x) for row in matrix]


def added(x, y):
    return [a + b for a, b in zip(x, y)]


def normed(x):
    """Return x at a length of about 4, the root of its width."""
    scale = (mt.dot(x, x) / len(x) + 1e-5) ** -0.5
    return [a * scale for a in x]


def attention(query, keys, values):
    """Return the mean of the values, each weighted by how well its key fits the query."""
    shares = mt.softmax([mt.dot(query, key) / len(query) ** 0.5 for key in keys])
    return [mt.dot(shares, column) for column in zip(*values)]


def next_letter(weights, letter, place, keys, values):
    """Return the odds of each letter to come next, as logarithms.

    letter: 27 numbers, 1 for the one in this place, else 0; keys, values: of the places so far.
    """
    x = normed(added(linear(zip(*weights["letters"]), letter), weights["places"][place]))
    # Communication: each head looks back for what it wants to know.
    y = normed(x)
    query = linear(weights["query"], y)
    keys.append(linear(weights["key"], y))
    values.append(linear(weights["value"], y))
    seen = []
    for start in range(0, WIDTH, WIDTH // HEADS):
        head = slice(start, start + WIDTH // HEADS)
        seen += attention(query[head], [k[head] for k in keys], [v[head] for v in values])
    x = added(x, linear(weights["mixed"], seen))
    # Computation: a layer of neurons.
    neurons = [mt.relu(a) for a in linear(weights["up"], normed(x))]
    x = added(x, linear(weights["down"], neurons))
    return linear(weights["out"], x)


def loss(weights, text, shares):
    """Return the mean surprise at the letters of a name, in nats: the cross-entropy.

    text: all letters; shares: for each place 1/n, of a name of n, and 0 where it is padded.
    """
    keys, values, total = [], [], 0.0
    for place, share in enumerate(shares):
        odds = mt.softmax(next_letter(weights, text[place], place, keys, values))
        surprise = -mt.log(mt.dot(odds, text[place + 1]))
        total = total + mt.where(share > 0, share * surprise, 0.0)
    return total


def encoded(name):
    """Return a name as `loss` takes it."""
    n, text = len(name) + 1, f".{name}".ljust(PLACES + 1, ".")
    return [[float(a == b) for b in LETTERS] for a in text], [1 / n] * n + [0.0] * (PLACES - n)


def train(weights, gradient):
    """Change the weights, a name at a time: gradient descent. Gives the loss at each step."""
    names = [name for name in ELEMENTS if len(name) < PLACES]
    for step in range(STEPS):
        if step % len(names) == 0:
            random.shuffle(names)
        surprise, slopes = gradient(weights, *encoded(names[step % len(names)]))
        yield surprise
        rate = RATE * min(1, (step + 1) / WARMUP) * (1 + math.cos(math.pi * step / STEPS)) / 2
        for name, rows in weights.items():
            for row, row_slopes in zip(rows, slopes[name]):
                row[:] = [w - rate * slope for w, slope in zip(row, row_slopes)]


def invented(weights):
    """Return a new name, drawn letter by letter."""
    name, keys, values = ".", [], []
    for place in range(PLACES):
        letter = [float(name[-1] == b) for b in LETTERS]
        odds = mt.softmax(next_letter(weights, letter, place, keys, values))
        name += random.choices(LETTERS, odds)[0]
        if name[-1] == ".":
            break
    return name.strip(".")


if __name__ == "__main__":
    random.seed(0)
    weights = initial_weights()
    start, losses = time.perf_counter(), []
    engine = sys.argv[1] if len(sys.argv) > 1 else "python"  # or "native", with a C compiler
    for surprise in train(weights, mt.compile(mt.value_and_grad(loss), engine)):
        losses.append(surprise)
        if len(losses) % 100 == 0:
            print(f"step {len(losses):>4}   loss {sum(losses[-100:]) / 100:.3f}", flush=True)
    print(f"{time.perf_counter() - start:.0f} seconds\n")
    new = {name: None for name in (invented(weights) for _ in range(40)) if name not in ELEMENTS}
    print(", ".join([*new][:24]))
