/**
 * in-toto test-result v0.1: one run of one suite. The predicate has no place for times, counts and skipped tests, so
 * they stand in the first configuration descriptor, under one annotation of our own.
 */
import { z } from "zod";
import type { Predicate } from "./shared";
import { count, sha256, stageName, utc, words } from "./shared";

/** Key of the annotation that holds what the predicate itself has no members for. */
export const RUN_ANNOTATION = "https://holdpoint.dev/test-run/v0.1";

const run = z.object({
  suite: words,
  /** Where it ran, one of several places that must all pass: "windows-2022". */
  environment: words.optional(),
  stage: stageName,
  startedOn: utc.optional(),
  finishedOn: utc,
  statedBy: z.literal("attester").optional(),
  tests: count.min(1),
  passed: count,
  skippedTests: z.array(z.string()),
});

const names = z.array(z.string()).default([]);

const schema = z
  .object({
    result: z.enum(["PASSED", "WARNED", "FAILED"]),
    configuration: z
      .tuple([z.object({ annotations: z.object({ [RUN_ANNOTATION]: run }) })])
      .rest(z.object({ name: z.string().optional(), digest: z.object({ sha256 }).optional() })),
    /** May be left out where there are very many; `passed` of the annotation always counts them. */
    passedTests: z.array(z.string()).optional(),
    warnedTests: names,
    failedTests: names,
  })
  .superRefine((value, context) => {
    const { tests, passed, skippedTests } = value.configuration[0].annotations[RUN_ANNOTATION];
    const sum = passed + value.failedTests.length + skippedTests.length;
    const wrong =
      sum !== tests
        ? `${tests} tests stated, but ${sum} passed, failed or were skipped`
        : value.passedTests !== undefined && value.passedTests.length + value.warnedTests.length !== passed
          ? `${passed} passed tests stated, but ${value.passedTests.length + value.warnedTests.length} named`
          : (value.result === "FAILED") !== value.failedTests.length > 0
            ? `result ${value.result}, but ${value.failedTests.length} failed tests`
            : undefined;
    if (wrong !== undefined) context.addIssue({ code: "custom", message: wrong });
  });

/** What attest writes. */
export type TestResultPredicate = z.input<typeof schema>;

/** Kind "test-result". */
export const testResult: Predicate<"test-result"> = {
  kind: "test-result",
  type: "https://in-toto.io/attestation/test-result/v0.1",
  schema,
  read(predicate) {
    const { configuration, failedTests } = schema.parse(predicate);
    const { suite, environment, stage, startedOn, finishedOn, tests, passed, skippedTests } =
      configuration[0].annotations[RUN_ANNOTATION];
    return {
      facts: {
        suite,
        ...(environment === undefined ? {} : { environment }),
        tests,
        passed,
        failedTests,
        skippedTests,
      },
      finishedAt: finishedOn,
      stage,
      past: startedOn === undefined ? [finishedOn] : [startedOn, finishedOn],
    };
  },
};
