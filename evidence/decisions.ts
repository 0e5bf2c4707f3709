/**
 * Decisions as they are kept: GO and NO-GO alike, each a SLSA Verification Summary (VSA v1) in a DSSE envelope, signed
 * where a key is at hand. It lists every attestation that counted, by digest, and names plan, trust file and program;
 * what the summary has no word for (the reasons, PENDING, what was taken from the store) is our own extension of it.
 */
import { z } from "zod";
import type { Decision } from "../rollout/decision";
import { HoldpointError } from "../rollout/errors";
import type { Digest } from "../rollout/evidence";
import { imageDigest } from "../rollout/release";
import type { World } from "../rollout/world";
import { decodeBase64 } from "./base64";
import { digest } from "./canonical";
import { EnvelopeError, parseEnvelope, sign, STATEMENT_TYPE, type PrivateKey } from "./dsse";
import { writeInputs, type Inputs } from "./inputs";
import { JsonError, parseJson } from "./json";
import type { Counted } from "./read";
import type { Request } from "./request";
import { refuseSecrets } from "./secrets";
import { verifySigned, type SignedBy } from "./signed";
import { parseStatement, statementBody } from "./statement";
import type { Store } from "./store";
import type { Head } from "./store/chain";
import { formatUtc, parseUtc } from "./time";
import type { Trust } from "./trust";
import { accept } from "./trust/accept";

/** Exact predicate type of a verification summary. */
export const SUMMARY_TYPE = "https://slsa.dev/verification_summary/v1";
/** Our own member of it; extension members are named by a URI. */
export const DECISION_MEMBER = "https://holdpoint.dev/decision/v0.1";
/** Who verifies, as a summary names it. */
export const VERIFIER = "https://holdpoint.dev/gate";

/** What is known when a decision is made. */
export interface Made {
  readonly decision: Decision;
  /** "organization/project", as the engine names stacks. */
  readonly stacks: string;
  readonly world: World;
  readonly request: Request;
  /** Digest of `request`. */
  readonly digest: Digest;
  /** Digest of the program's code, the policy pack's among it; of the pack itself where that was published. */
  readonly pack: Digest;
  readonly planFile: string;
  readonly trustFile: string;
  /** What to keep so that it can be decided again; absent where the files changed meanwhile. */
  readonly inputs?: Inputs;
  /** Texts that the inputs name by digest. */
  readonly texts: readonly string[];
  /** What the evidence store gave; absent where it was not asked. */
  readonly evidence?: EvidenceBasis;
  /** Machine time. */
  readonly now: number;
}

/** What a decision rests on in the store. */
export interface EvidenceBasis {
  readonly counted: readonly Counted[];
  /** The newest entry of the store's log. */
  readonly head: Head;
  /** Attestations that counted before and are gone: they are remembered until they are back. */
  readonly missing: readonly Missing[];
}

/** An attestation that an earlier decision rested on. */
export interface Missing {
  readonly sha256: Digest;
  readonly kind: string;
}

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const annotations = z.object({
  kind: z.string(),
  stage: z.string().optional(),
  signers: z.array(z.string()),
  body: sha256,
});
// Read leniently where other versions of us may have written more; what is used is checked.
const summarySchema = z.object({
  timeVerified: z.string(),
  resourceUri: z.string(),
  policy: z.object({ uri: z.string(), digest: z.object({ sha256 }) }),
  inputAttestations: z.array(z.object({ digest: z.object({ sha256 }), annotations: annotations.optional() })),
  verificationResult: z.enum(["PASSED", "FAILED"]),
  [DECISION_MEMBER]: z.object({
    stack: z.string(),
    mode: z.enum(["preview", "up"]),
    request: sha256,
    release: z.object({ version: z.string(), author: z.string() }),
    trust: z.object({ uri: z.string(), digest: z.object({ sha256 }) }),
    pack: z.object({ digest: z.object({ sha256 }) }),
    decision: z.looseObject({
      gate: z.string(),
      outcome: z.enum(["GO", "NO-GO", "PENDING"]),
      findings: z.array(
        z.looseObject({
          criterion: z.string(),
          verdict: z.string(),
          found: z.string(),
          used: z.array(z.string()).default([]),
          waived: z.looseObject({ by: z.array(z.looseObject({ signer: z.string() })) }).optional(),
        }),
      ),
      approvals: z.array(z.string()),
      wayBack: z.string().optional(),
      decidedAt: z.number(),
    }),
    inputs: sha256.optional(),
    inputsWithheld: z.string().optional(),
    log: z.object({ n: z.number(), digest: sha256 }).optional(),
    missing: z.array(z.object({ sha256, kind: z.string() })).default([]),
  }),
});

/** Who signed a decision, as far as it can be told. */
export type Signature =
  | { readonly is: "unsigned" }
  /** Signed by a key of the trust file that counted at the time of the decision: who holds it. */
  | { readonly is: "signed"; readonly by: string }
  /** Signed by a key of the trust file that did not count then, or is revoked. */
  | { readonly is: "refused"; readonly why: string }
  /** By a key that the trust file does not have, or altered since: the two can't be told apart. */
  | { readonly is: "unknown" };

/** A decision as it was kept. */
export interface DecisionRecord {
  /** Its address; "decision/<id>". */
  readonly id: Digest;
  readonly stack: string;
  readonly mode: "preview" | "up";
  /** Digest of the request that was decided on. */
  readonly request: Digest;
  readonly decision: Decision;
  /** Machine time. */
  readonly verifiedAt: string;
  /** What was let through or kept out. */
  readonly release: { readonly version: string; readonly author: string };
  readonly subject: { readonly commits: readonly string[]; readonly sha256: readonly string[] };
  readonly attestations: readonly { readonly sha256: Digest; readonly about?: z.output<typeof annotations> }[];
  readonly plan: { readonly file: string; readonly sha256: Digest };
  readonly trust: { readonly file: string; readonly sha256: Digest };
  readonly pack: Digest;
  /** Digest of what it was made of, in the store. */
  readonly inputs?: Digest;
  /** Why that was not kept. */
  readonly inputsWithheld?: string;
  /** Newest entry of the evidence's log at that time. */
  readonly log?: Head;
  readonly missing: readonly Missing[];
  readonly signature: Signature;
}

/**
 * Keeps a decision and what it was made of, and returns its address.
 * @throws HoldpointError `store-unwritable`, `deadline`, `file-too-large`
 */
export async function keepDecision(store: Store, made: Made, key?: PrivateKey): Promise<Digest> {
  const inputs = await keepInputs(store, made);
  const body = statementBody(subjectOf(made.world), SUMMARY_TYPE, predicateOf(made, inputs));
  const envelope =
    key === undefined
      ? { payload: body.toString("base64"), payloadType: STATEMENT_TYPE, signatures: [] }
      : sign(STATEMENT_TYPE, body, [key]);
  const id = await store.keep("decisions", `${JSON.stringify(envelope)}\n`);
  const { outcome, gate } = made.decision;
  const { stack, mode, release } = made.world;
  await store.log.decisions.append({ id, stack, mode, outcome, gate, commit: release.commit });
  return id;
}

async function keepInputs(
  store: Store,
  { inputs, texts }: Made,
): Promise<{ inputs?: Digest; inputsWithheld?: string }> {
  if (inputs === undefined) return { inputsWithheld: "a file changed while the decision was made" };
  const text = writeInputs(inputs);
  try {
    for (const [name, one] of [
      ["the decision's inputs", text],
      ...texts.map((each) => ["its plan or trust file", each]),
    ])
      refuseSecrets(name ?? "", one ?? "");
  } catch (error) {
    if (error instanceof HoldpointError) return { inputsWithheld: error.message };
    throw error;
  }
  for (const each of texts) await store.keep("inputs", each);
  return { inputs: await store.keep("inputs", text) };
}

function subjectOf({ release }: World): { commit: string; sha256?: string; name: string } {
  try {
    return { commit: release.commit, sha256: imageDigest(release), name: release.image };
  } catch {
    return { commit: release.commit, name: release.image };
  }
}

function predicateOf(made: Made, kept: { inputs?: Digest; inputsWithheld?: string }): unknown {
  const { decision, world, request, evidence } = made;
  const go = decision.outcome === "GO";
  const plain: unknown = {
    verifier: { id: VERIFIER, version: { holdpoint: VERSION } },
    timeVerified: formatUtc(made.now),
    resourceUri: `holdpoint:stack/${made.stacks}/${world.stack}`,
    policy: { uri: made.planFile, digest: { sha256: request.plan } },
    inputAttestations: (evidence?.counted ?? []).map(({ id, ...about }) => ({
      uri: `${id}.intoto.jsonl`,
      digest: { sha256: id },
      annotations: about,
    })),
    verificationResult: go ? "PASSED" : "FAILED",
    // The specification's own word for a policy that was not met; a way back met none, and says so.
    verifiedLevels: [go ? (decision.wayBack === undefined ? "HOLDPOINT_GO" : "HOLDPOINT_WAY_BACK") : "FAILED"],
    [DECISION_MEMBER]: {
      stack: world.stack,
      mode: world.mode,
      request: made.digest,
      release: { version: world.release.version, author: world.release.author },
      trust: { uri: made.trustFile, digest: { sha256: request.trust } },
      pack: { digest: { sha256: made.pack } },
      decision,
      ...kept,
      ...(evidence === undefined ? {} : { log: evidence.head, missing: evidence.missing }),
    },
  };
  // Members that are undefined, and numbers that are none, have no place in a canonical text.
  return JSON.parse(JSON.stringify(plain));
}

/** Of this program; package.json has the same. */
const VERSION = "0.1.0";

/**
 * One decision; undefined where there is none of this address, or it is damaged or no decision.
 * @throws HoldpointError `store-unreadable`, `deadline`
 */
export async function readDecision(store: Store, id: Digest, trust?: Trust): Promise<DecisionRecord | undefined> {
  const text = await store.kept("decisions", id);
  if (text === undefined) return undefined;
  try {
    return parseDecision(id, text, trust);
  } catch (error) {
    if (error instanceof EnvelopeError || error instanceof JsonError || error instanceof z.ZodError) return undefined;
    throw error;
  }
}

const unsignedSchema = z.object({
  payload: z.string(),
  payloadType: z.literal(STATEMENT_TYPE),
  signatures: z.tuple([]),
});

function parseDecision(id: Digest, text: string, trust: Trust | undefined): DecisionRecord {
  const unsigned = unsignedSchema.safeParse(parseJson(text));
  const { body, signature } = unsigned.success
    ? { body: decodeBase64(unsigned.data.payload), signature: "unsigned" as const }
    : verified(text, trust);
  if (body === undefined) throw new EnvelopeError("malformed", "the envelope's payload is not base64");
  const { subject, predicateType, predicate } = parseStatement(body);
  if (predicateType !== SUMMARY_TYPE) throw new EnvelopeError("malformed", "not a verification summary");
  const summary = summarySchema.parse(predicate);
  const {
    stack,
    mode,
    request,
    release,
    trust: trusted,
    pack,
    decision,
    inputs,
    inputsWithheld,
    log,
    missing,
  } = summary[DECISION_MEMBER];
  return {
    id,
    stack,
    mode,
    request,
    release,
    decision: decision as unknown as Decision,
    verifiedAt: summary.timeVerified,
    subject,
    attestations: summary.inputAttestations.map((one) => ({
      sha256: one.digest.sha256,
      ...(one.annotations === undefined ? {} : { about: one.annotations }),
    })),
    plan: { file: summary.policy.uri, sha256: summary.policy.digest.sha256 },
    trust: { file: trusted.uri, sha256: trusted.digest.sha256 },
    pack: pack.digest.sha256,
    ...(inputs === undefined ? {} : { inputs }),
    ...(inputsWithheld === undefined ? {} : { inputsWithheld }),
    ...(log === undefined ? {} : { log }),
    missing,
    signature: judged(signature, summary.timeVerified, trust),
  };
}

function verified(text: string, trust: Trust | undefined): { body: Buffer | undefined; signature: Signed } {
  const envelope = parseEnvelope(text);
  if (envelope.payloadType !== STATEMENT_TYPE) throw new EnvelopeError("malformed", "not a statement");
  try {
    if (trust === undefined) throw new EnvelopeError("signer-unknown", "nobody is trusted");
    const { body, by } = verifySigned({ envelope }, trust);
    return { body, signature: by };
  } catch (error) {
    if (!(error instanceof EnvelopeError)) throw error;
    return { body: decodeBase64(envelope.payload), signature: "unknown" };
  }
}

type Signed = readonly SignedBy[] | "unsigned" | "unknown";

/**
 * Whether those who signed could at the time of the decision. A gate's decision is for good, so a key may end after it; that
 * time is the decision's own word, as everywhere.
 */
function judged(signed: Signed, at: string, trust: Trust | undefined): Signature {
  if (typeof signed === "string" || trust === undefined) return { is: signed === "unsigned" ? "unsigned" : "unknown" };
  const signedAt = parseUtc(at) ?? Number.NaN;
  const { identities, refused } = accept(signed, trust, { signedAt });
  const [why] = refused;
  if (identities.length > 0) return { is: "signed", by: identities.map(({ id }) => id).join(", ") };
  return why === undefined ? { is: "unknown" } : { is: "refused", why: why.detail };
}

/** Which decisions are read. */
export interface DecisionFilter {
  /** Only of these stacks. */
  readonly stacks?: readonly string[];
  /** Only about this commit. */
  readonly commit?: string;
  /** The newest so many; by default all. */
  readonly newest?: number;
  /** So many of the log's newest entries are looked at; by default all. */
  readonly lookBack?: number;
  /** Who is trusted to have signed them. */
  readonly trust?: Trust;
}

/** The decisions that were kept, oldest first; what is none or damaged is left out. Throws as `readDecision`. */
export async function readDecisions(store: Store, filter: DecisionFilter = {}): Promise<readonly DecisionRecord[]> {
  const { newest = Infinity, lookBack = Infinity } = filter;
  const { n } = await store.log.decisions.head();
  const found: DecisionRecord[] = [];
  const AT_ONCE = 16;
  for (let to = n; to > Math.max(0, n - lookBack) && found.length < newest; to -= AT_ONCE) {
    const numbers = Array.from({ length: Math.min(AT_ONCE, to) }, (_, index) => to - index);
    const read = await Promise.all(numbers.map((number) => readNumbered(store, number, filter)));
    found.push(...read.flat());
  }
  return found.slice(0, newest).reverse();
}

async function readNumbered(
  store: Store,
  number: number,
  { stacks, commit, trust }: DecisionFilter,
): Promise<readonly DecisionRecord[]> {
  const { id, stack, commit: about } = (await store.log.decisions.entry(number))?.what ?? {};
  if (typeof id !== "string" || !/^[0-9a-f]{64}$/.test(id)) return [];
  if (stacks !== undefined && !stacks.some((one) => one === stack)) return [];
  // Entries of before do not say of which commit they are.
  if (commit !== undefined && about !== undefined && about !== commit) return [];
  const record = await readDecision(store, id, trust);
  return record === undefined || (commit !== undefined && !record.subject.commits.includes(commit)) ? [] : [record];
}

/** A gate looks so far back for the last decision about its release: others may have been decided on in between. */
const LOOK_BACK = 64;

/**
 * What the last decision about the same release rested on, beside what is there now: evidence that was taken away between
 * two decisions is noticed by the second.
 */
export async function missingSince(
  store: Store,
  stack: string,
  commit: string,
  there: ReadonlySet<Digest>,
): Promise<readonly Missing[]> {
  const [last] = await readDecisions(store, { stacks: [stack], commit, newest: 1, lookBack: LOOK_BACK });
  if (last === undefined) return [];
  const before = [
    ...last.attestations.map(({ sha256: id, about }) => ({ sha256: id, kind: about?.kind ?? "" })),
    ...last.missing,
  ].filter((one) => !there.has(one.sha256));
  if (before.length === 0) return [];
  const { envelopes } = await store.read(before.map((one) => one.sha256));
  const hidden = await store.unlisted(envelopes);
  const found = new Set(envelopes.map(({ id }) => id).filter((id) => !hidden.includes(id)));
  return before.filter((one) => !found.has(one.sha256));
}

/** The digest of a text, as the store keeps it. */
export const textDigest = (text: string): Digest => digest(text);
