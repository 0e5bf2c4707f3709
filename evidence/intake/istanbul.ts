/**
 * Istanbul's JSON, as vitest, c8, nyc and jest write it: `coverage-summary.json` with counts, `coverage-final.json` with
 * every statement. Neither carries a time.
 */
import { z } from "zod";
import { addLine, counted, coverageOf } from "./coverage";
import type { Files, Lines } from "./coverage";
import type { Format, ReportFile } from "./report";
import { isRecord, refuse, single } from "./report";
import { readAs } from "./schema";

const number = z.number().int().nonnegative();
const lines = z.object({ lines: z.object({ total: number, covered: number }) });
const summarySchema = z.record(z.string(), lines);

/** json-summary → "coverage". */
export const istanbulSummary: Format = {
  name: "Istanbul json-summary",
  kind: "coverage",
  recognises: ({ json }) => isRecord(json) && isRecord(json["total"]) && isRecord(json["total"]["lines"]),
  read(files, stated) {
    const file = single(files, "Istanbul json-summary");
    const { total, ...rest } = readAs(summarySchema, file.json, file, "Istanbul json-summary");
    const all: Files = new Map(Object.entries(rest).map(([path, { lines: counts }]) => [path, counts]));
    checkTotal(file, total?.lines, all);
    return coverageOf(file, all, stated, undefined);
  },
};

function checkTotal(file: ReportFile, total: { total: number; covered: number } | undefined, files: Files): void {
  const all = [...files.values()].reduce((sum, one) => sum + one.total, 0);
  const hit = [...files.values()].reduce((sum, one) => sum + one.covered, 0);
  if (total?.total === all && total.covered === hit) return;
  throw refuse(
    "intake-inconsistent",
    `${file.name} states ${total?.covered} of ${total?.total} lines and lists ${hit} of ${all}: it was cut or edited`,
  );
}

const statement = z.object({ start: z.object({ line: z.number().int().positive() }) });
const finalSchema = z.record(
  z.string(),
  z.object({ path: z.string().min(1), statementMap: z.record(z.string(), statement), s: z.record(z.string(), number) }),
);

/** coverage-final.json → "coverage": a line is covered when a statement that begins on it was run. */
export const istanbulFinal: Format = {
  name: "Istanbul coverage-final.json",
  kind: "coverage",
  recognises: ({ json }) => {
    const all = isRecord(json) ? Object.values(json) : [];
    return all.length > 0 && all.every((one) => isRecord(one) && "statementMap" in one && "s" in one);
  },
  read(files, stated) {
    const file = single(files, "Istanbul coverage-final.json");
    const all = readAs(finalSchema, file.json, file, "Istanbul coverage-final.json");
    const found = new Map<string, Lines>();
    for (const { path, statementMap, s } of Object.values(all)) {
      if (!found.has(path)) found.set(path, new Map());
      const unknown = Object.keys(s).find((id) => !Object.hasOwn(statementMap, id));
      if (unknown !== undefined)
        throw refuse(
          "intake-inconsistent",
          `${file.name}: statement ${unknown} of ${path} was counted, and is nowhere`,
        );
      for (const [id, { start }] of Object.entries(statementMap)) {
        const hits = s[id];
        if (hits === undefined)
          throw refuse("intake-inconsistent", `${file.name}: statement ${id} of ${path} was not counted`);
        addLine(found, path, start.line, hits);
      }
    }
    return coverageOf(file, counted(found), stated, undefined);
  },
};
