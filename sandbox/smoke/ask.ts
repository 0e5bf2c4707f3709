import { request } from "node:http";

/** Where the sandbox's gateway answers, and for which host name it is asked. */
const gateway = process.env["SMOKE_GATEWAY"] ?? "";
export const host = process.env["SMOKE_HOST"] ?? "";

/** The status with which the service behind the gateway answers, asked as a user would ask. */
export function status(path: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const asked = request(`${gateway}${path}`, { headers: { host }, timeout: 5_000 }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    asked.on("timeout", () => asked.destroy(new Error("no answer")));
    asked.on("error", reject);
    asked.end();
  });
}
