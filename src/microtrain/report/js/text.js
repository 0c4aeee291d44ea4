// Numbers as text, and elements of the page and of its pictures.

const MINUS = "\u2212",
  TIMES = "\u00d7",
  BAR = "\u2223", // of absolute values: a plain one marks the digits of a number
  ARROW_LEFT = "\u2190",
  ARROW_RIGHT = "\u2192";
const SVG = "http://www.w3.org/2000/svg";
const $ = (id) => document.getElementById(id);
const finite = Number.isFinite;

/** The text of a number with a real minus; `digits` significant ones, tiny and huge ones with 3. */
function short(x, digits = 4) {
  if (!finite(x)) return "not finite";
  if (x === 0) return "0";
  const size = Math.abs(x);
  let text =
    size >= 1e6 || size < 1e-4
      ? x.toExponential((digits > 4 ? digits : Math.min(digits, 3)) - 1)
      : x.toPrecision(digits);
  if (text.includes("e"))
    text = size < 1e6 && size >= 1e-4 ? String(Number(text)) : text.replace("e+", "e");
  return signed(text);
}

/** The text of a number as it was given: 1 and 0.05 stay as short as they are. */
function plain(x, digits = 6) {
  return finite(x)
    ? signed(String(Number(x.toPrecision(digits))).replace("e+", "e"))
    : "not finite";
}

const MOST_DIGITS = 9;
const toNumber = (text) => Number(text.replaceAll(MINUS, "-"));

/** With how many digits these numbers have to be shown, so that the result is as shown by hand. */
function digitsFor(numbers, work, result, shown = 4, show = short) {
  const agrees = (digits) =>
    short(work(...Array.from(numbers, (x) => toNumber(show(x, digits)))), shown) === short(result, shown);
  let digits = 4;
  while (digits < MOST_DIGITS && !agrees(digits)) digits++;
  return digits;
}

/** The text of a result with as many digits as come out by hand from these numbers with so many. */
function byHand(numbers, work, result, digits = 4) {
  const found = work(...numbers.map((x) => toNumber(short(x, digits))));
  while (digits > 1 && short(found, digits) !== short(result, digits)) digits--;
  return short(result, digits);
}

const times = (a, b) => a * b;
const plus = (a, b) => a + b;
const digitsOfProduct = (a, b, shown = 4) => digitsFor([a, b], times, a * b, shown);

/** With how many digits two numbers can be told apart, if any so few do. */
function digitsApart(a, b) {
  for (let digits = 4; digits <= 7; digits++)
    if (short(a, digits) !== short(b, digits)) return digits;
  return null;
}

/** The text of a number with so many decimals. */
function fixed(x, decimals = 2) {
  if (!finite(x)) return "not finite";
  if (Math.abs(x) >= 1e4) return short(x, 3);
  const text = x.toFixed(decimals);
  return signed(Number(text) === 0 ? text.replace("-", "") : text);
}

/** Numbers as a sum, in enough digits to check it: those that are negative are taken away. */
function summed(numbers, sum, shown) {
  const show = Math.max(...numbers.map(Math.abs)) < 1e-3 ? short : fixed,
    digits = digitsFor(numbers, (...all) => all.reduce(plus), sum, shown, show);
  return Array.from(numbers, (x, i) => {
    const [sign, size] = i ? [x < 0 ? `${MINUS} ` : "+ ", Math.abs(x)] : ["", x];
    return `${sign}[${show(size, digits)}|${full(x)}]`;
  }).join(" ");
}

const powerOfTen = (x) => (finite(x) ? signed(x.toExponential(0).replace("e+", "e")) : "not finite");
const IN_NODE = 5; // characters that have room in a node
const fitting = (...texts) => texts.find((text) => text.length <= IN_NODE) ?? texts.at(-1);
/** The text of an output, or of an input, that has to fit into a node. */
const inNode = (x) => fitting(fixed(x), fixed(x, 1), fixed(x, 0), powerOfTen(x));
const inInput = (x) =>
  Number.isInteger(x) && Math.abs(x) < 100
    ? fixed(x, 1)
    : fitting(plain(x, 3), plain(x, 2), plain(x, 1), powerOfTen(x));

const signed = (text) => text.replace(/-/g, MINUS);
const bracketed = (text) => (text.startsWith(MINUS) ? `(${text})` : text);
const capital = (text) => text[0].toUpperCase() + text.slice(1);
const plural = (n, word) => `${n.toLocaleString("en")} ${word}${n === 1 ? "" : "s"}`;
const full = (x) => (finite(x) ? signed(String(x)) : "not finite");

/** A new element: its attributes, then its children, texts or elements. */
function make(name, wanted = {}, ...children) {
  return fill(document.createElement(name), wanted, children);
}

function shape(parent, name, wanted = {}, ...children) {
  const node = fill(document.createElementNS(SVG, name), wanted, children);
  parent.append(node);
  return node;
}

/** A text in a picture, whose "start", "middle" or "end" is at x. */
const caption = (parent, x, y, anchor, text = "", wanted = {}) =>
  shape(parent, "text", { x, y, "text-anchor": anchor, ...wanted }, text);

function fill(node, wanted, children) {
  attributes(node, wanted);
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

/** Set attributes, where they differ; false and null take one away, functions listen. */
function attributes(node, wanted) {
  for (const [name, value] of Object.entries(wanted)) {
    if (typeof value === "function") node.addEventListener(name, value);
    else if (
      value === null ||
      value === undefined ||
      (value === false && !name.startsWith("aria-"))
    )
      node.removeAttribute(name);
    else if (node.getAttribute(name) !== String(value)) node.setAttribute(name, value);
  }
}

/** Whether an element was last made for another key than this one: then it is to be made anew. */
function outdated(node, ...key) {
  const text = JSON.stringify(key);
  if (node.dataset.key === text) return false;
  node.dataset.key = text;
  return true;
}

/** Empty a picture that was made for another size or key; return whether it was. */
function emptied(svg, width, height, ...key) {
  if (!outdated(svg, width, height, ...key)) return false;
  svg.replaceChildren();
  attributes(svg, { viewBox: `0 0 ${width} ${height}` });
  return true;
}

const polyline = (places) => places.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join(" ");

/** Do something at an event of the element with this id. */
const on = (id, type, what) => $(id).addEventListener(type, what);

function say(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** Say as much of a text as has room in a picture; of one that is cut off, a pointer shows all. */
function sayWithin(label, text, width) {
  if (!outdated(label, text)) return;
  const letters = [...text];
  say(label, text);
  while (letters.length && label.getComputedTextLength() > width) {
    letters.pop();
    say(label, `${letters.join("")}\u2026`);
  }
  if (letters.length < text.length) shape(label, "title", {}, text);
}

/** Show a sentence in which {braces} hold numbers and [brackets] gradients; after | stand all digits. */
function rich(node, text) {
  if (node.dataset.said === text) return;
  node.dataset.said = text;
  node.replaceChildren(
    ...text
      .split(/(\{[^}]*\}|\[[^\]]*\])/)
      .filter(Boolean)
      .map((part) => {
        if (!"{[".includes(part[0])) return part;
        const [told, all] = part.slice(1, -1).split("|");
        return make(
          "span",
          {
            class: part[0] === "[" ? "number gradient" : "number",
            ...(all && { title: all, tabindex: 0, "data-value": all.replace(MINUS, "-") }),
          },
          told,
        );
      }),
  );
}

const number = (x, digits = 4) => `{${short(x, digits)}|${full(x)}}`;
const gradient = (x, digits = 4) => `[${short(x, digits)}|${full(x)}]`;
/** A name from outside, as it may stand in such a sentence. */
const unbraced = (name) => name.replace(/[[{]/g, "(").replace(/[\]}]/g, ")").replaceAll("|", "/");
const unmarked = (text) => text.replace(/[{[]([^}\]|]*)(\|[^}\]]*)?[}\]]/g, "$1");
