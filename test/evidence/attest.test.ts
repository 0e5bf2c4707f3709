import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { AttestFiles } from "../../evidence/attest";
import { attest, attestCondition } from "../../evidence/attest";
import { digest } from "../../evidence/canonical";
import { SECRET_FORMS } from "../../evidence/secrets";
import { COMMIT, NOW, read, refusal, world } from "./world";
import type { World } from "./world";

const FIXTURES = "test/fixtures/evidence";
/** After the fixtures were made. */
const LATER = Date.UTC(2026, 10, 21, 13);

function files(w: World, change: Partial<AttestFiles> = {}): AttestFiles {
  return {
    files: ["infracost/breakdown.json"],
    root: FIXTURES,
    stage: "production",
    subject: { commit: COMMIT },
    key: w.keys.sre,
    store: w.store,
    now: LATER,
    ...change,
  };
}

function folderWith(content: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), "holdpoint-attest-"));
  for (const [name, text] of Object.entries(content)) writeFileSync(join(folder, name), text);
  return folder;
}

describe("attest", () => {
  it("stores evidence that counts, and the raw report beside it", async () => {
    const w = world();
    const { id, kind, summary } = await attest(files(w));
    expect({ kind, summary }).toEqual({ kind: "cost", summary: "400.48 USD a month in production" });
    const report = readFileSync(join(FIXTURES, "infracost/breakdown.json"));
    expect(await w.store.getRaw(digest(report))).toEqual(report);
    const { evidence, rejected } = await read(w, { now: LATER });
    expect(rejected).toEqual([]);
    expect(evidence).toMatchObject([
      { id, kind: "cost", subject: { commits: [COMMIT], sha256: [] }, stage: "production" },
    ]);
  });

  it("gives the same body for the same report, so that a run attested twice counts once", async () => {
    const w = world();
    const run = { files: ["junit/pytest-passed.xml"], stage: "staging", suite: "smoke", key: w.keys.ci };
    await attest(files(w, run));
    await attest(files(w, { ...run, now: LATER + 1000 }));
    expect((await read(w, { now: LATER })).evidence).toHaveLength(1);
  });

  it("names the report by its digest in the statement of each kind", async () => {
    const w = world();
    const runs: Partial<AttestFiles>[] = [
      { files: ["junit/vitest-passed.xml"], suite: "smoke" },
      { files: ["snyk/clean.json"], finishedAt: NOW },
      { files: ["restic/backup.jsonl", "restic/check.json"], scope: "full", trigger: "manual" },
    ];
    for (const run of runs) {
      const { id } = await attest(files(w, run));
      const line = readFileSync(join(w.store.folder, `${id}.intoto.jsonl`), "utf8");
      const { payload } = JSON.parse(line) as { payload: string };
      const body = Buffer.from(payload, "base64").toString();
      for (const path of run.files ?? []) expect(body).toContain(digest(readFileSync(join(FIXTURES, path))));
    }
  });

  it("reads a folder as runbooks, now", async () => {
    const w = world();
    await attest(files(w, { files: ["runbooks/complete"] }));
    const { evidence } = await read(w, { now: LATER });
    expect(evidence).toMatchObject([{ kind: "runbooks", finishedAt: LATER }]);
  });

  it("attests that a condition is met, for one approval", async () => {
    const w = world();
    const { files: _files, root: _root, ...base } = files(w);
    await attestCondition({ ...base, item: "Tell support", approval: "4".repeat(64) });
    const { evidence } = await read(w, { now: LATER });
    expect(evidence).toMatchObject([{ kind: "condition", facts: { item: "Tell support", approval: "4".repeat(64) } }]);
  });

  it.each([
    ["nothing", { files: [] }, "usage: no file to attest"],
    ["a missing file", { files: ["none.json"] }, /^file-missing: no file .*none\.json$/],
    ["evidence about nothing", { subject: {} }, "usage: evidence about nothing: wanted a commit, an image, or both"],
    [
      "a short commit",
      { subject: { commit: "0123456" } },
      'usage: found commit "0123456", wanted all of its hex digits',
    ],
    [
      "a wrong image digest",
      { subject: { sha256: "sha256:00" } },
      'usage: found image digest "sha256:00", wanted 64 hex digits',
    ],
    ["a stage that is no name", { stage: "Prod!" }, /^intake-missing-field: the statement's stage/],
    [
      "a folder as something else",
      { files: ["runbooks/complete"], kind: "cost" },
      "usage: a folder is read as runbooks or documents, not as cost",
    ],
    [
      "a report of the future",
      { now: Date.UTC(2026, 10, 20) },
      "intake-inconsistent: finished at 2026-11-20T08:00:00.123Z, which is in the future",
    ],
    ["another kind than the report's", { kind: "backup" }, /^intake-unknown-format: /],
  ] as const)("refuses %s and stores nothing", async (_name, change, message) => {
    const w = world();
    const found = await refusal(() => attest(files(w, change as Partial<AttestFiles>)));
    if (typeof message === "string") expect(found).toBe(message);
    else expect(found).toMatch(message);
    expect(readdirSync(w.store.folder)).toEqual([]);
  });

  it("is not held up by a FIFO, and does not read a device or a huge file", async () => {
    const w = world();
    const root = folderWith({ huge: "" });
    execFileSync("mkfifo", [join(root, "fifo")]);
    truncateSync(join(root, "huge"), 1024 ** 4);
    expect(await refusal(() => attest(files(w, { root, files: ["fifo"] })))).toMatch(
      /^file-unreadable: .*fifo is not a regular file$/,
    );
    expect(await refusal(() => attest(files(w, { root, files: ["/dev/zero"] })))).toBe(
      "file-unreadable: /dev/zero is not a regular file",
    );
    expect(await refusal(() => attest(files(w, { root, files: ["huge"] })))).toMatch(/^file-too-large: /);
  });
});

// Put together here, so that no scanner takes this file for a leak.
const join2 = (...parts: string[]): string => parts.join("");
const SECRETS: readonly (readonly [string, string])[] = [
  ["a private key", join2("-----BEGIN RSA PRIVATE", " KEY-----")],
  ["an AWS access key", join2("AKIA", "ABCDEFGHIJKLMNOP")],
  ["a GitHub token", join2("ghp_", "a".repeat(36))],
  ["a GitLab token", join2("glpat-", "a".repeat(20))],
  ["a Slack token", join2("xoxb-", "1234567890-abc")],
  ["a Stripe key", join2("sk_live_", "a".repeat(24))],
  ["a Google API key", join2("AIza", "a".repeat(35))],
  ["an npm token", join2("npm_", "a".repeat(36))],
  ["a PyPI token", join2("pypi-", "a".repeat(60))],
  ["a Pulumi token", join2("pul-", "0".repeat(40))],
  ["a HashiCorp token", join2("hvs.", "a".repeat(24))],
  ["a Doppler token", join2("dp.st.prd.", "a".repeat(40))],
  ["a SendGrid key", join2("SG.", "a".repeat(22), ".", "b".repeat(43))],
  ["a JSON web token", join2("eyJ", "a".repeat(20), ".eyJ", "b".repeat(20), ".", "c".repeat(20))],
  ["a password in a URL", join2("postgres://app:", "hunter22", "@db.internal/omnihub")],
];

describe("a secret in a report", () => {
  it("is looked for in all the forms that the documentation lists", () => {
    expect(SECRET_FORMS).toEqual(expect.arrayContaining(SECRETS.map(([what]) => what)));
    const docs = readFileSync("docs/evidence.md", "utf8");
    for (const form of SECRET_FORMS) expect(docs).toContain(form.replace(/^an? /, ""));
  });

  it.each(SECRETS)("that is %s is refused, is not stored and not told", async (what, secret) => {
    const w = world();
    const report = readFileSync(join(FIXTURES, "junit/pytest-passed.xml"), "utf8").replace(
      "second region",
      () => secret,
    );
    const root = folderWith({ "report.xml": report });
    const options = files(w, { root, files: ["report.xml"], stage: "staging", suite: "smoke" });
    const message = await refusal(() => attest(options));
    expect(message).toBe(`intake-secret: report.xml holds what looks like ${what}, line 1; nothing was stored`);
    expect(message).not.toContain(secret);
    expect(readdirSync(w.store.folder)).toEqual([]);
  });
});
