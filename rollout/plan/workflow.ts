/** What a pipeline's workflow file must say: when it starts, in which order its jobs run, what they run on and with. */
import { z } from "zod";
import { covers, evidenceHead, text } from "./words";

const TRIGGER = 'one of "push", "push to <branch>", "pull request", "pull request to <branch>", "daily"';

/** "push", "push to main", "pull request to main", "daily". */
const trigger = z.string(TRIGGER).regex(/^(?:(?:push|pull request)(?: to [\w][\w./-]*)?|daily)$/, { error: TRIGGER });

/** A job's id in the file, not its title. */
const job = z.string("the id of a job").regex(/^[A-Za-z_][\w-]{0,99}$/, { error: 'the id of a job such as "build"' });

const wanted = z.strictObject({
  /** Label of the machine: "ubuntu-latest". */
  runsOn: text.optional(),
  /** Actions that its steps use, by name; their version ("v4", also met by v4.1.2), and inputs. */
  uses: z.record(text, z.strictObject({ version: text.optional(), with: z.record(text, text).optional() })).optional(),
  /** Commands that it runs; each may have further arguments in the file. */
  runs: z.array(text).min(1).readonly().optional(),
  /** The one condition (`if`) under which it may be left out, word for word. */
  only: text.optional(),
  covers,
});

export const workflow = z.strictObject({
  kind: z.literal("workflow"),
  ...evidenceHead,
  /** The workflow's own `name`. */
  workflow: text,
  on: z.array(trigger).min(1, "at least one trigger").readonly().optional(),
  /** Jobs of which each waits for those before it. */
  order: z.array(job).min(2, "at least two jobs").readonly().optional(),
  /** Jobs by id. */
  jobs: z.record(job, wanted).optional(),
});
