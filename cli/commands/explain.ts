import { resolve } from "node:path";
import type { Register } from "./index";

const HELP = `
Reads the plan alone: nothing of the present state, and no engine. The plan is the one that the stage's stack file names;
with --plan no stack file is needed. What is met now shows
  holdpoint status <stage>

Examples:
  holdpoint explain production
  holdpoint explain staging --plan plans/yours.yaml`;

/** `holdpoint explain <stage> [--plan <file>]` */
export const registerExplain: Register = (program, context, ended) => {
  program
    .command("explain")
    .summary("what a stage's gate asks for")
    .description(
      "Lists what a stage's gate asks for: each criterion, who mends it, how fresh it must be, where the plan says so.",
    )
    .argument("<stage>", "the stage: production")
    .option("--plan <file>", "the plan's file, in place of the one that the stage's stack file names")
    .addHelpText("after", HELP)
    .action(async (name: string, { plan: file }: { plan?: string }) => {
      const [{ planOfStage, readPlan, requireStage }, { explainStage, renderExplanation }] = await Promise.all([
        import("../plan-file"),
        import("../explain"),
      ]);
      const chosen = file === undefined ? undefined : readPlan(context.root, resolve(file));
      const { plan, stage } =
        chosen === undefined ? planOfStage(context, name) : { plan: chosen, stage: requireStage(chosen, name) };
      const explained = explainStage(plan, stage);
      context.terminal.say(renderExplanation(explained));
      ended({ exitCode: 0, result: explained });
    });
};
