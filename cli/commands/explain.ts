import type { Register } from "./index";

const HELP = `
Reads the plan alone: nothing of the present state, and no engine. What is met now shows
  holdpoint status <stage>

Example:
  holdpoint explain production`;

/** `holdpoint explain <stage>` */
export const registerExplain: Register = (program, context, ended) => {
  program
    .command("explain")
    .summary("what a stage's gate asks for")
    .description(
      "Lists what a stage's gate asks for: each criterion, who mends it, how fresh it must be, where the plan says so.",
    )
    .argument("<stage>", "the stage: production")
    .addHelpText("after", HELP)
    .action(async (name: string) => {
      const [{ planOfStage }, { explainStage, renderExplanation }] = await Promise.all([
        import("../plan-file"),
        import("../explain"),
      ]);
      const { plan, stage } = planOfStage(context, name);
      const explained = explainStage(plan, stage);
      context.terminal.say(renderExplanation(explained));
      ended({ exitCode: 0, result: explained });
    });
};
