import { createPrivateKey, createPublicKey, generateKeyPairSync } from "node:crypto";
import { join } from "node:path";
import { stringify } from "yaml";
import { fingerprint } from "../evidence/dsse";
import { parseTrust, type Right } from "../evidence/trust";
import { readRevocations, signRevocations } from "../evidence/trust/revocations";
import { castOf, type Actor } from "./cast";
import { readFile, writeFile } from "./providers/store";

export type { Actor } from "./cast";

/** The people of the story. */
export const PEOPLE: readonly Actor[] = [
  { id: "priya@omnihub.dev", name: "Priya, tech lead", roles: ["tech-lead"] },
  { id: "carl@omnihub.dev", name: "Carl, CTO", roles: ["cto"] },
  { id: "dana@omnihub.dev", name: "Dana, DevOps, author of the releases", roles: ["devops"] },
  { id: "sam@omnihub.dev", name: "Sam, SRE", roles: ["sre"] },
  { id: "quinn@omnihub.dev", name: "Quinn, QA", roles: ["qa"] },
  { id: "mia@omnihub.dev", name: "Mia, support", roles: ["support"] },
];

/** The machines of the story: pipelines and services that attest with keys of their own. They never approve. */
export const MACHINES: readonly Actor[] = [
  { id: "ci-staging", name: "Pipeline that tests staging", roles: ["ci"] },
  { id: "ci-security", name: "Pipeline that scans images", roles: ["ci"] },
  { id: "ci-cost", name: "Pipeline that estimates costs", roles: ["ci"] },
  { id: "ci-main", name: "Pipelines of the main branch", roles: ["ci"] },
  { id: "ci-production", name: "Pipeline that probes production", roles: ["ci"] },
  { id: "oncall-sync", name: "Service that reads the on-call schedule", roles: ["sre"] },
  { id: "db-backup", name: "Service that backs the database up", roles: ["sre"] },
];

/** What each role of plans/omnihub.yaml may attest; `approval` is the right to approve, `waiver` that to waive. */
const ROLES: Readonly<Record<string, { readonly may: readonly Right[] }>> = {
  ci: {
    may: ["test-result", "drill", "vulnerabilities", "cost", "runbooks", "freeze", "pipelines", "workflow", "changes"],
  },
  qa: { may: ["test-result", "condition"] },
  sre: { may: ["test-result", "drill", "check", "on-call", "runbooks", "backup", "condition", "approval"] },
  devops: { may: ["check", "cost", "freeze", "condition", "approval"] },
  support: { may: ["check"] },
  "tech-lead": { may: ["check", "approval", "waiver"] },
  cto: { may: ["check", "approval", "waiver"] },
};

/** The trust file of a sandbox. */
export const TRUST_FILE = "trust.yaml";

/** The sandbox's list of revoked keys, beside its trust file. */
export const REVOCATIONS_FILE = "revocations.json";

/** Who signs the list of revoked keys in the story. */
const REVOKER = "priya@omnihub.dev";
/** Each `up` signs it anew where it is older than this, in milliseconds. */
const RENEWED_AFTER = 24 * 3_600_000;

/** Where an actor's private key lies: PEM, not encrypted, which is accepted in a sandbox only. */
export function keyPath(dir: string, id: string): string {
  return join(dir, "keys", `${id}.pem`);
}

/** The public half of an actor's key, which is made on first use. */
function publicKey(dir: string, id: string): string {
  const path = keyPath(dir, id);
  if (readFile(path) === undefined) {
    const { privateKey } = generateKeyPairSync("ed25519");
    writeFile(path, String(privateKey.export({ type: "pkcs8", format: "pem" })));
  }
  return String(createPublicKey(readFile(path) ?? "").export({ type: "spki", format: "pem" }));
}

/**
 * Makes the throw-away keys of the people and machines of every plan that the project's stack files name, and the trust
 * file that names them.
 * @throws HoldpointError where such a plan can't be read
 */
export function writeKeys(dir: string, root: string): void {
  const { people, machines, roles } = castOf(root, { people: PEOPLE, machines: MACHINES, roles: ROLES });
  const entry = ({ id, name, roles }: Actor) => ({
    id,
    name,
    roles,
    keys: [{ id: `${id}-sandbox`, publicKey: publicKey(dir, id) }],
  });
  const trust = {
    apiVersion: "holdpoint.dev/v1",
    kind: "Trust",
    version: 1,
    people: people.map(entry),
    machines: machines.map(entry),
    roles,
    revocation: { file: REVOCATIONS_FILE, maxAge: "30 days", from: ["tech-lead", "cto"], count: 1 },
    changes: { from: ["tech-lead", "cto"], count: 2 },
  };
  const text = `# Throw-away keys of this sandbox: worth nothing anywhere else.\n${stringify(trust, { lineWidth: 0 })}`;
  if (readFile(join(dir, TRUST_FILE)) !== text) writeFile(join(dir, TRUST_FILE), text);
  renewRevocations(dir, text);
}

/** A list that revokes nothing, or what it revoked before, signed today. */
function renewRevocations(dir: string, trustText: string): void {
  const path = join(dir, REVOCATIONS_FILE);
  const now = Date.now();
  const { list, problem } = readRevocations(readFile(path), parseTrust(trustText, TRUST_FILE), now);
  if (list !== undefined && problem === undefined && now - list.issuedAt < RENEWED_AFTER) return;
  const key = createPrivateKey(readFile(keyPath(dir, REVOKER)) ?? "");
  const said = { serial: (list?.serial ?? 0) + 1, issuedAt: now, revoked: list?.revoked ?? [] };
  writeFile(path, `${JSON.stringify(signRevocations(said, { id: fingerprint(key), key }))}\n`);
}
