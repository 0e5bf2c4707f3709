import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { dataOf, edited, merge } from "../../sandbox/merge";
import { projectFolder, stacksOf, writeProject } from "../../sandbox/project";
import { Passphrase } from "../../sandbox/secrets";

const OVERRIDES = {
  prometheus: "http://127.0.0.1:9999",
  trust: "/sandbox/trust.yaml",
  evidence: "/sandbox/evidence",
  encryptionsalt: "v1:salt:v1:a:b",
  digestKey: "v1:c:d",
  redisAuthToken: "v1:e:f",
};

const STACK = `# What staging is.
config:
  holdpoint:plan: plans/omnihub.yaml
  holdpoint:prometheus: http://prometheus.monitoring.svc:9090 # the team's
  holdpoint:canary:
    weight: 0 # percent
    killSwitch: false
  holdpoint:redis: { kind: in-cluster }
  holdpoint:token:
    secure: v1:from:elsewhere
encryptionsalt: v1:the-teams:own
`;

let root: string;
let dir: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "holdpoint-project-"));
  dir = join(root, ".sandbox");
  mkdirSync(dir);
  writeFileSync(join(dir, "overrides.json"), JSON.stringify(OVERRIDES));
  for (const folder of ["node_modules/x", "build", "test", ".git", ".holdpoint", "components", "test"]) {
    mkdirSync(join(root, folder), { recursive: true });
    writeFileSync(join(root, folder, "file.ts"), `// ${folder}\n`);
  }
  writeFileSync(join(root, "Pulumi.yaml"), "name: holdpoint\nruntime: nodejs\n");
  writeFileSync(join(root, "index.ts"), "one\n");
  writeFileSync(join(root, "Pulumi.staging.yaml"), STACK);
});
afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

const copy = (path: string): string => join(projectFolder(dir), path);
const stack = (): string => readFileSync(copy("Pulumi.staging.yaml"), "utf8");
const change = (path: string, from: string, to: string): void => {
  writeFileSync(path, readFileSync(path, "utf8").replace(from, to));
};

describe("the working copy", () => {
  it("has the project's files, and none of what is made or private", () => {
    writeProject(root, dir);
    expect(readFileSync(copy("components/file.ts"), "utf8")).toBe("// components\n");
    for (const absent of ["build", "test", ".git", ".holdpoint", ".sandbox"])
      expect(existsSync(copy(absent)), absent).toBe(false);
    expect(realpathSync(copy("node_modules"))).toBe(realpathSync(join(root, "node_modules")));
    expect(stacksOf(root)).toEqual(["staging"]);
  });

  it("copies only what changed, deletes what vanished, and leaves alone what was made in it", () => {
    writeProject(root, dir);
    mkdirSync(copy("build"));
    writeFileSync(copy("build/made.cjs"), "made");
    writeFileSync(copy("plan.json"), "saved");
    const before = statSync(copy("components/file.ts")).ino;
    writeFileSync(join(root, "index.ts"), "two\n");
    writeProject(root, dir);
    expect(readFileSync(copy("index.ts"), "utf8")).toBe("two\n");
    expect(statSync(copy("components/file.ts")).ino).toBe(before);
    rmSync(join(root, "index.ts"));
    writeProject(root, dir);
    expect(existsSync(copy("index.ts"))).toBe(false);
    expect(readFileSync(copy("build/made.cjs"), "utf8")).toBe("made");
    expect(readFileSync(copy("plan.json"), "utf8")).toBe("saved");
  });

  it("is not written by a project that brings its own plugins", () => {
    writeFileSync(
      join(root, "Pulumi.yaml"),
      "name: holdpoint\nplugins:\n  providers:\n    - { name: aws, path: /real }\n",
    );
    expect(() => {
      writeProject(root, dir);
    }).toThrow("Pulumi.yaml names plugins of its own, which could change something real");
  });

  it("needs a sandbox", () => {
    rmSync(join(dir, "overrides.json"));
    expect(() => {
      writeProject(root, dir);
    }).toThrow(`there is no sandbox in ${dir}`);
  });
});

describe("a stack file in the sandbox", () => {
  it("says what the project's says, with the sandbox's own addresses and secrets, and keeps comments", () => {
    writeProject(root, dir);
    const { config, encryptionsalt } = dataOf(stack()) as { config: Record<string, unknown>; encryptionsalt: string };
    expect(config["holdpoint:plan"]).toBe("plans/omnihub.yaml");
    expect(config["holdpoint:prometheus"]).toBe(OVERRIDES.prometheus);
    expect(config["holdpoint:sandbox"]).toBe(dir);
    expect(config["holdpoint:digestKey"]).toEqual({ secure: OVERRIDES.digestKey });
    expect(config["holdpoint:redisAuthToken"]).toBeUndefined();
    expect(encryptionsalt).toBe(OVERRIDES.encryptionsalt);
    expect(stack()).toContain("weight: 0 # percent");
    expect(readFileSync(join(root, "Pulumi.staging.yaml"), "utf8")).toBe(STACK);
  });

  it("does not take over what is encrypted for somewhere else", () => {
    writeProject(root, dir);
    expect(stack()).not.toContain("holdpoint:token");
    expect(stack()).not.toContain("the-teams");
  });

  it("gets the Redis token where Redis needs one", () => {
    change(join(root, "Pulumi.staging.yaml"), "in-cluster", "elasticache");
    writeProject(root, dir);
    expect(stack()).toContain(OVERRIDES.redisAuthToken);
  });

  it("keeps a value that was set in the sandbox, and one that was added", () => {
    writeProject(root, dir);
    change(copy("Pulumi.staging.yaml"), "weight: 0", "weight: 5");
    change(copy("Pulumi.staging.yaml"), "config:\n", "config:\n  holdpoint:added: yes-it-is\n");
    change(join(root, "Pulumi.staging.yaml"), "killSwitch: false", "killSwitch: true");
    writeProject(root, dir);
    writeProject(root, dir);
    expect(stack()).toContain("weight: 5");
    expect(stack()).toContain("killSwitch: true");
    expect(stack()).toContain("holdpoint:added: yes-it-is");
  });

  it("takes the project's value once the project's has changed", () => {
    writeProject(root, dir);
    change(copy("Pulumi.staging.yaml"), "weight: 0", "weight: 5");
    change(join(root, "Pulumi.staging.yaml"), "weight: 0", "weight: 25");
    writeProject(root, dir);
    expect(stack()).toContain("weight: 25");
  });

  it("is as broken as the project's, and is mended with it", () => {
    writeProject(root, dir);
    writeFileSync(join(root, "Pulumi.staging.yaml"), "config: [");
    writeProject(root, dir);
    expect(stack()).toBe("config: [");
    writeFileSync(join(root, "Pulumi.staging.yaml"), STACK);
    writeProject(root, dir);
    expect(dataOf(stack())).toMatchObject({ config: { "holdpoint:sandbox": dir } });
  });

  it("is not touched where nothing changed", () => {
    writeProject(root, dir);
    const before = statSync(copy("Pulumi.staging.yaml")).ino;
    writeProject(root, dir);
    expect(statSync(copy("Pulumi.staging.yaml")).ino).toBe(before);
  });

  it("follows a new address of Prometheus", () => {
    writeProject(root, dir);
    writeFileSync(join(dir, "overrides.json"), JSON.stringify({ ...OVERRIDES, prometheus: "http://127.0.0.1:1111" }));
    writeProject(root, dir);
    expect(stack()).toContain("http://127.0.0.1:1111");
  });
});

describe("a three-way merge", () => {
  it.each([
    ["mine stays where theirs did not change", 1, 2, 1, 2],
    ["theirs is taken where it changed", 1, 1, 3, 3],
    ["theirs is taken where both changed", 1, 2, 3, 3],
    ["what I deleted stays deleted", 1, undefined, 1, undefined],
    ["what they deleted is deleted", 1, 1, undefined, undefined],
    ["what I added stays", undefined, 2, undefined, 2],
    ["what they added comes", undefined, undefined, 3, 3],
  ])("%s", (_, base, mine, theirs, wanted) => {
    const of = (value: number | undefined) => (value === undefined ? {} : { key: value });
    expect(merge(of(base), of(mine), of(theirs))).toEqual(of(wanted));
  });

  it("edits only the lines that differ", () => {
    const text = "# head\na: 1 # one\nb:\n  - x # item\n";
    expect(edited(text, { a: 1, b: ["x"] })).toBe(text);
    expect(edited(text, { a: 2, b: ["x"] })).toBe("# head\na: 2 # one\nb:\n  - x # item\n");
  });
});

describe("the sandbox's passphrase", () => {
  it("opens what it made, and nothing that another made", () => {
    const made = Passphrase.create("correct horse");
    const sealed = made.encrypt("swordfish");
    expect(Passphrase.open("correct horse", made.salt)?.decrypt(sealed)).toBe("swordfish");
    expect(Passphrase.open("wrong", made.salt)).toBeUndefined();
    expect(made.decrypt(`${sealed.slice(0, -4)}AAAA`)).toBeUndefined();
    expect(sealed).not.toContain("swordfish");
  });
});
