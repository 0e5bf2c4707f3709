/** Who signs, and with which key: the options of every command that signs. */
import { Option } from "commander";

/** `--as <identity>` */
export const AS = new Option("--as <identity>", "who signs, as the trust file names them");

/** `--key <file>` */
export const KEY = new Option(
  "--key <file>",
  "key to sign with: PEM, or an OpenSSH key (.pub: its private half is in the agent); in the sandbox found by --as",
);
