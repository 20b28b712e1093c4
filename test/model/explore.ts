/** One thing that can happen in a state, and what comes of it. */
export interface Step<S> {
  /** For the trace: who does what. */
  label: string;
  next: S;
}

/** A system small enough that all its states can be visited. */
export interface Model<S> {
  initial: S;
  /** Everything that can happen, in any order. */
  steps(state: S): readonly Step<S>[] | Promise<readonly Step<S>[]>;
  /** States with the same text are the same state: it must leave out what nobody can observe any more. */
  key(state: S): string;
  /** What must never be, when it is; undefined: all is well. */
  violation(state: S): string | undefined;
  /** For the trace: a state in one line. */
  describe(state: S): string;
  /**
   * What happens when nothing goes wrong any more and everybody gets their turn; undefined once the state is settled.
   * From every state that was visited this must end, within `calmBound` steps.
   */
  calm(state: S): Step<S> | undefined | Promise<Step<S> | undefined>;
  /** @default 200 */
  calmBound?: number;
}

export interface Exploration {
  states: number;
  transitions: number;
  /** The longest of the shortest ways to a state. */
  depth: number;
  /** Readable, from the initial state to what must never be. */
  counterexample: string | undefined;
}

interface Visited<S> {
  state: S;
  key: string;
  parent: Visited<S> | undefined;
  label: string;
  depth: number;
}

/**
 * Visits every state that can be reached, breadth first, so that a counterexample is one of the shortest; then lets
 * things calm down from each of them. @throws Error when there are more than `maxStates`: a part of them proves nothing
 */
export async function explore<S>(
  model: Model<S>,
  { maxStates }: { maxStates: number },
): Promise<Exploration> {
  const first = visit(model, model.initial, undefined, 'begin');
  const seen = new Map<string, Visited<S>>([[first.key, first]]);
  const all = [first];
  let transitions = 0;
  const result = (counterexample: string | undefined): Exploration => ({
    states: all.length,
    transitions,
    depth: all.at(-1)?.depth ?? 0,
    counterexample,
  });

  // Grows while it is gone through, so the order is that of breadth.
  for (const from of all) {
    for (const { label, next } of await model.steps(from.state)) {
      transitions += 1;
      const visited = visit(model, next, from, label);
      if (seen.has(visited.key)) continue;
      seen.set(visited.key, visited);
      all.push(visited);
      const problem = model.violation(next);
      if (problem !== undefined) return result(trace(model, visited, problem));
      if (all.length > maxStates) throw new Error(`more than ${maxStates} states, the bounds are too wide`);
    }
  }
  return result(await findUnsettled(model, all));
}

async function findUnsettled<S>(model: Model<S>, all: readonly Visited<S>[]): Promise<string | undefined> {
  /** Known to settle, from an earlier run that passed there. */
  const settles = new Set<string>();
  for (const from of all) {
    const problem = await settle(model, from, settles);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

async function settle<S>(
  model: Model<S>,
  from: Visited<S>,
  settles: Set<string>,
): Promise<string | undefined> {
  const { calmBound = 200 } = model;
  const way: string[] = [];
  let last = from;
  for (let count = 0; count <= calmBound; count += 1) {
    if (settles.has(last.key)) break;
    way.push(last.key);
    const step = await model.calm(last.state);
    if (step === undefined) break;
    last = visit(model, step.next, last, `(calm) ${step.label}`);
    const problem = model.violation(step.next);
    if (problem !== undefined) return trace(model, last, problem);
    if (count === calmBound) return trace(model, last, `not settled after ${calmBound} calm steps`);
  }
  for (const key of way) settles.add(key);
  return undefined;
}

function visit<S>(model: Model<S>, state: S, parent: Visited<S> | undefined, label: string): Visited<S> {
  return { state, key: model.key(state), parent, label, depth: (parent?.depth ?? -1) + 1 };
}

function trace<S>(model: Model<S>, last: Visited<S>, problem: string): string {
  const lines: string[] = [];
  for (let at: Visited<S> | undefined = last; at !== undefined; at = at.parent) {
    lines.unshift(`${String(at.depth).padStart(3)}  ${at.label}\n       ${model.describe(at.state)}`);
  }
  // A run that never settles repeats itself.
  const shown = lines.length > 60 ? [...lines.slice(0, 60), '     …'] : lines;
  return [`VIOLATED: ${problem}`, ...shown].join('\n');
}
