import { expect, test } from "vitest";
import { readFileSync } from "node:fs";
import { parsePlan } from "../../rollout/plan";
import { decide, goodWorld } from "./good-world";

const FILE = "plans/omnihub.yaml";
const plan = parsePlan(readFileSync(FILE, "utf8"), FILE);

test.each(["development", "staging"])("%s is entered without anybody's approval", (stage) => {
  const world = goodWorld(plan, { stage });
  expect(decide(plan, { stage }, { ...world, approvals: [] }).outcome).toBe("GO");
});
