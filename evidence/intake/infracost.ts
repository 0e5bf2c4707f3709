/** `infracost breakdown --format json`: the monthly total of all projects. */
import { z } from "zod";
import type { CostPredicate } from "../predicates/cost";
import { parseInstant } from "../time";
import type { Format } from "./report";
import { finish, isRecord, refuse, single } from "./report";
import { readAs } from "./schema";

const schema = z.object({
  currency: z.string(),
  totalMonthlyCost: z.string("a cost as text"),
  timeGenerated: z.string(),
  projects: z.array(
    z.object({
      metadata: z.object({ errors: z.array(z.unknown()).nullish() }).optional(),
      breakdown: z.object({ totalMonthlyCost: z.string().nullish() }).nullish(),
    }),
  ),
});

/** Infracost JSON → "cost". */
export const infracost: Format = {
  name: "Infracost JSON",
  kind: "cost",
  recognises: ({ json }) => isRecord(json) && "totalMonthlyCost" in json && "projects" in json,
  read(files, stated) {
    const file = single(files, "Infracost JSON");
    const { currency, totalMonthlyCost, timeGenerated, projects } = readAs(schema, file.json, file, "Infracost JSON");
    if (projects.length === 0) throw refuse("intake-empty", `${file.name}: an estimate of no project`);
    if (projects.some(({ metadata }) => (metadata?.errors ?? []).length > 0)) {
      throw refuse(
        "intake-run-failed",
        `${file.name}: Infracost could not estimate a project (member "metadata.errors")`,
      );
    }
    const each = projects.map(({ breakdown }) => Number(breakdown?.totalMonthlyCost ?? 0));
    const sum = each.reduce((all, one) => all + one, 0);
    // Each may have been rounded to a cent.
    if (each.some((one) => !(one >= 0)) || sum - Number(totalMonthlyCost) > 0.01 * projects.length + 1e-6) {
      throw refuse(
        "intake-inconsistent",
        `${file.name} states ${totalMonthlyCost} a month, and its projects cost ${sum}: it was edited`,
      );
    }
    const written = parseInstant(timeGenerated);
    if (written === undefined)
      throw refuse("intake-missing-field", `${file.name}: "timeGenerated" is no time with a zone`);
    const predicate: CostPredicate = {
      ...finish(file, written, stated),
      stage: stated.stage,
      currency,
      monthly: totalMonthlyCost,
    };
    return { predicate, summary: `${totalMonthlyCost} ${currency} a month in ${stated.stage}` };
  },
};
