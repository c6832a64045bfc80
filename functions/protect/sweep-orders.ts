/** Sweeps: after a kill switch, and of entries after a trip that flattens; both go on until nothing is left of them. */
import { contentId } from '#shared/core/kernel/hash.ts';
import { correlationId, decisionId, type StrategyId } from '#shared/core/kernel/identity.ts';
import type { Reason } from '#shared/core/order/order.ts';
import type { Book, StrategyShare } from '#shared/core/portfolio/book.ts';
import { TRIP_CAUSES } from '#shared/core/portfolio/safety-policy.ts';
import type { KillSwitch } from '#shared/core/safety/safety-facts.ts';
import { planSweep } from '#shared/core/safety/sweep.ts';
import type { KillScope } from '#shared/ports/safety.ts';
import { cancelMessage } from './lane-messages.ts';
import type { Look, ProtectDependencies } from './look.ts';
import { factsSince } from './recent-facts.ts';

const KILLED: Reason = {
  code: 'kill-switch',
  message: 'A kill switch is engaged: what may add risk is canceled.',
  context: {},
};
const FLATTENED: Reason = {
  code: 'breaker-flatten',
  message: 'The circuit breaker tripped by a cause that flattens: entries are canceled and positions closed.',
  context: {},
};

interface Engaged {
  readonly scope: KillScope;
  readonly killSwitch: KillSwitch;
  readonly strategyId: StrategyId | null;
}

/** Switches that are engaged and not settled; what is settled is swept no more. */
function engagedOf({ global, account, strategies }: Look): readonly Engaged[] {
  const all: readonly Engaged[] = [
    ...(global === null
      ? []
      : [{ scope: { kind: 'global' }, killSwitch: global.killSwitch, strategyId: null } as const]),
    { scope: { kind: 'account' }, killSwitch: account.killSwitch, strategyId: null },
    ...strategies.map(({ strategyId, killSwitch }) => ({
      scope: { kind: 'strategy', strategyId } as const,
      killSwitch,
      strategyId,
    })),
  ];
  return all.filter(({ killSwitch }) => killSwitch.engaged && !killSwitch.settled);
}

/** How many orders were asked to be canceled for a switch, as their own histories tell. */
async function canceledSince(
  { journal, accountId }: ProtectDependencies,
  { now }: Look,
  { killSwitch: { at }, strategyId }: Engaged,
): Promise<number> {
  const facts = at === null ? [] : await factsSince(journal, at, now);
  return facts.filter(
    (fact) =>
      fact.type === 'order.cancel-requested.v1' &&
      fact.data.reason.code === KILLED.code &&
      fact.data.accountId === accountId &&
      (strategyId === null || fact.data.strategyId === strategyId),
  ).length;
}

/**
 * Cancels what each engaged switch reaches, and says of one that it is settled once no send that began before is on its
 * way and every cancel has been asked for.
 */
export async function sweepKilled(dependencies: ProtectDependencies, look: Look): Promise<void> {
  const { accountId, lanes, safety, telemetry } = dependencies;
  for (const engaged of engagedOf(look)) {
    const { scope, killSwitch, strategyId } = engaged;
    const sweep = planSweep({ orders: look.orders, cancels: killSwitch.cancels, strategyId, now: look.now });
    await lanes.send(sweep.cancels.map((order) => cancelMessage(order, KILLED, look.now)));
    telemetry.warn('sweeping after a kill switch', {
      scope: scope.kind,
      canceling: sweep.cancels.length,
      onTheirWay: sweep.onTheirWay.length,
    });
    if (!sweep.isSettled) continue;
    const canceled = await canceledSince(dependencies, look, engaged);
    await safety.settleKillSwitch(accountId, { scope, engagedAt: killSwitch.at, canceled, now: look.now });
  }
}

export const isFlattening = ({ account: { breaker }, policy }: Look): boolean =>
  breaker.state === 'TRIPPED' &&
  TRIP_CAUSES.some((cause) => cause === breaker.cause && policy.breaker.flattenOn.includes(cause));

/** Cancels entries and opens an exit for every share, while the breaker stays tripped by a cause that flattens. */
export async function flattenTripped(dependencies: ProtectDependencies, look: Look): Promise<void> {
  const { exits, lanes, telemetry } = dependencies;
  if (!isFlattening(look)) return;
  const { cancels } = planSweep({ orders: look.orders, cancels: 'risk-increasing', strategyId: null, now: look.now });
  await lanes.send(cancels.map((order) => cancelMessage(order, FLATTENED, look.now)));
  for (const book of look.books) {
    for (const share of book.shares.filter(({ quantity }) => quantity !== 0n)) {
      if (book.exitId !== null) continue;
      const opening = await exits.open(exitOf(book, share, look), null);
      if (opening === 'opened') {
        telemetry.error('the breaker closes a position', { symbol: book.ticker, cause: look.account.breaker.cause });
      }
    }
  }
}

/** The book's version makes each wish its own: a position that was closed and opened again is another. */
const exitOf = (book: Book, share: StrategyShare, { account, now }: Look) => {
  const { accountId, ticker, version } = book;
  const id = contentId(['breaker-flatten', accountId, share.strategyId, ticker, version], 26);
  return {
    exitId: decisionId(`flat:${id}`),
    accountId,
    strategyId: share.strategyId,
    ticker,
    purpose: 'exit',
    by: 'protect',
    reason: { ...FLATTENED, context: { cause: account.breaker.cause ?? '' } },
    correlationId: correlationId(`flat:${id}`),
    openedAt: now,
  } as const;
};
