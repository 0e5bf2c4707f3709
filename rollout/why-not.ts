/** The shortest way to GO: what is missing, whose it is, what mends it, and when it can open at the earliest. */
import { isUnmet } from "./decision";
import type { Decision, Finding } from "./decision";
import type { Plan } from "./plan";
import { showTime } from "./units";

/** When something can be met at the earliest: at once, when all the rest is, or at a time. */
export type Soonest =
  { readonly when: "now" } | { readonly when: "when-all-else-is-met" } | { readonly when: "at"; readonly time: number };

export interface Missing {
  readonly criterion: string;
  readonly title: string;
  readonly found: string;
  readonly wanted: string;
  readonly remedy: string;
  readonly command?: string;
  readonly line: string;
  readonly soonest: Soonest;
}

/** What one owner has to do, what can be done now first. */
export interface Share {
  readonly owner: string;
  /** How to reach them; absent for what no owner of the plan has. */
  readonly contact?: string;
  readonly missing: readonly Missing[];
}

export interface WhyNot {
  readonly gate: string;
  readonly outcome: Decision["outcome"];
  /** Plan time; absent where no time has to be waited for, as far as is known. */
  readonly opensAt?: number;
  readonly owners: readonly Share[];
}

/** What keeps a gate shut, by owner; those who can do most now come first. */
export function whyNot(decision: Decision, { owners }: Pick<Plan, "owners">): WhyNot {
  const open = decision.findings.filter(isUnmet);
  const handles = [...new Set(open.map(({ owner }) => owner))];
  const shares = handles.map((owner): Share => {
    const contact = Object.hasOwn(owners, owner) ? owners[owner]?.contact : undefined;
    const missing = open.filter((finding) => finding.owner === owner).map(toMissing);
    return {
      owner,
      ...(contact === undefined ? {} : { contact }),
      missing: missing.toSorted((a, b) => rank(a.soonest) - rank(b.soonest)),
    };
  });
  const opensAt = opening(decision, open);
  return {
    gate: decision.gate,
    outcome: decision.outcome,
    ...(opensAt === undefined ? {} : { opensAt }),
    owners: shares.toSorted((a, b) => doable(b) - doable(a) || (a.owner < b.owner ? -1 : 1)),
  };
}

function toMissing({ criterion, title, found, wanted, remedy, command, line, verdict, opensAt }: Finding): Missing {
  return {
    criterion,
    title,
    found,
    wanted,
    remedy,
    ...(command === undefined ? {} : { command }),
    line,
    soonest: soonest(verdict, opensAt),
  };
}

function soonest(verdict: Finding["verdict"], opensAt: number | undefined): Soonest {
  if (opensAt !== undefined) return { when: "at", time: opensAt };
  return verdict === "pending" ? { when: "when-all-else-is-met" } : { when: "now" };
}

/** The latest of all times that have to be waited for. */
function opening(decision: Decision, open: readonly Finding[]): number | undefined {
  const times = [decision.opensAt, ...open.map(({ opensAt }) => opensAt)].filter((time) => time !== undefined);
  return times.length === 0 ? undefined : Math.max(...times);
}

function rank(soon: Soonest): number {
  return soon.when === "now" ? 0 : soon.when === "at" ? soon.time : Number.POSITIVE_INFINITY;
}

function doable({ missing }: Share): number {
  return missing.filter(({ soonest: soon }) => soon.when === "now").length;
}

/** As text: a line for the gate, then who has to do what. */
export function renderWhyNot({ gate, outcome, opensAt, owners }: WhyNot): string {
  const count = owners.reduce((sum, { missing }) => sum + missing.length, 0);
  if (count === 0) return `${outcome} ${gate}: nothing is missing`;
  const now = owners.reduce((sum, share) => sum + doable(share), 0);
  const when =
    opensAt === undefined
      ? "it can open as soon as the last of them is done"
      : `it can open at ${showTime(opensAt)} at the earliest`;
  const head = `${outcome} ${gate}: ${count} missing, ${now} of them can be done now; ${when}`;
  const blocks = owners.map(({ owner, contact, missing }) =>
    [contact === undefined ? owner : `${owner} (${contact})`, ...missing.map(renderMissing)].join("\n"),
  );
  return [head, ...blocks].join("\n\n");
}

function renderMissing({ criterion, title, found, remedy, command, soonest: soon }: Missing): string {
  const when =
    soon.when === "at"
      ? ` (from ${showTime(soon.time)})`
      : soon.when === "when-all-else-is-met"
        ? " (when all else is met)"
        : "";
  return [
    `  ${criterion}${when}: ${title}`,
    `      found: ${found}`,
    ...(remedy === "" ? [] : [`      do: ${remedy}`]),
    ...(command === undefined ? [] : [`        ${command}`]),
  ].join("\n");
}
