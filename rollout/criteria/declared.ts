/** What the program itself declares: known from the configuration and the plan before anything is changed. */
import { FEATURES, isOnCanaryStack, type Inventory } from "../inventory";
import type { CriterionOf, Plan } from "../plan";
import { isArmed } from "../triggers";
import type { Declared } from "../world";
import { listed } from "./answer";
import type { Answer, Context } from "./answer";

type Criterion = CriterionOf<"declared">;

/** Passes if nothing that the criterion names is missing; says everything that is, at once. */
export function judgeDeclared(criterion: Criterion, { plan, stage, world }: Context): Answer {
  const rest = {
    wanted: wantedText(criterion),
    remedy: `declare it in the configuration of ${stage.name}, or in the plan`,
    command: `pulumi preview -s ${stage.name} --policy-pack policies`,
  };
  const { declared } = world;
  if (declared === undefined) return { ...rest, verdict: "fail", found: "nobody looked at what the program declares" };
  if ("failure" in declared.own) {
    return { ...rest, verdict: "fail", found: `what the program declares is not known: ${declared.own.failure}` };
  }
  // A trigger that is not armed in a stage has no alert there.
  const armed = { ...plan, triggers: plan.triggers.filter((trigger) => isArmed(trigger, stage.name)) };
  const missing = missingParts(criterion, declared, declared.own, armed);
  if (missing === undefined) return { ...rest, verdict: "fail", found: "a criterion that asks for nothing" };
  return missing.length > 0
    ? { ...rest, verdict: "fail", found: missing.join("; ") }
    : { ...rest, verdict: "pass", found: `declared: ${rest.wanted}` };
}

/** Everything that is missing, in words; undefined for a criterion that asks for nothing. */
function missingParts(
  criterion: Criterion,
  declared: Declared,
  own: Inventory,
  plan: Plan,
): readonly string[] | undefined {
  const { components, alerts, dashboards, flags, flagTypes, runbooks, criticalPaths, parityWith, contacts } = criterion;
  const asked = [
    components && missingFeatures(components, declared, own),
    alerts && missingAlerts(alerts, own, plan),
    dashboards && absent("dashboard", dashboards, own.dashboards),
    flags && wrongFlags(flags, own, plan),
    flagTypes &&
      absent(
        "flag of type",
        flagTypes,
        own.flags.map(({ type }) => type),
      ),
    runbooks && alertsWithoutRunbook(own),
    criticalPaths && unwatchedPaths(plan, own),
    parityWith && differences(parityWith, criterion.parityExcept, declared, own),
    contacts && withoutContact(contacts, plan),
  ].filter((part) => part !== undefined);
  return asked.length === 0 ? undefined : asked.flat();
}

function wantedText(criterion: Criterion): string {
  const { components, alerts, dashboards, flags, flagTypes, runbooks, criticalPaths, parityWith, contacts } = criterion;
  return [
    components?.join(", "),
    alerts === undefined
      ? undefined
      : alerts === "every"
        ? "an alert for every trigger on a metric"
        : `the alerts ${alerts.join(", ")}`,
    dashboards === undefined ? undefined : `the dashboards ${dashboards.join(", ")}`,
    flags === undefined
      ? undefined
      : flags === "every"
        ? "every flag of the plan"
        : `the flags ${listed(Object.entries(flags).map(([name, variant]) => `${name} = ${variant}`))}`,
    flagTypes === undefined ? undefined : `flags of type ${listed(flagTypes)}`,
    runbooks === undefined ? undefined : "a runbook for every critical alert",
    criticalPaths === undefined ? undefined : "an alert on every critical path",
    parityWith === undefined ? undefined : `the same as in ${parityWith}`,
    contacts === undefined ? undefined : `contacts of ${contacts.join(", ")}`,
  ]
    .filter((part) => part !== undefined)
    .join("; ");
}

function absent(noun: string, wanted: readonly string[], there: readonly string[]): string[] {
  const missing = wanted.filter((one) => !there.includes(one));
  return missing.length === 0 ? [] : [`no ${noun} ${listed(missing)}`];
}

function missingFeatures(wanted: readonly string[], declared: Declared, own: Inventory): string[] {
  const unknown = wanted.filter((one) => !Object.hasOwn(FEATURES, one));
  const onCanary = wanted.filter(isOnCanaryStack);
  const { canary } = declared;
  const there = [...own.features, ...("failure" in canary ? [] : canary.features)];
  const unread = onCanary.length > 0 && "failure" in canary ? [`the canary stack is not known: ${canary.failure}`] : [];
  return [
    ...unread,
    ...unknown.map((one) => `"${one}", which is nothing that a program can declare`),
    ...absent(
      "component",
      wanted.filter((one) => !unknown.includes(one)),
      there,
    ),
  ];
}

function missingAlerts(wanted: "every" | readonly string[], own: Inventory, plan: Plan): string[] {
  const all = plan.triggers.filter(({ when }) => !("criterion" in when)).map((trigger) => trigger.id);
  const ids = wanted === "every" ? all : wanted;
  if (ids.length === 0) return ["a plan without any trigger on a metric"];
  return absent(
    "alert",
    ids,
    own.alerts.map((alert) => alert.name),
  );
}

function wrongFlags(wanted: "every" | Readonly<Record<string, string>>, own: Inventory, plan: Plan): string[] {
  const names = Object.keys(wanted === "every" ? plan.flags : wanted);
  if (names.length === 0) return ["a plan without any flag"];
  const others =
    wanted === "every"
      ? []
      : Object.entries(wanted).flatMap(([name, variant]) => {
          const found = own.flags.find((flag) => flag.name === name);
          return found === undefined || found.serves === variant
            ? []
            : [`the flag ${name} serves ${found.serves}, not ${variant}`];
        });
  return [
    ...absent(
      "flag",
      names,
      own.flags.map(({ name }) => name),
    ),
    ...others,
  ];
}

function alertsWithoutRunbook({ alerts }: Inventory): string[] {
  const critical = alerts.filter((alert) => alert.severity === "critical");
  if (critical.length === 0) return ["no critical alert at all"];
  const bare = critical.filter((alert) => alert.runbook === undefined).map((alert) => alert.name);
  return bare.length === 0 ? [] : [`no runbook for ${listed(bare)}`];
}

function unwatchedPaths({ criticalPaths }: Plan, own: Inventory): string[] {
  const paths = Object.entries(criticalPaths);
  if (paths.length === 0) return ["a plan that names no critical path"];
  const names = own.alerts.map((alert) => alert.name);
  return paths.flatMap(([path, triggers]) => {
    const missing = triggers.filter((trigger) => !names.includes(trigger));
    return missing.length === 0 ? [] : [`the path ${path} without the alert ${listed(missing)}`];
  });
}

function differences(stage: string, except: readonly string[], declared: Declared, own: Inventory): string[] {
  const other = declared.others[stage];
  if (other === undefined) return [`nobody looked at what ${stage} has`];
  if ("failure" in other) return [`what ${stage} has is not known: ${other.failure}`];
  const compared = (features: readonly string[]) =>
    features.filter((feature) => !isOnCanaryStack(feature) && !except.includes(feature));
  const [here, there] = [compared(own.features), compared(other.features)];
  const onlyHere = here.filter((feature) => !there.includes(feature));
  const onlyThere = there.filter((feature) => !here.includes(feature));
  return [
    ...(onlyHere.length === 0 ? [] : [`${stage} has no ${listed(onlyHere)}`]),
    ...(onlyThere.length === 0 ? [] : [`only ${stage} has ${listed(onlyThere)}`]),
  ];
}

/** What stands in templates where a contact should be. */
const PLACEHOLDER = /^\s*(?:\[.*\]|<.*>|tbd|todo|n\/?a|none|unknown|\?+|-+)\s*$/i;

function withoutContact(handles: readonly string[], { owners }: Plan): string[] {
  const bare = handles.filter((handle) => {
    const contact = Object.hasOwn(owners, handle) ? owners[handle]?.contact : undefined;
    return contact === undefined || PLACEHOLDER.test(contact);
  });
  return bare.length === 0 ? [] : [`no contact of ${listed(bare)}`];
}

/** Stages whose state a gate's criteria compare with: their resources have to be read. */
export function stagesCompared(criteria: readonly Criterion[]): string[] {
  return [...new Set(criteria.flatMap(({ parityWith }) => (parityWith === undefined ? [] : [parityWith])))];
}
