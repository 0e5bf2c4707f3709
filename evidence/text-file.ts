import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { HoldpointError } from "../rollout/errors";

/** Bytes; what people write has some 20 KB. As in rollout/yaml.ts, which would bring its parsers with it. */
const LARGEST = 1024 * 1024;

/** How a file that people write is named in messages, and how it is mended. */
export interface Named {
  /** With its kind: `the rollout plan "plans/omnihub.yaml"`. */
  readonly what: string;
  readonly remedy?: string;
}

/**
 * Reads a file of text that people write. A folder, a pipe or a device in its place is refused, and a size that nobody
 * writes: neither may hang or exhaust the machine on which a gate decides.
 * @throws HoldpointError `file-missing`, `file-unreadable`, `file-too-large`
 */
export function readTextFile(path: string, named: Named, limit = LARGEST): string {
  return readFileWithin(path, named, limit).toString("utf8");
}

/** The same, as bytes: for a digest. */
export function readFileWithin(path: string, { what, remedy }: Named, limit = LARGEST): Buffer {
  const mend = remedy === undefined ? {} : { remedy };
  try {
    // Without waiting: a pipe that nobody writes to would be waited for here.
    const file = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    try {
      const stat = fstatSync(file);
      if (!stat.isFile()) {
        const found = stat.isDirectory() ? "a folder" : "a pipe or device";
        throw new HoldpointError("file-unreadable", `${what} can't be read: found ${found}, expected a file`, mend);
      }
      if (stat.size > limit) throw tooLarge(what, stat.size, limit);
      return readAll(file, what, limit);
    } finally {
      closeSync(file);
    }
  } catch (cause) {
    if (cause instanceof HoldpointError) throw cause;
    const code = (cause as NodeJS.ErrnoException).code;
    const missing = code === "ENOENT" || code === "ENOTDIR";
    const why = missing ? "there is no such file" : String(code);
    throw new HoldpointError(missing ? "file-missing" : "file-unreadable", `${what} can't be read: ${why}`, {
      ...mend,
      cause,
    });
  }
}

/** Files of the system say that they are empty: what counts is what is read. */
function readAll(file: number, what: string, limit: number): Buffer {
  const buffer = Buffer.allocUnsafe(limit + 1);
  let size = 0;
  for (let read = -1; read !== 0 && size <= limit; size += read) {
    read = readSync(file, buffer, size, buffer.length - size, null);
  }
  if (size > limit) throw tooLarge(what, size, limit);
  return buffer.subarray(0, size);
}

function tooLarge(what: string, size: number, limit: number): HoldpointError {
  return new HoldpointError("file-too-large", `${what}: found ${size} bytes or more, expected at most ${limit}`);
}
