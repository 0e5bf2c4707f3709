import { HoldpointError } from "../rollout/errors";

/** The refusal of a private key, `key-unusable`. `why` names what was found, never anything of the key itself. */
export function unusable(file: string, why: string, remedy?: string): HoldpointError {
  return new HoldpointError(
    "key-unusable",
    `can't use the key ${file}: ${why}`,
    remedy === undefined ? {} : { remedy },
  );
}
