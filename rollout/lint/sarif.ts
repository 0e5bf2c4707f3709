/** What the linter found, as SARIF 2.1.0: code scanning shows it beside the plan's lines. */
import { createHash } from "node:crypto";
import type { LintFinding, Rule } from "./index";

/** What is said of one place: a rule's finding, or a mistake of the plan. */
export type SarifFinding = Pick<LintFinding, "rule" | "level" | "file" | "line"> & { readonly text: string };

/** A log of one run with these findings and every rule that was tried. */
export function sarif(findings: readonly SarifFinding[], rules: readonly Rule[]): object {
  const ids = [...new Set([...rules.map(({ id }) => id), ...findings.map(({ rule }) => rule)])];
  return {
    version: "2.1.0",
    $schema: "https://json.schemastore.org/sarif-2.1.0.json",
    runs: [
      {
        tool: { driver: { name: "holdpoint", rules: ids.map((id) => ruleOf(id, rules)) } },
        results: findings.map(({ rule, level, file, line, text }) => ({
          ruleId: rule,
          ruleIndex: ids.indexOf(rule),
          kind: "fail",
          level,
          message: { text },
          locations: [
            {
              physicalLocation: {
                artifactLocation: { uri: file.replaceAll("\\", "/") },
                region: { startLine: Math.max(1, line) },
              },
            },
          ],
          // The same finding on another line, after an edit elsewhere, is the same.
          partialFingerprints: {
            "holdpoint/v1": createHash("sha256").update(`${rule}\n${file}\n${text}`).digest("hex"),
          },
        })),
      },
    ],
  };
}

function ruleOf(id: string, rules: readonly Rule[]): object {
  const rule = rules.find((one) => one.id === id);
  return {
    id,
    shortDescription: { text: rule?.says ?? "The plan is written without a mistake" },
    defaultConfiguration: { level: rule?.level ?? "error" },
  };
}
