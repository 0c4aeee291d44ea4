// The descent curve: the loss at each step, thick up to the head, thin after it, the run before dashed.

const LEFT = 62,
  RIGHT = 14,
  TOP = 14,
  BOTTOM = 24,
  SMALL = 150; // of less height, words are left out

/** How many steps apart there is a number on an axis so wide. */
const strideOf = (steps, width) =>
  [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000].find(
    (stride) => steps / stride <= Math.max(3, width / 62),
  ) || steps;

/** How steps and losses become places in a picture of this size. */
function curveScales(width, height) {
  const steps = Math.max(1, state.steps - 1, last());
  const stride = strideOf(steps, width);
  const end = stride > 1 ? Math.ceil(steps / stride) * stride : steps;
  const low = Math.log10(scale.low),
    high = Math.log10(scale.high);
  return {
    stride,
    end,
    x: (step) => LEFT + ((width - LEFT - RIGHT) * step) / end,
    y: (loss) =>
      TOP +
      (height - TOP - BOTTOM) *
        Math.min(1, (high - Math.log10(Math.max(loss, 1e-300))) / (high - low)),
    step: (x) => Math.round(((x - LEFT) / (width - LEFT - RIGHT)) * end),
    outside: (loss) => loss > scale.high,
  };
}

function drawCurve(svg, small = false, step = head()) {
  const size = sizeOf(svg),
    width = Math.max(200, size.width),
    height = Math.max(80, size.height),
    at = curveScales(width, height);
  if (emptied(svg, width, height, scale, state.steps, run.options.target, at.end))
    frameCurve(svg, width, height, at);
  const part = (name) => svg.querySelector(`.${name}`);
  const losses = run.losses.slice(0, last() + 1),
    k = step,
    hidden = hiding();
  const places = (list) => list.map((loss, i) => [at.x(i), at.y(loss)]);
  const shown = losses.map((_, i) => run.fullLoss(i)),
    line = places(shown);
  attributes(part("past"), { points: polyline(line.slice(0, k + 1)) });
  attributes(part("ahead"), { points: hidden ? "" : polyline(line.slice(k)) });
  part("noise").replaceChildren();
  if (!isWhole())
    losses
      .slice(0, hidden ? k + 1 : undefined)
      .forEach((loss, i) =>
        shape(part("noise"), "circle", { cx: at.x(i), cy: at.y(loss), r: 1.6 }),
      );
  const older = ghost ? ghost.losses.slice(0, Math.min(ghost.head, at.end) + 1) : [],
    full = older.map((_, i) => ghost.fullLoss(i)),
    before = full.slice(0, full.findLastIndex((loss) => loss >= scale.low) + 2); // as far as it is seen
  const dashed = places(before);
  attributes(part("ghost"), { points: polyline(dashed), "data-points": before.length });
  const target = part("target-label"),
    left = at.x(last()) > width - RIGHT - 90; // away from where the run ends
  if (target)
    attributes(target, {
      x: left ? LEFT + 6 : width - RIGHT,
      "text-anchor": left ? "start" : "end",
    });
  const notch = state.lr.length > 1 && !scheduled() ? state.lr.at(-1)[0] : state.from;
  attributes(part("notch"), {
    d: notch === null ? "" : `M${at.x(notch)} ${height - BOTTOM}l-5 7h10z`,
  });
  attributes(part("here"), { x1: at.x(k), x2: at.x(k) });
  attributes(part("knob"), { cx: at.x(k), cy: Math.max(TOP, at.y(shown[k])) });
  drawLeaving(part("leaving"), shown, before, at, hidden ? k : last(), width, height);
  if (!small) drawGhostLabel(svg, dashed, hidden ? line.slice(0, k + 1) : line, at, width, height);
  drawChaos(part("chaos"), at, height);
  const trend = k === 0 ? "" : shown[k] < shown[k - 1] ? ", falling" : ", rising";
  attributes(svg, {
    "aria-valuemax": hidden ? k : last(),
    "aria-valuenow": k,
    "aria-valuetext": `step ${k}${hidden ? "" : ` of ${last()}`}, loss ${short(shown[k], 3)}${trend}`,
  });
}

/** Draw what stays while the rate changes: the axes, the target; and make room for the rest. */
function frameCurve(svg, width, height, at) {
  attributes(svg, { "aria-valuemin": 0 });
  const low = Math.ceil(Math.log10(scale.low) - 1e-9),
    high = Math.floor(Math.log10(scale.high) + 1e-9);
  drawAxes(svg, width, height, [low, high], at);
  const turned = { transform: `translate(11 ${height / 2}) rotate(-90)` };
  if (height > SMALL) caption(svg, 0, 0, "middle", "loss, in powers of ten", turned);
  if (run.options.target !== null) frameTarget(svg, width, height, at);
  shape(svg, "line", { y1: TOP - 4, y2: height - BOTTOM, class: "here" });
  for (const name of ["ghost", "ahead", "past"]) shape(svg, "polyline", { class: name });
  for (const name of ["noise", "leaving", "chaos"]) shape(svg, "g", { class: name });
  shape(svg, "text", { class: "ghost-label" });
  shape(svg, "path", { class: "notch" });
  shape(svg, "circle", { class: "knob", r: 6 });
}

/** Lines at powers of ten, from a low to a high one, and numbers below at steps. */
function drawAxes(svg, width, height, [low, high], { x, y, end, stride }) {
  const every = Math.ceil((high - low + 1) / Math.max(2, height / 34));
  for (let power = low; power <= high; power += every) {
    const up = y(10 ** power);
    shape(svg, "line", { x1: LEFT, x2: width - RIGHT, y1: up, y2: up, class: "grid" });
    caption(svg, LEFT - 7, up + 4, "end", powerText(power));
  }
  for (let step = 0; step <= end; step += stride) {
    const half = 3.8 * String(step).length;
    caption(svg, Math.min(x(step), width - half), height - 6, "middle", String(step));
  }
  caption(svg, LEFT - 10, height - 6, "end", "step");
}

/** The line of the target; one that lies outside is only told. */
function frameTarget(svg, width, height, at) {
  const y = at.y(state.target),
    outside = state.target < scale.low ? "\u2193" : state.target > scale.high ? "\u2191" : "",
    told = `${outside} target loss ${plain(state.target)}${outside && ", off this chart"}`.trim();
  if (!outside) shape(svg, "line", { x1: LEFT, x2: width - RIGHT, y1: y, y2: y, class: "target" });
  if (height > SMALL || outside)
    shape(svg, "text", { y: Math.max(TOP + 8, y - 5), class: "target-label" }, told);
}

const powerText = (power) => (power < -3 ? `1e${MINUS}${-power}` : plain(10 ** power));

/** Name the run before at its line, where that hides least of what else is drawn. */
function drawGhostLabel(svg, dashed, line, at, width, height) {
  const label = svg.querySelector(".ghost-label");
  if (!dashed.length) return say(label, "");
  const told = `before: ${difference(ghost.config, run.config).replace(/^at /, "rate ")}`,
    others = [dashed, line].flatMap(placesAlong),
    spot = ({ x, y }) => others.push(...[-8, 0, 8].flatMap((by) => [[x + by, y - 6], [x + by, y + 6]]));
  spot({ x: at.x(head()), y: svg.querySelector(".knob").cy.baseVal.value });
  if (svg.querySelector(".target"))
    for (let x = LEFT; x < width; x += 8) others.push([x, at.y(state.target)]);
  for (const other of svg.querySelectorAll(".target-label, .leaving text")) {
    const { x, y, width } = other.getBBox();
    for (let by = 0; by <= width; by += 8) spot({ x: x + by, y: y + 8 });
  }
  for (const { cx, cy } of svg.querySelectorAll(".noise circle"))
    others.push([cx.baseVal.value, cy.baseVal.value]);
  let found = null;
  const shares = [0.55, 0.4, 0.7, 0.25, 0.85, 0.1, 0.15, 0.2, 0.3, 0.5, 0.6, 0.8, 0.9],
    places = shares.flatMap((share) => [[share, -9], [share, 17]]);
  for (const text of told.length > 40 ? ["before"] : [told, "before"])
    for (const [share, down] of places) {
      const [left, up] = dashed[Math.round(share * (dashed.length - 1))],
        wide = 6.3 * text.length,
        x = Math.max(LEFT + 4, Math.min(width - RIGHT - wide, left + 8)),
        y = Math.max(TOP + 8, Math.min(height - BOTTOM - 5, up + down)),
        hidden = others.filter(
          ([px, py]) => px > x - 3 && px < x + wide + 3 && py > y - 12 && py < y + 5,
        ).length;
      if (!found || hidden < found.hidden) found = { x, y, hidden, text };
    }
  attributes(label, { x: found.x, y: found.y });
  say(label, found.text);
}

/** Places along a line of a picture, a few pixels apart. */
function placesAlong(line) {
  const apart = Math.ceil(line.length / 200),
    ends = line.filter((_, i) => i % apart === 0);
  return ends.flatMap(([x, y], i) => {
    const [toX, toY] = ends[i + 1] ?? ends[i],
      n = Math.ceil(Math.hypot(toX - x, toY - y) / 6) || 1,
      between = (j) => [x + ((toX - x) * j) / n, y + ((toY - y) * j) / n];
    return Array.from({ length: Math.min(n, 200) }, (_, j) => between(j));
  });
}

/** A run that leaves through the top, or the bottom: where, and how far it went; of the one before, where. */
function drawLeaving(group, losses, older, at, end, width, height) {
  const seen = losses.slice(0, end + 1),
    below = seen.findIndex((loss) => loss < scale.low);
  let k = seen.findIndex(at.outside);
  const up = k >= 0;
  if (!up) k = below;
  const past = older.findIndex(at.outside);
  if (!outdated(group, k, end, seen[end], past)) return;
  group.replaceChildren();
  const mark = (step, name) => shape(group, "path", { d: `M${at.x(step)} 1l6 11h-12z`, class: name });
  if (past >= 0) mark(past, "past-mark");
  if (k < 0) return;
  const x = at.x(k),
    most = up ? Math.max(...seen) : Math.min(...seen),
    when = seen.indexOf(most),
    told = `${short(most, 2)} at step ${when}`,
    y = up ? 11 : height - BOTTOM - 8,
    [anchor, away] = x > width / 2 ? ["end", -12] : ["start", 12];
  if (!up && height < 240) return; // no room beneath the target's line
  if (up) mark(k, "bad-mark");
  const words = `${up ? "goes on to" : "\u2193"} ${told}`,
    hasRoom = 7 * words.length < Math.max(x, width - x) - 12;
  caption(group, x + away, y, anchor, hasRoom ? words : told, { class: up ? "bad" : "low" });
}

/** Where Python and the browser part, because rounding decides: a tick, and Python's run dotted. */
function drawChaos(group, at, height) {
  const { step } = agreement();
  group.replaceChildren();
  if (step === null || !isRecorded()) return;
  const { losses } = page.recorded[0],
    points = polyline(losses.filter(finite).map((loss, k) => [at.x(k), at.y(loss)])),
    told = `dotted: Python\u2019s; after step ${step} rounding decides`;
  shape(group, "polyline", { points, class: "python" });
  shape(group, "path", { d: `M${at.x(step)} ${height - BOTTOM - 8}v12`, class: "tick" });
  caption(group, LEFT + 6, TOP + 18, "start", told);
}

let agreed;
const agreement = () =>
  (agreed ??= page.live ? makeEngine(page).agreement() : { digits: null, step: null });
const isRecorded = () =>
  same(
    run.config,
    usualOf(page, page.spec.data),
    page.own ? ["lr", "zeroGrad"] : [...BUILT, "lr", "seed", "zeroGrad", "batch", "mean"],
  );

function setUpCurve(svg) {
  const move = (event) => {
    const { width, height, grown } = sizeOf(svg),
      x = (event.clientX - svg.getBoundingClientRect().left) / grown;
    state.step = Math.max(0, Math.min(last(), curveScales(width, height).step(x)));
    if (state.view !== "run") restartWalk();
    changed(); // while dragging, too
  };
  svg.addEventListener("pointerdown", (event) => {
    svg.setPointerCapture(event.pointerId);
    act(move, event);
  });
  svg.addEventListener("pointermove", (event) => {
    if (svg.hasPointerCapture(event.pointerId)) move(event);
  });
}

/** The losses at eleven steps, for those who can't see the curve. */
function drawCurveTable() {
  const body = $("curve-table"),
    end = hiding() ? head() : last(),
    steps = [...new Set(Array.from({ length: 11 }, (_, i) => Math.round((end * i) / 10)))];
  const losses = steps.map((k) => run.fullLoss(k));
  if (!outdated(body, steps, losses)) return;
  body.replaceChildren(
    ...steps.map((k, i) =>
      make("tr", {}, make("td", {}, String(k)), make("td", {}, short(losses[i]))),
    ),
  );
}
