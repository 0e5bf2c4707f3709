import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { refusals, Stand } from "./harness";

const WHOLE = "staging-canary";
const SEARCH = "staging.search-canary";

/** In place of the whole service's canary in staging one of an operation, whose steps are approved. */
const CANARIES = `    canaries:
      search:
        path: /search
        owner: sre
        steps: [{ weight: 10%, hold: 5 minutes }, { weight: 100%, hold: 5 minutes }]
        approval: { id: search-step-approved, title: Each step of the search is approved, owner: sre, from: [sre], validFor: 4 hours }
        judge:
          minRequests: 20
          errorRate: { below: 2x, of: baseline, floor: 0.1% }
          p95: { below: 1.5x, of: baseline }
          health: { passing: 100% }

`;

let stand: Stand;
beforeAll(async () => {
  stand = await Stand.make();
  stand.edit("plans/omnihub.yaml", (text) =>
    text.replace(/^ {4}# The ladder is rehearsed[^]*?(?=^ {2}# Phase 4)/m, CANARIES),
  );
  const own = readFileSync(join(stand.project, `Pulumi.${WHOLE}.yaml`), "utf8");
  writeFileSync(join(stand.project, `Pulumi.${SEARCH}.yaml`), own);
  stand.set(SEARCH, "holdpoint:canary", { weight: 0 });
  stand.set(SEARCH, "holdpoint:route.path", "/search");
  await stand.expectDone(stand.pulumi(["stack", "init", SEARCH, "--non-interactive"]));
  await stand.expectDone(stand.up("staging"));
  await stand.expectDone(stand.up(WHOLE));
  await stand.expectDone(stand.up(SEARCH));
  stand.mark("at rest");
}, 600_000);
afterAll(() => stand.close());

/** [path, weight of the canary] of each route in the cluster. */
function routes(): Record<string, [path: string, weight: number]> {
  const folder = join(stand.dir, "cluster", "omnihub-staging");
  const files = readdirSync(folder).filter((name) => /httproute/i.test(name));
  return Object.fromEntries(
    files.map((file) => {
      const text = readFileSync(join(folder, file), "utf8");
      const name = /^ {2}name: (\S+)/m.exec(text)?.[1] ?? file;
      const weights = [...text.matchAll(/weight: (\d+)/g)].map(([, weight]) => Number(weight));
      return [name, [/value: (\S+)/.exec(text)?.[1] ?? "", weights[1] ?? -1]];
    }),
  );
}

describe("the canary of one operation", () => {
  it("has a route of its own beside the whole service's", () => {
    expect(routes()).toEqual({ omnihub: ["/", 0], "omnihub-search": ["/search", 0] });
  });

  it("takes a step that was approved as it is, and no other one moves", async () => {
    stand.back("at rest");
    stand.set(SEARCH, "holdpoint:canary.weight", 10);
    const refused = await stand.expectRefused(SEARCH, () => stand.up(SEARCH));
    expect(refused).toContain("PENDING search-step-approved: Each step of the search is approved");
    expect(refused).toContain("npx holdpoint approve staging.search-canary --update-plan <file>");

    const plan = await stand.savePlan(SEARCH);
    const approve = ["approve", SEARCH, "--update-plan", plan, "--as", "sam@omnihub.dev", "--yes"];
    const signed = await stand.holdpoint(approve);
    expect(signed.text).toContain(`${SEARCH}: GO`);
    expect(signed.code).toBe(0);
    const { text } = await stand.expectDone(stand.up(SEARCH, "--plan", plan));
    expect(text).toContain("GO staging canary of search 0% → 10%");
    expect(routes()).toEqual({ omnihub: ["/", 0], "omnihub-search": ["/search", 10] });
    stand.mark("at 10");
  });

  it("does not take the same step by the same approval after it went back", async () => {
    stand.back("at 10");
    stand.set(SEARCH, "holdpoint:canary.weight", 0);
    await stand.expectDone(stand.up(SEARCH));
    stand.set(SEARCH, "holdpoint:canary.weight", 10);
    const refused = await stand.expectRefused(SEARCH, () => stand.up(SEARCH));
    expect(refused).toMatch(
      /found: 0 of 1: sam@omnihub.dev's (?:was made before the stack's state moved|was given before this step began)/,
    );
  });

  it("goes back with the whole stage, without any approval", async () => {
    stand.back("at 10");
    const { text } = await stand.expectDone(stand.holdpoint(["rollback", "staging"]));
    expect(text).toContain(`${SEARCH}: all traffic to the baseline`);
    expect(routes()).toEqual({ omnihub: ["/", 0], "omnihub-search": ["/search", 0] });
  });

  it("goes back without a policy pack and with a plan that can't be read", async () => {
    stand.back("at 10");
    stand.edit("plans/omnihub.yaml", (text) => `${text}\nnonsense: [`);
    stand.set(SEARCH, "holdpoint:canary.weight", 0);
    await stand.expectDone(stand.pulumi(["up", "-s", SEARCH, "--yes", "--skip-preview", "--non-interactive"]));
    expect(routes()["omnihub-search"]).toEqual(["/search", 0]);
  });

  it("that serves another path than the plan says takes no step", async () => {
    stand.back("at rest");
    stand.set(SEARCH, "holdpoint:canary.weight", 10);
    stand.set(SEARCH, "holdpoint:route.path", "/everything");
    const refused = refusals(await stand.expectRefused(SEARCH, () => stand.up(SEARCH)));
    expect(refused["canary.route"]).toBe("requests to /everything of everybody");
  });
});
