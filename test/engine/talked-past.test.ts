/** A gate that is closed, or was never asked, stays closed however the run is started and whatever the program does. */
import { cpSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { Stand, type Ran } from "./harness";
import { everything, expectRefused, prepare, type ProgramTurn } from "./tampering";

const NO_PACK = "clearance-missing: no policy pack answered, and this program changes nothing without one";
const EARLIER = "clearance-missing: the answer belongs to an earlier run";
const TARGET = "urn:pulumi:production::holdpoint::**";
const OTHER_IMAGE = `registry.omnihub.dev/omnihub@sha256:${"1".repeat(64)}`;
const CLEARANCE = "urn:pulumi:production::holdpoint::pulumi:index:Stash::clearance";

let stand: Stand;
let plan: string;
beforeAll(async () => {
  stand = await Stand.make();
  stand.mark("empty");
  prepare(stand);
  await stand.ready();
  plan = await stand.savePlan("production");
  await stand.approveAll(plan);
  stand.mark("approved");
}, 600_000);
afterAll(() => stand.close());

/** `pulumi up` without a pack. */
const bare = (more: readonly string[] = [], env: NodeJS.ProcessEnv = {}): Promise<Ran> =>
  stand.pulumi(["up", "-s", "production", "--yes", "--skip-preview", "--non-interactive", ...more], { env });

/** `pulumi up` with the pack, of a program that takes a wrong turn. */
const wrong = (...turns: ProgramTurn[]): Promise<Ran> =>
  stand.pulumi(
    ["up", "-s", "production", "--yes", "--skip-preview", "--non-interactive", "--policy-pack", "policies"],
    { env: { TAMPER: turns.join(",") } },
  );

describe("a release that is approved and not entered yet", () => {
  beforeEach(() => {
    stand.back("approved");
  });

  it("stays out when no pack is there", async () => {
    await expectRefused(stand, "production", () => bare(), NO_PACK, "pulumi up -s production --policy-pack policies");
  });

  it("stays out when no pack is there and the caller's environment says that it is a preview", async () => {
    await expectRefused(stand, "production", () => bare([], { PULUMI_NODEJS_DRY_RUN: "true" }), NO_PACK);
  });

  const names = ["all", "go-no-go", "approved-changes", "protected-resources"];
  const levels = ["disabled", "advisory", "mandatory"];
  const configurations = names.flatMap((name) => levels.map((level) => ({ name, level })));
  it.each(configurations)("stays out when the pack's configuration sets $name to $level", async ({ name, level }) => {
    const file = join(stand.dir, "pack-config.json");
    writeFileSync(file, JSON.stringify({ [name]: level }));
    const missing =
      name === "go-no-go" || name === "all" ? NO_PACK : `policies switched off, or set to another level: ${name}`;
    await expectRefused(stand, "production", () => stand.up("production", "--policy-pack-config", file), missing);
  });

  it("stays out when something is declared before the clearance", async () => {
    await expectRefused(
      stand,
      "production",
      () => wrong("declares first"),
      /NO-GO clearance: "[^"]+" \([^)]+\) is declared before the clearance was given\nfound: no clearance in this run/,
    );
  });

  it("stays out when the program has no clearance", async () => {
    await expectRefused(
      stand,
      "production",
      () => wrong("has no clearance"),
      /NO-GO clearance: "[^"]+" \([^)]+\) is declared before the clearance was given/,
      "fix: restore the clearance at the head of index.ts",
    );
  });

  it("stays out when the program asks with a value that is not known yet, in the preview and in the update", async () => {
    await expectRefused(
      stand,
      "production",
      () =>
        stand.pulumi(["preview", "-s", "production", "--non-interactive", "--policy-pack", "policies"], {
          env: { TAMPER: "asks with an unknown" },
        }),
      "NO-GO go-no-go: the policy could not finish: string value at .input.request.program can't be known during preview",
      "clearance-missing: the answer is about another request",
    );
    await expectRefused(
      stand,
      "production",
      () => wrong("asks with an unknown"),
      /NO-GO (clearance|go-no-go): |clearance-missing: /,
    );
  });

  it("stays out, though the program does not await the clearance, while the gate is closed", async () => {
    rmSync(join(stand.dir, "evidence"), { recursive: true });
    await expectRefused(stand, "production", () => wrong("does not await"), "NO-GO security-scan");
  });

  it("stays out when the pack comes from another checkout", async () => {
    const checkout = join(stand.dir, "other-checkout");
    cpSync(stand.project, checkout, { recursive: true, filter: (path) => !path.endsWith("node_modules") });
    symlinkSync(join(process.cwd(), "node_modules"), join(checkout, "node_modules"), "junction");
    stand.edit("index.ts", (text) => `${text}\n// changed after that checkout\n`);
    await expectRefused(
      stand,
      "production",
      () => bare(["--policy-pack", join(checkout, "policies")]),
      "NO-GO clearance: the program asks for something else than the policy pack sees\nfound: another program",
      "fix: run pulumi in the project's folder, with the policy pack of the same checkout",
    );
  });
});

describe("a release whose evidence is missing", () => {
  beforeEach(() => {
    stand.back("empty");
  });

  it("stays out with --skip-preview, and every criterion says why", async () => {
    await expectRefused(
      stand,
      "production",
      () => stand.up("production"),
      "NO-GO staging-done",
      "NO-GO security-scan",
      "NO-GO restore-drill",
    );
  });
});

describe("a record that an update of a part wrote", () => {
  it("does not count as the release in staging: no workload of its state runs it", async () => {
    stand.back("approved");
    for (const stack of ["staging", "production"]) stand.set(stack, "holdpoint:release.image", OTHER_IMAGE);
    await stand.expectDone(
      stand.up(
        "staging",
        "--target",
        "**::pulumi:index:Stash::record",
        "--target",
        "**::pulumi:index:Stash::clearance",
      ),
    );
    await expectRefused(
      stand,
      "production",
      () => stand.preview("production"),
      "NO-GO staging-done:",
      "and no workload in its state that runs its image",
    );
    // The control: the whole of it, and the criterion is met.
    await stand.expectDone(stand.up("staging"));
    expect((await stand.preview("production")).text).not.toContain("NO-GO staging-done:");
  });
});

describe("a stage that was entered", () => {
  beforeAll(async () => {
    stand.back("approved");
    // The control: with no wrong turn the same run goes through.
    await stand.expectDone(stand.up("production", "--plan", plan));
    stand.mark("entered");
  }, 180_000);
  beforeEach(() => {
    stand.back("entered");
  });

  /** Something to change with the very same request: then only the nonce tells the answer in the state from a new one. */
  const change = { TAMPER: "changes a value" };

  it("takes no answer out of the state when no pack is there and --target leaves out the clearance", async () => {
    const hpa = (await stand.resources("production")).find(({ type }) => type.includes("HorizontalPodAutoscaler"));
    expect(hpa).toBeDefined();
    await expectRefused(stand, "production", () => bare(["--target", hpa?.urn ?? TARGET], change), EARLIER);
  });

  it("takes no answer out of the state when no pack is there and --exclude names the clearance", async () => {
    await expectRefused(stand, "production", () => bare(["--exclude", CLEARANCE], change), EARLIER);
  });

  it("takes no answer out of the state for a program that is told that it is a preview", async () => {
    const hpa = (await stand.resources("production")).find(({ type }) => type.includes("HorizontalPodAutoscaler"));
    const preview = { ...change, PULUMI_NODEJS_DRY_RUN: "true" };
    await expectRefused(
      stand,
      "production",
      () => bare(["--target", hpa?.urn ?? TARGET], preview),
      "clearance-missing: ",
    );
  });

  it.each<[ProgramTurn, string]>([
    ["hangs first", "program-ended-early: the program ended while it was still waiting for something"],
    ["hangs between", "program-ended-early: the program ended while it was still waiting for something"],
    ["hangs last", "program-ended-early: the program ended while it was still waiting for something"],
    ["exits between", "program-ended-early: "],
    ["throws first", "thrown by the program"],
    ["throws between", "thrown by the program"],
  ])("loses nothing to a program that %s", async (turn, reason) => {
    const started = Date.now();
    await expectRefused(stand, "production", () => wrong(turn), reason);
    expect(Date.now() - started).toBeLessThan(60_000);
  });

  it("loses nothing to a program that declares nothing, because what matters is protected", async () => {
    await expectRefused(stand, "production", () => wrong("is empty"), /protect/);
    await expectRefused(stand, "production", () => bare([], { TAMPER: "is empty" }), /protect/);
  });

  it("keeps its resources however often it is refused", () => {
    expect(everything(stand, "production").length).toBeGreaterThan(10_000);
  });
});
