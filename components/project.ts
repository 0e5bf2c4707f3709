import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { calendarsDigest, readCalendars, type CalendarTexts } from "../evidence/calendar-files";
import { configuredPath, contentDigest, makeRequest, requestDigest, type Request } from "../evidence/request";
import { readTextFile } from "../evidence/text-file";
import { HoldpointError } from "../rollout/errors";
import type { Digest } from "../rollout/evidence";
import { parsePlan, type Plan } from "../rollout/plan";
import { wrongType } from "../rollout/release-types";
import { projectRoot, rawConfiguration } from "./configuration";
import { effectiveWeight } from "./settings/canary";
import { parseSettings, type CanaryStackSettings, type Settings, type StageSettings } from "./settings";

/** Everything a run is about: the program declares it, the pack decides on it. Both read it here, each for itself. */
export interface Project {
  readonly root: string;
  readonly settings: Settings;
  readonly plan: Plan;
  /** The calendar files that the plan names. */
  readonly calendars: CalendarTexts;
  readonly request: Request;
  /** Digest of the request. */
  readonly digest: Digest;
  /** Digest of what runs, whatever the baseline. */
  readonly content: Digest;
}

/**
 * Reads configuration, rollout plan and trust file of the stack that this process runs for.
 * @throws HoldpointError `config-invalid`, `plan-invalid`, `file-missing`, `secret-unbound`, each with all mistakes at once
 */
export function readProject(
  root = projectRoot(),
  stack = pulumi.getStack(),
  settings = readSettings(root, stack),
): Project {
  const plan = readPlan(root, settings.plan);
  checkType(plan, settings);
  const calendars = readCalendars(root, plan);
  const configuration = rawConfiguration();
  const request = makeRequest(root, stack, configuration, calendarsDigest(calendars));
  const content = contentDigest(request, configuration);
  return { root, settings, plan, calendars, request, digest: requestDigest(request), content };
}

/** What a release is asked for depends on its type: one that the plan does not know is a mistake, not a shorter way. */
function checkType(plan: Plan, { stack, release }: Settings): void {
  const wrong = wrongType(plan, release.type);
  if (wrong === undefined) return;
  const [first] = Object.keys(plan.releaseTypes ?? {});
  throw new HoldpointError("config-invalid", `Pulumi.${stack}.yaml: holdpoint:release.type: ${wrong}`, {
    remedy:
      first === undefined
        ? `remove it, or write "releaseTypes" into the plan`
        : `pulumi config set --path holdpoint:release.type ${first} --stack ${stack}`,
  });
}

/** What the program declares, and what it asks clearance for. */
export type Run = Asking &
  (
    | { readonly kind: "stage"; readonly settings: StageSettings; readonly plan: Plan; readonly service: string }
    | {
        readonly kind: "canary";
        readonly settings: CanaryStackSettings;
        readonly plan?: Plan;
        readonly service: string;
      }
  );

interface Asking {
  readonly request: object;
  readonly digest: Digest;
  /** All traffic goes to the baseline: the run can only lead back. */
  readonly wayBack: boolean;
}

/**
 * Reads what the program is to declare. On the way back a rollout plan or trust file that can't be read stops nothing.
 * @throws HoldpointError as `readProject`
 */
export function readRun(root = projectRoot(), stack = pulumi.getStack()): Run {
  const settings = readSettings(root, stack);
  const wayBack = settings.kind === "canary" && effectiveWeight(settings.canary) === 0;
  try {
    const { plan, request, digest } = readProject(root, stack, settings);
    const { service } = plan;
    const asking = { request, digest, wayBack };
    return settings.kind === "stage"
      ? { kind: "stage", settings, plan, service, ...asking }
      : { kind: "canary", settings, service, ...asking };
  } catch (error) {
    const service = serviceNamed(root, settings.plan);
    if (settings.kind !== "canary" || !wayBack || service === undefined || !(error instanceof HoldpointError))
      throw error;
    // What is asked for then is nothing that a pack could grant: the way back goes on without one.
    return { kind: "canary", settings, service, request: {}, digest: "none", wayBack };
  }
}

/** The service's name in a plan that may be full of mistakes: it has a line of its own. */
function serviceNamed(root: string, path: string): string | undefined {
  try {
    return /^service: *["']?([a-z][a-z0-9-]{0,62})["']? *(?:#.*)?$/m.exec(
      readTextFile(configuredPath(root, path), { what: path }),
    )?.[1];
  } catch {
    return undefined;
  }
}

function readSettings(root: string, stack: string): Settings {
  return parseSettings({ stack, config: rawConfiguration().values, ...stackFile(root, stack) });
}

/** The stack file's text, so that mistakes can name its lines. With `--config-file` it may be elsewhere: then no lines. */
function stackFile(root: string, stack: string): { file?: { path: string; text: string } } {
  const path = `Pulumi.${stack}.yaml`;
  try {
    return { file: { path, text: readTextFile(join(root, path), { what: path }) } };
  } catch {
    return {};
  }
}

function readPlan(root: string, path: string): Plan {
  const remedy = "pulumi config set holdpoint:plan <path of the plan>";
  const text = readTextFile(configuredPath(root, path), { what: `the rollout plan "${path}"`, remedy });
  return parsePlan(text, path);
}
