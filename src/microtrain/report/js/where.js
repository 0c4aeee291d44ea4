// Where we are: the network in the walk, with what is known so far, the loss as its last column.

function drawWhere(part, t) {
  const svg = $("where"),
    box = svg.getBoundingClientRect();
  if (!box.width) return;
  const at = networkLayout(Math.round(box.width), Math.round(box.height), true),
    { known } = walkList(),
    now = state.part;
  frameNetwork(svg, at);
  const backward = ["backward", "update"].includes(part.phase),
    gradients = now >= known.all ? t.used : t.gradient;
  const seen = (map, key) => (map.get(key) ?? Infinity) <= now;
  if (["U2", "U3"].includes(part.kind)) drawLines(svg, at, t.after, null, () => true);
  else if (backward)
    drawLines(svg, at, run.parameters(head()), gradients, (index) => seen(known.gradient, index));
  else
    drawLines(svg, at, run.parameters(head()), null, (index) =>
      forwardLit(index, known, now, part),
    );
  for (const line of svg.querySelectorAll(".to-loss"))
    line.classList.toggle("gradient", backward && part.kind !== "B0");
  for (const node of svg.querySelectorAll(".node"))
    drawWhereNode(node, part, t, at, known, gradients, backward, seen);
  drawLossNode(svg.querySelector(".loss-node"), part, t, backward, now);
  svg.querySelector(".chip").setAttribute("hidden", "");
  focusable(svg);
}

/** A line lights up when its product is made, or its neuron's value. */
function forwardLit(index, known, now, part) {
  if (part.phase !== "forward") return true;
  const { l, j, k } = placeOf(index);
  if ((known.value.get(`${l},${j}`) ?? Infinity) <= now) return true;
  return part.l === l && part.j === j && part.kind === "F product" && k <= part.k;
}

function drawWhereNode(node, part, t, at, known, gradients, backward, seen) {
  const l = Number(node.dataset.layer),
    j = Number(node.dataset.neuron),
    body = node.querySelector(".body");
  const here = part.l === l && part.j === j;
  node.classList.toggle("now", here || (l < 0 && part.kind === "F0"));
  if (l < 0) {
    say(node.querySelector(".value"), at.small ? "" : decimal(t.x[j]));
    return attributes(node, { "aria-label": `Input ${j}: ${short(t.x[j])}` });
  }
  const neuron = t.layers[l][j],
    key = `${l},${j}`,
    value = seen(known.value, key),
    done = backward && seen(known.delta, key),
    arrived = backward && seen(known.arrives, key);
  paint(body, value ? neuron.value : 0);
  say(node.querySelector(".value"), at.small ? "" : value ? inNode(neuron.value) : "\u00b7");
  node.classList.toggle("done", done);
  node.classList.toggle("flat-everywhere", value && Math.abs(neuron.slope) < 0.01);
  say(
    node.querySelector(".grad"),
    arrived && !at.small ? `${ARROW_LEFT} ${short(neuron.arrives, 2)}` : "",
  );
  const bias = engine.layers[l].biases + j,
    known_ = backward && seen(known.gradient, bias);
  attributes(node, {
    "data-value": value ? neuron.value : null,
    "data-bias-gradient": known_ ? gradients[bias] : null,
  });
  attributes(node, {
    "aria-label": `${capital(nodeName(l, j))}: ${value ? `output ${short(neuron.value, 3)}` : "not known yet"}${arrived ? `, gradient ${short(neuron.arrives, 3)}` : ""}`,
  });
}

const decimal = (x) => plain(x, 3) + (Number.isInteger(x) && Math.abs(x) < 1000 ? ".0" : "");

function drawLossNode(group, part, t, backward, now) {
  const list = parts(),
    known =
      backward || part.phase === "update" || list.findIndex(({ kind }) => kind === "L2") + 1 <= now;
  group.classList.toggle("now", part.phase === "loss" || part.kind === "B1");
  group.classList.toggle("done", backward && part.kind !== "B0");
  say(group.querySelector(".value"), known ? roomed(t.loss, 3, 6) : "\u00b7");
  say(
    group.querySelector(".wanted"),
    engine.set.classes
      ? className(engine.set, t.y.indexOf(1))
      : `target ${Array.from(t.y, (y) => plain(y, 3)).join(", ")}`,
  );
  say(group.querySelector(".grad"), backward && part.kind !== "B0" ? `${ARROW_LEFT} 1` : "");
}
