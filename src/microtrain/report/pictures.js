"use strict";
// The pictures: the network, the curves, the plane of two inputs.

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
