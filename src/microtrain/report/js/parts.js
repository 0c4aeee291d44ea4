// The parts of one step, as one flat list made from network, sample and followed weight.

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
  const key = JSON.stringify([
    engine.spec,
    state.weight,
    state.opened,
    state.sample,
    (run.config.batch ||
      engine.layers.some((layer) => layer.inputs > MANY_INPUTS || layer.n > MANY_USERS)) &&
      head(),
  ]);
  if (listed.key === key) return listed;
  const list = [],
    known = { value: new Map(), arrives: new Map(), delta: new Map(), gradient: new Map() };
  const add = (phase, kind, more = {}) => list.push({ phase, kind, ...more });
  const many = tracing().samples.length > 1;
  add("forward", "F0", { code: "F0" });
  engine.layers.forEach((layer, l) =>
    eachNeuron(
      layer,
      l,
      (j) => forwardParts(add, known, list, layer, l, j),
      (others) => {
        add("forward", "F layer", {
          l,
          j: others[0],
          others: others.length,
          code: `F:${l}:${others[0]}`,
        });
        for (const j of others) known.value.set(`${l},${j}`, list.length);
      },
    ),
  );
  if (hasError(engine.set)) add("loss", "L1", { code: "L1" });
  add("loss", "L2", { code: "L2" });
  if (many) add("loss", "L3", { code: "L3" });
  add("backward", "B0", { code: "B0" });
  add("backward", "B1", { code: "B1" });
  const end = engine.layers.length - 1;
  for (let j = 0; j < engine.layers[end].n; j++) known.arrives.set(`${end},${j}`, list.length);
  for (let l = end; l >= 0; l--)
    eachNeuron(
      engine.layers[l],
      l,
      (j) => backwardParts(add, known, list, engine.layers[l], l, j),
      (others) => {
        add("backward", "B layer", {
          l,
          j: others[0],
          others: others.length,
          code: `B:${l}:${others[0]}`,
        });
        for (const j of others) closed(known, list.length, engine.layers[l], l, j);
      },
    );
  engine.layers.forEach((layer, l) => {
    for (let j = 0; j < layer.n; j++)
      if (isOpen(l, j))
        for (let k = 0; k < layer.inputs; k++)
          gradientPart(add, known, list, l, j, k, layer.weights + j * layer.inputs + k);
    for (let j = 0; j < layer.n; j++)
      if (isOpen(l, j)) gradientPart(add, known, list, l, j, null, layer.biases + j);
  });
  if (many) add("backward", "BS", { code: "BS" });
  known.all = many ? list.length : Infinity;
  add("update", "U1", { code: `U:${state.weight}`, ...placeOf(state.weight) });
  add("update", "U2", { code: "U2" });
  add("update", "U3", { code: "U3" });
  return (listed = { key, list, known });
}

const parts = () => walkList().list;

/** Go through a layer: each neuron, or of a large layer the opened ones and all others together. */
function eachNeuron(layer, l, each, together) {
  const all = Array.from({ length: layer.n }, (_, j) => j),
    others = layer.n > LARGE ? all.filter((j) => !isOpen(l, j)) : [];
  if (others.length > 1) {
    const before = all.filter((j) => isOpen(l, j) && j < others[0]);
    before.forEach(each);
    together(others);
    all.filter((j) => isOpen(l, j) && j > others[0]).forEach(each);
  } else all.forEach(each);
}

function forwardParts(add, known, list, layer, l, j) {
  if (!isOpen(l, j)) add("forward", "F closed", { l, j, code: `F:${l}:${j}` });
  else {
    add("forward", "F bias", { l, j, code: `F:${l}:${j}:bias` });
    const { shown, rest } = rowsOf(l, j);
    for (const k of shown) add("forward", "F product", { l, j, k, code: `F:${l}:${j}:${k}` });
    if (rest.length) add("forward", "F rest", { l, j, rest, code: `F:${l}:${j}` });
    add("forward", "F act", { l, j, code: `F:${l}:${j}:act` });
  }
  known.value.set(`${l},${j}`, list.length);
}

function backwardParts(add, known, list, layer, l, j) {
  const at = `${l},${j}`;
  if (!isOpen(l, j)) {
    add("backward", "B closed", { l, j, code: `B:${l}:${j}` });
    return closed(known, list.length, layer, l, j);
  }
  const { users } = tracing().layers[l][j];
  if (l < engine.layers.length - 1) {
    const shown = usersShown(users);
    for (const u of shown) add("backward", "B user", { l, j, u, code: `B:${l}:${j}:${u}` });
    if (shown.length < users.length)
      add("backward", "B rest", {
        l,
        j,
        rest: users.map((_, u) => u).filter((u) => !shown.includes(u)),
        code: `B:${l}:${j}:added`,
      });
    if (users.length > 1) add("backward", "B added", { l, j, code: `B:${l}:${j}:added` });
    known.arrives.set(at, list.length);
  }
  add("backward", "B act", { l, j, code: `B:${l}:${j}:act` });
  known.delta.set(at, list.length);
}

function closed(known, part, layer, l, j) {
  const at = `${l},${j}`;
  if (!known.arrives.has(at)) known.arrives.set(at, part);
  known.delta.set(at, part);
  for (let k = 0; k < layer.inputs; k++)
    known.gradient.set(layer.weights + j * layer.inputs + k, part);
  known.gradient.set(layer.biases + j, part);
}

function gradientPart(add, known, list, l, j, k, index) {
  if (k === null || rowsOf(l, j).shown.includes(k))
    add("backward", k === null ? "B bias" : "B weight", { l, j, k, index, code: `G:${index}` });
  known.gradient.set(index, list.length);
}

/** Of many inputs, those that are shown one by one: the eight largest products, and the followed. */
function rowsOf(l, j) {
  const { products, at } = tracing().layers[l][j],
    all = Array.from(products, (_, k) => k);
  if (all.length <= MANY_INPUTS) return { shown: all, rest: [] };
  const sorted = all.toSorted((a, b) => Math.abs(products[b]) - Math.abs(products[a])),
    followed = at.indexOf(state.weight);
  const chosen = sorted
    .filter((k) => k !== followed)
    .slice(0, followed < 0 ? 9 : 8)
    .concat(followed < 0 ? [] : [followed]);
  return { shown: chosen.sort((a, b) => a - b), rest: all.filter((k) => !chosen.includes(k)) };
}

/** Of many users, those that are shown one by one, in their order. */
function usersShown(users) {
  const all = users.map((_, u) => u);
  if (users.length <= MANY_USERS) return all;
  return all
    .sort((a, b) => Math.abs(users[b].arrives) - Math.abs(users[a].arrives))
    .slice(0, 3)
    .sort((a, b) => a - b);
}
