import { describe, expect, test } from "vitest";
import { chosenOnce, namedOfKind, newestOf, ofKind, withIds } from "../../rollout/evidence-index";
import * as f from "./world-factory";

const runs = (...ages: number[]) => ages.map((hours) => f.smoke(hours));
const ids = (items: readonly { readonly id: string }[]) => items.map(({ id }) => id);
const other = { ...f.RELEASE, commit: f.hex("e", 40), image: `registry.example/omnihub@sha256:${f.hex("e")}` };

describe("evidence by what gates ask of it", () => {
  const [own, scan] = [runs(1, 2), f.scan()];
  const foreign = { ...f.smoke(3), subject: { commits: [other.commit], sha256: [] } };
  const byImage = { ...f.smoke(4), subject: { commits: [], sha256: [f.hex("e")] } };
  const list = [...own, scan, foreign, byImage];

  test("of a kind, of any release and of one, in the list's order", () => {
    expect(ofKind(list, "test-result")).toEqual([...own, foreign, byImage]);
    expect(namedOfKind(list, "test-result", f.RELEASE)).toEqual(own);
    expect(namedOfKind(list, "test-result", other)).toEqual([foreign, byImage]);
    expect(ofKind(list, "drill")).toEqual([]);
    expect(namedOfKind(list, "drill", other)).toEqual([]);
  });
  test("of a release without a digest only what names its commit", () =>
    expect(namedOfKind(list, "test-result", { ...other, image: "omnihub:latest" })).toEqual([foreign]));
  test("is sorted once for a list, and anew for another one", () => {
    expect(ofKind(list, "test-result")).toBe(ofKind(list, "test-result"));
    expect(ids(ofKind([...list, f.smoke(5)], "test-result"))).toHaveLength(5);
  });
  test("is chosen once for a criterion, a release and a key, and anew for any other", () => {
    const [criterion, choices] = [{}, [] as string[]];
    const choose = (evidence: typeof list, about: object, release: typeof other, key: string) =>
      chosenOnce(evidence, about, release, key, () => {
        choices.push(key);
        return evidence;
      });
    expect(choose(list, criterion, other, "a")).toBe(choose(list, criterion, other, "a"));
    expect(choices).toEqual(["a"]);
    choose(list, criterion, other, "b");
    choose(list, criterion, { ...other, commit: f.hex("d", 40) }, "c");
    choose(list, criterion, { ...other, image: "omnihub:latest" }, "d");
    choose(list, {}, other, "a");
    choose([...list], criterion, other, "a");
    expect(choices).toEqual(["a", "b", "c", "d", "a", "a"]);
  });
  test("by ids, wherever they are", () => {
    const wanted = new Set([own[1]?.id ?? "", foreign.id]);
    expect(ids(withIds(list, wanted, f.RELEASE)).toSorted()).toEqual([...wanted].toSorted());
    expect(ids(withIds(list, new Set([own[0]?.id ?? ""]), f.RELEASE))).toEqual([own[0]?.id]);
    expect(withIds(list, new Set(["gone"]), f.RELEASE)).toEqual([]);
    expect(withIds(list, new Set(), f.RELEASE)).toEqual([]);
  });
  test("the newest; what has no time is newer than all, wherever it stands", () => {
    expect(newestOf([])).toBeUndefined();
    expect(newestOf(list)).toBe(own[0] === undefined || scan.finishedAt > own[0].finishedAt ? scan : own[0]);
    const timeless = { ...f.smoke(9), finishedAt: Number.NaN };
    for (const at of [0, 2, 5]) expect(newestOf(list.toSpliced(at, 0, timeless))).toBe(timeless);
  });
});
