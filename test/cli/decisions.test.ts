import { join } from "node:path";
import { afterEach, expect, it, vi } from "vitest";
import { main } from "../../cli/main";
import { keepDecision, type Made } from "../../evidence/decisions";
import { digest } from "../../evidence/canonical";
import { programDigest } from "../../evidence/request";
import { openStore } from "../../evidence/store";
import { signRevocations } from "../../evidence/trust/revocations";
import { publicPem } from "../../evidence/keys";
import { ed25519, NOW, rulesOf, trustText } from "../evidence/world";
import { fakeTerminal, FakeProject } from "./fakes";

const PLAN = `apiVersion: holdpoint.dev/v1
kind: RolloutPlan
name: small
title: Small
service: small
owners: { sre: { contact: "#sre" } }
roles: { sre: People }
runbooks: {}
stages:
  - name: staging
    enter:
      criteria:
        - { id: budget, kind: cost, title: Cost, owner: sre, attestedBy: [sre], monthly: { min: $1, max: $900 }, maxAge: 1 day }
rollback: { within: 5 minutes, tell: [sre] }
`;
const STACK = "config:\n  holdpoint:trust: trust.yaml\n  holdpoint:evidence: evidence\n";
const gate = ed25519();
const cto = ed25519();

let project = new FakeProject();
afterEach(() => {
  project.remove();
  vi.useRealTimers();
});

async function run(...args: readonly string[]) {
  const terminal = fakeTerminal({ json: false });
  const exitCode = await main(args, { root: project.root, env: project.context.env, terminal, print: () => undefined });
  return { exitCode, said: terminal.lines.join("\n") };
}

/** A project with one decision, signed by its gate. */
async function decided({
  revoked = [],
  list = true,
  pack,
}: { revoked?: object[]; list?: boolean; pack?: string } = {}) {
  vi.useFakeTimers({ now: NOW, toFake: ["Date"] });
  const trust = trustText(
    [
      ["machines", "gate", ["ci"], publicPem(gate.key)],
      ["people", "cto", ["cto"], publicPem(cto.key)],
    ],
    { ci: { may: ["drill"] }, cto: { may: ["drill"] } },
    rulesOf("cto"),
  );
  const signed = signRevocations({ serial: 1, issuedAt: NOW, revoked: revoked as never }, cto);
  project = new FakeProject({
    "Pulumi.staging.yaml": STACK,
    "trust.yaml": trust,
    ...(list ? { "revocations.json": JSON.stringify(signed) } : {}),
  });
  const store = openStore(join(project.root, "evidence"));
  const world = {
    now: NOW,
    mode: "up",
    stack: "staging",
    release: { version: "2.0.0", image: "r/x", commit: "1".repeat(40), author: "dana" },
    baseline: { version: "1.0.0", image: "r/x", commit: "2".repeat(40), author: "dana" },
    request: "3".repeat(64),
    stages: { staging: { ok: true } },
    evidence: [],
    rejected: [],
    approvals: [],
    waivers: [],
    updatePlans: [],
    evidenceFailure: "nobody asked",
  };
  const decision = { gate: "enter staging", outcome: "NO-GO", findings: [], approvals: [], decidedAt: NOW };
  return keepDecision(
    store,
    {
      decision,
      stacks: "organization/small",
      world,
      request: { plan: digest(PLAN), trust: digest(trust) },
      digest: world.request,
      pack: pack ?? programDigest(project.root),
      planFile: "plans/small.yaml",
      trustFile: "trust.yaml",
      inputs: {
        asked: { gate: "enter", stage: "staging" },
        plan: { file: "plans/small.yaml", digest: digest(PLAN) },
        world,
      },
      texts: [PLAN],
      now: NOW,
    } as unknown as Made,
    gate,
  );
}

it("history tells who signed", async () => {
  const id = await decided();
  const { exitCode, said } = await run("history", "staging");
  expect(exitCode).toBe(0);
  expect(said).toContain(`${id.slice(0, 12)}  `);
  expect(said).toMatch(/; signed by gate$/);
});

/** A decision that anybody who can write to the store can write: of the last one, changed. */
async function forged(id: string, change: (decision: Record<string, unknown>) => void): Promise<string> {
  const store = openStore(join(project.root, "evidence"));
  const { payload } = JSON.parse((await store.kept("decisions", id)) ?? "") as { payload: string };
  const body = JSON.parse(Buffer.from(payload, "base64").toString()) as {
    predicate: Record<string, { decision: Record<string, unknown> }>;
  };
  const member = body.predicate["https://holdpoint.dev/decision/v0.1"];
  if (member !== undefined) change(member.decision);
  const again = Buffer.from(JSON.stringify(body)).toString("base64");
  const envelope = { payload: again, payloadType: "application/vnd.in-toto+json", signatures: [] };
  const made = await store.keep("decisions", `${JSON.stringify(envelope)}\n`);
  await store.log.decisions.append({ id: made, stack: "staging" });
  return made;
}

it("history is not written by who forges a decision: no cursor, no hidden words, no lines of its own", async () => {
  const id = await decided();
  await forged(id, (decision) => {
    decision["gate"] = "enter staging\n  0123456789ab  12 criteria met; signed by gate\u001b[8m\u202e";
  });
  const { exitCode, said } = await run("history", "staging");
  expect(exitCode).toBe(0);
  expect(/\p{Cf}/u.test(said) || said.includes("\u001b")).toBe(false);
  const [first = "", second = ""] = said.split("\n");
  expect(first).toContain("enter staging\ufffd  0123456789ab");
  expect(second).toMatch(/; not signed$/);
});

it.each<[string, (decision: Record<string, unknown>) => void]>([
  ["approvals", (decision) => delete decision["approvals"]],
  ["a way back in words", (decision) => (decision["wayBack"] = { toString: 1 })],
  [
    "waivers of anybody",
    (decision) => (decision["findings"] = [{ criterion: "a", verdict: "waived", found: "", waived: { by: 1 } }]),
  ],
])("history leaves out a decision without %s, and shows the others", async (_name, change) => {
  const id = await decided();
  const made = await forged(id, change);
  const { exitCode, said } = await run("history", "staging");
  expect(exitCode).toBe(0);
  expect(said).toContain(id.slice(0, 12));
  expect(said).not.toContain(made.slice(0, 12));
});

it("history tells that the signer is revoked, and why", async () => {
  await decided({ revoked: [{ identity: "gate", since: NOW, reason: "compromise" }] });
  expect((await run("history", "staging")).said).toMatch(
    /; its signature does not count: gate was revoked as compromised: nothing counts that it ever signed$/,
  );
});

it("history tells that revoked keys are not known", async () => {
  await decided({ list: false });
  expect((await run("history", "staging")).said).toContain(
    'note: no list of revoked keys: "revocations.json" is missing',
  );
});

it("replay tells what differs, and that another program decides", async () => {
  const id = await decided({ pack: "4".repeat(64) });
  const { exitCode, said } = await run("replay", id.slice(0, 12), "--store", join(project.root, "evidence"));
  expect(exitCode).toBe(1);
  expect(said).toContain(
    `note: decided then by the program 444444444444, and again by ${programDigest(project.root).slice(0, 12)}`,
  );
  expect(said).toContain("differs: budget: not judged then, ");
});

it("replay says nothing of the program where it is the same", async () => {
  const id = await decided();
  expect((await run("replay", id.slice(0, 12), "--store", join(project.root, "evidence"))).said).not.toContain(
    "decided then by the program",
  );
});
