import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { HoldpointError } from "../rollout/errors";

/** How long one export may take, in milliseconds: some 140 ms on an idle machine, seconds on a busy one. */
const DEADLINE = 20_000;
/** The largest checkpoint that is read, in bytes. */
const LARGEST = 256 * 1024 * 1024;

/**
 * A stack's checkpoint as `pulumi stack export` writes it; undefined for a stack that does not exist. Works while an
 * `up` holds the stack's lock. Values stay encrypted.
 * @param stack "organization/project/stack": the pack's own folder is not the program's
 * @throws HoldpointError `engine-missing`, `engine-failed`
 */
export async function exportStack(stack: string, folder: string): Promise<string | undefined> {
  const kept = await readFileBackend(stack);
  if (kept !== undefined) return kept;
  const pulumi = findPulumi();
  return new Promise((resolve, reject) => {
    const args = ["stack", "export", "--stack", stack, "--non-interactive"];
    const options = { cwd: folder, timeout: DEADLINE, killSignal: "SIGKILL", maxBuffer: LARGEST } as const;
    execFile(pulumi, args, options, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else if (/no stack named/.test(stderr)) resolve(undefined);
      else reject(failed(stack, error, stderr));
    });
  });
}

/**
 * The same out of a backend that is a folder on this machine, without starting the CLI for it: three of those, beside
 * the engine and the program, are most of what a gate costs. Whatever is not as expected is left to the CLI.
 */
async function readFileBackend(stack: string): Promise<string | undefined> {
  const [, project, name] = stack.split("/");
  const url = process.env["PULUMI_BACKEND_URL"] ?? "";
  if (project === undefined || name === undefined || !/^file:\/\/\/[^?~%]+$/.test(url)) return undefined;
  try {
    const file = join(fileURLToPath(url), ".pulumi", "stacks", project, `${name}.json`);
    const { version, checkpoint } = JSON.parse(await readFile(file, "utf8")) as Checkpoint;
    return version === 3 ? JSON.stringify({ version, deployment: checkpoint.latest ?? {} }) : undefined;
  } catch {
    return undefined;
  }
}

/** What the file backend keeps of a stack: version 3 of it holds what an export calls the deployment. */
interface Checkpoint {
  readonly version: number;
  readonly checkpoint: { readonly latest?: object };
}

function failed(stack: string, error: Error & { killed?: boolean }, stderr: string): HoldpointError {
  const last = stderr.trim().split("\n").at(-1) ?? error.message;
  const why = error.killed === true ? `gave no answer within ${DEADLINE / 1000} s` : last;
  return new HoldpointError("engine-failed", `the checkpoint of ${stack} can't be read: ${why}`, {
    remedy: `pulumi stack export --stack ${stack}`,
  });
}

/** The CLI: on PATH, else where its installer puts it. */
function findPulumi(): string {
  const name = process.platform === "win32" ? "pulumi.exe" : "pulumi";
  const folders = [...(process.env["PATH"] ?? "").split(delimiter), join(homedir(), ".pulumi", "bin")];
  const found = folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
  if (found !== undefined) return found;
  throw new HoldpointError("engine-missing", `"${name}" is neither on PATH nor in ~/.pulumi/bin`, {
    remedy: "put the folder of the pulumi command on PATH",
  });
}
