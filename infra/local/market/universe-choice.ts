/** `--universe`, the same words for the local house, a backtest and a new account. */
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import type { Ticker } from '#shared/core/kernel/identity.ts';
import {
  DOLLAR_VOLUME_SESSIONS,
  parseUniverse,
  STATIC_UNIVERSE,
  type UniverseSource,
} from '#shared/core/market/universe.ts';

export type UniverseChoice =
  | { readonly kind: 'static' }
  | { readonly kind: 'csv'; readonly file: string; readonly symbols: readonly Ticker[] }
  | { readonly kind: 'dynamic'; readonly count: number };

const FAULTS_SHOWN = 5;
const SYMBOLS_MAX = 1000;

function readFile(file: string): UniverseChoice {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw new RangeError(`${file}: cannot be read; expected static, a CSV file of symbols, or dynamic:<n>`, { cause });
  }
  const { tickers: symbols, faults } = parseUniverse(text);
  if (faults.length > 0) {
    const shown = faults.slice(0, FAULTS_SHOWN).map(({ line, problem }) => `line ${line}: ${problem}`);
    const more = faults.length > FAULTS_SHOWN ? `; and ${faults.length - FAULTS_SHOWN} more` : '';
    throw new RangeError(`${file}: ${shown.join('; ')}${more}`);
  }
  if (symbols.length === 0 || symbols.length > SYMBOLS_MAX) {
    throw new RangeError(`${file}: expected 1 to ${SYMBOLS_MAX} symbols, got ${symbols.length}`);
  }
  return { kind: 'csv', file: basename(file), symbols };
}

/** @throws RangeError that says what was found and what would be right. */
export function readUniverseChoice(text: string): UniverseChoice {
  if (text === 'static') return { kind: 'static' };
  const [, count] = /^dynamic:(\d{1,4})$/.exec(text) ?? [];
  if (count === undefined) {
    if (text.startsWith('dynamic')) throw new RangeError(`${text}: expected dynamic:<n>, such as dynamic:50`);
    return readFile(text);
  }
  if (Number(count) < 1 || Number(count) > SYMBOLS_MAX) {
    throw new RangeError(`${text}: expected dynamic:1 to dynamic:${SYMBOLS_MAX}`);
  }
  return { kind: 'dynamic', count: Number(count) };
}

/** The symbols that the choice names itself; null where it takes them from the data. */
export function namedSymbols(choice: UniverseChoice | null): readonly Ticker[] | null {
  switch (choice?.kind) {
    case 'static':
      return STATIC_UNIVERSE;
    case 'csv':
      return choice.symbols;
    case 'dynamic':
    case undefined:
      return null;
  }
}

/**
 * The source as the policy says it.
 * @throws RangeError where a dynamic universe asks for more symbols than there are candidates
 */
export function sourceOf(choice: UniverseChoice | null, candidates: number): UniverseSource {
  switch (choice?.kind) {
    case undefined:
      return { kind: 'list' };
    case 'static':
      return { kind: 'static' };
    case 'csv':
      return { kind: 'csv', file: choice.file };
    case 'dynamic':
      if (choice.count > candidates) {
        throw new RangeError(`dynamic:${choice.count}: expected at most ${candidates}, the symbols of the data`);
      }
      return { kind: 'dynamic', count: choice.count, sessions: DOLLAR_VOLUME_SESSIONS };
  }
}
