// Python in a worker: it loads CPython for WebAssembly and the library once, then runs one program after the other.

// The folder "pyodide" beside this page comes first: with it, the page needs no network.
const RUNTIMES = [new URL("pyodide/", import.meta.url), "https://cdn.jsdelivr.net/pyodide/v314.0.7/full/"];

// What is drawn of a program: the numbers in its list "losses", if it has one.
const LOSSES = `__import__("json").dumps([
    float(x) if isinstance(x, (int, float)) and x - x == 0 else None
    for x in (losses if isinstance(globals().get("losses"), list) else [])
])`;

async function load() {
  for (const runtime of RUNTIMES) {
    try {
      const { loadPyodide } = await import(`${runtime}pyodide.mjs`);
      return await loadPyodide({ indexURL: `${runtime}` });
    } catch (error) {
      console.info(`no Python at ${runtime}: ${error}`);
    }
  }
  throw new Error(
    "Python was not found. Without a network, put the files of the npm package pyodide into the folder pyodide beside this page.",
  );
}

async function start() {
  const python = await load();
  const print = { batched: (text) => postMessage(["print", `${text}\n`]) };
  python.setStdout(print);
  python.setStderr(print);
  const library = await fetch(new URL("microtrain.zip", import.meta.url));
  if (!library.ok) throw new Error("microtrain.zip is missing beside this page.");
  python.unpackArchive(await library.arrayBuffer(), "zip");
  python.runPython("import microtrain");
  return python;
}

const started = start();
started.then(
  () => postMessage(["ready", "Python is ready."]),
  (error) => postMessage(["failed", error.message]),
);

onmessage = async ({ data }) => {
  const python = await started;
  const names = python.globals.get("dict")();
  try {
    python.runPython(data, { globals: names, filename: "program" });
    postMessage(["losses", JSON.parse(python.runPython(LOSSES, { globals: names }))]);
    postMessage(["ready", "Done."]);
  } catch (error) {
    // what is above the program in the traceback is the runtime's own
    const text = error.message.replace(/^Traceback[^]*?(?= {2}File "program")/, "Traceback (most recent call last):\n");
    postMessage(["print", text]);
    postMessage(["ready", "It ended with an error."]);
  } finally {
    names.destroy();
  }
};
