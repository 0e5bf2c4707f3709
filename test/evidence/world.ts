/** The happy case of the evidence tests: people, machines, their keys, a trust file and a store in a folder of its own. */
import { createPublicKey, generateKeyPairSync } from "node:crypto";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Envelope, PrivateKey, PublicKey } from "../../evidence/dsse";
import { fingerprint, sign, STATEMENT_TYPE } from "../../evidence/dsse";
import { publicPem } from "../../evidence/keys";
import { EVIDENCE_KINDS, PREDICATES } from "../../evidence/predicates";
import { RUN_ANNOTATION } from "../../evidence/predicates/test-result";
import { readEvidence } from "../../evidence/read";
import { statementBody } from "../../evidence/statement";
import { openStore } from "../../evidence/store";
import type { Store } from "../../evidence/store";
import { parseTrust } from "../../evidence/trust";
import type { Trust } from "../../evidence/trust";
import { withRevocations } from "../../evidence/trust/open";
import { signRevocations } from "../../evidence/trust/revocations";
import { machineClock } from "../../rollout/clock";
import type { EvidenceKind } from "../../rollout/evidence";
import { HoldpointError } from "../../rollout/errors";

/** The present of all evidence tests: Saturday, 21 November 2026, noon UTC. */
export const NOW = Date.UTC(2026, 10, 21, 12);
export const COMMIT = "0123456789abcdef0123456789abcdef01234567";
export const IMAGE = "a".repeat(64);

export function ed25519(): PrivateKey {
  const { privateKey } = generateKeyPairSync("ed25519");
  return { id: fingerprint(privateKey), key: privateKey };
}

export function p256(): PrivateKey {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  return { id: fingerprint(privateKey), key: privateKey };
}

export function publicOf(key: PrivateKey): PublicKey {
  return { id: key.id, key: createPublicKey(key.key) };
}

type Entry = readonly [part: "people" | "machines", id: string, roles: readonly string[], ...pems: string[]];
type Roles = Readonly<Record<string, { may: readonly string[]; stages?: readonly string[]; threshold?: number }>>;

/** A trust file's text. Unless told otherwise by `rules`, a person's first role revokes keys and signs changes. */
export function trustText(entries: readonly Entry[], roles: Roles, rules?: string): string {
  const person = entries.find(([where, , held]) => where === "people" && held[0] !== undefined && held[0] in roles);
  if (rules === undefined && person === undefined) return withKeeper(trustText(entries, roles, ""));
  const part = (name: string): string => {
    const own = entries.filter(([where]) => where === name);
    return own.length === 0 ? `${name}: []\n` : `${name}:\n${own.map(entryText).join("")}`;
  };
  const rights = Object.entries(roles).map(
    ([name, { may, stages, threshold }]) =>
      `  ${name}: { may: [${may.join(", ")}]${stages === undefined ? "" : `, stages: [${stages.join(", ")}]`}${threshold === undefined ? "" : `, threshold: ${threshold}`} }\n`,
  );
  return `apiVersion: holdpoint.dev/v1\nkind: Trust\n${part("people")}${part("machines")}roles:\n${rights.join("")}${rules ?? rulesOf(person?.[2][0] ?? "")}`;
}

/** A trust file's text with somebody more, who revokes keys and signs changes where nobody else does. */
export function withKeeper(text: string): string {
  const keeper = trustText([["people", "keeper", ["keeper"], publicPem(KEEPER.key)]], {}, "");
  const [, people = ""] = /(people:\n(?: .*\n)+)/.exec(keeper) ?? [];
  const before = text.includes("people: []\n") ? text.replace("people: []\n", people) : text + people;
  return (
    before
      .replace("roles: {", "roles: { keeper: { may: [check] },")
      .replace("roles:\n", "roles:\n  keeper: { may: [check] }\n") + rulesOf("keeper")
  );
}

const KEEPER = ed25519();

/** Who revokes keys and signs changes, and the file's version. */
export function rulesOf(role: string, { version = 1, count = 1, revokers = 1 } = {}): string {
  return (
    `version: ${version}\nrevocation: { file: revocations.json, maxAge: 8 days, from: [${role}], count: ${revokers} }\n` +
    `changes: { from: [${role}], count: ${count} }\n`
  );
}

function entryText([, id, roles, ...pems]: Entry): string {
  const keys = pems.map((pem, index) => {
    const lines = pem
      .trim()
      .split("\n")
      .map((line) => `          ${line}\n`);
    return `      - id: ${id}-${index}\n        publicKey: |\n${lines.join("")}`;
  });
  return `  - id: ${id}\n    roles: [${roles.join(", ")}]\n    keys:\n${keys.join("")}`;
}

/** ci attests tests in staging and scans; sre attests drills everywhere; priya (two keys) and cto approve production. */
export interface World {
  readonly keys: Readonly<Record<"ci" | "scanner" | "sre" | "priya" | "priya2" | "cto" | "stranger", PrivateKey>>;
  readonly trust: Trust;
  readonly store: Store;
}

const keys = {
  ci: ed25519(),
  scanner: p256(),
  sre: ed25519(),
  priya: ed25519(),
  priya2: p256(),
  cto: p256(),
  stranger: ed25519(),
};
const pem = (key: PrivateKey): string => publicPem(key.key);
/** The trust file's text. */
export const trustSource = trustText(
  [
    ["machines", "ci-staging", ["ci"], pem(keys.ci)],
    ["machines", "scanner", ["scanner"], pem(keys.scanner)],
    ["people", "sam@omnihub.dev", ["sre"], pem(keys.sre)],
    ["people", "priya@omnihub.dev", ["tech-lead", "reviewer"], pem(keys.priya), pem(keys.priya2)],
    ["people", "cto@omnihub.dev", ["cto"], pem(keys.cto)],
  ],
  {
    ci: { may: ["test-result"], stages: ["staging"] },
    scanner: { may: ["vulnerabilities", "approval"] },
    sre: { may: EVIDENCE_KINDS.filter((kind) => kind !== "test-result" && kind !== "vulnerabilities") },
    "tech-lead": { may: ["approval"], stages: ["production"] },
    reviewer: { may: ["approval"], stages: ["staging"] },
    cto: { may: ["approval"] },
  },
  rulesOf("cto"),
);
/** The list of revoked keys beside it: nothing is revoked, and it is an hour old. */
export const revocationsSource = JSON.stringify(
  signRevocations({ serial: 1, issuedAt: NOW - 3_600_000, revoked: [] }, keys.cto),
);
const trust = withRevocations(parseTrust(trustSource, "trust.yaml"), revocationsSource, NOW);

export function world(): World {
  return { keys, trust, store: openStore(mkdtempSync(join(tmpdir(), "holdpoint-evidence-"))) };
}

/** Reads a store as a gate does, at NOW. */
export function read(
  { store, trust: trusted }: World,
  options: { now?: number } = {},
): ReturnType<typeof readEvidence> {
  return readEvidence(store, trusted, machineClock, { now: NOW, ...options });
}

type Json = Readonly<Record<string, unknown>>;

/** A predicate of each kind, the happy case. */
export const HAPPY: Readonly<Record<EvidenceKind, Json>> = {
  "test-result": testRun(),
  vulnerabilities: {
    scanner: {
      uri: "https://snyk.io",
      db: { lastUpdate: "2026-11-21T00:00:00Z" },
      result: [{ id: "CVE-2026-1", severity: [{ method: "nvd", score: "medium" }] }],
    },
    metadata: { scanFinishedOn: "2026-11-21T10:00:00Z" },
  },
  drill: {
    stage: "staging",
    drill: "restore",
    startedOn: "2026-11-21T09:00:00Z",
    finishedOn: "2026-11-21T09:40:00Z",
    outcome: "passed",
    integrity: "verified",
    marks: [{ name: "detected", reachedOn: "2026-11-21T09:02:00Z" }],
  },
  cost: { stage: "production", finishedOn: "2026-11-21T10:00:00Z", currency: "USD", monthly: "400.48" },
  "on-call": {
    finishedOn: "2026-11-21T10:00:00Z",
    statedBy: "attester",
    shifts: [
      { level: "primary", person: "Sam", from: "2026-11-20T00:00:00Z", until: "2026-11-27T00:00:00Z" },
      { level: "secondary", person: "Lena" },
    ],
  },
  runbooks: {
    finishedOn: "2026-11-21T10:00:00Z",
    runbooks: [{ name: "service-down", digest: { sha256: "b".repeat(64) }, sections: ["Symptoms"] }],
  },
  backup: {
    stage: "production",
    finishedOn: "2026-11-21T10:00:00Z",
    scope: "full",
    trigger: "manual",
    integrity: "verified",
  },
  pipelines: {
    finishedOn: "2026-11-21T10:00:00Z",
    branch: "main",
    pipelines: [{ name: "CI", conclusion: "success", commit: COMMIT }],
  },
  freeze: {
    finishedOn: "2026-11-21T10:00:00Z",
    branch: "main",
    since: "2026-11-20T10:00:00Z",
    merges: [{ commit: COMMIT, title: "Fix", mergedOn: "2026-11-20T11:00:00Z", emergency: true }],
  },
  coverage: {
    finishedOn: "2026-11-21T10:00:00Z",
    suite: "unit",
    lines: { covered: 90, total: 100 },
    modules: [
      { name: "src/cart.ts", covered: 40, total: 50 },
      { name: "src/pay.ts", covered: 50, total: 50 },
    ],
  },
  measurement: {
    stage: "staging",
    finishedOn: "2026-11-21T10:00:00Z",
    suite: "load-test",
    measures: [{ name: "p95", value: 212.5, unit: "ms" }],
  },
  survey: { finishedOn: "2026-11-21T10:00:00Z", survey: "beta", answers: 12, satisfied: 10 },
  review: {
    finishedOn: "2026-11-21T10:00:00Z",
    review: "code",
    outcome: "approved",
    author: "ada",
    reviewers: ["sam", "lena"],
  },
  artifacts: {
    finishedOn: "2026-11-21T10:00:00Z",
    artifacts: [
      { name: "omni.tar.gz", digest: { sha256: "d".repeat(64) }, signature: { format: "ssh", key: "SHA256:x" } },
    ],
  },
  sbom: {
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    metadata: { timestamp: "2026-11-21T10:00:00Z" },
    components: [{ type: "library", name: "zod", version: "4.6.7" }],
  },
  provenance: {
    buildDefinition: {
      buildType: "https://actions.github.io/buildtypes/workflow/v1",
      externalParameters: {
        workflow: {
          ref: "refs/heads/main",
          repository: "https://github.com/omnihub/api",
          path: ".github/workflows/ci.yml",
        },
      },
    },
    runDetails: {
      builder: { id: "https://github.com/actions/runner/github-hosted" },
      metadata: { invocationId: "https://github.com/omnihub/api/actions/runs/1", finishedOn: "2026-11-21T10:00:00Z" },
    },
  },
  documents: {
    finishedOn: "2026-11-21T10:00:00Z",
    documents: [{ name: "guide", digest: { sha256: "b".repeat(64) }, sections: ["Install"] }],
  },
  check: { finishedOn: "2026-11-21T10:00:00Z", statedBy: "attester", check: "legal-review", outcome: "done" },
  changes: { finishedOn: "2026-11-21T10:00:00Z", from: "f".repeat(40), files: ["src/cart.ts"] },
  workflow: {
    finishedOn: "2026-11-21T10:00:00Z",
    statedBy: "attester",
    workflow: "CI",
    triggers: [{ event: "push", branches: ["main"], filters: [], cron: [] }],
    jobs: [{ id: "build", needs: [], runners: ["ubuntu-latest"], steps: [{ commands: ["npm ci"] }] }],
  },
  condition: {
    stage: "production",
    finishedOn: "2026-11-21T10:00:00Z",
    item: "Tell support",
    approval: "c".repeat(64),
  },
};

/** A test-result predicate whose run has one member changed. */
export function testRun(change: Json = {}, outer: Json = {}): Json {
  const run = {
    suite: "smoke",
    stage: "staging",
    startedOn: "2026-11-21T09:59:00Z",
    finishedOn: "2026-11-21T10:00:00Z",
    tests: 3,
    passed: 2,
    skippedTests: ["third"],
    ...change,
  };
  return {
    result: "PASSED",
    configuration: [{ name: "smoke.xml", annotations: { [RUN_ANNOTATION]: run } }],
    passedTests: ["first", "second"],
    failedTests: [],
    ...outer,
  };
}

/** A signed envelope of a kind; the happy predicate unless another is given. */
export function envelope(kind: EvidenceKind, signers: readonly PrivateKey[], predicate: Json = HAPPY[kind]): Envelope {
  const body = statementBody({ commit: COMMIT, sha256: IMAGE, name: "image" }, PREDICATES[kind].type, predicate);
  return sign(STATEMENT_TYPE, body, signers);
}

/** The code and message of the refusal that some work ends in. */
export async function refusal(work: () => unknown): Promise<string> {
  try {
    await work();
  } catch (error) {
    if (error instanceof HoldpointError) return `${error.code}: ${error.message}`;
    throw error;
  }
  return "no refusal";
}
