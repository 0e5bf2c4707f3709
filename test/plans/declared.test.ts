/** What a program declares under each plan. The good worlds of the cases say that everything is there; here it is looked at. */
import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { plannedInventory } from "../../components/inventory";
import { parsePlan } from "../../rollout/plan";
import { fullSettings } from "../components/support";
import { decide, gatesOf, goodWorld } from "./good-world";

const plans = readdirSync("plans")
  .filter((file) => file.endsWith(".yaml"))
  .map((file) => ({ file: `plans/${file}`, text: readFileSync(`plans/${file}`, "utf8") }))
  .filter(({ text }) => text.includes("kind: RolloutPlan"));

/** Every stage has all that a stage may have; of the two ways that telemetry can go, the one that the plan names. */
function settingsFor(text: string): ReturnType<typeof fullSettings> {
  const settings = fullSettings();
  const { telemetry } = settings;
  if (telemetry === undefined || !text.includes("telemetry/datadog")) return settings;
  const backend = { kind: "datadog", site: "datadoghq.eu", key: "TELEMETRY_KEY" } as const;
  return { ...settings, telemetry: { ...telemetry, backend } };
}

test.each(plans)("$file asks for nothing that its program does not declare", ({ file, text }) => {
  const plan = parsePlan(text, file);
  const settings = settingsFor(text);
  for (const ask of gatesOf(plan).filter(({ to }) => to === undefined)) {
    const inventory = (stage: string) => plannedInventory({ ...settings, stage }, plan);
    const others = Object.fromEntries(plan.stages.map(({ name }) => [name, { features: inventory(name).features }]));
    const world = goodWorld(plan, ask);
    if (world.declared === undefined) throw new Error("nothing is declared");
    const { findings } = decide(plan, ask, {
      ...world,
      declared: { ...world.declared, own: inventory(ask.stage), others },
    });
    expect(findings.filter(({ verdict }) => verdict !== "pass")).toEqual([]);
  }
});
