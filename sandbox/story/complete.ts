import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { attest, attestCheck, attestRun, type AttestBase, type AttestFiles } from "../../evidence/attest";
import { loadKey } from "../../evidence/keys";
import { openStore } from "../../evidence/store";
import { imageDigest, type Release } from "../../rollout/release";
import { keyPath } from "../keys";
import { signChanges } from "./changes";
import { baselineOf } from "./releases";
import { junit, smokeReport, writeReports } from "./reports";

/** Items of OmniHub's checklists: who signs for each, and where. */
export const CHECKS: readonly { readonly check: string; readonly by: string; readonly stage: string }[] = [
  { check: "rollout-plan", by: "carl@omnihub.dev", stage: "development" },
  { check: "env-removed", by: "dana@omnihub.dev", stage: "development" },
  { check: "secrets-rotated", by: "dana@omnihub.dev", stage: "development" },
  { check: "structured-logs", by: "dana@omnihub.dev", stage: "development" },
  { check: "telemetry-arrives", by: "dana@omnihub.dev", stage: "development" },
  { check: "test-alert-pages", by: "sam@omnihub.dev", stage: "development" },
];

const HOUR = 3_600_000;

/** What a piece of evidence may be made different in; for tests of what then happens. */
export type Different = Partial<Omit<AttestFiles, "files">>;

/**
 * Attests for a release, in this process and in seconds, where the story takes commands: for tests and benchmarks that
 * need evidence to be there.
 */
export class Attester {
  private readonly dir: string;
  private readonly release: Release;

  constructor(dir: string, release: Release) {
    this.dir = dir;
    this.release = release;
  }

  private async base(by: string, stage: string): Promise<AttestBase> {
    return {
      stage,
      subject: { commit: this.release.commit, sha256: imageDigest(this.release) },
      key: await loadKey(keyPath(this.dir, by), { allowPlain: true }),
      store: openStore(join(this.dir, "evidence")),
    };
  }

  /** Attests files as somebody. @returns the evidence's address */
  async files(by: string, files: readonly string[], different: Different = {}): Promise<string> {
    const base = await this.base(by, different.stage ?? "production");
    const { id } = await attest({ ...base, files, root: this.dir, ...different });
    return id;
  }

  /** Attests one smoke run in staging that finished at a machine time. */
  async smoke(at = Date.now(), failed: readonly string[] = [], different: Different = {}): Promise<string> {
    const folder = join(this.dir, "reports");
    mkdirSync(folder, { recursive: true });
    const file = join(folder, `smoke-${at}-${failed.length}.xml`);
    writeFileSync(file, smokeReport(at, failed));
    return this.files("ci-staging", [file], { stage: "staging", suite: "smoke", ...different });
  }

  /** Runs and attests a drill whose command does nothing, and says that its result was verified. */
  async drill(drill: string, stage = "staging"): Promise<string> {
    const nothing = [process.execPath, "-e", "0"];
    const base = await this.base("sam@omnihub.dev", stage);
    const { id } = await attestRun({ ...base, command: nothing, drill, cwd: this.dir, verify: nothing });
    return id;
  }

  /** All the evidence that OmniHub's plan wants of phases 1 to 3, before staging and production are entered. */
  async all(): Promise<void> {
    const now = Date.now();
    const reports = writeReports(join(this.dir, "reports"), this.release, now);
    for (const { check, by, stage } of CHECKS) {
      await attestCheck({ ...(await this.base(by, stage)), check, outcome: "done" });
    }
    for (const [suite, file] of Object.entries(reports.suites)) {
      await this.files("ci-staging", [file], { stage: "development", suite });
    }
    for (let run = 5; run > 0; run -= 1) await this.smoke(now - run * 1000);
    await this.drill("emergency-controls-read", "development");
    for (const drill of ["rollback", "restore", "kill-switch"]) await this.drill(drill);
    const main = { branch: "main", finishedAt: now };
    await this.files("ci-security", [reports.snyk], { scope: "dependencies", finishedAt: now });
    await this.files("ci-cost", [reports.infracost]);
    await this.files("oncall-sync", [reports.oncall], { finishedAt: now });
    await this.files("sam@omnihub.dev", [reports.runbooks]);
    await this.files("ci-main", [reports.merges], { kind: "freeze", since: now - 25 * HOUR, ...main });
    await this.files("ci-main", [reports.pipelines], main);
    await this.files("ci-main", [reports.workflow], { finishedAt: now });
    await this.files("db-backup", reports.backup, { scope: "full", trigger: "manual" });
    const { store } = await this.base("ci-main", "production");
    await store.put(await signChanges(this.dir, this.release, baselineOf(this.dir), now));
  }

  /** What the canary's first step wants to be seen in production. */
  async probes(): Promise<void> {
    const now = Date.now();
    for (const suite of ["infrastructure", "health"]) {
      const file = join(this.dir, "reports", `${suite}.xml`);
      writeFileSync(file, junit(suite, ["one", "two", "three"], now));
      await this.files("ci-production", [file], { suite });
    }
    await this.drill("emergency-controls-read", "production");
  }
}
