// The link to this very page: what is trained and looked at, after the #; written always, read with care.

const LETTERS = { t: "tanh", l: "linear", r: "relu", s: "sigmoid" };
const letterOf = (activation) =>
  Object.keys(LETTERS).find((letter) => LETTERS[letter] === activation);
const MOST_STEPS = 10000,
  MOST_SEED = 4294967295,
  MOST_PARTS = 100000;

const flag = (text) => ({ 0: false, 1: true })[text];
const oneOf = (names) => (text) => (names().includes(text) ? text : undefined);
const wholeNumber = (low, high) => (text) =>
  /^\d{1,10}$/.test(text) && Number(text) >= low && Number(text) <= high()
    ? Number(text)
    : undefined;
const samples =
  (fewer = 0) =>
  () =>
    page.sets[state.data].xs.length - fewer;

/** How each key is read: what its text means, undefined where that makes no sense. */
const READERS = {
  data: oneOf(() => Object.keys(page.sets)),
  net: (text) => {
    const layers = text === "" ? [] : text.split("-").map((part) => /^(\d+)([tlrs])$/.exec(part)),
      most = Math.max(MOST_LAYERS, page.spec.net.length);
    if (layers.length <= most && layers.every((layer) => layer && `${layer[1]}:tanh` in page.cells))
      return layers.map(([, n, letter]) => ({ n: Number(n), activation: LETTERS[letter] }));
  },
  out: (text) => (/^[tlrs]$/.test(text) ? LETTERS[text] : undefined),
  lr: (text) => {
    const pieces = text
      .split(",")
      .map((part, i) => (i ? /^(\d+):(.+)$/.exec(part)?.slice(1).map(Number) : [0, Number(part)]));
    const rising = (piece, i) =>
      piece && piece[1] > 0 && finite(piece[1]) && (!i || piece[0] > pieces[i - 1]?.[0]);
    if (pieces.every(rising)) return pieces;
  },
  seed: wholeNumber(0, () => MOST_SEED),
  zero: flag,
  mean: flag,
  batch: wholeNumber(1, samples()),
  steps: wholeNumber(1, () => MOST_STEPS),
  target: (text) =>
    text === "none" ? null : Number(text) > 0 && finite(Number(text)) ? Number(text) : undefined,
  step: wholeNumber(0, () => Infinity), // of the run, when it is there
  sample: wholeNumber(0, samples(1)),
  param: (text) => text,
  view: oneOf(() => ["run", "step", "neuron"]),
  part: wholeNumber(1, () => MOST_PARTS),
  hide: flag,
};
const ANSWERED = ["lr", "zero", "target", "seed"]; // of what is trained, by a page that replays

/** What a key says, undefined where that makes no sense on this page. */
function read(key, text) {
  const isTrained = !(key in LOOKED || key === "param"),
    fixed = page.live ? page.own && BUILT.includes(key) : isTrained && !ANSWERED.includes(key);
  return fixed || !Object.hasOwn(READERS, key) ? undefined : READERS[key](text);
}

const ratesFragment = (pieces) =>
  pieces.map(([from, lr], i) => (i ? `${from}:${lr}` : lr)).join(",");
const netFragment = (net) => net.map(({ n, activation }) => n + letterOf(activation)).join("-");

/** What a data set changes: the network and the rate are those that suit it. */
function choiceOf(data) {
  const { zeroGrad } = state;
  return { ...usualOf(page, data), zeroGrad, sample: 0, weight: 0, step: 0, from: null };
}

/** Set the state from the link; unknown keys and bad values are left out, and one line says so. */
function readFragment() {
  pause();
  Object.assign(state, usualOf(page, page.spec.data), LOOKED);
  const given = new URLSearchParams(location.hash.slice(1)),
    keys = [...new Set([...Object.keys(READERS), ...given.keys()])].filter((key) => given.has(key)),
    wanted = {}, // what can be looked at only once it is trained
    bad = [];
  let trains = false; // whether it says anything of what is trained
  for (const key of keys) {
    const value = read(key, given.get(key));
    if (value === undefined) bad.push(key);
    else if (key === "data") Object.assign(state, choiceOf(value));
    else if (["step", "param", "view", "part"].includes(key)) wanted[key] = value;
    else state[key === "zero" ? "zeroGrad" : key] = value;
    trains ||= value !== undefined && !(key in LOOKED || key === "param");
  }
  if (state.lr.length > 1 && !scheduled()) state.from = state.lr.at(-1)[0];
  retrain();
  while (!run.done && (wanted.step ?? 0) >= run.losses.length) run.advance(FRAME);
  if (wanted.param !== undefined) {
    const index = engine.names.indexOf(wanted.param);
    if (index < 0) bad.push("param");
    else state.weight = index;
  }
  if (wanted.step > last()) bad.push("step");
  state.step =
    wanted.step <= last() ? wanted.step : trains && !wanted.view && !state.hide ? Infinity : 0;
  ghost = null;
  settle();
  if (wanted.view && wanted.view !== "run" && canWalk()) {
    beginWalk(wanted.view);
    if ((wanted.part ?? 1) > parts().length) bad.push("part");
    else goToPart(wanted.part ?? 1);
  }
  const told = bad.map((key) => `\u201c${key.slice(0, 20)}\u201d`).join(", ");
  notice(
    told ? `This link says something about ${told} that makes no sense here; it was left out.` : "",
  );
  changed();
}

/** The link to what is shown now: only what differs from how the page opens. */
function fragmentOf() {
  const text = [],
    usual = usualOf(page, state.data);
  const add = (key, value, normal) => {
    if (JSON.stringify(value) !== JSON.stringify(normal)) text.push(`${key}=${value}`);
  };
  add("data", state.data, page.spec.data);
  if (engine.layers) {
    add("net", netFragment(state.net), netFragment(usual.net));
    add("out", letterOf(state.out), letterOf(usual.out));
  }
  add("lr", ratesFragment(state.lr), scheduled() && ratesFragment(usual.lr));
  add("seed", state.seed, usual.seed);
  add("zero", Number(state.zeroGrad), Number(usual.zeroGrad));
  add("mean", Number(state.mean), Number(usual.mean));
  if (state.batch !== null) add("batch", state.batch, usual.batch);
  add("steps", state.steps, usual.steps);
  add("target", state.target ?? "none", usual.target ?? "none");
  if (state.view !== "run" || head() !== last()) text.push(`step=${head()}`);
  add("sample", state.sample, 0);
  add("param", engine.names[state.weight], engine.names[0]);
  if (state.view !== "run") text.push(`view=${state.view}`, `part=${state.part}`);
  if (state.hide) text.push("hide=1");
  return text.join("&");
}

let written = "",
  writtenAt = 0,
  writing = 0;
/** Write the link, at most a few times a second: browsers refuse more. */
function writeFragment(push = false) {
  if (location.protocol === "about:") return; // in a notebook there is no link
  const text = `#${fragmentOf()}`;
  if (push && text !== location.hash) history.pushState(null, "", text);
  else if (text !== written) {
    const wait = writtenAt + 250 - performance.now();
    clearTimeout(writing);
    if (wait > 0) return void (writing = setTimeout(writeFragment, wait));
    if (state.touched || location.hash.length > 1) history.replaceState(null, "", text);
  }
  [written, writtenAt] = [text, performance.now()];
}
