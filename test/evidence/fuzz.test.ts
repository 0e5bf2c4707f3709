import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { digest } from "../../evidence/canonical";
import { EnvelopeError, parseEnvelope, sign, STATEMENT_TYPE } from "../../evidence/dsse";
import { FORMATS } from "../../evidence/intake";
import { reportFile } from "../../evidence/intake/report";
import { EVIDENCE_KINDS } from "../../evidence/predicates";
import { readEvidence } from "../../evidence/read";
import { parseStatement } from "../../evidence/statement";
import type { Store } from "../../evidence/store";
import { parseTrust } from "../../evidence/trust";
import { machineClock } from "../../rollout/clock";
import { HoldpointError } from "../../rollout/errors";
import { envelope, HAPPY, NOW, world } from "./world";

const { keys, trust, store } = world();
const RUNS = { numRuns: 200 };

/** A store that holds these bytes under their right address. */
function holding(bytes: Buffer): Store {
  const id = digest(bytes);
  return { ...store, readAll: () => Promise.resolve({ envelopes: [{ id, file: "fuzzed", bytes }], rejected: [] }) };
}

async function counts(bytes: Buffer): Promise<number> {
  const { evidence, approvals, rejected } = await readEvidence(holding(bytes), trust, machineClock, { now: NOW });
  expect(evidence.length + approvals.length + rejected.length).toBe(1);
  return evidence.length + approvals.length;
}

/** Bytes with some of them replaced, dropped, doubled or with foreign ones put in. */
function damaged(original: Buffer): fc.Arbitrary<Buffer> {
  const place = fc.nat(original.length - 1);
  const edit = fc.tuple(
    place,
    place,
    fc.oneof(
      fc.uint8Array({ maxLength: 8 }),
      fc.constantFrom(...['"', "{", "]", "\\", "\u0000", ","].map((text) => Buffer.from(text))),
    ),
  );
  return edit.map(([a, b, put]) => {
    const [from, to] = [Math.min(a, b), Math.max(a, b)];
    const length = Math.min(to - from, 6);
    return Buffer.concat([original.subarray(0, from), put, original.subarray(from + length)]);
  });
}

describe("never a pass, never a crash", () => {
  const good = envelope("drill", [keys.sre]);
  const bytes = Buffer.from(JSON.stringify(good));

  it("the happy case passes, so that the others mean something", async () => {
    expect(await counts(bytes)).toBe(1);
  });

  it("a damaged envelope counts only if what was signed is untouched", async () => {
    await fc.assert(
      fc.asyncProperty(damaged(bytes), async (changed) => {
        if ((await counts(changed)) === 0) return;
        const { payload, payloadType } = parseEnvelope(changed);
        expect(Buffer.from(payload, "base64")).toEqual(Buffer.from(good.payload, "base64"));
        expect(payloadType).toBe(good.payloadType);
      }),
      RUNS,
    );
  });

  it("any bytes are no envelope", async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 400 }), async (any) => {
        expect(await counts(Buffer.from(any))).toBe(0);
      }),
      RUNS,
    );
  });

  it("any JSON in an envelope's shape that nobody trusted signed counts for nothing", async () => {
    const shape = fc.record({
      payload: fc.oneof(fc.base64String(), fc.string(), fc.constant(good.payload)),
      payloadType: fc.oneof(fc.string(), fc.constant(STATEMENT_TYPE)),
      signatures: fc.array(
        fc.record({ keyid: fc.oneof(fc.string(), fc.constant(keys.sre.id)), sig: fc.base64String() }),
      ),
    });
    await fc.assert(
      fc.asyncProperty(shape, async (any) => {
        expect(await counts(Buffer.from(JSON.stringify(any)))).toBe(0);
      }),
      RUNS,
    );
  });

  it("any body that a trusted key signed is read or rejected, never thrown over", async () => {
    const bodies = fc.oneof(
      fc.uint8Array({ maxLength: 200 }).map((any) => Buffer.from(any)),
      fc.json().map((text) => Buffer.from(text)),
      damaged(Buffer.from(good.payload, "base64")),
    );
    await fc.assert(
      fc.asyncProperty(bodies, async (body) => {
        await counts(Buffer.from(JSON.stringify(sign(STATEMENT_TYPE, body, [keys.sre]))));
      }),
      RUNS,
    );
  });

  it.each(EVIDENCE_KINDS)(
    "any predicate of kind %s with a member replaced by anything is read or rejected",
    async (kind) => {
      const happy = HAPPY[kind];
      const change = fc.tuple(fc.constantFrom(...Object.keys(happy)), fc.jsonValue());
      await fc.assert(
        fc.asyncProperty(change, async ([member, value]) => {
          const put = envelope(kind, [keys.sre, keys.ci, keys.scanner], {
            ...happy,
            [member]: JSON.parse(JSON.stringify(value)) as unknown,
          });
          await counts(Buffer.from(JSON.stringify(put)));
        }),
        { numRuns: 50 },
      );
    },
  );

  it("parsing throws EnvelopeError and nothing else", () => {
    const only = (work: () => unknown): void => {
      try {
        work();
      } catch (error) {
        expect(error).toBeInstanceOf(EnvelopeError);
      }
    };
    fc.assert(
      fc.property(fc.oneof(fc.json(), fc.string({ unit: "binary" }), fc.constant("[".repeat(500))), (text) => {
        only(() => parseEnvelope(text));
        only(() => parseStatement(Buffer.from(text)));
      }),
      RUNS,
    );
  });
});

describe("intake throws HoldpointError and nothing else", () => {
  const only = (work: () => unknown): void => {
    try {
      work();
    } catch (error) {
      expect(error).toBeInstanceOf(HoldpointError);
    }
  };
  const stated = {
    stage: "staging",
    suite: "s",
    finishedAt: NOW,
    branch: "main",
    since: NOW,
    scope: "full",
    trigger: "manual",
  } as const;
  const feed = (bytes: Uint8Array): void => {
    only(() => {
      const file = reportFile("fuzzed", bytes);
      for (const format of FORMATS) {
        only(() => format.recognises(file));
        only(() => format.read([file], stated));
      }
    });
  };

  it("for any bytes, JSON and XML", () => {
    const tag = fc.constantFrom("testsuites", "testsuite", "testcase", "failure", "__proto__", "constructor", "a");
    const attributes = fc.constantFrom(
      "",
      ' tests="1"',
      ' tests="x"',
      ' name="&#99999999;"',
      ' time="1e999"',
      ' timestamp="2026-11-21T00:00:00Z" time="1"',
      ' __proto__="x"',
    );
    const xml = fc
      .array(fc.tuple(tag, attributes, fc.boolean()), { maxLength: 12 })
      .map((parts) =>
        parts.reduceRight(
          (inner, [name, attribute, alone]) =>
            alone ? `<${name}${attribute}/>${inner}` : `<${name}${attribute}>${inner}</${name}>`,
          "",
        ),
      );
    const any = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.json(),
      xml,
      fc.constant(`<testsuite>${"<!-- -->".repeat(5000)}`),
      fc.constant("<!-- -->".repeat(5000)),
    );
    fc.assert(
      fc.property(any, (text) => feed(Buffer.from(text))),
      RUNS,
    );
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => feed(bytes)),
      RUNS,
    );
  });

  it("for megabytes in one string", () => {
    const started = Date.now();
    feed(Buffer.from(JSON.stringify({ oncalls: '\\"'.repeat(2_000_000) })));
    feed(Buffer.from(`<testsuite name="${"a".repeat(4_000_000)}">`));
    expect(Date.now() - started).toBeLessThan(15_000);
  });
});

describe("the trust file", () => {
  it("throws HoldpointError and nothing else for any text", () => {
    const line = fc.constantFrom(
      "people:",
      "  - id: x",
      "    roles: [a]",
      "    keys: [{ id: k, publicKey: x }]",
      "roles: { a: { may: [drill] } }",
      "kind: Trust",
      "apiVersion: holdpoint.dev/v1",
      "- &a *a",
      "x: !!js/function 1",
      "machines: 3",
      "roles: []",
      "people: [null]",
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.array(line).map((lines) => lines.join("\n")),
          fc.string(),
        ),
        (text) => {
          try {
            parseTrust(text, "trust.yaml");
          } catch (error) {
            expect(error).toBeInstanceOf(HoldpointError);
          }
        },
      ),
      RUNS,
    );
  });
});
