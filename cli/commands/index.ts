import type { Command } from "commander";
import type { Context, Outcome } from "../context";
import { registerApprove } from "./approve";
import { registerAttest } from "./attest";
import { registerCanary } from "./canary";
import { registerCoverage } from "./coverage";
import { registerExplain } from "./explain";
import { registerHistory } from "./history";
import { registerInit } from "./init";
import { registerKeys } from "./keys";
import { registerLint } from "./lint";
import { registerReplay } from "./replay";
import { registerRollback } from "./rollback";
import { registerStatus } from "./status";
import { registerTrust } from "./trust";
import { registerWaive } from "./waive";

/** Adds a command to the program; its action tells how it ended. */
export type Register = (program: Command, context: Context, ended: (outcome: Outcome) => void) => void;

/** Every command, in the order of the help. What is heavy is imported by the actions. */
export const COMMANDS: readonly Register[] = [
  registerLint,
  registerExplain,
  registerInit,
  registerCoverage,
  registerKeys,
  registerTrust,
  registerAttest,
  registerApprove,
  registerWaive,
  registerStatus,
  registerCanary,
  registerRollback,
  registerHistory,
  registerReplay,
];
