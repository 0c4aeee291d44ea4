// Inside the neuron: the drawing that Python laid out, filled with the numbers that are known so far.

const MANY_INPUTS = 16,
  ROWS_OF_MANY = 10,
  USERS_OF_MANY = 7;
const NOT_YET = "\u00b7";

/** Put a neuron's drawing together from its three pieces: the rows, the activation, the users. */
function composeNeuron(portrait, n, activation, m) {
  const form = page.drawings[portrait ? "tall" : "wide"],
    pieces = [form.rows[n], form.activated[activation], form.users[m]];
  let height = form.head;
  const bottoms = portrait
    ? pieces.map((piece) => (height += piece.height))
    : pieces.map(() => height + Math.max(...pieces.map((piece) => piece.height)));
  height = bottoms.at(-1) + 1;
  const inside =
    pieces.map((piece) => piece.head).join("") +
    pieces.map((piece, i) => `<g transform="translate(0 ${bottoms[i]})">${piece.svg}</g>`).join("");
  const text = `<svg xmlns="${SVG}" class="neuron" width="${form.width}" height="${height}" viewBox="0 0 ${form.width} ${height}">${inside}</svg>`;
  return document.importNode(
    new DOMParser().parseFromString(text, "image/svg+xml").documentElement,
    true,
  );
}

/** The neuron that is shown: the part's, if it is open, else the followed weight's. */
function shownNeuron(part) {
  if (part.l !== undefined && isOpen(part.l, part.j)) return [part.l, part.j];
  const { l, j } = placeOf(state.weight);
  return [l, j];
}

function drawNeuron(part, t) {
  const box = $("neuron"),
    portrait = innerWidth < 700,
    [l, j] = shownNeuron(part),
    layer = engine.layers[l],
    n = t.layers[l][j];
  const inputs = layer.inputs > MANY_INPUTS ? ROWS_OF_MANY : layer.inputs,
    users = n.users.length > MANY_INPUTS ? USERS_OF_MANY : n.users.length;
  const key = JSON.stringify([portrait, inputs, layer.activation, users]);
  if (box.dataset.key !== key) {
    box.dataset.key = key;
    box.replaceChildren(composeNeuron(portrait, inputs, layer.activation, users));
  }
  const svg = box.firstChild,
    seen = partsOf(l, j),
    texts = textsOf(l, j, n, seen, part, t, portrait);
  for (const slot of svg.querySelectorAll("[data-slot]"))
    if (slot.dataset.slot !== "a.name") say(slot, texts[slot.dataset.slot] ?? "");
  say($("neuron-title"), capital(nodeName(l, j)));
  markBoxes(svg, part, l, j, seen);
  markEdges(svg, n, seen);
  drawActivation(svg.querySelector(".plot"), n, seen);
  const sum = arithmetic(part, t),
    mine = sum && part.l === l && part.j === j;
  svg.querySelector(".now-box").classList.toggle("hidden", !mine);
  svg.querySelector(".lead")?.classList.toggle("shown", Boolean(mine) && part.kind === "B act");
  if (mine)
    for (const [name, text] of Object.entries({
      title: sum[0],
      first: unmarked(sum[1]),
      second: unmarked(sum[2]),
    }))
      say(svg.querySelector(`[data-slot="now.${name}"]`), text);
  rich($("arithmetic"), sum ? `${sum[1]} ${sum[2]}` : "");
}

/** From which part on each number of this neuron is known; Infinity: not in this walk. */
function partsOf(l, j) {
  const { list, known } = walkList(),
    now = state.part,
    at = `${l},${j}`,
    backward = ["backward", "update"].includes(list[now - 1].phase);
  const of = (kind, name, x) =>
    list.findIndex(
      (part) =>
        part.kind === kind &&
        part.l === l &&
        part.j === j &&
        (name === undefined || part[name] === x),
    ) + 1 || Infinity;
  return {
    bias: of("F bias") <= now,
    value: (known.value.get(at) ?? Infinity) <= now,
    backward,
    product: (k) => Math.min(of("F product", "k", k), known.value.get(at) ?? Infinity) <= now,
    user: (u) => Math.min(of("B user", "u", u), known.arrives.get(at) ?? Infinity) <= now,
    arrives: (known.arrives.get(at) ?? Infinity) <= now,
    delta: (known.delta.get(at) ?? Infinity) <= now,
    gradient: (index) => (known.gradient.get(index) ?? Infinity) <= now,
    input: (k) => l === 0 || (known.value.get(`${l - 1},${k}`) ?? Infinity) <= now,
    all: now >= known.all,
  };
}

function markBoxes(svg, part, l, j, seen) {
  const { shown } = rowsOf(l, j),
    mine = part.l === l && part.j === j,
    row = (k) => (k === null || k === undefined ? "b" : `w${shown.indexOf(k)}`);
  const now = !mine
    ? ""
    : {
        "F bias": "b",
        "F product": `p${shown.indexOf(part.k)}`,
        "F act": "a",
        "B user": `u${part.u}`,
        "B added": "a",
        "B act": "a",
        "B weight": row(part.k),
        "B bias": "b",
        U1: row(part.k),
      }[part.kind];
  for (const box of svg.querySelectorAll("[data-node]")) {
    const name = box.dataset.node;
    box.classList.toggle("now", name === now);
    const known =
      seen.backward &&
      (name === "a"
        ? seen.arrives
        : name === "s"
          ? seen.delta
          : name === "b"
            ? seen.gradient(engine.layers[l].biases + j)
            : name[0] === "w"
              ? seen.gradient(
                  engine.layers[l].weights + j * engine.layers[l].inputs + shown[name.slice(1)],
                )
              : name[0] === "u"
                ? seen.user(Number(name.slice(1)))
                : false);
    box.classList.toggle("known", known);
  }
}

/** Forward the edges point to the right; backward, those that a gradient has come through, to the left. */
function markEdges(svg, n, seen) {
  const most = Math.max(...n.users.map((user) => Math.abs(user.arrives))) || 1;
  for (const edge of svg.querySelectorAll("[data-edge]")) {
    const name = edge.dataset.edge,
      line = edge.querySelector(".line");
    const back =
      seen.backward &&
      (name === "s"
        ? seen.delta
        : name === "b"
          ? seen.gradient(n.biasAt)
          : name === "u"
            ? seen.arrives
            : name[0] === "u"
              ? seen.user(Number(name.slice(1)))
              : /^(p|xw)/.test(name)
                ? seen.gradient(n.at[name.replace(/\D+/, "")])
                : false);
    const forth =
      !seen.backward &&
      (name === "s"
        ? seen.value
        : /^s\d/.test(name)
          ? false
          : name === "b"
            ? seen.bias || seen.value
            : /^(p|xw)/.test(name)
              ? seen.product(Number(name.replace(/\D+/, "")))
              : false);
    edge.classList.toggle("back", back);
    edge.classList.toggle("forth", forth);
    if (name[0] === "u")
      attributes(line, {
        "stroke-width": back
          ? (
              1 +
              4 * Math.sqrt(Math.abs(n.users[Number(name.slice(1)) || 0]?.arrives || 0) / most)
            ).toFixed(1)
          : null,
      });
  }
}

/** The point on the activation's curve, and its tangent: a flat one explains a lost gradient by itself. */
function drawActivation(plot, n, seen) {
  const point = plot.querySelector(".point"),
    tangent = plot.querySelector(".tangent");
  if (!seen.value || !finite(n.value)) {
    attributes(point, { cx: null, cy: null });
    return attributes(tangent, { d: null });
  }
  const [x0, x1] = plot.dataset.x.split(" ").map(Number),
    [y0, y1] = plot.dataset.y.split(" ").map(Number),
    [x, y, w, h] = plot.dataset.box.split(" ").map(Number);
  const px = x + w * Math.max(0, Math.min(1, (n.z - x0) / (x1 - x0))),
    py = y + h * Math.max(0, Math.min(1, (y1 - n.value) / (y1 - y0)));
  const rise = (((-n.slope * h) / (y1 - y0)) * (x1 - x0)) / w,
    half = 17 / Math.hypot(1, rise);
  attributes(point, { cx: px, cy: py });
  attributes(tangent, { d: `M${px - half} ${py - half * rise}L${px + half} ${py + half * rise}` });
}
