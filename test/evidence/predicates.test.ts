import { format } from "prettier";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { APPROVAL_TYPE, approvalSchema } from "../../evidence/approval";
import { EnvelopeError } from "../../evidence/dsse";
import { PREDICATES, predicateOf } from "../../evidence/predicates";
import { TRUST_CHANGE_TYPE, trustChangeSchema } from "../../evidence/trust/changes";
import { REVOCATIONS_TYPE, revocationsSchema } from "../../evidence/trust/revocations";
import { WAIVER_TYPE, waiverSchema } from "../../evidence/waiver";
import { machineClock } from "../../rollout/clock";
import type { EvidenceKind } from "../../rollout/evidence";
import { HAPPY } from "./world";

const OWN = [
  ...Object.values(PREDICATES).filter(({ type }) => type.startsWith("https://holdpoint.dev/")),
  { kind: "approval", type: APPROVAL_TYPE, schema: approvalSchema },
  { kind: "waiver", type: WAIVER_TYPE, schema: waiverSchema },
  { kind: "revocations", type: REVOCATIONS_TYPE, schema: revocationsSchema },
  { kind: "trust-change", type: TRUST_CHANGE_TYPE, schema: trustChangeSchema },
];

describe("the JSON Schema of each of Holdpoint's own predicates", () => {
  // To write them anew: npx vitest run --project unit test/evidence/predicates.test.ts -u
  it.each(OWN)("$kind is the one in docs/schemas", async ({ kind, type, schema }) => {
    const made = z.toJSONSchema(schema, { io: "input" });
    const text = JSON.stringify({ $id: type, title: `Holdpoint's predicate "${kind}"`, ...made });
    await expect(await format(text, { parser: "json", printWidth: 120 })).toMatchFileSnapshot(
      `../../docs/schemas/${kind}.json`,
    );
  });
});

/** Whether a happy predicate with some members changed is read. */
function reads(kind: EvidenceKind, change: object): string {
  try {
    PREDICATES[kind].read({ ...HAPPY[kind], ...change }, machineClock);
    return "read";
  } catch (error) {
    if (error instanceof z.ZodError) return error.issues[0]?.message ?? "";
    if (error instanceof EnvelopeError) return error.reason;
    throw error;
  }
}

describe("a predicate is malformed", () => {
  const mark = (reachedOn: string) => ({ name: "detected", reachedOn });
  const module = { name: "a", covered: 1, total: 2 };
  it.each<[string, EvidenceKind, object]>([
    ["coverage of more lines than there are", "coverage", { lines: { covered: 3, total: 2 } }],
    [
      "coverage of no line",
      "coverage",
      { lines: { covered: 0, total: 0 }, modules: [{ ...module, covered: 0, total: 0 }] },
    ],
    ["coverage whose modules do not add up", "coverage", { modules: [module] }],
    ["coverage without a module", "coverage", { modules: [] }],
    ["coverage in half lines", "coverage", { lines: { covered: 0.5, total: 1 } }],
    ["a measurement in another unit", "measurement", { measures: [{ name: "p95", value: 1, unit: "seconds" }] }],
    ["a measurement that is a text", "measurement", { measures: [{ name: "p95", value: "1", unit: "ms" }] }],
    ["a measurement that is not finite", "measurement", { measures: [{ name: "p95", value: Number.NaN, unit: "ms" }] }],
    ["a measure twice", "measurement", { measures: [1, 2].map((value) => ({ name: "p95", value, unit: "ms" })) }],
    ["no measure", "measurement", { measures: [] }],
    ["a survey of nobody", "survey", { answers: 0, satisfied: 0 }],
    ["a survey with more satisfied than asked", "survey", { answers: 3, satisfied: 4 }],
    ["a review with its author among the reviewers", "review", { reviewers: ["sam", "ADA"] }],
    ["a review approved by nobody", "review", { reviewers: [] }],
    ["a review with half of its open findings", "review", { open: { critical: 0 } }],
    ["artifacts without any", "artifacts", { artifacts: [] }],
    ["an artifact with half a digest", "artifacts", { artifacts: [{ name: "a", digest: { sha256: "d" } }] }],
    ["components without a time", "sbom", { metadata: {} }],
    ["components of no format", "sbom", { bomFormat: "Other" }],
    ["provenance without an end", "provenance", { runDetails: { builder: { id: "x" }, metadata: {} } }],
    [
      "provenance without a builder",
      "provenance",
      { runDetails: { metadata: { finishedOn: "2026-11-21T10:00:00Z" } } },
    ],
    ["documents without any", "documents", { documents: [] }],
    ["a check with another outcome", "check", { outcome: "almost" }],
    ["a drill with a mark before its start", "drill", { marks: [mark("2026-11-21T08:59:59Z")] }],
    ["a drill with a mark after its end", "drill", { marks: [mark("2026-11-21T09:40:01Z")] }],
    ["a drill with a mark at no time", "drill", { marks: [mark("soon")] }],
    ["a drill with a mark twice", "drill", { marks: [1, 2].map((at) => mark(`2026-11-21T09:0${at}:00Z`)) }],
    ["a drill with a mark of no name", "drill", { marks: [{ ...mark("2026-11-21T09:01:00Z"), name: "A mark" }] }],
    ["a workflow without a job", "workflow", { jobs: [] }],
    [
      "a workflow with a job twice",
      "workflow",
      { jobs: [1, 2].map(() => ({ id: "a", needs: [], runners: [], steps: [] })) },
    ],
    ["a workflow that starts on nothing", "workflow", { triggers: [] }],
    ["a workflow without a name", "workflow", { workflow: " " }],
    ["changes from half a commit", "changes", { from: "1234567" }],
  ])("as %s", (_name, kind, change) => expect(reads(kind, change)).not.toBe("read"));

  it("never as it should be", () => {
    for (const kind of Object.keys(PREDICATES) as EvidenceKind[]) expect(reads(kind, {})).toBe("read");
  });
});

describe("provenance", () => {
  const built = (metadata: object) =>
    PREDICATES.provenance.read(
      {
        ...HAPPY.provenance,
        runDetails: { builder: { id: "x" }, metadata: { finishedOn: "2026-11-21T10:00:00Z", ...metadata } },
      },
      machineClock,
    ).facts;
  it("is reproduced by another build alone", () => {
    const by = "https://holdpoint.dev/reproducedBy";
    expect(built({ invocationId: "1", [by]: "2" })).toMatchObject({ reproduced: true });
    expect(built({ invocationId: "1", [by]: "1" })).not.toHaveProperty("reproduced");
    expect(built({ [by]: "2" })).not.toHaveProperty("reproduced");
  });
});

it("SPDX has a predicate type of its own, and no other type means a list of components", () => {
  expect(predicateOf("https://spdx.dev/Document")?.kind).toBe("sbom");
  expect(predicateOf("https://cyclonedx.org/bom")?.kind).toBe("sbom");
  expect(predicateOf("https://cyclonedx.org/bom/v1.6")).toBeUndefined();
});
