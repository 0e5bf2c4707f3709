import { describe, expect, it } from "vitest";
import { sign, STATEMENT_TYPE, type Envelope, type PrivateKey } from "../../evidence/dsse";
import { publicPem } from "../../evidence/keys";
import { parseTrust, type Trust } from "../../evidence/trust";
import { withRevocations } from "../../evidence/trust/open";
import { signRevocations, type RevocationEntry } from "../../evidence/trust/revocations";
import { ed25519, envelope, HAPPY, NOW, read, refusal, rulesOf, trustText, world } from "./world";

const HOUR = 3_600_000;
const keys = { sam: ed25519(), spare: ed25519(), lea: ed25519(), bot: ed25519() };
const pem = (key: PrivateKey): string => publicPem(key.key);
const ROLES = { sre: { may: ["drill", "cost"] }, keeper: { may: ["check"] } };

/** Sam with two keys, Lea, and a machine; `change` edits the text. */
function trustOf(change: (text: string) => string = (text) => text, revoked: readonly RevocationEntry[] = []): Trust {
  const text = trustText(
    [
      ["people", "sam", ["sre"], pem(keys.sam), pem(keys.spare)],
      ["people", "lea", ["sre", "keeper"], pem(keys.lea)],
      ["machines", "bot", ["sre"], pem(keys.bot)],
    ],
    ROLES,
    rulesOf("keeper"),
  );
  const list = signRevocations({ serial: 1, issuedAt: NOW, revoked }, keys.lea);
  return withRevocations(parseTrust(change(text), "trust.yaml"), JSON.stringify(list), NOW);
}

const term = (from: string, until: string) => (text: string) =>
  text.replace("      - id: sam-0\n", `      - id: sam-0\n        from: ${from}\n        until: ${until}\n`);
const threshold = (count: number) => (text: string) =>
  text.replace("sre: { may: [drill, cost] }", `sre: { may: [drill, cost], threshold: ${count} }`);

/** Who signed, or why it does not count. */
async function fate(trust: Trust, envelopes: readonly Envelope[], now = NOW): Promise<string> {
  const w = { ...world(), trust };
  for (const one of envelopes) await w.store.put(one);
  const { evidence, rejected } = await read(w, { now });
  const [found] = evidence;
  if (found !== undefined) return found.signers.map(({ id, roles }) => `${id} (${roles.join(", ")})`).join(", ");
  return rejected.map(({ reason, detail }) => `${reason}: ${detail}`).join("; ");
}

/** A cost estimate of 2026-11-21T10:00:00Z, two hours before NOW. */
const cost = (...signers: readonly PrivateKey[]): Envelope => envelope("cost", signers);

describe("the time in which a key counts", () => {
  it("holds what was signed in it", async () => {
    expect(await fate(trustOf(term("2026-11-21", "2026-11-22")), [cost(keys.sam)])).toBe("sam (sre)");
  });

  it("begins with its first moment", async () => {
    expect(await fate(trustOf(term("2026-11-21T10:00:00Z", "2027-01-01")), [cost(keys.sam)])).toBe("sam (sre)");
    expect(await fate(trustOf(term("2026-11-21T10:00:01Z", "2027-01-01")), [cost(keys.sam)])).toBe(
      'key-not-valid: key "sam-0" of sam counts from 2026-11-21T10:00:01Z on, and what it signed is of 2026-11-21T10:00:00Z',
    );
  });

  it("ends before its last moment", async () => {
    expect(await fate(trustOf(term("2026-01-01", "2026-11-21T10:00:00Z")), [cost(keys.sam)])).toBe(
      'key-not-valid: key "sam-0" of sam ended at 2026-11-21T10:00:00Z, and what it signed is of 2026-11-21T10:00:00Z',
    );
  });

  it("has ended for all that is dated before, too: who has an old key can date back", async () => {
    expect(await fate(trustOf(term("2026-01-01", "2026-11-21T12:00:00Z")), [cost(keys.sam)])).toBe(
      'key-not-valid: key "sam-0" of sam ended at 2026-11-21T12:00:00Z: what it signed is of 2026-11-21T10:00:00Z by its own word, and nobody can tell that from what was dated back since',
    );
    expect(await fate(trustOf(term("2026-01-01", "2026-11-21T12:00:01Z")), [cost(keys.sam)])).toBe("sam (sre)");
  });

  it("is each key's own: another of the same person counts", async () => {
    const ended = trustOf(term("2026-01-01", "2026-02-01"));
    expect(await fate(ended, [cost(keys.spare)])).toBe("sam (sre)");
    expect(await fate(ended, [cost(keys.sam, keys.lea)])).toBe("lea (sre)");
  });

  it.each([
    ["21 November", "expected a date or a time in UTC"],
    ["2026-02-30", "expected a date or a time in UTC"],
    ["2026-11-21T10:00:00+02:00", "expected a date or a time in UTC"],
  ])("is no %s", async (from, told) => {
    expect(await refusal(() => trustOf(term(`"${from}"`, "2027-01-01")))).toContain(told);
  });

  it("does not end before it begins", async () => {
    expect(await refusal(() => trustOf(term("2026-02-01", "2026-02-01")))).toContain(
      'people[0].keys[0].until: found "2026-02-01", expected an end after the beginning',
    );
  });
});

describe("a role with a threshold", () => {
  const two = trustOf(threshold(2));

  it("speaks where two of its holders signed one envelope, or one body in two", async () => {
    expect(await fate(two, [cost(keys.sam, keys.lea)])).toBe("sam (sre), lea (sre)");
    expect(await fate(two, [cost(keys.sam), cost(keys.bot)])).toMatch(/^(sam|bot) \(sre\), (sam|bot) \(sre\)$/);
  });

  it("does not speak by one", async () => {
    expect(await fate(two, [cost(keys.sam)])).toBe(
      "too-few-signers: signed by sam; it takes 2 of sre under the same statement",
    );
  });

  it("does not take one person's two keys for two people", async () => {
    const told = /^too-few-signers: signed by sam; it takes 2 of sre/;
    expect(await fate(two, [cost(keys.sam, keys.spare)])).toMatch(told);
    expect(await fate(two, [cost(keys.sam), cost(keys.spare)])).toMatch(told);
  });

  it("does not add up two statements that only look alike", async () => {
    const later = envelope("cost", [keys.lea], { ...HAPPY.cost, finishedOn: "2026-11-21T10:00:01Z" });
    expect(await fate(two, [cost(keys.sam), later])).toMatch(/^too-few-signers: .*; too-few-signers: /);
  });

  it("does not count who was revoked, or whose signature is another's", async () => {
    const revoked = trustOf(threshold(2), [{ identity: "lea", since: NOW - 3 * HOUR, reason: "compromise" }]);
    // Lea signs the list, too: the list that revokes her does not count, and says so elsewhere. Here it is Sam who is revoked.
    expect(revoked.revocations?.problem?.found).toContain("does not count");
    const without = trustOf(threshold(2), [{ identity: "sam", since: NOW - 3 * HOUR, reason: "left" }]);
    expect(await fate(without, [cost(keys.sam, keys.lea)])).toMatch(/^too-few-signers: signed by lea/);
    const forged = cost(keys.lea);
    const [own] = cost(keys.sam).signatures;
    const [theirs] = sign(STATEMENT_TYPE, Buffer.from("{}"), [keys.bot]).signatures;
    const both = { ...forged, signatures: [own, theirs].flatMap((one) => one ?? []) };
    expect(await fate(two, [both])).toMatch(/^too-few-signers: signed by sam/);
  });

  it("leaves the signer's other roles alone", async () => {
    const text = (before: string): string =>
      threshold(2)(before).replace("keeper: { may: [check] }", "keeper: { may: [check, cost] }");
    expect(await fate(trustOf(text), [cost(keys.lea)])).toBe("lea (keeper)");
  });

  it("must be one that its holders can meet, and is none of approvals", async () => {
    expect(await refusal(() => trustOf(threshold(4)))).toContain(
      "roles.sre.threshold: found 4, expected at most 3: so many hold this role",
    );
    const approving = (text: string): string =>
      threshold(2)(text).replace("may: [drill, cost]", "may: [drill, approval]");
    expect(await refusal(() => trustOf(approving))).toContain(
      "expected no threshold for approvals and waivers: the plan counts them",
    );
  });
});

describe("a revoked key", () => {
  const revoking = (entry: RevocationEntry): Trust => trustOf(undefined, [entry]);
  const AT = Date.UTC(2026, 10, 21, 10);

  it("counts for what is of before, where nobody else has it", async () => {
    const entry = { key: keys.sam.id, since: AT + 1, reason: "left" } as const;
    expect(await fate(revoking(entry), [cost(keys.sam)])).toBe("sam (sre)");
  });

  it("does not count from then on", async () => {
    expect(await fate(revoking({ key: keys.sam.id, since: AT, reason: "replaced" }), [cost(keys.sam)])).toBe(
      'key-revoked: key "sam-0" of sam was revoked from 2026-11-21T10:00:00Z on (replaced), and what it signed is of 2026-11-21T10:00:00Z',
    );
  });

  it("never counted where it was compromised, whatever it says when it signed", async () => {
    expect(await fate(revoking({ key: keys.sam.id, since: NOW, reason: "compromise" }), [cost(keys.sam)])).toBe(
      'key-revoked: key "sam-0" of sam was revoked as compromised: nothing counts that it ever signed',
    );
  });

  it("is that key alone, and an identity is all its keys", async () => {
    const one = { key: keys.sam.id, since: AT, reason: "compromise" } as const;
    expect(await fate(revoking(one), [cost(keys.spare)])).toBe("sam (sre)");
    const all = { identity: "Sam", since: AT, reason: "compromise" } as const;
    for (const key of [keys.sam, keys.spare]) {
      expect(await fate(revoking(all), [cost(key)])).toMatch(/^key-revoked: sam was revoked as compromised/);
    }
    expect(await fate(revoking(all), [cost(keys.lea)])).toBe("lea (sre)");
  });

  it("is revoked by the strictest of several entries", async () => {
    const trust = trustOf(undefined, [
      { key: keys.sam.id, since: NOW, reason: "left" },
      { key: keys.sam.id, since: AT, reason: "left" },
    ]);
    expect(await fate(trust, [cost(keys.sam)])).toMatch(/^key-revoked/);
  });
});
