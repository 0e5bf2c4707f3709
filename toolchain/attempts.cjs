// @ts-check
"use strict";
/** Several ways to the same thing, tried in order; when none works, one message that tells of all. */

/**
 * @template T
 * @typedef {object} Way
 * @property {string} name What is tried, for the message: "the official download".
 * @property {() => Promise<T>} get Throws with one line that says why it cannot.
 */

/** Nothing worked; its message is meant for a person and complete without a stack. */
class NothingWorked extends Error {
  /**
   * @param {string} what
   * @param {readonly { name: string, reason: string }[]} failures
   * @param {string} remedy
   */
  constructor(what, failures, remedy) {
    const tried = failures.map(({ name, reason }, i) => `  ${i + 1}. ${name}: ${reason}`);
    super([`${what} could not be set up. Tried:`, ...tried, remedy].join("\n"));
    this.name = "NothingWorked";
    this.failures = failures;
  }
}

/**
 * The result of the first way that works.
 * @template T
 * @param {string} what
 * @param {readonly Way<T>[]} ways
 * @param {string} remedy What a person can install so that it works.
 * @returns {Promise<T>}
 */
async function firstThatWorks(what, ways, remedy) {
  const failures = [];
  for (const { name, get } of ways) {
    try {
      return await get();
    } catch (error) {
      failures.push({ name, reason: firstLine(error) });
    }
  }
  throw new NothingWorked(what, failures, remedy);
}

/** @param {unknown} error */
function firstLine(error) {
  const message = error instanceof Error ? error.message : String(error);
  return message.split("\n")[0] ?? message;
}

module.exports = { firstThatWorks, NothingWorked };
