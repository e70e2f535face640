// The packaged extension in a real VS Code, driven in a browser: what a person sees.

import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, "..", "..", "..");
const server = join(here, "node_modules", "code-server", "lib", "vscode", "out", "server-main.js");
const browsers = [process.env["CHROMIUM"], "/usr/bin/chromium", "/usr/bin/google-chrome"];
const folder = mkdtempSync(join(tmpdir(), "nel-advisor-vscode-"));
const workspace = join(folder, "work space");
const file = join(workspace, "eval.yaml");
const TEXT = `defaults:
  - execution: slurm/default
  - deployment: none
  - _self_
target:
  api_endpoint:
    url: https://example.com/v1/chat/completions
    model_id: model
execution:
  hostname: login
  account: me
  output_dir: /results
  walltime: 12:00:00
evaluation:
  tasks:
    - name: ns_gpqa
`;
const PATIENCE = 60_000;

let running;
let browser;
let page;

/** A virtual environment of the workspace, as far as the extension looks at it. */
function makeWorkspace() {
  const command = join(workspace, ".venv", "bin", "nel-advisor");
  mkdirSync(dirname(command), { recursive: true });
  const python = process.env["NEL_ADVISOR_PYTHON"] ?? join(root, ".venv", "bin", "python");
  writeFileSync(command, `#!/bin/sh\nPYTHONPATH='${root}' exec '${python}' -m advisor "$@"\n`);
  chmodSync(command, 0o755);
  writeFileSync(file, TEXT);
}

function freePort() {
  return new Promise((resolve) => {
    const one = createServer().listen(0, "127.0.0.1", () => {
      const { port } = one.address();
      one.close(() => resolve(port));
    });
  });
}

before(async () => {
  makeWorkspace();
  const own = ["--accept-server-license-terms", "--server-data-dir", join(folder, "data"), "--extensions-dir", join(folder, "extensions")];
  execFileSync("node", [server, ...own, "--install-extension", join(here, "..", "nel-advisor.vsix")], { stdio: "ignore" });
  const port = await freePort();
  const network = ["--host", "127.0.0.1", "--port", String(port), "--without-connection-token", "--disable-workspace-trust"];
  running = spawn("node", [server, ...own, ...network], { stdio: ["ignore", "pipe", "inherit"] });
  await new Promise((resolve) => {
    running.stdout.on("data", (data) => String(data).includes("agent started") && resolve());
  });
  browser = await chromium.launch({ executablePath: browsers.find((one) => one && existsSync(one)), args: ["--no-sandbox"] });
  page = await browser.newPage({ viewport: { width: 1400, height: 900 } });
  page.setDefaultTimeout(PATIENCE);
  const open = JSON.stringify([["openFile", `vscode-remote://127.0.0.1:${port}${file}`]]);
  await page.goto(`http://127.0.0.1:${port}/?folder=${encodeURIComponent(workspace)}&payload=${encodeURIComponent(open)}`);
  await page.locator(".view-lines").first().waitFor();
});

after(async () => {
  await page?.screenshot({ path: join(tmpdir(), "nel-advisor-vscode.png") });
  await browser?.close();
  running?.kill();
  rmSync(folder, { recursive: true, force: true });
});

async function command(title) {
  await page.keyboard.press("F1");
  await page.locator(".quick-input-widget input.input").fill(`>${title}`);
  await page.locator(".quick-input-list .monaco-list-row").first().waitFor();
  await page.keyboard.press("Enter");
}

async function goTo(line, column) {
  await page.locator(".view-lines").first().click();
  await page.keyboard.press("Control+G");
  await page.locator(".quick-input-widget input.input").fill(`:${line}:${column}`);
  await page.keyboard.press("Enter");
}

/** What the item in the status bar says, its icons by their names. */
async function status() {
  const label = page.locator("[id='nel-advisor.nel-advisor.nelAdvisor.status']").first();
  await label.waitFor();
  return label.evaluate((one) =>
    [...one.querySelectorAll(".codicon")].map((icon) => [...icon.classList].find((name) => name.startsWith("codicon-"))).join(" ") +
    ` ${one.textContent}`,
  );
}

async function until(what, check) {
  const end = Date.now() + PATIENCE;
  for (;;) {
    const found = await check();
    if (found) {
      return found;
    }
    assert(Date.now() < end, `${what}: ${JSON.stringify(found)}`);
    await page.waitForTimeout(200);
  }
}

test("the status bar counts what there is to say", async () => {
  const said = await until("a count", async () => {
    const text = await status();
    return /codicon-error/.test(text) && text;
  });
  assert.match(said, /NEL\s+1/);
});

test("diagnostics stand in the problems panel with their rule", async () => {
  await command("View: Focus Problems");
  const row = page.locator(".markers-panel .monaco-list-row", { hasText: "NEL640" });
  await row.first().waitFor();
  assert.match(await row.first().innerText(), /nel-advisor/);
});

test("hover says what a key is and why a finding is one", async () => {
  await goTo(13, 5);
  await command("Show or Focus Hover");
  const hover = page.locator(".monaco-hover:visible");
  await hover.getByText("How long one slurm job may run").first().waitFor();
});

test("the link of a finding opens its rule's page", async () => {
  await goTo(13, 15);
  await command("Show or Focus Hover");
  await page.locator(".monaco-hover:visible a.code-link, .monaco-hover:visible .code-link").first().click();
  const tab = page.locator(".tab", { hasText: "Preview NEL640" });
  await tab.waitFor();
  await tab.locator(".codicon-close").click();
});

test("completion offers the keys that are missing", async () => {
  await goTo(13, 21);
  await page.keyboard.press("Enter");
  await page.keyboard.type("part");
  await page.keyboard.press("Control+Space");
  await page.locator(".suggest-widget .monaco-list-row", { hasText: "partition" }).first().waitFor();
  await page.keyboard.press("Escape");
  await until("the text as it was", async () => {
    await page.keyboard.press("Control+Z");
    return !(await page.locator(".view-lines").first().innerText()).includes("part");
  });
});

test("a quick fix mends it, and the finding goes", async () => {
  await goTo(13, 15);
  await page.keyboard.press("Control+.");
  await page.locator(".action-widget").getByText("Put it in quotes").first().waitFor();
  await page.keyboard.press("Enter");
  await until("the mended line", async () => (await page.locator(".view-lines").first().innerText()).includes("\"12:00:00\""));
  await until("no error", async () => !/codicon-error/.test(await status()));
  await page.keyboard.press("Control+S");
  await until("the file", () => readFileSync(file, "utf8") === TEXT.replace("12:00:00", '"12:00:00"'));
});

test("a rule is explained beside the text", async () => {
  await goTo(13, 5);
  await command("nel-advisor: Explain a rule in this file");
  await page.locator(".quick-input-list .monaco-list-row, .quick-input-widget input.input").first().waitFor();
  await page.keyboard.press("Enter");
  await page.locator(".tab", { hasText: "in eval.yaml" }).waitFor();
});
