/** All formats, and how a file's own is found: by content, never by name. */
import type { EvidenceKind } from "../../rollout/evidence";
import { criterion, pytestBenchmark, vitestBench } from "./benchmarks";
import { checksums } from "./checksums";
import { cobertura } from "./cobertura";
import { drillRecord } from "./drill-record";
import { githubReview } from "./github-review";
import { githubRuns } from "./github-runs";
import { githubWorkflow } from "./github-workflow";
import { grype } from "./grype";
import { infracost } from "./infracost";
import { istanbulFinal, istanbulSummary } from "./istanbul";
import { junit } from "./junit";
import { k6Export, k6Summary } from "./k6";
import { lcov } from "./lcov";
import { gitMerges, pullRequests } from "./merges";
import { npmAudit } from "./npm-audit";
import { opsgenie } from "./opsgenie";
import { osvScanner } from "./osv-scanner";
import { pagerduty } from "./pagerduty";
import { prometheusText } from "./prometheus-text";
import type { Format, ReportFile } from "./report";
import { refuse } from "./report";
import { restic, resticRestore } from "./restic";
import { slsaProvenance } from "./provenance";
import { sarif } from "./sarif";
import { cycloneDx, cycloneDxXml } from "./cyclonedx";
import { spdx, spdx3 } from "./spdx";
import { autocannon, locust } from "./load-tests";
import { snyk } from "./snyk";
import { surveyCsv } from "./survey";
import { trivy } from "./trivy";

/** An explicit list; a new format is one line. */
export const FORMATS: readonly Format[] = [
  junit,
  snyk,
  trivy,
  infracost,
  pagerduty,
  restic,
  resticRestore,
  githubRuns,
  pullRequests,
  gitMerges,
  lcov,
  cobertura,
  istanbulSummary,
  istanbulFinal,
  k6Summary,
  k6Export,
  autocannon,
  locust,
  vitestBench,
  pytestBenchmark,
  criterion,
  prometheusText,
  npmAudit,
  osvScanner,
  grype,
  sarif,
  cycloneDx,
  cycloneDxXml,
  spdx,
  spdx3,
  surveyCsv,
  githubReview,
  opsgenie,
  checksums,
  slsaProvenance,
  githubWorkflow,
  drillRecord,
];

/**
 * The one format that knows all the files; `kind` narrows the choice where the content alone does not.
 * @throws HoldpointError `intake-empty`, `intake-truncated`, `intake-unknown-format`.
 */
export function formatOf(files: readonly ReportFile[], kind?: EvidenceKind): Format {
  for (const file of files) checkWhole(file);
  const known = FORMATS.filter(
    (format) => (kind === undefined || format.kind === kind) && files.every((file) => format.recognises(file)),
  );
  const [only] = known;
  // An empty JSON list could be anything: only its kind, said aloud, tells what it is a list of.
  const ambiguous = kind === undefined && files.some(({ json }) => Array.isArray(json) && json.length === 0);
  if (only !== undefined && known.length === 1 && !ambiguous) return only;
  const names = files.map(({ name }) => name).join(", ");
  const wanted = FORMATS.filter((format) => kind === undefined || format.kind === kind).map(({ name }) => name);
  throw refuse(
    "intake-unknown-format",
    `${names}: ${ambiguous ? "an empty list, which says nothing of what it lists" : "in no format that is known"}${wanted.length === 0 ? "" : `; known are ${wanted.join(", ")}`}`,
    ambiguous ? "name the kind with --kind" : undefined,
  );
}

function checkWhole({ name, text, json, jsonLines }: ReportFile): void {
  if (text.trim() === "") throw refuse("intake-empty", `${name} is empty`);
  if (json === undefined && jsonLines === undefined && /^\s*[[{]/.test(text)) {
    throw refuse(
      "intake-truncated",
      `${name} begins as JSON and does not end as such: it was cut off, a member occurs twice, or half a character stands in it`,
    );
  }
}
