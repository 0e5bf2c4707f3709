/**
 * Wrong turns that a test can take in its own copy of the project. They are in the program and in the pack from the
 * start and chosen by a variable of the environment, so that evidence and approvals are about that very program: then
 * nothing but the wrong turn itself can be what stops a run.
 */
import { createHash } from "node:crypto";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import type { Ran, Stand } from "./harness";

/** What the program can be made to do, by TAMPER. */
export type ProgramTurn =
  | "hangs first"
  | "hangs between"
  | "hangs last"
  | "throws first"
  | "throws between"
  | "exits between"
  | "is empty"
  | "declares first"
  | "asks with an unknown"
  | "has no clearance"
  | "does not await"
  /** Another value than the configuration says, so that every update has something to change. */
  | "changes a value";

/** What the pack can be made to do, by TAMPER_PACK. */
export type PackTurn =
  | "throws at load"
  | "hangs at load"
  | "never serves"
  | "throws in a policy"
  | "throws in the answer"
  | "answer never comes"
  | "exits in a policy"
  | "exits well in a policy"
  | "gate never answers"
  | "policy never answers"
  | "spins in a policy";

/** Puts the wrong turns into the project's copy. The deadlines become GATE_DEADLINE and CLEARANCE_DEADLINE, in milliseconds. */
export function prepare(stand: Stand): void {
  stand.edit("index.ts", (text) =>
    swap(text, [
      [
        'import * as pulumi from "@pulumi/pulumi";',
        'import * as pulumi from "@pulumi/pulumi";\nimport * as aws from "@pulumi/aws";',
      ],
      ["  const clearance = await askClearance(request, digest, { wayBack });", PROGRAM],
      ["return declareStage(settings, plan);", "return lastly(declareStage(settings, plan));"],
    ]),
  );
  stand.edit("policies/index.ts", (text) =>
    swap(text, [
      ["const gate = openGate();", PACK],
      [".map(heldPolicy)", ".map(wrong).map(heldPolicy)"],
      ['new PolicyPack("holdpoint"', 'if (turn !== "never serves")\n  new PolicyPack("holdpoint"'],
    ]),
  );
  stand.edit("policies/gate.ts", (text) =>
    swap(text, [
      ["const DEADLINE = 60_000;", 'const DEADLINE = Number(process.env["GATE_DEADLINE"] ?? 60_000);'],
      [
        'async function decide(mode: "preview" | "up"): Promise<Decided> {',
        'async function decide(mode: "preview" | "up"): Promise<Decided> {\n  if (process.env["TAMPER_PACK"] === "gate never answers") await new Promise(() => undefined);',
      ],
    ]),
  );
  stand.edit("policies/pack.cjs", (text) =>
    swap(text, [["const DEADLINE = 60_000;", 'const DEADLINE = Number(process.env["PACK_DEADLINE"] ?? 60_000);']]),
  );
  stand.edit("policies/held-policy.ts", (text) =>
    swap(text, [["const DEADLINE = 75_000;", 'const DEADLINE = Number(process.env["POLICY_DEADLINE"] ?? 75_000);']]),
  );
  stand.edit("components/clearance.ts", (text) =>
    swap(text, [["const DEADLINE = 90_000;", 'const DEADLINE = Number(process.env["CLEARANCE_DEADLINE"] ?? 90_000);']]),
  );
}

const PROGRAM = `
  const tamper = (process.env["TAMPER"] ?? "").split(",");
  const never = () => new Promise<never>(() => undefined);
  const lastly = async <T>(outputs: T): Promise<T> => (tamper.includes("hangs last") ? await never() : outputs);
  if (tamper.includes("hangs first")) await never();
  if (tamper.includes("throws first")) throw new Error("thrown by the program");
  if (tamper.includes("is empty")) return {};
  if (tamper.includes("changes a value")) (settings as any).environment.targetCpu = 42;
  if (tamper.includes("declares first")) new aws.kms.Key("early", { description: "declared before the clearance" });
  const asked = tamper.includes("asks with an unknown") ? { ...request, program: pulumi.unknown } : request;
  const clearance: any = tamper.includes("has no clearance")
    ? { text: "forged" }
    : tamper.includes("does not await")
      ? (askClearance(asked, digest, { wayBack }).catch(() => undefined), { text: "not awaited" })
      : await askClearance(asked, digest, { wayBack });
  if (tamper.includes("hangs between")) await never();
  if (tamper.includes("throws between")) throw new Error("thrown by the program");
  if (tamper.includes("exits between")) process.exit(0);`;

const PACK = `
const turn = process.env["TAMPER_PACK"];
if (turn === "throws at load") throw new Error("thrown at load");
if (turn === "hangs at load") for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 60_000);
const gate = openGate();

function wrong(held: any): any {
  if (held.name === "go-no-go" && turn === "throws in the answer") {
    return { ...held, answer: () => Promise.reject(new Error("thrown in the answer")) };
  }
  if (held.name === "go-no-go" && turn === "answer never comes") return { ...held, answer: () => new Promise(() => undefined) };
  if (held.name !== "protected-resources") return held;
  const turns: Record<string, () => unknown> = {
    "throws in a policy": () => { throw new Error("thrown in a policy"); },
    "exits in a policy": () => process.exit(7),
    "exits well in a policy": () => process.exit(0),
    "policy never answers": () => new Promise(() => undefined),
    "spins in a policy": () => { for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 60_000); },
  };
  const taken = turns[turn ?? ""];
  return taken === undefined ? held : { ...held, check: taken };
}`;

function swap(text: string, pairs: readonly (readonly [string, string])[]): string {
  return pairs.reduce((before, [from, to]) => {
    if (before.split(from).length !== 2) throw new Error(`not there exactly once: ${from}`);
    return before.replace(from, () => to);
  }, text);
}

/** Everything that an update of a stack could have changed, read past the engine: its state, and what the stand-ins hold. */
export function everything(stand: Stand, stack: string): string {
  return [...state(stand, stack), ...["cluster", "cloud"].flatMap((folder) => files(join(stand.dir, folder)))].join(
    "\n",
  );
}

/** The stack's resources without the root, the Stashes and their provider. */
function state(stand: Stand, stack: string): string[] {
  const file = join(stand.dir, "backend", ".pulumi", "stacks", "holdpoint", `${stack}.json`);
  const { checkpoint } = JSON.parse(readFileSync(file, "utf8")) as {
    checkpoint: { latest?: { resources?: { urn: string; type: string }[]; pending_operations?: unknown[] } };
  };
  const { resources = [], pending_operations: pending = [] } = checkpoint.latest ?? {};
  // The order of dependencies, and where in the source something was declared, differ from run to run.
  const free = { dependencies: 0, propertyDependencies: 0, sourcePosition: 0, stackTrace: 0 };
  return (
    [...resources, ...pending]
      .filter((item) => !/"type":"pulumi:(pulumi:Stack|index:Stash|providers:pulumi)"/.test(JSON.stringify(item)))
      // Whatever is written again is encrypted anew.
      .map((item) => JSON.stringify(Object.assign({}, item, free)).replace(/"ciphertext":"[^"]*"/g, ""))
      .sort()
  );
}

function files(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
    .map((path) => `${path} ${createHash("sha256").update(readFileSync(path)).digest("hex")}`);
}

/** Runs something that must be refused: not with exit code 0, for the reasons given, and with nothing changed. */
export async function expectRefused(
  stand: Stand,
  stack: string,
  run: () => Promise<Ran>,
  ...reasons: readonly (string | RegExp)[]
): Promise<Ran> {
  const before = everything(stand, stack);
  const ran = await run();
  for (const reason of reasons) expect(plain(ran.text)).toMatch(reason instanceof RegExp ? reason : literal(reason));
  expect(ran.code, ran.text).not.toBe(0);
  const lines = (text: string): Set<string> => new Set(text.split("\n"));
  const [was, is] = [lines(before), lines(everything(stand, stack))];
  expect(
    [...is].filter((line) => !was.has(line)),
    `changed or new:\n${ran.text}`,
  ).toEqual([]);
  expect(
    [...was].filter((line) => !is.has(line)),
    `changed or gone:\n${ran.text}`,
  ).toEqual([]);
  return ran;
}

/** The engine indents what it prints, by its own taste. */
const plain = (text: string): string => text.replace(/[ \t]+/g, " ").replace(/ ?\n ?/g, "\n");
const literal = (text: string): RegExp => new RegExp(plain(text).replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));

/** Processes that still run and were started with this variable in their environment; Linux only. */
export function processesWith(variable: string): string[] {
  if (process.platform !== "linux") return [];
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const environment = readFileSync(`/proc/${pid}/environ`, "utf8").split("\0");
        return environment.includes(variable)
          ? [readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ")]
          : [];
      } catch {
        return [];
      }
    });
}
