/**
 * The safety items: flags that the gates test, and the facts beside them. A flag that is missing or not readable counts as
 * what lets the least pass: a switch as engaged, a breaker as tripped, a strategy as disabled, a pass as never made. So it
 * stops entries by name, and keeps nobody from taking risk off, from looking at it, or from setting it right.
 */
import { flag, ItemReader, money, text, textOrNull, whole, wholeOrNull } from '#shared/adapters/stores/attributes.ts';
import { accountSafetyKey, globalSafetyKey, strategyKey } from '#shared/adapters/stores/keys.ts';
import { paceAttributes, readPace } from '#shared/adapters/stores/pace-item.ts';
import { type AccountId, accountId, buildId, strategyId } from '#shared/core/kernel/identity.ts';
import { ZERO_MONEY } from '#shared/core/kernel/decimal.ts';
import { calendarDate } from '#shared/core/kernel/instant.ts';
import type { Item } from '#shared/core/kernel/item.ts';
import { SAFETY } from '#shared/core/safety/gate-conditions.ts';
import {
  type AccountSafety,
  type Breaker,
  BREAKER_STATES,
  KILL_CANCELS,
  type GlobalSafety,
  type KillSwitch,
  type StrategySafety,
  TRADING_STATES,
} from '#shared/core/safety/safety-facts.ts';

export const killAttributes = (kill: KillSwitch): Item => ({
  [SAFETY.killEngaged]: flag(kill.engaged),
  killBy: textOrNull(kill.by),
  killReason: textOrNull(kill.reason),
  killAt: wholeOrNull(kill.at),
  killCancels: text(kill.cancels),
  killSettled: flag(kill.settled),
});

/** Null, too, where what is there is not readable: it explains, and decides nothing. */
const readNote = <T>(reader: ItemReader, attribute: string, read: (attribute: string) => T): T | null =>
  reader.orClosed(attribute, () => reader.orNull(attribute, read), null);

const UNREADABLE = 'the switch is not readable, which counts as engaged';

function readKill(reader: ItemReader): KillSwitch {
  const isReadable = reader.orClosed<boolean | null>(SAFETY.killEngaged, (name) => reader.flag(name), null) !== null;
  return {
    engaged: reader.orClosed(SAFETY.killEngaged, (name) => reader.flag(name), true),
    by: readNote(reader, 'killBy', (name) => reader.text(name)),
    reason: isReadable ? readNote(reader, 'killReason', (name) => reader.text(name)) : UNREADABLE,
    at: readNote(reader, 'killAt', (name) => reader.instant(name)),
    cancels: reader.orClosed('killCancels', (name) => reader.oneOf(name, KILL_CANCELS), 'risk-increasing'),
    settled: reader.orClosed('killSettled', (name) => reader.flag(name), false),
  };
}

export const globalSafetyItem = (safety: GlobalSafety): Item => ({
  pk: text(globalSafetyKey.pk),
  sk: text(globalSafetyKey.sk),
  ...killAttributes(safety.killSwitch),
  version: whole(safety.version),
  sequence: whole(safety.sequence),
});

export function readGlobalSafety(item: Item): GlobalSafety {
  const reader = new ItemReader(item, 'global safety');
  return { killSwitch: readKill(reader), version: reader.whole('version'), sequence: reader.whole('sequence') };
}

export const breakerAttributes = (breaker: Breaker): Item => ({
  [SAFETY.breaker]: text(breaker.state),
  breakerCause: textOrNull(breaker.cause),
  breakerBy: textOrNull(breaker.by),
  breakerAt: wholeOrNull(breaker.at),
  [SAFETY.quietUntil]: wholeOrNull(breaker.quietUntil),
});

export function accountSafetyItem(safety: AccountSafety): Item {
  const key = accountSafetyKey(safety.accountId);
  return {
    pk: text(key.pk),
    sk: text(key.sk),
    accountId: text(safety.accountId),
    ...killAttributes(safety.killSwitch),
    ...breakerAttributes(safety.breaker),
    [SAFETY.tradingState]: text(safety.tradingState),
    tradingStateBy: textOrNull(safety.tradingStateBy),
    [SAFETY.live]: flag(safety.live),
    [SAFETY.armedUntil]: wholeOrNull(safety.armedUntil),
    [SAFETY.policyVersion]: whole(safety.policyVersion),
    [SAFETY.reconciledAt]: wholeOrNull(safety.reconciledAt),
    [SAFETY.reconciledSession]: textOrNull(safety.reconciledSession),
    [SAFETY.reconciledBuild]: textOrNull(safety.reconciledBuild),
    version: whole(safety.version),
    sequence: whole(safety.sequence),
  };
}

function readBreaker(reader: ItemReader): Breaker {
  const state = reader.orClosed<Breaker['state'] | null>(
    SAFETY.breaker,
    (name) => reader.oneOf(name, BREAKER_STATES),
    null,
  );
  return {
    state: state ?? 'TRIPPED',
    cause: state === null ? 'unreadable' : readNote(reader, 'breakerCause', (name) => reader.text(name)),
    by: readNote(reader, 'breakerBy', (name) => reader.text(name)),
    at: readNote(reader, 'breakerAt', (name) => reader.instant(name)),
    quietUntil: readNote(reader, SAFETY.quietUntil, (name) => reader.instant(name)),
  };
}

/** No version of a policy has this number. */
const NO_VERSION = 0;

/** @throws Fault `permanent` item-corrupt where the account's name or the item's own counters are not readable. */
export function readAccountSafety(item: Item): AccountSafety {
  const reader = new ItemReader(item, 'account safety');
  return {
    accountId: reader.named('accountId', accountId),
    killSwitch: readKill(reader),
    breaker: readBreaker(reader),
    tradingState: reader.orClosed(SAFETY.tradingState, (name) => reader.oneOf(name, TRADING_STATES), 'HALTED'),
    tradingStateBy: readNote(reader, 'tradingStateBy', (name) => reader.text(name)),
    live: reader.orClosed(SAFETY.live, (name) => reader.flag(name), true),
    armedUntil: readNote(reader, SAFETY.armedUntil, (name) => reader.instant(name)),
    policyVersion: reader.orClosed(SAFETY.policyVersion, (name) => reader.whole(name), NO_VERSION),
    reconciledAt: readNote(reader, SAFETY.reconciledAt, (name) => reader.instant(name)),
    reconciledSession: readNote(reader, SAFETY.reconciledSession, (name) => reader.named(name, calendarDate)),
    reconciledBuild: readNote(reader, SAFETY.reconciledBuild, (name) => reader.named(name, buildId)),
    version: reader.whole('version'),
    sequence: reader.whole('sequence'),
  };
}

export function strategyItem(account: AccountId, strategy: StrategySafety): Item {
  const key = strategyKey(account, strategy.strategyId);
  return {
    pk: text(key.pk),
    sk: text(key.sk),
    strategyId: text(strategy.strategyId),
    [SAFETY.enabled]: flag(strategy.enabled),
    ...killAttributes(strategy.killSwitch),
    ...paceAttributes('minute', strategy.minute),
    [SAFETY.cashAvailable]: money(strategy.cashAvailable),
  };
}

export function readStrategy(item: Item): StrategySafety {
  const reader = new ItemReader(item, 'strategy');
  return {
    strategyId: reader.named('strategyId', strategyId),
    enabled: reader.orClosed(SAFETY.enabled, (name) => reader.flag(name), false),
    killSwitch: readKill(reader),
    minute: readPace(reader, 'minute'),
    cashAvailable: reader.orClosed(SAFETY.cashAvailable, (name) => reader.money(name), ZERO_MONEY),
  };
}
