/** Readiness of those who run it: drills, on-call, runbooks, backups, costs. */
import type { EvidenceOf } from "../evidence";
import type { Mark } from "../levels";
import type { CriterionOf } from "../plan";
import { showDuration, showMoney, showTime } from "../units";
import type { World } from "../world";
import { listed } from "./answer";
import type { Answer } from "./answer";
import { attestCommand } from "./commands";
import { judgeLatest } from "./select";
import type { Judged, Latest } from "./select";

/**
 * The newest drill passed, took less than allowed, and restored data that was verified.
 * @param marks what it must have reached by when, in this order: those of the rollback whose level it proves
 */
export function judgeDrill(criterion: CriterionOf<"drill">, world: World, marks: readonly Mark[]): Answer {
  const { drill, within, lasting, integrity, stage } = criterion;
  const limits = [
    ...(within === undefined ? [] : [`in under ${showDuration(within)}`]),
    ...(lasting === undefined ? [] : [`after ${showDuration(lasting)} or longer`]),
    ...(integrity === undefined ? [] : ["with verified data"]),
    ...marks.map(({ id, within: by }) => `${id} in under ${showDuration(by)}`),
  ];
  const latest = {
    wish: { kind: "drill", noun: `${drill} drill`, about: (facts: { drill: string }) => facts.drill === drill },
    criterion,
    world,
    wanted: [
      `a ${drill} drill${stage === undefined ? "" : ` in ${stage}`} that passed`,
      ...limits,
      `within ${showDuration(criterion.maxAge)}`,
    ].join(" "),
    remedy: `do the ${drill} drill${stage === undefined ? "" : ` in ${stage}`} and attest its record`,
    command: attestCommand(criterion, world.stack),
  } as const;
  return judgeLatest(latest, ({ facts }) => {
    const took = `a ${drill} drill that took ${showDuration(facts.took)}`;
    if (facts.outcome !== "passed") return { verdict: "fail", found: `a ${drill} drill that ${facts.outcome}` };
    if (!(facts.took >= 0) || (within !== undefined && !(facts.took < within))) return { verdict: "fail", found: took };
    if (lasting !== undefined && !(facts.took >= lasting)) return { verdict: "fail", found: took };
    if (integrity !== undefined && facts.integrity !== integrity) {
      return { verdict: "fail", found: `${took}, its data ${facts.integrity ?? "unverified"}` };
    }
    const missed = missedMarks(marks, facts.marks ?? []);
    if (missed.length > 0) return { verdict: "fail", found: `${took}, ${missed.join(", ")}` };
    return { verdict: "pass", found: `${took}${integrity === undefined ? "" : ", its data verified"}` };
  });
}

/** Marks that were not reached, too late, or before what comes before them: all of them, in words. */
function missedMarks(
  wanted: readonly Mark[],
  reached: readonly { readonly name: string; readonly after: number }[],
): string[] {
  const after = new Map(reached.map((mark) => [mark.name, mark.after]));
  return wanted.flatMap(({ id, within }, at) => {
    const time = after.get(id);
    if (time === undefined) return [`without the mark ${id}`];
    if (!(time >= 0) || !(time < within)) return [`${id} after ${showDuration(time)}`];
    const before = wanted[at - 1]?.id;
    const earlier = before === undefined ? undefined : after.get(before);
    return earlier !== undefined && earlier > time ? [`${id} before ${before ?? ""}`] : [];
  });
}

/** The newest estimate lies in the range. */
export function judgeCost(criterion: CriterionOf<"cost">, world: World): Answer {
  const { min, max } = criterion.monthly;
  const latest = {
    wish: { kind: "cost", noun: "cost estimate", about: () => true },
    criterion,
    world,
    wanted: `${showMoney(min.amount, min.currency)} to ${showMoney(max.amount, max.currency)} a month, estimated within ${showDuration(criterion.maxAge)}`,
    remedy: "estimate the monthly cost again and attest it, or change what costs too much",
    command: attestCommand(criterion, world.stack),
  } as const;
  return judgeLatest(latest, ({ facts }) => {
    const inside = facts.currency === min.currency && facts.monthly >= min.amount && facts.monthly <= max.amount;
    return { verdict: inside ? "pass" : "fail", found: `${showMoney(facts.monthly, facts.currency)} a month` };
  });
}

/** Each level is filled without a gap from now on, and never two of them by one person. */
export function judgeOnCall(criterion: CriterionOf<"on-call">, world: World): Answer {
  const until = world.now + criterion.for;
  const latest = {
    wish: { kind: "on-call", noun: "on-call schedule", about: () => true },
    criterion,
    world,
    wanted: `${listed(criterion.levels)} on call for the next ${showDuration(criterion.for)}, different people, from a schedule read within ${showDuration(criterion.maxAge)}`,
    remedy: "fill the on-call schedule and attest its export",
    command: attestCommand(criterion, world.stack),
  } as const;
  return judgeLatest(latest, ({ facts }) => {
    const shifts = facts.shifts.filter((shift) => shift.from < until && shift.until > world.now);
    for (const level of criterion.levels) {
      const gap = firstGap(
        shifts.filter((shift) => shift.level === level),
        world.now,
        until,
      );
      if (gap !== undefined) return { verdict: "fail", found: `nobody on call as ${level} at ${showTime(gap)}` };
    }
    const twice = sameTwice(shifts.filter((shift) => criterion.levels.includes(shift.level)));
    if (twice !== undefined) return { verdict: "fail", found: `${twice} on call at two levels at once` };
    const people = criterion.levels.map(
      (level) => `${level} ${shifts.find((shift) => shift.level === level)?.person ?? "nobody"}`,
    );
    return { verdict: "pass", found: listed(people) };
  });
}

interface Shift {
  readonly level: string;
  readonly person: string;
  readonly from: number;
  readonly until: number;
}

/** The first instant in a span that no shift covers. */
function firstGap(shifts: readonly Shift[], from: number, until: number): number | undefined {
  let covered = from;
  for (const shift of shifts.toSorted((a, b) => a.from - b.from)) {
    if (shift.from > covered) break;
    covered = Math.max(covered, shift.until);
  }
  return covered >= until ? undefined : covered;
}

/** Somebody who holds two levels at the same time. */
function sameTwice(shifts: readonly Shift[]): string | undefined {
  return shifts.find((a) =>
    shifts.some((b) => a.person === b.person && a.level !== b.level && a.from < b.until && b.from < a.until),
  )?.person;
}

/** Each runbook exists and has its sections. */
export function judgeRunbooks(criterion: CriterionOf<"runbooks">, world: World): Answer {
  const wish = { kind: "runbooks", noun: "list of runbooks", about: () => true } as const;
  return judgeLatest({ wish, ...written(criterion, "runbooks", world) }, ({ facts }) => {
    const wrong = wrongAlerts(criterion, facts.runbooks);
    return wrong === undefined ? haveAll(criterion, facts.runbooks, "runbooks") : { verdict: "fail", found: wrong };
  });
}

/** Which alerts have no runbook, or which runbook is for an alert that does not exist; undefined where all is well. */
function wrongAlerts(
  { alerts, names }: CriterionOf<"runbooks">,
  all: EvidenceOf<"runbooks">["facts"]["runbooks"],
): string | undefined {
  if (alerts === undefined) return undefined;
  const named = all.filter(({ name }) => names.includes(name)).flatMap((one) => one.alerts ?? []);
  const missing = alerts.filter((alert) => !named.includes(alert));
  if (missing.length > 0) return `no runbook names the alert ${listed(missing)}`;
  const unknown = named.filter((alert) => !alerts.includes(alert));
  return unknown.length === 0 ? undefined : `runbooks for alerts that do not exist: ${listed(unknown)}`;
}

/** Each document exists and has its sections. */
export function judgeDocuments(criterion: CriterionOf<"documents">, world: World): Answer {
  const wish = { kind: "documents", noun: "list of documents", about: () => true } as const;
  return judgeLatest({ wish, ...written(criterion, "documents", world) }, ({ facts }) =>
    haveAll(criterion, facts.documents, "documents"),
  );
}

interface Written {
  readonly name: string;
  readonly sections: readonly string[];
}

function written(
  criterion: CriterionOf<"runbooks" | "documents">,
  noun: string,
  world: World,
): Omit<Latest<"runbooks">, "wish"> {
  const sections = criterion.sections.length === 0 ? "" : ` with ${listed(criterion.sections)}`;
  return {
    criterion,
    world,
    wanted: `the ${noun} ${listed(criterion.names)}${sections}`,
    remedy: `write what is missing and attest the list of ${noun}`,
    command: attestCommand(criterion, world.stack),
  };
}

function haveAll(
  { names, sections }: Pick<CriterionOf<"runbooks">, "names" | "sections">,
  all: readonly Written[],
  noun: string,
): Judged {
  const missing = names.flatMap((name) => {
    const found = all.find((candidate) => candidate.name === name);
    if (found === undefined) return [name];
    const absent = sections.filter((section) => !found.sections.includes(section));
    return absent.length === 0 ? [] : [`${name} without ${listed(absent)}`];
  });
  if (missing.length > 0) return { verdict: "fail", found: `missing: ${listed(missing)}` };
  return { verdict: "pass", found: `${names.length} of ${names.length} ${noun}` };
}

/** The newest backup of this scope was taken as asked and verified. */
export function judgeBackup(criterion: CriterionOf<"backup">, world: World): Answer {
  const { scope, trigger, integrity } = criterion;
  const latest = {
    wish: { kind: "backup", noun: `${scope} backup`, about: (facts: { scope: string }) => facts.scope === scope },
    criterion,
    world,
    wanted: `a ${scope} ${trigger === "any" ? "" : `${trigger} `}backup within ${showDuration(criterion.maxAge)}, its integrity ${integrity}`,
    remedy: "take the backup, verify that it can be read back, and attest its record",
    command: attestCommand(criterion, world.stack),
  } as const;
  return judgeLatest(latest, ({ facts }) => {
    const found = `a ${facts.scope} ${facts.trigger} backup, its integrity ${facts.integrity}`;
    const good = facts.integrity === integrity && (trigger === "any" || facts.trigger === trigger);
    return { verdict: good ? "pass" : "fail", found };
  });
}
