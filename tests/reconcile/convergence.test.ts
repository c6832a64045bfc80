/**
 * From whatever state losses have left, passes come to agreement, or stop the symbol: in three at most, and without
 * booking anything that the broker did not execute.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { wholeQuantity } from '#shared/core/kernel/decimal.ts';
import { isOpen } from '#shared/core/order/order.ts';
import { shareOf } from '#shared/core/portfolio/book.ts';
import { NO_LATENCY } from '#infra/local/alpaca/embedding.ts';
import { MOMENTUM } from './account.ts';
import { type Desk, MINUTE_MS, openDesk, RESTING, SYMBOLS } from './desk.ts';
import { inventedFills, journalDifferences, mismatches, orderDifferences, ordersOf } from './ledger-check.ts';
import type { SubmitFate } from './sender.ts';
import { type HeardStream, hearStream } from './stream.ts';

const FATES: readonly SubmitFate[] = ['settled', 'answer-lost', 'died-after-call', 'died-before-call'];
const FAULTS = [
  ['stale-lists', { ms: 10_000 }],
  ['torn-pages', {}],
  ['activity-lag', { ms: 20_000 }],
  ['hide-orders', { ms: 15_000 }],
  ['hide-lookup', { ms: 15_000 }],
  ['activity-page-loss', {}],
] as const;

type Happening =
  | { readonly kind: 'buy' | 'rest' | 'close'; readonly symbol: number; readonly units: number; readonly fate: number }
  | { readonly kind: 'foreign'; readonly symbol: number; readonly units: number; readonly sells: boolean }
  | { readonly kind: 'cancel' | 'bust' | 'correct' | 'news'; readonly which: number }
  | { readonly kind: 'fault'; readonly which: number }
  | { readonly kind: 'pass'; readonly seconds: number }
  | { readonly kind: 'reconcile' };

const small = (max: number) => fc.integer({ min: 0, max });
const happening: fc.Arbitrary<Happening> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constantFrom('buy', 'rest', 'close'),
      symbol: small(1),
      units: fc.integer({ min: 1, max: 9 }),
      fate: small(3),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('foreign' as const),
      symbol: small(1),
      units: fc.integer({ min: 1, max: 9 }),
      sells: fc.boolean(),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constantFrom('cancel', 'bust', 'correct', 'news', 'news'), which: small(9) }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('fault' as const), which: small(FAULTS.length - 1) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('pass' as const), seconds: fc.integer({ min: 1, max: 90 }) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('reconcile' as const) }) },
);

const symbolAt = (index: number) => SYMBOLS[index] ?? 'AAPL';

/** What a gate, the broker or a fault refuses does not happen; anything else that is thrown is a mistake. */
async function attempt(work: Promise<unknown>): Promise<void> {
  try {
    await work;
  } catch (thrown) {
    const expected =
      /refuses|not claimed|does not take|40[03]|422|cannot be undone|order-unreadable|tells of executions/;
    if (!(thrown instanceof Error && expected.test(thrown.message))) throw thrown;
  }
}

async function place(desk: Desk, what: Extract<Happening, { fate: number }>): Promise<void> {
  const book = await desk.book(symbolAt(what.symbol));
  const size = { kind: 'quantity', quantity: wholeQuantity(what.units) } as const;
  const terms = { ticker: book.ticker, size };
  const fate = FATES[what.fate] ?? 'settled';
  if (what.kind === 'rest') return await attempt(desk.place({ ...terms, ...RESTING }, fate));
  if (what.kind === 'buy') return await attempt(desk.place(terms, fate));
  if (shareOf(book, MOMENTUM).quantity < size.quantity) return;
  await attempt(desk.place({ ...terms, side: 'sell', positionIntent: 'sell_to_close' }, fate));
}

async function undo(desk: Desk, kind: 'bust' | 'correct', which: number): Promise<void> {
  const { executions } = desk.simulator.ledger();
  const undone = new Set(executions.flatMap(({ undoes }) => undoes ?? []));
  const standing = executions.filter(({ id, kind: was }) => was !== 'bust' && !undone.has(id));
  const chosen = standing[which % Math.max(1, standing.length)];
  if (chosen === undefined) return;
  if (kind === 'bust') desk.simulator.bust(chosen.id);
  else desk.simulator.correct(chosen.id, { price: '77.5' });
}

async function cancel(desk: Desk, which: number): Promise<void> {
  const { orders } = desk.simulator.ledger();
  const chosen = orders[which % Math.max(1, orders.length)];
  if (chosen === undefined) return;
  await attempt(desk.foreign('DELETE', `/v2/orders/${chosen.id}`));
}

/** The stream tells something, of now or of a while ago, and perhaps again. */
async function tell({ room }: Desk, stream: HeardStream, which: number): Promise<void> {
  const heard = await stream.heard();
  const update = heard[heard.length - 1 - (which % Math.max(1, heard.length))];
  if (update !== undefined) await room.orders.settle(update);
}

async function happen(desk: Desk, stream: HeardStream, what: Happening): Promise<void> {
  switch (what.kind) {
    case 'buy':
    case 'rest':
    case 'close':
      return await place(desk, what);
    case 'foreign':
      return await attempt(
        desk.foreign('POST', '/v2/orders', {
          symbol: symbolAt(what.symbol),
          qty: what.units,
          side: what.sells ? 'sell' : 'buy',
          type: 'market',
          time_in_force: 'day',
        }),
      );
    case 'bust':
    case 'correct':
      return await undo(desk, what.kind, what.which);
    case 'cancel':
      return await cancel(desk, what.which);
    case 'news':
      return await tell(desk, stream, what.which);
    case 'fault': {
      const [name, parameters] = FAULTS[what.which] ?? FAULTS[0];
      return desk.simulator.faults.set(name, { parameters });
    }
    case 'pass':
      return desk.pass(what.seconds * 1_000);
    case 'reconcile':
      await attempt(desk.reconcile());
      expect(inventedFills(desk)).toEqual([]);
  }
}

describe('passes', () => {
  it('come to agreement or quarantine in three, from any state, and invent nothing', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(happening, { minLength: 8, maxLength: 24, size: 'max' }), async (history) => {
        const desk = await openDesk({
          behaviour: { partialFillOneIn: 2, surprises: false },
          latency: { ...NO_LATENCY, requoteMs: 5_000 },
          reconciliation: { foreignOrders: 'ignore' },
        });
        const stream = await hearStream(desk.simulator, desk.telemetry, desk.now);
        try {
          for (const what of history) await happen(desk, stream, what);
          desk.simulator.faults.clearAll();
          desk.pass(30_000);
          for (let passes = 0; passes < 3; passes += 1) {
            desk.pass(MINUTE_MS);
            expect(await desk.reconcile()).toMatchObject({ complete: true });
            expect(inventedFills(desk)).toEqual([]);
          }
          // Every difference here has its executions at the broker: nothing is left that a person would have to find.
          expect([...orderDifferences(desk), ...mismatches(desk).map(({ what }) => what)]).toEqual([]);
          expect(journalDifferences(desk)).toEqual([]);
          const unknown = ordersOf(desk).filter((order) => isOpen(order) && order.state === 'unknown');
          const known = new Set(desk.simulator.ledger().orders.map(({ clientOrderId }) => clientOrderId));
          expect(unknown.filter(({ clientOrderId }) => known.has(clientOrderId))).toEqual([]);
        } finally {
          await stream.close();
          await desk.close();
        }
      }),
      { seed: 20260106, numRuns: 40, interruptAfterTimeLimit: 60_000 },
    );
  }, 90_000);
});
