/** Ways in which what OmniHub's gate asks for is there, and is no proof: too old, of another stage, not all of it. */
import type { EvidenceFacts, EvidenceKind } from "../../rollout/evidence";
import { refused } from "./cases";
import type { Case, Change } from "./cases";
import { approval, inStage, older, says, signedBefore } from "./changes";
import { HOUR, MINUTE } from "./good-evidence";

const enter = { stage: "production" };

/** Older than the plan takes. */
const tooOld = <K extends EvidenceKind>(
  row: string,
  by: string,
  kind: K,
  age: string,
  about: Partial<EvidenceFacts[K]> = {},
): Case => refused([row], `${by}: it is ${age} older`, enter, by, older(kind, age, about));

/** Observed elsewhere. */
const elsewhere = <K extends EvidenceKind>(
  row: string,
  by: string,
  kind: K,
  stage: string,
  about: Partial<EvidenceFacts[K]> = {},
): Case => refused([row], `${by}: it was seen in ${stage}`, enter, by, inStage(kind, stage, about));

/** Somebody of each level is there for so many hours. */
const onCall =
  (hours: number, levels: readonly ("primary" | "secondary")[]): Change =>
  (world, plan) => {
    const until = world.now + hours * HOUR;
    const shifts = levels.map((level) => ({ level, person: `${level}@example.org`, from: 0, until }));
    return says("on-call", { shifts })(world, plan);
  };

const RUNBOOKS = ["high-error-rate", "service-down", "database-down"];

export const PROOFS: readonly Case[] = [
  refused(
    ["OH-72"],
    "the scan found something of unknown severity",
    enter,
    "security-scan",
    says("vulnerabilities", { counts: { critical: 0, high: 0, medium: 0, low: 0, unknown: 1 } }),
  ),
  refused(
    ["OH-72"],
    "only the code was scanned, not what it depends on",
    enter,
    "security-scan",
    says("vulnerabilities", { scope: "code" }),
  ),
  refused(
    ["OH-73"],
    "the update plan was reviewed 25 hours ago",
    enter,
    "update-plan-reviewed",
    signedBefore("update-plan-reviewed", "25 hours"),
  ),
  refused(["OH-97"], "the sign-off was given 15 days ago", enter, "sign-off", (world, plan) =>
    approval("sign-off", { approvedAt: world.now - 15 * 24 * HOUR })(world, plan),
  ),
  refused(["OH-202"], "the sign-off was given at the last minute", enter, "sign-off", (world, plan) =>
    approval("sign-off", { approvedAt: world.now - MINUTE })(world, plan),
  ),
  elsewhere("OH-74", "rollback-tested", "drill", "production", { drill: "rollback" }),
  elsewhere("OH-75", "restore-drill", "drill", "production", { drill: "restore" }),
  tooOld("OH-75", "restore-drill", "drill", "31 days", { drill: "restore" }),
  elsewhere("OH-76", "monthly-cost", "cost", "staging"),
  tooOld("OH-76", "monthly-cost", "cost", "31 days"),
  refused(["OH-76"], "production would cost $290 a month", enter, "monthly-cost", says("cost", { monthly: 290 })),
  elsewhere("OH-77", "on-call", "on-call", "staging"),
  tooOld("OH-105", "on-call", "on-call", "25 hours"),
  refused(["OH-77"], "nobody is on call as the primary", enter, "on-call", onCall(48, ["secondary"])),
  refused(["OH-105"], "nobody is on call tomorrow", enter, "on-call", onCall(23, ["primary", "secondary"])),
  tooOld("OH-78", "runbooks", "runbooks", "31 days"),
  ...RUNBOOKS.slice(0, 2).map((missing) =>
    refused(
      ["OH-78"],
      `the runbook ${missing} is not written`,
      enter,
      "runbooks",
      says("runbooks", {
        runbooks: RUNBOOKS.filter((name) => name !== missing).map((name) => ({ name, sections: [] })),
      }),
    ),
  ),
  tooOld("OH-102", "code-freeze", "freeze", "8 hours"),
  refused(["OH-102"], "main was frozen 23 hours ago", enter, "code-freeze", (world, plan) =>
    says("freeze", { since: world.now - 23 * HOUR })(world, plan),
  ),
  tooOld("OH-103", "pipelines-green", "pipelines", "25 hours"),
  elsewhere("OH-104", "manual-backup", "backup", "staging"),
  tooOld("OH-104", "manual-backup", "backup", "25 hours"),
];
