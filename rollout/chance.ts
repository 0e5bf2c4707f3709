/**
 * Whether a count can be chance. A step sees few requests, and a threshold that is crossed by one of them says little:
 * what is over a limit fails a step only where chance hardly explains it, and is no pass either way.
 */

/**
 * How rarely chance may fail a good canary at one look. A step is looked at some ten times, so that about one good step
 * in a hundred is failed at worst.
 */
export const CHANCE = 0.001;

/**
 * Probability that at least `hits` of `trials` happen where each happens with `probability`: the upper tail of the
 * binomial distribution, summed term by term from the first, by the ratio of neighbouring terms.
 * @param hits whole number, 0..trials
 * @param probability 0..1
 */
export function atLeast(hits: number, trials: number, probability: number): number {
  if (hits <= 0 || probability >= 1) return 1;
  if (hits > trials || probability <= 0) return 0;
  // Below the mean the tail is the greater part: never a surprise.
  if (hits <= trials * probability) return 1;
  const odds = probability / (1 - probability);
  let term = Math.exp(
    logChoose(trials, hits) + hits * Math.log(probability) + (trials - hits) * Math.log1p(-probability),
  );
  let sum = term;
  for (let next = hits + 1; next <= trials && term > sum * Number.EPSILON; next += 1) {
    term *= ((trials - next + 1) / next) * odds;
    sum += term;
  }
  return Math.min(1, sum);
}

function logChoose(n: number, k: number): number {
  return logFactorial(n) - logFactorial(k) - logFactorial(n - k);
}

/** Stirling's series with three terms: wrong by less than 1e-9 from 10 on; below, the product itself. */
function logFactorial(n: number): number {
  if (n < 10) return Math.log([1, 1, 2, 6, 24, 120, 720, 5040, 40320, 362880][n] ?? Number.NaN);
  return (
    (n + 0.5) * Math.log(n) - n + 0.5 * Math.log(2 * Math.PI) + 1 / (12 * n) - 1 / (360 * n ** 3) + 1 / (1260 * n ** 5)
  );
}
