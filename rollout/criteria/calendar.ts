/** What only time mends: windows, freezes, least durations. */
import { nextOpening, openingAt, showInZone, showWindow } from "../calendar";
import { freezesOf, isExempt, timesOf } from "../freezes";
import type { Busy, Freeze } from "../freezes";
import { outsideTimes, sinceTimes, windowTimes } from "../openings";
import type { CriterionOf, Plan, Stage, Window } from "../plan";
import { showDuration, showTime } from "../units";
import { entered, sameName, stageState, weightNow } from "../world";
import { allCanaries } from "./progress";
import type { ReleaseName, World } from "../world";
import { listed, short } from "./answer";
import type { Answer, Context } from "./answer";

/** A window is open now: the stage's own, or the one of the plan's `windows` that the criterion names. */
export function judgeWindow(criterion: CriterionOf<"window">, { plan, stage, written, world }: Context): Answer {
  const window = criterion.window === undefined ? (written ?? stage).window : named(plan, criterion.window);
  if (window === undefined) {
    return {
      verdict: "fail",
      found:
        criterion.window === undefined ? "a stage without a window" : `no window "${criterion.window}" in the plan`,
      wanted: "a window",
      remedy: "give the stage a window in the plan",
      times: "unknown",
    };
  }
  const answer = windowAnswer(window, world.now);
  // A preview changes nothing, and what it saves is approved before the window opens: there it waits for time, as for people.
  return world.mode === "preview" && answer.opensAt !== undefined ? { ...answer, verdict: "pending" } : answer;
}

function named({ windows }: Plan, name: string): Window | undefined {
  return Object.hasOwn(windows, name) ? windows[name] : undefined;
}

/** Whether a window is open; a refusal says when it opens next. */
export function windowAnswer(window: Window, now: number): Answer {
  const wanted = `${showWindow(window)}, for ${showDuration(window.for)}`;
  const times = windowTimes(window);
  const opening = openingAt(window, now);
  if (opening !== undefined) {
    return { verdict: "pass", found: `open until ${showInZone(window, opening.until)}`, wanted, remedy: "", times };
  }
  const next = nextOpening(window, now);
  if (next === undefined)
    return {
      verdict: "fail",
      found: "a time that is none",
      wanted,
      remedy: "set the machine's clock",
      times: "unknown",
    };
  const opens = showInZone(window, next.from);
  return {
    verdict: "fail",
    found: `${showInZone(window, now)} is outside the window; it opens next on ${opens}`,
    wanted,
    remedy: `wait until ${opens}`,
    opensAt: next.from,
    times,
  };
}

/** No freeze of the plan is on for this stage, but for the types of releases that it lets through. */
export function judgeNoFreeze({ plan, stage, world }: Context): Answer {
  const freezes = freezesOf(plan, stage);
  const wanted = `no freeze of ${stage.name}${freezes.length === 0 ? "" : `: ${listed(freezes.map(({ id }) => id))}`}`;
  if (plan.freezes.length === 0) {
    return {
      verdict: "fail",
      found: "a plan without freezes",
      wanted: "freezes that are known",
      remedy: "write the freezes into the plan",
      times: "unknown",
    };
  }
  if (!Number.isFinite(world.now)) {
    return {
      verdict: "fail",
      found: "a time that is none",
      wanted,
      remedy: "set the machine's clock",
      times: "unknown",
    };
  }
  return freezeAnswer(
    freezes.map((freeze) => ({ freeze, exempt: isExempt(freeze, world), busy: timesOf(freeze, world) })),
    world,
    wanted,
  );
}

interface Known {
  readonly freeze: Freeze;
  readonly exempt: boolean;
  readonly busy: readonly Busy[] | { readonly why: string };
}

function freezeAnswer(all: readonly Known[], world: World, wanted: string): Answer {
  const unknown = all.flatMap(({ exempt, busy }) => (!exempt && "why" in busy ? [busy.why] : []));
  if (unknown.length > 0) {
    return {
      verdict: "fail",
      found: `freezes that can't be known: ${unknown.join("; ")}`,
      wanted,
      remedy: "mend the calendar's file: docs/plan.md says what is read of it",
      times: "unknown",
    };
  }
  const stopping = all.flatMap(({ exempt, busy }) => (exempt || "why" in busy ? [] : busy));
  const passed = all.flatMap(({ exempt, busy }) => (exempt && !("why" in busy) ? busy : []));
  const times = outsideTimes(stopping);
  const on = stopping.filter((busy) => isOn(busy, world.now));
  if (on.length === 0) {
    const past = passed.filter((busy) => isOn(busy, world.now)).map(({ title }) => `"${title}"`);
    const type = world.release.type ?? "";
    const found = past.length === 0 ? "no freeze is on" : `${listed(past)} is on, in which a ${type} may go`;
    return { verdict: "pass", found, wanted, remedy: "", times };
  }
  const opens = times(world.now) ?? Number.NaN;
  return {
    verdict: "fail",
    found: on.map((busy) => `"${busy.title}" is on until ${showInZone(busy, busy.until)}`).join("; "),
    wanted,
    remedy: `wait until ${showTime(opens)}`,
    opensAt: opens,
    times,
  };
}

function isOn({ from, until }: Busy, now: number): boolean {
  return from <= now && now < until;
}

/** A stage has had this release for so long, and not for longer than it may. */
export function judgeStageLasted(criterion: CriterionOf<"stage-lasted">, { world }: Context): Answer {
  const { stage, atLeast, atMost } = criterion;
  const any = criterion.release === "any";
  const range =
    atMost === undefined ? `at least ${showDuration(atLeast)}` : `${showDuration(atLeast)} to ${showDuration(atMost)}`;
  const rest = {
    wanted: `${any ? "a release" : `release ${short(world.release.commit)}`} in ${stage} for ${range}`,
    remedy: any ? `finish ${stage} first` : `roll this release out to ${stage} first`,
    command: `pulumi up -s ${stage} --policy-pack policies`,
    times: "unknown",
  } as const;
  const now = entered(world, stage);
  if ("why" in now) return { ...rest, verdict: "fail", found: now.why };
  const { release, since } = now.entry;
  if (!any && !sameName(release, world.release)) {
    return { ...rest, verdict: "fail", found: `release ${short(release.commit)} in ${stage}` };
  }
  const { command: _, ...wait } = rest;
  return lastedAnswer(since, { atLeast, atMost, now: world.now }, wait);
}

interface Lasting {
  readonly atLeast: number;
  readonly atMost?: number | undefined;
  readonly now: number;
}

function lastedAnswer(
  since: number | undefined,
  { atLeast, atMost, now }: Lasting,
  rest: Pick<Answer, "wanted" | "remedy" | "times">,
): Answer {
  if (since === undefined || !Number.isFinite(since)) {
    return {
      ...rest,
      verdict: "fail",
      found: "a record that does not say since when",
      remedy: "find out since when it is there",
    };
  }
  const lasted = now - since;
  if (!(lasted >= 0)) {
    const found = `a time that began at ${showTime(since)}, which is not before now`;
    return { ...rest, verdict: "fail", found, remedy: "set the machine's clock" };
  }
  const found = `for ${showDuration(lasted)}, since ${showTime(since)}`;
  if (atMost !== undefined && lasted > atMost) {
    return { ...rest, verdict: "stale", found, remedy: "look at the release there anew: enter that stage again" };
  }
  const until = atMost === undefined ? undefined : since + atMost;
  const begins = sinceTimes(since + atLeast);
  const times = (from: number) => (until !== undefined && from > until ? undefined : begins(from));
  if (lasted >= atLeast) return { ...rest, verdict: "pass", found, remedy: "", times };
  const opens = since + atLeast;
  return { ...rest, verdict: "fail", found, remedy: `wait until ${showTime(opens)}`, opensAt: opens, times };
}

/** All traffic has been on the new version for the watch after the last step, before it becomes the baseline. */
export function judgeWatch(stage: Stage, after: number, world: World): Answer {
  const rest = {
    wanted: `all traffic (100%) on release ${short(world.baseline.commit)} for ${showDuration(after)} before it is the baseline`,
    remedy: "bring the canary to 100% by its steps, and watch it there",
    times: "unknown",
  } as const;
  const state = stageState(world, stage.name);
  if (!state.ok) return { ...rest, verdict: "fail", found: `${stage.name}'s state could not be read: ${state.why}` };
  const canaries = allCanaries(stage, state);
  const missing = canaries.find(({ record }) => record === undefined);
  if (missing !== undefined || canaries.length === 0) {
    const whose = missing?.operation === undefined ? stage.name : `${missing.operation} in ${stage.name}`;
    return { ...rest, verdict: "fail", found: `no canary of ${whose}` };
  }
  const records = canaries.flatMap(({ record }) => record ?? []);
  const open = records.find((canary) => weightNow(canary) !== 100 || !sameName(canary.release, world.baseline));
  if (open !== undefined) {
    return { ...rest, verdict: "fail", found: `${weightNow(open)}% on ${showName(open.release)}` };
  }
  return lastedAnswer(Math.max(...records.map(({ since }) => since)), { atLeast: after, now: world.now }, rest);
}

function showName(release: ReleaseName): string {
  return `release ${short(release.commit)}`;
}
