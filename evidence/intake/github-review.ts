/**
 * Reviews of a pull request: GitHub's `GET …/pulls/<n>/reviews` beside `GET …/pulls/<n>`, which says who wrote it and what
 * was merged. Each person's last word counts, and only about the last commit: who approved an older one saw another change.
 */
import { z } from "zod";
import type { ReviewPredicate } from "../predicates/review";
import type { Format, ReportFile } from "./report";
import { finish, isRecord, refuse, required } from "./report";
import { instant } from "./scans";
import { readAs } from "./schema";

/** GitHub answers so many at a time unless asked for more, and at most 100. */
const PAGES = [30, 100];

const commit = z.string().regex(/^[0-9a-f]{40}$/, "a full commit");
const review = z.object({
  user: z.object({ login: z.string().min(1), type: z.string().optional() }, "a reviewer"),
  state: z.enum(["APPROVED", "CHANGES_REQUESTED", "COMMENTED", "DISMISSED", "PENDING"]),
  submitted_at: z.string().optional(),
  commit_id: commit.nullable(),
});
const pull = z.object({
  number: z.number().int(),
  html_url: z.string().optional(),
  user: z.object({ login: z.string().min(1) }),
  head: z.object({ sha: commit }),
  merge_commit_sha: commit.nullable(),
});
type Review = z.output<typeof review>;

const isPull = ({ json }: ReportFile): boolean => isRecord(json) && "merge_commit_sha" in json && "head" in json;
const isReviews = ({ json }: ReportFile): boolean =>
  Array.isArray(json) && json.every((one: unknown) => isRecord(one) && "commit_id" in one && "state" in one);

/** A pull request's reviews → "review". */
export const githubReview: Format = {
  name: "GitHub reviews of a pull request",
  kind: "review",
  recognises: (file) => isPull(file) || isReviews(file),
  read(files, stated) {
    const [about, given] = [files.find(isPull), files.find(isReviews)];
    if (about === undefined || given === undefined || files.length !== 2)
      throw refuse(
        "usage",
        "reviews: wanted the pull request and the list of its reviews, as GitHub's REST API answers",
      );
    const {
      number,
      html_url: url,
      user,
      head,
      merge_commit_sha: merged,
    } = readAs(pull, about.json, about, "the pull request");
    const reviews = readAs(z.array(review), given.json, given, "the reviews");
    if (PAGES.includes(reviews.length)) {
      throw refuse(
        "intake-truncated",
        `${given.name}: ${reviews.length} reviews, which is one whole page: there may be more`,
        "ask for all: gh api --paginate",
      );
    }
    const subject = stated.subject?.commit;
    if (subject !== undefined && subject !== head.sha && subject !== merged) {
      throw refuse(
        "intake-inconsistent",
        `${about.name}: pull request ${number} is of commit ${merged ?? head.sha}, not of ${subject}`,
      );
    }
    const last = lastWords(given, reviews, user.login);
    const approving = last.filter(
      (one) => one.state === "APPROVED" && one.commit_id === head.sha && !isMachine(one.user),
    );
    const against = last.filter(({ state }) => state === "CHANGES_REQUESTED");
    if (approving.length + against.length === 0)
      throw refuse(
        "intake-empty",
        `${given.name}: no person but the author approved the last commit of pull request ${number}`,
      );
    const times = [...approving, ...against].map((one) => instant(given, "submitted_at", one.submitted_at ?? ""));
    const predicate: ReviewPredicate = {
      ...finish(given, Math.max(...times), stated),
      stage: stated.stage,
      review: required(stated.review, "which review of the plan this is", "--review <name>"),
      outcome: against.length > 0 ? "changes-requested" : "approved",
      author: user.login,
      reviewers: approving.map((one) => one.user.login),
      ...(url === undefined ? {} : { url }),
    };
    const names = (all: readonly Review[]): string => all.map((one) => one.user.login).join(", ");
    const no = against.length === 0 ? "" : `, changes requested by ${names(against)}`;
    return { predicate, summary: `pull request ${number}: approved by ${names(approving) || "nobody"}${no}` };
  },
};

/** A machine that approves has reviewed nothing; what it asks to be changed stands. */
function isMachine({ login, type }: Review["user"]): boolean {
  return type === "Bot" || login.endsWith("[bot]");
}

/** Of each person but the author, by the times that GitHub gave them; a comment takes nothing back. */
function lastWords(file: ReportFile, reviews: readonly Review[], author: string): Review[] {
  const last = new Map<string, Review>();
  const at = ({ submitted_at: time }: Review): number =>
    time === undefined ? Infinity : instant(file, "submitted_at", time);
  for (const one of reviews.toSorted((a, b) => (at(a) === at(b) ? 0 : at(a) - at(b)))) {
    const person = one.user.login.toLowerCase();
    if (person === author.toLowerCase() || one.state === "COMMENTED" || one.state === "PENDING") continue;
    last.set(person, one);
  }
  return [...last.values()];
}
