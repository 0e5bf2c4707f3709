/** Text of files and other people's, as it may stand in a terminal: it must neither move the cursor nor hide what follows. */

/** Shown in the place of what a terminal would act on. */
const INSTEAD = "\ufffd";

/** A part of a line: it makes no lines of its own. */
export function inOneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, INSTEAD);
}

/** Whole lines of ours, with their colours: whatever else a terminal would act on is shown as a sign. */
export function inLines(text: string): string {
  return text.replace(/\p{Cc}(?:\[[\d;]*m)?|[\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu, (found) =>
    /^[\t\n]/.test(found) || found.startsWith("\u001b[") ? found : INSTEAD + found.slice(1),
  );
}
