/**
 * Secrets in what is about to be stored. A store is read by many and never forgets, so a report with a secret in it is
 * refused. Only forms that are secrets beyond doubt, by their published prefixes; where one was found is told, never
 * what.
 */
import { HoldpointError } from "../rollout/errors";

/** What, its form, and what of that form is none: a place for a secret, an example out of documentation. */
const FORMS: readonly (readonly [what: string, form: RegExp, except?: RegExp])[] = [
  ["a private key", /-----BEGIN (?:[A-Z0-9]{1,20} ){0,4}PRIVATE KEY(?: BLOCK)?-----/],
  ["a PuTTY private key", /\bPuTTY-User-Key-File-[23]: /],
  ["an age secret key", /\bAGE-SECRET-KEY-1[0-9A-Z]{58}\b/],
  // AWS's own documentation ends its keys in EXAMPLE.
  ["an AWS access key", /\b(?:AKIA|ASIA)[0-9A-Z]{16}\b/, /EXAMPLE$/],
  // Without its key's id it is 40 characters like any other: the name before it tells.
  [
    "an AWS secret key",
    /\b(?:aws_secret_access_key|SecretAccessKey|secret_?access_?key)["']{0,2}\s{0,5}[:=]\s{0,5}["']?[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=])/i,
    /EXAMPLEKEY$/,
  ],
  ["a GitHub token", /\b(?:gh[oprsu]_[A-Za-z0-9]{36,255}|github_pat_[A-Za-z0-9_]{36,255})/],
  ["a GitLab token", /\bgl(?:pat|dt|rt|cbt|ptt|soat)-[A-Za-z0-9_-]{20,255}/],
  ["a Slack token", /\b(?:xox[abeoprs]|xapp)-[A-Za-z0-9-]{10,255}/],
  ["a Slack webhook", /\bhooks\.slack\.com\/services\/T[A-Z0-9]{6,20}\/B[A-Z0-9]{6,20}\/[A-Za-z0-9]{16,64}/],
  ["a Stripe key", /\b(?:[rs]k_live_|whsec_)[A-Za-z0-9]{16,255}/],
  ["a Google API key", /\bAIza[0-9A-Za-z_-]{35}/],
  ["a Google OAuth secret", /\bGOCSPX-[A-Za-z0-9_-]{28}/],
  ["an Azure storage key", /\bAccountKey=[A-Za-z0-9+/]{86}==/],
  ["an Azure shared access signature", /[?&;]sig=[A-Za-z0-9%]{43,120}(?:%3D|=)/i],
  ["an Azure client secret", /(?<![\w~.-])[A-Za-z0-9_~.-]{3}\dQ~[A-Za-z0-9_~.-]{31,34}(?![\w~-])/],
  ["an npm token", /\bnpm_[A-Za-z0-9]{36}/],
  ["a PyPI token", /\bpypi-[A-Za-z0-9_-]{50,512}/],
  ["a Docker Hub token", /\bdckr_(?:pat|oat)_[A-Za-z0-9_-]{27,64}/],
  ["a Pulumi token", /\bpul-[0-9a-f]{40}\b/],
  ["a HashiCorp token", /\b(?:hv[bsr]\.[A-Za-z0-9_-]{24,512}|[A-Za-z0-9]{14}\.atlasv1\.[A-Za-z0-9_=-]{60,70})/],
  ["a Doppler token", /\bdp\.(?:st|pt|ct|sa)\.[A-Za-z0-9_.-]{20,255}/],
  ["a Snyk token", /\bsnyk_(?:uat|sat)\.[0-9a-f]{8}\.[A-Za-z0-9_.-]{20,255}/],
  ["a Cloudflare token", /\bv1\.0-[0-9a-f]{24}-[0-9a-f]{146}\b/],
  ["a DigitalOcean token", /\bdo[opr]_v1_[0-9a-f]{64}\b/],
  ["a Grafana token", /\bglsa_[A-Za-z0-9]{32}_[0-9a-f]{8}\b/],
  ["a SendGrid key", /\bSG\.[A-Za-z0-9_-]{16,64}\.[A-Za-z0-9_-]{16,64}/],
  [
    "a key of an AI service",
    /\b(?:sk-(?:ant|proj|svcacct)-[A-Za-z0-9_-]{40,255}|sk-[A-Za-z0-9]{20}T3BlbkFJ[A-Za-z0-9]{20}|hf_[A-Za-z]{34})\b/,
  ],
  ["a Shopify token", /\bshp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}\b/],
  ["a Databricks token", /\bdapi[0-9a-f]{32}\b/],
  ["a New Relic key", /\bNRAK-[A-Z0-9]{27}\b/],
  ["a Sentry token", /\bsntry(?:u_[0-9a-f]{64}|s_eyJ[A-Za-z0-9_=+/-]{40,512})/],
  ["a Supabase key", /\b(?:sbp_[0-9a-f]{40}|sb_secret_[A-Za-z0-9_-]{20,64})\b/],
  ["an Atlassian token", /\bATATT3[A-Za-z0-9_=-]{100,255}/],
  ["a Linear key", /\blin_api_[A-Za-z0-9]{40}\b/],
  ["a Postman key", /\bPMAK-[0-9a-f]{24}-[0-9a-f]{34}\b/],
  ["a PlanetScale token", /\bpscale_(?:tkn|pw|oauth)_[A-Za-z0-9_.-]{32,64}/],
  ["a RubyGems key", /\brubygems_[0-9a-f]{48}\b/],
  ["a Telegram token", /\b\d{8,10}:AA[A-Za-z0-9_-]{33}(?![A-Za-z0-9_-])/],
  ["a Discord webhook", /\bdiscord(?:app)?\.com\/api\/webhooks\/\d{17,20}\/[A-Za-z0-9_-]{60,100}/],
  [
    "an authorization header",
    /\bauthorization["']{0,2}\s{0,5}[:=]\s{0,5}["']?(?:Bearer|Basic|token)\s{1,5}[A-Za-z0-9._~+/-]{16,4096}=*/i,
    /(?:x{8,}|(?:redacted|token|secret|placeholder)[a-z_-]{0,20})$/i,
  ],
  ["a JSON web token", /\beyJ[A-Za-z0-9_-]{10,4096}\.eyJ[A-Za-z0-9_-]{10,8192}\.[A-Za-z0-9_-]{10,2048}/],
  [
    "a password in a URL",
    /\b[a-z][a-z0-9+.-]{1,20}:\/\/[^\s/:@"'<>]{0,100}:[^\s/@"'<>]{3,200}@/,
    // A place for a password, or one that was already blotted out.
    /:(?:\$\{?[A-Za-z_][A-Za-z0-9_]*\}?|\{\{[^}]*\}\}|%[A-Za-z_]+%|\*+|x+|X+|\.\.\.|…|\[?(?:redacted|REDACTED|hidden|secret|password|PASSWORD|pass)\]?)@$/,
  ],
  [
    "a password in a connection string",
    /\b(?:Server|Data Source|Host|Endpoint|AccountName|SharedAccessKeyName)=[^;\n"']{1,200};(?:[^;\n"']{1,200};){0,12}?(?:Password|Pwd|SharedAccessKey)=[^;\s"'$%{*<[]{4,200}/i,
    /=(?:x+|\.\.\.|redacted|hidden|secret|password)$/i,
  ],
];

/** The forms of secrets that are looked for, for the documentation and its test. */
export const SECRET_FORMS: readonly string[] = FORMS.map(([what]) => what);

/**
 * Searches a text as it stands, and what is wrapped in it: UTF-16, slashes that JSON may escape, base64 of a text.
 * @throws HoldpointError `intake-secret` that names what and on which line, never the secret.
 */
export function refuseSecrets(name: string, text: string): void {
  search(name, text, (at) => lineOf(text, at));
  const plain = text.replaceAll("\0", "").replaceAll("\\/", "/");
  // Neither holds a line break, so the lines stay.
  if (plain !== text) search(name, plain, (at) => lineOf(plain, at));
  for (const { index, 0: run } of plain.matchAll(BASE64)) {
    const inside = textIn(run);
    if (inside !== undefined) search(name, inside, () => lineOf(plain, index), " in base64");
  }
}

function search(name: string, text: string, line: (at: number) => number, how = ""): void {
  for (const [what, form, except] of FORMS) {
    const at = findOf(text, form, except);
    if (at === undefined) continue;
    throw new HoldpointError(
      "intake-secret",
      `${name} holds what looks like ${what}${how}, line ${line(at)}; nothing was stored`,
      {
        remedy: "revoke it, keep it out of the tool's output, and make the report again",
      },
    );
  }
}

function lineOf(text: string, at: number): number {
  return text.slice(0, at).split("\n").length;
}

/**
 * As Kubernetes writes its Secrets. The first of four characters tells most of a byte: in sums and keys some are soon none of a
 * text's. Shorter ones hold no secret of a form that is known.
 */
const BASE64 = /(?<![A-Za-z0-9+/_-])(?:[CDI-Za-f][A-Za-z0-9+/_-]{3}){6}[A-Za-z0-9+/_-]*={0,2}/g;

function textIn(run: string): string | undefined {
  const bytes = Buffer.from(run, "base64");
  return isText(bytes) ? bytes.toString("latin1") : undefined;
}

function isText(bytes: Buffer): boolean {
  return bytes.every((byte) => (byte >= 0x20 && byte < 0x7f) || byte === 0x0a || byte === 0x0d || byte === 0x09);
}

/** Where the first one stands that is no exception. */
function findOf(text: string, form: RegExp, except: RegExp | undefined): number | undefined {
  const all = new RegExp(form.source, `${form.flags}g`);
  for (let match = all.exec(text); match !== null; match = all.exec(text)) {
    if (except?.test(match[0]) !== true) return match.index;
  }
  return undefined;
}
