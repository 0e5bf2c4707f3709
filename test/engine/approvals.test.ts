import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { moveTo } from "../../sandbox/clock";
import { Stand, waiting } from "./harness";

const HOUR = 3_600_000;
const [SAM, PRIYA, DANA] = ["sam@omnihub.dev", "priya@omnihub.dev", "dana@omnihub.dev"] as const;

let stand: Stand;
beforeAll(async () => {
  stand = await Stand.make();
  await stand.ready();
}, 300_000);
afterAll(() => stand.close());

const update = (...more: string[]): Promise<string> =>
  stand.expectRefused("production", () => stand.up("production", ...more));

describe("an update of a stage that was never entered", () => {
  let plan: string;
  beforeAll(async () => {
    plan = await stand.savePlan("production");
    stand.mark("planned");
    await stand.approveAll(plan);
    stand.mark("approved");
  });

  it("waits for the approver who is missing", async () => {
    stand.back("planned");
    await stand.approve(plan, SAM);
    expect(waiting(await update("--plan", plan))).toEqual({
      "sign-off": `0 of 1: ${SAM}'s does not count without the role tech-lead or cto`,
    });
  });

  it("does not count one approver twice", async () => {
    stand.back("planned");
    stand.edit("plans/omnihub.yaml", (text) =>
      text.replace("from: [tech-lead, cto]\n          count: 1", "from: [tech-lead, cto]\n          count: 2"),
    );
    const forTwo = await stand.savePlan("production");
    await stand.approve(forTwo, SAM);
    await stand.approve(forTwo, PRIYA, { approvedAt: Date.now() - 2000 });
    await stand.approve(forTwo, PRIYA);
    const found = waiting(await update("--plan", forTwo));
    expect(found).toEqual({ "sign-off": `1 of 2: ${SAM}'s does not count without the role tech-lead or cto` });
  });

  it("does not count the author's own approval", async () => {
    stand.back("planned");
    await stand.approve(plan, PRIYA);
    await stand.approve(plan, DANA);
    expect(waiting(await update("--plan", plan))).toEqual({
      "update-plan-reviewed":
        `0 of 1: ${DANA}'s does not count: the author of a change never approves it and ` +
        `${PRIYA}'s does not count without the role devops or sre`,
    });
  });

  it("does not count approvals of an update plan of a part, nor adds them up with others", async () => {
    stand.back("planned");
    const narrow = join(stand.dir, "narrow.json");
    const targets = ["--target", "**::clearance", "--target", "**::environment"];
    await stand.expectDone(stand.preview("production", "--save-plan", narrow, ...targets));
    await stand.approve(plan, SAM);
    await stand.approveAll(narrow);
    const found = waiting(await update("--plan", plan));
    expect(Object.keys(found)).toEqual(["sign-off"]);
    expect(found["sign-off"]).toMatch(
      /^0 of 1: priya@omnihub\.dev's is for update plan [0-9a-f]{7}, which is not in the store, or not of the whole program/,
    );
  });

  it("refuses an approval that has expired", async () => {
    stand.back("planned");
    await stand.approve(plan, SAM);
    await stand.approve(plan, PRIYA, { approvedAt: Date.now() - 25 * HOUR });
    expect(waiting(await update("--plan", plan))["sign-off"]).toMatch(
      /^0 of 1: priya@omnihub\.dev's expired 1 hour( \d+ seconds?)? ago/,
    );
  });

  const ANOTHER =
    `0 of 1: ${PRIYA}'s is for another configuration, program or secret and ` +
    `${SAM}'s does not count without the role tech-lead or cto`;

  it("is not covered by its approvals once the configuration has changed", async () => {
    stand.back("approved");
    stand.set("production", "holdpoint:environment.targetCpu", 71);
    expect(waiting(await update("--plan", plan))["sign-off"]).toBe(ANOTHER);
  });

  it("is not covered by its approvals once the program has changed", async () => {
    stand.back("approved");
    stand.edit("components/declare.ts", (text) => `${text}// One more line.\n`);
    expect(waiting(await update("--plan", plan))["sign-off"]).toBe(ANOTHER);
  });

  it("is not covered by its approvals once a secret has changed", async () => {
    stand.back("approved");
    const other = "another-password-of-redis-0123456789";
    await stand.expectDone(
      stand.pulumi(["config", "set", "--secret", "holdpoint:redisAuthToken", other, "-s", "production"]),
    );
    const text = await update("--plan", plan);
    expect(waiting(text)["sign-off"]).toBe(ANOTHER);
    expect(text).not.toContain(other);
  });
});

describe("an update of a stage that was entered", () => {
  const internet = { name: "internet", cidr: "0.0.0.0/0", except: ["10.0.0.0/8"], port: 443 };
  const mail = { name: "mail", cidr: "203.0.113.0/24", except: [], port: 587 };
  const search = { name: "search", cidr: "198.51.100.0/24", except: [], port: 443 };
  let first: unknown[];
  let withMail: string;
  let withSearch: string;

  /** Each entry is a resource of its own: a change of data alone that creates, updates or deletes just that. */
  const egress = (entries: unknown[]): void => stand.set("production", "holdpoint:environment.egress", entries);
  const policies = async (): Promise<string[]> =>
    (await stand.resources("production"))
      .flatMap(({ urn }) => /environment-allow-to-(\w+)$/.exec(urn)?.[1] ?? [])
      .sort();

  beforeAll(async () => {
    stand.back("ready");
    await stand.entered();
    first = stand.get<{ egress: unknown[] }>("production", "holdpoint:environment").egress;
    egress([...first, search]);
    withSearch = await stand.savePlan("production");
    await stand.approveAll(withSearch);
    egress([...first, mail]);
    withMail = await stand.savePlan("production");
    await stand.approveAll(withMail);
    await stand.expectDone(stand.up("production", "--plan", withMail));
    stand.mark("changed");
  }, 400_000);

  it("goes back with no approval, and forward again only with a new one", async () => {
    stand.back("changed");
    egress(first);
    const { text } = await stand.expectDone(stand.up("production"));
    expect(text).toContain("GO enter production: back to exactly what ran there before, always allowed");
    expect(await policies()).toEqual(["internet"]);
    egress([...first, mail]);
    expect(waiting(await update("--plan", withMail))["sign-off"]).toMatch(/priya@omnihub\.dev's was used before/);
  });

  it("goes back when its approvals have expired, outside the window and without evidence", async () => {
    stand.back("changed");
    moveTo(stand.dir, Date.parse("2026-12-02T12:00:00Z"));
    egress(first);
    const { text } = await stand.expectDone(stand.up("production"));
    expect(text).toContain("GO enter production: back to exactly what ran there before, always allowed");
    expect(await policies()).toEqual(["internet"]);
  });

  it("is refused under an update plan that was made before the state moved", async () => {
    stand.back("changed");
    egress([...first, search]);
    expect(waiting(await update("--plan", withSearch))["sign-off"]).toMatch(
      /priya@omnihub\.dev's was made before the stack's state moved/,
    );
  });

  it("is refused with --plan of another update plan than the approved one", async () => {
    stand.back("changed");
    egress([mail]);
    await stand.approveAll(await stand.savePlan("production"));
    const text = await update("--plan", withMail);
    expect(text).toMatch(/clearance violates plan: properties changed: ~~input/);
    expect(await policies()).toEqual(["internet", "mail"]);
  });

  it("deletes nothing that is not in the update plan, with --plan", async () => {
    stand.back("changed");
    egress(first);
    const text = await update("--plan", without(await stand.savePlan("production"), /environment-allow-to-mail$/));
    expect(text).toContain("GO enter production: back to exactly what ran there before, always allowed");
    expect(text).toContain("delete is not allowed by the plan: no steps were expected for this resource");
    expect(await policies()).toEqual(["internet", "mail"]);
  });

  it("replaces nothing that is not in the update plan, with --plan", async () => {
    stand.back("changed");
    const unchanged = await stand.savePlan("production");
    const urn = (await stand.resources("production")).find((item) =>
      item.urn.endsWith("environment-allow-to-mail"),
    )?.urn;
    const text = await update("--plan", unchanged, "--replace", urn ?? "");
    expect(text).toContain("create-replacement is not allowed by the plan: this resource is constrained to same");
  });

  it("is stopped by the policy pack where a value is not the approved one, also without --plan", async () => {
    stand.back("changed");
    egress([internet, mail]);
    const plan = await stand.savePlan("production");
    await stand.approveAll(edited(plan, '"10.0.0.0/8"', '"10.0.0.0/16"'));
    const text = await update();
    expect(text).toContain(
      'NO-GO approved-changes: "environment-allow-to-internet" (kubernetes:networking.k8s.io/v1:NetworkPolicy) is not in the approved update plan',
    );
    expect(text).toContain("found: other values than approved for spec");
  });

  it("is stopped by the policy pack at a resource that no approver has seen, also without --plan", async () => {
    stand.back("changed");
    egress([...first, mail, search]);
    const plan = await stand.savePlan("production");
    await stand.approveAll(edited(plan, "environment-allow-to-search", "environment-allow-to-others"));
    const text = await update();
    expect(text).toContain('NO-GO approved-changes: "environment-allow-to-search"');
    expect(text).toContain("found: a resource that no approver has seen");
  });
});

/** Another update plan in its place, as if it had been the one that was approved. */
function edited(plan: string, from: string, to: string): string {
  const text = readFileSync(plan, "utf8");
  if (!text.includes(from)) throw new Error(`the update plan has no ${from}`);
  const path = `${plan}.edited`;
  writeFileSync(path, text.replaceAll(from, to));
  return path;
}

/** The update plan without what it does to one resource. */
function without(plan: string, urn: RegExp): string {
  const content = JSON.parse(readFileSync(plan, "utf8")) as { resourcePlans: Record<string, unknown> };
  const kept = Object.entries(content.resourcePlans).filter(([name]) => !urn.test(name));
  if (kept.length !== Object.keys(content.resourcePlans).length - 1) throw new Error(`not one resource is ${urn}`);
  writeFileSync(`${plan}.without`, JSON.stringify({ ...content, resourcePlans: Object.fromEntries(kept) }));
  return `${plan}.without`;
}
