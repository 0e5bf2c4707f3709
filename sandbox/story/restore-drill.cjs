// The sandbox has no database. This stands in for a restore: it writes a "database", backs it up, loses it and restores
// it (`restore`), then compares checksums (`verify`). What is attested is that this ran, not that a database was restored.
"use strict";
const { createHash, randomBytes } = require("node:crypto");
const { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } = require("node:fs");
const { join } = require("node:path");

const folder = join(process.cwd(), "..", "restore-drill");
const database = join(folder, "database");
const backup = join(folder, "backup");
const checksum = join(folder, "checksum");
const digest = (/** @type {string} */ file) => createHash("sha256").update(readFileSync(file)).digest("hex");

console.log("stand-in for a database: a file is backed up, lost and restored");
if (process.argv[2] === "verify") {
  const same = digest(database) === readFileSync(checksum, "utf8");
  console.log(
    same ? "the restored data has the checksum of the original" : "the restored data differs from the original",
  );
  process.exit(same ? 0 : 1);
}
mkdirSync(folder, { recursive: true });
writeFileSync(database, randomBytes(1 << 20));
writeFileSync(checksum, digest(database));
copyFileSync(database, backup);
rmSync(database);
copyFileSync(backup, database);
console.log("restored");
