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
  test("of what is no path, one star is everything", () => {
    expect(glob("kubernetes:*", { across: true })("kubernetes:apps/v1:Deployment")).toBe(true);
    expect(glob("aws:iam/*", { across: true })("aws:rds/instance:Instance")).toBe(false);
  });
  test("several are any of them", () => expect(matching(["a", "b", "c"], ["a", "c"])).toEqual(["a", "c"]));
});
