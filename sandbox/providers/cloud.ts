import { createHash } from "node:crypto";
import { at, isSecret, plain, UNKNOWN, type Props, type Value } from "./wire";

/** What differs between the three stand-ins; everything else is `provider.ts`. */
export interface Cloud {
  readonly name: "aws" | "cloudflare" | "kubernetes";
  /** Refuses what the real one would refuse when it checks inputs: property and reason. */
  check(type: string, inputs: Props): readonly { property: string; reason: string }[];
  /** Inputs with the defaults that the real one fills in; `seed` makes automatic names the same in plan and update. */
  defaults(type: string, name: string, inputs: Props, seed: Uint8Array, old: Props | undefined): Props;
  /** Paths of inputs that cannot be changed in place. */
  forceNew(type: string, config: Config): readonly string[];
  /** Paths of inputs that name the thing: as long as these stay, old and new cannot exist side by side. */
  naming(type: string): readonly string[];
  /** The id of a new thing. `attempt` counts up where an id that is not a name is taken. */
  id(type: string, urn: string, inputs: Props, attempt: number, config: Config): string;
  /** Whether the id follows from the inputs, so that a second thing with it would be a conflict. */
  idIsName(type: string): boolean;
  /** What the real one computes. The keys are what a preview of a new thing does not know. */
  computed(type: string, id: string, inputs: Props, config: Config): Props;
}

/** Provider configuration, as the engine passes it: strings. */
export type Config = Readonly<Record<string, string>>;

/** Hex of a digest over the parts: how stand-ins make up ids that stay the same from run to run. */
export function made(length: number, ...parts: readonly unknown[]): string {
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, length);
}

/** A made-up UUID, in the shape of version 4. */
export function madeUuid(...parts: readonly unknown[]): string {
  const hex = made(32, ...parts);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20)}`;
}

/** An input as text for a name or an ARN. Never a secret's text: ids are shown everywhere. */
export function text(inputs: Props, path: string): string | undefined {
  const value = at(inputs, path);
  if (value === undefined || value === null) return undefined;
  if (isSecret(value)) return `secret-${made(12, plain(value))}`;
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** Values whose text was built from something unknown are unknown themselves. */
export function spreadUnknowns(values: Props): Props {
  const spread = (value: Value): Value => {
    if (typeof value === "string") return value.includes(UNKNOWN) ? UNKNOWN : value;
    if (Array.isArray(value)) return value.map(spread);
    if (typeof value === "object" && value !== null) {
      return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, spread(item)]));
    }
    return value;
  };
  return spread(values) as Props;
}
