/** What the parts of a trust file say of each other: keys that are somebody's once, roles that exist and can be met. */
import type { Mistake, Path } from "../../rollout/yaml";
import { choice } from "../../rollout/yaml";
import type { PublicKey } from "../dsse";
import { PUBLIC_KEY_FORMS, readPublicKey } from "../public-key";
import type { LooseFile, LooseIdentity, TrustFile } from "./file";

/** A person or a machine of the trust file. */
export interface Identity {
  readonly id: string;
  /** Machines attest; only people approve and waive. */
  readonly person: boolean;
  readonly roles: readonly string[];
}

/** A key as the trust file has it. Times are machine time. */
export interface KeyTerm {
  /** "priya-laptop" */
  readonly name: string;
  readonly owner: Identity;
  readonly from?: number;
  readonly until?: number;
}

/** Every key of a file. */
export interface Keys {
  readonly keys: readonly PublicKey[];
  /** By fingerprint. */
  readonly terms: ReadonlyMap<string, KeyTerm>;
  readonly mistakes: readonly Mistake[];
}

/** Everyone with the path in the file, people first. */
function everyone(file: LooseFile): { path: Path; person: boolean; entry: LooseIdentity }[] {
  return (["people", "machines"] as const).flatMap((part) =>
    file[part].map((entry, index) => ({ path: [part, index], person: part === "people", entry })),
  );
}

/** Reads the keys; each may be of one identity only. */
export function collectKeys(file: LooseFile): Keys {
  const keys: PublicKey[] = [];
  const terms = new Map<string, KeyTerm>();
  const mistakes: Mistake[] = [];
  for (const { path, person, entry } of everyone(file)) {
    const owner = { id: entry.id, person, roles: entry.roles };
    for (const [index, { id, publicKey: text, from, until }] of entry.keys.entries()) {
      const keyPath = [...path, "keys", index, "publicKey"];
      if (from !== undefined && until !== undefined && from >= until) {
        mistakes.push({ path: [...path, "keys", index, "until"], expected: "an end after the beginning" });
      }
      if (text === "") continue;
      const publicKey = readPublicKey(text);
      if (typeof publicKey === "string") {
        mistakes.push({ path: keyPath, found: publicKey, expected: PUBLIC_KEY_FORMS });
        continue;
      }
      const before = terms.get(publicKey.id);
      if (before !== undefined) {
        mistakes.push({ path: keyPath, found: `the key of ${before.owner.id} again`, expected: "every key once" });
        continue;
      }
      const term = { ...(from === undefined ? {} : { from }), ...(until === undefined ? {} : { until }) };
      terms.set(publicKey.id, { name: id, owner, ...term });
      keys.push(publicKey);
    }
  }
  return { keys, terms, mistakes };
}

/** Names that are used once, and roles that exist. */
export function checkNames(file: LooseFile): Mistake[] {
  const roles = Object.keys(file.roles);
  const ids = new Set<string>();
  const keyIds = new Set<string>();
  const mistakes: Mistake[] = [];
  const once = (seen: Set<string>, id: string, path: Path): void => {
    // An id that differs only in case reads as the same person.
    if (id === "") return;
    if (seen.has(id.toLowerCase())) mistakes.push({ path, expected: "an id that is used once" });
    seen.add(id.toLowerCase());
  };
  const known = (names: readonly string[], path: Path): void => {
    for (const [index, roleName] of names.entries()) {
      if (roleName === "" || roles.includes(roleName)) continue;
      mistakes.push({ path: [...path, index], expected: `a role of this file: ${choice(roles, roleName)}` });
    }
  };
  for (const { path, entry } of everyone(file)) {
    once(ids, entry.id, [...path, "id"]);
    for (const [index, { id }] of entry.keys.entries()) once(keyIds, id, [...path, "keys", index, "id"]);
    known(entry.roles, [...path, "roles"]);
  }
  known(file.revocation.from, ["revocation", "from"]);
  known(file.changes.from, ["changes", "from"]);
  return mistakes;
}

/** What nobody could ever meet, and what would not do what it says. */
export function checkCounts(file: TrustFile): Mistake[] {
  const { people, machines, roles, revocation, changes } = file;
  const mistakes: Mistake[] = [];
  const enough = (wanted: number, holders: readonly unknown[], path: Path, what: string): void => {
    if (wanted <= holders.length) return;
    mistakes.push({ path, found: String(wanted), expected: `at most ${holders.length}: so many ${what}` });
  };
  for (const [name, { may, threshold }] of Object.entries(roles)) {
    if (threshold === 1) continue;
    const path = ["roles", name, "threshold"];
    enough(threshold, holdersOf([...people, ...machines], [name]), path, "hold this role");
    // An approval is one person's word: how many of them there must be is the plan's to say.
    if (may.includes("approval") || may.includes("waiver")) {
      mistakes.push({ path, expected: "no threshold for approvals and waivers: the plan counts them" });
    }
  }
  enough(
    revocation.count,
    holdersOf([...people, ...machines], revocation.from),
    ["revocation", "count"],
    "hold one of these roles",
  );
  enough(changes.count, holdersOf(people, changes.from), ["changes", "count"], "people hold one of these roles");
  return mistakes;
}

/** Those who have one of these roles. */
export function holdersOf<T extends { readonly roles: readonly string[] }>(
  all: readonly T[],
  roles: readonly string[],
): T[] {
  return all.filter((one) => one.roles.some((role) => roles.includes(role)));
}
