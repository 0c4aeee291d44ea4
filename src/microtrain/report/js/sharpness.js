// Learning rate times sharpness along the run, on demand; and what it can't promise.

const MEASURED = 24;
let measuring = null;

function setUpSharpness() {
  on("sharpness-open", "click", () => {
    $("sharpness").showModal();
    measuring = null;
    measure();
  });
}

/** Measure at some steps of the run, a few in each frame, and draw what there is. */
function measure() {
  if (!$("sharpness").open) return;
  measuring ??= {
    run,
    steps: [
      ...new Set(
        Array.from({ length: MEASURED }, (_, i) => Math.round((i * last()) / (MEASURED - 1))),
      ),
    ],
    found: [],
  };
  const end = performance.now() + FRAME;
  while (measuring.found.length < measuring.steps.length && performance.now() < end) {
    const k = measuring.steps[measuring.found.length];
    measuring.found.push([k, run.lrs[k] * engine.sharpness(run.parameters(k), run.config.mean)]);
  }
  drawSharpness();
  if (measuring.found.length < measuring.steps.length) requestAnimationFrame(measure);
}

function drawSharpness() {
  const svg = $("sharpness-chart"),
    width = svg.clientWidth || 600,
    height = svg.clientHeight || 230,
    points = measuring.found.filter(([, x]) => finite(x)),
    most = Math.max(0, ...points.map(([, x]) => x));
  const top = Math.max(2.5, Math.min(8, most)) * 1.1, // higher ones leave through the top
    x = (k) => 40 + ((width - 56) * k) / Math.max(1, last()),
    y = (value) => 10 + (height - 36) * (1 - Math.max(0, Math.min(value, 2 * top)) / top);
  svg.replaceChildren();
  attributes(svg, { viewBox: `0 0 ${width} ${height}` });
  for (const value of [0, top / 2, top]) caption(svg, 34, y(value) + 4, "end", short(value, 2));
  for (const k of [0, last() / 2, last()])
    caption(svg, x(k), height - 6, "middle", String(Math.round(k)));
  if (!engine.kinks) {
    shape(svg, "line", { x1: 40, x2: width - 16, y1: y(2), y2: y(2), class: "target" });
    caption(svg, width - 16, y(2) - 5, "end", "2: on a round valley, the limit");
  }
  shape(svg, "polyline", {
    class: "past",
    points: polyline(points.map(([k, value]) => [x(k), y(value)])),
  });
  const over = points.find(([, value]) => value > 2),
    end =
      run.verdict().word === "diverged"
        ? "The steps are too long, and the loss grows."
        : "This loss is no round valley: it may go down all the same.";
  say(
    $("sharpness-told"),
    engine.kinks
      ? `This loss ${engine.kinks} kinks, which curvature cannot see: no promise here.`
      : over
        ? `First above 2 at step ${over[0]}, at most ${short(most, 3)}. ${end}`
        : points.length
          ? "Below 2 at all steps that were measured."
          : "",
  );
  attributes(svg, {
    "aria-label": `Learning rate times sharpness at ${points.length} steps, at most ${short(most, 3)}.`,
  });
}
