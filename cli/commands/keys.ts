import type { Command } from "commander";
import { Option } from "commander";
import { resolve } from "node:path";
import type { KeyType } from "../../evidence/keys";
import type { Context, Outcome } from "../context";
import type { Register } from "./index";

const NEW_HELP = `
The private half is written encrypted, readable by you alone, and never over another file. Its passphrase is asked for,
or taken from the environment variable HOLDPOINT_KEY_PASSPHRASE. The public half goes into the trust file.
People who have an OpenSSH key need none of these: see holdpoint keys show.

Examples:
  holdpoint keys new priya.pem
  holdpoint keys new ci.pem --type ecdsa-p256`;

const SHOW_HELP = `
Keys are PEM files of holdpoint keys new, and OpenSSH's Ed25519 and ECDSA P-256 keys, in files, in the agent, in hardware.

Example:
  holdpoint keys show ~/.ssh/id_ed25519.pub`;

/** `holdpoint keys new <file>` and `holdpoint keys show <file>` */
export const registerKeys: Register = (program, context, ended) => {
  const keys = program
    .command("keys")
    .summary("make a key to sign with, or show the public half of one")
    .description("Keys that sign evidence and approvals.");
  registerNew(keys, context, ended);
  registerShow(keys, context, ended);
};

function registerNew(keys: Command, context: Context, ended: (outcome: Outcome) => void): void {
  keys
    .command("new")
    .description("Makes a key.")
    .argument("<file>", "where the private half is written; must not exist")
    .addOption(
      new Option("--type <type>", "ecdsa-p256 for tools that know no other, such as cosign's hardware")
        .choices(["ed25519", "ecdsa-p256"])
        .default("ed25519"),
    )
    .addHelpText("after", NEW_HELP)
    .action(async (file: string, { type }: { type: KeyType }) => {
      const { newKey } = await import("../../evidence/keys");
      const { publicKey, key } = await newKey(resolve(file), { type });
      context.terminal.say(`${file}: an encrypted private key`);
      context.terminal.say(`its public half, for the trust file:\n${publicKey.trimEnd()}`);
      ended({ exitCode: 0, result: { file: resolve(file), id: key.id, publicKey } });
    });
}

function registerShow(keys: Command, context: Context, ended: (outcome: Outcome) => void): void {
  keys
    .command("show")
    .description("Shows the public half of a key as the trust file wants it.")
    .argument("<file>", "a private or a public key")
    .addHelpText("after", SHOW_HELP)
    .action(async (file: string) => {
      const { showKey } = await import("../../evidence/keys");
      const { id, publicKey } = await showKey(resolve(file));
      context.terminal.say(publicKey);
      ended({ exitCode: 0, result: { id, publicKey } });
    });
}
