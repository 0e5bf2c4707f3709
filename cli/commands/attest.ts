import type { Command } from "commander";
import { HoldpointError } from "../../rollout/errors";
import type { Context, Outcome } from "../context";
import { registerAdd, registerExport } from "./envelopes";
import type { Register } from "./index";
import { AS, KEY } from "./signer";

const HELP = `
Files are recognised by their content: test results, coverage, scans, lists of components, load tests, benchmarks, costs,
on-call schedules, backups, reviews, surveys, checksums and more (docs/evidence.md), and a folder of runbooks. The release of the stage's stack file is what the evidence is about.

Examples:
  holdpoint attest --stage staging --suite smoke --as ci-staging --key ci.pem junit.xml
  holdpoint attest --stage production --as ci-security --key ci.pem snyk.json
  holdpoint attest --stage production --as qa --suite unit --key ci.pem coverage/lcov.info --finished-at 2026-11-22T01:00:00Z
  holdpoint attest --stage production --as sam@omnihub.dev --key sam.pem --check legal-review
  holdpoint attest run --stage staging --drill rollback --as sam@omnihub.dev --key sam.pem -- npx holdpoint rollback staging`;

const RUN_HELP = `
What is seen of the command is attested: its exit code, when it began and ended, the digest of its output. A line
"holdpoint mark: <id>" that it prints is one of the rollback's marks, reached when it was seen.

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
  readonly environment?: string;
  readonly databaseUpdated?: string;
  readonly survey?: string;
  readonly satisfied?: string;
  readonly review?: string;
  readonly reviewer?: readonly string[];
  readonly outcome?: string;
  readonly open?: string;
  readonly publicKey?: string;
  readonly artifact?: string;
  readonly check?: string;
  readonly notDone?: boolean;
  readonly note?: string;
  readonly changesFrom?: string;
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
    .argument("[files...]", "files of one run, or one folder of runbooks or documents")
    .option("--suite <name>", "tests, coverage, measurements: the plan's name of the suite")
    .option("--environment <name>", "tests and measurements: where they ran, one of several places")
    .option("--kind <kind>", "where the content alone does not tell: freeze, documents, …")
    .option("--finished-at <time>", "when it was finished, for formats that carry no time: 2026-11-22T01:00:00Z")
    .option("--branch <name>", "pipelines and freeze: the branch")
    .option("--since <time>", "freeze: when it began")
    .option("--scope <name>", "backups: what was backed up; scans: code, dependencies or image")
    .option("--database-updated <time>", "scans: when the scanner's database was made, where the report does not say")
    .option("--trigger <how>", "backups: manual or scheduled")
    .option("--section <title...>", "runbooks and documents: sections that each must have")
    .option("--survey <name>", "surveys: the plan's name")
    .option("--satisfied <rule>", 'surveys: who is satisfied: "rating >= 4", "happy = yes"')
    .option("--review <name>", "reviews: the plan's name")
    .option("--reviewer <name...>", "reviews by a report that no program reads: who reviewed")
    .option("--outcome <outcome>", "the same: approved, changes-requested or rejected")
    .option("--open <counts>", 'the same: what is still open: "critical=0,high=1,medium=2,low=0"')
    .option("--artifact <file>", "artifacts: a single file that was published; the other file is its signature")
    .option(
      "--public-key <file>",
      "artifacts: the key with which the signature must verify, unless a certificate signed",
    )
    .option("--check <name>", "that an item of a checklist is done; no files")
    .option("--not-done", "the item of --check is not done")
    .option("--note <text>", "beside --check: what there is to say")
    .option(
      "--changes-from <commit>",
      "the files that differ from this commit, tag or branch of the baseline; no files",
    )
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
      .addOption(AS)
      .addOption(KEY)
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
