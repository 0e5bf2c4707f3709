/** The shape of the trust file; what parts of it say of each other is checked in rules.ts. */
import { z } from "zod";
import type { EvidenceKind } from "../../rollout/evidence";
import { parseDuration } from "../../rollout/units";
import { keylessSchema, sigstoreSchema } from "../keyless";
import { EVIDENCE_KINDS } from "../predicates";
import { parseUtc } from "../time";

/** What a role may be given: to attest a kind of evidence, to approve changes, to waive criteria. */
export type Right = EvidenceKind | "approval" | "waiver";

const RIGHTS: readonly Right[] = [...EVIDENCE_KINDS, "approval", "waiver"];

const name = z
  .string('a name such as "ci-staging"')
  .regex(/^[A-Za-z0-9][A-Za-z0-9@._+-]{0,126}$/, "a name of letters, digits and @ . _ + -, at most 127");
const stage = z
  .string('a stage such as "staging"')
  .regex(/^[a-z][a-z0-9-]{0,62}$/, "a stage's name: lower-case letters, digits and hyphens, at most 63");

const INSTANT = 'a date or a time in UTC, such as "2026-11-21" or "2026-11-21T08:00:00Z"';

/** "2026-11-21T08:00:00Z", or "2026-11-21", which is the moment in which that day begins in UTC. */
export function parseMoment(text: string): number | undefined {
  return parseUtc(/^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T00:00:00Z` : text);
}

const moment = z
  .string(INSTANT)
  .refine((text) => parseMoment(text) !== undefined, INSTANT)
  .transform((text) => parseMoment(text) ?? Number.NaN);

const key = z.strictObject({
  id: name,
  publicKey: z.string("a public key: PEM, or OpenSSH's line"),
  /** What it signed before that does not count. */
  from: moment.optional(),
  /** Its end: from then on nothing counts that it ever signed. */
  until: moment.optional(),
});

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

const count = (what: string) => z.int(what).min(1, what).max(10, "at most 10");

const role = z.strictObject({
  may: z.array(z.enum(RIGHTS), "a list of rights").min(1, "at least one right"),
  /** Only in these stages; without it in all. Evidence that names no stage needs a role without this limit. */
  stages: z.array(stage, "a list of stages").min(1, "at least one stage").optional(),
  /** So many different holders must sign the same statement before it counts as this role's. */
  threshold: count("how many different holders must sign the same statement").default(1),
});

const roles = z.array(stage, "a list of roles").min(1, "at least one role");

const HOUR = 3_600_000;
const AGE = 'how old the list may be: from "1 hour" to "92 days"';
const maxAge = z
  .string(AGE)
  .refine((text) => {
    const age = parseDuration(text) ?? 0;
    return age >= HOUR && age <= 92 * 24 * HOUR;
  }, AGE)
  .transform((text) => parseDuration(text) ?? Number.NaN);

const revocation = z.strictObject(
  {
    /** The signed list of revoked keys, beside this file. */
    file: z
      .string('a file beside this one, such as "revocations.json"')
      .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,126}$/, "the name of a file beside this one, without a folder"),
    maxAge,
    from: roles,
    count: count("how many of them sign the list").default(1),
  },
  "who signs the list of revoked keys, and how often: { file: revocations.json, maxAge: 8 days, from: [role], count: 1 }",
);

const changes = z.strictObject(
  { from: roles, count: count("how many of them sign a change of this file").default(1) },
  "who must sign a change of this file: { from: [role], count: 2 }",
);

const VERSION = "the file's version: 1, and one more with each change";

/** The trust file. */
export const trustSchema = z.strictObject({
  apiVersion: z.literal("holdpoint.dev/v1"),
  kind: z.literal("Trust"),
  version: z.int(VERSION).min(1, VERSION).max(1_000_000, "at most 1000000"),
  people: z.array(identity, "a list of people").default([]),
  machines: z.array(machine, "a list of machines").default([]),
  sigstore: sigstoreSchema.optional(),
  roles: z.record(stage, role, "a map of roles"),
  revocation,
  changes,
});

export type TrustFile = z.output<typeof trustSchema>;

/** The same file whatever is wrong with its shape, so that names and keys are checked in the same go. */
const looseKey = z.object({
  id: z.string().catch(""),
  publicKey: z.string().catch(""),
  from: moment.optional().catch(undefined),
  until: moment.optional().catch(undefined),
});
const looseIdentity = z
  .object({
    id: z.string().catch(""),
    roles: z.array(z.string().catch("")).catch([]),
    keys: z.array(looseKey.catch({ id: "", publicKey: "" })).catch([]),
  })
  .catch({ id: "", roles: [], keys: [] });
const looseRule = z.object({ from: z.array(z.string().catch("")).catch([]) }).catch({ from: [] });

export const looseSchema = z
  .object({
    people: z.array(looseIdentity).catch([]),
    machines: z.array(looseIdentity).catch([]),
    roles: z.record(z.string(), z.unknown()).catch({}),
    revocation: looseRule,
    changes: looseRule,
  })
  .catch({ people: [], machines: [], roles: {}, revocation: { from: [] }, changes: { from: [] } });

export type LooseFile = z.output<typeof looseSchema>;
export type LooseIdentity = z.output<typeof looseIdentity>;
