/** The trust file: shown, a change of it signed, keys revoked, the list of revoked keys renewed. */
import { readFileSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { EnvelopeError } from "../evidence/dsse";
import type { Envelope } from "../evidence/dsse";
import { configuredPath } from "../evidence/request";
import { refuseSecrets } from "../evidence/secrets";
import { openStore, type Store } from "../evidence/store";
import { formatUtc } from "../evidence/time";
import { parseTrust, partakers, type SignersRule, type Trust } from "../evidence/trust";
import { signTrustChange, standingOf } from "../evidence/trust/changes";
import { parseMoment } from "../evidence/trust/file";
import { openTrust, type OpenedTrust } from "../evidence/trust/open";
import {
  cosignRevocations,
  readRevocations,
  signRevocations,
  unverifiedRevocations,
  type RevocationEntry,
  type RevocationReason,
  type RevocationsSaid,
} from "../evidence/trust/revocations";
import { HoldpointError } from "../rollout/errors";
import { showDuration } from "../rollout/units";
import { MAX_YAML_BYTES } from "../rollout/yaml";
import { confirm } from "./confirm";
import type { Context, Outcome } from "./context";
import { setting, signAs, type SignerOptions } from "./signing";
import { readStackFile, stagesOf, type StackFile } from "./stack-file";
import { changedLines } from "./trust-diff";
import { replaceFile } from "./write-file";

/** Whose trust file; without it, that of all stages, which must be the same. */
export interface TrustOptions {
  readonly stage?: string;
}

/** What every signing command takes. */
export interface TrustSignOptions extends TrustOptions, SignerOptions {
  /** Sign without asking. */
  readonly yes: boolean;
}

interface Opened extends OpenedTrust {
  readonly file: StackFile;
  /** Absolute. */
  readonly path: string;
}

async function open(context: Context, { stage }: TrustOptions): Promise<Opened> {
  const stages = stage === undefined ? stagesOf(context.root) : [stage];
  const files = stages.map((name) => readStackFile(context.root, name));
  const [file] = files;
  const paths = [...new Set(files.map((one) => setting(one, "trust")))];
  const [path] = paths;
  if (file === undefined || path === undefined || paths.length > 1) {
    throw new HoldpointError("usage", `found ${paths.length} trust files of ${stages.length} stages, expected one`, {
      remedy: "--stage <stage>",
    });
  }
  const absolute = configuredPath(context.root, path);
  return { ...(await openTrust(absolute, path)), file, path: absolute };
}

/** The stores of the stages that the command is about, each once. */
function storesOf(context: Context, { stage }: TrustOptions): readonly Store[] {
  const stages = stage === undefined ? stagesOf(context.root) : [stage];
  const places = stages.map((name) => setting(readStackFile(context.root, name), "evidence"));
  return [...new Set(places)].map((place) => openStore(configuredPath(context.root, place)));
}

/** Shows who may do what, until when, and what is revoked. Exit code 1 where the list of revoked keys can't be relied on. */
export async function showTrust(context: Context, options: TrustOptions): Promise<Outcome> {
  const { trust } = await open(context, options);
  const { list, problem } = trust.revocations ?? {};
  const keys = trust.keys.flatMap(({ id }) => {
    const term = trust.term(id);
    return term === undefined ? [] : [{ id, ...term }];
  });
  const say = (text: string): void => context.terminal.say(text);
  say(`${trust.file}: version ${trust.version}, sha256 ${trust.digest}`);
  say(
    `changes: signed by ${ruleText(trust.changes)}: ${names(
      partakers(
        trust.changes,
        trust.everyone.filter((one) => one.person),
      ),
    )}`,
  );
  for (const { id, person, roles } of trust.everyone)
    say(`${id} (${person ? "person" : "machine"}): ${roles.join(", ")}`);
  for (const { id, name, owner, from, until } of keys) {
    const times = [
      from === undefined ? "" : ` from ${formatUtc(from)}`,
      until === undefined ? "" : ` until ${formatUtc(until)}`,
    ];
    say(`  key ${name} of ${owner.id}: ${id.slice(0, 12)}${times.join("")}`);
  }
  for (const [role, count] of trust.thresholds) say(`${role}: ${count} different holders under the same statement`);
  say(listText(trust));
  for (const entry of list?.revoked ?? []) say(`  revoked: ${entryText(entry, trust)}`);
  if (problem !== undefined)
    say(`NO-GO: ${problem.found}\n  wanted: ${problem.wanted}\n  fix: ${problem.command ?? problem.remedy}`);
  const { version, digest, changes, revocation, everyone } = trust;
  const shownKeys = keys.map(({ owner, ...key }) => ({ ...key, owner: owner.id }));
  const shownList =
    list === undefined
      ? {}
      : { serial: list.serial, issuedAt: list.issuedAt, revoked: list.revoked, signers: list.signers };
  return {
    exitCode: problem === undefined ? 0 : 1,
    result: { version, digest, changes, revocation, everyone, keys: shownKeys, revocations: { ...shownList, problem } },
  };
}

const names = (all: readonly { readonly id: string }[]): string => all.map(({ id }) => id).join(", ") || "nobody";
const ruleText = ({ from, count }: SignersRule): string => `${count} of ${from.join(" or ")}`;

function listText({ revocation, revocations }: Trust): string {
  const list = revocations?.list;
  const head = `revoked keys: ${revocation.file}, at most ${showDuration(revocation.maxAge)} old, signed by ${ruleText(revocation)}`;
  if (list === undefined) return head;
  return `${head}\n  list ${list.serial} of ${formatUtc(list.issuedAt)}, signed by ${list.signers.join(", ")}: ${list.revoked.length} revoked`;
}

function entryText({ key, identity, since, reason }: RevocationEntry, trust: Trust): string {
  const term = key === undefined ? undefined : trust.term(key);
  const what = identity ?? (term === undefined ? `key ${key ?? ""}` : `key ${term.name} of ${term.owner.id}`);
  return reason === "compromise"
    ? `${what}, compromised: nothing counts that it ever signed`
    : `${what} since ${formatUtc(since)} (${reason})`;
}

/** What `trust sign` takes. */
export interface SignChangeOptions extends TrustSignOptions {
  /** The text before: a file, or its sha256, by which the evidence store has it. By default the configured file. */
  readonly from?: string;
}

/**
 * Signs a change of the trust file, as the version before demands.
 * @throws HoldpointError `usage`, `key-unusable`, `trust-invalid`, `file-missing`, `store-unwritable`
 */
export async function signChange(context: Context, newFile: string, options: SignChangeOptions): Promise<Outcome> {
  const opened = await open(context, options);
  const stores = storesOf(context, options);
  const before = await textBefore(opened, stores, options.from);
  const text = readText(resolve(newFile));
  const next = parseTrust(text, newFile);
  const old = { ...parseTrust(before, "the trust file before"), ...revocationsOf(opened.trust) };
  checkVersions(old, next);
  const { identity, key } = await signAs(context, opened.file, old, options);
  checkRight(
    old.changes,
    identity.person ? [identity] : [],
    `${identity.id} may not sign a change of version ${old.version}`,
  );
  context.terminal.say(
    [
      `${newFile}: version ${old.version} → ${next.version}`,
      ...changedLines(before, text),
      `it takes ${ruleText(old.changes)}; to be signed by ${identity.id}`,
    ].join("\n"),
  );
  await confirm(context, { what: "what is signed", typed: `version ${next.version}` }, options);
  for (const one of [before, text]) refuseSecrets("the trust file", one);
  const now = Date.now();
  const envelope = signTrustChange({ from: old.digest, to: next.digest, version: next.version, signedAt: now }, key);
  const open_: string[] = [];
  for (const store of stores) {
    for (const one of [before, text]) await store.keep("inputs", one);
    await store.put(envelope);
    open_.push(...(await stillOpen(store, old, { ...next, ...revocationsOf(opened.trust) }, now)));
  }
  context.terminal.say(`signed by ${identity.id}: sha256 ${old.digest.slice(0, 12)} → ${next.digest.slice(0, 12)}`);
  for (const line of open_) context.terminal.say(`still open: ${line}`);
  return {
    // Signed, and somebody else still has to.
    exitCode: open_.length === 0 ? 0 : 3,
    result: { from: old.digest, to: next.digest, version: next.version, signer: identity.id, open: open_ },
  };
}

function revocationsOf({ revocations }: Trust): Pick<Trust, "revocations"> {
  return revocations === undefined ? {} : { revocations };
}

/** What a gate would still say of the change. */
async function stillOpen(store: Store, old: Trust, next: Trust, now: number): Promise<readonly string[]> {
  const trust = { digest: old.digest, version: old.version, revocations: { serial: 1, revoked: [] } };
  const { problems } = await standingOf({ store, trust: next, stage: "a stage", record: { trust }, now: now + 1 });
  return problems.flatMap(({ id, found, wanted }) => (id === "trust" ? [`${found}; wanted: ${wanted}`] : []));
}

async function textBefore({ texts }: Opened, stores: readonly Store[], from: string | undefined): Promise<string> {
  if (from === undefined) return texts.trust;
  if (!/^[0-9a-f]{64}$/.test(from)) return readText(resolve(from));
  for (const store of stores) {
    const kept = await store.kept("inputs", from);
    if (kept !== undefined) return kept;
  }
  throw new HoldpointError("file-missing", `no evidence store of this project has the text ${from.slice(0, 12)}`, {
    remedy: "--from <the file as it was, out of version control>",
  });
}

function checkVersions(old: Trust, next: Trust): void {
  if (old.digest === next.digest) {
    throw new HoldpointError("usage", "the two files are the same; there is no change to sign", {
      remedy: "name the new file, and with --from the one before: a file, or its sha256",
    });
  }
  if (next.version === old.version + 1) return;
  throw new HoldpointError(
    "usage",
    `found version ${next.version} after version ${old.version}, expected ${old.version + 1}`,
    {
      remedy: `version: ${old.version + 1}`,
    },
  );
}

function checkRight(rule: SignersRule, identities: Parameters<typeof partakers>[1], message: string): void {
  if (partakers(rule, identities).length > 0) return;
  throw new HoldpointError("key-unusable", message, {
    remedy: `have somebody sign with the role ${rule.from.join(" or ")}`,
  });
}

/** What `trust revoke` takes. */
export interface RevokeOptions extends TrustSignOptions, ListOptions {
  /** "2026-11-21", "2026-11-21T08:00:00Z"; by default now. */
  readonly since?: string;
  readonly reason: RevocationReason;
}

/** How the list before is taken over. */
interface ListOptions {
  /** Also where nobody of the trust file signed it. */
  readonly unverified: boolean;
}

/** Puts a key, or all of somebody's, on the list of revoked keys, and signs the list anew. */
export async function revoke(context: Context, what: string, options: RevokeOptions): Promise<Outcome> {
  const opened = await open(context, options);
  const since = options.since === undefined ? Date.now() : parseMoment(options.since);
  if (since === undefined) {
    throw new HoldpointError("usage", `--since: found "${options.since ?? ""}", expected a date or a time in UTC`, {
      remedy: "--since 2026-11-21T08:00:00Z",
    });
  }
  const entry = { ...named(what, opened.trust), since, reason: options.reason };
  const before = listBefore(opened, options);
  return writeList(context, opened, options, { list: { ...next(before), revoked: [...before.revoked, entry] } });
}

/** Signs the list of revoked keys anew, or adds a signature where it waits for one. */
export async function renew(context: Context, options: TrustSignOptions & ListOptions): Promise<Outcome> {
  const opened = await open(context, options);
  const before = listBefore(opened, options);
  return writeList(context, opened, options, { list: next(before), waiting: true });
}

function next({ serial, revoked }: RevocationsSaid): RevocationsSaid {
  return { serial: serial + 1, issuedAt: Date.now(), revoked };
}

/** A key by its name or fingerprint, a person or machine by its id. */
function named(what: string, trust: Trust): Pick<RevocationEntry, "key" | "identity"> {
  const key = trust.keys.find(({ id }) => id === what || trust.term(id)?.name === what);
  if (key !== undefined) return { key: key.id };
  const identity = trust.everyone.find(({ id }) => id.toLowerCase() === what.toLowerCase());
  if (identity !== undefined) return { identity: identity.id };
  if (/^[0-9a-f]{64}$/.test(what)) return { key: what };
  throw new HoldpointError("usage", `${trust.file} has no key and nobody of the name "${what}"`, {
    remedy: "holdpoint trust show; a key that it no longer has is named by its fingerprint",
  });
}

const NO_LIST: RevocationsSaid = { serial: 0, issuedAt: 0, revoked: [] };

/** The list that is there: whoever signs a new one signs its entries again, so it must be somebody's. */
function listBefore({ trust, texts }: Opened, { unverified }: ListOptions): RevocationsSaid {
  if (texts.revocations === undefined) return NO_LIST;
  // Judged at its own time: the key that signed it may have ended since.
  const { list, problem } = readRevocations(texts.revocations, trust, "its own time");
  if (list !== undefined) return list;
  if (unverified) return unverifiedOf(texts.revocations);
  throw new HoldpointError("trust-invalid", problem?.found ?? "the list of revoked keys can't be read", {
    remedy: "put the last good list back, out of version control; --unverified takes its entries over all the same",
  });
}

function unverifiedOf(text: string): RevocationsSaid {
  try {
    return unverifiedRevocations(text);
  } catch (error) {
    if (error instanceof EnvelopeError)
      throw new HoldpointError("trust-invalid", `the list of revoked keys: ${error.message}`);
    throw error;
  }
}

interface NewList {
  readonly list: RevocationsSaid;
  /** Rather add a signature to the list that is there, where it waits for one. */
  readonly waiting?: boolean;
}

async function writeList(
  context: Context,
  { trust, file, path }: Opened,
  options: TrustSignOptions,
  { list, waiting = false }: NewList,
): Promise<Outcome> {
  const rule = trust.revocation;
  const { identity, key } = await signAs(context, file, trust, options);
  checkRight(rule, [identity], `${identity.id} may not sign the list of revoked keys`);
  const there = trust.revocations?.list;
  const few = there !== undefined && there.signers.length < rule.count && !there.signers.includes(identity.id);
  const cosigned = waiting && few && Date.now() - there.issuedAt <= rule.maxAge ? there : undefined;
  const said = cosigned ?? list;
  context.terminal.say(
    [
      `${rule.file}: list ${said.serial}${cosigned === undefined ? "" : `, signed by ${cosigned.signers.join(", ")} already`}`,
      ...said.revoked.map((entry) => `  revoked: ${entryText(entry, trust)}`),
      ...(said.revoked.length === 0 ? ["  nothing is revoked"] : []),
      `to be signed by ${identity.id}`,
    ].join("\n"),
  );
  await confirm(context, { what: "what is signed", typed: `list ${said.serial}` }, options);
  const envelope: Envelope = cosigned === undefined ? signRevocations(list, key) : cosignRevocations(cosigned, key);
  const text = `${JSON.stringify(envelope)}\n`;
  const target = resolve(dirname(path), rule.file);
  replaceFile(target, text);
  const { list: written, problem } = readRevocations(text, trust, Date.now());
  const signers = written?.signers ?? [];
  context.terminal.say(`${rule.file} is written, signed by ${signers.join(", ")}: put it in by review`);
  if (problem !== undefined) context.terminal.say(`not valid yet: ${problem.found}`);
  return {
    exitCode: problem === undefined ? 0 : 3,
    result: {
      file: target,
      serial: said.serial,
      revoked: said.revoked,
      signers,
      ...(problem && { problem: problem.found }),
    },
  };
}

function readText(file: string): string {
  try {
    const { size } = statSync(file);
    if (size > MAX_YAML_BYTES) {
      throw new HoldpointError("file-too-large", `${file} has ${size} bytes, at most ${MAX_YAML_BYTES} are read`);
    }
    return readFileSync(file, "utf8");
  } catch (cause) {
    if (cause instanceof HoldpointError) throw cause;
    throw new HoldpointError("file-missing", `the trust file "${file}" can't be read`, { cause });
  }
}
