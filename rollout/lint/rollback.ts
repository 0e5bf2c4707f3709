/** The way back: its clock, what sets it off, what proves it. */
import type { CriterionOf } from "../plan";
import { showDuration } from "../units";
import { criteriaOf, triggersOf } from "./rule";
import type { Placed, Rule } from "./rule";

export const marksAreCumulative: Rule = {
  id: "marks-are-cumulative",
  level: "note",
  says: "Marks of a rollback are times on one clock, not parts of a sum",
  check: ({ rollback: { marks, within } }) => {
    const sum = marks.reduce((all, mark) => all + mark.within, 0);
    if (sum <= within || marks.length < 2) return [];
    const parts = marks.map((mark) => showDuration(mark.within)).join(" + ");
    return [
      {
        path: ["rollback", "marks"],
        found: `${parts} is ${showDuration(sum)}, and the whole takes ${showDuration(within)} at most`,
        wrong: "as parts that follow each other they do not fit",
        instead: "nothing, if they are marks: each is counted from the trigger's end. Parts would be shorter ones",
      },
    ];
  },
};

export const marksOutOfOrder: Rule = {
  id: "marks-out-of-order",
  level: "error",
  says: "Marks of a rollback rise, and the last is within the whole",
  check: ({ rollback: { marks, within } }) =>
    marks.flatMap((mark, at) => {
      const before = marks[at - 1];
      const late = mark.within > within;
      if (!late && (before === undefined || mark.within > before.within)) return [];
      return [
        {
          path: ["rollback", "marks", at],
          found: late
            ? `"${mark.title}" by ${showDuration(mark.within)}, and the whole by ${showDuration(within)}`
            : `"${mark.title}" by ${showDuration(mark.within)}, after "${before?.title ?? ""}" by ${showDuration(before?.within ?? 0)}`,
          wrong: "what comes later on one clock can't be done earlier",
          instead: "times that rise, up to the whole",
        },
      ];
    }),
};

/** Nobody can detect within two minutes what is defined by five. */
export const detectedBeforeItIs: Rule = {
  id: "detection-from-trigger",
  level: "note",
  says: "Detection is counted from the end of the trigger's own time",
  check: (plan) => {
    const [first] = plan.rollback.marks;
    if (first === undefined) return [];
    const slow = triggersOf(plan).flatMap(({ value: { id, does, when } }) => {
      const span = "criterion" in when ? undefined : when.for;
      return does === "rollback" && span !== undefined && span > first.within ? [{ id, span }] : [];
    });
    if (slow.length === 0) return [];
    return [
      {
        path: ["rollback", "marks", 0],
        found: `"${first.title}" within ${showDuration(first.within)}, where ${slow.map(({ id, span }) => `"${id}" takes ${showDuration(span)}`).join(" and ")}`,
        wrong: "counted from when the trouble began it can't be kept",
        instead: "nothing, if it is counted from when the trigger fired, as marks are",
      },
    ];
  },
};

/** Marks are shown by the drills of levels; without one nobody measures them. */
export const marksUnproved: Rule = {
  id: "marks-unproved",
  level: "warning",
  says: "Marks of a rollback are shown by the drill of one of its levels",
  check: ({ rollback: { marks, levels } }) =>
    marks.length === 0 || Object.keys(levels).length > 0
      ? []
      : [
          {
            path: ["rollback", "marks"],
            found: `${marks.map(({ id }) => id).join(", ")}, and no level of the rollback`,
            wrong: "no drill has to reach them, so nobody knows whether they can be kept",
            instead: '"levels" with the drill that shows them',
          },
        ],
};

/** A way back that nobody has tried lately is a hope. */
export const levelWithoutDrill: Rule = {
  id: "level-without-drill",
  level: "warning",
  says: "Each level of the rollback is proved by a drill that a gate asks for",
  check: (plan) => {
    const drills = criteriaOf(plan).filter((one): one is Placed<CriterionOf<"drill">> => one.value.kind === "drill");
    return Object.entries(plan.rollback.levels).flatMap(([name, level]) => {
      const path = ["rollback", "levels", name];
      const own = drills.filter(({ value }) => value.drill === level.drill);
      if (own.length === 0) {
        return [
          {
            path,
            found: `"${name}" is proved by the drill "${level.drill}", which no gate asks for`,
            wrong: "nobody has to have tried it",
            instead: `a criterion "kind: drill, drill: ${level.drill}, maxAge: ${showDuration(level.drillMaxAge)}, within: ${showDuration(level.within)}"`,
          },
        ];
      }
      const good = own.some(
        ({ value }) => value.maxAge <= level.drillMaxAge && value.within !== undefined && value.within <= level.within,
      );
      if (good) return [];
      const asked = own.map(
        ({ value }) =>
          `"${value.id}" takes one of ${showDuration(value.maxAge)} ago that took ${value.within === undefined ? "any time" : `up to ${showDuration(value.within)}`}`,
      );
      return [
        {
          path,
          found: `"${name}" within ${showDuration(level.within)}, tried every ${showDuration(level.drillMaxAge)}; ${asked.join("; ")}`,
          wrong: "the drill that is asked for proves less than the level promises",
          instead: `"maxAge: ${showDuration(level.drillMaxAge)}, within: ${showDuration(level.within)}" at the drill`,
        },
      ];
    });
  },
};

export const criticalWithoutRunbook: Rule = {
  id: "critical-without-runbook",
  level: "warning",
  says: "Whoever a critical alert calls finds a runbook in it",
  check: (plan) =>
    triggersOf(plan)
      .filter(({ value }) => value.severity === "critical" && value.runbook === undefined)
      .map(({ path, value }) => ({
        path,
        found: `"${value.id}" is critical and names no runbook`,
        wrong: "somebody is called at night and has to begin with nothing",
        instead: '"runbook", one of the plan\'s runbooks',
      })),
};
