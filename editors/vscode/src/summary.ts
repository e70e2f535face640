// What the status bar says of a file.

export const enum Severity {
  Error,
  Warning,
  Information,
}

export interface Finding {
  readonly severity: number;
  readonly source?: string | undefined;
}

export const SOURCE = "nel-advisor";

/** The item's text for a file's diagnostics, those of others left out. */
export function summary(findings: readonly Finding[]): string {
  const own = findings.filter((one) => one.source === SOURCE);
  const count = (severity: number): number => own.filter((one) => one.severity === severity).length;
  const parts = [
    part("error", count(Severity.Error)),
    part("warning", count(Severity.Warning)),
    part("info", count(Severity.Information)),
  ].filter((text) => text !== "");
  return parts.length > 0 ? `NEL ${parts.join(" ")}` : "NEL $(check)";
}

function part(icon: string, count: number): string {
  return count > 0 ? `$(${icon}) ${count}` : "";
}
