import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { configuredPath, makeRequest, requestDigest, type Request } from "../evidence/request";
import { HoldpointError } from "../rollout/errors";
import type { Digest } from "../rollout/evidence";
import { parsePlan, type Plan } from "../rollout/plan";
import { projectRoot, rawConfiguration } from "./configuration";
import { parseSettings, type Settings } from "./settings";

/** Everything a run is about: the program declares it, the pack decides on it. Both read it here, each for itself. */
export interface Project {
  readonly root: string;
  readonly settings: Settings;
  readonly plan: Plan;
  readonly request: Request;
  /** Digest of the request. */
  readonly digest: Digest;
}

/**
 * Reads configuration, rollout plan and trust file of the stack that this process runs for.
 * @throws HoldpointError `config-invalid`, `plan-invalid`, `file-missing`, `secret-unbound`, each with all mistakes at once
 */
export function readProject(root = projectRoot(), stack = pulumi.getStack()): Project {
  const raw = rawConfiguration();
  const settings = parseSettings({ stack, config: raw.values, ...stackFile(root, stack) });
  const plan = readPlan(root, settings.plan);
  const request = makeRequest(root, stack, raw);
  return { root, settings, plan, request, digest: requestDigest(request) };
}

/** The stack file's text, so that mistakes can name its lines. With `--config-file` it may be elsewhere: then no lines. */
function stackFile(root: string, stack: string): { file?: { path: string; text: string } } {
  const path = `Pulumi.${stack}.yaml`;
  try {
    return { file: { path, text: readFileSync(join(root, path), "utf8") } };
  } catch {
    return {};
  }
}

function readPlan(root: string, path: string): Plan {
  let text: string;
  try {
    text = readFileSync(configuredPath(root, path), "utf8");
  } catch (cause) {
    throw new HoldpointError("file-missing", `the rollout plan "${path}" can't be read`, {
      remedy: "pulumi config set holdpoint:plan <path of the plan>",
      cause,
    });
  }
  return parsePlan(text, path);
}
