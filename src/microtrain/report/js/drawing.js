// One neuron as SVG, its numbers left open: the page fills in the texts and sets the classes.
// Inputs and weights with the running sum, the activation, and the users of its output stand side by
// side, or, on a phone, one below the other. Each of these parts ends at y = 0 and reaches up.

const MANY_INPUTS = 16; // the most that have a row each
const ROWS_OF_MANY = 10; // that are drawn of a neuron with more
const HEADINGS = 28; // the height of their line
const WIDE_WIDTH = 770;
const PHONE_WIDTH = 342;

// Where numbers stand in a row: x, an input; w, its weight; p, the product; g, the weight's gradient.
// From where to where, and where the gradient is: "below" the number, "beside" it, or not there.
const ROOMY = { x: [1, 71, "below"], w: [83, 173, "below"], p: [187, 277, "below"] };
const CLOSE = { x: [1, 62], w: [74, 212, "beside"], p: [223, 280] };
const LINES = { w: [32, 84], x: [100, 150], p: [162, 214], g: [216, 288] };
const PHONE = { w: [46, 118, "below"], x: [134, 184], p: [200, 252] };
const PHONE_LINES = { w: [36, 88], x: [98, 150], g: [162, 248] };
const COLUMN_HEADS = { w: "weight", x: "input", p: "product", g: "gradient" };

// How the rows of so many inputs look: how far apart and how high they are, whether each cell has a
// box and its name above it, or all are a line of text; where the running sum stands, and how far
// its foot is below the last row.
const SUM = [290, 384];
const PHONE_SUM = [258, 341];
const WIDE_ROWS = [
  { most: 3, pitch: 66, high: 36, cells: ROOMY, boxed: true, sum: SUM, foot: 51 },
  { most: 4, pitch: 52, high: 36, cells: ROOMY, boxed: true, sum: SUM, foot: 51 },
  { most: 8, pitch: 40, high: 23, cells: CLOSE, boxed: true, sum: SUM, foot: 51 },
  { most: MANY_INPUTS, pitch: 22, high: 18, cells: LINES, boxed: false, sum: [297, 384], foot: 51 },
];
const PHONE_ROWS = [
  { most: 8, pitch: 36, high: 30, cells: PHONE, boxed: false, sum: PHONE_SUM, foot: 22 },
  { most: MANY_INPUTS, pitch: 22, high: 20, cells: PHONE_LINES, boxed: false, sum: PHONE_SUM, foot: 18 },
];

/** A neuron with n rows of inputs and m users, as text. */
function neuronSvg(portrait, n, m) {
  const forms = portrait ? PHONE_ROWS : WIDE_ROWS,
    width = portrait ? PHONE_WIDTH : WIDE_WIDTH,
    parts = [
      inputsPart(forms.find(({ most }) => n <= most), n),
      portrait ? activationBelow() : activationBeside(),
      portrait ? usersBelow(m) : usersBeside(m),
    ],
    highest = Math.max(...parts.map((part) => part.height));
  let foot = HEADINGS + (portrait ? 0 : highest);
  const heads = parts.map(({ head }) => head).join(""),
    drawn = parts.map(({ svg, height }) => {
      if (portrait) foot += height;
      return lowered(foot, svg);
    });
  return tag(
    "svg",
    {
      xmlns: SVG,
      class: "neuron",
      width,
      height: foot + 1,
      viewBox: `0 0 ${width} ${foot + 1}`,
    },
    heads,
    ...drawn,
  );
}

/** The bias, the inputs with their weights and products, and the running sum. */
function inputsPart(form, n) {
  const { pitch, high, cells, boxed, sum, foot } = form,
    [left, right] = sum,
    height = foot + pitch * n + high / 2 + 6,
    box = [rect(left, -height, right - left, height)];
  if (sum !== PHONE_SUM)
    box.push(
      tag("text", { x: middle(sum), y: -28, class: "name" }, "its gradient"),
      slot("s.grad", middle(sum), -11, "grad"),
    );
  const rows = Array.from({ length: n }, (_, i) =>
      lowered(-foot - pitch * (n - 1 - i), inputRow(form, `w${i}`, i)),
    ),
    heads = Object.entries(cells).map(([name, cell]) => heading(COLUMN_HEADS[name], middle(cell)));
  return {
    svg: [drawnBox("s", box), lowered(-foot - pitch * n, inputRow(form, "b")), ...rows].join(""),
    height: height + (boxed ? 16 : 0),
    head: [...heads, heading("running sum", middle(sum))].join(""),
  };
}

/** What stands in the row of input i, or in that of the bias, around y = 0. */
function inputRow(form, weight, i = null) {
  const { pitch, boxed, sum } = form,
    bias = i === null,
    drawn = Object.entries(form.cells).filter(([name]) => !bias || "wg".includes(name)),
    cells = drawn.filter(([name]) => name !== "g"),
    product = bias ? "b" : `p${i}`,
    end = Math.max(...drawn.map(([, [, right]]) => right));
  const svg = [drawnEdge(product, end + 2, 0, sum[0], 0), slot(`${product}.sum`, middle(sum), 4, "value")];
  if (pitch > 30 && !bias)
    svg.push(
      tag("g", { class: "total" }, drawnEdge(`s${i}`, middle(sum), 9 - pitch, middle(sum), -11)),
    );
  if (!boxed) svg.push(slot(`${weight}.name`, 2, 4, "name start"));
  if (form.cells.g) svg.push(slot(`${weight}.grad`, form.cells.g[1], 4, "grad end"));
  for (const [name, cell] of cells)
    svg.push(drawnCell(form, name, name === "w" ? weight : `${name}${i}`, cell));
  cells.slice(1).forEach(([, [right]], k) => {
    const left = cells[k][1][1],
      x = (left + right) / 2;
    if (k === 0) svg.push(slot(`x${i}.times`, x, 4, "sign"));
    else if (boxed) svg.push(drawnEdge(`xw${i}`, left, 0, right, 0));
    else svg.push(tag("text", { x, y: 4 }, "="));
  });
  return svg.join("");
}

/** A number's place: its box, its name if that stands above, its gradient if it shows. */
function drawnCell({ high, boxed }, kind, node, cell) {
  const [left, right, gradient] = cell,
    content = [rect(left, -high / 2, right - left, high)],
    above = -high / 2 - 4;
  if (boxed && kind === "x") content.push(slot(`${node}.name`, left, above, "name start")); // of any length
  else if (boxed && kind === "w") content.push(slot(`${node}.name`, middle(cell), above, "name"));
  if (gradient === "beside")
    content.push(
      slot(`${node}.value`, left + 60, 4, "value end"),
      slot(`${node}.grad`, right - 4, 4, "grad end"),
    );
  else content.push(slot(`${node}.value`, middle(cell), gradient ? -2 : 4, "value"));
  if (gradient === "below") content.push(slot(`${node}.grad`, middle(cell), 12, "grad"));
  return drawnBox(node, content, !boxed);
}

/** The activation with its curve, and above it the place for the arithmetic at hand. */
function activationBeside() {
  const box = [
      rect(406, -112, 98, 112),
      plotIn(412, -106, 86, 62),
      slot("a.value", 455, -26, "value"),
      slot("a.grad", 455, -9, "grad"),
    ],
    svg = [
      drawnEdge("s", 384, -51, 406, -51),
      tag("path", { d: "M396 -136V-51", class: "lead" }),
      drawnBox("a", box),
      arithmeticIn(386, -208, 136, 72),
    ];
  return { svg: svg.join(""), height: 208, head: slot("a.name", 455, HEADINGS - 12, "head") };
}

/** The activation on a phone, with the place for the arithmetic beside its curve. */
function activationBelow() {
  const x = middle(PHONE_SUM),
    box = [
      rect(0.5, -104, PHONE_WIDTH - 1, 84),
      plotIn(8, -99, 92, 44),
      slot("a.name", 54, -43, "name"),
      slot("a.value", 54, -27, "value"),
    ],
    svg = [
      drawnEdge("s", x, -128, x, -104),
      slot("s.grad", x - 12, -111, "grad end"),
      drawnBox("a", box),
      drawnEdge("u", 171, -20, 171, 0),
      slot("a.grad", 159, -5, "grad end"),
      arithmeticIn(110, -97, 224, 70),
    ];
  return { svg: svg.join(""), height: 128, head: "" };
}

function arithmeticIn(x, y, width, height) {
  const at = x + width / 2,
    texts = [
      slot("now.title", at, y + 19, "name"),
      slot("now.first", at, y + 39, "sum"),
      slot("now.second", at, y + 60, "sum"),
    ];
  return tag("g", { class: "now-box" }, rect(x, y, width, height), ...texts);
}

/** The places of an activation's curve, of a point on it and its tangent. */
function plotIn(...box) {
  const paths = ["axis", "curve", "tangent"].map((kind) => tag("path", { class: kind })),
    point = tag("circle", { class: "point", r: 3.5 });
  return tag("g", { class: "plot", "data-box": box.join(" ") }, ...paths, point);
}

/** The users of the output, with what each passes back, and the total. */
function usersBeside(m) {
  const [left, right, x] = [541, 769, 655],
    boxed = m <= 4,
    [pitch, high] = boxed ? [56, 32] : [22, 18],
    foot = m === 1 ? 51 : 60;
  const rows = Array.from({ length: m }, (_, u) => {
    const y = -foot - pitch * (m - 1 - u),
      spans = ["product", "grad"].map((what) => tag("tspan", { "data-slot": `u${u}.${what}` })),
      at = boxed ? { x, y: 4, class: "sum" } : { x: right - 4, y: 4, class: "sum end" },
      name = boxed ? [x, -high / 2 - 4, "name"] : [left + 3, 4, "name start"],
      box = [
        rect(left, -high / 2, right - left, high),
        tag("text", at, spans.join(" ")),
        slot(`u${u}.name`, ...name),
      ];
    return drawnEdge(`u${u}`, 504, -51, left, y) + lowered(y, drawnBox(`u${u}`, box, !boxed));
  });
  const total = [
    slot("added.name", left, -14, "name start"),
    slot("added.grad", right - 4, -14, "sum end"),
  ];
  return {
    svg: [...total, ...rows].join(""),
    height: foot + pitch * (m - 1) + high / 2 + 16,
    head: slot("u.head", x, HEADINGS - 12, "head"),
  };
}

/** The users on a phone, each in a line of text, and the total. */
function usersBelow(m) {
  const [pitch, foot] = [18, 26],
    total = [
      tag("path", { d: "M236 -20H340", class: "rule" }),
      slot("added.name", 70, -5, "name start"),
      slot("added.grad", 338, -5, "sum end"),
    ];
  const rows = Array.from({ length: m }, (_, u) => {
    const row = [
      rect(0.5, -13, PHONE_WIDTH - 1, 18),
      slot(`u${u}.name`, 2, 0, "name start"),
      slot(`u${u}.product`, 70, 0, "sum start"),
      slot(`u${u}.grad`, 338, 0, "sum end"),
    ];
    return lowered(-foot - pitch * (m - 1 - u), drawnBox(`u${u}`, row, true));
  });
  const head = lowered(-foot - pitch * m, slot("u.head", 2, -2, "head start"));
  return { svg: [...total, head, ...rows].join(""), height: foot + pitch * (m + 1), head: "" };
}

// What all of them are made of.

const middle = ([left, right]) => (left + right) / 2;

function tag(name, attributes, ...content) {
  const pairs = Object.entries(attributes).map(([key, value]) => ` ${key}="${value}"`);
  return `<${name}${pairs.join("")}>${content.join("")}</${name}>`;
}

/** What is drawn, further down by y. */
const lowered = (y, svg) => tag("g", { transform: `translate(0 ${y})` }, svg);

/** A text for the page to fill. */
const slot = (name, x, y, kind) => tag("text", { x, y, class: kind, "data-slot": name });

const heading = (words, x) => tag("text", { x, y: HEADINGS - 12, class: "head" }, words);
const rect = (x, y, width, height) => tag("rect", { x, y, width, height, rx: 4 });

function drawnBox(node, content, bare = false) {
  return tag("g", { class: bare ? "box bare" : "box", "data-node": node }, ...content);
}

/** A line to the right, or straight down, with an arrow head at each end: forth and back. */
function drawnEdge(name, x, y, toX, toY) {
  const half = (x + toX) / 2,
    [forth, back] = x === toX ? ["l-3.5-8h7z", "l-3.5 8h7z"] : ["l-8-3.5v7z", "l8-3.5v7z"];
  return tag(
    "g",
    { class: "edge", "data-edge": name },
    tag("path", { d: `M${x} ${y}C${half} ${y} ${half} ${toY} ${toX} ${toY}`, class: "line" }),
    tag("path", { d: `M${toX} ${toY}${forth}`, class: "head forth" }),
    tag("path", { d: `M${x} ${y}${back}`, class: "head back" }),
  );
}
