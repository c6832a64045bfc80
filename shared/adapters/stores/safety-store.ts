/** Safety facts over the tables: every change by compare and swap, with its fact in the same transaction. */
import type { FactData, FactType } from '#events/catalogue.ts';
import type { Room } from '#events/envelope.ts';
import { aggregateOf, makeFact } from '#events/fact.ts';
import { flag, text, whole, wholeOrNull } from '#shared/adapters/stores/attributes.ts';
import { journalPut } from '#shared/adapters/stores/journal-item.ts';
import { accountPartition, accountSafetyKey, globalSafetyKey, strategyKey } from '#shared/adapters/stores/keys.ts';
import { readAccountSafety, readGlobalSafety, readStrategy } from '#shared/adapters/stores/safety-item.ts';
import { failedConditions } from '#shared/core/kernel/conditions.ts';
import { Fault } from '#shared/core/kernel/fault.ts';
import type { AccountId, StrategyId } from '#shared/core/kernel/identity.ts';
import type { EpochMs } from '#shared/core/kernel/instant.ts';
import type { Condition, Item, ItemKey, ItemValue } from '#shared/core/kernel/item.ts';
import { type Refusal, refusal } from '#shared/core/kernel/refusal.ts';
import { fail, type Result, succeed } from '#shared/core/kernel/result.ts';
import {
  accountGates,
  type GateReference,
  gateRefusal,
  globalGates,
  SAFETY,
} from '#shared/core/safety/gate-conditions.ts';
import type {
  BreakerTrip,
  EnabledChange,
  KillSwitchChange,
  ReconciledPass,
  Safety,
  SafetyFacts,
} from '#shared/ports/safety.ts';
import type { OrderClass } from '#shared/core/safety/order-class.ts';
import type { StrategySafety } from '#shared/core/safety/safety-facts.ts';
import type { Tables } from '#shared/ports/tables.ts';

/** Compare-and-swap rounds before a change gives up; each round lost means that another change won. */
const SWAP_ROUNDS_MAX = 50;

const versionIs = (version: number): Condition => ({
  name: 'version-as-seen',
  test: { op: 'equals', attribute: 'version', value: whole(version) },
});

interface Change {
  readonly set: Readonly<Record<string, ItemValue>>;
  readonly fact: { readonly [T in FactType]: { readonly type: T; readonly data: FactData<T> } }[FactType] | null;
}

interface Versioned {
  readonly version: number;
  readonly sequence: number;
}

/** One item that carries flags, with the aggregate that its facts count in. */
interface FlagItem<T extends Versioned> {
  readonly key: ItemKey;
  readonly aggregateId: string;
  readonly read: (item: Item) => T;
}

const globalItem: FlagItem<ReturnType<typeof readGlobalSafety>> = {
  key: globalSafetyKey,
  aggregateId: aggregateOf.global,
  read: readGlobalSafety,
};

const accountItem = (accountId: AccountId): FlagItem<ReturnType<typeof readAccountSafety>> => ({
  key: accountSafetyKey(accountId),
  aggregateId: aggregateOf.account(accountId),
  read: readAccountSafety,
});

const missing: Refusal = refusal('safety-item-missing', 'the safety items are missing; `belay init` makes them');

/**
 * Reads, changes and writes one safety item until the write wins. `change` answers null when there is nothing to do.
 * @throws Fault `transient` when other changes won every round.
 */
async function swap<T extends Versioned>(
  tables: Tables,
  room: Room,
  target: FlagItem<T>,
  place: { readonly now: EpochMs; readonly correlationId: string },
  change: (seen: T) => Change | null,
): Promise<Result<boolean, Refusal>> {
  for (let round = 0; round < SWAP_ROUNDS_MAX; round += 1) {
    const item = await tables.get('safety', target.key);
    if (item === null) return fail(missing);
    const seen = target.read(item);
    const wanted = change(seen);
    if (wanted === null) return succeed(false);
    const sequence = wanted.fact === null ? seen.sequence : seen.sequence + 1;
    const outcome = await tables.transact([
      {
        kind: 'update',
        table: 'safety',
        key: target.key,
        set: { ...wanted.set, version: whole(seen.version + 1), sequence: whole(sequence) },
        conditions: [versionIs(seen.version)],
      },
      ...(wanted.fact === null
        ? []
        : [
            journalPut(
              makeFact(
                wanted.fact.type,
                {
                  room,
                  aggregateId: target.aggregateId,
                  sequence,
                  occurredAt: place.now,
                  correlationId: place.correlationId,
                  causationId: null,
                },
                wanted.fact.data,
              ),
            ),
          ]),
    ]);
    if (outcome.ok) return succeed(true);
  }
  throw new Fault('transient', 'safety-item-contended', `other changes of ${target.aggregateId} won every round`);
}

const killSet = (engaged: boolean, change: KillSwitchChange): Readonly<Record<string, ItemValue>> => ({
  [SAFETY.killEngaged]: flag(engaged),
  killBy: text(change.by),
  killReason: text(change.reason),
  killAt: whole(change.now),
});

const reasonOf = (code: string, message: string) => ({ code, message, context: {} });

function killChange(accountId: AccountId, change: KillSwitchChange, engaged: boolean): Change {
  const scopeId = change.scope === 'global' ? 'global' : accountId;
  const data = { scope: change.scope, scopeId, by: change.by, reason: reasonOf('operator', change.reason) };
  return {
    set: killSet(engaged, change),
    fact: engaged ? { type: 'kill-switch.engaged.v1', data } : { type: 'kill-switch.disengaged.v1', data },
  };
}

async function switchKill(
  tables: Tables,
  room: Room,
  accountId: AccountId,
  change: KillSwitchChange,
  engaged: boolean,
): Promise<Result<void, Refusal>> {
  const decide = (seen: { readonly killSwitch: { readonly engaged: boolean } }): Change | null =>
    seen.killSwitch.engaged === engaged ? null : killChange(accountId, change, engaged);
  const done =
    change.scope === 'global'
      ? await swap(tables, room, globalItem, change, decide)
      : await swap(tables, room, accountItem(accountId), change, decide);
  return done.ok ? succeed(undefined) : done;
}

class SafetyStore implements Safety {
  readonly #tables: Tables;
  readonly #room: Room;

  constructor(tables: Tables, room: Room) {
    this.#tables = tables;
    this.#room = room;
  }

  async read(accountId: AccountId): Promise<SafetyFacts> {
    const [globalFound, accountFound] = await this.#tables.getTogether([
      { table: 'safety', key: globalSafetyKey },
      { table: 'safety', key: accountSafetyKey(accountId) },
    ]);
    return {
      global: globalFound === null || globalFound === undefined ? null : readGlobalSafety(globalFound),
      account: accountFound === null || accountFound === undefined ? null : readAccountSafety(accountFound),
    };
  }

  async shutGate(accountId: AccountId, orderClass: OrderClass, reference: GateReference): Promise<Refusal | null> {
    const [globalFound, accountFound] = await this.#tables.getTogether([
      { table: 'safety', key: globalSafetyKey },
      { table: 'safety', key: accountSafetyKey(accountId) },
    ]);
    const failed = [
      ...failedConditions(globalFound ?? null, globalGates(orderClass)),
      ...failedConditions(accountFound ?? null, accountGates(orderClass, reference)),
    ];
    const first = failed[0];
    return first === undefined ? null : gateRefusal(first, { accountId });
  }

  async strategies(accountId: AccountId): Promise<readonly StrategySafety[]> {
    const page = await this.#tables.query({
      table: 'safety',
      partition: accountPartition(accountId),
      prefix: 'STRATEGY#',
    });
    return page.items.map(readStrategy);
  }

  engageKillSwitch(accountId: AccountId, change: KillSwitchChange): Promise<Result<void, Refusal>> {
    return switchKill(this.#tables, this.#room, accountId, change, true);
  }

  disengageKillSwitch(accountId: AccountId, change: KillSwitchChange): Promise<Result<void, Refusal>> {
    return switchKill(this.#tables, this.#room, accountId, change, false);
  }

  async settleKillSwitch(accountId: AccountId, change: KillSwitchChange, canceled: number): Promise<void> {
    const scopeId = change.scope === 'global' ? 'global' : accountId;
    const fact = { type: 'kill-switch.settled.v1', data: { scope: change.scope, scopeId, canceled } } as const;
    const decide = (): Change => ({ set: {}, fact });
    await (change.scope === 'global'
      ? swap(this.#tables, this.#room, globalItem, change, decide)
      : swap(this.#tables, this.#room, accountItem(accountId), change, decide));
  }

  async tripBreaker(accountId: AccountId, trip: BreakerTrip): Promise<void> {
    const place = { now: trip.now, correlationId: `trip:${trip.cause}` };
    const done = await swap(this.#tables, this.#room, accountItem(accountId), place, (seen) =>
      seen.breaker.state === 'TRIPPED'
        ? null
        : {
            set: {
              [SAFETY.breaker]: text('TRIPPED'),
              breakerCause: text(trip.cause),
              breakerBy: text(trip.by),
              breakerAt: whole(trip.now),
              [SAFETY.quietUntil]: wholeOrNull(null),
            },
            fact: {
              type: 'breaker.tripped.v1',
              data: { accountId, cause: trip.cause, by: trip.by, reason: reasonOf(trip.cause, trip.message) },
            },
          },
    );
    // A missing item refuses every order already; there is nothing left to trip.
    if (!done.ok) throw new Fault('permanent', 'safety-item-missing', done.error.message);
  }

  async recordPass(accountId: AccountId, pass: ReconciledPass): Promise<void> {
    const place = { now: pass.startedAt, correlationId: `reconcile:${pass.session}` };
    const done = await swap(this.#tables, this.#room, accountItem(accountId), place, (seen) =>
      seen.reconciledAt !== null && seen.reconciledAt >= pass.startedAt
        ? null
        : {
            set: {
              [SAFETY.reconciledAt]: whole(pass.startedAt),
              [SAFETY.reconciledSession]: text(pass.session),
              [SAFETY.reconciledBuild]: text(pass.build),
            },
            fact: null,
          },
    );
    if (!done.ok) throw new Fault('permanent', 'safety-item-missing', done.error.message);
  }

  async setEnabled(
    accountId: AccountId,
    strategyId: StrategyId,
    change: EnabledChange,
  ): Promise<Result<void, Refusal>> {
    const outcome = await this.#tables.write({
      kind: 'update',
      table: 'safety',
      key: strategyKey(accountId, strategyId),
      set: { [SAFETY.enabled]: flag(change.enabled) },
      conditions: [{ name: 'strategy-missing', test: { op: 'exists' } }],
    });
    if (!outcome.ok) return fail(refusal('strategy-missing', `${strategyId} has no safety item`));
    const data = { accountId, strategyId, by: change.by, reason: reasonOf('operator', change.reason) };
    const place = { now: change.now, correlationId: `strategy:${strategyId}` };
    const said = await swap(this.#tables, this.#room, accountItem(accountId), place, () => ({
      set: {},
      fact: change.enabled ? { type: 'strategy.enabled.v1', data } : { type: 'strategy.disabled.v1', data },
    }));
    return said.ok ? succeed(undefined) : said;
  }
}

/** @param room names who speaks in the facts. */
export const safetyStore = (tables: Tables, room: Room): Safety => new SafetyStore(tables, room);
