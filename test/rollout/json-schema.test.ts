import { readdirSync, readFileSync } from "node:fs";
import Ajv from "ajv/dist/2020";
import { parse } from "yaml";
import { describe, expect, test } from "vitest";
import { planJsonSchema, SCHEMA_FILE } from "../../rollout/json-schema";
import { withWords } from "./schema-words";

const PLANS = readdirSync("plans")
  .filter((file) => file.endsWith(".yaml") && !file.startsWith("trust."))
  .map((file) => `plans/${file}`)
  .filter((file) => readFileSync(file, "utf8").includes("kind: RolloutPlan"));

test("plans/plan.schema.json is the schema as it is now (npm run mutate writes it, too)", async () => {
  await expect(`${JSON.stringify(withWords(planJsonSchema()), null, 1)}\n`).toMatchFileSnapshot(
    `../../plans/${SCHEMA_FILE}`,
  );
});

test("its keys say what an editor shows of them", () => {
  const text = JSON.stringify(withWords(planJsonSchema()));
  const words = "Evidence that was finished longer ago than this is stale.";
  expect(text).toContain(`"description":${JSON.stringify(words)}`);
  expect(text.match(/"description":/g)?.length).toBeGreaterThan(400);
});

describe("an independent validator", () => {
  const validate = new Ajv({
    allErrors: true,
    strict: true,
    strictTypes: false,
    allowUnionTypes: true,
    validateFormats: false,
  }).compile(withWords(planJsonSchema()));
  test.each(PLANS)("takes %s, which names the schema", (file) => {
    const text = readFileSync(file, "utf8");
    validate(parse(text));
    expect(validate.errors ?? []).toEqual([]);
    expect(text).toContain(`# yaml-language-server: $schema=${SCHEMA_FILE}\n`);
  });
  test.each([
    ["an unknown key", "service: omnihub", "servic: omnihub"],
    ["a duration without a unit", "maxAge: 7 days", "maxAge: 7"],
    ["a misspelt unit", "maxAge: 7 days", "maxAge: 7 dayz"],
    ["a weight without a percent sign", "weight: 5%", "weight: 5"],
    ["a kind that is none", "kind: backup", "kind: back-up"],
    ["a name in capitals", "id: on-call", "id: OnCall"],
    ["an id of a demand that is none", "covers: [OH-12]", "covers: [OH12]"],
  ])("refuses %s", (_what, from, to) => {
    const text = readFileSync("plans/omnihub.yaml", "utf8");
    expect(text).toContain(from);
    expect(validate(parse(text.replace(from, to)))).toBe(false);
  });
});
