/** Section `secrets`: which secrets the service gets, and who may read them. Their values are never configuration. */
import { z } from "zod";
import { account, integer, promDuration, some } from "./values";

export const secretsSchema = z.strictObject({
  accountId: account,
  /** The cluster's OIDC issuer without "https://": it lets one service account of the namespace, and no other, read. */
  oidcIssuer: z.string().regex(/^[a-z0-9.-]+(\/[A-Za-z0-9._-]+)+$/, {
    error: 'an issuer without "https://", "oidc.eks.<region>.amazonaws.com/id/<id>"',
  }),
  /** Environment variables of the service, each a secret of its own at AWS. */
  names: some(
    z
      .string()
      .regex(/^[A-Z][A-Z0-9_]{0,62}$/, { error: 'the name of an environment variable such as "SUPABASE_SERVICE_KEY"' }),
    "names of secrets",
  ).refine((names) => new Set(names).size === names.length, { error: "each name once" }),
  /** Days in which a deleted secret can be brought back. */
  recoveryDays: integer(7, 30, "days"),
  /** Days in which a deleted key can be brought back. */
  keyDeletionDays: integer(7, 30, "days"),
  /** Days after which AWS makes new key material. */
  rotationDays: integer(90, 2560, "days"),
  /** How often a change at AWS is looked for. */
  refresh: promDuration,
});

export type SecretsSettings = z.infer<typeof secretsSchema>;
