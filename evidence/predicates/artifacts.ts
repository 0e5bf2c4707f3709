/** Files of a release as they were published: names, digests, and the signatures that were verified. */
import { z } from "zod";
import { common, ownPredicate, sha256, stageName, words } from "./shared";

const schema = z
  .object({
    ...common,
    stage: stageName.optional(),
    artifacts: z
      .array(
        z.object({
          name: words,
          digest: z.object({ sha256 }),
          /** A detached signature that was verified when this was attested. */
          signature: z
            .object({ format: z.enum(["ssh", "ed25519", "ecdsa", "minisign", "sigstore"]), key: words })
            .optional(),
        }),
      )
      .min(1),
  })
  .refine(
    ({ artifacts: all }) => new Set(all.map(({ name }) => name)).size === all.length,
    "an artifact that is there twice",
  );

/** What attest writes. */
export type ArtifactsPredicate = z.input<typeof schema>;

/** Kind "artifacts". */
export const artifacts = ownPredicate("artifacts", schema, ({ artifacts: all }) => ({
  artifacts: all.map(({ name, digest, signature }) => ({
    name,
    sha256: digest.sha256,
    ...(signature === undefined ? {} : { signedBy: signature.key }),
  })),
}));
