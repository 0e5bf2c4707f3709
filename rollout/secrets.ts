/**
 * Secrets in what Pulumi writes: ciphertext that is made anew at every export or preview. For digests the ciphertext
 * goes and the fact that there is a secret stays; the value itself is bound by the request's keyed hash.
 */

/** Pulumi's signature of a special value, and what it holds for a secret. */
const SIGNATURE_KEY = "4dabf18193072939515e22adb298388d";
const SECRET_SIGNATURE = "1b47061264138c4ac30d75fd1eb44270";

/** Whether a value is an encrypted secret, as a resource's property or as a stack's configuration has it. */
export function isSecret(value: unknown): boolean {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const members = value as Record<string, unknown>;
  if (members[SIGNATURE_KEY] === SECRET_SIGNATURE) return true;
  return Object.keys(members).length === 1 && typeof members["secure"] === "string";
}

/** The same JSON with each secret's ciphertext left out: the marker stays, so that nothing looks absent. */
export function withoutSecrets(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutSecrets);
  if (typeof value !== "object" || value === null) return value;
  if (isSecret(value)) return { [SIGNATURE_KEY]: SECRET_SIGNATURE };
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withoutSecrets(item)]));
}
