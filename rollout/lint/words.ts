/** Limits and times in the words of findings. */
import { showLimits } from "../limits";
import type { Limits } from "../limits";

export { showDuration } from "../units";

/** "above 85%"; "at any value" for what has no limit. */
export function showLimitWords(criterion: object): string {
  const words = showLimits(criterion as Limits);
  return words === "" ? "at any value" : words;
}
