import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { attest, attestChanges, attestCheck, attestReview } from "../../evidence/attest";
import type { AttestBase } from "../../evidence/attest";
import { formatOf } from "../../evidence/intake";
import { HoldpointError } from "../../rollout/errors";
import { cut, FOLDER } from "./intake-support";
import { COMMIT, IMAGE, read, refusal, world } from "./world";
import type { World } from "./world";

/** After the fixtures were made. */
const LATER = Date.UTC(2026, 10, 22);
const base = (w: World): AttestBase => ({
  stage: "production",
  subject: { commit: COMMIT, sha256: IMAGE },
  key: w.keys.sre,
  store: w.store,
  now: LATER,
});
const stored = async (w: World) => {
  const { evidence, rejected } = await read(w, { now: LATER });
  expect(rejected).toEqual([]);
  return evidence.map(({ kind, facts }) => ({ kind, facts }));
};

describe("an item of a checklist", () => {
  it("is attested as done, or as not done", async () => {
    const w = world();
    await attestCheck({ ...base(w), check: "legal-review", outcome: "done" });
    await attestCheck({ ...base(w), check: "legal-review", outcome: "not-done", note: "counsel is away" });
    expect((await stored(w)).map(({ facts }) => facts)).toEqual(
      expect.arrayContaining([
        { check: "legal-review", outcome: "done" },
        { check: "legal-review", outcome: "not-done", note: "counsel is away" },
      ]),
    );
  });
});

describe("a review that no program reads", () => {
  const audit = (w: World, change: object = {}) => ({
    ...base(w),
    review: "security-audit",
    outcome: "approved" as const,
    reviewers: ["Acme"],
    open: { critical: 0, high: 1, medium: 0, low: 2 },
    finishedAt: Date.UTC(2026, 9, 1),
    files: ["sbom/npm-spdx.json"],
    root: FOLDER,
    ...change,
  });
  it("is attested by its report", async () => {
    const w = world();
    await attestReview(audit(w));
    expect(await stored(w)).toEqual([
      {
        kind: "review",
        facts: {
          review: "security-audit",
          outcome: "approved",
          reviewers: ["Acme"],
          open: { critical: 0, high: 1, medium: 0, low: 2 },
        },
      },
    ]);
  });
  it("is refused without a report, without a reviewer, or from the future", async () => {
    const w = world();
    expect(await refusal(() => attestReview(audit(w, { files: [] })))).toBe("usage: a review without its report");
    expect(await refusal(() => attestReview(audit(w, { reviewers: [] })))).toMatch(/approved by nobody/);
    expect(await refusal(() => attestReview(audit(w, { finishedAt: LATER + 120_000 })))).toMatch(/in the future/);
    expect((await read(w, { now: LATER })).evidence).toEqual([]);
  });
});

describe("changes", () => {
  function repository(): { folder: string; from: string; to: string } {
    const folder = mkdtempSync(join(tmpdir(), "holdpoint-changes-"));
    const git = (...args: string[]): string =>
      execFileSync("git", ["-c", "user.name=t", "-c", "user.email=t@example.com", ...args], {
        cwd: folder,
        encoding: "utf8",
      }).trim();
    git("init", "-q");
    writeFileSync(join(folder, "old name"), "1\n".repeat(20));
    writeFileSync(join(folder, "kept"), "1");
    git("add", ".");
    git("commit", "-qm", "one");
    const from = git("rev-parse", "HEAD");
    git("mv", "old name", "new é");
    writeFileSync(join(folder, "added"), "2");
    git("add", ".");
    git("commit", "-qm", "two");
    // What a repository configures must not run, nor hide anything.
    git("config", "diff.external", "false");
    git("config", "diff.renames", "true");
    return { folder, from, to: git("rev-parse", "HEAD") };
  }
  it("are what git says, both names of a renamed file", async () => {
    const w = world();
    const { folder, from, to } = repository();
    await attestChanges({ ...base(w), subject: { commit: to }, from: from.slice(0, 10), root: folder });
    expect(await stored(w)).toEqual([{ kind: "changes", facts: { from, files: ["added", "new é", "old name"] } }]);
  });
  it("are refused from a commit that git does not know, or an option", async () => {
    const w = world();
    const { folder, to } = repository();
    const at = { ...base(w), subject: { commit: to }, root: folder };
    expect(await refusal(() => attestChanges({ ...at, from: "v1" }))).toMatch(
      /^intake-run-failed: git rev-parse ended with 1: it does not know "v1" here$/,
    );
    expect(await refusal(() => attestChanges({ ...at, from: "--all" }))).toMatch(/^intake-run-failed: /);
    expect(await refusal(() => attestChanges({ ...at, from: to, subject: { sha256: IMAGE } }))).toBe(
      "usage: changes of no commit",
    );
  });
});

it("a folder is read as documents where that is said", async () => {
  const w = world();
  const folder = mkdtempSync(join(tmpdir(), "holdpoint-documents-"));
  writeFileSync(join(folder, "guide.md"), "# Guide\n\n## Install\n\nRun it.\n\n## Later\n\nTODO\n");
  await attest({ ...base(w), files: [folder], root: "/", kind: "documents" });
  expect(await stored(w)).toEqual([
    { kind: "documents", facts: { documents: [{ name: "guide", sections: ["Install"] }] } },
  ]);
});

it("lists of components and scans name their report by a member of their own", async () => {
  const w = world();
  await attest({ ...base(w), files: ["sbom/npm-spdx.json"], root: FOLDER });
  await attest({ ...base(w), files: ["sbom/cyclonedx-py.json"], root: FOLDER });
  expect((await stored(w)).map(({ facts }) => facts)).toEqual(
    expect.arrayContaining([{ format: "SPDX", components: 3 }, expect.objectContaining({ format: "CycloneDX" })]),
  );
});

it("a workflow's file is what the gate reads of it, whatever secrets it names", async () => {
  const w = world();
  const root = mkdtempSync(join(tmpdir(), "holdpoint-workflow-"));
  const step =
    "      - run: ./push\n        env: { TOKEN: '${{ secrets.TOKEN }}', PASSWORD: '${{ secrets.PASSWORD }}' }\n";
  const job = `  push:\n    runs-on: ubuntu-latest\n    steps:\n${step}`;
  writeFileSync(join(root, "push.yml"), `name: Push\non:\n  push: { branches: [main] }\njobs:\n${job}`);
  await attest({ ...base(w), files: ["push.yml"], root, finishedAt: LATER });
  expect(await stored(w)).toEqual([
    {
      kind: "workflow",
      facts: {
        workflow: "Push",
        triggers: [{ event: "push", branches: ["main"], filters: [], cron: [] }],
        jobs: [{ id: "push", needs: [], runners: ["ubuntu-latest"], steps: [{ commands: ["./push"] }] }],
      },
    },
  ]);
});

describe("a report that was cut anywhere is refused or read, and never a crash", () => {
  const all = readdirSync(FOLDER, { recursive: true, encoding: "utf8" }).filter((name) =>
    /\.(?:json|jsonl|xml|info|csv|sarif|log|yml)$|SUMS/.test(name),
  );
  it.each(all)("%s", (name) => {
    const whole = cut(name, 10_000_000).bytes.length;
    for (let step = 0; step < 25; step++) {
      try {
        const file = cut(name, Math.floor((whole * step) / 25));
        formatOf([file]).read([file], {
          stage: "staging",
          suite: "x",
          branch: "main",
          review: "code",
          finishedAt: LATER,
        });
      } catch (error) {
        if (!(error instanceof HoldpointError)) throw error;
      }
    }
  });
});
