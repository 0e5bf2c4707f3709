/** What the plan of Omni refuses, one change to its good world at a time. */
import type { Case } from "./cases";

export const OMNI: readonly Case[] = [];
