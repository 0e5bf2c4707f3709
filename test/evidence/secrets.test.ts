import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { refuseSecrets, SECRET_FORMS } from "../../evidence/secrets";
import { refusal } from "./world";

/** Made up, and put together here: a file with whole ones would be refused by hosts of code. */
const fill = (length: number, alphabet = "aB3dE6gH9jK2mN5pQ8rS1tU4vW7xY0z"): string =>
  Array.from({ length }, (_, at) => alphabet[(at * 7) % alphabet.length]).join("");
const hex = (length: number): string => fill(length, "0a1b2c3d4e5f6789");
const UPPER = "A2C4E6G8JKMNPQRSTUVWXYZ";

const SECRETS: Readonly<Record<string, readonly string[]>> = {
  "a private key": [
    "-----BEGIN " + "PRIVATE KEY-----",
    "-----BEGIN " + "OPENSSH PRIVATE KEY-----",
    "-----BEGIN " + "RSA PRIVATE KEY-----",
    "-----BEGIN PGP " + "PRIVATE KEY BLOCK-----",
    "-----BEGIN " + "ENCRYPTED PRIVATE KEY-----",
  ],
  "a PuTTY private key": ["PuTTY-User-" + "Key-File-3: ssh-ed25519"],
  "an age secret key": ["AGE-SECRET-" + `KEY-1${fill(58, UPPER)}`],
  "an AWS access key": [`AKIA${fill(16, UPPER)}`, `ASIA${fill(16, UPPER)}`],
  "an AWS secret key": [
    `aws_secret_access_key = ${fill(40)}`,
    `"SecretAccessKey": "${fill(40)}"`,
    `AWS_SECRET_ACCESS_KEY=${fill(40)}`,
  ],
  "a GitHub token": [`ghp_${fill(36)}`, `ghs_${fill(36)}`, `github_pat_${fill(82)}`],
  "a GitLab token": [`glpat-${fill(20)}`, `glrt-${fill(20)}`],
  "a Slack token": [`xoxb-${fill(40)}`, `xapp-1-A${fill(10, UPPER)}-${fill(40)}`],
  "a Slack webhook": [`https://hooks.slack.com/services/T${fill(8, UPPER)}/B${fill(8, UPPER)}/${fill(24)}`],
  "a Stripe key": [`sk_live_${fill(24)}`, `rk_live_${fill(24)}`],
  "a Google API key": [`AIza${fill(35)}`],
  "a Google OAuth secret": [`GOCSPX-${fill(28)}`],
  "an Azure storage key": [`AccountKey=${fill(86)}==`],
  "an Azure shared access signature": [`https://x.blob.example/c?sv=2024-11-04&sp=r&sig=${fill(43)}%3D`],
  "an Azure client secret": [`${fill(3)}8Q~${fill(34)}`],
  "an npm token": [`npm_${fill(36)}`],
  "a PyPI token": [`pypi-${fill(100)}`],
  "a Docker Hub token": [`dckr_pat_${fill(27)}`],
  "a Pulumi token": [`pul-${hex(40)}`],
  "a HashiCorp token": [`hvs.${fill(30)}`, `${fill(14)}.atlasv1.${fill(66)}`],
  "a Doppler token": [`dp.st.prd.${fill(40)}`],
  "a Snyk token": [`snyk_uat.${hex(8)}.${fill(60)}`],
  "a Cloudflare token": [`v1.0-${hex(24)}-${hex(146)}`],
  "a DigitalOcean token": [`dop_v1_${hex(64)}`],
  "a Grafana token": [`glsa_${fill(32)}_${hex(8)}`],
  "a SendGrid key": [`SG.${fill(22)}.${fill(43)}`],
  "a key of an AI service": [
    `sk-ant-${fill(80)}`,
    `sk-${fill(20)}T3BlbkFJ${fill(20)}`,
    `hf_${fill(34, "abcdefGHIJKL")}`,
  ],
  "a Shopify token": [`shpat_${hex(32)}`],
  "a Databricks token": [`dapi${hex(32)}`],
  "a New Relic key": [`NRAK-${fill(27, UPPER)}`],
  "a Sentry token": [`sntryu_${hex(64)}`, `sntrys_eyJ${fill(80)}`],
  "a Supabase key": [`sbp_${hex(40)}`, `sb_secret_${fill(31)}`],
  "an Atlassian token": [`ATATT3${fill(180)}`],
  "a Linear key": [`lin_api_${fill(40)}`],
  "a Postman key": [`PMAK-${hex(24)}-${hex(34)}`],
  "a PlanetScale token": [`pscale_tkn_${fill(43)}`],
  "a RubyGems key": [`rubygems_${hex(48)}`],
  "a Telegram token": [`123456789:AA${fill(33)}`],
  "a Discord webhook": [`https://discord.com/api/webhooks/123456789012345678/${fill(68)}`],
  "an authorization header": [`Authorization: Bearer ${fill(40)}`, `"authorization": "Basic ${fill(24)}=="`],
  "a JSON web token": [`eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.${fill(43)}`],
  "a password in a URL": [
    "postgres://app:" + "tr0ub4dor@db.example/app",
    "redis://:" + "tr0ub4dor@cache:6379",
    "https://x-access-token:" + "tr0ub4dor@git.example/x",
  ],
  "a password in a connection string": [
    "Server=db;Database=app;User Id=app;Pass" + "word=tr0ub4dor;",
    "Endpoint=sb://x.example/;SharedAccessKeyName=root;Shared" + "AccessKey=abcd1234efgh=",
  ],
};

describe("a secret in a report", () => {
  it("has a case here for each form", () => expect(Object.keys(SECRETS)).toEqual(SECRET_FORMS));

  it.each(Object.entries(SECRETS).flatMap(([what, all]) => all.map((secret) => [what, secret] as const)))(
    "is told as %s, with its line, and never repeated",
    async (what, secret) => {
      const told = await refusal(() => refuseSecrets("report.xml", `<a>\n<b>token: ${secret} </b>`));
      expect(told).toBe(`intake-secret: report.xml holds what looks like ${what}, line 2; nothing was stored`);
    },
  );

  it("is found behind an example of the same form", async () => {
    const text = `AKIAIOSFODNN7EXAMPLE\nAKIA${fill(16, UPPER)}`;
    expect(await refusal(() => refuseSecrets("x", text))).toContain("an AWS access key, line 2");
  });
});

describe("a secret that is wrapped", () => {
  const key = ["-----BEGIN " + "PRIVATE KEY-----", fill(64), "-----END " + "PRIVATE KEY-----", ""].join("\n");
  const url = SECRETS["a password in a URL"]?.[0] ?? "";

  it.each([
    ["a key in one line of JSON, as Google writes it", JSON.stringify({ private_key: key }), "a private key"],
    [
      "a key in base64, as Kubernetes writes it",
      `tls.key: ${Buffer.from(key).toString("base64")}`,
      "a private key in base64",
    ],
    [
      "base64 that is broken into lines",
      (
        Buffer.from(`# my token\n# and more\n${key}`)
          .toString("base64")
          .match(/.{1,76}/g) ?? []
      ).join("\n"),
      "a private key in base64",
    ],
    [
      "base64 of the URL's alphabet",
      Buffer.from(`>>>???${url}`).toString("base64url"),
      "a password in a URL in base64",
    ],
    ["a URL whose slashes are escaped", url.replaceAll("/", "\\/"), "a password in a URL"],
    ["UTF-16 as a program prints it", Buffer.from(url, "utf16le").toString("latin1"), "a password in a URL"],
  ])("is found as %s", async (_name, text, what) => {
    const told = await refusal(() => refuseSecrets("report", `first\n${text}`));
    expect(told).toBe(`intake-secret: report holds what looks like ${what}, line 2; nothing was stored`);
  });
});

describe("what is no secret", () => {
  it.each([
    ["a public key", "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA"],
    ["a certificate", "-----BEGIN CERTIFICATE-----"],
    ["the words", "the private key is read from a file; BEGIN PRIVATE KEY without dashes"],
    ["AWS's example", "AKIAIOSFODNN7EXAMPLE"],
    ["AWS's other example", "aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"],
    [
      "an authorization header with a place in it",
      "Authorization: Bearer ${TOKEN} authorization: Bearer <your token here>",
    ],
    ["a blotted authorization header", "Authorization: Bearer xxxxxxxxxxxxxxxxxxxx"],
    ["base64 of harmless text", Buffer.from("nothing to be seen in this line of text").toString("base64")],
    ["base64 of a certificate", Buffer.from("-----BEGIN CERTIFICATE-----\nMIIB").toString("base64")],
    ["a digest", `sha256:${hex(64)}`],
    ["a commit", hex(40)],
    ["an image", `registry.example/app@sha256:${hex(64)}`],
    ["npm integrity", `sha512-${fill(86)}==`],
    ["a UUID", "123e4567-e89b-12d3-a456-426614174000"],
    ["a URL with a port", "http://127.0.0.1:9090/graph?x=a@b"],
    ["a URL with a user", "ssh://git@github.example/x.git"],
    ["a place for a password", "postgres://app:${PASSWORD}@db/app and https://user:$TOKEN@host and redis://:***@cache"],
    ["a blotted password", "postgres://app:xxxxx@db/app amqp://u:[REDACTED]@mq amqp://u:REDACTED@mq"],
    ["a package URL", "pkg:npm/%40babel/core@7.20.0"],
    ["a time range", "from 12:00:00 to 13:00:00@UTC"],
    ["a connection string with a place", "Server=db;User Id=app;Password=${DB_PASSWORD};"],
    ["a connection string without one", "Server=db;Database=app;Integrated Security=true;"],
    ["half a token", "ghp_short npm_short glpat-x xoxb-1 eyJhbGciOiJIUzI1NiJ9"],
    ["a class of tests", "io.example.PasswordTest.refuses_wrong_password(PasswordTest.java:12)"],
    ["this project's lock file", readFileSync("package-lock.json", "utf8")],
    ["this project's documentation", readFileSync("docs/evidence.md", "utf8")],
  ])("%s passes", (_name, text) => {
    expect(() => refuseSecrets("x", text)).not.toThrow();
  });

  it.each([
    ["one long word", "a".repeat(4_000_000)],
    ["many beginnings", "eyJ".repeat(700_000)],
    ["colons", "a://".repeat(500_000) + ":".repeat(500_000)],
    ["assignments", "Server=a;".repeat(200_000)],
    ["dashes", "-----BEGIN ".repeat(200_000)],
    ["headers", "authorization: Bearer ".repeat(200_000)],
    ["signatures", "?sig=".repeat(800_000)],
    ["base64 of a text", Buffer.from("a text ".repeat(400_000)).toString("base64")],
    ["pieces of base64", `${Buffer.from("a text of some words").toString("base64")} `.repeat(100_000)],
  ])("%s does not hang it", (_name, text) => {
    const started = performance.now();
    refuseSecrets("x", text);
    expect(performance.now() - started).toBeLessThan(10_000);
  });
});
