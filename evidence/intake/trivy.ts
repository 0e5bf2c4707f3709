/**
 * `trivy … --format json`, and beside it `trivy version --format json`, which alone says how old the database is. A scan
 * that found nothing is believed only with that date: an empty database finds nothing, too.
 */
import { z } from "zod";
import type { VulnerabilitiesPredicate } from "../predicates/vulnerabilities";
import { SCOPE } from "../predicates/vulnerabilities";
import { formatUtc, parseInstant } from "../time";
import type { Format, ReportFile } from "./report";
import { finish, isRecord, refuse } from "./report";
import { scopeOf, summarise } from "./scans";
import type { Scope } from "./scans";
import { readAs } from "./schema";

const scan = z.object({
  ArtifactType: z.string().optional(),
  CreatedAt: z.string(),
  Results: z
    .array(
      z.object({
        Vulnerabilities: z.array(z.object({ VulnerabilityID: z.string().min(1), Severity: z.string() })).nullish(),
      }),
    )
    .nullish(),
});
const version = z.object({ Version: z.string(), VulnerabilityDB: z.object({ UpdatedAt: z.string() }) });

const isScan = ({ json }: ReportFile): boolean => isRecord(json) && "SchemaVersion" in json && "ArtifactName" in json;
const isVersion = ({ json }: ReportFile): boolean => isRecord(json) && "Version" in json && "VulnerabilityDB" in json;

const SCOPES: Readonly<Record<string, Scope>> = {
  container_image: "image",
  filesystem: "dependencies",
  repository: "dependencies",
};

/** Trivy JSON → "vulnerabilities". */
export const trivy: Format = {
  name: "Trivy JSON",
  kind: "vulnerabilities",
  recognises: (file) => isScan(file) || isVersion(file),
  read(files, stated) {
    const file = files.find(isScan);
    const about = files.find(isVersion);
    if (file === undefined || files.length !== (about === undefined ? 1 : 2)) {
      throw refuse("usage", "Trivy: wanted one scan, and beside it `trivy version --format json`");
    }
    const { ArtifactType = "", CreatedAt, Results } = readAs(scan, file.json, file, "Trivy JSON");
    const database = about === undefined ? undefined : readAs(version, about.json, about, "`trivy version` JSON");
    if (Results === null || Results === undefined || Results.length === 0) {
      throw refuse("intake-empty", `${file.name}: Trivy names nothing that it scanned`);
    }
    const found = Results.flatMap(({ Vulnerabilities }) => Vulnerabilities ?? []);
    const unique = [...new Map(found.map((one) => [one.VulnerabilityID, one.Severity])).entries()];
    if (unique.length === 0 && database === undefined) {
      throw refuse(
        "intake-no-database-date",
        `${file.name}: nothing found, and no date of the database that was asked`,
        "attest it together with the output of `trivy version --format json`",
      );
    }
    const { finishedOn } = finish(file, instant(file, "CreatedAt", CreatedAt), stated);
    const known = SCOPES[ArtifactType];
    const scope = scopeOf(file, known === undefined ? {} : { scope: known }, stated);
    const lastUpdate =
      about === undefined || database === undefined
        ? {}
        : { lastUpdate: formatUtc(instant(about, "UpdatedAt", database.VulnerabilityDB.UpdatedAt)) };
    const predicate: VulnerabilitiesPredicate = {
      scanner: {
        uri: "pkg:github/aquasecurity/trivy",
        ...(database === undefined ? {} : { version: database.Version }),
        db: lastUpdate,
        result: unique.map(([id, score]) => ({ id, severity: [{ method: "trivy", score }] })),
      },
      metadata: { scanFinishedOn: finishedOn },
      ...(scope === undefined ? {} : { [SCOPE]: scope }),
    };
    return { predicate, summary: summarise(unique.map(([, severity]) => severity.toLowerCase())) };
  },
};

function instant(file: ReportFile, member: string, text: string): number {
  const time = parseInstant(text);
  if (time === undefined) throw refuse("intake-missing-field", `${file.name}: "${member}" is no time with a zone`);
  return time;
}
