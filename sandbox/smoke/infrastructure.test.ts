import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { host } from "./ask";

// A sandbox has no clouds to ask: what their stand-ins keep is looked at instead of `dig`, `redis-cli ping` and `vault status`.
const sandbox = process.env["SMOKE_SANDBOX"] ?? "";
const namespace = process.env["SMOKE_NAMESPACE"] ?? "";

/** What a stand-in cloud keeps, as it was asked for. */
function kept(cloud: string): readonly { type: string; urn: string; inputs: Record<string, unknown> }[] {
  const folder = join(sandbox, "cloud", cloud);
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".json"))
    .map((entry) => JSON.parse(readFileSync(join(entry.parentPath, entry.name), "utf8")) as never);
}

describe(`the infrastructure of ${host}, as the stand-ins of its clouds keep it`, () => {
  it("resolves to Cloudflare: its record is proxied", () => {
    const record = kept("cloudflare").find(({ inputs }) => inputs["name"] === host && inputs["type"] === "CNAME");
    expect(record?.inputs["proxied"]).toBe(true);
  });
  it("has a Redis that only speaks encrypted", () => {
    const group = kept("aws").find(({ type }) => type.endsWith(":ReplicationGroup"));
    expect(group?.inputs["transitEncryptionEnabled"]).toBe(true);
  });
  it("has a store of its secrets that is open to it", () => {
    expect(readFileSync(join(sandbox, "cluster", namespace, `secretstore-${namespace}.yaml`), "utf8")).toMatch(
      /kind: SecretStore/,
    );
  });
});
