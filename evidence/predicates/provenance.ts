/**
 * SLSA provenance v1: who built it, from where. The repository and the branch are where builders put them: the
 * parameters of GitHub's workflows, a `source` parameter, or the first resolved dependency of git.
 */
import { z } from "zod";
import type { EvidenceFacts } from "../../rollout/evidence";
import { EnvelopeError } from "../dsse";
import type { Predicate } from "./shared";
import { utc, words } from "./shared";

/** Members of ours in `runDetails.metadata`, for what a builder did not write. */
export const PROVENANCE = {
  /** When it was finished, stated by the attester. */
  finishedOn: "https://holdpoint.dev/finishedOn",
  /** Invocation of another build that gave the same digest. */
  reproducedBy: "https://holdpoint.dev/reproducedBy",
} as const;

const source = z.object({ uri: z.string() });

const schema = z.object({
  buildDefinition: z.object({
    buildType: words,
    externalParameters: z.object({
      workflow: z.object({ repository: words, ref: words }).optional().catch(undefined),
      source: source.optional().catch(undefined),
    }),
    resolvedDependencies: z.array(source.partial()).optional(),
  }),
  runDetails: z.object({
    builder: z.object({ id: words }),
    metadata: z.object({
      invocationId: z.string().optional(),
      startedOn: utc.optional(),
      finishedOn: utc.optional(),
      [PROVENANCE.finishedOn]: utc.optional(),
      [PROVENANCE.reproducedBy]: words.optional(),
    }),
  }),
});

/** What attest writes. */
export type ProvenancePredicate = z.input<typeof schema>;

type Facts = EvidenceFacts["provenance"];

/** Kind "provenance". It is about an artifact, not about a stage. */
export const provenance: Predicate<"provenance"> = {
  kind: "provenance",
  type: "https://slsa.dev/provenance/v1",
  schema,
  read(predicate, _clock, provenAt) {
    const { buildDefinition, runDetails } = schema.parse(predicate);
    const { metadata, builder } = runDetails;
    // GitHub's builder writes no end. Whoever signed it in a log did so after it.
    const finishedAt = metadata.finishedOn ?? metadata[PROVENANCE.finishedOn] ?? provenAt;
    if (finishedAt === undefined) {
      throw new EnvelopeError(
        "time-unproven",
        "a build that does not say when it ended, and no log or timestamp authority that says when this was signed",
      );
    }
    const again = metadata[PROVENANCE.reproducedBy];
    const reproduced = again !== undefined && metadata.invocationId !== undefined && again !== metadata.invocationId;
    return {
      facts: { builder: builder.id, ...sourceOf(buildDefinition), ...(reproduced ? { reproduced } : {}) },
      finishedAt,
      stage: undefined,
      past: metadata.startedOn === undefined ? [finishedAt] : [metadata.startedOn, finishedAt],
    };
  },
};

function sourceOf(definition: z.output<typeof schema>["buildDefinition"]): Pick<Facts, "repository" | "branch"> {
  const { workflow, source: named } = definition.externalParameters;
  if (workflow !== undefined) return { repository: workflow.repository, ...branchOf(workflow.ref) };
  const uris = [named?.uri, ...(definition.resolvedDependencies ?? []).map(({ uri }) => uri)];
  const git = /^git\+([^@]+)(?:@(.+))?$/.exec(uris.find((uri) => uri?.startsWith("git+")) ?? "");
  if (git === null) return {};
  const [, repository = "", ref] = git;
  return { repository, ...branchOf(ref ?? "") };
}

/** "refs/heads/main" is the branch main; a tag keeps its whole name, and a bare "main" could be either: no branch. */
function branchOf(ref: string): Pick<Facts, "branch"> {
  return ref.startsWith("refs/") ? { branch: ref.replace(/^refs\/heads\//, "") } : {};
}
