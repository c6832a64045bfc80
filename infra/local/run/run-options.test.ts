import { CommanderError } from 'commander';
import { describe, expect, it, vi } from 'vitest';
import { readRunOptions } from './run-options.ts';

const DEFAULTS = {
  days: 60,
  symbols: 36,
  universe: null,
  seed: 1,
  data: 'synthetic',
  strategies: ['ma-crossover'],
  port: 8080,
  speed: 'max',
  exit: false,
  json: false,
  state: null,
  facts: null,
  commands: null,
  everyMinute: false,
  verbose: false,
};

describe('the flags of npm start', () => {
  it('have defaults', () => {
    expect(readRunOptions([])).toEqual(DEFAULTS);
  });

  it('are read', () => {
    const flags =
      '--days 5 --symbols 12 --seed 0 --data a.csv --strategies momentum,ma-crossover --port 0 --speed 1 --exit --json --state s --facts f --commands c';
    expect(readRunOptions(flags.split(' '))).toEqual({
      ...DEFAULTS,
      days: 5,
      symbols: 12,
      seed: 0,
      data: 'a.csv',
      strategies: ['momentum', 'ma-crossover'],
      port: 0,
      speed: '1',
      exit: true,
      json: true,
      state: 's',
      facts: 'f',
      commands: 'c',
    });
  });

  it('choose a universe, of made-up data with the number of its candidates', () => {
    const flags = '--universe dynamic:10 --symbols 40';
    expect(readRunOptions(flags.split(' '))).toMatchObject({ symbols: 40, universe: { kind: 'dynamic', count: 10 } });
    expect(readRunOptions(['--universe', 'static']).universe).toEqual({ kind: 'static' });
  });

  it.each([
    ['--universe', 'static', '--symbols', '12'],
    ['--universe', 'dynamic:10', '--symbols', '12', '--data', 'a.csv'],
    ['--universe', 'dynamic'],
    ['--days', '0'],
    ['--days', '1.5'],
    ['--symbols', '506'],
    ['--strategies', 'momentum,luck'],
    ['--seed', '-1'],
    ['--port', '65536'],
    ['--port', 'http'],
    ['--speed', '2'],
    ['--day', '5'],
    ['stray', 'words'],
  ])('are refused as %s %s', (...flags) => {
    const said = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    try {
      expect(() => readRunOptions(flags)).toThrow(CommanderError);
      expect(said).toHaveBeenCalled();
    } finally {
      said.mockRestore();
    }
  });
});
