import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { epochMs } from '#shared/core/kernel/instant.ts';
import { type DueEvent, popDue, pushDue } from './due-queue.ts';

const event = (at: number, entry: number): DueEvent => ({ at: epochMs(at), entry, kind: 'match', order: 1, work: 0 });

describe('the queue of what is due', () => {
  it('gives the earliest first, and within one instant what was entered first', () => {
    fc.assert(
      fc.property(fc.array(fc.option(fc.nat(20), { freq: 3 }), { maxLength: 200 }), (steps) => {
        const heap: DueEvent[] = [];
        let model: DueEvent[] = [];
        for (const [entry, at] of steps.entries()) {
          if (at === null) {
            model = model.toSorted((a, b) => (a.at === b.at ? a.entry - b.entry : a.at - b.at));
            expect(popDue(heap)).toEqual(model.shift());
          } else {
            pushDue(heap, event(at, entry));
            model.push(event(at, entry));
          }
          expect(heap).toHaveLength(model.length);
        }
      }),
      { seed: 11, numRuns: 200 },
    );
  });
});
