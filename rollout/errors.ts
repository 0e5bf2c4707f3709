/**
 * Every refusal that is not a gate's verdict is one of these codes; each has a section in docs/errors.md, and a test
 * keeps the two lists the same.
 */

/** How a command ends: 0 GO or done, 1 NO-GO or failed, 2 wrong input or usage, 3 pending approval. */
export type ExitCode = 0 | 1 | 2 | 3;

/** The closed list: code → exit code of a command that ends with it. */
export const ERROR_CODES = {
  usage: 2,
  "file-missing": 2,
  "file-unreadable": 2,
  "file-too-large": 2,
  "yaml-syntax": 2,
  "plan-invalid": 2,
  "calendar-invalid": 2,
  "coverage-invalid": 2,
  "coverage-stale": 1,
  "config-invalid": 2,
  "trust-invalid": 2,
  "stack-unknown": 2,
  "secret-unbound": 2,
  "key-missing": 2,
  "key-unusable": 2,
  "envelope-refused": 2,
  "intake-unknown-format": 2,
  "intake-truncated": 2,
  "intake-empty": 2,
  "intake-missing-field": 2,
  "intake-not-allowed": 2,
  "intake-run-failed": 2,
  "intake-inconsistent": 2,
  "intake-secret": 2,
  "intake-no-database-date": 2,
  "intake-encoding": 2,
  "intake-workflow": 2,
  "store-unreadable": 1,
  "store-unwritable": 1,
  "replay-impossible": 1,
  "update-plan-invalid": 2,
  "update-plan-outdated": 1,
  "state-invalid": 1,
  "not-waivable": 1,
  "gate-closed": 1,
  "clearance-missing": 1,
  "clearance-refused": 1,
  "program-ended-early": 1,
  "engine-missing": 1,
  "engine-failed": 1,
  "lock-held": 1,
  "sandbox-down": 1,
  "sandbox-only": 1,
  "metrics-unreachable": 1,
  deadline: 1,
  "system-refused": 1,
} as const satisfies Record<string, ExitCode>;

/** One of the closed list of refusals. */
export type ErrorCode = keyof typeof ERROR_CODES;

/**
 * A refusal told to a person: lower case, no final full stop, with the command that mends it as `remedy`.
 * Anything thrown that is not one of these is a defect of Holdpoint's and may show its stack.
 */
export class HoldpointError extends Error {
  override readonly name = "HoldpointError";
  readonly code: ErrorCode;
  readonly remedy: string | undefined;

  constructor(code: ErrorCode, message: string, options: { remedy?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.remedy = options.remedy;
  }

  get exitCode(): ExitCode {
    return ERROR_CODES[this.code];
  }

  /** The lines that a person reads: what, how to mend it, where to read on. */
  render(): string {
    const lines = [`${this.code}: ${this.message}`];
    if (this.remedy !== undefined) lines.push(`  fix: ${this.remedy}`);
    lines.push(`  docs: docs/errors.md#${this.code}`);
    return lines.join("\n");
  }
}

/**
 * What the operating system refused, such as room on a disk or the right to write, as a refusal of ours; undefined for
 * anything else.
 */
export function systemRefusal(error: unknown): HoldpointError | undefined {
  const { code, syscall } = (error instanceof Error ? error : {}) as { code?: unknown; syscall?: unknown };
  if (typeof code !== "string" || typeof syscall !== "string") return undefined;
  return new HoldpointError("system-refused", (error as Error).message, {
    remedy: REMEDIES[code] ?? "look at what the message names, then run it again",
    cause: error,
  });
}

const REMEDIES: Readonly<Record<string, string>> = {
  ENOSPC: "make room on that disk, then run it again",
  EDQUOT: "make room within your quota, then run it again",
  EACCES: "give this user the right to that path, then run it again",
  EPERM: "give this user the right to that path, then run it again",
  EROFS: "use a folder that can be written",
  EMFILE: "allow more open files (ulimit -n), then run it again",
};
