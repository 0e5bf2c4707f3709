/** What the plan of the beta refuses, one change to its good world at a time. */
import { PHASE_1 } from "./beta-phase-1.cases";
import { PHASE_2 } from "./beta-phase-2.cases";
import { PHASE_3 } from "./beta-phase-3.cases";
import type { Case } from "./cases";

export const BETA: readonly Case[] = [...PHASE_1, ...PHASE_2, ...PHASE_3];
