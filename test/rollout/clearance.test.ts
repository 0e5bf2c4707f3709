import { describe, expect, it } from "vitest";
import { ROLL_CALL, checkAnswer, type Asked, type PackVerdict } from "../../rollout/clearance";
import type { HoldpointError } from "../../rollout/errors";

const request = { stack: "production", plan: "a", program: "b" };
const asked: Asked = { stack: "production", mode: "up", nonce: "n".repeat(32), request, requestDigest: "d" };

function verdict(changes: Partial<PackVerdict> = {}): PackVerdict {
  const { nonce, requestDigest } = asked;
  return {
    nonce: nonce ?? "",
    mode: "up",
    outcome: "GO",
    request: requestDigest,
    text: "",
    rollCall: ROLL_CALL,
    ...changes,
  };
}

function refusal(answer: unknown, of: Asked = asked): string {
  try {
    checkAnswer(answer, of);
  } catch (error) {
    return (error as HoldpointError).message;
  }
  return "no refusal";
}

describe("the program's check of the pack's answer", () => {
  it("takes a fresh answer about its own request", () => {
    expect(checkAnswer({ request, verdict: verdict() }, asked).outcome).toBe("GO");
  });

  it("takes an answer without a nonce in a preview, where the nonce is unknown", () => {
    const { nonce: _, ...preview } = { ...asked, mode: "preview" as const };
    const { nonce: _none, ...answer } = verdict({ mode: "preview" });
    expect(checkAnswer({ request, verdict: answer }, preview).mode).toBe("preview");
  });

  it.each([
    ["no answer at all", undefined],
    ["inputs as it sent them, with no pack", { request }],
    ["a verdict that is no object", { request, verdict: "GO" }],
  ])("refuses %s", (_, answer) => {
    expect(refusal(answer)).toBe("no policy pack answered, and this program changes nothing without one");
  });

  it("refuses the answer that the state kept from an earlier update", () => {
    expect(refusal({ request, verdict: verdict({ nonce: "o".repeat(32) }) })).toBe(
      "the answer belongs to an earlier run",
    );
    expect(refusal({ request, verdict: { ...verdict(), nonce: undefined } })).toBe(
      "the answer belongs to an earlier run",
    );
  });

  it("refuses an update's answer where it takes itself for a preview, as a caller's environment can make it", () => {
    const { nonce: _, ...preview } = { ...asked, mode: "preview" as const };
    expect(refusal({ request, verdict: verdict() }, preview)).toBe(
      "the answer is for an update, this run takes itself for a preview",
    );
  });

  it("refuses a preview's answer in an update", () => {
    expect(refusal({ request, verdict: verdict({ mode: "preview" }) })).toBe(
      "the answer is for a preview, this run takes itself for an update",
    );
  });

  it("refuses an answer about another request", () => {
    expect(refusal({ request, verdict: verdict({ request: "e" }) })).toBe("the answer is about another request");
    expect(refusal({ request: { ...request, plan: "z" }, verdict: verdict() })).toBe(
      "the answer is about another request",
    );
  });

  it.each(ROLL_CALL)("refuses an answer that %s did not sign", (name) => {
    const rollCall = ROLL_CALL.filter((signed) => signed !== name);
    expect(refusal({ request, verdict: verdict({ rollCall }) })).toBe(
      `policies switched off, or set to another level: ${name}`,
    );
  });
});
