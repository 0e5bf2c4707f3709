import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { ApprovalDecision } from "../../evidence/approval";
import { APPROVAL_TYPE, signApproval } from "../../evidence/approval";
import { digest } from "../../evidence/canonical";
import type { Envelope, PrivateKey } from "../../evidence/dsse";
import { sign, STATEMENT_TYPE } from "../../evidence/dsse";
import { EVIDENCE_KINDS } from "../../evidence/predicates";
import { ownType } from "../../evidence/predicates/shared";
import { readEvidence } from "../../evidence/read";
import { statementBody } from "../../evidence/statement";
import type { Evidence } from "../../rollout/evidence";
import { publicPem } from "../../evidence/keys";
import { parseTrust } from "../../evidence/trust";
import { COMMIT, envelope, HAPPY, IMAGE, NOW, read, testRun, trustText, world } from "./world";
import type { World } from "./world";

const envelopesIn = ({ store }: World): string[] =>
  readdirSync(store.folder).filter((name) => name.endsWith(".intoto.jsonl"));

/** Who may attest what in the world of these tests. */
function signerOf({ keys }: World, kind: Evidence["kind"]): PrivateKey {
  return kind === "test-result" ? keys.ci : kind === "vulnerabilities" ? keys.scanner : keys.sre;
}

/** What becomes of one envelope. */
async function fate(w: World, put: Envelope, options: { now?: number } = {}): Promise<string> {
  await w.store.put(put);
  const { evidence, approvals, rejected } = await read(w, options);
  expect(evidence.length + approvals.length + rejected.length).toBe(1);
  return rejected[0] === undefined ? "counts" : `${rejected[0].reason}: ${rejected[0].detail}`;
}

/** What becomes of any body that sam signs as a statement. */
function fateOfBody(body: string): Promise<string> {
  const w = world();
  return fate(w, sign(STATEMENT_TYPE, Buffer.from(body), [w.keys.sre]));
}

const at = (text: string): number => Date.parse(text);

describe("evidence of each kind", () => {
  it.each(EVIDENCE_KINDS)("%s counts when it is as it should be", async (kind) => {
    const w = world();
    const id = await w.store.put(envelope(kind, [signerOf(w, kind)]));
    const { evidence, rejected } = await read(w);
    expect(rejected).toEqual([]);
    expect(evidence).toMatchObject([
      { id, kind, file: join(w.store.folder, `${id}.intoto.jsonl`), subject: { commits: [COMMIT], sha256: [IMAGE] } },
    ]);
  });

  it("carries facts and times", async () => {
    const w = world();
    for (const kind of EVIDENCE_KINDS) await w.store.put(envelope(kind, [signerOf(w, kind)]));
    const { evidence } = await read(w);
    const facts = Object.fromEntries(evidence.map((one) => [one.kind, one.facts]));
    expect(facts).toEqual({
      "test-result": { suite: "smoke", tests: 3, passed: 2, failedTests: [], skippedTests: ["third"] },
      vulnerabilities: {
        scanner: "https://snyk.io",
        databaseUpdatedAt: at("2026-11-21T00:00:00Z"),
        counts: { critical: 0, high: 0, medium: 1, low: 0, unknown: 0 },
        critical: [],
      },
      drill: {
        drill: "restore",
        outcome: "passed",
        took: 40 * 60_000,
        integrity: "verified",
        marks: [{ name: "detected", after: 2 * 60_000 }],
      },
      cost: { currency: "USD", monthly: 400.48 },
      "on-call": {
        shifts: [
          { level: "primary", person: "Sam", from: at("2026-11-20T00:00:00Z"), until: at("2026-11-27T00:00:00Z") },
          { level: "secondary", person: "Lena", from: 0, until: 8.64e15 },
        ],
      },
      runbooks: { runbooks: [{ name: "service-down", sections: ["Symptoms"], alerts: [] }] },
      backup: { scope: "full", trigger: "manual", integrity: "verified" },
      pipelines: { branch: "main", pipelines: [{ name: "CI", conclusion: "success", commit: COMMIT }] },
      freeze: {
        branch: "main",
        since: at("2026-11-20T10:00:00Z"),
        merges: [{ commit: COMMIT, title: "Fix", emergency: true }],
      },
      condition: { item: "Tell support", approval: "c".repeat(64) },
      coverage: {
        suite: "unit",
        lines: { covered: 90, total: 100 },
        modules: [
          { name: "src/cart.ts", covered: 40, total: 50 },
          { name: "src/pay.ts", covered: 50, total: 50 },
        ],
      },
      measurement: { suite: "load-test", measures: [{ name: "p95", value: 212.5, unit: "ms" }] },
      survey: { survey: "beta", answers: 12, satisfied: 10 },
      review: { review: "code", outcome: "approved", reviewers: ["sam", "lena"] },
      artifacts: { artifacts: [{ name: "omni.tar.gz", sha256: "d".repeat(64), signedBy: "SHA256:x" }] },
      sbom: { format: "CycloneDX", components: 1 },
      provenance: {
        builder: "https://github.com/actions/runner/github-hosted",
        repository: "https://github.com/omnihub/api",
        branch: "main",
      },
      documents: { documents: [{ name: "guide", sections: ["Install"] }] },
      check: { check: "legal-review", outcome: "done" },
      changes: { from: "f".repeat(40), files: ["src/cart.ts"] },
      workflow: {
        workflow: "CI",
        triggers: [{ event: "push", branches: ["main"], filters: [], cron: [] }],
        jobs: [{ id: "build", needs: [], runners: ["ubuntu-latest"], steps: [{ commands: ["npm ci"] }] }],
      },
    });
    const test = evidence.find(({ kind }) => kind === "test-result");
    expect(test).toMatchObject({
      stage: "staging",
      finishedAt: at("2026-11-21T10:00:00Z"),
      signers: [{ id: "ci-staging", roles: ["ci"] }],
    });
    expect(evidence.find(({ kind }) => kind === "vulnerabilities")).not.toHaveProperty("stage");
  });

  it("has its times in plan time", async () => {
    const w = world();
    await w.store.put(envelope("drill", [w.keys.sre]));
    const epoch = NOW - 3 * 60 * 60_000;
    const fast = { now: () => 0, at: (time: number) => (time - epoch) * 60, machineSpan: (span: number) => span / 60 };
    const { evidence } = await readEvidence(w.store, w.trust, fast, { now: NOW });
    expect(evidence[0]).toMatchObject({ finishedAt: 40 * 60_000 * 60, facts: { took: 40 * 60_000 * 60 } });
  });

  it("may have unknown members everywhere", async () => {
    const w = world();
    const put = envelope("drill", [w.keys.sre], { ...HAPPY.drill, more: { deep: [1] } });
    expect(await fate(w, { ...put, ...{ extra: true } })).toBe("counts");
  });
});

describe("a signature", () => {
  it("of a stranger does not count", async () => {
    const w = world();
    expect(await fate(w, envelope("drill", [w.keys.stranger]))).toBe(
      "signer-unknown: signed by no key of the trust file",
    );
  });

  it("that claims a trusted key does not count", async () => {
    const w = world();
    const put = envelope("drill", [{ id: w.keys.sre.id, key: w.keys.stranger.key }]);
    expect(await fate(w, put)).toBe(`signature-invalid: the signature does not fit key ${w.keys.sre.id} that it names`);
  });

  it("of an altered payload does not count", async () => {
    const w = world();
    const put = envelope("drill", [w.keys.sre]);
    const payload = Buffer.from(Buffer.from(put.payload, "base64").toString().replace("09:40", "09:10")).toString(
      "base64",
    );
    expect(payload).not.toBe(put.payload);
    expect(await fate(w, { ...put, payload })).toMatch(/^signature-invalid: /);
  });

  it("over another payload type does not count, even if it is valid", async () => {
    const w = world();
    const body = Buffer.from(envelope("drill", [w.keys.sre]).payload, "base64");
    const put = sign("application/json", body, [w.keys.sre]);
    expect(await fate(w, put)).toBe(`kind-unknown: payload type "application/json", wanted ${STATEMENT_TYPE}`);
    expect(await fate(world(), { ...put, payloadType: STATEMENT_TYPE })).toMatch(/^signature-invalid: /);
  });

  it("counts once for a person with two keys", async () => {
    const w = world();
    const put = signApproval(decision(), w.keys.priya);
    const body = Buffer.from(put.payload, "base64");
    await w.store.put(sign(STATEMENT_TYPE, body, [w.keys.priya, w.keys.priya2]));
    const { approvals } = await read(w);
    expect(approvals.map(({ signer }) => signer)).toEqual([{ id: "priya@omnihub.dev", roles: ["tech-lead"] }]);
  });

  it("of two machines makes two signers", async () => {
    const w = world();
    await w.store.put(envelope("drill", [w.keys.sre, w.keys.ci]));
    // ci-staging may not attest drills, so it is no signer of this one.
    expect((await read(w)).evidence.map(({ signers }) => signers)).toEqual([
      [{ id: "sam@omnihub.dev", roles: ["sre"] }],
    ]);
  });
});

describe("a role", () => {
  it("that may not attest the kind makes it count for nothing", async () => {
    const w = world();
    expect(await fate(w, envelope("drill", [w.keys.ci]))).toBe(
      "signer-lacks-role: ci-staging (ci) may not attest drill for staging",
    );
  });

  it("that may not attest for the stage makes it count for nothing", async () => {
    const w = world();
    expect(await fate(w, envelope("test-result", [w.keys.ci], testRun({ stage: "production" })))).toBe(
      "signer-lacks-role: ci-staging (ci) may not attest test-result for production",
    );
  });

  it("is told with what the rejected item claims to be", async () => {
    const w = world();
    await w.store.put(envelope("test-result", [w.keys.ci], testRun({ stage: "production" })));
    await w.store.put(envelope("backup", [w.keys.stranger]));
    const { rejected } = await read(w);
    expect(rejected.map(({ claims }) => claims)).toEqual(
      expect.arrayContaining([
        { kind: "test-result", stage: "production" },
        { kind: "backup", stage: "production" },
      ]),
    );
  });
});

describe("time", () => {
  it("up to a minute ahead of this machine counts", async () => {
    const w = world();
    expect(await fate(w, envelope("cost", [w.keys.sre]), { now: at("2026-11-21T09:59:00Z") })).toBe("counts");
  });

  it("further ahead does not", async () => {
    const w = world();
    expect(await fate(w, envelope("cost", [w.keys.sre]), { now: at("2026-11-21T09:58:59.999Z") })).toBe(
      "from-the-future: 2026-11-21T10:00:00.000Z is 60 s ahead of this machine's clock",
    );
  });

  it("of a database that was made after the scan does not count, in the future or not", async () => {
    const happy = HAPPY.vulnerabilities as { scanner: Record<string, unknown> };
    for (const lastUpdate of ["2026-11-22T00:00:00Z", "2026-11-21T11:59:00Z"]) {
      const w = world();
      const put = { ...happy, scanner: { ...happy.scanner, db: { lastUpdate } } };
      expect(await fate(w, envelope("vulnerabilities", [w.keys.scanner], put))).toBe(
        "malformed: the predicate: a database that was made after the scan",
      );
    }
  });

  it.each(["2026-11-21T10:00:00", "2026-11-21T10:00:00+00:00", "2026-02-30T10:00:00Z", "yesterday", ""])(
    "written as %j is malformed",
    async (finishedOn) => {
      const w = world();
      expect(await fate(w, envelope("cost", [w.keys.sre], { ...HAPPY.cost, finishedOn }))).toBe(
        `malformed: the predicate's finishedOn: ${JSON.stringify(finishedOn)} is not an RFC 3339 time in UTC with a Z`,
      );
    },
  );
});

describe("a predicate is malformed", () => {
  it.each([
    ["without an end", "drill", { finishedOn: undefined }],
    ["that ends before it begins", "drill", { finishedOn: "2026-11-21T08:00:00Z" }],
    ["with an unknown outcome", "drill", { outcome: "ok" }],
    ["that passed with exit code 1", "drill", { run: { command: ["x"], exitCode: 1, output: { sha256: IMAGE } } }],
    [
      "that passed without an exit code",
      "drill",
      { run: { command: ["x"], exitCode: null, output: { sha256: IMAGE } } },
    ],
    ["without a stage", "drill", { stage: undefined }],
    ["with a cost below zero", "cost", { monthly: "-1" }],
    ["with a cost that is no number", "cost", { monthly: "NaN" }],
    ["with a cost that overflows", "cost", { monthly: "1e999" }],
    ["without shifts", "on-call", { shifts: [] }],
    [
      "with a shift that ends before it begins",
      "on-call",
      { shifts: [{ level: "primary", person: "Sam", from: "2026-11-21T00:00:00Z", until: "2026-11-20T00:00:00Z" }] },
    ],
    ["without runbooks", "runbooks", { runbooks: [] }],
    ["without pipelines", "pipelines", { pipelines: [] }],
    ["of an empty conclusion", "pipelines", { pipelines: [{ name: "CI", conclusion: "", commit: COMMIT }] }],
    ["with a freeze that begins after it was looked at", "freeze", { since: "2026-11-21T10:00:01Z" }],
    ["of an approval that is no digest", "condition", { approval: "all" }],
  ] as const)("%s", async (_name, kind, change) => {
    const w = world();
    const predicate = JSON.parse(JSON.stringify({ ...HAPPY[kind], ...change })) as Record<string, unknown>;
    expect(await fate(w, envelope(kind, [w.keys.sre], predicate))).toMatch(/^malformed: the predicate/);
  });

  it.each([
    ["of no tests", { tests: 0, passed: 0, skippedTests: [] }, { passedTests: [] }],
    ["whose counts disagree", { tests: 4 }, {}],
    ["that names fewer passed tests than it counts", {}, { passedTests: ["first"] }],
    ["that passed with failed tests", { tests: 4 }, { failedTests: ["fourth"] }],
    ["that failed with none", {}, { result: "FAILED" }],
    ["with half a test", { tests: 3.5 }, {}],
    ["without a run's annotation", {}, { configuration: [{ name: "x" }] }],
    ["without configuration", {}, { configuration: [] }],
  ])("a test run %s", async (_name, change, outer) => {
    const w = world();
    expect(await fate(w, envelope("test-result", [w.keys.ci], testRun(change, outer)))).toMatch(
      /^malformed: the predicate/,
    );
  });
});

describe("the severity of a finding", () => {
  it.each([
    [["medium", "critical"], "critical"],
    [["9.0"], "critical"],
    [["8.9"], "high"],
    [["MODERATE"], "medium"],
    [["0.0"], "low"],
    [["11"], "unknown"],
    [["odd"], "unknown"],
    [[], "unknown"],
  ])("%j is %s", async (scores, level) => {
    const w = world();
    const happy = HAPPY.vulnerabilities as { scanner: Record<string, unknown> };
    const severity = scores.map((score) => ({ method: "m", score }));
    const predicate = { ...happy, scanner: { ...happy.scanner, result: [{ id: "CVE-2", severity }] } };
    await w.store.put(envelope("vulnerabilities", [w.keys.scanner], predicate));
    const { evidence } = await read(w);
    const counts = { critical: 0, high: 0, medium: 0, low: 0, unknown: 0, [level]: 1 };
    expect(evidence[0]?.facts).toMatchObject({ counts, critical: level === "critical" ? ["CVE-2"] : [] });
  });
});

describe("a statement", () => {
  const happy = {
    _type: "https://in-toto.io/Statement/v1",
    subject: [{ digest: { sha256: IMAGE } }],
    predicateType: ownType("cost"),
    predicate: HAPPY.cost,
  };
  const text = JSON.stringify(happy);

  it("needs no names", async () => {
    expect(await fateOfBody(text)).toBe("counts");
  });

  it.each([
    ["of another version", { _type: "https://in-toto.io/Statement/v2" }, "the statement's _type"],
    ["of a version before the first", { _type: "https://in-toto.io/Statement/v0.2" }, "the statement's _type"],
    [
      "with a limit that is not known here",
      { predicate: { ...HAPPY.drill, scopes: { "example.com/cluster/v1": "eu-1" } } },
      `the statement's predicate.scopes: a limit that is not known here: "example.com/cluster/v1"`,
    ],
    [
      "with limits that are no map",
      { predicate: { ...HAPPY.drill, scopes: "eu-1" } },
      "the statement's predicate.scopes",
    ],
    ["about nothing", { subject: [] }, "the statement's subject"],
    ["with a subject without digests", { subject: [{ name: "x", digest: {} }] }, "the statement's subject.0.digest"],
    ["with a subject without a digest set", { subject: [{ name: "x" }] }, "the statement's subject.0.digest"],
    [
      "with one good and one bad subject",
      { subject: [{ digest: { sha256: IMAGE } }, { name: "x" }] },
      "the statement's subject.1.digest",
    ],
    [
      "with a short digest",
      { subject: [{ digest: { sha256: IMAGE.slice(1) } }] },
      "the statement's subject.0.digest.sha256",
    ],
    [
      "with a digest in capitals",
      { subject: [{ digest: { sha256: IMAGE.toUpperCase() } }] },
      "the statement's subject.0.digest.sha256",
    ],
    [
      "with a short commit",
      { subject: [{ digest: { gitCommit: COMMIT.slice(0, 12) } }] },
      "the statement's subject.0.digest.gitCommit",
    ],
    ["without a predicate", { predicate: undefined }, "the statement's predicate"],
  ])("%s is malformed", async (_name, change, message) => {
    expect(await fateOfBody(JSON.stringify({ ...happy, ...change }))).toContain(`malformed: ${message}`);
  });

  it.each([
    ["an unknown kind", "https://example.com/x/v1"],
    ["a known kind with something after it", `${ownType("cost")}/`],
    ["a later version of a known kind", ownType("cost").replace("v0.1", "v0.2")],
    ["a known kind in other case", ownType("cost").toUpperCase()],
    ["a member of every object", "toString"],
  ])("of %s is not read", async (_name, predicateType) => {
    expect(await fateOfBody(JSON.stringify({ ...happy, predicateType }))).toBe(
      `kind-unknown: predicate type ${JSON.stringify(predicateType)} is not one that gates read`,
    );
  });

  it.each([
    ["a member twice", text.replace("{", '{"predicateType":"x",')],
    ["a member of the predicate twice", text.replace('"currency"', '"monthly":"1","currency"')],
    ["something after it", `${text}{}`],
    ["its end cut off", text.slice(0, -2)],
    ["a byte order mark", `\ufeff${text}`],
    ["nothing in it", ""],
  ])("with %s is malformed", async (_name, body) => {
    expect(await fateOfBody(body)).toMatch(/^malformed: the statement is /);
  });
});

function decision(change: Partial<ApprovalDecision> = {}): ApprovalDecision {
  return {
    approver: "priya@omnihub.dev",
    binding: { stack: "production", updatePlan: "1".repeat(64), request: "2".repeat(64), state: "3".repeat(64) },
    decision: "approved",
    approvedAt: NOW - 60_000,
    ...change,
  };
}

describe("an approval", () => {
  it("counts, bound to one exact change", async () => {
    const w = world();
    await w.store.put(signApproval(decision(), w.keys.priya));
    const { approvals, evidence, rejected } = await read(w);
    expect({ evidence, rejected }).toEqual({ evidence: [], rejected: [] });
    expect(approvals).toEqual([
      {
        id: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
        file: expect.stringContaining(w.store.folder) as string,
        binding: decision().binding,
        decision: "approved",
        items: [],
        signer: { id: "priya@omnihub.dev", roles: ["tech-lead"] },
        approvedAt: NOW - 60_000,
      },
    ]);
  });

  it("carries its items, and a rejection its reason", async () => {
    const w = world();
    await w.store.put(signApproval(decision({ decision: "conditional", items: ["Tell support"] }), w.keys.priya));
    await w.store.put(
      signApproval(decision({ approver: "cto@omnihub.dev", decision: "rejected", reason: "too early" }), w.keys.cto),
    );
    const { approvals } = await read(w);
    expect(approvals.map(({ decision: said, items, reason }) => [said, items, reason])).toEqual(
      expect.arrayContaining([
        ["conditional", ["Tell support"], undefined],
        ["rejected", [], "too early"],
      ]),
    );
  });

  it("keeps its id when it is enveloped anew, and counts once", async () => {
    const w = world();
    const put = signApproval(decision(), w.keys.priya);
    const first = (await w.store.put(put), (await read(w)).approvals);
    await w.store.put({ ...put, signatures: put.signatures.map(({ sig }) => ({ sig })) });
    await w.store.put({ ...put, ...{ note: "again" } });
    expect(envelopesIn(w)).toHaveLength(3);
    const { approvals } = await read(w);
    expect(approvals.map(({ id }) => id)).toEqual(first.map(({ id }) => id));
    expect(approvals[0]?.id).toBe(digest(Buffer.from(put.payload, "base64")));
  });

  it("in another's name does not count", async () => {
    const w = world();
    expect(await fate(w, signApproval(decision({ approver: "cto@omnihub.dev" }), w.keys.priya))).toBe(
      'signature-invalid: approval of "cto@omnihub.dev", but signed by priya@omnihub.dev',
    );
  });

  it.each([
    ["the other stage's stack", "staging", "reviewer"],
    ["the stage's canary stack", "production-canary", "tech-lead"],
  ])("for %s counts only in the role that may", async (_name, stack, role) => {
    const w = world();
    await w.store.put(signApproval(decision({ binding: { ...decision().binding, stack } }), w.keys.priya));
    expect((await read(w)).approvals.map(({ signer }) => signer.roles)).toEqual([[role]]);
  });

  it("for a stage that the role does not cover does not count", async () => {
    const w = world();
    const binding = { ...decision().binding, stack: "beta" };
    expect(await fate(w, signApproval(decision({ binding }), w.keys.priya))).toBe(
      "signer-lacks-role: priya@omnihub.dev (tech-lead, reviewer) may not approve for beta",
    );
  });

  it("by someone who may only attest does not count", async () => {
    const w = world();
    expect(await fate(w, signApproval(decision({ approver: "sam@omnihub.dev" }), w.keys.sre))).toMatch(
      /^signer-lacks-role: /,
    );
  });

  it("by a machine does not count, whatever its role says", async () => {
    const w = world();
    expect(await fate(w, signApproval(decision({ approver: "scanner" }), w.keys.scanner))).toBe(
      "signer-lacks-role: scanner (scanner) may not approve for production",
    );
  });

  it("of tomorrow does not count", async () => {
    const w = world();
    expect(await fate(w, signApproval(decision({ approvedAt: NOW + 86_400_000 }), w.keys.priya))).toMatch(
      /^from-the-future: /,
    );
  });

  it.each([
    ["conditional without items", { decision: "conditional" }],
    ["approved with items", { items: ["x"] }],
    ["rejected without a reason", { decision: "rejected" }],
    ["of an update plan without a digest", { binding: { ...decision().binding, updatePlan: "latest" } }],
  ] as const)("%s is not signed", (_name, change) => {
    expect(() => signApproval(decision(change), world().keys.priya)).toThrow(/^the (?:approval|statement)/);
  });

  it.each([
    ["another subject", "9".repeat(64), {}],
    ["no binding", "1".repeat(64), { binding: undefined }],
    ["half a binding", "1".repeat(64), { binding: { stack: "production", updatePlan: "1".repeat(64) } }],
    ["an unknown decision", "1".repeat(64), { decision: "maybe" }],
  ])("with %s is malformed", async (_name, subject, change) => {
    const w = world();
    const happy = {
      approver: "priya@omnihub.dev",
      binding: decision().binding,
      decision: "approved",
      approvedOn: "2026-11-21T11:00:00Z",
    };
    const predicate = JSON.parse(JSON.stringify({ ...happy, ...change })) as unknown;
    const put = sign(STATEMENT_TYPE, statementBody({ sha256: subject }, APPROVAL_TYPE, predicate), [w.keys.priya]);
    expect(await fate(w, put)).toMatch(/^malformed: the approval/);
  });
});

describe("a store", () => {
  it("counts one signed run once, however often it was enveloped", async () => {
    const w = world();
    const put = envelope("test-result", [w.keys.ci]);
    for (let copy = 0; copy < 5; copy++) await w.store.put({ ...put, ...{ copy } });
    expect(envelopesIn(w)).toHaveLength(5);
    expect((await read(w)).evidence).toHaveLength(1);
  });

  it("joins the signers of one body, each in an envelope of their own", async () => {
    const w = world();
    const body = Buffer.from(envelope("runbooks", []).payload, "base64");
    for (const key of [w.keys.sre, w.keys.cto]) await w.store.put(sign(STATEMENT_TYPE, body, [key]));
    const { evidence } = await read(w);
    // The CTO may not attest runbooks: only sam's counts, and a refused copy takes nothing away from it.
    expect(evidence.map(({ signers }) => signers.map(({ id }) => id))).toEqual([["sam@omnihub.dev"]]);
    const trust = parseTrust(
      trustText(
        [
          ["people", "sam", ["r"], publicPem(w.keys.sre.key)],
          ["people", "cto", ["r"], publicPem(w.keys.cto.key)],
        ],
        { r: { may: ["runbooks"] } },
      ),
      "trust.yaml",
    );
    const both = await read({ ...w, trust });
    expect(both.evidence.map(({ signers }) => signers.map(({ id }) => id).sort())).toEqual([["cto", "sam"]]);
  });

  it("with one bad item still gives the good ones", async () => {
    const w = world();
    await w.store.put(envelope("drill", [w.keys.sre]));
    await w.store.put(envelope("cost", [w.keys.stranger]));
    const damaged = join(w.store.folder, `${await w.store.put(envelope("backup", [w.keys.sre]))}.intoto.jsonl`);
    writeFileSync(damaged, readFileSync(damaged, "utf8").replace("payload", "Payload"));
    const { evidence, rejected } = await read(w);
    expect(evidence.map(({ kind }) => kind)).toEqual(["drill"]);
    expect(rejected.map(({ reason }) => reason).sort()).toEqual(["signer-unknown", "unreadable"]);
  });
});
