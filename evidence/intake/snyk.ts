/**
 * `snyk test --json`, for one project (an object) or several (a list). Snyk asks a live service: the report carries
 * neither a time nor a database date. Findings that a policy file ignores count like the others: what may be ignored is
 * the plan's to say, not the scan's.
 */
import { z } from "zod";
import type { VulnerabilitiesPredicate } from "../predicates/vulnerabilities";
import { SCOPE } from "../predicates/vulnerabilities";
import type { Format } from "./report";
import { finish, isRecord, refuse, single } from "./report";
import { scopeOf, summarise, worstOfEach } from "./scans";
import { readAs } from "./schema";

const finding = z.object({
  id: z.string().min(1),
  severity: z.enum(["critical", "high", "medium", "low"]),
  /** "license" for issues with a licence, which are no vulnerabilities. */
  type: z.string().optional(),
});
const project = z.object({
  ok: z.boolean(),
  vulnerabilities: z.array(finding),
  dependencyCount: z.number().int().nonnegative(),
  /** Of all that is listed, licence issues too. */
  uniqueCount: z.number().int().optional(),
  filtered: z.object({ ignore: z.array(finding).default([]) }).default({ ignore: [] }),
});

/** Snyk JSON → "vulnerabilities". */
export const snyk: Format = {
  name: "Snyk JSON",
  kind: "vulnerabilities",
  recognises: ({ json }) => {
    const projects = Array.isArray(json) ? (json as unknown[]) : [json];
    return (
      projects.length > 0 &&
      projects.every((one) => isRecord(one) && "ok" in one && ("vulnerabilities" in one || "error" in one))
    );
  },
  read(files, stated) {
    const file = single(files, "Snyk JSON");
    const all = Array.isArray(file.json) ? (file.json as unknown[]) : [file.json];
    if (all.some((one) => isRecord(one) && "error" in one)) {
      throw refuse(
        "intake-run-failed",
        `${file.name}: Snyk says that it could not scan (member "error")`,
        "mend the scan and run it again",
      );
    }
    const projects = readAs(z.array(project), all, file, "Snyk JSON");
    if (projects.some(({ dependencyCount }) => dependencyCount === 0)) {
      throw refuse("intake-empty", `${file.name}: Snyk scanned a project without one dependency`);
    }
    if (projects.some(({ ok, vulnerabilities }) => !ok && vulnerabilities.length === 0)) {
      throw refuse("intake-inconsistent", `${file.name}: "ok" is false, but no vulnerability is listed`);
    }
    const cut = projects.find(
      ({ uniqueCount, vulnerabilities }) => (uniqueCount ?? 0) > new Set(vulnerabilities.map(({ id }) => id)).size,
    );
    if (cut !== undefined) {
      throw refuse(
        "intake-inconsistent",
        `${file.name} states ${cut.uniqueCount} different issues and lists fewer: it was cut or edited`,
      );
    }
    const found = projects
      .flatMap(({ vulnerabilities, filtered }) => [...vulnerabilities, ...filtered.ignore])
      .filter(({ type }) => type !== "license");
    // One vulnerability is listed once for each path that leads to it.
    const unique = worstOfEach(found.map(({ id, severity }) => ({ id, method: "snyk", score: severity })));
    const { finishedOn, statedBy } = finish(file, undefined, stated);
    const scope = scopeOf(file, {}, stated);
    const predicate: VulnerabilitiesPredicate = {
      scanner: {
        uri: "https://snyk.io",
        db: { uri: "https://security.snyk.io" },
        result: unique.map(({ id, method, score }) => ({ id, severity: [{ method, score }] })),
      },
      metadata: { scanFinishedOn: finishedOn },
      ...(scope === undefined ? {} : { [SCOPE]: scope }),
    };
    const stating = statedBy === undefined ? {} : { "https://holdpoint.dev/statedBy": statedBy };
    return { predicate: { ...predicate, ...stating }, summary: summarise(unique.map(({ score }) => score)) };
  },
};
