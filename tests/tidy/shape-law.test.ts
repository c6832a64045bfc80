import { describe, expect, it } from 'vitest';
import { checkLengths, checkNames, FILE_LINES_MAX, FUNCTION_LINES_MAX } from './shape-law.ts';
import { parseSource } from './source-file.ts';

const names = (path: string, text = ''): readonly string[] =>
  checkNames(parseSource(path, text)).map(({ line, message }) => `${line} ${message}`);
const lengths = (path: string, text: string): readonly string[] =>
  checkLengths(parseSource(path, text)).map(({ line, message }) => `${line} ${message}`);

/** A block of so many lines, its braces included. */
const block = (lines: number): string => `{\n${'  step();\n'.repeat(lines - 2)}}`;

describe('names', () => {
  it.each([
    'shared/core/order/utils.ts',
    'shared/core/order/order-utils.ts',
    'shared/core/order/order-helper.ts',
    'shared/core/helpers/order.ts',
    'shared/core/order/order-manager.ts',
    'shared/core/order/common.ts',
    'shared/core/common/order.ts',
    'tests/misc.ts',
  ])('refuses the junk drawer %s', (path) => {
    expect(names(path)).toEqual([expect.stringContaining('names a junk drawer')]);
  });

  it.each(['shared/core/order/OrderState.ts', 'shared/core/order/order_state.ts', 'shared/core/Order/state.ts'])(
    'refuses %s, which is not kebab-case',
    (path) => {
      expect(names(path)).toEqual([expect.stringContaining('is not kebab-case')]);
    },
  );

  it.each([
    'events/facts/order-filled.v1.ts',
    'shared/core/order/tiles.test.ts',
    'infra/local/common-factors.ts',
    'vitest.config.ts',
  ])('takes %s', (path) => {
    expect(names(path)).toEqual([]);
  });

  it('refuses an I prefix, and takes a word that begins with I', () => {
    expect(names('shared/ports/broker.ts', 'export interface IBroker {}\n')).toEqual([
      '1 IBroker has an I prefix; name it for what it is',
    ]);
    expect(names('shared/ports/broker.ts', 'export interface Instrument {}\ntype IsoDay = string;\n')).toEqual([]);
  });
});

describe('lengths', () => {
  it.each([
    ['a function', (body: string) => `function long() ${body}\n`],
    ['an arrow function', (body: string) => `const long = () => ${body};\n`],
    ['a function expression', (body: string) => `const long = function () ${body};\n`],
  ])('refuses %s of 71 lines and takes one of 70', (_kind, write) => {
    expect(lengths('shared/core/order/planted.ts', write(block(FUNCTION_LINES_MAX)))).toEqual([]);
    expect(lengths('shared/core/order/planted.ts', write(block(FUNCTION_LINES_MAX + 1)))).toEqual([
      '1 a function of 71 lines; at most 70: push ifs up and loops down',
    ]);
  });

  it('refuses a method of 71 lines', () => {
    expect(lengths('shared/core/order/planted.ts', `class Long {\n  run() ${block(71)}\n}\n`)).toEqual([
      expect.stringMatching(/^2 a function of 71 lines/),
    ]);
  });

  it('lets only what holds a suite be long, and only in tests', () => {
    const suite = `describe('it', () => ${block(100)});\n`;
    const each = `describe.each([1])('it', () => ${block(100)});\n`;
    const contract = `export function holds() {\n${suite}}\n`;
    expect(lengths('shared/core/order/planted.test.ts', suite + each)).toEqual([]);
    expect(lengths('tests/contract/tables.contract.ts', contract)).toEqual([]);
    expect(lengths('tests/contract/tables.contract.ts', `${suite}function long() ${block(71)}\n`)).toHaveLength(1);
    expect(lengths('shared/core/order/planted.ts', suite)).toHaveLength(1);
    expect(lengths('shared/core/order/planted.test.ts', `it('is', () => ${block(100)});\n`)).toHaveLength(1);
  });

  it('refuses a file of 501 lines and takes one of 500', () => {
    expect(lengths('cli/planted.ts', 'step();\n'.repeat(FILE_LINES_MAX))).toEqual([]);
    expect(lengths('cli/planted.ts', 'step();\n'.repeat(FILE_LINES_MAX + 1))).toEqual([
      '1 501 lines; at most 500: split it by what it holds',
    ]);
  });
});
