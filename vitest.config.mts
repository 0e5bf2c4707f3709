import { defineConfig } from "vitest/config";

/** Tests that start processes, compile, run Pulumi's SDK on mocks, or wait for real deadlines: tenths of a second each. */
const PROCESSES = [
  "test/toolchain/**/*.test.ts",
  "test/sandbox/**/*.test.ts",
  "test/components/{additions,declare,flags,inventory,rules}.test.ts",
  "test/policies/{compiled,lazy,world}.test.ts",
  "test/analysis/readings-promtool.test.ts",
  "test/cli/{canary,init,pulumi,rollback,rollback-said,watch-step}.test.ts",
  "test/evidence/{attest-run,s3-moto,ssh-sign,store-s3}.test.ts",
];

/** Proofs that try very many cases: each part of each plan taken away, generated plans, damaged input, killed writers. */
const PROOFS = [
  "test/plans/**/*.test.ts",
  "test/rollout/properties*.test.ts",
  "test/evidence/{fuzz,fuzz-signatures,ical-proofs}.test.ts",
  "test/evidence/store-writers.test.ts",
];

/** `unit` is what one runs while one writes; `processes` and `proofs` take longer; `engine` drives the real Pulumi CLI. */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "unit",
          include: ["test/**/*.test.ts"],
          exclude: ["test/engine/**", ...PROCESSES, ...PROOFS],
          testTimeout: 20_000,
          // The files of one worker share its modules: loading them again for each file took most of the time.
          isolate: false,
        },
      },
      {
        test: {
          name: "processes",
          include: PROCESSES,
          testTimeout: 20_000,
        },
      },
      {
        test: {
          name: "proofs",
          include: PROOFS,
          testTimeout: 60_000,
        },
      },
      {
        test: {
          name: "engine",
          include: ["test/engine/**/*.test.ts"],
          testTimeout: 180_000,
          hookTimeout: 180_000,
          maxWorkers: 2,
        },
      },
    ],
  },
});
