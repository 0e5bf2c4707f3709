/**
 * Whether a store still holds all that was ever added: the log's chain, each envelope that it lists, the raw reports, each
 * decision and what it rested on. Names what is missing. What it can't see: a log whose end was cut off and that no decision names.
 */
import type { Digest } from "../rollout/evidence";
import { readDecision, type DecisionRecord } from "./decisions";
import { referencedBy } from "./reference";
import type { Store, StoredEnvelope } from "./store";
import type { Entry, Walk } from "./store/chain";

/** What was found. */
export interface Audit {
  readonly envelopes: number;
  readonly decisions: number;
  /** Lines; none: nothing is missing. */
  readonly problems: readonly string[];
  /** What is there and was never listed: no gate reads it. */
  readonly unlisted: readonly string[];
}

/**
 * Looks at everything.
 * @throws HoldpointError `store-unreadable`, `deadline`
 */
export async function audit(store: Store): Promise<Audit> {
  const [content, evidence, decided, keptIds] = await Promise.all([
    store.readAll({ deadline: AUDIT_DEADLINE }),
    store.log.evidence.walk(),
    store.log.decisions.walk(),
    store.keptIds("decisions"),
  ]);
  const there = new Set(content.envelopes.map(({ id }) => id));
  const listed = new Map(evidence.entries.map((entry) => [idOf(entry), entry]));
  const lost = [...listed]
    .filter(([id]) => !there.has(id))
    .map(([id, entry]) => `${named(id, entry)} is gone or damaged`);
  const hidden = await store.unlisted(
    content.envelopes.filter(({ id }) => listed.has(id)),
    { deadline: AUDIT_DEADLINE },
  );
  const records = await Promise.all(decided.entries.map((entry) => lookAt(store, entry)));
  return {
    envelopes: there.size,
    decisions: records.length,
    problems: [
      ...evidence.problems,
      ...decided.problems,
      ...lost,
      ...hidden.map((id) => `${named(id, listed.get(id) as Entry)} is no longer listed where gates look for it`),
      ...content.rejected.filter(({ file }) => !isListed(file, listed)).map(({ file, detail }) => `${file}: ${detail}`),
      ...(await Promise.all(records.map((record) => problemsOf(store, record, evidence, there)))).flat(),
      ...(await reportsGone(store, content.envelopes)),
    ],
    unlisted: [
      ...[...there].filter((id) => !listed.has(id)).map((id) => `evidence ${id}`),
      ...keptIds.filter((id) => !records.some((one) => one.id === id)).map((id) => `decision ${id}`),
    ],
  };
}

/** Milliseconds: nobody waits at a gate for it. */
const AUDIT_DEADLINE = 10 * 60_000;

/** Raw reports that envelopes refer to and that are not there as they were; one at a time, for they may be large. */
async function reportsGone(store: Store, envelopes: readonly StoredEnvelope[]): Promise<string[]> {
  const lost: string[] = [];
  for (const { id, bytes } of envelopes) {
    for (const { sha256, name } of referencedBy(bytes)) {
      if ((await store.getRaw(sha256)) !== undefined) continue;
      lost.push(
        `raw report ${sha256.slice(0, 12)} (${name}), named by reference ${id.slice(0, 12)}, is gone or damaged`,
      );
    }
  }
  return lost;
}

function named(id: string, { n, what }: Entry): string {
  const { kind, stage } = what;
  const words = [kind, stage].filter((word) => typeof word === "string").join(", ");
  return `evidence ${id.slice(0, 12)} (${words}), entry ${n} of the log,`;
}

function isListed(file: string, listed: ReadonlyMap<string, Entry>): boolean {
  const id = /([0-9a-f]{64})\.intoto\.jsonl$/.exec(file)?.[1];
  return id !== undefined && listed.has(id);
}

interface Looked {
  readonly id: Digest;
  readonly record: DecisionRecord | undefined;
}

/** Whoever can write to the store can write anything into its log. */
function idOf({ what }: Entry): string {
  return typeof what["id"] === "string" ? what["id"] : "unnamed";
}

async function lookAt(store: Store, entry: Entry): Promise<Looked> {
  const id = idOf(entry);
  return { id, record: /^[0-9a-f]{64}$/.test(id) ? await readDecision(store, id) : undefined };
}

async function problemsOf(
  store: Store,
  { id, record }: Looked,
  { entries }: Walk,
  there: ReadonlySet<Digest>,
): Promise<string[]> {
  const name = `decision ${id.slice(0, 12)}`;
  if (record === undefined) return [`${name} is gone or damaged`];
  const { attestations, log, inputs } = record;
  const gone = attestations.filter((one) => !there.has(one.sha256));
  const cut =
    log !== undefined && log.n > 0 && !entries.some((entry) => entry.n === log.n && entry.digest === log.digest);
  const without = inputs !== undefined && (await store.kept("inputs", inputs)) === undefined;
  return [
    ...gone.map(
      (one) =>
        `${name} rests on evidence ${one.sha256.slice(0, 12)} (${one.about?.kind ?? "?"}), which is gone or damaged`,
    ),
    ...(cut
      ? [`${name} saw entry ${log.n} of the log as another than it is now: the log was cut off or written anew`]
      : []),
    ...(without ? [`${name} can't be replayed: what it was made of is gone or damaged`] : []),
  ];
}
