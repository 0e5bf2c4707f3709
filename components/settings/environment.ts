/** Section `environment`: how much of the service there is, and whom it may talk to. */
import { z } from "zod";
import { bytes, cidr, cpu, integer, label, memory, millicores, some } from "./values";

/** How many pods one track has; the autoscaler moves between them. */
const scale = z
  .strictObject({ min: integer(1, 1000, "pods"), max: integer(1, 1000, "pods") })
  .refine(({ min, max }) => min <= max, { path: ["max"], error: "at least as many as min" });

export const environmentSchema = z
  .strictObject({
    /** Namespace that the Gateway's pods run in: the only one whose requests reach the service. */
    gatewayNamespace: label,
    /** Namespace of Prometheus and the blackbox prober: they may scrape and probe. */
    monitoringNamespace: label,
    /** Pods of the version that takes the traffic now. */
    baseline: scale,
    /** Pods of the version that is rolled out: at 100 % it carries everything, so max is as large as baseline's. */
    canary: scale,
    /** Mean CPU, in percent of the request, at which the autoscaler adds pods. */
    targetCpu: integer(10, 95, "percent"),
    /** What one pod asks for, and the memory that it may not exceed. */
    pod: z.strictObject({ cpu, memory, memoryLimit: memory }),
    /** What the whole namespace may ask for. */
    quota: z.strictObject({ cpu, memory, pods: integer(1, 5000, "pods") }),
    /** Where the service may connect to, besides DNS and Redis. */
    egress: some(
      z.strictObject({
        name: label,
        cidr,
        /** Ranges inside `cidr` that stay closed, such as the cluster's own and the metadata service's. */
        except: z.array(cidr).default([]),
        port: integer(1, 65535),
      }),
      "the places that the service connects to",
    ),
  })
  .refine(({ baseline, canary }) => canary.max >= baseline.max, {
    path: ["canary", "max"],
    error: "at least environment.baseline.max, since at 100 % the canary carries everything",
  })
  .superRefine(({ baseline, canary, pod, quota }, context) => {
    const most = baseline.max + canary.max;
    const tell = (key: keyof typeof quota, enough: boolean, of: string) => {
      if (enough) return;
      const message = `room for both tracks at their largest, ${most} pods${of}`;
      context.issues.push({ code: "custom", path: ["quota", key], message, input: quota[key] });
    };
    tell("pods", quota.pods >= most, "");
    tell("cpu", millicores(quota.cpu) >= most * millicores(pod.cpu), ` of ${pod.cpu} CPU`);
    tell("memory", bytes(quota.memory) >= most * bytes(pod.memoryLimit), ` of ${pod.memoryLimit}`);
  });

export type EnvironmentSettings = z.infer<typeof environmentSchema>;
