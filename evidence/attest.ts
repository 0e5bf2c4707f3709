/**
 * Making evidence: from files that tools wrote, from runbooks, from a drill that is run and watched here, and from a
 * person's word that a condition is met. Each ends in one signed envelope in the store and the raw reports beside it.
 */
import { createHash } from "node:crypto";
import { spawn } from "node:child_process";
import { constants } from "node:fs";
import { open, readdir, stat } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { ZodError } from "zod";
import { machineClock } from "../rollout/clock";
import { HoldpointError } from "../rollout/errors";
import type { Digest, EvidenceKind } from "../rollout/evidence";
import { digest } from "./canonical";
import type { PrivateKey } from "./dsse";
import { MarkReader, reached, type SeenMark } from "./drill-marks";
import { sign, STATEMENT_TYPE } from "./dsse";
import { formatOf } from "./intake";
import type { Intake, ReportFile, Stated } from "./intake/report";
import { refuse, reportFile } from "./intake/report";
import { changedFiles } from "./intake/changes";
import { readDocuments, readRunbooks } from "./intake/runbooks";
import { PREDICATES } from "./predicates";
import type { RUN_ANNOTATION } from "./predicates/test-result";
import type { ChangesPredicate } from "./predicates/changes";
import type { CheckPredicate } from "./predicates/check";
import type { ReviewPredicate } from "./predicates/review";
import type { DrillPredicate } from "./predicates/drill";
import type { ConditionPredicate } from "./predicates/condition";
import { referenceBody } from "./reference";
import { refuseSecrets } from "./secrets";
import type { Subject } from "./statement";
import { malformed, statementBody } from "./statement";
import type { Store } from "./store";
import { MAX_REPORT_BYTES } from "./store";
import { formatUtc } from "./time";

/** Files of one run that are attested together: Maven writes one a class, and there may be many. */
const MAX_FILES = 500;

/** What every way of attesting needs. */
export interface AttestBase {
  readonly stage: string;
  /** What it is evidence about: a commit, an image's sha256, or both. */
  readonly subject: Subject;
  readonly key: PrivateKey;
  readonly store: Store;
  /** Machine time; for tests. */
  readonly now?: number;
}

/** Attesting files. */
export interface AttestFiles extends AttestBase, Omit<Stated, "subject" | "root"> {
  /** Files of one run, or one folder of runbooks; relative to `root`. */
  readonly files: readonly string[];
  readonly root: string;
  /** Only needed where content alone does not tell ("[]"); refused where it says something else. */
  readonly kind?: EvidenceKind;
}

/** Evidence that was stored. */
export interface Attested {
  /** Its address in the store. */
  readonly id: Digest;
  readonly kind: EvidenceKind;
  readonly summary: string;
}

/**
 * Attests files that tools wrote, or a folder of runbooks.
 * @throws HoldpointError `file-…`, `intake-…`, `store-unwritable`; nothing is stored then.
 */
export async function attest(options: AttestFiles): Promise<Attested> {
  const now = options.now ?? Date.now();
  const { files, folder } = await readFiles(options.root, options.files);
  for (const { name, text } of files) refuseSecrets(name, text);
  if (folder) {
    const { kind = "runbooks" } = options;
    if (kind !== "runbooks" && kind !== "documents")
      throw refuse("usage", `a folder is read as runbooks or documents, not as ${kind}`);
    const intake = kind === "runbooks" ? readRunbooks(files, options, now) : readDocuments(files, options, now);
    return store(options, kind, intake, files);
  }
  const format = formatOf(files, options.kind);
  return store(options, format.kind, format.read(files, options), files);
}

/** A condition of a conditional sign-off that the signer says is met. */
export interface AttestCondition extends AttestBase {
  /** The item, word for word as the approval has it. */
  readonly item: string;
  /** Id of the approval. */
  readonly approval: Digest;
}

/** Attests that an item of a conditional sign-off is done. */
export async function attestCondition(options: AttestCondition): Promise<Attested> {
  const predicate: ConditionPredicate = {
    finishedOn: formatUtc(options.now ?? Date.now()),
    statedBy: "attester",
    stage: options.stage,
    item: options.item,
    approval: options.approval,
  };
  return store(options, "condition", { predicate, summary: `done: ${options.item}` }, []);
}

/** An item of a checklist that the signer did, or did not. */
export interface AttestCheck extends AttestBase {
  readonly check: string;
  readonly outcome: "done" | "not-done";
  readonly note?: string;
}

/** Attests an item of a checklist. */
export async function attestCheck({ check, outcome, note, ...base }: AttestCheck): Promise<Attested> {
  const predicate: CheckPredicate = {
    finishedOn: formatUtc(base.now ?? Date.now()),
    statedBy: "attester",
    stage: base.stage,
    check,
    outcome,
    ...(note === undefined ? {} : { note }),
  };
  return store(base, "check", { predicate, summary: `${check}: ${outcome}` }, []);
}

/** A review whose report no program reads: an audit, a penetration test. The signer says what is in it. */
export interface AttestReview extends AttestBase {
  readonly review: string;
  readonly outcome: ReviewPredicate["outcome"];
  readonly reviewers: readonly string[];
  readonly open?: NonNullable<ReviewPredicate["open"]>;
  /** When it ended, machine time. */
  readonly finishedAt: number;
  /** The reports, of any form; kept by digest. */
  readonly files: readonly string[];
  readonly root: string;
}

/** Attests a review by its report. @throws HoldpointError `usage` without a report */
export async function attestReview(options: AttestReview): Promise<Attested> {
  const { review, outcome, reviewers, open: left, finishedAt, root } = options;
  const paths = options.files.map((path) => resolve(root, path));
  if (paths.length === 0) throw refuse("usage", "a review without its report");
  const files = await Promise.all(paths.map(async (path) => anyFile(basename(path), await readReport(path))));
  const empty = files.find(({ bytes }) => bytes.length === 0);
  if (empty !== undefined) throw refuse("intake-empty", `${empty.name} is empty`);
  for (const { name, text } of files) refuseSecrets(name, text);
  const predicate: ReviewPredicate = {
    finishedOn: formatUtc(finishedAt),
    statedBy: "attester",
    stage: options.stage,
    review,
    outcome,
    reviewers: [...reviewers],
    ...(left === undefined ? {} : { open: left }),
  };
  const by = reviewers.length === 0 ? "nobody" : reviewers.join(", ");
  return store(options, "review", { predicate, summary: `${review}: ${outcome} by ${by}` }, files);
}

/** Files that differ between the baseline's commit and the release's, by git itself. */
export interface AttestChanges extends AttestBase {
  /** Commit, tag or branch of the baseline. */
  readonly from: string;
  /** Folder of the git checkout. */
  readonly root: string;
}

/** Attests what `git diff` says. @throws HoldpointError `usage`, `intake-run-failed` where git can't tell */
export async function attestChanges(options: AttestChanges): Promise<Attested> {
  const { commit } = options.subject;
  if (commit === undefined) throw refuse("usage", "changes of no commit", "say --commit <full commit>");
  const { from, files, output } = await changedFiles(options.root, options.from, commit);
  const predicate: ChangesPredicate = {
    finishedOn: formatUtc(options.now ?? Date.now()),
    stage: options.stage,
    from,
    files,
  };
  const summary = `${files.length} files changed from ${from.slice(0, 7)} to ${commit.slice(0, 7)}`;
  // git's list of no files is no report; nothing can be kept of it.
  const reports = output.length === 0 ? [] : [anyFile("git-diff", output)];
  return store(options, "changes", { predicate, summary }, reports);
}

/** Signs and stores, raw reports first: an envelope never names a report that is not there. */
export async function store(
  options: AttestBase,
  kind: EvidenceKind,
  { predicate, summary, type = PREDICATES[kind].type }: Intake,
  files: readonly ReportFile[],
): Promise<Attested> {
  checkSubject(options.subject);
  const body = statementBody(options.subject, type, withReports(kind, predicate, files));
  refuseSecrets("the statement", body.toString("utf8"));
  // What we sign must be what a gate can read; a time ahead of the clock would be refused there, so say it here.
  const { past } = readBack(kind, predicate);
  const now = options.now ?? Date.now();
  const latest = Math.max(...past);
  if (latest > now + 60_000) {
    throw refuse(
      "intake-inconsistent",
      `finished at ${formatUtc(latest)}, which is in the future`,
      "set this machine's clock, or state the right time",
    );
  }
  for (const { bytes } of files) await options.store.putRaw(bytes);
  const id = await options.store.put(sign(STATEMENT_TYPE, body, [options.key]));
  // A person's key asks for a passphrase or a touch each time; the statement names the reports by digest anyway.
  if (files.length > 0 && options.key.sign === undefined) {
    await options.store.put(sign(STATEMENT_TYPE, referenceBody(options.subject, files), [options.key]));
  }
  return { id, kind, summary };
}

/** Reads what is about to be signed; what does not fit was given by a report or by the attester. */
function readBack(kind: EvidenceKind, predicate: unknown): { readonly past: readonly number[] } {
  try {
    return PREDICATES[kind].read(predicate, machineClock);
  } catch (error) {
    if (!(error instanceof ZodError)) throw error;
    throw refuse("intake-missing-field", malformed("the statement", error).message);
  }
}

function checkSubject({ commit, sha256 }: Subject): void {
  if (commit === undefined && sha256 === undefined) {
    throw refuse(
      "usage",
      "evidence about nothing: wanted a commit, an image, or both",
      "say --commit <full commit> or --image <image with digest>",
    );
  }
  if (commit !== undefined && !/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(commit)) {
    throw refuse("usage", `found commit ${JSON.stringify(commit)}, wanted all of its hex digits`, "git rev-parse HEAD");
  }
  if (sha256 !== undefined && !/^[0-9a-f]{64}$/.test(sha256)) {
    throw refuse("usage", `found image digest ${JSON.stringify(sha256)}, wanted 64 hex digits`);
  }
}

/** Reports by digest, where each predicate has a place for them. */
function withReports(kind: EvidenceKind, predicate: Intake["predicate"], files: readonly ReportFile[]): unknown {
  if (files.length === 0) return predicate;
  const reports = files.map(({ name, bytes }) => ({ name, digest: { sha256: digest(bytes) } }));
  // Predicates of others: a member of ours has a URI for its name.
  if (kind === "vulnerabilities" || kind === "sbom" || kind === "provenance")
    return { ...predicate, "https://holdpoint.dev/reports": reports };
  if (kind !== "test-result") return { ...predicate, reports };
  const [run] = predicate["configuration"] as { annotations: Record<typeof RUN_ANNOTATION, unknown> }[];
  return { ...predicate, configuration: [{ ...reports[0], ...run }, ...reports.slice(1)] };
}

async function readFiles(root: string, paths: readonly string[]): Promise<{ files: ReportFile[]; folder: boolean }> {
  const [first] = paths;
  if (first === undefined) throw refuse("usage", "no file to attest");
  const folder = paths.length === 1 && (await statOf(resolve(root, first))).isDirectory();
  const all = folder ? await markdownIn(resolve(root, first)) : paths.map((path) => resolve(root, path));
  if (all.length > MAX_FILES) throw refuse("usage", `${all.length} files, at most ${MAX_FILES} are attested together`);
  const files: ReportFile[] = [];
  let bytes = 0;
  for (const path of all) {
    const content = await readReport(path);
    bytes += content.length;
    if (bytes > MAX_REPORT_BYTES)
      throw refuse("file-too-large", `the reports have more than ${MAX_REPORT_BYTES} bytes together`);
    files.push(reportFile(basename(path), content));
  }
  return { files, folder };
}

async function markdownIn(folder: string): Promise<string[]> {
  const names = await readdir(folder);
  return names
    .filter((name) => /\.(?:md|markdown)$/i.test(name) && !/^readme\./i.test(name))
    .sort()
    .map((name) => join(folder, name));
}

async function statOf(path: string): Promise<Awaited<ReturnType<typeof stat>>> {
  try {
    return await stat(path);
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : "unknown error";
    if (code === "ENOENT") throw refuse("file-missing", `no file ${path}`);
    throw new HoldpointError("file-unreadable", `can't read ${path}: ${code}`, { cause });
  }
}

/** A regular file of limited size; a FIFO or a device can't hang it. */
export async function readReport(path: string, limit = MAX_REPORT_BYTES): Promise<Buffer> {
  const found = await statOf(path);
  if (!found.isFile()) throw refuse("file-unreadable", `${path} is not a regular file`);
  try {
    const handle = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    try {
      const { size } = await handle.stat();
      if (size > limit) throw refuse("file-too-large", `${path} has ${size} bytes, at most ${limit} are read`);
      const buffer = Buffer.alloc(size);
      const { bytesRead } = await handle.read(buffer, 0, size, 0);
      return buffer.subarray(0, bytesRead);
    } finally {
      await handle.close();
    }
  } catch (cause) {
    if (cause instanceof HoldpointError) throw cause;
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : "unknown error";
    throw new HoldpointError("file-unreadable", `can't read ${path}: ${code}`, { cause });
  }
}

/** A drill to run and watch. */
export interface AttestRun extends AttestBase {
  /** Program and arguments; no shell reads them. */
  readonly command: readonly string[];
  /** "rollback", "restore", "smoke". */
  readonly drill: string;
  readonly cwd: string;
  /** Run after the command succeeded; exit code 0 says that the restored data is intact. Its time does not count. */
  readonly verify?: readonly string[];
  /** Milliseconds of machine time before the command is stopped and the drill has failed; 2 hours by default. */
  readonly timeout?: number;
  /** Where the command's output goes while it runs. */
  readonly onOutput?: (chunk: Buffer) => void;
}

/** A drill that was run: stored whether it passed or failed. */
export interface AttestedRun extends Attested {
  readonly outcome: "passed" | "failed";
  /** null: stopped by a signal or by the time limit. */
  readonly exitCode: number | null;
  /** Milliseconds of machine time. */
  readonly took: number;
}

const RUN_TIMEOUT = 2 * 60 * 60 * 1000;
const OUTPUT_GRACE = 1000;

/**
 * Runs a drill and attests what was seen of it: exit code, start, end, digest of its output, and the marks in it.
 * @throws HoldpointError `usage` where the command can't be started, `intake-secret` where it prints a secret.
 */
export async function attestRun(options: AttestRun): Promise<AttestedRun> {
  const timeout = options.timeout ?? RUN_TIMEOUT;
  const startedAt = Date.now();
  const ran = await run(options.command, options.cwd, timeout, options.onOutput);
  const finishedAt = Date.now();
  const passed = ran.exitCode === 0;
  const integrity =
    options.verify === undefined ? undefined : passed ? await verify(options.verify, options, timeout) : "unverified";
  const outcome = passed && integrity !== "failed" ? "passed" : "failed";
  const predicate: DrillPredicate = {
    stage: options.stage,
    drill: options.drill,
    startedOn: formatUtc(startedAt),
    finishedOn: formatUtc(finishedAt),
    outcome,
    ...(integrity === undefined ? {} : { integrity }),
    ...(ran.marks.length === 0 ? {} : { marks: ran.marks.map(({ name, at }) => ({ name, reachedOn: formatUtc(at) })) }),
    run: { command: [...options.command], exitCode: ran.exitCode, output: { sha256: ran.sha256 } },
  };
  const took = finishedAt - startedAt;
  const summary = `${options.drill} in ${options.stage} ${outcome} after ${(took / 1000).toFixed(1)} s`;
  const files = ran.kept === undefined ? [] : [anyFile("output", ran.kept)];
  for (const { name, text } of files) refuseSecrets(name, text);
  const base = { ...options, now: options.now ?? finishedAt };
  return { ...(await store(base, "drill", { predicate, summary }, files)), outcome, exitCode: ran.exitCode, took };
}

async function verify(command: readonly string[], options: AttestRun, timeout: number): Promise<"verified" | "failed"> {
  const { exitCode } = await run(command, options.cwd, timeout, options.onOutput);
  return exitCode === 0 ? "verified" : "failed";
}

/** Programs print any bytes; what is no UTF-8 is searched for secrets all the same. */
function anyFile(name: string, bytes: Buffer): ReportFile {
  return { name, bytes, text: bytes.toString("utf8"), json: undefined, jsonLines: undefined };
}

interface Ran {
  readonly exitCode: number | null;
  readonly sha256: Digest;
  readonly marks: readonly SeenMark[];
  /** The output, unless it is larger than a store keeps. */
  readonly kept: Buffer | undefined;
}

function run(
  [program, ...args]: readonly string[],
  cwd: string,
  timeout: number,
  onOutput: AttestRun["onOutput"],
): Promise<Ran> {
  if (program === undefined) throw refuse("usage", "no command to run", "put it after --");
  return new Promise((fulfil, reject) => {
    const hash = createHash("sha256");
    const chunks: Buffer[] = [];
    const marks: SeenMark[] = [];
    let size = 0;
    const child = spawn(program, args, { cwd, stdio: ["ignore", "pipe", "pipe"], timeout, killSignal: "SIGKILL" });
    const take = (chunk: Buffer): void => {
      hash.update(chunk);
      size += chunk.length;
      if (size <= MAX_REPORT_BYTES) chunks.push(chunk);
      onOutput?.(chunk);
    };
    for (const stream of [child.stdout, child.stderr]) {
      const reader = new MarkReader(marks);
      stream.on("data", (chunk: Buffer) => {
        reader.take(chunk, Date.now());
        take(chunk);
      });
    }
    child.on("error", (cause) => {
      const code = "code" in cause ? String(cause.code) : cause.name;
      reject(new HoldpointError("usage", `can't run ${JSON.stringify(program)}: ${code}`, { cause }));
    });
    // Something that the drill left running may hold its output open: wait a moment for the rest, not for that.
    child.on("exit", () => {
      setTimeout(() => {
        child.stdout.destroy();
        child.stderr.destroy();
      }, OUTPUT_GRACE).unref();
    });
    child.on("close", (exitCode) => {
      fulfil({
        exitCode,
        sha256: hash.digest("hex"),
        marks: reached(marks),
        kept: size <= MAX_REPORT_BYTES ? Buffer.concat(chunks) : undefined,
      });
    });
  });
}
