import { PolicyPack } from "@pulumi/policy";
import { approvedChanges } from "./approved-changes";
import { openGate } from "./gate";
import { goNoGo } from "./go-no-go";
import { heldPolicy } from "./held-policy";
import { protectedResources } from "./protected-resources";

/** One gate a run: everything it needs is read once, and reading starts before the engine's first question. */
const gate = openGate();

new PolicyPack("holdpoint", {
  description: "The go/no-go gates of a rollout plan, enforced before the first change.",
  policies: [goNoGo(gate), approvedChanges(gate), protectedResources(gate)].map(heldPolicy),
});
