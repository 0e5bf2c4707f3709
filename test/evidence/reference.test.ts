import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { attest } from "../../evidence/attest";
import { audit } from "../../evidence/audit";
import { digest } from "../../evidence/canonical";
import { verify } from "../../evidence/dsse";
import type { PrivateKey } from "../../evidence/dsse";
import { REFERENCE_TYPE } from "../../evidence/reference";
import { parseSigned } from "../../evidence/sigstore-bundle";
import { parseStatement } from "../../evidence/statement";
import type { World } from "./world";
import { COMMIT, NOW, publicOf, read, world } from "./world";
import { fixture, FOLDER } from "./intake-support";

const COST = fixture("infracost/breakdown.json");
const RAW = digest(COST.bytes);

async function attested(w: World, key: PrivateKey = w.keys.sre): Promise<string> {
  const options = { stage: "production", subject: { commit: COMMIT }, store: w.store, now: NOW };
  const { id } = await attest({ ...options, key, files: ["infracost/breakdown.json"], root: FOLDER });
  return id;
}

async function references(w: World, evidence: string) {
  const { envelopes } = await w.store.readAll();
  return envelopes.filter(({ id }) => id !== evidence);
}

it("a raw report is referred to by a signed statement of in-toto's, which lies where it says", async () => {
  const w = world();
  const [only, ...more] = await references(w, await attested(w));
  expect(more).toEqual([]);
  const { body } = verify(parseSigned(only?.bytes ?? "").envelope, [publicOf(w.keys.sre)]);
  const { subject, predicateType, predicate } = parseStatement(body);
  expect(subject.commits).toEqual([COMMIT]);
  expect(predicateType).toBe(REFERENCE_TYPE);
  expect(predicate).toEqual({
    attester: { id: "https://holdpoint.dev/attest" },
    references: [
      {
        name: "breakdown.json",
        digest: { sha256: RAW },
        downloadLocation: `raw/${RAW}`,
        mediaType: "application/json",
      },
    ],
  });
  expect(await w.store.getRaw(RAW)).toEqual(COST.bytes);
});

it("no gate reads it, and it is nothing that was rejected", async () => {
  const w = world();
  const id = await attested(w);
  const { evidence, rejected } = await read(w);
  expect([evidence.map((one) => one.id), rejected]).toEqual([[id], []]);
  const wanted = await w.store.find({ about: [COMMIT], anywhere: [], kinds: ["cost"] });
  expect(wanted.envelopes.map((one) => one.id)).toEqual([id]);
});

it("a key that asks each time it signs is asked once, for the evidence", async () => {
  const w = world();
  let asked = 0;
  const { sre } = w.keys;
  const asking: PrivateKey = {
    ...sre,
    sign: () => {
      asked += 1;
      return Buffer.alloc(64);
    },
  };
  expect(await references(w, await attested(w, asking))).toEqual([]);
  expect(asked).toBe(1);
});

it.each<[string, (file: string) => void]>([
  ["gone", (file) => rmSync(file)],
  ["altered", (file) => writeFileSync(file, "{}")],
])("a report that is %s is told by history --check", async (_name, damage) => {
  const w = world();
  const [reference] = await references(w, await attested(w));
  expect((await audit(w.store)).problems).toEqual([]);
  damage(join(w.store.folder, "raw", RAW));
  expect((await audit(w.store)).problems).toEqual([
    `raw report ${RAW.slice(0, 12)} (breakdown.json), named by reference ${reference?.id.slice(0, 12)}, is gone or damaged`,
  ]);
});
