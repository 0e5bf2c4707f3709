import { generateKeyPairSync } from "node:crypto";
import { readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { attestCondition } from "../../evidence/attest";
import { digest } from "../../evidence/canonical";
import { sign, STATEMENT_TYPE, type Envelope } from "../../evidence/dsse";
import { loadKey } from "../../evidence/keys";
import { PREDICATES } from "../../evidence/predicates";
import { statementBody } from "../../evidence/statement";
import { formatUtc } from "../../evidence/time";
import { imageDigest } from "../../rollout/release";
import { moveTo } from "../../sandbox/clock";
import { keyPath } from "../../sandbox/keys";
import { writeReports, type Reports } from "../../sandbox/story/reports";
import { refusals, Stand } from "./harness";

const HOUR = 3_600_000;
const OTHER = { commit: "f".repeat(40), sha256: "e".repeat(64) };

let stand: Stand;
let plan: string;
beforeAll(async () => {
  stand = await Stand.make();
  stand.mark("fresh");
  await stand.ready();
  plan = await stand.savePlan("production");
  await stand.approveAll(plan);
  stand.mark("approved");
}, 400_000);
afterAll(() => stand.close());

/** An update that is approved, so that nothing but what a test breaks keeps it out. */
const update = (): Promise<string> => stand.expectRefused("production", () => stand.up("production", "--plan", plan));

describe("without any evidence", () => {
  const MISSING = {
    "staging-done": "nothing was ever rolled out to staging",
    "staging-smoke-tests": "no run",
    "security-scan": "no scan",
    "rollback-tested": "no rollback drill",
    "restore-drill": "no restore drill",
    "monthly-cost": "no cost estimate",
    "on-call": "no on-call schedule",
    runbooks: "no list of runbooks",
    "code-freeze": "no record of main",
    "pipelines-green": "no list of main's pipelines",
    "manual-backup": "no full backup",
    "staging-parity":
      "staging has no environment, environment/namespace, environment/quota, environment/limits, environment/network-policies and 34 more",
  };
  beforeAll(() => stand.back("fresh"));

  it("the preview refuses each criterion of the plan by itself, beside the whole change", async () => {
    const text = await stand.expectRefused("production", () => stand.preview("production"));
    expect(refusals(text)).toEqual(MISSING);
    expect(text).toContain("NO-GO enter production: 14 of 19 criteria unmet: staging-done, staging-smoke-tests,");
    expect(text).toContain("kubernetes:core/v1:Namespace");
    expect(text).toContain("aws:elasticache:ReplicationGroup");
  });

  it("the update refuses them too, and changes nothing", async () => {
    const text = await stand.expectRefused("production", () => stand.up("production"));
    expect(refusals(text)).toMatchObject(MISSING);
  });
});

describe("evidence that is there and does not count", () => {
  let found: Record<string, string>;
  const file: Record<string, string> = {};
  beforeAll(async () => {
    stand.back("approved");
    await removeEvidence();
    const now = Date.now();
    const reports = write(now);
    for (let run = 5; run > 0; run -= 1) await stand.attestSmoke(now - run * 1000, [], { stage: "production" });
    await stand.attestFiles("ci-security", [reports.snyk], { finishedAt: now, subject: OTHER });
    const withoutRole = await loadKey(keyPath(stand.dir, "carl@omnihub.dev"), { allowPlain: true });
    file["rollback"] = await stand.attestDrill("rollback", { key: withoutRole });
    file["cost"] = await flipped(await stand.attestFiles("ci-cost", [reports.infracost]), "under its new digest");
    await stand.attestFiles("oncall-sync", [reports.oncall], { finishedAt: now - 25 * HOUR });
    file["runbooks"] = await stand.attestFiles("sam@omnihub.dev", [reports.runbooks], { key: await strangersKey() });
    await attestFreeze(reports, now - 3 * HOUR);
    await stand.attestFiles("ci-main", [reports.pipelines], { branch: "main", finishedAt: now - 25 * HOUR });
    await stand.attestFiles("db-backup", reports.backup, { scope: "full", trigger: "manual", stage: "staging" });
    // Last: whatever is taken out of the store afterwards puts the rest back, under the digests that it has then.
    file["restore"] = await flipped(await stand.attestDrill("restore"), "in place");
    found = refusals(await update());
  });
  const refused = (what: string, why: string): string =>
    `${join(stand.dir, "evidence", file[what] ?? "")}.intoto.jsonl is refused (${why}`;

  it("is of another stage", () => {
    expect(found["staging-smoke-tests"]).toMatch(/^5 runs from stage production, wanted staging; /);
    expect(found["manual-backup"]).toMatch(/^1 full backup from stage staging, wanted production; /);
  });
  it("is of another commit", () =>
    expect(found["security-scan"]).toMatch(/^1 scan for commit fffffff, this release is 3377967; /));
  it("is signed by a key without that role", () =>
    expect(found["rollback-tested"]).toContain(
      refused("rollback", "signer-lacks-role: carl@omnihub.dev (cto) may not attest drill for staging)"),
    ));
  it("is signed by a key that nobody knows", () =>
    expect(found["runbooks"]).toContain(refused("runbooks", "signer-unknown: ")));
  it("was altered by one byte: then nobody knows what it was, so each criterion names it", () => {
    for (const id of ["restore-drill", "staging-smoke-tests", "on-call"])
      expect(found[id]).toContain(refused("restore", "unreadable: damaged: its content has digest "));
  });
  it("was altered by one byte and addressed anew", () =>
    expect(found["monthly-cost"]).toContain(refused("cost", "signature-invalid: ")));
  it("is older than allowed", () => {
    expect(found["on-call"]).toMatch(/^primary Sam Okafor and secondary Lena Brandt, but finished 1 day 1 hour ago; /);
    expect(found["code-freeze"]).toMatch(/^main frozen since .*, but finished 3 hours( \d+ \w+)? ago; /);
    expect(found["pipelines-green"]).toMatch(/^3 pipelines green, but finished 1 day 1 hour ago; /);
  });
  it("was added and is no longer as it was: that is a finding of its own", () =>
    expect(found["evidence-kept"]).toMatch(/^[0-9a-f]{12} \(drill, staging\) was damaged$/));
  it("is refused for nothing else", () => expect(Object.keys(found)).toHaveLength(11));
});

describe("evidence that says no, beside older evidence that said yes", () => {
  let found: Record<string, string>;
  beforeAll(async () => {
    stand.back("approved");
    const now = Date.now();
    const reports = write(now, ["SNYK-JS-EXAMPLETEMPLATE-1018326"]);
    await stand.attestSmoke(now, ["answers /health"]);
    await stand.attestFiles("ci-security", [reports.snyk], { finishedAt: now });
    await stand.attestDrill("rollback", { command: [process.execPath, "-e", "process.exit(1)"] });
    await attestSlowRestore(now);
    await stand.attestFiles("ci-cost", [edited(reports.infracost, "400.48", "812.5")]);
    await stand.attestFiles("oncall-sync", [onlyPrimary(reports.oncall)], { finishedAt: now });
    rmSync(join(reports.runbooks, "service-down.md"));
    await stand.attestFiles("sam@omnihub.dev", [reports.runbooks]);
    writeFileSync(reports.merges, JSON.stringify([merge("Faster search", []), merge("Stop the leak", ["emergency"])]));
    await attestFreeze(reports, now);
    const red = edited(reports.pipelines, '"conclusion": "success"', '"conclusion": "failure"');
    await stand.attestFiles("ci-main", [red], { branch: "main", finishedAt: now });
    await stand.attestFiles("db-backup", [reports.backup[0]], { scope: "full", trigger: "manual" });
    found = refusals(await update());
  });

  it("is a newer smoke run that failed", () =>
    expect(found["staging-smoke-tests"]).toBe("a run in which 1 test failed: smoke/smoke.test.ts > answers /health"));
  it("is a critical vulnerability", () =>
    expect(found["security-scan"]).toBe("1 critical by https://snyk.io (SNYK-JS-EXAMPLETEMPLATE-1018326)"));
  it("is a rollback drill that failed", () => expect(found["rollback-tested"]).toBe("a rollback drill that failed"));
  it("is a restore that took too long", () =>
    expect(found["restore-drill"]).toBe("a restore drill that took 1 hour 30 minutes"));
  it("is a cost out of range", () => expect(found["monthly-cost"]).toBe("$812.5 a month"));
  it("is nobody as secondary on call", () => expect(found["on-call"]).toMatch(/^nobody on call as secondary at /));
  it("is a runbook that is not written", () => expect(found["runbooks"]).toBe("missing: service-down"));
  it("is a merge in the freeze, emergency fixes aside", () =>
    expect(found["code-freeze"]).toBe('1 merge beside emergency fixes: aaaaaaa "#7 Faster search"'));
  it("is a red pipeline", () => expect(found["pipelines-green"]).toBe("not green: CI (failure)"));
  it("is a backup that nobody verified", () =>
    expect(found["manual-backup"]).toBe("a full manual backup, its integrity unverified"));
  it("is refused for nothing else", () => expect(Object.keys(found)).toHaveLength(10));
});

describe("a sign-off", () => {
  it("that is conditional keeps the gate shut until its item is attested, then opens it", async () => {
    stand.back("approved");
    await removeEvidence("approval");
    await stand.approve(plan, "sam@omnihub.dev");
    const item = "Tell support of the new search";
    const id = await stand.approve(plan, "priya@omnihub.dev", { decision: "conditional", items: [item] });
    expect(refusals(await update())).toEqual({ "sign-off.1.1": "not done yet" });

    const { release, subject } = about();
    const key = await loadKey(keyPath(stand.dir, "quinn@omnihub.dev"), { allowPlain: true });
    const base = { stage: "production", subject, key, store: stand.store };
    await attestCondition({ ...base, item: `${item}s`, approval: bodyDigest(id) });
    expect(refusals(await update())).toEqual({ "sign-off.1.1": "not done yet" });

    await attestCondition({ ...base, item, approval: bodyDigest(id) });
    const { text } = await stand.expectDone(stand.up("production", "--plan", plan));
    expect(text).toContain("GO enter production: 20 criteria met");
    expect(release.version).toBe("2.0.0");
  });

  it("that is a rejection keeps it shut, whoever else approved", async () => {
    stand.back("approved");
    const reason = "the data migration was not rehearsed";
    await stand.approve(plan, "carl@omnihub.dev", { decision: "rejected", reason });
    expect(refusals(await update())).toEqual({ "sign-off": `rejected by carl@omnihub.dev: ${reason}` });
  });
});

describe("what a gate cannot decide on is refused", () => {
  it("outside the window, with the time at which it opens next", async () => {
    stand.back("approved");
    moveTo(stand.dir, Date.parse("2026-11-29T06:00:00Z"));
    await attestFreeze(write(Date.now()), Date.now());
    const text = await update();
    expect(refusals(text)).toEqual({
      "deployment-window":
        "Sunday 2026-11-29 06:00 UTC is outside the window; it opens next on Sunday 2026-12-06 02:00 UTC",
    });
    expect(text).toContain("opens: 2026-12-06 02:00 UTC");
  });

  it("with a store that can't be read, at each criterion that rests on it", async () => {
    stand.back("approved");
    rmSync(join(stand.dir, "evidence"), { recursive: true });
    writeFileSync(join(stand.dir, "evidence"), "");
    const found = refusals(await update());
    expect(Object.keys(found)).toHaveLength(12);
    for (const why of Object.values(found)) expect(why).toMatch(/^the evidence could not be read: /);
  });

  it("with a trust file that can't be read, which is named with line and column", async () => {
    stand.back("approved");
    const trust = join(stand.dir, "trust.yaml");
    const before = readFileSync(trust, "utf8");
    try {
      writeFileSync(trust, before.replace("kind: Trust", "kind: Trusty"));
      const text = await update();
      expect(Object.keys(refusals(text))).toHaveLength(12);
      expect(text).toContain(`the evidence could not be read: ${trust}:3:7: kind: found "Trusty", expected "Trust"`);
    } finally {
      writeFileSync(trust, before);
    }
  });

  it("with a rollout plan that has mistakes: all of them, each at its line and column", async () => {
    stand.back("approved");
    stand.edit("plans/omnihub.yaml", (text) =>
      text
        .replace("window: 30 days", "window: thirty days")
        .replace("runs: 5\n", "runs: five\n")
        .replace("kind: pipelines", "kind: pipeline"),
    );
    const at = place("plans/omnihub.yaml");
    const text = await update();
    expect(text).toContain("found: 3 mistakes");
    for (const mistake of [
      `${at("thirty days")}: slo.window: found "thirty days", expected a duration such as "15 minutes"`,
      `${at("five\n")}: stages[1].enter.criteria[1].runs: found "five", expected a whole number`,
      `${at("pipeline\n")}: stages[1].enter.criteria[14].kind: found "pipeline", expected "pipelines" (one of `,
    ])
      expect(text).toContain(mistake);
  });

  it("with a configuration that has mistakes: all of them, each at its line and column", async () => {
    stand.back("approved");
    stand.set("production", "holdpoint:environment.targetCpu", 700);
    stand.set("production", "holdpoint:waf.rateLimit.requests", "many");
    const at = place("Pulumi.production.yaml");
    const text = await stand.expectRefused("production", () => stand.preview("production"));
    for (const mistake of [
      `${at("700")}: environment.targetCpu: found 700, expected a whole number from 10 to 95 percent`,
      `${at("many,")}: waf.rateLimit.requests: found "many", expected a whole number from 1 to 1000000`,
    ])
      expect(text).toContain(mistake);
  });
});

/** Where something stands for the first time in a file of the project: "file:line:column". */
function place(file: string): (what: string) => string {
  const text = readFileSync(join(stand.project, file), "utf8");
  return (what) => {
    const before = text.slice(0, text.indexOf(what)).split("\n");
    return `${file}:${before.length}:${(before.at(-1) ?? "").length + 1}`;
  };
}

function about() {
  const release = stand.release();
  return { release, subject: { commit: release.commit, sha256: imageDigest(release) } };
}

function write(now: number, critical: readonly string[] = []): Reports {
  const folder = join(stand.dir, `reports-${Math.random().toString(36).slice(2)}`);
  return writeReports(folder, stand.release(), now, critical);
}

/** Changes the first such place of a report. */
function edited(file: string, from: string, to: string): string {
  const text = readFileSync(file, "utf8");
  if (!text.includes(from)) throw new Error(`${file} has no ${from}`);
  writeFileSync(file, file.endsWith("infracost.json") ? text.replaceAll(from, to) : text.replace(from, to));
  return file;
}

function onlyPrimary(file: string): string {
  const schedule = JSON.parse(readFileSync(file, "utf8")) as { oncalls: { escalation_level: number }[] };
  const oncalls = schedule.oncalls.filter(({ escalation_level }) => escalation_level === 1);
  writeFileSync(file, JSON.stringify({ ...schedule, oncalls }));
  return file;
}

function merge(title: string, labels: readonly string[]): unknown {
  const oid = (labels.length === 0 ? "a" : "b").repeat(40);
  const mergedAt = formatUtc(Date.now() - HOUR);
  return {
    number: 7,
    title,
    mergeCommit: { oid },
    labels: labels.map((name) => ({ name })),
    mergedAt,
    baseRefName: "main",
  };
}

async function attestFreeze(reports: Reports, finishedAt: number): Promise<void> {
  const since = finishedAt - 25 * HOUR;
  await stand.attestFiles("ci-main", [reports.merges], { kind: "freeze", branch: "main", since, finishedAt });
}

/** Holdpoint measures a drill itself; one of an hour and a half is signed here as it would be written then. */
async function attestSlowRestore(now: number): Promise<void> {
  const predicate = {
    stage: "staging",
    drill: "restore",
    startedOn: formatUtc(now - 1.5 * HOUR),
    finishedOn: formatUtc(now),
    outcome: "passed",
    integrity: "verified",
  };
  const key = await loadKey(keyPath(stand.dir, "sam@omnihub.dev"), { allowPlain: true });
  await stand.store.put(sign(STATEMENT_TYPE, statementBody(about().subject, PREDICATES.drill.type, predicate), [key]));
}

async function strangersKey() {
  const path = join(stand.dir, "stranger.pem");
  const { privateKey } = generateKeyPairSync("ed25519");
  writeFileSync(path, privateKey.export({ type: "pkcs8", format: "pem" }), { mode: 0o600 });
  return loadKey(path, { allowPlain: true });
}

const envelopePath = (id: string): string => join(stand.dir, "evidence", `${id}.intoto.jsonl`);

/** One byte of what was signed becomes another; under its new digest it is put as anybody could put it. */
async function flipped(id: string, how: "in place" | "under its new digest"): Promise<string> {
  const envelope = JSON.parse(readFileSync(envelopePath(id), "utf8")) as Envelope;
  const body = Buffer.from(envelope.payload, "base64");
  const at = body.indexOf('"finishedOn":"') + '"finishedOn":"'.length;
  body[at] = (body[at] ?? 0) ^ 1;
  const altered = { ...envelope, payload: body.toString("base64") };
  if (how === "under its new digest") {
    await removeEnvelopes((other) => other === id);
    return stand.store.put(altered);
  }
  writeFileSync(envelopePath(id), `${JSON.stringify(altered)}\n`);
  return id;
}

/** What an approval is called by a condition: the digest of what was signed. */
function bodyDigest(id: string): string {
  const { payload } = JSON.parse(readFileSync(envelopePath(id), "utf8")) as { payload: string };
  return digest(Buffer.from(payload, "base64"));
}

/** Empties the store of evidence, or of approvals. */
function removeEvidence(what: "evidence" | "approval" = "evidence"): Promise<void> {
  return removeEnvelopes((_id, envelope) => {
    const isApproval = Buffer.from(envelope.payload, "base64").includes("/attestation/approval/");
    return isApproval === (what === "approval");
  });
}

/** As if they had never been there: what is merely taken away is noticed. */
async function removeEnvelopes(isOut: (id: string, envelope: Envelope) => boolean): Promise<void> {
  const folder = join(stand.dir, "evidence");
  const files = readdirSync(folder).filter((name) => name.endsWith(".intoto.jsonl"));
  const all = files.map((name) => [name, JSON.parse(readFileSync(join(folder, name), "utf8")) as Envelope] as const);
  for (const name of [...files, "index", "log", "decisions"])
    rmSync(join(folder, name), { recursive: true, force: true });
  for (const [name, envelope] of all) {
    if (!isOut(name.slice(0, 64), envelope)) await stand.store.put(envelope);
  }
}
