/** Which files differ between two commits: git is asked, without a shell and without what a repository could configure. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { refuse } from "./report";

const TIMEOUT = 60_000;
const MAX_OUTPUT = 16 * 1024 * 1024;
/** A repository's own settings must neither run programs nor hide files. */
const SAFE = ["-c", "core.fsmonitor=false", "-c", "core.hooksPath=", "-c", "diff.external=", "--no-pager"];

/** Files that differ, both names of a renamed one. */
export interface Changed {
  /** The baseline's full commit. */
  readonly from: string;
  readonly files: string[];
  /** What git wrote: names, each ended by a zero byte. */
  readonly output: Buffer;
}

/**
 * The files that differ from `from` (a commit, tag or branch) to `to` (a full commit).
 * @throws HoldpointError `intake-run-failed` where git can't tell: no repository, an unknown commit, a shallow clone
 */
export async function changedFiles(folder: string, from: string, to: string): Promise<Changed> {
  const begin = await commitOf(folder, from);
  const end = await commitOf(folder, to);
  const options = [
    "diff",
    "--name-only",
    "-z",
    "--no-renames",
    "--no-ext-diff",
    "--no-textconv",
    "--ignore-submodules=none",
  ];
  const output = await git(folder, [...options, begin, end, "--"]);
  const text = new TextDecoder("utf-8", { fatal: true });
  try {
    return { from: begin, files: text.decode(output).split("\0").filter(Boolean), output };
  } catch {
    throw refuse("intake-encoding", "a changed file has a name that is not UTF-8");
  }
}

async function commitOf(folder: string, name: string): Promise<string> {
  const found = await git(folder, ["rev-parse", "--verify", "--quiet", "--end-of-options", `${name}^{commit}`]);
  return found.toString("utf8").trim();
}

async function git(folder: string, args: readonly string[]): Promise<Buffer> {
  try {
    const { stdout } = await promisify(execFile)("git", [...SAFE, ...args], {
      cwd: folder,
      encoding: "buffer",
      timeout: TIMEOUT,
      maxBuffer: MAX_OUTPUT,
    });
    return stdout;
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : "unknown error";
    throw refuse(
      "intake-run-failed",
      `git ${args[0] ?? ""} ended with ${code}: it does not know ${args.at(-1) === "--" ? "the commits" : JSON.stringify(args.at(-1)?.replace("^{commit}", ""))} here`,
      "run it in a full clone of the repository: git fetch --unshallow --tags",
    );
  }
}
