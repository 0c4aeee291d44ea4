// Where we are: the network in the walk, with what is known so far, the loss as its last column; and
// the dots: along each edge that a part goes, one moves forward or back as the part comes.

const FLIGHT = 300; // ms
let walked = {};

function drawWhere(part, t) {
  const svg = $("where"),
    { width, height } = sizeOf(svg);
  if (!width) return;
  const at = networkLayout(width, height, true),
    walk = walkList();
  frameNetwork(svg, at);
  const backward = isBack(part),
    gradients = walk.has("all") ? t.used : t.held,
    moved = ["U2", "U3"].includes(part.kind),
    lit = (index) => moved || (backward ? walk.has("gradient", index) : isLit(index, part));
  drawLines(svg, at, moved ? t.after : t.p, backward && !moved ? gradients : null, lit);
  for (const line of svg.querySelectorAll(".to-loss"))
    line.classList.toggle("gradient", backward && part.kind !== "B0");
  for (const node of svg.querySelectorAll(".node")) drawWhereNode(node, part, t, at, gradients);
  drawLossNode(svg.querySelector(".loss-node"), part, t, backward);
  svg.querySelector(".chip").setAttribute("hidden", "");
  focusable(svg);
}

/** A line lights up when its product is made, or its neuron's value. */
function isLit(index, part) {
  const { l, j, k } = placeOf(index),
    walk = walkList();
  return part.phase !== "forward" || walk.has("value", l, j) || walk.has("product", l, j, k);
}

function drawWhereNode(node, part, t, at, gradients) {
  const [l, j] = placeIn(node),
    body = node.querySelector(".body");
  const here = part.l === l && part.j === j;
  node.classList.toggle("now", here || (l < 0 && part.kind === "F0"));
  if (l < 0) {
    say(node.querySelector(".value"), at.small ? "" : inInput(t.x[j]));
    return attributes(node, { "aria-label": `Input ${j}: ${short(t.x[j])}` });
  }
  const neuron = t.layers[l][j],
    walk = walkList(),
    value = walk.has("value", l, j),
    arrived = isBack(part) && walk.has("arrives", l, j);
  paint(body, value ? neuron.value : 0);
  say(node.querySelector(".value"), at.small ? "" : value ? inNode(neuron.value) : "\u00b7");
  node.classList.toggle("done", isBack(part) && walk.has("delta", l, j));
  node.classList.toggle("flat-everywhere", value && Math.abs(neuron.slope) < 0.01);
  sayBelow(node.querySelector(".grad"), arrived && !at.small ? neuron.arrives : null, at);
  const bias = engine.layers[l].biases + j;
  attributes(node, {
    "data-value": value ? neuron.value : null,
    "data-bias-gradient": walk.has("gradient", bias) ? gradients[bias] : null,
    "aria-label": `${capital(nodeName(l, j))}: ${value ? `output ${short(neuron.value, 3)}` : "not known yet"}${arrived ? `, gradient ${short(neuron.arrives, 3)}` : ""}`,
  });
}

/** A gradient below its node, in as many digits as the columns leave it room for. */
function sayBelow(label, x, at) {
  const numbers = finite(x) ? [short(x, 2), short(x, 1), powerOfTen(x)] : ["not finite"],
    texts = [...numbers.map((text) => `${ARROW_LEFT} ${text}`), ...numbers.slice(1)];
  if (!outdated(label, String(x), at.width)) return;
  if (x === null) return say(label, "");
  for (const text of texts) {
    say(label, text);
    if (label.getComputedTextLength() < at.x(1) - at.x(0) - 2) return;
  }
}

function drawLossNode(group, part, t, backward) {
  group.classList.toggle("now", part.phase === "loss" || part.kind === "B1");
  group.classList.toggle("done", backward && part.kind !== "B0");
  say(group.querySelector(".value"), walkList().has("loss") ? roomed(part.kind === "L3" ? t.total : t.loss, 3, 6) : "\u00b7");
  const wanted = targetText(engine.set, t.y);
  say(group.querySelector(".wanted"), engine.set.classes ? wanted : `target ${wanted}`);
}

/** Send them where the walk has just gone on to this part; one that is only drawn anew has none. */
function sendDots(part, t) {
  const before = walked,
    same = before.list === parts() && before.step === head();
  walked = { list: parts(), step: head(), part: state.part };
  if (same && before.part === state.part) return;
  for (const dot of document.querySelectorAll("#walk .dot")) dot.remove();
  if (!same || before.part !== state.part - 1 || calm()) return;
  for (const line of [...linesAlong(part, t), ...edgesAlong(part)])
    if (line) sendDot(line, part.phase === "backward");
}

function sendDot(line, back) {
  const at = (name) => line.getAttribute(name),
    way = at("d") ?? `M${at("x1")} ${at("y1")}L${at("x2")} ${at("y2")}`,
    parent = line.closest("[transform]") ?? line.ownerSVGElement,
    dot = shape(parent, "circle", { class: back ? "dot back" : "dot", r: 5 });
  dot.style.offsetPath = `path("${way}")`;
  dot.animate({ offsetDistance: back ? ["100%", "0%"] : ["0%", "100%"] }, FLIGHT).onfinish = () =>
    dot.remove();
}

/** The lines of the network that a part goes along: weights, or those between outputs and loss. */
function linesAlong(part, t) {
  const svg = $("where"),
    n = part.l === undefined ? null : t.layers[part.l][part.j],
    line = (index) => svg.querySelector(`.weight[data-index="${index}"]`);
  switch (part.kind) {
    case "F product":
      return [line(n.at[part.k])];
    case "F closed":
      return Array.from(n.at, line);
    case "B user":
      return [line(n.users[part.u].at)];
    case "B closed":
      return n.users.map((user) => line(user.at));
    case "L2":
    case "B1":
      return [...svg.querySelectorAll(".to-loss")];
    default:
      return [];
  }
}

/** The edges in the neuron's drawing that a part goes along, if it is that neuron's. */
function edgesAlong({ l, j, kind, phase, boxes }) {
  const name = { "F act": "s", "B act": "s", "B added": "u" }[kind];
  if (l === undefined || phase === "update" || !isOpen(l, j)) return [];
  const names = name ? [name] : boxes.map((box) => box.replace("w", "p"));
  return [...new Set(names)].map((one) => $("neuron").querySelector(`[data-edge="${one}"]`));
}
