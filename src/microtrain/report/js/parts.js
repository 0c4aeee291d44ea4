// The parts of one step, as one flat list made from network, sample and followed weight; those of an
// open neuron say which boxes of its drawing they are about.

const PHASES = ["forward", "loss", "backward", "update"];
const MANY_USERS = 6; // more users of a neuron: the three largest, then the others together
let listed = { key: "" };

/** The neurons that are opened: the followed weight's, and those that were clicked. */
function isOpen(l, j) {
  const followed = placeOf(state.weight);
  return (followed.l === l && followed.j === j) || state.opened.includes(`${l},${j}`);
}

/** All parts of the walk, with what is known from which part on. */
function walkList() {
  const bySize = engine.layers.some(({ n, inputs }) => inputs > MANY_INPUTS || n > MANY_USERS),
    step = (run.config.batch || bySize) && head();
  const key = JSON.stringify([engine.spec, state.weight, state.opened, state.sample, step]);
  if (listed.key !== key) listed = new Walk(key);
  return listed;
}

const parts = () => walkList().list;
/** The part that is shown: the last, of a list that another network made shorter. */
const partShown = () => parts()[Math.min(state.part, parts().length) - 1];
const isBack = ({ phase }) => ["backward", "update"].includes(phase);

class Walk {
  constructor(key) {
    this.key = key;
    this.list = [];
    this.known = new Map(); // from which part on
    const many = tracing().samples.length > 1,
      { layers } = engine,
      end = layers.length - 1;
    this.add("F0");
    layers.forEach((_, l) => this.through("F layer", l, this.forth, this.valued));
    if (hasError(engine.set)) this.add("L1");
    this.add("L2");
    this.knows("loss");
    if (many) this.add("L3");
    this.add("B0");
    this.knows("reset");
    this.add("B1");
    for (let j = 0; j < layers[end].n; j++) this.knows("arrives", end, j);
    for (let l = end; l >= 0; l--) this.through("B layer", l, this.back, this.closed);
    layers.forEach((layer, l) => this.toWeights(layer, l));
    if (many) {
      this.add("BS");
      this.knows("all");
    }
    const { l, j, k } = placeOf(state.weight);
    this.add("U1", { l, j, k, boxes: [boxOf(l, j, k)] }, `U:${state.weight}`);
    this.add("U2");
    this.add("U3");
  }

  add(kind, more = {}, code = kind) {
    this.list.push({ kind, phase: PHASES["FLBU".indexOf(kind[0])], code, ...more });
  }

  /** Add a part of a neuron, or of what is in it. */
  of(kind, l, j, inside = "", more = {}) {
    this.add(kind, { l, j, ...more }, `${kind[0]}:${l}:${j}${inside}`);
  }

  /** From the last part on a number is known. */
  knows(...what) {
    const key = what.join();
    if (!this.known.has(key)) this.known.set(key, this.list.length);
  }

  /** Whether it is known at the part that is shown. */
  has(...what) {
    return this.known.get(what.join()) <= state.part;
  }

  /** Go through a layer: each neuron, or of a large layer the opened ones and all others together. */
  through(kind, l, each, together) {
    const all = Array.from({ length: engine.layers[l].n }, (_, j) => j),
      closed = all.length > LARGE ? all.filter((j) => !isOpen(l, j)) : [],
      others = closed.length > 1 ? closed : [];
    for (const j of all)
      if (!others.includes(j)) each.call(this, l, j);
      else if (j === others[0]) {
        this.of(kind, l, j, "", { others: others.length });
        for (const other of others) together.call(this, l, other);
      }
  }

  forth(l, j) {
    if (!isOpen(l, j)) this.of("F closed", l, j);
    else {
      const { shown, rest } = rowsOf(l, j);
      this.of("F bias", l, j, ":bias", { boxes: ["b"] });
      this.knows("bias", l, j);
      for (const [row, k] of shown.entries()) {
        this.of("F product", l, j, `:${k}`, { k, boxes: [`p${row}`] });
        this.knows("product", l, j, k);
      }
      if (rest.length) this.of("F rest", l, j, "", { rest, boxes: [`p${shown.length}`] });
      this.of("F act", l, j, ":act", { boxes: ["a"] });
    }
    this.valued(l, j);
  }

  valued(l, j) {
    this.knows("value", l, j);
  }

  back(l, j) {
    if (!isOpen(l, j)) {
      this.of("B closed", l, j);
      return this.closed(l, j);
    }
    const { users } = tracing().layers[l][j];
    if (l < engine.layers.length - 1) {
      const shown = largestUsers(users, MANY_USERS, 3),
        rest = users.map((_, u) => u).filter((u) => !shown.includes(u)),
        drawn = usersDrawn(users),
        box = (u) => `u${drawn.includes(u) ? drawn.indexOf(u) : drawn.length}`;
      for (const u of shown) {
        this.of("B user", l, j, `:${u}`, { u, boxes: [box(u)] });
        this.knows("user", l, j, u);
      }
      if (rest.length) this.of("B rest", l, j, ":added", { rest, boxes: rest.map(box) });
      for (const u of rest) this.knows("user", l, j, u);
      if (users.length > 1) this.of("B added", l, j, ":added", { boxes: ["a"] });
      this.knows("arrives", l, j);
    }
    this.of("B act", l, j, ":act", { boxes: ["a"] });
    this.knows("delta", l, j);
  }

  closed(l, j) {
    for (const what of ["arrives", "delta"]) this.knows(what, l, j);
    for (const index of parametersOf(l, j)) this.knows("gradient", index);
  }

  /** The weights of a layer's open neurons, then their biases, as in the code. */
  toWeights(layer, l) {
    const add = (j, index, kind, k) => {
      if (k === null || rowsOf(l, j).shown.includes(k))
        this.add(kind, { l, j, k, index, boxes: [boxOf(l, j, k)] }, `G:${index}`);
      this.knows("gradient", index);
    };
    const open = Array.from({ length: layer.n }, (_, j) => j).filter((j) => isOpen(l, j));
    for (const j of open)
      parametersOf(l, j)
        .slice(0, -1)
        .forEach((index, k) => add(j, index, "B weight", k));
    for (const j of open) add(j, layer.biases + j, "B bias", null);
  }
}

/** The box of a weight in the drawing of its neuron, or of the bias. */
const boxOf = (l, j, k) => (k === null ? "b" : `w${rowsOf(l, j).shown.indexOf(k)}`);

/** The indices of a neuron's weights, and of its bias. */
function parametersOf(l, j) {
  const { inputs, weights, biases } = engine.layers[l];
  return [...Array.from({ length: inputs }, (_, k) => weights + j * inputs + k), biases + j];
}

/** Of many inputs, those that are shown one by one: the eight largest products, and the followed. */
function rowsOf(l, j) {
  const { products, at } = tracing().layers[l][j],
    wanted = Array.from(products, (x, k) => (at[k] === state.weight ? Infinity : x)),
    shown = largest(wanted, products.length > MANY_INPUTS ? ROWS_OF_MANY - 1 : products.length);
  return { shown, rest: [...products.keys()].filter((k) => !shown.includes(k)) };
}

/** The running sum of a neuron before an input is added, of those that the walk shows one by one. */
function sumBefore(l, j, k) {
  const { bias, products } = tracing().layers[l][j];
  return rowsOf(l, j)
    .shown.filter((other) => other < k)
    .reduce((sum, other) => sum + products[other], bias);
}

/** Of more users than `most`, the places of the n of which most arrives, in their order. */
const largestUsers = (users, most, n) =>
  largest(
    users.map(({ arrives }) => arrives),
    users.length > most ? n : most,
  );

/** The places of the n largest of some numbers, in their order. */
function largest(numbers, n) {
  const bySize = [...numbers.keys()].sort((a, b) => Math.abs(numbers[b]) - Math.abs(numbers[a]));
  return bySize.slice(0, n).sort((a, b) => a - b);
}
