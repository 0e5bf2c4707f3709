/**
 * Runbooks: Markdown files that are really read. A section counts when something stands under its heading; a heading
 * alone, or one with "TODO" under it, does not.
 */
import type { DocumentsPredicate } from "../predicates/documents";
import type { RunbooksPredicate } from "../predicates/runbooks";
import { digest } from "../canonical";
import { formatUtc } from "../time";
import type { Intake, ReportFile, Stated } from "./report";
import { refuse } from "./report";

/** What someone at night needs of a runbook, unless the plan names other sections. */
export const WANTED_SECTIONS = ["Symptoms", "Diagnosis", "Mitigation", "Escalation"] as const;

/**
 * Reads runbooks. They are read here and now, so the time is ours: `now`, machine time.
 * @throws HoldpointError `intake-empty` for no or an empty runbook, `intake-missing-field` for a missing section.
 */
export function readRunbooks(files: readonly ReportFile[], stated: Stated, now: number): Intake {
  if (files.length === 0) throw refuse("intake-empty", "nothing to read: no Markdown file in the folder");
  if (stated.finishedAt !== undefined)
    throw refuse("intake-not-allowed", "they are read now", "leave out --finished-at");
  const wanted = stated.sections ?? WANTED_SECTIONS;
  const runbooks = files.map((file) => {
    if (file.text.trim() === "") throw refuse("intake-empty", `${file.name} is empty`);
    const sections = sectionsOf(file.text);
    const missing = wanted.filter((section) => !sections.some((one) => one.toLowerCase() === section.toLowerCase()));
    if (missing.length > 0) {
      throw refuse(
        "intake-missing-field",
        `${file.name}: nothing under ${missing.map((one) => `"${one}"`).join(", ")}`,
        `write what to do under ${missing.length === 1 ? "this heading" : "these headings"}`,
      );
    }
    return {
      name: file.name.replace(/\.(?:md|markdown)$/i, ""),
      digest: { sha256: digest(file.bytes) },
      sections,
      alerts: alertsOf(file.text),
    };
  });
  const predicate: RunbooksPredicate = { finishedOn: formatUtc(now), stage: stated.stage, runbooks };
  return { predicate, summary: `runbooks: ${runbooks.map(({ name }) => name).join(", ")}` };
}

/**
 * Reads documents as runbooks are read, with the sections that each has; which it must have is the plan's to say.
 * @throws HoldpointError `intake-empty` for no or an empty document, `intake-missing-field` for one of `stated.sections`
 */
export function readDocuments(files: readonly ReportFile[], stated: Stated, now: number): Intake {
  const { predicate } = readRunbooks(files, { ...stated, sections: stated.sections ?? [] }, now);
  const { runbooks, ...rest } = predicate as RunbooksPredicate;
  const documents: DocumentsPredicate = { ...rest, documents: runbooks.map(({ alerts: _, ...document }) => document) };
  return { predicate: documents, summary: `documents: ${runbooks.map(({ name }) => name).join(", ")}` };
}

/** Names of alerts, each in backquotes: after the word "alert", and whatever stands under a heading "Alerts". */
export function alertsOf(markdown: string): string[] {
  const text = withoutComments(markdown);
  const listed = /^ {0,3}(#{2,6})\s+alerts?\s*#*\s*$([^]*?)(?=^ {0,3}#{1,6}\s|(?![^]))/gim;
  const found = [
    ...[...text.matchAll(/\balerts?\s+`([a-z][a-z0-9-]{0,62})`/gi)].map(([, name]) => name),
    ...[...text.matchAll(listed)].flatMap(([, , body = ""]) =>
      [...body.matchAll(/`([a-z][a-z0-9-]{0,62})`/g)].map(([, name]) => name),
    ),
  ].filter((name) => name !== undefined);
  return [...new Set(found)].sort();
}

const NOTHING = /^[\s*_>-]*(?:(?:todo|tbd|tba|fixme|n\/a|coming soon|to be (?:done|written|defined))\b[\s.:!*_]*)?$/i;

/** Headings of all levels but the title's that have content: of their own or under a smaller heading of theirs. */
export function sectionsOf(markdown: string): string[] {
  const open: { level: number; title: string; filled: boolean }[] = [];
  const all: typeof open = [];
  let fence: string | undefined;
  for (const line of withoutComments(markdown).split(/\r?\n/)) {
    const mark = /^ {0,3}(`{3,}|~{3,})/.exec(line)?.[1];
    if (mark !== undefined && (fence === undefined || mark.startsWith(fence))) {
      fence = fence === undefined ? mark : undefined;
      continue;
    }
    const heading = fence === undefined ? /^ {0,3}(#{1,6})\s+(.*?)\s*#*\s*$/.exec(line) : null;
    if (heading === null) {
      if (!NOTHING.test(line)) for (const section of open) section.filled = true;
      continue;
    }
    const level = heading[1]?.length ?? 1;
    while ((open.at(-1)?.level ?? 0) >= level) open.pop();
    const section = { level, title: heading[2] ?? "", filled: false };
    open.push(section);
    all.push(section);
  }
  return all.filter(({ level, title, filled }) => filled && level > 1 && title !== "").map(({ title }) => title);
}

/** Templates hide their instructions in comments. */
function withoutComments(markdown: string): string {
  return markdown.replace(/<!--[\s\S]*?(?:-->|$)/g, "");
}
