import { resolve } from "node:path";
import type { Register } from "./index";

const HELP = `
Writes Pulumi.<stage>.yaml and its canary's file for each stage of the plan that has none. A file that is there is left
alone. They are after those of another stage of the project: put in your own values before a real cloud sees them. In
the sandbox they do as they are. Then says what the roles of the plan must be given in the trust file.

Examples:
  holdpoint init plans/yours.yaml
  holdpoint init plans/yours.yaml --like production`;

/** `holdpoint init <plan>` */
export const registerInit: Register = (program, context, ended) => {
  program
    .command("init")
    .summary("stack files for a new plan's stages")
    .description("Writes the stack files that a plan's stages lack, and says which rights its roles need.")
    .argument("<plan>", "the plan's file")
    .option("--like <stage>", "the stage whose files are the pattern; by default staging")
    .addHelpText("after", HELP)
    .action(async (plan: string, { like }: { like?: string }) => {
      const { initStacks } = await import("../init");
      const done = initStacks(context, resolve(plan), like);
      const { terminal } = context;
      if (done.written.length > 0) terminal.say(`wrote, after those of ${done.like}: ${done.written.join(", ")}`);
      if (done.kept.length > 0) terminal.say(`was there: ${done.kept.join(", ")}`);
      const roles = Object.entries(done.roles).filter(([, rights]) => rights.length > 0);
      terminal.say(["the trust file's roles, by what the plan asks of them:", "roles:"].join("\n"));
      for (const [role, rights] of roles) terminal.say(`  ${role}: { may: [${rights.join(", ")}] }`);
      const idle = Object.keys(done.roles).filter((role) => done.roles[role]?.length === 0);
      if (idle.length > 0) terminal.say(`the plan asks nothing of ${idle.join(", ")}`);
      ended({ exitCode: 0, result: done });
    });
};
