import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { STATIC_UNIVERSE } from '#shared/core/market/universe.ts';
import { namedSymbols, readUniverseChoice, sourceOf } from './universe-choice.ts';

const folder = mkdtempSync(join(tmpdir(), 'belay-universe-'));
afterAll(() => rmSync(folder, { recursive: true }));
const file = (text: string): string => {
  const path = join(folder, 'mine.csv');
  writeFileSync(path, text);
  return path;
};

describe('--universe', () => {
  it('is the static one, a file of symbols, or the most traded', () => {
    expect(readUniverseChoice('static')).toEqual({ kind: 'static' });
    expect(readUniverseChoice('dynamic:50')).toEqual({ kind: 'dynamic', count: 50 });
    const names = Array.from({ length: 150 }, (_, rank) => `S${rank}`);
    const choice = readUniverseChoice(file(['symbol', ...names].join('\n')));
    expect(choice).toEqual({ kind: 'csv', file: 'mine.csv', symbols: names });
    expect([namedSymbols(choice), namedSymbols({ kind: 'static' })]).toEqual([names, STATIC_UNIVERSE]);
    expect(namedSymbols(null)).toBeNull();
  });

  it.each([
    ['dynamic', /expected dynamic:<n>/],
    ['dynamic:0', /expected dynamic:1 to dynamic:1000/],
    ['dynamic:1001', /expected dynamic:1 to dynamic:1000/],
    ['nowhere.csv', /nowhere.csv: cannot be read; expected static/],
  ])('refuses %s and says what would be right', (text, says) => {
    expect(() => readUniverseChoice(text)).toThrow(says);
  });

  it('refuses a file by the lines that are wrong', () => {
    expect(() => readUniverseChoice(file('AAPL\nnot one\nAAPL'))).toThrow(/line 2: expected a symbol.*; line 3: AAPL/);
    expect(() => readUniverseChoice(file('# nothing'))).toThrow(/expected 1 to 1000 symbols, got 0/);
  });

  it('is said in the policy, and takes no more than there are', () => {
    expect(sourceOf(null, 9)).toEqual({ kind: 'list' });
    expect(sourceOf({ kind: 'dynamic', count: 9 }, 9)).toEqual({ kind: 'dynamic', count: 9, sessions: 60 });
    expect(() => sourceOf({ kind: 'dynamic', count: 10 }, 9)).toThrow('expected at most 9, the symbols of the data');
  });
});
