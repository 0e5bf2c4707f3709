import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseJson } from "../../evidence/json";
import { EnvelopeError, envelopeOf, envelopeSchema } from "../../evidence/dsse";
import { parseStatement, statementSchema } from "../../evidence/statement";

/** Mostly what it should be, sometimes anything. */
const mostly = <T>(good: fc.Arbitrary<T>): fc.Arbitrary<unknown> =>
  fc.oneof(
    { weight: 30, arbitrary: good },
    { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 2 }) },
    { weight: 1, arbitrary: fc.constant(undefined) },
  );
const named = fc.string({ maxLength: 6 });
const extra = fc.dictionary(fc.constantFrom("extra", "scopes", "toString"), fc.jsonValue({ maxDepth: 1 }), {
  maxKeys: 1,
});
const withExtra = (object: object, more: object): object => ({ ...more, ...object });

const signature = fc.record({ keyid: mostly(named), sig: mostly(named) });
const envelopes = fc
  .tuple(
    fc.record({
      payload: mostly(named),
      payloadType: mostly(named),
      signatures: mostly(fc.array(mostly(signature), { maxLength: 34 })),
    }),
    extra,
  )
  .map(([envelope, more]) => withExtra(envelope, more));

const hex = (length: number): fc.Arbitrary<string> =>
  fc.constantFrom("a".repeat(length), "0".repeat(length), "A".repeat(length), "a".repeat(length + 1), "");
const digests = fc.oneof(
  { weight: 4, arbitrary: fc.record({ sha256: mostly(hex(64)) }) },
  { weight: 2, arbitrary: fc.record({ sha256: mostly(hex(64)), gitCommit: mostly(hex(40)) }) },
  {
    weight: 1,
    arbitrary: fc.record({ sha256: hex(64), sha512: mostly(named), ["__proto__"]: named }, { requiredKeys: [] }),
  },
);
const statements = fc
  .tuple(
    fc.record({
      _type: mostly(fc.constantFrom("https://in-toto.io/Statement/v1", "https://in-toto.io/Statement/v0.1")),
      subject: mostly(fc.array(mostly(fc.record({ name: mostly(named), digest: mostly(digests) })), { maxLength: 3 })),
      predicateType: mostly(named),
      predicate: mostly(extra),
    }),
    extra,
  )
  .map(([statement, more]) => withExtra(statement, more));

const RUNS = { numRuns: 1_000 };

/** The value, or undefined where it is refused. */
function outcome<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    expect(error).toBeInstanceOf(EnvelopeError);
    return undefined;
  }
}

describe("the short way to read what has nothing unusual about it", () => {
  it("reads of an envelope what the schema reads, and nothing that the schema refuses", () => {
    let read = 0;
    fc.assert(
      fc.property(envelopes, (envelope) => {
        const json = JSON.parse(JSON.stringify(envelope)) as unknown;
        const { data } = envelopeSchema.safeParse(json);
        const wanted = data && {
          ...data,
          signatures: data.signatures.map(({ keyid, sig }) => (keyid == null ? { sig } : { keyid, sig })),
        };
        expect(outcome(() => envelopeOf(json))).toEqual(wanted);
        if (wanted !== undefined) read++;
      }),
      RUNS,
    );
    expect(read).toBeGreaterThan(20);
  });

  it("reads of a statement what the schema reads, and nothing that the schema refuses", () => {
    let read = 0;
    fc.assert(
      fc.property(statements, (statement) => {
        const text = JSON.stringify(statement);
        const { data } = statementSchema.safeParse(JSON.parse(text));
        const all = data?.subject.map((one) => one.digest);
        const wanted = data && {
          subject: {
            commits: all?.flatMap((one) => one.gitCommit ?? []),
            sha256: all?.flatMap((one) => one.sha256 ?? []),
          },
          predicateType: data.predicateType,
          predicate: data.predicate,
        };
        expect(outcome(() => parseStatement(Buffer.from(text)))).toEqual(wanted);
        if (wanted !== undefined) read++;
      }),
      RUNS,
    );
    expect(read).toBeGreaterThan(20);
  });
});

describe("JSON with one reading", () => {
  const json = (depth: number): fc.Arbitrary<unknown> => fc.jsonValue({ maxDepth: depth });

  it("is what JSON.parse reads where no member occurs twice", () => {
    fc.assert(
      fc.property(json(4), (value) => {
        const text = JSON.stringify(value, undefined, 1);
        expect(parseJson(text)).toEqual(JSON.parse(text));
      }),
      RUNS,
    );
  });

  it("is refused with a member twice, however deep and whatever it is called", () => {
    fc.assert(
      fc.property(fc.string(), json(3), json(3), fc.array(fc.boolean(), { maxLength: 5 }), (name, one, two, levels) => {
        const member = JSON.stringify(name);
        const inner = `{${member}:${JSON.stringify(one)},"other":{},${member}:${JSON.stringify(two)}}`;
        const text = levels.reduce((body, list) => (list ? `[1,${body}]` : `{"a{\\"":${body},"b":[]}`), inner);
        if (name === "other") return;
        expect(() => parseJson(text)).toThrow("occurs twice");
      }),
      RUNS,
    );
  });
});
