/** Whatever the wire does, one client order id is one order at the broker, and every refusal has a code of the house. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ERROR_CATALOGUE } from '#infra/local/alpaca/error-catalogue.ts';
import type { FaultName } from '#infra/local/alpaca/fault-catalogue.ts';
import { DUPLICATE_TEXT, refusalCodeOf } from '#shared/adapters/alpaca/refusal-texts.ts';
import type { SubmitOutcome } from '#shared/ports/broker.ts';
import { openDesk, RESTING } from './adapter-desk.ts';

const WIRE_FAULTS = [
  'drop-request',
  'drop-answer',
  'error-before',
  'error-after',
  'throttle',
  'torn-answer',
] as const satisfies readonly FaultName[];

const TRIES_MAX = 12;

describe('a submit that is tried until its outcome is known', () => {
  it('places one order for each id, and knows which of them are placed', async () => {
    const storms = fc.array(
      fc.record({
        fault: fc.constantFrom(...WIRE_FAULTS),
        probability: fc.double({ min: 0.2, max: 0.8, noNaN: true }),
      }),
      {
        minLength: 1,
        maxLength: 3,
      },
    );
    await fc.assert(
      fc.asyncProperty(storms, fc.integer({ min: 1, max: 4 }), async (storm, count) => {
        const desk = await openDesk({ requestsPerMinute: 1_000 });
        try {
          for (const { fault, probability } of storm) desk.simulator.faults.set(fault, { probability });
          const known = new Map<string, SubmitOutcome['kind']>();
          for (const order of Array.from({ length: count }, () => desk.order(RESTING))) {
            for (let tries = 0; tries < TRIES_MAX && !known.has(order.clientOrderId); tries += 1) {
              const { kind } = await desk.broker.submit(order);
              expect(kind).not.toBe('refused');
              if (kind === 'acknowledged' || kind === 'duplicate') known.set(order.clientOrderId, kind);
            }
          }
          const placed = desk.simulator.ledger().orders.map(({ clientOrderId }) => clientOrderId);
          expect(new Set(placed).size).toBe(placed.length);
          for (const id of known.keys()) expect(placed).toContain(id);
        } finally {
          await desk.close();
        }
      }),
      { seed: 20260107, numRuns: 25 },
    );
  });
});

describe('the broker’s catalogue of errors', () => {
  const refusals = Object.entries(ERROR_CATALOGUE).filter(
    ([, { status, message }]) => status >= 400 && status < 500 && status !== 429 && !DUPLICATE_TEXT.test(message),
  );

  it.each(refusals.filter(([, { grade }]) => grade !== 'own'))(
    'has a code of the house for %s',
    (name, { status, message }) => {
      // Only market data is refused in words that no order meets.
      if (name === 'feed-not-subscribed') expect(refusalCodeOf(status, message)).toBe('broker-refused');
      else expect(refusalCodeOf(status, message)).not.toBe('broker-refused');
    },
  );
});
