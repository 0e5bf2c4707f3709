/** Section `waf`: what stands between the internet and the gateway, at Cloudflare. */
import { z } from "zod";
import { bool, hostname, integer, label, oneOf, oneOfNumbers, some, words } from "./values";

const zoneId = z
  .string({ error: "a Cloudflare zone id of 32 hex digits, in quotes" })
  .regex(/^[0-9a-f]{32}$/, { error: "a Cloudflare zone id of 32 hex digits, in quotes" });

export const wafSchema = z
  .strictObject({
    /** The zone. Its settings and rules are zone-wide, so each stage has a zone of its own. */
    zoneId,
    /** Names of the zone that point at the gateway, always through Cloudflare's proxy. */
    records: some(
      z.strictObject({
        name: hostname,
        type: oneOf("A", "AAAA", "CNAME"),
        /** Address of the gateway's load balancer. */
        content: words,
      }),
      "DNS records",
    ),
    tls: z.strictObject({
      minimum: oneOf("1.2", "1.3"),
      /** Seconds that a browser remembers to use https only; half a year at least, as the preload list wants a year. */
      hstsMaxAge: integer(15_768_000, 63_072_000, "seconds"),
      hstsSubdomains: bool,
      hstsPreload: bool,
    }),
    managedRules: z.strictObject({
      /** OWASP core rules up to this paranoia level. */
      owaspParanoia: integer(1, 4),
      /** Sum of the rules' scores from which a request is refused: 60 low, 40 medium, 25 high. */
      owaspThreshold: oneOfNumbers([25, 40, 60], "points"),
      owaspAction: oneOf("block", "managed_challenge", "log"),
    }),
    /** Per client address at the edge; the service's own limit, across all pods, is kept in Redis. */
    rateLimit: z.strictObject({
      requests: integer(1, 1_000_000, "requests"),
      /** Seconds. The values that Cloudflare takes. */
      period: oneOfNumbers([10, 60, 120, 300, 600, 3600], "seconds"),
      /** Seconds that a client stays refused. */
      block: oneOfNumbers([10, 60, 120, 300, 600, 3600, 86400], "seconds"),
    }),
    /**
     * Bytes of a request's body, over which it is refused; `http.request.body.size` needs Cloudflare's Enterprise plan with
     * its paid add-on.
     */
    maxBodyBytes: integer(1024, 1024 ** 3, "bytes").optional(),
    /** The team's own rules, in Cloudflare's rules language. */
    customRules: z.array(
      z.strictObject({ name: label, expression: words, action: oneOf("block", "managed_challenge", "log") }),
    ),
    /** Override of the HTTP DDoS rules; they can be made milder, never switched off here. */
    ddos: z.strictObject({
      sensitivity: oneOf("default", "medium", "low"),
      action: oneOf("block", "managed_challenge"),
    }),
  })
  .refine(({ tls }) => !tls.hstsPreload || (tls.hstsSubdomains && tls.hstsMaxAge >= 31_536_000), {
    path: ["tls", "hstsPreload"],
    error: "false, or else hstsSubdomains true and hstsMaxAge at least 31536000, as browsers' preload list demands",
  });

export type WafSettings = z.infer<typeof wafSchema>;
