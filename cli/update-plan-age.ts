/** Whether an update plan is still about the state that a stack has: the engine itself does not look. */
import { HoldpointError } from "../rollout/errors";
import { STASH, type Deployment } from "../rollout/state";
import type { UpdatePlanContent } from "../rollout/update-plan";

/** What every run writes or rewrites on its own, a refused one too. */
const OWN: ReadonlySet<string> = new Set(["pulumi:pulumi:Stack", "pulumi:providers:pulumi", STASH]);

/** When a saved update plan was made, machine time; undefined where the file does not say. */
export function savedAt(text: string): number | undefined {
  const { manifest } = JSON.parse(text) as { manifest?: { time?: unknown } };
  const time = typeof manifest?.time === "string" ? Date.parse(manifest.time) : Number.NaN;
  return Number.isNaN(time) ? undefined : time;
}

/**
 * Holds an update plan against the present state: the same resources in both, and none changed since it was made.
 * @throws HoldpointError `update-plan-outdated`, naming what differs, with the command to preview again
 */
export function checkFresh(
  content: UpdatePlanContent,
  made: number | undefined,
  state: Deployment,
  stack: string,
): void {
  const planned = Object.entries(content.resourcePlans);
  const present = new Map(state.resources.map((resource) => [resource.urn, resource]));
  const gone = planned.filter(([urn, { steps }]) => !creates(steps) && !present.has(urn)).map(([urn]) => urn);
  const unseen = state.resources.filter(({ urn, type }) => !OWN.has(type) && isNew(urn, content)).map(({ urn }) => urn);
  const changed = state.resources
    .filter(({ type, modified }) => !OWN.has(type) && !(Date.parse(modified ?? "") <= (made ?? Number.NaN)))
    .map(({ urn }) => urn);
  const why = [
    ...tell("gone since", gone),
    ...tell("there, and not in the plan or only to be created by it", unseen),
    ...tell("changed since", changed),
  ];
  if (why.length > 0) throw outdated(stack, why.join("; "));
}

function isNew(urn: string, { resourcePlans }: UpdatePlanContent): boolean {
  const plan = Object.hasOwn(resourcePlans, urn) ? resourcePlans[urn] : undefined;
  return plan === undefined || creates(plan.steps);
}

/** Whether a resource is one that comes into being, and replaces none. */
function creates(steps: readonly string[]): boolean {
  return steps.length === 1 && steps[0] === "create";
}

function tell(what: string, urns: readonly string[]): string[] {
  if (urns.length === 0) return [];
  const names = urns.slice(0, 3).map((urn) => urn.split("::").slice(2).join(" "));
  const more = urns.length > 3 ? ` and ${urns.length - 3} more` : "";
  return [`${what}: ${names.join(", ")}${more}`];
}

function outdated(stack: string, why: string): HoldpointError {
  return new HoldpointError(
    "update-plan-outdated",
    `the update plan was made against another state of ${stack}: ${why}`,
    {
      remedy: `preview again, and approve that: pulumi preview -s ${stack} --policy-pack policies --save-plan plan.json`,
    },
  );
}
