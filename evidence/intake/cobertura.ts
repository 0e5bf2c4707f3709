/**
 * Cobertura's XML, as coverage.py (pytest-cov), Istanbul and others write it. Counted from its lines; the totals that it
 * states must be the same, which is what finds a file that was cut or edited.
 */
import { addLine, counted, coverageOf, isCount } from "./coverage";
import type { Lines } from "./coverage";
import type { Format, ReportFile } from "./report";
import { refuse, single } from "./report";
import { attribute, children, parseXml, rootName, withoutDoctype } from "./xml";
import type { Element } from "./xml";

/** Istanbul names the format's definition; it is never fetched. */
const DOCTYPE = /<!DOCTYPE coverage SYSTEM "[^"<>[\]]{1,200}">/;

/** Cobertura XML → "coverage". */
export const cobertura: Format = {
  name: "Cobertura XML",
  kind: "coverage",
  recognises: ({ text }) => rootName(text) === "coverage",
  read(files, stated) {
    const file = single(files, "Cobertura XML");
    const [root] = children(parseXml(file, withoutDoctype(file, DOCTYPE)), "coverage");
    if (root === undefined) throw refuse("intake-truncated", `${file.name}: no element "coverage"`);
    const lines = linesOf(file, root);
    const all = counted(lines);
    checkTotals(file, root, [...all.values()]);
    return coverageOf(file, all, stated, timeOf(file, root));
  },
};

function linesOf(file: ReportFile, root: Element): Map<string, Lines> {
  const files = new Map<string, Lines>();
  const classes = children(root, "packages")
    .flatMap((all) => children(all, "package"))
    .flatMap((one) => children(one, "classes"))
    .flatMap((all) => children(all, "class"));
  for (const one of classes) {
    const path = attribute(one, "filename");
    if (path === undefined || path === "")
      throw refuse("intake-missing-field", `${file.name}: a class without "filename"`);
    // A method's lines stand again among its class's.
    for (const line of children(one, "lines").flatMap((lines) => children(lines, "line"))) {
      const [number, hits] = [attribute(line, "number"), attribute(line, "hits")];
      if (!isCount(number) || !isCount(hits))
        throw refuse("intake-missing-field", `${file.name}: a line of ${path} without a usable "number" and "hits"`);
      addLine(files, path, Number(number), Number(hits));
    }
  }
  return files;
}

function checkTotals(file: ReportFile, root: Element, all: readonly { covered: number; total: number }[]): void {
  const [valid, covered] = [attribute(root, "lines-valid"), attribute(root, "lines-covered")];
  if (!isCount(valid) || !isCount(covered))
    throw refuse("intake-missing-field", `${file.name}: no usable "lines-valid" and "lines-covered"`);
  const lines = all.reduce((sum, { total }) => sum + total, 0);
  const hit = all.reduce((sum, one) => sum + one.covered, 0);
  if (lines === Number(valid) && hit === Number(covered)) return;
  throw refuse(
    "intake-inconsistent",
    `${file.name} states ${covered} of ${valid} lines and lists ${hit} of ${lines}: it was cut or edited`,
  );
}

/** Seconds or milliseconds since 1970: tools differ, and no report is from before 2001 or after 2286 in either. */
function timeOf(file: ReportFile, root: Element): number | undefined {
  const timestamp = attribute(root, "timestamp");
  if (timestamp === undefined) return undefined;
  if (/^\d{10}$/.test(timestamp)) return Number(timestamp) * 1000;
  if (/^\d{13}$/.test(timestamp)) return Number(timestamp);
  throw refuse("intake-missing-field", `${file.name}: "timestamp" is neither seconds nor milliseconds since 1970`);
}
