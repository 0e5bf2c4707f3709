/**
 * Changes of the trust file: each version must be signed for as the version before it demands, judged by that version's own
 * text. The stage's record says under which version it last changed; from there a chain of signed changes must lead here.
 */
import { z } from "zod";
import type { Digest } from "../../rollout/evidence";
import type { StageRecord } from "../../rollout/world";
import type { TrustMark, TrustProblem, TrustStanding } from "../../rollout/trust";
import { HoldpointError } from "../../rollout/errors";
import type { Envelope, PrivateKey } from "../dsse";
import { EnvelopeError, sign, STATEMENT_TYPE } from "../dsse";
import { ownType, sha256, utc } from "../predicates/shared";
import { verifySigned } from "../signed";
import { parseSigned } from "../sigstore-bundle";
import { malformed, parseStatement, statementBody } from "../statement";
import type { Store } from "../store";
import { formatUtc } from "../time";
import type { Identity, Trust } from "../trust";
import { parseTrust, partakers } from "../trust";
import { accept } from "./accept";
import { entryDigest, problem, shrunk } from "./revocations";

/** Exact predicateType of a change of the trust file. */
export const TRUST_CHANGE_TYPE = ownType("trust-change");

/** Versions that a chain may have; a stage that stood still for longer is set up anew. */
const MAX_STEPS = 64;
/** Texts that may claim to be the version before: anybody can put a statement into a store. */
const MAX_CLAIMS = 16;
const SKEW = 60_000;

/** What its predicate must look like. */
export const trustChangeSchema = z.object({ from: sha256, to: sha256, version: z.int().min(2), signedOn: utc });

/** A change, in digests of the two texts. */
export interface TrustChange {
  readonly from: Digest;
  readonly to: Digest;
  /** Of the new text. */
  readonly version: number;
  /** Machine time. */
  readonly signedAt: number;
}

/** Writes and signs a change. */
export function signTrustChange({ signedAt, ...change }: TrustChange, key: PrivateKey): Envelope {
  const predicate = { ...change, signedOn: formatUtc(signedAt) };
  trustChangeSchema.parse(predicate);
  return sign(STATEMENT_TYPE, statementBody({ sha256: change.to, name: "trust" }, TRUST_CHANGE_TYPE, predicate), [key]);
}

/** Reads a change out of a body, verified or not. Throws EnvelopeError "malformed". */
function parseChange(body: Buffer): TrustChange | undefined {
  const { predicateType, predicate, subject } = parseStatement(body);
  if (predicateType !== TRUST_CHANGE_TYPE) return undefined;
  const result = trustChangeSchema.safeParse(predicate);
  if (!result.success) throw malformed("the change", result.error);
  const { signedOn, ...change } = result.data;
  if (subject.sha256.join() !== change.to) throw new EnvelopeError("malformed", "its subject is another file");
  return { ...change, signedAt: signedOn };
}

/** What of a store the standing of a trust file is judged by. */
export type ChangesStore = Pick<Store, "find" | "kept">;

/** What a trust file's standing is judged from. */
export interface StandingOf {
  readonly store: ChangesStore;
  /** With its revocations. */
  readonly trust: Trust;
  /** "production" */
  readonly stage: string;
  /** The stage's record; undefined where the stage has none, a failure where it could not be read. */
  readonly record: Pick<StageRecord, "trust"> | { readonly failure: string } | undefined;
  /** Machine time. */
  readonly now: number;
}

/** A store that tells which envelopes were read of it, so that the standing can be judged again by the same. */
export function watched(store: Store): { readonly store: ChangesStore; readonly read: Digest[] } {
  const read: Digest[] = [];
  return {
    read,
    store: {
      kept: (what, id) => store.kept(what, id),
      async find(wants, options) {
        const found = await store.find(wants, options);
        read.push(...found.envelopes.map(({ id }) => id));
        return found;
      },
    },
  };
}

/** A store in which nothing else is found than these envelopes. */
export function onlyThese(store: Store, ids: readonly Digest[]): ChangesStore {
  return { kept: (what, id) => store.kept(what, id), find: () => store.read(ids) };
}

/**
 * Whether the trust file may be believed for a stage.
 * @throws HoldpointError `store-unreadable`, `deadline`
 */
export async function standingOf(input: StandingOf): Promise<TrustStanding> {
  const { trust, record } = input;
  const { list, problem: unreliable } = trust.revocations ?? {
    problem: problem(trust, "the list of revoked keys was not read"),
  };
  const problems: TrustProblem[] = unreliable === undefined ? [] : [unreliable];
  const mark: { mark?: TrustMark } = list === undefined ? {} : { mark: markOf(trust, list) };
  const head = { file: trust.file, ...mark };
  const recorded = record === undefined || "failure" in record ? record : record.trust;
  if (recorded === undefined) {
    const note = `${trust.file}, version ${trust.version}, is believed on first use: ${input.stage} has no record of another`;
    return { ...head, problems, note };
  }
  if ("failure" in recorded) {
    return { ...head, problems: [...problems, unknownRecord(input, recorded.failure)] };
  }
  const less = list === undefined ? undefined : shrunk(list, recorded.revocations);
  if (less !== undefined) problems.push(problem(trust, less));
  if (recorded.digest === trust.digest) return { ...head, problems };
  const why = await unsigned(input, recorded);
  if (why !== undefined) return { ...head, problems: [...problems, why] };
  return {
    ...head,
    problems,
    note: `${trust.file} changed from version ${recorded.version} to ${trust.version}, signed for`,
  };
}

/** What a record keeps of a trust file whose list was read. */
function markOf(trust: Trust, { serial, revoked }: NonNullable<NonNullable<Trust["revocations"]>["list"]>): TrustMark {
  return {
    digest: trust.digest,
    version: trust.version,
    revocations: { serial, revoked: revoked.map(entryDigest).toSorted() },
  };
}

function unknownRecord({ trust, stage }: StandingOf, failure: string): TrustProblem {
  return {
    id: "trust",
    found: `under which trust file ${stage} last changed is not known: ${failure}`,
    wanted: `a record of ${stage} that can be read`,
    remedy: "look at the state",
    command: `pulumi stack export --stack ${stage}`,
    owner: trust.changes.from.join(" or "),
  };
}

/** One link of a chain that holds, or why it does not. */
type Link =
  { readonly holds: true } | { readonly holds: false; readonly found: string; readonly by: Trust | undefined };

async function unsigned(input: StandingOf, recorded: TrustMark): Promise<TrustProblem | undefined> {
  const { trust, stage } = input;
  const head = `${trust.file} is version ${trust.version}, and ${stage} last changed under version ${recorded.version} (${recorded.digest.slice(0, 12)})`;
  const change = (found: string, by?: Trust): TrustProblem => ({
    id: "trust",
    found: `${head}: ${found}`,
    wanted:
      by === undefined
        ? "a chain of changes, each one version up and signed for as the version before demands"
        : `signatures of ${by.changes.count} of ${by.changes.from.join(" or ")}, as version ${by.version} demands`,
    remedy: "have those who may sign read the change and sign it, or put the old file back",
    command: `npx holdpoint trust sign ${trust.file} --from ${by?.digest ?? recorded.digest} --stage ${stage} --as <identity> --key <file>`,
    owner: (by ?? trust).changes.from.join(" or "),
  });
  if (trust.version <= recorded.version) return change("another text must have a higher version");
  if (trust.version - recorded.version > MAX_STEPS) return change(`more than ${MAX_STEPS} versions apart`);
  const seen = new Set<Digest>();
  const link = await linked(input, recorded, { to: trust.digest, version: trust.version }, seen);
  return link.holds ? undefined : change(link.found, link.by);
}

/** Whether signed changes lead from the recorded text to this one. */
async function linked(
  input: StandingOf,
  recorded: TrustMark,
  { to, version }: { readonly to: Digest; readonly version: number },
  seen: Set<Digest>,
): Promise<Link> {
  const stated = await statedChanges(input, to, version);
  const last = version === recorded.version + 1;
  const claims = last ? [recorded.digest] : [...new Set(stated.map(({ change }) => change.from))];
  let best: Link = { holds: false, found: `nobody signed the change to version ${version}`, by: undefined };
  for (const from of claims) {
    if (seen.size >= MAX_CLAIMS + MAX_STEPS || seen.has(from)) continue;
    seen.add(from);
    const link = await signedFor(input, from, { version, stated: stated.filter(({ change }) => change.from === from) });
    if (!link.holds) {
      best = link;
      continue;
    }
    if (last) return link;
    const before = await linked(input, recorded, { to: from, version: version - 1 }, seen);
    if (before.holds) return before;
    best = before;
  }
  return best;
}

interface Stated {
  readonly change: TrustChange;
  readonly bytes: Buffer;
}

/** The changes to a text that the store has, nothing of them verified. */
async function statedChanges({ store, now }: StandingOf, to: Digest, version: number): Promise<readonly Stated[]> {
  const { envelopes } = await store.find({ about: [to], anywhere: [], kinds: [] });
  return envelopes.flatMap(({ bytes }) => {
    try {
      const { envelope } = parseSigned(bytes);
      const change = parseChange(Buffer.from(envelope.payload, "base64"));
      const fits = change?.to === to && change.version === version && change.signedAt <= now + SKEW;
      return fits ? [{ change, bytes }] : [];
    } catch (error) {
      // Who writes nonsense into a store adds nothing to a chain.
      if (error instanceof EnvelopeError) return [];
      throw error;
    }
  });
}

/** Whether enough of those whom the old text names signed the change from it. */
async function signedFor(
  { store, trust }: StandingOf,
  from: Digest,
  { version, stated }: { readonly version: number; readonly stated: readonly Stated[] },
): Promise<Link> {
  const text = await store.kept("inputs", from);
  if (text === undefined) {
    return {
      holds: false,
      found: `the text of version ${version - 1} (${from.slice(0, 12)}) is not in the evidence store`,
      by: undefined,
    };
  }
  const old = parsed(text, trust.file);
  if (old?.version !== version - 1) {
    return { holds: false, found: `${from.slice(0, 12)} is no version ${version - 1} of it`, by: undefined };
  }
  const people = stated.flatMap((one) => signersOf(one, old, trust));
  const signers = partakers(old.changes, people).map(({ id }) => id);
  if (signers.length >= old.changes.count) return { holds: true };
  const by = signers.length === 0 ? "nobody who may" : signers.join(", ");
  return { holds: false, found: `the change from version ${version - 1} to ${version} is signed by ${by}`, by: old };
}

function parsed(text: string, file: string): Trust | undefined {
  try {
    return parseTrust(text, file);
  } catch (error) {
    if (error instanceof HoldpointError) return undefined;
    throw error;
  }
}

/**
 * The people whose signature under a change counts. Their keys are judged by the old text at the time of the signature only:
 * a stage that follows later must be able to, when those keys have ended. What is on today's list of revoked keys is not
 * believed, whoever wrote that list: it can only take signatures away, and nothing that was seen may be missing in it.
 */
function signersOf({ bytes, change }: Stated, old: Trust, now: Trust): readonly Identity[] {
  try {
    const { body, by, payloadType } = verifySigned({ envelope: parseSigned(bytes).envelope }, old);
    const verified = payloadType === STATEMENT_TYPE ? parseChange(body) : undefined;
    if (verified?.from !== change.from || verified.to !== change.to || verified.version !== change.version) return [];
    const revoked = now.revocations?.list?.revoked ?? [];
    return accept(by, old, { signedAt: verified.signedAt }, revoked).identities.filter(({ person }) => person);
  } catch (error) {
    if (error instanceof EnvelopeError) return [];
    throw error;
  }
}
