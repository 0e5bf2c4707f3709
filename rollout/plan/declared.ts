/** What the program itself must declare: dashboards, alerts, components, the same in two stages. */
import { z } from "zod";
import { FEATURES } from "../inventory";
import { limits } from "./limits";
import { FLAG_TYPES } from "./flags";
import { covers, head, name, names, text } from "./words";

/** A dashboard that the program makes. */
export const dashboard = z.strictObject({
  title: text,
  panels: z
    .array(
      z.strictObject({
        title: text,
        /** Name from the plan's `metrics`, or a query of its own. */
        metric: name.optional(),
        query: text.optional(),
        /** Lines that are drawn at these values. */
        ...limits,
        /** Trigger whose alert watches it. */
        trigger: name.optional(),
        covers,
      }),
    )
    .min(1, "at least one panel")
    .readonly(),
  covers,
});

const feature = z.enum(Object.keys(FEATURES), `a component or a feature of one: ${Object.keys(FEATURES).join(", ")}`);

/** What the stage's program must hold, by what its configuration and the plan make of it, before anything is changed. */
const declared = z.strictObject({
  kind: z.literal("declared"),
  ...head,
  /** Components and their features by name: "waf", "waf/ddos". */
  components: z.array(feature).min(1).readonly().optional(),
  /** Ids of triggers that must have become alerts; "every" for all. */
  alerts: z.union([z.literal("every"), names]).optional(),
  /** Dashboards by name; from the plan's own, or slo, operator and infrastructure. */
  dashboards: names.optional(),
  /** Flags of the plan and the variant that each serves in this stage; "every" for all, whatever they serve. */
  flags: z.union([z.literal("every"), z.record(name, name)]).optional(),
  /** Types of which there must be a flag. */
  flagTypes: z.array(z.enum(FLAG_TYPES)).min(1).readonly().optional(),
  /** Each critical alert names a runbook. */
  runbooks: z.literal("every-critical-alert").optional(),
  /** Each of the plan's critical paths is watched by an alert. */
  criticalPaths: z.literal("every").optional(),
  /** Same components, in the same kind and version, as this stage. */
  parityWith: name.optional(),
  /** Components in which the two may differ: "redis/elasticache". */
  parityExcept: z.array(feature).readonly().default([]),
  /** Owners that can be reached. */
  contacts: names.optional(),
});

/** Kinds of criteria about the program itself. */
export const DECLARED_CRITERIA = [declared] as const;

/** A path that users depend on → triggers that watch it. */
export const criticalPaths = z.record(name, names);

/** Free words that reports show; nothing rests on them. */
export const about = z.strictObject({
  version: text.optional(),
  date: z.iso.date().optional(),
  owner: text.optional(),
  risk: text.optional(),
  covers,
});
