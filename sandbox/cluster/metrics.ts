/** Upper bounds of the latency histogram, seconds: fine around the usual 5..50 ms, coarse above. */
export const BUCKETS = [
  0.005, 0.01, 0.015, 0.02, 0.025, 0.03, 0.04, 0.05, 0.075, 0.1, 0.15, 0.25, 0.5, 1, 2.5, 5,
] as const;

/** How often something took how long. */
class Histogram {
  readonly #buckets = BUCKETS.map(() => 0);
  #count = 0;
  #sum = 0;

  observe(seconds: number): void {
    this.#count += 1;
    this.#sum += seconds;
    const first = BUCKETS.findIndex((bound) => seconds <= bound);
    if (first >= 0) this.#buckets[first] = (this.#buckets[first] ?? 0) + 1;
  }

  samples(name: string, labels: string): string[] {
    let cumulative = 0;
    const buckets = BUCKETS.map((bound, i) => {
      cumulative += this.#buckets[i] ?? 0;
      return `${name}_bucket{${labels},le="${bound}"} ${cumulative}`;
    });
    return [
      ...buckets,
      `${name}_bucket{${labels},le="+Inf"} ${this.#count}`,
      `${name}_sum{${labels}} ${this.#sum.toFixed(6)}`,
      `${name}_count{${labels}} ${this.#count}`,
    ];
  }
}

/** Counters and the latency histograms of one running version: they begin at zero when it starts, as a process's do. */
export class TrackMetrics {
  readonly #namespace: string;
  readonly #labels: string;
  /** Codes that exist from the start: a rate can't see a series' first value. */
  readonly #requests = new Map<number, number>([
    [200, 0],
    [500, 0],
    [503, 0],
  ]);
  readonly #latency = new Histogram();
  readonly #queries = new Histogram();
  #probe = 0;

  constructor(namespace: string, track: string) {
    this.#namespace = namespace;
    this.#labels = `namespace=${JSON.stringify(namespace)},track=${JSON.stringify(track)}`;
  }

  /** One answered request; `seconds` from its arrival to its answer, `query` of them in the database. */
  observe(code: number, seconds: number, query: number): void {
    this.#requests.set(code, (this.#requests.get(code) ?? 0) + 1);
    this.#latency.observe(seconds);
    this.#queries.observe(query);
  }

  /** What the last probe found. */
  probed(success: boolean): void {
    this.#probe = success ? 1 : 0;
  }

  /** Its samples by metric; all samples of a metric must stand together in the text. */
  samples(): Readonly<Record<MetricName, readonly string[]>> {
    return {
      http_requests_total: [...this.#requests].map(
        ([code, count]) => `http_requests_total{${this.#labels},code="${code}"} ${count}`,
      ),
      http_request_duration_seconds: this.#latency.samples("http_request_duration_seconds", this.#labels),
      db_query_duration_seconds: this.#queries.samples("db_query_duration_seconds", this.#labels),
      probe_success: [`probe_success{${this.#labels}} ${this.#probe}`],
      pg_up: [`pg_up{job="${this.#namespace}-database"} 1`],
    };
  }
}

const METRICS = {
  http_requests_total: ["counter", "Requests answered, by status code."],
  http_request_duration_seconds: ["histogram", "Time from a request's arrival to its answer."],
  db_query_duration_seconds: ["histogram", "Time of a request's queries; stands in for a database's."],
  pg_up: ["gauge", "Whether the database answers; the sandbox has none, so this stands in for an exporter."],
  probe_success: ["gauge", "Whether the last probe of the track's health checks succeeded."],
} as const;
type MetricName = keyof typeof METRICS;

/** The text that Prometheus scrapes. */
export function exposition(tracks: readonly TrackMetrics[]): string {
  const samples = tracks.map((track) => track.samples());
  // Both tracks of a stage have one database.
  const once = (lines: readonly string[]): readonly string[] => [...new Set(lines)];
  return (Object.keys(METRICS) as MetricName[])
    .map((name) => {
      const [type, help] = METRICS[name];
      return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...once(samples.flatMap((each) => each[name]))].join(
        "\n",
      );
    })
    .join("\n")
    .concat("\n");
}
