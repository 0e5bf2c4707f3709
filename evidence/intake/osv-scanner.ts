/**
 * `osv-scanner --format json`. It carries neither a time nor the date of its database, and where it could load none it
 * writes the same empty list as where it found nothing: so an empty one is believed only with a date that the attester
 * states, and with `--all-packages`, which names what was scanned.
 */
import { z } from "zod";
import type { Format } from "./report";
import { isRecord, refuse, single } from "./report";
import { scanOf, worstOfEach } from "./scans";
import { readAs } from "./schema";

const group = z.object({ ids: z.array(z.string().min(1)).min(1), max_severity: z.string() });
const schema = z.object({
  results: z.array(
    z.object({
      source: z.object({ path: z.string(), type: z.string() }),
      packages: z.array(
        z.object({
          groups: z.array(group).default([]),
          vulnerabilities: z.array(z.object({ id: z.string() })).default([]),
        }),
      ),
    }),
  ),
});

/** OSV-Scanner → "vulnerabilities". */
export const osvScanner: Format = {
  name: "OSV-Scanner JSON",
  kind: "vulnerabilities",
  recognises: ({ json }) => isRecord(json) && Array.isArray(json["results"]) && "experimental_config" in json,
  read(files, stated) {
    const file = single(files, "OSV-Scanner JSON");
    const { results } = readAs(schema, file.json, file, "OSV-Scanner JSON");
    const packages = results.flatMap((one) => one.packages);
    if (packages.length === 0) {
      throw refuse(
        "intake-empty",
        `${file.name}: OSV-Scanner names nothing that it scanned; it writes the same without a database`,
        "scan with --all-packages, so that the report says what was looked at",
      );
    }
    const lost = packages.some(({ groups, vulnerabilities }) => {
      const grouped = new Set(groups.flatMap(({ ids }) => ids));
      return vulnerabilities.some(({ id }) => !grouped.has(id));
    });
    if (lost)
      throw refuse("intake-inconsistent", `${file.name}: vulnerabilities that are in no group: it was cut or edited`);
    const groups = packages.flatMap((one) => one.groups);
    const findings = worstOfEach(
      groups.map(({ ids: [id = ""], max_severity: score }) => ({
        id,
        method: "cvss_score",
        score: score === "" ? "unknown" : score,
      })),
    );
    const lockfiles = results.every(({ source }) => source.type === "lockfile");
    return scanOf(
      file,
      { scanner: "pkg:github/google/osv-scanner", findings, ...(lockfiles ? { scope: "dependencies" as const } : {}) },
      stated,
    );
  },
};
