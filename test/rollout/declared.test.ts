import { describe, expect, test } from "vitest";
import { judgeDeclared } from "../../rollout/criteria/declared";
import { FEATURES, featuresOf, fromUrn, type Inventory } from "../../rollout/inventory";
import { parsePlan, type CriterionOf } from "../../rollout/plan";
import type { Declared } from "../../rollout/world";
import { PLAN, PLAN_TEXT, world } from "./world-factory";

type Criterion = CriterionOf<"declared">;

const OWN: Inventory = {
  features: ["waf", "waf/ddos", "redis", "redis/elasticache"],
  alerts: [
    ...PLAN.triggers.map(({ id, severity }) => ({ name: id, severity, runbook: "https://omnihub.dev/runbooks/any" })),
    { name: "latency-objective", severity: "warning" },
  ],
  dashboards: ["slo", "operator", "infrastructure"],
  flags: [
    { name: "new-search", type: "release", serves: "on" },
    { name: "price-test", type: "experiment", serves: "off" },
  ],
};
const DECLARED: Declared = {
  own: OWN,
  canary: { features: ["canary", "canary/emergency-controls"] },
  others: { staging: { features: ["waf", "waf/ddos", "redis", "redis/in-cluster"] } },
};

const criterion = (asked: Partial<Criterion>): Criterion => ({
  kind: "declared",
  id: "declared",
  title: "What must be there is there",
  owner: "devops",
  severity: "major",
  covers: [],
  parityExcept: [],
  ...asked,
});

function judge(asked: Partial<Criterion>, declared: Declared | "unknown" = DECLARED, plan = PLAN) {
  const { declared: _, ...rest } = world();
  const { verdict, found } = judgeDeclared(criterion(asked), {
    plan,
    stage: plan.stages[1] ?? (undefined as never),
    world: { ...rest, ...(declared === "unknown" ? {} : { declared }) },
  });
  return `${verdict}: ${found}`;
}

const own = (more: Partial<Inventory>): Declared => ({ ...DECLARED, own: { ...OWN, ...more } });

describe("components", () => {
  test("that the program declares pass, those of the canary stack by its state", () => {
    expect(judge({ components: ["waf", "waf/ddos", "canary/emergency-controls"] })).toBe(
      "pass: declared: waf, waf/ddos, canary/emergency-controls",
    );
  });
  test("that it leaves out are named", () => {
    expect(judge({ components: ["waf", "waf/ddos", "monitoring/alerts"] })).toBe(
      "fail: no component monitoring/alerts",
    );
  });
  test("that nothing can declare are no component", () => {
    expect(judge({ components: ["kafka" as never] })).toBe(
      'fail: "kafka", which is nothing that a program can declare',
    );
  });
  test("of a canary stack that can't be read are missing", () => {
    expect(judge({ components: ["canary/route"] }, { ...DECLARED, canary: { failure: "locked" } })).toBe(
      "fail: the canary stack is not known: locked; no component canary/route",
    );
  });
});

describe("alerts", () => {
  test("for every trigger pass", () => expect(judge({ alerts: "every" })).toMatch(/^pass/));
  test("that are missing are named", () => {
    const alerts = OWN.alerts.filter(({ name }) => name !== "service-down");
    expect(judge({ alerts: "every" }, own({ alerts }))).toBe("fail: no alert service-down");
    expect(judge({ alerts: ["service-down"] }, own({ alerts }))).toBe("fail: no alert service-down");
  });
  test("of triggers that are armed in other stages only are alerts there", () => {
    const armed = (stages: string[]) => ({
      ...PLAN,
      triggers: PLAN.triggers.map((one) => (one.id === "service-down" ? { ...one, stages } : one)),
    });
    const without = own({ alerts: OWN.alerts.filter(({ name }) => name !== "service-down") });
    expect(judge({ alerts: "every" }, without, armed(["staging"]))).toMatch(/^pass/);
    expect(judge({ alerts: "every" }, without, armed(["production"]))).toBe("fail: no alert service-down");
  });
  test("of a plan without triggers are not all there: there is nothing to be complete", () => {
    const plan = { ...PLAN, triggers: [] };
    expect(judge({ alerts: "every" }, DECLARED, plan)).toBe("fail: a plan without any trigger on a metric");
  });
  test("that are critical need a runbook each", () => {
    expect(judge({ runbooks: "every-critical-alert" })).toMatch(/^pass/);
    const alerts = [{ name: "service-down", severity: "critical" as const }];
    expect(judge({ runbooks: "every-critical-alert" }, own({ alerts }))).toBe("fail: no runbook for service-down");
    expect(judge({ runbooks: "every-critical-alert" }, own({ alerts: [] }))).toBe("fail: no critical alert at all");
  });
});

describe("dashboards", () => {
  test("by name", () => {
    expect(judge({ dashboards: ["slo", "operator"] })).toBe("pass: declared: the dashboards slo, operator");
    expect(judge({ dashboards: ["slo", "business"] })).toBe("fail: no dashboard business");
  });
});

describe("critical paths", () => {
  const withPaths = parsePlan(
    `${PLAN_TEXT}\ncriticalPaths:\n  checkout: [service-down, high-error-rate]\n`,
    "plan.yaml",
  );
  test("are each watched by alerts", () => {
    expect(judge({ criticalPaths: "every" }, DECLARED, withPaths)).toBe(
      "pass: declared: an alert on every critical path",
    );
    const alerts = OWN.alerts.filter(({ name }) => name !== "service-down");
    expect(judge({ criticalPaths: "every" }, own({ alerts }), withPaths)).toBe(
      "fail: the path checkout without the alert service-down",
    );
  });
  test("that nobody named are not covered", () => {
    expect(judge({ criticalPaths: "every" })).toBe("fail: a plan that names no critical path");
  });
});

describe("parity", () => {
  test("holds but for declared exceptions", () => {
    const except = ["redis/elasticache", "redis/in-cluster"];
    expect(judge({ parityWith: "staging", parityExcept: except })).toBe("pass: declared: the same as in staging");
    expect(judge({ parityWith: "staging" })).toBe(
      "fail: staging has no redis/elasticache; only staging has redis/in-cluster",
    );
  });
  test("with a stage that was not looked at or can't be read is none", () => {
    expect(judge({ parityWith: "beta" })).toBe("fail: nobody looked at what beta has");
    const others = { staging: { failure: "no checkpoint" } };
    expect(judge({ parityWith: "staging" }, { ...DECLARED, others })).toBe(
      "fail: what staging has is not known: no checkpoint",
    );
  });
});

describe("contacts", () => {
  test("are there, and no placeholders of a template", () => {
    expect(judge({ contacts: ["devops", "sre"] })).toMatch(/^pass/);
    const owners = { ...PLAN.owners, sre: { contact: "[Contact Information]", covers: [] } };
    expect(judge({ contacts: ["devops", "sre"] }, DECLARED, { ...PLAN, owners })).toBe("fail: no contact of sre");
    expect(judge({ contacts: ["nobody"] })).toBe("fail: no contact of nobody");
  });
});

describe("what is not known", () => {
  test("never passes", () => {
    expect(judge({ components: ["waf"] }, "unknown")).toBe("fail: nobody looked at what the program declares");
    expect(judge({ components: ["waf"] }, { ...DECLARED, own: { failure: "a bad plan" } })).toBe(
      "fail: what the program declares is not known: a bad plan",
    );
    expect(judge({})).toBe("fail: a criterion that asks for nothing");
  });
});

describe("features", () => {
  test("are read off resources by type and name", () => {
    const resources = [
      { type: "cloudflare:index/ruleset:Ruleset", name: "waf-ddos" },
      { type: "kubernetes:core/v1:ConfigMap", name: "redis-config" },
    ];
    expect(featuresOf(resources)).toEqual(["waf/ddos"]);
    expect(Object.keys(FEATURES)).toContain("waf/ddos");
  });
  test("of a state go by its URNs, a component's child among them", () => {
    const urn = "urn:pulumi:production::holdpoint::holdpoint:waf:Waf$cloudflare:index/ruleset:Ruleset::waf-ddos";
    expect(fromUrn(urn)).toEqual({ type: "cloudflare:index/ruleset:Ruleset", name: "waf-ddos" });
    expect(fromUrn("urn:pulumi:production")).toBeUndefined();
  });
});

describe("flags", () => {
  const flags = {
    "new-search": {
      title: "New search",
      type: "release",
      owner: "sre",
      variants: {},
      serves: "on",
      stages: {},
      covers: [],
    },
    "price-test": {
      title: "Price",
      type: "experiment",
      owner: "sre",
      variants: {},
      serves: "off",
      stages: {},
      covers: [],
    },
  } as const;
  const plan = { ...PLAN, flags };
  test("of the plan are all there, of their types, and serve what is asked", () => {
    expect(judge({ flags: "every" }, DECLARED, plan)).toBe("pass: declared: every flag of the plan");
    expect(judge({ flagTypes: ["release", "experiment"] }, DECLARED, plan)).toBe(
      "pass: declared: flags of type release and experiment",
    );
    expect(judge({ flags: { "new-search": "on", "price-test": "off" } }, DECLARED, plan)).toBe(
      "pass: declared: the flags new-search = on and price-test = off",
    );
  });
  test("that are missing, of another type, or serve something else are named", () => {
    const less = own({ flags: OWN.flags.slice(1) });
    expect(judge({ flags: "every" }, less, plan)).toBe("fail: no flag new-search");
    expect(judge({ flags: { "new-search": "on" } }, less, plan)).toBe("fail: no flag new-search");
    expect(judge({ flagTypes: ["release", "configuration"] }, less, plan)).toBe(
      "fail: no flag of type release and configuration",
    );
    expect(judge({ flags: { "new-search": "off" } }, DECLARED, plan)).toBe(
      "fail: the flag new-search serves on, not off",
    );
  });
  test("of a plan that has none are none", () => {
    expect(judge({ flags: "every" })).toBe("fail: a plan without any flag");
  });
});
