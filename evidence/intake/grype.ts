/** `grype -o json`: it says when it ran and how old its database is. What a rule ignores counts: that is the plan's to say. */
import { z } from "zod";
import type { Format } from "./report";
import { isRecord, refuse, single } from "./report";
import { instant, scanOf, worstOfEach } from "./scans";
import type { Scope } from "./scans";
import { readAs } from "./schema";

const match = z.object({ vulnerability: z.object({ id: z.string().min(1), severity: z.string() }) });
const built = z.object({ built: z.string() });
const schema = z.object({
  matches: z.array(match),
  ignoredMatches: z.array(match).nullish(),
  source: z.object({ type: z.string(), target: z.unknown() }, "what was scanned"),
  descriptor: z.object({
    version: z.string(),
    timestamp: z.string(),
    // Since version 6 of the database's schema one level deeper.
    db: z.union([z.object({ status: built }), built], "the database's date"),
  }),
});

const SCOPES: Readonly<Record<string, Scope>> = { image: "image", directory: "dependencies" };

/** Grype → "vulnerabilities". */
export const grype: Format = {
  name: "Grype JSON",
  kind: "vulnerabilities",
  recognises: ({ json }) => isRecord(json) && Array.isArray(json["matches"]) && "descriptor" in json,
  read(files, stated) {
    const file = single(files, "Grype JSON");
    const { matches, ignoredMatches, source, descriptor } = readAs(schema, file.json, file, "Grype JSON");
    if (source.target === undefined || source.target === null || source.target === "")
      throw refuse("intake-empty", `${file.name}: Grype names nothing that it scanned`);
    const found = [...matches, ...(ignoredMatches ?? [])].map(({ vulnerability }) => vulnerability);
    const findings = worstOfEach(found.map(({ id, severity: score }) => ({ id, method: "grype", score })));
    const scope = SCOPES[source.type];
    const database = "status" in descriptor.db ? descriptor.db.status.built : descriptor.db.built;
    const scan = {
      scanner: "pkg:github/anchore/grype",
      version: descriptor.version,
      findings,
      finishedAt: instant(file, "descriptor.timestamp", descriptor.timestamp),
      databaseUpdatedAt: instant(file, "descriptor.db", database),
      ...(scope === undefined ? {} : { scope }),
    };
    return scanOf(file, scan, stated);
  },
};
