// @ts-check
"use strict";
/**
 * What is being set up, and for how long already: lines that update in place on a terminal, and a line now and then elsewhere.
 * Nothing is shown for what takes no time, so a second run is silent.
 */

const timing = { quietMs: 400, redrawMs: 200, reportMs: 15_000 };

/**
 * @typedef {object} Step
 * @property {(detail: string) => void} update What it is doing now.
 * @property {(detail?: string) => void} done
 * @property {(detail?: string) => void} failed
 *
 * @typedef {object} Progress
 * @property {(name: string) => Step} step
 * @property {() => void} close Stops drawing; call it before anything else is written.
 */

/**
 * @param {NodeJS.WriteStream} [out]
 * @returns {Progress}
 */
function createProgress(out = process.stderr) {
  /** @type {{ name: string, detail: string, started: number, ended?: number, mark: string, reported: number, final: boolean }[]} */
  const steps = [];
  const live = Boolean(out.isTTY) && !process.env["CI"];
  let drawn = 0;
  const timer = setInterval(() => (live ? redraw() : report()), live ? timing.redrawMs : 1000);
  timer.unref();

  function redraw() {
    const shown = steps.filter((step) => now(step) - step.started > timing.quietMs);
    const lines = shown.map((step) => clip(describe(step), out.columns || 80));
    out.write((drawn > 0 ? `\x1b[${drawn}A` : "") + lines.map((line) => `\x1b[2K${line}\n`).join(""));
    drawn = lines.length;
  }

  function report() {
    for (const step of steps) {
      if (step.final || now(step) - step.started <= timing.quietMs) continue;
      const due = step.ended !== undefined || step.reported === 0 || Date.now() - step.reported >= timing.reportMs;
      if (!due) continue;
      step.reported = Date.now();
      step.final = step.ended !== undefined;
      out.write(`${describe(step)}\n`);
    }
  }

  return {
    step(name) {
      const step = { name, detail: "", started: Date.now(), mark: "…", reported: 0, final: false };
      steps.push(step);
      /** @param {string} mark @param {string} detail */
      const end = (mark, detail) => Object.assign(step, { mark, detail, ended: Date.now() });
      return {
        update: (detail) => void (step.detail = detail),
        done: (detail = "") => void end("✓", detail),
        failed: (detail = "") => void end("✗", detail),
      };
    },
    close() {
      clearInterval(timer);
      if (live) redraw();
      else report();
    },
  };
}

/** A progress that shows nothing, for tests and for callers that have their own. @type {Progress} */
const silent = { step: () => ({ update() {}, done() {}, failed() {} }), close() {} };

/** @param {{ started: number, ended?: number }} step */
function now(step) {
  return step.ended ?? Date.now();
}

/** @param {{ name: string, detail: string, mark: string, started: number, ended?: number }} step */
function describe(step) {
  const seconds = Math.round((now(step) - step.started) / 1000);
  return `${step.mark} ${step.name} ${String(seconds)} s${step.detail ? `  ${step.detail}` : ""}`;
}

/** @param {string} line @param {number} columns */
function clip(line, columns) {
  return line.length < columns ? line : `${line.slice(0, columns - 2)}…`;
}

module.exports = { createProgress, silent };
