/**
 * Approvals: a person's signed decision about one exact change. The subject is the digest of the update plan's content;
 * the binding adds stack, request and state, so that it fits nothing else.
 */
import { z } from "zod";
import type { ApprovalBinding, Digest, Sight } from "../rollout/evidence";
import type { Envelope, PrivateKey } from "./dsse";
import { EnvelopeError, sign, STATEMENT_TYPE } from "./dsse";
import { ownType, sha256, utc, words } from "./predicates/shared";
import { refuseSecrets } from "./secrets";
import type { Statement } from "./statement";
import { malformed, statementBody } from "./statement";
import { formatUtc } from "./time";

/** Exact predicateType of an approval. */
export const APPROVAL_TYPE = ownType("approval");

/** What its predicate must look like. */
export const approvalSchema = z
  .object({
    approver: words,
    binding: z.object({ stack: words, updatePlan: sha256, request: sha256, state: sha256 }),
    decision: z.enum(["approved", "conditional", "rejected"]),
    items: z.array(words).max(50).default([]),
    reason: words.optional(),
    saw: z.object({ outcome: z.enum(["GO", "NO-GO", "PENDING"]), unmet: z.array(words).max(500) }).optional(),
    approvedOn: utc,
  })
  .refine(
    ({ decision, items }) => (decision === "conditional") === items.length > 0,
    "items go with a conditional decision",
  )
  .refine(({ decision, reason }) => decision !== "rejected" || reason !== undefined, "a rejection without a reason");

/** What a person decides; conditional needs items, rejected a reason. */
export interface ApprovalDecision {
  /** Identity in the trust file. */
  readonly approver: string;
  readonly binding: ApprovalBinding;
  readonly decision: "approved" | "conditional" | "rejected";
  readonly items?: readonly string[];
  readonly reason?: string;
  /** What the gate said right before it was signed. */
  readonly saw?: Sight;
  /** Machine time. */
  readonly approvedAt: number;
}

/** An approval's statement as it was read, its times in machine time and its signer not yet judged. */
export interface StatedApproval extends ApprovalDecision {
  readonly items: readonly string[];
}

/**
 * Writes and signs an approval.
 * @throws EnvelopeError "malformed" for a decision that could not be read back; HoldpointError `intake-secret`
 */
export function signApproval(decision: ApprovalDecision, key: PrivateKey): Envelope {
  const { approver, binding, items = [], reason, saw, approvedAt } = decision;
  const predicate = {
    approver,
    binding,
    decision: decision.decision,
    ...(items.length === 0 ? {} : { items }),
    ...(reason === undefined ? {} : { reason }),
    ...(saw === undefined ? {} : { saw }),
    approvedOn: formatUtc(approvedAt),
  };
  const subject = { sha256: binding.updatePlan, name: "update plan" };
  const body = statementBody(subject, APPROVAL_TYPE, predicate);
  parseApproval({ subject: { commits: [], sha256: [binding.updatePlan] }, predicateType: APPROVAL_TYPE, predicate });
  refuseSecrets("the approval", body.toString("utf8"));
  return sign(STATEMENT_TYPE, body, [key]);
}

/** Reads an approval out of a verified statement. Throws EnvelopeError "malformed". */
export function parseApproval(statement: Statement): StatedApproval {
  const result = approvalSchema.safeParse(statement.predicate);
  if (!result.success) throw malformed("the approval", result.error);
  const { approver, binding, decision, items, reason, saw, approvedOn } = result.data;
  const subjects: readonly Digest[] = statement.subject.sha256;
  if (subjects.length !== 1 || subjects[0] !== binding.updatePlan) {
    throw new EnvelopeError("malformed", "the approval's subject is not the update plan that it is bound to");
  }
  return {
    approver,
    binding,
    decision,
    items,
    approvedAt: approvedOn,
    ...(reason === undefined ? {} : { reason }),
    ...(saw === undefined ? {} : { saw }),
  };
}
