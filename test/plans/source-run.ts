/**
 * What commands, components and reports enforce: each entry of plans/enforced-by.yaml names a source, a text in it to
 * break, and the test that must fail then. Runs in a copy of the project, so that nobody sees a broken source.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { z } from "zod";
import { sourceDigest } from "../../cli/coverage";
import { replaceFile } from "../../cli/write-file";
import type { SourceCoverage } from "../../rollout/coverage";
import { covers, text } from "../../rollout/plan/words";
import { parseWith, readYaml } from "../../rollout/yaml";

const entries = z.strictObject({
  enforcedBy: z.array(
    z.strictObject({
      rows: covers,
      /** What enforces it, for readers: "holdpoint rollback sends all traffic back first". */
      what: text,
      file: text,
      /** Exactly once in the file. */
      find: z.string("text"),
      replace: z.string("text"),
      /** The test file that must fail. */
      test: text,
    }),
  ),
});
type Entry = z.output<typeof entries>["enforcedBy"][number];

const REGISTRY = "plans/enforced-by.yaml";
const RESULT = "plans/coverage/sources.json";

/** Tries every entry and writes plans/coverage/sources.json. The exit code is 1 if a broken source went unnoticed. */
export function main(): void {
  const root = (globalThis as { __holdpointRoot?: string }).__holdpointRoot ?? process.cwd();
  const source = readYaml(readFileSync(join(root, REGISTRY), "utf8"), REGISTRY);
  const { enforcedBy } = parseWith(entries, source, "config-invalid");
  const copy = mkdtempSync(join(tmpdir(), "holdpoint-mutate-"));
  try {
    copyProject(root, copy);
    const red = [...new Set(enforcedBy.map(({ test }) => test))].filter((test) => !passes(copy, test));
    for (const test of red) process.stdout.write(`RED       ${test} fails before anything is broken\n`);
    const found = enforcedBy.map((entry) => tried(root, copy, entry, red));
    replaceFile(join(root, RESULT), `${JSON.stringify(found, null, 2)}\n`);
    process.exitCode = found.every(({ noticed }) => noticed) ? 0 : 1;
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

/** What git knows or would add, with the packages of the original. */
function copyProject(root: string, copy: string): void {
  const files = execFileSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], { cwd: root });
  for (const file of files.toString().split("\0")) {
    if (file === "" || !existsSync(join(root, file))) continue;
    mkdirSync(dirname(join(copy, file)), { recursive: true });
    cpSync(join(root, file), join(copy, file));
  }
  symlinkSync(join(root, "node_modules"), join(copy, "node_modules"), "dir");
}

/** @param red tests that fail by themselves: they notice nothing */
function tried(root: string, copy: string, entry: Entry, red: readonly string[]): SourceCoverage {
  const { rows, what, file, find, replace, test } = entry;
  const place = join(copy, file);
  const whole = readFileSync(place, "utf8");
  const parts = whole.split(find);
  if (parts.length !== 2)
    throw new Error(`${REGISTRY}: ${file} has ${JSON.stringify(find)} ${parts.length - 1} times, wanted once`);
  writeFileSync(place, parts.join(replace));
  try {
    const noticed = !red.includes(test) && !passes(copy, test);
    process.stdout.write(`${noticed ? "noticed  " : "UNNOTICED"} ${rows.join(" ")} ${what} (${file})\n`);
    const by = `${file} + ${test}`;
    return { rows: [...rows], by, digest: sourceDigest(root, by), noticed };
  } finally {
    writeFileSync(place, whole);
  }
}

function passes(copy: string, test: string): boolean {
  const vitest = join(copy, "node_modules", "vitest", "vitest.mjs");
  const { status } = spawnSync(
    process.execPath,
    [vitest, "run", "--project", "unit", "--project", "processes", "--project", "proofs", test],
    {
      cwd: copy,
      stdio: "ignore",
      timeout: 180_000,
    },
  );
  return status === 0;
}
