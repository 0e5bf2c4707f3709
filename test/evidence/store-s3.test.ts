import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { digest } from "../../evidence/canonical";
import { storeOn, type Store } from "../../evidence/store";
import { isUnreadable, type Blobs } from "../../evidence/store/blobs";
import { parsePlace, s3Blobs } from "../../evidence/store/s3";
import { error, fakeS3, type FakeS3 } from "./s3-server";
import { COMMIT, envelope, refusal, world } from "./world";

let s3: FakeS3;
beforeEach(async () => (s3 = await fakeS3()));
afterEach(() => s3.close());

const credentials = { accessKeyId: "test", secretAccessKey: "a-secret-of-the-test" };
function blobsOf(place = "s3://bucket/pre/fix", deadline?: number): Blobs {
  const client = { endpoint: s3.endpoint, region: "eu-central-1", credentials, forcePathStyle: true };
  return s3Blobs(place, { client, ...(deadline === undefined ? {} : { deadline }) });
}
const storeOf = (place?: string, deadline?: number): Store => storeOn(blobsOf(place, deadline));
const { keys } = world();
const drill = envelope("drill", [keys.sre]);

describe("a store in a bucket", () => {
  it("gives back what was put, and what was listed under it", async () => {
    const store = storeOf();
    const id = await store.put(drill);
    expect([...s3.objects.keys()].filter((key) => key.endsWith(".intoto.jsonl"))).toEqual([
      `pre/fix/${id}.intoto.jsonl`,
    ]);
    const { envelopes, gone } = await store.find({ about: [COMMIT], anywhere: [], kinds: [] });
    expect(envelopes.map((one) => [one.id, one.file])).toEqual([[id, `s3://bucket/pre/fix/${id}.intoto.jsonl`]]);
    expect(gone).toEqual([]);
    expect((await store.readAll()).rejected).toEqual([]);
  });

  it("puts everything only where nothing is, and nothing twice", async () => {
    const store = storeOf();
    await Promise.all([store.put(drill), store.put(drill), storeOf().put(drill)]);
    expect(s3.puts.every(({ headers }) => headers["if-none-match"] === "*")).toBe(true);
    expect((await store.readAll()).envelopes).toHaveLength(1);
  });

  it("keeps raw reports, update plans and decisions by their digest", async () => {
    const store = storeOf();
    const raw = await store.putRaw(Buffer.from("<testsuites/>"));
    expect((await store.getRaw(raw))?.toString()).toBe("<testsuites/>");
    await store.putUpdatePlan(digest({ a: 1 }), { a: 1 });
    expect(await store.getUpdatePlan(digest({ a: 1 }))).toEqual({ a: 1 });
    s3.objects.set(`pre/fix/raw/${raw}`, Buffer.from("other"));
    expect(await store.getRaw(raw)).toBeUndefined();
    const id = await store.keep("decisions", "text");
    expect([await store.kept("decisions", id), await store.keptIds("decisions")]).toEqual(["text", [id]]);
  });

  it("mends an object that is not what its name says", async () => {
    const store = storeOf();
    const id = await store.put(drill);
    s3.objects.set(`pre/fix/${id}.intoto.jsonl`, Buffer.from("{}"));
    expect((await store.readAll()).rejected[0]?.detail).toMatch(/^damaged: /);
    await store.put(drill);
    expect((await store.readAll()).envelopes).toHaveLength(1);
  });

  it("is read page by page", async () => {
    await s3.close();
    s3 = await fakeS3(3);
    const blobs = blobsOf();
    for (let n = 0; n < 10; n += 1) await blobs.add(`folder/${n}`, Buffer.from("x"));
    const before = s3.count;
    expect(await blobs.list("folder", 100)).toEqual([..."0123456789"]);
    expect(s3.count - before).toBe(4);
    expect(await blobs.list("folder", 5)).toEqual([..."01234"]);
  });

  it("locks each object where it is told to", async () => {
    await storeOf("s3://bucket?retain=400d").put(drill);
    for (const { headers } of s3.puts) {
      expect(headers["x-amz-object-lock-mode"]).toBe("COMPLIANCE");
      const until = Date.parse(String(headers["x-amz-object-lock-retain-until-date"]));
      expect(Math.round((until - Date.now()) / 86_400_000)).toBe(400);
      // Without a checksum S3 takes no locked object.
      expect(Object.keys(headers).some((name) => name.startsWith("x-amz-checksum-") || name === "x-amz-trailer")).toBe(
        true,
      );
    }
  });

  it("gives each number of its log to one of many writers", async () => {
    const stores = Array.from({ length: 6 }, () => storeOf());
    await Promise.all(stores.map((store, n) => store.log.evidence.append({ id: String(n) })));
    const { entries, problems } = await storeOf().log.evidence.walk();
    expect(problems).toEqual([]);
    expect(entries.map(({ what }) => what["id"]).sort()).toEqual(["0", "1", "2", "3", "4", "5"]);
  });
});

describe("a bucket on a bad day", () => {
  it("that answers with 503 is asked again", async () => {
    s3.fault = ({ count }) => (count % 2 === 1 ? { status: 503, body: error("SlowDown") } : undefined);
    const id = await storeOf().putRaw(Buffer.from("x"));
    expect((await storeOf().getRaw(id))?.toString()).toBe("x");
  });

  it("that lost the first answer to a put has it once in the log", async () => {
    let lost = false;
    const log = storeOf().log.evidence;
    s3.fault = ({ method, key }) => {
      if (lost || method !== "PUT" || !key.includes("/log/")) return undefined;
      lost = true;
      s3.objects.set(key, Buffer.from(`${JSON.stringify({ before: digest(""), id: "a", n: 1 })}\n`));
      return { status: 500, body: error("InternalError") };
    };
    expect((await log.append({ id: "a" })).n).toBe(1);
    expect((await log.walk()).entries).toHaveLength(1);
  });

  it("that is asked to write where another writer is at this moment is asked again", async () => {
    s3.fault = ({ count }) => (count === 1 ? { status: 409, body: error("ConditionalRequestConflict") } : undefined);
    expect(await blobsOf().add("raw/x", Buffer.from("x"))).toBe(true);
  });

  it.each([
    ["refuses access", 403, "AccessDenied", "AccessDenied (403)"],
    ["is not there", 404, "NoSuchBucket", "NoSuchBucket (404)"],
    ["is in another region", 301, "PermanentRedirect", "it answers with a redirect (301), which is not followed"],
    ["sends elsewhere", 307, "TemporaryRedirect", "it answers with a redirect (307), which is not followed"],
  ])("that %s is no empty store", async (_name, status, code, told) => {
    const other = await fakeS3();
    try {
      s3.fault = () => ({
        status,
        body: error(code),
        headers: status < 400 ? { location: `${other.endpoint}/bucket` } : {},
      });
      const wants = { about: [COMMIT], anywhere: [], kinds: [] };
      const place = "s3://bucket/pre/fix";
      expect(await refusal(() => storeOf().find(wants))).toBe(
        `store-unreadable: can't read the evidence store ${place}: ${told}`,
      );
      expect(await refusal(() => storeOf().putRaw(Buffer.from("x")))).toBe(
        `store-unwritable: can't write to the evidence store ${place}: ${told}`,
      );
      expect(other.count).toBe(0);
    } finally {
      await other.close();
    }
  });

  it("that refuses one object is no store without it", async () => {
    const store = storeOf();
    await store.put(drill);
    s3.fault = ({ key }) => (key.endsWith(".intoto.jsonl") ? { status: 403, body: error("AccessDenied") } : undefined);
    expect(await refusal(() => store.find({ about: [COMMIT], anywhere: [], kinds: [] }))).toMatch(
      /^store-unreadable: /,
    );
  });

  it("that does not answer ends at the deadline", async () => {
    s3.fault = () => "hang";
    const started = Date.now();
    expect(await refusal(() => storeOf(undefined, 300).getRaw(digest("x")))).toBe(
      "deadline: reading the evidence store s3://bucket/pre/fix: no answer in time",
    );
    expect(await refusal(() => storeOf(undefined, 300).putRaw(Buffer.from("x")))).toMatch(/^deadline: writing to /);
    expect(
      await refusal(() => storeOf().find({ about: [COMMIT], anywhere: [], kinds: [] }, { deadline: 200 })),
    ).toMatch(/^deadline: /);
    expect(Date.now() - started).toBeLessThan(5000);
  });

  it("that gives more than allowed is not read to its end", async () => {
    s3.objects.set("pre/fix/raw/x", Buffer.alloc(5_000_000));
    const found = await blobsOf().read("raw/x", 1000);
    expect(isUnreadable(found) && found.why).toMatch(/^\d+ bytes, at most 1000 are read$/);
  });

  it("that answers with nonsense is a store that can't be read", async () => {
    s3.fault = () => ({ status: 200, body: "<ListBucketResult><Contents>" });
    expect(await refusal(() => blobsOf().list("folder", 10))).toMatch(/^store-unreadable: /);
  });

  it("never has its credentials in a message", async () => {
    s3.fault = () => ({ status: 400, body: error("InvalidRequest").replace("no", credentials.secretAccessKey) });
    expect(await refusal(() => storeOf().putRaw(Buffer.from("x")))).not.toContain(credentials.secretAccessKey);
  });
});

describe("a store's address", () => {
  it("with a password is refused without repeating it", async () => {
    expect(await refusal(() => parsePlace("s3://user:word@bucket/x"))).toContain('"s3://…@bucket/x"');
  });

  it("names bucket, prefix and retention", () => {
    expect(parsePlace("s3://bucket")).toEqual({ bucket: "bucket", prefix: "" });
    expect(parsePlace("s3://bucket/a/b/?retain=30d")).toEqual({ bucket: "bucket", prefix: "a/b", retain: 30 });
  });

  it.each([
    "s3://",
    "s3://B",
    "s3://bucket/../x",
    "s3://bucket?retain=0d",
    "s3://bucket?retain=1y",
    "s3://bucket?x=1",
    "s3://bucket/a b",
  ])("%j is refused", async (place) => {
    expect(await refusal(() => parsePlace(place))).toBe(
      `config-invalid: found the evidence store "${place}", wanted s3://<bucket>/<prefix>`,
    );
  });
});
