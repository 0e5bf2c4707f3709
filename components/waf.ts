/** What stands between the internet and the gateway: Cloudflare's proxy, TLS, managed rules, a rate limit. */
import * as cloudflare from "@pulumi/cloudflare";
import * as pulumi from "@pulumi/pulumi";
import { REQUEST_SIZE_RULE } from "../rollout/inventory";
import { checkArgs } from "./check";
import { scopeName } from "./names";
import { wafSchema, type WafSettings } from "./settings/waf";

export interface WafArgs {
  readonly service: string;
  readonly stage: string;
  /** Section `waf`. */
  readonly settings: WafSettings;
  /** Whether names and rules are protected from deletion. */
  readonly protect: boolean;
}

type Rule = cloudflare.types.input.RulesetRule;

/** Cloudflare's own rulesets, the same in every account: developers.cloudflare.com/waf/managed-rules and /ddos-protection. */
const MANAGED = {
  cloudflare: "efb7b8c949ac4650a09736dc376e9aee",
  owasp: "4814384a9e5d4991b9815dcfc25d2f1f",
  /** Rule 949110 of the OWASP set, which compares the sum of the scores with the threshold. */
  owaspScore: "6179ae15870a4bb7b2d480d4843b323c",
  httpDdos: "4d21379b4f9f4bb088e0729962c8b3cf",
} as const;

/** TTL 1 means "automatic", the only one that a proxied record may have. */
const AUTOMATIC_TTL = 1;

/** Proxied DNS, TLS and HSTS settings, managed rules, the team's rules, a rate limit, and the DDoS override of one zone. */
export class Waf extends pulumi.ComponentResource {
  private readonly prefix: string;
  private readonly args: WafArgs;

  constructor(name: string, args: WafArgs, opts?: pulumi.ComponentResourceOptions) {
    checkArgs("waf", wafSchema, args.settings);
    super("holdpoint:waf:Waf", name, {}, opts);
    this.prefix = name;
    this.args = args;

    // The guards come before the names that send traffic through them.
    const guards = [
      ...this.createZoneSettings(),
      this.createRuleset("managed-rules", "http_request_firewall_managed", this.managedRules()),
      this.createRuleset("custom-rules", "http_request_firewall_custom", this.customRules()),
      this.createRuleset("rate-limit", "http_ratelimit", [this.rateLimitRule()]),
      this.createRuleset("ddos", "ddos_l7", [this.ddosRule()]),
    ];
    this.createRecords(guards);
    this.registerOutputs({ hostnames: args.settings.records.map((record) => record.name) });
  }

  private createZoneSettings(): pulumi.Resource[] {
    const { tls } = this.args.settings;
    const values: Record<string, unknown> = {
      // "strict": the origin's certificate must be valid too.
      ssl: "strict",
      min_tls_version: tls.minimum,
      tls_1_3: "on",
      always_use_https: "on",
      automatic_https_rewrites: "on",
      // Snake case: the SDK's example in camel case gives a difference at every run (pulumi/pulumi-cloudflare#1579).
      security_header: {
        strict_transport_security: {
          enabled: true,
          max_age: tls.hstsMaxAge,
          include_subdomains: tls.hstsSubdomains,
          preload: tls.hstsPreload,
          nosniff: true,
        },
      },
    };
    return Object.entries(values).map(
      ([settingId, value]) =>
        new cloudflare.ZoneSetting(
          `${this.prefix}-${settingId.replaceAll("_", "-")}`,
          { zoneId: this.args.settings.zoneId, settingId, value },
          { parent: this },
        ),
    );
  }

  private createRuleset(kind: string, phase: string, rules: Rule[]): pulumi.Resource {
    const { service, stage, settings, protect } = this.args;
    return new cloudflare.Ruleset(
      `${this.prefix}-${kind}`,
      {
        zoneId: settings.zoneId,
        name: `${scopeName(service, stage)}-${kind}`,
        description: `${kind} of ${service}, ${stage}`,
        kind: "zone",
        phase,
        rules,
      },
      { parent: this, protect },
    );
  }

  private managedRules(): Rule[] {
    const { owaspParanoia, owaspThreshold, owaspAction } = this.args.settings.managedRules;
    const tooParanoid = [2, 3, 4].filter((level) => level > owaspParanoia);
    return [
      {
        ref: "cloudflare-managed",
        description: "Cloudflare's managed rules",
        expression: "true",
        action: "execute",
        enabled: true,
        actionParameters: { id: MANAGED.cloudflare },
      },
      {
        ref: "owasp-core",
        description: `OWASP core rules, paranoia level ${owaspParanoia}, from ${owaspThreshold} points`,
        expression: "true",
        action: "execute",
        enabled: true,
        actionParameters: {
          id: MANAGED.owasp,
          overrides: {
            categories: tooParanoid.map((level) => ({ category: `paranoia-level-${level}`, enabled: false })),
            rules: [{ id: MANAGED.owaspScore, action: owaspAction, scoreThreshold: owaspThreshold }],
          },
        },
      },
    ];
  }

  private customRules(): Rule[] {
    const { customRules, maxBodyBytes } = this.args.settings;
    const size = maxBodyBytes === undefined ? [] : [requestSizeRule(maxBodyBytes)];
    return [
      ...size,
      ...customRules.map(({ name, expression, action }) => ({
        ref: name,
        description: name,
        expression,
        action,
        enabled: true,
      })),
    ];
  }

  /** All of the stage's names together. Health checks are free: a refused probe would look like an outage. */
  private rateLimitRule(): Rule {
    const { records, rateLimit } = this.args.settings;
    const hosts = records.map((record) => `"${record.name}"`).join(" ");
    return {
      ref: "per-client",
      description: `${rateLimit.requests} requests in ${rateLimit.period} s for each client`,
      expression: `(http.host in {${hosts}} and not starts_with(http.request.uri.path, "/health"))`,
      action: "block",
      enabled: true,
      ratelimit: {
        // Cloudflare counts per data centre, and wants that said.
        characteristics: ["cf.colo.id", "ip.src"],
        period: rateLimit.period,
        requestsPerPeriod: rateLimit.requests,
        mitigationTimeout: rateLimit.block,
      },
    };
  }

  private ddosRule(): Rule {
    const { sensitivity, action } = this.args.settings.ddos;
    return {
      ref: "http-ddos",
      description: "HTTP DDoS protection",
      expression: "true",
      action: "execute",
      enabled: true,
      actionParameters: { id: MANAGED.httpDdos, overrides: { sensitivityLevel: sensitivity, action } },
    };
  }

  private createRecords(guards: pulumi.Resource[]): void {
    const { service, stage, settings, protect } = this.args;
    for (const { name, type, content } of settings.records) {
      new cloudflare.DnsRecord(
        `${this.prefix}-${name}-${type.toLowerCase()}`,
        {
          zoneId: settings.zoneId,
          name,
          type,
          content,
          proxied: true,
          ttl: AUTOMATIC_TTL,
          comment: `${scopeName(service, stage)}, by holdpoint`,
        },
        { parent: this, dependsOn: guards, protect },
      );
    }
  }
}

/** The field has the body's whole size, however much of the body the plan lets rules look at. */
function requestSizeRule(most: number): Rule {
  return {
    ref: REQUEST_SIZE_RULE,
    description: `bodies of more than ${most} bytes`,
    expression: `(http.request.body.size gt ${most})`,
    action: "block",
    enabled: true,
  };
}
