// The walk through one step: which part it is at, how it is entered, moved, left, and what is said.

let partTimer = 0,
  chosen = 0, // the sample to come back to
  passedBy = null, // the sample that was shown, if it has no loss to learn from
  traced = { key: null };

/** All numbers of the step at the head, for the chosen sample, with the rate as it is now. */
function tracing() {
  const k = head(),
    key = [run, k, state.sample, rateHere()];
  if (traced.key?.every((x, i) => x === key[i])) return traced.t;
  const t = engine.trace(run.parameters(k), state.sample, {
    lr: rateHere(),
    mean: run.config.mean,
    leftover: run.leftover(k),
    samples: run.batch(k),
  });
  traced = { key, t };
  return t;
}

/** A replay holds too little for it, and a model of one's own has no neurons. */
const canWalk = () => Boolean(engine.layers) && page.live;

/** Begin at a phase, or at the first part; the browser's Back leaves the walk again. */
function enterWalk(phase = null) {
  if (!canWalk()) return;
  const before = state.view;
  if (before === "run") beginWalk("neuron");
  if (phase) goToPart(parts().findIndex((part) => part.phase === phase) + 1);
  if (before === "run") {
    writeFragment(true);
    scrollTo(0, 0); // to the sentence
  }
}

/** Walk through the sample that is shown, or if it has no loss to learn from, that with the largest. */
function beginWalk(view) {
  const step = (state.step = head()),
    shown = shownSample(step);
  if (state.view === "run") chosen = state.sample;
  state.sample = run.sampleLoss(step, shown) ? shown : worstSample(step);
  passedBy = state.sample === shown ? null : shown;
  Object.assign(state, { view, part: 1, opened: [] });
}

/** The sample that a step shows: the chosen one, if the step sees it. */
const shownSample = (step) =>
  seenAt(step).includes(state.sample) ? state.sample : worstSample(step);

/** The samples that a step sees. */
const seenAt = (step, one = run) => one.batch(step) ?? Int32Array.from(engine.set.xs.keys());

/** Of the samples that a step sees, the one with the largest loss. */
function worstSample(step) {
  const losses = Array.from(seenAt(step), (i) => [i, run.sampleLoss(step, i)]);
  return losses.reduce((worst, one) => (one[1] > worst[1] ? one : worst))[0];
}

/** From the start again: another sample, weight or step is walked. */
function restartWalk() {
  pause();
  beginWalk(state.view);
}

function goToPart(part) {
  state.part = Math.max(1, Math.min(parts().length, part));
}

/** Esc, one level up: close the neuron that was opened, or go back to the run. */
function leave() {
  if (state.view === "run") return;
  const part = partShown(),
    at = `${part.l},${part.j}`;
  if (state.opened.includes(at)) return closeNeuron(at);
  Object.assign(state, { view: "run", sample: chosen });
  clearTimeout(partTimer);
}

/** Leave the walk, whatever is open in it. */
function leaveWalk() {
  state.opened = [];
  leave();
}

/** Open a neuron in place: its parts are put in where it was one. */
function openNeuron(l, j) {
  const at = `${l},${j}`,
    backward = isBack(partShown());
  if (!isOpen(l, j)) state.opened = [...state.opened, at];
  const first = parts().findIndex(
    (part) => part.l === l && part.j === j && (part.phase === "backward") === backward,
  );
  goToPart(first + 1);
  state.view = "neuron";
}

function closeNeuron(at) {
  const [l, j] = at.split(",").map(Number),
    { phase } = partShown();
  state.opened = state.opened.filter((other) => other !== at);
  const place = parts().findIndex((part) => part.l === l && part.j === j && part.phase === phase);
  goToPart((place < 0 ? state.part : place) + 2);
}

/** Enter: open the neuron that this part is about. */
function openFocused() {
  const part = partShown();
  if (part.l !== undefined && !isOpen(part.l, part.j)) openNeuron(part.l, part.j);
}

/** Go on by itself: as long at each part as its sentence takes to read. */
function playWalk() {
  if (state.part >= parts().length) state.part = 1;
  const words = unmarked(sentence(partShown(), tracing())).split(" ").length;
  clearTimeout(partTimer);
  partTimer = setTimeout(
    () => {
      if (!state.playing || state.view === "run") return;
      goToPart(state.part + 1);
      changed();
      if (state.part < parts().length && !said(state.part).startsWith("From here on")) playWalk();
      else state.playing = false;
    },
    (1200 + 220 * words) / state.speed,
  );
}

const said = (part) => unmarked(sentence(parts()[part - 1], tracing()));

function nextStep() {
  if (head() >= last()) return;
  const { weight } = state;
  state.step = head() + 1;
  beginWalk("neuron");
  state.weight = weight;
}

function drawWalk() {
  goToPart(state.part);
  const part = partShown(),
    t = tracing();
  [...$("phases").children].forEach((button, i) =>
    attributes(button, { "aria-pressed": PHASES[i] === part.phase }),
  );
  rich($("sentence"), sentence(part, t));
  drawCrumbs(part);
  drawEnd();
  const moved = part.kind === "U3" ? Math.min(last(), head() + 1) : head();
  drawCurve($("small-curve"), true, moved);
  rich($("small-told"), `at step {${moved}} the loss is {${short(run.fullLoss(moved))}}`);
  drawWhere(part, t);
  drawNeuron(part, t);
  drawCode(part, t);
  sendDots(part, t);
}

function drawCrumbs(part) {
  const nav = $("breadcrumb"),
    here = part.l === undefined ? "" : nodeName(part.l, part.j),
    opened = state.opened.includes(`${part.l},${part.j}`);
  const gone = state.step > head() ? ` (this run has no step ${state.step})` : "";
  if (!outdated(nav, head(), gone, here, opened)) return;
  const back = make(
    "button",
    { type: "button", class: "link", click: () => act(leave) },
    make("span", { class: "wide-only" }, "Esc: "),
    opened ? "close the neuron" : "back to the run",
  );
  const step = `Step ${head()}${gone}`;
  nav.replaceChildren(
    make("span", {}, `Run \u203a ${here && `${step} \u203a `}`, make("b", {}, here || step)),
    " ",
    back,
  );
}

/** At the last part: what comes next. */
function drawEnd() {
  const shown = state.part === parts().length;
  $("walk-end").hidden = !shown;
  say($("end-told"), isOver() ? "No step was made." : "That was one step.");
  $("next-step").hidden = head() >= last();
}

function setUpWalk() {
  const names = [`1 Forward ${ARROW_RIGHT}`, "2 Loss", `3 ${ARROW_LEFT} Backward`, "4 Update"];
  $("phases").append(
    ...names.map((name, i) =>
      make("button", { type: "button", click: () => act(enterWalk, PHASES[i]) }, name),
    ),
  );
  addEventListener("beforeprint", () => {
    if (state.view !== "run")
      $("all-parts").replaceChildren(...parts().map((_, i) => make("li", {}, said(i + 1))));
  });
  onClick("next-step", nextStep);
  onClick("walk-back", leaveWalk);
}
