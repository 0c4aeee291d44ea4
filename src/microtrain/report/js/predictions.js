// What the network says of each sample, and what it should say: a list, with the error as a bar.

let shownForm = null;

/** Whether its loss goes by the error: how far one output is from a number that is the target. */
const hasError = (set) => set.loss.takes === "numbers" && set.outputs === 1;

/** Which forms this data has: two inputs are a plane, one input is a curve, all are a list. */
function formsOf(set) {
  if (page.live && set.inputs === 2 && set.plane && (set.outputs === 1 || set.classes))
    return ["plane", "list"];
  if (set.inputs === 1 && set.outputs === 1 && set.plane) return ["fit", "list"];
  return ["list"];
}

function setUpPredictions() {
  onClick("forms", (event) => {
    shownForm = event.target.closest("button")?.value ?? shownForm;
  });
  on("samples", "click", (event) => {
    const row = event.target.closest("tr");
    if (row?.dataset.sample) chooseSample(Number(row.dataset.sample));
  });
  on("samples", "keydown", (event) => {
    const row = event.target.closest("tr"),
      by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!row || !by) return;
    event.preventDefault();
    event.stopPropagation();
    const next = (Number(row.dataset.sample) + by + engine.set.xs.length) % engine.set.xs.length;
    chooseSample(next);
    $("samples").children[next].focus();
  });
}

function chooseSample(i) {
  act(() => {
    state.sample = i;
    if (state.view !== "run") restartWalk();
  });
  if (!seenAt(head()).includes(i)) remark($("fresh"), `This step does not see sample ${i}.`);
}

/** How many predictions are on the wrong side at a step; of 0 where there are no classes. */
function wrongAt(one, k) {
  const count = { wrong: 0, of: 0 };
  for (let i = 0; i < engine.set.xs.length; i++) {
    const fits = one.engine.fits(one.outputs(k, i), i);
    if (fits === null) continue;
    count.of++;
    count.wrong += !fits;
  }
  return count;
}

function drawPredictions() {
  const set = engine.set,
    forms = formsOf(set),
    k = head();
  const form = forms.includes(shownForm) ? shownForm : forms[0];
  $("forms").hidden = forms.length === 1;
  const button = (value) =>
    make("button", { type: "button", value }, value === "fit" ? "curve" : value);
  if (outdated($("forms"), forms)) $("forms").replaceChildren(...forms.map(button));
  [...$("forms").children].forEach((button) =>
    button.setAttribute("aria-pressed", button.value === form),
  );
  $("list").hidden = form !== "list";
  $("plane").hidden = form !== "plane";
  $("fit").toggleAttribute("hidden", form !== "fit");
  $("predictions").dataset.form = set.classes && form === "list" ? "classes" : form;
  drawLoss(set, k); // words come first: a picture has the room that they leave
  if (form === "list") drawList(set, k);
  else if (form === "plane") drawPlane(set, k);
  else drawFit(set, k);
}

function drawLoss(set, k) {
  const loss = run.fullLoss(k),
    words = set.loss.many || `each sample's ${set.loss.name}`;
  const { wrong, of } = wrongAt(run, k),
    fresh = page.live ? engine.fresh(run.parameters(k)) : null;
  rich(
    $("loss"),
    set.xs.length === 1
      ? `Loss = ${set.loss.name} = {${short(loss)}}`
      : `Loss = ${run.config.mean ? "mean" : "sum"} of ${words} = {${short(loss)}}`,
  );
  $("loss").dataset.value = loss;
  const right = of > 8 ? `${of - wrong} of ${of} right. ` : "",
    { batch, mean } = run.config,
    what = batch === 1 ? "loss of one sample" : `${mean ? "mean" : "summed"} loss of ${batch} samples`,
    noise =
      batch === null
        ? ""
        : `Each dot of the curve is the ${what}, others at each step; the line is that of all. `;
  const kept = run.frame(k), // of a long run that was recorded, not each step is
    nearest = kept === k ? "" : `Shown as it was at step ${kept}, the nearest that was kept. `;
  say(
    $("fresh"),
    nearest + noise + right + (fresh ? `New points, not trained on: ${fresh.right} of ${fresh.of} right.` : ""),
  );
  $("fresh").hidden = !$("fresh").textContent;
}

/** Where a target or an output stands on the bars: the targets, and a fifth more on each side. */
function barScale(set) {
  const targets = set.ys.flat(),
    low = Math.min(...targets),
    high = Math.max(...targets),
    margin = 0.2 * (high - low || 1);
  return (x) => (finite(x) ? 4 + (92 * (x - low + margin)) / (high - low + 2 * margin) : MIDDLE);
}

const MIDDLE = 50;

/** What stands for an output: a dot, or where there is no room for it an arrow to where it is. */
function dotAt(x) {
  if (x > 96) return "M90 6l7 6-7 6z";
  if (x < 4) return "M10 6l-7 6 7 6z";
  return `M${(x - 5).toFixed(1)} 12a5 5 0 1 0 10 0a5 5 0 1 0-10 0z`;
}

/** Whether the class is right; null where that says nothing: of an error larger than between classes. */
function markOf(set, output, i) {
  const fits = engine.fits(output, i);
  if (!fits || set.level === null || !hasError(set)) return fits;
  set.apart ??= Math.max(...set.ys.flat()) - Math.min(...set.ys.flat());
  return Math.abs(output[0] - set.ys[i][0]) > set.apart ? null : fits;
}

function drawList(set, k) {
  const body = $("samples");
  if (outdated(body, state.data)) {
    body.replaceChildren(...set.xs.map((_, i) => listRow(set, i)));
    const error = set.loss.takes === "sign" ? "missing" : "error";
    say($("bars-head"), set.classes ? "classes" : set.outputs > 1 ? "output 0" : error);
    const names = set.classes < 5 && set.labels?.map((name) => shortened(name, 16)).join(", "),
      inOrder = names ? `; from the top: ${names}` : "";
    say($("share-told"), (set.loss.takes === "class" ? "its share" : "its output, from 0 to 1") + inOrder);
    say($("error-told"), error);
    say($("mark-told"), set.level === null ? "" : `\u2713 right side of ${plain(set.level)}`);
  }
  const at = barScale(set),
    shown = shownSample(k),
    seen = new Set(seenAt(k));
  set.xs.forEach((_, i) => {
    const row = body.children[i];
    drawRow(set, row, run.outputs(k, i), run.sampleLoss(k, i), i, at);
    attributes(row, {
      "aria-selected": i === shown,
      tabindex: i === shown ? 0 : -1,
      title: seen.has(i) ? null : "This step does not see this sample.",
    });
  });
}

function listRow(set, i) {
  const picture = document.createElementNS(SVG, "svg");
  attributes(picture, { viewBox: "0 0 100 24", class: "bar", "aria-hidden": "true" });
  if (set.classes) {
    const pitch = 22 / set.classes;
    attributes(picture, { preserveAspectRatio: "none" });
    for (let c = 0; c < set.classes; c++) {
      const place = { x: 2, y: 1 + c * pitch, height: pitch - 2 };
      shape(picture, "rect", { class: `class c${c % 3}`, ...place, width: 0 });
      if (set.ys[i][c] === 1) shape(picture, "rect", { class: "wanted", ...place, width: 96 });
    }
  } else {
    const x = barScale(set)(set.ys[i][0]);
    shape(picture, "path", { class: "axis", d: `M4 12H96M${MIDDLE} 8v8` });
    shape(picture, "rect", { class: "error", y: 10, height: 4 });
    shape(picture, "path", { class: "says" });
    shape(picture, "path", { class: "wanted", d: `M${x} 5l6 7-6 7-6-7z` });
  }
  const cells = ["index", "picture", "says", "wanted", "mark", "cost"].map((name) =>
    make("td", { class: name }),
  );
  cells[1].append(picture);
  cells[0].append(String(i));
  cells[3].append(targetText(set, set.ys[i]));
  return make("tr", { "data-sample": i, tabindex: -1 }, ...cells);
}

function drawRow(set, row, outputs, loss, i, at) {
  const [, picture, says, , mark, cost] = row.children,
    fits = markOf(set, outputs, i);
  if (set.classes) {
    const shares = sharesOf(set, outputs);
    picture
      .querySelectorAll(".class")
      .forEach((bar, c) => attributes(bar, { width: (96 * shares[c]).toFixed(1) }));
  } else {
    const x = at(outputs[0]),
      y = at(set.ys[i][0]),
      end = Math.max(4, Math.min(96, x));
    attributes(picture.querySelector(".error"), {
      x: Math.min(end, y).toFixed(1),
      width: loss === 0 ? 0 : Math.abs(end - y).toFixed(1), // none beyond the margin of a hinge
    });
    const dot = picture.querySelector(".says");
    attributes(dot, { d: dotAt(x) });
    paint(dot, outputs[0]);
  }
  say(
    says,
    saidText(set, outputs, (x) => fixed(x)),
  );
  says.dataset.value = outputs[0];
  say(mark, fits === null ? "" : fits ? "\u2713" : "\u2717");
  mark.className = `mark ${fits ? "good" : "bad"}`;
  attributes(mark, { "aria-label": fits === null ? null : fits ? "right" : "wrong" });
  say(cost, loss < 10 ? fixed(loss, 3) : short(loss, 3));
}

const className = (set, c) => set.labels?.[c] ?? `class ${c}`;

/** The target of a sample: a class, or numbers. */
const targetText = (set, y) =>
  set.classes ? className(set, y.indexOf(1)) : Array.from(y, (x) => plain(x, 4)).join(", ");

/** What the network says of a sample: a class, or numbers, each shown so. */
const saidText = (set, outputs, show) =>
  set.classes
    ? className(set, outputs.indexOf(Math.max(...outputs)))
    : Array.from(outputs, show).join(", ");

/** The shares of the classes: by softmax, if that is how the loss sees them, else the outputs as they are. */
function sharesOf(set, outputs) {
  if (set.loss.takes !== "class")
    return Array.from(outputs, (x) => Math.max(0, Math.min(1, x || 0)));
  const most = Math.max(...outputs),
    powers = Array.from(outputs, (x) => Math.exp(x - most)),
    total = powers.reduce((a, b) => a + b, 0);
  return powers.map((x) => x / total);
}

/** Fill a node by the number in it: blue where positive, orange where negative, deeper where large. */
function paint(node, value) {
  const share = finite(value) ? Math.min(1, Math.abs(value)) : 0;
  node.classList.toggle("odd", !finite(value));
  node.style.setProperty("--share", share.toFixed(3));
  node.classList.toggle("minus", value < 0);
}
