import { spawn, type ChildProcess } from "node:child_process";
import { copyFileSync, mkdtempSync, readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildSync } from "esbuild";
import { beforeAll, describe, expect, it } from "vitest";
import { openStore, type Store } from "../../evidence/store";

/** Writes envelopes without end, or so many, and says the address of each that was put. */
const WRITER = `
import { openStore } from "./evidence/store";
const [folder = "", name = "", count = "1000000"] = process.argv.slice(2);
const store = openStore(folder);
const type = "https://holdpoint.dev/attestation/drill/v0.1";
void (async () => {
  for (let n = 0; n < Number(count); n += 1) {
    const subject = [{ digest: { gitCommit: "0123456789abcdef0123456789abcdef01234567" } }];
    const predicate = { stage: "staging", writer: name, n, filling: "x".repeat(20_000) };
    const body = JSON.stringify({ _type: "https://in-toto.io/Statement/v1", subject, predicateType: type, predicate });
    const payload = Buffer.from(body).toString("base64");
    const id = await store.put({ payload, payloadType: "application/vnd.in-toto+json", signatures: [{ sig: "AA==" }] });
    process.stdout.write(id + "\\n");
  }
})();`;

let script: string;
beforeAll(() => {
  script = join(mkdtempSync(join(tmpdir(), "holdpoint-writer-")), "writer.cjs");
  const stdin = { contents: WRITER, resolveDir: process.cwd(), loader: "ts" } as const;
  const external = ["@pulumi/*", "@aws-sdk/*", "@sigstore/*"];
  buildSync({ stdin, outfile: script, bundle: true, platform: "node", format: "cjs", external, logLevel: "error" });
});

interface Writer {
  readonly child: ChildProcess;
  /** Addresses that it said. */
  readonly said: () => string[];
  readonly ended: Promise<void>;
}

function writer(folder: string, name: string, count?: number): Writer {
  const args = [script, folder, name, ...(count === undefined ? [] : [String(count)])];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  let text = "";
  child.stdout?.on("data", (chunk: Buffer) => (text += chunk.toString()));
  const ended = new Promise<void>((resolve) => child.on("close", () => resolve()));
  return { child, said: () => text.split("\n").slice(0, -1), ended };
}

const WANTS = { about: ["0123456789abcdef0123456789abcdef01234567"], anywhere: [], kinds: [] };
const fresh = (): Store => openStore(mkdtempSync(join(tmpdir(), "holdpoint-written-")));

describe("writers at the same time, each a process of its own", () => {
  it("lose nothing: every envelope is there, listed, and once in the log", async () => {
    const store = fresh();
    const writers = ["a", "b", "c", "d"].map((name) => writer(store.folder, name, 15));
    await Promise.all(writers.map(({ ended }) => ended));
    const said = writers.flatMap((one) => one.said()).sort();
    expect(said).toHaveLength(60);
    const { envelopes, gone } = await store.find(WANTS);
    expect([envelopes.map(({ id }) => id).sort(), gone]).toEqual([said, []]);
    const { entries, problems } = await store.log.evidence.walk();
    expect([entries.map(({ what }) => what["id"]).sort(), problems]).toEqual([said, []]);
  });
});

describe("a writer that is killed", () => {
  it("leaves nothing half, whenever it happens, and what it said was put is there", async () => {
    const store = fresh();
    for (let round = 0; round < 6; round += 1) {
      const { child, said, ended } = writer(store.folder, `round ${round}`);
      while (said().length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
      await new Promise((resolve) => setTimeout(resolve, round * 3));
      child.kill("SIGKILL");
      await ended;
      const { envelopes, rejected, gone } = await openStore(store.folder).find(WANTS);
      expect([rejected, gone]).toEqual([[], []]);
      const there = new Set(envelopes.map(({ id }) => id));
      expect(said().filter((id) => !there.has(id))).toEqual([]);
    }
    expect((await store.readAll()).rejected).toEqual([]);
    expect((await openStore(store.folder).log.evidence.walk()).problems).toEqual([]);
  });

  it("between the envelope and its listing: what it left is listed when it is put again", async () => {
    const store = fresh();
    const other = fresh();
    const one = writer(other.folder, "whole", 1);
    await one.ended;
    const [id = ""] = one.said();
    const envelope = JSON.parse(readFileSync(join(other.folder, `${id}.intoto.jsonl`), "utf8")) as Parameters<
      Store["put"]
    >[0];
    // As a killed writer leaves it: the file alone.
    copyFileSync(join(other.folder, `${id}.intoto.jsonl`), join(store.folder, `${id}.intoto.jsonl`));
    expect((await store.find(WANTS)).envelopes).toEqual([]);
    await store.put(envelope);
    await store.put(envelope);
    expect((await store.find(WANTS)).envelopes.map((each) => each.id)).toEqual([id]);
    expect((await store.log.evidence.walk()).entries).toHaveLength(1);
    expect(readdirSync(store.folder).filter((name) => name.endsWith(".tmp"))).toEqual([]);
  });
});
