import { resolve } from "node:path";
import { HoldpointError } from "../../rollout/errors";
import type { Register } from "./index";

const HELP = `
Every mistake is named at once, with file, line and column, what was found and what was expected.

Example:
  holdpoint lint plans/omnihub.yaml`;

/** `holdpoint lint [plan]` */
export const registerLint: Register = (program, context, ended) => {
  program
    .command("lint")
    .summary("check a rollout plan")
    .description("Checks a rollout plan. Without a name: the plans that the project's stack files name.")
    .argument("[plan]", "the plan's file")
    .addHelpText("after", HELP)
    .action(async (plan: string | undefined) => {
      const { plansInUse, readPlan } = await import("../plan-file");
      const files = plan === undefined ? plansInUse(context.root) : [resolve(plan)];
      if (files.length === 0) {
        throw new HoldpointError("usage", "no stack file names a plan", { remedy: "holdpoint lint <plan>" });
      }
      const checked = files
        .map((file) => readPlan(context.root, file))
        .map(({ source, stages }) => ({
          plan: source.file,
          digest: source.digest,
          stages: stages.map(({ name, enter, canary }) => ({
            name,
            criteria: enter.criteria.length,
            steps: canary?.steps.length ?? 0,
          })),
        }));
      for (const { plan: file, stages } of checked) {
        const parts = stages.map(({ name, criteria, steps }) => `${name}: ${criteria} criteria, ${steps} canary steps`);
        context.terminal.say(`${file}: no mistake (${parts.join("; ")})`);
      }
      ended({ exitCode: 0, result: { plans: checked } });
    });
};
