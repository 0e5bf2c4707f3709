import { describe, expect, test } from "vitest";
import { Waf, type WafArgs } from "../../components/waf";
import { declared, onceUnchanged, refusalOf, stageSettings } from "./support";

type Change = Partial<Omit<WafArgs, "settings">> & { settings?: Partial<WafArgs["settings"]> };

function args({ settings, ...change }: Change = {}): WafArgs {
  return {
    service: "omnihub",
    stage: "production",
    protect: true,
    settings: { ...stageSettings().waf, ...settings },
    ...change,
  };
}

const waf = onceUnchanged((change: Change) => declared(() => new Waf("waf", args(change))));

const ZONE = "00000000000000000000000000000001";

describe("the names", () => {
  test("go through Cloudflare's proxy and are protected from deletion", async () => {
    const record = (await waf()).one("DnsRecord");
    expect(record.inputs).toMatchObject({ zoneId: ZONE, name: "omnihub.dev", type: "CNAME", proxied: true, ttl: 1 });
    expect(record.protect).toBe(true);
    expect((await waf({ protect: false })).one("DnsRecord").protect).toBe(false);
  });

  test("send traffic only once every rule and setting is in force", async () => {
    const resources = await waf();
    const guards = [...resources.ofType("Ruleset"), ...resources.ofType("ZoneSetting")];
    expect(resources.one("DnsRecord").dependencies).toEqual(expect.arrayContaining(guards.map((each) => each.urn)));
  });
});

describe("the zone", () => {
  test.each([
    ["ssl", "strict"],
    ["min_tls_version", "1.2"],
    ["tls_1_3", "on"],
    ["always_use_https", "on"],
    ["automatic_https_rewrites", "on"],
    [
      "security_header",
      {
        strict_transport_security: {
          enabled: true,
          max_age: 31_536_000,
          include_subdomains: true,
          preload: false,
          nosniff: true,
        },
      },
    ],
  ])("has %s set to %j", async (settingId, value) => {
    const found = (await waf()).ofType("ZoneSetting").filter((each) => each.inputs.settingId === settingId);
    expect(found.map((each) => each.inputs)).toEqual([{ zoneId: ZONE, settingId, value }]);
  });
});

describe("the rules", () => {
  async function ruleset(phase: string, change: Change = {}) {
    const found = (await waf(change)).ofType("Ruleset").filter((each) => each.inputs.phase === phase);
    expect(found).toHaveLength(1);
    const [one] = found;
    expect(one?.inputs).toMatchObject({ zoneId: ZONE, kind: "zone" });
    expect(one?.protect).toBe(true);
    return one?.inputs.rules;
  }

  test("run Cloudflare's managed set and the OWASP core set", async () => {
    const rules = await ruleset("http_request_firewall_managed");
    expect(rules).toHaveLength(2);
    expect(rules[0]).toMatchObject({
      action: "execute",
      enabled: true,
      expression: "true",
      actionParameters: { id: "efb7b8c949ac4650a09736dc376e9aee" },
    });
    expect(rules[1]).toMatchObject({
      action: "execute",
      enabled: true,
      expression: "true",
      actionParameters: {
        id: "4814384a9e5d4991b9815dcfc25d2f1f",
        overrides: {
          categories: [
            { category: "paranoia-level-3", enabled: false },
            { category: "paranoia-level-4", enabled: false },
          ],
          rules: [{ id: "6179ae15870a4bb7b2d480d4843b323c", action: "managed_challenge", scoreThreshold: 40 }],
        },
      },
    });
  });

  test("limit each client on every name, and leave health checks alone", async () => {
    const rules = await ruleset("http_ratelimit");
    expect(rules).toEqual([
      {
        ref: "per-client",
        description: "300 requests in 60 s for each client",
        action: "block",
        enabled: true,
        expression: '(http.host in {"omnihub.dev"} and not starts_with(http.request.uri.path, "/health"))',
        ratelimit: {
          characteristics: ["cf.colo.id", "ip.src"],
          period: 60,
          requestsPerPeriod: 300,
          mitigationTimeout: 600,
        },
      },
    ]);
  });

  test("hold the team's own", async () => {
    const rules = await ruleset("http_request_firewall_custom");
    expect(rules).toEqual([
      {
        ref: "metrics-are-internal",
        description: "metrics-are-internal",
        expression: 'starts_with(http.request.uri.path, "/metrics")',
        action: "block",
        enabled: true,
      },
    ]);
  });

  test("set the DDoS protection from data", async () => {
    const rules = await ruleset("ddos_l7", {
      settings: { ddos: { sensitivity: "medium", action: "managed_challenge" } },
    });
    expect(rules[0]).toMatchObject({
      action: "execute",
      actionParameters: {
        id: "4d21379b4f9f4bb088e0729962c8b3cf",
        overrides: { sensitivityLevel: "medium", action: "managed_challenge" },
      },
    });
  });
});

describe("a wrong argument is refused:", () => {
  const { tls, ddos, rateLimit } = stageSettings().waf;
  test.each<[string, Change["settings"], string]>([
    [
      "a zone id that is none",
      { zoneId: "omnihub" },
      "zoneId: expected a Cloudflare zone id of 32 hex digits, in quotes",
    ],
    ["TLS 1.0", { tls: { ...tls, minimum: "1.0" as "1.2" } }, 'tls.minimum: expected one of "1.2", "1.3"'],
    [
      "a short HSTS",
      { tls: { ...tls, hstsMaxAge: 300 } },
      "tls.hstsMaxAge: expected a whole number from 15768000 to 63072000 seconds",
    ],
    [
      "HSTS preload without what browsers demand for it",
      { tls: { ...tls, hstsPreload: true, hstsSubdomains: false } },
      "tls.hstsPreload: expected false, or else hstsSubdomains true and hstsMaxAge at least 31536000, as browsers' preload list demands",
    ],
    [
      "DDoS protection switched off",
      { ddos: { ...ddos, sensitivity: "eoff" as "low" } },
      'ddos.sensitivity: expected one of "default", "medium", "low"',
    ],
    [
      "a period that Cloudflare does not take",
      { rateLimit: { ...rateLimit, period: 42 as 60 } },
      "rateLimit.period: expected one of 10, 60, 120, 300, 600, 3600 seconds",
    ],
    ["no name at all", { records: [] }, "records: expected a list of DNS records, at least one"],
  ])("%s", (_what, settings, expected) => {
    expect(refusalOf(() => new Waf("waf", args({ settings: settings ?? {} })))).toBe(`waf: ${expected}`);
  });
});
