/** What CI would sign of a release's changes. A sandbox has no git repository, so the list of files is the story's own. */
import { sign, STATEMENT_TYPE, type Envelope } from "../../evidence/dsse";
import { loadKey } from "../../evidence/keys";
import { changes, type ChangesPredicate } from "../../evidence/predicates/changes";
import { statementBody } from "../../evidence/statement";
import { formatUtc } from "../../evidence/time";
import { imageDigest, type Release } from "../../rollout/release";
import { keyPath } from "../keys";

/** What OmniHub's first release brings: abstraction layers, emergency controls, and the one migration for these. */
const FILES = [
  ".gitignore",
  "src/lib/database/interface.ts",
  "src/lib/storage/interface.ts",
  "supabase/functions/_shared/emergency-controls.ts",
  "supabase/migrations/20261102_emergency_controls.sql",
];

/** An envelope that says which files differ between the baseline and a release, signed by the main branch's pipelines. */
export async function signChanges(dir: string, release: Release, baseline: Release, now: number): Promise<Envelope> {
  const predicate: ChangesPredicate = {
    finishedOn: formatUtc(now),
    stage: "production",
    from: baseline.commit,
    files: FILES,
  };
  const subject = { commit: release.commit, sha256: imageDigest(release) };
  const key = await loadKey(keyPath(dir, "ci-main"), { allowPlain: true });
  return sign(STATEMENT_TYPE, statementBody(subject, changes.type, predicate), [key]);
}
