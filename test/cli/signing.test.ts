import { execFileSync, spawnSync } from "node:child_process";
import { sign } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { main } from "../../cli/main";
import { openSigning } from "../../cli/signing";
import { newKey, publicPem } from "../../evidence/keys";
import { parseSigned } from "../../evidence/sigstore-bundle";
import { envelope, NOW, refusal, trustText } from "../evidence/world";
import { fakeTerminal, FakeProject } from "./fakes";

const PASSPHRASE = "correct horse battery";
const ROLES = { sre: { may: ["drill", "approval", "test-result"] } } as const;
const STACK = "config:\n  holdpoint:trust: trust.yaml\n  holdpoint:evidence: evidence\n";

let project = new FakeProject();
afterEach(() => {
  project.remove();
  vi.unstubAllEnvs();
});

/** A project whose trust file gives these keys to Sam. */
function trusting(...keys: readonly string[]): void {
  project = new FakeProject({
    "Pulumi.staging.yaml": STACK,
    "trust.yaml": trustText([["people", "sam", ["sre"], ...keys]], ROLES),
  });
  vi.stubEnv("HOLDPOINT_KEY_PASSPHRASE", PASSPHRASE);
}

async function run(...args: readonly string[]) {
  const printed: string[] = [];
  const terminal = fakeTerminal({ json: args.includes("--json") });
  const print = (text: string): void => void printed.push(text);
  const exitCode = await main(args, { root: project.root, env: project.context.env, terminal, print });
  return { exitCode, printed: printed.join("\n"), said: terminal.lines.join("\n") };
}

async function pem(file: string): Promise<string> {
  const { publicKey } = await newKey(file, { passphrase: () => Promise.resolve(PASSPHRASE) });
  return publicKey;
}

describe("keys", () => {
  it.each(["ed25519", "ecdsa-p256"])("new makes %s, and show prints its public half", async (type) => {
    trusting();
    const file = join(project.root, "key.pem");
    const made = await run("keys", "new", file, "--type", type);
    expect(made.exitCode).toBe(0);
    const { exitCode, said } = await run("keys", "show", file);
    expect(exitCode).toBe(0);
    expect(said).toMatch(/^-----BEGIN PUBLIC KEY-----/);
    expect(made.said).toContain(said);
  });

  it("show prints OpenSSH's line as the trust file wants it, and refuses what it would refuse", async () => {
    const shown = await run("keys", "show", "test/fixtures/signatures/ssh/ed25519.pub");
    expect(shown.said).toMatch(/^ssh-ed25519 [A-Za-z0-9+/]+$/);
    const rsa = await run("keys", "show", "test/fixtures/signatures/ssh/rsa.pub");
    expect(rsa.exitCode).toBe(2);
    expect(rsa.said).toContain("found a key of type ssh-rsa, wanted an Ed25519 or ECDSA P-256 public key");
  });
});

describe("who signs", () => {
  it("is found by a PEM key", async () => {
    trusting();
    const file = join(project.root, "key.pem");
    const publicKey = await pem(file);
    project.write("trust.yaml", trustText([["people", "sam", ["sre"], publicKey]], ROLES));
    const { identity } = await openSigning(project.context, "staging", { key: file });
    expect(identity.id).toBe("sam");
  });

  it.skipIf(spawnSync("ssh-keygen", ["-?"]).error !== undefined)(
    "is found by an OpenSSH key, and refused where the trust file has that key in the other form",
    async () => {
      trusting();
      const file = join(project.root, "id_ed25519");
      execFileSync("ssh-keygen", ["-q", "-a", "1", "-t", "ed25519", "-N", PASSPHRASE, "-f", file]);
      const { said } = await run("keys", "show", file);
      project.write("trust.yaml", trustText([["people", "sam", ["sre"], said]], ROLES));
      const { identity, key } = await openSigning(project.context, "staging", { as: "sam", key: file });
      expect(identity.id).toBe("sam");
      const report = ["--suite", "smoke", "test/fixtures/evidence/junit/pytest-passed.xml"];
      const about = ["--commit", "0".repeat(40), "--key", file, "--json"];
      const attested = await run("attest", "--stage", "staging", ...about, ...report);
      expect(JSON.parse(attested.printed)).toMatchObject({ exitCode: 0, result: { signer: "sam", counts: true } });
      project.write("trust.yaml", trustText([["people", "sam", ["sre"], publicPem(key.key)]], ROLES));
      expect(await refusal(() => openSigning(project.context, "staging", { key: file }))).toBe(
        "key-unusable: the trust file has this key as PEM, and what it signs here counts only as OpenSSH's line",
      );
    },
  );
});

it("attest --artifact takes a file and its signature, by the key that is named", async () => {
  trusting();
  const file = join(project.root, "key.pem");
  const { publicKey, key } = await newKey(file, { passphrase: () => Promise.resolve(PASSPHRASE) });
  const roles = { sre: { may: ["artifacts"] } } as const;
  project.write("trust.yaml", trustText([["people", "sam", ["sre"], publicKey]], roles));
  const content = Buffer.from([0xff, 0x00, 0x01]);
  writeFileSync(join(project.root, "shop.tgz"), content);
  project.write("shop.tgz.sig", sign(null, content, key.key).toString("base64"));
  project.write("maker.pub", publicKey);
  const at = (name: string): string => join(project.root, name);
  const about = ["--commit", "0".repeat(40), "--key", file, "--finished-at", "2026-01-01T00:00:00Z"];
  const what = ["--artifact", at("shop.tgz"), at("shop.tgz.sig")];
  const done = await run("attest", "--stage", "staging", ...about, ...what, "--public-key", at("maker.pub"));
  expect(done.said).toMatch(/^shop\.tgz, signed by [0-9a-f]{64}\nstored as/);
  const unnamed = await run("attest", "--stage", "staging", ...about, ...what);
  expect(unnamed).toMatchObject({ exitCode: 2, said: expect.stringContaining("intake-missing-field") as string });
});

describe("attest add and export", () => {
  it("take an envelope in, and give it out as it is and as a Sigstore bundle", async () => {
    trusting();
    const file = join(project.root, "key.pem");
    const { publicKey, key } = await newKey(file, { passphrase: () => Promise.resolve(PASSPHRASE) });
    project.write("trust.yaml", trustText([["people", "sam", ["sre"], publicKey]], ROLES));
    vi.useFakeTimers({ now: NOW, toFake: ["Date"] });
    try {
      const signed = JSON.stringify(envelope("drill", [key]));
      const bundle = join(project.root, "in.intoto.jsonl");
      writeFileSync(bundle, `${signed}\n`);
      const added = await run("attest", "add", "--stage", "staging", bundle, "--json");
      expect(added.exitCode).toBe(0);
      const { result } = JSON.parse(added.printed) as { result: { added: { id: string }[] } };
      const id = result.added[0]?.id.slice(0, 12) ?? "";
      expect((await run("attest", "export", "--stage", "staging", id)).said).toBe(signed);
      const { said } = await run("attest", "export", "--stage", "staging", "--sigstore", id);
      expect(said).toContain("application/vnd.dev.sigstore.bundle.v0.3+json");
      expect(parseSigned(said).envelope.payload).toBe(parseSigned(signed).envelope.payload);
      const unknown = await run("attest", "export", "--stage", "staging", "ffffff");
      expect(unknown.said).toContain('found 0 envelopes that begin with "ffffff", wanted one');
    } finally {
      vi.useRealTimers();
    }
  });

  it("ask for the stage", async () => {
    const { exitCode, said } = await run("attest", "add", "x.json");
    expect(exitCode).toBe(2);
    expect(said).toContain('required option "--stage <stage>" not specified');
  });
});
