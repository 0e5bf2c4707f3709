import { describe, expect, it } from "vitest";
import { checkFresh, savedAt } from "../../cli/update-plan-age";
import type { Deployment, StateResource } from "../../rollout/state";
import type { UpdatePlanContent } from "../../rollout/update-plan";

const MADE = Date.parse("2026-11-21T12:00:00Z");
const urn = (name: string, type = "kubernetes:core/v1:Namespace"): string =>
  `urn:pulumi:production::holdpoint::${type}::${name}`;
const resource = (name: string, change: Partial<StateResource> = {}): StateResource => ({
  urn: urn(name),
  type: "kubernetes:core/v1:Namespace",
  modified: "2026-11-21T11:00:00Z",
  ...change,
});
const state = (...resources: StateResource[]): Deployment => ({ resources, pending: [] });
const plan = (steps: Record<string, string[]>): UpdatePlanContent => ({
  config: {},
  resourcePlans: Object.fromEntries(Object.entries(steps).map(([name, each]) => [urn(name), { steps: each }])),
});
const check =
  (content: UpdatePlanContent, present: Deployment, made: number | undefined = MADE) =>
  () =>
    checkFresh(content, made, present, "production");
const refusal = (message: string) =>
  expect.objectContaining({
    code: "update-plan-outdated",
    message: `the update plan was made against another state of production: ${message}`,
    remedy: expect.stringContaining("pulumi preview -s production --policy-pack policies --save-plan") as string,
  }) as Error;

describe("an update plan", () => {
  it("is about the state that has the resources it was made against, unchanged since", () => {
    expect(
      check(plan({ a: ["same"], b: ["create"], c: ["delete"] }), state(resource("a"), resource("c"))),
    ).not.toThrow();
  });

  it("is about a stack that has nothing yet", () => {
    expect(check(plan({ a: ["create"] }), state())).not.toThrow();
  });

  it("is outdated where a resource has gone since", () => {
    expect(check(plan({ a: ["update"] }), state())).toThrow(refusal("gone since: kubernetes:core/v1:Namespace a"));
  });

  it("is outdated where a resource is there that it does not know", () => {
    expect(check(plan({ a: ["same"] }), state(resource("a"), resource("b")))).toThrow(
      refusal("there, and not in the plan or only to be created by it: kubernetes:core/v1:Namespace b"),
    );
  });

  it("is outdated where what it creates has been created meanwhile", () => {
    expect(check(plan({ a: ["create"] }), state(resource("a")))).toThrow(/only to be created by it/);
  });

  it("is outdated where a resource changed after it was made", () => {
    const later = resource("a", { modified: "2026-11-21T12:00:01Z" });
    expect(check(plan({ a: ["same"] }), state(later))).toThrow(
      refusal("changed since: kubernetes:core/v1:Namespace a"),
    );
  });

  it("is outdated where nobody knows when it was made, or when a resource changed", () => {
    const made = savedAt("{}");
    expect(made).toBeUndefined();
    expect(() => checkFresh(plan({ a: ["same"] }), made, state(resource("a")), "production")).toThrow(/changed since/);
    expect(check(plan({ a: ["same"] }), state(resource("a", { modified: "soon" })))).toThrow(/changed since/);
  });

  it("outlives what a refused update writes: root, clearance and its provider", () => {
    const own = [
      resource("root", { type: "pulumi:pulumi:Stack", modified: "2026-11-21T13:00:00Z" }),
      resource("clearance", { type: "pulumi:index:Stash", modified: "2026-11-21T13:00:00Z" }),
      resource("provider", { type: "pulumi:providers:pulumi", modified: "2026-11-21T13:00:00Z" }),
    ];
    expect(check(plan({ a: ["same"] }), state(resource("a"), ...own))).not.toThrow();
  });

  it("knows its own time", () => {
    expect(savedAt('{"manifest":{"time":"2026-11-21T12:00:00Z"}}')).toBe(MADE);
  });
});
