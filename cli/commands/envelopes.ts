import type { Command } from "commander";
import type { Context, Outcome } from "../context";

const ADD_HELP = `
Read are DSSE envelopes, in-toto bundles (one envelope a line), and Sigstore bundles. Each must count for a gate: signed by
a key or a keyless identity of the trust file that may attest its kind. If one does not, none is added.

Examples:
  cosign attest-blob --key cosign.key --statement statement.json --bundle scan.sigstore.json
  holdpoint attest add --stage production scan.sigstore.json`;

const EXPORT_HELP = `
Example:
  holdpoint attest export --stage production --sigstore 3fa1b2c4d5e6 > scan.sigstore.json
  cosign verify-blob-attestation --key ci.pub --bundle scan.sigstore.json --insecure-ignore-tlog ...`;

type Ended = (outcome: Outcome) => void;

/** `holdpoint attest add <files...>` */
export function registerAdd(attest: Command, context: Context, ended: Ended): void {
  attest
    .command("add")
    .summary("add evidence that was signed elsewhere")
    .description(
      "Verifies evidence that other tools, or Holdpoint elsewhere, signed, and adds it to the evidence store.",
    )
    .argument("<files...>", "DSSE envelopes, in-toto bundles, Sigstore bundles")
    .option("--stage <stage>", "whose trust file and store (required)")
    .addHelpText("after", ADD_HELP)
    .action(async (files: string[], _options: object, command: Command) => {
      const { addFiles, stageOf } = await import("../envelopes");
      ended(await addFiles(context, stageOf(command), files));
    });
}

/** `holdpoint attest export <ids...>` */
export function registerExport(attest: Command, context: Context, ended: Ended): void {
  attest
    .command("export")
    .summary("write evidence out of the store")
    .description("Prints envelopes of the store as an in-toto bundle, one a line.")
    .argument("<ids...>", "their addresses, or how they begin: at least 6 characters")
    .option("--stage <stage>", "whose store (required)")
    .option("--sigstore", "as Sigstore bundles, which cosign reads", false)
    .addHelpText("after", EXPORT_HELP)
    .action(async (ids: string[], options: { sigstore: boolean }, command: Command) => {
      const { exportEnvelopes, stageOf } = await import("../envelopes");
      ended(await exportEnvelopes(context, stageOf(command), ids, options.sigstore));
    });
}
