/**
 * The trust file: whose keys count, which roles they give, and what each role may attest in which stage. It is part of
 * the project like the plan is; its digest is part of every decision.
 */
import type { KeyObject } from "node:crypto";
import { z } from "zod";
import type { EvidenceKind, Signer } from "../rollout/evidence";
import type { Mistake, Path } from "../rollout/yaml";
import { choice, mistakesError, mistakesOf, readYaml } from "../rollout/yaml";
import type { PublicKey } from "./dsse";
import { fingerprint } from "./dsse";
import type { Keyless, SigstoreRoot } from "./keyless";
import { keylessSchema, matchesKeyless, sigstoreSchema } from "./keyless";
import { EVIDENCE_KINDS } from "./predicates";
import { PUBLIC_KEY_FORMS, readPublicKey } from "./public-key";
import type { CertificateIdentity, SigstoreVerifier } from "./sigstore";

/** What a role may be given: to attest a kind of evidence, to approve changes, to waive criteria. */
export type Right = EvidenceKind | "approval" | "waiver";

/** A person or a machine of the trust file. */
export interface Identity {
  readonly id: string;
  /** Machines attest; only people approve and waive. */
  readonly person: boolean;
  readonly roles: readonly string[];
}

/** The trust file, read and checked. */
export interface Trust {
  /** Every key, by fingerprint (sha256 of its SubjectPublicKeyInfo), as `verify` takes them. */
  readonly keys: readonly PublicKey[];
  /** Whose key it is; undefined for a key that the file does not name. */
  owner(key: KeyObject): Identity | undefined;
  /** The machine that a verified certificate is of; undefined where the file names none with its identity and issuer. */
  keyless(certificate: CertificateIdentity): Identity | undefined;
  /** Where the root of certificates lies; undefined where the file names none, and then no certificate counts. */
  readonly sigstoreRoot: SigstoreRoot | undefined;
  /** Verifies bundles with certificates; only there once `withSigstore` has read the root. */
  readonly sigstore?: SigstoreVerifier;
  /** The identity in those of its roles that give it this right in this stage; undefined where none does. */
  signer(identity: Identity, right: Right, stage: string | undefined): Signer | undefined;
}

const RIGHTS: readonly Right[] = [...EVIDENCE_KINDS, "approval", "waiver"];

const name = z
  .string('a name such as "ci-staging"')
  .regex(/^[A-Za-z0-9][A-Za-z0-9@._+-]{0,126}$/, "a name of letters, digits and @ . _ + -, at most 127");
const stage = z
  .string('a stage such as "staging"')
  .regex(/^[a-z][a-z0-9-]{0,62}$/, "a stage's name: lower-case letters, digits and hyphens, at most 63");

const key = z.strictObject({ id: name, publicKey: z.string("a public key: PEM, or OpenSSH's line") });

const identity = z.strictObject({
  id: name,
  name: z.string("text").min(1, "text, not empty").optional(),
  roles: z.array(stage, "a list of roles").min(1, "at least one role"),
  keys: z.array(key, "a list of keys").min(1, "at least one key"),
});

const machine = identity
  .extend({
    keys: z.array(key, "a list of keys").default([]),
    /** Signs without keys: with certificates of the Sigstore root. */
    keyless: z.array(keylessSchema, "a list of identities with issuers").default([]),
  })
  .refine(({ keys, keyless }) => keys.length + keyless.length > 0, "at least one key, or a keyless identity");

const role = z.strictObject({
  may: z.array(z.enum(RIGHTS), "a list of rights").min(1, "at least one right"),
  /** Only in these stages; without it in all. Evidence that names no stage needs a role without this limit. */
  stages: z.array(stage, "a list of stages").min(1, "at least one stage").optional(),
});

const schema = z.strictObject({
  apiVersion: z.literal("holdpoint.dev/v1"),
  kind: z.literal("Trust"),
  people: z.array(identity, "a list of people").default([]),
  machines: z.array(machine, "a list of machines").default([]),
  sigstore: sigstoreSchema.optional(),
  roles: z.record(stage, role, "a map of roles"),
});

type TrustFile = z.output<typeof schema>;

/** The same file whatever is wrong with its shape, so that names and keys are checked in the same go. */
const looseIdentity = z
  .object({
    id: z.string().catch(""),
    roles: z.array(z.string().catch("")).catch([]),
    keys: z
      .array(z.object({ id: z.string().catch(""), publicKey: z.string().catch("") }).catch({ id: "", publicKey: "" }))
      .catch([]),
  })
  .catch({ id: "", roles: [], keys: [] });
const looseSchema = z
  .object({
    people: z.array(looseIdentity).catch([]),
    machines: z.array(looseIdentity).catch([]),
    roles: z.record(z.string(), z.unknown()).catch({}),
  })
  .catch({ people: [], machines: [], roles: {} });

type LooseFile = z.output<typeof looseSchema>;

const REMEDY = "compare it with plans/trust.example.yaml; `holdpoint keys new` makes a key and prints its public half";

/**
 * Reads a trust file's text; `file` is for messages.
 * @throws HoldpointError `trust-invalid` with every mistake and its place; `yaml-syntax`; `file-too-large`.
 */
export function parseTrust(text: string, file: string): Trust {
  const source = readYaml(text, file);
  const result = schema.safeParse(source.data);
  const keys: PublicKey[] = [];
  const owners = new Map<string, Identity>();
  const loose = looseSchema.parse(source.data);
  const mistakes = [
    ...(result.success ? [] : mistakesOf(result.error, source, schema)),
    ...collectKeys(loose, keys, owners),
    ...checkNames(loose),
  ];
  if (!result.success || mistakes.length > 0) {
    throw mistakesError("trust-invalid", mistakes, source, { remedy: REMEDY });
  }
  return trust(result.data, keys, owners);
}

function trust(file: TrustFile, keys: readonly PublicKey[], owners: ReadonlyMap<string, Identity>): Trust {
  const gives = (roleName: string, right: Right, inStage: string | undefined): boolean => {
    const { may, stages } = file.roles[roleName] ?? { may: [] };
    return may.includes(right) && (stages === undefined || (inStage !== undefined && stages.includes(inStage)));
  };
  return {
    keys,
    owner: (publicKey) => owners.get(fingerprint(publicKey)),
    keyless: (certificate) => keylessOwner(file, certificate),
    sigstoreRoot: file.sigstore,
    signer: ({ id, person, roles }, right, inStage) => {
      if ((right === "approval" || right === "waiver") && !person) return undefined;
      const held = roles.filter((roleName) => gives(roleName, right, inStage));
      return held.length === 0 ? undefined : { id, roles: held };
    },
  };
}

/** Nobody where two machines claim it: whom it would count for must not hang on their order. */
function keylessOwner({ machines }: TrustFile, certificate: CertificateIdentity): Identity | undefined {
  const claims = (wanted: Keyless): boolean => matchesKeyless(wanted, certificate);
  const [owner, ...others] = machines.filter(({ keyless }) => keyless.some(claims));
  if (owner === undefined || others.length > 0) return undefined;
  return { id: owner.id, person: false, roles: owner.roles };
}

/** Everyone with the path in the file, people first. */
function everyone(file: LooseFile): { path: Path; person: boolean; entry: z.output<typeof looseIdentity> }[] {
  return (["people", "machines"] as const).flatMap((part) =>
    file[part].map((entry, index) => ({ path: [part, index], person: part === "people", entry })),
  );
}

function collectKeys(file: LooseFile, keys: PublicKey[], owners: Map<string, Identity>): Mistake[] {
  const mistakes: Mistake[] = [];
  for (const { path, person, entry } of everyone(file)) {
    for (const [index, keyEntry] of entry.keys.entries()) {
      const keyPath = [...path, "keys", index, "publicKey"];
      if (keyEntry.publicKey === "") continue;
      const publicKey = readPublicKey(keyEntry.publicKey);
      if (typeof publicKey === "string") {
        mistakes.push({ path: keyPath, found: publicKey, expected: PUBLIC_KEY_FORMS });
        continue;
      }
      const print = publicKey.id;
      const before = owners.get(print);
      if (before !== undefined) {
        mistakes.push({ path: keyPath, found: `the key of ${before.id} again`, expected: "every key once" });
        continue;
      }
      owners.set(print, { id: entry.id, person, roles: entry.roles });
      keys.push(publicKey);
    }
  }
  return mistakes;
}

function checkNames(file: LooseFile): Mistake[] {
  const roles = Object.keys(file.roles);
  const ids = new Set<string>();
  const keyIds = new Set<string>();
  const mistakes: Mistake[] = [];
  const once = (seen: Set<string>, id: string, path: Path): void => {
    // An id that differs only in case reads as the same person.
    if (id === "") return;
    if (seen.has(id.toLowerCase())) mistakes.push({ path, expected: "an id that is used once" });
    seen.add(id.toLowerCase());
  };
  for (const { path, entry } of everyone(file)) {
    once(ids, entry.id, [...path, "id"]);
    for (const [index, { id }] of entry.keys.entries()) once(keyIds, id, [...path, "keys", index, "id"]);
    for (const [index, roleName] of entry.roles.entries()) {
      if (roleName === "" || roles.includes(roleName)) continue;
      mistakes.push({ path: [...path, "roles", index], expected: `a role of this file: ${choice(roles, roleName)}` });
    }
  }
  return mistakes;
}
