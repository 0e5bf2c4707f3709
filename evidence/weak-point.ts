/**
 * Ed25519 public keys that nobody made: points of small order, under which anybody can make a signature that verifies, and
 * encodings beyond the field's prime, by which one point has two names. Neither OpenSSL nor Node refuses them.
 */

/** What it is called where a public key is wanted. */
export const WEAK_KEY = "an Ed25519 key with which anybody can sign";

/** 2^255 - 19, the prime of the field. */
const PRIME = 2n ** 255n - 19n;

/** The y of every point whose order divides 8 (RFC 7748's curve in the form of RFC 8032); x differs only in its sign. */
const SMALL_ORDER: ReadonlySet<bigint> = new Set([
  0n,
  1n,
  PRIME - 1n,
  0x05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826n,
  0x7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd84d3d706a17c7n,
]);

/** Whether the 32 bytes of a public key are such a point. */
export function isWeakPoint(point: Uint8Array): boolean {
  const hex = Buffer.from(point).reverse().toString("hex");
  const y = BigInt(`0x${hex}`) & (2n ** 255n - 1n);
  return y >= PRIME || SMALL_ORDER.has(y);
}
