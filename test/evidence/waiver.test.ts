import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { signApproval } from "../../evidence/approval";
import type { PrivateKey } from "../../evidence/dsse";
import { sign, STATEMENT_TYPE } from "../../evidence/dsse";
import { publicPem } from "../../evidence/keys";
import { readEvidence } from "../../evidence/read";
import { statementBody } from "../../evidence/statement";
import { openStore } from "../../evidence/store";
import { parseTrust } from "../../evidence/trust";
import { signWaiver, WAIVER_TYPE, type WaiverGrant } from "../../evidence/waiver";
import { machineClock } from "../../rollout/clock";
import { COMMIT, ed25519, IMAGE, NOW, refusal, trustText } from "./world";

const keys = { lea: ed25519(), cat: ed25519(), bot: ed25519(), stranger: ed25519() };
const pem = (key: PrivateKey): string => publicPem(key.key);
const TRUST = parseTrust(
  trustText(
    [
      ["people", "lea@omnihub.dev", ["tech-lead", "reader"], pem(keys.lea)],
      ["people", "cat@omnihub.dev", ["reader"], pem(keys.cat)],
      ["machines", "bot", ["tech-lead"], pem(keys.bot)],
    ],
    {
      "tech-lead": { may: ["waiver"], stages: ["production"] },
      reader: { may: ["approval"] },
    },
  ),
  "trust.yaml",
);

const IMAGE_NAME = `registry.example/omnihub@sha256:${IMAGE}`;
const binding = {
  stack: "production",
  stage: "production",
  criterion: "security-scan",
  plan: "b".repeat(64),
  image: IMAGE_NAME,
  commit: COMMIT,
};
const grant = (more: Partial<WaiverGrant> = {}): WaiverGrant => ({
  signer: "lea@omnihub.dev",
  binding,
  reason: "not called",
  obligation: "update the library",
  grantedAt: NOW - 60_000,
  validFor: "4 hours",
  ...more,
});

async function readBack(...envelopes: ReturnType<typeof sign>[]) {
  const store = openStore(mkdtempSync(join(tmpdir(), "holdpoint-waiver-")));
  for (const envelope of envelopes) await store.put(envelope);
  return readEvidence(store, TRUST, machineClock, { now: NOW });
}
const fate = async (...envelopes: ReturnType<typeof sign>[]): Promise<string> => {
  const { waivers, rejected } = await readBack(...envelopes);
  return rejected.map(({ reason, detail }) => `${reason}: ${detail}`).join("; ") || `${waivers.length} waivers`;
};

/** A signed predicate whose fields need not fit. */
function raw(change: Record<string, unknown>, subject = { commit: COMMIT, sha256: IMAGE }) {
  const { grantedAt: _, ...rest } = grant();
  const predicate = { ...rest, grantedOn: "2026-11-21T11:59:00Z", ...change };
  return sign(STATEMENT_TYPE, statementBody(subject, WAIVER_TYPE, predicate), [keys.lea]);
}

describe("a waiver", () => {
  it("with a secret in its words is not signed, nor is an approval", async () => {
    const words = "use postgres://app:" + "tr0ub4dor@db.example/app meanwhile";
    const approval = {
      approver: "lea@omnihub.dev",
      binding: { stack: "production", updatePlan: "1".repeat(64), request: "2".repeat(64), state: "3".repeat(64) },
      approvedAt: NOW,
    };
    for (const sign of [
      () => signWaiver(grant({ reason: words }), keys.lea),
      () => signWaiver(grant({ obligation: words }), keys.lea),
      () => signApproval({ ...approval, decision: "rejected", reason: words }, keys.lea),
      () => signApproval({ ...approval, decision: "conditional", items: [words] }, keys.lea),
    ]) {
      expect(await refusal(sign)).toMatch(
        /^intake-secret: the (?:waiver|approval) holds what looks like a password in a URL, line 1; nothing was stored$/,
      );
    }
  });

  it("counts with its binding, reason, promise and span", async () => {
    const { waivers, evidence, approvals, rejected } = await readBack(signWaiver(grant(), keys.lea));
    expect({ evidence, approvals, rejected }).toEqual({ evidence: [], approvals: [], rejected: [] });
    expect(waivers).toEqual([
      {
        id: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
        file: expect.any(String) as string,
        binding,
        reason: "not called",
        obligation: "update the library",
        signer: { id: "lea@omnihub.dev", roles: ["tech-lead"] },
        grantedAt: NOW - 60_000,
        validFor: 4 * 3_600_000,
      },
    ]);
  });
  it("counts once, however often it is enveloped", async () => {
    const put = signWaiver(grant(), keys.lea);
    expect(await fate(put, { ...put, signatures: put.signatures.map(({ sig }) => ({ sig })) })).toBe("1 waivers");
  });
  it("in another's name does not count", async () => {
    expect(await fate(signWaiver(grant({ signer: "cat@omnihub.dev" }), keys.lea))).toBe(
      'signature-invalid: waiver of "cat@omnihub.dev", but signed by lea@omnihub.dev',
    );
  });
  it("of somebody who may only approve does not count", async () => {
    expect(await fate(signWaiver(grant({ signer: "cat@omnihub.dev" }), keys.cat))).toBe(
      "signer-lacks-role: cat@omnihub.dev (reader) may not waive for production",
    );
  });
  it("of a machine does not count, whatever its role says", async () => {
    expect(await fate(signWaiver(grant({ signer: "bot" }), keys.bot))).toMatch(/^signer-lacks-role: bot/);
  });
  it("for a stage in which the role may not does not count", async () => {
    const staging = grant({ binding: { ...binding, stage: "staging" } });
    expect(await fate(signWaiver(staging, keys.lea))).toMatch(/^signer-lacks-role: .* may not waive for staging/);
  });
  it("by a stranger does not count", async () =>
    expect(await fate(signWaiver(grant(), keys.stranger))).toMatch(/^signer-unknown/));
  it("from the future does not count", async () =>
    expect(await fate(signWaiver(grant({ grantedAt: NOW + 61_000 }), keys.lea))).toMatch(/^from-the-future/));
  it.each([
    ["a span that is none", { validFor: "for ever" }],
    ["no span", { validFor: undefined }],
    ["a span of zero", { validFor: "0 hours" }],
    ["no reason", { reason: " " }],
    ["no promise", { obligation: "" }],
    ["a criterion without a name", { binding: { ...binding, criterion: "" } }],
    ["an image without its digest", { binding: { ...binding, image: "registry.example/omnihub:latest" } }],
    ["a commit that was cut", { binding: { ...binding, commit: COMMIT.slice(0, 12) } }],
  ])("with %s is malformed", async (_what, change) => {
    const json = JSON.parse(JSON.stringify(change)) as Record<string, unknown>;
    const { validFor, ...rest } = json;
    const envelope = raw("validFor" in change && validFor === undefined ? { ...rest, validFor: null } : json);
    expect(await fate(envelope)).toMatch(/^malformed: the waiver's /);
  });
  it("whose subject is another release is malformed", async () => {
    expect(await fate(raw({}, { commit: "1".repeat(40), sha256: IMAGE }))).toBe(
      "malformed: the waiver's subject is not the release that it is bound to",
    );
    expect(await fate(raw({}, { commit: COMMIT, sha256: "c".repeat(64) }))).toMatch(/^malformed/);
  });
  it("can't be signed unless it can be read", () => {
    expect(() => signWaiver(grant({ validFor: "soon" }), keys.lea)).toThrow(
      /validFor: "soon" is no duration above zero/,
    );
  });
});

describe("an approval", () => {
  const approve = { approver: "cat@omnihub.dev", decision: "approved", approvedAt: NOW - 60_000 } as const;
  const change = { stack: "production", updatePlan: "d".repeat(64), request: "e".repeat(64), state: "f".repeat(64) };
  it("carries what its signer saw, and nothing where it was not told", async () => {
    const saw = { outcome: "PENDING", unmet: ["sign-off"] } as const;
    const { approvals } = await readBack(
      signApproval({ ...approve, binding: change, saw }, keys.cat),
      signApproval({ ...approve, binding: change, approvedAt: NOW - 120_000 }, keys.cat),
    );
    expect(approvals.map((one) => one.saw)).toEqual(expect.arrayContaining([saw, undefined]));
  });
});
