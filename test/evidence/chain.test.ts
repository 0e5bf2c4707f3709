import { describe, expect, test } from "vitest";
import type { Blobs } from "../../evidence/store/blobs";
import { openChain } from "../../evidence/store/chain";

/** A store in memory that counts what is read. */
function memory() {
  const content = new Map<string, Buffer>();
  const reads: string[] = [];
  const blobs: Blobs = {
    place: "memory",
    locate: (name) => name,
    add: (name, bytes) => {
      const added = !content.has(name);
      if (added) content.set(name, Buffer.from(bytes));
      return Promise.resolve(added);
    },
    mend: (name, bytes) => Promise.resolve(void content.set(name, Buffer.from(bytes))),
    read: (name) => {
      reads.push(name);
      return Promise.resolve(content.get(name) ?? { missing: true, why: "is missing" });
    },
    list: (folder, atMost) => {
      const names = [...content.keys()].filter((name) => name.startsWith(`${folder}/`));
      return Promise.resolve(
        names
          .map((name) => name.slice(folder.length + 1))
          .filter((name) => !name.includes("/"))
          .toSorted()
          .slice(0, atMost),
      );
    },
  };
  return { content, reads, blobs };
}

async function filled(count: number) {
  const store = memory();
  const chain = openChain(store.blobs, "evidence");
  for (let n = 1; n <= count; n += 1) await chain.append({ id: n });
  store.reads.length = 0;
  return store;
}
const head = async ({ blobs }: { blobs: Blobs }) => (await openChain(blobs, "evidence").head()).n;
const entry = (n: number) => `log/evidence/${String(n).padStart(10, "0")}.json`;
const mark = (n: number) => `log/evidence/marks/${String(9_999_999_999 - n).padStart(10, "0")}`;

describe("the newest entry of a log", () => {
  test.each([0, 1, 2, 63, 64, 65, 127, 128, 200, 1000])("is found where there are %i", async (count) =>
    expect(await head(await filled(count))).toBe(count),
  );

  test("is found with as many reads among two thousand as among a hundred", async () => {
    const [few, many] = [await filled(100), await filled(2020)];
    await head(few);
    await head(many);
    expect(few.reads.length).toBeLessThan(16);
    expect(many.reads.length).toBeLessThanOrEqual(few.reads.length);
  });

  test("is found without marks, of a store that was begun before there were any", async () => {
    const store = await filled(300);
    for (const name of store.content.keys()) if (name.includes("/marks/")) store.content.delete(name);
    expect(await head(store)).toBe(300);
  });

  test("is the last that is there, whatever a mark says", async () => {
    const cut = await filled(130);
    for (let n = 101; n <= 130; n += 1) cut.content.delete(entry(n));
    expect(await head(cut)).toBe(100);
    const forged = await filled(70);
    forged.content.set(mark(5000), Buffer.alloc(0));
    forged.content.set("log/evidence/marks/no number", Buffer.alloc(0));
    expect(await head(forged)).toBe(70);
    forged.content.set("log/evidence/marks/0000000000", Buffer.alloc(0));
    expect(await head(forged)).toBe(70);
  });

  test("follows one that was taken away: the log says so, and goes on behind its end", async () => {
    const store = await filled(70);
    store.content.delete(entry(30));
    const chain = openChain(store.blobs, "evidence");
    expect((await chain.append({ id: 71 })).n).toBe(71);
    expect((await chain.walk()).problems).toContain('entry 30 of the log "evidence" was taken away');
  });

  test("is appended to where marks can't be kept", async () => {
    const store = memory();
    const { add } = store.blobs;
    const full: Blobs = {
      ...store.blobs,
      add: (name, bytes) => (name.includes("/marks/") ? Promise.reject(new Error("full")) : add(name, bytes)),
      list: () => Promise.reject(new Error("no listing")),
    };
    const chain = openChain(full, "evidence");
    for (let n = 1; n <= 65; n += 1) await chain.append({ id: n });
    expect(await head({ blobs: full })).toBe(65);
  });
});
