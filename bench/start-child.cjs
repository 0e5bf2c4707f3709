// Times one start: "program" is the product's own entry, "imports" the SDKs that it imports and nothing else.
"use strict";
const began = performance.now();
const before = process.listeners("exit");
const what = process.argv[2];

/** @param {typeof import("@pulumi/pulumi")} pulumi */
async function mockEngine(pulumi) {
  await pulumi.runtime.setMocks(
    {
      newResource(args) {
        if (args.type !== "pulumi:pulumi:Stack") {
          console.log(`first resource after ${(performance.now() - began).toFixed(1)} ms`);
          // The SDK complains at the exit of what was left waiting, which here is everything else.
          process.removeAllListeners("exit");
          for (const listener of before) process.on("exit", listener);
          process.exit(0);
        }
        return { id: args.name, state: args.inputs };
      },
      call: () => ({}),
    },
    "holdpoint",
    "production",
    true,
  );
}

if (what === "program") {
  // What the language host's runner loads before any program.
  const pulumi = require("@pulumi/pulumi");
  void mockEngine(pulumi).then(() => require("../toolchain/program.cjs")());
} else {
  const pulumi = require("@pulumi/pulumi");
  require("@pulumi/kubernetes");
  require("@pulumi/cloudflare");
  require("@pulumi/aws");
  void mockEngine(pulumi).then(() => new pulumi.Stash("first", { input: 1 }));
}
