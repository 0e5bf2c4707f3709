/** What every coverage format ends in: lines by file, from which the predicate is made. */
import type { CoveragePredicate } from "../predicates/coverage";
import type { Intake, ReportFile, Stated } from "./report";
import { finish, refuse, required } from "./report";

/** A statement's size is limited: beyond so many files, folders are named in their place. */
const MAX_MODULES = 2000;

/** Lines that could be run, each with how often it was. */
export type Lines = Map<number, number>;

/** Files by their path, with what of them was covered. */
export type Files = Map<string, { covered: number; total: number }>;

/** Adds a line of a file; several runs of one line are one line. */
export function addLine(files: Map<string, Lines>, path: string, line: number, hits: number): void {
  const lines = files.get(path) ?? new Map<number, number>();
  lines.set(line, Math.max(lines.get(line) ?? 0, hits));
  files.set(path, lines);
}

/** Counts of files that are known line by line. */
export function counted(files: ReadonlyMap<string, Lines>): Files {
  return new Map(
    [...files].map(([path, lines]) => {
      const covered = [...lines.values()].filter((hits) => hits > 0).length;
      return [path, { covered, total: lines.size }];
    }),
  );
}

/** Whether a text is a whole number from 0. */
export function isCount(text: string | undefined): text is string {
  return text !== undefined && /^\d{1,15}$/.test(text);
}

/** The predicate. `finishedAt`: where the format carries a time. */
export function coverageOf(file: ReportFile, files: Files, stated: Stated, finishedAt: number | undefined): Intake {
  const suite = required(stated.suite, "which suite of the plan was run", "--suite <name>");
  const named = [...files].map(([path, lines]) => ({ name: relative(path, stated.root), ...lines }));
  const modules = named.length > MAX_MODULES ? byFolder(named) : named;
  const lines = {
    covered: named.reduce((sum, { covered }) => sum + covered, 0),
    total: named.reduce((sum, { total }) => sum + total, 0),
  };
  if (lines.total === 0)
    throw refuse("intake-empty", `${file.name}: not one line that could be run; coverage of nothing proves nothing`);
  const predicate: CoveragePredicate = {
    ...finish(file, finishedAt, stated),
    stage: stated.stage,
    suite,
    lines,
    modules,
  };
  const percent = Math.floor((lines.covered / lines.total) * 10_000) / 100;
  return {
    predicate,
    summary: `${suite}: ${lines.covered} of ${lines.total} lines (${percent}%) in ${named.length} files`,
  };
}

/** As the plan names it: from the project's root, with "/". */
function relative(path: string, root: string | undefined): string {
  const slashed = path.replaceAll("\\", "/");
  const base = root === undefined ? undefined : `${root.replaceAll("\\", "/").replace(/\/$/, "")}/`;
  return base !== undefined && slashed.startsWith(base) ? slashed.slice(base.length) : slashed.replace(/^\.\//, "");
}

interface Named {
  readonly name: string;
  readonly covered: number;
  readonly total: number;
}

function byFolder(files: readonly Named[]): Named[] {
  const folders: Files = new Map();
  for (const { name, covered, total } of files) {
    const folder = name.includes("/") ? name.slice(0, name.lastIndexOf("/")) : ".";
    const sum = folders.get(folder) ?? { covered: 0, total: 0 };
    folders.set(folder, { covered: sum.covered + covered, total: sum.total + total });
  }
  return [...folders].map(([name, lines]) => ({ name, ...lines }));
}
