/** Dana wrote the change. She has a machine, and would like to have a second name: none of it approves for her. */
import { describe, expect, it } from "vitest";
import { signApproval } from "../../evidence/approval";
import type { PrivateKey } from "../../evidence/dsse";
import { publicPem } from "../../evidence/keys";
import { parseTrust } from "../../evidence/trust";
import { withRevocations } from "../../evidence/trust/open";
import { decideEnter } from "../../rollout/decide";
import type { Approval } from "../../rollout/evidence";
import * as f from "../rollout/world-factory";
import { ed25519, NOW, publicOf, read, refusal, rulesOf, trustText, world } from "./world";

const keys = { dana: ed25519(), machine: ed25519(), lead: ed25519(), sre: ed25519() };
const pem = (key: PrivateKey): string => publicPem(key.key);
const ROLES = { "tech-lead": { may: ["approval"] }, sre: { may: ["approval"] } };
const PEOPLE = [
  ["people", "dana@omnihub.dev", ["tech-lead", "sre"], pem(keys.dana)],
  ["people", "lead@omnihub.dev", ["tech-lead"], pem(keys.lead)],
  ["people", "sre@omnihub.dev", ["sre"], pem(keys.sre)],
] as const;
const MACHINE = ["machines", "danas-pipeline", ["tech-lead", "sre"], pem(keys.machine)] as const;
const textOf = (...more: Parameters<typeof trustText>[0][number][]): string =>
  trustText([...PEOPLE, MACHINE, ...more], ROLES, rulesOf("sre"));

const approving = (approver: string, key: PrivateKey) =>
  signApproval(
    {
      approver,
      binding: { ...f.BINDING, updatePlan: f.UPDATE_PLAN },
      decision: "approved",
      items: [],
      saw: { outcome: "PENDING", unmet: [] },
      approvedAt: NOW - 1000,
    },
    key,
  );

/** What the gate makes of approvals, of a change by Dana: the outcome, and what does not count. */
async function gate(...approvals: readonly (readonly [approver: string, key: PrivateKey])[]) {
  const trust = withRevocations(parseTrust(textOf(), "trust.yaml"), undefined, NOW);
  const w = { ...world(), trust };
  for (const [approver, key] of approvals) await w.store.put(approving(approver, key));
  const found = await read(w);
  const release = { ...f.RELEASE, author: "Dana@omnihub.dev" };
  const timed = found.approvals.map((one): Approval => ({ ...one, approvedAt: f.NOW - f.HOUR }));
  const { outcome, findings } = decideEnter(f.PLAN, "production", f.world({ release, approvals: timed }));
  const unmet = findings.filter(({ verdict }) => verdict !== "pass").map((one) => one.found);
  return { outcome, unmet: unmet.join("; "), rejected: found.rejected.map(({ detail }) => detail) };
}

describe("the author of a change", () => {
  it("is approved by two others", async () => {
    expect(await gate(["lead@omnihub.dev", keys.lead], ["sre@omnihub.dev", keys.sre])).toMatchObject({ outcome: "GO" });
  });

  it("does not approve it", async () => {
    const { outcome, unmet } = await gate(["dana@omnihub.dev", keys.dana], ["sre@omnihub.dev", keys.sre]);
    expect(outcome).not.toBe("GO");
    expect(unmet).toContain("the author of a change never approves it");
  });

  it("does not through a machine, in its name or in her own", async () => {
    const own = await gate(["danas-pipeline", keys.machine], ["sre@omnihub.dev", keys.sre]);
    expect(own.outcome).not.toBe("GO");
    expect(own.rejected).toEqual(["danas-pipeline (tech-lead, sre) may not approve for production"]);
    const hers = await gate(["dana@omnihub.dev", keys.machine], ["sre@omnihub.dev", keys.sre]);
    expect(hers.rejected).toEqual(['approval of "dana@omnihub.dev", but signed by danas-pipeline']);
  });

  it("does not in another's name", async () => {
    const { outcome, rejected } = await gate(["lead@omnihub.dev", keys.dana], ["sre@omnihub.dev", keys.sre]);
    expect(outcome).not.toBe("GO");
    expect(rejected).toEqual(['approval of "lead@omnihub.dev", but signed by dana@omnihub.dev']);
  });

  it.each([
    ["person", ["people", "dana.two@omnihub.dev", ["tech-lead"], pem(keys.dana)]],
    ["person, with OpenSSH's form of it", ["people", "dana.two@omnihub.dev", ["tech-lead"], sshLine(keys.dana)]],
    ["machine", ["machines", "danas-other-pipeline", ["tech-lead"], pem(keys.dana)]],
  ] as const)("has no second name as a %s with the same key", async (_name, entry) => {
    expect(await refusal(() => parseTrust(textOf(entry), "trust.yaml"))).toContain(
      "found the key of dana@omnihub.dev again, expected every key once",
    );
  });

  it("has no second name that differs only in case", async () => {
    const entry = ["people", "DANA@omnihub.dev", ["tech-lead"], pem(ed25519())] as const;
    expect(await refusal(() => parseTrust(textOf(entry), "trust.yaml"))).toContain("expected an id that is used once");
  });
});

/** OpenSSH's line of an Ed25519 key: the type and the 32 bytes, each with its length. */
function sshLine(key: PrivateKey): string {
  const raw = publicOf(key).key.export({ type: "spki", format: "der" }).subarray(-32);
  const part = (bytes: Buffer): Buffer => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    return Buffer.concat([length, bytes]);
  };
  return `ssh-ed25519 ${Buffer.concat([part(Buffer.from("ssh-ed25519")), part(raw)]).toString("base64")}`;
}
