/** What people say: in a survey, in a review, of an item of a checklist. */
import type { EvidenceOf } from "../evidence";
import { isWithin, showLimits } from "../limits";
import type { CriterionOf } from "../plan";
import { showDuration, showPercent } from "../units";
import type { World } from "../world";
import { counted, listed } from "./answer";
import type { Answer } from "./answer";
import { attestCommand } from "./commands";
import { judgeLatest } from "./select";
import type { Judged } from "./select";

/** Enough people answered, and enough of them were satisfied. Too few answers are no verdict. */
export function judgeSurvey(criterion: CriterionOf<"survey">, world: World): Answer {
  const { survey, answers: least } = criterion;
  const latest = {
    wish: {
      kind: "survey",
      noun: `survey "${survey}"`,
      about: (facts: { survey: string }) => facts.survey === survey,
    },
    criterion,
    world,
    wanted: `${showLimits(criterion)} of ${counted(least, "answer")} or more to "${survey}" satisfied, within ${showDuration(criterion.maxAge)}`,
    remedy: "ask more people, or mend what they are not satisfied with, and attest the answers",
    command: attestCommand(criterion, world.stack),
  } as const;
  return judgeLatest(latest, ({ facts: { answers, satisfied } }) => {
    if (!isCount(answers) || !isCount(satisfied) || satisfied > answers)
      return { verdict: "fail", found: "a survey whose numbers make no sense" };
    if (answers < least) return { verdict: "inconclusive", found: `only ${counted(answers, "answer")}` };
    const share = satisfied / answers;
    const found = `${showPercent(share)} of ${counted(answers, "answer")} satisfied`;
    return { verdict: isWithin({ value: share, unit: "ratio" }, criterion) ? "pass" : "fail", found };
  });
}

function isCount(value: number): boolean {
  return Number.isInteger(value) && value >= 0;
}

const SEVERITIES = ["critical", "high", "medium"] as const;
type OpenLimits = Readonly<Partial<Record<(typeof SEVERITIES)[number], number | undefined>>>;

/** Enough different people other than the author approved, and few enough findings are open. */
export function judgeReview(criterion: CriterionOf<"review">, world: World): Answer {
  const { review, reviewers } = criterion;
  const openAtMost: OpenLimits = criterion.openAtMost ?? {};
  const limits = SEVERITIES.filter((severity) => openAtMost[severity] !== undefined);
  const open = limits.map((severity) => `${openAtMost[severity]} ${severity}`);
  const latest = {
    wish: {
      kind: "review",
      noun: `${review} review`,
      about: (facts: { review: string }) => facts.review === review,
      key: "",
    },
    criterion,
    world,
    wanted: [
      `a ${review} review approved by ${counted(reviewers, "person").replace("persons", "people")} or more, not the author`,
      ...(open.length === 0 ? [] : [`at most ${listed(open)} open`]),
      `within ${showDuration(criterion.maxAge)}`,
    ].join(", "),
    remedy: "have it reviewed by others than its author, settle what they found, and attest the review",
    command: attestCommand(criterion, world.stack),
  } as const;
  return judgeLatest(latest, (item) => judgeOneReview(item, criterion, world.release.author));
}

function judgeOneReview(
  { facts, signers }: EvidenceOf<"review">,
  criterion: CriterionOf<"review">,
  author: string | undefined,
): Judged {
  const openAtMost: OpenLimits = criterion.openAtMost ?? {};
  const trusted = signers.filter(({ roles }) => roles.some((role) => criterion.attestedBy.includes(role)));
  if (trusted.every(({ id }) => same(id, author)))
    return { verdict: "fail", found: "a review that the author of the change attests" };
  if (facts.outcome !== "approved") {
    return { verdict: "fail", found: `a review that ended in ${facts.outcome.replace("-", " ")}` };
  }
  const people = new Map(facts.reviewers.map((one) => [one.trim().toLowerCase(), one]));
  const others = [...people.values()].filter((one) => !same(one, author));
  const found = others.length === 0 ? "approved by nobody but the author" : `approved by ${listed(others)}`;
  if (others.length < criterion.reviewers) return { verdict: "fail", found };
  const limited = SEVERITIES.filter((severity) => openAtMost[severity] !== undefined);
  const { open } = facts;
  if (open === undefined) {
    return limited.length === 0
      ? { verdict: "pass", found }
      : { verdict: "stale", found: `${found}, which does not say what is still open` };
  }
  const over = limited.filter((severity) => !(open[severity] <= (openAtMost[severity] ?? 0)));
  if (over.length === 0) return { verdict: "pass", found };
  return { verdict: "fail", found: `${listed(over.map((severity) => `${open[severity]} ${severity}`))} still open` };
}

function same(a: string, b: string | undefined): boolean {
  return b !== undefined && a.trim().toLowerCase() === b.trim().toLowerCase();
}

/** Somebody did it and signed for it. */
export function judgeCheck(criterion: CriterionOf<"check">, world: World): Answer {
  const { check } = criterion;
  const latest = {
    wish: {
      kind: "check",
      noun: `signed "${check}"`,
      about: (facts: { check: string }) => facts.check === check,
      key: "",
    },
    criterion,
    world,
    wanted: `"${check}" done and signed for by ${criterion.attestedBy.join(" or ")} within ${showDuration(criterion.maxAge)}`,
    remedy: "do it, and sign that it is done",
    command: attestCommand(criterion, world.stack),
  } as const;
  return judgeLatest(latest, ({ facts, signers }) => {
    const by = listed(signers.map(({ id }) => id));
    return facts.outcome === "done"
      ? { verdict: "pass", found: `"${check}" done, signed by ${by}` }
      : {
          verdict: "fail",
          found: `"${check}" signed by ${by} as not done${facts.note === undefined ? "" : `: ${facts.note}`}`,
        };
  });
}
