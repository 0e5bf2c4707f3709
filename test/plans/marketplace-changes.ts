/** What the cases of the marketplace change, beside `changes.ts`, and the ways in which any proof of it can be no proof. */
import type { EvidenceFacts, EvidenceKind } from "../../rollout/evidence";
import { parseDuration } from "../../rollout/units";
import type { World } from "../../rollout/world";
import { refused } from "./cases";
import type { Case, Change } from "./cases";
import { inStage, older, once, reads, says } from "./changes";
import type { Ask } from "./good-world";
import { RELEASE } from "./good-evidence";

/** A criterion that rests on evidence: where it is asked, and what its proof is. */
export interface Proof<K extends EvidenceKind> {
  readonly rows: readonly string[];
  readonly ask: Ask;
  readonly by: string;
  readonly kind: K;
  readonly about?: Partial<EvidenceFacts[K]>;
  /** What is proved, as the subject of a sentence: "the restore". */
  readonly what: string;
  /** A little more than the plan takes. */
  readonly tooOld: string;
  /** Whether the plan asks for the stage that it was seen in. */
  readonly staged?: true;
}

/** What is wrong with it in itself, and that it is too old, or from another stage. */
export function proof<K extends EvidenceKind>(
  { rows, ask, by, kind, about = {}, what, tooOld, staged }: Proof<K>,
  wrong: Readonly<Record<string, Partial<EvidenceFacts[K]> | Change>>,
): Case[] {
  return [
    ...Object.entries(wrong).map(([title, how]) =>
      refused(rows, title, ask, by, typeof how === "function" ? how : says(kind, how, about)),
    ),
    refused(rows, `${what}: that is ${tooOld} ago`, ask, by, older(kind, tooOld, about)),
    ...(staged === undefined
      ? []
      : [refused(rows, `${what}: that was elsewhere`, ask, by, inStage(kind, "elsewhere", about))]),
  ];
}

/** One test of a suite failed, the suite was run too long ago, or elsewhere. */
export function suite(
  rows: readonly string[],
  ask: Ask,
  by: string,
  name: string,
  tooOld: string,
  staged?: true,
): Case[] {
  const what = `the suite ${name}, asked by ${ask.stage}`;
  return proof(
    {
      rows,
      ask,
      by,
      kind: "test-result",
      about: { suite: name },
      what,
      tooOld,
      ...(staged === undefined ? {} : { staged }),
    },
    { [`${what}: one test failed`]: { passed: 0, failedTests: ["one"] } },
  );
}

/** The release's number of a suite is another; the baseline's stays. */
export const measuresNow =
  (suiteName: string, measure: string, value: number): Change =>
  (world) =>
    mapEvidence(world, "measurement", (facts, commits) =>
      facts.suite === suiteName && commits.includes(RELEASE.commit)
        ? { ...facts, measures: facts.measures.map((one) => (one.name === measure ? { ...one, value } : one)) }
        : facts,
    );

/** A document is not written, or one of its sections is not. */
export const unwritten =
  (name: string, section?: string): Change =>
  (world) =>
    mapEvidence(world, "documents", (facts) => ({ documents: less(facts.documents, name, section) }));

/** A runbook is not written. */
export const noRunbook =
  (name: string): Change =>
  (world) =>
    mapEvidence(world, "runbooks", (facts) => ({ runbooks: less(facts.runbooks, name) }));

/** A file was not published. */
export const unpublished =
  (name: string): Change =>
  (world) =>
    mapEvidence(world, "artifacts", (facts) => ({ artifacts: facts.artifacts.filter((one) => one.name !== name) }));

/** A pipeline failed, or was none of those that ran. */
export const pipeline =
  (name: string, how: "red" | "absent"): Change =>
  (world) =>
    mapEvidence(world, "pipelines", (facts) => ({
      ...facts,
      pipelines: facts.pipelines.flatMap((one) => {
        if (one.name !== name) return [one];
        return how === "red" ? [{ ...one, conclusion: "failure" }] : [];
      }),
    }));

/** Nobody is on call any more after so long. */
export const onCallFor =
  (span: string): Change =>
  (world) =>
    mapEvidence(world, "on-call", ({ shifts }) => ({
      shifts: shifts.map((shift) => ({ ...shift, until: world.now + milliseconds(span) })),
    }));

/** A canary of an earlier stage's operation stands at another weight. */
export const operationAt =
  (stage: string, operation: string, weight: number): Change =>
  (world) => {
    const state = world.stages[stage];
    const record = state?.ok === true ? state.operations?.[operation] : undefined;
    if (state?.ok !== true || record === undefined) throw new Error(`no canary of ${operation} in ${stage}`);
    const operations = { ...state.operations, [operation]: { ...record, weight, routed: weight } };
    return { ...world, stages: { ...world.stages, [stage]: { ...state, operations } } };
  };

/** Nothing was ever rolled out to a stage. */
export const neverRan =
  (stage: string): Change =>
  (world) => {
    if (world.stages[stage] === undefined) throw new Error(`no stage ${stage}`);
    return { ...world, stages: { ...world.stages, [stage]: { ok: true } } };
  };

/** A live number is outside of its limits, and was so at the far end of the time that is looked back on. */
export function live(
  rows: readonly string[],
  ask: Ask,
  by: string,
  title: string,
  answers: number | Readonly<Record<string, number>>,
  ago: string,
): Case[] {
  const read = typeof answers === "number" ? { value: answers } : answers;
  return [
    refused(rows, title, ask, by, reads(ask.stage, by, read)),
    refused(rows, `${title}, ${ago} ago`, ask, by, once(ask.stage, by, ago, read)),
  ];
}

/** Evidence of a kind says something else; a change that changes nothing is a mistake in the case. */
function mapEvidence<K extends EvidenceKind>(
  world: World,
  kind: K,
  change: (facts: EvidenceFacts[K], commits: readonly string[]) => EvidenceFacts[K],
): World {
  const evidence = world.evidence.map((item) =>
    item.kind === kind ? { ...item, facts: change(item.facts as EvidenceFacts[K], item.subject.commits) } : item,
  ) as World["evidence"];
  if (JSON.stringify(evidence) === JSON.stringify(world.evidence))
    throw new Error(`the good world has no such ${kind}`);
  return { ...world, evidence };
}

interface Written {
  readonly name: string;
  readonly sections: readonly string[];
}

function less(all: readonly Written[], name: string, section?: string): Written[] {
  return all.flatMap((one) => {
    if (one.name !== name) return [one];
    return section === undefined ? [] : [{ ...one, sections: one.sections.filter((other) => other !== section) }];
  });
}

function milliseconds(span: string): number {
  const value = parseDuration(span);
  if (value === undefined) throw new Error(`"${span}" is no duration`);
  return value;
}
