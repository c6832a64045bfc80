import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { epochMs, epochNs } from '#shared/core/kernel/instant.ts';
import { beginWalk, type PagePlace, type PageStart, type PageWalk, walkOn } from './pages.ts';

const at = (ns: number) => epochNs(BigInt(ns));
const item = (id: string, ns: number): PagePlace<string> => ({ id, at: at(ns) });

/** Where the page after a first one begins. */
const nextAfter = (page: readonly PagePlace<string>[], limit: number): PageStart<string> | null =>
  walkOn(beginWalk<string>(), page, limit)?.start ?? null;

describe('the next page', () => {
  it('is none after an empty page, or one that is short by more than a tear', () => {
    expect(nextAfter([], 100)).toBeNull();
    const short = Array.from({ length: 89 }, (_, index) => item(`${index}`, index * 1_000_000));
    expect(nextAfter(short, 100)).toBeNull();
  });

  it('is asked for after a page that a tear may have shortened', () => {
    const torn = Array.from({ length: 90 }, (_, index) => item(`${index}`, index * 1_000_000));
    expect(nextAfter(torn, 100)).toEqual({ kind: 'after-time', after: 88 });
  });

  it('goes back to the beginning of the last millisecond', () => {
    const page = [item('a', 1_000_000), item('b', 2_000_000), item('c', 2_999_999)];
    expect(nextAfter(page, 3)).toEqual({ kind: 'after-time', after: 1 });
  });

  it('goes on after the last item where time cannot tell', () => {
    const page = [item('a', 2_000_000), item('b', 2_500_000)];
    expect(nextAfter(page, 2)).toEqual({ kind: 'after-item', id: 'b' });
    expect(nextAfter([item('a', 1_000_000), { id: 'b', at: null }], 2)).toEqual({ kind: 'after-item', id: 'b' });
    // The same time again would be the same page again.
    const walk = { ...beginWalk<string>(), start: { kind: 'after-time', after: epochMs(1) } } as const;
    expect(walkOn(walk, [item('a', 1_999_999), item('b', 2_500_000)], 2)?.start).toEqual({
      kind: 'after-item',
      id: 'b',
    });
  });

  it('goes on after what was read last of all when going back has brought nothing', () => {
    const start = { kind: 'after-time', after: epochMs(2) } as const;
    const walk = { start, known: new Set(['a', 'b', 'c', 'd']), last: 'd' };
    expect(walkOn(walk, [item('a', 2_000_001), item('b', 2_000_001)], 2)?.start).toEqual({
      kind: 'after-item',
      id: 'd',
    });
    expect(walkOn({ ...walk, start: { kind: 'after-item', id: 'd' } }, [item('a', 2_000_001)], 1)).toBeNull();
  });

  it('leaves nothing out, whatever ties and wherever the pages end', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 6_000_000 }), { maxLength: 120 }),
        fc.integer({ min: 2, max: 25 }),
        (instants, limit) => {
          const all = instants.sort((a, b) => a - b).map((ns, index) => item(`${index}`, ns));
          const from = (start: PageStart<string> | null): readonly PagePlace<string>[] => {
            if (start === null) return all;
            if (start.kind === 'after-item') return all.slice(all.findIndex(({ id }) => id === start.id) + 1);
            return all.filter((place) => place.at !== null && place.at > BigInt(start.after) * 1_000_000n);
          };
          const seen = new Set<string>();
          let walk: PageWalk<string> | null = beginWalk();
          let pages = 0;
          for (; walk !== null && pages <= 2 * all.length + 2; pages += 1) {
            const page: readonly PagePlace<string>[] = from(walk.start).slice(0, limit);
            for (const { id } of page) seen.add(id);
            walk = walkOn(walk, page, limit);
          }
          expect(seen.size).toBe(all.length);
          expect(walk).toBeNull();
        },
      ),
      { seed: 41 },
    );
  });
});
