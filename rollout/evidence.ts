/**
 * Evidence as the gates see it: already verified (signature, trust, subject format), its times in plan time.
 * `evidence/` makes these from envelopes; nothing here reads or verifies anything.
 */

import type { Unit } from "./units";

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

/** Lines, of which some were run. */
export interface Covered {
  readonly covered: number;
  readonly total: number;
}

/** One event that starts a workflow. */
export interface WorkflowTrigger {
  /** "push", "pull_request", "schedule", … */
  readonly event: string;
  /** Patterns of branches, "!" before those that are left out again; absent: not limited to some. */
  readonly branches?: readonly string[];
  readonly branchesIgnore?: readonly string[];
  /** Other filters that it has: "paths", "tags", … */
  readonly filters: readonly string[];
  /** What has to happen to a pull request; absent: what happens by default. */
  readonly types?: readonly string[];
  /** Times of a schedule, five fields in UTC. */
  readonly cron: readonly string[];
}

/** What may keep a job or a step from running, or its failure from counting. */
export interface WorkflowDoubt {
  /** Its `if`, as it stands, where it has one other than the default. */
  readonly condition?: string;
  /** Its failure does not fail what it is part of. */
  readonly mayFail?: true;
}

/** One job. A step that calls an action has `action`, one that runs a script its `commands`. */
export interface WorkflowJob extends WorkflowDoubt {
  readonly id: string;
  readonly needs: readonly string[];
  /** Machines that it runs on, one after the other of a matrix; several labels of one machine are joined by ", ". */
  readonly runners: readonly string[];
  readonly steps: readonly (WorkflowDoubt & {
    readonly action?: string;
    /** What stands behind the "@". */
    readonly version?: string;
    /** Inputs, each with the values that it gets in the runs of a matrix. */
    readonly with?: Readonly<Record<string, readonly string[]>>;
    /** Commands of a script that always run and end it when they fail. */
    readonly commands?: readonly string[];
  })[];
}

/** What each kind says. Names of kinds are the `kind` of the plan's criteria. */
export interface EvidenceFacts {
  "test-result": {
    readonly suite: string;
    /** Where it ran, one of several places that must all pass: "ubuntu-22.04". */
    readonly environment?: string;
    readonly tests: number;
    readonly passed: number;
    readonly failedTests: readonly string[];
    readonly skippedTests: readonly string[];
  };
  vulnerabilities: {
    readonly scanner: string;
    /** What was looked at; absent if the report does not say. */
    readonly scope?: "code" | "dependencies" | "image";
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
    /** When parts of it were reached: plan time since its start, milliseconds. */
    readonly marks?: readonly { readonly name: string; readonly after: number }[];
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
  runbooks: {
    readonly runbooks: readonly {
      readonly name: string;
      readonly sections: readonly string[];
      /** Alerts that it names. */
      readonly alerts?: readonly string[];
    }[];
  };
  backup: {
    readonly scope: string;
    readonly trigger: "manual" | "scheduled";
    readonly integrity: "verified" | "unverified" | "failed";
  };
  pipelines: {
    readonly branch: string;
    readonly pipelines: readonly {
      readonly name: string;
      readonly conclusion: string;
      readonly commit: string;
      /** From start to end, milliseconds of plan time; absent if the report does not say. */
      readonly took?: number;
    }[];
  };
  /** What the file of a pipeline says. What it does not say for certain (a condition, an expression) is told as it stands. */
  workflow: {
    /** Its own name. */
    readonly workflow: string;
    readonly triggers: readonly WorkflowTrigger[];
    readonly jobs: readonly WorkflowJob[];
  };
  freeze: {
    readonly branch: string;
    readonly since: number;
    readonly merges: readonly { readonly commit: string; readonly title: string; readonly emergency: boolean }[];
  };
  coverage: {
    /** Name of what was measured: "unit". */
    readonly suite: string;
    readonly lines: Covered;
    /** Each module or file by its path. */
    readonly modules: readonly (Covered & { readonly name: string })[];
  };
  /** Numbers that a tool measured: a benchmark, a load test, a tracker's counts. */
  measurement: {
    /** "benchmarks", "load-test", "issue-tracker". */
    readonly suite: string;
    readonly environment?: string;
    readonly measures: readonly {
      readonly name: string;
      /** In the unit's base: milliseconds, bytes, a fraction, a count, per second. */
      readonly value: number;
      readonly unit: Exclude<Unit, "x">;
    }[];
  };
  survey: {
    readonly survey: string;
    /** People who answered. */
    readonly answers: number;
    /** Of them, how many were satisfied. */
    readonly satisfied: number;
  };
  /** People or an outside party looked at something: code, documentation, a security audit, a penetration test. */
  review: {
    readonly review: string;
    readonly outcome: "approved" | "changes-requested" | "rejected";
    /** Identities as the reviewing tool names them, the author of what was reviewed never among them. */
    readonly reviewers: readonly string[];
    /** Findings still open, by severity; absent if the report does not say. */
    readonly open?: Readonly<Record<"critical" | "high" | "medium" | "low", number>>;
  };
  /** Files of a release, as they were published. */
  artifacts: {
    readonly artifacts: readonly {
      readonly name: string;
      readonly sha256: Digest;
      /** Whether a detached signature was verified, and by which key. */
      readonly signedBy?: string;
    }[];
  };
  sbom: { readonly format: "CycloneDX" | "SPDX"; readonly components: number };
  provenance: {
    /** URI of the builder. */
    readonly builder: string;
    readonly repository?: string;
    /** Branch or tag that it was built from: "main". */
    readonly branch?: string;
    /** Whether a second build gave the same digest. */
    readonly reproduced?: boolean;
  };
  /** Documents that were read: guides, plans, notes. */
  documents: { readonly documents: readonly { readonly name: string; readonly sections: readonly string[] }[] };
  /** An item of a checklist that somebody did and signs for. */
  check: { readonly check: string; readonly outcome: "done" | "not-done"; readonly note?: string };
  /** Which files differ between two commits. */
  changes: { readonly from: string; readonly files: readonly string[] };
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
    | "key-not-valid"
    | "key-revoked"
    | "too-few-signers"
    | "time-unproven"
    | "certificate-not-valid"
    | "signed-before"
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
  /** What the gate said when it was signed; absent where the approval does not tell. */
  readonly saw?: Sight;
  readonly signer: Signer;
  readonly approvedAt: number;
}

/** What a signer saw of the gate. */
export interface Sight {
  readonly outcome: "GO" | "NO-GO" | "PENDING";
  /** Ids of the findings that kept it shut. */
  readonly unmet: readonly string[];
}

/** What exactly a waiver speaks of. Every field must be equal for it to count. */
export interface WaiverBinding {
  readonly stack: string;
  readonly stage: string;
  /** The one criterion, by its id. */
  readonly criterion: string;
  /** sha256 of the rollout plan's text. */
  readonly plan: Digest;
  readonly image: string;
  readonly commit: string;
}

/** A verified, signed permission of one person to pass one criterion that is not met. */
export interface Waiver {
  readonly id: Digest;
  readonly file: string;
  readonly binding: WaiverBinding;
  readonly reason: string;
  /** What must be done, and attested, before the next release. */
  readonly obligation: string;
  readonly signer: Signer;
  readonly grantedAt: number;
  /** For how long, in milliseconds of plan time. */
  readonly validFor: number;
}
