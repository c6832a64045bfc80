import { describe, expect, it } from 'vitest';
import { parsePrice, ZERO_QUANTITY } from '#shared/core/kernel/decimal.ts';
import { addMs } from '#shared/core/kernel/instant.ts';
import { driveExit } from '#shared/core/order/exit-drive.ts';
import type { ExitView } from '#shared/core/order/exit.ts';
import { IN_FLIGHT_MS_MAX } from '#shared/core/order/unknown-fate.ts';
import { opened, view } from '#tests/order/sample-exit.ts';
import { canceling, sampleIntent, units, unknown } from '#tests/order/sample-orders.ts';

describe('an exit beside an own stop of unknown fate that can no longer arrive', () => {
  const terms = { side: 'sell', positionIntent: 'sell_to_close', type: 'stop', timeInForce: 'gtc' } as const;
  const price = { limitPrice: null, stopPrice: parsePrice('95') };
  const lost = canceling(unknown(sampleIntent({ ...terms, ...price }, { purpose: 'protective-stop' })));
  const later = addMs(lost.sentAt ?? lost.claimedAt, IN_FLIGHT_MS_MAX);
  const read = (quantity: number, available: number, changes: Partial<ExitView> = {}): Partial<ExitView> => ({
    now: later,
    openOrders: [lost],
    brokerPosition: { quantity: units(quantity), available: units(available), readAt: later },
    ...changes,
  });

  it('sells what the broker has available, however long ago its cancel was asked for', () => {
    expect(driveExit(opened(), view(read(10, 10))).action).toMatchObject({
      intent: { terms: { side: 'sell', size: { quantity: units(10) } } },
    });
    expect(driveExit(opened(), view(read(10, 4))).action).toMatchObject({
      intent: { terms: { size: { quantity: units(4) } } },
    });
  });

  it('waits where the broker holds the units, or they may be those of others', () => {
    const waits = { kind: 'wait', for: 'shares-held' };
    expect(driveExit(opened(), view(read(10, 0))).action).toEqual(waits);
    expect(driveExit(opened(), view(read(30, 20, { othersShare: units(20) }))).action).toEqual(waits);
  });

  it('waits while a call of it may be on its way', () => {
    const early = addMs(later, -1);
    const at = read(10, 10, { now: early });
    const seen = { quantity: units(10), available: units(10), readAt: early };
    expect(driveExit(opened(), view({ ...at, brokerPosition: seen })).action.kind).not.toBe('submit');
  });

  it('completes once the share is flat', () => {
    expect(driveExit(opened(), view(read(0, 0, { share: ZERO_QUANTITY }))).action).toEqual({ kind: 'complete' });
  });
});
