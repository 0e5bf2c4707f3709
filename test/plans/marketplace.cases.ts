/** What the plan of the marketplace refuses, one change to its good world at a time. */
import type { Case } from "./cases";

export const MARKETPLACE: readonly Case[] = [];
