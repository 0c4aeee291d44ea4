// The bar: play and step, the learning rate, forgetting to reset the gradients.

const PER_DECADE = 40;
let dragging = false,
  keyedAt = -Infinity,
  playedFrom = null;

const toSlider = (lr) => Math.round(PER_DECADE * Math.log10(lr));

/** The rate at a place of the slider, with as few digits as tell it from its neighbours. */
function fromSlider(place) {
  const exact = 10 ** (place / PER_DECADE),
    two = Number(exact.toPrecision(2));
  return Math.abs(Math.log10(two / exact)) * PER_DECADE < 0.5 ? two : Number(exact.toPrecision(3));
}

function setUpBar() {
  const slider = $("rate"),
    number = $("rate-number");
  for (const type of ["pointerdown", "pointerup"])
    on("rate", type, () => {
      dragging = type === "pointerdown";
      keyedAt = -Infinity;
    });
  on("rate", "input", () =>
    chooseRate(possible(fromSlider(slider.valueAsNumber)), dragging, shifted),
  );
  on("rate-number", "change", () => {
    const wanted = Number(number.value.replace(MINUS, "-").replace(",", "."));
    keyedAt = -Infinity; // what is typed is a gesture of its own: nothing before it,
    if (wanted > 0 && finite(wanted)) chooseRate(possible(wanted));
    else remark(number, wanted === Infinity ? "This is too large." : "A learning rate is a number above 0.");
    keyedAt = -Infinity; // nothing after it
    number.value = rateText();
  });
  on("rate-number", "keydown", (event) => {
    if (event.key === "Enter") number.blur();
  });
  onClick("from", () => {
    if ($("from").checked && head() >= last())
      return remark($("from"), "First go to an earlier step: after this one nothing is left to change.");
    state.from = $("from").checked ? head() : null;
    if ($("from").checked || state.lr.length === 1) return;
    state.lr = [[0, rate()]];
    retrain();
  });
  on("forget", "change", () => trainWith({ zeroGrad: !$("forget").checked }));
  on("fold", "click", () => {
    document.body.classList.toggle("unfolded");
    changed();
  });
  addEventListener("click", ({ detail }) => {
    const focused = document.activeElement; // after a click of the mouse the keys are the page's
    if (detail && focused.matches(":is(button, [type=checkbox]):not(.seed, dialog *)")) focused.blur();
  });
  on("play", "click", togglePlay);
  onClick("back", () => go(-1));
  onClick("forth", () => go(1));
  on("speed", "change", () => {
    state.speed = Number($("speed").value);
  });
}

/** A rate that can be trained with: of a page that replays, only what was recorded. */
const possible = (wanted) => (page.live ? wanted : nearest(engine.rates, wanted));
const nearest = (numbers, wanted) =>
  numbers.reduce((a, b) =>
    Math.abs(Math.log(b / wanted)) < Math.abs(Math.log(a / wanted)) ? b : a,
  );

/** Train with another rate: from the start, or from a step on. */
function chooseRate(lr, continuing = false, fromHere = false) {
  const now = performance.now();
  if (fromHere && state.from === null && state.view === "run") state.from = head();
  const before = state.from === null ? [] : state.lr.filter(([from]) => from < state.from);
  state.lr = before.length ? [...before, [state.from, lr]] : [[0, lr]];
  const goesOn = (continuing && keyedAt > 0) || now - keyedAt < 1000;
  act(retrain, goesOn);
  keyedAt = now;
}

/** What any input does: playing stops, the page is drawn anew; the prompt goes, unless one only looks. */
function act(what, ...given) {
  const before = [run, head(), state.view, state.hide];
  state.touched = true;
  keyedAt = -Infinity; // another gesture
  pause();
  what(...given);
  state.begun ||= [run, head(), state.view, state.hide].some((x, i) => x !== before[i]);
  changed();
}

const onClick = (id, what) => on(id, "click", (event) => act(what, event));

/** Train with something else. */
function trainWith(options) {
  act(() => {
    Object.assign(state, options);
    retrain();
  });
}

function pause() {
  if (!state.playing) return;
  state.playing = false;
  clearTimeout(partTimer);
  changed();
}

function togglePlay() {
  if (state.playing) return pause();
  state.touched = state.begun = true;
  state.playing = true;
  if (state.view !== "run") playWalk();
  else {
    if (head() >= last()) state.step = 0;
    playedFrom = { time: performance.now(), step: head() };
  }
  changed();
}

/** Move the head while playing: the whole run takes six seconds. */
function playOn(now) {
  const pace = (Math.max(1, last()) / 6000) * state.speed;
  let gone = (now - playedFrom.time) * pace;
  if (calm()) gone = (Math.floor((5 * gone) / last()) * last()) / 5 || 0;
  state.step = Math.min(last(), Math.round(playedFrom.step + gone));
  if (state.step >= last() && run.done) {
    state.playing = false;
    state.played = true;
  }
  changed();
}

const calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

/** Move the head, or the part of the walk, by so many; before a step is the end of the one before. */
function go(by) {
  if (state.view === "run") state.step = Math.max(0, Math.min(last(), head() + by));
  else if (by < 0 && state.part === 1 && head() > 0) {
    state.step = head() - 1;
    beginWalk(state.view);
    goToPart(Infinity);
  } else goToPart(state.part + by);
}

/** The rate in as few characters as hold it, of a schedule in three digits. */
function rateText() {
  const lr = rate(),
    text = plain(lr, scheduled() ? 3 : 17).replace(MINUS, "-"),
    powers = lr.toExponential().replace("e+", "e");
  return text.length > 7 && powers.length < text.length ? powers : text;
}

function drawBar() {
  const slider = $("rate"),
    low = Math.floor(Math.log10(engine.set.rates[0]) + 1e-9),
    lr = rate(),
    walking = state.view !== "run";
  attributes(slider, {
    min: low * PER_DECADE,
    max: PER_DECADE,
    step: 1,
    "aria-valuetext": plain(lr),
  });
  if (!dragging) slider.value = toSlider(lr);
  if (document.activeElement !== $("rate-number")) $("rate-number").value = rateText();
  const share = (x) => Math.max(0, Math.min(1, (Math.log10(x) - low) / (1 - low)));
  slider.style.setProperty("--share", share(lr));
  const marks = $("rate-marks");
  if (outdated(marks, low)) {
    marks.replaceChildren(
      ...Array.from({ length: 2 - low }, (_, i) => make("span", {}, plain(10 ** (low + i)))),
    );
    marks.childNodes.forEach((mark, i) => mark.style.setProperty("--share", i / (1 - low)));
  }
  $("ghost-mark").hidden = !ghost;
  if (ghost) $("ghost-mark").style.setProperty("--share", share(ghost.config.lr.at(-1)[1]));
  $("from").checked = state.lr.length > 1 || state.from !== null;
  say(
    $("from-told"),
    scheduled()
      ? "by the schedule"
      : state.from === null
        ? "only from here on"
        : `from step ${state.from} on`,
  );
  $("forget").checked = !state.zeroGrad;
  attributes($("play"), {
    "aria-label": state.playing ? "Pause" : walking ? "Walk: go on by itself" : "Play",
  });
  say($("play-text"), state.playing ? "Pause" : walking ? "Walk" : "Play");
  say($("play-sign"), state.playing ? "\u275a\u275a" : "\u25b6");
  say($("position-what"), walking ? "part " : "step ");
  rich(
    $("position-where"),
    walking
      ? `{${state.part}} of ${parts().length}`
      : `{${head()}}${hiding() ? "" : ` of ${last()}`}${run.done ? "" : "\u2026"}`,
  );
  const most = String(walking ? parts().length : last()).length;
  $("position").style.setProperty("--digits", most); // so that what stands beside it stays there
  for (const [id, end] of [
    ["back", head() <= 0 && !(walking && state.part > 1)],
    ["forth", walking ? state.part >= parts().length : head() >= last()],
  ])
    attributes($(id), { "aria-disabled": end });
  say($("fold"), plain(lr));
  attributes($("fold"), {
    "aria-label": `Learning rate ${plain(lr)}: show the slider`,
    "aria-expanded": document.body.classList.contains("unfolded"),
  });
  document.body.classList.toggle("walking", walking);
}
