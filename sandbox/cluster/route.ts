/** A Gateway API HTTPRoute, as far as the sandbox's gateway honours it. */
export interface Route {
  readonly namespace: string;
  readonly name: string;
  readonly hostnames: readonly string[];
  readonly rules: readonly Rule[];
}

export interface Rule {
  /** Path prefixes that it matches; none: all. */
  readonly prefixes: readonly string[];
  readonly backends: readonly Backend[];
}

export interface Backend {
  readonly service: string;
  /** Share of the traffic, in proportion to the other backends' weights. */
  readonly weight: number;
}

function matchesHost(pattern: string, host: string): boolean {
  return pattern.startsWith("*.") ? host.endsWith(pattern.slice(1)) : pattern === host;
}

function matchesPath(prefix: string, path: string): boolean {
  return prefix === "/" || path === prefix || path.startsWith(prefix.endsWith("/") ? prefix : `${prefix}/`);
}

/** The rule that serves a request: of the routes with its host name, the rule with the longest matching prefix. */
export function findRule(
  routes: readonly Route[],
  host: string,
  path: string,
): { route: Route; rule: Rule } | undefined {
  let found: { route: Route; rule: Rule } | undefined;
  let longest = -1;
  for (const route of routes) {
    if (!route.hostnames.some((pattern) => matchesHost(pattern, host))) continue;
    for (const rule of route.rules) {
      for (const prefix of rule.prefixes.length === 0 ? ["/"] : rule.prefixes) {
        if (!matchesPath(prefix, path) || prefix.length <= longest) continue;
        found = { route, rule };
        longest = prefix.length;
      }
    }
  }
  return found;
}

/**
 * Which backend gets a request: at random, in proportion to the weights; `random` is in [0, 1). A weight that is not a
 * positive number is 0, and a backend of weight 0 gets nothing at all.
 */
export function pick(backends: readonly Backend[], random: number): Backend | undefined {
  const share = (backend: Backend): number =>
    Number.isFinite(backend.weight) && backend.weight > 0 ? backend.weight : 0;
  const total = backends.reduce((sum, backend) => sum + share(backend), 0);
  if (total === 0) return undefined;
  let rest = random * total;
  let last: Backend | undefined;
  for (const backend of backends) {
    if (share(backend) === 0) continue;
    last = backend;
    rest -= share(backend);
    if (rest < 0) return backend;
  }
  return last;
}
