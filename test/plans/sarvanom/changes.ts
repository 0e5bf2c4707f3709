/** What the cases of SarvanOM change, beside `../changes.ts`: who approved, what a release touches, where a route leads. */
import { parseDuration } from "../../../rollout/units";
import type { Change } from "../cases";
import { BASELINE, RELEASE } from "../good-evidence";

/** Nobody with a role approved anything: one approval serves every criterion that its signer's roles fit. */
export const nobodyOf =
  (role: string): Change =>
  (world) => {
    const approvals = world.approvals.filter(({ signer }) => !signer.roles.includes(role));
    if (approvals.length === world.approvals.length) throw new Error(`nobody approved as ${role}`);
    return { ...world, approvals };
  };

/** Whoever has a role approved so long ago. */
export const approvedAgo =
  (role: string, ago: string): Change =>
  (world) => {
    const span = parseDuration(ago);
    if (span === undefined) throw new Error(`"${ago}" is no duration`);
    const approvals = world.approvals.map((one) =>
      one.signer.roles.includes(role) ? { ...one, approvedAt: world.now - span } : one,
    );
    return { ...world, approvals };
  };

/** One person has these roles, and nobody else approved as any of them. */
export const onePersonIs =
  (...roles: readonly string[]): Change =>
  (world) => ({
    ...world,
    approvals: world.approvals.map((one) =>
      one.signer.roles.some((role) => roles.includes(role))
        ? { ...one, signer: { id: "everything@example.org", roles } }
        : one,
    ),
  });

/** The release changes one file, as the pipeline says. */
export const touching =
  (file: string): Change =>
  (world) => ({
    ...world,
    evidence: [
      ...world.evidence,
      {
        id: "f".repeat(64),
        file: "evidence/changes.json",
        subject: { commits: [RELEASE.commit], sha256: [] },
        finishedAt: world.now - 60_000,
        signers: [{ id: "ci@example.org", roles: ["ci"] }],
        kind: "changes",
        facts: { from: BASELINE.commit, files: [file] },
      },
    ],
  });

/** The route serves everybody, or one group. */
export const routedTo =
  (group?: string): Change =>
  (world) => ({ ...world, route: group === undefined ? {} : { cohort: { group } } });
