import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Context } from "../../cli/context";
import { initStacks } from "../../cli/init";
import { readPlan } from "../../cli/plan-file";
import { readStackFile } from "../../cli/stack-file";
import { askedRights } from "../../evidence/trust/asked-rights";
import { castOf } from "../../sandbox/cast";

const TRAIN = resolve("docs/examples/weekly-train.yaml");
let root: string;
let context: Context;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "holdpoint-init-"));
  for (const name of ["Pulumi.staging.yaml", "Pulumi.staging-canary.yaml"]) copyFileSync(name, join(root, name));
  copyFileSync(TRAIN, join(root, "train.yaml"));
  context = { root, env: {}, terminal: {} } as Context;
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const init = (like?: string) => initStacks(context, join(root, "train.yaml"), like);

describe("holdpoint init", () => {
  test("writes both files of every stage, with the plan and the type of a release in them", () => {
    const { like, written, kept } = init();
    expect({ like, kept }).toEqual({ like: "staging", kept: [] });
    expect(written).toEqual(
      ["beta", "group0", "group1", "group2"].flatMap((name) => [`Pulumi.${name}.yaml`, `Pulumi.${name}-canary.yaml`]),
    );
    for (const stack of ["group0", "group0-canary"]) {
      const { config, settings, text } = readStackFile(root, stack);
      expect(settings.plan).toBe("train.yaml");
      expect(config["holdpoint:release"]).toMatchObject({ type: "train", version: "2.0.0" });
      expect(text).not.toContain("staging.omnihub.dev");
    }
    expect(readStackFile(root, "group1-canary").config["holdpoint:route"]).toMatchObject({
      hostnames: ["group1.omnihub.dev"],
      gateway: { name: "omnihub-group1" },
    });
  });
  test("gives each stage a zone of its own", () => {
    init();
    const zones = ["beta", "group0", "group1", "group2"].map((stage) => {
      const { zoneId } = readStackFile(root, stage).config["holdpoint:waf"] as { zoneId: string };
      return zoneId;
    });
    expect(new Set(zones).size).toBe(4);
  });
  test("leaves a file alone that is there", () => {
    writeFileSync(join(root, "Pulumi.beta.yaml"), "config: {}\n");
    expect(init()).toMatchObject({ kept: ["Pulumi.beta.yaml"] });
    expect(readFileSync(join(root, "Pulumi.beta.yaml"), "utf8")).toBe("config: {}\n");
    expect(init().written).toEqual([]);
  });
  test("says where there is nothing to take as a pattern", () => {
    expect(() => init("production")).toThrow('"Pulumi.production.yaml", which is taken as the pattern, can\'t be read');
    for (const name of ["Pulumi.staging.yaml", "Pulumi.staging-canary.yaml"]) rmSync(join(root, name));
    expect(() => init()).toThrow("the project has no stack files to take as a pattern");
  });
  test("writes the canary of an operation without what is the whole service's", () => {
    const { written } = initStacks(context, resolve("plans/marketplace.yaml"));
    expect(written).toContain("Pulumi.production.search-canary.yaml");
    const { config } = readStackFile(root, "production.search-canary");
    expect(config["holdpoint:canary"]).toEqual({ weight: 0 });
    expect(config["holdpoint:route"]).toHaveProperty("path");
  });
});

test("the rights of a plan's roles are what it asks of them", () => {
  expect(askedRights(readPlan(root, "train.yaml"))).toEqual({
    ci: ["pipelines", "test-result", "vulnerabilities", "provenance", "on-call", "runbooks", "cost", "changes"],
    conductor: ["condition", "approval", "check"],
    sre: ["drill", "backup", "approval", "check"],
    databases: ["backup", "approval", "check"],
    security: ["approval"],
    head: ["waiver"],
  });
});

describe("the sandbox's cast", () => {
  const story = {
    people: [{ id: "sam@omnihub.dev", name: "Sam", roles: ["sre"] }],
    machines: [{ id: "ci-main", name: "Pipelines", roles: ["ci"] }],
    roles: { ci: { may: ["cost"] }, sre: { may: ["drill"] } },
  } as const;
  test("is the story's where no other plan is in use", () => {
    expect(castOf(root, story)).toEqual(story);
  });
  test("holds each role of another plan, by as many people as one approval or waiver wants", () => {
    init();
    const { people, machines, roles } = castOf(root, story);
    expect(people.map(({ id }) => id)).toEqual([
      "sam@omnihub.dev",
      "conductor@fernwiki.example",
      "databases@fernwiki.example",
      "security@fernwiki.example",
      "head@fernwiki.example",
      "head-2@fernwiki.example",
    ]);
    expect(machines).toEqual(story.machines);
    expect(roles["sre"]).toEqual({ may: ["drill", "backup", "approval", "check"] });
    expect(roles["head"]).toEqual({ may: ["waiver"] });
  });
});
