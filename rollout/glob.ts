/**
 * Names with wildcards: `*` stands for any characters of one folder, `**` across folders; everything else is itself, dots
 * and capital letters too.
 */

/** A test for one pattern. @param across whether a single `*` crosses "/" too: for names that are no paths */
export function glob(pattern: string, { across = false } = {}): (name: string) => boolean {
  const parts = pattern.split(/(\*\*\/|\*+)/).map((part) => {
    if (part === "**/") return "(?:.*/)?";
    if (part === "*") return across ? ".*" : "[^/]*";
    return part.startsWith("**") ? ".*" : part.replace(/[.+?^${}()|[\]\\]/g, "\\$&");
  });
  const anchored = new RegExp(`^${parts.join("")}$`, "s");
  return (name) => anchored.test(name);
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
