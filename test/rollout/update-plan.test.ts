import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import {
  goalInputs,
  isWhole,
  matchesGoal,
  renderChanges,
  summarize,
  UNKNOWN,
  updatePlanContent,
  updatePlanDigest,
} from "../../rollout/update-plan";

/** Two files of the same preview, written by the real CLI. */
const TEXT = readFileSync("test/fixtures/rollout/update-plan.json", "utf8");
const AGAIN = readFileSync("test/fixtures/rollout/update-plan-again.json", "utf8");
const URN = "urn:pulumi:t::holdpoint::";
const COMP = `${URN}holdpoint:x:C::comp`;

interface File {
  manifest: { time: string };
  config: Record<string, unknown>;
  resourcePlans: Record<string, { goal?: Record<string, unknown>; steps: string[]; seed?: string; state?: unknown }>;
}
function digestOf(change: (file: File) => void = () => undefined): string {
  const file = JSON.parse(TEXT) as File;
  change(file);
  return updatePlanDigest(updatePlanContent(JSON.stringify(file)));
}
function goalOf(file: File, urn: string): Record<string, unknown> {
  const goal = file.resourcePlans[urn]?.goal;
  if (goal === undefined) throw new Error(`no goal ${urn}`);
  return goal;
}

describe("an update plan's digest", () => {
  test("is the same for the same change previewed twice", () => {
    expect(AGAIN).not.toBe(TEXT);
    expect(updatePlanDigest(updatePlanContent(AGAIN))).toBe(digestOf());
  });
  test("does not depend on time, seed, state, ciphertext, nor on an order that means nothing", () => {
    expect(digestOf((file) => (file.manifest.time = "x"))).toBe(digestOf());
    expect(digestOf((file) => Object.values(file.resourcePlans).forEach((plan) => (plan.seed = "x")))).toBe(digestOf());
    expect(digestOf((file) => Object.values(file.resourcePlans).forEach((plan) => (plan.state = {})))).toBe(digestOf());
    expect(digestOf((file) => (file.config["holdpoint:token"] = { secure: "v1:other" }))).toBe(digestOf());
    expect(
      digestOf((file) => (file.resourcePlans = Object.fromEntries(Object.entries(file.resourcePlans).toReversed()))),
    ).toBe(digestOf());
    const depends = (urns: string[]) => digestOf((file) => (goalOf(file, COMP)["dependencies"] = urns));
    expect(depends(["urn:a", "urn:b"])).toBe(depends(["urn:b", "urn:a"]));
  });
  test("changes with an input, a step, protect, ignoreChanges, a dependency, a resource, a configuration value", () => {
    const changes: ((file: File) => void)[] = [
      (file) => (goalOf(file, COMP)["inputDiff"] = { updates: { v: "3" } }),
      (file) => (goalOf(file, COMP)["protect"] = true),
      (file) => (goalOf(file, COMP)["ignoreChanges"] = ["v"]),
      (file) => (goalOf(file, COMP)["dependencies"] = []),
      (file) => (goalOf(file, COMP)["provider"] = "urn:other"),
      (file) => Reflect.deleteProperty(file.resourcePlans, `${URN}pulumi:index:Stash::gone`),
      (file) => (file.resourcePlans[COMP] = { steps: ["delete"] }),
      (file) => (file.config["holdpoint:v"] = "3"),
      (file) => delete file.config["holdpoint:token"],
    ];
    const digests = changes.map((change) => digestOf(change));
    expect(new Set([...digests, digestOf()]).size).toBe(changes.length + 1);
  });
});

describe("a file that is no update plan", () => {
  const refused = (text: string) => expect(() => updatePlanContent(text));
  test("is refused", () => {
    refused("").toThrow("found text that is not JSON, expected a plan as pulumi preview --save-plan writes it");
    refused("[]").toThrow(/expected a plan as pulumi preview --save-plan writes it$/);
    refused("{}").toThrow(/^manifest: /);
    refused(TEXT.replace('"resourcePlans"', '"resources"')).toThrow(/^resourcePlans: /);
    refused(TEXT.replace('"steps": [', '"step": [')).toThrow(/^resourcePlans\..*steps: /);
    refused(TEXT.slice(0, -20)).toThrow(/not JSON/);
  });
});

describe("an update plan of the whole program", () => {
  const RECORD = `${URN}pulumi:index:Stash::record`;
  const whole = (urn: string, ...steps: string[]) => isWhole({ config: {}, resourcePlans: { [urn]: { steps } } });
  test("writes the stage's record", () => {
    expect(whole(RECORD, "create")).toBe(true);
    expect(whole(RECORD, "update")).toBe(true);
  });
  test("is not one that leaves the record as it is, deletes it, or has none", () => {
    expect(whole(RECORD, "same")).toBe(false);
    expect(whole(RECORD, "delete")).toBe(false);
    expect(whole(RECORD)).toBe(false);
    expect(whole(COMP, "create")).toBe(false);
  });
});

describe("what an update plan changes", () => {
  test("is listed by what happens, deletions first", () => {
    expect(renderChanges(summarize(updatePlanContent(TEXT)))).toBe(
      [
        "0 to create, 2 to update, 0 to replace, 1 to delete, 4 unchanged",
        "  delete   pulumi:index:Stash gone",
        "  update   pulumi:index:Stash comp-x: input",
        "  update   holdpoint:x:C comp: arr and v",
      ].join("\n"),
    );
  });
  test("names a replacement, and a step that it does not know", () => {
    const file = JSON.parse(TEXT) as File;
    file.resourcePlans[COMP] = { steps: ["create-replacement", "replace", "delete-replaced"] };
    file.resourcePlans[`${URN}a:b:C::d`] = { steps: ["import"] };
    const summary = summarize(updatePlanContent(JSON.stringify(file)));
    expect(summary.replaces.map((change) => change.name)).toEqual(["comp"]);
    expect(summary.others).toEqual([{ urn: `${URN}a:b:C::d`, type: "a:b:C", name: "d", inputs: [] }]);
  });
});

describe("the inputs that were approved", () => {
  const content = updatePlanContent(TEXT);
  const before = { arr: [1], v: "1", kept: true };
  test("are those of the state with the plan's changes", () => {
    expect(goalInputs(content, COMP, before)).toEqual({ arr: [1, 2, { z: "2" }], v: "2", kept: true });
    expect(goalInputs(content, `${URN}pulumi:index:Stash::gone`, {})).toBeUndefined();
    expect(goalInputs(content, `${URN}x:y:Z::new`, {})).toBeUndefined();
    expect(goalInputs(content, "constructor", {})).toBeUndefined();
  });
  test("match themselves and nothing else", () => {
    expect(matchesGoal({ a: [1, { b: "x" }] }, { a: [1, { b: "x" }], __internal: {} })).toBe(true);
    for (const other of [
      { a: [1] },
      { a: [1, { b: "y" }] },
      { a: [1, { b: "x", c: 1 }] },
      { a: [1, { b: "x" }], d: 1 },
      {},
      null,
      [1],
    ]) {
      expect(matchesGoal({ a: [1, { b: "x" }] }, other)).toBe(false);
    }
    expect(matchesGoal(false, null)).toBe(false);
  });
  test("match anything where the preview could not know, or a secret is", () => {
    expect(matchesGoal({ a: UNKNOWN }, { a: { deep: 1 } })).toBe(true);
    expect(
      matchesGoal({ a: { "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270" } }, { a: "hunter2" }),
    ).toBe(true);
  });
});
