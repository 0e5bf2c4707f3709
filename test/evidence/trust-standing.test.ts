import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { digest } from "../../evidence/canonical";
import { sign, STATEMENT_TYPE, type PrivateKey } from "../../evidence/dsse";
import { publicPem } from "../../evidence/keys";
import { parseTrust, type Trust } from "../../evidence/trust";
import { openStore, type Store } from "../../evidence/store";
import { signTrustChange, standingOf, type StandingOf } from "../../evidence/trust/changes";
import { openTrust, withRevocations } from "../../evidence/trust/open";
import {
  cosignRevocations,
  entryDigest,
  readRevocations,
  signRevocations,
  type RevocationEntry,
} from "../../evidence/trust/revocations";
import type { TrustMark, TrustProblem } from "../../rollout/trust";
import { ed25519, NOW, refusal, rulesOf, trustText } from "./world";

const DAY = 86_400_000;
const keys = { sam: ed25519(), sam2: ed25519(), lea: ed25519(), eve: ed25519(), bot: ed25519(), new: ed25519() };
type Name = keyof typeof keys;
const pem = (key: PrivateKey): string => publicPem(key.key);
const ROLES = { lead: { may: ["approval"] }, ci: { may: ["drill"] } };

/** Sam (two keys) and Lea lead; a machine has their role too; Eve is of the file and leads nothing. */
function textOf(version: number, { count = 2, revokers = 1, eve = "ci" } = {}): string {
  return trustText(
    [
      ["people", "sam", ["lead"], pem(keys.sam), pem(keys.sam2)],
      ["people", "lea", ["lead"], pem(keys.lea)],
      ["people", "eve", [eve], pem(keys.eve)],
      ["machines", "bot", ["lead"], pem(keys.bot)],
    ],
    ROLES,
    rulesOf("lead", { version, count, revokers }),
  );
}

const list = (
  serial: number,
  revoked: readonly RevocationEntry[] = [],
  by: Name = "lea",
  issuedAt = NOW - DAY,
): string => JSON.stringify(signRevocations({ serial, issuedAt, revoked }, keys[by]));

const open = (text: string, revocations: string | undefined = list(1)): Trust =>
  withRevocations(parseTrust(text, "trust.yaml"), revocations, NOW);

const V1 = textOf(1);
const V2 = textOf(2, { eve: "lead" });
const V3 = textOf(3, { eve: "lead", count: 3 });
const markOf = (text: string, version: number, more: Partial<TrustMark["revocations"]> = {}): TrustMark => ({
  digest: digest(text),
  version,
  revocations: { serial: 1, revoked: [], ...more },
});

const freshStore = (): Store => openStore(mkdtempSync(join(tmpdir(), "holdpoint-trust-")));

interface Change {
  readonly from?: string;
  readonly to?: string;
  readonly version?: number;
  readonly by: readonly Name[];
  readonly signedAt?: number;
  /** Without keeping the texts. */
  readonly bare?: true;
}

async function signed(store: Store, { from = V1, to = V2, version = 2, by, signedAt = NOW - 1000, bare }: Change) {
  if (bare === undefined) for (const text of [from, to]) await store.keep("inputs", text);
  for (const name of by) {
    await store.put(signTrustChange({ from: digest(from), to: digest(to), version, signedAt }, keys[name]));
  }
}

/** What is wrong, by id; with the note where nothing is. */
async function standing(changes: readonly Change[], more: Partial<StandingOf> = {}): Promise<string> {
  const { problems, note } = await standingIn(changes, more);
  return problems.map(({ id, found }) => `${id}: ${found}`).join("; ") || (note ?? "the same");
}

async function standingIn(changes: readonly Change[], more: Partial<StandingOf> = {}) {
  const store = freshStore();
  for (const change of changes) await signed(store, change);
  return standingOf({
    store,
    trust: open(V2),
    stage: "production",
    record: { trust: markOf(V1, 1) },
    now: NOW,
    ...more,
  });
}

const SHORT = digest(V1).slice(0, 12);
const HEAD = `trust: trust.yaml is version 2, and production last changed under version 1 (${SHORT}): `;
const CHANGED = "trust.yaml changed from version 1 to 2, signed for";

describe("a trust file that has changed", () => {
  it("is followed where those have signed whom the version before names", async () => {
    expect(await standing([{ by: ["sam", "lea"] }])).toBe(CHANGED);
  });

  it("is not where nobody signed, and says who must, and how", async () => {
    const { problems } = await standingIn([{ by: [] }]);
    expect(problems).toEqual<TrustProblem[]>([
      {
        id: "trust",
        found: `${HEAD.slice(7)}the change from version 1 to 2 is signed by nobody who may`,
        wanted: "signatures of 2 of lead, as version 1 demands",
        remedy: "have those who may sign read the change and sign it, or put the old file back",
        command: `npx holdpoint trust sign trust.yaml --from ${digest(V1)} --stage production --as <identity> --key <file>`,
        owner: "lead",
      },
    ]);
  });

  it.each<[string, readonly Name[]]>([
    ["one of two", ["sam"]],
    ["one person with two keys", ["sam", "sam2"]],
    ["a machine that has the role, for the second", ["sam", "bot"]],
    ["whom only the new version names, for the second", ["sam", "eve"]],
    ["a stranger, for the second", ["sam", "new"]],
  ])("is not where it is signed by %s", async (_name, by) => {
    expect(await standing([{ by }])).toBe(`${HEAD}the change from version 1 to 2 is signed by sam`);
  });

  it.each<[string, Partial<Change>]>([
    ["a change to another text", { to: textOf(2) }],
    ["a change from another text", { from: textOf(1, { count: 1 }) }],
    ["a change to another version", { version: 3 }],
    ["a change of tomorrow", { signedAt: NOW + DAY }],
  ])("is not by %s", async (_name, change) => {
    expect(await standing([{ by: ["sam", "lea"], ...change }, { by: [] }])).toContain("is signed by nobody who may");
  });

  it("is not by another statement about the same two texts", async () => {
    const store = freshStore();
    await signed(store, { by: ["sam"] });
    const body = Buffer.from(
      JSON.stringify({
        _type: "https://in-toto.io/Statement/v1",
        subject: [{ digest: { sha256: digest(V2) } }],
        predicateType: "https://holdpoint.dev/attestation/check/v0.1",
        predicate: { from: digest(V1), to: digest(V2), version: 2, signedOn: "2026-11-21T11:00:00Z" },
      }),
    );
    await store.put(sign(STATEMENT_TYPE, body, [keys.lea]));
    expect(await standing([], { store })).toContain("signed by sam");
  });

  it("is not where the old text is gone: nobody knows what it demanded", async () => {
    expect(await standing([{ by: ["sam", "lea"], bare: true }])).toBe(
      `${HEAD}the text of version 1 (${SHORT}) is not in the evidence store`,
    );
  });

  it.each([
    ["the same version", textOf(1, { eve: "lead" })],
    ["a version before", V1],
  ])("is not under %s, whoever signed", async (_name, text) => {
    const record = { trust: text === V1 ? markOf(V2, 2) : markOf(V1, 1) };
    const trust = open(text);
    const change = { from: V1, to: text, version: 1, by: [] };
    expect(await standing([change], { trust, record })).toContain("another text must have a higher version");
  });

  it("is followed over several versions, each judged by the one before it", async () => {
    const first = { by: ["sam", "lea"] } as const;
    const second = { from: V2, to: V3, version: 3 } as const;
    const trust = open(V3);
    expect(await standing([first, { ...second, by: ["sam", "eve"] }], { trust })).toBe(
      "trust.yaml changed from version 1 to 3, signed for",
    );
    expect(await standing([{ by: ["sam"] }, { ...second, by: ["sam", "lea"] }], { trust })).toContain(
      "the change from version 1 to 2 is signed by sam",
    );
    expect(await standing([first, { ...second, by: ["sam"] }], { trust })).toContain(
      "the change from version 2 to 3 is signed by sam",
    );
    // A version was left out: from 1 to 3 at once.
    const leap = { from: V1, to: V3, version: 3, by: ["sam", "lea"] } as const;
    expect(await standing([leap], { trust })).toContain("is no version 2 of it");
  });

  it("is not followed by a version that somebody made up in between", async () => {
    const own = trustText([["people", "eve", ["lead"], pem(keys.eve)]], ROLES, rulesOf("lead", { version: 2 }));
    const changes = [
      { from: V1, to: own, version: 2, by: ["eve"] },
      { from: own, to: V3, version: 3, by: ["eve"] },
    ] as const;
    expect(await standing(changes, { trust: open(V3) })).toContain(
      "the change from version 1 to 2 is signed by nobody",
    );
  });

  it("counts a signature of a key that has ended since, and none of one that had", async () => {
    const ended = (until: string): string =>
      V1.replace("      - id: sam-0\n", `      - id: sam-0\n        until: ${until}\n`);
    const of = (from: string) => ({ from, by: ["sam", "lea"], signedAt: NOW - 2 * DAY }) as const;
    const record = (text: string) => ({ record: { trust: markOf(text, 1) } });
    const since = ended("2026-11-20");
    expect(await standing([of(since)], record(since))).toBe(CHANGED);
    const before = ended("2026-11-01");
    expect(await standing([of(before)], record(before))).toContain("signed by lea");
  });

  it("counts none of a key that is revoked", async () => {
    const trust = open(V2, list(2, [{ key: keys.sam.id, since: NOW, reason: "compromise" }]));
    expect(await standing([{ by: ["sam", "lea"] }], { trust })).toContain("signed by lea");
  });
});

describe("a trust file that a stage has seen", () => {
  it("is believed as it is", async () => {
    expect(await standing([], { trust: open(V1) })).toBe("the same");
  });

  it("is believed on first use, and that is said", async () => {
    const told = "trust.yaml, version 2, is believed on first use: production has no record of another";
    expect(await standing([], { record: undefined })).toBe(told);
    expect(await standing([], { record: {} })).toBe(told);
  });

  it("is not where the record can't be read", async () => {
    const told = "trust: under which trust file production last changed is not known: no backend";
    expect(await standing([], { record: { failure: "no backend" } })).toBe(told);
    expect(await standing([], { record: { trust: { failure: "no backend" } } })).toBe(told);
  });

  it("leaves its mark for the record", async () => {
    const entry = { key: keys.eve.id, since: NOW, reason: "left" } as const;
    const { mark } = await standingIn([], { trust: open(V1, list(4, [entry])) });
    expect(mark).toEqual({ digest: digest(V1), version: 1, revocations: { serial: 4, revoked: [entryDigest(entry)] } });
  });
});

describe("the list of revoked keys", () => {
  const entry: RevocationEntry = { key: keys.eve.id, since: NOW - DAY, reason: "left" };
  const of = (text: string | undefined, v = V1): string =>
    readRevocations(text, parseTrust(v, "trust.yaml"), NOW).problem?.found ?? "good";

  it("is good where it is fresh and signed", () => {
    expect(of(list(1, [entry]))).toBe("good");
    expect(of(list(1, [], "lea", NOW - 8 * DAY))).toBe("good");
    expect(of(list(1, [], "bot"))).toBe("good");
  });

  it("shuts the gate where it is missing", () => {
    expect(of(undefined)).toBe('no list of revoked keys: "revocations.json" is missing');
  });

  it("shuts it where it is stale, by a millisecond", () => {
    expect(of(list(1, [], "lea", NOW - 8 * DAY - 1000))).toMatch(
      /^list 1 of revoked keys \("revocations.json"\) is of 2026-11-13T11:59:59Z: /,
    );
  });

  it("shuts it where it is of the future", () => {
    expect(of(list(1, [], "lea", NOW + 61_000))).toContain("ahead of this machine's clock");
  });

  it.each<[string, Name, string]>([
    ["somebody without the role", "eve", "signed by eve, who may not sign it"],
    ["a stranger", "new", "signed by no key of the trust file"],
  ])("shuts it where it is signed by %s", (_name, by, told) => {
    expect(of(list(1, [], by))).toBe(`the list of revoked keys "revocations.json" does not count: ${told}`);
  });

  it("is not vouched for by whom it revokes, and counts none of their signatures", () => {
    expect(of(list(1, [{ identity: "lea", since: NOW - 2 * DAY, reason: "left" }]))).toContain("lea was revoked from");
  });

  it.each([
    ["altered", list(1, [entry]).replace(/"payload":"..../, '"payload":"AAAA')],
    ["no JSON", "{"],
    ["empty", ""],
    ["unsigned", JSON.stringify({ ...(JSON.parse(list(1)) as object), signatures: [] })],
    ["of another type", JSON.stringify(sign("text/plain", Buffer.from("{}"), [keys.lea]))],
    [
      "another statement",
      JSON.stringify(signTrustChange({ from: digest("a"), to: digest("b"), version: 2, signedAt: NOW }, keys.lea)),
    ],
  ])("shuts it where it is %s", (_name, text) => {
    expect(of(text)).toMatch(/^the list of revoked keys "revocations.json" does not count: /);
  });

  it("needs as many different signers as the trust file says", () => {
    const two = textOf(1, { revokers: 2 });
    expect(of(list(1), two)).toBe('list 1 of revoked keys ("revocations.json") is signed by lea: 1 of 2');
    const { list: first } = readRevocations(list(1, [], "sam"), parseTrust(two, "trust.yaml"), NOW);
    const cosigned = (by: Name): string =>
      first === undefined ? "" : JSON.stringify(cosignRevocations(first, keys[by]));
    expect(of(cosigned("lea"), two)).toBe("good");
    expect(of(cosigned("sam2"), two)).toContain("is signed by sam: 1 of 2");
  });

  it("may not be an older one than was seen", async () => {
    const record = { trust: markOf(V1, 1, { serial: 3 }) };
    expect(await standing([], { trust: open(V1, list(2)), record })).toBe(
      "trust.revocations: list 2 of revoked keys, and list 3 was seen before: an older one was put back",
    );
    expect(await standing([], { trust: open(V1, list(3)), record })).toBe("the same");
  });

  it("may not lose an entry that was seen, nor change it", async () => {
    const record = { trust: markOf(V1, 1, { serial: 1, revoked: [entryDigest(entry)] }) };
    const told = "trust.revocations: list 2 of revoked keys lacks 1 of 1 entries that were seen before";
    expect(await standing([], { trust: open(V1, list(2)), record })).toBe(told);
    expect(await standing([], { trust: open(V1, list(2, [{ ...entry, since: NOW }])), record })).toBe(told);
    const more: RevocationEntry = { identity: "bot", since: NOW, reason: "replaced" };
    expect(await standing([], { trust: open(V1, list(2, [more, entry])), record })).toBe("the same");
  });

  it("is told how to be mended", async () => {
    const { problems, mark } = await standingIn([], { trust: open(V1, "{") });
    expect(problems).toMatchObject([
      {
        wanted: "a list of revoked keys beside trust.yaml, at most 8 days old, signed by 1 of lead",
        command: "npx holdpoint trust renew --as <identity> --key <file>",
        owner: "lead",
      },
    ]);
    expect(mark).toBeUndefined();
  });

  it("that nobody read is none", async () => {
    expect(await standing([], { trust: parseTrust(V1, "trust.yaml") })).toBe(
      "trust.revocations: the list of revoked keys was not read",
    );
  });
});

describe("opening a trust file", () => {
  const folder = mkdtempSync(join(tmpdir(), "holdpoint-open-"));
  const file = join(folder, "trust.yaml");
  writeFileSync(file, V1);

  it("reads the list beside it, and keeps both texts", async () => {
    expect((await openTrust(file, "trust.yaml", NOW)).trust.revocations?.problem?.found).toContain("is missing");
    writeFileSync(join(folder, "revocations.json"), list(1));
    const { trust, texts } = await openTrust(file, "trust.yaml", NOW);
    expect(trust.revocations?.problem).toBeUndefined();
    expect(texts).toEqual({ trust: V1, revocations: list(1) });
    writeFileSync(join(folder, "revocations.json"), "x".repeat(1024 * 1024 + 1));
    expect((await openTrust(file, "trust.yaml", NOW)).trust.revocations?.problem?.found).toContain(
      "at most 1048576 are",
    );
  });

  it("refuses one that is not there", async () => {
    expect(await refusal(() => openTrust(join(folder, "none.yaml"), "none.yaml"))).toBe(
      'file-missing: the trust file "none.yaml" can\'t be read: there is no such file',
    );
  });

  it.each([
    ["without a version", (text: string) => text.replace(/^version: .*\n/m, ""), 'expected the key "version"'],
    ["without a revocation", (text: string) => text.replace(/^revocation: .*\n/m, ""), 'expected the key "revocation"'],
    ["without changes", (text: string) => text.replace(/^changes: .*\n/m, ""), 'expected the key "changes"'],
    [
      "whose list lies elsewhere",
      (text: string) => text.replace("revocations.json", "../revocations.json"),
      "the name of a file beside this one",
    ],
    [
      "whose list may be old for ever",
      (text: string) => text.replace("8 days", "1000 days"),
      "how old the list may be",
    ],
    ["of version 0", (text: string) => text.replace("version: 1", "version: 0"), "the file's version: 1"],
    [
      "that nobody can revoke for",
      (text: string) => text.replace("from: [lead]", "from: [boss]"),
      "a role of this file",
    ],
    ["that three must change", (text: string) => text.replace("count: 2 }", "count: 3 }"), "expected at most 2"],
  ])("refuses one %s", async (_name, change, told) => {
    expect(await refusal(() => parseTrust(change(V1), "trust.yaml"))).toContain(told);
  });
});
