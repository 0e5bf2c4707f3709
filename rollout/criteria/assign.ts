/**
 * Who serves which approval, where one person may not serve two of them (separation of duties). Solved as a whole and
 * exactly: somebody who could serve two never takes the place that only he can fill away from himself.
 */

/** An approval that is asked for. */
export interface Need {
  readonly id: string;
  /** How many different people. */
  readonly count: number;
  /** Ids of people whose approval would do. */
  readonly able: readonly string[];
  /** Needs that none of its people may serve too; it holds both ways. */
  readonly differentFrom: readonly string[];
}

/** People by the id of the need that they serve: as many needs filled as can be. */
export type Assignment = ReadonlyMap<string, readonly string[]>;

/** Places that are still open in each need, and how that was reached. */
interface State {
  readonly open: readonly number[];
  readonly served: readonly (readonly string[])[];
}

/**
 * Goes from person to person and keeps every set of open places that can be reached: at most the product of all counts
 * plus one, however many people there are.
 */
export function assign(needs: readonly Need[]): Assignment {
  const people = [...new Set(needs.flatMap(({ able }) => able))].toSorted();
  let states = new Map<string, State>();
  const start = { open: needs.map(({ count }) => count), served: needs.map(() => []) };
  states.set(start.open.join(), start);
  for (const person of people) {
    const options = servable(needs, person);
    const next = new Map<string, State>();
    for (const state of states.values()) {
      for (const option of options) {
        const reached = serve(state, option, person);
        const key = reached.open.join();
        if (!next.has(key)) next.set(key, reached);
      }
    }
    states = next;
  }
  const best = [...states.values()].toSorted(byOpen)[0] ?? start;
  return new Map(needs.map(({ id }, index) => [id, best.served[index] ?? []]));
}

/** Fewest needs left open, then fewest places; after that the order of the needs. */
function byOpen(a: State, b: State): number {
  const needs = ({ open }: State): number => open.filter((places) => places > 0).length;
  const places = ({ open }: State): number => open.reduce((sum, one) => sum + one, 0);
  return needs(a) - needs(b) || places(a) - places(b) || a.open.join().localeCompare(b.open.join());
}

/** Sets of needs that one person may serve together, by their indices; serving none is one of them. */
function servable(needs: readonly Need[], person: string): readonly (readonly number[])[] {
  return needs.reduce<number[][]>(
    (sets, need, index) => {
      if (!need.able.includes(person)) return sets;
      const more = sets.filter((set) => set.every((other) => !apart(need, needs[other])));
      return [...sets, ...more.map((set) => [...set, index])];
    },
    [[]],
  );
}

function apart(a: Need, b: Need | undefined): boolean {
  return b !== undefined && (a.differentFrom.includes(b.id) || b.differentFrom.includes(a.id));
}

function serve({ open, served }: State, option: readonly number[], person: string): State {
  const filled = option.filter((index) => (open[index] ?? 0) > 0);
  return {
    open: open.map((places, index) => (filled.includes(index) ? places - 1 : places)),
    served: served.map((names, index) => (filled.includes(index) ? [...names, person] : names)),
  };
}
