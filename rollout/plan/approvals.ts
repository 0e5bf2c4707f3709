/** Who must agree: approvals, waivers, types of releases. */
import { z } from "zod";
import { duration } from "../units";
import { atLeastOne, covers, head, name, names, text } from "./words";

/** Approvals by people of these roles, each for this exact change and never the author's own. */
const approvalHead = {
  ...head,
  from: names,
  /** How many different people. */
  count: atLeastOne.default(1),
  /** An approval older than this must be given again. */
  validFor: duration,
  /** Always: whoever wrote the change can't approve it. It stands in the plan so that a reader sees it. */
  excludeAuthor: z.literal(true, "true: the author of a change never approves it").default(true),
  /** Criteria of approvals whose signers do not count here: one person can't serve both. */
  differentFrom: names.readonly().optional(),
  /** Asked for only where the change touches one of these; what is touched is attested and read, never claimed. */
  when: z
    .strictObject({
      /** Paths that the release changes: "src/auth/**". Without attested changes, it counts as touched. */
      files: z.array(text).min(1).readonly().optional(),
      /** Pulumi types in the update plan: "aws:iam/*". */
      resources: z.array(text).min(1).readonly().optional(),
      /** Roles that may attest which files a release changes. */
      attestedBy: names.optional(),
    })
    .optional(),
  /** Not given earlier than so long before the stage's window opens: "15 minutes" for the final word. */
  notBefore: duration.optional(),
  /** Given earlier than so long before the window opens: so that the final word is not the first one, too. */
  notAfter: duration.optional(),
  /**
   * What the gate must have said when it was signed: "everything" was met but approvals and the window, or these
   * criteria were. The approve command puts into the approval what its signer saw.
   */
  seen: z.union([z.literal("everything"), names.readonly()], '"everything", or ids of criteria').optional(),
};

/** Where approvals are asked for in a canary: before each of its steps. */
export const stepApproval = z.strictObject({
  kind: z.literal("update-plan-review").default("update-plan-review"),
  ...approvalHead,
});

const updatePlanReview = z.strictObject({ kind: z.literal("update-plan-review"), ...approvalHead });

const signOff = z.strictObject({
  kind: z.literal("sign-off"),
  ...approvalHead,
  /** Who may attest that an item of a conditional sign-off is done. */
  itemsAttestedBy: names,
});

/** Kinds of criteria that rest on approvals. */
export const APPROVAL_CRITERIA = [updatePlanReview, signOff] as const;

/** Milliseconds: a long weekend. What needs longer is a change of the plan. */
const LONGEST_WAIVER = 72 * 3_600_000;

/** Who may let a release pass one criterion that it does not meet, and for how long. */
export const waivers = z.strictObject({
  from: names,
  count: atLeastOne.default(2),
  /** The longest that one may be valid: hours, never weeks. */
  atMost: duration.refine((span) => span <= LONGEST_WAIVER, "at most 72 hours"),
  /** Who attests that an obligation was met. */
  obligationsAttestedBy: names,
  covers,
});

/**
 * A type of release. A criterion names the types that it is asked of; what a release was not asked for because of its
 * type is a debt, and the next release is asked for it whatever its own type.
 */
export const releaseType = z.strictObject({
  title: text,
  /**
   * A release of this type owes what one of that type would have been asked for and it was not; by default everything.
   * A type that names itself owes nothing: what is ordinary.
   */
  owes: name.optional(),
  covers,
});
