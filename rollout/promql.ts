/**
 * Whether a text is a query that Prometheus would take: brackets, strings, known functions with what they are about.
 * Not a full parser; promtool judges the same queries in tests.
 * Source of names and of the grammar: https://prometheus.io/docs/prometheus/latest/querying/
 */

/** Functions of a time range: `rate(x[5m])`. */
const RANGED = new Set(
  (
    "rate irate increase delta idelta deriv resets changes predict_linear holt_winters double_exponential_smoothing " +
    "avg_over_time min_over_time max_over_time sum_over_time count_over_time quantile_over_time stddev_over_time " +
    "stdvar_over_time last_over_time present_over_time absent_over_time mad_over_time"
  ).split(" "),
);
const PLAIN = new Set(
  (
    "abs absent acos acosh asin asinh atan atanh ceil clamp clamp_max clamp_min cos cosh day_of_month day_of_week " +
    "day_of_year days_in_month deg exp floor histogram_quantile histogram_avg histogram_count histogram_sum " +
    "histogram_fraction hour label_join label_replace ln log10 log2 minute month pi rad round scalar sgn sin sinh sort " +
    "sort_desc sqrt tan tanh time timestamp vector year"
  ).split(" "),
);
const AGGREGATIONS = new Set("sum min max avg group stddev stdvar count count_values bottomk topk quantile".split(" "));
const BINARY = new Set("+ - * / % ^ == != > < >= <= and or unless atan2".split(" "));
const TOKEN =
  /\s+|#[^\n]*|(?<text>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`[^`]*`)|(?<time>(?:\d+(?:ms|[smhdwy]))+(?![\w]))|(?<number>0x[0-9a-fA-F]+|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?(?![\w]))|(?<name>[a-zA-Z_:][\w:]*)|(?<sign>==|!=|>=|<=|=~|!~|[-+*/%^><=(){}[\],:@])/uy;

interface Token {
  readonly kind: string;
  readonly text: string;
}

/** Why a text is no query, or undefined. `$__rate_interval`, `$__interval`, `$__range` and `$namespace` are Grafana's and ours. */
export function queryMistake(query: string): string | undefined {
  const filled = query
    .replaceAll(/\$__(?:rate_interval|interval|range)\b/g, "5m")
    .replaceAll("$namespace", "namespace");
  try {
    const parser = new Parser(tokens(filled));
    parser.expression();
    parser.end();
    return undefined;
  } catch (error) {
    if (error instanceof QueryMistake) return error.message;
    throw error;
  }
}

class QueryMistake extends Error {}

function tokens(query: string): Token[] {
  const found: Token[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < query.length) {
    const at = TOKEN.lastIndex;
    const match = TOKEN.exec(query);
    if (match === null) throw new QueryMistake(`${JSON.stringify(query.slice(at, at + 20))} can't be read`);
    const [kind] = Object.entries(match.groups ?? {}).find(([, text]) => text !== undefined) ?? [];
    if (kind !== undefined) found.push({ kind, text: match[0] });
  }
  return found;
}

/** What an expression gives: one value for each series, or many over a time. */
type Shape = "value" | "range";

class Parser {
  #at = 0;
  readonly #all: readonly Token[];

  constructor(all: readonly Token[]) {
    this.#all = all;
  }

  expression(depth = 0): Shape {
    if (depth > 50) throw new QueryMistake("it is nested too deeply");
    let shape = this.#operand(depth);
    for (let text = this.#peek(); BINARY.has(text); text = this.#peek()) {
      this.#next();
      this.#modifiers();
      const right = this.#operand(depth);
      if (shape === "range" || right === "range") throw new QueryMistake(`a range can't stand beside "${text}"`);
      shape = "value";
    }
    return shape;
  }

  end(): void {
    if (this.#at < this.#all.length) throw new QueryMistake(`"${this.#peek()}" is not expected here`);
  }

  #peek(): string {
    return this.#all[this.#at]?.text ?? "";
  }

  #next(): Token {
    const token = this.#all[this.#at];
    if (token === undefined) throw new QueryMistake("it ends too early");
    this.#at += 1;
    return token;
  }

  #take(text: string): void {
    const found = this.#at < this.#all.length ? `"${this.#peek()}"` : "its end";
    if (this.#peek() !== text) throw new QueryMistake(`${found} where "${text}" was expected`);
    this.#at += 1;
  }

  #modifiers(): void {
    if (this.#peek() === "bool") this.#next();
    if (["on", "ignoring"].includes(this.#peek())) {
      this.#next();
      this.#labels();
    }
    if (["group_left", "group_right"].includes(this.#peek())) {
      this.#next();
      if (this.#peek() === "(") this.#labels();
    }
  }

  #labels(): string[] {
    const names: string[] = [];
    this.#take("(");
    while (this.#peek() !== ")") {
      const { kind, text } = this.#next();
      if (kind !== "name") throw new QueryMistake(`"${text}" is no label`);
      names.push(text);
      if (this.#peek() !== ")") this.#take(",");
    }
    this.#take(")");
    return names;
  }

  #operand(depth: number): Shape {
    while (["-", "+"].includes(this.#peek())) this.#next();
    return this.#behind(this.#primary(depth));
  }

  #primary(depth: number): Shape {
    const { kind, text } = this.#next();
    if (kind === "number" || kind === "text") return "value";
    if (text === "(") {
      const shape = this.expression(depth + 1);
      this.#take(")");
      return shape;
    }
    if (text === "{") {
      this.#at -= 1;
      this.#matchers();
      return "value";
    }
    if (kind !== "name" || BINARY.has(text)) throw new QueryMistake(`"${text}" is not expected here`);
    if (AGGREGATIONS.has(text) && ["(", "by", "without"].includes(this.#peek())) return this.#aggregation(depth);
    if (this.#peek() === "(") return this.#call(text, depth);
    if (this.#peek() === "{") this.#matchers();
    return "value";
  }

  /** `sum by (le) (…)` or `sum(…) by (le)`. */
  #aggregation(depth: number): Shape {
    this.#grouping();
    this.#arguments(depth);
    this.#grouping();
    return "value";
  }

  #grouping(): void {
    if (!["by", "without"].includes(this.#peek())) return;
    this.#next();
    this.#labels();
  }

  #call(name: string, depth: number): Shape {
    if (!RANGED.has(name) && !PLAIN.has(name)) throw new QueryMistake(`there is no function "${name}"`);
    const from = this.#at;
    const shapes = this.#arguments(depth);
    if (RANGED.has(name) !== shapes.includes("range")) {
      throw new QueryMistake(RANGED.has(name) ? `${name} needs a range, "[5m]"` : `${name} takes no range`);
    }
    if (name === "histogram_quantile") this.#checkQuantile(this.#all.slice(from, this.#at));
    return "value";
  }

  /** Buckets only count since their process began: without a rate it is a quantile of all time, without le of nothing. */
  #checkQuantile(inside: readonly Token[]): void {
    const has = (names: readonly string[]) => inside.some(({ text }) => names.includes(text));
    const recorded = inside.some(({ kind, text }) => kind === "name" && text.includes(":"));
    if (!recorded && !has(["rate", "increase", "irate"]))
      throw new QueryMistake("histogram_quantile needs rates of buckets");
    if (has(["sum", "avg"]) && !has(["le", "without"]))
      throw new QueryMistake('histogram_quantile needs the label "le" kept: by (le)');
  }

  #arguments(depth: number): Shape[] {
    const shapes: Shape[] = [];
    this.#take("(");
    while (this.#peek() !== ")") {
      shapes.push(this.expression(depth + 1));
      if (this.#peek() !== ")") this.#take(",");
    }
    this.#take(")");
    return shapes;
  }

  #matchers(): void {
    this.#take("{");
    while (this.#peek() !== "}") {
      const label = this.#next();
      if (label.kind !== "name") throw new QueryMistake(`"${label.text}" is no label`);
      const sign = this.#next().text;
      if (!["=", "!=", "=~", "!~"].includes(sign)) throw new QueryMistake(`"${sign}" does not match a label`);
      const value = this.#next();
      if (value.kind !== "text")
        throw new QueryMistake(`${label.text} is matched with "${value.text}", which is no text`);
      if (this.#peek() !== "}") this.#take(",");
    }
    this.#take("}");
  }

  /** `[5m]`, `[1h:5m]`, `offset 1d`, `@ 0`. */
  #behind(shape: Shape): Shape {
    let now = shape;
    for (;;) {
      if (this.#peek() === "[") {
        if (now === "range") throw new QueryMistake("a range of a range");
        this.#next();
        this.#time();
        this.#resolution();
        this.#take("]");
        now = "range";
      } else if (this.#peek() === "offset") {
        this.#next();
        if (this.#peek() === "-") this.#next();
        this.#time();
      } else if (this.#peek() === "@") {
        this.#next();
        this.#next();
      } else return now;
    }
  }

  /** `:5m` or `:`; read as a name, which may begin with a colon too. */
  #resolution(): void {
    const text = this.#peek();
    if (!text.startsWith(":")) return;
    this.#next();
    if (text === ":" ? this.#peek() === "]" : /^:(?:\d+(?:ms|[smhdwy]))+$/.test(text)) return;
    if (text !== ":") throw new QueryMistake(`"${text}" is no resolution such as :5m`);
    this.#time();
  }

  #time(): void {
    const { kind, text } = this.#next();
    if (kind !== "time") throw new QueryMistake(`"${text}" is no time such as 5m`);
  }
}
