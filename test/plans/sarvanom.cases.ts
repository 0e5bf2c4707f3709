/** What the plan of SarvanOM refuses, one change to its good world at a time; by the document's sections. */
import type { Case } from "./cases";
import { CANARY } from "./sarvanom/canary";
import { CHANNELS } from "./sarvanom/channels";
import { CHECKLIST } from "./sarvanom/checklist";
import { TYPES } from "./sarvanom/types";

export const SARVANOM: readonly Case[] = [...TYPES, ...CHANNELS, ...CHECKLIST, ...CANARY];
