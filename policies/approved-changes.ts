import type { ResourceValidationArgs } from "@pulumi/policy";
import { CLEARANCE } from "../rollout/clearance";
import { isRoot, type HeldPolicy } from "./held-policy";
import type { Gate } from "./gate";

/**
 * Where a stage is entered under an approved update plan, each resource must be one that the approvers saw. It is the
 * second line: deletions and replacements are never shown to a policy, and only `up --plan` holds those.
 */
export function approvedChanges(gate: Gate): HeldPolicy {
  return {
    name: "approved-changes",
    description: "During an update nothing changes but what the approved update plan holds.",
    async check(resource) {
      if (gate.mode === "preview" || isRoot(resource) || isProvider(resource) || isOwnRecord(resource)) return [];
      const { unapproved } = await gate.decided;
      const found = unapproved?.(resource.urn, resource.props);
      return found === undefined ? [] : [refusal(resource, found)];
    },
  };
}

/** The Stashes are filled in by this pack, after the update plan was made. */
function isOwnRecord(resource: ResourceValidationArgs): boolean {
  return resource.type === CLEARANCE.type;
}

/** Default providers are registered by the engine under an identifier that each run makes anew. */
function isProvider(resource: ResourceValidationArgs): boolean {
  return resource.type.startsWith("pulumi:providers:");
}

function refusal(resource: ResourceValidationArgs, found: string): string {
  return (
    `NO-GO approved-changes: "${resource.name}" (${resource.type}) is not in the approved update plan\n` +
    `found: ${found}\n` +
    "wanted: exactly the resources of the approved update plan\n" +
    "fix: pulumi up --plan <the approved update plan>, or preview again and have that approved"
  );
}
