import { readFileSync } from "node:fs";
import type { Approval, Evidence, EvidenceKind, EvidenceOf, Signer } from "../../rollout/evidence";
import { FEATURES, isOnCanaryStack } from "../../rollout/inventory";
import { parsePlan } from "../../rollout/plan";
import { gateQuestions, stepQuestions } from "../../rollout/questions";
import type { Reading, Readings } from "../../rollout/readings";
import type { TrustStanding } from "../../rollout/trust";
import type { CanaryRecord, StageEntry, World } from "../../rollout/world";

/** A plan for tests, as large as they need: what documents ask for grows in plans/, with cases of its own. */
export const PLAN_FILE = "test/fixtures/rollout/plan.yaml";
export const PLAN_TEXT = readFileSync(PLAN_FILE, "utf8");
export const PLAN = parsePlan(PLAN_TEXT, PLAN_FILE);

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** Sunday 2026-11-22 02:05 UTC: five minutes into the window. */
export const NOW = Date.UTC(2026, 10, 22, 2, 5);

export const hex = (digit: string, length = 64): string => digit.repeat(length);

export const RELEASE = {
  version: "2.4.0",
  image: `registry.example/omnihub@sha256:${hex("a")}`,
  commit: hex("9", 40),
  author: "ada@omnihub.dev",
};
export const BASELINE = {
  version: "2.3.0",
  image: `registry.example/omnihub@sha256:${hex("b")}`,
  commit: hex("1", 40),
  author: "bob@omnihub.dev",
};
const ENTERED: StageEntry = { release: RELEASE, baseline: BASELINE, request: hex("7") };
const BEFORE: StageEntry = { release: BASELINE, baseline: BASELINE, request: hex("6") };

const signer = (role: string): Signer => ({ id: `${role}@omnihub.dev`, roles: [role] });

let serial = 0;
/** One piece of evidence about this release, finished an hour ago. */
export function evidence<K extends EvidenceKind>(
  kind: K,
  facts: EvidenceOf<K>["facts"],
  more: Partial<EvidenceOf<K>> = {},
): EvidenceOf<K> {
  serial += 1;
  return {
    id: serial.toString(16).padStart(64, "0"),
    file: `evidence/${kind}-${serial}.json`,
    subject: { commits: [RELEASE.commit], sha256: [] },
    finishedAt: NOW - HOUR,
    signers: [signer("ci"), signer("sre"), signer("devops"), signer("qa")],
    kind,
    facts,
    ...more,
  } as unknown as EvidenceOf<K>;
}

export const PASSED = { suite: "smoke", tests: 12, passed: 12, failedTests: [], skippedTests: [] };
/** A smoke run in staging so many hours ago. */
export const smoke = (
  hours: number,
  facts: Partial<EvidenceOf<"test-result">["facts"]> = {},
  more: Partial<EvidenceOf<"test-result">> = {},
) => evidence("test-result", { ...PASSED, ...facts }, { stage: "staging", finishedAt: NOW - hours * HOUR, ...more });

export const COUNTS = { critical: 0, high: 2, medium: 5, low: 9, unknown: 0 };
export const scan = (
  facts: Partial<EvidenceOf<"vulnerabilities">["facts"]> = {},
  more: Partial<EvidenceOf<"vulnerabilities">> = {},
) => evidence("vulnerabilities", { scanner: "snyk", counts: COUNTS, critical: [], ...facts }, more);
export const rollbackDrill = (
  facts: Partial<EvidenceOf<"drill">["facts"]> = {},
  more: Partial<EvidenceOf<"drill">> = {},
) => evidence("drill", { drill: "rollback", outcome: "passed", took: 40_000, ...facts }, { stage: "staging", ...more });
export const restoreDrill = (
  facts: Partial<EvidenceOf<"drill">["facts"]> = {},
  more: Partial<EvidenceOf<"drill">> = {},
) =>
  evidence(
    "drill",
    { drill: "restore", outcome: "passed", took: 42 * MINUTE, integrity: "verified", ...facts },
    { stage: "staging", ...more },
  );
export const cost = (facts: Partial<EvidenceOf<"cost">["facts"]> = {}, more: Partial<EvidenceOf<"cost">> = {}) =>
  evidence("cost", { currency: "USD", monthly: 412, ...facts }, { stage: "production", ...more });
const shift = (level: "primary" | "secondary", person: string, from: number, until: number) => ({
  level,
  person,
  from,
  until,
});
export const SHIFTS = [
  shift("primary", "pia", NOW - DAY, NOW + 12 * HOUR),
  shift("primary", "quo", NOW + 12 * HOUR, NOW + 2 * DAY),
  shift("secondary", "sam", NOW - HOUR, NOW + DAY),
];
export const onCall = (
  facts: Partial<EvidenceOf<"on-call">["facts"]> = {},
  more: Partial<EvidenceOf<"on-call">> = {},
) => evidence("on-call", { shifts: SHIFTS, ...facts }, { stage: "production", ...more });
export const RUNBOOKS = ["high-error-rate", "service-down", "database-down"].map((name) => ({
  name,
  sections: ["Check", "Mend"],
}));
export const runbooks = (
  facts: Partial<EvidenceOf<"runbooks">["facts"]> = {},
  more: Partial<EvidenceOf<"runbooks">> = {},
) => evidence("runbooks", { runbooks: RUNBOOKS, ...facts }, more);
export const freeze = (facts: Partial<EvidenceOf<"freeze">["facts"]> = {}, more: Partial<EvidenceOf<"freeze">> = {}) =>
  evidence("freeze", { branch: "main", since: NOW - 30 * HOUR, merges: [], ...facts }, more);
export const pipelines = (
  facts: Partial<EvidenceOf<"pipelines">["facts"]> = {},
  more: Partial<EvidenceOf<"pipelines">> = {},
) =>
  evidence(
    "pipelines",
    { branch: "main", pipelines: [{ name: "build", conclusion: "success", commit: RELEASE.commit }], ...facts },
    more,
  );
export const backup = (facts: Partial<EvidenceOf<"backup">["facts"]> = {}, more: Partial<EvidenceOf<"backup">> = {}) =>
  evidence(
    "backup",
    { scope: "full", trigger: "manual", integrity: "verified", ...facts },
    { stage: "production", ...more },
  );

/** Everything that production asks for. */
export function allEvidence(): Evidence[] {
  return [
    ...[1, 2, 3, 4, 5].map((hours) => smoke(hours)),
    scan(),
    rollbackDrill(),
    restoreDrill(),
    cost(),
    onCall(),
    runbooks(),
    freeze(),
    pipelines(),
    backup(),
  ];
}

/** All evidence, with that of one kind replaced. */
export function evidenceBut(kind: EvidenceKind, ...items: readonly Evidence[]): Evidence[] {
  return [...allEvidence().filter((item) => item.kind !== kind), ...items];
}

export const BINDING = { stack: "production", request: hex("7"), state: hex("5") };
export const UPDATE_PLAN = hex("4");
export function approval(role: string, more: Partial<Approval> = {}): Approval {
  return {
    id: role === "tech-lead" ? hex("e") : hex("d"),
    file: `approvals/${role}.json`,
    binding: { ...BINDING, updatePlan: UPDATE_PLAN },
    decision: "approved",
    items: [],
    saw: { outcome: "PENDING", unmet: [] },
    signer: signer(role),
    approvedAt: NOW - HOUR,
    ...more,
  };
}

/** What a quiet metrics source answers: every trigger of a step on its good side, every live criterion met. */
export function quietReadings(plan = PLAN, stage = "production", to = 100): Readings {
  const as = { to, span: (time: number) => time };
  const questions = [...gateQuestions(plan, stage, as.span), ...stepQuestions(plan, stage, as)];
  return Object.fromEntries(questions.map(({ key }) => [key, quiet(key.slice(key.lastIndexOf(".") + 1))]));
}

/** A health of 1, an error rate of 0.1% like the baseline's, from 1000 requests, all the time. */
function quiet(part: string): Reading {
  const values: Record<string, number> = {
    seen: 1,
    "other-seen": 1,
    age: 1,
    count: 1000,
    "other-count": 9000,
    rise: 0,
  };
  return part === "firing" ? [] : [{ labels: { le: "60" }, value: values[part] ?? 1 }];
}

/** A trust file under which production changed before. */
export const TRUST: TrustStanding = {
  file: "trust.yaml",
  mark: { digest: hex("2"), version: 1, revocations: { serial: 1, revoked: [] } },
  problems: [],
};

/** What the program declares: everything, in staging and production alike. */
const FEATURES_DECLARED = Object.keys(FEATURES).filter((feature) => !isOnCanaryStack(feature));
export const DECLARED: NonNullable<World["declared"]> = {
  own: {
    features: FEATURES_DECLARED,
    alerts: PLAN.triggers.map(({ id, severity, runbook }) => ({
      name: id,
      severity,
      ...(runbook === undefined ? {} : { runbook: PLAN.runbooks[runbook] ?? runbook }),
    })),
    dashboards: ["slo", "operator", "infrastructure"],
    flags: [],
  },
  canary: { features: Object.keys(FEATURES).filter(isOnCanaryStack) },
  others: { staging: { features: FEATURES_DECLARED } },
};

/** A world in which production may be entered: `up`, five minutes into the window. */
export function world(more: Partial<World> = {}): World {
  return {
    now: NOW,
    mode: "up",
    stack: "production",
    release: RELEASE,
    baseline: BASELINE,
    request: hex("7"),
    evidence: allEvidence(),
    rejected: [],
    approvals: [approval("sre"), approval("tech-lead")],
    binding: BINDING,
    updatePlans: [UPDATE_PLAN],
    trust: TRUST,
    declared: DECLARED,
    stages: {
      staging: { ok: true, images: IMAGES, record: { current: ENTERED, usedApprovals: [] } },
      production: { ok: true, images: IMAGES, record: { current: BEFORE, usedApprovals: [] } },
    },
    ...more,
  };
}

/** What the workloads of each stage run. */
export const IMAGES = [RELEASE.image, BASELINE.image];

/** A world in which the canary of production may go on: at `weight`, held for longer than any hold. */
export function canaryWorld(weight: number, more: Partial<World> = {}, canary: Partial<CanaryRecord> = {}): World {
  return world({
    stages: {
      production: {
        ok: true,
        images: IMAGES,
        record: { current: ENTERED, previous: BEFORE, usedApprovals: [] },
        canary: { weight, since: NOW - 31 * MINUTE, release: RELEASE, routed: weight, ...canary },
      },
    },
    evidence: [],
    approvals: [],
    route: {},
    readings: quietReadings(),
    metrics: {
      canary: { requests: 1000, errors: 1, p95: 0.2, probes: { samples: 30, failures: 0 } },
      baseline: { requests: 9000, errors: 9, p95: 0.19, probes: { samples: 30, failures: 0 } },
    },
    ...more,
  });
}
