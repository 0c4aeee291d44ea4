// How the run ended, in words: the verdict, the comparison with the run before, and wrong lessons answered.

let announced = 0;

function drawOutcome() {
  const { fate } = run.verdict(),
    { wrong, of: classes } = wrongAt(run, last());
  const verdict = $("verdict"),
    prompt = prompted(classes);
  let told,
    kind = "plain";
  if (!run.done) told = ["Computing", `: ${run.losses.length} of ${state.steps} steps\u2026`];
  else if (hiding()) told = ["Hidden", ": what will happen? Guess, then press Play."];
  else if (prompt) told = prompt;
  else {
    told = toldVerdict(run, wrong, classes);
    kind = verdictKind(fate);
    if (state.played && !ghost && page.live) told[1] += " Now drag the learning rate.";
  }
  verdict.className = kind;
  const text = told.join("");
  if (verdict.dataset.said !== text) {
    verdict.dataset.said = text;
    verdict.replaceChildren(make("strong", {}, told[0]), told[1]);
    clearTimeout(announced);
    announced = setTimeout(() => say($("announced"), text), 500);
  }
  const lost = fate === "saturated" && run.done && !hiding() && canWalk();
  $("lost").hidden = !lost;
  $("compare").hidden = !ghost || hiding();
  if (ghost)
    say($("compare-text"), `Before, ${difference(ghost.config, run.config)}: ${briefly(ghost)}.`);
  say($("hide"), state.hide ? "show" : "guess first");
  drawNote();
}

/** The one prompt of the page, until the first input. */
function prompted(classes) {
  if (state.touched || state.step > 0) return null;
  const { wrong } = wrongAt(run, 0);
  if (classes && wrong)
    return [
      `${wrong} of ${classes} predictions ${wrong === 1 ? "is" : "are"} wrong.`,
      " Press Play.",
    ];
  return [`The loss is ${short(run.losses[0], 3)}.`, " Press Play."];
}

/** What forgetting zero_grad does here, and why that proves nothing. */
function drawNote() {
  const note = $("note");
  note.hidden = state.zeroGrad || !run.done || hiding();
  if (note.hidden) return;
  const other = withReset(),
    mine = run.verdict(),
    theirs = other?.verdict();
  const follows =
    "Each step now follows the sum of all gradients so far: ever longer steps, momentum without friction.";
  const flat = ["tanh", "sigmoid"].includes(state.out);
  const faster =
    theirs && mine.fate === "converged" && (theirs.fate !== "converged" || mine.step < theirs.step);
  let text;
  if (faster) {
    const steps =
      theirs.fate === "converged"
        ? `step ${mine.step}, not ${theirs.step}`
        : `step ${mine.step}; with the reset not in ${plural(state.steps, "step")}`;
    text = `Faster here (${steps}), and by accident. ${follows} ${flat ? `The ${state.out} output goes flat and happens to catch it.` : "Try other rates and starts."}`;
  } else if (theirs) {
    const swings = ["oscillating", "diverged"].includes(mine.fate)
      ? " It runs down, and up again on the other side."
      : "";
    text = `Forgotten: ${follows[0].toLowerCase()}${follows.slice(1)}${swings} With the reset: ${briefly(other)}.`;
  } else text = follows;
  say($("note-text"), text);
  $("try-linear").hidden = !engine.layers || !page.live || state.out === "linear";
}

let resetKey = "",
  resetRun = null;
/** The same run with the reset, for comparison: the ghost, if it is that one, else computed once. */
function withReset() {
  if (!page.live) return ghost?.config.zeroGrad ? ghost : null;
  const config = { ...run.config, zeroGrad: true };
  if (ghost && same(ghost.config, config, TRAINED)) return ghost;
  const key = JSON.stringify(config);
  if (key !== resetKey) {
    resetKey = key;
    resetRun = begin(config);
  }
  if (!resetRun.done) resetRun.advance(FRAME / 2);
  return resetRun.done ? resetRun : (requestAnimationFrame(changed), null);
}

function toggleHide() {
  act(() => {
    state.hide = !state.hide;
    if (state.hide && head() === last()) state.step = 0;
  });
}

function setUpOutcome() {
  on("hide", "click", () => {
    toggleHide();
    if (state.hide) $("play").focus(); // which is next
  });
  onClick("swap", swap);
  onClick("lost", showLost);
  on("try-linear", "click", () => trainWith({ out: "linear" }));
}

/** Walk to where the gradient is lost: the neuron that lets least through of the most that arrives. */
function showLost() {
  const { layers } = engine.trace(run.parameters(last()), state.sample, { mean: run.config.mean });
  let found = [0, 0],
    most = -1;
  layers.forEach((neurons, l) =>
    neurons.forEach((neuron, j) => {
      const lost = Math.abs(neuron.arrives) - Math.abs(neuron.delta);
      if (lost > most) [found, most] = [[l, j], lost];
    }),
  );
  const [l, j] = found;
  state.step = last();
  [state.weight] = parametersOf(l, j);
  enterWalk();
  goToPart(parts().findIndex((part) => part.kind === "B act" && part.l === l && part.j === j) + 1);
}
