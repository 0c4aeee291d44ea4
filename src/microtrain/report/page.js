"use strict";
// Shows what was recorded: what is computed here are places on the screen, and how many samples fit.
const data = JSON.parse(document.getElementById("data").textContent);
const $ = (id) => document.getElementById(id);
const state = { run: 0, frame: 0, parameter: 0, sample: 0, timer: null, printing: false, shown: new Set() };

const SVG = "http://www.w3.org/2000/svg";
function element(parent, name, attributes = {}, text = null) {
  const svg = parent.namespaceURI === SVG || name === "svg";
  const made = svg ? document.createElementNS(SVG, name) : document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text !== null) made.textContent = text;
  parent.appendChild(made);
  return made;
}
const finite = (x) => x !== null && Number.isFinite(x);
const MINUS = "\u2212";
function number(x, digits = 4) {
  if (!finite(x)) return "not finite";
  if (x === 0) return "0";
  const size = Math.abs(x);
  const text = size < 1e-3 || size >= 1e5 ? x.toExponential(digits - 2) : x.toPrecision(digits);
  return text.replace("-", MINUS).replace("e-", "e" + MINUS);
}
const plain = (x) => (typeof x === "string" ? x : finite(x) ? String(Number(x.toPrecision(6))).replace("-", MINUS) : "not finite");
const signed = (text) => (text.startsWith(MINUS) ? `(${text})` : text);
const exact = (x) => number(x, data.digits);
const dashes = ["none", "2 3", "9 3 2 3"];  // when the colours have all been used, and once more
const dash = (run) => (run.forgot ? "7 4" : dashes[Math.floor(run.colour / 7) % 3]);
const colour = (run) => `var(--c${run.colour % 7})`;
const current = () => data.runs[state.run];
const place = () => current().steps[state.frame];
// Text in which pieces in braces are set as numbers.
function tell(node, text) {
  node.textContent = "";
  for (const [i, piece] of text.split(/[{}]/).entries()) {
    if (i % 2) element(node, "span", { class: "number" }, piece);
    else node.append(piece);
  }
}

// Which run, which step.

const rates = [...new Set(data.runs.map((run) => run.label))];
const runOf = (label, forgot) => data.runs.findIndex((run) => run.label === label && run.forgot === forgot);
function setUp() {
  for (const [i, label] of rates.entries()) {
    const run = data.runs.find((one) => one.label === label);
    const pill = element($("choice"), "label", { class: "pill", style: `color: ${colour(run)}` });
    const radio = element(pill, "input", { type: "radio", name: "rate", value: i });
    pill.append(" " + label);
    radio.addEventListener("change", () => choose(label, $("forgot").checked));
  }
  $("forgetting").hidden = !data.runs.some((run) => run.forgot);
  $("forgot").addEventListener("change", () => choose(current().label, $("forgot").checked));
  if (data.runs.some((run) => run.steps.length < run.losses.length)) {
    const most = Math.max(...data.runs.map((run) => run.losses.length)), shown = Math.max(...data.runs.map((run) => run.steps.length));
    $("thinned").textContent = `Of up to ${most} steps of a run, up to ${shown} are shown: the first ones, and some of the rest.`;
    $("thinned").hidden = false;
  }
  $("step").addEventListener("input", () => { pause(); go(Number($("step").value)); });
  $("back").addEventListener("click", () => { pause(); go(state.frame - 1); });
  $("forth").addEventListener("click", () => { pause(); go(state.frame + 1); });
  $("play").addEventListener("click", () => (state.timer ? pause() : play()));
  for (const [i, name] of data.names.entries()) element($("parameter"), "option", { value: i }, name);
  $("parameter").addEventListener("change", () => { state.parameter = Number($("parameter").value); draw(); });
  $("gradients").addEventListener("change", draw);
  for (const i of data.xs.keys()) element($("sample"), "option", { value: i }, String(i));
  $("sample").addEventListener("change", () => { state.sample = Number($("sample").value); draw(); });
  for (const box of document.querySelectorAll("#runs input")) {
    const i = Number(box.value);
    if (box.checked) state.shown.add(i);
    box.addEventListener("change", () => { box.checked ? state.shown.add(i) : state.shown.delete(i); draw(); });
    element(box.parentNode, "span", { class: "swatch", style: `background: ${colour(data.runs[i])}` });
  }
  $("network").hidden = !data.network;
  $("plane").hidden = !data.grid;
  $("stability").hidden = !data.runs.some((run) => run.edge.length);
  if (!data.network) $("predictions").querySelector("figcaption").append($("parameter").parentNode);
}
function choose(label, forgot) {
  const before = place();
  let run = runOf(label, forgot);
  if (run < 0) run = runOf(label, false);
  state.run = run < 0 ? runOf(label, true) : run;
  const steps = current().steps;  // stay at the step, or as near to it as there is one
  state.frame = steps.reduce((best, step, i) => (Math.abs(step - before) < Math.abs(steps[best] - before) ? i : best), 0);
  state.shown.add(state.run);
  draw();
}
function go(frame) {
  state.frame = Math.max(0, Math.min(current().steps.length - 1, frame));
  draw();
}
function play() {
  if (state.frame >= current().steps.length - 1) go(0);
  const pause_between = Math.max(40, Math.min(250, 12000 / current().steps.length));
  state.timer = setInterval(() => {
    if (state.frame >= current().steps.length - 1) pause();
    else go(state.frame + 1);
  }, pause_between);
  showPlaying();
}
function pause() {
  clearInterval(state.timer);
  state.timer = null;
  showPlaying();
}
function showPlaying() {
  $("play").textContent = state.timer ? "Pause" : "Play";
}

// What is shown at a step.

function draw() {
  const run = current(), k = place(), last = run.losses.length - 1;
  $("step").max = run.steps.length - 1;
  $("step").value = state.frame;
  $("step").setAttribute("aria-valuetext", `step ${k} of ${last}, loss ${number(run.losses[k])}`);
  $("position").textContent = `step ${k} of ${last}`;
  $("forgot").checked = run.forgot;
  $("momentum").hidden = !run.forgot;
  $("parameter").value = state.parameter;
  $("sample").value = state.sample;
  document.querySelectorAll("#choice input").forEach((radio, i) => { radio.checked = rates[i] === run.label; });
  document.querySelectorAll("#runs input").forEach((box) => {
    box.checked = state.shown.has(Number(box.value));
    box.closest("tr").classList.toggle("current", Number(box.value) === state.run);
  });
  drawSteps(run, k, last);
  if (data.network) drawNetwork(run);
  if (data.grid) drawPlane(run);
  drawSamples(run);
  drawLines($("curve"), "Descent curve", (one) => one.losses.map((y, step) => [step, y]), null, "loss");
  if (!$("stability").hidden)
    drawLines($("edge"), "Learning rate times sharpness", (one) => one.edge, 2, "lr \u00d7 sharpness");
}
const list = (x, show = number) => (Array.isArray(x) ? `[${x.map((part) => show(part)).join(", ")}]` : show(x));

function drawSteps(run, k, last) {
  const i = state.parameter, f = state.frame, s = state.sample;
  const name = data.names[i];
  const value = exact(run.parameters[f][i]), slope = number(run.gradients[f][i]);
  tell($("forward"), `For sample ${s}, the network says {${list(run.predictions[f][s])}}. The target is {${list(data.ys[s], plain)}}.`);
  tell($("loss"), `${data.loss}: ${lossInWords(run.sampleLosses[f], run.losses[k], s)}.`);
  tell($("backward"), run.forgot
    ? `Nobody reset the gradients, so those of all steps so far have added up: for ${name}, to {${slope}}. The whole has length {${number(run.norms[k])}}.`
    : `The derivative of the loss by ${name} is {${slope}}. The whole gradient has length {${number(run.norms[k])}}.`);
  const after = run.after[f] ? run.after[f][i] : f + 1 < run.steps.length ? run.parameters[f + 1][i] : null;
  const stopped = k === last && { converged: "The loss is below the target", diverged: "The loss is no longer a finite number" }[run.status];
  tell($("update"), stopped ? `${name} = {${value}}. ${stopped}: no update is made.`
    : `${name} = {${value}} ${MINUS} {${plain(run.lrs[k])}} \u00d7 {${signed(slope)}} = {${value}} ${MINUS} {${signed(number(run.moves[f][i]))}} = {${exact(after)}}`);
}
function lossInWords(parts, total, sample) {
  const sum = `{${number(total, 5)}}`, mean = data.reduction === "mean";
  if (!data.wholeBatch) return `of the samples in this step's mini-batches it is ${sum}. (Sample ${sample} alone has {${number(parts[sample])}}`+ ")";
  if (parts.length > 6) return `the ${mean ? "mean" : "sum"} over ${parts.length} samples is ${sum}; sample ${sample} has {${number(parts[sample])}}`;
  const added = parts.map((x) => `{${signed(number(x))}}`).join(" + ");
  return mean && parts.length > 1 ? `(${added}) / ${parts.length} is ${sum}` : parts.length > 1 ? `${added} is ${sum}` : sum;
}

function drawNetwork(run) {
  const svg = $("net"), { inputs, layers, activations } = data.network;
  const byGradient = $("gradients").checked;
  const values = (byGradient ? run.gradients : run.parameters)[state.frame];
  const columns = [inputs, ...layers.map((layer) => layer.length)];
  const tallest = Math.max(...columns);
  const width = Math.max(260, svg.clientWidth || 560), height = Math.max(200, Math.min(380, 52 * tallest)) + 40;
  const radius = Math.max(4, Math.min(13, (height - 60) / tallest / 2.6));
  const x = (column) => 56 + (column * (width - 124)) / (columns.length - 1);
  const y = (column, i) => 14 + ((height - 54) * (i + 0.5)) / columns[column];
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  svg.textContent = "";
  const largest = Math.max(...values.map((v) => (finite(v) ? Math.abs(v) : 0))) || 1;
  const thickness = (v) => (finite(v) ? 0.3 + (data.names.length > 100 ? 1.8 : 6) * Math.sqrt(Math.abs(v) / largest) : 0.4);
  const tone = (v) => (v >= 0 ? "var(--positive)" : "var(--negative)");
  const pick = (node, index) => {
    element(node, "title", {}, `${data.names[index]}: ${number(run.parameters[state.frame][index])}, gradient ${number(run.gradients[state.frame][index])}`);
    node.addEventListener("click", () => { state.parameter = index; draw(); });
  };
  const chosen = [];
  layers.forEach((layer, l) => layer.forEach((neuron, j) => neuron.weights.forEach((index, i) => {
    const line = { x1: x(l) + radius, y1: y(l, i), x2: x(l + 1) - radius, y2: y(l + 1, j) };
    if (index === state.parameter) chosen.push(line);
    element(svg, "line", { ...line, class: "link", stroke: tone(values[index]), "stroke-width": thickness(values[index]), opacity: 0.85 });
    if (radius > 8) pick(element(svg, "line", { ...line, class: "reach" }), index);
  })));
  for (const line of chosen) element(svg, "line", { ...line, class: "chosen", "stroke-width": 2, "stroke-dasharray": "2 3" });
  columns.forEach((count, column) => {
    for (let i = 0; i < count; i++) {
      const bias = column ? layers[column - 1][i].bias : null;
      const circle = element(svg, "circle", { cx: x(column), cy: y(column, i), r: radius, class: "neuron" + (column ? " bias" : "") });
      if (column) {
        circle.style.fill = `color-mix(in srgb, ${tone(values[bias])} ${Math.round(70 * Math.sqrt(Math.min(1, Math.abs(values[bias] || 0) / largest)))}%, var(--card))`;
        if (bias === state.parameter) circle.classList.add("chosen");
        pick(circle, bias);
      }
    }
    const title = column ? activations[column - 1] : "inputs";
    element(svg, "text", { x: x(column), y: height - 10, "text-anchor": "middle" }, title);
  });
  const shownInputs = data.xs[state.sample];
  if (radius > 8 && Array.isArray(shownInputs)) {
    shownInputs.forEach((value, i) => element(svg, "text", { x: x(0) - radius - 5, y: y(0, i) + 4, "text-anchor": "end" }, number(value, 2)));
    [].concat(run.predictions[state.frame][state.sample]).forEach((value, i) => element(svg, "text", { x: x(columns.length - 1) + radius + 5, y: y(columns.length - 1, i) + 4, class: "name" }, number(value, 3)));
  }
  svg.setAttribute("aria-label", `Network of ${columns.join(", ")} units; its ${byGradient ? "gradients" : "weights"} at step ${place()}. Chosen: ${data.names[state.parameter]}, ${number(run.parameters[state.frame][state.parameter])}, gradient ${number(run.gradients[state.frame][state.parameter])}.`);
}

function drawSamples(run) {
  const table = $("samples"), f = state.frame;
  const head = table.querySelector("thead"), body = table.querySelector("tbody");
  head.textContent = body.textContent = "";
  const titles = element(head, "tr");
  for (const [title, kind] of [["sample", ""], ["prediction", "number"], ["target", "number"], ["its loss", "number"]])
    element(titles, "th", { scope: "col", class: kind }, title);
  const shown = [...data.xs.keys()];
  for (const i of shown) {
    const row = element(body, "tr", i === state.sample ? { class: "current" } : {});
    element(row, "td", {}, `${i}: ${list(data.xs[i], (x) => plain(Number(x.toPrecision(4))))}`);
    const fits = run.fits[f][i];
    const cell = element(row, "td", { class: "number prediction" + (fits === null ? "" : fits ? " right" : " wrong") }, list(run.predictions[f][i]));
    if (fits !== null) element(cell, "span", { "aria-label": fits ? "fits" : "does not fit" }, fits ? " \u2713" : " \u2717");
    element(row, "td", { class: "number" }, list(data.ys[i], plain));
    element(row, "td", { class: "number" }, number(run.sampleLosses[f][i]));
    row.addEventListener("click", () => { state.sample = i; draw(); });
  }
}

// Round numbers between two, or between those of which they are the logarithms.
function ticks(low, high, log) {
  if (log) {
    const decades = [];
    for (let power = Math.floor(low); power <= high; power++) decades.push(power);
    for (const digits of [[1], [1, 2, 5], [1, 2, 3, 4, 5, 6, 7, 8, 9]]) {
      const found = decades.flatMap((power) => digits.map((digit) => digit * 10 ** power)).filter((x) => Math.log10(x) >= low && Math.log10(x) <= high);
      if (found.length >= 3) return found.filter((_, i) => i % Math.ceil(found.length / 8) === 0);
    }
    [low, high] = [10 ** low, 10 ** high];
  }
  const unit = 10 ** Math.floor(Math.log10(high - low));
  for (const step of [unit * 2, unit, unit / 2, unit / 5]) {
    const found = [];
    for (let i = Math.ceil(low / step); i * step <= high; i++) found.push(i * step);
    if (found.length >= 3) return found;
  }
  return [];
}

function tickText(x) {
  const size = Math.abs(x);
  return size !== 0 && (size < 1e-3 || size >= 1e5) ? x.toExponential().replace(/e[+]?/, "e").replace(/(\.\d{2})\d+/, "$1") : plain(x);
}

function drawLines(svg, title, pointsOf, limit, unit) {
  const width = Math.max(260, svg.clientWidth || 560), height = 290, left = 52, right = 14, top = 24, bottom = 36;
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  svg.textContent = "";
  const ids = [...state.shown].sort((a, b) => (a === state.run) - (b === state.run));
  const lines = ids.map((i) => [i, pointsOf(data.runs[i]).filter(([, y]) => finite(y))]);
  const all = lines.flatMap(([, points]) => points.map(([, y]) => y));
  if (!all.length) {
    element(svg, "text", { x: width / 2, y: height / 2, "text-anchor": "middle" }, "nothing to show");
    svg.setAttribute("aria-label", `${title}: nothing to show at step ${place()}.`);
    return;
  }
  const log = all.every((y) => y > 0);
  const scale = log ? Math.log10 : (y) => y;
  const reach = (ys) => ys.map(scale).reduce(([low, high], y) => [Math.min(low, y), Math.max(high, y)], [Infinity, -Infinity]);
  let [low, high] = reach(limit ? [...all, limit] : all);
  if (log && high - low > 8) {  // too many decades for one picture: the chosen run goes before the others
    const [from, to] = reach(pointsOf(current()).map(([, y]) => y).filter((y) => finite(y) && y > 0).concat(limit || []));
    if (from <= to) {
      const spare = Math.max(0, 8 - (to - from));
      high = Math.min(high, to + spare / 2);
      low = Math.max(low, Math.min(from, high - 8));
    } else low = high - 8;
  }
  const air = (high - low || 1) * 0.04;
  low -= air;
  high += air;
  const end = Math.max(1, ...ids.map((i) => data.runs[i].losses.length - 1));
  const px = (step) => left + ((width - left - right) * step) / end;
  const py = (y) => top + ((height - top - bottom) * (high - scale(y))) / (high - low);
  const visible = (y) => finite(y) && (!log || y > 0) && scale(y) >= low && scale(y) <= high;
  for (const tick of ticks(low, high, log)) {
    element(svg, "line", { x1: left, x2: width - right, y1: py(tick), y2: py(tick), class: "gridline" });
    element(svg, "text", { x: left - 6, y: py(tick) + 4, "text-anchor": "end" }, tickText(tick));
  }
  const inside = `inside-${svg.id}`;
  element(element(svg, "clipPath", { id: inside }), "rect", { x: left, y: top - 3, width: width - left - right + 3, height: height - top - bottom + 6 });
  const stride = [1, 2, 5, 10, 20, 25, 50, 100, 200, 250, 500, 1000, 2000, 5000, 10000].find((s) => end / s <= 8) || end;
  for (let step = 0; step <= end; step += stride)
    element(svg, "text", { x: px(step), y: height - bottom + 16, "text-anchor": "middle" }, step);
  element(svg, "line", { x1: left, x2: width - right, y1: height - bottom, y2: height - bottom, class: "axis" });
  element(svg, "text", { x: width - right, y: height - 4, "text-anchor": "end" }, "step");
  element(svg, "text", { x: 4, y: 12 }, unit);
  if (limit) {
    element(svg, "line", { x1: left, x2: width - right, y1: py(limit), y2: py(limit), class: "limit" });
    element(svg, "text", { x: width - right - 4, y: py(limit) - 5, "text-anchor": "end" }, limit);
  }
  for (const [i, points] of lines) {
    const run = data.runs[i], mine = i === state.run;
    if (!points.length) continue;
    element(svg, "polyline", { points: points.map(([step, y]) => `${px(step).toFixed(1)},${py(y).toFixed(1)}`).join(" "), class: "curve" + (mine ? "" : " faint"), stroke: colour(run), "stroke-dasharray": dash(run), "clip-path": `url(#${inside})` });
    const [step, y] = points[points.length - 1];
    if (visible(y)) element(svg, "circle", { cx: px(step), cy: py(y), r: 2.5, fill: colour(run) });
  }
  const k = place(), points = state.shown.has(state.run) ? pointsOf(current()).filter(([step, y]) => step <= k && finite(y)) : [];
  element(svg, "line", { x1: px(k), x2: px(k), y1: top, y2: height - bottom, class: "here" });
  let now = "none";
  if (points.length) {
    const [step, y] = points[points.length - 1];
    if (visible(y)) element(svg, "circle", { cx: px(step), cy: py(y), r: 5, fill: colour(current()), stroke: "var(--card)", "stroke-width": 2 });
    now = `${number(y)} at step ${step}`;
  }
  svg.setAttribute("aria-label", `${title} of ${ids.length} runs${log ? " on a logarithmic scale" : ""}, at step ${k}. Of the chosen one, ${nameOf(current())}: ${now}.`);
  svg.onclick = (event) => {
    const box = svg.getBoundingClientRect();
    const step = (((event.clientX - box.left) / box.width) * width - left) / ((width - left - right) / end);
    const steps = current().steps;
    pause();
    go(steps.reduce((best, s, i) => (Math.abs(s - step) < Math.abs(steps[best] - step) ? i : best), 0));
  };
}
const nameOf = (run) => run.label + (run.forgot ? ", zero_grad forgotten" : "");

function drawPlane(run) {
  const { columns, rows, across, up } = data.grid;
  const bytes = Uint8Array.from(atob(run.fields[state.frame]), (c) => c.charCodeAt(0));
  const canvas = $("field"), svg = $("points");
  canvas.width = columns;
  canvas.height = rows;
  const context = canvas.getContext("2d"), image = context.createImageData(columns, rows);
  const dark = matchMedia("(prefers-color-scheme: dark)").matches && !state.printing;
  const paper = dark ? [28, 31, 37] : [255, 255, 255];
  const side = (value) => (value >= 0 ? (dark ? [86, 180, 233] : [0, 114, 178]) : (dark ? [242, 151, 75] : [230, 159, 0]));
  const at = (column, row) => (bytes[row * columns + column] - 128) / 127;
  for (let row = 0; row < rows; row++) for (let column = 0; column < columns; column++) {
    const value = at(column, rows - 1 - row), share = 0.12 + 0.4 * Math.abs(value), ink = side(value);
    const start = 4 * (row * columns + column);
    for (let c = 0; c < 3; c++) image.data[start + c] = paper[c] + (ink[c] - paper[c]) * share;
    image.data[start + 3] = 255;
  }
  context.putImageData(image, 0, 0);
  const width = Math.max(260, svg.clientWidth || 560), height = Math.round((width * (up[1] - up[0])) / (across[1] - across[0]));
  svg.setAttribute("viewBox", `0 0 ${width} ${Math.max(200, Math.min(560, height))}`);
  svg.setAttribute("preserveAspectRatio", "none");
  const tall = Math.max(200, Math.min(560, height));
  const px = (x) => (width * (x - across[0])) / (across[1] - across[0]);
  const py = (y) => (tall * (up[1] - y)) / (up[1] - up[0]);
  svg.textContent = "";
  let path = "";  // the line of value 0: cell by cell, between the crossings of its edges
  const cx = (column) => (width * (column + 0.5)) / columns, cy = (row) => tall - (tall * (row + 0.5)) / rows;
  for (let row = 0; row + 1 < rows; row++) for (let column = 0; column + 1 < columns; column++) {
    const corners = [[column, row], [column + 1, row], [column + 1, row + 1], [column, row + 1]];
    const crossings = [];
    for (let e = 0; e < 4; e++) {
      const [a, b] = [corners[e], corners[(e + 1) % 4]], va = at(...a), vb = at(...b);
      if (va >= 0 !== vb >= 0) {
        const t = va / (va - vb);
        crossings.push([cx(a[0] + t * (b[0] - a[0])), cy(a[1] + t * (b[1] - a[1]))]);
      }
    }
    for (let c = 0; c + 1 < crossings.length; c += 2) path += `M${crossings[c].map((v) => v.toFixed(1))}L${crossings[c + 1].map((v) => v.toFixed(1))}`;
  }
  element(svg, "path", { d: path, stroke: "var(--ink)", "stroke-width": 2, fill: "none", "stroke-linecap": "round" });
  let wrong = 0;
  data.xs.forEach((x, i) => {
    const fits = run.fits[state.frame][i];
    if (fits === false) wrong++;
    const positive = data.ys[i] > (data.level || 0), paint = positive ? "var(--positive)" : "var(--negative)";
    const common = { fill: paint, stroke: i === state.sample ? "var(--ink)" : "var(--card)", "stroke-width": i === state.sample ? 3 : 1.5 };
    const dot = positive ? element(svg, "rect", { ...common, x: px(x[0]) - 5, y: py(x[1]) - 5, width: 10, height: 10 })
      : element(svg, "circle", { ...common, cx: px(x[0]), cy: py(x[1]), r: 5.5 });
    dot.addEventListener("click", () => { state.sample = i; draw(); });
    element(dot, "title", {}, `sample ${i}: prediction ${list(run.predictions[state.frame][i])}, target ${list(data.ys[i])}`);
  });
  const told = data.level === null ? "" : ` ${data.xs.length - wrong} of ${data.xs.length} samples are on their side of the boundary.`;
  svg.setAttribute("aria-label", `The plane of the two inputs at step ${place()}.${told}`);
}

setUp();
choose(data.runs[data.first].label, data.runs[data.first].forgot);
function follow() {  // a link such as page.html#step=12
  const wanted = Number((location.hash.match(/^#step=(\d+)$/) || [0, 0])[1]);
  go(current().steps.findLastIndex((step) => step <= wanted));
}
follow();
addEventListener("hashchange", () => { pause(); follow(); });
for (const [event, printing] of [["beforeprint", true], ["afterprint", false]])
  addEventListener(event, () => { state.printing = printing; draw(); });
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
let known = innerWidth;
addEventListener("resize", () => { if (innerWidth !== known) { known = innerWidth; draw(); } });
