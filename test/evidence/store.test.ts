import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { canonical, digest } from "../../evidence/canonical";
import { MAX_ENVELOPE_BYTES, openStore } from "../../evidence/store";
import { envelope, refusal, world } from "./world";

const envelopesIn = (folder: string): string[] => readdirSync(folder).filter((name) => name.endsWith(".intoto.jsonl"));

async function detailOf(store: ReturnType<typeof openStore>): Promise<string[]> {
  const { envelopes, rejected } = await store.readAll();
  expect(envelopes).toEqual([]);
  return rejected.map(({ reason, detail }) => `${reason}: ${detail}`);
}

describe("the store", () => {
  it("gives back what was put, under the digest of its content", async () => {
    const { store, keys } = world();
    const put = envelope("drill", [keys.sre]);
    const id = await store.put(put);
    expect(id).toBe(digest(JSON.stringify(put)));
    expect(envelopesIn(store.folder)).toEqual([`${id}.intoto.jsonl`]);
    const { envelopes, rejected } = await store.readAll();
    expect(envelopes.map(({ bytes }) => JSON.parse(bytes.toString()) as unknown)).toEqual([put]);
    expect(rejected).toEqual([]);
  });

  it("keeps one file of what is put twice, also at the same time", async () => {
    const { store, keys } = world();
    const put = envelope("drill", [keys.sre]);
    await Promise.all(Array.from({ length: 20 }, () => store.put(put)));
    expect(envelopesIn(store.folder)).toHaveLength(1);
  });

  it("is empty where there is no folder", async () => {
    expect(await openStore("/nonexistent/store").readAll()).toEqual({ envelopes: [], rejected: [] });
  });

  it("refuses to be read where the folder is a file", async () => {
    const { store } = world();
    const file = join(store.folder, "file");
    writeFileSync(file, "");
    expect(await refusal(() => openStore(file).readAll())).toBe(
      `store-unreadable: can't read the evidence store ${file}: ENOTDIR`,
    );
  });

  it("refuses to be written where the folder can't be made", async () => {
    const { store, keys } = world();
    writeFileSync(join(store.folder, "file"), "");
    const folder = join(store.folder, "file", "store");
    expect(await refusal(() => openStore(folder).put(envelope("drill", [keys.sre])))).toMatch(/^store-unwritable: /);
  });

  it.each([
    ["one byte altered", (text: string) => text.replace("a", "b")],
    ["something after it", (text: string) => `${text} `],
    ["a second line", (text: string) => `${text}${text}`],
    ["its end cut off", (text: string) => text.slice(0, -9)],
    ["nothing in it", () => ""],
  ])("names an envelope with %s as damaged", async (_name, change) => {
    const { store, keys } = world();
    const file = join(store.folder, `${await store.put(envelope("drill", [keys.sre]))}.intoto.jsonl`);
    writeFileSync(file, change(readFileSync(file, "utf8")));
    expect(await detailOf(store)).toEqual([expect.stringMatching(/^unreadable: damaged: its content has digest /)]);
  });

  it("names a foreign file", async () => {
    const { store } = world();
    writeFileSync(join(store.folder, "notes.txt"), "hello");
    expect(await detailOf(store)).toEqual([
      "unreadable: not a file of the evidence store: wanted <sha256>.intoto.jsonl",
    ]);
  });

  it("is not held up by a FIFO, a link, a loop of links or a folder in an envelope's place", async () => {
    const { store } = world();
    const name = (digit: string): string => join(store.folder, `${digit.repeat(64)}.intoto.jsonl`);
    execFileSync("mkfifo", [name("1")]);
    symlinkSync("/dev/zero", name("2"));
    symlinkSync(name("3"), name("3"));
    mkdirSync(name("4"));
    const started = Date.now();
    expect(await detailOf(store)).toEqual(Array.from({ length: 4 }, () => "unreadable: not a regular file"));
    expect(Date.now() - started).toBeLessThan(2000);
  });

  it("does not follow a link to a good envelope either", async () => {
    const { store, keys } = world();
    const other = world().store;
    const id = await other.put(envelope("drill", [keys.sre]));
    symlinkSync(join(other.folder, `${id}.intoto.jsonl`), join(store.folder, `${id}.intoto.jsonl`));
    expect(await detailOf(store)).toEqual(["unreadable: not a regular file"]);
  });

  it("does not read a huge file", async () => {
    const { store } = world();
    const file = join(store.folder, `${"5".repeat(64)}.intoto.jsonl`);
    writeFileSync(file, "");
    truncateSync(file, 50 * 1024 ** 3);
    expect(await detailOf(store)).toEqual([
      `unreadable: ${50 * 1024 ** 3} bytes, at most ${MAX_ENVELOPE_BYTES + 1} are read`,
    ]);
  });

  it("refuses to keep a huge envelope", async () => {
    const { store } = world();
    const huge = { payload: "A".repeat(MAX_ENVELOPE_BYTES), payloadType: "x", signatures: [{ sig: "" }] };
    expect(await refusal(() => store.put(huge))).toMatch(/^file-too-large: the envelope has \d+ bytes/);
    expect(readdirSync(store.folder)).toEqual([]);
  });

  it("takes no notice of what a killed writer left", async () => {
    const { store } = world();
    writeFileSync(join(store.folder, ".6b1b3c2a-0f0e-4f5e-9a54-1d2f3a4b5c6d.tmp"), '{"payload":');
    expect(await detailOf(store)).toEqual([]);
  });

  it("gives up at its deadline", async () => {
    const { store, keys } = world();
    await store.put(envelope("drill", [keys.sre]));
    expect(await refusal(() => store.readAll({ deadline: 0 }))).toBe(
      `deadline: reading the evidence store ${store.folder} took longer than 0 s`,
    );
  });

  it("keeps raw reports by their digest, and does not give back an altered one", async () => {
    const { store } = world();
    const report = Buffer.from("<testsuites/>");
    const id = await store.putRaw(report);
    expect(await store.getRaw(id)).toEqual(report);
    writeFileSync(join(store.folder, "raw", id), "<testsuite/>");
    expect(await store.getRaw(id)).toBeUndefined();
    expect(await store.getRaw("7".repeat(64))).toBeUndefined();
    expect((await store.readAll()).rejected).toEqual([]);
  });

  it("keeps an update plan's content by its digest, and does not give back an altered one", async () => {
    const { store } = world();
    const content = { resources: { b: 1, a: [null] } };
    const id = digest(content);
    await store.putUpdatePlan(id, content);
    expect(await store.getUpdatePlan(id)).toEqual(content);
    const file = join(store.folder, "update-plans", `${id}.json`);
    expect(readFileSync(file, "utf8")).toBe(canonical(content));
    writeFileSync(file, canonical({ ...content, more: 1 }));
    expect(await store.getUpdatePlan(id)).toBeUndefined();
    rmSync(file);
    expect(await store.getUpdatePlan(id)).toBeUndefined();
  });

  it("refuses an update plan under another digest", async () => {
    const { store } = world();
    expect(await refusal(() => store.putUpdatePlan("8".repeat(64), {}))).toBe(
      `update-plan-invalid: the update plan's content has digest ${digest("{}")}, not ${"8".repeat(64)}`,
    );
    expect(existsSync(join(store.folder, "update-plans"))).toBe(false);
  });

  it.each(["../x", "", "A".repeat(64)])("never makes a path of %j", async (id) => {
    const { store } = world();
    expect(() => store.getRaw(id)).toThrow(TypeError);
    await expect(store.getUpdatePlan(id)).rejects.toThrow(TypeError);
  });
});
