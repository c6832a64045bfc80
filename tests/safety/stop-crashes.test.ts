/**
 * Kills protect and execute at every write, at the broker or in a table, between a fill and its protection, and between a
 * hit and the flat position: the protection stands afterwards, or the position is sold, once.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MemoryTables } from '#shared/adapters/memory/tables.ts';
import { interceptFetch, WorldClock } from '#tests/journey/journey-world.ts';
import type { CrashPlan, OutsideCall } from '#tests/journey/outside-calls.ts';
import { protectThrough, sellThrough, type StopLife } from './stop-life.ts';

const LIVES_MS_MAX = 180_000;

let restore: () => void;
let worlds = 0;

beforeAll(() => {
  restore = interceptFetch();
});
afterAll(() => restore());

type Through = typeof protectThrough;

const lead = (through: Through, plans: readonly CrashPlan[]): Promise<StopLife> => {
  worlds += 1;
  return through(new MemoryTables({ clock: new WorldClock() }), `crash-${worlds}`, plans);
};

/** A death before a call that only reads leaves what one before the next write does. */
const touches = ({ writes }: OutsideCall): boolean => writes;
/** Of these the answer is the only word that the caller gets. */
const mayBeLost = ({ name }: OutsideCall): boolean => !name.includes('write safety');

/** One life for each call that changes something, and each fate; and one that dies after the last. */
async function leadAll(through: Through): Promise<{ readonly lives: number; readonly flaws: readonly string[] }> {
  const calm = await lead(through, []);
  const at = calm.calls.flatMap((call, index) => (touches(call) ? [{ call, index }] : []));
  const flaws: string[] = [...calm.flaws];
  let lives = 1;
  for (const fate of ['die-before', 'lose-answer'] as const) {
    for (const { call, index } of at) {
      if (fate === 'lose-answer' && !mayBeLost(call)) continue;
      const life = await lead(through, [{ at: index, fate }]);
      flaws.push(...life.flaws.map((flaw) => `${fate} ${index} (${call.name}): ${flaw}`));
      if (fate === 'die-before' && life.processes !== 2) flaws.push(`${index} (${call.name}) killed nobody`);
      lives += 1;
    }
  }
  return { lives, flaws };
}

describe('whoever dies, and whichever answer is lost', () => {
  it('between a fill and its protection, one stop stands for all of it in the end', {
    timeout: LIVES_MS_MAX,
  }, async () => {
    const { lives, flaws } = await leadAll(protectThrough);
    expect(flaws).toEqual([]);
    expect(lives).toBeGreaterThan(15);
  });

  it('between a hit and the sale, each unit is sold once by one exit', { timeout: LIVES_MS_MAX }, async () => {
    const { lives, flaws } = await leadAll(sellThrough);
    expect(flaws).toEqual([]);
    expect(lives).toBeGreaterThan(25);
  });
});
