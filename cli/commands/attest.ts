import type { Command } from "commander";
import { HoldpointError } from "../../rollout/errors";
import type { Context, Outcome } from "../context";
import { registerAdd, registerExport } from "./envelopes";
import type { Register } from "./index";

const HELP = `
Files are recognised by their content: JUnit XML, Snyk, Trivy, Infracost, PagerDuty, restic, GitHub workflow runs and
merges, and a folder of runbooks. The release of the stage's stack file is what the evidence is about.

Examples:
  holdpoint attest --stage staging --suite smoke --as ci-staging --key ci.pem junit.xml
  holdpoint attest --stage production --as ci-security --key ci.pem snyk.json
  holdpoint attest run --stage staging --drill rollback --as sam@omnihub.dev --key sam.pem -- npx holdpoint rollback staging`;

const RUN_HELP = `
What is seen of the command is attested: its exit code, when it began and ended, the digest of its output.

Examples:
  holdpoint attest run --stage staging --drill rollback --as sam@omnihub.dev -- npx holdpoint rollback staging
  holdpoint attest run --stage staging --drill restore --verify ./check-data --as sam@omnihub.dev -- ./restore latest`;

interface Options {
  readonly stage: string;
  readonly as?: string;
  readonly key?: string;
  readonly commit?: string;
  readonly image?: string;
}

interface FileOptions extends Options {
  readonly suite?: string;
  readonly kind?: string;
  readonly finishedAt?: string;
  readonly branch?: string;
  readonly since?: string;
  readonly scope?: string;
  readonly trigger?: string;
  readonly section?: readonly string[];
  readonly condition?: string;
}

interface RunOptions extends Options {
  readonly drill: string;
  readonly verify?: readonly string[];
}

/** `holdpoint attest <files...>` and `holdpoint attest run -- <command>` */
export const registerAttest: Register = (program, context, ended) => {
  const attest = common(program.command("attest"))
    .summary("sign evidence from files that tools wrote, or from a drill that is run")
    .description("Signs evidence from files that tools wrote, and adds it to the evidence store.")
    .argument("<files...>", "files of one run, or one folder of runbooks")
    .option("--suite <name>", "tests: the plan's name of the suite")
    .option("--kind <kind>", "where the content alone does not tell: freeze, pipelines, …")
    .option("--finished-at <time>", "when it was finished, for formats that carry no time: 2026-11-22T01:00:00Z")
    .option("--branch <name>", "pipelines and freeze: the branch")
    .option("--since <time>", "freeze: when it began")
    .option("--scope <name>", "backups: what was backed up")
    .option("--trigger <how>", "backups: manual or scheduled")
    .option("--section <title...>", "runbooks: sections that each must have")
    .option(
      "--condition <approval>",
      "that what this conditional sign-off or waiver asked for is done; its words in place of files",
    )
    .addHelpText("after", HELP)
    .action(async (files: string[], options: FileOptions) => {
      requireStage(options);
      const { attestFiles } = await import("../attest");
      ended(await attestFiles(context, files, options));
    });
  registerRun(attest, context, ended);
  registerAdd(attest, context, ended);
  registerExport(attest, context, ended);
};

function registerRun(attest: Command, context: Context, ended: (outcome: Outcome) => void): void {
  common(attest.command("run"))
    .summary("run a drill and attest what was seen of it")
    .description("Runs a drill and attests what was seen of it, whether it passed or failed.")
    .argument("<command...>", "the drill's command, after --")
    .requiredOption("--drill <name>", "rollback, restore, …")
    .option("--verify <command...>", "run after the drill: exit code 0 says that the restored data is whole")
    .addHelpText("after", RUN_HELP)
    .action(async (command: string[], options: RunOptions) => {
      requireStage(options);
      const { attestDrill } = await import("../attest");
      ended(await attestDrill(context, command, options));
    });
}

function common(command: Command): Command {
  return (
    command
      // Not a required option: commander would ask `attest` for it when `attest run` already has it.
      .option("--stage <stage>", "the stage in which it was observed (required)")
      .option("--as <identity>", "who signs, as the trust file names them")
      .option(
        "--key <file>",
        "key to sign with: PEM, or an OpenSSH key (.pub: its private half is in the agent); in the sandbox found by --as",
      )
      .option("--commit <commit>", "what it is about, in place of the stack file's release: a full git commit")
      .option("--image <image>", "what it is about: an image with its digest")
  );
}

function requireStage({ stage }: Partial<Options>): void {
  if (stage !== undefined) return;
  throw new HoldpointError("usage", 'required option "--stage <stage>" not specified', {
    remedy: "holdpoint attest --help",
  });
}

export type { FileOptions, Options, RunOptions };
