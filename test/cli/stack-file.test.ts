import { afterEach, describe, expect, it } from "vitest";
import {
  editsBetween,
  editStackFile,
  readStackFile,
  setValue,
  type Edit,
  canaryStacksOf,
  stagesOf,
} from "../../cli/stack-file";
import { FakeProject } from "./fakes";

const FILE = `# The canary stack of production.
encryptionsalt: v1:abc=:v1:def==
config:
  holdpoint:plan: plans/omnihub.yaml # the plan
  # what takes the traffic
  holdpoint:baseline: { version: 1.9.0, image: "r/b@sha256:bb", commit: bbb, author: lee }
  holdpoint:release:
    version: 2.0.0
    image: 'r/a@sha256:aa'
    commit: "0123456"
    author: dana@omnihub.dev

  holdpoint:canary:
    weight:   5   # percent
    killSwitch: false
  holdpoint:digestKey:
    secure: v1:abc:def
`;

const set = (text: string, ...edit: Edit): string => setValue(text, "Pulumi.x.yaml", edit);
const WEIGHT = ["holdpoint:canary", "weight"] as const;

describe("setting a value of a stack file", () => {
  it("changes nothing but the value: comments, order, spaces and quotes around it stay", () => {
    expect(set(FILE, WEIGHT, 0)).toBe(FILE.replace("weight:   5   # percent", "weight:   0   # percent"));
  });

  it("returns the same text where the value is there already", () => {
    expect(set(FILE, WEIGHT, 5)).toBe(FILE);
  });

  it("sets a value inside a flow map in its place", () => {
    const changed = set(FILE, ["holdpoint:baseline", "version"], "1.8.0");
    expect(changed).toBe(FILE.replace("{ version: 1.9.0,", "{ version: 1.8.0,"));
  });

  it.each([
    ["a commit of digits alone", "1234567"],
    ["a commit that looks like a number", "12345e6"],
    ["text with a colon", "a: b"],
    ["text with a comma", "a, b"],
    ["text with a comment sign", "a #b"],
    ["a word that YAML reads as a truth value", "true"],
    ["an empty text", ""],
    ["a text with quotes", 'say "no"'],
    ["a text of two lines", "a\nb"],
  ])("writes %s so that it reads back as itself", (_what, value) => {
    const project = new FakeProject({ "Pulumi.x.yaml": set(FILE, ["holdpoint:release", "commit"], value) });
    expect(readStackFile(project.root, "x").config["holdpoint:release"]).toMatchObject({ commit: value });
    project.remove();
  });

  it("adds a missing value and keeps the comments", () => {
    const changed = set(FILE, ["holdpoint:canary", "safeMode"], true);
    expect(changed).toContain("safeMode: true");
    for (const comment of ["# The canary stack", "# the plan", "# what takes the traffic", "# percent"]) {
      expect(changed).toContain(comment);
    }
  });

  it("adds a missing section", () => {
    expect(set("config:\n  holdpoint:plan: p.yaml\n", WEIGHT, 0)).toBe(
      "config:\n  holdpoint:plan: p.yaml\n  holdpoint:canary:\n    weight: 0\n",
    );
  });

  it("finds a key that stands without the project's name", () => {
    expect(set("config:\n  canary:\n    weight: 5\n", WEIGHT, 0)).toBe("config:\n  canary:\n    weight: 0\n");
  });

  it("opens a map that stands as JSON text", () => {
    const changed = set(`config:\n  holdpoint:canary: '{"weight":5,"killSwitch":true}'\n`, WEIGHT, 0);
    expect(changed).toBe("config:\n  holdpoint:canary:\n    weight: 0\n    killSwitch: true\n");
  });
});

describe("reading and editing a stack file", () => {
  let project = new FakeProject();
  afterEach(() => project.remove());

  it("reads the settings that commands need, and never a secret", () => {
    project = new FakeProject({ "Pulumi.production-canary.yaml": FILE });
    const { settings } = readStackFile(project.root, "production-canary");
    expect(settings).toEqual({
      plan: "plans/omnihub.yaml",
      release: { version: "2.0.0", image: "r/a@sha256:aa", commit: "0123456", author: "dana@omnihub.dev" },
      baseline: { version: "1.9.0", image: "r/b@sha256:bb", commit: "bbb", author: "lee" },
      weight: 5,
    });
  });

  it("writes only what has changed, and leaves no file beside it", () => {
    project = new FakeProject({ "Pulumi.production-canary.yaml": FILE });
    expect(editStackFile(project.root, "production-canary", [[WEIGHT, 5]])).toBe(false);
    expect(editStackFile(project.root, "production-canary", [[WEIGHT, 0]])).toBe(true);
    expect(readStackFile(project.root, "production-canary").settings.weight).toBe(0);
  });

  it("names the stages that there are, and the nearest", () => {
    project = new FakeProject({ "Pulumi.production-canary.yaml": FILE, "Pulumi.staging-canary.yaml": FILE });
    expect(() => readStackFile(project.root, "prodution-canary")).toThrow(
      expect.objectContaining({
        code: "stack-unknown",
        message: "found no Pulumi.prodution-canary.yaml; stages of this project: production, staging",
        remedy: "did you mean production?",
      }) as Error,
    );
  });

  it("tells the canary stacks of a stage's operations from stages, even where one is no YAML", () => {
    project = new FakeProject({
      "Pulumi.production-canary.yaml": FILE,
      "Pulumi.production.search-canary.yaml": "config: [",
      "Pulumi.production.install-canary.yaml": FILE,
      "Pulumi.production-eu-canary.yaml": FILE,
    });
    expect(stagesOf(project.root)).toEqual(["production", "production-eu"]);
    expect(canaryStacksOf(project.root, "production").map(({ stack }) => stack)).toEqual([
      "production-canary",
      "production.install-canary",
      "production.search-canary",
    ]);
  });

  it("refuses a file that is no YAML, with its name and the place", () => {
    project = new FakeProject({ "Pulumi.x.yaml": "config: [" });
    expect(() => readStackFile(project.root, "x")).toThrow(
      expect.objectContaining({
        code: "yaml-syntax",
        message: expect.stringMatching(/^Pulumi\.x\.yaml:1:10: found "\[" without "\]"/) as string,
      }) as Error,
    );
  });
});

describe("edits from one configuration to another", () => {
  const now = {
    "holdpoint:release": { version: "2", image: "a" },
    "holdpoint:digestKey": { secure: "v1:abc" },
    "holdpoint:flag": "x",
  };

  it("are none between equal ones, however they are written", () => {
    expect(editsBetween(now, { ...now, "holdpoint:release": '{"image":"a","version":"2"}' })).toEqual([]);
  });

  it("name the smallest values that differ, and leave secrets alone", () => {
    expect(editsBetween(now, { "holdpoint:release": { version: "1", image: "a" } })).toEqual([
      [["holdpoint:release", "version"], "1"],
      [["holdpoint:flag"], undefined],
    ]);
  });
});
