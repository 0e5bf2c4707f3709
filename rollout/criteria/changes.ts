/** What a release changes: which files, by attested evidence, and which Pulumi types, by the approved update plan. */
import type { EvidenceOf } from "../evidence";
import { matching } from "../glob";
import type { CriterionOf } from "../plan";
import { stageState } from "../world";
import type { World } from "../world";
import { counted, listed, short } from "./answer";
import type { Answer } from "./answer";
import { attestCommand } from "./commands";
import { judgeLatest, select } from "./select";

/**
 * What takes the traffic now: what the stage's record says where the run itself would make another release the baseline,
 * so that a release is never compared with itself.
 */
function baselineNow(world: World): Pick<World["baseline"], "commit"> {
  const state = stageState(world, world.stack);
  return (state.ok ? state.record?.current?.baseline : undefined) ?? world.baseline;
}

/** Changes count only from what takes the traffic now to this release. */
function fromBaseline(world: World): (facts: EvidenceOf<"changes">["facts"]) => boolean {
  const { commit } = baselineNow(world);
  return ({ from }) => from === commit;
}

/** Nothing is changed that must stay as it is, but for the declared exceptions. */
export function judgeChanges(criterion: CriterionOf<"changes">, world: World): Answer {
  const { none, except } = criterion;
  const exceptions = except.length === 0 ? "" : ` but ${listed(except)}`;
  return judgeLatest(
    {
      wish: { kind: "changes", noun: "list of changes", about: fromBaseline(world) },
      criterion,
      world,
      wanted: `no file of ${listed(none)}${exceptions} changed from ${short(baselineNow(world).commit)} to ${short(world.release.commit)}`,
      remedy: "take the change out of this release, or declare it as an exception in the plan",
      command: attestCommand(criterion, world.stack),
    },
    ({ facts }) => {
      const allowed = new Set(matching(facts.files, except));
      const touched = matching(facts.files, none).filter((file) => !allowed.has(file));
      const of = `of ${counted(facts.files.length, "changed file")}`;
      return touched.length === 0
        ? { verdict: "pass", found: `none ${of}` }
        : { verdict: "fail", found: `${touched.length} ${of}: ${listed(touched)}` };
    },
  );
}

/** What an approval is asked for only because of. */
export interface When {
  readonly files?: readonly string[] | undefined;
  readonly resources?: readonly string[] | undefined;
  readonly attestedBy?: readonly string[] | undefined;
}

/** Whether a change touches what an approval is asked for because of, and how that is known. */
export interface Touched {
  readonly touched: boolean;
  readonly why: string;
  readonly used: readonly string[];
  /** What would make it known, where it is not. */
  readonly remedy?: string;
}

/**
 * Whether the change touches what needs this approval. What is not known counts as touched: no list of changes, one of
 * other commits or by somebody else, an update plan that is not there.
 */
export function touches(when: When, world: World, updatePlan: string | undefined): Touched {
  const parts = [
    ...(when.files === undefined ? [] : [touchesFiles(when.files, when.attestedBy ?? [], world)]),
    ...(when.resources === undefined ? [] : [touchesResources(when.resources, world, updatePlan)]),
  ];
  const hit = parts.find(({ touched }) => touched);
  if (hit !== undefined) return hit;
  // A condition without any condition is none.
  if (parts.length === 0) return { touched: true, why: "asked for always", used: [] };
  return {
    touched: false,
    why: parts.map(({ why }) => why).join(", "),
    used: parts.flatMap(({ used }) => used),
  };
}

function touchesFiles(patterns: readonly string[], attestedBy: readonly string[], world: World): Touched {
  const selection = select(
    { kind: "changes", noun: "list of changes", about: fromBaseline(world) },
    { subject: "commit", attestedBy: [...attestedBy] },
    world,
  );
  if (selection.failure !== undefined) return { touched: true, why: selection.failure, used: [] };
  const used = selection.items.map(({ id }) => id);
  if (used.length === 0) {
    const why = `no list of changes from ${short(baselineNow(world).commit)} to ${short(world.release.commit)}`;
    return { touched: true, why: selection.others === "" ? why : `${why}: ${selection.others}`, used };
  }
  // The files of two commits never change: where two lists differ, the longer one is to be feared.
  const files = [...new Set(selection.items.flatMap(({ facts }) => facts.files))];
  const hit = matching(files, patterns).toSorted();
  return hit.length > 0
    ? { touched: true, why: `touches ${listed(hit)}`, used }
    : { touched: false, why: `none of ${counted(files.length, "changed file")} is of ${listed(patterns)}`, used };
}

function touchesResources(patterns: readonly string[], world: World, updatePlan: string | undefined): Touched {
  const { touched = {} } = world;
  const types = updatePlan !== undefined && Object.hasOwn(touched, updatePlan) ? touched[updatePlan] : undefined;
  if (updatePlan === undefined) {
    // An `up` does not know its own update plan: it is the one that people signed, whoever they are.
    const why = "which resources it changes is not known before somebody has signed its update plan";
    const remedy = `have anybody who may approve here sign the update plan, its author too: if it changes nothing of ${listed(patterns)}, that is enough`;
    return { touched: true, why, used: [], remedy };
  }
  if (types === undefined) return { touched: true, why: "the update plan's changes are not known", used: [] };
  const hit = [...new Set(matching(types, patterns, { across: true }))].toSorted();
  return hit.length > 0
    ? { touched: true, why: `touches ${listed(hit)}`, used: [] }
    : { touched: false, why: `the update plan changes nothing of ${listed(patterns)}`, used: [] };
}
