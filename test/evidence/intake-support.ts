/** What the tests of formats share: fixtures, edited fixtures, and reading a report as a gate would. */
import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { expect } from "vitest";
import { formatOf } from "../../evidence/intake";
import type { ReportFile, Stated } from "../../evidence/intake/report";
import { reportFile } from "../../evidence/intake/report";
import { PREDICATES } from "../../evidence/predicates";
import { machineClock } from "../../rollout/clock";
import type { EvidenceKind } from "../../rollout/evidence";

export const FOLDER = "test/fixtures/evidence";
/** The end that the attester states where a format carries no time. */
export const STATED_TIME = Date.UTC(2026, 10, 21, 11);

export function fixture(path: string): ReportFile {
  return reportFile(basename(path), readFileSync(join(FOLDER, path)));
}

export function text(content: string, name = "report"): ReportFile {
  return reportFile(name, Buffer.from(content));
}

/** A fixture with something replaced; the replacement must find its place. */
export function edited(path: string, from: string | RegExp, to: string | ((found: string) => string)): ReportFile {
  const before = readFileSync(join(FOLDER, path), "utf8");
  const after = before.replace(from, typeof to === "string" ? () => to : to);
  expect(after).not.toBe(before);
  return text(after, basename(path));
}

/** The first part of a fixture. */
export function cut(path: string, bytes: number): ReportFile {
  return reportFile(basename(path), readFileSync(join(FOLDER, path)).subarray(0, bytes));
}

export interface Taken {
  readonly kind: EvidenceKind;
  readonly facts: unknown;
  readonly finishedAt: string;
  readonly statedBy: boolean;
  readonly summary: string;
}

/** Recognises, reads, and reads the predicate back as a gate does. */
export function intake(files: readonly ReportFile[], stated: Partial<Stated> = {}, kind?: EvidenceKind): Taken {
  const format = formatOf(files, kind);
  const { predicate, summary } = format.read(files, { stage: "staging", ...stated });
  const { facts, finishedAt } = PREDICATES[format.kind].read(predicate, machineClock);
  const statedBy = JSON.stringify(predicate).includes('tatedBy":"attester"');
  return { kind: format.kind, facts, finishedAt: new Date(finishedAt).toISOString(), statedBy, summary };
}
