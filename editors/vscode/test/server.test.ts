// The real server over stdio, asked as the extension's client asks it: it pulls its diagnostics.

import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { after, before, test } from "node:test";
import {
  CodeActionRequest,
  createProtocolConnection,
  DocumentDiagnosticRequest,
  ExecuteCommandRequest,
  InitializedNotification,
  InitializeRequest,
  type ProtocolConnection,
  ShutdownRequest,
  StreamMessageReader,
  StreamMessageWriter,
} from "vscode-languageserver-protocol/node";
import { findCommand } from "../src/finding";

const COMMAND = process.env["NEL_ADVISOR"] ?? findCommand({ setting: "", folders: ["../.."], path: process.env["PATH"] ?? "" });
const URI = "file:///nowhere/eval.yaml";
const TEXT = `defaults:
  - execution: slurm/default
  - deployment: none
  - _self_
execution:
  hostname: login
  account: me
  output_dir: /results
  walltime: 12:00:00
evaluation:
  tasks:
    - name: ns_gpqa
`;
const skip = COMMAND === undefined ? "nel-advisor is not installed" : false;

let server: ChildProcess;
let connection: ProtocolConnection;

before(async () => {
  if (COMMAND === undefined) {
    return;
  }
  server = spawn(COMMAND, ["lsp"], { stdio: ["pipe", "pipe", "inherit"] });
  assert(server.stdout && server.stdin);
  connection = createProtocolConnection(new StreamMessageReader(server.stdout), new StreamMessageWriter(server.stdin));
  connection.listen();
  await connection.sendRequest(InitializeRequest.type, {
    processId: process.pid,
    rootUri: null,
    capabilities: {
      textDocument: { diagnostic: {} },
      workspace: { workspaceEdit: { documentChanges: true }, diagnostics: { refreshSupport: true } },
    },
    initializationOptions: { showsExplanations: true, ignore: ["mounts-home"] },
  });
  await connection.sendNotification(InitializedNotification.type, {});
  await connection.sendNotification("textDocument/didOpen", {
    textDocument: { uri: URI, languageId: "yaml", version: 1, text: TEXT },
  });
});

after(async () => {
  if (COMMAND === undefined) {
    return;
  }
  await connection.sendRequest(ShutdownRequest.type);
  await connection.sendNotification("exit");
  await new Promise((resolve) => server.once("exit", resolve));
});

async function codes(): Promise<unknown[]> {
  const report = await connection.sendRequest(DocumentDiagnosticRequest.type, { textDocument: { uri: URI } });
  assert.equal(report.kind, "full");
  return report.kind === "full" ? report.items.map((item) => item.code) : [];
}

test("diagnostics are there to be pulled", { skip }, async () => {
  const found = await codes();
  assert(found.includes("NEL640"), String(found));
  assert(!found.includes("NEL631"), "ignored by the client's settings");
});

test("a preferred fix mends it", { skip }, async () => {
  const place = { line: 8, character: 14 };
  const actions = await connection.sendRequest(CodeActionRequest.type, {
    textDocument: { uri: URI },
    range: { start: place, end: place },
    context: { diagnostics: [] },
  });
  const fix = (actions ?? []).find((one) => "isPreferred" in one && one.isPreferred === true);
  assert(fix && "edit" in fix && fix.edit?.documentChanges?.[0] && "edits" in fix.edit.documentChanges[0]);
  const [edit] = fix.edit.documentChanges[0].edits;
  assert(edit && "range" in edit);
  await connection.sendNotification("textDocument/didChange", {
    textDocument: { uri: URI, version: 2 },
    contentChanges: [{ range: edit.range, text: "newText" in edit ? edit.newText : "" }],
  });
  assert(!(await codes()).includes("NEL640"));
});

test("a rule is explained", { skip }, async () => {
  const found: unknown = await connection.sendRequest(ExecuteCommandRequest.type, {
    command: "nel-advisor.explain",
    arguments: [URI, "NEL640"],
  });
  assert.match((found as { text: string }).text, /does not fire/);
});
