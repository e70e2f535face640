import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { findCommand } from "../src/finding";

const root = mkdtempSync(join(tmpdir(), "nel-advisor-"));

function command(...parts: string[]): string {
  const path = join(root, ...parts);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, "#!/bin/sh\n");
  chmodSync(path, 0o755);
  return path;
}

const own = command("workspace", ".venv", "bin", "nel-advisor");
const onPath = command("bin", "nel-advisor");
const other = command("workspace", "tools", "advisor");
const workspace = join(root, "workspace");
const path = `relative:${join(root, "bin")}`;
writeFileSync(join(root, "not-executable"), "");

const cases: [string, Parameters<typeof findCommand>[0], string | undefined][] = [
  ["the virtual environment comes before PATH", { setting: "", folders: [workspace], path }, own],
  ["PATH where the workspace has none", { setting: "", folders: [root], path }, onPath],
  ["PATH alone in a folder that is not trusted", { setting: "", folders: [], path }, onPath],
  ["nothing anywhere", { setting: "", folders: [root], path: "" }, undefined],
  ["the setting, absolute", { setting: other, folders: [workspace], path }, other],
  ["the setting, of the workspace", { setting: "tools/advisor", folders: [workspace], path }, other],
  ["the setting, a name on PATH", { setting: "nel-advisor", folders: [workspace], path }, onPath],
  ["a setting that leads nowhere is not replaced by another", { setting: "/no/such", folders: [workspace], path }, undefined],
  ["what cannot be run is none", { setting: join(root, "not-executable"), folders: [], path }, undefined],
  ["a folder is none", { setting: root, folders: [], path }, undefined],
];

for (const [name, place, expected] of cases) {
  test(name, () => assert.equal(findCommand(place), expected));
}
