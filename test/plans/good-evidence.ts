/**
 * The evidence of a good world, made from a plan alone: for each of its criteria the least that passes it. A new kind of
 * criterion needs a line in `FACTS`; nothing here knows any one plan.
 */
import type { Evidence, EvidenceFacts, EvidenceKind } from "../../rollout/evidence";
import { marksOf } from "../../rollout/levels";
import type { CriterionOf, EvidenceCriterion, Plan, Stage } from "../../rollout/plan";
import { fitting } from "./fitting";

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

export const hex = (digit: string, length = 64): string => digit.repeat(length);

export const RELEASE = {
  version: "2.4.0",
  image: `registry.example/app@sha256:${hex("a")}`,
  commit: hex("9", 40),
  author: "ada@example.org",
};
export const BASELINE = {
  version: "2.3.0",
  image: `registry.example/app@sha256:${hex("b")}`,
  commit: hex("1", 40),
  author: "bob@example.org",
};

/** One piece before it is signed and dated. */
interface Piece {
  readonly kind: EvidenceKind;
  readonly facts: object;
  /** Older than the newest piece by so many of this criterion's steps. */
  readonly back?: number;
  /** About the release before instead of this one. */
  readonly baseline?: true;
}

type Kind = EvidenceCriterion["kind"];
type Make<K extends Kind> = (criterion: CriterionOf<K>, plan: Plan, now: number) => readonly Piece[];

const piece = <K extends EvidenceKind>(kind: K, facts: EvidenceFacts[K], more: Partial<Piece> = {}): Piece => ({
  kind,
  facts,
  ...more,
});
const NOTHING_FOUND = { critical: 0, high: 0, medium: 0, low: 0, unknown: 0 };
/** Once without an environment, or once in each. */
const places = (environments: readonly string[] | undefined): readonly { environment?: string }[] =>
  environments === undefined ? [{}] : environments.map((environment) => ({ environment }));
const name = (pattern: string): string => pattern.replaceAll("*", "x").replaceAll("{commit}", RELEASE.commit);

/** All criteria of a plan that rest on evidence, wherever they stand. */
export function evidenceCriteria(plan: Plan): readonly EvidenceCriterion[] {
  const found: EvidenceCriterion[] = [];
  const visit = (value: unknown): void => {
    if (typeof value !== "object" || value === null) return;
    if ("kind" in value && "attestedBy" in value && "maxAge" in value) found.push(value as EvidenceCriterion);
    Object.values(value).forEach(visit);
  };
  visit({ ...plan, source: undefined });
  return found;
}

const ofKind = <K extends Kind>(plan: Plan, kind: K): readonly CriterionOf<K>[] =>
  evidenceCriteria(plan).filter((one) => one.kind === kind) as unknown as readonly CriterionOf<K>[];

/** Criteria of a kind that are about the same thing: what one asks, the evidence of the others must not lack. */
const same = <K extends Kind>(plan: Plan, kind: K, is: (one: CriterionOf<K>) => boolean): readonly CriterionOf<K>[] =>
  ofKind(plan, kind).filter(is);

const FACTS: { readonly [K in Kind]: Make<K> } = {
  // Every run of a suite, whoever asks for it, has as many tests as the most that is asked.
  tests: ({ suite, runs, environments }, plan) => {
    const tests = Math.max(...same(plan, "tests", (one) => one.suite === suite).map(({ atLeast }) => atLeast));
    return Array.from({ length: runs }, (_, back) =>
      places(environments).map((where) =>
        piece("test-result", { suite, ...where, tests, passed: tests, failedTests: [], skippedTests: [] }, { back }),
      ),
    ).flat();
  },
  coverage: ({ suite }, plan) => {
    const paths = ofKind(plan, "coverage").flatMap(({ modules }) => modules?.paths ?? []);
    const modules = [...new Set(paths)].map((path) => ({ name: name(path), covered: 100, total: 100 }));
    return [piece("coverage", { suite, lines: { covered: 1000, total: 1000 }, modules })];
  },
  vulnerabilities: ({ scope }, _plan, now) => [
    piece("vulnerabilities", {
      scanner: "scanner",
      ...(scope === undefined ? {} : { scope }),
      databaseUpdatedAt: now - HOUR,
      counts: NOTHING_FOUND,
      critical: [],
    }),
  ],
  // One run of a suite measures everything that any criterion asks of it.
  measurement: ({ suite, environments }, plan) => {
    const asked = ofKind(plan, "measurement").filter((one) => one.suite === suite);
    const measures = [...new Set(asked.map(({ measure }) => measure))].map((measure) => ({
      name: measure,
      ...fitting(asked.filter((one) => one.measure === measure)),
    }));
    const compared = asked.some(({ of }) => of === "baseline");
    const before = measures.map((measure) => ({ ...measure, value: 100 }));
    return places(environments).flatMap((where) => [
      piece("measurement", { suite, ...where, measures }),
      ...(compared ? [piece("measurement", { suite, ...where, measures: before }, { baseline: true, back: 1 })] : []),
    ]);
  },
  survey: (criterion, plan) => {
    const asked = ofKind(plan, "survey").filter(({ survey }) => survey === criterion.survey);
    const answers = Math.max(...asked.map((one) => one.answers)) * 100;
    const { value } = fitting(asked);
    return [piece("survey", { survey: criterion.survey, answers, satisfied: Math.round(value * answers) })];
  },
  review: ({ review }, plan) => {
    const most = Math.max(...same(plan, "review", (one) => one.review === review).map(({ reviewers }) => reviewers));
    return [
      piece("review", {
        review,
        outcome: "approved",
        reviewers: Array.from({ length: most }, (_, index) => `reviewer-${index + 1}`),
        open: { critical: 0, high: 0, medium: 0, low: 0 },
      }),
    ];
  },
  artifacts: (_criterion, plan) => [
    piece("artifacts", {
      artifacts: ofKind(plan, "artifacts")
        .flatMap(({ names }) => names)
        .map((pattern) => ({ name: name(pattern), sha256: hex("c"), signedBy: "release-key" })),
    }),
  ],
  sbom: ({ atLeast }) => [piece("sbom", { format: "CycloneDX", components: Math.max(100, atLeast) })],
  provenance: ({ builders, branch }) => [
    piece("provenance", {
      builder: builders[0] ?? "",
      ...(branch === undefined ? {} : { branch }),
      reproduced: true,
    }),
  ],
  branch: ({ branch }, plan) => [
    piece("provenance", {
      builder: ofKind(plan, "provenance")[0]?.builders[0] ?? "https://ci.example/builder",
      branch,
      reproduced: true,
    }),
    pipelinesOf(branch, plan),
  ],
  documents: (_criterion, plan) => [
    piece("documents", { documents: sectioned(Object.keys(plan.documents), ofKind(plan, "documents")) }),
  ],
  runbooks: (_criterion, plan) => [
    piece("runbooks", { runbooks: sectioned(Object.keys(plan.runbooks), ofKind(plan, "runbooks")) }),
  ],
  check: ({ check }) => [piece("check", { check, outcome: "done" })],
  changes: () => [piece("changes", { from: BASELINE.commit, files: ["a-file-of-no-special-kind"] })],
  drill: ({ drill }, plan) => {
    const all = same(plan, "drill", (one) => one.drill === drill);
    const least = Math.max(...all.map(({ lasting }) => lasting ?? 0));
    const most = Math.min(...all.map(({ within }) => within ?? 2 * MINUTE));
    const took = least > 0 ? least : most / 2;
    const marks = marksOf(plan, drill).map(({ id, within }) => ({ name: id, after: within * 0.9 }));
    return [piece("drill", { drill, outcome: "passed", took, integrity: "verified", marks })];
  },
  cost: ({ monthly: { min, max } }) => [
    piece("cost", { currency: min.currency, monthly: (min.amount + max.amount) / 2 }),
  ],
  "on-call": (_criterion, _plan, now) => [
    piece("on-call", {
      shifts: (["primary", "secondary"] as const).map((level) => ({
        level,
        person: `${level}@example.org`,
        from: now - DAY,
        until: now + 90 * DAY,
      })),
    }),
  ],
  freeze: ({ branch, before }, _plan, now) => [piece("freeze", { branch, since: now - before - HOUR, merges: [] })],
  backup: ({ scope, trigger }) => [
    piece("backup", { scope, trigger: trigger === "any" ? "manual" : trigger, integrity: "verified" }),
  ],
  pipelines: ({ branch }, plan) => [pipelinesOf(branch, plan)],
  workflow: ({ workflow }, plan) => [workflowOf(workflow, plan)],
};

/** The workflow of a name, with everything that any criterion asks of it. */
function workflowOf(workflow: string, plan: Plan): Piece {
  const asked = same(plan, "workflow", (one) => one.workflow === workflow);
  const on = [...new Set(asked.flatMap((one) => one.on ?? []))];
  const ids = [...new Set(asked.flatMap(({ order = [], jobs = {} }) => [...order, ...Object.keys(jobs)]))];
  return piece("workflow", {
    workflow,
    triggers: on.map((one) =>
      one === "daily"
        ? { event: "schedule", filters: [], cron: ["17 3 * * *"] }
        : { event: one.startsWith("push") ? "push" : "pull_request", filters: [], cron: [] },
    ),
    jobs: ids.map((id) => {
      const wanted = asked.flatMap(({ jobs = {} }) => jobs[id] ?? []);
      const needs = asked.flatMap(({ order = [] }) =>
        order.slice(Math.max(0, order.indexOf(id) - 1), order.indexOf(id)),
      );
      return {
        id,
        needs: [...new Set(needs)],
        runners: [...new Set(wanted.flatMap(({ runsOn }) => runsOn ?? []))],
        steps: wanted.flatMap(({ uses = {}, runs = [] }) => [
          ...Object.entries(uses).map(([action, { version, with: inputs = {} }]) => ({
            action,
            ...(version === undefined ? {} : { version }),
            with: Object.fromEntries(Object.entries(inputs).map(([key, value]) => [key, [value]])),
          })),
          { commands: [...runs] },
        ]),
      };
    }),
  });
}

/** A build of the branch, and every pipeline that any criterion names. */
function pipelinesOf(branch: string, plan: Plan): Piece {
  const named = ofKind(plan, "pipelines").filter((one) => one.branch === branch);
  const all = new Set(["build", ...named.flatMap(({ names }) => names)]);
  return piece("pipelines", {
    branch,
    pipelines: [...all].map((pipeline) => ({
      name: pipeline,
      conclusion: "success",
      commit: RELEASE.commit,
      took: 1_000,
    })),
  });
}

/** Each of the names with every section that is asked of it. */
const sectioned = (
  names: readonly string[],
  criteria: readonly { readonly names: readonly string[]; readonly sections: readonly string[] }[],
) =>
  names.map((one) => ({
    name: one,
    sections: [...new Set(criteria.filter(({ names: asked }) => asked.includes(one)).flatMap((all) => all.sections))],
  }));

/**
 * Everything that any criterion of the plan asks for, in the stage it is asked in; each piece once. Of several branches
 * the release is of the one that the asked stage is deployed from: phases may each have their own.
 */
export function goodEvidence(plan: Plan, now: number, stage: Stage): Evidence[] {
  const elsewhere = new Set(
    plan.stages.filter((one) => one.branch !== stage.branch).flatMap(({ branch }) => branch ?? []),
  );
  const asked = evidenceCriteria(plan).filter(
    (one) => one.kind !== "branch" || stage.branch === undefined || !elsewhere.has(one.branch),
  );
  const all = asked.flatMap((criterion) =>
    (FACTS[criterion.kind] as Make<Kind>)(criterion as never, plan, now).map((made) => dated(criterion, made, now)),
  );
  const once = new Map(
    all.map((item) => [JSON.stringify([item.kind, item.facts, item.stage, item.finishedAt, item.signers]), item]),
  );
  return [...once.values()].map((item, index) => ({ ...item, id: (index + 1).toString(16).padStart(64, "0") }));
}

/** Signed by one of each role that may, and young enough for this criterion. */
function dated(criterion: EvidenceCriterion, { kind, facts, back = 0, baseline }: Piece, now: number): Evidence {
  const about = baseline === true ? BASELINE : RELEASE;
  const step = Math.min(HOUR, criterion.maxAge / 100);
  const runs = "runs" in criterion ? criterion.runs : 1;
  return {
    id: "",
    file: `evidence/${criterion.id}.json`,
    subject: { commits: [about.commit], sha256: [about.image.slice(-64)] },
    ...(criterion.stage === undefined ? {} : { stage: criterion.stage }),
    finishedAt: now - step * (1 + (back * 50) / Math.max(1, runs)),
    signers: criterion.attestedBy.map((role) => ({ id: `${role}@example.org`, roles: [role] })),
    kind,
    facts,
  } as unknown as Evidence;
}
