/** Base64 as DSSE wants it read: the standard and the URL-safe alphabet, anything else is an error, not skipped. */

/**
 * Bytes of a base64 text, standard or URL-safe (one of the two, not mixed), padded or not; undefined for foreign
 * characters, wrong padding, or bits in the last character that no encoder sets (else one signature had many texts).
 */
export function decodeBase64(text: string): Buffer | undefined {
  const decoded = Buffer.from(text, "base64");
  // What we and most others write. Everything else is looked at closely.
  if (decoded.toString("base64") === text) return decoded;
  const unpadded = text.replace(/={1,2}$/, "");
  if (unpadded.length !== text.length && text.length % 4 !== 0) return undefined;
  if (!/^(?:[A-Za-z0-9+/]*|[A-Za-z0-9_-]*)$/.test(unpadded)) return undefined;
  const again = decoded.toString("base64url");
  return again === unpadded.replaceAll("+", "-").replaceAll("/", "_") ? decoded : undefined;
}
