import { createCipheriv, createDecipheriv, pbkdf2Sync, randomBytes } from "node:crypto";

/** The engine's own number for keys made of a passphrase (sdk/go/common/config/crypt.go). */
const ITERATIONS = 1_000_000;

/**
 * Encrypts configuration values as the engine's passphrase manager does, so that a sandbox's stack files can be
 * written without starting the engine once for each secret. AES-256-GCM, `v1:<nonce>:<ciphertext and tag>`.
 */
export class Passphrase {
  /** The `encryptionsalt` of a stack file. */
  readonly salt: string;
  readonly #key: Buffer;

  private constructor(passphrase: string, salt: Buffer, state: string | undefined) {
    this.#key = pbkdf2Sync(passphrase, salt, ITERATIONS, 32, "sha256");
    this.salt = state ?? `v1:${salt.toString("base64")}:${this.encrypt("pulumi")}`;
  }

  static create(passphrase: string): Passphrase {
    return new Passphrase(passphrase, randomBytes(8), undefined);
  }

  /** The one that made this `encryptionsalt`, or undefined if the passphrase is another. */
  static open(passphrase: string, state: string): Passphrase | undefined {
    const [version, salt, ...check] = state.split(":");
    if (version !== "v1" || salt === undefined) return undefined;
    const opened = new Passphrase(passphrase, Buffer.from(salt, "base64"), state);
    return opened.decrypt(check.join(":")) === "pulumi" ? opened : undefined;
  }

  encrypt(text: string): string {
    const nonce = randomBytes(12);
    const cipher = createCipheriv("aes-256-gcm", this.#key, nonce);
    const sealed = Buffer.concat([cipher.update(text, "utf8"), cipher.final(), cipher.getAuthTag()]);
    return `v1:${nonce.toString("base64")}:${sealed.toString("base64")}`;
  }

  decrypt(sealed: string): string | undefined {
    const [version, nonce, text] = sealed.split(":");
    if (version !== "v1" || nonce === undefined || text === undefined) return undefined;
    try {
      const bytes = Buffer.from(text, "base64");
      const decipher = createDecipheriv("aes-256-gcm", this.#key, Buffer.from(nonce, "base64"));
      decipher.setAuthTag(bytes.subarray(-16));
      return Buffer.concat([decipher.update(bytes.subarray(0, -16)), decipher.final()]).toString("utf8");
    } catch {
      return undefined;
    }
  }
}
