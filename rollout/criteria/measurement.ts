/** A number that a tool measured: of a benchmark, a load test, a tracker. */
import type { EvidenceOf } from "../evidence";
import { isWithin, otherUnit, showLimits } from "../limits";
import type { CriterionOf } from "../plan";
import { showDuration, showQuantity } from "../units";
import type { Quantity } from "../units";
import type { World } from "../world";
import { short } from "./answer";
import type { Answer } from "./answer";
import { attestCommand } from "./commands";
import { inEach } from "./environments";
import { judgeLatest, select } from "./select";
import type { Judged, Wish } from "./select";

type Criterion = CriterionOf<"measurement">;
type Measurement = EvidenceOf<"measurement">;

/** Passes if the newest measurement is within the limits, in each environment that is named. */
export function judgeMeasurement(criterion: Criterion, world: World): Answer {
  return inEach(criterion.environments, (environment) => judgeIn(environment, criterion, world));
}

function judgeIn(environment: string | undefined, criterion: Criterion, world: World): Answer {
  const { suite, measure, of } = criterion;
  const wish: Wish<"measurement"> = {
    kind: "measurement",
    noun: `measurement of "${suite}"${environment === undefined ? "" : ` on ${environment}`}`,
    about: (facts) => facts.suite === suite && (environment === undefined || facts.environment === environment),
    key: environment ?? "",
  };
  const where = criterion.stage === undefined ? "" : ` in ${criterion.stage}`;
  const latest = {
    wish,
    criterion,
    world,
    wanted: `${measure} of "${suite}"${where} ${showLimits(criterion)}${of === undefined ? "" : " of the baseline's"}, within ${showDuration(criterion.maxAge)}`,
    remedy: `measure "${suite}" again and attest its report, or mend what is too slow or too large`,
    command: attestCommand(criterion, world.stack),
  };
  return judgeLatest(latest, (item) =>
    of === undefined ? judgePlain(item, criterion) : judgeRatio(item, criterion, wish, world),
  );
}

function judgePlain(item: Measurement, criterion: Criterion): Judged {
  const value = valueOf(item, criterion.measure);
  if (value === undefined) return { verdict: "fail", found: `a measurement without ${criterion.measure}` };
  const found = `${criterion.measure} ${showQuantity(value)}`;
  const other = otherUnit(value.unit, criterion);
  if (other !== undefined) return { verdict: "fail", found: `${found}, which is no limit's unit (${other})` };
  return { verdict: isWithin(value, criterion) ? "pass" : "fail", found };
}

/** Against the newest measurement of the release before. */
function judgeRatio(item: Measurement, criterion: Criterion, wish: Wish<"measurement">, world: World): Judged {
  const { measure } = criterion;
  const { release, baseline } = world;
  const value = valueOf(item, measure);
  if (value === undefined) return { verdict: "fail", found: `a measurement without ${measure}` };
  // Compared with itself everything is as it was.
  if (release.commit === baseline.commit || release.image === baseline.image) {
    return { verdict: "inconclusive", found: "the baseline is this very release, which nothing can be compared with" };
  }
  const before = select(wish, criterion, { ...world, release: baseline });
  const [old] = before.items.filter(({ id }) => id !== item.id);
  if (before.failure !== undefined) return { verdict: "fail", found: before.failure };
  const known = old === undefined ? undefined : valueOf(old, measure);
  if (known === undefined || old === undefined) {
    return { verdict: "fail", found: `no ${measure} of the baseline, ${short(baseline.commit)}, to compare with` };
  }
  const found = `${measure} ${showQuantity(value)}, the baseline's ${showQuantity(known)}`;
  if (known.unit !== value.unit) return { verdict: "fail", found: `${found}: not in the same unit`, used: [old.id] };
  const ratio: Quantity = { value: known.value > 0 ? value.value / known.value : Number.NaN, unit: "x" };
  return { verdict: isWithin(ratio, criterion) ? "pass" : "fail", found, used: [old.id] };
}

/** The measure by its name; undefined where it is not there, or there twice. */
function valueOf({ facts }: Measurement, name: string): Quantity | undefined {
  const [measure, ...more] = facts.measures.filter((one) => one.name === name);
  return more.length === 0 ? measure : undefined;
}
