// The generated Python: five lines around the one that runs, the part underlined, the values beneath.

const AROUND = 2,
  ROWS_SHOWN = 2 * AROUND + 2; // with the values

/** The listing that a part is in, and where: of the whole step, or of its neuron alone. */
function listingOf(part) {
  const [l, j] = shownNeuron(part),
    listing = asRun(engine.listing(l, j), state.zeroGrad);
  return [listing, listing?.parts[part.code]];
}

function drawCode(part, t) {
  const box = $("code"),
    [listing, place] = listingOf(part);
  $("code-card").hidden = !listing;
  if (!listing) return;
  const at = place ? place[0] : -1,
    values = at < 0 ? "" : valuesBeneath(listing, at, part, t),
    columns = Math.floor(box.clientWidth / (0.61 * parseFloat(getComputedStyle(box).fontSize)));
  if (!outdated(box, place, values, listing.lines[0], columns, part.kind, state.zeroGrad)) return;
  const [l, j] = shownNeuron(part),
    rows = at < 0 ? [] : brokenLine(listing.lines[at], columns),
    most = values ? ROWS_SHOWN / 2 : ROWS_SHOWN,
    begin = Math.max(0, Math.min(rows.findIndex(([, to]) => to > place[1]), rows.length - most)),
    marked = rows.slice(begin, begin + most),
    free = Math.max(0, ROWS_SHOWN - (values ? 2 * marked.length : Math.max(2, marked.length))),
    first = Math.max(0, Math.min(listing.lines.length - free - 1, at - (free >> 1))),
    others = listing.lines.slice(first, first + free + (at < 0 ? 0 : 1)),
    indent = Math.min(...others.map((line) => line.search(/\S/)).filter((n) => n >= 0)),
    alike = part.kind === "U2" ? updateLines(listing) : []; // not this line alone
  box.replaceChildren(
    ...(place ? [] : [make("div", {}, `# ${nodeName(l, j)}: no line runs now`)]),
    ...others.map((line, i) =>
      first + i === at
        ? markedLine(line, at, marked, indent, place, values, columns)
        : make(
            "div",
            { class: alike.includes(first + i) ? "alike" : null },
            shortened(line.slice(indent), columns) || " ",
          ),
    ),
  );
}

/** The lines that move the parameters. */
const updateLines = (listing) =>
  Object.entries(listing.parts).flatMap(([key, [line]]) => (key.startsWith("U:") ? [line] : []));

/** The line that runs: in rows, the part underlined, and beneath each row its values, none of them cut. */
function markedLine(line, at, rows, indent, [, from, to], values, columns) {
  const piece = (a, b) => line.slice(Math.max(a, 0), Math.max(a, b, 0)),
    whole = (x) => x + (x && values[x - 1] !== " " ? values.slice(x).search(/\s|$/) : 0);
  const beneath = (left, a, b) => {
    const text = left + " ".repeat(whole(a) - a) + values.slice(whole(a), whole(b));
    return text.length > columns ? text.slice(0, columns).replace(/\s*\S*$/, "") : text;
  };
  const told = rows.map(([start, end, further], i) => {
    const left = i || further ? "    " : " ".repeat(Math.max(0, start - indent)),
      [a, b] = [from, to].map((column) => Math.max(start, Math.min(end, column)));
    return [
      make(
        "div",
        {},
        left + piece(start, a),
        a < b ? make("u", {}, piece(a, b)) : "",
        piece(b, end),
      ),
      values && make("div", { class: "values" }, beneath(left, start, end) || " "),
    ];
  });
  if (!values && rows.length < 2) told.push([make("div", { class: "values" }, " ")]);
  return make("div", { class: "marked", "data-line": at }, ...told.flat().filter(Boolean));
}

/** Where the rows of a line begin and end that has to be broken, so that each fits. */
function brokenLine(line, columns) {
  const rows = [];
  let from = line.search(/\S/),
    room = columns - from;
  while (line.length - from > room) {
    const cuts = [
        [" + ", 0, 1],
        [", ", 1, 2],
        [" = ", 2, 3],
      ].map(([text, stay, skip]) => [line.lastIndexOf(text, from + room - 2), stay, skip]),
      [cut, stay, skip] = cuts.reduce((a, b) => (b[0] > a[0] ? b : a));
    if (cut <= from) break;
    rows.push([from, cut + stay, rows.length > 0]);
    from = cut + skip;
    room = columns - 4;
  }
  return [...rows, [from, line.length, rows.length > 0]];
}

/** A line of code that fits: the rest of a longer one is left out. */
const shortened = (line, columns) =>
  line.length > columns ? `${line.slice(0, columns - 1)}\u2026` : line;

/** The numbers of a line, each under its term: the terms of a sum, else each name that has a value. */
function valuesBeneath(listing, at, part, t) {
  const terms = termsOf(listing, at, part, t);
  let text = "";
  for (const [from, to, x] of terms) {
    if (x === null || x === undefined) continue;
    const told = short(x, 4),
      middle = from + Math.max(0, Math.floor((to - from - told.length) / 2)),
      start = Math.max(middle, text.length && text.length + 1);
    if (start <= to + 8) text = text.padEnd(start) + told;
  }
  return text;
}

/** The terms that the walk has of this line: from, to, value; or else its names; and the result. */
function termsOf(listing, at, part, t) {
  if (WITHOUT_VALUES.includes(part.kind)) return [];
  const terms = [];
  for (const [key, [line, from, to]] of Object.entries(listing.parts)) {
    const x = line === at && isKnown(key) ? termValue(key, t) : null;
    if (x !== null && !terms.some(([start]) => start === from)) terms.push([from, to, x]);
  }
  const result = listing.lines[at].indexOf(" = "),
    names = listing.tokens[at],
    right = names.filter(([from]) => from > result);
  const split = Object.values(listing.parts).filter(([line]) => line === at).length > 3;
  const shown = split ? terms : right.map(([from, to, key]) => [from, to, nameValue(key, part, t)]);
  const [from, to, key] = names.find(([from]) => from < result) || [];
  if (key && ENDS_ITS_LINE.includes(part.kind)) shown.push([from, to, resultValue(key, t)]);
  return shown.sort((a, b) => a[0] - b[0]);
}

const WITHOUT_VALUES = ["L3", "B0", "BS", "U2", "U3"];
const ENDS_ITS_LINE = ["F act", "F closed", "B act", "B closed", "B weight", "B bias", "U1"];

/** Whether the walk has been at this part; those of closed neurons it meets as one. */
function isKnown(code) {
  const place = parts().findIndex((part) => part.code === code);
  return place < state.part;
}

/** What a name on the right stands for; a gradient there is that of before, until it is used. */
function nameValue(key, part, t) {
  const [kind, index] = key.split(":");
  if (kind !== "g") return t.value(key);
  return part.phase === "update" ? t.used[index] : run.leftover(head())[index];
}

/** What the name on the left is from now on. */
function resultValue(key, t) {
  const [kind, index] = key.split(":");
  return kind === "p" ? t.after[index] : t.value(key);
}

/** What a part of the walk comes to, where it is a term: a product, a bias, a slope, a user's share. */
function termValue(key, t) {
  const [kind, l, j, what] = key.split(":"),
    n = what === undefined ? null : t.layers[l]?.[j];
  if (!n) return null;
  if (kind === "F") return what === "bias" ? n.bias : (n.products[what] ?? null);
  if (kind !== "B") return null;
  return what === "act" ? n.slope : (n.users[what]?.arrives ?? null);
}
