import { mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { digest } from "../../evidence/canonical";
import { readDecision, SUMMARY_TYPE } from "../../evidence/decisions";
import { EnvelopeError, parseEnvelope, sign, STATEMENT_TYPE } from "../../evidence/dsse";
import { FORMATS } from "../../evidence/intake";
import { reportFile } from "../../evidence/intake/report";
import { EVIDENCE_KINDS } from "../../evidence/predicates";
import { readEvidence } from "../../evidence/read";
import { parseStatement } from "../../evidence/statement";
import { openStore, type Store } from "../../evidence/store";
import { parseTrust } from "../../evidence/trust";
import { signTrustChange, standingOf } from "../../evidence/trust/changes";
import { withRevocations } from "../../evidence/trust/open";
import { readRevocations } from "../../evidence/trust/revocations";
import { machineClock } from "../../rollout/clock";
import { HoldpointError } from "../../rollout/errors";
import { parsePlan } from "../../rollout/plan";
import { COMMIT, envelope, HAPPY, NOW, revocationsSource, trustSource, world } from "./world";

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
    const tag = fc.constantFrom(
      ...["testsuites", "testsuite", "testcase", "failure", "__proto__", "constructor", "a"],
      ...["bom", "metadata", "timestamp", "components", "component", "name", "version", "purl"],
    );
    const attributes = fc.constantFrom(
      "",
      ' tests="1"',
      ' tests="x"',
      ' name="&#99999999;"',
      ' time="1e999"',
      ' timestamp="2026-11-21T00:00:00Z" time="1"',
      ' __proto__="x"',
      ' xmlns="http://cyclonedx.org/schema/bom/1.6"',
      ' type="library"',
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

/** What a hostile file may cost at most, in milliseconds; a machine that does ten other things is slow. */
const BOUND = 15_000;

/** The time that some work takes; fails where it is over the bound. */
async function bounded(work: () => unknown): Promise<void> {
  const started = performance.now();
  await work();
  expect(performance.now() - started).toBeLessThan(BOUND);
}

const STATED = {
  stage: "staging",
  suite: "s",
  finishedAt: NOW,
  branch: "main",
  since: NOW,
  scope: "full",
  trigger: "manual",
} as const;

/** Whether any format takes bytes for a report. Throws only what is no refusal. */
function taken(bytes: Uint8Array): string[] {
  const refused = <T>(work: () => T): T | undefined => {
    try {
      return work();
    } catch (error) {
      expect(error).toBeInstanceOf(HoldpointError);
      return undefined;
    }
  };
  const file = refused(() => reportFile("fuzzed", bytes));
  if (file === undefined) return [];
  const takes = FORMATS.filter((format) => refused(() => format.recognises(file)) === true);
  // Some formats carry their time, and then none may be stated.
  const { finishedAt: _unstated, ...untimed } = STATED;
  return takes.flatMap((format) =>
    [STATED, untimed].flatMap((stated) => JSON.stringify(refused(() => format.read([file], stated))) ?? []),
  );
}

const suite = (body: string, head = ""): string =>
  `<?xml version="1.0"?>${head}<testsuites><testsuite name="s" tests="1" failures="0" errors="0" skipped="0" time="1" ` +
  `timestamp="2026-11-21T10:00:00Z">${body}</testsuite></testsuites>`;
const bom = (components: string, head = ""): string =>
  `<?xml version="1.0"?>${head}<bom xmlns="http://cyclonedx.org/schema/bom/1.6"><metadata><timestamp>2026-11-21T10:00:00Z` +
  `</timestamp></metadata><components>${components}</components></bom>`;
const CASE = '<testcase classname="c" name="n" time="1"/>';

describe("hostile XML", () => {
  it("the happy case is taken, so that the others mean something", () => {
    expect(taken(Buffer.from(suite(CASE)))).toHaveLength(1);
    expect(taken(Buffer.from(bom('<component type="library"><name>a</name></component>')))).toHaveLength(1);
  });

  const bomb = Array.from({ length: 40 }, (_, n) => `<!ENTITY e${n + 1} "${`&e${n};`.repeat(10)}">`).join("");
  it.each([
    [
      "an external entity",
      suite('<testcase classname="c" name="&x;" time="1"/>', '<!DOCTYPE t [<!ENTITY x SYSTEM "file:///etc/passwd">]>'),
    ],
    [
      "an external entity in text",
      suite(`${CASE}<system-out>&x;</system-out>`, '<!DOCTYPE t [<!ENTITY x SYSTEM "file:///etc/passwd">]>'),
    ],
    ["an external document type", suite(CASE, '<!DOCTYPE t SYSTEM "http://127.0.0.1:9/x.dtd">')],
    ["a parameter entity", suite(CASE, '<!DOCTYPE t [<!ENTITY % p SYSTEM "http://127.0.0.1:9/x"> %p;]>')],
    [
      "a bomb of entities",
      suite('<testcase classname="c" name="&e40;" time="1"/>', `<!DOCTYPE t [<!ENTITY e0 "lol">${bomb}]>`),
    ],
    ["an entity of itself", suite('<testcase classname="c" name="&a;" time="1"/>', '<!DOCTYPE t [<!ENTITY a "&a;">]>')],
    [
      "twenty thousand attributes",
      suite(`<testcase ${Array.from({ length: 20_000 }, (_, n) => `a${n}="1"`).join(" ")} classname="c" name="n"/>`),
    ],
    ["a hundred thousand levels", `${"<testsuite>".repeat(100_000)}${"</testsuite>".repeat(100_000)}`],
    ["a comment that never ends", suite(`${CASE}<!-- ${"-".repeat(500_000)}`)],
    ["CDATA that never ends", suite(`${CASE}<![CDATA[${"]]".repeat(500_000)}`)],
    ["processing instructions", suite(`${"<?x y?>".repeat(20_000)}${CASE}`)],
    [
      "an external entity in a list of components",
      bom(
        '<component type="library"><name>&x;</name></component>',
        '<!DOCTYPE b [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
      ),
    ],
    [
      "a bomb of entities in a list of components",
      bom('<component type="library"><name>&e40;</name></component>', `<!DOCTYPE b [<!ENTITY e0 "lol">${bomb}]>`),
    ],
    [
      "components in components without end",
      bom(
        `${'<component type="library"><name>a</name><components>'.repeat(20_000)}${"</components></component>".repeat(20_000)}`,
      ),
    ],
    ["fifty thousand components", bom('<component type="library"><name>a</name></component>'.repeat(50_000))],
  ])("%s ends within the bound, and nothing of another file is read", async (_name, xml) => {
    await bounded(() => {
      for (const read of taken(Buffer.from(xml))) expect(read).not.toMatch(/root:|lollol/);
    });
  });

  it("that was cut off anywhere is never taken", () => {
    const whole = suite(CASE.repeat(3).replace(/tests="1"/, 'tests="3"'));
    fc.assert(
      fc.property(fc.nat(whole.length - 2), (end) => {
        expect(taken(Buffer.from(whole.slice(0, end)))).toEqual([]);
      }),
      RUNS,
    );
  });
});

describe("reports in another encoding", () => {
  const xml = suite(CASE);
  it.each([
    ["UTF-16 with a mark", Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(xml, "utf16le")])],
    ["UTF-16 without one", Buffer.from(xml, "utf16le")],
    ["UTF-32", Buffer.concat([...xml].map((char) => Buffer.from([char.charCodeAt(0), 0, 0, 0])))],
    [
      "overlong UTF-8",
      Buffer.concat([Buffer.from(xml.slice(0, -30)), Buffer.from([0xc0, 0xbc]), Buffer.from(xml.slice(-30))]),
    ],
    [
      "half a surrogate",
      Buffer.concat([Buffer.from(xml.slice(0, -30)), Buffer.from([0xed, 0xa0, 0x80]), Buffer.from(xml.slice(-30))]),
    ],
    ["Latin-1", Buffer.from(xml.replace('name="n"', 'name="\u00e9"'), "latin1")],
  ])("%s is never taken", (_name, bytes) => {
    expect(taken(bytes)).toEqual([]);
  });

  it("envelopes and statements in them count for nothing", async () => {
    const text = JSON.stringify(envelope("drill", [keys.sre]));
    for (const encoding of ["utf16le", "latin1"] as const) {
      const bytes = Buffer.from(encoding === "latin1" ? text.replace("{", '{"\u00e9":1,') : text, encoding);
      expect(await counts(bytes)).toBe(0);
    }
    const body = Buffer.from(envelope("drill", [keys.sre]).payload, "base64");
    const wide = Buffer.from(body.toString("utf8"), "utf16le");
    expect(await counts(Buffer.from(JSON.stringify(sign(STATEMENT_TYPE, wide, [keys.sre]))))).toBe(0);
  });
});

describe("what real tools wrote, cut off", () => {
  const files = (readdirSync("test/fixtures", { recursive: true }) as string[])
    .filter((name) => /\.(?:json|xml)$/.test(name))
    .map((name) => [name, readFileSync(join("test/fixtures", name))] as const)
    .filter(([, bytes]) => bytes.length > 200 && bytes.length < 200_000);

  it.each(files.map(([name]) => name))("%s is never taken for the whole", (name) => {
    const bytes = files.find(([one]) => one === name)?.[1] ?? Buffer.alloc(0);
    const text = bytes.toString("utf8").trimEnd();
    // A log of single lines may end after any of them: that it must not is its format's own test.
    const single = /^\s*[[{<]/.test(text) && !/\}\s*\n\s*\{/.test(text);
    if (!single) return;
    fc.assert(
      fc.property(fc.nat(text.length - 2), (end) => {
        expect(taken(Buffer.from(text.slice(0, end)))).toEqual([]);
      }),
      { numRuns: 15 },
    );
  });
});

describe("what real tools wrote, with a member replaced by anything", () => {
  const files = (readdirSync("test/fixtures/evidence", { recursive: true }) as string[])
    .filter((name) => /\.(?:json|sarif)$/.test(name))
    .map((name) => [name, readFileSync(join("test/fixtures/evidence", name))] as const)
    .filter(([, bytes]) => bytes.length < 200_000);

  it.each(files)("%s is read or refused, in words", async (_name, bytes) => {
    const text = bytes.toString("utf8");
    if (!/^\s*[[{]/.test(text) || /\}\s*\n\s*\{/.test(text)) return;
    const report: unknown = JSON.parse(text);
    const paths = membersOf(report);
    await bounded(() => {
      fc.assert(
        fc.property(fc.constantFrom(...paths), fc.jsonValue({ maxDepth: 2 }), (path, value) => {
          const copy = JSON.parse(text) as Record<string, unknown>;
          const parent = path.slice(0, -1).reduce((at, name) => at[name] as Record<string, unknown>, copy);
          parent[path.at(-1) ?? ""] = value;
          taken(Buffer.from(JSON.stringify(copy)));
        }),
        { numRuns: 15 },
      );
    });
  });
});

/** The path of every member, however deep. */
function membersOf(value: unknown, path: readonly string[] = []): string[][] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([name, member]) => {
    const own = [...path, name];
    return [own, ...membersOf(member, own)];
  });
}

describe("huge and deep JSON", () => {
  it.each([
    ["a million brackets", "[".repeat(1_000_000)],
    ["a million objects", '{"a":'.repeat(1_000_000)],
    ["sixty thousand members", `{${Array.from({ length: 60_000 }, (_, n) => `"a${n}":1`).join(",")}}`],
    ["one number", "9".repeat(4_000_000)],
    ["escapes", `"${"\\u0041".repeat(500_000)}"`],
    ["quotes", '"\\\\'.repeat(500_000)],
  ])("%s ends within the bound, and counts for nothing", async (_name, text) => {
    await bounded(async () => {
      expect(taken(Buffer.from(text))).toEqual([]);
      expect(await counts(Buffer.from(text))).toBe(0);
      expect(await counts(Buffer.from(JSON.stringify(sign(STATEMENT_TYPE, Buffer.from(text), [keys.sre]))))).toBe(0);
    });
  });
});

describe("hostile YAML", () => {
  const aliases = Array.from({ length: 30 }, (_, n) => `a${n + 1}: &a${n + 1} [${Array(9).fill(`*a${n}`).join(", ")}]`);
  it.each([
    ["a bomb of aliases", ["a0: &a0 [x, x]", ...aliases].join("\n")],
    ["an anchor of itself", "people: &a [*a]"],
    [
      "merges of merges",
      [
        "a0: &a0 { x: 1 }",
        ...Array.from({ length: 30 }, (_, n) => `a${n + 1}: &a${n + 1} { <<: [*a${n}, *a${n}] }`),
      ].join("\n"),
    ],
    ["a hundred thousand levels", "[".repeat(100_000)],
    ["a hundred thousand indents", Array.from({ length: 2_000 }, (_, n) => `${" ".repeat(n)}a:`).join("\n")],
    ["a tag", "kind: !!js/function 'function () { return 1 }'"],
    ["several documents", "kind: Trust\n---\nkind: Trust\n"],
    ["a key twice", "kind: Trust\nkind: Trust\n"],
    ["a prototype", "__proto__: { kind: Trust }\nconstructor: 1"],
    ["a huge file", `people: [${"x,".repeat(3_000_000)}]`],
    ["nothing but NUL", "\u0000".repeat(10_000)],
    ["UTF-16", Buffer.from("kind: Trust", "utf16le").toString("latin1")],
  ])("%s is refused within the bound, as trust file and as plan", async (_name, text) => {
    await bounded(() => {
      for (const parse of [parseTrust, parsePlan]) {
        try {
          parse(text, "file.yaml");
          expect.unreachable();
        } catch (error) {
          expect(error).toBeInstanceOf(HoldpointError);
        }
      }
    });
  });
});

describe("a store that anybody has written to", () => {
  const fresh = (): Store => openStore(mkdtempSync(join(tmpdir(), "holdpoint-fuzz-")));
  const WANTS = { about: [COMMIT, "..", "/etc"], anywhere: ["drill", "../.."], kinds: ["cost"] };
  const put = (store: Store, name: string, content: Uint8Array): void => {
    const file = join(store.folder, name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
  };
  const id = fc.constantFrom("0".repeat(64), "a".repeat(64), "A".repeat(64), "..", "x", digest("x"));
  const listing = fc.oneof(
    fc
      .tuple(fc.constantFrom("drill", "x", "__proto__"), fc.constantFrom("-", "staging", "~"), id)
      .map((parts) => `index/about/${COMMIT}/${parts.join("~")}`),
    id.map((one) => `index/kind/drill/0000000000000001~${one}`),
    fc.nat(9).map((n) => `log/evidence/${String(n).padStart(10, "0")}.json`),
    fc.nat(9).map((n) => `log/decisions/${String(n).padStart(10, "0")}.json`),
    id.map((one) => `${one.slice(0, 64)}.intoto.jsonl`).filter((name) => !name.startsWith("..")),
  );
  const content = fc.oneof(
    fc.uint8Array({ maxLength: 60 }),
    fc.json().map((text) => Buffer.from(text)),
    fc
      .tuple(fc.nat(9), id)
      .map(([n, one]) => Buffer.from(JSON.stringify({ n, id: one, before: digest(""), stack: "x" }))),
  );

  it("gives a gate nothing, and never ends it", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(listing, content), { maxLength: 8 }), async (files) => {
        const store = fresh();
        for (const [name, bytes] of files) put(store, name, bytes);
        const read = await readEvidence(store, trust, machineClock, { now: NOW, wants: WANTS });
        expect([read.evidence, read.approvals]).toEqual([[], []]);
        await store.log.evidence.walk();
        await store.log.decisions.walk();
      }),
      { numRuns: 60 },
    );
  });

  it("a listing that names good evidence of another kind or release adds no more than what it is", async () => {
    const store = fresh();
    const good = await store.put(envelope("drill", [keys.sre]));
    put(store, `index/about/${"b".repeat(40)}/cost~production~${good}`, Buffer.alloc(0));
    const wants = { about: ["b".repeat(40)], anywhere: [], kinds: [] };
    const { evidence } = await readEvidence(store, trust, machineClock, { now: NOW, wants });
    expect(evidence.map(({ kind, stage, subject }) => [kind, stage, subject.commits])).toEqual([
      ["drill", "staging", [COMMIT]],
    ]);
  });

  it("a damaged decision is none, or tells that nobody signed it", async () => {
    const store = fresh();
    const body = Buffer.from(
      JSON.stringify({
        _type: "https://in-toto.io/Statement/v1",
        subject: [{ digest: { gitCommit: COMMIT } }],
        predicateType: SUMMARY_TYPE,
        predicate: {},
      }),
    );
    const line = Buffer.from(JSON.stringify(sign(STATEMENT_TYPE, body, [keys.ci])));
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          damaged(line),
          fc.json().map((text) => Buffer.from(text)),
        ),
        async (bytes) => {
          const kept = await store.keep("decisions", bytes.toString("utf8"));
          const record = await readDecision(store, kept, trust);
          expect(record?.signature.is ?? "unknown").not.toBe("signed");
        },
      ),
      { numRuns: 60 },
    );
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

describe("the list of revoked keys", () => {
  it("that was damaged, or is anything else, is a problem or says what was signed; never thrown", () => {
    const good = readRevocations(revocationsSource, trust, NOW).list;
    expect(good?.serial).toBe(1);
    const any = fc.oneof(
      damaged(Buffer.from(revocationsSource)).map((bytes) => bytes.toString("latin1")),
      fc.json(),
      fc.string({ unit: "binary" }),
    );
    fc.assert(
      fc.property(any, (text) => {
        const { list, problem } = readRevocations(text, trust, NOW);
        if (list === undefined) expect(problem?.id).toBe("trust.revocations");
        else expect(list.body.equals(good?.body ?? Buffer.alloc(0))).toBe(true);
      }),
      { numRuns: 100 },
    );
  });
});

describe("a change of the trust file", () => {
  const next = trustSource.replace("version: 1", "version: 2");
  const changed = withRevocations(parseTrust(next, "trust.yaml"), revocationsSource, NOW);
  const mark = { digest: digest(trustSource), version: 1, revocations: { serial: 1, revoked: [] } };
  const change = { from: digest(trustSource), to: digest(next), version: 2, signedAt: NOW };
  const bytes = Buffer.from(JSON.stringify(signTrustChange(change, keys.cto)));
  const standing = (found: Buffer) =>
    standingOf({
      store: {
        kept: () => Promise.resolve(trustSource),
        find: () => Promise.resolve({ envelopes: [{ id: "x", file: "x", bytes: found }], rejected: [], gone: [] }),
      },
      trust: changed,
      stage: "production",
      record: { trust: mark },
      now: NOW,
    });

  it("holds undamaged, so that the other means something", async () => {
    expect((await standing(bytes)).problems).toEqual([]);
  });

  it("that was damaged holds only if what was signed is untouched; never thrown", async () => {
    const payload = parseEnvelope(bytes).payload;
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          damaged(bytes),
          fc.json().map((text) => Buffer.from(text)),
        ),
        async (found) => {
          const { problems } = await standing(found);
          if (problems.length === 0)
            expect(Buffer.from(parseEnvelope(found).payload, "base64")).toEqual(Buffer.from(payload, "base64"));
          else expect(problems.map(({ id }) => id)).toEqual(["trust"]);
        },
      ),
      { numRuns: 100 },
    );
  });
});
