/**
 * Names of stacks: `<stage>`, its canary `<stage>-canary`, and `<stage>.<operation>-canary` for each operation. Neither
 * stage nor operation has a dot, so that an operation's stack can't be mistaken for another stage's.
 */

const CANARY_SUFFIX = "-canary";
const STACK = /^([a-z](?:[-a-z0-9]{0,30}[a-z0-9])?)(?:\.([a-z](?:[-a-z0-9]{0,30}[a-z0-9])?))?$/;

/** What a stack's name says of it. */
export interface StackName {
  readonly kind: "stage" | "canary";
  readonly stage: string;
  /** Of `<stage>.<operation>-canary`: the operation, as the plan's `canaries` name it. */
  readonly operation?: string;
}

/** The canary stack of a stage: of the whole service, or of one operation. */
export function canaryStack(stage: string, operation?: string): string {
  return `${operation === undefined ? stage : `${stage}.${operation}`}${CANARY_SUFFIX}`;
}

/** Reads a stack's name; undefined where it is none of the three. */
export function stackName(stack: string): StackName | undefined {
  const kind = stack.endsWith(CANARY_SUFFIX) ? "canary" : "stage";
  const [, stage, operation] = STACK.exec(kind === "canary" ? stack.slice(0, -CANARY_SUFFIX.length) : stack) ?? [];
  if (stage === undefined || (kind === "stage" && operation !== undefined)) return undefined;
  return { kind, stage, ...(operation === undefined ? {} : { operation }) };
}
