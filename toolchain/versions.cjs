// @ts-check
"use strict";
/** Version numbers: reading and comparing them. Pre-releases count as older than their release. */

/**
 * The first version number in a text ("go version go1.26.8 linux/amd64" -> "1.26.8"), or undefined.
 * @param {string} text
 * @returns {string | undefined}
 */
function findVersion(text) {
  return /\d+\.\d+(?:\.\d+)?(?:-[0-9A-Za-z.-]+)?/.exec(text)?.[0];
}

/**
 * Whether a version is at least another. Missing parts count as 0.
 * @param {string} version
 * @param {string} minimum
 */
function atLeast(version, minimum) {
  const [have, want] = [parts(version), parts(minimum)];
  for (let i = 0; i < 3; i++) {
    if (have.numbers[i] !== want.numbers[i]) return (have.numbers[i] ?? 0) > (want.numbers[i] ?? 0);
  }
  return !have.prerelease || want.prerelease;
}

/** @param {string} version */
function parts(version) {
  const [numbers = "", ...rest] = version.replace(/^v/, "").split("-");
  const [major = 0, minor = 0, patch = 0] = numbers.split(".").map(Number);
  return { numbers: [major, minor, patch], prerelease: rest.length > 0 };
}

module.exports = { findVersion, atLeast };
