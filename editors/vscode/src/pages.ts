// The page of a rule: the server links to Markdown, which people would rather read than its source.

import * as vscode from "vscode";

export const PAGE_COMMAND = "nelAdvisor.openPage";

/** The diagnostic with a code that opens the preview of its page. */
export function withPages(diagnostic: vscode.Diagnostic): vscode.Diagnostic {
  const { code } = diagnostic;
  if (typeof code === "object" && code.target.scheme === "file" && code.target.path.endsWith(".md")) {
    const query = encodeURIComponent(JSON.stringify([code.target.toString()]));
    diagnostic.code = { value: code.value, target: vscode.Uri.parse(`command:${PAGE_COMMAND}?${query}`) };
  }
  return diagnostic;
}

export async function openPage(address: string): Promise<void> {
  const page = vscode.Uri.parse(address, true);
  try {
    await vscode.commands.executeCommand("markdown.showPreviewToSide", page);
  } catch {
    // VS Code's own Markdown extension is switched off.
    await vscode.commands.executeCommand("vscode.open", page, vscode.ViewColumn.Beside);
  }
}
