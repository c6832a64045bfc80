/** What differs between two policy documents, field by field, as a person reads it. */

export interface PolicyDifference {
  /** Such as `limits.positionsMax`, `strategies.momentum.cash` or `universe.AAPL`. */
  readonly path: string;
  /** As JSON; null where the field, the strategy or the symbol was not there. */
  readonly before: string | null;
  readonly after: string | null;
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A list is told by its members: a strategy by its name, a symbol by itself, so that their order makes no difference. */
function membersOf(list: readonly unknown[]): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    list.map((member, index) => {
      if (typeof member === 'string') return [member, true];
      const name = isRecord(member) ? member['strategyId'] : undefined;
      return [typeof name === 'string' ? name : String(index), member];
    }),
  );
}

function leavesOf(path: string, value: unknown): readonly (readonly [path: string, json: string])[] {
  const record = Array.isArray(value) ? membersOf(value) : isRecord(value) ? value : null;
  if (record === null) return [[path, JSON.stringify(value)]];
  return Object.entries(record).flatMap(([name, inner]) => leavesOf(path === '' ? name : `${path}.${name}`, inner));
}

/** Every field that differs, by its path. The same document twice differs in nothing. */
export function policyDifferences(before: unknown, after: unknown): readonly PolicyDifference[] {
  const [old, now] = [new Map(leavesOf('', before)), new Map(leavesOf('', after))];
  return [...new Set([...old.keys(), ...now.keys()])]
    .sort()
    .filter((path) => old.get(path) !== now.get(path))
    .map((path) => ({ path, before: old.get(path) ?? null, after: now.get(path) ?? null }));
}
