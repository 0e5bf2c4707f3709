// @ts-check
"use strict";
/** The one thing a person must have installed: Node.js. Written for old versions of it, so that they can say so. */

var minimum = { major: 20, minor: 19 };

/**
 * Ends the process with a plain sentence when this Node.js is too old.
 * @param {string} [version]
 */
function requireNode(version) {
  var have = version || process.versions.node;
  var parts = have.split(".").map(Number);
  var major = parts[0] || 0;
  var minor = parts[1] || 0;
  if (major > minimum.major || (major === minimum.major && minor >= minimum.minor)) return;
  console.error(
    "holdpoint needs Node.js " +
      minimum.major +
      "." +
      minimum.minor +
      " or newer; this is " +
      have +
      ". Install a newer one and run the command again.",
  );
  process.exit(1);
}

module.exports = { requireNode: requireNode };
