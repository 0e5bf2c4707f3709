/**
 * The trust file: whose keys count, when, which roles they give, and what each role may attest in which stage; who revokes
 * keys, and who must sign a change of the file itself. It is part of the project like the plan is; its digest is part of
 * every decision.
 */
import type { KeyObject } from "node:crypto";
import type { Digest, Signer } from "../rollout/evidence";
import { mistakesError, mistakesOf, readYaml } from "../rollout/yaml";
import { digest } from "./canonical";
import type { PublicKey } from "./dsse";
import { fingerprint } from "./dsse";
import type { Keyless, SigstoreRoot } from "./keyless";
import { matchesKeyless } from "./keyless";
import type { CertificateIdentity, SigstoreVerifier } from "./sigstore";
import { looseSchema, trustSchema, type Right, type TrustFile } from "./trust/file";
import { checkCounts, checkNames, collectKeys, holdersOf, type Identity, type Keys, type KeyTerm } from "./trust/rules";
import type { Revocations } from "./trust/revocations";

export type { Right } from "./trust/file";
export type { Identity, KeyTerm } from "./trust/rules";

/** So many different holders of one of these roles. */
export interface SignersRule {
  readonly from: readonly string[];
  readonly count: number;
}

/** The trust file, read and checked. */
export interface Trust {
  /** As messages name it. */
  readonly file: string;
  readonly version: number;
  /** sha256 of its text. */
  readonly digest: Digest;
  /** Every key, by fingerprint (sha256 of its SubjectPublicKeyInfo), as `verify` takes them. */
  readonly keys: readonly PublicKey[];
  /** Whose key it is; undefined for a key that the file does not name. */
  owner(key: KeyObject): Identity | undefined;
  /** A key of the file by its fingerprint: its name, whose it is, and when it counts. */
  term(print: string): KeyTerm | undefined;
  /** The machine that a verified certificate is of; undefined where the file names none with its identity and issuer. */
  keyless(certificate: CertificateIdentity): Identity | undefined;
  /** Where the root of certificates lies; undefined where the file names none, and then no certificate counts. */
  readonly sigstoreRoot: SigstoreRoot | undefined;
  /** Verifies bundles with certificates; only there once `withSigstore` has read the root. */
  readonly sigstore?: SigstoreVerifier;
  /** The identity in those of its roles that give it this right in this stage; undefined where none does. */
  signer(identity: Identity, right: Right, stage: string | undefined): Signer | undefined;
  /** By role: how many different holders must sign the same statement, where that is more than one. */
  readonly thresholds: ReadonlyMap<string, number>;
  /** Everyone of the file. */
  readonly everyone: readonly Identity[];
  /** Who must sign a change of this file. */
  readonly changes: SignersRule;
  /** The list of revoked keys: where it lies, how old it may be (milliseconds), who signs it. */
  readonly revocation: SignersRule & { readonly file: string; readonly maxAge: number };
  /** What that list says; only there once `withRevocations` has read it. */
  readonly revocations?: Revocations;
}

const REMEDY = "compare it with plans/trust.example.yaml; `holdpoint keys new` makes a key and prints its public half";

/**
 * Reads a trust file's text; `file` is for messages.
 * @throws HoldpointError `trust-invalid` with every mistake and its place; `yaml-syntax`; `file-too-large`.
 */
export function parseTrust(text: string, file: string): Trust {
  const source = readYaml(text, file);
  const result = trustSchema.safeParse(source.data);
  const loose = looseSchema.parse(source.data);
  const keys = collectKeys(loose);
  const named = [...keys.mistakes, ...checkNames(loose)];
  const mistakes = result.success
    ? [...named, ...(named.length === 0 ? checkCounts(result.data) : [])]
    : [...mistakesOf(result.error, source, trustSchema), ...named];
  if (!result.success || mistakes.length > 0) {
    throw mistakesError("trust-invalid", mistakes, source, { remedy: REMEDY });
  }
  return trust(result.data, keys, { file, digest: digest(text) });
}

function trust(file: TrustFile, { keys, terms }: Keys, head: Pick<Trust, "file" | "digest">): Trust {
  const gives = (roleName: string, right: Right, inStage: string | undefined): boolean => {
    const given = Object.hasOwn(file.roles, roleName) ? file.roles[roleName] : undefined;
    if (given === undefined) return false;
    const { may, stages } = given;
    return may.includes(right) && (stages === undefined || (inStage !== undefined && stages.includes(inStage)));
  };
  return {
    ...head,
    version: file.version,
    keys,
    owner: (publicKey) => terms.get(fingerprint(publicKey))?.owner,
    term: (print) => terms.get(print),
    keyless: (certificate) => keylessOwner(file, certificate),
    sigstoreRoot: file.sigstore,
    signer: ({ id, person, roles }, right, inStage) => {
      if ((right === "approval" || right === "waiver") && !person) return undefined;
      const held = roles.filter((roleName) => gives(roleName, right, inStage));
      return held.length === 0 ? undefined : { id, roles: held };
    },
    thresholds: new Map(
      Object.entries(file.roles).flatMap(([role, { threshold }]) => (threshold > 1 ? [[role, threshold]] : [])),
    ),
    everyone: [...file.people.map(asIdentity(true)), ...file.machines.map(asIdentity(false))],
    changes: file.changes,
    revocation: file.revocation,
  };
}

const asIdentity =
  (person: boolean) =>
  ({ id, roles }: { readonly id: string; readonly roles: readonly string[] }): Identity => ({ id, person, roles });

/** Nobody where two machines claim it: whom it would count for must not hang on their order. */
function keylessOwner({ machines }: TrustFile, certificate: CertificateIdentity): Identity | undefined {
  const claims = (wanted: Keyless): boolean => matchesKeyless(wanted, certificate);
  const [owner, ...others] = machines.filter(({ keyless }) => keyless.some(claims));
  if (owner === undefined || others.length > 0) return undefined;
  return { id: owner.id, person: false, roles: owner.roles };
}

/** Of some identities, those who may take part in a rule, each once. */
export function partakers(rule: SignersRule, identities: readonly Identity[]): readonly Identity[] {
  return holdersOf([...new Map(identities.map((one) => [one.id, one])).values()], rule.from);
}
