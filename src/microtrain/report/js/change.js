// Change…: other data, another network, another loss; each change is a new run, and Back undoes it.

const BATCHES = [1, 2, 4, 10, 25];
const SET_NAMES = {
  toy: "toy: four samples",
  xor: "xor: four samples",
  moons: "two moons: a hundred samples",
  recorded: "this page\u2019s own",
};
let sizeBefore = null;

/** Do what a change says, train anew, and remember the page before for Back. */
function change(what, ofNetwork = false) {
  act(() => {
    sizeBefore = ofNetwork
      ? {
          size: engine.size,
          median: startsReady() ? medianStep(starts[0].results) : null,
          data: state.data,
        }
      : null;
    if (state.view !== "run") leaveWalk();
    what();
    if (state.seed === null && !same(state, usualOf(page.spec.data), BUILT)) state.seed = 0;
    state.weight = 0;
    state.from = null;
    state.lr = [[0, rate()]];
    retrain();
    if (state.view === "run") state.step = last();
    writeFragment(true);
  });
}

function options(select, pairs) {
  select.replaceChildren(...pairs.map(([value, text]) => make("option", { value }, text)));
}

function setUpChange() {
  if (page.own || !page.live) return;
  options(
    $("change-data"),
    Object.keys(page.sets).map((name) => [name, SET_NAMES[name] || name]),
  );
  options(
    $("change-out"),
    Object.values(LETTERS).map((name) => [name, name]),
  );
  $("change-open").addEventListener("click", () => {
    if ($("change").open) return $("change").close();
    $("change").show();
    drawChange();
  });
  $("change-close").addEventListener("click", () => {
    $("change").close();
    $("change-open").focus();
  });
  $("change").addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      event.stopPropagation();
      $("change-close").click();
    }
  });
  $("change-data").addEventListener("change", (event) =>
    change(() => chooseData(event.target.value)),
  );
  $("change-out").addEventListener("change", (event) =>
    change(() => {
      state.out = event.target.value;
    }, true),
  );
  $("change-mean").addEventListener("change", (event) =>
    change(() => {
      state.mean = event.target.value === "1";
    }),
  );
  $("change-batch").addEventListener("change", (event) =>
    change(() => {
      state.batch = event.target.value === "" ? null : Number(event.target.value);
    }),
  );
  field(
    "steps",
    `Steps: a whole number from 1 to ${MOST_STEPS.toLocaleString("en")}.`,
    (steps) => Number.isInteger(steps) && steps >= 1 && steps <= MOST_STEPS,
  );
  field("target", "A target loss is a number above 0.", (target) => target > 0 && finite(target));
  $("add-layer").addEventListener("click", () =>
    change(() => {
      state.net = [...state.net, { n: 4, activation: state.net.at(-1)?.activation || "tanh" }];
    }, true),
  );
  $("change-back").addEventListener("click", () => change(() => chooseData(page.spec.data)));
  $("change-layers").addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    const l = Number(button.closest(".layer").dataset.layer),
      net = structuredClone(state.net),
      by = { more: 1, fewer: -1 }[button.value];
    if (by) net[l].n = Math.min(net[l].n + by, MOST_NEURONS);
    if (!by || net[l].n < 1) net.splice(l, 1);
    change(() => {
      state.net = net;
    }, true);
  });
  $("change-layers").addEventListener("change", (event) =>
    change(() => {
      state.net = structuredClone(state.net);
      state.net[Number(event.target.closest(".layer").dataset.layer)].activation =
        event.target.value;
    }, true),
  );
}

/** A field for a number: what makes no sense is refused, with a word. */
function field(name, rule, right) {
  $(`change-${name}`).addEventListener("change", (event) => {
    const wanted = Number(event.target.value.replace(",", "."));
    say($("change-told"), right(wanted) ? "" : rule);
    if (!right(wanted)) return drawChange(event.target);
    change(() => {
      state[name] = wanted;
    });
  });
}

/** Leave the walk, whatever is open in it. */
function leaveWalk() {
  state.opened = [];
  leave();
}

function drawChange(refused = null) {
  if (!$("change").open) return;
  const box = $("change-layers"),
    sizes = state.net.map(({ activation }) => activation).join();
  if (box.dataset.key !== sizes) {
    box.dataset.key = sizes;
    box.replaceChildren(
      ...state.net.map(({ activation }, l) => {
        const select = make("select", { "aria-label": `activation of layer ${l}` });
        options(
          select,
          Object.values(LETTERS).map((name) => [name, name]),
        );
        select.value = activation;
        return make(
          "div",
          { class: "row layer", "data-layer": l },
          make("span", {}, `layer ${l}`),
          make(
            "button",
            { type: "button", value: "fewer", "aria-label": `one neuron less in layer ${l}` },
            MINUS,
          ),
          make("output", {}),
          make(
            "button",
            { type: "button", value: "more", "aria-label": `one neuron more in layer ${l}` },
            "+",
          ),
          select,
          make(
            "button",
            { type: "button", value: "remove", "aria-label": `remove layer ${l}` },
            "\u00d7",
          ),
        );
      }),
    );
  }
  state.net.forEach(({ n }, l) => {
    say(box.children[l].querySelector("output"), String(n));
    box.children[l].querySelector('[value="more"]').disabled = n >= MOST_NEURONS;
  });
  $("add-layer").disabled = state.net.length >= MOST_LAYERS;
  $("change-data").value = state.data;
  $("change-out").value = state.out;
  $("change-mean").value = state.mean ? "1" : "0";
  const n = engine.set.xs.length,
    sizesOfBatch = [
      ...new Set([...BATCHES.filter((size) => size < n), ...(state.batch ? [state.batch] : [])]),
    ].sort((a, b) => a - b);
  if ($("change-batch").dataset.key !== String([n, sizesOfBatch])) {
    $("change-batch").dataset.key = String([n, sizesOfBatch]);
    options($("change-batch"), [
      ["", `all ${plural(n, "sample")}`],
      ...sizesOfBatch.map((size) => [size, size === 1 ? "one sample" : `${size} samples`]),
    ]);
  }
  $("change-batch").value = state.batch ?? "";
  for (const [id, value] of [
    ["change-steps", state.steps],
    ["change-target", state.target ?? ""],
  ])
    if (document.activeElement !== $(id) || refused === $(id)) $(id).value = value;
}

/** More neurons are not better by themselves: what the change did to the size and to the starts. */
function sizeNote() {
  if (!sizeBefore || sizeBefore.data !== state.data) return "";
  const after = medianStep(starts[0].results),
    before = sizeBefore.median,
    size =
      sizeBefore.size === engine.size
        ? ""
        : `${sizeBefore.size} ${ARROW_RIGHT} ${engine.size} numbers. `;
  if (before === null && after === null)
    return `${size}Most starts don\u2019t converge, as before.`;
  const told = (step) => (step === null ? "most don\u2019t" : `by step ${step}`);
  return `${size}Half of the starts converge: before, ${told(before)}; now, ${told(after)}.`;
}
