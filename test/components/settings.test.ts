import { describe, expect, test } from "vitest";
import { parseSettings, stackKind } from "../../components/settings";
import { HoldpointError } from "../../rollout/errors";
import { rawSettings, refusalOf } from "./support";

type Json = Record<string, unknown>;

/** A shipped stack with one change in its file, given to the engine as the file has it. */
function withText(stack: string, from: string, to: string) {
  const raw = rawSettings(stack);
  if (!raw.file.text.includes(from)) throw new Error(`${from} is not in the file`);
  return raw.file.text.replace(from, to);
}

/** A shipped stack with one key's value changed, in the engine's configuration; the file stays. */
function withValue(stack: string, key: string, change: (value: Json) => unknown) {
  const raw = rawSettings(stack);
  const changed = change(JSON.parse(raw.config[key] ?? "null") as Json);
  return { ...raw, config: { ...raw.config, [key]: JSON.stringify(changed) } };
}

function lineOf(stack: string, text: string): number {
  return (
    rawSettings(stack)
      .file.text.split("\n")
      .findIndex((line) => line.includes(text)) + 1
  );
}

describe("the shipped stacks", () => {
  test.each([
    ["production", "stage", "production"],
    ["staging", "stage", "staging"],
    ["production-canary", "canary", "production"],
    ["staging-canary", "canary", "staging"],
  ])("%s is a %s stack of %s", (stack, kind, stage) => {
    expect(parseSettings(rawSettings(stack))).toMatchObject({ stack, kind, stage, plan: "plans/omnihub.yaml" });
  });

  test("roll the same release out, over the same baseline, on every stage", () => {
    const all = ["production", "staging", "production-canary", "staging-canary"].map((stack) =>
      parseSettings(rawSettings(stack)),
    );
    for (const settings of all) {
      expect(settings.release).toEqual(all[0]?.release);
      expect(settings.baseline).toEqual(all[0]?.baseline);
    }
  });

  test("protect production and leave staging free", () => {
    expect(parseSettings(rawSettings("production")).protect).toBe(true);
    expect(parseSettings(rawSettings("production-canary")).protect).toBe(true);
    expect(parseSettings(rawSettings("staging")).protect).toBe(false);
  });

  test("begin with no traffic on the canary and no switch on", () => {
    const settings = parseSettings(rawSettings("production-canary"));
    expect(settings).toMatchObject({ canary: { weight: 0, killSwitch: false, safeMode: false } });
  });

  test("hold no secret", () => {
    for (const stack of ["production", "staging", "production-canary", "staging-canary"]) {
      expect(rawSettings(stack).file.text).not.toMatch(/secure:|password:|token:/i);
    }
  });
});

test("secrets are checked and stay out of the settings", () => {
  const raw = rawSettings("production");
  const settings = parseSettings({
    ...raw,
    config: { ...raw.config, "holdpoint:digestKey": "a-key-of-sixteen-and-more" },
  });
  expect(JSON.stringify(settings)).not.toContain("a-key-of-sixteen-and-more");
  expect(settings).not.toHaveProperty("redisAuthToken");
  expect(settings).not.toHaveProperty("digestKey");
});

test("keys of other namespaces are none of our business", () => {
  const raw = rawSettings("production");
  expect(() => parseSettings({ ...raw, config: { ...raw.config, "kubernetes:context": "prod" } })).not.toThrow();
});

test("the sandbox's folder may be there", () => {
  const raw = rawSettings("staging");
  expect(parseSettings({ ...raw, config: { ...raw.config, "holdpoint:sandbox": "/some/where" } }).sandbox).toBe(
    "/some/where",
  );
});

describe("a stack's name", () => {
  test.each([
    ["production", { kind: "stage", stage: "production" }],
    ["beta-2", { kind: "stage", stage: "beta-2" }],
    ["beta-2-canary", { kind: "canary", stage: "beta-2" }],
    ["beta-2.search-canary", { kind: "canary", stage: "beta-2", operation: "search" }],
  ])("%s says what it is", (stack, expected) => {
    expect(stackKind(stack)).toEqual(expected);
  });

  test.each(["-canary", "Production", "a b", "1st", "", "a.b", "a..b-canary", ".b-canary"])(
    '"%s" is refused',
    (stack) => {
      expect(refusalOf(() => stackKind(stack))).toBe(
        `found the stack "${stack}", expected "<stage>", "<stage>-canary" or "<stage>.<operation>-canary"`,
      );
    },
  );
});

describe("a mistake", () => {
  test("is a refusal with its code and where to read on, and no zod", () => {
    const raw = withValue("production-canary", "holdpoint:canary", (canary) => ({ ...canary, weight: 200 }));
    let error: unknown;
    try {
      parseSettings(raw);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(HoldpointError);
    expect(error).toMatchObject({
      code: "config-invalid",
      exitCode: 2,
      remedy: "mend Pulumi.production-canary.yaml; docs/configuration.md has every key",
    });
    expect(String(error)).not.toMatch(/zod|invalid_type/i);
  });

  test.each<[string, string, string, (value: Json) => unknown, string, string]>([
    [
      "a weight above 100",
      "production-canary",
      "canary",
      (value) => ({ ...value, weight: 200 }),
      "weight: 0",
      "canary.weight: found 200, expected a whole number from 0 to 100 percent",
    ],
    [
      "a weight that is no whole number",
      "production-canary",
      "canary",
      (value) => ({ ...value, weight: 2.5 }),
      "weight: 0",
      "canary.weight: found 2.5, expected a whole number from 0 to 100 percent",
    ],
    [
      "a switch that is text",
      "production-canary",
      "canary",
      (value) => ({ ...value, killSwitch: "yes" }),
      "killSwitch: false",
      'canary.killSwitch: found "yes", expected true or false',
    ],
    [
      "a short commit",
      "production",
      "release",
      (value) => ({ ...value, commit: "abc123" }),
      'commit: "3377',
      'release.commit: found "abc123", expected a full git commit of 40 hex digits, in quotes',
    ],
    [
      "a commit that YAML reads as a number",
      "production",
      "release",
      (value) => ({ ...value, commit: 12345 }),
      'commit: "3377',
      "release.commit: found 12345, expected a full git commit of 40 hex digits, in quotes",
    ],
    [
      "an image by its tag",
      "production",
      "release",
      (value) => ({ ...value, image: "omnihub:2.0.0" }),
      "@sha256:7c7a",
      'release.image: found "omnihub:2.0.0", expected an image with its digest, "<registry>/<name>@sha256:<64 hex>"',
    ],
    [
      "an author that is no identity",
      "production",
      "release",
      (value) => ({ ...value, author: "Dana Smith" }),
      "author: dana",
      'release.author: found "Dana Smith", expected an identity of the trust file such as "dana@omnihub.dev"',
    ],
    [
      "more pods at least than at most",
      "production",
      "environment",
      (value) => ({ ...value, baseline: { min: 20, max: 12 } }),
      "baseline: { min: 3, max: 12 }",
      "environment.baseline.max: found 12, expected at least as many as min",
    ],
  ])("of %s names its own place", (_what, stack, key, change, place, expected) => {
    const raw = withValue(stack, `holdpoint:${key}`, change);
    const message = refusalOf(() => parseSettings(raw));
    expect(message).toMatch(new RegExp(`^Pulumi\\.${stack}\\.yaml:${lineOf(stack, place)}:\\d+: `));
    expect(message.replace(/^\S+ /, "")).toBe(expected);
  });

  test("has the column of the value", () => {
    const raw = withValue("production-canary", "holdpoint:canary", (value) => ({ ...value, weight: -1 }));
    const column = "    weight: 0".indexOf("0") + 1;
    expect(refusalOf(() => parseSettings(raw))).toContain(`:${lineOf("production-canary", "weight: 0")}:${column}: `);
  });

  test("in a key's name comes with the right word, at the key", () => {
    const text = withText("production-canary", "killSwitch: false", "killswitch: false");
    const raw = rawSettings("production-canary");
    const config = {
      ...raw.config,
      "holdpoint:canary": JSON.stringify({ weight: 0, killswitch: false, safeMode: false }),
    };
    const message = refusalOf(() => parseSettings({ ...raw, config, file: { path: raw.file.path, text } }));
    expect(message).toContain(
      `Pulumi.production-canary.yaml:${lineOf("production-canary", "killSwitch: false")}:5: canary: found the unknown key "killswitch", expected "killSwitch"`,
    );
    expect(message).toContain('canary: found nothing, expected the key "killSwitch" (true or false)');
  });

  test("in the name of a section comes with the right word", () => {
    const raw = rawSettings("production");
    const config = { ...raw.config, "holdpoint:promethius": "http://example" };
    expect(refusalOf(() => parseSettings({ ...raw, config }))).toContain(
      'found the unknown key "promethius", expected "prometheus"',
    );
  });

  test.each([
    ["production", "canary", "Pulumi.production-canary.yaml"],
    ["production-canary", "waf", "Pulumi.production.yaml"],
  ])("of a section in the wrong kind of stack says where it belongs (%s, %s)", (stack, key, file) => {
    const raw = rawSettings(stack);
    const config = { ...raw.config, [`holdpoint:${key}`]: "{}" };
    expect(refusalOf(() => parseSettings({ ...raw, config }))).toContain(
      `found the key "${key}", expected it in ${file} only`,
    );
  });

  test.each([
    "plan",
    "trust",
    "evidence",
    "prometheus",
    "release",
    "baseline",
    "protect",
    "environment",
    "waf",
    "redis",
    "secrets",
    "monitoring",
  ])("of leaving out %s is told", (key) => {
    const raw = rawSettings("production");
    const { [`holdpoint:${key}`]: _left, ...config } = raw.config;
    expect(refusalOf(() => parseSettings({ ...raw, config }))).toContain(`found nothing, expected the key "${key}"`);
  });

  test("of leaving out the region is told", () => {
    const raw = rawSettings("production");
    const { "aws:region": _left, ...config } = raw.config;
    expect(refusalOf(() => parseSettings({ ...raw, config }))).toContain(
      'found nothing, expected the key "aws:region" (an AWS region such as "eu-central-1")',
    );
  });

  test.each([
    ["production", "kubernetes:enableConfigMapMutable"],
    ["production", "kubernetes:enableSecretMutable"],
    ["production-canary", "kubernetes:enableConfigMapMutable"],
  ])("of letting the provider replace what must be changed in place is told (%s, %s)", (stack, key) => {
    const raw = rawSettings(stack);
    const { [key]: _left, ...without } = raw.config;
    const expected = "expected true, or the provider replaces what must be changed in place";
    const told = (config: Record<string, string>) => refusalOf(() => parseSettings({ ...raw, config }));
    expect(told(without)).toContain(`${key}: found nothing, ${expected}`);
    expect(told({ ...without, [key]: "false" })).toContain(`${key}: found false, ${expected}`);
    expect(told(without)).toContain(`Pulumi.${stack}.yaml:${lineOf(stack, `${key}: true`)}:`);
  });

  test("is told together with all others, in the file's order", () => {
    const raw = rawSettings("production");
    const config = {
      ...raw.config,
      "holdpoint:prometheus": "prometheus:9090",
      "holdpoint:protect": "maybe",
      "holdpoint:redis": '{"kind":"memcached"}',
    };
    const lines = refusalOf(() => parseSettings({ ...raw, config })).split("\n");
    expect(lines[0]).toBe("3 mistakes");
    expect(lines[1]).toContain('prometheus: found "prometheus:9090", expected an address such as');
    expect(lines[2]).toContain('protect: found "maybe", expected true or false');
    expect(lines[3]).toContain('redis.kind: found "memcached", expected one of elasticache, in-cluster');
  });

  test("without a file is told without a place", () => {
    const { stack, config } = rawSettings("production-canary");
    const message = refusalOf(() => parseSettings({ stack, config: { ...config, "holdpoint:canary": "nonsense" } }));
    expect(message).toBe(
      'Pulumi.production-canary.yaml: canary: found "nonsense", expected a map with weight, killSwitch, safeMode',
    );
  });

  test("in the file's YAML itself is told with its place", () => {
    const raw = rawSettings("staging");
    const text = raw.file.text.replace("config:", "config: [");
    expect(() => parseSettings({ ...raw, file: { path: raw.file.path, text } })).toThrow(HoldpointError);
  });
});

describe("Redis' token", () => {
  test("is needed for kind elasticache, with the command that sets it", () => {
    const raw = rawSettings("production");
    const { "holdpoint:redisAuthToken": _token, ...config } = raw.config;
    const message = refusalOf(() => parseSettings({ ...raw, config }));
    expect(message).toBe(
      `Pulumi.production.yaml:${lineOf("production", "kind: elasticache")}:11: redis.kind: found "elasticache" without its secret "redisAuthToken", expected it set: pulumi config set --secret holdpoint:redisAuthToken`,
    );
  });

  test("is not asked for in the cluster", () => {
    expect(() => parseSettings(rawSettings("staging"))).not.toThrow();
  });

  test("is never shown, right or wrong", () => {
    const raw = rawSettings("production");
    const message = refusalOf(() =>
      parseSettings({ ...raw, config: { ...raw.config, "holdpoint:redisAuthToken": "hunter/2" } }),
    );
    expect(message).not.toContain("hunter");
    expect(message).toContain(
      "redisAuthToken: found another secret, expected a secret of 16 to 128 letters, digits and !&#$^<>-",
    );
  });

  test.each(["redisAuthToken", "digestKey"])(
    "or any other secret (%s) in plain text is refused, and not shown",
    (key) => {
      const raw = rawSettings("production");
      const text = `${raw.file.text}  holdpoint:${key}: 0123456789abcdefghij\n`;
      const config = { ...raw.config, [`holdpoint:${key}`]: "0123456789abcdefghij" };
      const message = refusalOf(() => parseSettings({ ...raw, config, file: { path: raw.file.path, text } }));
      expect(message).toBe(
        `Pulumi.production.yaml:${text.split("\n").length - 1}:${`  holdpoint:${key}: `.length + 1}: ${key}: found a secret in plain text, expected it encrypted, and changed since it was readable: pulumi config set --secret holdpoint:${key}`,
      );
    },
  );

  test("that is encrypted in the file is taken", () => {
    const raw = rawSettings("production");
    const text = `${raw.file.text}  holdpoint:redisAuthToken:\n    secure: v1:abcdef\n`;
    expect(() => parseSettings({ ...raw, file: { path: raw.file.path, text } })).not.toThrow();
  });

  test("that is encrypted needs no reading of the file, whose comments name it", () => {
    const raw = rawSettings("production");
    const text = `# pulumi config set --secret holdpoint:digestKey\n  holdpoint:digestKey:\n    secure: v1:abcdef\n{ no YAML`;
    expect(() => parseSettings({ ...raw, file: { path: raw.file.path, text } })).not.toThrow();
    const open = text.replace("secure: v1:abcdef", "# secure: v1:abcdef");
    expect(() => parseSettings({ ...raw, file: { path: raw.file.path, text: open } })).toThrow("4:1: ");
  });
});

describe("the stack of one operation", () => {
  const search = (change: Record<string, string> = {}, stack = "production.search-canary") => {
    const raw = rawSettings("production-canary");
    const route = { ...JSON.parse(raw.config["holdpoint:route"] ?? "{}"), path: "/search" };
    const own = { "holdpoint:canary": '{"weight":10}' };
    const config = { ...raw.config, ...own, "holdpoint:route": JSON.stringify(route), ...change };
    return parseSettings({ stack, config });
  };

  test("is of its stage, and has a weight and a path alone", () => {
    expect(search()).toMatchObject({
      kind: "canary",
      stage: "production",
      operation: "search",
      canary: { weight: 10, killSwitch: false, safeMode: false },
      route: { path: "/search" },
    });
  });
  test("has no switch: they are the whole service's", () => {
    expect(refusalOf(() => search({ "holdpoint:canary": '{"weight":10,"killSwitch":true}' }))).toContain(
      'canary: found the unknown key "killSwitch", expected one of weight',
    );
  });
  test("needs a path that is not everything", () => {
    expect(refusalOf(() => search({ "holdpoint:route": JSON.stringify({ hostnames: ["a.dev"] }) }))).toContain("path");
    const root = { hostnames: ["a.dev"], gateway: { namespace: "a", name: "a", listener: "a" }, path: "/" };
    expect(refusalOf(() => search({ "holdpoint:route": JSON.stringify(root) }))).toContain(
      'route.path: found "/", expected a path such as "/search"',
    );
  });
});
