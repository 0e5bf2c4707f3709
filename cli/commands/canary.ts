import { HoldpointError } from "../../rollout/errors";
import type { Walk, Whose } from "../canary";
import type { Context, Outcome } from "../context";
import type { Register } from "./index";

const HELP = `
Begins where the state says that the canary stands, so that it can be run again after any interruption. Each step is an
ordinary \`pulumi up\` in which the policy pack decides; it is then held for as long as the plan says and judged on live
numbers all the while. What fails is rolled back at once, and so is a step that has no verdict after twice its hold.
Ctrl-C ends the watching; the weight stays.

Examples:
  holdpoint canary production           all steps, to 100 %
  holdpoint canary production 5         the first step alone
  holdpoint canary production 0         all traffic to the baseline; the release stays where it is
  holdpoint canary production 10 --operation search    the steps of one operation, to 10 %`;

/** `holdpoint canary <stage> [weight]` */
export const registerCanary: Register = (program, context, ended) => {
  program
    .command("canary")
    .summary("walk the canary's steps, each judged on live numbers")
    .description("Walks the canary's steps, each judged on live numbers.")
    .argument("<stage>", "the stage: production")
    .argument("[weight]", "the last step to take, in percent", "100")
    .option("--to <weight>", "the same as the second argument")
    .option("--operation <name>", "the canary of one operation of the plan; without it, the whole service's")
    .addHelpText("after", HELP)
    .action(async (stage: string, weight: string, { to, operation }: Options) => {
      ended(
        await walk(context, { stage, ...(operation === undefined ? {} : { operation }) }, parseWeight(to ?? weight)),
      );
    });
};

interface Options {
  readonly to?: string;
  readonly operation?: string;
}

async function walk(context: Context, whose: Whose, to: number): Promise<Outcome> {
  if (to === 0) {
    const { lowerToZero } = await import("../rollback");
    const { stage, ...operation } = whose;
    const result = await lowerToZero(context, stage, { takeOver: false, ...operation });
    context.terminal.say(`all traffic of ${nameOf(whose)} is on the baseline`);
    return { exitCode: 0, result };
  }
  const { walkCanary } = await import("../canary");
  const result = await untilInterrupted((stop) => walkCanary(context, whose, to, stop));
  context.terminal.say(ending(result));
  if (result.outcome !== "rolled-back") return { exitCode: result.outcome === "done" ? 0 : 1, result };
  const { healthLines, healthOf } = await import("../health");
  const health = await healthOf(context, whose.stage);
  for (const line of healthLines(whose.stage, health)) context.terminal.say(line);
  return { exitCode: 1, result: { ...result, health } };
}

function ending(walk: Walk): string {
  const { weight, outcome, why } = walk;
  if (outcome === "done") return `${nameOf(walk)} is at ${weight} %, every step held and judged`;
  return outcome === "rolled-back" ? `${nameOf(walk)} was rolled back, without being asked` : (why ?? outcome);
}

function nameOf({ stage, operation }: Whose): string {
  return operation === undefined ? stage : `${stage}'s ${operation}`;
}

/** Ctrl-C ends the watching between two looks; the engine, while it runs, gets it by itself. */
async function untilInterrupted<T>(work: (stop: AbortSignal) => Promise<T>): Promise<T> {
  const stop = new AbortController();
  const interrupt = (): void => stop.abort();
  process.on("SIGINT", interrupt);
  process.on("SIGTERM", interrupt);
  try {
    return await work(stop.signal);
  } finally {
    process.off("SIGINT", interrupt);
    process.off("SIGTERM", interrupt);
  }
}

function parseWeight(text: string): number {
  const weight = /^\d{1,3}%?$/.test(text) ? Number.parseInt(text, 10) : Number.NaN;
  if (weight <= 100) return weight;
  throw new HoldpointError("usage", `found the weight "${text}", expected a whole number from 0 to 100`, {
    remedy: "holdpoint canary production 5",
  });
}
