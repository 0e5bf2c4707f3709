/** What every component does before `super()`: a throw after it leaves a half-registered component behind. */
import type { z } from "zod";
import { HoldpointError } from "../rollout/errors";

/**
 * Checks a component's plain arguments once more, for those who build it without `parseSettings`.
 * @throws HoldpointError `config-invalid`, naming the component, the argument and what was expected
 */
export function checkArgs(component: string, schema: z.ZodType, value: unknown): void {
  const result = schema.safeParse(value);
  if (result.success) return;
  const mistakes = result.error.issues.map(
    (issue) => `${issue.path.join(".") || "the arguments"}: expected ${issue.message}`,
  );
  throw new HoldpointError("config-invalid", `${component}: ${mistakes.join("; ")}`);
}
