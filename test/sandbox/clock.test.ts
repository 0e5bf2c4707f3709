import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  hurryTo,
  moveTo,
  parseClock,
  pauseClock,
  planTime,
  readClock,
  resume,
  startClock,
  upcomingFriday,
} from "../../sandbox/clock";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const MACHINE = Date.UTC(2026, 0, 5, 9, 0);
const PLAN = Date.UTC(2026, 0, 9, 12, 0);

const file = (segments: unknown, more: object = {}): string =>
  JSON.stringify({ apiVersion: "holdpoint.dev/v1", kind: "SandboxClock", segments, ...more });
const one = { machine: MACHINE, plan: PLAN, factor: 60 };

describe("a sandbox's clock", () => {
  it("runs as much faster as its segment says", () => {
    expect(planTime([one], MACHINE)).toBe(PLAN);
    expect(planTime([one], MACHINE + 15_000)).toBe(PLAN + 15 * MINUTE);
  });

  it("takes the segment that is in force at that machine time", () => {
    const segments = [one, { machine: MACHINE + MINUTE, plan: PLAN + 48 * HOUR, factor: 10 }];
    expect(planTime(segments, MACHINE + MINUTE - 1_000)).toBe(PLAN + 59 * MINUTE);
    expect(planTime(segments, MACHINE + MINUTE)).toBe(PLAN + 48 * HOUR);
    expect(planTime(segments, MACHINE + 2 * MINUTE)).toBe(PLAN + 48 * HOUR + 10 * MINUTE);
  });

  it("ran at the usual pace before there was a sandbox, so that a file of yesterday is a day old", () => {
    expect(planTime([one], MACHINE - 24 * HOUR)).toBe(PLAN - 24 * HOUR);
  });

  it.each([
    ["not JSON", "{", "it is not JSON"],
    ["no segment", file([]), "segments"],
    ["a text for a number", file([{ ...one, plan: "noon" }]), "segments.0.plan"],
    ["a factor under 1", file([{ ...one, factor: 0.5 }]), "segments.0.factor"],
    ["a factor that is no number", file([{ ...one, factor: null }]), "segments.0.factor"],
    ["an unknown key", file([{ ...one, zone: "UTC" }]), "segments.0"],
    ["an unknown key beside", file([one], { note: "x" }), ": "],
    ["another kind", file([one]).replace("SandboxClock", "Clock"), "kind"],
    [
      "segments out of order",
      file([one, { ...one, machine: MACHINE - 1 }]),
      "segments.1.machine lies before segment 0",
    ],
    [
      "a step back",
      file([one, { machine: MACHINE + MINUTE, plan: PLAN, factor: 60 }]),
      "segments.1.plan goes back in time",
    ],
  ])("is refused with %s", (_, text, wanted) => {
    expect(() => parseClock(text, "clock.json")).toThrow(/clock\.json is no clock of a sandbox/);
    expect(() => parseClock(text, "clock.json")).toThrow(wanted);
  });
});

describe("the clock's file", () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), "holdpoint-clock-"));
  });
  afterEach(() => {
    rmSync(dir, { recursive: true, force: true });
  });

  it("is refused where it is missing", () => {
    expect(() => readClock(dir)).toThrow("there is no such file");
  });

  it("starts at a Friday's noon that is still to come, outside any window of a weekend", () => {
    for (let day = 0; day < 8; day++) {
      const start = upcomingFriday(MACHINE + day * 24 * HOUR);
      expect(new Date(start).getUTCDay()).toBe(5);
      expect(new Date(start).getUTCHours()).toBe(12);
      expect(start - (MACHINE + day * 24 * HOUR)).toBeGreaterThanOrEqual(12 * HOUR);
    }
  });

  it("is not started anew, and a broken one is not taken for none", () => {
    startClock(dir, { plan: PLAN, machine: MACHINE });
    startClock(dir, { plan: PLAN + HOUR, machine: MACHINE });
    expect(readClock(dir, () => MACHINE).now()).toBe(PLAN);
    writeFileSync(join(dir, "clock.json"), "{}");
    expect(() => {
      startClock(dir);
    }).toThrow("is no clock of a sandbox");
  });

  it("says how it runs, and how long a span lasts on the machine", () => {
    startClock(dir, { plan: PLAN, machine: MACHINE });
    const clock = readClock(dir, () => MACHINE + 30_000);
    expect(clock.note).toBe("sandbox: time runs 60x, now Fri 2026-01-09 12:30 UTC");
    expect(clock.machineSpan(15 * MINUTE)).toBe(15_000);
    expect(clock.at(MACHINE + 1_000)).toBe(PLAN + MINUTE);
  });

  it("moves on and never back", () => {
    startClock(dir, { plan: PLAN, machine: MACHINE });
    moveTo(dir, PLAN + 38 * HOUR, MACHINE + 10_000);
    expect(readClock(dir, () => MACHINE + 10_000).note).toBe("sandbox: time runs 60x, now Sun 2026-01-11 02:00 UTC");
    expect(() => {
      moveTo(dir, PLAN, MACHINE + 20_000);
    }).toThrow("the sandbox's clock cannot go back: it is Sun 2026-01-11 02:10 UTC, not Fri 2026-01-09 12:00 UTC");
    expect(readClock(dir, () => MACHINE + 1_000).now()).toBe(PLAN + MINUTE);
  });

  it("says how long a span took on the machine, whose pace was another then and which jumps took no time of", () => {
    startClock(dir, { plan: PLAN, machine: MACHINE });
    moveTo(dir, PLAN + 38 * HOUR, MACHINE + 10_000);
    const clock = readClock(dir, () => MACHINE + 20_000);
    expect(clock.machineSpan(5 * MINUTE)).toBe(5_000);
    expect(clock.machineSpan(30 * HOUR)).toBe(10_000);
    expect(clock.machineSpan(38 * HOUR + 5 * MINUTE)).toBe(15_000);
    expect(clock.machineSpan(-5 * MINUTE)).toBe(-5_000);
    // Before there was a sandbox, time ran at its usual pace.
    expect(clock.machineSpan(38 * HOUR + 10 * MINUTE + HOUR)).toBe(20_000 + HOUR);
  });

  it("hurries to a plan time, and goes on at its pace from there", () => {
    startClock(dir, { plan: PLAN, machine: MACHINE });
    const factor = hurryTo(dir, PLAN + 24 * HOUR, 30, MACHINE);
    expect(factor).toBe(2880);
    const at = (machine: number) => readClock(dir, () => MACHINE + machine);
    expect(at(15_000).now()).toBe(PLAN + 12 * HOUR);
    expect(at(15_000).note).toBe("sandbox: time runs 2880x, now Sat 2026-01-10 00:00 UTC");
    expect(at(31_000).now()).toBe(PLAN + 24 * HOUR + MINUTE);
    expect(at(31_000).machineSpan(24 * HOUR + MINUTE)).toBe(31_000);
    expect(at(31_000).note).toMatch(/60x/);
  });

  it("hurries no more once it is stopped or moved in the middle, and keeps its pace", () => {
    startClock(dir, { plan: PLAN, machine: MACHINE });
    hurryTo(dir, PLAN + 24 * HOUR, 30, MACHINE);
    pauseClock(dir, MACHINE + 15_000);
    expect(readClock(dir, () => MACHINE + 16_000).now()).toBe(PLAN + 12 * HOUR + 1_000);
    resume(dir, MACHINE + 16_000);
    expect(readClock(dir, () => MACHINE + 16_000).note).toMatch(/runs 60x/);
    moveTo(dir, PLAN + 48 * HOUR, MACHINE + 17_000);
    expect(readClock(dir, () => MACHINE + 18_000).now()).toBe(PLAN + 48 * HOUR + MINUTE);
  });

  it("does not hurry backwards, nor more slowly than it runs", () => {
    startClock(dir, { plan: PLAN, machine: MACHINE });
    expect(hurryTo(dir, PLAN - HOUR, 30, MACHINE)).toBe(60);
    expect(hurryTo(dir, PLAN + MINUTE, 30, MACHINE)).toBe(60);
    expect(readClock(dir, () => MACHINE + 1_000).now()).toBe(PLAN + MINUTE);
  });

  it("runs at the usual pace while the sandbox is down", () => {
    startClock(dir, { plan: PLAN, machine: MACHINE });
    pauseClock(dir, MACHINE + 1_000);
    pauseClock(dir, MACHINE + 2_000);
    resume(dir, MACHINE + HOUR);
    resume(dir, MACHINE + HOUR);
    expect(readClock(dir, () => MACHINE + HOUR + 1_000).now()).toBe(PLAN + MINUTE + (HOUR - 1_000) + MINUTE);
    expect(parseClock(readFileSync(join(dir, "clock.json"), "utf8"), "")).toHaveLength(3);
    expect(existsSync(join(dir, "clock.json"))).toBe(true);
  });
});
