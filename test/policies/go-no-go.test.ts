import type { ResourceValidationArgs } from "@pulumi/policy";
import { describe, expect, test } from "vitest";
import type { Decided, Gate } from "../../policies/gate";
import { goNoGo } from "../../policies/go-no-go";
import { CLEARANCE, STEP } from "../../rollout/clearance";

const gate = (more: Partial<Decided>): Gate =>
  ({ mode: "up", decided: Promise.resolve({ outcome: "GO", refusals: [], overview: "", ...more }) }) as unknown as Gate;
const stash = (name: string, input: object) =>
  ({ type: CLEARANCE.type, name, props: { input } }) as unknown as ResourceValidationArgs;
const step = stash(STEP, { weight: 0 });
const asked = stash(CLEARANCE.name, { request: {}, nonce: "n" });

describe("what the pack writes into a step's record", () => {
  test("is what was promised and reached", async () => {
    const policy = goNoGo(gate({ promised: [], reached: [] }));
    expect(await policy.remedy?.(step)).toEqual({ input: { weight: 0, reached: [] } });
  });

  test("is nothing where the record could not be read, and the program is told to leave it", async () => {
    const policy = goNoGo(gate({ unread: true }));
    expect(await policy.remedy?.(step)).toBeUndefined();
    expect(await policy.answer?.(asked)).toMatchObject({ unread: true });
    expect(await goNoGo(gate({})).answer?.(asked)).not.toHaveProperty("unread");
  });
});
