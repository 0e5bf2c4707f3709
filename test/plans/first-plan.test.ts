/** docs/first-plan.md shows what is so: its first try and what lint says of it, and parts of the plan that it ends with. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { explainStage, renderExplanation } from "../../cli/explain";
import { HoldpointError } from "../../rollout/errors";
import { parsePlan, stageOf } from "../../rollout/plan";
import type { Stage } from "../../rollout/plan";

const PAGE = readFileSync("docs/first-plan.md", "utf8");
const TRAIN = readFileSync("docs/examples/weekly-train.yaml", "utf8");
const [FIRST = "", ...PARTS] = [...PAGE.matchAll(/^```yaml\n(.*?)^```$/gms)].map(([, text]) => text ?? "");
const FILE = "plans/yours.yaml";

test("the first try has the mistakes that the page shows", () => {
  let said = "";
  try {
    parsePlan(FIRST, FILE);
  } catch (error) {
    said = error instanceof HoldpointError ? `${error.code}: ${error.message}` : String(error);
  }
  expect(PAGE).toContain(`$ npx holdpoint lint ${FILE}\n${said}\n`);
});

test("once they are mended, explain says what the page shows", () => {
  const mended = FIRST.replace("conducter", "conductor")
    .replace("1d", "1 day")
    .replace("attestedBy: ci\n", "attestedBy: [ci]\n")
    .replace("run: 3", "suite: browser\n          runs: 3");
  const plan = parsePlan(mended, FILE);
  const said = renderExplanation(explainStage(plan, stageOf(plan, "group0") as Stage));
  expect(PAGE).toContain(`$ npx holdpoint explain group0 --plan ${FILE}\n${said}\n`);
});

test("every part that it shows is in the plan that it ends with", () => {
  expect(PARTS.length).toBeGreaterThan(4);
  const lines = (text: string) => text.trimEnd().split("\n");
  const train = lines(TRAIN).map((line) => line.trim());
  for (const part of PARTS) {
    const wanted = lines(part).map((line) => line.trim());
    const at = train.findIndex((_, index) => wanted.every((line, offset) => train[index + offset] === line));
    expect(at, part).toBeGreaterThanOrEqual(0);
  }
});
