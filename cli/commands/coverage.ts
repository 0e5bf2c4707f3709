import type { Register } from "./index";

const HELP = `
A demand of a document is covered only where a test was seen to fail when what enforces it was taken away:
  npm run mutate               the plans' parts
  npm run mutate -- --source   commands and components

Example:
  holdpoint coverage --json`;

/** `holdpoint coverage` */
export const registerCoverage: Register = (program, context, ended) => {
  program
    .command("coverage")
    .summary("which demands of the documents are enforced")
    .description("Counts the documents' demands, by document and kind: covered, open (by name), narrative.")
    .addHelpText("after", HELP)
    .action(async () => {
      const { readCoverage, renderCoverage } = await import("../coverage");
      const found = readCoverage(context.root);
      context.terminal.say(renderCoverage(found));
      ended({ exitCode: 0, result: found });
    });
};
