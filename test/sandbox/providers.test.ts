import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Provider, type CloudName, type Subject } from "../../sandbox/providers/provider";
import { hasUnknown, isSecret, secret, UNKNOWN, type Props } from "../../sandbox/providers/wire";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "holdpoint-providers-"));
});
afterEach(() => {
  rmSync(dir, { recursive: true, force: true });
});

const subject = (type: string, name = "it"): Subject => ({
  urn: `urn:pulumi:staging::holdpoint::${type}::${name}`,
  type,
  name,
});
const provider = (name: CloudName): Provider => new Provider(name, dir);

const NAMESPACE = subject("kubernetes:core/v1:Namespace", "namespace");
const ROUTE = subject("kubernetes:gateway.networking.k8s.io/v1:HTTPRoute", "route");
const CONFIG = subject("kubernetes:core/v1:ConfigMap", "config");
const SECRET = subject("kubernetes:core/v1:Secret", "secret");
const REDIS = subject("aws:elasticache/replicationGroup:ReplicationGroup", "redis");
const KEY = subject("aws:kms/key:Key", "key");
const VERSION = subject("aws:secretsmanager/secretVersion:SecretVersion", "version");
const DNS = subject("cloudflare:index/dnsRecord:DnsRecord", "dns");

const namespace: Props = { apiVersion: "v1", kind: "Namespace", metadata: { name: "omnihub-staging" } };
const route = (weight: number): Props => ({
  apiVersion: "gateway.networking.k8s.io/v1",
  kind: "HTTPRoute",
  metadata: { name: "omnihub", namespace: "omnihub-staging" },
  spec: {
    rules: [
      {
        backendRefs: [
          { name: "a", weight: 100 - weight },
          { name: "b", weight },
        ],
      },
    ],
  },
});
const configMap = (data: Props): Props => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name: "config", namespace: "omnihub-staging" },
  data,
});

describe("a preview", () => {
  it("knows a new thing's inputs and nothing that is computed", () => {
    const { id, outputs } = provider("aws").previewCreate(REDIS, { replicationGroupId: "omnihub", description: "d" });
    expect(id).toBe("");
    expect(outputs["replicationGroupId"]).toBe("omnihub");
    for (const key of ["arn", "primaryEndpointAddress", "readerEndpointAddress", "tagsAll", "memberClusters"]) {
      expect(outputs[key], key).toBe(UNKNOWN);
    }
  });

  it("knows no computed part inside an object whose other parts are declared", () => {
    const { outputs } = provider("kubernetes").previewCreate(NAMESPACE, namespace);
    expect(outputs["metadata"]).toMatchObject({ name: "omnihub-staging", uid: UNKNOWN, resourceVersion: UNKNOWN });
  });

  it("keeps what a change in place does not move, and does not know what it moves", () => {
    const kubernetes = provider("kubernetes");
    kubernetes.create(NAMESPACE, namespace);
    const made = kubernetes.create(ROUTE, route(0));
    const { outputs } = kubernetes.previewUpdate(ROUTE, made.id, route(5));
    const before = made.outputs["metadata"] as Props;
    expect(outputs["metadata"]).toMatchObject({ uid: before["uid"], resourceVersion: UNKNOWN, generation: UNKNOWN });
  });

  it("does not know a computed value that is built from an unknown input", () => {
    const alias = subject("aws:kms/alias:Alias", "alias");
    const { outputs } = provider("aws").previewUpdate(alias, "alias/x", { name: "alias/x", targetKeyId: UNKNOWN });
    expect(outputs["targetKeyArn"]).toBe(UNKNOWN);
    expect(outputs["arn"]).toBe("arn:aws:kms:eu-central-1:123456789012:alias/x");
  });

  it("changes nothing on disk", () => {
    provider("aws").previewCreate(REDIS, { replicationGroupId: "omnihub" });
    provider("kubernetes").previewCreate(NAMESPACE, namespace);
    expect(readdirSync(dir)).toEqual(["cloud"]);
    expect(readdirSync(join(dir, "cloud"))).toEqual(["seal.key"]);
  });
});

describe("a diff", () => {
  it("names each property that differs by its path", () => {
    const found = provider("kubernetes").diff(ROUTE, route(0), route(5));
    expect(found.changes.map(({ path, kind }) => [path, kind])).toEqual([
      ["spec.rules[0].backendRefs[0].weight", "update"],
      ["spec.rules[0].backendRefs[1].weight", "update"],
    ]);
    expect(found.replaces).toEqual([]);
    expect(found.deleteBeforeReplace).toBe(false);
  });

  it("finds nothing where nothing differs, secrets included", () => {
    const inputs = { ...configMap({}), data: secret({ a: "1" }) };
    expect(provider("kubernetes").diff(CONFIG, inputs, configMap({ a: "1" })).changes).toEqual([]);
  });

  it("sees a secret that changed", () => {
    const found = provider("aws").diff(REDIS, { authToken: secret("one") }, { authToken: secret("two") });
    expect(found.changes).toEqual([{ path: "authToken", kind: "update", replaces: false }]);
  });

  it("counts a value that is not known yet as changed", () => {
    const found = provider("cloudflare").diff(DNS, { content: "a" }, { content: UNKNOWN });
    expect(found.changes).toEqual([{ path: "content", kind: "update", replaces: false }]);
  });

  it("replaces for a new name, and makes the new one before it deletes the old", () => {
    const renamed = { ...namespace, metadata: { name: "other" } };
    const found = provider("kubernetes").diff(NAMESPACE, namespace, renamed);
    expect(found.replaces).toEqual(["metadata"]);
    expect(found.deleteBeforeReplace).toBe(false);
  });

  it("replaces for what cannot be changed in place, and deletes first where the name is taken", () => {
    const found = provider("aws").diff(
      REDIS,
      { replicationGroupId: "omnihub", atRestEncryptionEnabled: false },
      { replicationGroupId: "omnihub", atRestEncryptionEnabled: true },
    );
    expect(found.replaces).toEqual(["atRestEncryptionEnabled"]);
    expect(found.deleteBeforeReplace).toBe(true);
  });

  it("replaces a ConfigMap for its data unless the provider is configured to change it in place", () => {
    const kubernetes = provider("kubernetes");
    expect(kubernetes.diff(CONFIG, configMap({ a: "1" }), configMap({ a: "2" })).replaces).toEqual(["data"]);
    kubernetes.configure({ enableConfigMapMutable: "true" });
    expect(kubernetes.diff(CONFIG, configMap({ a: "1" }), configMap({ a: "2" })).replaces).toEqual([]);
  });
});

describe("what is made", () => {
  it("has the same ids and computed values on every run", () => {
    const once = provider("aws").create(REDIS, { replicationGroupId: "omnihub", numCacheClusters: 2 });
    rmSync(join(dir, "cloud"), { recursive: true });
    const again = provider("aws").create(REDIS, { replicationGroupId: "omnihub", numCacheClusters: 2 });
    expect(again).toEqual(once);
    expect(once.outputs["memberClusters"]).toEqual(["omnihub-001", "omnihub-002"]);
  });

  it("takes another id where a made-up one is in use, so that a replacement does not delete itself", () => {
    const aws = provider("aws");
    const first = aws.create(KEY, { description: "one" });
    const second = aws.create(KEY, { description: "two" });
    expect(second.id).not.toBe(first.id);
  });

  it("is refused where another stack holds that name", () => {
    provider("aws").create(REDIS, { replicationGroupId: "omnihub" });
    const other = { ...REDIS, urn: "urn:pulumi:production::holdpoint::x::redis" };
    expect(() => provider("aws").create(other, { replicationGroupId: "omnihub" })).toThrow(
      `omnihub already exists, declared by ${REDIS.urn}`,
    );
  });

  it("is taken over by the same resource, whose update was killed before the engine could write it down", () => {
    const first = provider("aws").create(REDIS, { replicationGroupId: "omnihub" });
    expect(provider("aws").create(REDIS, { replicationGroupId: "omnihub" }).id).toBe(first.id);
  });

  it("needs its namespace", () => {
    expect(() => provider("kubernetes").create(ROUTE, route(0))).toThrow('namespaces "omnihub-staging" not found');
  });

  it("is refused while an input is unknown", () => {
    expect(() => provider("cloudflare").create(DNS, { zoneId: "z", content: UNKNOWN })).toThrow(
      "an input is still unknown",
    );
  });

  it("lies in the cluster's folder as YAML, and is gone with its namespace", () => {
    const kubernetes = provider("kubernetes");
    kubernetes.create(NAMESPACE, namespace);
    kubernetes.create(ROUTE, route(5));
    const folder = join(dir, "cluster", "omnihub-staging");
    expect(readdirSync(folder)).toEqual(["httproute-omnihub.yaml", "namespace-omnihub-staging.yaml"]);
    expect(readFileSync(join(folder, "httproute-omnihub.yaml"), "utf8")).toContain("weight: 5");
    kubernetes.delete(NAMESPACE, "omnihub-staging");
    expect(kubernetes.read(ROUTE, "omnihub-staging/omnihub", route(5), {})).toBeUndefined();
  });

  it("never leaves its folder, whatever it is called", () => {
    for (const name of ["../../evil", "..", "/etc", "."]) {
      provider("kubernetes").create({ ...NAMESPACE, urn: name }, { ...namespace, metadata: { name } });
    }
    expect(readdirSync(dir).sort()).toEqual(["cloud", "cluster"]);
    for (const folder of readdirSync(join(dir, "cluster"))) expect(folder).toMatch(/^_[\w.]*\.[0-9a-f]{8}$/);
    expect(readdirSync(join(dir, "cluster"))).toHaveLength(4);
  });

  it("gets an automatic name that is the same in preview and update", () => {
    const kubernetes = provider("kubernetes");
    const inputs = { apiVersion: "v1", kind: "ConfigMap", data: {} };
    const seed = Uint8Array.from([1, 2, 3]);
    const name = (s: Uint8Array, old?: Props): unknown =>
      (kubernetes.check(CONFIG, inputs, old, s).inputs["metadata"] as Props)["name"];
    expect(name(seed)).toBe(name(seed));
    expect(name(seed)).not.toBe(name(Uint8Array.from([4])));
    expect(name(Uint8Array.from([4]), { metadata: { name: "config-old" } })).toBe("config-old");
  });
});

describe("a refresh", () => {
  it("finds what is there unchanged", () => {
    const kubernetes = provider("kubernetes");
    kubernetes.create(NAMESPACE, namespace);
    const made = kubernetes.create(ROUTE, route(5));
    expect(kubernetes.read(ROUTE, made.id, route(5), made.outputs)).toEqual({ ...made, inputs: route(5) });
  });

  it("reports a weight that someone edited, and only among what the program declares", () => {
    const kubernetes = provider("kubernetes");
    kubernetes.create(NAMESPACE, namespace);
    const made = kubernetes.create(ROUTE, route(5));
    const path = join(dir, "cluster", "omnihub-staging", "httproute-omnihub.yaml");
    writeFileSync(path, `${readFileSync(path, "utf8").replace("weight: 5", "weight: 50")}status:\n  seen: true\n`);
    const found = kubernetes.read(ROUTE, made.id, route(5), made.outputs);
    expect(found?.inputs).toEqual({
      ...route(5),
      spec: {
        rules: [
          {
            backendRefs: [
              { name: "a", weight: 95 },
              { name: "b", weight: 50 },
            ],
          },
        ],
      },
    });
    expect(found?.outputs["status"]).toEqual({ seen: true });
  });

  it("reports what is gone", () => {
    const aws = provider("aws");
    const { id, outputs } = aws.create(KEY, { description: "d" });
    aws.delete(KEY, id);
    expect(aws.read(KEY, id, { description: "d" }, outputs)).toBeUndefined();
    expect(() => aws.update(KEY, id, { description: "e" })).toThrow("does not exist any more");
  });

  it("gives back a secret that is unchanged, and shows that one was changed without showing it", () => {
    const aws = provider("aws");
    const inputs = { secretId: "s", secretString: secret("swordfish") };
    const made = aws.create(VERSION, inputs);
    const found = aws.read(VERSION, made.id, inputs, made.outputs);
    expect(found?.inputs).toEqual(inputs);
    aws.update(VERSION, made.id, { secretId: "s", secretString: secret("changed") });
    const changed = aws.read(VERSION, made.id, inputs, made.outputs)?.inputs["secretString"];
    expect(isSecret(changed)).toBe(true);
    expect(JSON.stringify(changed)).not.toContain("changed");
    expect(aws.diff(VERSION, { secretString: changed ?? null }, inputs).changes.length).toBeGreaterThan(0);
  });
});

describe("a secret", () => {
  const everything = (at: string): string =>
    readdirSync(at, { withFileTypes: true })
      .map((entry) =>
        entry.isDirectory() ? everything(join(at, entry.name)) : readFileSync(join(at, entry.name), "utf8"),
      )
      .join("\n");

  it("is on disk as a keyed hash only, wherever it stands", () => {
    mkdirSync(join(dir, "cluster"));
    const kubernetes = provider("kubernetes");
    kubernetes.create(NAMESPACE, namespace);
    kubernetes.create(CONFIG, configMap({ url: secret("swordfish-1"), plain: "visible" }));
    provider("aws").create(VERSION, { secretId: "s", secretString: secret("swordfish-2") });
    const metadata = { name: "secret", namespace: "omnihub-staging" };
    const made = kubernetes.create(SECRET, {
      apiVersion: "v1",
      kind: "Secret",
      metadata,
      stringData: { p: "swordfish-3" },
    });
    expect(everything(dir)).not.toContain("swordfish");
    expect(everything(dir)).toContain("visible");
    expect(everything(dir)).toMatch(/\[secret hmac-sha256:[0-9a-f]{64}\]/);
    expect(isSecret(made.outputs["stringData"])).toBe(true);
  });

  it("stays one in the outputs, in preview and in update", () => {
    const inputs = { replicationGroupId: "omnihub", authToken: secret("swordfish") };
    expect(isSecret(provider("aws").previewCreate(REDIS, inputs).outputs["authToken"])).toBe(true);
    expect(isSecret(provider("aws").create(REDIS, inputs).outputs["authToken"])).toBe(true);
  });

  it("never becomes part of an id", () => {
    const made = provider("aws").create(REDIS, { replicationGroupId: secret("swordfish") });
    expect(JSON.stringify([made.id, made.outputs["arn"]])).not.toContain("swordfish");
  });
});

describe("checks", () => {
  it("refuse a Cloudflare thing of no zone and no account", () => {
    const { failures } = provider("cloudflare").check(DNS, { name: "x" }, undefined, new Uint8Array());
    expect(failures).toEqual([{ property: "zoneId", reason: "one of zoneId, accountId or account is required" }]);
  });

  it("refuse what the stand-in for kubernetes cannot do", () => {
    const chart = subject("kubernetes:helm.sh/v3:Release", "chart");
    const { failures } = provider("kubernetes").check(
      chart,
      { apiVersion: "v3", kind: "Release" },
      undefined,
      new Uint8Array(),
    );
    expect(failures.map(({ reason }) => reason)).toEqual([
      "the stand-in for kubernetes does not do kubernetes:helm.sh/v3:Release",
    ]);
  });

  it("let an unknown pass, which a preview may have anywhere", () => {
    const { inputs, failures } = provider("cloudflare").check(DNS, { zoneId: UNKNOWN }, undefined, new Uint8Array());
    expect(failures).toEqual([]);
    expect(hasUnknown(inputs)).toBe(true);
  });
});
