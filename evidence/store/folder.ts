/** Blobs in a folder. */
import { randomUUID } from "node:crypto";
import { close as closeFile, constants, fstat, open as openFile, read as readFile } from "node:fs";
import { chmod, link, lstat, mkdir, open, readdir, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { codeOf, unreadable, unwritable, type Blobs, type Unreadable } from "./blobs";

/** What a killed writer leaves beside a blob. */
const LEFT_OVER = /^\.[0-9a-f-]{36}\.tmp$/;

/** Blobs in a folder; nothing is made before something is added. */
export function folderBlobs(place: string): Blobs {
  const locate = (name: string): string => join(place, ...name.split("/"));
  return {
    place,
    locate,
    add: (name, content) => write(locate(name), content, linkNew),
    mend: async (name, content) => {
      await write(locate(name), content, replace);
    },
    read: (name, limit) => readRegular(locate(name), limit),
    async list(folder, atMost) {
      try {
        const names = await readdir(locate(folder));
        return names
          .filter((name) => !LEFT_OVER.test(name))
          .sort()
          .slice(0, atMost);
      } catch (cause) {
        if (codeOf(cause) === "ENOENT") return [];
        throw unreadable(locate(folder), codeOf(cause), cause);
      }
    },
  };
}

/** Beside, flushed, then named: a killed writer leaves a temporary file, never half of a real one. */
async function write(
  file: string,
  content: Uint8Array,
  name: (beside: string, file: string) => Promise<boolean>,
): Promise<boolean> {
  const folder = dirname(file);
  try {
    await mkdir(folder, { recursive: true });
    const beside = join(folder, `.${randomUUID()}.tmp`);
    try {
      const handle = await open(beside, "wx", 0o600);
      try {
        await handle.writeFile(content);
        await handle.sync();
      } finally {
        await handle.close();
      }
      // Evidence is read by CI and by people of other accounts; only its raw reports stay private.
      if (!folder.endsWith("raw")) await chmod(beside, 0o644);
      const added = await name(beside, file);
      await syncFolder(folder);
      return added;
    } finally {
      await rm(beside, { force: true });
    }
  } catch (cause) {
    throw unwritable(folder, codeOf(cause), cause);
  }
}

/** Unlike a rename it never takes the name from another file. */
async function linkNew(beside: string, file: string): Promise<boolean> {
  try {
    await link(beside, file);
    return true;
  } catch (error) {
    if (codeOf(error) === "EEXIST") return false;
    throw error;
  }
}

async function replace(beside: string, file: string): Promise<boolean> {
  await rename(beside, file);
  return true;
}

/** Makes the new name itself durable; Windows has no such call, and says so. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === "win32") return;
  const handle = await open(folder, constants.O_RDONLY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** What opening says of a link (O_NOFOLLOW) and of a socket. */
const IRREGULAR: ReadonlySet<string> = new Set(["ELOOP", "EMLINK", "ENXIO"]);

const NOT_REGULAR: Unreadable = { missing: false, why: "not a regular file" };

/**
 * Content of a regular file within a size limit, or why there is none. Opened without waiting and without following links,
 * and looked at before it is read: a FIFO, a device or a link swapped in can't hang it.
 */
async function readRegular(file: string, limit: number): Promise<Buffer | Unreadable> {
  try {
    // Windows has neither flag: there it is looked at before it is opened, too.
    if (!HAS_FLAGS && !(await lstat(file)).isFile()) return NOT_REGULAR;
    return await readOpened(file, limit);
  } catch (error) {
    const code = codeOf(error);
    return IRREGULAR.has(code) ? NOT_REGULAR : { missing: code === "ENOENT", why: `can't be read: ${code}` };
  }
}

const HAS_FLAGS = Number.isInteger(constants.O_NONBLOCK) && Number.isInteger(constants.O_NOFOLLOW);
const READING = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0) | (constants.O_NOFOLLOW ?? 0);

/** By callbacks: with file handles and their promises, ten thousand small files take more than twice the processor's time. */
function readOpened(file: string, limit: number): Promise<Buffer | Unreadable> {
  return new Promise((resolve, reject) => {
    openFile(file, READING, (unopened, fd) => {
      if (unopened !== null) return reject(unopened);
      const end = (error: Error | null, found: Buffer | Unreadable): void =>
        closeFile(fd, (unclosed) => {
          const failed = error ?? unclosed;
          if (failed) reject(failed);
          else resolve(found);
        });
      fstat(fd, (unknown, stat) => {
        if (unknown !== null || !stat.isFile()) return end(unknown, NOT_REGULAR);
        const { size } = stat;
        if (size > limit) return end(null, { missing: false, why: `${size} bytes, at most ${limit} are read` });
        const buffer = Buffer.alloc(size);
        readFile(fd, buffer, 0, size, 0, (unread, length) =>
          end(unread, length === size ? buffer : { missing: false, why: "changed while it was read" }),
        );
      });
    });
  });
}
