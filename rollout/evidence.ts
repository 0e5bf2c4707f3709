/**
 * Evidence as the gates see it: already verified (signature, trust, subject format), its times in plan time.
 * `evidence/` makes these from envelopes; nothing here reads or verifies anything.
 */

/** sha256, 64 hex. */
export type Digest = string;

/** Who signed, resolved by the trust file. One person with two keys is one identity. */
export interface Signer {
  /** Identity in the trust file: "priya@omnihub.dev", "ci-staging". */
  readonly id: string;
  readonly roles: readonly string[];
}

/** What every piece of evidence carries. */
export interface EvidenceHead {
  /** Digest of the envelope, its address in the store. */
  readonly id: Digest;
  /** Where it was read from, for messages. */
  readonly file: string;
  /** What it speaks of; matched by digest alone. */
  readonly subject: { readonly commits: readonly string[]; readonly sha256: readonly string[] };
  /** The stage it was observed in; absent where evidence is not about a stage (a scan of an image). */
  readonly stage?: string;
  /** When what it attests was finished. */
  readonly finishedAt: number;
  /** Distinct identities whose signatures verified and who may attest this kind for this stage. */
  readonly signers: readonly Signer[];
}

/** What each kind says. Names of kinds are the `kind` of the plan's criteria. */
export interface EvidenceFacts {
  "test-result": {
    readonly suite: string;
    readonly tests: number;
    readonly passed: number;
    readonly failedTests: readonly string[];
    readonly skippedTests: readonly string[];
  };
  vulnerabilities: {
    readonly scanner: string;
    /** When the scanner's database was last updated; absent if the report does not say. */
    readonly databaseUpdatedAt?: number;
    readonly counts: Readonly<Record<"critical" | "high" | "medium" | "low" | "unknown", number>>;
    /** Ids of critical findings, for the message. */
    readonly critical: readonly string[];
  };
  drill: {
    /** "rollback", "restore", … */
    readonly drill: string;
    readonly outcome: "passed" | "failed";
    /** Plan time that it took, milliseconds. */
    readonly took: number;
    /** Restore drills: whether the restored data was verified. */
    readonly integrity?: "verified" | "unverified" | "failed";
  };
  cost: { readonly currency: string; readonly monthly: number };
  "on-call": {
    readonly shifts: readonly {
      readonly level: "primary" | "secondary";
      readonly person: string;
      readonly from: number;
      readonly until: number;
    }[];
  };
  runbooks: { readonly runbooks: readonly { readonly name: string; readonly sections: readonly string[] }[] };
  backup: {
    readonly scope: string;
    readonly trigger: "manual" | "scheduled";
    readonly integrity: "verified" | "unverified" | "failed";
  };
  pipelines: {
    readonly branch: string;
    readonly pipelines: readonly { readonly name: string; readonly conclusion: string; readonly commit: string }[];
  };
  freeze: {
    readonly branch: string;
    readonly since: number;
    readonly merges: readonly { readonly commit: string; readonly title: string; readonly emergency: boolean }[];
  };
  /** An item of a conditional sign-off that has been done. */
  condition: { readonly item: string; readonly approval: Digest };
}

/** A kind of evidence that a criterion can ask for. */
export type EvidenceKind = keyof EvidenceFacts;

/** One verified piece of evidence of one kind. */
export type EvidenceOf<K extends EvidenceKind> = EvidenceHead & { readonly kind: K; readonly facts: EvidenceFacts[K] };

/** Any verified evidence. */
export type Evidence = { [K in EvidenceKind]: EvidenceOf<K> }[EvidenceKind];

/** Something in the store that does not count, and why: shown beside the criterion it would have served. */
export interface RejectedEvidence {
  readonly file: string;
  /** Kind, suite or stage where the item still says so; unverified, only for messages. */
  readonly claims: { readonly kind?: string; readonly stage?: string };
  readonly reason:
    | "unreadable"
    | "malformed"
    | "signature-invalid"
    | "signer-unknown"
    | "signer-lacks-role"
    | "kind-unknown"
    | "from-the-future";
  /** One line: what was found and what was wanted. */
  readonly detail: string;
}

/** What exactly an approval speaks of. Every field must be equal for it to count. */
export interface ApprovalBinding {
  readonly stack: string;
  /** Digest of the update plan's content. */
  readonly updatePlan: Digest;
  /** Digest of the request: configuration, program, rollout plan, release, keyed hash of secrets. */
  readonly request: Digest;
  /** Digest of the stack's state that the update plan was made against. */
  readonly state: Digest;
}

/** A verified, signed decision of one person about one exact change. */
export interface Approval {
  readonly id: Digest;
  readonly file: string;
  readonly binding: ApprovalBinding;
  readonly decision: "approved" | "conditional" | "rejected";
  /** Conditional: what must be done first. */
  readonly items: readonly string[];
  /** Rejected: why. */
  readonly reason?: string;
  readonly signer: Signer;
  readonly approvedAt: number;
}
