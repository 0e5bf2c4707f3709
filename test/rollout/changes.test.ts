import { describe, expect, test } from "vitest";
import type { EvidenceOf } from "../../rollout/evidence";
import * as f from "./world-factory";
import { enter, plan, review, says } from "./small-plan";

const SCHEMA =
  '{ kind: changes, id: no-migration, title: No migration, owner: sre, none: ["db/**", "**/*.sql"], except: ["db/controls/*"], maxAge: 7 days, attestedBy: [ci] }';
const PLAN = plan([SCHEMA]);
const changes = (files: readonly string[], more: Partial<EvidenceOf<"changes">> = {}, from = f.BASELINE.commit) =>
  f.evidence("changes", { from, files }, more);
const found = (...evidence: EvidenceOf<"changes">[]): string => says(enter(PLAN, { evidence }), "no-migration");

describe("what a release changes", () => {
  test("opens where nothing of it must stay as it is", () =>
    expect(found(changes(["src/a.ts", "README.md"]))).toBe("GO; pass: none of 2 changed files, 1 hour ago"));
  test("opens for a release that changes nothing", () =>
    expect(found(changes([]))).toBe("GO; pass: none of 0 changed files, 1 hour ago"));
  test("opens for a declared exception", () =>
    expect(found(changes(["db/controls/table.sql"]))).toMatch(/^GO; pass: none of 1 changed file,/));
  test("blocks with the files, and says what was wanted", () => {
    const decision = enter(PLAN, { evidence: [changes(["src/a.ts", "db/users/1.sql", "a.sql", "db/controls/x/y"])] });
    expect(says(decision, "no-migration")).toBe(
      "NO-GO; fail: 3 of 4 changed files: db/users/1.sql, a.sql and db/controls/x/y",
    );
    expect(decision.findings.at(-1)).toMatchObject({
      wanted: "no file of db/** and **/*.sql but db/controls/* changed from 1111111 to 9999999",
    });
  });
  test("is not met without evidence", () => expect(found()).toBe("NO-GO; fail: no list of changes"));
  test("is not met by changes from another commit than the baseline's", () =>
    expect(found(changes([], {}, f.hex("2", 40)))).toBe("NO-GO; fail: no list of changes"));
  test("is not met by changes to another commit than the release's", () =>
    expect(found(changes([], { subject: { commits: [f.hex("8", 40)], sha256: [] } }))).toMatch(
      /^NO-GO; fail: 1 list of changes for commit 8888888/,
    ));
  test("is not met by somebody without the role", () =>
    expect(found(changes([], { signers: [{ id: "eve", roles: ["developer"] }] }))).toMatch(
      /^NO-GO; fail: 1 list of changes signed by eve without the role ci/,
    ));
  test("is met by changes from the recorded baseline where the release shall become the baseline itself", () => {
    const finishing = { baseline: f.RELEASE, evidence: [changes(["src/a.ts"])] };
    expect(says(enter(PLAN, finishing), "no-migration")).toMatch(/pass: none of 1 changed file/);
    const itself = { baseline: f.RELEASE, evidence: [changes([], {}, f.RELEASE.commit)] };
    expect(says(enter(PLAN, itself), "no-migration")).toBe("NO-GO; fail: no list of changes");
  });
  test("is stale after its age", () =>
    expect(found(changes([], { finishedAt: f.NOW - 8 * f.DAY }))).toMatch(/^NO-GO; stale:/));
  test("the newest list decides", () => {
    const old = changes([], { finishedAt: f.NOW - 2 * f.HOUR });
    expect(found(old, changes(["db/1"]))).toMatch(/^NO-GO; fail/);
  });
});

describe("an approval that only some changes need", () => {
  const FILES = plan([review(', when: { files: ["src/auth/**"], attestedBy: [ci] }')]);
  const approvals = [f.approval("sre")];
  const without = (evidence: EvidenceOf<"changes">[]): string =>
    says(enter(FILES, { evidence, approvals: [] }), "review");

  test("is not needed where its files are untouched", () => {
    const list = changes(["src/search/a.ts"]);
    const decision = enter(FILES, { evidence: [list], approvals: [] });
    expect(says(decision, "review")).toBe("GO; pass: not needed: none of 1 changed file is of src/auth/**");
    expect(decision.findings.at(-1)?.used).toEqual([list.id]);
    expect(decision.approvals).toEqual([]);
  });
  test("is needed where one of them is touched, and says which", () => {
    const evidence = [changes(["src/auth/login.ts", "a"])];
    expect(without(evidence)).toBe("PENDING; pending: 0 of 1 (touches src/auth/login.ts)");
    expect(says(enter(FILES, { evidence, approvals }), "review")).toBe(
      "GO; pass: approved by sre@omnihub.dev (touches src/auth/login.ts)",
    );
  });
  test("is needed where nobody attested what is changed", () =>
    expect(without([])).toBe("PENDING; pending: 0 of 1 (no list of changes from 1111111 to 9999999)"));
  test("is needed where the list is of other commits, by somebody else, or of the future", () => {
    expect(without([changes([], {}, f.hex("2", 40))])).toMatch(/^PENDING/);
    expect(without([changes([], { subject: { commits: [f.hex("8", 40)], sha256: [] } })])).toMatch(/^PENDING/);
    expect(without([changes([], { signers: [{ id: "eve", roles: ["developer"] }] })])).toMatch(/^PENDING/);
    expect(without([changes([], { finishedAt: f.NOW + 1 })])).toMatch(/^PENDING/);
  });
  test("is needed where any list says that one is touched, also an older one", () => {
    const older = changes(["src/auth/a"], { finishedAt: f.NOW - f.DAY });
    expect(without([changes(["b"]), older])).toMatch(/^PENDING; pending: 0 of 1 \(touches src\/auth\/a\)/);
  });
  test("is needed where the store can't be read", () =>
    expect(says(enter(FILES, { evidence: [changes(["b"])], evidenceFailure: "denied", approvals }), "review")).toBe(
      "NO-GO; fail: the evidence could not be read: denied",
    ));
  test("is not asked for in a preview either, where it is not needed", () =>
    expect(enter(FILES, { evidence: [changes(["b"])], approvals: [], mode: "preview" }).outcome).toBe("GO"));

  const TYPES = plan([signOff(), review(', when: { resources: ["aws:iam/*", "kubernetes:*:NetworkPolicy"] }')]);
  const lead = { approvals: [f.approval("tech-lead")] };
  const touched = (...types: string[]) => ({ ...lead, touched: { [f.UPDATE_PLAN]: types } });
  test("is needed where the update plan changes a resource of its types", () => {
    expect(says(enter(TYPES, touched("aws:iam/role:Role")), "review")).toBe(
      "PENDING; pending: 0 of 1: tech-lead@omnihub.dev's does not count without the role sre or devops (touches aws:iam/role:Role)",
    );
    expect(enter(TYPES, touched("kubernetes:networking.k8s.io/v1:NetworkPolicy")).outcome).toBe("PENDING");
  });
  test("is not needed where it changes others", () =>
    expect(says(enter(TYPES, touched("aws:s3/bucket:Bucket")), "review")).toBe(
      "GO; pass: not needed: the update plan changes nothing of aws:iam/* and kubernetes:*:NetworkPolicy",
    ));
  test("is needed where nobody knows what it changes", () => {
    expect(says(enter(TYPES, lead), "review")).toMatch(/\(the update plan's changes are not known\)$/);
    expect(enter(TYPES, { ...lead, touched: { [f.hex("8")]: [] } }).outcome).toBe("PENDING");
    expect(enter(TYPES, { ...touched(), approvals: [] }).outcome).toBe("PENDING");
  });
  test("is known once anybody who may approve here has signed the update plan, its author too", () => {
    const alone = plan([review(', when: { resources: ["aws:iam/*"] }')]);
    const author = f.approval("devops", { id: f.hex("d"), signer: { id: f.RELEASE.author, roles: ["devops"] } });
    const harmless = { [f.UPDATE_PLAN]: ["aws:s3/bucket:Bucket"] };
    const nobody = enter(alone, { approvals: [], touched: harmless });
    expect(says(nobody, "review")).toBe(
      "PENDING; pending: 0 of 1 (which resources it changes is not known before somebody has signed its update plan)",
    );
    expect(nobody.findings.find(({ criterion }) => criterion === "review")?.remedy).toBe(
      "have anybody who may approve here sign the update plan, its author too: if it changes nothing of aws:iam/*, that is enough",
    );
    expect(says(enter(alone, { approvals: [author], touched: harmless }), "review")).toBe(
      "GO; pass: not needed: the update plan changes nothing of aws:iam/*",
    );
    const risky = { [f.UPDATE_PLAN]: ["aws:iam/role:Role"] };
    expect(enter(alone, { approvals: [author], touched: risky }).outcome).toBe("PENDING");
    const forged = { ...author, binding: { ...author.binding, updatePlan: f.hex("8") } };
    expect(enter(alone, { approvals: [forged], touched: { [f.hex("8")]: [] } }).outcome).toBe("PENDING");
  });
  test("is needed by either condition where there are two", () => {
    const both = plan([signOff(), review(', when: { files: ["a"], attestedBy: [ci], resources: ["aws:iam/*"] }')]);
    const evidence = [changes(["b"])];
    expect(enter(both, { ...touched("aws:iam/role:Role"), evidence }).outcome).toBe("PENDING");
    expect(enter(both, { ...touched(), evidence: [changes(["a"])] }).outcome).toBe("PENDING");
    expect(enter(both, { ...touched(), evidence }).outcome).toBe("GO");
  });
});

function signOff(): string {
  return "{ kind: sign-off, id: sign-off, title: Sign-off, owner: sre, from: [tech-lead], validFor: 24 hours, itemsAttestedBy: [sre] }";
}
