/**
 * SLSA provenance v1 as builders write it: an in-toto statement, in a DSSE envelope or a Sigstore bundle or bare. Its own
 * signature is not what a gate trusts: who attests it vouches for it. Two of them for the same digest, of two builds, say
 * that it can be reproduced.
 */
import { z } from "zod";
import { decodeBase64 } from "../base64";
import { parseJson } from "../json";
import { provenance, PROVENANCE } from "../predicates/provenance";
import { formatUtc } from "../time";
import type { Format, ReportFile, Stated } from "./report";
import { finish, isRecord, refuse } from "./report";
import { instant } from "./scans";
import { readAs } from "./schema";

const schema = z.object({
  _type: z.literal("https://in-toto.io/Statement/v1"),
  predicateType: z.literal(provenance.type),
  subject: z.array(z.object({ digest: z.object({ sha256: z.string().optional() }) })).min(1),
  predicate: z.object({
    buildDefinition: z.record(z.string(), z.unknown()),
    runDetails: z.object({
      builder: z.object({ id: z.string().min(1) }),
      metadata: z
        .object({ invocationId: z.string().optional(), finishedOn: z.string().optional() })
        .catchall(z.unknown())
        .default({}),
    }),
  }),
});
type Provenance = z.output<typeof schema>;

/** SLSA provenance → "provenance". */
export const slsaProvenance: Format = {
  name: "SLSA provenance v1",
  kind: "provenance",
  recognises: (file) => statementOf(file) !== undefined,
  read(files, stated) {
    const read = files.map((file) => ({ file, ...readAs(schema, statementOf(file), file, "SLSA provenance") }));
    const [first, second] = read;
    if (first === undefined || read.length > 2)
      throw refuse("usage", "provenance: wanted one, or two of two builds of the same digest");
    for (const one of read) checkSubject(one.file, one, stated);
    const { metadata, builder } = first.predicate.runDetails;
    const written =
      metadata.finishedOn === undefined ? undefined : instant(first.file, "finishedOn", metadata.finishedOn);
    const { finishedOn, statedBy } = finish(first.file, written, stated);
    const more = {
      ...(written === undefined ? { [PROVENANCE.finishedOn]: finishedOn } : { finishedOn: formatUtc(written) }),
      ...(second === undefined ? {} : { [PROVENANCE.reproducedBy]: secondBuild(first, second, second.file) }),
    };
    const predicate = {
      buildDefinition: first.predicate.buildDefinition,
      runDetails: { builder, metadata: { ...metadata, ...more } },
      ...(statedBy === undefined ? {} : { "https://holdpoint.dev/statedBy": statedBy }),
    };
    return {
      predicate,
      summary: `built by ${builder.id}${second === undefined ? "" : ", and again with the same digest"}`,
    };
  },
};

/** The invocation of another build with the same digests. */
function secondBuild(first: Provenance, second: Provenance, file: ReportFile): string {
  const digests = (one: Provenance): string =>
    one.subject
      .map(({ digest }) => digest.sha256 ?? "")
      .toSorted()
      .join();
  if (digests(first) !== digests(second) || digests(first).length < 64)
    throw refuse("intake-inconsistent", `${file.name}: the second build gave another digest`);
  const [one, two] = [first, second].map(({ predicate }) => predicate.runDetails.metadata.invocationId);
  if (one === undefined || two === undefined || one === two)
    throw refuse("intake-inconsistent", `${file.name}: not another build, by its "invocationId"`);
  return two;
}

/** What it is about must be what is attested. */
function checkSubject(file: ReportFile, { subject }: Provenance, { subject: wanted }: Stated): void {
  const digests = subject.flatMap(({ digest }) => digest.sha256 ?? []);
  if (wanted?.sha256 !== undefined && digests.includes(wanted.sha256)) return;
  throw refuse(
    "intake-inconsistent",
    `${file.name} is about ${digests[0]?.slice(0, 12) ?? "nothing by sha256"}, not about ${wanted?.sha256?.slice(0, 12) ?? "an image"}`,
    "say --image <image with digest> of what was built",
  );
}

function statementOf({ json, jsonLines }: ReportFile): unknown {
  const [only, ...more] = jsonLines ?? [json];
  if (!isRecord(only) || more.length > 0) return undefined;
  const envelope = isRecord(only["dsseEnvelope"]) ? only["dsseEnvelope"] : only;
  const statement = typeof envelope["payload"] === "string" ? parsePayload(envelope["payload"]) : envelope;
  return isRecord(statement) && statement["predicateType"] === provenance.type ? statement : undefined;
}

function parsePayload(text: string): unknown {
  try {
    return parseJson(decodeBase64(text) ?? Buffer.alloc(0));
  } catch {
    return undefined;
  }
}
