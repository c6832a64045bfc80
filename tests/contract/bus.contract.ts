/** What every adapter of the bus's port must do. */
import { beforeEach, describe, expect, it } from 'vitest';
import { eventIdOf, type Fact } from '#events/envelope.ts';
import type { Bus } from '#shared/ports/bus.ts';

export interface BusHarness {
  readonly bus: Bus;
  /** What is on the bus, in any order. */
  taken(): readonly Omit<Fact, 'meta'>[];
  /** From now on the bus is too busy for the facts with these ids. */
  refuse(eventIds: readonly string[]): void;
}

export const factOf = (sequence: number, text = ''): Fact => ({
  type: 'order.filled.v1',
  room: 'execute',
  meta: {
    eventId: eventIdOf('order#1', sequence, 'order.filled.v1'),
    aggregateId: 'order#1',
    sequence,
    occurredAt: '2026-03-09T14:35:00.123Z',
    correlationId: 'run-1',
    causationId: null,
    priority: 'HIGH',
  },
  data: { quantity: '0.000000001', text },
});

export const factsOf = (count: number): readonly Fact[] =>
  Array.from({ length: count }, (_, index) => factOf(index + 1));

export function describeBus(name: string, open: () => Promise<BusHarness>): void {
  let house: BusHarness;

  beforeEach(async () => {
    house = await open();
  });

  describe(`${name}: publishing`, () => {
    it('puts every fact on the bus whole, however many there are', async () => {
      const facts = factsOf(23);
      expect(await house.bus.publish(facts)).toEqual([]);
      expect(house.taken()).toHaveLength(23);
      expect(house.taken()).toEqual(expect.arrayContaining([...facts]));
    });

    it('publishes nothing when there is nothing', async () => {
      expect(await house.bus.publish([])).toEqual([]);
      expect(house.taken()).toEqual([]);
    });

    it('gives back what the bus did not take, in its order, and puts the rest on it', async () => {
      const facts = factsOf(12);
      const refused = facts.filter((fact) => [2, 3, 12].includes(fact.meta.sequence));
      house.refuse(refused.map((fact) => fact.meta.eventId));
      expect(await house.bus.publish(facts)).toEqual(refused);
      expect(house.taken()).toHaveLength(9);
      house.refuse([]);
      expect(await house.bus.publish(refused)).toEqual([]);
    });
  });
}
