import { resolve } from "node:path";
import { HoldpointError } from "../../rollout/errors";
import type { Register } from "./index";

const HELP = `
Every mistake is named at once, with file, line and column, what was found and what was expected. A plan without one
is then searched for what is contradictory (error) or dangerous (warning); a note says how the plan is read.
Exit code 0 nothing to mend, 1 an error was found (with --strict a warning, too), 2 a mistake.

Example:
  holdpoint lint plans/omnihub.yaml`;

/** `holdpoint lint [plan]` */
export const registerLint: Register = (program, context, ended) => {
  program
    .command("lint")
    .summary("check a rollout plan")
    .description("Checks a rollout plan. Without a name: the plans that the project's stack files name.")
    .argument("[plan]", "the plan's file")
    .option("--strict", "end with 1 for warnings, too")
    .option("--sarif <file>", "also write everything as SARIF 2.1.0, for code scanning")
    .addHelpText("after", HELP)
    .action(async (plan: string | undefined, { strict, sarif }: { strict?: boolean; sarif?: string }) => {
      const [{ plansInUse }, { lintFiles, renderFinding }] = await Promise.all([
        import("../plan-file"),
        import("../lint"),
      ]);
      const files = plan === undefined ? plansInUse(context.root) : [resolve(plan)];
      if (files.length === 0) {
        throw new HoldpointError("usage", "no stack file names a plan", { remedy: "holdpoint lint <plan>" });
      }
      const linted = lintFiles(context.root, files, sarif === undefined ? undefined : resolve(sarif));
      for (const { plan: file, stages, findings } of linted) {
        for (const finding of findings) context.terminal.say(renderFinding(finding));
        const parts = stages.map(
          ({ name, criteria, steps }) =>
            `${name}: ${criteria} ${criteria === 1 ? "criterion" : "criteria"}, ${steps} canary steps`,
        );
        const sum = findings.length === 0 ? "" : `, ${findings.length} to look at`;
        context.terminal.say(`${file}: no mistake${sum} (${parts.join("; ")})`);
      }
      const bad = strict === true ? ["error", "warning"] : ["error"];
      const failed = linted.some(({ findings }) => findings.some(({ level }) => bad.includes(level)));
      ended({ exitCode: failed ? 1 : 0, result: { plans: linted } });
    });
};
