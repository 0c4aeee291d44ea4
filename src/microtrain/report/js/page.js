// The page as a whole: what is drawn when, the keys, the dialog of shortcuts.

let asked = false;

/** Ask for the page to be drawn anew in the next frame. */
function changed() {
  if (asked) return;
  asked = true;
  requestAnimationFrame(frame);
}

function frame(now) {
  asked = false;
  const plays = () => state.playing && state.view === "run";
  if (plays()) playOn(now);
  work();
  render();
  writeFragment();
  if (!run.done || plays() || (canEdit && !startsReady())) changed();
}

function render() {
  const walking = state.view !== "run";
  $("run").hidden = walking;
  $("walk").hidden = !walking;
  drawBar();
  drawSummary();
  drawChange();
  if (walking) return drawWalk();
  drawOutcome();
  drawStarts();
  drawStrip();
  drawMore();
  drawCurve($("curve")); // pictures come last: what is written above leaves them their room
  drawCurveTable();
  drawPredictions();
  drawNetwork();
}

function drawSummary() {
  const set = engine.set,
    n = set.xs.length;
  say(
    $("summary"),
    engine.layers
      ? `${plural(n, "sample")}, a network of ${engine.size} numbers to adjust: ${netText(state)}`
      : `${plural(n, "sample")}, a model of ${plural(engine.size, "number")} to adjust`,
  );
  $("change-open").hidden = !canEdit;
  $("network-card").hidden = !engine.layers;
  document.body.classList.toggle("no-network", !engine.layers);
}

/** One line on top: that this page replays, and why; what was wrong with its link. */
function notice(text) {
  const told = `${page.live ? "" : `Recorded, not live: ${page.reason}. `}${text}`;
  $("notice").hidden = !told;
  say($("notice"), told.replace("..", "."));
}

/** The keys that act anywhere outside fields: first those that are no letters. */
const KEYS = {
  " ": togglePlay,
  ArrowLeft: (event) => act(() => go(event.shiftKey ? -10 : -1)),
  ArrowRight: (event) => act(() => go(event.shiftKey ? 10 : 1)),
  Home: () => act(() => go(-Infinity)),
  End: () => act(() => go(Infinity)),
  Enter: () => act(() => (state.view === "run" ? enterWalk() : openFocused())),
  Escape: () => act(leave),
  "[": () => nudge(-1),
  "]": () => nudge(1),
};
const LETTER_KEYS = {
  z: () => trainWith({ zeroGrad: !state.zeroGrad }),
  s: () => act(swap),
  h: toggleHide,
  n: () => chooseStart(state.seed < STARTS && state.seed !== null ? startAfter(1) : 0),
  "?": () => {
    $("help").showModal();
    $("help").scrollTop = 0; // the focus is at its end
  },
  1: () => toPhase(0),
  2: () => toPhase(1),
  3: () => toPhase(2),
  4: () => toPhase(3),
};

function toPhase(i) {
  if (canWalk()) act(() => enterWalk(PHASES[i]));
}

/** Move the rate by a place of the slider, or to the next recorded one. */
function nudge(by) {
  if (!page.live) {
    const sorted = [...engine.rates].sort((a, b) => a - b),
      place = sorted.indexOf(nearest(sorted, rate()));
    return chooseRate(sorted[Math.max(0, Math.min(sorted.length - 1, place + by))]);
  }
  chooseRate(fromSlider(toSlider(rate()) + by));
}

let shifted = false;
function setUpKeys() {
  addEventListener("keydown", (event) => {
    shifted = event.shiftKey;
    const field = event.target.closest("input, select, textarea, [contenteditable]"),
      control = event.target.closest("button, a, summary, label");
    if (event.ctrlKey || event.altKey || event.metaKey || document.querySelector("dialog:modal"))
      return;
    if (
      field &&
      !(field.type === "checkbox" && event.key !== " ") &&
      !(field.type === "range" && !/^(Arrow|Home|End|Page)/.test(event.key))
    )
      return;
    if (control && (event.key === " " || event.key === "Enter")) return;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const what = KEYS[key] || ($("letters").checked && LETTER_KEYS[key]);
    if (!what) return;
    event.preventDefault();
    what(event);
  });
  addEventListener("keyup", (event) => {
    shifted = event.shiftKey;
  });
}

function setUp() {
  setUpBar();
  setUpCurve($("curve"));
  setUpCurve($("small-curve"));
  setUpStarts();
  setUpPredictions();
  setUpPlane();
  setUpNetwork();
  setUpOutcome();
  setUpStrip();
  setUpWalk();
  setUpMore();
  setUpChange();
  setUpKeys();
  setUpRemarks();
  on("help-open", "click", LETTER_KEYS["?"]);
  addEventListener("hashchange", readFragment);
  addEventListener("popstate", readFragment);
  addEventListener("resize", changed);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", changed);
  readFragment();
}

setUp();
