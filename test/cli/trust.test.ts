import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { changedLines } from "../../cli/trust-diff";
import { main } from "../../cli/main";
import { digest } from "../../evidence/canonical";
import { newKey } from "../../evidence/keys";
import { openStore } from "../../evidence/store";
import { rulesOf, trustText } from "../evidence/world";
import { fakeTerminal, FakeProject } from "./fakes";

const PASSPHRASE = "correct horse battery";
const ROLES = { lead: { may: ["approval"] }, ci: { may: ["drill"] } };
const STACK = "config:\n  holdpoint:trust: trust.yaml\n  holdpoint:evidence: evidence\n";

let project = new FakeProject();
const pems: Record<string, string> = {};
afterEach(() => {
  project.remove();
  vi.unstubAllEnvs();
});

const textOf = (version: number, count = 2, revokers = 1): string =>
  trustText(
    ["sam", "lea", "eve"].map((id) => ["people", id, [id === "eve" ? "ci" : "lead"], pems[id] ?? ""] as const),
    ROLES,
    rulesOf("lead", { version, count, revokers }),
  );

/** A project of Sam and Lea, who lead, and Eve; each with a key. */
async function setUp(revokers = 1): Promise<void> {
  const stacks = ["staging", "staging-canary", "production", "production-canary"];
  project = new FakeProject(Object.fromEntries(stacks.map((stack) => [`Pulumi.${stack}.yaml`, STACK])));
  vi.stubEnv("HOLDPOINT_KEY_PASSPHRASE", PASSPHRASE);
  for (const id of ["sam", "lea", "eve"]) {
    const { publicKey } = await newKey(join(project.root, `${id}.pem`), {
      passphrase: () => Promise.resolve(PASSPHRASE),
    });
    pems[id] = publicKey;
  }
  project.write("trust.yaml", textOf(1, 2, revokers));
}

async function run(...args: readonly string[]) {
  const terminal = fakeTerminal({ json: args.includes("--json") });
  const printed: string[] = [];
  const print = (text: string): void => void printed.push(text);
  const exitCode = await main(["trust", ...args], { root: project.root, env: project.context.env, terminal, print });
  return { exitCode, said: terminal.lines.join("\n"), json: args.includes("--json") ? printed.join("\n") : "" };
}

const as = (id: string): readonly string[] => ["--key", join(project.root, `${id}.pem`), "--yes"];
const listNow = (): string => readFileSync(join(project.root, "revocations.json"), "utf8");

describe("holdpoint trust renew", () => {
  it("makes the first list, which trust show then relies on", async () => {
    await setUp();
    const without = await run("show");
    expect(without.exitCode).toBe(1);
    expect(without.said).toContain('NO-GO: no list of revoked keys: "revocations.json" is missing');
    const made = await run("renew", ...as("sam"));
    expect(made.exitCode).toBe(0);
    expect(made.said).toContain("revocations.json: list 1\n  nothing is revoked\nto be signed by sam");
    const shown = await run("show", "--json");
    expect(shown.exitCode).toBe(0);
    expect(JSON.parse(shown.json)).toMatchObject({
      result: { version: 1, revocations: { serial: 1, signers: ["sam"] } },
    });
  });

  it("counts on, and keeps what is revoked", async () => {
    await setUp();
    await run("revoke", "eve-0", "--reason", "left", ...as("sam"));
    const renewed = await run("renew", ...as("lea"));
    expect(renewed.said).toContain("list 2\n  revoked: key eve-0 of eve since");
  });

  it("adds the signature that a list waits for", async () => {
    await setUp(2);
    const first = await run("renew", ...as("sam"));
    expect(first.exitCode).toBe(3);
    expect(first.said).toContain("not valid yet: list 1");
    const second = await run("renew", ...as("lea"));
    expect(second.exitCode).toBe(0);
    expect(second.said).toContain("list 1, signed by sam already");
  });

  it("signs nothing for who may not, without a person's word, nor over a list that nobody signed", async () => {
    await setUp();
    expect((await run("renew", ...as("eve"))).said).toContain("eve may not sign the list of revoked keys");
    expect((await run("renew", "--key", join(project.root, "sam.pem"))).said).toContain("nothing was signed");
    await run("revoke", "eve", "--reason", "compromise", ...as("sam"));
    const good = listNow();
    project.write("revocations.json", good.replace(/"sig":"..../, '"sig":"AAAA'));
    const refused = await run("renew", ...as("sam"));
    expect(refused.exitCode).toBe(2);
    expect(refused.said).toMatch(/^trust-invalid: .*\n {2}fix: put the last good list back/);
    const taken = await run("renew", "--unverified", ...as("sam"));
    expect(taken.exitCode).toBe(0);
    expect(taken.said).toContain("revoked: eve, compromised: nothing counts that it ever signed");
  });
});

describe("holdpoint trust revoke", () => {
  it("takes a key by its name or fingerprint, and an identity", async () => {
    await setUp();
    const other = "7".repeat(64);
    expect((await run("revoke", "eve-0", "--since", "2026-11-01", "--reason", "left", ...as("sam"))).exitCode).toBe(0);
    expect((await run("revoke", "EVE", "--reason", "replaced", ...as("sam"))).exitCode).toBe(0);
    const { json } = await run("revoke", other, "--since", "2026-11-02", "--reason", "left", ...as("sam"), "--json");
    expect(JSON.parse(json)).toMatchObject({
      result: {
        serial: 3,
        revoked: [
          { since: Date.UTC(2026, 10, 1), reason: "left" },
          { identity: "eve", reason: "replaced" },
          { key: other, since: Date.UTC(2026, 10, 2), reason: "left" },
        ],
      },
    });
  });

  it.each([
    [["nobody", "--reason", "left"], 'has no key and nobody of the name "nobody"'],
    [["eve", "--reason", "left", "--since", "yesterday"], '--since: found "yesterday"'],
    [["eve", "--reason", "mood"], "is invalid. Allowed choices are compromise, left, replaced"],
    [["eve"], 'required option "--reason <reason>" not specified'],
  ])("refuses %j", async (args, told) => {
    await setUp();
    const { exitCode, said } = await run("revoke", ...args, ...as("sam"));
    expect({ exitCode, told: said.includes(told) ? told : said }).toEqual({ exitCode: 2, told });
  });

  it("lets nobody sign who is revoked", async () => {
    await setUp();
    await run("revoke", "lea", "--reason", "compromise", ...as("sam"));
    const { exitCode, said } = await run("renew", ...as("lea"));
    expect(exitCode).toBe(2);
    expect(said).toContain("key-unusable: lea was revoked as compromised");
  });
});

describe("holdpoint trust sign", () => {
  it("shows the change, and counts who signed it", async () => {
    await setUp();
    await run("renew", ...as("sam"));
    project.write("next.yaml", textOf(2, 1));
    const next = join(project.root, "next.yaml");
    const first = await run("sign", next, ...as("sam"));
    expect(first.exitCode).toBe(3);
    expect(first.said).toContain("- version: 1\n");
    expect(first.said).toContain("+ version: 2\n");
    expect(first.said).toContain("is signed by sam; wanted: signatures of 2 of lead, as version 1 demands");
    const second = await run("sign", next, ...as("lea"));
    expect(second.exitCode).toBe(0);
    const kept = openStore(join(project.root, "evidence"));
    expect(await kept.kept("inputs", digest(textOf(1)))).toBe(textOf(1));
  });

  it("takes the text before out of the store where the file is changed already", async () => {
    await setUp();
    await run("renew", ...as("sam"));
    await openStore(join(project.root, "evidence")).keep("inputs", textOf(1));
    const before = digest(textOf(1));
    project.write("trust.yaml", textOf(2, 1));
    const file = join(project.root, "trust.yaml");
    expect((await run("sign", file, ...as("sam"))).said).toContain("the two files are the same");
    expect((await run("sign", file, "--from", before, ...as("sam"))).exitCode).toBe(3);
    expect((await run("sign", file, "--from", "0".repeat(64), ...as("sam"))).said).toContain("no evidence store");
  });

  it("refuses another version than the next, and who may not sign", async () => {
    await setUp();
    await run("renew", ...as("sam"));
    project.write("next.yaml", textOf(3));
    const next = join(project.root, "next.yaml");
    expect((await run("sign", next, ...as("sam"))).said).toContain("found version 3 after version 1, expected 2");
    project.write("next.yaml", textOf(2, 1));
    expect((await run("sign", next, ...as("eve"))).said).toContain("eve may not sign a change of version 1");
  });
});

it("shows who holds what, and asks which of several trust files is meant", async () => {
  await setUp();
  const { said } = await run("show");
  expect(said).toContain("changes: signed by 2 of lead: sam, lea");
  expect(said).toMatch(/key sam-0 of sam: [0-9a-f]{12}$/m);
  project.write("Pulumi.production.yaml", STACK.replace("trust.yaml", "other.yaml"));
  expect((await run("show")).said).toContain("found 2 trust files of 2 stages, expected one");
  expect((await run("show", "--stage", "staging")).said).toContain("trust.yaml: version 1");
});

it("a change is told line by line", () => {
  expect(changedLines("a\nb\nc", "a\nx\nc\nd")).toEqual(["- b", "+ x", "+ d"]);
  expect(changedLines("a", "a")).toEqual([]);
});
