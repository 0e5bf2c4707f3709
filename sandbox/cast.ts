/** Who plays the roles of a plan that is not the story's: so that a team's own plan can be tried in the sandbox. */
import { plansInUse, readPlan } from "../cli/plan-file";
import { askedRights } from "../evidence/trust/asked-rights";
import type { Right } from "../evidence/trust";
import type { Plan } from "../rollout/plan";

/** Someone, or something, that signs. */
export interface Actor {
  readonly id: string;
  readonly name: string;
  /** Roles of the rollout plan. */
  readonly roles: readonly string[];
}

/** Roles, what each may attest, approve or waive, and who holds them. */
export interface Cast {
  readonly people: readonly Actor[];
  readonly machines: readonly Actor[];
  readonly roles: Readonly<Record<string, { readonly may: readonly Right[] }>>;
}

/** The story's own plan: its people are known by name. */
const STORY = "plans/omnihub.yaml";

/**
 * The cast of every plan that the project's stack files name: the story's, and for each role of another plan that nobody
 * holds, people where it approves or waives (as many as one approval wants), else a machine.
 * @throws HoldpointError as readPlan does
 */
export function castOf(root: string, story: Cast): Cast {
  const plans = plansInUse(root).filter((file) => file !== STORY);
  return plans.map((file) => readPlan(root, file)).reduce(withPlan, story);
}

function withPlan(cast: Cast, plan: Plan): Cast {
  const asked = Object.entries(askedRights(plan)).filter(([, rights]) => rights.length > 0);
  const held = new Set([...cast.people, ...cast.machines].flatMap(({ roles }) => roles));
  const nobodys = asked.filter(([role]) => !held.has(role));
  const [forPeople, forMachines] = [nobodys.filter(([, may]) => signs(may)), nobodys.filter(([, may]) => !signs(may))];
  return {
    people: [
      ...cast.people,
      ...forPeople.flatMap(([role]) =>
        Array.from({ length: mostOf(plan, role) }, (_, index) => ({
          id: `${role}${index === 0 ? "" : `-${String(index + 1)}`}@${plan.service}.example`,
          name: `${role} of ${plan.service}`,
          roles: [role],
        })),
      ),
    ],
    machines: [
      ...cast.machines,
      ...forMachines.map(([role]) => ({
        id: `${plan.service}-${role}`,
        name: `Pipeline of ${plan.service}`,
        roles: [role],
      })),
    ],
    roles: {
      ...cast.roles,
      ...Object.fromEntries(
        asked.map(([role, may]) => [role, { may: [...new Set([...(cast.roles[role]?.may ?? []), ...may])] }]),
      ),
    },
  };
}

function signs(may: readonly Right[]): boolean {
  return may.includes("approval") || may.includes("waiver");
}

/** How many different people one approval or waiver wants of a role at most. */
function mostOf(plan: Plan, role: string): number {
  const criteria = plan.stages.flatMap(({ enter, exit, finish }) =>
    [enter, exit, finish].flatMap((gate) => gate?.criteria ?? []),
  );
  const counts = criteria.flatMap((one) => ("from" in one && one.from.includes(role) ? [one.count] : []));
  return Math.max(1, ...counts, plan.waivers?.from.includes(role) === true ? plan.waivers.count : 0);
}
