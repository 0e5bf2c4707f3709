/**
 * Blobs in a bucket of S3 or of what speaks its language. Credentials, region and endpoint come from where AWS's own
 * tools take them. Nothing is written over: every put is conditional, and with `?retain=400d` each object is locked for
 * so long (S3 Object Lock; the bucket must have it). Redirects to another host are refused: requests carry credentials.
 */
import {
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  type PutObjectCommandInput,
} from "@aws-sdk/client-s3";
import { HoldpointError } from "../../rollout/errors";
import { codeOf, unreadable, unwritable, type Blobs, type Unreadable } from "./blobs";

/** Milliseconds of one request, its repetitions not counted. */
const REQUEST_DEADLINE = 10_000;
/** Milliseconds of one call with all its repetitions. */
const CALL_DEADLINE = 25_000;
const ATTEMPTS = 4;
/** Another writer is at the same key at this moment: S3 asks for another attempt. */
const BUSY = new Set(["ConditionalRequestConflict", "OperationAborted"]);
const PAGE = 1000;

/** What a store's address says. */
export interface S3Place {
  readonly bucket: string;
  /** Without slashes at its ends; may be empty. */
  readonly prefix: string;
  /** Days for which each object is locked. */
  readonly retain?: number;
}

/**
 * Reads "s3://bucket/prefix?retain=400d".
 * @throws HoldpointError `config-invalid`
 */
export function parsePlace(place: string): S3Place {
  const match = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:\/([^?#]*))?(?:\?retain=([1-9]\d{0,4})d)?$/.exec(place);
  const [, bucket, prefix = "", retain] = match ?? [];
  const clean = prefix.replace(/\/+$/, "");
  if (bucket === undefined || !/^[A-Za-z0-9!_.*'()/-]*$/.test(clean) || clean.split("/").includes("..")) {
    throw new HoldpointError(
      "config-invalid",
      `found the evidence store "${place.replace(/\/\/[^/]*@/, "//…@")}", wanted s3://<bucket>/<prefix>`,
      {
        remedy: "s3://bucket/prefix, or s3://bucket/prefix?retain=400d to lock each object for 400 days",
      },
    );
  }
  return { bucket, prefix: clean, ...(retain === undefined ? {} : { retain: Number(retain) }) };
}

/** How a test reaches its own server. */
export interface S3Options {
  readonly client?: ConstructorParameters<typeof S3Client>[0];
  /** Milliseconds; see CALL_DEADLINE. */
  readonly deadline?: number;
}

/** Blobs in a bucket. Throws HoldpointError `config-invalid`. */
export function s3Blobs(address: string, options: S3Options = {}): Blobs {
  const { bucket: Bucket, prefix, retain } = parsePlace(address);
  const place = `s3://${Bucket}${prefix === "" ? "" : `/${prefix}`}`;
  const client = new S3Client({
    maxAttempts: ATTEMPTS,
    // A server of one's own is mostly not reached by a name for each bucket.
    forcePathStyle: process.env["AWS_ENDPOINT_URL_S3"] !== undefined || process.env["AWS_ENDPOINT_URL"] !== undefined,
    followRegionRedirects: false,
    requestHandler: { requestTimeout: REQUEST_DEADLINE, connectionTimeout: 5_000, throwOnRequestTimeout: true },
    ...options.client,
  });
  const key = (name: string): string => (prefix === "" ? name : `${prefix}/${name}`);
  const signal = (): { abortSignal: AbortSignal } => ({
    abortSignal: AbortSignal.timeout(options.deadline ?? CALL_DEADLINE),
  });
  const put = async (name: string, content: Uint8Array, condition: Partial<PutObjectCommandInput>): Promise<void> => {
    const object = { Bucket, Key: key(name), Body: content, ...condition, ...lock(retain) };
    await client.send(new PutObjectCommand(object), signal());
  };
  return {
    place,
    locate: (name) => `${place}/${name}`,
    async add(name, content) {
      for (let attempt = 1; ; attempt += 1) {
        try {
          await put(name, content, { IfNoneMatch: "*" });
          return true;
        } catch (error) {
          if (nameOf(error) === "PreconditionFailed" || statusOf(error) === 412) return false;
          if (!BUSY.has(nameOf(error)) || attempt === ATTEMPTS) throw writeFailed(place, error);
        }
      }
    },
    async mend(name, content) {
      try {
        await put(name, content, {});
      } catch (error) {
        throw writeFailed(place, error);
      }
    },
    async read(name, limit) {
      try {
        const { abortSignal } = signal();
        const found = await client.send(new GetObjectCommand({ Bucket, Key: key(name) }), { abortSignal });
        return await bodyOf(found, limit, abortSignal);
      } catch (error) {
        if (nameOf(error) === "NoSuchKey" || statusOf(error) === 404) return absent(error, place);
        throw readFailed(place, error);
      }
    },
    async list(folder, atMost) {
      const start = key(folder === "" ? "" : `${folder}/`);
      const names: string[] = [];
      try {
        let more: string | undefined;
        do {
          const page = await client.send(
            new ListObjectsV2Command({
              Bucket,
              Prefix: start,
              Delimiter: "/",
              MaxKeys: Math.min(PAGE, atMost - names.length),
              ...(more === undefined ? {} : { ContinuationToken: more }),
            }),
            signal(),
          );
          names.push(...(page.Contents ?? []).flatMap(({ Key = "" }) => Key.slice(start.length) || []));
          // A server that begins anew with every page would never end.
          more =
            page.IsTruncated === true && page.NextContinuationToken !== more ? page.NextContinuationToken : undefined;
        } while (more !== undefined && names.length < atMost);
      } catch (error) {
        throw readFailed(place, error);
      }
      return names.sort().slice(0, atMost);
    },
  };
}

const DAY = 86_400_000;

function lock(days: number | undefined): Partial<PutObjectCommandInput> {
  if (days === undefined) return {};
  return { ObjectLockMode: "COMPLIANCE", ObjectLockRetainUntilDate: new Date(Date.now() + days * DAY) };
}

/** The body as long as it is no longer than allowed: what a server says of its length is not relied on. */
async function bodyOf(
  { Body, ContentLength }: { readonly Body?: unknown; readonly ContentLength?: number | undefined },
  limit: number,
  signal: AbortSignal,
): Promise<Buffer | Unreadable> {
  const stream = Body as (AsyncIterable<Uint8Array> & { destroy(error?: Error): void }) | undefined;
  if (stream === undefined) return { missing: false, why: "can't be read: the answer has no body" };
  const stop = (): void => stream.destroy(new Error("TimeoutError"));
  signal.addEventListener("abort", stop, { once: true });
  try {
    if ((ContentLength ?? 0) > limit) return tooLarge(stream, ContentLength ?? 0, limit);
    const chunks: Uint8Array[] = [];
    let size = 0;
    for await (const chunk of stream) {
      size += chunk.length;
      if (size > limit) return tooLarge(stream, size, limit);
      chunks.push(chunk);
    }
    return Buffer.concat(chunks);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

function tooLarge(stream: { destroy(): void }, size: number, limit: number): Unreadable {
  stream.destroy();
  return { missing: false, why: `${size} bytes, at most ${limit} are read` };
}

/** A bucket that is not there is no empty store. */
function absent(error: unknown, place: string): Unreadable {
  if (nameOf(error) === "NoSuchBucket") throw readFailed(place, error);
  return { missing: true, why: "can't be read: NoSuchKey" };
}

function readFailed(place: string, error: unknown): HoldpointError {
  return isLate(error) ? late(place, "reading") : unreadable(place, wordsOf(error), error, remedyOf(error));
}

function writeFailed(place: string, error: unknown): HoldpointError {
  return isLate(error) ? late(place, "writing to") : unwritable(place, wordsOf(error), error, remedyOf(error));
}

function late(place: string, doing: string): HoldpointError {
  return new HoldpointError("deadline", `${doing} the evidence store ${place}: no answer in time`);
}

function isLate(error: unknown): boolean {
  return ["AbortError", "TimeoutError"].includes(nameOf(error));
}

/** The service's own word, and what it is about. Messages of the service may quote requests: they are not repeated. */
function wordsOf(error: unknown): string {
  const status = statusOf(error);
  if (status !== undefined && status >= 300 && status < 400) {
    return `it answers with a redirect (${status}), which is not followed`;
  }
  return status === undefined ? nameOf(error) : `${nameOf(error)} (${status})`;
}

function remedyOf(error: unknown): string | undefined {
  const status = statusOf(error);
  if (status !== undefined && status >= 300 && status < 400) return "set AWS_REGION to the bucket's region";
  if (nameOf(error) === "CredentialsProviderError") return "aws sts get-caller-identity";
  if (/Region is missing/.test(error instanceof Error ? error.message : ""))
    return "set AWS_REGION to the bucket's region";
  if (status === 403) return "allow s3:GetObject, s3:PutObject and s3:ListBucket (s3:PutObjectRetention with ?retain)";
  return undefined;
}

function nameOf(error: unknown): string {
  if (error instanceof Error && /^(?:Error|TypeError)$/.test(error.name)) return codeOf(error);
  return error instanceof Error ? error.name : "unknown error";
}

function statusOf(error: unknown): number | undefined {
  const meta = (error as { $metadata?: { httpStatusCode?: number } } | undefined)?.$metadata;
  return meta?.httpStatusCode;
}
