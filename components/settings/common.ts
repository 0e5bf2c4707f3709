/** The keys that stage stacks and canary stacks share. */
import { z } from "zod";
import { bool, commit, identity, image, path, url, words } from "./values";

/** What is rolled out, or what takes the traffic now (rollout/release.ts has the type). */
export const releaseSchema = z.strictObject({
  version: words,
  image,
  commit,
  author: identity,
  /** One of the plan's release types, where it has some; components/project.ts holds it against the plan. */
  type: words.optional(),
});

export const commonShape = {
  /** The rollout plan. */
  plan: path,
  /** Who may sign what. */
  trust: path,
  /** Folder of the evidence store. */
  evidence: path,
  /** Where the canary's numbers come from. */
  prometheus: url,
  release: releaseSchema,
  baseline: releaseSchema,
  /** Whether what must not be deleted (namespace, keys, secrets, Redis, DNS, route) is protected. */
  protect: bool,
  /** Only in the sandbox: its folder with clock.json. The program refuses it elsewhere. */
  sandbox: path.optional(),
};
