// Whether the service behind the sandbox's gateway is healthy: node healthy.cjs <gateway> <host>. Exit code 0 if it is.
"use strict";
const { get } = require("node:http");

const [gateway = "", host = ""] = process.argv.slice(2);
const ask = (/** @type {string} */ path) =>
  new Promise((resolve) => {
    const asked = get(`${gateway}${path}`, { headers: { host }, timeout: 5_000 }, (answer) => {
      answer.resume();
      resolve(answer.statusCode);
    });
    asked.on("timeout", () => asked.destroy());
    asked.on("error", () => resolve("no answer"));
  });

void (async () => {
  const paths = ["/health", "/health/deep", "/health/omn"];
  const answers = await Promise.all(paths.map(ask));
  console.log(paths.map((path, index) => `${host}${path}: ${answers[index]}`).join("\n"));
  process.exit(answers.every((status) => status === 200) ? 0 : 1);
})();
