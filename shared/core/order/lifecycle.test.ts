import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parsePrice, wholeQuantity } from '#shared/core/kernel/decimal.ts';
import { brokerOrderId, executionId } from '#shared/core/kernel/identity.ts';
import { addMs, epochNs } from '#shared/core/kernel/instant.ts';
import { refusal } from '#shared/core/kernel/refusal.ts';
import { fail, succeed } from '#shared/core/kernel/result.ts';
import type { Result } from '#shared/core/kernel/result.ts';
import { advance } from '#shared/core/order/advance.ts';
import { requestCancel } from '#shared/core/order/cancel.ts';
import type { Step } from '#shared/core/order/consequences.ts';
import { LIFECYCLE } from '#shared/core/order/lifecycle.ts';
import type { HouseEvent, NewsEvent, OrderEvent } from '#shared/core/order/lifecycle.ts';
import { GUARANTEES, renderLifecycle } from '#shared/core/order/lifecycle-page.ts';
import type { Order, OrderState, OrderUpdate, UpdateExecution } from '#shared/core/order/order.ts';
import { ORDER_STATES } from '#shared/core/order/order.ts';
import {
  failUnsent,
  lastLook,
  markUnknown,
  refusedByBroker,
  resend,
  throttled,
  withdraw,
} from '#shared/core/order/sending.ts';
import type { StepResult } from '#shared/core/order/sending.ts';
import { abandon } from '#shared/core/order/unknown-fate.ts';
import {
  canceling,
  CLAIMED_AT,
  HOLDER,
  HOUSE_STARTS,
  news,
  REASON,
  sending,
  taken,
  told,
} from '#tests/order/sample-orders.ts';

const T0 = 1_700_000_001_000_000_000n;
const at = (second: number) => epochNs(T0 + BigInt(second) * 1_000_000_000n);

const fill = (id: string, quantity: number, second: number): UpdateExecution => ({
  id: executionId(id),
  quantity: wholeQuantity(quantity),
  price: parsePrice('100'),
  at: at(second),
  kind: 'fill',
  previousExecutionId: null,
});

const NOW = addMs(CLAIMED_AT, 1_000);
const REFUSAL = refusal('broker-refused', 'no');

/** A way to send an order again after an attempt that nobody proved. */
const sendingAgain = (): Order => taken(resend(taken(markUnknown(sending(), REASON, NOW)).order, HOLDER, NOW)).order;

const partly = {
  status: 'partially_filled',
  cumulativeQuantity: wholeQuantity(5),
  execution: fill('x-1', 5, 0),
} as const;

/** Every way of being in a state that makes a difference to what comes next. */
const EXAMPLES: Readonly<Record<OrderState, readonly Order[]>> = {
  claimed: starts('claimed', 'claimed, cancel requested'),
  sending: [...starts('sending', 'sending, cancel requested'), sendingAgain()],
  unknown: starts('unknown', 'unknown, cancel requested'),
  acknowledged: [told(sending(), { status: 'new' })],
  partially_filled: [
    told(sending(), partly),
    told(sending(), partly, { ...partly, cumulativeQuantity: wholeQuantity(8), execution: fill('x-3', 3, 1) }),
  ],
  pending_cancel: [told(sending(), { status: 'pending_cancel' }), told(canceling(sending()), { status: 'new' })],
  filled: [told(sending(), { status: 'filled', cumulativeQuantity: wholeQuantity(20), execution: fill('x-1', 20, 0) })],
  canceled: [told(sending(), partly, { status: 'canceled', cumulativeQuantity: wholeQuantity(5) })],
  expired: [told(sending(), partly, { status: 'expired', cumulativeQuantity: wholeQuantity(5) })],
  rejected: [...starts('rejected', 'rejected, cancel requested'), told(sending(), { status: 'rejected' })],
  replaced: [told(sending(), partly, { status: 'replaced', cumulativeQuantity: wholeQuantity(5) })],
  withdrawn: [...starts('withdrawn'), withdrawnOnRequest()],
  failed: [...starts('failed'), taken(failUnsent(canceling(claimedOrder()), REASON, NOW)).order],
  abandoned: [...starts('abandoned'), abandonedOnRequest()],
  dry_run: starts('dry_run'),
};

function starts(...names: readonly string[]): readonly Order[] {
  return names.map((name) => HOUSE_STARTS[name]?.() ?? sending());
}
function claimedOrder(): Order {
  return starts('claimed')[0] ?? sending();
}
function withdrawnOnRequest(): Order {
  return taken(withdraw(canceling(claimedOrder()), refusal('cancel-requested', 'no'), NOW)).order;
}
function abandonedOnRequest(): Order {
  const order = HOUSE_STARTS['unknown, cancel requested']?.() ?? sending();
  return taken(abandon(order, { watch: { kind: 'until', at: NOW }, lastMissAt: NOW, operator: null, now: NOW })).order;
}

/** How each house event is done. */
const HOUSE: Readonly<Record<HouseEvent, (order: Order) => StepResult>> = {
  'last-look': (order) => lastLook({ ...order, cancelRequested: null }, HOLDER, NOW),
  withdraw: (order) => withdraw(order, REFUSAL, NOW),
  fail: (order) => failUnsent(order, REASON, NOW),
  throttled: (order) => throttled(order, NOW),
  refused: (order) => refusedByBroker(order, REFUSAL, NOW),
  ambiguous: (order) => markUnknown(order, REASON, NOW),
  resend: (order) => resend({ ...order, cancelRequested: null }, HOLDER, NOW),
  abandon: (order) => abandon(order, { watch: { kind: 'until', at: NOW }, lastMissAt: NOW, operator: null, now: NOW }),
  'cancel-request': (order) => requestCancel(order, 'operator', REASON, NOW),
};

/** The first execution of an order that has one, else an execution that nobody heard of. */
const revised = (order: Order, kind: 'bust' | 'correct'): UpdateExecution => {
  const tile = order.executions[0];
  const quantity = tile?.quantity ?? wholeQuantity(5);
  return {
    id: executionId('r-1'),
    quantity,
    price: parsePrice(kind === 'bust' ? '100' : '99'),
    at: at(5),
    kind,
    previousExecutionId: tile?.ids[0] ?? executionId('x-9'),
  };
};

const later = { brokerTime: at(5) };
const soFar = (order: Order) => ({ ...later, cumulativeQuantity: order.filledQuantity });

/** What each piece of news looks like: as the newest, and where it matters, as an old one that comes late. */
const NEWS: Readonly<Record<NewsEvent, (order: Order) => readonly Partial<OrderUpdate>[]>> = {
  'news-open': (order) => [
    { ...soFar(order), status: 'new' },
    { status: 'accepted', brokerTime: at(-1), cumulativeQuantity: wholeQuantity(0) },
  ],
  'news-pending-cancel': (order) => [
    { ...soFar(order), status: 'pending_cancel' },
    { status: 'pending_cancel', brokerTime: at(-1), cumulativeQuantity: wholeQuantity(0) },
  ],
  'news-partial-fill': (order) => {
    const cumulative = Number(order.filledQuantity / 1_000_000_000n) + 2;
    return [
      {
        ...later,
        status: 'partially_filled',
        cumulativeQuantity: wholeQuantity(cumulative),
        execution: fill('x-2', 2, 5),
      },
    ];
  },
  'news-complete-fill': () => [{ ...later, status: 'filled', cumulativeQuantity: wholeQuantity(20) }],
  'news-canceled': (order) => [{ ...soFar(order), status: 'canceled' }],
  'news-expired': (order) => [{ ...soFar(order), status: 'expired' }],
  'news-rejected': (order) => [{ ...soFar(order), status: 'rejected' }],
  'news-replaced': (order) => [{ ...soFar(order), status: 'replaced' }],
  'news-bust': (order) => [{ ...later, execution: revised(order, 'bust') }],
  'news-correction': (order) => [{ ...later, execution: revised(order, 'correct') }],
};

const isNews = (event: OrderEvent): event is NewsEvent => event in NEWS;

function outcomes(order: Order, event: OrderEvent): readonly Result<Step, unknown>[] {
  if (!isNews(event)) return [HOUSE[event](order)];
  return NEWS[event](order).map((changes) => succeed(advance(order, news(order, changes))));
}

const events = (state: OrderState): readonly OrderEvent[] => {
  const all: readonly OrderEvent[] = [
    'last-look',
    'withdraw',
    'fail',
    'throttled',
    'refused',
    'ambiguous',
    'resend',
    'abandon',
    'cancel-request',
    'news-open',
    'news-pending-cancel',
    'news-partial-fill',
    'news-complete-fill',
    'news-canceled',
    'news-expired',
    'news-rejected',
    'news-replaced',
    'news-bust',
    'news-correction',
  ];
  expect(Object.keys(LIFECYCLE[state]).sort()).toEqual([...all].sort());
  return all;
};

const PAIRS = ORDER_STATES.flatMap((state) => events(state).map((event) => ({ state, event })));

describe('the table of states and events', () => {
  it('has an example of every state', () => {
    for (const state of ORDER_STATES) {
      for (const order of EXAMPLES[state]) expect(order.state).toBe(state);
      expect(EXAMPLES[state].length).toBeGreaterThan(0);
    }
    expect(PAIRS).toHaveLength(15 * 19);
  });

  it.each(PAIRS)('is what happens to an order in $state on $event', ({ state, event }) => {
    const cell = LIFECYCLE[state][event];
    const reached = new Set<OrderState>();
    const heard = new Set<string>();
    for (const order of EXAMPLES[state]) {
      for (const outcome of outcomes(order, event)) {
        if ('illegal' in cell) {
          expect(outcome).toEqual(fail({ kind: 'illegal', state, event, why: cell.illegal }));
          continue;
        }
        const step = taken(outcome);
        reached.add(step.order.state);
        expect(cell.to).toContain(step.order.state);
        const moved = step.order.state !== state || step.order.filledQuantity !== order.filledQuantity;
        const names = step.consequences.named.filter((name) => cell.named.includes(name));
        for (const name of names) heard.add(name);
        if (cell.named.length > 0 && moved) expect(names).not.toEqual([]);
      }
    }
    if ('illegal' in cell) return;
    expect([...reached].sort()).toEqual([...cell.to].sort());
    expect([...heard].sort()).toEqual([...cell.named].sort());
  });

  it.each(GUARANTEES.map(({ file, test }) => [test, file] as const))(
    'names a test that is there: %s',
    (title, file) => {
      expect(readFileSync(file, 'utf8')).toContain(title);
    },
  );

  it('is rendered into docs/concepts/order-lifecycle.md', async () => {
    await expect(renderLifecycle()).toMatchFileSnapshot('../../../docs/concepts/order-lifecycle.md');
  });
});

describe('a second broker order under our one id', () => {
  it('keeps the order open until both have ended, and sums what both filled', () => {
    const order = told(
      sending(),
      { ...partly, status: 'canceled' },
      { brokerOrderId: brokerOrderId('b-2'), status: 'new', cumulativeQuantity: wholeQuantity(3) },
    );
    expect(order.state).toBe('partially_filled');
    expect(order.filledQuantity).toBe(wholeQuantity(8));
    const ended = told(order, {
      brokerOrderId: brokerOrderId('b-2'),
      status: 'filled',
      cumulativeQuantity: wholeQuantity(20),
      brokerTime: at(5),
    });
    expect(ended).toMatchObject({ state: 'filled', filledQuantity: wholeQuantity(25) });
  });
});
