/** The data types of the SSH protocol (RFC 4251, section 5), as OpenSSH's keys and signatures are made of them. */

/** A blob that ends too early, goes on too long, or is not what the format says. */
export class SshError extends Error {
  override readonly name = "SshError";
}

/** Reads a blob from its start; every method throws SshError where the blob is too short. */
export class SshReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** The next bytes, as many as asked for. */
  take(length: number): Buffer {
    const end = this.#at + length;
    if (end > this.#bytes.length) throw new SshError("it is cut off");
    const taken = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return taken;
  }

  uint32(): number {
    return this.take(4).readUInt32BE();
  }

  /** A length and that many bytes. */
  string(): Buffer {
    return this.take(this.uint32());
  }

  /** A string that is a name: printable ASCII. */
  name(): string {
    const text = this.string().toString("latin1");
    if (!/^[\x20-\x7e]*$/.test(text)) throw new SshError("a name in it is not printable ASCII");
    return text;
  }

  /** Refuses what stands after the last member: two readers must not see two things in one blob. */
  end(): void {
    if (this.#at !== this.#bytes.length) throw new SshError("something follows its last member");
  }
}

/** A length and the bytes. */
export function sshString(value: Uint8Array | string): Buffer {
  const bytes = typeof value === "string" ? Buffer.from(value, "utf8") : value;
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

/** A whole number below 2^32. */
export function sshUint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
