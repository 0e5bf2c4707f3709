import { rmSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { lowerToZero, rollBack } from "../../cli/rollback";
import { FakeProject } from "./fakes";

const image = (word: string): string => `r/app@sha256:${word.repeat(64)}`;
const release = (word: string) => ({ version: word, image: image(word), commit: word.repeat(40), author: "dana" });
const entry = (word: string) => ({
  release: { image: image(word), commit: word.repeat(40) },
  baseline: { image: image("b"), commit: "b".repeat(40) },
  request: word,
});
const STAGE = `config:
  holdpoint:release: ${JSON.stringify(release("c"))} # the release
  holdpoint:baseline: ${JSON.stringify(release("b"))}
`;
const UP = "up --refresh --skip-preview --yes";
const PACK = "--policy-pack policies";

const state = (record: object): string =>
  JSON.stringify({
    deployment: {
      resources: [
        {
          urn: "urn:pulumi:production::holdpoint::pulumi:index:Stash::record",
          type: "pulumi:index:Stash",
          inputs: { input: record },
        },
      ],
    },
  });
const HISTORY = JSON.stringify(
  ["c", "b"].map((word) => ({
    kind: "update",
    result: "succeeded",
    config: {
      "holdpoint:release": { value: "", objectValue: release(word) },
      "holdpoint:baseline": { value: "", objectValue: release("b") },
    },
  })),
);
const record = (change: object = {}) => ({ current: entry("c"), previous: entry("b"), usedApprovals: [], ...change });

let project = new FakeProject();
afterEach(() => project.remove());

/** A project at 20 % whose engine answers as it should; `script` comes first and may `return`. */
function at20(script = "", found = record()): void {
  project = new FakeProject({
    "Pulumi.production-canary.yaml": "config:\n  holdpoint:canary:\n    weight: 20 # percent\n",
    "Pulumi.production.yaml": STAGE,
    "state.json": state(found),
    "history.json": HISTORY,
  });
  project.pulumi(`(() => {
  ${script}
  if (args[0] !== "stack") return;
  if (args[1] === "ls") return say('[{"name":"production"},{"name":"production-canary"},{"name":"organization/holdpoint/staging.search-canary"}]');
  say(fs.readFileSync(${JSON.stringify(project.root)} + (args[1] === "export" ? "/state.json" : "/history.json"), "utf8"));
})()`);
}

const go = (takeOver = false) => rollBack(project.context, "production", { takeOver });

describe("a rollback with canaries of single operations", () => {
  const operation = (name: string) =>
    project.write(`Pulumi.production.${name}-canary.yaml`, "config:\n  holdpoint:canary:\n    weight: 40\n");
  const weightOf = (name: string) => /weight: (\d+)/.exec(project.read(`Pulumi.production${name}-canary.yaml`))?.[1];

  it("brings each of them to 0, then the stage back", async () => {
    at20();
    operation("install");
    operation("search");
    await go();
    expect(project.calls().slice(0, 3)).toEqual([
      `${UP} ${PACK} --stack production-canary`,
      `${UP} ${PACK} --stack production.install-canary`,
      `${UP} ${PACK} --stack production.search-canary`,
    ]);
    expect([weightOf(""), weightOf(".install"), weightOf(".search")]).toEqual(["0", "0", "0"]);
  });

  it("does not let one that fails keep the others from it", async () => {
    at20(
      `if (args.includes("production.install-canary")) { say("error: no cluster"); process.exitCode = 255; return; }`,
    );
    operation("install");
    operation("search");
    await expect(go()).rejects.toMatchObject({ code: "engine-failed" });
    expect(project.calls()).toContain(`${UP} ${PACK} --stack production.search-canary`);
    expect(weightOf(".search")).toBe("0");
  });

  it("of one operation leaves the others and the release alone", async () => {
    at20();
    operation("install");
    operation("search");
    await lowerToZero(project.context, "production", { takeOver: false, operation: "search" });
    expect(project.calls()).toEqual([`${UP} ${PACK} --stack production.search-canary`]);
    expect([weightOf(""), weightOf(".install"), weightOf(".search")]).toEqual(["20", "40", "0"]);
  });
});

describe("a rollback", () => {
  it("brings the weight to 0 first, then the stage to what ran before", async () => {
    at20();
    const done = await go();
    expect(project.calls()).toEqual([
      `${UP} ${PACK} --stack production-canary`,
      "stack ls --json",
      "stack export --stack production",
      "stack history --json --page-size 50 --stack production",
      `${UP} ${PACK} --stack production`,
    ]);
    expect(project.read("Pulumi.production-canary.yaml")).toContain("weight: 0 # percent");
    expect(project.read("Pulumi.production.yaml")).toContain(
      `"commit":"${"b".repeat(40)}","author":"dana"} # the release`,
    );
    expect(done).toMatchObject({ stage: "production", release: entry("b").release, notes: [] });
    expect(done.weightZeroAfter).toBeLessThanOrEqual(done.took);
  });

  it("says so where there is nothing to return to, and is done", async () => {
    at20("", record({ previous: undefined }));
    const done = await go();
    expect(done.nothing).toBe("no release ran here before this one");
    expect(project.calls()).toHaveLength(3);
    expect(project.read("Pulumi.production.yaml")).toBe(STAGE);
  });

  it("does the weight once more without the pack where that fails with it", async () => {
    at20(
      'if (args.includes("--policy-pack") && args.includes("production-canary")) { say("error: could not load the pack"); process.exitCode = 1; return; }',
    );
    const done = await go();
    expect(project.calls().slice(0, 2)).toEqual([
      `${UP} ${PACK} --stack production-canary`,
      `${UP} --stack production-canary`,
    ]);
    expect(done.notes).toEqual([
      "production-canary: failed with the policy pack (could not load the pack); once more without it: weight 0 needs none",
    ]);
  });

  it("never brings the stage back without the pack", async () => {
    at20(
      'if (args[0] === "up" && args.at(-1) === "production") { say("error: NO-GO"); process.exitCode = 1; return; }',
    );
    await expect(go()).rejects.toMatchObject({
      code: "engine-failed",
      message: "all traffic is on the baseline, but production is not back at its previous release: NO-GO",
    });
    expect(project.calls().filter((call) => call.endsWith("--stack production") && call.startsWith("up"))).toEqual([
      `${UP} ${PACK} --stack production`,
    ]);
  });

  it("says of a canary that was never brought up that there is no weight to lower, and calls it no success", async () => {
    at20(
      `if (args[0] === "up") { say('error: namespaces "shop" not found'); process.exitCode = 1; return; }
       if (args[1] === "history") return say("[]");`,
    );
    await expect(go()).rejects.toMatchObject({
      code: "engine-failed",
      message:
        'no update of production-canary ever succeeded and its state holds no route, so there is no weight to lower: namespaces "shop" not found',
    });
  });

  it.each([
    ["production-canary", 'found the canary\'s stack "production-canary", expected the name of a stage', "production"],
    ["../x", 'found "../x", expected the name of a stage', "production"],
  ])("refuses %s before it touches anything", async (name, message, meant) => {
    at20();
    await expect(rollBack(project.context, name, { takeOver: false })).rejects.toMatchObject({
      code: "stack-unknown",
      message,
      remedy: `holdpoint rollback ${meant}`,
    });
    expect(project.calls()).toEqual([]);
  });

  it("says that the weight is not 0 where the engine can't write it either way", async () => {
    at20('if (args[0] === "up") { say("error: the API server is down"); process.exitCode = 1; return; }');
    await expect(go()).rejects.toMatchObject({
      code: "engine-failed",
      message: "production-canary: the weight is not 0 yet: the API server is down",
    });
  });

  it("stops where the history does not hold what ran before, with the weight at 0", async () => {
    at20("", record({ previous: entry("d") }));
    await expect(go()).rejects.toMatchObject({
      code: "engine-failed",
      message: expect.stringContaining("all traffic is on the baseline") as string,
    });
    expect(project.read("Pulumi.production.yaml")).toBe(STAGE);
  });

  it("names a stage that is not there before anything is run", async () => {
    at20();
    await expect(rollBack(project.context, "prodution", { takeOver: false })).rejects.toMatchObject({
      code: "stack-unknown",
    });
    expect(project.calls()).toEqual(["stack ls --json", "config refresh --force --stack prodution"]);
  });

  it("has nothing to lower where the canary stack was never made", async () => {
    at20(
      `if (args[0] === "up" && args.at(-1) === "production-canary") { say("error: no stack named 'production-canary' found"); process.exitCode = 255; return; }`,
    );
    const done = await go();
    expect(done.notes).toEqual(["production-canary: there is no such stack, so nothing is routed to a canary"]);
  });
});

describe("a rollback where a stack's file is no help", () => {
  const FILE = "Pulumi.production-canary.yaml";
  const LAST = "config:\n  holdpoint:canary:\n    weight: 40\n";
  /** As `at20`, and the engine writes a stack's file as its last update had it. */
  const engineRemembers = (script = "", name = FILE): void => {
    at20(`${script}
      if (args[0] === "config") return fs.writeFileSync("${name}", ${JSON.stringify(LAST)});`);
  };

  it.each([
    ["is no YAML", "config: [weight", "yaml-syntax"],
    ["is too large", `# ${"x".repeat(1024 * 1024)}`, "file-too-large"],
  ])("sets a file aside that %s, and goes on with what the engine remembers", async (_, text) => {
    engineRemembers();
    project.write(FILE, text);
    const done = await go();
    expect(project.read(FILE)).toContain("weight: 0");
    expect(project.read(`${FILE}.damaged`)).toBe(text);
    expect(done.notes[0]).toContain(
      `${FILE} is written anew from the last update; what was there is ${FILE}.damaged now`,
    );
  });

  it("writes one anew that is gone", async () => {
    engineRemembers();
    rmSync(join(project.root, FILE));
    const done = await go();
    expect(project.read(FILE)).toContain("weight: 0");
    expect(done.notes).toEqual([`production-canary: ${FILE} is written anew from the last update; it was gone`]);
  });

  it("leaves it as it was where the engine remembers nothing, and names the mistake", async () => {
    at20('if (args[0] === "config") { say("error: no previous deployment"); process.exitCode = 1; return; }');
    project.write(FILE, "config: [weight");
    await expect(go()).rejects.toMatchObject({ code: "yaml-syntax" });
    expect(project.read(FILE)).toBe("config: [weight");
  });

  it("returns a stage that has no canary at all to what ran before", async () => {
    at20('if (args[1] === "ls") return say(\'[{"name":"production"}]\');');
    rmSync(join(project.root, FILE));
    const done = await go();
    expect(done.release).toEqual(entry("b").release);
    expect(done.notes).toEqual([`production has no canary: there is no ${FILE} and no stack production-canary`]);
    expect(project.calls().join("\n")).not.toContain("--stack production-canary");
  });

  it("does not take a canary for missing where the engine does not tell its stacks", async () => {
    at20(
      'if (args[1] === "ls") { process.exitCode = 1; return; } if (args[0] === "config") { process.exitCode = 1; return; }',
    );
    rmSync(join(project.root, FILE));
    await expect(go()).rejects.toMatchObject({ code: "stack-unknown" });
  });

  it("brings a canary to 0 whose file nobody has any more", async () => {
    const name = "Pulumi.production.search-canary.yaml";
    engineRemembers(
      `if (args[1] === "ls") return say('[{"name":"acme/holdpoint/production.search-canary"},{"name":"staging.search-canary"}]');`,
      name,
    );
    await go();
    expect(project.read(name)).toContain("weight: 0");
    expect(project.calls()).toContain(`${UP} ${PACK} --stack production.search-canary`);
    expect(project.calls().join("\n")).not.toContain("staging.search-canary");
  });

  it("says so where the engine does not tell its stacks, and goes on", async () => {
    at20('if (args[1] === "ls") return say("no list");');
    const done = await go();
    expect(done.release).toEqual(entry("b").release);
    expect(done.notes[0]).toContain("the engine does not say whether a canary without a stack file takes traffic");
  });

  it("takes the configuration that last worked where the program refuses the present one", async () => {
    at20(`
      const mistaken = /hostnames: 7/.test(fs.readFileSync(process.cwd() + "/${FILE}", "utf8"));
      if (args[0] === "up" && args.includes("production-canary") && mistaken) { say("error: config-invalid"); process.exitCode = 1; return; }
      if (args[1] === "history" && args.includes("production-canary")) return say(JSON.stringify([
        { kind: "update", result: "failed", config: { "holdpoint:route": { objectValue: { hostnames: 7 } } } },
        { kind: "update", result: "succeeded", config: {
          "holdpoint:route": { objectValue: { hostnames: ["omnihub.dev"] } },
          "holdpoint:canary": { objectValue: { weight: 40, killSwitch: false, safeMode: false } } } },
      ]));`);
    project.write(
      FILE,
      "config:\n  holdpoint:route: { hostnames: 7 }\n  holdpoint:canary:\n    weight: 20\n    killSwitch: true\n",
    );
    const done = await go();
    expect(done.notes[1]).toBe(
      "production-canary: failed without the pack too (config-invalid); once more with holdpoint:route, holdpoint:canary as in its last update that succeeded",
    );
    expect(project.read(FILE)).toContain("omnihub.dev");
    expect(project.read(FILE)).toContain("weight: 0");
    expect(project.read(FILE)).toContain("killSwitch: true");
    expect(project.read(FILE)).toContain("safeMode: false");
  });
});

describe("a lock that only the engine knows of", () => {
  const LOCKED =
    'if (args[0] === "up" && call === 0) { say("error: the stack is currently locked by 1 lock(s). created by kim@far"); process.exitCode = 1; return; }';

  it("is a refusal with the engine's own words", async () => {
    at20(LOCKED);
    await expect(lowerToZero(project.context, "production", { takeOver: false })).rejects.toMatchObject({
      code: "lock-held",
      remedy: "holdpoint rollback production --take-over",
    });
  });

  it("is cancelled when told to take over, and that is said", async () => {
    at20(LOCKED);
    const done = await lowerToZero(project.context, "production", { takeOver: true });
    expect(project.calls()).toEqual([
      `${UP} ${PACK} --stack production-canary`,
      "cancel --yes --stack production-canary",
      `${UP} ${PACK} --stack production-canary`,
      "stack ls --json",
    ]);
    expect(done.notes[0]).toContain("whoever held it may go on writing");
  });
});
