/**
 * SHA-256 sums of a release's files (sha256sum's lines, or BSD's with --tag), and beside them a detached signature of that
 * list: who signs the list signs every file in it. The key is the attester's to name; the statement says which it was.
 */
import type { ArtifactsPredicate } from "../predicates/artifacts";
import type { Format, ReportFile } from "./report";
import { finish, refuse } from "./report";
import { isSignature, verifyDetached } from "./detached";

const GNU = /^\\?([0-9a-f]{64}) [ *](.+)$/;
const BSD = /^SHA256 \((.+)\) = ([0-9a-f]{64})$/;

/** Checksums → "artifacts". */
export const checksums: Format = {
  name: "SHA-256 sums, and a signature of them",
  kind: "artifacts",
  recognises: (file) => isSums(file) || isSignature(file),
  read(files, stated) {
    const [sums, signature] = [files.find(isSums), files.find(isSignature)];
    if (sums === undefined || files.length !== (signature === undefined ? 1 : 2))
      throw refuse("usage", "artifacts: wanted one list of SHA-256 sums, and beside it at most one signature of it");
    if (signature === undefined && stated.publicKey !== undefined)
      throw refuse("usage", "a public key, but no signature to verify with it");
    const signed = signature === undefined ? {} : { signature: verifyDetached(sums, signature, stated) };
    const artifacts = sumsOf(sums).map(({ name, sha256 }) => ({ name, digest: { sha256 }, ...signed }));
    const predicate: ArtifactsPredicate = { ...finish(sums, undefined, stated), stage: stated.stage, artifacts };
    const by = signature === undefined ? "not signed" : `signed by ${signed.signature?.key}`;
    return { predicate, summary: `${artifacts.length} artifacts, ${by}` };
  },
};

function isSums({ text }: ReportFile): boolean {
  const [first = ""] = text.split(/\r?\n/, 1);
  return GNU.test(first) || BSD.test(first);
}

function sumsOf(file: ReportFile): { name: string; sha256: string }[] {
  const lines = file.text.split(/\r?\n/).filter((line) => line !== "");
  const sums = lines.map((line, index) => {
    const [gnu, bsd] = [GNU.exec(line), BSD.exec(line)];
    const [sha256, name] = gnu === null ? [bsd?.[2], bsd?.[1]] : [gnu[1], gnu[2]];
    if (sha256 === undefined || name === undefined)
      throw refuse("intake-truncated", `${file.name}: line ${index + 1} is no SHA-256 sum and name`);
    // sha256sum escapes names with line breaks in them, and nothing that is published has such a name.
    if (line.startsWith("\\"))
      throw refuse("intake-not-allowed", `${file.name}: line ${index + 1} has a name with a line break`);
    return { name: name.replace(/^\.\//, ""), sha256 };
  });
  const twice = sums.find(({ name }, index) => sums.findIndex((one) => one.name === name) !== index);
  if (twice !== undefined) throw refuse("intake-inconsistent", `${file.name}: ${twice.name} is there twice`);
  // An empty file's sum is that of a file that was never written.
  const empty = sums.find(
    ({ sha256 }) => sha256 === "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
  );
  if (empty !== undefined) throw refuse("intake-empty", `${file.name}: ${empty.name} is an empty file`);
  return sums;
}
