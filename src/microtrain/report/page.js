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
    : `The derivative of the loss with respect to ${name} is {${slope}}. The whole gradient has length {${number(run.norms[k])}}.`);
  const after = run.after[f] ? run.after[f][i] : f + 1 < run.steps.length ? run.parameters[f + 1][i] : null;
  const stopped = k === last && { converged: "The loss is below the target", diverged: "The loss is no longer a finite number" }[run.status];
  tell($("update"), stopped ? `${name} = {${value}}. ${stopped}: no update is made.`
    : `${name} = {${value}} ${MINUS} {${plain(run.lrs[k])}} \u00d7 {${signed(slope)}} = {${value}} ${MINUS} {${signed(number(run.moves[f][i]))}} = {${exact(after)}}`);
}
function lossInWords(parts, total, sample) {
  const sum = `{${number(total, 5)}}`, mean = data.reduction === "mean";
  if (!data.wholeBatch) return `of the samples in this step's mini-batches it is ${sum}. (Sample ${sample} alone has {${number(parts[sample])}})`;
  if (parts.length > 6) return `the ${mean ? "mean" : "sum"} over ${parts.length} samples is ${sum}; sample ${sample} has {${number(parts[sample])}}`;
  const added = parts.map((x) => `{${signed(number(x))}}`).join(" + ");
  return mean && parts.length > 1 ? `(${added}) / ${parts.length} is ${sum}` : parts.length > 1 ? `${added} is ${sum}` : sum;
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
