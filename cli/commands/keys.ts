import { resolve } from "node:path";
import type { Register } from "./index";

const HELP = `
The private half is written encrypted, readable by you alone, and never over another file. Its passphrase is asked for,
or taken from the environment variable HOLDPOINT_KEY_PASSPHRASE. The public half goes into the trust file.

Example:
  holdpoint keys new priya.pem`;

/** `holdpoint keys new <file>` */
export const registerKeys: Register = (program, context, ended) => {
  program
    .command("keys")
    .summary("make a key to sign with")
    .description("Keys that sign evidence and approvals.")
    .command("new")
    .description("Makes an Ed25519 key.")
    .argument("<file>", "where the private half is written; must not exist")
    .addHelpText("after", HELP)
    .action(async (file: string) => {
      const { newKey } = await import("../../evidence/keys");
      const { publicKey, key } = await newKey(resolve(file));
      context.terminal.say(`${file}: an encrypted private key`);
      context.terminal.say(`its public half, for the trust file:\n${publicKey.trimEnd()}`);
      ended({ exitCode: 0, result: { file: resolve(file), id: key.id, publicKey } });
    });
};
