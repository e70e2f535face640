// Starts the language server, shows how it is, and gives the commands a place in the palette.

import * as vscode from "vscode";
import { LanguageClient, type LanguageClientOptions, State } from "vscode-languageclient/node";
import { Explanations, isExplanation } from "./explanations";
import { findCommand } from "./finding";
import { openPage, PAGE_COMMAND, withPages } from "./pages";
import { SOURCE, summary } from "./summary";

const SECTION = "nelAdvisor";
const EXPLAIN = "nel-advisor.explain";
const INSTALL = "pip install 'nel-advisor[lsp]'";

let client: LanguageClient | undefined;

export async function activate(context: vscode.ExtensionContext): Promise<void> {
  const output = vscode.window.createOutputChannel("nel-advisor", { log: true });
  const explanations = new Explanations();
  const status = vscode.window.createStatusBarItem(`${SECTION}.status`, vscode.StatusBarAlignment.Right);
  status.name = "nel-advisor";
  status.command = `${SECTION}.showOutput`;
  const refresh = (): void => showStatus(status);
  const restart = async (): Promise<void> => {
    await stop();
    await start(output, explanations, refresh);
    refresh();
  };
  const command = (name: string, run: () => unknown): vscode.Disposable =>
    vscode.commands.registerCommand(`${SECTION}.${name}`, run);
  context.subscriptions.push(
    output,
    status,
    explanations.register(),
    command("restart", restart),
    command("showOutput", () => output.show()),
    command("fixAll", () => onActiveFile((uri) => vscode.commands.executeCommand("nel-advisor.fixAll", uri))),
    command("openAdvised", () => onActiveFile((uri) => vscode.commands.executeCommand("nel-advisor.openAdvised", uri))),
    command("explain", () => onActiveFile(explain)),
    vscode.commands.registerCommand(PAGE_COMMAND, openPage),
    vscode.languages.onDidChangeDiagnostics(refresh),
    vscode.window.onDidChangeActiveTextEditor(refresh),
    vscode.workspace.onDidGrantWorkspaceTrust(restart),
    vscode.workspace.onDidChangeConfiguration((event) => {
      if (event.affectsConfiguration(`${SECTION}.path`)) {
        void restart();
      }
    }),
  );
  await restart();
}

export async function deactivate(): Promise<void> {
  await stop();
}

async function start(
  output: vscode.LogOutputChannel,
  explanations: Explanations,
  refresh: () => void,
): Promise<void> {
  const found = findCommand({
    setting: settings().get<string>("path", ""),
    folders: vscode.workspace.isTrusted ? folders() : [],
    path: process.env["PATH"] ?? "",
  });
  if (found === undefined) {
    output.warn(`no nel-advisor in a virtual environment of the workspace, nor on PATH; to install it: ${INSTALL}`);
    void offerInstall();
    return;
  }
  output.info(`starting ${found} lsp`);
  const server = { command: found, args: ["lsp"] };
  client = new LanguageClient(SECTION, "nel-advisor", server, clientOptions(output, explanations));
  client.onDidChangeState(refresh);
  try {
    await client.start();
  } catch (error) {
    output.error(`${found} lsp did not start: ${String(error)}`);
  }
}

function clientOptions(output: vscode.OutputChannel, explanations: Explanations): LanguageClientOptions {
  return {
    documentSelector: [{ language: "yaml" }],
    outputChannel: output,
    diagnosticPullOptions: { onChange: true, onSave: true },
    initializationOptions: { ...checks(), showsExplanations: true, showsFindings: true },
    synchronize: { configurationSection: SECTION },
    middleware: {
      provideDiagnostics: async (document, previous, token, next) => {
        const report = await next(document, previous, token);
        return report?.kind === "full" ? { ...report, items: report.items.map(withPages) } : report;
      },
      handleDiagnostics: (uri, diagnostics, next) => next(uri, diagnostics.map(withPages)),
      executeCommand: async (command, args: unknown[], next) => {
        const result: unknown = await next(command, args);
        if (command === EXPLAIN && isExplanation(result)) {
          await explanations.show(result);
        }
        return result;
      },
    },
  };
}

async function stop(): Promise<void> {
  const running = client;
  client = undefined;
  if (running !== undefined && running.state !== State.Stopped) {
    await running.dispose();
  }
}

function showStatus(status: vscode.StatusBarItem): void {
  const file = vscode.window.activeTextEditor?.document;
  if (file === undefined || file.languageId !== "yaml") {
    status.hide();
    return;
  }
  if (client === undefined || client.state !== State.Running) {
    status.text = "NEL $(circle-slash)";
    status.tooltip = client === undefined ? `nel-advisor is not installed: ${INSTALL}` : "nel-advisor is starting or has ended";
  } else {
    status.text = summary(vscode.languages.getDiagnostics(file.uri));
    status.tooltip = "nel-advisor: what there is to say of this file";
  }
  status.show();
}

async function explain(uri: string): Promise<void> {
  const own = vscode.languages.getDiagnostics(vscode.Uri.parse(uri)).filter((one) => one.source === SOURCE);
  const rules = [...new Map(own.map((one) => [ruleOf(one), one.message])).entries()];
  const picked =
    rules.length > 0
      ? (await vscode.window.showQuickPick(rules.map(([label, description]) => ({ label, description }))))?.label
      : await vscode.window.showInputBox({ prompt: "The rule's id or name", placeHolder: "NEL640" });
  if (picked !== undefined && picked !== "") {
    await vscode.commands.executeCommand(EXPLAIN, uri, picked);
  }
}

function ruleOf(diagnostic: vscode.Diagnostic): string {
  const code = diagnostic.code;
  return String(typeof code === "object" ? code.value : (code ?? ""));
}

async function offerInstall(): Promise<void> {
  const copy = "Copy the command";
  const open = "Open the settings";
  const chosen = await vscode.window.showWarningMessage(
    `nel-advisor is neither in a virtual environment of this workspace nor on PATH. To install it: ${INSTALL}`,
    copy,
    open,
  );
  if (chosen === copy) {
    await vscode.env.clipboard.writeText(INSTALL);
  } else if (chosen === open) {
    await vscode.commands.executeCommand("workbench.action.openSettings", `${SECTION}.path`);
  }
}

function onActiveFile(run: (uri: string) => unknown): unknown {
  const file = vscode.window.activeTextEditor?.document;
  return file === undefined ? undefined : run(file.uri.toString());
}

function settings(): vscode.WorkspaceConfiguration {
  return vscode.workspace.getConfiguration(SECTION);
}

function checks(): Record<string, unknown> {
  return {
    select: settings().get<string[]>("select", []),
    ignore: settings().get<string[]>("ignore", []),
    nelVersion: settings().get<string>("nelVersion", ""),
    environment: settings().get<boolean>("environment", false),
  };
}

function folders(): string[] {
  return (vscode.workspace.workspaceFolders ?? []).filter((one) => one.uri.scheme === "file").map((one) => one.uri.fsPath);
}
