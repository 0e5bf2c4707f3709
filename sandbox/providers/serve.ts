/**
 * The stand-ins' gRPC face. It speaks the provider protocol with the SDK's generated messages alone: importing all of
 * the SDK would triple the time that every preview waits for each of three providers.
 */
import { join } from "node:path";
import * as grpc from "@grpc/grpc-js";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { Struct, type JavaScriptValue } from "google-protobuf/google/protobuf/struct_pb";
import * as engineRpc from "@pulumi/pulumi/proto/engine_grpc_pb";
import * as engineMessages from "@pulumi/pulumi/proto/engine_pb";
import * as plugin from "@pulumi/pulumi/proto/plugin_pb";
import * as rpc from "@pulumi/pulumi/proto/provider_grpc_pb";
import * as messages from "@pulumi/pulumi/proto/provider_pb";
import type { ChangeKind } from "./diff";
import { findSandbox, refusalText } from "./guard";
import { Provider, type CloudName, type Subject } from "./provider";
import { isSecret, type Props, type Value } from "./wire";

/** Large states travel in one message; the engine uses the same limit. */
const MAX_MESSAGE = 400 * 1024 * 1024;

const props = (struct: Struct | undefined): Props => (struct?.toJavaScript() ?? {}) as Props;
const struct = (values: Props): Struct => Struct.fromJavaScript(values as Record<string, JavaScriptValue>);

const KINDS = messages.PropertyDiff.Kind;
const WIRE_KIND: Readonly<Record<ChangeKind, readonly [messages.PropertyDiff.Kind, messages.PropertyDiff.Kind]>> = {
  add: [KINDS.ADD, KINDS.ADD_REPLACE],
  delete: [KINDS.DELETE, KINDS.DELETE_REPLACE],
  update: [KINDS.UPDATE, KINDS.UPDATE_REPLACE],
};

/** Name and type come with the call in newer engines, and can be read off the URN in all. */
function subjectOf(request: { getUrn(): string }): Subject {
  const parts = request.getUrn().split("::");
  return { urn: request.getUrn(), type: parts[2]?.split("$").at(-1) ?? "", name: parts.slice(3).join("::") };
}

function diffResponse(found: ReturnType<Provider["diff"]>): messages.DiffResponse {
  const response = new messages.DiffResponse();
  const { DIFF_NONE, DIFF_SOME } = messages.DiffResponse.DiffChanges;
  response.setChanges(found.changes.length === 0 ? DIFF_NONE : DIFF_SOME);
  response.setReplacesList([...found.replaces]);
  response.setDeletebeforereplace(found.deleteBeforeReplace);
  response.setDiffsList([...new Set(found.changes.map((change) => /^[^.[]+/.exec(change.path)?.[0] ?? change.path))]);
  response.setHasdetaileddiff(true);
  for (const change of found.changes) {
    const detail = new messages.PropertyDiff();
    detail.setKind(WIRE_KIND[change.kind][change.replaces ? 1 : 0]);
    detail.setInputdiff(true);
    response.getDetaileddiffMap().set(change.path, detail);
  }
  return response;
}

/** The calls of one stand-in; `provider` throws the refusal where this process is in no sandbox. */
function service(name: CloudName, version: string, provider: () => Provider, notice: () => void) {
  return {
    // The one call that is answered anywhere: an engine reports its failure as a defect, with a page of debris.
    getPluginInfo: () => {
      const info = new plugin.PluginInfo();
      info.setVersion(version);
      return info;
    },
    attach: () => new Empty(),
    cancel: () => new Empty(),
    getSchema: () => {
      provider();
      const response = new messages.GetSchemaResponse();
      response.setSchema(
        JSON.stringify({ name, version, description: `Holdpoint's stand-in for ${name}: nothing real is changed` }),
      );
      return response;
    },
    checkConfig: (request: messages.CheckRequest) => {
      provider();
      const response = new messages.CheckResponse();
      response.setInputs(request.getNews());
      return response;
    },
    diffConfig: (request: messages.DiffRequest) => {
      const before = props(request.getOldInputs() ?? request.getOlds());
      const { changes } = provider().diff(subjectOf(request), before, props(request.getNews()));
      const inPlace = changes.map((change) => ({ ...change, replaces: false }));
      return diffResponse({ changes: inPlace, replaces: [], deleteBeforeReplace: false });
    },
    configure: (request: messages.ConfigureRequest) => {
      const config: Record<string, string> = {};
      for (const [key, value] of Object.entries(props(request.getArgs()))) {
        const bare: Value = isSecret(value) ? value.value : value;
        config[key] = typeof bare === "string" ? bare : JSON.stringify(bare);
      }
      provider().configure(config);
      notice();
      const response = new messages.ConfigureResponse();
      response.setAcceptsecrets(true);
      response.setSupportspreview(true);
      response.setAcceptresources(false);
      response.setAcceptoutputs(false);
      return response;
    },
    invoke: (request: messages.InvokeRequest) => {
      provider();
      throw new Error(
        `the stand-in for ${name} cannot look anything up (${request.getTok()}): give the value in the configuration`,
      );
    },
    check: (request: messages.CheckRequest) => {
      const old = request.getOlds();
      const { inputs, failures } = provider().check(
        subjectOf(request),
        props(request.getNews()),
        old === undefined ? undefined : props(old),
        request.getRandomseed_asU8(),
      );
      const response = new messages.CheckResponse();
      response.setInputs(struct(inputs));
      response.setFailuresList(
        failures.map(({ property, reason }) => {
          const failure = new messages.CheckFailure();
          failure.setProperty(property);
          failure.setReason(reason);
          return failure;
        }),
      );
      return response;
    },
    diff: (request: messages.DiffRequest) => {
      const before = props(request.getOldInputs() ?? request.getOlds());
      return diffResponse(provider().diff(subjectOf(request), before, props(request.getNews())));
    },
    create: (request: messages.CreateRequest) => {
      const inputs = props(request.getProperties());
      const subject = subjectOf(request);
      const state = request.getPreview()
        ? provider().previewCreate(subject, inputs)
        : provider().create(subject, inputs);
      const response = new messages.CreateResponse();
      response.setId(state.id);
      response.setProperties(struct(state.outputs));
      return response;
    },
    update: (request: messages.UpdateRequest) => {
      const inputs = props(request.getNews());
      const subject = subjectOf(request);
      const state = request.getPreview()
        ? provider().previewUpdate(subject, request.getId(), inputs)
        : provider().update(subject, request.getId(), inputs);
      const response = new messages.UpdateResponse();
      response.setProperties(struct(state.outputs));
      return response;
    },
    read: (request: messages.ReadRequest) => {
      const known = props(request.getProperties());
      const found = provider().read(subjectOf(request), request.getId(), props(request.getInputs()), known);
      const response = new messages.ReadResponse();
      if (found !== undefined) {
        response.setId(found.id);
        response.setProperties(struct(found.outputs));
        response.setInputs(struct(found.inputs));
      }
      return response;
    },
    delete: (request: messages.DeleteRequest) => {
      provider().delete(subjectOf(request), request.getId());
      return new Empty();
    },
  };
}

type Call = grpc.ServerUnaryCall<never, unknown>;

/** Answers a call, and says a failure in one line: an engine shows what a provider says, and no stack. */
function unary(handler: (request: never) => unknown, refused: boolean) {
  return (call: Call, callback: grpc.sendUnaryData<unknown>): void => {
    try {
      callback(null, handler(call.request));
    } catch (error) {
      const code = refused ? grpc.status.FAILED_PRECONDITION : grpc.status.UNKNOWN;
      callback({ code, details: error instanceof Error ? error.message : String(error) });
    }
  };
}

/** Says once in this process's life, in the engine's own log, that nothing real is changed. */
function noticeTo(engine: string | undefined, name: string): () => void {
  let said = false;
  return () => {
    if (said || engine === undefined) return;
    said = true;
    const client = new engineRpc.EngineClient(engine, grpc.credentials.createInsecure());
    const message = new engineMessages.LogRequest();
    message.setSeverity(engineMessages.LogSeverity.INFO);
    message.setMessage(`stand-in for ${name}: nothing real is changed`);
    client.log(message, () => {
      client.close();
    });
  };
}

/** Serves one stand-in until the engine ends it. `self` is the plugin's own folder. */
export function serve(name: CloudName, version: string, self: string, argv: readonly string[]): void {
  const found = findSandbox(process.env, join(self));
  const refused = "refusal" in found;
  let made: Provider | undefined;
  const provider = (): Provider => {
    if (refused) throw new Error(refusalText(name, found.refusal));
    made ??= new Provider(name, found.dir);
    return made;
  };
  const engine = argv.find((arg) => /^[\w.[\]:-]+:\d+$/.test(arg));
  const server = new grpc.Server({
    "grpc.max_receive_message_length": MAX_MESSAGE,
    "grpc.max_send_message_length": MAX_MESSAGE,
  });
  const calls = Object.entries(service(name, version, provider, noticeTo(engine, name)));
  const implementation = Object.fromEntries(
    calls.map(([method, handler]) => [method, unary(handler as (request: never) => unknown, refused)]),
  );
  server.addService(
    rpc.ResourceProviderService as unknown as grpc.ServiceDefinition,
    implementation as unknown as grpc.UntypedServiceImplementation,
  );
  server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, port) => {
    if (error !== null) {
      process.stderr.write(`stand-in for ${name}: ${error.message}\n`);
      process.exit(1);
    }
    process.stdout.write(`${String(port)}\n`);
  });
}
