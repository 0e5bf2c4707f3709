import { describe, expect, test } from "vitest";
import { Canary, type CanaryArgs } from "../../components/canary";
import { featuresOf } from "../../rollout/inventory";
import { canarySettings, declared, onceUnchanged, refusalOf } from "./support";

type Change = Partial<Omit<CanaryArgs, "settings">> & { settings?: Partial<CanaryArgs["settings"]> };

function args({ settings, ...change }: Change = {}): CanaryArgs {
  const { canary, route, release } = canarySettings();
  return {
    service: "omnihub",
    stage: "production",
    release,
    settings: { ...canary, weight: 25, ...settings },
    route,
    protect: true,
    switchesMayBeLifted: true,
    ...change,
  };
}

const canary = onceUnchanged((change: Change) =>
  declared(() => new Canary("canary", args(change)), { stack: "production-canary" }),
);

/** [baseline, canary] of the route. */
async function weights(change: Change): Promise<number[]> {
  const { spec } = (await canary(change)).one("HTTPRoute").inputs;
  return spec.rules[0].backendRefs.map((backend: { weight: number }) => backend.weight);
}

describe("the route", () => {
  test("is an HTTPRoute of the Gateway API, on the gateway and host names of the data", async () => {
    const { inputs } = (await canary()).one("HTTPRoute");
    expect(inputs.apiVersion).toBe("gateway.networking.k8s.io/v1");
    expect(inputs.kind).toBe("HTTPRoute");
    expect(inputs.metadata).toMatchObject({ name: "omnihub", namespace: "omnihub-production" });
    expect(inputs.spec.hostnames).toEqual(["omnihub.dev"]);
    expect(inputs.spec.parentRefs).toEqual([
      {
        group: "gateway.networking.k8s.io",
        kind: "Gateway",
        namespace: "gateway",
        name: "omnihub",
        sectionName: "https",
      },
    ]);
  });

  test("sends the weight to the canary and the rest to the baseline", async () => {
    const { spec } = (await canary()).one("HTTPRoute").inputs;
    expect(spec.rules[0].backendRefs).toEqual([
      { group: "", kind: "Service", name: "omnihub-baseline", port: 8080, weight: 75 },
      { group: "", kind: "Service", name: "omnihub-canary", port: 8080, weight: 25 },
    ]);
  });

  test.each([
    [0, [100, 0]],
    [1, [99, 1]],
    [100, [0, 100]],
  ])("at %i %% gives %j", async (weight, expected) => {
    expect(await weights({ settings: { weight } })).toEqual(expected);
  });

  test("sends nothing to the canary while the kill switch is on, whatever the weight says", async () => {
    expect(await weights({ settings: { weight: 50, killSwitch: true } })).toEqual([100, 0]);
  });

  test("keeps its weight in safe mode", async () => {
    expect(await weights({ settings: { weight: 50, safeMode: true } })).toEqual([50, 50]);
  });

  test("keeps its host names and gateway in a run that nobody cleared: that may only move the weight", async () => {
    const ignored = (await canary({ switchesMayBeLifted: false })).one("HTTPRoute").ignoreChanges;
    expect(ignored).toEqual(["spec.hostnames", "spec.parentRefs", "spec.rules[*].matches"]);
    expect((await canary({ switchesMayBeLifted: true })).one("HTTPRoute").ignoreChanges).toEqual([]);
  });

  test.each([true, false])("is protected from deletion, as the controls are, as the data says: %s", async (protect) => {
    const resources = await canary({ protect });
    expect(resources.one("HTTPRoute").protect).toBe(protect);
    expect(resources.one("ConfigMap").protect).toBe(protect);
  });
});

describe("the emergency controls", () => {
  test.each([
    [false, false],
    [true, false],
    [false, true],
    [true, true],
  ])("kill switch %s, safe mode %s are told to the service", async (killSwitch, safeMode) => {
    const { inputs } = (await canary({ settings: { killSwitch, safeMode } })).one("ConfigMap", "emergency-controls");
    expect(inputs.metadata.namespace).toBe("omnihub-production");
    expect(inputs.data).toEqual({ killSwitch: String(killSwitch), safeMode: String(safeMode) });
  });

  test("are written as they are asked for when they may be lifted", async () => {
    expect((await canary({ switchesMayBeLifted: true })).one("ConfigMap").ignoreChanges).toEqual([]);
  });

  test("that are off stay as they are live when they may not be lifted", async () => {
    const ignored = (await canary({ switchesMayBeLifted: false })).one("ConfigMap").ignoreChanges;
    expect(ignored).toEqual(["data.killSwitch", "data.safeMode"]);
  });

  test.each([
    ["killSwitch", ["data.safeMode"]],
    ["safeMode", ["data.killSwitch"]],
  ])("%s can always be switched on, and the other one is not lifted by it", async (name, ignored) => {
    const resources = await canary({ settings: { [name]: true }, switchesMayBeLifted: false });
    expect(resources.one("ConfigMap").ignoreChanges).toEqual(ignored);
  });
});

describe("the step's record", () => {
  test("names the weight and the release, at the root of the stack", async () => {
    const { release } = canarySettings();
    const step = (await canary()).one("Stash", "step");
    expect(step.inputs).toEqual({ input: { weight: 25, release: { image: release.image, commit: release.commit } } });
    expect(step.parent).not.toContain("Canary");
  });

  test("is written only after the route and the controls", async () => {
    const resources = await canary();
    const { dependencies } = resources.one("Stash", "step");
    expect(dependencies).toEqual(
      expect.arrayContaining([resources.one("HTTPRoute").urn, resources.one("ConfigMap").urn]),
    );
  });

  test("has the weight that the route really has while the kill switch is on", async () => {
    const step = (await canary({ settings: { killSwitch: true } })).one("Stash", "step");
    expect(step.inputs.input.weight).toBe(0);
  });

  test("holds nothing that changes by itself, so that an unchanged run does not restart the hold", async () => {
    const again = await declared(() => new Canary("canary", args()), { stack: "production-canary" });
    expect(again.one("Stash").inputs).toEqual((await canary()).one("Stash").inputs);
  });
});

test.each([-1, 101, 2.5, Number.NaN])("a weight of %s is refused", (weight) => {
  expect(refusalOf(() => new Canary("canary", args({ settings: { weight } })))).toBe(
    "canary: weight: expected a whole number from 0 to 100 percent",
  );
});

test("a route without host names is refused", () => {
  const route = { ...canarySettings().route, hostnames: [] };
  expect(refusalOf(() => new Canary("canary", args({ route })))).toBe(
    "route: hostnames: expected a list of host names, at least one",
  );
});

describe("a cohort", () => {
  type Cohort = NonNullable<CanaryArgs["route"]["cohort"]>;
  const route = (cohort: Cohort) => ({ ...canarySettings().route, cohort });
  const rules = async (cohort: Cohort) => (await canary({ route: route(cohort) })).one("HTTPRoute").inputs.spec.rules;

  test("is weighed alone: everybody else stays on the baseline", async () => {
    const [first, second, ...others] = await rules({ header: "X-Beta", value: "yes" });
    expect(first.matches).toEqual([
      { path: { type: "PathPrefix", value: "/" }, headers: [{ type: "Exact", name: "x-beta", value: "yes" }] },
    ]);
    expect(first.backendRefs.map(({ weight }: { weight: number }) => weight)).toEqual([75, 25]);
    expect(second.matches).toEqual([{ path: { type: "PathPrefix", value: "/" } }]);
    expect(second.backendRefs.map(({ weight }: { weight: number }) => weight)).toEqual([100, 0]);
    expect(others).toEqual([]);
  });

  test("by cookie is one part of the header, by group the edge's header", async () => {
    const [byCookie] = await rules({ cookie: "beta.user", value: "1" });
    const [header] = byCookie.matches[0].headers;
    expect(header).toMatchObject({ type: "RegularExpression", name: "cookie" });
    const matches = (cookies: string) => new RegExp(`^(?:${header.value})$`).test(cookies);
    expect(["beta.user=1", "a=b; beta.user=1", "beta.user=1; a=b"].map(matches)).toEqual([true, true, true]);
    expect(["beta.user=12", "xbeta.user=1", "betaXuser=1", "a=beta.user=1"].map(matches)).toEqual([
      false,
      false,
      false,
      false,
    ]);
    const [byGroup] = await rules({ group: "beta" });
    expect(byGroup.matches[0].headers).toEqual([{ type: "Exact", name: "x-group", value: "beta" }]);
  });
});

test("what was promised for a step, and how far releases got, stays in its record in a run that nobody cleared", async () => {
  const ignored = async (switchesMayBeLifted: boolean) =>
    (await canary({ switchesMayBeLifted })).one("Stash", "step").ignoreChanges ?? [];
  expect(await ignored(false)).toEqual(["input.obligations", "input.reached"]);
  expect(await ignored(true)).toEqual([]);
});

describe("the fallback to the baseline", () => {
  test("is told to the service while it is switched on, and is no part of the stack otherwise", async () => {
    const resources = await canary({ settings: { fallback: "baseline" } });
    expect(resources.one("ConfigMap", "canary-fallback").inputs).toMatchObject({
      metadata: { name: "fallback", namespace: "omnihub-production" },
      data: { everything: "baseline" },
    });
    expect(featuresOf(resources.all)).toContain("canary/fallback");
    expect(featuresOf((await canary()).all)).not.toContain("canary/fallback");
  });
  test("of one operation has a name of its own", async () => {
    const settings = { weight: 10, fallback: "baseline" } as const;
    const route = { ...canarySettings().route, path: "/search" };
    const { inputs } = (await canary({ operation: "search", route, settings })).one("ConfigMap");
    expect(inputs.metadata.name).toBe("search-fallback");
    expect(inputs.data).toEqual({ search: "baseline" });
  });
  test("is not protected: taking it out must not stop a way back", async () => {
    const switches = (await canary({ settings: { fallback: "baseline" }, protect: true })).one(
      "ConfigMap",
      "canary-fallback",
    );
    expect(switches.protect ?? false).toBe(false);
  });
});

describe("the canary of one operation", () => {
  const search = () =>
    canary({ operation: "search", route: { ...canarySettings().route, path: "/search" }, settings: { weight: 10 } });

  test("has a route of its own, below its path", async () => {
    const { inputs } = (await search()).one("HTTPRoute");
    expect(inputs.metadata.name).toBe("omnihub-search");
    expect(inputs.spec.rules).toHaveLength(1);
    expect(inputs.spec.rules[0].matches).toEqual([{ path: { type: "PathPrefix", value: "/search" } }]);
    expect(inputs.spec.rules[0].backendRefs.map(({ weight }: { weight: number }) => weight)).toEqual([90, 10]);
  });
  test("leaves the switches to the whole service's, and records its step", async () => {
    expect((await search()).ofType("ConfigMap")).toEqual([]);
    expect((await search()).one("Stash", "step").inputs.input.weight).toBe(10);
  });
});
