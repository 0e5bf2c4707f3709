import { createHmac, randomBytes } from "node:crypto";
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { isMap, isSecret, plain, secret, type Props, type Value } from "./wire";

/** Larger than anything a program declares; a bigger file is not ours. */
const MAX_BYTES = 4 * 1024 * 1024;

/** One thing that a stand-in holds, as it lies on disk. */
export interface Entry {
  readonly standIn: string;
  readonly type: string;
  readonly id: string;
  readonly urn: string;
  readonly inputs: Props;
  /** What the real one would compute. */
  readonly computed: Props;
}

/** Writes a file whole or not at all, readable by its owner only. */
export function writeFile(path: string, text: string | Buffer): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const beside = `${path}.${process.pid}.${randomBytes(4).toString("hex")}.tmp`;
  writeFileSync(beside, text, { mode: 0o600 });
  renameSync(beside, path);
}

/** A file's text, or undefined where there is none. */
export function readFile(path: string): string | undefined {
  try {
    if (statSync(path).size > MAX_BYTES) throw new Error(`larger than ${MAX_BYTES} bytes: ${path}`);
    return readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

/** Name of a type or id as a file name: nothing but letters, digits, dot, dash and underscore, and no dot first. */
export function fileName(text: string): string {
  const safe = text.replace(/^\.+|[^\w.-]+/g, "_").slice(0, 150);
  return safe === text ? safe : `${safe}.${createHmac("sha256", "name").update(text).digest("hex").slice(0, 8)}`;
}

function canonical(value: Value): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (!isMap(value)) return JSON.stringify(value);
  const keys = Object.keys(value).sort();
  return `{${keys.map((key) => `${JSON.stringify(key)}:${canonical(value[key] ?? null)}`).join(",")}}`;
}

/** Replaces secrets by a keyed hash on the way to disk, and finds them again on the way back. */
export class Sealer {
  readonly #key: Buffer;

  constructor(key: Buffer) {
    this.#key = key;
  }

  /** The sealer of a sandbox, with a key of its own that is made on first use. */
  static of(dir: string): Sealer {
    const path = join(dir, "cloud", "seal.key");
    for (;;) {
      const text = readFile(path);
      if (text !== undefined) return new Sealer(Buffer.from(text, "hex"));
      mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
      const beside = `${path}.${process.pid}.tmp`;
      writeFileSync(beside, randomBytes(32).toString("hex"), { mode: 0o600 });
      try {
        // Of two providers that start at once, one makes the key, whole, and the other reads it.
        linkSync(beside, path);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
      } finally {
        rmSync(beside, { force: true });
      }
    }
  }

  #mark(value: Value): string {
    return `[secret hmac-sha256:${createHmac("sha256", this.#key)
      .update(canonical(plain(value)))
      .digest("hex")}]`;
  }

  /** The value with every secret replaced by its keyed hash. */
  seal(value: Value): Value {
    if (isSecret(value)) return this.#mark(value);
    if (Array.isArray(value)) return value.map((item) => this.seal(item));
    if (isMap(value)) return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, this.seal(item)]));
    return value;
  }

  /**
   * The stored value with each keyed hash replaced by the secret that the engine still knows. A hash that matches no
   * known secret stays, as a secret: someone changed it in the store, and the engine shall see the difference.
   */
  unseal(stored: Value, known: Value | undefined): Value {
    if (typeof stored === "string" && stored.startsWith("[secret hmac-sha256:")) {
      return known !== undefined && this.#mark(known) === stored ? secret(known) : secret(stored);
    }
    const inner = isSecret(known) ? known.value : known;
    if (Array.isArray(stored)) {
      return stored.map((item, i) => this.unseal(item, Array.isArray(inner) ? inner[i] : undefined));
    }
    if (isMap(stored)) {
      const entries = Object.entries(stored);
      return Object.fromEntries(
        entries.map(([key, item]) => [key, this.unseal(item, isMap(inner) ? inner[key] : undefined)]),
      );
    }
    return stored;
  }
}

/** The things that one stand-in holds, a JSON file each. */
export class Store {
  readonly #folder: string;

  constructor(dir: string, provider: string) {
    this.#folder = join(dir, "cloud", provider);
  }

  #path(type: string, id: string): string {
    return join(this.#folder, fileName(type), `${fileName(id)}.json`);
  }

  get(type: string, id: string): Entry | undefined {
    const text = readFile(this.#path(type, id));
    return text === undefined ? undefined : (JSON.parse(text) as Entry);
  }

  put(entry: Entry): void {
    writeFile(this.#path(entry.type, entry.id), `${JSON.stringify(entry, null, 2)}\n`);
  }

  remove(type: string, id: string): void {
    rmSync(this.#path(type, id), { force: true });
  }
}
