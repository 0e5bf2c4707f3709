/**
 * `npm run bench:evidence`: what evidence costs, as ratios measured side by side in one run. It prints each with its
 * limit and exits with 1 if one is missed.
 *
 * - 10,000 attestations verified as a gate does (envelope, signature, statement, signer, role, times), against a bare loop
 *   of the same signature checks over bytes that are ready; envelopes already in memory, medians of rounds side by side. The
 *   limit is on processor time: both run on one thread, and a busy machine must not decide. Beside it, without a limit:
 *   the same by the clock, and from the folder's files, both ways;
 * - memory of the process that does it, at its peak;
 * - a gate that needs 20 attestations, in a store of 10,000 against one of 100. Each round has files that nobody read before:
 *   other ones of the large store, and a small store of its own; the limit is on processor time.
 */
import { spawnSync } from "node:child_process";
import { generateKeyPairSync, verify as cryptoVerify } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { digest } from "../evidence/canonical";
import { decodeBase64 } from "../evidence/base64";
import { fingerprint, pae, sign, STATEMENT_TYPE, type Envelope, type PrivateKey } from "../evidence/dsse";
import { publicPem } from "../evidence/keys";
import { PREDICATES } from "../evidence/predicates";
import { judgeEnvelopes, readEvidence } from "../evidence/read";
import { statementBody } from "../evidence/statement";
import { openStore, storeOn, type Store } from "../evidence/store";
import type { Blobs } from "../evidence/store/blobs";
import { folderBlobs } from "../evidence/store/folder";
import { formatUtc } from "../evidence/time";
import { parseTrust, type Trust } from "../evidence/trust";
import { machineClock } from "../rollout/clock";
import { line, kept, type Measured } from "./measured";

const MANY = 10_000;
const FEW = 100;
/** What one release has, and what its gate needs. */
const PER_RELEASE = 20;
const ROUNDS = 5;
const GATE_ROUNDS = 25;
/** Rounds before those that are measured: the code is compiled, for both alike. */
const GATE_WARM_UP = 10;
/** A small store for each round. */
const FEWS = Array.from({ length: GATE_WARM_UP + GATE_ROUNDS }, (_, round) => `few-${round}`);
const HOUR = 3_600_000;

/** @returns 0 if every limit is kept, else 1 */
export async function main(argv: readonly string[]): Promise<number> {
  if (argv[0] === "memory") return measureOwnMemory(argv[1] ?? "", argv[2] ?? "");
  const dir = mkdtempSync(join(tmpdir(), "holdpoint-bench-"));
  try {
    const bench = new Bench(dir);
    await bench.fill("many", MANY);
    for (const name of FEWS) await bench.fill(name, FEW);
    const measured = [await bench.verification(), bench.memory(), await bench.gate()];
    for (const one of measured) process.stdout.write(`${line(one)}\n`);
    return measured.every(kept) ? 0 : 1;
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

class Bench {
  private readonly dir: string;
  private readonly key: PrivateKey;
  private readonly trustText: string;

  constructor(dir: string) {
    this.dir = dir;
    const { privateKey } = generateKeyPairSync("ed25519");
    this.key = { id: fingerprint(privateKey), key: privateKey };
    this.trustText = trustOf(publicPem(privateKey));
    writeFileSync(join(dir, "trust.yaml"), this.trustText);
  }

  private store(name: string): Store {
    return openStore(join(this.dir, name));
  }

  /** Attestations of one release after the other. */
  async fill(name: string, count: number): Promise<void> {
    const store = storeOn(hasty(join(this.dir, name)));
    for (let n = 0; n < count; n += 1) await store.put(attestation(n, this.key));
  }

  async verification(): Promise<Measured> {
    const trust = parseTrust(this.trustText, "trust.yaml");
    const store = this.store("many");
    const { envelopes } = await store.readAll();
    const ready = envelopes.map(({ bytes }) => {
      const { payload, signatures } = JSON.parse(bytes.toString()) as Envelope;
      const body = decodeBase64(payload) ?? Buffer.alloc(0);
      return { bytes: pae(STATEMENT_TYPE, body), signature: decodeBase64(signatures[0]?.sig ?? "") ?? Buffer.alloc(0) };
    });
    const [key] = trust.keys;
    if (key === undefined) throw new Error("the trust file has no key");
    const times: Record<"bare" | "whole" | "folder", Spent[]> = { bare: [], whole: [], folder: [] };
    for (let round = 0; round < ROUNDS; round += 1) {
      const content = { envelopes, rejected: [] };
      times.bare.push(
        await worked(() => {
          const good = ready.every(({ bytes, signature }) => cryptoVerify(null, bytes, key.key, signature));
          if (!good) throw new Error("a signature of the bare loop does not verify");
        }),
      );
      times.whole.push(
        await worked(() => {
          const { counted } = judgeEnvelopes(content, trust, machineClock, Date.now());
          if (counted.length !== MANY) throw new Error(`${counted.length} of ${MANY} counted`);
        }),
      );
      times.folder.push(await worked(() => all(store, trust)));
    }
    const ratio = (what: "whole" | "folder", of: keyof Spent): number =>
      middle(times[what])[of] / middle(times.bare)[of];
    process.stdout.write(
      `        ${MANY} verifications against the bare loop, medians of ${ROUNDS} rounds:\n` +
        `        in memory ${ratio("whole", "processor").toFixed(2)} x its processor time, ${ratio("whole", "clock").toFixed(2)} x by the clock\n` +
        `        from files ${ratio("folder", "processor").toFixed(2)} x its processor time, ${ratio("folder", "clock").toFixed(2)} x by the clock\n`,
    );
    const name = `verifying ${MANY} attestations, against a bare loop of the same signature checks`;
    return { name, value: ratio("whole", "processor"), limit: 1.5, unit: "x" };
  }

  /** In a process of its own: this one holds the bytes that the bare loop checks. */
  memory(): Measured {
    const { __holdpointRoot: root = process.cwd() } = globalThis as { __holdpointRoot?: string };
    const script = join(root, "toolchain", "bench.cjs");
    const args = [script, "evidence", "memory", join(this.dir, "many"), join(this.dir, "trust.yaml")];
    const { stdout, stderr, status } = spawnSync(process.execPath, args, { encoding: "utf8", timeout: 120_000 });
    const value = Number(/peak (\d+)/.exec(stdout)?.[1]) / 1024;
    if (status !== 0 || !Number.isFinite(value)) throw new Error(`the memory probe failed: ${stderr}`);
    return { name: `peak memory of a process that verifies ${MANY} attestations`, value, limit: 200, unit: "MB" };
  }

  async gate(): Promise<Measured> {
    const trust = parseTrust(this.trustText, "trust.yaml");
    const times: Record<"many" | "few", Spent[]> = { many: [], few: [] };
    for (const [round, few] of FEWS.entries()) {
      for (const [name, folder, count] of [
        ["few", few, FEW],
        ["many", "many", MANY],
      ] as const) {
        const counter = counting(join(this.dir, folder));
        const release = (round * 7) % (count / PER_RELEASE);
        const spent = await worked(() => needed(counter.store, trust, release));
        if (round >= GATE_WARM_UP) times[name].push(spent);
        const { reads } = counter;
        if (reads !== PER_RELEASE) throw new Error(`the gate read ${reads} envelopes of ${count}`);
      }
    }
    const [many, few] = [middle(times.many), middle(times.few)];
    process.stdout.write(
      `        a gate of ${PER_RELEASE} attestations, medians of ${GATE_ROUNDS} rounds: ${many.processor.toFixed(2)} ms of the processor in a store of ${MANY}, ${few.processor.toFixed(2)} ms in one of ${FEW};` +
        ` ${(many.clock / few.clock).toFixed(2)} x by the clock\n`,
    );
    const value = many.processor / few.processor;
    return {
      name: `a gate that needs ${PER_RELEASE} attestations, of ${MANY} against of ${FEW}`,
      value,
      limit: 1.3,
      unit: "x",
    };
  }
}

async function all(store: Store, trust: Trust): Promise<void> {
  const { counted } = await readEvidence(store, trust, machineClock);
  if (counted.length !== MANY) throw new Error(`${counted.length} of ${MANY} counted`);
}

async function needed(store: Store, trust: Trust, release: number): Promise<void> {
  const wants = {
    about: [commitOf(release), digest(`image ${release}`)],
    anywhere: ["waiver", "condition"],
    kinds: ["drill"],
  };
  const { counted } = await readEvidence(store, trust, machineClock, { wants });
  if (counted.length !== PER_RELEASE) throw new Error(`${counted.length} of ${PER_RELEASE} counted`);
  await store.log.evidence.head();
}

/** How many envelopes are read. */
function counting(folder: string): { readonly store: Store; readonly reads: number } {
  const blobs = folderBlobs(folder);
  let reads = 0;
  const read: Blobs["read"] = (name, limit) => {
    if (name.endsWith(".intoto.jsonl")) reads += 1;
    return blobs.read(name, limit);
  };
  return {
    store: storeOn({ ...blobs, read }),
    get reads() {
      return reads;
    },
  };
}

async function measureOwnMemory(folder: string, trustFile: string): Promise<number> {
  await all(openStore(folder), parseTrust(readFileSync(trustFile, "utf8"), "trust.yaml"));
  process.stdout.write(`peak ${process.resourceUsage().maxRSS}\n`);
  return 0;
}

const commitOf = (release: number): string => digest(`commit ${release}`).slice(0, 40);

/** A drill of its own: as long as most attestations are. */
function attestation(n: number, key: PrivateKey): Envelope {
  const release = Math.floor(n / PER_RELEASE);
  const predicate = {
    stage: "staging",
    drill: `drill-${n}`,
    startedOn: formatUtc(Date.now() - 2 * HOUR),
    finishedOn: formatUtc(Date.now() - HOUR),
    outcome: "passed",
    integrity: "verified",
  };
  const subject = { commit: commitOf(release), sha256: digest(`image ${release}`), name: "image" };
  return sign(STATEMENT_TYPE, statementBody(subject, PREDICATES.drill.type, predicate), [key]);
}

function trustOf(pem: string): string {
  const lines = pem
    .trim()
    .split("\n")
    .map((one) => `          ${one}\n`)
    .join("");
  return (
    "apiVersion: holdpoint.dev/v1\nkind: Trust\npeople:\n  - id: sam@omnihub.dev\n    roles: [sre]\n    keys:\n" +
    `      - id: sam\n        publicKey: |\n${lines}roles:\n  sre: { may: [drill] }\nversion: 1\n` +
    "revocation: { file: revocations.json, maxAge: 8 days, from: [sre] }\nchanges: { from: [sre] }\n"
  );
}

/** Writes without flushing each file to the disk: what is measured is reading. */
function hasty(folder: string): Blobs {
  const blobs = folderBlobs(folder);
  return {
    ...blobs,
    add: (name, content) => {
      const file = blobs.locate(name);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, content);
      return Promise.resolve(true);
    },
  };
}

/** What some work took, in milliseconds: of the processor's time, and by the clock. */
interface Spent {
  readonly processor: number;
  readonly clock: number;
}

async function worked(work: () => unknown): Promise<Spent> {
  const before = process.cpuUsage();
  const clock = await timed(work);
  const { user, system } = process.cpuUsage(before);
  return { processor: (user + system) / 1000, clock };
}

async function timed(work: () => unknown): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

function middle(all: readonly Spent[]): Spent {
  return { processor: median(all.map(({ processor }) => processor)), clock: median(all.map(({ clock }) => clock)) };
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
