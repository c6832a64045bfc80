/** One change of a safety item by compare and swap, with its fact in the same transaction. */
import type { FactData, FactType } from '#events/catalogue.ts';
import type { Room } from '#events/envelope.ts';
import { aggregateOf, makeFact } from '#events/fact.ts';
import { whole } from '#shared/adapters/stores/attributes.ts';
import { journalPut } from '#shared/adapters/stores/journal-item.ts';
import { accountSafetyKey, globalSafetyKey } from '#shared/adapters/stores/keys.ts';
import { readAccountSafety, readGlobalSafety } from '#shared/adapters/stores/safety-item.ts';
import { Fault } from '#shared/core/kernel/fault.ts';
import type { AccountId } from '#shared/core/kernel/identity.ts';
import type { EpochMs } from '#shared/core/kernel/instant.ts';
import type { Condition, Item, ItemKey, ItemValue } from '#shared/core/kernel/item.ts';
import { type Refusal, refusal } from '#shared/core/kernel/refusal.ts';
import { fail, type Result, succeed } from '#shared/core/kernel/result.ts';
import type { AccountSafety, GlobalSafety } from '#shared/core/safety/safety-facts.ts';
import type { Tables, TransactWrite } from '#shared/ports/tables.ts';

/** Compare-and-swap rounds before a change gives up; each round lost means that another change won. */
const SWAP_ROUNDS_MAX = 50;

const versionIs = (version: number): Condition => ({
  name: 'version-as-seen',
  test: { op: 'equals', attribute: 'version', value: whole(version) },
});

export interface Change {
  readonly set: Readonly<Record<string, ItemValue>>;
  readonly fact: { readonly [T in FactType]: { readonly type: T; readonly data: FactData<T> } }[FactType] | null;
  /** What is written with it. A condition of these that does not hold is the answer, by its name. */
  readonly also?: readonly TransactWrite[];
}

interface Versioned {
  readonly version: number;
  readonly sequence: number;
}

/** One item that carries flags, with the aggregate that its facts count in. */
export interface FlagItem<T extends Versioned> {
  readonly key: ItemKey;
  readonly aggregateId: string;
  readonly read: (item: Item) => T;
}

export const globalItem: FlagItem<GlobalSafety> = {
  key: globalSafetyKey,
  aggregateId: aggregateOf.global,
  read: readGlobalSafety,
};

export const accountItem = (accountId: AccountId): FlagItem<AccountSafety> => ({
  key: accountSafetyKey(accountId),
  aggregateId: aggregateOf.account(accountId),
  read: readAccountSafety,
});

export interface Place {
  readonly now: EpochMs;
  readonly correlationId: string;
}

const missing: Refusal = refusal('safety-item-missing', 'the safety items are missing; `belay init` makes them');

const UPDATE = 0;

function writesOf<T extends Versioned>(
  room: Room,
  target: FlagItem<T>,
  place: Place,
  seen: T,
  wanted: Change,
): readonly TransactWrite[] {
  const sequence = wanted.fact === null ? seen.sequence : seen.sequence + 1;
  const { fact } = wanted;
  return [
    {
      kind: 'update',
      table: 'safety',
      key: target.key,
      set: { ...wanted.set, version: whole(seen.version + 1), sequence: whole(sequence) },
      conditions: [versionIs(seen.version)],
    },
    ...(wanted.also ?? []),
    ...(fact === null
      ? []
      : [
          journalPut(
            makeFact(
              fact.type,
              {
                room,
                aggregateId: target.aggregateId,
                sequence,
                occurredAt: place.now,
                correlationId: place.correlationId,
                causationId: null,
              },
              fact.data,
            ),
          ),
        ]),
  ];
}

/**
 * Reads, changes and writes one safety item until the write wins. `change` answers null when there is nothing to do, and
 * a refusal when it may not be done.
 * @throws Fault `transient` when other changes won every round.
 */
export async function swap<T extends Versioned>(
  tables: Tables,
  room: Room,
  target: FlagItem<T>,
  place: Place,
  change: (seen: T) => Change | Refusal | null,
): Promise<Result<boolean, Refusal>> {
  for (let round = 0; round < SWAP_ROUNDS_MAX; round += 1) {
    const item = await tables.get('safety', target.key);
    if (item === null) return fail(missing);
    const seen = target.read(item);
    const wanted = change(seen);
    if (wanted === null) return succeed(false);
    if ('code' in wanted) return fail(wanted);
    const outcome = await tables.transact(writesOf(room, target, place, seen, wanted));
    if (outcome.ok) return succeed(true);
    const others = outcome.failures.filter(({ index }) => index > UPDATE && index <= (wanted.also?.length ?? 0));
    const barred = others.flatMap(({ names }) => names).find((name) => name === 'strategy-missing');
    if (barred !== undefined) return fail(refusal('strategy-missing', 'the strategy has no safety item'));
  }
  throw new Fault('transient', 'safety-item-contended', `other changes of ${target.aggregateId} won every round`);
}
