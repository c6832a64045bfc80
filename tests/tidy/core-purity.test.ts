import { describe, expect, it } from 'vitest';
import { checkPurity } from './core-purity.ts';
import { parseSource } from './source-file.ts';

const plant = (text: string, path = 'shared/core/order/planted.ts'): readonly string[] =>
  checkPurity(parseSource(path, text)).map(({ line, message }) => `${line} ${message}`);

describe('core', () => {
  it.each([
    ['Date', 'const now = Date.now();'],
    ['Date', 'const now = new Date();'],
    ['Date', 'const now = new Date(...[]);'],
    ['Date', 'const now = Date();'],
    ['Date', 'const clock = Date;'],
    ['Date', 'const { now } = Date;'],
    ['Date', "const now = Date['now']();"],
    ['performance', 'const started = performance.now();'],
    ['Math', 'const chance = Math.random();'],
    ['Math', "const chance = Math['random']();"],
    ['Math', 'const { random } = Math;'],
    ['crypto', 'const id = crypto.randomUUID();'],
    ['globalThis', "const now = globalThis['Date'].now();"],
    ['process', 'const started = process.hrtime();'],
    ['process', "const key = process.env['KEY'];"],
    ['setTimeout', 'setTimeout(() => 1, 5);'],
    ['setInterval', 'setInterval(() => 1, 5);'],
    ['queueMicrotask', 'queueMicrotask(() => 1);'],
    ['fetch', "const page = fetch('https://example.org');"],
    ['console', "console.log('here');"],
    ['Temporal', 'const now = Temporal.Now.instant();'],
    ['require', "const fs = require('fs');"],
  ])('may not mention %s: %s', (name, line) => {
    expect(plant(`const first = 1;\n${line}\n`)).toEqual([
      expect.stringMatching(new RegExp(`^2 core mentions ${name}\\b`)),
    ]);
  });

  it.each([
    'const at = new Date(1_700_000_000_000);',
    'const at = Date.UTC(2026, 0, 1);',
    "const at = Date.parse('2026-01-01');",
    'const is = (value: unknown): boolean => value instanceof Date;',
    'const larger = Math.max(1, 2);',
    'interface Report { readonly performance: number; readonly process: string }',
    'const of = (report: { performance: number }): number => report.performance;',
    'const report = { performance: 1, fetch: 2 };',
    'const ratio = (performance: number): number => performance / 2;',
    'type Clock = (at: Date) => number;',
    'function run({ process }: { process: string }): string { return process; }',
    "import { performance } from '#shared/core/report/figures.ts'; export const figure = performance;",
  ])('may say %s', (line) => {
    expect(plant(line)).toEqual([]);
  });

  it('is pure, and no other room need be', () => {
    expect(plant('const now = Date.now();', 'shared/adapters/system/clock.ts')).toEqual([]);
    expect(plant('const now = Date.now();', 'shared/core/order/planted.test.ts')).toEqual([]);
  });
});
