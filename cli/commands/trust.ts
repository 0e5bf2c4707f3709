import type { Command } from "commander";
import { Option } from "commander";
import type { Context, Outcome } from "../context";
import type { RevokeOptions, SignChangeOptions, TrustOptions, TrustSignOptions } from "../trust";
import type { Register } from "./index";
import { AS, KEY } from "./signer";

const SIGN_HELP = `
A change of the trust file counts when those have signed it whom the version before names under "changes". The new file's
version is one higher. Each signs for themselves; the gate follows once there are enough.

Examples:
  holdpoint trust sign trust.next.yaml --as priya@omnihub.dev --key ~/.ssh/id_ed25519
  holdpoint trust sign trust.yaml --from 3f2a…(sha256 of the file before) --as marcus@omnihub.dev --key marcus.pem`;

const REVOKE_HELP = `
Names a key as the trust file does, by its fingerprint, or a person or machine with all that is theirs. Nothing counts any
more that was ever signed by what was compromised; for the other reasons, what says of itself that it is of --since or later.
The entry never leaves the list.

Examples:
  holdpoint trust revoke priya-laptop --reason compromise --as sam@omnihub.dev --key sam.pem
  holdpoint trust revoke tomas@omnihub.dev --since 2026-11-21 --reason left --as sam@omnihub.dev --key sam.pem`;

const RENEW_HELP = `
The list must be signed anew before it is older than the trust file allows, also where nothing was revoked: a list that
nobody renews may hide what was revoked since. Where it waits for another signature, this adds it.

Example:
  holdpoint trust renew --as sam@omnihub.dev --key ~/.ssh/id_ed25519.pub`;

/** `holdpoint trust show | sign | revoke | renew` */
export const registerTrust: Register = (program, context, ended) => {
  const trust = program
    .command("trust")
    .summary("who is trusted: show it, sign a change, revoke a key, renew the list of revoked keys")
    .description("The trust file: who may attest, approve and waive, and with which keys.");
  registerShow(trust, context, ended);
  registerSign(trust, context, ended);
  registerRevoke(trust, context, ended);
  registerRenew(trust, context, ended);
};

type Ended = (outcome: Outcome) => void;

function registerShow(trust: Command, context: Context, ended: Ended): void {
  staged(trust.command("show"))
    .description("Shows who may do what, until when, and what is revoked.")
    .action(async (options: TrustOptions) => {
      const { showTrust } = await import("../trust");
      ended(await showTrust(context, options));
    });
}

function registerSign(trust: Command, context: Context, ended: Ended): void {
  signing(staged(trust.command("sign")))
    .description("Signs a change of the trust file.")
    .argument("<file>", "the new file")
    .option("--from <file or sha256>", "the file before; by default the one that is configured")
    .addHelpText("after", SIGN_HELP)
    .action(async (file: string, options: SignChangeOptions) => {
      const { signChange } = await import("../trust");
      ended(await signChange(context, file, options));
    });
}

function registerRevoke(trust: Command, context: Context, ended: Ended): void {
  signing(staged(trust.command("revoke")))
    .description("Revokes a key, or all keys of a person or machine.")
    .argument("<key or identity>", "as the trust file names it, or a key's fingerprint")
    .addOption(new Option("--reason <reason>", "why").choices(["compromise", "left", "replaced"]).makeOptionMandatory())
    .option("--since <time>", "from when on: a date or a time in UTC; by default now")
    .option("--unverified", "take over a list that nobody of the trust file signed", false)
    .addHelpText("after", REVOKE_HELP)
    .action(async (what: string, options: RevokeOptions) => {
      const { revoke } = await import("../trust");
      ended(await revoke(context, what, options));
    });
}

function registerRenew(trust: Command, context: Context, ended: Ended): void {
  signing(staged(trust.command("renew")))
    .description("Signs the list of revoked keys anew.")
    .option("--unverified", "take over a list that nobody of the trust file signed", false)
    .addHelpText("after", RENEW_HELP)
    .action(async (options: TrustSignOptions & { unverified: boolean }) => {
      const { renew } = await import("../trust");
      ended(await renew(context, options));
    });
}

function staged(command: Command): Command {
  return command.option("--stage <stage>", "whose trust file; needed where the stages have different ones");
}

function signing(command: Command): Command {
  return command.addOption(AS).addOption(KEY).option("--yes", "sign without asking", false);
}
