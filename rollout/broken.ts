import type { Finding } from "./decision";

/** A failing finding about something that is no criterion of the plan: the plan itself, a record, the clock. */
export function broken(criterion: string, line: string, found: string, wanted: string): Finding {
  return {
    criterion,
    title: "The plan and what was judged agree",
    verdict: "fail",
    found,
    wanted,
    owner: "whoever keeps the plan",
    remedy: "mend the plan, or report this as a defect of Holdpoint",
    line,
    used: [],
  };
}
