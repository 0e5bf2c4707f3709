/** Reading a tool's JSON by schema: what is missing becomes a refusal that names the member. */
import type { z } from "zod";
import { refuse } from "./report";
import type { ReportFile } from "./report";

/** @throws HoldpointError `intake-missing-field` that names the first member that is missing or not what it should be. */
export function readAs<T extends z.ZodType>(schema: T, value: unknown, file: ReportFile, format: string): z.output<T> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const path = issue?.path.join(".") ?? "";
  throw refuse(
    "intake-missing-field",
    `${file.name}: ${format} without a usable "${path}": ${issue?.message ?? "not readable"}`,
  );
}
