/**
 * Secrets in what is about to be stored. A store is read by many and never forgets, so a report with a secret in it is
 * refused. Only forms that are secrets beyond doubt, by their published prefixes; where one was found is told, never
 * what.
 */
import { HoldpointError } from "../rollout/errors";

const FORMS: readonly (readonly [what: string, form: RegExp])[] = [
  ["a private key", /-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----/],
  ["an AWS access key", /\b(?:AKIA|ASIA)[0-9A-Z]{16}\b/],
  ["a GitHub token", /\b(?:gh[oprsu]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{36,})/],
  ["a GitLab token", /\bglpat-[A-Za-z0-9_-]{20,}/],
  ["a Slack token", /\bxox[abeoprs]-[A-Za-z0-9-]{10,}/],
  ["a Stripe key", /\b[rs]k_live_[A-Za-z0-9]{16,}/],
  ["a Google API key", /\bAIza[0-9A-Za-z_-]{35}/],
  ["an npm token", /\bnpm_[A-Za-z0-9]{36}/],
  ["a PyPI token", /\bpypi-[A-Za-z0-9_-]{50,}/],
  ["a Pulumi token", /\bpul-[0-9a-f]{40}\b/],
  ["a Vault token", /\bhv[bsr]\.[A-Za-z0-9_-]{24,}/],
  ["a Doppler token", /\bdp\.(?:st|pt|ct|sa)\.[A-Za-z0-9_.-]{20,}/],
  ["a SendGrid key", /\bSG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}/],
  ["a JSON web token", /\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}/],
  ["a password in a URL", /\b[a-z][a-z0-9+.-]{1,20}:\/\/[^\s/:@"'<>]{1,100}:[^\s/@"'<>]{3,200}@/],
];

/** The forms of secrets that are looked for, for the documentation and its test. */
export const SECRET_FORMS: readonly string[] = FORMS.map(([what]) => what);

/** @throws HoldpointError `intake-secret` that names what and on which line, never the secret. */
export function refuseSecrets(name: string, text: string): void {
  for (const [what, form] of FORMS) {
    const match = form.exec(text);
    if (match === null) continue;
    const line = text.slice(0, match.index).split("\n").length;
    throw new HoldpointError(
      "intake-secret",
      `${name} holds what looks like ${what}, line ${line}; nothing was stored`,
      {
        remedy: "revoke it, keep it out of the tool's output, and make the report again",
      },
    );
  }
}
