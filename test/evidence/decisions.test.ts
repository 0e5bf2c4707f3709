import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync, cpSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { audit } from "../../evidence/audit";
import { digest } from "../../evidence/canonical";
import {
  DECISION_MEMBER,
  keepDecision,
  missingSince,
  readDecision,
  readDecisions,
  SUMMARY_TYPE,
  type DecisionRecord,
  type Made,
} from "../../evidence/decisions";
import { parseEnvelope, STATEMENT_TYPE, verify, type Envelope, type PrivateKey } from "../../evidence/dsse";
import { evidenceOf, readInputs, recording, replayed, writeInputs, type Inputs } from "../../evidence/inputs";
import { readEvidence } from "../../evidence/read";
import { decideAsked, replay } from "../../evidence/replay";
import { parseStatement } from "../../evidence/statement";
import { openStore, type Store } from "../../evidence/store";
import { parseTrust, type Trust } from "../../evidence/trust";
import { signTrustChange, standingOf, watched } from "../../evidence/trust/changes";
import { withRevocations } from "../../evidence/trust/open";
import { wantsOf } from "../../evidence/wants";
import { machineClock, type Clock } from "../../rollout/clock";
import { parsePlan } from "../../rollout/plan";
import type { TrustMark } from "../../rollout/trust";
import type { World as Facts } from "../../rollout/world";
import {
  COMMIT,
  envelope,
  IMAGE,
  NOW,
  publicOf,
  refusal,
  revocationsSource,
  testRun,
  trustSource,
  world,
  type World,
} from "./world";

const PLAN_FILE = "plans/small.yaml";
const PLAN = `apiVersion: holdpoint.dev/v1
kind: RolloutPlan
name: small
title: Small
service: small
owners: { sre: { contact: "#sre" } }
roles: { ci: Machines, sre: People }
runbooks: {}
stages:
  - name: staging
    enter:
      criteria:
        - { id: budget, kind: cost, title: Cost, owner: sre, attestedBy: [sre], monthly: { min: $1, max: $900 }, maxAge: 1 day }
  - name: production
    enter:
      criteria:
        - { id: smoke, kind: tests, title: Smoke, owner: sre, attestedBy: [ci], suite: smoke, stage: staging, maxAge: 1 day, maySkip: [third] }
        - { id: on-call, kind: on-call, title: On call, owner: sre, attestedBy: [sre], subject: any, levels: [primary, secondary], for: 1 hour, maxAge: 1 day }
rollback: { within: 5 minutes, tell: [sre] }
`;
const RELEASE = {
  version: "2.0.0",
  image: `registry.example/small@sha256:${IMAGE}`,
  commit: COMMIT,
  author: "dana@omnihub.dev",
};
const REQUEST = {
  stack: "production",
  plan: digest(PLAN),
  trust: digest(trustSource),
  program: "5".repeat(64),
  configuration: "6".repeat(64),
};

/** A gate's run over a store, as the pack does it. */
interface RunOptions {
  readonly clock?: Clock;
  readonly key?: PrivateKey;
  readonly more?: Partial<Facts>;
  /** The trust file's text, and the one under which the stage last changed. */
  readonly trusted?: { readonly text: string; readonly trust: Trust; readonly mark: TrustMark };
}
async function run({ store, trust: own }: World, options: RunOptions = {}) {
  const { text: trustText, trust, mark } = options.trusted ?? { text: trustSource, trust: own };
  const record = mark === undefined ? undefined : { trust: mark };
  const changes = watched(store);
  const standing = await standingOf({ store: changes.store, trust, stage: "production", record, now: NOW });
  const plan = parsePlan(PLAN, PLAN_FILE);
  const recorded = recording(options.clock ?? machineClock);
  const wants = wantsOf(plan, "production", [RELEASE]);
  const read = await readEvidence(store, trust, recorded.clock, { now: NOW, wants });
  const rest = {
    now: recorded.clock.at(NOW),
    mode: "up",
    stack: "production",
    release: RELEASE,
    baseline: { ...RELEASE, commit: "1".repeat(40) },
    request: digest(REQUEST),
    updatePlans: [],
    touched: {},
    trust: standing,
    stages: { production: { ok: true } },
    ...(read.gone.length === 0 ? {} : { evidenceGone: read.gone }),
    ...options.more,
  } as unknown as Inputs["world"];
  const facts = { ...rest, ...evidenceOf(read) } as Facts;
  const asked = { gate: "enter", stage: "production" } as const;
  const table = recorded.table();
  const revocations = digest(revocationsSource);
  const unreadable = read.rejected.filter(({ reason }) => reason === "unreadable");
  const decision = decideAsked(plan, asked, facts);
  const made: Made = {
    decision,
    stacks: "organization/small",
    world: facts,
    request: { ...REQUEST, trust: digest(trustText) },
    digest: digest(REQUEST),
    pack: "4".repeat(64),
    planFile: PLAN_FILE,
    trustFile: "trust.yaml",
    inputs: {
      asked,
      plan: { file: PLAN_FILE, digest: digest(PLAN) },
      trust: { file: "trust.yaml", digest: digest(trustText) },
      reading: {
        place: store.folder,
        now: NOW,
        read: read.read,
        unreadable,
        revocations,
        standing: { stage: "production", ...(record && { record }), read: changes.read },
        ...(table && { clock: table }),
      },
      world: rest,
    },
    texts: [PLAN, trustText, revocationsSource],
    evidence: { counted: read.counted, head: await store.log.evidence.head(), missing: [] },
    now: NOW,
  };
  return { decision, made, read, id: await keepDecision(store, made, options.key) };
}

async function ready(): Promise<World & { smoke: string; onCall: string }> {
  const w = world();
  const smoke = await w.store.put(envelope("test-result", [w.keys.ci]));
  return { ...w, smoke, onCall: await w.store.put(envelope("on-call", [w.keys.sre])) };
}

/** The same store on another machine: another path. */
function copied(store: Store): Store {
  const folder = join(mkdtempSync(join(tmpdir(), "holdpoint-copy-")), "elsewhere");
  cpSync(store.folder, folder, { recursive: true });
  return openStore(folder);
}

const fileOf = (store: Store, id: string): string => join(store.folder, `${id}.intoto.jsonl`);

describe("a decision", () => {
  it("is a verification summary that lists what counted, and names plan, trust file and pack", async () => {
    const w = await ready();
    const { id, decision } = await run(w);
    expect(decision.outcome).toBe("GO");
    const envelopeText = readFileSync(join(w.store.folder, "decisions", `${id}.jsonl`), "utf8");
    const { payload, payloadType, signatures } = JSON.parse(envelopeText) as Record<string, string>;
    expect({ payloadType, signatures }).toEqual({ payloadType: STATEMENT_TYPE, signatures: [] });
    const statement = JSON.parse(Buffer.from(payload ?? "", "base64").toString()) as Record<string, unknown>;
    expect(statement).toMatchObject({
      _type: "https://in-toto.io/Statement/v1",
      subject: [
        { name: "commit", digest: { gitCommit: COMMIT } },
        { name: RELEASE.image, digest: { sha256: IMAGE } },
      ],
      predicateType: SUMMARY_TYPE,
      predicate: {
        verifier: { id: "https://holdpoint.dev/gate" },
        timeVerified: "2026-11-21T12:00:00Z",
        resourceUri: "holdpoint:stack/organization/small/production",
        policy: { uri: PLAN_FILE, digest: { sha256: digest(PLAN) } },
        verificationResult: "PASSED",
        verifiedLevels: ["HOLDPOINT_GO"],
        [DECISION_MEMBER]: {
          stack: "production",
          trust: { uri: "trust.yaml", digest: { sha256: digest(trustSource) } },
          pack: { digest: { sha256: "4".repeat(64) } },
          log: { n: 2 },
        },
      },
    });
    const { inputAttestations } = statement["predicate"] as { inputAttestations: unknown[] };
    expect(inputAttestations).toHaveLength(2);
    expect(inputAttestations).toContainEqual({
      uri: `${w.smoke}.intoto.jsonl`,
      digest: { sha256: w.smoke },
      annotations: {
        kind: "test-result",
        stage: "staging",
        signers: ["ci-staging"],
        body: expect.any(String) as string,
      },
    });
  });

  it("that keeps a gate shut is kept too, and is FAILED", async () => {
    const w = world();
    await run(w);
    const [record] = await readDecisions(w.store);
    expect(record?.decision.outcome).toBe("NO-GO");
    const text = (await w.store.kept("decisions", record?.id ?? "")) ?? "";
    const body = Buffer.from((JSON.parse(text) as { payload: string }).payload, "base64");
    expect(parseStatement(body).predicate).toMatchObject({ verificationResult: "FAILED", verifiedLevels: ["FAILED"] });
  });

  it("is signed where a key is at hand, and any DSSE verifier can check it", async () => {
    const w = await ready();
    const { id } = await run(w, { key: w.keys.ci });
    const text = (await w.store.kept("decisions", id)) ?? "";
    expect(verify(parseEnvelope(text), [publicOf(w.keys.ci)]).body.toString()).toContain(SUMMARY_TYPE);
    expect((await readDecision(w.store, id, w.trust))?.signature).toEqual({ is: "signed", by: "ci-staging" });
    expect((await readDecision(w.store, id))?.signature).toEqual({ is: "unknown" });
  });

  it.each<[string, string, object | undefined, string]>([
    ["whose key had not begun", "from: 2026-11-22", undefined, "counts from 2026-11-22T00:00:00Z on"],
    ["whose key had ended", "until: 2026-11-21", undefined, "ended at 2026-11-21T00:00:00Z"],
    ["of a machine that had left", "", { since: NOW - 1000, reason: "left" }, "was revoked from"],
    ["of a machine that is compromised", "", { since: NOW + 1000, reason: "compromise" }, "was revoked as compromised"],
  ])("that was signed with a key %s is told as that", async (_name, term, revoked, why) => {
    const w = await ready();
    const { id } = await run(w, { key: w.keys.ci });
    const text = trustSource.replace("- id: ci-staging-0\n", `- id: ci-staging-0\n        ${term}\n`);
    const list = { revoked: revoked === undefined ? [] : [{ identity: "ci-staging", ...revoked }] };
    const trust = { ...parseTrust(text, "trust.yaml"), revocations: { list } as never };
    expect((await readDecision(w.store, id, trust))?.signature).toEqual({
      is: "refused",
      why: expect.stringContaining(why) as string,
    });
  });

  it.each<[string, string, object | undefined]>([
    ["whose key has ended since", "until: 2026-11-22", undefined],
    ["of a machine that left later", "", { since: NOW + 1000, reason: "left" }],
  ])("that was signed with a key %s stays signed", async (_name, term, revoked) => {
    const w = await ready();
    const { id } = await run(w, { key: w.keys.ci });
    const text = trustSource.replace("- id: ci-staging-0\n", `- id: ci-staging-0\n        ${term}\n`);
    const list = { revoked: revoked === undefined ? [] : [{ identity: "ci-staging", ...revoked }] };
    const trust = { ...parseTrust(text, "trust.yaml"), revocations: { list } as never };
    expect((await readDecision(w.store, id, trust))?.signature).toEqual({ is: "signed", by: "ci-staging" });
  });

  it("that a stranger signed, or that was altered under its new digest, is not told as signed", async () => {
    const w = await ready();
    const { id } = await run(w, { key: w.keys.stranger });
    expect((await readDecision(w.store, id, w.trust))?.signature).toEqual({ is: "unknown" });
    const signed = await run(w, { key: w.keys.ci });
    const line = JSON.parse((await w.store.kept("decisions", signed.id)) ?? "") as { payload: string };
    const payload = Buffer.from(Buffer.from(line.payload, "base64").toString().replace("2.0.0", "2.0.1"));
    const forged = await w.store.keep(
      "decisions",
      `${JSON.stringify({ ...line, payload: payload.toString("base64") })}\n`,
    );
    expect((await readDecision(w.store, forged, w.trust))?.signature).toEqual({ is: "unknown" });
  });

  it("is read back oldest first, of one stack or the newest few", async () => {
    const w = await ready();
    for (const stack of ["staging", "production", "staging"]) await run(w, { more: { stack } });
    expect((await readDecisions(w.store)).map(({ stack }) => stack)).toEqual(["staging", "production", "staging"]);
    expect(await readDecisions(w.store, { stacks: ["staging"] })).toHaveLength(2);
    expect((await readDecisions(w.store, { newest: 2 })).map(({ stack }) => stack)).toEqual(["production", "staging"]);
    expect(await readDecisions(openStore(join(w.store.folder, "gone")))).toEqual([]);
  });

  it("that was damaged is left out, and nothing in its place makes it crash", async () => {
    const w = await ready();
    const { id } = await run(w);
    const file = join(w.store.folder, "decisions", `${id}.jsonl`);
    writeFileSync(file, "{");
    expect(await readDecisions(w.store)).toEqual([]);
    for (const text of ["", "{}", "[]", '{"payload":"","payloadType":"x","signatures":[]}'])
      expect(await readDecision(w.store, await w.store.keep("decisions", text))).toBeUndefined();
  });

  it("that can't be kept throws a refusal of the store's", async () => {
    const w = await ready();
    rmSync(join(w.store.folder, "decisions"), { recursive: true, force: true });
    writeFileSync(join(w.store.folder, "decisions"), "a file in the way");
    expect(await refusal(() => run(w))).toMatch(/^store-unwritable: /);
  });

  it("is no foreign file to the evidence store", async () => {
    const w = await ready();
    await run(w);
    expect((await w.store.readAll()).rejected).toEqual([]);
  });

  it("keeps no inputs in which something looks like a secret, and says so", async () => {
    const w = await ready();
    const { made } = await run(w);
    const id = await keepDecision(w.store, { ...made, texts: [`${PLAN}# AKIA${"Q7".repeat(8)}\n`] });
    const record = await readDecision(w.store, id);
    expect(record?.inputs).toBeUndefined();
    expect(record?.inputsWithheld).toMatch(/holds what looks like an AWS access key, line \d+/);
    expect(await refusal(() => replay(w.store, record as NonNullable<typeof record>))).toMatch(
      /^replay-impossible: .*kept no inputs/,
    );
  });
});

describe("a replay", () => {
  const again = async (w: World, store: Store, id: string): Promise<readonly string[]> => {
    const record = await readDecision(store, id, w.trust);
    return (await replay(store, record as NonNullable<typeof record>)).differences;
  };

  it.each([
    ["a GO", (_w: World) => Promise.resolve()],
    ["a NO-GO of a failed run", (w: World) => failing(w)],
    [
      "a NO-GO with a file that a stranger signed",
      async (w: World) => void (await w.store.put(envelope("test-result", [w.keys.stranger]))),
    ],
    [
      "a NO-GO with a damaged file",
      async (w: World & { smoke: string }) => writeFileSync(fileOf(w.store, w.smoke), "{}"),
    ],
    ["a NO-GO with a missing file", async (w: World & { smoke: string }) => rmSync(fileOf(w.store, w.smoke))],
  ] as const)("on another machine is the same: %s", async (_name, change) => {
    const w = await ready();
    await change(w);
    const { id } = await run(w);
    expect(await again(w, copied(w.store), id)).toEqual([]);
  });

  it("is the same under a clock that runs faster, and with readings that are no numbers", async () => {
    const w = await ready();
    const clock: Clock = { now: () => 0, at: (time) => NOW + (time - NOW) * 60, machineSpan: (span) => span / 60 };
    const more = {
      metrics: { canary: { p95: Number.NaN }, baseline: { requests: Infinity } },
    } as unknown as Partial<Facts>;
    const { id, decision } = await run(w, { clock, more });
    expect(decision.findings.find(({ criterion }) => criterion === "smoke")?.verdict).toBe("stale");
    expect(await again(w, copied(w.store), id)).toEqual([]);
  });

  it("tells evidence that is gone since, and what follows from it", async () => {
    const w = await ready();
    const { id } = await run(w);
    const store = copied(w.store);
    rmSync(fileOf(store, w.smoke));
    const differences = await again(w, store, id);
    expect(differences[0]).toBe(`evidence ${w.smoke.slice(0, 12)} was taken away since then`);
    expect(differences.join("\n")).toContain("outcome: GO then, NO-GO now");
    expect(differences.join("\n")).toContain("smoke: pass (");
  });

  it("tells an attestation that is named and was not read, or did not count, or counts now", async () => {
    const w = await ready();
    const stranger = await w.store.put(envelope("test-result", [w.keys.stranger]));
    const { made } = await run(w);
    const { counted = [], ...basis } = made.evidence ?? {};
    const [first, ...others] = counted;
    const as = (id: string) => ({ ...(first as NonNullable<typeof first>), id });
    const listed = [as("f".repeat(64)), as(stranger), ...others];
    const id = await keepDecision(w.store, { ...made, evidence: { ...basis, counted: listed } as never });
    const kind = first?.kind ?? "";
    expect((await again(w, w.store, id)).toSorted()).toEqual(
      [
        `attestation ffffffffffff (${kind}) is named, and was never read for it`,
        `attestation ${stranger.slice(0, 12)} (${kind}) counted then, and does not now`,
        `attestation ${first?.id.slice(0, 12)} (${kind}) did not count then, and does now`,
      ].toSorted(),
    );
  });

  it("tells inputs of another request than the decision's", async () => {
    const w = await ready();
    const { made } = await run(w);
    const id = await keepDecision(w.store, { ...made, digest: "e".repeat(64) });
    expect(await again(w, w.store, id)).toEqual(["the inputs are of another request than the decision names"]);
  });

  describe("judges the trust file's own standing again", () => {
    const next = trustSource.replace("version: 1", "version: 2");
    const mark: TrustMark = { digest: digest(trustSource), version: 1, revocations: { serial: 1, revoked: [] } };
    const trusted = {
      text: next,
      trust: withRevocations(parseTrust(next, "trust.yaml"), revocationsSource, NOW),
      mark,
    };
    const change = (w: World) =>
      w.store.put(
        signTrustChange({ from: digest(trustSource), to: digest(next), version: 2, signedAt: NOW - 1000 }, w.keys.cto),
      );

    it("by the signed changes that were read then", async () => {
      const w = await ready();
      await w.store.keep("inputs", trustSource);
      const signed = await change(w);
      const { id, decision } = await run(w, { trusted });
      expect(decision.outcome).toBe("GO");
      const store = copied(w.store);
      expect(await again(w, store, id)).toEqual([]);
      rmSync(fileOf(store, signed));
      const told = (await again(w, store, id)).join("\n");
      expect(told).toContain("outcome: GO then, NO-GO now");
      expect(told).toContain("trust: not judged then, fail (");
      expect(told).toContain("the change from version 1 to 2 is signed by nobody who may");
    });

    it("and not by one that was signed since", async () => {
      const w = await ready();
      await w.store.keep("inputs", trustSource);
      const { id, decision } = await run(w, { trusted });
      expect(decision.outcome).toBe("NO-GO");
      await change(w);
      expect(await again(w, copied(w.store), id)).toEqual([]);
    });

    it("and tells where the text of the version before is gone", async () => {
      const w = await ready();
      await w.store.keep("inputs", trustSource);
      await change(w);
      const { id } = await run(w, { trusted });
      const store = copied(w.store);
      rmSync(join(store.folder, "inputs", `${digest(trustSource)}.txt`));
      expect((await again(w, store, id)).join("\n")).toContain("is not in the evidence store");
    });
  });

  it("tells a decision that does not follow from its inputs", async () => {
    const w = await ready();
    const { made } = await run(w);
    const { findings, ...rest } = made.decision;
    const forged = { ...rest, findings: findings.map((one) => ({ ...one, found: "all is well" })) };
    const id = await keepDecision(w.store, { ...made, decision: forged });
    expect((await again(w, w.store, id)).join("\n")).toMatch(/smoke: pass \(all is well\) then, pass \(/);
  });

  it.each([
    "{}",
    "null",
    '{"plan":{"digest":"../../etc/passwd"}}',
    '{"plan":{"digest":"x"},"asked":1,"world":null,"reading":{"read":[1]},"trust":{"digest":2}}',
  ])("refuses inputs that somebody made up: %s", async (text) => {
    const w = await ready();
    const { id } = await run(w);
    const record = await readDecision(w.store, id);
    const inputs = await w.store.keep("inputs", text);
    expect(await refusal(() => replay(w.store, { ...record, inputs } as DecisionRecord))).toMatch(
      /^replay-impossible: /,
    );
  });

  it("refuses where the plan, the trust file or the inputs are gone or damaged", async () => {
    const w = await ready();
    const { id, made } = await run(w);
    for (const text of [PLAN, trustSource, writeInputs(made.inputs as Inputs)]) {
      const store = copied(w.store);
      writeFileSync(join(store.folder, "inputs", `${digest(text)}.txt`), "other");
      expect(await refusal(() => again(w, store, id))).toMatch(
        /^replay-impossible: .* is gone from the store, or damaged/,
      );
    }
  });
});

describe("inputs", () => {
  it("keep numbers that JSON has no word for", () => {
    const odd = { a: Number.NaN, b: Infinity, c: [-Infinity], d: 1 } as unknown as Inputs;
    expect(readInputs(writeInputs(odd))).toEqual(odd);
  });

  it("hold the clock's answers, and a clock that was not asked is no clock", () => {
    const { clock, table } = recording({ now: () => 1, at: (time) => time * 2, machineSpan: (span) => span / 2 });
    clock.at(21);
    clock.machineSpan(8);
    const same = replayed(table());
    expect([same.at(21), same.machineSpan(8)]).toEqual([42, 4]);
    expect(() => same.at(22)).toThrow("never asked");
  });
});

describe("evidence that is taken away between two decisions", () => {
  const there = async ({ store, trust }: World): Promise<Set<string>> => {
    const { counted } = await readEvidence(store, trust, machineClock, {
      now: NOW,
      wants: wantsOf(parsePlan(PLAN, PLAN_FILE), "production", [RELEASE]),
    });
    return new Set(counted.map(({ id }) => id));
  };

  it("is noticed by the second, though its listing went with it", async () => {
    const w = await ready();
    await run(w);
    unlist(w.store, w.smoke);
    expect(await missingSince(w.store, "production", COMMIT, await there(w))).toEqual([
      { sha256: w.smoke, kind: "test-result" },
    ]);
  });

  it.each(["", "about"])("is noticed where it is there and only its listing went (%j)", async (under) => {
    const w = await ready();
    await failing(w);
    const failed = (await w.store.log.evidence.entry(3))?.what["id"] as string;
    expect((await run(w)).decision.outcome).toBe("NO-GO");
    const line = readFileSync(fileOf(w.store, failed), "utf8");
    unlist(w.store, failed, under, true);
    // The older run, which passed, would speak now.
    expect((await run({ ...w, store: copied(w.store) })).decision.outcome).toBe("GO");
    expect(await missingSince(w.store, "production", COMMIT, await there(w))).toEqual([
      { sha256: failed, kind: "test-result" },
    ]);
    expect((await audit(w.store)).problems).toEqual([
      `evidence ${failed.slice(0, 12)} (test-result, staging), entry 3 of the log, is no longer listed where gates look for it`,
    ]);
    // Put again it is listed again.
    await w.store.put(JSON.parse(line) as Envelope);
    expect(await missingSince(w.store, "production", COMMIT, await there(w))).toEqual([]);
    expect((await audit(w.store)).problems).toEqual([]);
  });

  it("is not missed where another version of us listed it under another time", async () => {
    const w = await ready();
    await run(w);
    const folder = join(w.store.folder, "index", "kind", "test-result");
    const [name = ""] = readdirSync(folder).filter((one) => one.endsWith(w.smoke));
    renameSync(join(folder, name), join(folder, `${"1".repeat(16)}~${w.smoke}`));
    expect(await missingSince(w.store, "production", COMMIT, new Set())).toEqual([]);
    rmSync(join(folder, `${"1".repeat(16)}~${w.smoke}`));
    expect(await missingSince(w.store, "production", COMMIT, new Set())).toEqual([
      { sha256: w.smoke, kind: "test-result" },
    ]);
  });

  it("is not missed where it is there, and does not count any more", async () => {
    const w = await ready();
    await run(w);
    expect(await missingSince(w.store, "production", COMMIT, new Set())).toEqual([]);
  });

  it("is still remembered by the third", async () => {
    const w = await ready();
    const { made } = await run(w);
    unlist(w.store, w.smoke);
    const missing = await missingSince(w.store, "production", COMMIT, await there(w));
    await keepDecision(w.store, { ...made, evidence: { counted: [], head: { n: 0, digest: digest("") }, missing } });
    expect(await missingSince(w.store, "production", COMMIT, await there(w))).toEqual(missing);
  });

  it("is remembered though another release was decided on in between", async () => {
    const w = await ready();
    await run(w);
    unlist(w.store, w.smoke);
    await run(w, { more: { release: { ...RELEASE, commit: "2".repeat(40) } } });
    await run(w, { more: { stack: "staging" } });
    expect(await missingSince(w.store, "production", COMMIT, await there(w))).toEqual([
      { sha256: w.smoke, kind: "test-result" },
    ]);
  });

  it("is forgotten once it is back, and for another release", async () => {
    const w = await ready();
    await run(w);
    unlist(w.store, w.smoke);
    expect(await missingSince(w.store, "production", "2".repeat(40), new Set())).toEqual([]);
    await w.store.put(envelope("test-result", [w.keys.ci]));
    expect(await missingSince(w.store, "production", COMMIT, await there(w))).toEqual([]);
  });

  it("keeps the gate shut where its listing is still there", async () => {
    const w = await ready();
    await failing(w);
    const failed = (await w.store.log.evidence.entry(3))?.what["id"] as string;
    expect((await run(w)).decision.outcome).toBe("NO-GO");
    // The older run passed: without the newer one, the criterion would.
    rmSync(fileOf(w.store, failed));
    const { decision } = await run(w);
    expect(decision.outcome).toBe("NO-GO");
    expect(decision.findings.filter(({ verdict }) => verdict !== "pass")).toMatchObject([
      { criterion: "evidence-kept", found: `${failed.slice(0, 12)} (test-result, staging) was taken away` },
    ]);
  });
});

describe("the audit of a store", () => {
  it("finds nothing where nothing was taken away", async () => {
    const w = await ready();
    await run(w);
    expect(await audit(w.store)).toEqual({ envelopes: 2, decisions: 1, problems: [], unlisted: [] });
  });

  it("names evidence that is gone, and the decision that rests on it", async () => {
    const w = await ready();
    const { id } = await run(w);
    unlist(w.store, w.smoke);
    const { problems } = await audit(w.store);
    expect(problems).toEqual([
      `evidence ${w.smoke.slice(0, 12)} (test-result, staging), entry 1 of the log, is gone or damaged`,
      `decision ${id.slice(0, 12)} rests on evidence ${w.smoke.slice(0, 12)} (test-result), which is gone or damaged`,
    ]);
  });

  const logFile = (store: Store, log: string, n: number): string =>
    join(store.folder, "log", log, `${String(n).padStart(10, "0")}.json`);

  it.each([
    [
      "was altered",
      (file: string) => writeFileSync(file, readFileSync(file, "utf8").replace("staging", "stagong")),
      'entry 2 of the log "evidence" does not follow entry 1: one of them was changed',
    ],
    ["was damaged", (file: string) => writeFileSync(file, "{"), 'entry 1 of the log "evidence" is damaged'],
    ["was taken away", (file: string) => rmSync(file), 'entry 1 of the log "evidence" was taken away'],
  ] as const)("names an entry of the log that %s", async (_name, change, told) => {
    const w = await ready();
    await w.store.log.evidence.append({ id: w.smoke });
    change(logFile(w.store, "evidence", 1));
    // A search that begins at 1 would end there: the newest entry is known to this process.
    expect((await audit(w.store)).problems).toContain(told);
  });

  it("reads a log in which somebody wrote what is no id, and so does a gate", async () => {
    const w = await ready();
    await run(w);
    const odd = { toString: 1, valueOf: 1 };
    await w.store.log.evidence.append({ id: odd });
    await w.store.log.decisions.append({ id: odd, stack: odd });
    await w.store.log.decisions.append({ id: "0".repeat(64), stack: odd });
    const { problems } = await audit(w.store);
    expect(problems.some((one) => one.includes("unnamed"))).toBe(true);
    expect(await missingSince(w.store, "production", COMMIT, new Set([w.smoke, w.onCall]))).toEqual([]);
  });

  it("names a log that was cut off after a decision saw its end", async () => {
    const w = await ready();
    const { id } = await run(w);
    rmSync(logFile(w.store, "evidence", 2));
    rmSync(fileOf(w.store, w.onCall));
    expect((await audit(openStore(w.store.folder))).problems).toContain(
      `decision ${id.slice(0, 12)} saw entry 2 of the log as another than it is now: the log was cut off or written anew`,
    );
  });

  it("names a decision that is gone, and evidence that nobody listed", async () => {
    const w = await ready();
    const { id } = await run(w);
    rmSync(join(w.store.folder, "decisions", `${id}.jsonl`));
    const other = world();
    const loose = await other.store.put(envelope("cost", [w.keys.sre]));
    cpSync(fileOf(other.store, loose), fileOf(w.store, loose));
    const { problems, unlisted } = await audit(w.store);
    expect(problems).toEqual([`decision ${id.slice(0, 12)} is gone or damaged`]);
    expect(unlisted).toEqual([`evidence ${loose}`]);
  });
});

/** A newer run that failed. */
async function failing(w: World): Promise<void> {
  const predicate = testRun(
    { tests: 4, finishedOn: "2026-11-21T11:00:00Z", startedOn: "2026-11-21T10:59:00Z" },
    { result: "FAILED", failedTests: ["fourth"] },
  );
  await w.store.put(envelope("test-result", [w.keys.ci], predicate));
}

/** Takes an envelope away with everything that lists it but the log. */
function unlist(store: Store, id: string, under = "", keepFile = false): void {
  if (!keepFile) rmSync(fileOf(store, id));
  const index = join(store.folder, "index");
  for (const name of readdirSync(index, { recursive: true }) as string[]) {
    if (name.endsWith(id) && name.startsWith(under)) rmSync(join(index, name));
  }
}
