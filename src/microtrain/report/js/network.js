// The network: its numbers in circles, its weights as lines; in the walk with gradients and the loss.

/** The lines: weights by their sign and size, or what each weight's gradient is. */
function drawLines(svg, at, p, gradients, known) {
  const numbers = gradients || p,
    ofWeights = engine.layers.flatMap((layer) => [...numbers.slice(layer.weights, layer.biases)]);
  const most = ofWeights.reduce((a, x) => (finite(x) ? Math.max(a, Math.abs(x)) : a), 0) || 1;
  const thick = at.small ? 3 : 5;
  for (const line of svg.querySelector(".lines").children) {
    if (line.classList.contains("to-loss")) continue;
    const index = Number(line.dataset.index),
      x = numbers[index],
      seen = !known || known(index);
    line.classList.toggle("minus", seen && x < 0);
    line.classList.toggle("gradient", Boolean(gradients) && seen);
    line.classList.toggle("waiting", !seen);
    line.classList.toggle("odd", !finite(x));
    line.classList.toggle("chosen", index === state.weight);
    attributes(line, {
      "stroke-width": (finite(x) && seen
        ? 0.6 + (thick - 0.6) * Math.sqrt(Math.abs(x) / most)
        : 0.8
      ).toFixed(2),
      "data-value": seen ? x : null,
    });
  }
}

function drawNetwork() {
  const svg = $("network"),
    k = head(),
    sample = shownSample(k);
  if (!engine.layers) return;
  const p = run.parameters(k),
    flat = engine.flat(p);
  networkWords(flat, sample); // they come first: the picture has the room that they leave
  const { width, height } = sizeOf(svg);
  if (!width) return;
  const at = networkLayout(width, height, false),
    values = engine.forward(p, sample),
    x = engine.set.xs[sample],
    gradients = run.gradients(k);
  frameNetwork(svg, at);
  drawLines(svg, at, p, state.byGradient ? gradients : null);
  for (const node of svg.querySelectorAll(".node")) {
    const [l, j] = placeIn(node),
      value = l < 0 ? x[j] : values[l][j];
    say(node.lastChild, at.small ? "" : l < 0 ? inInput(value) : inNode(value));
    node.dataset.value = value;
    if (l >= 0) {
      paint(node.querySelector(".body"), value);
      node.classList.toggle("flat-everywhere", isFlat(flat[l][j]));
      node.classList.toggle("dead", flat[l][j] === 0);
      attributes(node, { "data-bias": p[engine.layers[l].biases + j] });
    }
    attributes(node, { "aria-label": toldNode(l, j, value, p, gradients, flat) });
  }
  drawFollowed(svg);
  drawChip(svg, at, state.byGradient ? gradients : p);
  focusable(svg);
}

/** What the network's picture shows, in words. */
function networkWords(flat, sample) {
  say($("network-title"), `The network, for sample ${sample}`);
  const circle = crowded()
      ? "Blue: an output above 0, orange: below."
      : "Number in a circle: its output.",
    line = !state.byGradient
      ? "a weight"
      : state.zeroGrad
        ? `how the loss of ${isWhole() ? "all samples" : "this batch"} changes with this weight`
        : "what this weight\u2019s gradient holds, with all that is left over",
    look = `solid +, dashed ${MINUS}; thickest: largest`,
    biases = state.byGradient ? "" : " Biases are not drawn.";
  say($("network-legend"), `${circle} Line: ${line} (${look}).${biases}${flatLegend(flat)}`);
  for (const [id, chosen] of [
    ["by-weight", !state.byGradient],
    ["by-gradient", state.byGradient],
  ])
    attributes($(id), { "aria-pressed": chosen });
}

const isFlat = (slope) => slope > 0 && slope < 0.01;
const isDead = (activation) => (activation === "relu" ? "off" : "flat to the last digit");

/** What the marks of neurons mean that learn hardly, or nothing, from any sample. */
function flatLegend(flat) {
  const dead = new Set(
    engine.layers.filter((_, l) => flat[l].includes(0)).map(({ activation }) => isDead(activation)),
  );
  const dotted = dead.size
    ? ` Dotted: ${[...dead].join(" or ")} for every sample, it learns nothing.`
    : "";
  return flat.some((layer) => layer.some(isFlat))
    ? `${dotted} Bar below: nearly flat for every sample, it hardly learns.`
    : dotted;
}

function toldNode(l, j, value, p, gradients, flat) {
  if (l < 0) return `Input ${j}: ${short(value)}`;
  const layer = engine.layers[l],
    at = layer.weights + j * layer.inputs,
    weights = Array.from(p.slice(at, at + layer.inputs), (w) => short(w, 3));
  const slope = flat[l][j],
    dead =
      slope === 0
        ? `, ${isDead(layer.activation)} for every sample`
        : isFlat(slope)
          ? ", nearly flat for every sample"
          : "";
  return `${capital(nodeName(l, j))}: output ${short(value, 3)}${dead}; weights ${weights.join(", ")}; bias ${short(p[layer.biases + j], 3)}; gradient of the bias ${short(gradients[layer.biases + j], 3)}`;
}

/** The followed weight's line once more, on top of all others and with a rim. */
function drawFollowed(svg) {
  const line = svg.querySelector(".weight.chosen"),
    ends = ["x1", "y1", "x2", "y2"].map((name) => [name, line?.getAttribute(name) ?? 0]),
    wide = Number(line?.getAttribute("stroke-width") ?? 0);
  for (const [i, copy] of [...svg.querySelectorAll(".followed")].entries()) {
    attributes(copy, { ...Object.fromEntries(ends), "stroke-width": wide + [4.5, 2.5, 0][i] });
    for (const name of ["minus", "gradient", "odd"])
      copy.classList.toggle(name, Boolean(line?.classList.contains(name)));
  }
}

let chipAt = null;
/** The followed weight's name, and its number or gradient, on its line, if there is room. */
function drawChip(svg, at, numbers) {
  const chip = svg.querySelector(".chip"),
    line = svg.querySelector(".weight.chosen");
  const name = engine.names[state.weight],
    [box, label] = chip.children;
  if (outdated(chip, state.weight, state.byGradient))
    // with room for most numbers, so that it stays as they change
    chipAt = at.width < 420 ? null : chipPlace(svg, at, line, state.byGradient ? 42 : 36);
  chip.toggleAttribute("hidden", !chipAt);
  if (!chipAt) return;
  const [x, y] = chipAt;
  const texts = [
      name,
      (state.byGradient ? `${ARROW_LEFT} ` : "") + short(numbers[state.weight], 3),
    ],
    half = 5 + 3.6 * Math.max(...texts.map((text) => text.length));
  attributes(box, { x: x - half, y: y - 16, width: 2 * half });
  chip.classList.toggle("gradient", state.byGradient);
  texts.forEach((text, i) => {
    attributes(label.children[i], { x, y: y - 3 + 13 * i });
    say(label.children[i], text);
  });
}

/** Which neuron a parameter belongs to, and which input (null: it is the bias). */
function placeOf(index) {
  const l = engine.layers.findIndex((layer) => index < layer.biases + layer.n),
    layer = engine.layers[l];
  if (index >= layer.biases) return { l, j: index - layer.biases, k: null };
  return {
    l,
    j: Math.floor((index - layer.weights) / layer.inputs),
    k: (index - layer.weights) % layer.inputs,
  };
}

let focused = [0, 0];
function focusable(svg) {
  for (const node of svg.querySelectorAll(".node"))
    attributes(node, { tabindex: placeIn(node).join() === focused.join() ? 0 : -1 });
}

function setUpNetwork() {
  for (const id of ["network", "where"]) {
    on(id, "click", pickInNetwork);
    on(id, "keydown", moveInNetwork);
  }
  for (const id of ["by-weight", "by-gradient"])
    onClick(id, () => {
      state.byGradient = id === "by-gradient";
    });
}

function pickInNetwork(event) {
  const { index } = event.target.closest("[data-index]")?.dataset || {},
    node = event.target.closest(".node");
  if (index !== undefined) follow(Number(index));
  else if (node?.dataset.layer >= 0) pickNode(...placeIn(node));
}

function moveInNetwork(event) {
  const node = event.target.closest(".node");
  if (!node || event.ctrlKey || event.metaKey) return;
  let [l, j] = placeIn(node);
  const by = { ArrowUp: -1, ArrowDown: 1 }[event.key],
    to = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  if (event.key === "Enter" && l >= 0) enterNeuron(l, j);
  else if (by && event.shiftKey && l >= 0) followNext(l, j, by);
  else if (by || to) {
    const sizes = [engine.set.inputs, ...engine.layers.map((layer) => layer.n)];
    l = Math.max(-1, Math.min(sizes.length - 2, l + (to || 0)));
    j = Math.max(0, Math.min(sizes[l + 1] - 1, HUGE - 1, j + (by || 0)));
    focused = [l, j];
    focusable(event.currentTarget);
    event.currentTarget.querySelector(`[data-layer="${l}"][data-neuron="${j}"]`).focus();
  } else return;
  event.preventDefault();
  event.stopPropagation();
}

/** Follow another parameter: in the strip, and in the walk. */
function follow(index) {
  act(() => {
    state.weight = index;
    if (state.view !== "run") restartWalk();
  });
}

function followNext(l, j, by) {
  const own = parametersOf(l, j),
    place = own.indexOf(state.weight);
  follow(own[(Math.max(place, by < 0 ? 0 : place) + by + own.length) % own.length]);
}

/** A click on a neuron: in the walk it is opened, in the run its first weight is followed. */
function pickNode(l, j) {
  if (state.view !== "run") return act(openNeuron, l, j);
  focused = [l, j];
  follow(parametersOf(l, j)[0]);
}

/** Enter on a neuron: the walk, with this neuron open; a weight of it that is followed stays so. */
function enterNeuron(l, j) {
  act(() => {
    if (state.view === "run") {
      if (!parametersOf(l, j).includes(state.weight)) [state.weight] = parametersOf(l, j);
      enterWalk();
    }
    if (state.view !== "run") openNeuron(l, j);
  });
}
