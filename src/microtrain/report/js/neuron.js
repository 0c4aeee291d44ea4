// Inside the neuron: the drawing that Python laid out, filled with the numbers that are known so far.

const USERS_OF_MANY = 7;
const NOT_YET = "\u00b7";
const NAME = 96; // pixels for the name of an input

/** The drawing of a neuron with n rows of inputs and m users, put together from its three parts. */
function neuronDrawing(portrait, activation, n, m) {
  const { width, inputs, activations, users } = page.drawings[portrait ? "tall" : "wide"],
    parts = [inputs[n], activations[activation], users[m]];
  let foot = HEADINGS + (portrait ? 0 : Math.max(...parts.map(({ height }) => height)));
  const drawn = parts.map(({ svg, height, head }) => {
    if (portrait) foot += height;
    return `${head}<g transform="translate(0 ${foot})">${svg}</g>`;
  });
  const size = `width="${width}" height="${foot + 1}" viewBox="0 0 ${width} ${foot + 1}"`,
    text = `<svg xmlns="${SVG}" class="neuron" ${size}>${drawn.join("")}</svg>`,
    { documentElement } = new DOMParser().parseFromString(text, "image/svg+xml");
  return document.importNode(documentElement, true);
}

/** The neuron that is shown: the part's, if it is open, else the followed weight's. */
function shownNeuron(part) {
  if (part.l !== undefined && isOpen(part.l, part.j)) return [part.l, part.j];
  const { l, j } = placeOf(state.weight);
  return [l, j];
}

function drawNeuron(part, t) {
  const box = $("neuron"),
    portrait = innerWidth < 830, // for the wide form without making it smaller
    [l, j] = shownNeuron(part),
    layer = engine.layers[l],
    n = t.layers[l][j];
  const inputs = layer.inputs > MANY_INPUTS ? ROWS_OF_MANY : layer.inputs,
    users = n.users.length > MOST_NEURONS ? USERS_OF_MANY : n.users.length;
  if (outdated(box, portrait, layer.activation, inputs, users))
    box.replaceChildren(neuronDrawing(portrait, layer.activation, inputs, users));
  const svg = box.firstChild,
    seen = partsOf(l, j),
    texts = textsOf(l, j, n, seen, part, t, portrait);
  for (const label of svg.querySelectorAll("[data-slot]")) {
    const { slot } = label.dataset;
    if (/^x\d+\.name$/.test(slot)) sayWithin(label, texts[slot] ?? "", NAME);
    else say(label, texts[slot] ?? "");
  }
  say($("neuron-title"), capital(nodeName(l, j)));
  const elsewhere = part.l !== undefined && (part.l !== l || part.j !== j);
  svg.classList.toggle("waits", elsewhere);
  say($("neuron-hint"), hintOf(part, elsewhere));
  markBoxes(svg, part, n, l, j, seen);
  markEdges(svg, n, l, j, seen);
  drawTangent(svg.querySelector(".plot"), n, seen);
  const sum = arithmetic(part, t),
    mine = sum && part.l === l && part.j === j;
  svg.querySelector(".now-box").classList.toggle("shown", Boolean(mine));
  svg.querySelector(".now-box").classList.toggle("plain", part.phase === "forward");
  svg.querySelector(".lead")?.classList.toggle("shown", Boolean(mine) && part.kind === "B act");
  if (mine)
    for (const [name, text] of Object.entries({
      title: sum[0],
      first: unmarked(sum[1]),
      second: unmarked(sum[2]),
    }))
      say(svg.querySelector(`[data-slot="now.${name}"]`), text);
  if (innerHeight <= 480) svg.querySelector(".box.now")?.scrollIntoView({ block: "nearest" }); // below the sentence
  rich($("arithmetic"), sum ? `${sum[1]} ${sum[2]}` : "");
}

/** What else to know of the drawing: that another neuron's turn it is, or whose gradients these are. */
function hintOf(part, elsewhere) {
  if (elsewhere) return `\u00b7 it waits; Enter opens ${nodeName(part.l, part.j)}`;
  if (part.phase === "update")
    return `\u00b7 ${ARROW_RIGHT} after the update; products and sums are those before it`;
  if (part.kind === "BS")
    return `\u00b7 at a weight: of ${isWhole() ? "all" : "the batch\u2019s"} samples; else: of sample ${state.sample}`;
  return "\u00b7 a dot: not known yet";
}

/** Which numbers of this neuron are known at the part that is shown. */
function partsOf(l, j) {
  const walk = walkList(),
    part = walk.list[state.part - 1],
    value = walk.has("value", l, j),
    arrives = walk.has("arrives", l, j);
  return {
    bias: value || walk.has("bias", l, j),
    value,
    backward: isBack(part),
    product: (k) => value || walk.has("product", l, j, k),
    user: (u) => arrives || walk.has("user", l, j, u),
    arrives,
    delta: walk.has("delta", l, j),
    gradient: (index) => walk.has("gradient", index),
    input: (k) => l === 0 || walk.has("value", l - 1, k),
    all: walk.has("all"),
    reset: walk.has("reset"),
    moved: (index) =>
      ["U2", "U3"].includes(part.kind) || (part.kind === "U1" && index === state.weight),
  };
}

/** Whether a gradient has come to a box, or along an edge. */
function hasGradient(name, n, l, j, seen) {
  const kind = name.match(/^[a-z]+/)[0],
    row = Number(name.slice(kind.length)),
    index = n.at[rowsOf(l, j).shown[row]];
  switch (kind) {
    case "a":
      return seen.arrives;
    case "s":
      return name === "s" && seen.delta;
    case "b":
      return seen.gradient(n.biasAt);
    case "u": {
      if (name === "u") return seen.arrives;
      const drawn = usersDrawn(n.users); // and the others together, in the last row
      return seen.user(drawn[row] ?? [...n.users.keys()].find((u) => !drawn.includes(u)));
    }
    default:
      return kind !== "x" && index !== undefined && seen.gradient(index);
  }
}

function markBoxes(svg, part, n, l, j, seen) {
  const now = part.l === l && part.j === j ? part.boxes : [];
  for (const box of svg.querySelectorAll("[data-node]")) {
    const name = box.dataset.node;
    box.classList.toggle("now", now.includes(name));
    box.classList.toggle("known", seen.backward && hasGradient(name, n, l, j, seen));
  }
}

/** Forward the edges point to the right; backward, those that a gradient came through, to the left. */
function markEdges(svg, n, l, j, seen) {
  const drawn = usersDrawn(n.users),
    size = (row) => Math.abs(n.users[drawn[row]]?.arrives ?? 0),
    most = Math.max(...drawn.map((_, row) => size(row))) || 1;
  for (const edge of svg.querySelectorAll("[data-edge]")) {
    const name = edge.dataset.edge,
      back = seen.backward && hasGradient(name, n, l, j, seen),
      row = Number(name.slice(1));
    edge.classList.toggle("back", back);
    edge.classList.toggle("forth", !seen.backward && hasValue(name, l, j, seen));
    if (/^u\d/.test(name))
      attributes(edge, {
        "stroke-width": back ? (1 + 4 * Math.sqrt(size(row) / most)).toFixed(1) : null,
      });
  }
}

/** Whether a number has gone along an edge. */
function hasValue(name, l, j, seen) {
  if (name === "s") return seen.value;
  if (name === "b") return seen.bias;
  const [, row] = name.match(/^(?:p|xw)(\d+)/) || [];
  return row !== undefined && seen.product(rowsOf(l, j).shown[row]);
}

/** The point on the activation's curve, and its tangent: a flat one explains a lost gradient by itself. */
function drawTangent(plot, n, seen) {
  const [x, y, w, h] = plot.dataset.box.split(" ").map(Number),
    [reach, low, high] = plot.dataset.of.split(" ").map(Number), // what its sides stand for
    point = plot.querySelector(".point"),
    tangent = plot.querySelector(".tangent");
  if (!seen.value || !finite(n.value)) {
    attributes(point, { cx: null, cy: null });
    return attributes(tangent, { d: null });
  }
  const px = x + (w * (Math.max(-reach, Math.min(reach, n.z)) + reach)) / (2 * reach),
    py = y + h * Math.max(0, Math.min(1, (high - n.value) / (high - low))),
    rise = (((-n.slope * h) / (high - low)) * 2 * reach) / w,
    half = 17 / Math.hypot(1, rise),
    left = rise < 0 ? Math.min(half, (y + h + 2 - py) / -rise) : half; // not over what is below
  attributes(point, { cx: px, cy: py });
  attributes(tangent, { d: `M${px - left} ${py - left * rise}L${px + half} ${py + half * rise}` });
}
