// @ts-check
"use strict";
/** Where things are: the project, and the per-user cache that every clone on a machine shares. */

const os = require("node:os");
const path = require("node:path");

/** The project's root: the folder that holds toolchain/. */
const root = path.dirname(__dirname);

/**
 * The folder for what is fetched or built once for a user, wherever the system keeps such things.
 * @param {NodeJS.ProcessEnv} [env]
 * @param {NodeJS.Platform} [platform]
 * @returns {string}
 */
function cacheFolder(env = process.env, platform = process.platform) {
  return path.join(userCache(env, platform), "holdpoint");
}

/**
 * @param {NodeJS.ProcessEnv} env
 * @param {NodeJS.Platform} platform
 */
function userCache(env, platform) {
  const xdg = env["XDG_CACHE_HOME"];
  if (xdg && path.isAbsolute(xdg)) return xdg; // the specification says to ignore a relative one
  if (platform === "darwin") return path.join(os.homedir(), "Library", "Caches");
  if (platform === "win32") return env["LOCALAPPDATA"] || path.join(os.homedir(), "AppData", "Local");
  return path.join(os.homedir(), ".cache");
}

/**
 * A program's file name on this system.
 * @param {string} name
 */
function executable(name) {
  return process.platform === "win32" ? `${name}.exe` : name;
}

module.exports = { root, cacheFolder, executable };
