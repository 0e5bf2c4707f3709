/** The security context that the "restricted" pod security level asks for, complete, for every pod of the program. */
import type * as k8s from "@pulumi/kubernetes";

/** A user and group that exist in no image: nothing on the node belongs to them. */
const NOBODY = 65532;

/** For the pod as a whole. */
export const podSecurity: k8s.types.input.core.v1.PodSecurityContext = {
  runAsNonRoot: true,
  runAsUser: NOBODY,
  runAsGroup: NOBODY,
  fsGroup: NOBODY,
  seccompProfile: { type: "RuntimeDefault" },
};

/** For each container. The read-only root is more than the level asks for. */
export const containerSecurity: k8s.types.input.core.v1.SecurityContext = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  runAsNonRoot: true,
  capabilities: { drop: ["ALL"] },
  seccompProfile: { type: "RuntimeDefault" },
};

/** What a component has put into the service's pods, so that the service can use it. */
export interface PodParts {
  readonly annotations?: Readonly<Record<string, string>>;
  readonly env?: readonly k8s.types.input.core.v1.EnvVar[];
  readonly envFrom?: readonly k8s.types.input.core.v1.EnvFromSource[];
  readonly volumes?: readonly k8s.types.input.core.v1.Volume[];
  readonly mounts?: readonly k8s.types.input.core.v1.VolumeMount[];
}
