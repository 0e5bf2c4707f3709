/**
 * What a schema of single values can't see of a plan's approvals: hours without a window to count them from, people who
 * are barred from something that is no approval, conditions that nobody could ever tell to be met.
 */
import { list, members, tree, type Placed, type Tree } from "../names/raw";
import { parseDuration } from "../units";
import { choice, type Mistake } from "../yaml";

const APPROVALS: readonly unknown[] = ["sign-off", "update-plan-review"];

/** Every mistake of a plan's raw data that is about approvals. Tolerates any shape: types are the schema's matter. */
export function checkApprovals(plan: Tree): Mistake[] {
  return members(plan["stages"], ["stages"]).flatMap(({ path, value: stage }) => {
    const entry = members(tree(stage["enter"])["criteria"], [...path, "enter", "criteria"]);
    const approvals = entry.filter(({ value }) => APPROVALS.includes(value["kind"]));
    const steps = [
      { path: [...path, "canary"], value: tree(stage["canary"]) },
      ...Object.entries(tree(stage["canaries"])).map(([name, canary]) => ({
        path: [...path, "canaries", name],
        value: tree(canary),
      })),
    ].flatMap(({ path: at, value }) =>
      value["approval"] === undefined ? [] : [{ path: [...at, "approval"], value: tree(value["approval"]) }],
    );
    const elsewhere = (["exit", "finish"] as const).flatMap((part) =>
      members(tree(stage[part])["criteria"], [...path, part, "criteria"]).filter(({ value }) =>
        APPROVALS.includes(value["kind"]),
      ),
    );
    return [
      ...approvals.flatMap((one) => [...apart(one, approvals), ...sight(one, entry)]),
      ...[...approvals, ...steps, ...elsewhere].flatMap((one) => [
        ...hours(one, stage["window"] !== undefined),
        ...condition(one),
      ]),
    ];
  });
}

/** People can be kept apart only from those of another approval of the same gate. */
function apart({ path, value }: Placed, approvals: readonly Placed[]): Mistake[] {
  const others = idsOf(approvals).filter((id) => id !== value["id"]);
  return list(value["differentFrom"]).flatMap((id, at) => {
    if (others.some((other) => other === id)) return [];
    const expected = others.length === 0 ? "another approval in this gate, and there is none" : choice(others, id);
    return [{ path: [...path, "differentFrom", at], expected: `another approval of this gate: ${expected}` }];
  });
}

/** What a signer saw of is what the same gate asks, and no approval: those come last. */
function sight({ path, value }: Placed, entry: readonly Placed[]): Mistake[] {
  const others = idsOf(entry.filter((one) => !APPROVALS.includes(one.value["kind"])));
  return list(value["seen"]).flatMap((id, at) =>
    others.some((other) => other === id)
      ? []
      : [
          {
            path: [...path, "seen", at],
            expected: `a criterion of this gate that is no approval: ${choice(others, id)}`,
          },
        ],
  );
}

function idsOf(all: readonly Placed[]): string[] {
  return all.map(({ value }) => value["id"]).filter((id) => typeof id === "string");
}

/** Hours before a window need one, and a span that is not empty. */
function hours({ path, value }: Placed, hasWindow: boolean): Mistake[] {
  const keys = ["notBefore", "notAfter"].filter((key) => value[key] !== undefined);
  const [early, late] = [parseDuration(value["notBefore"]), parseDuration(value["notAfter"])];
  return [
    ...(hasWindow
      ? []
      : keys.map((key) => ({
          path: [...path, key],
          found: "hours before a window in a stage without one",
          expected: "a window of the stage",
        }))),
    ...(early !== undefined && late !== undefined && late >= early
      ? [{ path: [...path, "notAfter"], expected: "less than notBefore: it could never be given" }]
      : []),
  ];
}

/** A condition names what it depends on, and who tells which files a release changes. */
function condition({ path, value }: Placed): Mistake[] {
  if (value["when"] === undefined) return [];
  const { files, resources, attestedBy } = tree(value["when"]);
  const at = [...path, "when"];
  if (files === undefined && resources === undefined)
    return [{ path: at, found: "a condition on nothing", expected: 'the key "files", or "resources"' }];
  if (files !== undefined && attestedBy === undefined)
    return [
      {
        path: at,
        found: "files that nobody attests",
        expected: 'the key "attestedBy": roles that say what is changed',
      },
    ];
  return [];
}
