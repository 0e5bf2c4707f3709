/** The plan's schema as JSON Schema, so that editors complete keys and mark mistakes while a plan is written. */
import { z } from "zod";
import { planSchema } from "./plan";

/** Where the schema lies, as plans name it in their first lines: `# yaml-language-server: $schema=plan.schema.json`. */
export const SCHEMA_FILE = "plan.schema.json";

/**
 * JSON Schema (draft 2020-12) of a plan as it is written. What it can't say (names that must exist, orders, units) the
 * parser says; whatever it refuses, the parser refuses too.
 */
export function planJsonSchema(): object {
  return {
    ...z.toJSONSchema(planSchema, { io: "input", target: "draft-2020-12", reused: "ref" }),
    title: "Holdpoint rollout plan",
  };
}
