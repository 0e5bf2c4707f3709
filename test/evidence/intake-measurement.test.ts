import { describe, expect, it } from "vitest";
import { measureName } from "../../evidence/intake/measures";
import type { Measure } from "../../evidence/intake/measures";
import { cut, edited, fixture, intake, STATED_TIME, text } from "./intake-support";
import type { Taken } from "./intake-support";
import { refusal } from "./world";

const LOAD = { suite: "load-test", finishedAt: STATED_TIME };
const all = ({ facts }: Taken): Map<string, string> =>
  new Map((facts as { measures: Measure[] }).measures.map(({ name, value, unit }) => [name, `${value} ${unit}`]));

describe("a load test by k6", () => {
  it("is read from the summary's data", () => {
    const taken = intake([fixture("load/k6-summary.json")], { ...LOAD, environment: "ubuntu-22" });
    expect(taken).toMatchObject({
      kind: "measurement",
      facts: { suite: "load-test", environment: "ubuntu-22" },
      statedBy: true,
    });
    const measures = all(taken);
    expect(measures.get("http-req-duration-p95")).toMatch(/^13\.4649\d* ms$/);
    expect(measures.get("http-req-duration-p99")).toMatch(/^33\.6438\d* ms$/);
    expect(measures.get("http-reqs-count")).toBe("3338 count");
    expect(measures.get("http-reqs-rate")).toMatch(/^666\.\d+ per-second$/);
    expect(measures.get("http-req-failed-rate")).toBe("0 ratio");
    expect(measures.get("checks-rate")).toBe("1 ratio");
    expect(measures.get("data-received-count")).toMatch(/^\d+ bytes$/);
    expect(measures.get("vus-max-value")).toBe("5 count");
    expect(measures.get("duration")).toBe("5005.675879 ms");
    expect(measures.get("thresholds-crossed")).toBe("0 count");
  });
  it("is read from --summary-export, where true is a threshold that was crossed", () => {
    const measures = all(intake([fixture("load/k6-export.json")], LOAD));
    expect(measures.get("http-req-duration-p95")).toMatch(/^\d+\.\d+ ms$/);
    expect(measures.get("http-req-failed-rate")).toBe("0 ratio");
    expect(measures.get("http-reqs-count")).toBe("853 count");
    expect(measures.get("thresholds-crossed")).toBe("1 count");
    expect(measures.get("duration")).toBeUndefined();
  });
  it("says a team's own trend only where its unit is told", () => {
    const own = (file: string, values: string) =>
      all(intake([edited(`load/${file}`, '"metrics": {', `"metrics": { "checkout_steps": ${values},`)], LOAD));
    const numbers = '"avg": 1, "min": 1, "med": 1, "max": 1';
    expect(own("k6-export.json", `{${numbers}}`).has("checkout-steps-avg")).toBe(false);
    expect(
      own("k6-summary.json", `{"type":"trend","contains":"default","values":{${numbers}}}`).get("checkout-steps-avg"),
    ).toBe("1 count");
  });
  it.each([
    [
      "without one iteration",
      () => edited("load/k6-summary.json", /"iterations": \{[^}]*"count": \d+/, (whole) => whole.replace(/\d+$/, "0")),
      "intake-empty: k6-summary.json: k6 ended without one whole iteration",
    ],
    ["that was cut off", () => cut("load/k6-summary.json", 2000), /^intake-truncated: /],
    [
      "with a text for a number",
      () => edited("load/k6-export.json", /"avg": [\d.]+/, '"avg": "fast"'),
      /^intake-missing-field: k6-export\.json: k6 --summary-export without a usable "metrics/,
    ],
  ] as const)("%s is refused", async (_name, file, message) => {
    const found = await refusal(() => intake([file()], LOAD));
    if (typeof message === "string") expect(found).toBe(message);
    else expect(found).toMatch(message);
  });
});

describe("a load test by autocannon", () => {
  const LOAD_ALONE = { suite: "load-test" };
  it("is read, with the time that it carries", () => {
    const taken = intake([fixture("load/autocannon.json")], LOAD_ALONE);
    expect(taken).toMatchObject({ kind: "measurement", finishedAt: "2026-11-21T18:25:02.284Z", statedBy: false });
    expect(Object.fromEntries(all(taken))).toEqual({
      "latency-average": "5.48 ms",
      "latency-min": "4 ms",
      "latency-max": "23 ms",
      "latency-p50": "5 ms",
      "latency-p75": "6 ms",
      "latency-p90": "6 ms",
      "latency-p97-5": "7 ms",
      "latency-p99": "8 ms",
      "latency-p99-9": "14 ms",
      "requests-rate": "835.67 per-second",
      "requests-count": "2507 count",
      "failed-rate": "0 ratio",
      "timeouts-count": "0 count",
      received: "310868 bytes",
      duration: "3020 ms",
    });
  });
  it("counts as failed what was answered with an error, or not at all", () => {
    const file = fixture("load/autocannon-failed.json");
    const { non2xx, requests } = file.json as { non2xx: number; requests: { total: number } };
    expect(non2xx).toBeGreaterThan(0);
    expect(all(intake([file], LOAD_ALONE)).get("failed-rate")).toBe(`${non2xx / requests.total} ratio`);
    const errors = edited("load/autocannon.json", '"errors":0', '"errors":93');
    expect(all(intake([errors], LOAD_ALONE)).get("failed-rate")).toBe(`${93 / 2600} ratio`);
  });
  it.each<[string, string | RegExp, string, RegExp]>([
    ["without an answer", '"total":2507', '"total":0', /^intake-empty: .*autocannon ended without one answer$/],
    ["without an end", /"finish":"[^"]*",/, "", /^intake-missing-field: .*"finish"/],
    ["with an end without a zone", ".284Z", ".284", /^intake-missing-field: .*"finish" is no time with a zone$/],
    ["with a text for a number", '"p99":8', '"p99":"8"', /^intake-missing-field: .*"latency\.p99"/],
  ])("%s is refused", async (_name, from, to, message) => {
    expect(await refusal(() => intake([edited("load/autocannon.json", from, to)], LOAD_ALONE))).toMatch(message);
  });
});

describe("a load test by Locust", () => {
  const LOAD_ALONE = { suite: "load-test" };
  it("is read: of each request and of all together, with the time that it carries", () => {
    const taken = intake([fixture("load/locust.json")], LOAD_ALONE);
    expect(taken).toMatchObject({ kind: "measurement", finishedAt: "2026-11-21T18:25:09.945Z", statedBy: false });
    const measures = all(taken);
    expect(measures.get("all-requests-count")).toBe("397 count");
    expect(measures.get("all-failed-rate")).toBe(`${20 / 397} ratio`);
    expect(measures.get("all-p95")).toBe("11 ms");
    expect(measures.get("all-max")).toMatch(/^15\.44\d* ms$/);
    expect(measures.get("get-flaky-failed-rate")).toBe(`${20 / 198} ratio`);
    expect(measures.get("get-flaky-p50")).toBe("8 ms");
    expect(measures.get("get-failed-rate")).toBe("0 ratio");
    expect(measures.get("duration")).toMatch(/^463\d\.\d+ ms$/);
  });
  it("has the percentiles that its own CSV has", () => {
    const counts = { 15: 1, 11: 11, 4: 1, 9: 47, 8: 61, 7: 29, 6: 10, 2: 8, 3: 8, 10: 17, 1: 3, 12: 2 };
    const sorted = Object.entries(counts).flatMap(([time, many]) => Array<number>(many).fill(Number(time)));
    sorted.sort((a, b) => a - b);
    const measures = all(intake([fixture("load/locust.json")], LOAD_ALONE));
    for (const percent of [50, 75, 90, 95, 99]) {
      const rank = Math.ceil((sorted.length * percent) / 100) - 1;
      expect(measures.get(`get-flaky-p${percent}`)).toBe(`${sorted[rank]} ms`);
    }
  });
  it.each<[string, string | RegExp, string, RegExp]>([
    [
      "that counts more requests than it timed",
      '"num_requests": 198',
      '"num_requests": 199',
      /^intake-inconsistent: .*\/flaky states 199/,
    ],
    ["with more failed than sent", '"num_failures": 20', '"num_failures": 200', /^intake-inconsistent: /],
    [
      "of requests without their times",
      /"last_request_timestamp": [\d.]+/g,
      '"last_request_timestamp": null',
      /^intake-missing-field: .*says no time/,
    ],
    ["with a time that is none", '"15": 1', '"fast": 1', /^intake-missing-field: /],
  ])("%s is refused", async (_name, from, to, message) => {
    expect(await refusal(() => intake([edited("load/locust.json", from, to)], LOAD_ALONE))).toMatch(message);
  });
  it("without one request is refused", async () => {
    const idle = JSON.stringify([
      {
        ...(fixture("load/locust.json").json as object[])[0],
        num_requests: 0,
        num_failures: 0,
        response_times: {},
      },
    ]);
    expect(await refusal(() => intake([text(idle)], LOAD_ALONE))).toBe(
      "intake-empty: report: Locust ended without one answer",
    );
  });
});

describe("benchmarks", () => {
  const BENCH = { suite: "benchmarks" };
  it("of vitest are read, in milliseconds as it counts them", () => {
    const measures = all(intake([fixture("bench/vitest.json")], { ...BENCH, finishedAt: STATED_TIME }));
    expect(measures.get("total-of-1000-items-mean")).toBe("0.0032983883996302544 ms");
    expect(measures.get("total-of-1000-items-per-second")).toBe("303178.3643527545 per-second");
    expect(measures.get("total-of-1000-items-p99")).toBe("0.0029049999999415377 ms");
  });
  it("of vitest without a sample are refused", async () => {
    const file = edited("bench/vitest.json", /"sampleCount": \d+/, '"sampleCount": 0');
    expect(await refusal(() => intake([file], { ...BENCH, finishedAt: STATED_TIME }))).toBe(
      'intake-run-failed: vitest.json: "total of 1000 items" has no sample',
    );
  });
  it("of pytest are read, from seconds, with their own time", () => {
    const taken = intake([fixture("bench/pytest.json")], BENCH);
    expect(taken).toMatchObject({ finishedAt: "2026-11-21T15:27:56.543Z", statedBy: false });
    expect(Number(all(taken).get("test-speed-mean")?.split(" ")[0])).toBeGreaterThan(0.01);
    expect([...all(taken).keys()]).toEqual(
      ["min", "max", "mean", "median", "stddev", "per-second"].map((key) => `test-speed-${key}`),
    );
  });
  it("of pytest without a zone, or none at all, are refused", async () => {
    expect(await refusal(() => intake([edited("bench/pytest.json", "+00:00", "")], BENCH))).toBe(
      'intake-missing-field: pytest.json: "datetime" is no time with a zone',
    );
    const none = text('{"machine_info":{},"benchmarks":[],"datetime":"2026-11-21T15:27:56+00:00"}');
    expect(await refusal(() => intake([none], BENCH))).toBe("intake-empty: report: not one number in it");
  });
  it("of criterion are read, from nanoseconds, of two files", () => {
    const files = ["bench/criterion-estimates.json", "bench/criterion-benchmark.json"].map(fixture);
    const measures = all(intake(files, { ...BENCH, finishedAt: STATED_TIME }));
    expect([...measures.keys()]).toEqual(["mean", "median", "stddev"].map((key) => `total-of-1000-items-${key}`));
    expect(Number(measures.get("total-of-1000-items-mean")?.split(" ")[0])).toBeLessThan(0.1);
  });
  it("of criterion need both files", async () => {
    expect(
      await refusal(() => intake([fixture("bench/criterion-estimates.json")], { ...BENCH, finishedAt: STATED_TIME })),
    ).toMatch(/^usage: criterion: wanted/);
  });
});

describe("a measure's name", () => {
  it.each([
    ["http_req_duration", "p(95)", "http-req-duration-p95"],
    ["http_req_duration{expected_response:true}", "p(99.9)", "http-req-duration-expected-response-true-p99-9"],
    ["42 answers", "mean", "n42-answers-mean"],
    ["x".repeat(100), "per-second", `${"x".repeat(52)}-per-second`],
  ])("of %j, %j is one that a plan can write", (of, what, name) => expect(measureName(of, what)).toBe(name));
  it("that two measures share is refused", async () => {
    const file = edited("load/k6-summary.json", '"http_req_sending"', '"http-req-waiting"');
    expect(await refusal(() => intake([file], LOAD))).toMatch(
      /^intake-inconsistent: .* two measures of the name http-req-waiting-/,
    );
  });
});
