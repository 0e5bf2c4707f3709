/**
 * The standing of the trust file itself: whether the run may believe it. Every signature rests on it, so what is wrong
 * with it keeps each gate shut that asks for one. The way back asks nobody.
 */
import type { Finding } from "./decision";
import type { Digest } from "./evidence";

/** The trust file under which a stage last changed, as its record keeps it. */
export interface TrustMark {
  /** sha256 of its text. */
  readonly digest: Digest;
  readonly version: number;
  /** The revocation list that was seen: its number, and the digest of each entry. None of it may go away again. */
  readonly revocations: { readonly serial: number; readonly revoked: readonly Digest[] };
}

/** What keeps signatures from being believed. */
export interface TrustProblem {
  readonly id: "trust" | "trust.revocations";
  readonly found: string;
  readonly wanted: string;
  readonly remedy: string;
  readonly command?: string;
  readonly owner: string;
}

/** What was found out about the trust file of a run. */
export interface TrustStanding {
  /** As messages name it: "trust.yaml". */
  readonly file: string;
  /** What the stage's record will keep; absent where the revocation list could not be read. */
  readonly mark?: TrustMark;
  readonly problems: readonly TrustProblem[];
  /** What a reader must know: first use, or a change that was signed. */
  readonly note?: string;
}

const TITLES: Readonly<Record<TrustProblem["id"], string>> = {
  trust: "The trust file changed only as its last version demands",
  "trust.revocations": "Revoked keys are known",
};

/**
 * Why nothing that is signed may be believed, as findings; none where it may.
 * @param standing absent: nobody looked, which is no reason to believe
 */
export function trustFindings(standing: TrustStanding | undefined): Finding[] {
  const { file, problems } = standing ?? { file: "the trust file", problems: [NOT_LOOKED_AT] };
  return problems.map(({ id, found, wanted, remedy, command, owner }) => ({
    criterion: id,
    title: TITLES[id],
    verdict: "fail",
    found,
    wanted,
    owner,
    remedy,
    ...(command === undefined ? {} : { command }),
    line: file,
    used: [],
  }));
}

const NOT_LOOKED_AT: TrustProblem = {
  id: "trust",
  found: "nobody looked whether the trust file may be believed",
  wanted: "a trust file that was looked at",
  remedy: "report this as a defect of Holdpoint",
  owner: "whoever runs this",
};
