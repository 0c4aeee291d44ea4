// Change…: other data, another network, another loss; each change is a new run, and Back undoes it.

const BATCHES = [1, 2, 4, 10, 25];
const SET_NAMES = {
  toy: "toy: four samples",
  xor: "xor: four samples",
  moons: "two moons: a hundred samples",
  recorded: `this page\u2019s own: ${plural(page.sets.recorded?.xs.length ?? 0, "sample")}`,
};
let sizeBefore = null;

/** Take up what is changed, train anew, and remember the page before for Back. */
function change(changes, ofNetwork = false) {
  act(() => {
    sizeBefore = ofNetwork && startsReady() ? { run, median: medianStep(starts[0].results) } : null;
    if (state.view !== "run") leaveWalk();
    const lr = scheduled() ? state.lr : [[0, rate()]];
    Object.assign(state, { weight: 0, from: null, lr }, changes);
    retrain();
    writeFragment(true);
  });
}

function options(select, pairs) {
  select.replaceChildren(...pairs.map(([value, text]) => make("option", { value }, text)));
}

const activations = (select) =>
  options(
    select,
    Object.values(LETTERS).map((name) => [name, name]),
  );

function setUpChange() {
  if (!canEdit) return;
  options(
    $("change-data"),
    Object.keys(page.sets).map((name) => [name, SET_NAMES[name] || name]),
  );
  activations($("change-out"));
  on("change-open", "click", () => {
    if ($("change").open) return $("change").close();
    $("change").show();
    drawChange();
  });
  on("change-close", "click", () => {
    $("change").close();
    $("change-open").focus();
  });
  on("change", "keydown", (event) => {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    $("change-close").click();
  });
  const chosen = (name, changes, ofNetwork) =>
    on(`change-${name}`, "change", ({ target }) => change(changes(target.value), ofNetwork));
  on("change-data", "change", ({ target }) => {
    const before = rate();
    change(choiceOf(target.value));
    if (rate() !== before)
      remark(target, `The learning rate is ${plain(rate())} now, the usual one for these data.`);
  });
  chosen("out", (out) => ({ out }), true);
  chosen("mean", (mean) => ({ mean: mean === "1" }));
  chosen("batch", (batch) => ({ batch: Number(batch) || null }));
  field(
    "steps",
    `Steps: a whole number from 1 to ${MOST_STEPS.toLocaleString("en")}.`,
    (steps) => Number.isInteger(steps) && steps >= 1 && steps <= MOST_STEPS,
  );
  field(
    "target",
    "A target loss is a number above 0, or left empty.",
    (target) => target === null || (target > 0 && finite(target)),
  );
  on("change-back", "click", () => change(choiceOf(page.spec.data)));
  on("add-layer", "click", ({ currentTarget }) => {
    if (isRefused(currentTarget)) return;
    const activation = state.net.at(-1)?.activation || "tanh";
    change({ net: [...state.net, { n: 4, activation }] }, true);
  });
  on("change-layers", "click", changeLayer);
  on("change-layers", "change", changeLayer);
}

/** One neuron more or fewer in a layer, another activation, or no such layer. */
function changeLayer({ type, target }) {
  const control = target.closest(type === "click" ? "button" : "select");
  if (!control || isRefused(control)) return;
  const l = Number(control.closest(".layer").dataset.layer),
    { n, activation } = state.net[l],
    by = { more: 1, fewer: -1 }[control.value],
    layer =
      type === "change"
        ? { n, activation: control.value }
        : { n: by ? Math.min(n + by, MOST_NEURONS) : 0, activation };
  change({ net: state.net.toSpliced(l, 1, ...(layer.n ? [layer] : [])) }, true);
  if (!layer.n) $("add-layer").focus(); // its own button is gone
}

/** A field for a number: what makes no sense is refused, with a word. */
function field(name, rule, right) {
  on(`change-${name}`, "change", ({ target }) => {
    const text = target.value.trim().replace(",", "."),
      wanted = text ? Number(text) : null;
    if (right(wanted)) return change({ [name]: wanted });
    remark(target, rule);
    drawChange(target);
  });
}

/** Say something at a field or a button; the next thing that is done takes it away. */
function remark(control, why) {
  const told = make("span", { class: "remark", role: "status" });
  (control.closest(".row") ?? control.parentElement).append(told);
  say(told, why);
}

function setUpRemarks() {
  for (const type of ["keydown", "pointerdown"])
    addEventListener(
      type,
      () => document.querySelectorAll(".remark").forEach((told) => told.remove()),
      true,
    );
}

/** Let a button do nothing for a reason, which a click on it tells; or let it act again. */
const forbid = (button, why) =>
  attributes(button, { "aria-disabled": Boolean(why), title: why || null });
function isRefused(button) {
  const refused = button.getAttribute("aria-disabled") === "true";
  if (refused) remark(button, button.title);
  return refused;
}

function drawChange(refused = null) {
  if (!$("change").open) return;
  const box = $("change-layers");
  if (outdated(box, state.net.length))
    box.replaceChildren(
      ...state.net.map((_, l) => {
        const select = make("select", { "aria-label": `activation of layer ${l}` }),
          button = (value, sign, told) =>
            make("button", { type: "button", value, "aria-label": `${told} layer ${l}` }, sign);
        activations(select);
        return make(
          "div",
          { class: "row layer", "data-layer": l },
          make("span", {}, `layer ${l}`),
          button("fewer", MINUS, "one neuron less in"),
          make("output", {}),
          button("more", "+", "one neuron more in"),
          select,
          button("remove", TIMES, "remove"),
        );
      }),
    );
  state.net.forEach(({ n, activation }, l) => {
    const part = (name) => box.children[l].querySelector(name);
    say(part("output"), String(n));
    part("select").value = activation;
    forbid(part('[value="more"]'), n >= MOST_NEURONS && `${MOST_NEURONS} neurons are the most here.`);
    forbid(part('[value="fewer"]'), n === 1 && `A layer has a neuron; ${TIMES} takes the layer away.`);
  });
  forbid(
    $("add-layer"),
    state.net.length >= MOST_LAYERS && `${MOST_LAYERS} hidden layers are the most here.`,
  );
  $("change-data").value = state.data;
  $("change-out").value = state.out;
  $("change-mean").value = state.mean ? "1" : "0";
  const n = engine.set.xs.length,
    sizesOfBatch = [
      ...new Set([...BATCHES.filter((size) => size < n), ...(state.batch ? [state.batch] : [])]),
    ].sort((a, b) => a - b);
  if (outdated($("change-batch"), n, sizesOfBatch))
    options($("change-batch"), [
      ["", `all ${plural(n, "sample")}`],
      ...sizesOfBatch.map((size) => [size, size === 1 ? "one sample" : `${size} samples`]),
    ]);
  $("change-batch").value = state.batch ?? "";
  const why = hasTarget(state) ? null : "In batches there is no target loss: one gets below it by luck.";
  attributes($("change-target"), { disabled: why !== null, title: why });
  for (const [id, value] of [
    ["change-steps", state.steps],
    ["change-target", why ? "" : (state.target ?? "")],
  ])
    if (document.activeElement !== $(id) || refused === $(id)) $(id).value = value;
}
