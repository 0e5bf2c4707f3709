import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { glob, matching } from "../../rollout/glob";

describe("names with wildcards", () => {
  test.each([
    ["src/auth.ts", "src/auth.ts", true],
    ["src/auth.ts", "src/authxts", false],
    ["src/*.ts", "src/a.ts", true],
    ["src/*.ts", "src/a/b.ts", false],
    ["src/**", "src/a/b.ts", true],
    ["src/**", "other/src/a.ts", false],
    ["**/*.sql", "a.sql", true],
    ["**/*.sql", "db/migrations/1.sql", true],
    ["**/*.sql", "db/a.sqlx", false],
    ["src/**/test.ts", "src/test.ts", true],
    ["src/**/test.ts", "src/a/b/test.ts", true],
    ["src/**/test.ts", "src/latest.ts", false],
    ["a+(b).ts", "a+(b).ts", true],
    [".github/**", ".github/workflows/ci.yml", true],
    ["SRC/**", "src/a", false],
    ["*", "a\nb", true],
  ])("%s and %j: %s", (pattern, name, expected) => expect(glob(pattern)(name)).toBe(expected));
  test("stars that follow each other take no longer than any others", () => {
    const name = `${"a".repeat(2_000)}/${"a".repeat(2_000)}`;
    const began = performance.now();
    expect(glob(`${"*a".repeat(60)}b`)(name)).toBe(false);
    expect(glob(`${"**/".repeat(60)}b`)(name)).toBe(false);
    expect(glob(`${"a**".repeat(60)}b`)(name)).toBe(false);
    expect(glob(`${"*".repeat(60)}/${"*".repeat(60)}`)(name)).toBe(true);
    expect(performance.now() - began).toBeLessThan(2_000);
  });
  test("are what the same pattern is as a regular expression", () => {
    const characters = fc.constantFrom("a", "b", "/", ".", "\n");
    const stars = fc.constantFrom("*", "**", "**/", "***");
    const patterns = fc.array(fc.oneof(characters, stars), { maxLength: 8 }).map((parts) => parts.join(""));
    const names = fc.array(characters, { maxLength: 8 }).map((parts) => parts.join(""));
    fc.assert(
      fc.property(patterns, names, fc.boolean(), (pattern, name, across) => {
        const parts = pattern.split(/(\*\*\/|\*+)/).map((part) => {
          if (part === "**/") return "(?:.*/)?";
          if (part === "*") return across ? ".*" : "[^/]*";
          return part.startsWith("**") ? ".*" : part.replace(/[.+?^${}()|[\]\\]/g, "\\$&");
        });
        expect(glob(pattern, { across })(name)).toBe(new RegExp(`^${parts.join("")}$`, "s").test(name));
      }),
      { numRuns: 3_000 },
    );
  });
  test("of what is no path, one star is everything", () => {
    expect(glob("kubernetes:*", { across: true })("kubernetes:apps/v1:Deployment")).toBe(true);
    expect(glob("aws:iam/*", { across: true })("aws:rds/instance:Instance")).toBe(false);
  });
  test("several are any of them", () => expect(matching(["a", "b", "c"], ["a", "c"])).toEqual(["a", "c"]));
});
