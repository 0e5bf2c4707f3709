import { isRoot, type HeldPolicy } from "./held-policy";
import type { Gate } from "./gate";

/** Types that hold data or keys: a policy never sees a delete, so they must carry the engine's own protection. */
const HOLDS_DATA: ReadonlySet<string> = new Set([
  "aws:elasticache/replicationGroup:ReplicationGroup",
  "aws:kms/key:Key",
  "aws:secretsmanager/secret:Secret",
]);

/** On a stage whose gate asks for approvals, what can't be made again is protected from deletion. */
export function protectedResources(gate: Gate): HeldPolicy {
  return {
    name: "protected-resources",
    description: "What holds data or keys is protected from deletion on stages that need approval.",
    async check(resource) {
      if (isRoot(resource) || !HOLDS_DATA.has(resource.type) || resource.opts.protect) return [];
      const { needsApproval } = await gate.decided;
      if (!needsApproval) return [];
      return [
        `NO-GO protected-resources: "${resource.name}" (${resource.type}) is not protected\n` +
          "found: protect is off\n" +
          "wanted: protect: true, because deletions are never shown to a policy\n" +
          "fix: set protect in the component's options or in the stack file",
      ];
    },
  };
}
