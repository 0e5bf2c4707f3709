import { get } from "node:http";

/** The health checks that a rollout looks at. */
export const HEALTH_PATHS = ["/health", "/health/deep", "/health/omn"] as const;

/** A probe that is not answered in this time has failed, milliseconds. */
const DEADLINE = 2_000;

function ask(port: number, path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const request = get({ host: "127.0.0.1", port, path, timeout: DEADLINE, agent: false }, (answer) => {
      answer.resume();
      resolve(answer.statusCode === 200);
    });
    request.on("timeout", () => request.destroy());
    request.on("error", () => {
      resolve(false);
    });
  });
}

/** Whether all health checks of the version on this port succeed. */
export async function probe(port: number): Promise<boolean> {
  for (const path of HEALTH_PATHS) if (!(await ask(port, path))) return false;
  return true;
}
