/** LCOV's tracefile (geninfo(1)): records of one source file each. What a record counts must be what it lists. */
import { addLine, counted, coverageOf, isCount } from "./coverage";
import type { Lines } from "./coverage";
import type { Format, ReportFile } from "./report";
import { refuse, single } from "./report";

/** LCOV → "coverage". It carries no time. */
export const lcov: Format = {
  name: "LCOV",
  kind: "coverage",
  recognises: ({ text }) => /^(?:#.*\n|TN:.*\n|\s*\n)*SF:./.test(text.slice(0, 4096).replaceAll("\r\n", "\n")),
  read(files, stated) {
    const file = single(files, "LCOV");
    return coverageOf(file, counted(linesOf(file)), stated, undefined);
  },
};

interface Record {
  readonly path: string;
  readonly lines: Lines;
  /** LF and LH, where the record states them. */
  found?: number;
  hit?: number;
}

function linesOf(file: ReportFile): Map<string, Lines> {
  const files = new Map<string, Lines>();
  let record: Record | undefined;
  for (const [index, line] of file.text.split(/\r?\n/).entries()) {
    if (line.startsWith("SF:")) {
      if (record !== undefined) throw cut(file, record.path);
      record = { path: line.slice(3), lines: new Map() };
    } else if (line === "end_of_record") {
      if (record === undefined) throw odd(file, index);
      close(file, record, files);
      record = undefined;
    } else if (record !== undefined) readLine(file, record, line, index);
  }
  if (record !== undefined) throw cut(file, record.path);
  return files;
}

function readLine(file: ReportFile, record: Record, line: string, index: number): void {
  const [, key, rest = ""] = /^(DA|LF|LH):(.*)$/.exec(line) ?? [];
  if (key === undefined) return;
  const [first, second] = rest.split(",");
  if (!isCount(first)) throw odd(file, index);
  if (key === "LF") record.found = Number(first);
  else if (key === "LH") record.hit = Number(first);
  else if (isCount(second))
    record.lines.set(Number(first), Math.max(record.lines.get(Number(first)) ?? 0, Number(second)));
  else throw odd(file, index);
}

function close(file: ReportFile, { path, lines, found, hit }: Record, files: Map<string, Lines>): void {
  const hits = [...lines.values()].filter((times) => times > 0).length;
  if ((found ?? lines.size) !== lines.size || (hit ?? hits) !== hits) {
    throw refuse(
      "intake-inconsistent",
      `${file.name}: ${path} states ${hit} of ${found} lines and lists ${hits} of ${lines.size}: it was cut or edited`,
    );
  }
  for (const [line, times] of lines) addLine(files, path, line, times);
}

function cut(file: ReportFile, path: string): Error {
  return refuse("intake-truncated", `${file.name}: the record of ${path} has no end: it was cut off`);
}

function odd(file: ReportFile, index: number): Error {
  return refuse("intake-truncated", `${file.name}: line ${index + 1} is not as LCOV writes it`);
}
