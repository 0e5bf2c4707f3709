/**
 * Property values as they travel between the engine and a provider: JSON, in which an unknown is a sentinel string
 * and a secret is an object with a signature. The signatures are the engine's (sdk/go/common/resource/properties.go).
 */

/** A property value on the wire. */
export type Value = null | boolean | number | string | Value[] | { [key: string]: Value };

/** A resource's inputs or outputs. */
export type Props = Record<string, Value>;

/** Stands for a value that is not known before the resource exists. */
export const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

const SIGNATURE_KEY = "4dabf18193072939515e22adb298388d";
const SECRET_SIGNATURE = "1b47061264138c4ac30d75fd1eb44270";

export function isMap(value: Value | undefined): value is { [key: string]: Value } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function isSecret(value: Value | undefined): value is { [key: string]: Value; value: Value } {
  return isMap(value) && value[SIGNATURE_KEY] === SECRET_SIGNATURE && value["value"] !== undefined;
}

export function secret(value: Value): Value {
  return isSecret(value) ? value : { [SIGNATURE_KEY]: SECRET_SIGNATURE, value };
}

/** The value without its secret wrappers, at any depth. */
export function plain(value: Value): Value {
  if (isSecret(value)) return plain(value.value);
  if (Array.isArray(value)) return value.map(plain);
  if (isMap(value)) return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)]));
  return value;
}

/** Whether anything in it is unknown or was built from something unknown. */
export function hasUnknown(value: Value | undefined): boolean {
  if (typeof value === "string") return value.includes(UNKNOWN);
  if (Array.isArray(value)) return value.some(hasUnknown);
  if (isMap(value)) return Object.values(value).some(hasUnknown);
  return false;
}

/** What lies at a dotted path ("metadata.name"), without secret wrappers on the way. */
export function at(value: Value | undefined, path: string): Value | undefined {
  let found: Value | undefined = value;
  for (const key of path.split(".")) {
    if (isSecret(found)) found = found.value;
    found = isMap(found) ? found[key] : undefined;
  }
  return found;
}
