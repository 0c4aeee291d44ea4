// Twenty random starts at the same rate: how each of them ends, and how many are with this one.

const MOST_AGREE = 3 / 4; // if no more of them end like this run, that is said in bold

function setUpStarts() {
  for (const row of $("starts-rows").children) {
    const buttons = Array.from({ length: STARTS }, (_, seed) =>
      make(
        "button",
        { type: "button", role: "radio", class: "seed", "data-seed": seed },
        make("span", { "aria-hidden": "true" }),
      ),
    );
    row.append(...buttons);
    row.addEventListener("click", (event) => {
      const button = event.target.closest("button");
      if (button) chooseStart(Number(button.dataset.seed), row.dataset.zero === "true");
    });
    row.addEventListener("keydown", (event) => {
      const by = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
      if (!by) return;
      event.preventDefault();
      event.stopPropagation();
      chooseStart(startAfter(by), row.dataset.zero === "true");
      row.children[state.seed].focus();
    });
  }
}

/** The start so many places on, from the first where another one is trained: a large seed is a text. */
const startAfter = (by) => ((state.seed < STARTS ? state.seed : 0) + by + STARTS) % STARTS;

function chooseStart(seed, zeroGrad = state.zeroGrad) {
  if (!canEdit) return; // there is one start
  trainWith({ seed, zeroGrad });
}

function drawStarts() {
  const section = $("starts"),
    ready = startsReady();
  section.hidden = !canEdit || hiding();
  if (section.hidden) return;
  const told = [];
  for (const row of $("starts-rows").children) {
    const zero = row.dataset.zero === "true",
      results = starts[zero ? 0 : 1]?.results || [];
    row.hidden = !zero && state.zeroGrad;
    if (row.hidden) continue;
    const chosen = zero === state.zeroGrad ? state.seed : null;
    [...row.children].forEach((button, seed) => drawStart(button, seed, results[seed], chosen));
    const converged = results.filter((result) => result?.fate === "converged").length;
    told.push({ converged, words: words(results) });
  }
  const [first, second] = told;
  const alike = run.verdict().fate === "converged" ? first.converged : STARTS - first.converged,
    disagrees = ready && run.done && run.options.target !== null && alike <= MOST_AGREE * STARTS;
  $("starts-told").classList.toggle("strong", disagrees);
  const both = second && run.options.target !== null,
    found = both
      ? `with the reset {${first.converged} of ${STARTS}} converge, without it {${second.converged} of ${STARTS}}`
      : `{${summary(first.converged, disagrees)}}`;
  rich(
    $("starts-told"),
    `${STARTS} random starts at ${ratesText(state.lr)}: ${ready ? found : "\u2026"}`,
  );
  const ends = second ? `With the reset: ${first.words}. Without it: ${second.words}` : first.words;
  say($("starts-list"), ready ? `${ends}. Click one to try it.` : "");
  say($("starts-more"), ready ? sizeNote() : "");
}

/** How many of the starts converge; `only`: fewer than this run lets one think. */
function summary(converged, only) {
  if (run.options.target === null)
    return state.target === null ? "no target loss to reach" : "in batches there is no target loss";
  if (converged === STARTS) return "all converge";
  return converged
    ? `${only ? "only " : ""}${converged} of ${STARTS} ${converged === 1 ? "converges" : "converge"}`
    : `none gets below ${plain(state.target)}: try ${advice()}`;
}

const advice = () =>
  reach(state) ? "another output" : lost() === "cancel" ? "a larger network" : "another rate";

function drawStart(button, seed, result, chosen) {
  const word = result?.fate || "",
    reached = chosen < STARTS ? (chosen ?? 0) : 0; // by Tab: of each row one
  if (!outdated(button, word, chosen)) return;
  say(button.firstChild, word ? FATES[word][0] : "\u25cf");
  button.className = `seed ${word ? verdictKind(word) : "waiting"}`;
  const loss = result && short(result.loss, digitsApart(result.loss, state.target ?? 0) ?? 4),
    told = `start ${seed}: ${fateText(word) || "not computed yet"}${result ? `, loss ${loss} at step ${result.step}` : ""}`;
  attributes(button, {
    "aria-checked": seed === chosen,
    "aria-label": told,
    title: told,
    tabindex: seed === reached ? 0 : -1,
  });
}

/** How many ended in which way, each with its symbol. */
function words(results) {
  const counts = new Map();
  for (const result of results)
    if (result) counts.set(result.fate, (counts.get(result.fate) || 0) + 1);
  return [...counts]
    .sort((a, b) => b[1] - a[1])
    .map(([word, n]) => `${FATES[word][0]} ${n} ${fateText(word)}`)
    .join(", ");
}

/** The step by which half of the starts have converged, or null where fewer do. */
function medianStep(results) {
  const steps = results
    .map((result) => (result.fate === "converged" ? result.step : Infinity))
    .sort((a, b) => a - b);
  const median = steps[(steps.length >> 1) - 1];
  return finite(median) ? median : null;
}

/** More neurons are not better by themselves: what a change of the network alone did to the starts. */
function sizeNote() {
  const rest = TRAINED.filter((name) => !["net", "out"].includes(name));
  if (!sizeBefore || !same(sizeBefore.run.config, run.config, rest)) return "";
  const size = sizeBefore.run.engine.size,
    sizes = size === engine.size ? "" : `${size} ${ARROW_RIGHT} ${engine.size} numbers. `;
  if (run.options.target === null) return sizes;
  const told = (step) => (step === null ? "not half of the starts" : `half of the starts by step ${step}`),
    [before, now] = [sizeBefore.median, medianStep(starts[0].results)].map(told);
  return `${sizes}Converged: ${now}. Before: ${before}.`;
}
