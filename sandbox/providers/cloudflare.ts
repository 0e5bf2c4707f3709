import { text, made, type Cloud } from "./cloud";
import { isMap, type Props, type Value } from "./wire";

interface Kind {
  readonly forceNew: readonly string[];
  readonly computed?: (id: string, inputs: Props) => Props;
}

/** A fixed moment: outputs must be the same from run to run. */
const MADE_AT = "2024-01-01T00:00:00Z";

const RULESET: Kind = {
  forceNew: ["zoneId", "accountId", "kind", "phase"],
  computed: (id, inputs) => ({
    lastUpdated: MADE_AT,
    version: "1",
    // The real one gives each rule an id, a version and a time; programs refer to rules by `ref`.
    ...(Array.isArray(inputs["rules"])
      ? { rules: inputs["rules"].map((rule: Value, i) => (isMap(rule) ? { id: made(32, id, i), ...rule } : rule)) }
      : {}),
  }),
};

const KINDS: Readonly<Record<string, Kind>> = {
  "cloudflare:index/dnsRecord:DnsRecord": {
    forceNew: ["zoneId"],
    computed: (_, inputs) => ({
      createdOn: MADE_AT,
      modifiedOn: MADE_AT,
      proxiable: ["A", "AAAA", "CNAME"].includes(text(inputs, "type") ?? ""),
      meta: "{}",
    }),
  },
  "cloudflare:index/zone:Zone": {
    forceNew: ["name"],
    computed: (id) => ({
      status: "active",
      nameServers: [`${made(4, id, 1)}.ns.cloudflare.com`, `${made(4, id, 2)}.ns.cloudflare.com`],
    }),
  },
  "cloudflare:index/zoneSetting:ZoneSetting": {
    forceNew: ["zoneId", "settingId"],
    computed: () => ({ editable: true, modifiedOn: MADE_AT, timeRemaining: 0 }),
  },
  "cloudflare:index/ruleset:Ruleset": RULESET,
};

const kindOf = (type: string): Kind => KINDS[type] ?? { forceNew: ["zoneId", "accountId"] };

/** The stand-in for cloudflare. */
export const cloudflare: Cloud = {
  name: "cloudflare",
  check: (_type, inputs) =>
    inputs["zoneId"] === undefined && inputs["accountId"] === undefined && inputs["account"] === undefined
      ? [{ property: "zoneId", reason: "one of zoneId, accountId or account is required" }]
      : [],
  defaults: (_type, _name, inputs) => inputs,
  forceNew: (type) => kindOf(type).forceNew,
  naming: () => [],
  // Two stacks may hold settings of one zone, as the real one lets them: so ids are made up, never names.
  idIsName: () => false,
  id: (_type, urn, _inputs, attempt) => made(32, urn, attempt),
  computed: (type, id, inputs) => kindOf(type).computed?.(id, inputs) ?? {},
};
