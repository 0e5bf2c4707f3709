/** `npm audit --json` (npm 7 or newer): it asks the registry while it runs, and carries neither a time nor a database date. */
import { z } from "zod";
import type { Format } from "./report";
import { isRecord, refuse, single } from "./report";
import { scanOf } from "./scans";
import { readAs } from "./schema";

const LEVELS = ["critical", "high", "moderate", "low", "info"] as const;
const level = z.enum(LEVELS);
const count = z.number().int().nonnegative();
const advisory = z.object({
  source: z.number(),
  url: z.string().optional(),
  severity: level,
});
const schema = z.object({
  auditReportVersion: z.literal(2),
  vulnerabilities: z.record(
    z.string(),
    z.object({ severity: level.optional(), via: z.array(z.union([z.string(), advisory])) }),
  ),
  metadata: z.object({
    vulnerabilities: z.object({ total: count }),
    dependencies: z.object({ total: count, prod: count }),
  }),
});

/** npm audit → "vulnerabilities" of dependencies. */
export const npmAudit: Format = {
  name: "npm audit JSON",
  kind: "vulnerabilities",
  recognises: ({ json }) =>
    isRecord(json) && ("auditReportVersion" in json || (isRecord(json["error"]) && "summary" in json["error"])),
  read(files, stated) {
    const file = single(files, "npm audit JSON");
    if (isRecord(file.json) && "error" in file.json)
      throw refuse("intake-run-failed", `${file.name}: npm could not ask the registry (member "error")`);
    const { vulnerabilities, metadata } = readAs(schema, file.json, file, "npm audit JSON");
    const packages = Object.values(vulnerabilities);
    if (packages.length !== metadata.vulnerabilities.total) {
      throw refuse(
        "intake-inconsistent",
        `${file.name} states ${metadata.vulnerabilities.total} vulnerable packages and lists ${packages.length}`,
      );
    }
    if (metadata.dependencies.total === 0)
      throw refuse("intake-empty", `${file.name}: npm audited a project without one dependency`);
    const advisories = packages.flatMap(({ via }) => via.filter((one) => typeof one !== "string"));
    // A package is also vulnerable through another: then the advisory stands there.
    if (packages.length > 0 && advisories.length === 0)
      throw refuse("intake-inconsistent", `${file.name}: vulnerable packages, but not one advisory`);
    const gone = packages
      .flatMap(({ via }) => via)
      .find((one) => typeof one === "string" && !Object.hasOwn(vulnerabilities, one));
    if (gone !== undefined)
      throw refuse(
        "intake-inconsistent",
        `${file.name}: a package is vulnerable through one that is not listed: it was cut`,
      );
    const worst = (all: readonly (string | undefined)[]): number => LEVELS.findIndex((one) => all.includes(one));
    const [ofPackages, ofAdvisories] = [
      worst(packages.map((one) => one.severity)),
      worst(advisories.map((one) => one.severity)),
    ];
    if (ofPackages !== -1 && ofPackages < ofAdvisories) {
      throw refuse(
        "intake-inconsistent",
        `${file.name}: a package is ${LEVELS[ofPackages]}, and no advisory is worse than ${LEVELS[ofAdvisories]}: it was edited`,
      );
    }
    const unique = [...new Map(advisories.map((one) => [one.source, one])).values()];
    const findings = unique.map(({ source, url, severity }) => ({
      id: /GHSA-[\w-]+$/.exec(url ?? "")?.[0] ?? `npm:${source}`,
      method: "npm",
      score: severity,
    }));
    return scanOf(file, { scanner: "pkg:npm/npm", findings, scope: "dependencies", live: true }, stated);
  },
};
