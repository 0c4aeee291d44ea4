// Where the network's nodes and lines stand, and their elements: made once for a size and a network.

const LARGE = 8,
  HUGE = 24; // neurons in a layer: above, small circles without numbers; only so many are drawn

/** The size to draw a picture for: of a large one less than it has, so that all in it grows. */
function sizeOf(svg) {
  const { width, height } = svg.getBoundingClientRect(),
    grown = Math.max(1, Math.min(1.4, width / 500, height / 420));
  return { width: Math.round(width / grown), height: Math.round(height / grown), grown };
}

/** Whether there is no room for numbers in the circles. */
const crowded = () => Math.max(engine.set.inputs, ...engine.layers.map(({ n }) => n)) > LARGE;

/** Where everything stands: columns of nodes, from the inputs to the output, and in the walk the loss. */
function networkLayout(width, height, walking) {
  const columns = [engine.set.inputs, ...engine.layers.map((layer) => layer.n)];
  const shown = columns.map((n) => Math.min(n, HUGE)),
    tallest = Math.max(...shown);
  const small = crowded(),
    top = walking ? 22 : 34,
    low = (walking ? 12 : 6) + (tallest < Math.max(...columns) ? 14 : 0); // for "+ 8 more"
  const room = (height - top - low) / tallest;
  const radius = small ? 7 : Math.max(9, Math.min(walking ? 19 : 20, room / (walking ? 3.4 : 2.5)));
  const wide = small ? radius : Math.max(radius, 21), // of a node, to hold its number
    tight = radius < 16,
    half = walking ? 30 : 32,
    count = columns.length + walking;
  const left = half + 6,
    right = (walking ? 26 : wide) + 12;
  return {
    width,
    height,
    columns,
    shown,
    small,
    radius,
    wide,
    tight,
    half,
    walking,
    x: (c) => left + ((width - left - right) * c) / (count - 1),
    y: (c, i) => top + ((height - top - low) * (i + 0.5)) / shown[c],
  };
}

/** The layer of a node in a picture (the inputs are -1), and which neuron of it this is. */
const placeIn = ({ dataset }) => [Number(dataset.layer), Number(dataset.neuron)];

const nodeName = (l, j) =>
  l < 0
    ? `input ${j}`
    : l === engine.layers.length - 1
      ? engine.layers[l].n === 1
        ? "the output"
        : `output ${j}`
      : `layer ${l}, neuron ${j}`;
const layerName = (l) => (l === engine.layers.length - 1 ? "output" : `layer ${l}`);

function frameNetwork(svg, at) {
  if (!emptied(svg, at.width, at.height, engine.spec, at.walking)) return;
  const heads = shape(svg, "g", { class: "heads", "aria-hidden": "true" });
  const end = at.columns.length - 1,
    title = (c, name, x = at.x(c), anchor = "middle") =>
      shape(caption(heads, x, 14, anchor), "tspan", { class: "head" }, name).parentNode;
  for (const c of at.columns.keys()) {
    const place = c === end && !at.walking ? [at.width - 4, "end"] : [],
      head = title(c, c ? layerName(c - 1) : "inputs", ...place);
    if (c && !at.walking && at.x(1) - at.x(0) > 64) shape(head, "tspan", {}, ` ${engine.layers[c - 1].activation}`);
  }
  if (at.walking) title(end + 1, "loss");
  const crowd = () => {
    const boxes = Array.from(heads.children, (head) => head.getBBox());
    return boxes.some(({ x }, i) => i && boxes[i - 1].x + boxes[i - 1].width > x - 6);
  };
  if (crowd())
    for (const name of heads.querySelectorAll(".head")) say(name, name.textContent.replace("layer ", ""));
  if (crowd()) heads.querySelectorAll("tspan:not(.head)").forEach((activation) => activation.remove());
  const lines = shape(svg, "g", { class: "lines" }),
    reaches = shape(svg, "g", { class: "reaches" });
  engine.layers.forEach((layer, l) => {
    for (let j = 0; j < at.shown[l + 1]; j++)
      for (let k = 0; k < at.shown[l]; k++) {
        const index = layer.weights + j * layer.inputs + k,
          from = l ? at.wide : at.small ? 7 : at.half;
        const ends = {
          x1: at.x(l) + from,
          y1: at.y(l, k),
          x2: at.x(l + 1) - at.wide,
          y2: at.y(l + 1, j),
        };
        shape(lines, "line", {
          ...ends,
          class: "weight",
          "data-index": index,
          "data-name": engine.names[index],
        });
        if (!at.small) shape(reaches, "line", { ...ends, class: "reach", "data-index": index });
      }
  });
  if (at.walking) frameLoss(svg, at, lines);
  else
    for (const name of ["rim", "gap", "line"]) // the followed weight's line stands out
      shape(lines.parentNode, "line", { class: `followed ${name}` });
  const nodes = shape(svg, "g", {
    class: "nodes",
    role: "tree",
    "aria-label": "The network's neurons",
  });
  at.columns.forEach((n, c) => {
    for (let i = 0; i < at.shown[c]; i++) frameNode(nodes, at, c, i);
    if (n > HUGE) caption(heads, at.x(c), at.height - 1, "middle", `+ ${n - HUGE} more`);
  });
  shape(shape(svg, "g", { class: "chip", "aria-hidden": "true" }), "rect", { rx: 7, height: 32 });
  const label = shape(svg.lastChild, "text", { "text-anchor": "middle" });
  for (let line = 0; line < 2; line++) shape(label, "tspan"); // the name, the number
}

function frameNode(nodes, at, c, i) {
  const x = at.x(c),
    y = at.y(c, i),
    l = c - 1;
  const node = shape(nodes, "g", {
    class: c ? "node" : "node input",
    "data-layer": l,
    "data-neuron": i,
    role: "treeitem",
    tabindex: -1,
  });
  const round = (name, more) => {
    const [w, h] = [at.wide + more, at.radius + more];
    shape(node, "rect", { class: name, x: x - w, y: y - h, width: 2 * w, height: 2 * h, rx: h });
  };
  if (c) {
    round("halo", at.tight ? 1 : 5);
    round("body", 0);
    shape(node, "path", {
      class: "flat",
      d: `M${x - at.radius * 0.7} ${y + at.radius + (at.tight ? -0.5 : 2.5)}h${at.radius * 1.4}`,
    });
  } else if (at.small)
    shape(node, "rect", { class: "body", x: x - 6, y: y - 6, width: 12, height: 12 });
  else
    shape(node, "rect", {
      class: "body",
      x: x - at.half + 7,
      y: y - 12,
      width: 2 * at.half - 14,
      height: 24,
      rx: 3,
    });
  caption(node, x, y + 4, "middle", "", { class: "value" });
  const below = y + at.radius + (at.tight ? 10 : 16);
  if (at.walking && c) caption(node, x + 3, below, "middle", "", { class: "grad" });
}

function frameLoss(svg, at, lines) {
  const c = at.columns.length,
    x = at.x(c),
    y = (at.y(0, 0) + at.y(0, at.shown[0] - 1)) / 2;
  for (let i = 0; i < at.shown[c - 1]; i++)
    shape(lines, "line", {
      x1: at.x(c - 1) + at.wide,
      y1: at.y(c - 1, i),
      x2: x - 26,
      y2: y,
      class: "weight to-loss",
    });
  const group = shape(svg, "g", { class: "loss-node" });
  shape(group, "rect", { class: "body", x: x - 26, y: y - 14, width: 52, height: 28, rx: 3 });
  for (const [name, down] of Object.entries({ value: 4, wanted: -22 }))
    caption(group, x, y + down, "middle", "", { class: name });
}

/**
 * Where the chip covers no node and no title: on its line, as near to the middle as there is room, or
 * above or below it; beside the neuron of a bias; null, where there is no such place.
 */
function chipPlace(svg, at, line, half) {
  const taken = [...svg.querySelectorAll(".node .body, .heads text")].map((one) => one.getBBox()),
    isFree = ([x, y], wide) =>
      taken.every(
        (box) =>
          Math.max(box.x - x, x - box.x - box.width) >= wide ||
          Math.max(box.y - y, y - box.y - box.height) >= CHIP_HALF,
      );
  const places = line ? placesOnLine(line) : [besideNeuron(at, placeOf(state.weight))];
  return (
    places.find((place) => isFree(place, half)) ??
    places.find((place) => isFree(place, half - 8)) ??
    null
  );
}

const CHIP_HALF = 18; // of its height

function placesOnLine(line) {
  const [x1, y1, x2, y2] = ["x1", "y1", "x2", "y2"].map((name) => Number(line.getAttribute(name)));
  return [0, -31, 31, -38, 38, -45, 45].flatMap((up) =>
    [0.5, 0.4, 0.6, 0.3, 0.7, 0.2, 0.8].map((share) => [
      x1 + share * (x2 - x1),
      y1 + share * (y2 - y1) + up,
    ]),
  );
}

const besideNeuron = (at, { l, j }) => [
  at.x(l + 1) - at.wide - 34,
  at.y(l + 1, Math.min(j, HUGE - 1)),
];
