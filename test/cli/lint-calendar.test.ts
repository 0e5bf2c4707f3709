import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { lintFiles } from "../../cli/lint";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "holdpoint-lint-"));
  copyFileSync("docs/examples/weekly-train.yaml", join(root, "train.yaml"));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const found = () => lintFiles(root, [join(root, "train.yaml")]).flatMap(({ findings }) => findings);

test("a calendar that is not there is an error before a gate finds it shut", () => {
  expect(found()).toMatchObject([
    {
      rule: "calendar-unreadable",
      level: "error",
      file: "train.yaml",
      line: 51,
      found: "weekly-train.ics is not there",
      wrong: "the freeze \"calendar\" can't be known, and a freeze that can't be known shuts the gate",
    },
  ]);
});

test("a calendar beside the plan is found", () => {
  copyFileSync("docs/examples/weekly-train.ics", join(root, "weekly-train.ics"));
  expect(found()).toEqual([]);
});
