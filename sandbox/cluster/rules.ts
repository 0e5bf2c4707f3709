import { stringify } from "yaml";

/** A group of rules as a PrometheusRule has it. */
export interface RuleGroup {
  readonly name: string;
  readonly interval?: string;
  readonly rules: readonly { readonly expr: string; readonly for?: string }[];
}

/** A window with fewer samples than this has no rate, milliseconds: the sandbox scrapes every second. */
const SHORTEST = 5_000;

const UNITS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000, y: 31_536_000_000 } as const;
const DURATION = String.raw`(?:\d+(?:ms|[smhdwy]))+`;

/**
 * The file that Prometheus reads of a namespace's rules: the very rules that the stage declares, but that their times run
 * as the sandbox's do. "For 5 minutes" is 5 seconds where time runs 60 times as fast.
 */
export function rulesFile(groups: readonly RuleGroup[], namespace: string, factor: number): string {
  return stringify(
    {
      groups: groups.map((group) => ({
        ...group,
        name: `${namespace}/${group.name}`,
        rules: group.rules.map((rule) => ({
          ...rule,
          expr: faster(rule.expr, factor),
          ...(rule.for === undefined ? {} : { for: shorter(rule.for, factor, 0) }),
        })),
      })),
    },
    { lineWidth: 0 },
  );
}

/** An expression whose windows, steps and offsets are shorter by a factor. */
export function faster(expr: string, factor: number): string {
  return expr
    .replace(new RegExp(String.raw`\[${DURATION}(?::${DURATION})?\]`, "g"), (range) =>
      range.replace(new RegExp(DURATION, "g"), (time) => shorter(time, factor, SHORTEST)),
    )
    .replace(new RegExp(String.raw`\boffset ${DURATION}`, "g"), (offset) =>
      offset.replace(new RegExp(DURATION, "g"), (time) => shorter(time, factor, 0)),
    );
}

function shorter(time: string, factor: number, least: number): string {
  const parts = [...time.matchAll(/(\d+)(ms|[smhdwy])/g)];
  const whole = parts.reduce((sum, [, count, unit]) => sum + Number(count) * UNITS[unit as keyof typeof UNITS], 0);
  return factor === 1 ? time : `${Math.max(least, Math.round(whole / factor))}ms`;
}
