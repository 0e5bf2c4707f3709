/** What the plan of Omni refuses, one change to its good world at a time; by the document's phases. */
import type { Case } from "./cases";
import { BETA } from "./omni/beta";
import { CANARY } from "./omni/canary";
import { FULL_RELEASE } from "./omni/full-release";
import { GO_NO_GO } from "./omni/go-no-go";
import { ROLLBACK } from "./omni/rollback";
import { STAGING } from "./omni/staging";

export const OMNI: readonly Case[] = [...STAGING, ...BETA, ...GO_NO_GO, ...CANARY, ...FULL_RELEASE, ...ROLLBACK];
