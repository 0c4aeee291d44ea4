// The page: an editor, its buttons and the output. Python itself runs in a worker, so that it can be stopped.

const PROGRAM = `import microtrain as mt

xs = [[2.0, 3.0, -1.0], [3.0, -1.0, 0.5], [0.5, 1.0, 1.0], [1.0, 1.0, -1.0]]
ys = [1.0, -1.0, -1.0, 1.0]
model = mt.MLP(3, [4, 4, 1])
lr = 0.05

losses = []    # the list of this name is drawn
for step in range(60):
    ypred = [model(x) for x in xs]                               # 1. forward pass
    loss = sum((yout - yt)**2 for yout, yt in zip(ypred, ys))    # 2. loss
    model.zero_grad()                                            # 3. backward pass
    loss.backward()
    for p in model.parameters():                                 # 4. update
        p.data -= lr * p.grad
    losses.append(loss.data)
    if step % 10 == 0:
        print(f"step {step:2}   loss {loss.data:.6f}")

for x, y in zip(xs, ys):
    print(f"target {y:4}   prediction {model(x).data:7.4f}")
`;

const [program, output, chart, state, run, stop, reset] = "program output chart state run stop reset"
  .split(" ")
  .map((id) => document.getElementById(id));
let worker;

function begin() {
  worker?.terminate();
  worker = new Worker("worker.js", { type: "module" });
  worker.onmessage = ({ data: [kind, text] }) => {
    if (kind === "print") output.append(text);
    else if (kind === "losses") draw(text);
    else idle(kind === "ready", text);
  };
  worker.onerror = () => idle(false, "Python could not be started.");
  state.textContent = "Python is loading …";
  run.disabled = stop.disabled = true;
}

function idle(ready, text) {
  state.textContent = text;
  run.disabled = !ready;
  stop.disabled = true;
}

// Draw losses above 0 as a curve, on a logarithmic scale from power of ten to power of ten.
function draw(losses) {
  const known = losses.filter((loss) => loss > 0 && Number.isFinite(loss));
  chart.replaceChildren();
  chart.toggleAttribute("hidden", known.length < 2);
  if (known.length < 2) return;
  const [low, high] = [Math.floor(Math.log10(Math.min(...known))), Math.ceil(Math.log10(Math.max(...known)))];
  const across = (step) => 60 + (step / (losses.length - 1)) * 620;
  const up = (power) => 16 + ((high - power) / Math.max(high - low, 1)) * 200;
  for (let power = low; power <= high; power++) {
    add("line", { x1: 60, x2: 680, y1: up(power), y2: up(power), class: "grid" });
    add("text", { x: 52, y: up(power) + 4, "text-anchor": "end" }, power < -3 || power > 4 ? `1e${power}` : `${10 ** power}`);
  }
  const drawn = losses.map((loss, step) => (loss > 0 && Number.isFinite(loss) ? [across(step), up(Math.log10(loss))] : null));
  add("polyline", { points: drawn.filter(Boolean).join(" "), class: "curve" });
  add("text", { x: 60, y: 238 }, "0");
  add("text", { x: 370, y: 238, "text-anchor": "middle" }, "step");
  add("text", { x: 680, y: 238, "text-anchor": "end" }, `${losses.length - 1}`);
}

function add(kind, attributes, text = "") {
  const element = document.createElementNS("http://www.w3.org/2000/svg", kind);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.textContent = text;
  chart.append(element);
}

run.onclick = () => {
  output.textContent = "";
  draw([]);
  state.textContent = "Running …";
  run.disabled = true;
  stop.disabled = false;
  worker.postMessage(program.value);
};
stop.onclick = () => {
  output.append("\nStopped.\n");
  begin();
};
reset.onclick = () => {
  program.value = PROGRAM;
};
program.onkeydown = (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && !run.disabled) run.click();
};
program.value = PROGRAM;
begin();
