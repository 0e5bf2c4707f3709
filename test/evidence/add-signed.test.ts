import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { addSigned } from "../../evidence/add-signed";
import type { Envelope } from "../../evidence/dsse";
import { sign, STATEMENT_TYPE } from "../../evidence/dsse";
import { openStore } from "../../evidence/store";
import type { Store } from "../../evidence/store";
import { parseTrust } from "../../evidence/trust";
import type { Trust } from "../../evidence/trust";
import { envelope, HAPPY, NOW, refusal, trustText, world } from "./world";

const folder = mkdtempSync(join(tmpdir(), "holdpoint-add-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const store = (): Store => openStore(mkdtempSync(join(folder, "store-")));
const w = world();
const line = (one: Envelope): string => JSON.stringify(one);
const good = line(envelope("drill", [w.keys.sre]));

function add(text: string, into = store(), trust: Trust = w.trust): ReturnType<typeof addSigned> {
  return addSigned({ text, file: "in.jsonl", store: into, trust, now: NOW });
}

describe("evidence that was signed elsewhere", () => {
  it.each([
    ["cosign/statement.sigstore.json", "cosign/key.pub"],
    ["cosign/predicate.sigstore.json", "cosign/key.pub"],
    ["in-toto/statement.ed25519.json", "in-toto/statement.ed25519.pub"],
    ["in-toto/statement.ecdsa.json", "in-toto/statement.ecdsa.pub"],
  ])("%s is added, by whom the trust file says", async (file, key) => {
    const read = (name: string): string => readFileSync(`test/fixtures/signatures/${name}`, "utf8");
    const roles = { ci: { may: ["cost"] } };
    const trust = parseTrust(trustText([["machines", "pipeline", ["ci"], read(key)]], roles), "trust.yaml");
    const into = store();
    const added = await add(read(file), into, trust);
    expect(added.map(({ kind, signers }) => [kind, signers])).toEqual([["cost", ["pipeline"]]]);
    expect((await into.readAll()).envelopes.map(({ id }) => id)).toEqual(added.map(({ id }) => id));
  });

  it("is added line by line", async () => {
    const other = line(envelope("cost", [w.keys.sre]));
    expect((await add(`${good}\n${other}\n`)).map(({ kind }) => kind)).toEqual(["drill", "cost"]);
  });

  it("is not added at all where one line would not count, and each such line is named", async () => {
    const into = store();
    const lines = [
      good,
      line(envelope("drill", [w.keys.stranger])),
      line(envelope("drill", [w.keys.ci])),
      "{",
      line(sign(STATEMENT_TYPE, Buffer.from("{}"), [w.keys.sre])),
    ];
    expect(await refusal(() => add(lines.join("\n"), into))).toBe(
      [
        "envelope-refused: in.jsonl: 4 of 5 envelopes would not count, so none was added",
        "  line 2: signer-unknown: signed by no key of the trust file",
        "  line 3: signer-lacks-role: ci-staging (ci) may not attest drill for staging",
        "  line 4: malformed: the envelope is not JSON at character 1",
        "  line 5: malformed: the statement's _type: Invalid option: expected one of " +
          '"https://in-toto.io/Statement/v1"|"https://in-toto.io/Statement/v0.1"',
      ].join("\n"),
    );
    expect((await into.readAll()).envelopes).toEqual([]);
  });

  it("names a few lines and counts the others", async () => {
    const text = `${line(envelope("drill", [w.keys.stranger]))}\n`.repeat(8);
    expect(await refusal(() => add(text))).toContain("\n  and 3 more");
  });

  it("is refused with a secret in it", async () => {
    const predicate = { ...HAPPY.drill, note: ["AKIA", "ABCDEFGHIJKLMNOP"].join("") };
    const into = store();
    expect(await refusal(() => add(line(envelope("drill", [w.keys.sre], predicate)), into))).toContain("intake-secret");
    expect((await into.readAll()).envelopes).toEqual([]);
  });

  it("is refused where there is nothing", async () => {
    expect(await refusal(() => add("\n"))).toBe("envelope-refused: in.jsonl: the file is empty");
  });
});
