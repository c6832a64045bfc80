/** Faults of what the broker lets see: lists, look-ups, activities and market data. */
import { expect } from 'vitest';
import type { FaultName } from '#infra/local/alpaca/fault-catalogue.ts';
import { parseQuantity } from '#shared/core/kernel/decimal.ts';
import { ticker } from '#shared/core/kernel/identity.ts';
import { calendarDate } from '#shared/core/kernel/instant.ts';
import { type AdapterDesk, RESTING } from './adapter-desk.ts';
import type { FaultCase } from './fault-case.ts';

const KO = ticker('KO');

const listed = async (desk: AdapterDesk): Promise<readonly string[]> =>
  (await desk.broker.listOrders({ status: 'all', limit: 500 })).map((order) => order.brokerOrderId);

export const SIGHT_FAULT_CASES = {
  'hide-lookup': {
    answers: 'a look-up by client order id is null for a while: the port says that this proves nothing.',
    async prove(desk) {
      desk.simulator.faults.set('hide-lookup', { parameters: { ms: 500 } });
      const { sent } = await desk.place(RESTING);
      expect(await desk.broker.findByClientId(sent.clientOrderId)).toBeNull();
      desk.pass(500);
      expect(await desk.broker.findByClientId(sent.clientOrderId)).not.toBeNull();
    },
  },
  'hide-orders': {
    answers: 'lists lack the order and a look-up by id is null for a while.',
    async prove(desk) {
      desk.simulator.faults.set('hide-orders', { parameters: { ms: 500 } });
      const { taken } = await desk.place(RESTING);
      expect(await listed(desk)).toEqual([]);
      expect(await desk.broker.findById(taken.brokerOrderId)).toBeNull();
      desk.pass(500);
      expect(await listed(desk)).toEqual([taken.brokerOrderId]);
    },
  },
  'stale-lists': {
    answers: 'handed on as told: nothing in a list says how old it is. A look-up by id tells the truth.',
    async prove(desk) {
      const { taken } = await desk.place();
      desk.pass(2_000);
      desk.simulator.faults.set('stale-lists', { parameters: { ms: 10_000 } });
      expect(await listed(desk)).toEqual([]);
      expect(await desk.broker.positions()).toEqual([]);
      expect((await desk.broker.findById(taken.brokerOrderId))?.status).toBe('filled');
    },
  },
  'torn-pages': {
    answers: 'handed on as told: a page that is not full need not be the last, so pages are read to an empty one.',
    async prove(desk) {
      const placed: string[] = [];
      for (let n = 0; n < 3; n += 1) placed.push((await desk.place(RESTING)).taken.brokerOrderId);
      desk.simulator.faults.set('torn-pages', { count: 1 });
      const torn = await listed(desk);
      expect(torn).toHaveLength(2);
      expect(placed.filter((id) => torn.includes(id))).toEqual(torn);
    },
  },
  'activity-lag': {
    answers: 'the execution is missing from the activities for a while; the order tells its filled quantity at once.',
    async prove(desk) {
      desk.simulator.faults.set('activity-lag', { parameters: { ms: 5_000 } });
      const { taken } = await desk.place();
      desk.pass(0);
      expect((await desk.broker.findById(taken.brokerOrderId))?.filledQuantity).toBe(parseQuantity('10'));
      expect(await desk.broker.listActivities({ limit: 100 })).toEqual([]);
      desk.pass(5_000);
      expect(await desk.broker.listActivities({ limit: 100 })).toHaveLength(1);
    },
  },
  'activity-page-loss': {
    answers:
      'the page is handed on without what it lost; the quantities then do not add up to the order, which is how it is seen.',
    async prove(desk) {
      for (let n = 0; n < 4; n += 1) await desk.place();
      desk.pass(0);
      const [first] = await desk.broker.listActivities({ limit: 1 });
      desk.simulator.faults.set('activity-page-loss');
      const rest = await desk.broker.listActivities({ limit: 100, pageToken: first?.activityId ?? '' });
      expect(rest.length).toBeLessThan(3);
      expect(await desk.broker.listActivities({ limit: 100 })).toHaveLength(4);
    },
  },
  'stale-quotes': {
    answers: 'quotes and prints carry the time that the feed gives them: their reader sees how old they are.',
    async prove(desk) {
      desk.simulator.faults.set('stale-quotes', { parameters: { ms: 120_000 } });
      const quote = (await desk.marketData.latestQuotes([KO])).get(KO);
      const print = (await desk.marketData.latestTrades([KO])).get(KO);
      for (const at of [quote?.at, print?.at]) {
        expect(desk.now() - Number((at ?? 0n) / 1_000_000n)).toBeGreaterThanOrEqual(120_000);
      }
    },
  },
  'missing-bars': {
    answers: 'the bars that are there, with their dates: that the last session is missing shows in them.',
    async prove(desk) {
      desk.pass(86_400_000);
      const [from, to] = [calendarDate('2026-01-05'), calendarDate('2026-01-07')];
      const whole = await desk.marketData.dailyBars([KO], from, to);
      desk.simulator.faults.set('missing-bars');
      const bars = await desk.marketData.dailyBars([KO], from, to);
      expect(bars.length).toBeLessThan(whole.length);
      expect(whole.slice(0, bars.length)).toEqual(bars);
    },
  },
} as const satisfies Partial<Record<FaultName, FaultCase>>;
