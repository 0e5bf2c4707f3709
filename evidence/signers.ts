/** Of those who signed something, who counts: whose key was valid, whose roles may, and whether they are enough. */
import type { Evidence, RejectedEvidence, Signer } from "../rollout/evidence";
import type { SignedBy } from "./signed";
import type { Identity, Right, Trust } from "./trust";
import { accept } from "./trust/accept";

/** An item that does not count, while it is being judged. */
export class Rejection extends Error {
  readonly reason: RejectedEvidence["reason"];

  constructor(reason: RejectedEvidence["reason"], detail: string) {
    super(detail);
    this.reason = reason;
  }
}

/** What a signature is judged by. */
export interface Judging {
  readonly trust: Trust;
  /** Machine time. */
  readonly now: number;
}

/**
 * Those whose keys count for a statement of this machine time, at least one.
 * Throws Rejection "key-not-valid", "key-revoked" with the reason of the first that does not.
 */
export function valid(by: readonly SignedBy[], signedAt: number, { trust, now }: Judging): readonly Identity[] {
  const { identities, refused } = accept(by, trust, { signedAt, now });
  const [first] = refused;
  if (identities.length > 0 || first === undefined) return identities;
  throw new Rejection(first.reason, first.detail);
}

/** The one whom a statement names as its signer. Throws as `valid`, and Rejection "signature-invalid". */
export function named(what: string, id: string, by: readonly SignedBy[], signedAt: number, judging: Judging): Identity {
  const own = by.filter(({ identity }) => identity.id === id);
  const [identity] = valid(own, signedAt, judging);
  if (identity !== undefined) return identity;
  const signed = [...new Set(by.map((one) => one.identity.id))].join(", ");
  throw new Rejection("signature-invalid", `${what} of ${quoted(id)}, but signed by ${signed}`);
}

/** Those who may, at least one. */
export function allowed(
  identities: readonly Identity[],
  right: Right,
  stage: string | undefined,
  trust: Trust,
): readonly Signer[] {
  const signers = identities.flatMap((identity) => trust.signer(identity, right, stage) ?? []);
  if (signers.length > 0) return signers;
  const who = identities.map(({ id, roles }) => `${id} (${roles.join(", ")})`).join(", ");
  const what = right === "approval" ? "approve" : right === "waiver" ? "waive" : `attest ${right}`;
  throw new Rejection(
    "signer-lacks-role",
    `${who} may not ${what} ${stage === undefined ? "without a stage" : `for ${stage}`}`,
  );
}

/**
 * Evidence in those of its signers' roles that have enough of them: a role with a threshold speaks only where so many
 * different people or machines that hold it signed the same statement, in one envelope or in several. In words, why none is
 * left.
 */
export function withThresholds(evidence: Evidence, { thresholds }: Trust): Evidence | string {
  if (thresholds.size === 0) return evidence;
  const holders = (role: string): number => evidence.signers.filter(({ roles }) => roles.includes(role)).length;
  const signers = evidence.signers.flatMap(({ id, roles }) => {
    const speaking = roles.filter((role) => holders(role) >= (thresholds.get(role) ?? 1));
    return speaking.length === 0 ? [] : [{ id, roles: speaking }];
  });
  if (signers.length > 0) return { ...evidence, signers };
  const roles = [...new Set(evidence.signers.flatMap((one) => one.roles))];
  const wanted = roles.map((role) => `${thresholds.get(role) ?? 1} of ${role}`).join(", or ");
  return `signed by ${evidence.signers.map(({ id }) => id).join(", ")}; it takes ${wanted} under the same statement`;
}

/** A text of others in a message. */
export function quoted(text: string): string {
  return JSON.stringify(text.length > 100 ? `${text.slice(0, 99)}…` : text);
}
