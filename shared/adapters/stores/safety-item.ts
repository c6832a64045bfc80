/** The safety items: flags that the gates test, and the facts beside them. */
import { flag, ItemReader, money, text, textOrNull, whole, wholeOrNull } from '#shared/adapters/stores/attributes.ts';
import { accountSafetyKey, globalSafetyKey, strategyKey } from '#shared/adapters/stores/keys.ts';
import { paceAttributes, readPace } from '#shared/adapters/stores/pace-item.ts';
import { type AccountId, accountId, buildId, strategyId } from '#shared/core/kernel/identity.ts';
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

const readKill = (reader: ItemReader): KillSwitch => ({
  engaged: reader.flag(SAFETY.killEngaged),
  by: reader.orNull('killBy', (name) => reader.text(name)),
  reason: reader.orNull('killReason', (name) => reader.text(name)),
  at: reader.orNull('killAt', (name) => reader.instant(name)),
  cancels: reader.oneOf('killCancels', KILL_CANCELS),
  settled: reader.flag('killSettled'),
});

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

export function readAccountSafety(item: Item): AccountSafety {
  const reader = new ItemReader(item, 'account safety');
  return {
    accountId: reader.named('accountId', accountId),
    killSwitch: readKill(reader),
    breaker: {
      state: reader.oneOf(SAFETY.breaker, BREAKER_STATES),
      cause: reader.orNull('breakerCause', (name) => reader.text(name)),
      by: reader.orNull('breakerBy', (name) => reader.text(name)),
      at: reader.orNull('breakerAt', (name) => reader.instant(name)),
      quietUntil: reader.orNull(SAFETY.quietUntil, (name) => reader.instant(name)),
    },
    tradingState: reader.oneOf(SAFETY.tradingState, TRADING_STATES),
    tradingStateBy: reader.orNull('tradingStateBy', (name) => reader.text(name)),
    live: reader.flag(SAFETY.live),
    armedUntil: reader.orNull(SAFETY.armedUntil, (name) => reader.instant(name)),
    policyVersion: reader.whole(SAFETY.policyVersion),
    reconciledAt: reader.orNull(SAFETY.reconciledAt, (name) => reader.instant(name)),
    reconciledSession: reader.orNull(SAFETY.reconciledSession, (name) => reader.named(name, calendarDate)),
    reconciledBuild: reader.orNull(SAFETY.reconciledBuild, (name) => reader.named(name, buildId)),
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
    enabled: reader.flag(SAFETY.enabled),
    killSwitch: readKill(reader),
    minute: readPace(reader, 'minute'),
    cashAvailable: reader.money(SAFETY.cashAvailable),
  };
}
