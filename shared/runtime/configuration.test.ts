import { describe, expect, it } from 'vitest';
import { parseMoney } from '#shared/core/kernel/decimal.ts';
import { ConfigurationError, readConfiguration } from '#shared/runtime/configuration.ts';

const faultsOf = (read: () => unknown): readonly string[] => {
  try {
    read();
    return [];
  } catch (thrown) {
    if (!(thrown instanceof ConfigurationError)) throw thrown;
    return thrown.faults;
  }
};

const LIVE = {
  ENVIRONMENT: 'live',
  ALPACA_PAPER: 'false',
  ALPACA_BASE_URL: 'https://api.alpaca.markets',
  ALPACA_STREAM_URL: 'wss://api.alpaca.markets/stream',
} as const;

describe('readConfiguration', () => {
  it('reads what is asked for, and the standard where a variable is not set', () => {
    const read = readConfiguration({ SAFE_MODE: 'true', STRATEGY_DISABLED_LIST: 'momentum, ma-crossover' }, [
      'SAFE_MODE',
      'TRADING_DISABLED',
      'STRATEGY_DISABLED_LIST',
      'MAX_SLICE_PCT_OF_ADV',
      'FAT_FINGER_NOTIONAL_MAX',
      'ENVIRONMENT',
      'MAX_PERFORMANCE_DAYS',
    ]);
    expect(read).toEqual({
      SAFE_MODE: true,
      TRADING_DISABLED: false,
      STRATEGY_DISABLED_LIST: ['momentum', 'ma-crossover'],
      MAX_SLICE_PCT_OF_ADV: 100n,
      FAT_FINGER_NOTIONAL_MAX: parseMoney('100000'),
      ENVIRONMENT: 'dev',
      MAX_PERFORMANCE_DAYS: 90,
    });
  });

  it('names what is missing, what is wrong and what is at odds, all at once', () => {
    const faults = faultsOf(() =>
      readConfiguration({ ...LIVE, ALPACA_PAPER: 'true', CIRCUIT_BREAKER_ENABLED: 'false', SAFE_MODE: 'maybe' }, [
        'ALPACA_PAPER',
        'SAFE_MODE',
        'SECRET_BROKER_ID',
      ]),
    );
    expect(faults).toEqual([
      'SAFE_MODE: expected "true" or "false"',
      'SECRET_BROKER_ID is missing',
      'CIRCUIT_BREAKER_ENABLED is switched off, and live does not start without it',
      'ALPACA_PAPER does not fit ENVIRONMENT: expected "false" in live',
      'ALPACA_BASE_URL and ALPACA_PAPER disagree on whether money is real',
      'ALPACA_STREAM_URL and ALPACA_PAPER disagree on whether money is real',
    ]);
  });

  it('names every variable that is missing or wrong, and no value', () => {
    const faults = faultsOf(() =>
      readConfiguration({ DRY_RUN: 'yes-secret', MAX_SLICE_PCT_OF_ADV: '1.5', PERFORMANCE_CACHE_TTL: '-1' }, [
        'TABLE_SAFETY',
        'DRY_RUN',
        'MAX_SLICE_PCT_OF_ADV',
        'PERFORMANCE_CACHE_TTL',
        'SECRET_BROKER_ID',
      ]),
    );
    expect(faults.map((fault) => fault.split(/[: ]/)[0])).toEqual([
      'TABLE_SAFETY',
      'DRY_RUN',
      'MAX_SLICE_PCT_OF_ADV',
      'PERFORMANCE_CACHE_TTL',
      'SECRET_BROKER_ID',
    ]);
    expect(faults.join()).not.toContain('yes-secret');
  });

  it.each(['CIRCUIT_BREAKER_ENABLED', 'LIQUIDITY_CHECK_ENABLED'])('refuses to start live with %s off', (variable) => {
    expect(faultsOf(() => readConfiguration({ ...LIVE, [variable]: 'false' }, ['ENVIRONMENT']))).toEqual([
      `${variable} is switched off, and live does not start without it`,
    ]);
    expect(faultsOf(() => readConfiguration({ [variable]: 'false' }, ['ENVIRONMENT']))).toEqual([]);
  });

  it('refuses to start where the paper flag does not fit environment or host', () => {
    expect(faultsOf(() => readConfiguration(LIVE, ['ALPACA_PAPER']))).toEqual([]);
    expect(faultsOf(() => readConfiguration({ ...LIVE, ALPACA_PAPER: 'true' }, ['ALPACA_PAPER']))).toHaveLength(3);
    expect(faultsOf(() => readConfiguration({ ...LIVE, ENVIRONMENT: 'paper' }, ['ALPACA_PAPER']))).toEqual([
      'ALPACA_PAPER does not fit ENVIRONMENT: expected "true" outside of live',
    ]);
    expect(
      faultsOf(() =>
        readConfiguration({ ...LIVE, ALPACA_BASE_URL: 'https://paper-api.alpaca.markets' }, ['ALPACA_PAPER']),
      ),
    ).toEqual(['ALPACA_BASE_URL and ALPACA_PAPER disagree on whether money is real']);
    expect(faultsOf(() => readConfiguration({ ENVIRONMENT: 'live' }, ['ENVIRONMENT']))).toEqual([]);
  });
});
