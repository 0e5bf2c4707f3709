import { defineConfig } from "vitest/config";

/** Proofs that try very many cases: each part of each plan taken away, generated plans, damaged input, killed writers. */
const PROOFS = [
  "test/plans/**/*.test.ts",
  "test/rollout/properties*.test.ts",
  "test/evidence/fuzz.test.ts",
  "test/evidence/store-writers.test.ts",
];

/** Three projects: `unit` is what one runs while one writes; `proofs` takes longer; `engine` drives the real Pulumi CLI. */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "unit",
          include: ["test/**/*.test.ts"],
          exclude: ["test/engine/**", ...PROOFS],
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
