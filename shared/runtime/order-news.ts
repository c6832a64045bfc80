/**
 * One piece of the broker's news, from whichever room heard it: through the one door into its order, or kept as an
 * orphan where no row bears its name. What the news leaves open asks for a pass of reconciliation, which reads again what
 * nobody told.
 */
import { contentId } from '#shared/core/kernel/hash.ts';
import { Fault } from '#shared/core/kernel/fault.ts';
import type { Clock } from '#shared/ports/clock.ts';
import type { Orders, Settled } from '#shared/ports/orders.ts';
import type { Orphans } from '#shared/ports/orphans.ts';
import type { Reconciliations } from '#shared/ports/reconciliations.ts';
import type { Telemetry } from '#shared/ports/telemetry.ts';

export interface NewsDependencies {
  readonly accountId: Parameters<Orphans['keep']>[0];
  readonly clock: Pick<Clock, 'now'>;
  readonly orders: Pick<Orders, 'settle'>;
  readonly orphans: Pick<Orphans, 'keep'>;
  readonly reconciliations: Pick<Reconciliations, 'ask'>;
  readonly telemetry: Telemetry;
}

export type News = Parameters<Orders['settle']>[0];
export type NewsEnd = 'settled' | 'unchanged' | 'kept-as-orphan';

/** Why a pass is asked for before its minute. */
type Doubt = 'gap' | 'restated' | 'resurrected' | 'average-differs' | 'orphan' | 'unreadable';

const SENTENCES: Readonly<Record<Doubt, string>> = {
  gap: 'units filled whose execution nobody told',
  restated: 'executions were taken back or restated',
  resurrected: 'an order that had ended here is at the broker',
  'average-differs': "the broker's average is not that of the executions",
  orphan: 'the broker told of an order that has no row',
  unreadable: 'the broker said something that could not be read',
};

/**
 * Asks once for each doubt and thing until a whole pass has answered. It only brings a pass forward that comes within the
 * minute anyway: where it cannot be asked for, the news itself has been taken in and must not be refused for it.
 */
export async function askForPass(
  {
    accountId,
    clock,
    reconciliations,
    telemetry,
  }: Pick<NewsDependencies, 'accountId' | 'clock' | 'reconciliations' | 'telemetry'>,
  room: 'webhook' | 'listen',
  doubt: Doubt,
  about: string,
): Promise<void> {
  const requestId = `${room}:${doubt}:${contentId([about], 16)}`;
  try {
    await reconciliations.ask(accountId, {
      requestId,
      backfill: null,
      by: room,
      reason: SENTENCES[doubt],
      now: clock.now(),
    });
  } catch (thrown) {
    if (!(thrown instanceof Fault)) throw thrown;
    telemetry.error(
      'a pass could not be asked for; the next one comes by itself',
      { doubt, code: thrown.code },
      thrown,
    );
  }
}

/** An unknown fate and a rejection say so by facts of their own, which wake a pass too. */
function doubtsOf({ changed, followUps }: Settled): readonly Doubt[] {
  if (!changed) return [];
  return followUps.flatMap((wanted) => {
    if (wanted.kind !== 'reconcile') return [];
    return wanted.because === 'unknown' || wanted.because === 'rejected' ? [] : [wanted.because];
  });
}

function alarm({ telemetry }: NewsDependencies, { order, followUps }: Settled): void {
  for (const wanted of followUps) {
    if (wanted.kind !== 'alarm' || wanted.code === 'unknown') continue;
    telemetry.error('an order did what it must not', { clientOrderId: order.clientOrderId, code: wanted.code });
    telemetry.count('OrderAlarms');
  }
}

/** @throws Fault when the tables did not answer: whoever told it tells it again, or is read again. */
export async function takeIn(dependencies: NewsDependencies, room: 'webhook' | 'listen', news: News): Promise<NewsEnd> {
  const { accountId, orders, orphans, telemetry } = dependencies;
  const settled = await orders.settle(news);
  if (settled === null) {
    await orphans.keep(accountId, news);
    telemetry.warn('news of an order that is not in the table was kept', { brokerOrderId: news.brokerOrderId });
    await askForPass(dependencies, room, 'orphan', news.brokerOrderId ?? '');
    return 'kept-as-orphan';
  }
  if (!settled.changed) return 'unchanged';
  alarm(dependencies, settled);
  for (const doubt of new Set(doubtsOf(settled))) {
    await askForPass(dependencies, room, doubt, settled.order.clientOrderId);
  }
  return 'settled';
}
