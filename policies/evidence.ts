/** What the evidence store says to a gate: read once, and remembered so that the decision can tell what it rests on. */
import type { Project } from "../components/project";
import { digest } from "../evidence/canonical";
import { missingSince, type EvidenceBasis } from "../evidence/decisions";
import { evidenceOf, recording, type KeptReading } from "../evidence/inputs";
import { readEvidence } from "../evidence/read";
import { configuredPath } from "../evidence/request";
import { openStore, type Store } from "../evidence/store";
import { standingOf, watched, type StandingOf } from "../evidence/trust/changes";
import { openTrust } from "../evidence/trust/open";
import { wantsOf } from "../evidence/wants";
import type { Clock } from "../rollout/clock";
import { HoldpointError } from "../rollout/errors";
import type { Approval } from "../rollout/evidence";
import { changedTypes, isWhole, type UpdatePlanContent } from "../rollout/update-plan";
import type { World } from "../rollout/world";

/** What of the world comes out of the store. */
export type EvidencePart = Pick<
  World,
  | "evidence"
  | "rejected"
  | "approvals"
  | "waivers"
  | "updatePlans"
  | "touched"
  | "evidenceFailure"
  | "evidenceGone"
  | "trust"
>;

/** What was read, and how. */
export interface GatheredEvidence {
  readonly part: EvidencePart;
  readonly basis?: EvidenceBasis;
  readonly reading?: KeptReading;
  /** The trust file, the Sigstore root that it names, and its list of revoked keys. */
  readonly texts: readonly string[];
}

/** Where nobody asks for evidence. */
export const NO_EVIDENCE: GatheredEvidence = {
  part: { evidence: [], rejected: [], approvals: [], waivers: [], updatePlans: [] },
  texts: [],
};

/** Asks for the stage's record: what it last changed under. */
export type AskRecord = () => Promise<StandingOf["record"]>;

/** Reads what the gate needs. A store or a trust file that can't be read is said in words. */
export async function gatherEvidence(project: Project, clock: Clock, record: AskRecord): Promise<GatheredEvidence> {
  const { root, settings, plan } = project;
  const now = Date.now();
  const recorded = recording(clock);
  try {
    const { trust, texts } = await openTrust(configuredPath(root, settings.trust), settings.trust, now);
    if (digest(texts.trust) !== project.request.trust) {
      throw new HoldpointError("trust-invalid", `${settings.trust} changed while this run read it`);
    }
    const store = openStore(configuredPath(root, settings.evidence));
    const wants = wantsOf(plan, settings.stack, [settings.release, settings.baseline]);
    const { stage } = settings;
    const changes = watched(store);
    const [read, head, [known, standing]] = await Promise.all([
      readEvidence(store, trust, recorded.clock, { now, wants }),
      store.log.evidence.head(),
      record().then(
        async (found) => [found, await standingOf({ store: changes.store, trust, stage, record: found, now })] as const,
      ),
    ]);
    const there = new Set(read.counted.map(({ id }) => id));
    const missing = await missingSince(store, settings.stack, settings.release.commit, there);
    const gone = [
      ...read.gone,
      ...missing.map(({ sha256, kind }) => `${sha256.slice(0, 12)} (${kind}) was taken away`),
    ];
    const table = recorded.table();
    const unreadable = read.rejected.filter(({ reason }) => reason === "unreadable");
    return {
      part: {
        ...evidenceOf(read),
        ...(await knownPlans(store, read.approvals, project.digest)),
        ...(gone.length === 0 ? {} : { evidenceGone: gone }),
        trust: standing,
      },
      basis: { counted: read.counted, head, missing },
      reading: {
        place: store.folder,
        now,
        read: read.read,
        unreadable,
        ...(table === undefined ? {} : { clock: table }),
        ...(texts.revocations === undefined ? {} : { revocations: digest(texts.revocations) }),
        standing: { stage, ...(known === undefined ? {} : { record: markOnly(known) }), read: changes.read },
      },
      texts: [texts.trust, texts.sigstoreRoot, texts.revocations].filter((text) => text !== undefined),
    };
  } catch (error) {
    return { ...NO_EVIDENCE, part: { ...NO_EVIDENCE.part, evidenceFailure: reason(error) } };
  }
}

/** Of a stage's record what a trust file's standing rests on. */
function markOnly(record: Exclude<StandingOf["record"], undefined>): Exclude<StandingOf["record"], undefined> {
  if ("failure" in record) return { failure: record.failure };
  return record.trust === undefined ? {} : { trust: record.trust };
}

/** The update plans that approvals of this run name and whose content is in the store, undamaged and of the whole program. */
async function knownPlans(
  store: Store,
  approvals: readonly Approval[],
  request: string,
): Promise<Required<Pick<World, "updatePlans" | "touched">>> {
  // Those of other requests are never compared with, and each may have megabytes.
  const mine = approvals.filter(({ binding }) => binding.request === request);
  const named = [...new Set(mine.map(({ binding }) => binding.updatePlan))];
  const known = await Promise.all(
    named.map(async (id): Promise<[string, readonly string[]][]> => {
      const content = (await store.getUpdatePlan(id)) as UpdatePlanContent | undefined;
      return content !== undefined && isWhole(content) ? [[id, changedTypes(content)]] : [];
    }),
  );
  const touched = Object.fromEntries(known.flat());
  return { updatePlans: Object.keys(touched), touched };
}

function reason(error: unknown): string {
  if (error instanceof HoldpointError) return error.message;
  return error instanceof Error ? error.message : String(error);
}
