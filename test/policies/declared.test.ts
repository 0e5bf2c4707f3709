import { expect, test } from "vitest";
import type { Project } from "../../components/project";
import { gatherDeclared } from "../../policies/declared";
import { parsePlan } from "../../rollout/plan";
import { stepsAsk } from "../../rollout/gate";
import type { Deployment } from "../../rollout/state";
import { canarySettings, omnihub } from "../components/support";
import * as f from "../rollout/world-factory";

const resource = (type: string, name: string) => ({ urn: `urn:pulumi:s::holdpoint::${type}::${name}`, type });
const STAGE: Deployment = { resources: [resource("cloudflare:index/ruleset:Ruleset", "waf-ddos")], pending: [] };
const WHOLE: Deployment = {
  resources: [
    resource("kubernetes:core/v1:ConfigMap", "canary-emergency-controls"),
    resource("kubernetes:core/v1:ConfigMap", "canary-fallback"),
  ],
  pending: [],
};
const declared = [{ kind: "declared", components: ["waf/ddos"] }] as never;

function gather(operation: string | undefined, stacks: Readonly<Record<string, Deployment>>, criteria = declared) {
  const settings = { ...canarySettings("production"), ...(operation === undefined ? {} : { operation }) };
  const project = { settings, plan: omnihub() } as unknown as Project;
  return gatherDeclared(project, criteria, (stack) => Promise.resolve(stacks[stack]));
}

test("a step is asked about what its stage's state has, and what its own program declares", async () => {
  expect(await gather(undefined, { production: STAGE })).toEqual({
    own: { features: ["waf/ddos"], alerts: [], dashboards: [], flags: [] },
    canary: { features: ["canary", "canary/route", "canary/emergency-controls"] },
    others: {},
  });
});
test("an operation's step has the switches of the whole service, and a fallback of its own alone", async () => {
  const found = await gather("search", { production: STAGE, "production-canary": WHOLE });
  expect(found?.canary).toEqual({ features: ["canary", "canary/route", "canary/emergency-controls"] });
});
test("a stage that can't be read declares nothing", async () => {
  expect((await gather(undefined, {}))?.own).toEqual({ failure: "the stack production does not exist" });
});
test("nobody looks where no criterion asks", async () => {
  expect(await gather(undefined, { production: STAGE }, [] as never)).toBeUndefined();
  const canary = parsePlan(f.PLAN_TEXT, f.PLAN_FILE).stages.flatMap((stage) => stage.canary ?? []);
  expect(canary.flatMap(stepsAsk).filter(({ kind }) => kind === "declared")).toEqual([]);
});
