import { describe, expect, it } from "vitest";
import { configOf, parseHistory, rollbackTarget } from "../../cli/history";
import type { StageEntry } from "../../rollout/world";

const name = (word: string) => ({ image: `r/${word}@sha256:${word}`, commit: word });
const release = (word: string) => ({ ...name(word), version: `v-${word}`, author: "dana" });
const entry = (word: string, baseline = "base"): StageEntry => ({
  release: name(word),
  baseline: name(baseline),
  request: `request-${word}`,
});
const config = (word: string, more: object = {}) => ({
  "holdpoint:release": release(word),
  "holdpoint:baseline": release("base"),
  "holdpoint:flag": true,
  ...more,
});

describe("where a rollback leads", () => {
  const record = { current: entry("new"), previous: entry("old"), usedApprovals: [] };

  it("is the release before, where the present one is whole", () => {
    expect(rollbackTarget(record, name("new"))).toMatchObject({ is: "entry", entry: entry("old") });
  });

  it("is the recorded release, where another is configured that never got through", () => {
    expect(rollbackTarget(record, name("half-done"))).toMatchObject({ is: "entry", entry: entry("new") });
  });

  it("is nothing where no release ran before", () => {
    expect(rollbackTarget({ current: entry("new"), usedApprovals: [] }, name("new"))).toEqual({
      is: "nothing",
      why: "no release ran here before this one",
    });
  });

  it("is nothing where none was ever rolled out", () => {
    expect(rollbackTarget(undefined, name("new"))).toMatchObject({ is: "nothing" });
    expect(rollbackTarget({ usedApprovals: [] }, undefined)).toMatchObject({ is: "nothing" });
  });
});

describe("the configuration of an earlier release", () => {
  const update = (word: string, more: object = {}) => ({ config: config(word, more) });

  it("is that of the newest update of this release and baseline", () => {
    const updates = [update("new"), update("old", { "holdpoint:flag": false }), update("old")];
    expect(configOf(entry("old"), updates, config("new"))).toEqual(config("old", { "holdpoint:flag": false }));
  });

  it("is not the present one, where the same release ran before with another configuration", () => {
    const updates = [update("new"), update("new", { "holdpoint:flag": false })];
    expect(configOf(entry("new"), updates, config("new"))).toEqual(config("new", { "holdpoint:flag": false }));
  });

  it("is unknown where no update was of this release on this baseline", () => {
    expect(configOf(entry("old"), [update("new")], config("new"))).toBeUndefined();
    expect(configOf(entry("old", "another"), [update("old")], config("new"))).toBeUndefined();
  });

  it("keeps a plain value as the file has it, where the history has the same as text", () => {
    const past = { config: { ...config("old"), "holdpoint:flag": "true" } };
    expect(configOf(entry("old"), [past], config("new"))).toEqual(config("old"));
  });
});

describe("the engine's history", () => {
  it("counts only updates that succeeded, and never shows a secret", () => {
    const values = {
      "holdpoint:release": { value: "{}", objectValue: release("a"), secret: false },
      "holdpoint:plan": { value: "p.yaml", secret: false },
      "holdpoint:digestKey": { secret: true },
    };
    const history = [
      { kind: "update", result: "failed", config: values },
      { kind: "refresh", result: "succeeded", config: values },
      { kind: "update", result: "succeeded", config: values },
    ];
    expect(parseHistory(JSON.stringify(history))).toEqual([
      { config: { "holdpoint:release": release("a"), "holdpoint:plan": "p.yaml" } },
    ]);
    expect(parseHistory("")).toEqual([]);
  });
});
