/** What the plan of the marketplace refuses, one change to its good world at a time. */
import type { Case } from "./cases";
import { LAUNCH } from "./marketplace-launch.cases";
import { OPERATIONS } from "./marketplace-operations.cases";
import { WEEK_1 } from "./marketplace-week-1.cases";

export const MARKETPLACE: readonly Case[] = [...WEEK_1, ...OPERATIONS, ...LAUNCH];
