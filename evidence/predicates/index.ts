/** Every kind of evidence and its predicate: an explicit list, so that a new kind is one line here. */
import type { EvidenceKind } from "../../rollout/evidence";
import { artifacts } from "./artifacts";
import { backup } from "./backup";
import { changes } from "./changes";
import { check } from "./check";
import { condition } from "./condition";
import { cost } from "./cost";
import { coverage } from "./coverage";
import { documents } from "./documents";
import { drill } from "./drill";
import { freeze } from "./freeze";
import { measurement } from "./measurement";
import { onCall } from "./on-call";
import { pipelines } from "./pipelines";
import { provenance } from "./provenance";
import { review } from "./review";
import { runbooks } from "./runbooks";
import { sbom } from "./sbom";
import type { Predicate } from "./shared";
import { survey } from "./survey";
import { testResult } from "./test-result";
import { vulnerabilities } from "./vulnerabilities";
import { workflow } from "./workflow";

/** By kind; the compiler demands one for each kind that a criterion can ask for. */
export const PREDICATES: { readonly [K in EvidenceKind]: Predicate<K> } = {
  "test-result": testResult,
  vulnerabilities,
  drill,
  cost,
  "on-call": onCall,
  runbooks,
  backup,
  pipelines,
  freeze,
  coverage,
  measurement,
  survey,
  review,
  artifacts,
  sbom,
  provenance,
  documents,
  check,
  changes,
  condition,
  workflow,
};

/** All kinds. */
export const EVIDENCE_KINDS = Object.keys(PREDICATES) as EvidenceKind[];

/** The predicate of an exact predicateType; undefined for any other, whatever it begins with. */
export function predicateOf(type: string): Predicate<EvidenceKind> | undefined {
  return BY_TYPE.get(type);
}

const BY_TYPE: ReadonlyMap<string, Predicate<EvidenceKind>> = new Map(
  Object.values(PREDICATES).flatMap((predicate) =>
    [predicate.type, ...(predicate.otherTypes ?? [])].map((type) => [type, predicate] as const),
  ),
);
