/** Oxigraph, the RDF store that the service keeps its graph in: one pod with a volume, reached by the service alone. */
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { checkArgs } from "./check";
import { neighbourHost, neighbourMetadata, neighbourSelector, openToService, type Neighbour } from "./neighbour";
import { containerSecurity, podSecurity, type PodParts } from "./pods";
import { rdfStoreSchema, type RdfStoreSettings } from "./settings/additions";

export interface RdfStoreArgs {
  readonly service: string;
  readonly stage: string;
  /** Section `rdfStore`. */
  readonly settings: RdfStoreSettings;
  /** Whether the store, and with it its volume, is protected from deletion. */
  readonly protect: boolean;
}

/** Oxigraph's own port. */
const PORT = 7878;
const FOLDER = "/data";
/** A query that every store answers, however large it is. */
const PROBE = "/query?query=ASK%20%7B%7D";

/** StatefulSet of one pod (Oxigraph's files have one writer), its volume, and the way from the service to it. */
export class RdfStore extends pulumi.ComponentResource {
  readonly parts: PodParts;

  private readonly args: RdfStoreArgs;
  private readonly self: Neighbour;

  constructor(name: string, args: RdfStoreArgs, opts?: pulumi.ComponentResourceOptions) {
    checkArgs("rdfStore", rdfStoreSchema, args.settings);
    super("holdpoint:rdfStore:RdfStore", name, {}, opts);
    const { service, stage } = args;
    this.args = args;
    this.self = { name, service, stage, parent: this, ports: { sparql: PORT } };

    this.createStatefulSet();
    openToService(this.self);
    this.parts = { env: [{ name: "RDF_STORE_URL", value: `http://${neighbourHost(this.self)}:${PORT}` }] };
    this.registerOutputs({ storage: args.settings.storage });
  }

  private createStatefulSet(): void {
    const { settings, protect } = this.args;
    const { name } = this.self;
    const metadata = neighbourMetadata(this.self);
    new k8s.apps.v1.StatefulSet(
      `${name}-stateful-set`,
      {
        metadata,
        spec: {
          serviceName: name,
          replicas: 1,
          selector: { matchLabels: neighbourSelector(this.self) },
          // The data outlives the set, and its being scaled to nothing.
          persistentVolumeClaimRetentionPolicy: { whenDeleted: "Retain", whenScaled: "Retain" },
          template: { metadata: { labels: metadata.labels }, spec: this.podSpec() },
          volumeClaimTemplates: [
            {
              metadata: { name: "data", labels: metadata.labels },
              spec: {
                accessModes: ["ReadWriteOnce"],
                resources: { requests: { storage: settings.storage } },
                ...(settings.storageClass === undefined ? {} : { storageClassName: settings.storageClass }),
              },
            },
          ],
        },
      },
      { parent: this, protect },
    );
  }

  private podSpec(): k8s.types.input.core.v1.PodSpec {
    const { image, pod } = this.args.settings;
    const { cpu, memory } = pod;
    const answers = { httpGet: { path: PROBE, port: "sparql" } };
    return {
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      securityContext: podSecurity,
      containers: [
        {
          name: "oxigraph",
          image,
          imagePullPolicy: "IfNotPresent",
          args: ["serve", "--location", FOLDER, "--bind", `0.0.0.0:${PORT}`],
          ports: [{ name: "sparql", containerPort: PORT }],
          resources: { requests: { cpu, memory }, limits: { memory } },
          startupProbe: { ...answers, periodSeconds: 5, failureThreshold: 60 },
          readinessProbe: { ...answers, periodSeconds: 5, timeoutSeconds: 2 },
          livenessProbe: { ...answers, periodSeconds: 15, timeoutSeconds: 5, failureThreshold: 4 },
          securityContext: containerSecurity,
          volumeMounts: [
            { name: "data", mountPath: FOLDER },
            { name: "tmp", mountPath: "/tmp" },
          ],
        },
      ],
      volumes: [{ name: "tmp", emptyDir: { sizeLimit: "64Mi" } }],
    };
  }
}
