import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { machineClock } from "../../rollout/clock";
import {
  EMPTY_DEPLOYMENT,
  modifiedAt,
  parseDeployment,
  routedWeight,
  stageStateOf,
  stashInput,
  stateDigest,
} from "../../rollout/state";
import type { Deployment } from "../../rollout/state";
import { BASELINE, hex, RELEASE } from "./world-factory";

/** Written by the real CLI. */
const TEXT = readFileSync("test/fixtures/rollout/state.json", "utf8");

interface File {
  deployment: { resources: Record<string, unknown>[]; pending_operations?: unknown[] };
}
function changed(change: (file: File) => void): Deployment {
  const file = JSON.parse(TEXT) as File;
  change(file);
  return parseDeployment(JSON.stringify(file));
}
const component = (file: File): Record<string, unknown> => {
  const found = file.deployment.resources.find((resource) => resource["type"] === "holdpoint:x:C");
  if (found === undefined) throw new Error("no component");
  return found;
};

describe("a state's digest", () => {
  const digest = stateDigest(parseDeployment(TEXT));
  test("changes with a resource's inputs, outputs, id, protect, parent, and with its absence", () => {
    const changes: ((file: File) => void)[] = [
      (file) => (component(file)["inputs"] = {}),
      (file) => (component(file)["outputs"] = { x: 1 }),
      (file) => (component(file)["id"] = "x"),
      (file) => (component(file)["protect"] = true),
      (file) => (component(file)["parent"] = "urn:other"),
      (file) => (component(file)["delete"] = true),
      (file) =>
        (file.deployment.resources = file.deployment.resources.filter(
          (resource) => resource["type"] !== "holdpoint:x:C",
        )),
    ];
    expect(new Set([digest, ...changes.map((change) => stateDigest(changed(change)))]).size).toBe(changes.length + 1);
  });
  test("does not change with times, order, propertyDependencies, ciphertext, nor with the records of a refused up", () => {
    expect(stateDigest(changed((file) => (component(file)["modified"] = "2030-01-01T00:00:00Z")))).toBe(digest);
    expect(stateDigest(changed((file) => file.deployment.resources.reverse()))).toBe(digest);
    expect(stateDigest(changed((file) => (component(file)["propertyDependencies"] = {})))).toBe(digest);
    expect(stateDigest(parseDeployment(TEXT.replaceAll(/"ciphertext": "[^"]*"/g, '"ciphertext": "v1:other"')))).toBe(
      digest,
    );
    expect(stateDigest(changed((file) => (file.deployment.resources = [component(file)])))).toBe(digest);
  });
  test("does not take an absent secret for a secret", () => {
    const without = changed((file) => delete (component(file)["inputs"] as Record<string, unknown>)["sec"]);
    expect(stateDigest(without)).not.toBe(digest);
  });
});

describe("a state", () => {
  test("tells what a Stash holds and since when", () => {
    const state = parseDeployment(TEXT);
    expect(stashInput(state, "step")).toEqual({ weight: 5, release: { image: "i", commit: "c" } });
    expect(modifiedAt(state, "step")).toBe(Date.parse("2026-11-21T12:02:56.852Z"));
    expect(stashInput(state, "comp-x")).toBeUndefined();
    expect(modifiedAt(EMPTY_DEPLOYMENT, "step")).toBeUndefined();
  });
  test("of a new stack is empty", () => {
    expect(parseDeployment('{"version":3,"deployment":{"manifest":{}}}')).toEqual(EMPTY_DEPLOYMENT);
    expect(parseDeployment('{"version":3,"deployment":null}')).toEqual(EMPTY_DEPLOYMENT);
  });
  test("tells what an interrupted up left", () => {
    const state = changed(
      (file) => (file.deployment.pending_operations = [{ resource: { urn: "urn:pulumi:x" }, type: "updating" }]),
    );
    expect(state.pending).toEqual(["updating urn:pulumi:x"]);
  });
  test("that is none is refused", () => {
    expect(() => parseDeployment("no")).toThrow(
      "found text that is not JSON, expected a state as pulumi stack export writes it",
    );
    expect(() => parseDeployment('{"deployment":{"resources":[{}]}}')).toThrow(/^deployment\.resources\.0\.urn: /);
  });
});

const route = (rules: unknown, outputs?: unknown) => ({
  // As components/canary.ts names it.
  urn: "urn:pulumi:p::holdpoint::holdpoint:canary:Canary$kubernetes:gateway.networking.k8s.io/v1:HTTPRoute::canary-route",
  type: "kubernetes:gateway.networking.k8s.io/v1:HTTPRoute",
  inputs: { spec: { rules } },
  ...(outputs === undefined ? {} : { outputs: { spec: { rules: outputs } } }),
});
const backends = (baseline: number, canary: number) => [
  {
    backendRefs: [
      { name: "omnihub-baseline", weight: baseline },
      { name: "omnihub-canary", weight: canary },
    ],
  },
];
const state = (...resources: Deployment["resources"][number][]): Deployment => ({ resources, pending: [] });

describe("the routed weight", () => {
  const weight = (...resources: Deployment["resources"][number][]) => routedWeight(state(...resources), "omnihub");
  test("is the canary's share", () => {
    expect(weight(route(backends(95, 5)))).toBe(5);
    expect(weight(route(backends(3, 1)))).toBe(25);
    expect(weight(route(backends(0, 0)))).toBe(0);
    expect(weight(route([{ backendRefs: [{ name: "omnihub-canary" }] }]))).toBe(100);
  });
  test("is what is live, not what was asked for", () =>
    expect(weight(route(backends(95, 5), backends(50, 50)))).toBe(50));
  test("is the greatest of all rules", () => expect(weight(route([...backends(95, 5), ...backends(10, 90)]))).toBe(90));
  test("is unknown where there is no route, and no number where it can't be understood", () => {
    expect(weight()).toBeUndefined();
    expect(weight(route("?"))).toBeNaN();
    expect(weight(route([]))).toBeNaN();
    expect(weight(route([{ backendRefs: [{ name: "omnihub-canary", weight: "5" }] }]))).toBeNaN();
  });
});

describe("a stage's state", () => {
  const stash = (name: string, input: unknown, modified = "2026-11-22T02:00:00Z") => ({
    urn: `urn:pulumi:p::holdpoint::pulumi:index:Stash::${name}`,
    type: "pulumi:index:Stash",
    inputs: { input },
    modified,
  });
  const name = ({ image, commit }: typeof RELEASE) => ({ image, commit });
  const entry = { release: name(RELEASE), baseline: name(BASELINE), request: hex("7") };
  const of = (stage: Deployment | undefined, canary: Deployment | undefined) =>
    stageStateOf({ stage, canary }, "omnihub", machineClock);
  const step = stash("step", { weight: 5, release: name(RELEASE) });
  test("has had a release since its first entry with the same content, whatever the record told since", () => {
    const ran = { ...entry, content: hex("c") };
    const since = (entered: unknown, current: object = ran): unknown => {
      const stage = state(
        stash("entered", entered, "2026-11-20T02:00:00Z"),
        stash("record", { current, usedApprovals: [] }, "2026-11-22T02:00:00Z"),
      );
      const read = of(stage, undefined);
      return read.ok ? read.record?.current?.since : read.why;
    };
    const mark = { release: name(RELEASE), content: hex("c") };
    expect(since(mark)).toBe(Date.UTC(2026, 10, 20, 2));
    expect(since(mark, { ...ran, baseline: name(RELEASE), request: hex("8") })).toBe(Date.UTC(2026, 10, 20, 2));
  });
  test("does not take over the time of another release, of other content, or one that can't be read", () => {
    const ran = { ...entry, content: hex("c") };
    const since = (entered: unknown, modified = "2026-11-20T02:00:00Z"): unknown => {
      const stage = state(stash("entered", entered, modified), stash("record", { current: ran, usedApprovals: [] }));
      const read = of(stage, undefined);
      return read.ok ? (read.record?.current?.since ?? "not known") : read.why;
    };
    const mark = { release: name(RELEASE), content: hex("c") };
    expect(since({ ...mark, release: name(BASELINE) })).toBe("not known");
    expect(since({ ...mark, content: hex("d") })).toBe("not known");
    expect(since({ release: name(RELEASE) })).toBe("not known");
    expect(since("entered")).toBe("not known");
    expect(since(mark, "soon")).toBe("not known");
  });
  test("has the record and the canary", () => {
    expect(
      of(
        state(stash("record", { current: entry, previous: entry, usedApprovals: [hex("e")] })),
        state(step, route(backends(75, 25))),
      ),
    ).toEqual({
      ok: true,
      record: {
        current: { ...entry, since: Date.UTC(2026, 10, 22, 2) },
        previous: entry,
        usedApprovals: [hex("e")],
      },
      images: [],
      canary: { weight: 5, release: name(RELEASE), since: Date.UTC(2026, 10, 22, 2), routed: 25 },
    });
  });
  test("does not say since when a release is there where the record's own time can't be read", () => {
    const record = { current: { ...entry, since: 1 }, usedApprovals: [] };
    for (const modified of ["", "yesterday", undefined]) {
      const { modified: _, ...stashed } = stash("record", record);
      const found = of(state({ ...stashed, ...(modified === undefined ? {} : { modified }) }), undefined);
      expect(found).toEqual({ ok: true, images: [], record: { current: entry, usedApprovals: [] } });
    }
  });
  test("has the images of its workloads as they were last written, each once", () => {
    const workload = (kind: string, ...images: unknown[]) => ({
      urn: `urn:pulumi:p::holdpoint::kubernetes:apps/v1:${kind}::${images.join()}`,
      type: `kubernetes:apps/v1:${kind}`,
      inputs: { spec: { template: { spec: { containers: images.map((image) => ({ image })) } } } },
      outputs: { spec: { template: { spec: { containers: [{ image: "drifted" }] } } } },
    });
    const stage = state(
      workload("Deployment", "a", "b"),
      workload("StatefulSet", "b"),
      workload("Job", "c"),
      workload("Deployment", 7),
    );
    expect(of(stage, undefined)).toEqual({ ok: true, images: ["a", "b"] });
  });
  test("of stacks that do not exist is known to be empty", () =>
    expect(of(undefined, undefined)).toEqual({ ok: true }));
  test("says what earlier releases owe, and where that is malformed that it is not known", () => {
    const owed = {
      debts: [{ criterion: "scan", release: entry.release, type: "hotfix" }],
      obligations: [{ criterion: "scan", obligation: "mend it", waivers: [hex("a")], release: entry.release }],
    };
    const found = (value: unknown) => {
      const read = of(state(stash("record", { current: entry, usedApprovals: [], owed: value })), undefined);
      return read.ok ? read.record?.owed : read;
    };
    expect(found(owed)).toEqual(owed);
    expect(found(undefined)).toBeUndefined();
    for (const wrong of [
      null,
      [],
      "none",
      {},
      { debts: [] },
      { ...owed, debts: [{ criterion: "scan" }] },
      { ...owed, obligations: [{ ...owed.obligations[0], waivers: [] }] },
      { failure: "malformed" },
    ]) {
      expect(found(wrong), JSON.stringify(wrong)).toEqual({
        failure: expect.stringContaining("a malformed record: owed") as string,
      });
    }
  });
  test("says what was brought back, and where that is malformed that it is not known", () => {
    const record = (value: unknown) => {
      const read = of(state(stash("record", { current: entry, usedApprovals: [], broughtBack: value })), undefined);
      return read.ok ? read.record?.broughtBack : read;
    };
    expect(record([entry.release])).toEqual([entry.release]);
    expect(record(undefined)).toBeUndefined();
    for (const wrong of [null, {}, "none", [{ commit: "c" }], { failure: "malformed" }]) {
      expect(record(wrong), JSON.stringify(wrong)).toEqual({ failure: "a malformed record: broughtBack" });
    }
    const own = { release: entry.release, weight: 25, waysBack: 0 };
    const step = (value: unknown) => {
      const read = of(undefined, state(stash("step", { weight: 5, release: entry.release, reached: value })));
      return read.ok ? read.canary?.reached : read;
    };
    expect(step([own])).toEqual([own]);
    expect(step([{ release: own.release, weight: 25 }])).toEqual([{ release: own.release, weight: 25 }]);
    expect(step(undefined)).toBeUndefined();
    for (const wrong of [null, {}, "a failure", [{ ...own, waysBack: -1 }], [{ ...own, weight: "25" }], [{}]]) {
      expect(step(wrong), JSON.stringify(wrong)).toEqual({
        failure: "a canary's step with malformed weights that were reached",
      });
    }
  });
  test("is unknown where a record is malformed", () => {
    expect(of(state(stash("record", {})), undefined)).toEqual({
      ok: false,
      why: 'the stage stack\'s "record" is malformed',
    });
    expect(of(state(stash("record", { current: { release: entry.release }, usedApprovals: [] })), undefined).ok).toBe(
      false,
    );
    expect(of(undefined, state(stash("step", { weight: "5" })))).toEqual({
      ok: false,
      why: 'the canary stack\'s "step" is malformed',
    });
    expect(of(undefined, state(stash("step", { weight: 5, release: name(RELEASE) }, "soon"))).ok).toBe(false);
  });
  test("is unknown where traffic is routed that nobody recorded", () => {
    expect(of(undefined, state(route(backends(75, 25)))).ok).toBe(false);
    expect(of(undefined, state(route(backends(100, 0)))).ok).toBe(true);
  });
});
