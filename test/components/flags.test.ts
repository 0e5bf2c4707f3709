import { describe, expect, test } from "vitest";
import { declareStage } from "../../components/declare";
import { definition, Flags, type FlagsArgs } from "../../components/flags";
import { plannedInventory } from "../../components/inventory";
import type { StageSettings } from "../../components/settings";
import { featuresOf } from "../../rollout/inventory";
import type { Plan } from "../../rollout/plan";
import { flag as flagSchema, type Flag } from "../../rollout/plan/flags";
import { declared, omnihub, onceUnchanged, refusalOf, stageSettings, TOKEN } from "./support";

const IMAGE = `ghcr.io/open-feature/flagd:v0.12.9@sha256:${"a".repeat(64)}`;
const SETTINGS = { image: IMAGE, cpu: "50m", memory: "64Mi" };
const flag = (more: object = {}): Flag =>
  flagSchema.parse({ title: "A flag", type: "release", owner: "sre", serves: "off", ...more });
const FLAGS = {
  "new-search": flag({ stages: { staging: "on" } }),
  "button-colour": flag({
    type: "experiment",
    variants: { red: "#ff0000", blue: "#0000ff" },
    serves: "red",
    split: { red: "66.7%", blue: "33.3%" },
    stages: { staging: "blue" },
  }),
  "page-size": flag({ type: "configuration", variants: { small: 10, large: 100 }, serves: "small" }),
};

const args = (change: Partial<FlagsArgs> = {}): FlagsArgs => ({
  service: "omnihub",
  stage: "production",
  flags: FLAGS,
  settings: SETTINGS,
  ...change,
});
const flags = onceUnchanged((change: Partial<FlagsArgs>) => declared(() => new Flags("flags", args(change))));

describe("the definitions", () => {
  test("are every flag of the plan, as flagd reads them", async () => {
    const { inputs } = (await flags()).one("FeatureFlag");
    expect(inputs.metadata).toMatchObject({
      name: "flags",
      namespace: "omnihub-production",
      annotations: {
        "flags.holdpoint.dev/new-search": "release, sre",
        "flags.holdpoint.dev/button-colour": "experiment, sre",
        "flags.holdpoint.dev/page-size": "configuration, sre",
      },
    });
    expect(inputs.spec).toEqual({
      flagSpec: {
        flags: {
          "new-search": { state: "ENABLED", variants: { on: true, off: false }, defaultVariant: "off" },
          "button-colour": {
            state: "ENABLED",
            variants: { red: "#ff0000", blue: "#0000ff" },
            defaultVariant: "red",
            targeting: {
              fractional: [
                ["red", 667],
                ["blue", 333],
              ],
            },
          },
          "page-size": { state: "ENABLED", variants: { small: 10, large: 100 }, defaultVariant: "small" },
        },
      },
    });
  });

  test("serve a stage its own variant, and no experiment where it names one", () => {
    expect(definition(FLAGS["new-search"], "staging")).toMatchObject({ defaultVariant: "on" });
    expect(definition(FLAGS["button-colour"], "staging")).toEqual({
      state: "ENABLED",
      variants: { red: "#ff0000", blue: "#0000ff" },
      defaultVariant: "blue",
    });
  });
});

describe("what serves them", () => {
  test("is flagd of exactly this image, from a file, within limits", async () => {
    const source = (await flags()).one("FeatureFlagSource");
    expect(source.inputs.spec).toEqual({
      sources: [{ source: "omnihub-production/flags", provider: "file" }],
      evaluator: "json",
      image: "ghcr.io/open-feature/flagd",
      tag: `v0.12.9@sha256:${"a".repeat(64)}`,
      port: 8013,
      managementPort: 8014,
      probesEnabled: true,
      resources: { requests: { cpu: "50m", memory: "64Mi" }, limits: { memory: "64Mi" } },
    });
    expect(source.dependencies).toEqual([(await flags()).one("FeatureFlag").urn]);
  });

  const TAGGED =
    'flags: image: expected an image with its tag and digest, "ghcr.io/open-feature/flagd:v0.12.9@sha256:<64 hex>"';
  test.each([
    ["without a digest", "ghcr.io/open-feature/flagd:v0.12.9"],
    ["without a tag", `ghcr.io/open-feature/flagd@sha256:${"a".repeat(64)}`],
    ["that is whatever is newest", `ghcr.io/open-feature/flagd:latest@sha256:${"a".repeat(64)}`],
  ])("is refused as an image %s", (_what, image) => {
    expect(refusalOf(() => new Flags("flags", args({ settings: { ...SETTINGS, image } })))).toBe(TAGGED);
  });
});

describe("a stage", () => {
  const plan = (all: Plan["flags"]): Plan => ({ ...omnihub(), flags: all });
  const settings = (more: Partial<StageSettings>): StageSettings => ({ ...stageSettings(), ...more });
  const stage = (its: StageSettings, of: Plan) =>
    declared(() => declareStage(its, of), {
      config: { "holdpoint:redisAuthToken": TOKEN },
      secrets: ["holdpoint:redisAuthToken"],
    });

  test("with flags in the plan and in its configuration declares them, and its inventory promises just that", async () => {
    const resources = await stage(settings({ flags: SETTINGS }), plan(FLAGS));
    const planned = plannedInventory(settings({ flags: SETTINGS }), plan(FLAGS));
    expect(featuresOf(resources.all)).toEqual(planned.features);
    expect(planned.features).toEqual(expect.arrayContaining(["flags", "flags/definitions", "flags/source"]));
    expect(planned.flags).toEqual([
      { name: "new-search", type: "release", serves: "off" },
      { name: "button-colour", type: "experiment", serves: "red" },
      { name: "page-size", type: "configuration", serves: "small" },
    ]);
    const { flags: made } = resources.one("FeatureFlag").inputs.spec.flagSpec;
    expect(Object.keys(made).sort()).toEqual(planned.flags.map(({ name }) => name).sort());
  });

  test("has flagd put into its pods, which wait for the flags", async () => {
    const resources = await stage(settings({ flags: SETTINGS }), plan(FLAGS));
    const own = resources.ofType("apps/v1:Deployment").filter(({ name }) => /^service-/.test(name));
    expect(own).toHaveLength(2);
    for (const deployment of own) {
      expect(deployment.inputs.spec.template.metadata.annotations).toEqual({
        "openfeature.dev/enabled": "true",
        "openfeature.dev/featureflagsource": "flags",
      });
    }
    const { dependencies } = resources.one("holdpoint:environment:Service");
    expect(dependencies).toContain(resources.one("FeatureFlagSource").urn);
  });

  test.each([
    ["no flag in the plan", SETTINGS, {}],
    ["nothing to serve them", undefined, FLAGS],
  ])("with %s declares none, and promises none", async (_what, serving, all) => {
    const its = settings(serving === undefined ? {} : { flags: serving });
    const resources = await stage(its, plan(all));
    expect(resources.all.filter(({ type }) => /flag/i.test(type))).toEqual([]);
    expect(resources.one("Deployment", "omnihub-canary").inputs.spec.template.metadata.annotations).toBeUndefined();
    expect(plannedInventory(its, plan(all)).flags).toEqual([]);
    expect(plannedInventory(its, plan(all)).features.filter((one) => one.startsWith("flags"))).toEqual([]);
  });
});
