/** What is published, and where it comes from: files and their signatures, the list of components, the build. */
import type { EvidenceOf } from "../evidence";
import { glob } from "../glob";
import type { CriterionOf } from "../plan";
import { showDuration } from "../units";
import type { World } from "../world";
import { counted, listed } from "./answer";
import type { Answer } from "./answer";
import { attestCommand } from "./commands";
import { age, also, isStale, judgeLatest, select } from "./select";

type Published = EvidenceOf<"artifacts">;

/**
 * Each name is there, and signed where that is asked. Build jobs attest their own files, so all lists of this release
 * count together; a file that two of them know by different digests is a fail.
 */
export function judgeArtifacts(criterion: CriterionOf<"artifacts">, world: World): Answer {
  const { signed } = criterion;
  // A name may be that of the release's own commit: an image's tag.
  const names = criterion.names.map((name) => name.replaceAll("{commit}", world.release.commit));
  const selection = select({ kind: "artifacts", noun: "list of artifacts", about: () => true }, criterion, world);
  const rest = {
    wanted: `${listed(names)} published${signed === true ? ", each with a verified signature" : ""}, within ${showDuration(criterion.maxAge)}`,
    remedy: "publish what is missing with its checksums and signatures, and attest them",
    command: attestCommand(criterion, world.stack),
  };
  if (selection.failure !== undefined) return { ...rest, verdict: "fail", found: selection.failure };
  const [newest] = selection.items;
  if (newest === undefined)
    return { ...rest, verdict: "fail", found: selection.others === "" ? "no list of artifacts" : selection.others };
  const used = selection.items.map(({ id }) => id);
  const all = selection.items.flatMap((item) => filesOf(item));
  const twice = all.find((one) => all.some((two) => two.name === one.name && two.sha256 !== one.sha256));
  if (twice !== undefined)
    return { ...rest, verdict: "fail", found: `${twice.name} is there with two digests${also(selection)}`, used };
  const missing = names.flatMap((name) => whyMissing(name, all, signed === true));
  if (missing.length > 0) return { ...rest, verdict: "fail", found: `${listed(missing)}${also(selection)}`, used };
  const fresh = selection.items.filter((item) => !isStale(item, criterion.maxAge, world.now));
  const old = names.flatMap((name) => whyMissing(name, fresh.flatMap(filesOf), signed === true));
  if (old.length > 0) {
    const found = `${listed(names)}, but not all within ${showDuration(criterion.maxAge)}: ${listed(old)}${also(selection)}`;
    return { ...rest, verdict: "stale", found, used };
  }
  const found = `${counted(new Set(all.map(({ name }) => name)).size, "artifact")}, the newest list ${age(newest, world.now)}`;
  return { ...rest, verdict: "pass", found, used };
}

function filesOf({ facts }: Published): Published["facts"]["artifacts"] {
  return facts.artifacts;
}

/** Why nothing stands for a name, in words; nothing where something does. */
function whyMissing(name: string, all: Published["facts"]["artifacts"], signed: boolean): string[] {
  const isMeant = glob(name);
  const found = all.filter((one) => isMeant(one.name));
  if (found.length === 0) return [`no ${name}`];
  if (!signed) return [];
  const verified = new Set(found.filter(({ signedBy }) => signedBy !== undefined).map((one) => one.name));
  return [...new Set(found.map((one) => one.name))]
    .filter((one) => !verified.has(one))
    .map((one) => `no verified signature of ${one}`);
}

/** The components are listed. */
export function judgeSbom(criterion: CriterionOf<"sbom">, world: World): Answer {
  const { atLeast } = criterion;
  const latest = {
    wish: { kind: "sbom", noun: "list of components", about: () => true },
    criterion,
    world,
    wanted: `a list of ${counted(atLeast, "component")} or more, made within ${showDuration(criterion.maxAge)}`,
    remedy: "make the list of components (CycloneDX or SPDX) and attest it",
    command: attestCommand(criterion, world.stack),
  } as const;
  return judgeLatest(latest, ({ facts }) => ({
    verdict: facts.components >= atLeast ? "pass" : "fail",
    found: `${counted(facts.components, "component")} in ${facts.format}`,
  }));
}

/** A trusted builder built it, from the branch that is asked for, and again with the same digest. */
export function judgeProvenance(criterion: CriterionOf<"provenance">, world: World): Answer {
  const { builders, branch, reproduced } = criterion;
  const latest = {
    wish: { kind: "provenance", noun: "provenance", about: () => true },
    criterion,
    world,
    wanted: [
      `built by ${builders.join(" or ")}`,
      ...(branch === undefined ? [] : [`from ${branch}`]),
      ...(reproduced === undefined ? [] : ["and again with the same digest"]),
      `within ${showDuration(criterion.maxAge)}`,
    ].join(" "),
    remedy: "build the release where it must be built, and attest the builder's provenance",
    command: attestCommand(criterion, world.stack),
  } as const;
  return judgeLatest(latest, ({ facts }) => {
    const found = `built by ${facts.builder}${facts.branch === undefined ? "" : ` from ${facts.branch}`}`;
    if (!builders.includes(facts.builder)) return { verdict: "fail", found };
    if (branch !== undefined && facts.branch !== branch) {
      return { verdict: "fail", found: facts.branch === undefined ? `${found}, not said from which branch` : found };
    }
    if (reproduced !== undefined && facts.reproduced !== true)
      return { verdict: "fail", found: `${found}, not built a second time with the same digest` };
    return { verdict: "pass", found };
  });
}

/**
 * The release's commit is on the branch. Its provenance says so, or a pipeline of the branch that ran for it; a provenance
 * that names another branch is never overruled by a pipeline.
 */
export function judgeBranch(criterion: CriterionOf<"branch">, world: World): Answer {
  const { branch } = criterion;
  const built = select({ kind: "provenance", noun: "provenance", about: () => true }, criterion, world);
  const [origin] = built.items;
  const kind = origin?.facts.branch === undefined ? "pipelines" : "provenance";
  const shared = {
    criterion,
    world,
    wanted: `this release's commit on ${branch}, by its provenance or a pipeline, within ${showDuration(criterion.maxAge)}`,
    remedy: `release from ${branch}: merge the commit there, let its pipelines run, and attest them`,
    command: attestCommand(criterion, world.stack),
  };
  if (built.failure !== undefined) {
    const { wanted, remedy, command } = shared;
    return { wanted, remedy, command, verdict: "fail", found: built.failure };
  }
  if (kind === "provenance") {
    const wish = { kind, noun: "provenance", about: () => true } as const;
    return judgeLatest({ ...shared, wish }, ({ facts }) => ({
      verdict: facts.branch === branch ? "pass" : "fail",
      found: facts.branch === undefined ? "a provenance without a branch" : `built from ${facts.branch}`,
    }));
  }
  const wish = {
    kind,
    noun: `list of ${branch}'s pipelines`,
    about: (facts: { branch: string }) => facts.branch === branch,
  } as const;
  return judgeLatest({ ...shared, wish }, ({ facts }) => {
    const here = facts.pipelines.find(({ commit }) => commit === world.release.commit);
    return here === undefined
      ? { verdict: "fail", found: `no pipeline of ${branch} ran for this release's commit` }
      : { verdict: "pass", found: `${here.name} ran on ${branch} for this release's commit` };
  });
}
