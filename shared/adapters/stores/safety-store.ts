/** Safety facts over the tables: every change by compare and swap, with its fact in the same transaction. */
import type { Room } from '#events/envelope.ts';
import { flag, text, wholeOrNull } from '#shared/adapters/stores/attributes.ts';
import {
  accountPartition,
  accountSafetyKey,
  globalSafetyKey,
  strategyKey,
  watchKey,
} from '#shared/adapters/stores/keys.ts';
import {
  breakerAttributes,
  killAttributes,
  readAccountSafety,
  readGlobalSafety,
  readStrategy,
} from '#shared/adapters/stores/safety-item.ts';
import { accountItem, type Change, globalItem, type Place, swap } from '#shared/adapters/stores/safety-swap.ts';
import { readWatch } from '#shared/adapters/stores/watch-item.ts';
import { failedConditions } from '#shared/core/kernel/conditions.ts';
import { Fault } from '#shared/core/kernel/fault.ts';
import type { AccountId, StrategyId } from '#shared/core/kernel/identity.ts';
import { addMs, type EpochMs, formatEpochMs } from '#shared/core/kernel/instant.ts';
import type { Item } from '#shared/core/kernel/item.ts';
import { type Refusal, refusal } from '#shared/core/kernel/refusal.ts';
import { fail, type Result, succeed } from '#shared/core/kernel/result.ts';
import { armedBreaker, resetBreaker, resetRefusal, trippedBreaker } from '#shared/core/safety/breaker.ts';
import {
  accountGates,
  type GateReference,
  gateRefusal,
  globalGates,
  SAFETY,
} from '#shared/core/safety/gate-conditions.ts';
import type { OrderClass } from '#shared/core/safety/order-class.ts';
import {
  type AccountSafety,
  DISENGAGED,
  type KillSwitch,
  type StrategySafety,
} from '#shared/core/safety/safety-facts.ts';
import type {
  BreakerTrip,
  EnabledChange,
  KillScope,
  KillSwitchChange,
  PersonsChange,
  ReconciledPass,
  Safety,
  SafetyFacts,
} from '#shared/ports/safety.ts';
import type { Tables, TransactWrite } from '#shared/ports/tables.ts';

/** Longest time for which a person may let a live account take entries. */
const ARMING_MS_MAX = 24 * 60 * 60_000;

const reasonOf = (code: string, message: string) => ({ code, message, context: {} });

/** Facts name a scope by its kind and whose it is. */
function scopeFields(accountId: AccountId, scope: KillScope) {
  switch (scope.kind) {
    case 'global':
      return { scope: 'global', scopeId: 'global' } as const;
    case 'account':
      return { scope: 'account', scopeId: accountId } as const;
    case 'strategy':
      return { scope: 'strategy', scopeId: scope.strategyId } as const;
  }
}

/** The switch of an item as the change leaves it, or null when there is nothing to change. */
type KillStep = (before: KillSwitch) => KillSwitch | null;

class SafetyStore implements Safety {
  readonly #tables: Tables;
  readonly #room: Room;

  constructor(tables: Tables, room: Room) {
    this.#tables = tables;
    this.#room = room;
  }

  #change(accountId: AccountId, place: Place, change: (seen: AccountSafety) => Change | Refusal | null) {
    return swap(this.#tables, this.#room, accountItem(accountId), place, change);
  }

  /** @throws Fault `permanent` where the account is not there: such an account refuses every order already. */
  async #changeThere(accountId: AccountId, place: Place, change: (seen: AccountSafety) => Change | null) {
    const done = await this.#change(accountId, place, change);
    if (!done.ok) throw new Fault('permanent', 'safety-item-missing', done.error.message);
    return done.value;
  }

  async #items(accountId: AccountId): Promise<{ readonly global: Item | null; readonly account: Item | null }> {
    const [global, account] = await this.#tables.getTogether([
      { table: 'safety', key: globalSafetyKey },
      { table: 'safety', key: accountSafetyKey(accountId) },
    ]);
    return { global: global ?? null, account: account ?? null };
  }

  async read(accountId: AccountId): Promise<SafetyFacts> {
    const { global, account } = await this.#items(accountId);
    return {
      global: global === null ? null : readGlobalSafety(global),
      account: account === null ? null : readAccountSafety(account),
    };
  }

  async shutGate(accountId: AccountId, orderClass: OrderClass, reference: GateReference): Promise<Refusal | null> {
    const { global, account } = await this.#items(accountId);
    const [first] = [
      ...failedConditions(global, globalGates(orderClass)),
      ...failedConditions(account, accountGates(orderClass, reference)),
    ];
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

  /** Changes the switch of a scope and says so; a strategy's facts count with its account. */
  async #switchKill(
    accountId: AccountId,
    scope: KillScope,
    place: Place,
    step: KillStep,
    fact: NonNullable<Change['fact']>,
  ): Promise<Result<boolean, Refusal>> {
    const changed = (before: KillSwitch): Change | null => {
      const after = step(before);
      return after === null ? null : { set: killAttributes(after), fact };
    };
    if (scope.kind === 'global') {
      return await swap(this.#tables, this.#room, globalItem, place, (seen) => changed(seen.killSwitch));
    }
    if (scope.kind === 'account') return await this.#change(accountId, place, (seen) => changed(seen.killSwitch));
    const item = await this.#tables.get('safety', strategyKey(accountId, scope.strategyId));
    if (item === null) return fail(refusal('strategy-missing', `${scope.strategyId} has no safety item`));
    const before = readStrategy(item).killSwitch;
    const after = step(before);
    if (after === null) return succeed(false);
    return await this.#change(accountId, place, () => ({
      set: {},
      fact,
      also: [this.#strategySet(accountId, scope.strategyId, killAttributes(after))],
    }));
  }

  #strategySet(accountId: AccountId, strategyId: StrategyId, set: Item): TransactWrite {
    return {
      kind: 'update',
      table: 'safety',
      key: strategyKey(accountId, strategyId),
      set,
      conditions: [{ name: 'strategy-missing', test: { op: 'exists' } }],
    };
  }

  async engageKillSwitch(
    accountId: AccountId,
    change: Parameters<Safety['engageKillSwitch']>[1],
  ): Promise<Result<void, Refusal>> {
    const { scope, by, reason, now, cancels } = change;
    const engaged: KillSwitch = { engaged: true, by, reason, at: now, cancels, settled: false };
    const data = { ...scopeFields(accountId, scope), by, reason: reasonOf('operator', reason) };
    const step: KillStep = (before) => (before.engaged ? null : engaged);
    const done = await this.#switchKill(accountId, scope, change, step, { type: 'kill-switch.engaged.v1', data });
    return done.ok ? succeed(undefined) : done;
  }

  async disengageKillSwitch(accountId: AccountId, change: KillSwitchChange): Promise<Result<void, Refusal>> {
    const { scope, by, reason, now } = change;
    const data = { ...scopeFields(accountId, scope), by, reason: reasonOf('operator', reason) };
    const step: KillStep = (before) => (before.engaged ? { ...DISENGAGED, by, reason, at: now } : null);
    const done = await this.#switchKill(accountId, scope, change, step, { type: 'kill-switch.disengaged.v1', data });
    return done.ok ? succeed(undefined) : done;
  }

  async settleKillSwitch(
    accountId: AccountId,
    { scope, engagedAt, canceled, now }: Parameters<Safety['settleKillSwitch']>[1],
  ): Promise<void> {
    const data = { ...scopeFields(accountId, scope), canceled };
    const step: KillStep = (before) =>
      before.engaged && !before.settled && before.at === engagedAt ? { ...before, settled: true } : null;
    const place = { now, correlationId: `kill-switch:${data.scopeId}` };
    await this.#switchKill(accountId, scope, place, step, { type: 'kill-switch.settled.v1', data });
  }

  async tripBreaker(accountId: AccountId, trip: BreakerTrip): Promise<void> {
    const { cause, by, message, now } = trip;
    await this.#changeThere(accountId, { now, correlationId: `trip:${cause}` }, (seen) => {
      const after = trippedBreaker(seen.breaker, trip);
      const data = { accountId, cause, by, reason: reasonOf(cause, message) };
      return after === null ? null : { set: breakerAttributes(after), fact: { type: 'breaker.tripped.v1', data } };
    });
  }

  async resetBreaker(
    accountId: AccountId,
    { by, reason, now, quietMs }: PersonsChange & { readonly quietMs: number },
  ): Promise<Result<EpochMs, Refusal>> {
    const item = await this.#tables.get('safety', watchKey(accountId));
    const watch = item === null ? null : readWatch(item);
    const quietUntil = addMs(now, quietMs);
    const data = { accountId, by, quietUntil: formatEpochMs(quietUntil), reason: reasonOf('operator', reason) };
    const done = await this.#change(
      accountId,
      { now, correlationId: `reset:${now}` },
      (seen) =>
        resetRefusal(seen.breaker, watch) ?? {
          set: breakerAttributes(resetBreaker(seen.breaker, by, now, quietMs)),
          fact: { type: 'breaker.reset.v1', data },
        },
    );
    return done.ok ? succeed(quietUntil) : done;
  }

  armBreaker(accountId: AccountId, now: EpochMs): Promise<boolean> {
    return this.#changeThere(accountId, { now, correlationId: `arm:${now}` }, (seen) => {
      const after = armedBreaker(seen.breaker, now);
      return after === null
        ? null
        : { set: breakerAttributes(after), fact: { type: 'breaker.armed.v1', data: { accountId } } };
    });
  }

  async armLive(
    accountId: AccountId,
    { by, reason: why, now, until }: PersonsChange & { readonly until: EpochMs | null },
  ): Promise<Result<void, Refusal>> {
    if (until !== null && until - now > ARMING_MS_MAX) {
      return fail(
        refusal('arming-too-long', 'live trading is armed for a day at most', {
          actualMs: String(until - now),
          limitMs: String(ARMING_MS_MAX),
        }),
      );
    }
    const data = { accountId, by, reason: reasonOf('operator', why) };
    const done = await this.#change(accountId, { now, correlationId: `live:${now}` }, (seen) =>
      seen.armedUntil === until
        ? null
        : {
            set: { [SAFETY.armedUntil]: wholeOrNull(until) },
            fact:
              until === null
                ? { type: 'live.disarmed.v1', data }
                : { type: 'live.armed.v1', data: { ...data, until: formatEpochMs(until) } },
          },
    );
    return done.ok ? succeed(undefined) : done;
  }

  setTradingState(
    accountId: AccountId,
    { state, by, reason: why, now, ownOnly = false }: Parameters<Safety['setTradingState']>[1],
  ): Promise<boolean> {
    const isOthers = (seen: AccountSafety): boolean => seen.tradingState !== 'ACTIVE' && seen.tradingStateBy !== by;
    const data = { accountId, state, by, reason: reasonOf('trading-state', why) };
    return this.#changeThere(accountId, { now, correlationId: `trading-state:${now}` }, (seen) =>
      seen.tradingState === state || (ownOnly && isOthers(seen))
        ? null
        : {
            set: { [SAFETY.tradingState]: text(state), tradingStateBy: text(by) },
            fact: { type: 'trading-state.changed.v1', data },
          },
    );
  }

  async recordPass(accountId: AccountId, pass: ReconciledPass): Promise<void> {
    const place = { now: pass.startedAt, correlationId: `reconcile:${pass.session}` };
    await this.#changeThere(accountId, place, (seen) =>
      seen.reconciledAt !== null && seen.reconciledAt >= pass.startedAt
        ? null
        : {
            set: {
              [SAFETY.reconciledAt]: wholeOrNull(pass.startedAt),
              [SAFETY.reconciledSession]: text(pass.session),
              [SAFETY.reconciledBuild]: text(pass.build),
            },
            fact: null,
          },
    );
  }

  async setEnabled(
    accountId: AccountId,
    strategyId: StrategyId,
    { enabled, by, reason: why, now }: EnabledChange,
  ): Promise<Result<void, Refusal>> {
    const data = { accountId, strategyId, by, reason: reasonOf('operator', why) };
    const done = await this.#change(accountId, { now, correlationId: `strategy:${strategyId}` }, () => ({
      set: {},
      fact: enabled ? { type: 'strategy.enabled.v1', data } : { type: 'strategy.disabled.v1', data },
      also: [this.#strategySet(accountId, strategyId, { [SAFETY.enabled]: flag(enabled) })],
    }));
    return done.ok ? succeed(undefined) : done;
  }
}

/** @param room names who speaks in the facts. */
export const safetyStore = (tables: Tables, room: Room): Safety => new SafetyStore(tables, room);
