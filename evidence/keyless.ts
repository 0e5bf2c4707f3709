/** Machines of the trust file that sign without a key: a Sigstore certificate says which workflow, on whose word. */
import { z } from "zod";
import type { CertificateIdentity } from "./sigstore";

/**
 * An identity is compared letter by letter. It may end in `*` within the git ref of a workflow, for every tag has one of its
 * own: never before "@refs/", so that the repository and the workflow are always named.
 */
const identity = z
  .string(
    'the certificate\'s identity, such as "https://github.com/<owner>/<repo>/.github/workflows/<file>@refs/heads/main"',
  )
  .max(1000, "at most 1000 characters")
  .regex(
    /^[\x21-\x29\x2b-\x7e]+(?:@refs\/[\x21-\x29\x2b-\x7e]+\*)?$/,
    "an identity; `*` only at its end, within a ref after `@refs/`",
  );

const issuer = z
  .string('who vouches for it, such as "https://token.actions.githubusercontent.com"')
  .max(1000, "at most 1000 characters")
  .regex(/^https:\/\/[\x21-\x7e]+$/, "the issuer's https:// URL, exactly as the certificate has it");

/** The identity and issuer of a machine in the trust file. */
export const keylessSchema = z.strictObject({ identity, issuer });

export type Keyless = z.output<typeof keylessSchema>;

/** Whether a certificate's names are those that the trust file means. */
export function matchesKeyless(wanted: Keyless, found: CertificateIdentity): boolean {
  if (wanted.issuer !== found.issuer) return false;
  return wanted.identity.endsWith("*")
    ? found.identity.startsWith(wanted.identity.slice(0, -1))
    : found.identity === wanted.identity;
}

/** Where the root of trust for certificates lies. */
export const sigstoreSchema = z.strictObject({
  trustedRoot: z.string("the file of Sigstore's trusted root, beside this file").min(1, "a file's name"),
  sha256: z.string("the file's sha256").regex(/^[0-9a-f]{64}$/, "a sha256: 64 lower-case hexadecimal digits"),
});

export type SigstoreRoot = z.output<typeof sigstoreSchema>;
