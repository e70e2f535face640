// Makes VS Code's own server runnable from the npm package of code-server: its dependencies, and the two that are compiled.

import { execFileSync } from "node:child_process";
import { existsSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const vscode = join(here, "node_modules", "code-server", "lib", "vscode");
const done = join(vscode, ".prepared");

function npm(folder, ...args) {
  execFileSync("npm", [...args, "--no-audit", "--no-fund", "--loglevel=error"], { cwd: folder, stdio: "inherit" });
}

if (!existsSync(done)) {
  npm(here, "install", "--no-package-lock", "--ignore-scripts");
  // Its lock names one package by its Git address, which many networks do not reach; the registry has it too.
  rmSync(join(vscode, "npm-shrinkwrap.json"), { force: true });
  npm(vscode, "install", "--omit=dev", "--ignore-scripts", "--legacy-peer-deps", "--no-package-lock");
  npm(vscode, "rebuild", "@vscode/spdlog", "native-watchdog", "@parcel/watcher");
  npm(join(vscode, "extensions"), "install", "--omit=dev", "--ignore-scripts", "--no-package-lock");
  writeFileSync(done, "");
}
