import assert from "node:assert/strict";
import { test } from "node:test";
import { Severity, SOURCE, summary } from "../src/summary";

const own = (severity: Severity): { severity: number; source: string } => ({ severity, source: SOURCE });

const cases: [string, Parameters<typeof summary>[0], string][] = [
  ["nothing", [], "NEL $(check)"],
  ["others' findings do not count", [{ severity: Severity.Error, source: "yaml" }, { severity: 0 }], "NEL $(check)"],
  ["each severity by itself", [own(0), own(1), own(1), own(2)], "NEL $(error) 1 $(warning) 2 $(info) 1"],
  ["only what there is", [own(Severity.Warning)], "NEL $(warning) 1"],
];

for (const [name, findings, expected] of cases) {
  test(name, () => assert.equal(summary(findings), expected));
}
