/** The claim: an order exists only if this one transaction succeeded. */
import type { Room } from '#events/envelope.ts';
import { money, text, whole } from '#shared/adapters/stores/attributes.ts';
import { factsOfItem } from '#shared/adapters/stores/journal-item.ts';
import { accountSafetyKey, globalSafetyKey, strategyKey } from '#shared/adapters/stores/keys.ts';
import { readOrderItem } from '#shared/adapters/stores/order-item.ts';
import { paceWrite, type PaceWrite } from '#shared/adapters/stores/pace-item.ts';
import { type Draws, stepWrites } from '#shared/adapters/stores/step-writes.ts';
import { formatMoney, subtractMoney } from '#shared/core/kernel/decimal.ts';
import type { Condition } from '#shared/core/kernel/item.ts';
import { type Refusal, refusal } from '#shared/core/kernel/refusal.ts';
import { claimOrder } from '#shared/core/order/sending.ts';
import type { Rate } from '#shared/core/risk/headroom.ts';
import { accountGates, gateRefusal, globalGates, SAFETY, strategyGates } from '#shared/core/safety/gate-conditions.ts';
import type { ClaimOutcome, ClaimRequest } from '#shared/ports/orders.ts';
import type { ConditionFailure, Tables, TransactWrite } from '#shared/ports/tables.ts';

const exists = (name: string): Condition => ({ name, test: { op: 'exists' } });

/** The counters that an entry draws on: of the account's minute and run, and of the strategy's minute. */
function paceOf({ order, headroom }: ClaimRequest): {
  readonly exposure: readonly PaceWrite[];
  readonly strategy: readonly PaceWrite[];
} {
  const { money: notional } = order.reservation;
  const { runId } = order.intent;
  const ofMinute = ({ seen, ordersMax }: Rate): PaceWrite =>
    paceWrite({
      name: 'minute',
      seen,
      window: headroom.minute,
      notional,
      ordersMax,
      ordersCode: 'submit-rate-limit',
      notionalMax: null,
    });
  const ofCycle = (run: string): PaceWrite =>
    paceWrite({
      name: 'cycle',
      seen: headroom.ofCycle.seen,
      window: run,
      notional,
      ordersMax: headroom.ofCycle.ordersMax,
      ordersCode: 'orders-per-cycle-limit',
      notionalMax: { amount: headroom.ofCycle.notionalMax, code: 'notional-per-cycle-limit' },
    });
  return {
    exposure: [ofMinute(headroom.ofAccount), ...(runId === null ? [] : [ofCycle(runId)])],
    strategy: [ofMinute(headroom.ofStrategy)],
  };
}

/** What an entry draws on; an order that reduces asks only that the items exist and the strategy may trade. */
function drawsOf(request: ClaimRequest): Draws {
  const { order, gates, headroom } = request;
  const strategy = strategyGates(order.orderClass);
  if (order.orderClass !== 'entry') {
    return {
      exposure: { conditions: [exists('exposure-missing')], pace: [] },
      strategy: { conditions: strategy, pace: [] },
    };
  }
  const { money: reserved } = order.reservation;
  const pace = paceOf(request);
  return {
    exposure: {
      pace: pace.exposure,
      conditions: [
        exists('exposure-missing'),
        {
          name: 'reconciliation-other-session',
          test: { op: 'equals', attribute: 'session', value: text(gates.session) },
        },
        {
          name: 'headroom-exceeded',
          test: {
            op: 'at-most',
            attribute: 'committed',
            value: money(subtractMoney(headroom.grossExposureMax, reserved)),
          },
        },
        {
          name: 'orders-open-limit',
          test: { op: 'below', attribute: 'ordersOpen', value: whole(headroom.ordersOpenMax) },
        },
        {
          name: 'orders-per-day-limit',
          test: { op: 'below', attribute: 'ordersToday', value: whole(headroom.ordersPerDayMax) },
        },
      ],
    },
    strategy: {
      pace: pace.strategy,
      conditions: [
        ...strategy,
        { name: 'strategy-cash', test: { op: 'at-least', attribute: SAFETY.cashAvailable, value: money(reserved) } },
      ],
    },
  };
}

/** The condition checks on the global and the account's safety item: of the claim, and of every last look. */
export const gateChecks = (
  accountId: ClaimRequest['order']['intent']['terms']['accountId'],
  orderClass: ClaimRequest['order']['orderClass'],
  gates: ClaimRequest['gates'],
): readonly TransactWrite[] => [
  { kind: 'check', table: 'safety', key: globalSafetyKey, conditions: globalGates(orderClass) },
  { kind: 'check', table: 'safety', key: accountSafetyKey(accountId), conditions: accountGates(orderClass, gates) },
];

/** The condition check on the strategy's item at a last look; a claim draws on the item and holds it in the same write. */
export const strategyCheck = (
  { accountId, strategyId }: ClaimRequest['order']['intent']['terms'],
  orderClass: ClaimRequest['order']['orderClass'],
): TransactWrite => ({
  kind: 'check',
  table: 'safety',
  key: strategyKey(accountId, strategyId),
  conditions: strategyGates(orderClass),
});

const SENTENCES: Readonly<Record<string, (request: ClaimRequest) => Refusal>> = {
  'book-version-changed': ({ book }) =>
    refusal('book-version-changed', `the book of ${book.ticker} moved between clearing and claim`, {}),
  'headroom-exceeded': ({ order, headroom }) =>
    refusal('headroom-exceeded', 'the order would take the account above its gross exposure', {
      reserve: formatMoney(order.reservation.money),
      limit: formatMoney(headroom.grossExposureMax),
    }),
  'orders-open-limit': ({ headroom }) =>
    refusal('orders-open-limit', 'as many orders are open as the policy allows', {
      limit: String(headroom.ordersOpenMax),
    }),
  'orders-per-day-limit': ({ headroom }) =>
    refusal('orders-per-day-limit', 'as many orders were placed today as the policy allows', {
      limit: String(headroom.ordersPerDayMax),
    }),
  'strategy-missing': ({ order }) =>
    refusal('strategy-missing', `${order.intent.terms.strategyId} has no safety item`, {}),
  'strategy-disabled': ({ order }) => refusal('strategy-disabled', `${order.intent.terms.strategyId} is disabled`, {}),
  'submit-rate-limit': ({ headroom }) =>
    refusal('submit-rate-limit', 'as many entries were placed in this minute as the policy allows', {
      minute: headroom.minute,
    }),
  'orders-per-cycle-limit': ({ headroom }) =>
    refusal('orders-per-cycle-limit', 'the run has placed as many entries as the policy allows', {
      limit: String(headroom.ofCycle.ordersMax),
    }),
  'notional-per-cycle-limit': ({ order, headroom }) =>
    refusal('notional-per-cycle-limit', "the order would take the run above the policy's notional", {
      reserve: formatMoney(order.reservation.money),
      limit: formatMoney(headroom.ofCycle.notionalMax),
    }),
  'pace-moved': ({ book }) =>
    refusal('book-version-changed', 'another minute or run began between clearing and claim', {
      symbol: book.ticker,
    }),
  'strategy-cash': ({ order }) =>
    refusal('strategy-cash', `${order.intent.terms.strategyId} has no cash left for the order`, {
      reserve: formatMoney(order.reservation.money),
    }),
  'exposure-missing': ({ order }) =>
    refusal('exposure-missing', `account ${order.intent.terms.accountId} has no exposure item`, {}),
};

/** A row that is there wins over any refusal; then a refusal that is there; then the gates in their order. */
function outcomeOf(
  request: ClaimRequest,
  writes: readonly TransactWrite[],
  failures: readonly ConditionFailure[],
): ClaimOutcome {
  const failed = (name: string): ConditionFailure | undefined =>
    failures.find((failure) => failure.names.includes(name));
  const row = failed('order-exists');
  if (row?.item !== undefined && row.item !== null) return { kind: 'exists', order: readOrderItem(row.item) };
  const taken = failures.find((failure) => {
    const write = writes[failure.index];
    return write?.kind === 'put' && write.table === 'journal' && failure.item !== null;
  });
  if (taken?.item !== undefined && taken.item !== null) {
    const fact = factsOfItem(taken.item)[0];
    if (fact?.type === 'order.refused.v1') {
      return {
        kind: 'refused',
        refusal: refusal('already-refused', 'the command was refused before', { code: fact.data.reason.code }),
      };
    }
  }
  const names = [...failures]
    .sort((a, b) => rank(writes[a.index]) - rank(writes[b.index]))
    .flatMap((failure) => failure.names);
  const first = names.find((name) => name !== 'journal-sequence-free') ?? 'book-version-changed';
  const refused =
    SENTENCES[first]?.(request) ?? gateRefusal(first, { accountId: request.order.intent.terms.accountId });
  const moved = refused.code === 'book-version-changed' || refused.code === 'policy-version-changed';
  return moved ? { kind: 'stale', refusal: refused } : { kind: 'refused', refusal: refused };
}

/** Safety answers before limits, limits before a moved book: what a person has to know comes first. */
const rank = (write: TransactWrite | undefined): number => {
  if (write?.kind === 'check') return 0;
  if (write?.kind === 'update' && write.table === 'safety') return 1;
  return write?.kind === 'update' && 'add' in write ? 2 : 3;
};

/**
 * Claims an order: gates, strategy, book, exposure, row and journal entry in one transaction.
 * @throws Fault `uncertain` when the answer was lost: a repeat finds the row.
 */
export async function claim(tables: Tables, room: Room, request: ClaimRequest): Promise<ClaimOutcome> {
  const { order: cleared, book, gates } = request;
  const step = claimOrder({
    intent: cleared.intent,
    reservation: cleared.reservation,
    holder: request.holder,
    at: gates.now,
    dryRun: request.dryRun,
  });
  const writes = [
    ...gateChecks(cleared.intent.terms.accountId, cleared.orderClass, gates),
    ...stepWrites(room, { before: null, step, book, now: gates.now, warnings: cleared.warnings }, drawsOf(request)),
  ];
  const outcome = await tables.transact(writes);
  return outcome.ok ? { kind: 'claimed', order: step.order } : outcomeOf(request, writes, outcome.failures);
}
