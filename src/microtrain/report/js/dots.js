// The dots of the walk: along each edge that a part goes, one moves forward or back as the part comes.

const FLIGHT = 300; // ms
let walked = {};

/** Send them where the walk has just gone on to this part; one that is only drawn anew has none. */
function sendDots(part, t) {
  const before = walked,
    same = before.list === parts() && before.step === head();
  walked = { list: parts(), step: head(), part: state.part };
  if (same && before.part === state.part) return;
  for (const dot of document.querySelectorAll("#walk .dot")) dot.remove();
  if (!same || before.part !== state.part - 1 || calm()) return;
  for (const line of [...linesAlong(part, t), ...edgesAlong(part)])
    if (line) sendDot(line, part.phase === "backward");
}

function sendDot(line, back) {
  const at = (name) => line.getAttribute(name),
    way = at("d") ?? `M${at("x1")} ${at("y1")}L${at("x2")} ${at("y2")}`,
    parent = line.closest(".edge") ?? line.ownerSVGElement,
    dot = shape(parent, "circle", { class: back ? "dot back" : "dot", r: 5 });
  dot.style.offsetPath = `path("${way}")`;
  dot.animate({ offsetDistance: back ? ["100%", "0%"] : ["0%", "100%"] }, FLIGHT).onfinish = () =>
    dot.remove();
}

/** The lines of the network that a part goes along: weights, or those between outputs and loss. */
function linesAlong(part, t) {
  const svg = $("where"),
    n = part.l === undefined ? null : t.layers[part.l][part.j],
    line = (index) => svg.querySelector(`.weight[data-index="${index}"]`);
  switch (part.kind) {
    case "F product":
      return [line(n.at[part.k])];
    case "F closed":
      return Array.from(n.at, line);
    case "B user":
      return [line(n.users[part.u].at)];
    case "B closed":
      return n.users.map((user) => line(user.at));
    case "L2":
    case "B1":
      return [...svg.querySelectorAll(".to-loss")];
    default:
      return [];
  }
}

/** The edges in the neuron's drawing that a part goes along, if it is that neuron's. */
function edgesAlong({ l, j, kind, phase, boxes }) {
  const name = { "F act": "s", "B act": "s", "B added": "u" }[kind];
  if (l === undefined || phase === "update" || !isOpen(l, j)) return [];
  const names = name ? [name] : boxes.map((box) => box.replace("w", "p"));
  return [...new Set(names)].map((one) => $("neuron").querySelector(`[data-edge="${one}"] .line`));
}
