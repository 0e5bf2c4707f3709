/**
 * The store against moto, a whole imitation of S3 (`pip install "moto[server]"`, 5.2.5 when this was written). It is too
 * large to be set up by `npm test`: where `moto_server` is not on PATH these tests are skipped, and say so.
 */
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { createServer, type AddressInfo } from "node:net";
import { CreateBucketCommand, DeleteObjectCommand, ListObjectVersionsCommand, S3Client } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openStore, storeOn, type Store } from "../../evidence/store";
import { s3Blobs } from "../../evidence/store/s3";
import { COMMIT, envelope, refusal, world } from "./world";

const here = spawnSync("moto_server", ["--help"], { stdio: "ignore" }).status === 0;
const credentials = { accessKeyId: "test", secretAccessKey: "test" };

describe.skipIf(!here)(`a bucket of moto's${here ? "" : " (moto_server is not on PATH)"}`, () => {
  let moto: ChildProcess;
  let options: { endpoint: string; region: string; credentials: typeof credentials; forcePathStyle: true };
  let client: S3Client;

  beforeAll(async () => {
    const port = await freePort();
    moto = spawn("moto_server", ["-H", "127.0.0.1", "-p", String(port)], { stdio: "ignore" });
    options = { endpoint: `http://127.0.0.1:${port}`, region: "us-east-1", credentials, forcePathStyle: true };
    client = new S3Client({ ...options, maxAttempts: 1 });
    await answering(() => client.send(new CreateBucketCommand({ Bucket: "plain" })));
    await client.send(new CreateBucketCommand({ Bucket: "locked", ObjectLockEnabledForBucket: true }));
  }, 60_000);
  afterAll(() => void moto.kill("SIGKILL"));

  const storeAt = (place: string): Store => storeOn(s3Blobs(place, { client: options }));
  const { keys } = world();
  const WANTS = { about: [COMMIT], anywhere: [], kinds: [] };

  it("takes what writers put at the same time, and loses nothing of it", async () => {
    const stores = Array.from({ length: 4 }, () => storeAt("s3://plain/together"));
    const put = stores.flatMap((store, who) =>
      [1, 2, 3].map((n) => store.put(envelope("cost", [keys.sre], { stage: "production", who, n }))),
    );
    const ids = (await Promise.all(put)).sort();
    const { envelopes, gone } = await storeAt("s3://plain/together").find(WANTS);
    expect([envelopes.map(({ id }) => id), gone]).toEqual([ids, []]);
    const { entries, problems } = await storeAt("s3://plain/together").log.evidence.walk();
    expect([entries.length, problems]).toEqual([12, []]);
  });

  it("is listed page by page, beyond a thousand", async () => {
    const blobs = s3Blobs("s3://plain/pages", { client: options });
    const names = Array.from({ length: 1100 }, (_, n) => String(n).padStart(4, "0"));
    for (let from = 0; from < names.length; from += 50) {
      await Promise.all(names.slice(from, from + 50).map((name) => blobs.add(`folder/${name}`, Buffer.from("x"))));
    }
    expect(await blobs.list("folder", 20_000)).toEqual(names);
  }, 60_000);

  it("locks what is put, so that it can't be deleted", async () => {
    const id = await storeAt("s3://locked/e?retain=30d").put(envelope("drill", [keys.sre]));
    const Key = `e/${id}.intoto.jsonl`;
    const { Versions = [] } = await client.send(new ListObjectVersionsCommand({ Bucket: "locked", Prefix: Key }));
    const VersionId = Versions[0]?.VersionId;
    await expect(client.send(new DeleteObjectCommand({ Bucket: "locked", Key, VersionId }))).rejects.toThrow(
      /Access Denied/,
    );
    expect((await storeAt("s3://locked/e").find(WANTS)).envelopes).toHaveLength(1);
  });

  it("in which something was deleted is noticed", async () => {
    const store = storeAt("s3://plain/deleted");
    const id = await store.put(envelope("drill", [keys.sre]));
    await client.send(new DeleteObjectCommand({ Bucket: "plain", Key: `deleted/${id}.intoto.jsonl` }));
    expect((await store.find(WANTS)).gone).toEqual([`${id.slice(0, 12)} (drill, staging) was taken away`]);
  });

  it("that does not exist is no empty store", async () => {
    expect(await refusal(() => storeAt("s3://nowhere/x").find(WANTS))).toMatch(/^store-unreadable: .*NoSuchBucket/);
  });

  it("is reached with what AWS's own tools would use", async () => {
    const before = { ...process.env };
    Object.assign(process.env, {
      AWS_ENDPOINT_URL_S3: options.endpoint,
      AWS_REGION: "us-east-1",
      AWS_ACCESS_KEY_ID: "test",
      AWS_SECRET_ACCESS_KEY: "test",
    });
    try {
      const store = openStore("s3://plain/environment");
      const id = await store.put(envelope("drill", [keys.sre]));
      expect((await store.find(WANTS)).envelopes[0]?.file).toBe(`s3://plain/environment/${id}.intoto.jsonl`);
    } finally {
      process.env = before;
    }
  });
});

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function answering(ask: () => Promise<unknown>): Promise<void> {
  for (let left = 100; ; left -= 1) {
    try {
      await ask();
      return;
    } catch (error) {
      if (left === 0) throw error;
      await new Promise((resolve) => setTimeout(resolve, 300));
    }
  }
}
