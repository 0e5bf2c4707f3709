/** Levels of the way back: what each does, who is told, which drill proves it, and what that drill must show. */
import type { Decision } from "./decision";
import type { Criterion, Plan } from "./plan";
import { showDuration } from "./units";

export type Level = Plan["rollback"]["levels"][string];
export type Mark = Plan["rollback"]["marks"][number];

/** The marks that a drill must have reached in time: those of the rollback, where the drill proves one of its levels. */
export function marksOf({ rollback: { levels, marks } }: Pick<Plan, "rollback">, drill: string): readonly Mark[] {
  return Object.values(levels).some((level) => level.drill === drill) ? marks : [];
}

/** How the way back is meant to go, in sentences: the whole, its marks, and each level. */
export function wayBackSentences({ rollback, owners }: Plan): string[] {
  const { within, tell, marks, levels } = rollback;
  const contacts = (handles: readonly string[]) =>
    handles.map((handle) => `${handle} (${owners[handle]?.contact ?? "no contact"})`).join(", ");
  const reached = marks.map(({ title, within: by }) => `${title} by ${showDuration(by)}`);
  return [
    `within ${showDuration(within)}; told: ${contacts(tell)}`,
    ...(reached.length === 0 ? [] : [`from when the trigger has fired: ${reached.join(", ")}`]),
    ...Object.entries(levels).flatMap(([name, level]) => [
      `${name}: ${level.title}, within ${showDuration(level.within)}`,
      ...level.does.map((step, at) => `    ${at + 1}. ${step}`),
      ...(level.watch === undefined ? [] : [`    watched for ${showDuration(level.watch)} afterwards`]),
      ...(level.tell === undefined ? [] : [`    told: ${contacts(level.tell)}`]),
      `    proved by the drill "${level.drill}", at most ${showDuration(level.drillMaxAge)} old`,
    ]),
  ];
}

/** A level, and what a gate says of the drill that proves it. */
export interface ProvedLevel {
  readonly level: string;
  readonly title: string;
  readonly within: string;
  readonly drill: string;
  /** "pass: a quick-rollback drill that took 12 minutes, 3 days ago"; where this gate does not ask, that. */
  readonly proof: string;
}

/** Each level and its proof, as a decision found it. */
export function provedLevels(
  { rollback }: Plan,
  asked: readonly Criterion[],
  { findings }: Pick<Decision, "findings">,
): ProvedLevel[] {
  return Object.entries(rollback.levels).map(([level, { title, within, drill }]) => {
    const ids = asked.flatMap((one) => (one.kind === "drill" && one.drill === drill ? [one.id] : []));
    const found = findings.filter(({ criterion }) => ids.includes(criterion));
    const proof = found.map(({ verdict, found: what }) => `${verdict}: ${what}`).join("; ");
    return {
      level,
      title,
      within: showDuration(within),
      drill,
      proof: proof === "" ? "not asked by this gate" : proof,
    };
  });
}

/** The levels as lines below a decision; none where the plan has none. */
export function renderLevels(levels: readonly ProvedLevel[]): string {
  if (levels.length === 0) return "";
  const lines = levels.map(
    ({ level, title, within, drill, proof }) => `  ${level}: ${title}, within ${within}; drill ${drill}: ${proof}`,
  );
  return ["the way back:", ...lines].join("\n");
}
