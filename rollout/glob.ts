/**
 * Names with wildcards: `*` stands for any characters of one folder, `**` across folders; everything else is itself, dots
 * and capital letters too. The time that it takes is that of the name's length times the pattern's, whatever the stars.
 */

/** One part of a pattern. */
type Part = { readonly character: string } | { readonly any: "in a folder" | "anywhere" | "folders" };

/** A test for one pattern. @param across whether a single `*` crosses "/" too: for names that are no paths */
export function glob(pattern: string, { across = false } = {}): (name: string) => boolean {
  const parts = pattern.split(/(\*\*\/|\*+)/).flatMap((part): Part[] => {
    if (part === "**/") return [{ any: "folders" }];
    if (part === "*" && !across) return [{ any: "in a folder" }];
    return part.startsWith("*") ? [{ any: "anywhere" }] : [...part].map((character) => ({ character }));
  });
  return (name) => matches(parts, name);
}

/**
 * All places of the pattern at which a reader of the name can be are followed at once, so that no star is tried over
 * again. Within "folders" a reader is at a half place, which only a "/" leads out of.
 */
function matches(parts: readonly Part[], name: string): boolean {
  let places = new Set<number>();
  arrive(places, parts, 0);
  for (const character of name) {
    const next = new Set<number>();
    for (const place of places) {
      const part = parts[Math.floor(place)];
      if (part === undefined) continue;
      if ("character" in part) {
        if (part.character === character) arrive(next, parts, place + 1);
      } else if (part.any === "folders") {
        next.add(Math.floor(place) + 0.5);
        if (character === "/") arrive(next, parts, Math.floor(place) + 1);
      } else if (part.any === "anywhere" || character !== "/") arrive(next, parts, place);
    }
    if (next.size === 0) return false;
    places = next;
  }
  return places.has(parts.length);
}

/** A place, and all those that are reached from it without a character: what a wildcard stands for may be empty. */
function arrive(places: Set<number>, parts: readonly Part[], at: number): void {
  for (let place = at; !places.has(place); place++) {
    places.add(place);
    const part = parts[place];
    if (part === undefined || "character" in part) return;
  }
}

/** The names that one of the patterns means. */
export function matching(
  names: readonly string[],
  patterns: readonly string[],
  options?: { readonly across?: boolean },
): string[] {
  const tests = patterns.map((pattern) => glob(pattern, options));
  return names.filter((name) => tests.some((test) => test(name)));
}
