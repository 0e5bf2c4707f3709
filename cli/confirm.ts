import { HoldpointError } from "../rollout/errors";
import type { Context } from "./context";

/**
 * A signature is a person's: what is signed has to be typed, and without a terminal to be asked for by --yes.
 * @param what how the question names it: "the stack's name"
 * @throws HoldpointError `usage`, and nothing may be signed
 */
export async function confirm(
  { terminal }: Context,
  { what, typed: expected }: { readonly what: string; readonly typed: string },
  { yes }: { readonly yes: boolean },
): Promise<void> {
  if (yes) return;
  if (!terminal.interactive) {
    throw new HoldpointError("usage", "found no terminal to ask on, and nothing was signed", {
      remedy: "read the above, then add --yes",
    });
  }
  const typed = await terminal.ask(`sign? type ${what} (${expected}): `);
  if (typed !== expected) {
    throw new HoldpointError("usage", `found "${typed}", expected "${expected}"; nothing was signed`);
  }
}
