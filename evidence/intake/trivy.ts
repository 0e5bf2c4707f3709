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
import { checkDatabase, scopeOf, summarise, worstOfEach } from "./scans";
import type { Scope } from "./scans";
import { readAs } from "./schema";

const scan = z.object({
  ArtifactType: z.string().optional(),
  CreatedAt: z.string(),
  Results: z
    .array(
      z.object({
        Class: z.string().optional(),
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

/** What vulnerabilities are looked for in. */
const PACKAGES: ReadonlySet<string> = new Set(["os-pkgs", "lang-pkgs"]);

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
    // Told to look for secrets, licences or misconfigurations alone it names targets, too.
    if (!Results.some(({ Class = "" }) => PACKAGES.has(Class))) {
      throw refuse(
        "intake-empty",
        `${file.name}: Trivy names no packages that it looked at: found nothing means nothing`,
      );
    }
    const found = Results.flatMap(({ Vulnerabilities }) => Vulnerabilities ?? []);
    const unique = worstOfEach(
      found.map(({ VulnerabilityID: id, Severity: score }) => ({ id, method: "trivy", score })),
    );
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
    const updated =
      about === undefined || database === undefined
        ? undefined
        : instant(about, "UpdatedAt", database.VulnerabilityDB.UpdatedAt);
    checkDatabase(file, updated, finishedOn);
    const predicate: VulnerabilitiesPredicate = {
      scanner: {
        uri: "pkg:github/aquasecurity/trivy",
        ...(database === undefined ? {} : { version: database.Version }),
        db: updated === undefined ? {} : { lastUpdate: formatUtc(updated) },
        result: unique.map(({ id, method, score }) => ({ id, severity: [{ method, score }] })),
      },
      metadata: { scanFinishedOn: finishedOn },
      ...(scope === undefined ? {} : { [SCOPE]: scope }),
    };
    return { predicate, summary: summarise(unique.map(({ score }) => score.toLowerCase())) };
  },
};

function instant(file: ReportFile, member: string, text: string): number {
  const time = parseInstant(text);
  if (time === undefined) throw refuse("intake-missing-field", `${file.name}: "${member}" is no time with a zone`);
  return time;
}
