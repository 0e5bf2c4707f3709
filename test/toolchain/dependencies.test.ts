import * as fs from "node:fs";
import { createRequire } from "node:module";
import * as os from "node:os";
import * as path from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";

const require_ = createRequire(__filename);
const { ensureDependencies } = require_("../../toolchain/dependencies.cjs") as {
  ensureDependencies: (progress: unknown, project: string) => Promise<void>;
};
const { silent } = require_("../../toolchain/progress.cjs") as { silent: unknown };

let project: string;
const at = (name: string): string => path.join(project, name);
/** A project with one package, which is a folder beside it: npm needs no network for it. */
beforeEach(() => {
  project = fs.mkdtempSync(path.join(os.tmpdir(), "holdpoint-npm-"));
  fs.mkdirSync(at("part"));
  fs.writeFileSync(at("part/package.json"), `{"name":"part","version":"1.0.0"}`);
  fs.writeFileSync(at("package.json"), `{"name":"p","version":"1.0.0","dependencies":{"part":"file:part"}}`);
  const packages = {
    "": { name: "p", version: "1.0.0", dependencies: { part: "file:part" } },
    "node_modules/part": { resolved: "part", link: true },
    part: { version: "1.0.0" },
  };
  fs.writeFileSync(
    at("package-lock.json"),
    JSON.stringify({ name: "p", version: "1.0.0", lockfileVersion: 3, packages }),
  );
});
afterEach(() => fs.rmSync(project, { recursive: true, force: true }));

const stamp = "node_modules/.holdpoint-lock-sha256";

it("installs what is missing, and does nothing the second time", async () => {
  await ensureDependencies(silent, project);
  expect(fs.existsSync(at("node_modules/part/package.json"))).toBe(true);
  const first = fs.statSync(at(stamp)).mtimeMs;
  await ensureDependencies(silent, project);
  expect(fs.statSync(at(stamp)).mtimeMs).toBe(first);
});

it("accepts what a person installed by hand", async () => {
  await ensureDependencies(silent, project);
  fs.rmSync(at(stamp));
  fs.writeFileSync(at("node_modules/witness"), "npm ci would remove this");
  await ensureDependencies(silent, project);
  expect(fs.existsSync(at("node_modules/witness"))).toBe(true);
  expect(fs.existsSync(at(stamp))).toBe(true);
});

it("does not empty the folder of another checkout that node_modules is a link to", async () => {
  fs.mkdirSync(at("other"));
  fs.writeFileSync(at("other/witness"), "of another checkout");
  fs.symlinkSync(at("other"), at("node_modules"), "junction");
  await expect(ensureDependencies(silent, project)).rejects.toThrow(/node_modules is a link to .*other/);
  expect(fs.readdirSync(at("other"))).toEqual(["witness"]);
});

it("heals an installation that was interrupted", async () => {
  await ensureDependencies(silent, project);
  fs.rmSync(at(stamp));
  fs.rmSync(at("node_modules/.package-lock.json"));
  fs.rmSync(at("node_modules/part"));
  await ensureDependencies(silent, project);
  expect(fs.existsSync(at("node_modules/part/package.json"))).toBe(true);
});

it("tells what npm said when it fails", async () => {
  fs.writeFileSync(at("package.json"), `{"name":"p","version":"1.0.0","dependencies":{"other":"file:other"}}`);
  await expect(ensureDependencies(silent, project)).rejects.toThrow(/^npm ci failed: npm error .*in sync/);
});
