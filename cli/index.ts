/** The `holdpoint` command: toolchain/load.cjs runs this file. */
import { main } from "./main";

// Whoever reads us through `| head` may have seen enough.
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
  });
}

void main(process.argv.slice(2)).then((exitCode) => {
  // Not process.exit: what was written to a pipe must still get through.
  process.exitCode = exitCode;
});
