import type { ResourceValidationArgs } from "@pulumi/policy";
import { UnknownValueError } from "@pulumi/policy";
import { describe, expect, it } from "vitest";
import { heldPolicy, type HeldPolicy } from "../../policies/held-policy";

type Args = Pick<ResourceValidationArgs, "type" | "name" | "props">;
const resource = (args: Partial<Args> = {}) =>
  ({ type: "aws:kms/key:Key", name: "key", props: {}, ...args }) as unknown as ResourceValidationArgs;
const clearance = (input: unknown) => resource({ type: "pulumi:index:Stash", name: "clearance", props: { input } });

const answer = async () => ({ mode: "up", outcome: "GO", request: "d", text: "" }) as const;
const held = (changes: Partial<HeldPolicy> = {}) =>
  heldPolicy({ name: "go-no-go", description: "holds", check: () => [], ...changes });

async function violations(policy: ReturnType<typeof heldPolicy>, of = resource()): Promise<string[]> {
  const found: string[] = [];
  const validate = policy.validateResource;
  if (typeof validate !== "function") throw new Error("a held policy has one validation");
  await validate(of, (message) => found.push(message));
  return found;
}

describe("a held policy", () => {
  it("has both hooks at the one level at which both run", () => {
    const policy = held();
    expect(policy.enforcementLevel).toBe("remediate");
    expect(policy.remediateResource).toBeTypeOf("function");
    expect(policy.validateResource).toBeTypeOf("function");
  });

  it("reports each problem as a violation of its own", async () => {
    expect(await violations(held({ check: () => ["one", "two"] }))).toEqual(["one", "two"]);
    expect(await violations(held())).toEqual([]);
  });

  it("says no where its check throws, also for an unknown value, which the SDK would only note", async () => {
    const broken = held({ check: () => Promise.reject(new Error("boom")) });
    expect(await violations(broken)).toEqual(["NO-GO go-no-go: the policy could not finish: boom"]);
    const unknown = held({
      check: () => Promise.reject(new UnknownValueError("04da6b54-80e4-46f7-96ec-b56ff0331ba9", ["input"])),
    });
    expect(await violations(unknown)).toEqual([
      "NO-GO go-no-go: the policy could not finish: string value at .input can't be known during preview",
    ]);
  });

  it("answers the clearance and signs its roll-call", async () => {
    const made = await held({ answer }).remediateResource?.(clearance({ request: { plan: "a" }, nonce: "n" }));
    expect(made).toEqual({
      input: {
        request: { plan: "a" },
        nonce: "n",
        verdict: { mode: "up", outcome: "GO", request: "d", text: "", rollCall: ["go-no-go"] },
      },
    });
  });

  it("signs after those before it", async () => {
    const verdict = { ...(await answer()), rollCall: ["go-no-go"] };
    const made = await held({ name: "approved-changes" }).remediateResource?.(clearance({ request: {}, verdict }));
    expect(made?.["input"].verdict.rollCall).toEqual(["go-no-go", "approved-changes"]);
  });

  it("signs nothing where the gate gave no answer", async () => {
    const made = await held({ name: "approved-changes" }).remediateResource?.(clearance({ request: {} }));
    expect(made).toEqual({ input: { request: {} } });
  });

  it("drops a verdict that the program brought itself", async () => {
    const forged = { mode: "up", outcome: "GO", request: "d", text: "", rollCall: ["protected-resources"] };
    const made = await held({ answer }).remediateResource?.(clearance({ request: {}, verdict: forged }));
    expect(made?.["input"].verdict.rollCall).toEqual(["go-no-go"]);
  });

  it("survives the nonce that a preview does not know", async () => {
    const input = {
      request: {},
      get nonce(): string {
        throw new UnknownValueError("04da6b54-80e4-46f7-96ec-b56ff0331ba9", ["nonce"]);
      },
    };
    const made = await held({ answer }).remediateResource?.(clearance(input));
    expect(Object.keys(made?.["input"])).toEqual(["request", "verdict"]);
  });
});
