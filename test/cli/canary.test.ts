import { readFileSync } from "node:fs";
import { afterEach, expect, it } from "vitest";
import { walkCanary } from "../../cli/canary";
import { FakeProject } from "./fakes";

const RELEASE = { image: `r/app@sha256:${"a".repeat(64)}`, commit: "9".repeat(40) };
const HOUR = 3_600_000;

let project = new FakeProject();
afterEach(() => project.remove());

/** A canary at 5% for an hour, four holds long, whose metrics source does not answer. */
function withoutNumbers(): void {
  const release = JSON.stringify({ version: "2.0.0", author: "dana", ...RELEASE });
  const common = `  holdpoint:plan: plan.yaml\n  holdpoint:prometheus: http://127.0.0.1:9\n  holdpoint:release: ${release}\n`;
  const since = new Date(Date.now() - HOUR).toISOString();
  const step = {
    urn: "urn:pulumi:production-canary::holdpoint::pulumi:index:Stash::step",
    type: "pulumi:index:Stash",
    inputs: { input: { weight: 5, release: RELEASE } },
    outputs: { input: { weight: 5, release: RELEASE }, output: { weight: 5, release: RELEASE } },
    created: since,
    modified: since,
  };
  const route = {
    urn: "urn:pulumi:production-canary::holdpoint::kubernetes:gateway.networking.k8s.io/v1:HTTPRoute::canary-route",
    type: "kubernetes:gateway.networking.k8s.io/v1:HTTPRoute",
    inputs: {
      spec: {
        rules: [
          {
            backendRefs: [
              { name: "omnihub-baseline", weight: 95 },
              { name: "omnihub-canary", weight: 5 },
            ],
          },
        ],
      },
    },
  };
  project = new FakeProject({
    "plan.yaml": readFileSync("test/fixtures/rollout/plan.yaml", "utf8"),
    "Pulumi.production.yaml": `config:\n${common}`,
    "Pulumi.production-canary.yaml": `config:\n${common}  holdpoint:canary:\n    weight: 5\n`,
    "state.json": JSON.stringify({ deployment: { resources: [step, route] } }),
  });
  project.pulumi(`if (args[0] === "stack" && args[1] === "ls") say('[{"name":"production-canary"}]');
  else if (args[0] === "stack" && args.includes("production-canary"))
    say(fs.readFileSync(${JSON.stringify(project.root)} + "/state.json", "utf8"));
  else if (args[0] === "stack") say('{"deployment":{"resources":[]}}');`);
}

it("a step that does not pass is rolled back without being asked", async () => {
  withoutNumbers();
  const walk = await walkCanary(project.context, { stage: "production" }, 25, new AbortController().signal);
  expect(walk).toMatchObject({ outcome: "rolled-back", weight: 0 });
  expect(walk.why).toMatch(/^no verdict on 5 % in twice its hold: /);
  expect(project.calls().filter((call) => call.startsWith("up "))).toEqual([
    "up --refresh --skip-preview --yes --policy-pack policies --stack production-canary",
  ]);
  expect(project.read("Pulumi.production-canary.yaml")).toContain("weight: 0");
});
