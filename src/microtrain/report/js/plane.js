// What the network says between the samples: over the plane of two inputs, or along one.

const COLUMNS = 44,
  ROWS = 33,
  ALONG = 120,
  NAMES = 160; // characters for all classes together

/** The places of a grid over the plane, row by row from below, as the engine takes them. */
function gridOf([[left, right], [bottom, top]]) {
  const points = new Float64Array(2 * COLUMNS * ROWS);
  for (let row = 0; row < ROWS; row++)
    for (let column = 0; column < COLUMNS; column++) {
      const place = 2 * (row * COLUMNS + column);
      points[place] = left + ((right - left) * (column + 0.5)) / COLUMNS;
      points[place + 1] = bottom + ((top - bottom) * (row + 0.5)) / ROWS;
    }
  return points;
}

const planeGrids = new Map();

function drawPlane(set, k) {
  const level = set.level ?? 0;
  planeLegend(set, level);
  const canvas = $("field"),
    svg = $("points"),
    box = svg.getBoundingClientRect();
  if (!box.width) return;
  if (!planeGrids.has(state.data)) planeGrids.set(state.data, gridOf(set.plane));
  const values = engine.grid(run.parameters(k), planeGrids.get(state.data));
  shade(canvas, values, set);
  const width = Math.round(box.width),
    height = Math.round(box.height),
    [[left, right], [bottom, top]] = set.plane;
  const x = (at) => (width * (at - left)) / (right - left),
    y = (at) => (height * (top - at)) / (top - bottom);
  if (emptied(svg, width, height, state.data)) framePoints(svg, set, x, y);
  attributes(svg.querySelector(".boundary"), {
    d: set.classes ? "" : boundary(values, level, width, height),
  });
  let wrong = 0;
  for (const point of svg.querySelectorAll(".sample")) {
    const i = Number(point.dataset.sample),
      fits = engine.fits(run.outputs(k, i), i);
    wrong += fits === false;
    point.classList.toggle("wrong", fits === false);
  }
  const [a, b] = set.xs[shownSample(k)];
  attributes(svg.querySelector(".ring"), { cx: x(a), cy: y(b) });
  attributes(svg, {
    "aria-label": `The plane of the two inputs. ${set.xs.length - wrong} of ${set.xs.length} samples are on their side.`,
  });
}

/** A mark for each sample: its class by colour and by shape. */
function framePoints(svg, set, x, y) {
  shape(svg, "path", { class: "boundary" });
  set.xs.forEach(([a, b], i) => {
    const kind = set.classes ? set.ys[i].indexOf(1) % 3 : Number(set.ys[i][0] <= (set.level ?? 0));
    const px = x(a),
      py = y(b),
      common = { class: `sample c${kind}`, "data-sample": i };
    if (kind === 0)
      shape(svg, "rect", { ...common, x: px - 4.5, y: py - 4.5, width: 9, height: 9 });
    else if (kind === 1) shape(svg, "circle", { ...common, cx: px, cy: py, r: 5 });
    else shape(svg, "path", { ...common, d: `M${px} ${py - 6}l6 10h-12z` });
  });
  shape(svg, "circle", { class: "ring", r: 10 });
}

/** What the marks in the plane mean, and which input goes where. */
function planeLegend(set, level) {
  const targets = [...new Set(set.ys.map(([y]) => y))],
    at = plain(level, 3),
    names = set.classes
      ? Array.from({ length: set.classes }, (_, c) => className(set, c))
      : targets.length === 2
        ? targets.sort((a, b) => b - a).map((y) => `target ${plain(y, 3)}`)
        : [`target above ${at}`, "or not"];
  const line = set.classes ? "" : ` On the line it says ${at};`,
    wrong = set.classes || set.level !== null ? " Red rim: wrong." : "",
    [across, up] = set.columns;
  formLegend(
    `Ring: sample ${shownSample(head())}.${wrong}${line} ${across} runs across, ${up} up.`,
    ...names.flatMap((name, c) => [
      make("span", { class: `class-mark c${c % 3}` }, "\u25a0\u25cf\u25b2"[c % 3]),
      ` ${shortened(name, NAMES / names.length)}${c < names.length - 1 ? ", " : ". "}`,
    ]),
  );
}

/** Say what a form shows: marks, then words; anew only where they differ. */
function formLegend(words, ...marks) {
  const legend = $("form-legend");
  if (outdated(legend, words, marks.length)) legend.replaceChildren(...marks, words);
}

/** Colour the plane by what the network says there. */
function shade(canvas, values, set) {
  const context = canvas.getContext("2d"),
    image = context.createImageData(COLUMNS, ROWS),
    style = getComputedStyle(document.body);
  const rgb = (name) => {
    context.fillStyle = style.getPropertyValue(name);
    return context.fillStyle.match(/\w\w/g).map((hex) => parseInt(hex, 16));
  };
  const paper = rgb("--card"),
    inks = [rgb("--blue"), rgb("--orange"), rgb("--third")],
    classes = set.classes || 0,
    level = set.level ?? 0;
  for (let row = 0; row < ROWS; row++)
    for (let column = 0; column < COLUMNS; column++) {
      const at = row * COLUMNS + column,
        start = 4 * ((ROWS - 1 - row) * COLUMNS + column);
      let ink, share;
      if (classes) {
        const outputs = values.subarray(at * classes, (at + 1) * classes),
          shares = sharesOf(set, outputs),
          best = outputs.indexOf(Math.max(...outputs));
        [ink, share] = [inks[best % 3], 0.1 + 0.45 * shares[best]];
      } else {
        const value = Math.tanh((level ? 4 : 1) * (values[at] - level));
        [ink, share] = [inks[Number(value < 0)], 0.1 + 0.45 * Math.abs(value || 0)];
      }
      for (let c = 0; c < 3; c++) image.data[start + c] = paper[c] + (ink[c] - paper[c]) * share;
      image.data[start + 3] = 255;
    }
  context.putImageData(image, 0, 0);
}

const CORNERS = [[0, 0], [1, 0], [1, 1], [0, 1]]; // of a cell

/** The line at a level: cell by cell, between the crossings of its edges. */
function boundary(values, level, width, height) {
  const x = (column) => (width * (column + 0.5)) / COLUMNS,
    y = (row) => height - (height * (row + 0.5)) / ROWS,
    pieces = [];
  const at = (column, row) => values[row * COLUMNS + column] - level;
  for (let row = 0; row + 1 < ROWS; row++)
    for (let column = 0; column + 1 < COLUMNS; column++) {
      const found = [];
      for (const [e, [right, up]] of CORNERS.entries()) {
        const [toRight, toUp] = CORNERS[(e + 1) % 4],
          a = at(column + right, row + up),
          b = at(column + toRight, row + toUp),
          t = a / (a - b);
        if (a >= 0 === b >= 0) continue;
        const [c, r] = [column + right + t * (toRight - right), row + up + t * (toUp - up)];
        found.push(`${x(c).toFixed(1)} ${y(r).toFixed(1)}`);
      }
      for (let c = 0; c + 1 < found.length; c += 2) pieces.push(`M${found[c]}L${found[c + 1]}`);
    }
  return pieces.join("");
}

/** One input: the fitted curve over the samples, the errors as vertical bars, the ghost's curve dashed. */
function drawFit(set, k) {
  const before = ghost ? " Dashed: the run before." : "";
  formLegend(
    `Circles: the samples; filled: sample ${shownSample(head())}. Line: what it says${page.live ? ` for any ${set.columns[0]}` : ""}. Red: the error.${before}`,
  );
  const svg = $("fit"),
    box = svg.getBoundingClientRect();
  if (!box.width) return;
  const width = Math.round(box.width),
    height = Math.round(box.height),
    [left, right] = set.plane[0],
    ys = set.ys.flat();
  const margin = 0.25 * (Math.max(...ys) - Math.min(...ys) || 1),
    low = Math.min(...ys) - margin,
    high = Math.max(...ys) + margin;
  const x = (at) => 34 + ((width - 42) * (at - left)) / (right - left),
    y = (at) =>
      Math.max(-5, Math.min(height + 5, 6 + ((height - 28) * (high - at)) / (high - low)));
  if (emptied(svg, width, height, state.data)) frameFit(svg, set, height, x, y, [low, high]);
  const line = (one, step) =>
    polyline(
      curveOf(one, step, set)
        .filter(([, value]) => finite(value))
        .map(([at, value]) => [x(at), y(value)]),
    );
  attributes(svg.querySelector(".fitted"), { points: line(run, k) });
  attributes(svg.querySelector(".ghost"), { points: ghost ? line(ghost, ghost.head) : "" });
  for (const point of svg.querySelectorAll(".sample"))
    point.classList.toggle("chosen", Number(point.dataset.sample) === shownSample(head()));
  for (const [i, bar] of svg.querySelectorAll(".error").entries())
    attributes(bar, { y2: y(run.sampleLoss(k, i) ? run.outputs(k, i)[0] : set.ys[i][0]) });
}

/** What a run says along the input; of one that was recorded, only where there are samples. */
function curveOf(one, step, set) {
  if (!page.live) {
    const known = set.xs.map(([at], i) => [at, one.outputs(step, i)[0]]);
    return known.sort((a, b) => a[0] - b[0]);
  }
  const [left, right] = set.plane[0],
    along = Float64Array.from({ length: ALONG + 1 }, (_, i) => left + ((right - left) * i) / ALONG);
  return [...one.engine.grid(one.parameters(step), along)].map((value, i) => [along[i], value]);
}

function frameFit(svg, set, height, x, y, [low, high]) {
  for (const value of [low, (low + high) / 2, high])
    caption(svg, 30, y(value) + (value === high ? 10 : 4), "end", fixed(value, 1));
  for (const share of [0, 0.5, 1]) {
    const at = set.plane[0][0] + share * (set.plane[0][1] - set.plane[0][0]);
    caption(svg, x(at), height - 4, ["start", "middle", "end"][2 * share], fixed(at, 1));
  }
  const places = set.xs.map(([at], i) => [x(at), y(set.ys[i][0])]);
  for (const [x, y] of places) shape(svg, "line", { class: "error", x1: x, x2: x, y1: y, y2: y });
  for (const name of ["ghost", "fitted"]) shape(svg, "polyline", { class: name });
  places.forEach(([cx, cy], i) =>
    shape(svg, "circle", { class: "sample", "data-sample": i, cx, cy, r: 4.5 }),
  );
  attributes(svg, { "aria-label": "The samples, and the curve that the network fits to them." });
}

function setUpPlane() {
  for (const id of ["points", "fit"])
    on(id, "click", (event) => {
      const { sample } = event.target.dataset;
      if (sample !== undefined) chooseSample(Number(sample));
    });
}
