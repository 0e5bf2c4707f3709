import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { keepDecision, readDecisions, type DecisionRecord } from "../../evidence/decisions";
import { openStore } from "../../evidence/store";

let store: string;
beforeEach(() => (store = mkdtempSync(join(tmpdir(), "decisions-"))));
afterEach(() => rmSync(store, { recursive: true }));

const record = (decidedAt: number, stack = "production"): DecisionRecord => ({
  stack,
  mode: "up",
  decision: { gate: `enter ${stack}`, outcome: "NO-GO", findings: [], decidedAt, approvals: [] },
});

describe("decisions", () => {
  it("are read back oldest first, GO and NO-GO alike", async () => {
    expect(await keepDecision(store, record(2000))).toBe(true);
    await keepDecision(store, record(1000, "staging"));
    expect((await readDecisions(store)).map(({ stack }) => stack)).toEqual(["staging", "production"]);
  });

  it("are none where nothing was decided", async () => {
    expect(await readDecisions(join(store, "gone"))).toEqual([]);
  });

  it("leave out a file that is no decision", async () => {
    await keepDecision(store, record(1000));
    writeFileSync(join(store, "decisions", "0.json"), "{");
    expect(await readDecisions(store)).toHaveLength(1);
  });

  it("say that they could not be kept, and throw nothing", async () => {
    writeFileSync(join(store, "decisions"), "a file in the way");
    expect(await keepDecision(store, record(1000))).toBe(false);
  });

  it("are no foreign files to the evidence store", async () => {
    await keepDecision(store, record(1000));
    expect(readdirSync(store)).toEqual(["decisions"]);
    expect((await openStore(store).readAll()).rejected).toEqual([]);
  });
});
