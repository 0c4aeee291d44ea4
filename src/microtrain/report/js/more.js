// What is one click away: the whole generated step; to how many digits the browser agrees with Python;
// learning rate times sharpness along the run, and what it can't promise.

const FIRST = 17, // steps that are measured at once: early ones are often the longest
  MEASURED = 300; // of a longer run, so many steps
let measuring = null;

function setUpMore() {
  on("source-open", "click", () => {
    $("source-text").textContent = asRun(page.listing, state.zeroGrad).lines.join("\n");
    $("source").showModal();
  });
  on("sharpness-open", "click", () => {
    $("sharpness").showModal();
    const end = hiding() ? head() : last(); // what is to be guessed is not told
    measuring = { end, steps: stepsToMeasure(end), found: [] };
    measure();
  });
  onClick("sharpness-go", () => {
    state.step = longest()[0];
    $("sharpness").close();
  });
}

function drawMore() {
  $("source-open").hidden = !page.listing;
  say($("source-of"), engine.straight ? "" : " of the recorded network");
  $("sharpness-open").hidden = !page.live;
  say($("agreement"), page.live && !hiding() ? agreementText() : "");
}

function agreementText() {
  const { digits, losses, step } = agreement();
  if (digits === null) return "";
  const python = usualOf(page, page.spec.data),
    what = state.data === python.data ? difference(python, run.config) : "on the data of the recording",
    which = isRecorded() ? "" : ` (${what}; not this one)`,
    told = `This page repeated Python\u2019s run${which}: `;
  return step === null
    ? `${told}all ${losses} losses agree to ${digits} digits.`
    : `${told}it agrees up to step ${step}; from there on rounding decides.`;
}

/** In which order the steps are measured: the first ones, then ever finer over the whole run. */
function stepsToMeasure(end) {
  const steps = new Set(Array.from({ length: Math.min(FIRST, end + 1) }, (_, k) => k));
  for (let apart = 2 ** Math.ceil(Math.log2(end + 1)); apart >= 1; apart /= 2)
    for (let k = 0; k <= end; k += apart) steps.add(k);
  return [...steps].slice(0, MEASURED);
}

/** Measure some steps in each frame, and draw what there is. */
function measure() {
  if (!$("sharpness").open) return;
  const { steps, found } = measuring,
    end = performance.now() + FRAME;
  while (found.length < steps.length && performance.now() < end) {
    const k = steps[found.length];
    found.push([k, run.lrs[k] * engine.sharpness(run.parameters(k), run.config.mean)]);
  }
  drawSharpness();
  if (found.length < steps.length) requestAnimationFrame(measure);
}

const finiteOnes = () => measuring.found.filter(([, x]) => finite(x));
const longest = () =>
  finiteOnes().reduce((most, point) => (point[1] > most[1] ? point : most), [0, 0]);

function drawSharpness() {
  const svg = $("sharpness-chart"),
    width = svg.clientWidth || 600,
    height = svg.clientHeight || 230,
    points = finiteOnes().sort((a, b) => a[0] - b[0]),
    over = points.find(([, value]) => value > 2),
    [peak, most] = longest(),
    low = -2, // powers of ten
    high = Math.max(1, Math.ceil(Math.log10(most || 1)));
  const { end } = measuring,
    x = (k) => LEFT + ((width - LEFT - RIGHT) * k) / Math.max(1, end),
    y = (value) => {
      const power = Math.max(low, Math.log10(Math.max(value, 1e-300)));
      return 10 + ((height - 36) * (high - power)) / (high - low);
    };
  svg.replaceChildren();
  attributes(svg, { viewBox: `0 0 ${width} ${height}` });
  drawAxes(svg, width, height, [low, high], { x, y, end, stride: strideOf(end, width) });
  if (!engine.kinks) {
    shape(svg, "line", { x1: LEFT, x2: width - RIGHT, y1: y(2), y2: y(2), class: "target" });
    caption(svg, width - RIGHT, y(2) - 5, "end", "2: in a bowl, the limit", { class: "target-label" });
  }
  shape(svg, "polyline", {
    class: "ahead",
    points: polyline(points.map(([k, value]) => [x(k), y(value)])),
  });
  for (const [k, value] of points)
    shape(svg, "circle", {
      class: value > 2 && !engine.kinks ? "measured over" : "measured",
      cx: x(k),
      cy: y(value),
      r: points.length > 120 ? 1.5 : 2.8,
    });
  say($("sharpness-told"), toldSharpness(points, over, peak, most));
  $("sharpness-go").hidden = !over || engine.kinks || state.view !== "run" || hiding();
  say($("sharpness-go"), `Go to step ${peak}`);
  attributes(svg, {
    "aria-label": `Learning rate times sharpness at ${plural(points.length, "step")}, at most ${short(most, 3)}.`,
  });
}

function toldSharpness(points, over, peak, most) {
  if (engine.kinks) return `This loss ${engine.kinks} kinks, which curvature cannot see: no promise here.`;
  const all = measuring.end + 1,
    n = measuring.found.length,
    some = points.length < n ? `, finite at ${points.length} of them` : "",
    whole = measuring.end === last() ? "all steps" : all > 1 ? `steps 0 to ${all - 1}` : "step 0",
    steps = (n < all ? `${n} of ${plural(all, "step")}` : whole) + some;
  if (!over) return `Measured at ${steps}: below 2${all > 1 ? " at each of them" : ""}.`;
  const { fate } = run.verdict(),
    end = hiding()
      ? ""
      : fate === "diverged"
        ? " The steps are too long, and the loss grows."
        : lost() === "flat"
          ? ` Such a step throws the network far away: here, to where the slope is gone${run.losses[over[0] + 1] < run.losses[over[0]] ? `, even if the loss fell at step ${over[0]}` : ""}.`
          : " No bowl goes on for ever: the loss may go down all the same.";
  return `Measured at ${steps}: first above 2 at step ${over[0]}, at most ${short(most, 3)} at step ${peak}.${end}`;
}
