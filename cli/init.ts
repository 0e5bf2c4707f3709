/** The stack files of a plan's stages, after those of a stage that the project has already. */
import { existsSync, readFileSync } from "node:fs";
import { basename, isAbsolute, join, relative } from "node:path";
import { askedRights } from "../evidence/trust/asked-rights";
import { HoldpointError } from "../rollout/errors";
import type { Plan, Stage } from "../rollout/plan";
import { canaryStack } from "../rollout/stacks";
import type { Context } from "./context";
import { readPlan } from "./plan-file";
import { setValue, stackFilePath, stagesOf, type Edit } from "./stack-file";
import { replaceFile } from "./write-file";

/** What was written, and what was there. */
export interface Initialised {
  readonly plan: string;
  /** The stage whose files were the pattern. */
  readonly like: string;
  /** Names of files. */
  readonly written: readonly string[];
  readonly kept: readonly string[];
  /** Role → what the trust file must let it attest, approve or waive. */
  readonly roles: Readonly<Record<string, readonly string[]>>;
}

/**
 * Writes the stack files that a plan's stages lack; a file that is there is never touched.
 * @param like the stage whose files are the pattern; by default the first that is not the plan's own
 * @throws HoldpointError as readPlan does; `stack-unknown` where there is no pattern
 */
export function initStacks(context: Context, file: string, like?: string): Initialised {
  const { root } = context;
  const plan = readPlan(root, file);
  const pattern = like ?? patternOf(root, plan);
  const named = isAbsolute(file) && !relative(root, file).startsWith("..") ? relative(root, file) : file;
  const wanted = plan.stages.flatMap((stage, index) => filesOf(root, plan, stage, { pattern, named, index }));
  const missing = wanted.filter(({ path }) => !existsSync(path));
  for (const { path, text } of missing) replaceFile(path, text());
  const names = (all: readonly { path: string }[]): string[] => all.map(({ path }) => basename(path));
  return {
    plan: plan.source.file,
    like: pattern,
    written: names(missing),
    kept: names(wanted.filter((one) => !missing.includes(one))),
    roles: askedRights(plan),
  };
}

function patternOf(root: string, plan: Plan): string {
  const stages = stagesOf(root);
  const found = stages.filter((name) => existsSync(stackFilePath(root, name)));
  // A test stage is smaller, and its way back is to take it down.
  const pattern = found.includes("staging") ? "staging" : (found.find((name) => !has(plan, name)) ?? found[0]);
  if (pattern !== undefined) return pattern;
  throw new HoldpointError("stack-unknown", "the project has no stack files to take as a pattern", {
    remedy: "git checkout Pulumi.staging.yaml Pulumi.staging-canary.yaml",
  });
}

function has(plan: Plan, name: string): boolean {
  return plan.stages.some((stage) => stage.name === name);
}

interface Pattern {
  readonly pattern: string;
  readonly named: string;
  readonly index: number;
}

interface Wanted {
  readonly path: string;
  text(): string;
}

function filesOf(root: string, plan: Plan, stage: Stage, from: Pattern): Wanted[] {
  const common = commonEdits(plan, from);
  const file = (stack: string, after: string, edits: readonly Edit[]): Wanted => ({
    path: stackFilePath(root, stack),
    text: () => rewritten(root, after, stage.name, from.pattern, [...common, ...edits]),
  });
  const [own, canary] = [from.pattern, canaryStack(from.pattern)];
  return [
    file(stage.name, own, [[["holdpoint:waf", "zoneId"], zoneOf(from.index)]]),
    file(canaryStack(stage.name), canary, []),
    ...Object.entries(stage.canaries ?? {}).map(([operation, { path }]) =>
      file(canaryStack(stage.name, operation), canary, [
        [["holdpoint:canary"], { weight: 0 }],
        [["holdpoint:route", "path"], path],
      ]),
    ),
  ];
}

/** An example that no zone has, nor any of the patterns: settings are zone-wide, so each stage needs one of its own. */
function zoneOf(index: number): string {
  return String(index + 101).padStart(32, "0");
}

function commonEdits(plan: Plan, { named }: Pattern): Edit[] {
  const [type] = Object.keys(plan.releaseTypes ?? {});
  return [[["holdpoint:plan"], named], ...(type === undefined ? [] : [[["holdpoint:release", "type"], type] as const])];
}

/** A stack file for another stage: its names in the pattern's values, and the edits. */
function rewritten(root: string, after: string, stage: string, pattern: string, edits: readonly Edit[]): string {
  const path = stackFilePath(root, after);
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (cause) {
    throw new HoldpointError("file-missing", `"${basename(path)}", which is taken as the pattern, can't be read`, {
      remedy: `git checkout ${basename(path)}`,
      cause,
    });
  }
  const body = text.slice(text.search(/^config:/m));
  const renamed = body.replace(new RegExp(`(?<![\\w])${pattern}(?![\\w])`, "g"), stage);
  const head = `# ${stage}, written by \`holdpoint init\` after ${basename(path)}. Every account, id and address is an example.
# Secrets are set by command: pulumi config set --secret holdpoint:digestKey --stack <stack>, and those of its sections.
# holdpoint:protect is the pattern's. true keeps the engine from deleting or replacing what people depend on.
`;
  return head + edits.reduce((now, edit) => setValue(now, join(root, `Pulumi.${stage}.yaml`), edit), renamed);
}
