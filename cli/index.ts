/** The `holdpoint` command: toolchain/load.cjs runs this file. */
import { main } from "./main";

void main(process.argv.slice(2)).then((exitCode) => {
  // Not process.exit: what was written to a pipe must still get through.
  process.exitCode = exitCode;
});
