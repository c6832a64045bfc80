import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareTexts, failedConditions } from './conditions.ts';
import { formatScaled } from './decimal.ts';
import { Bug } from './fault.ts';
import type { Item, ItemTest, ItemValue } from './item.ts';

const item: Item = {
  pk: { S: 'order#1' },
  sk: { S: 'order' },
  version: { N: '10' },
  cash: { N: '12345678901234567890.123456789012345678' },
  state: { S: 'claimed' },
  enabled: { BOOL: true },
  nothing: { NULL: true },
  raw: { B: new Uint8Array([1, 200]) },
  tiles: { L: [{ N: '1.50' }, { S: 'x' }] },
  shares: { M: { alpha: { N: '3' }, beta: { N: '-0' } } },
};

const holds = (test: ItemTest, of: Item | null = item): boolean =>
  failedConditions(of, [{ name: 'it', test }]).length === 0;

describe('failedConditions', () => {
  it('names exactly the conditions that do not hold, in their order', () => {
    const failed = failedConditions(item, [
      { name: 'row-exists', test: { op: 'exists' } },
      { name: 'state-is-sending', test: { op: 'equals', attribute: 'state', value: { S: 'sending' } } },
      { name: 'version-as-seen', test: { op: 'equals', attribute: 'version', value: { N: '10.0' } } },
      { name: 'not-quarantined', test: { op: 'has', attribute: 'quarantine' } },
    ]);
    expect(failed).toEqual(['state-is-sending', 'not-quarantined']);
  });

  it('holds an absent item to nothing but its absence', () => {
    expect(holds({ op: 'absent' }, null)).toBe(true);
    expect(holds({ op: 'absent' })).toBe(false);
    expect(holds({ op: 'exists' }, null)).toBe(false);
    expect(holds({ op: 'lacks', attribute: 'state' }, null)).toBe(true);
    for (const op of ['equals', 'differs', 'below', 'at-most', 'at-least', 'above'] as const) {
      expect(holds({ op, attribute: 'version', value: { N: '0' } }, null)).toBe(false);
    }
  });

  it('fails every comparison when the attribute is missing or has another type', () => {
    for (const op of ['equals', 'differs', 'below', 'at-most', 'at-least', 'above'] as const) {
      expect(holds({ op, attribute: 'missing', value: { N: '1' } })).toBe(false);
      expect(holds({ op, attribute: 'state', value: { N: '1' } })).toBe(false);
      expect(holds({ op, attribute: 'version', value: { S: '10' } })).toBe(false);
      expect(holds({ op, attribute: 'toString', value: { S: '' } })).toBe(false);
    }
    expect(holds({ op: 'differs', attribute: 'state', value: { BOOL: true } })).toBe(false);
    expect(holds({ op: 'equals', attribute: 'enabled', value: { S: 'true' } })).toBe(false);
  });

  it('compares numbers as decimals beyond the reach of a floating-point number', () => {
    const next = { N: '12345678901234567890.123456789012345679' };
    expect(holds({ op: 'below', attribute: 'cash', value: next })).toBe(true);
    expect(holds({ op: 'at-least', attribute: 'cash', value: next })).toBe(false);
    expect(holds({ op: 'differs', attribute: 'cash', value: next })).toBe(true);
    expect(holds({ op: 'above', attribute: 'version', value: { N: '9' } })).toBe(true);
    expect(holds({ op: 'equals', attribute: 'version', value: { N: '010.000' } })).toBe(true);
  });

  it('compares texts and bytes by unsigned bytes', () => {
    expect(holds({ op: 'below', attribute: 'state', value: { S: 'claimed ' } })).toBe(true);
    expect(holds({ op: 'above', attribute: 'raw', value: { B: new Uint8Array([1, 100]) } })).toBe(true);
    expect(holds({ op: 'above', attribute: 'raw', value: { B: new Uint8Array([1]) } })).toBe(true);
    expect(holds({ op: 'equals', attribute: 'raw', value: { B: new Uint8Array([1, 200]) } })).toBe(true);
    // U+FFFD sorts after U+1F600 in UTF-16 units, before it in UTF-8.
    expect(compareTexts('\uFFFD', '\u{1F600}')).toBeLessThan(0);
  });

  it('orders texts as their UTF-8 bytes, whatever units they are made of', () => {
    const unit = fc.constantFrom('a', 'b', '\u00e9', '\ud7ff', '\ud83d', '\ude00', '\ue000', '\uffff');
    const text = fc.array(unit, { maxLength: 5 }).map((units) => units.join(''));
    fc.assert(
      fc.property(text, text, (left, right) => {
        const bytes = Buffer.compare(Buffer.from(left), Buffer.from(right));
        expect(Math.sign(compareTexts(left, right))).toBe(bytes);
      }),
      { seed: 4, numRuns: 1000 },
    );
  });

  it('compares booleans, nulls, lists and maps for equality, numbers in them by value', () => {
    expect(holds({ op: 'differs', attribute: 'enabled', value: { BOOL: false } })).toBe(true);
    expect(holds({ op: 'differs', attribute: 'enabled', value: { BOOL: true } })).toBe(false);
    expect(holds({ op: 'equals', attribute: 'nothing', value: { NULL: true } })).toBe(true);
    expect(holds({ op: 'equals', attribute: 'tiles', value: { L: [{ N: '1.5' }, { S: 'x' }] } })).toBe(true);
    expect(holds({ op: 'equals', attribute: 'tiles', value: { L: [{ S: 'x' }, { N: '1.5' }] } })).toBe(false);
    expect(holds({ op: 'equals', attribute: 'shares', value: { M: { beta: { N: '0' }, alpha: { N: '3' } } } })).toBe(
      true,
    );
    expect(holds({ op: 'equals', attribute: 'shares', value: { M: { alpha: { N: '3' }, gamma: { N: '0' } } } })).toBe(
      false,
    );
  });

  it('combines parts with any and all', () => {
    const claimed: ItemTest = { op: 'equals', attribute: 'state', value: { S: 'claimed' } };
    expect(holds({ op: 'any', tests: [{ op: 'absent' }, claimed] })).toBe(true);
    expect(holds({ op: 'all', tests: [{ op: 'exists' }, claimed] })).toBe(true);
    expect(holds({ op: 'all', tests: [{ op: 'absent' }, claimed] })).toBe(false);
  });

  it('throws a bug for a test that means nothing', () => {
    expect(() => holds({ op: 'any', tests: [] })).toThrow(Bug);
    expect(() => holds({ op: 'all', tests: [] })).toThrow(Bug);
    expect(() => holds({ op: 'below', attribute: 'enabled', value: { BOOL: true } })).toThrow('BOOL has no order');
    expect(() => holds({ op: 'differs', attribute: 'tiles', value: { L: [] } })).toThrow('only N, S and B');
  });

  it('holds each comparison for exactly the orders that it means', () => {
    const ops = ['below', 'at-most', 'equals', 'differs', 'at-least', 'above'] as const;
    const pairs: readonly (readonly [ItemValue, ItemValue])[] = [
      [{ N: '-2' }, { N: '1' }],
      [{ S: 'a' }, { S: 'ab' }],
      [{ B: new Uint8Array([1]) }, { B: new Uint8Array([2]) }],
    ];
    for (const [less, more] of pairs) {
      const opsThatHold = (found: ItemValue, value: ItemValue): string[] =>
        ops.filter((op) => holds({ op, attribute: 'a', value }, { a: found }));
      expect(opsThatHold(less, more)).toEqual(['below', 'at-most', 'differs']);
      expect(opsThatHold(less, less)).toEqual(['at-most', 'equals', 'at-least']);
      expect(opsThatHold(more, less)).toEqual(['differs', 'at-least', 'above']);
    }
  });

  it('orders numbers as the integers that they scale', () => {
    const scaled = fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n });
    fc.assert(
      fc.property(scaled, scaled, (a, b) => {
        const found: Item = { n: { N: formatScaled(a, 9) } };
        const value = { N: formatScaled(b, 9) };
        const outcome = (op: 'below' | 'at-most' | 'equals' | 'differs' | 'at-least' | 'above'): boolean =>
          holds({ op, attribute: 'n', value }, found);
        return (
          outcome('below') === a < b &&
          outcome('at-most') === a <= b &&
          outcome('equals') === (a === b) &&
          outcome('differs') === (a !== b) &&
          outcome('at-least') === a >= b &&
          outcome('above') === a > b
        );
      }),
      { seed: 1 },
    );
  });
});
