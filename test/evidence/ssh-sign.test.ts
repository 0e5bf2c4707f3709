import { execFileSync, spawn, spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { attestCondition } from "../../evidence/attest";
import { pae, sign, verify } from "../../evidence/dsse";
import { loadKey, PASSPHRASE_VARIABLE } from "../../evidence/keys";
import { readPublicKey } from "../../evidence/public-key";
import type { PublicKey } from "../../evidence/dsse";
import { readEvidence } from "../../evidence/read";
import { SSH_ALGORITHMS } from "../../evidence/ssh-key";
import { armor } from "../../evidence/ssh-signature";
import { openStore } from "../../evidence/store";
import { parseTrust } from "../../evidence/trust";
import { machineClock } from "../../rollout/clock";
import { makeKey, signSsh } from "./ssh";
import { COMMIT, NOW, refusal, trustText } from "./world";

const TYPE = "http://example.com/HelloWorld";
const BODY = Buffer.from("hello world");
const PASSPHRASE = "correct horse battery";
const folder = mkdtempSync(join(tmpdir(), "holdpoint-ssh-"));
const passphrase = (): Promise<string> => Promise.resolve(PASSPHRASE);
const hasTool = spawnSync("ssh-keygen", ["-?"]).error === undefined;

afterEach(() => vi.unstubAllEnvs());
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A key that the real tool made; its file. */
function keygen(name: string, type: string, secret = PASSPHRASE): string {
  const file = join(folder, name);
  if (!existsSync(file))
    execFileSync("ssh-keygen", ["-q", "-a", "1", "-t", type, "-N", secret, "-C", "test", "-f", file]);
  return file;
}

function publicOf(file: string): PublicKey {
  const key = readPublicKey(readFileSync(`${file}.pub`, "utf8"));
  if (typeof key === "string") throw new Error(key);
  return key;
}

/** A `ssh-keygen` of our own in place of the real one: what it prints is what it "signed". */
function pretend(script: string): void {
  const bin = mkdtempSync(join(folder, "bin-"));
  writeFileSync(join(bin, "ssh-keygen"), `#!/bin/sh\n${script}\n`);
  chmodSync(join(bin, "ssh-keygen"), 0o755);
  vi.stubEnv("PATH", `${bin}:${process.env["PATH"] ?? ""}`);
}

describe.skipIf(!hasTool)("an OpenSSH key that signs with the real ssh-keygen", () => {
  // No agent of the one who runs the tests, and never a question on their terminal.
  beforeAll(() => {
    delete process.env["SSH_AUTH_SOCK"];
    process.env["SSH_ASKPASS"] = "/bin/false";
    process.env["SSH_ASKPASS_REQUIRE"] = "force";
  });

  it.each(["ed25519", "ecdsa"])("%s, encrypted: what it signs verifies", async (type) => {
    const file = keygen(`encrypted-${type}`, type);
    const key = await loadKey(file, { passphrase });
    const envelope = sign(TYPE, BODY, [key]);
    expect(verify(envelope, [publicOf(file)]).keys.map(({ id }) => id)).toEqual([key.id]);
    expect(envelope.signatures[0]?.keyid).toBe(publicOf(file).id);
  });

  it("takes the passphrase from the environment, as other keys do", async () => {
    const file = keygen("encrypted-ed25519", "ed25519");
    vi.stubEnv(PASSPHRASE_VARIABLE, PASSPHRASE);
    expect(verify(sign(TYPE, BODY, [await loadKey(file)]), [publicOf(file)]).keys).toHaveLength(1);
  });

  it("is refused with a wrong passphrase or none, and none is told", async () => {
    const file = keygen("encrypted-ed25519", "ed25519");
    const wrong = await loadKey(file, { passphrase: () => Promise.resolve("wrong horse") });
    const message = await refusal(() => sign(TYPE, BODY, [wrong]));
    expect(message).toMatch(new RegExp(`^key-unusable: can't use the key ${file}: ssh-keygen did not sign: `));
    expect(message).not.toContain("wrong horse");
    vi.stubEnv(PASSPHRASE_VARIABLE, "");
    const none = await loadKey(file);
    expect(await refusal(() => sign(TYPE, BODY, [none]))).toMatch(
      new RegExp(`^key-unusable: can't use the key ${file}: ssh-keygen did not sign`),
    );
  });

  it("is refused unencrypted, except in the sandbox", async () => {
    const file = keygen("plain", "ed25519", "");
    expect(await refusal(() => loadKey(file))).toBe(`key-unusable: can't use the key ${file}: it is not encrypted`);
    const key = await loadKey(file, { allowPlain: true });
    expect(verify(sign(TYPE, BODY, [key]), [publicOf(file)]).keys).toHaveLength(1);
  });

  it("of RSA is refused by name", async () => {
    const file = keygen("rsa", "rsa");
    const why = `key-unusable: can't use the key ${file}: it is a key of type ssh-rsa`;
    expect(await refusal(() => loadKey(file, { passphrase }))).toBe(why);
  });

  it("is found in the agent by its public half alone", async () => {
    const file = keygen("in-the-agent", "ed25519", "");
    const socket = join(folder, "agent");
    const agent = spawn("ssh-agent", ["-D", "-a", socket], { stdio: "ignore" });
    try {
      await vi.waitFor(() => expect(existsSync(socket)).toBe(true), { timeout: 5000 });
      vi.stubEnv("SSH_AUTH_SOCK", socket);
      execFileSync("ssh-add", ["-q", file], { stdio: "ignore" });
      rmSync(file);
      const key = await loadKey(`${file}.pub`);
      expect(verify(sign(TYPE, BODY, [key]), [publicOf(file)]).keys).toHaveLength(1);
    } finally {
      agent.kill();
    }
  });

  it("is refused where its file and the agent both lack the private half", async () => {
    const file = keygen("gone", "ed25519");
    rmSync(file);
    const key = await loadKey(`${file}.pub`);
    expect(await refusal(() => sign(TYPE, BODY, [key]))).toContain(`can't use the key ${file}.pub: ssh-keygen did not`);
  });

  it("attests: a gate reads who signed, and that they may", async () => {
    const file = keygen("encrypted-ed25519", "ed25519");
    const roles = { sre: { may: ["condition"] } };
    const line = readFileSync(`${file}.pub`, "utf8");
    const trust = parseTrust(trustText([["people", "sam", ["sre"], line]], roles), "trust.yaml");
    const store = openStore(mkdtempSync(join(folder, "store-")));
    const key = await loadKey(file, { passphrase });
    const options = { stage: "production", subject: { commit: COMMIT }, key, store, now: NOW };
    await attestCondition({ ...options, item: "dashboards checked", approval: "a".repeat(64) });
    const { evidence, rejected } = await readEvidence(store, trust, machineClock, { now: NOW });
    expect(rejected).toEqual([]);
    expect(evidence.map(({ signers }) => signers)).toEqual([[{ id: "sam", roles: ["sre"] }]]);
  });
});

describe.skipIf(!hasTool)("what we take for a signature", () => {
  it.each(SSH_ALGORITHMS)("is one for the real ssh-keygen, too: %s", (algorithm) => {
    const key = makeKey(algorithm);
    const bytes = pae(TYPE, BODY);
    const signers = join(folder, "allowed");
    const signature = join(folder, "signature");
    writeFileSync(signers, `somebody ${key.line}\n`);
    const check = (blob: Buffer): number | null => {
      writeFileSync(signature, armor(blob));
      const args = ["-Y", "verify", "-n", "holdpoint", "-I", "somebody", "-f", signers, "-s", signature];
      return spawnSync("ssh-keygen", args, { input: bytes }).status;
    };
    expect(check(signSsh(key, bytes))).toBe(0);
    expect(check(signSsh(key, bytes, { hash: "sha256" }))).toBe(0);
    expect(check(signSsh(key, bytes, { namespace: "git", claimedNamespace: "holdpoint" }))).not.toBe(0);
  });
});

describe.skipIf(!hasTool)("an ssh-keygen that does not do its work", () => {
  const signed = async (): Promise<string> => {
    const key = await loadKey(keygen("encrypted-ed25519", "ed25519"), { passphrase });
    return (await refusal(() => sign(TYPE, BODY, [key]))).replace(/^.*encrypted-ed25519: /, "");
  };

  it("and prints nothing is named", async () => {
    pretend("cat >/dev/null");
    expect(await signed()).toBe("ssh-keygen printed no signature");
  });

  it("and signs with another key is caught", async () => {
    const blob = armor(signSsh(makeKey("ssh-ed25519"), pae(TYPE, BODY)));
    pretend(`cat >/dev/null; cat <<'END'\n${blob}END`);
    expect(await signed()).toBe("what ssh-keygen signed does not verify with it");
  });

  it("and says why is quoted, without control characters", async () => {
    pretend("cat >/dev/null; printf 'first\\nagent refused \\033[31moperation\\n' >&2; exit 1");
    expect(await signed()).toBe("ssh-keygen did not sign: agent refused [31moperation");
  });

  it("and is not there is named", async () => {
    const key = await loadKey(keygen("encrypted-ed25519", "ed25519"), { passphrase });
    vi.stubEnv("PATH", "/nonexistent");
    expect(await refusal(() => sign(TYPE, BODY, [key]))).toContain("there is no ssh-keygen to sign with it");
  });

  it("leaves no file of ours behind", async () => {
    const temporary = mkdtempSync(join(folder, "tmp-"));
    vi.stubEnv("TMPDIR", temporary);
    pretend(`cat >/dev/null; ls ${temporary}/*/askpass >&2; exit 1`);
    expect(await signed()).toContain("/askpass");
    expect(execFileSync("ls", ["-A", temporary]).toString()).toBe("");
  });
});
