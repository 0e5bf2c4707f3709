/** Names of stacks. A stage's own is the stage's name; names of stages have no dot. */

/** The canary stack of a stage: of the whole service, or of one operation. */
export function canaryStack(stage: string, operation?: string): string {
  return operation === undefined ? `${stage}-canary` : `${stage}.${operation}-canary`;
}
