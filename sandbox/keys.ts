import { createPublicKey, generateKeyPairSync } from "node:crypto";
import { join } from "node:path";
import { stringify } from "yaml";
import type { Right } from "../evidence/trust";
import { readFile, writeFile } from "./providers/store";

/** Someone, or something, of the story that signs. */
export interface Actor {
  readonly id: string;
  readonly name: string;
  /** Roles of the rollout plan. */
  readonly roles: readonly string[];
}

/** The people of the story. */
export const PEOPLE: readonly Actor[] = [
  { id: "priya@omnihub.dev", name: "Priya, tech lead", roles: ["tech-lead"] },
  { id: "carl@omnihub.dev", name: "Carl, CTO", roles: ["cto"] },
  { id: "dana@omnihub.dev", name: "Dana, DevOps, author of the releases", roles: ["devops"] },
  { id: "sam@omnihub.dev", name: "Sam, SRE", roles: ["sre"] },
  { id: "quinn@omnihub.dev", name: "Quinn, QA", roles: ["qa"] },
];

/** The machines of the story: pipelines and services that attest with keys of their own. They never approve. */
export const MACHINES: readonly Actor[] = [
  { id: "ci-staging", name: "Pipeline that tests staging", roles: ["ci"] },
  { id: "ci-security", name: "Pipeline that scans images", roles: ["ci"] },
  { id: "ci-cost", name: "Pipeline that estimates costs", roles: ["ci"] },
  { id: "ci-main", name: "Pipelines of the main branch", roles: ["ci"] },
  { id: "oncall-sync", name: "Service that reads the on-call schedule", roles: ["sre"] },
  { id: "db-backup", name: "Service that backs the database up", roles: ["sre"] },
];

/** What each role of plans/omnihub.yaml may attest; `approval` is the right to approve, `waiver` that to waive. */
const ROLES: Readonly<Record<string, { readonly may: readonly Right[] }>> = {
  ci: { may: ["test-result", "vulnerabilities", "cost", "runbooks", "freeze", "pipelines"] },
  qa: { may: ["test-result", "condition"] },
  sre: { may: ["drill", "on-call", "runbooks", "backup", "condition", "approval"] },
  devops: { may: ["cost", "freeze", "condition", "approval"] },
  "tech-lead": { may: ["approval", "waiver"] },
  cto: { may: ["approval", "waiver"] },
};

/** The trust file of a sandbox. */
export const TRUST_FILE = "trust.yaml";

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

/** Makes the throw-away keys of the story's people and machines, and the trust file that names them. */
export function writeKeys(dir: string): void {
  const entry = ({ id, name, roles }: Actor) => ({
    id,
    name,
    roles,
    keys: [{ id: `${id}-sandbox`, publicKey: publicKey(dir, id) }],
  });
  const trust = {
    apiVersion: "holdpoint.dev/v1",
    kind: "Trust",
    people: PEOPLE.map(entry),
    machines: MACHINES.map(entry),
    roles: ROLES,
  };
  const text = `# Throw-away keys of this sandbox: worth nothing anywhere else.\n${stringify(trust, { lineWidth: 0 })}`;
  if (readFile(join(dir, TRUST_FILE)) !== text) writeFile(join(dir, TRUST_FILE), text);
}
