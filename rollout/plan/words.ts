/** Small pieces that every part of the plan's schema uses. */
import { z } from "zod";
import { duration } from "../units";

/** "staging-smoke-tests": how everything in a plan is named. */
export const name = z
  .string('a name such as "smoke-tests"')
  .regex(/^[a-z][a-z0-9-]{0,62}$/, "a name of lower-case letters, digits and hyphens, at most 63");

/** A sentence or two for people. */
export const text = z.string("text").min(1, "text, not empty").max(400, "text of at most 400 characters");

/** At least one name. */
export const names = z.array(name, "a list of names").min(1, "at least one name");

/** A whole number from 0. */
export const count = z.int("a whole number").min(0, "a number from 0");

/** A whole number from 1. */
export const atLeastOne = z.int("a whole number").min(1, "a number from 1");

/** Ids of the demands that something enforces: "OH-71". */
export const covers = z
  .array(z.string('an id such as "OH-71"').regex(/^[A-Z]{2,4}-\d{2,3}$/, 'an id such as "OH-71"'))
  .readonly()
  .default([]);

/** What every criterion has. */
export const head = {
  /** Unique in the plan: names the criterion in findings, waivers and commands. */
  id: name,
  title: text,
  /** Handle of who can mend it. */
  owner: name,
  /** A critical criterion can't be waived. */
  severity: z.enum(["critical", "major"]).default("major"),
  /** Release types that it is asked of; by default all. */
  types: names.readonly().optional(),
  /** What to do when it is unmet; by default its kind's own advice. */
  remedy: text.optional(),
  /** The command that does it; by default its kind's own. */
  command: text.optional(),
  covers,
};

/** What every criterion that rests on evidence has. */
export const evidenceHead = {
  ...head,
  /** Roles of which one signer of the evidence must hold one. */
  attestedBy: names,
  /**
   * What the evidence must be about. release: this commit or this image (the default); commit; image; any: not tied to
   * a release (a restore drill, an on-call schedule).
   */
  subject: z.enum(["release", "commit", "image", "any"]).default("release"),
  /** The stage it must have been observed in; without it, no stage is asked for. */
  stage: name.optional(),
  /** Evidence that was finished longer ago than this is stale. */
  maxAge: duration,
};
