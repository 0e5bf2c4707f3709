import { machineClock, type Clock } from "../rollout/clock";
import { assertSandbox, readClock } from "../sandbox/clock";
import type { Context } from "./context";
import type { StackSettings } from "./stack-file";

/** The plan's time. The sandbox's clock may be moved while a command runs, so it is read at every look. */
export function openClock(context: Context, { sandbox }: StackSettings): Clock {
  if (sandbox === undefined) return machineClock;
  assertSandbox(sandbox, context.env);
  return {
    now: () => readClock(sandbox).now(),
    at: (machine) => readClock(sandbox).at(machine),
    machineSpan: (span) => readClock(sandbox).machineSpan(span),
  };
}
