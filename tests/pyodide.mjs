// Runs a module in CPython for WebAssembly, which is what browsers have:
//   node --stack-size=60000 tests/pyodide.mjs RUNTIME SITE MODULE [its arguments]
// RUNTIME is the folder of the npm package pyodide; SITE, one where pytest and hypothesis are installed.
import path from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";

const [runtime, site, ...argv] = process.argv.slice(2).map((x, i) => (i < 2 ? path.resolve(x) : x));
const { loadPyodide } = await import(pathToFileURL(path.join(runtime, "pyodide.mjs")));
const python = await loadPyodide({ indexURL: runtime, fullStdLib: true });
const root = path.dirname(import.meta.dirname);
for (const [folder, place] of [[root, "/checkout"], [site, "/site"]]) {
  python.FS.mkdirTree(place);
  python.FS.mount(python.FS.filesystems.NODEFS, { root: folder }, place);
}
const run = python.runPython(`
import os, runpy, sys

def run(*argv):
    sys.argv = list(argv)
    sys.path[:0] = ["/checkout/src", "/checkout/tests", "/site"]
    sys.dont_write_bytecode = True
    os.chdir("/checkout")
    print("Python", sys.version.split()[0], "on", sys.platform)
    try:
        runpy.run_module(argv[0], run_name="__main__")
    except SystemExit as end:
        return int(end.code or 0)
    return 0

run`);
process.exit(run(...argv));
