// The drill of the kill switch in staging: node kill-switch.cjs <gateway> <host>. It is thrown by an ordinary `up`, users must
// be refused then, and served again once it is lifted. Exit code 0 if both was so.
"use strict";
const { execFileSync } = require("node:child_process");
const { get } = require("node:http");

const [gateway = "", host = ""] = process.argv.slice(2);
const STACK = ["--stack", "staging-canary", "--non-interactive"];

/** @param {boolean} on */
function turn(on) {
  execFileSync("pulumi", ["config", "set", "--path", "holdpoint:canary.killSwitch", String(on), ...STACK]);
  execFileSync("pulumi", ["up", "--yes", "--skip-preview", "--policy-pack", "policies", ...STACK]);
  console.log(`the kill switch is ${on ? "on" : "off"}`);
}

/** Users' requests until one is answered as it should be, for a few seconds. @param {number} wanted */
async function answered(wanted) {
  for (const until = Date.now() + 10_000; Date.now() < until; await new Promise((next) => setTimeout(next, 50))) {
    const status = await new Promise((resolve) => {
      const asked = get(`${gateway}/`, { headers: { host }, timeout: 2_000 }, (answer) => {
        answer.resume();
        resolve(answer.statusCode);
      });
      asked.on("timeout", () => asked.destroy());
      asked.on("error", () => resolve(undefined));
    });
    if (status === wanted) {
      console.log(`users of ${host} get ${wanted}`);
      return true;
    }
  }
  console.log(`users of ${host} do not get ${wanted}`);
  return false;
}

void (async () => {
  turn(true);
  const refused = await answered(503);
  turn(false);
  const served = await answered(200);
  process.exit(refused && served ? 0 : 1);
})();
