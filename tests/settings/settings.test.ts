/** The settings: every one of them used, documented, and as a deploy takes it. */
import { App } from 'aws-cdk-lib';
import { describe, expect, it } from 'vitest';
import { readSettings } from '#infra/cloud/choices.ts';
import { houseUnderTest } from '#infra/cloud/templates-under-test.ts';
import { readConfiguration } from '#shared/runtime/configuration.ts';
import { OPERATOR_SETTING_NAMES, OPERATOR_SETTINGS } from '#shared/runtime/operator-settings.ts';
import { SETTINGS } from '#shared/runtime/settings.ts';
import { renderSettings, SETTING_NAMES, uses, usersOf } from './settings-page.ts';

const settingsOf = (context: Readonly<Record<string, string>>, environment: 'dev' | 'live' = 'dev') =>
  readSettings(new App({ context }).node, environment);

describe('every setting', () => {
  it('is used by a room or by the command', () => {
    expect(SETTING_NAMES.filter((name) => usersOf(name).length === 0)).toEqual([]);
  });

  it('is not taken for used where it is only asked for', () => {
    expect(uses("readConfiguration(environment, ['SAFE_MODE']); settings.DRY_RUN", 'SAFE_MODE')).toBe(false);
    expect(uses('...DEPLOYED_LIMIT_NAMES', 'SAFE_MODE')).toBe(false);
    expect(uses("readConfiguration(environment, ['SAFE_MODE']); settings.SAFE_MODE", 'SAFE_MODE')).toBe(true);
  });

  it('is on the page in docs', async () => {
    await expect(renderSettings()).toMatchFileSnapshot('../../docs/concepts/settings.md');
  });
});

describe('what an operator chooses', () => {
  it('is its standard where nothing is chosen, and readable by the functions', () => {
    const standard = settingsOf({});
    expect(standard).toMatchObject({
      CIRCUIT_BREAKER_ENABLED: 'true',
      LIQUIDITY_CHECK_ENABLED: 'true',
      MAX_SLICE_PCT_OF_ADV: '0.01',
      FAT_FINGER_NOTIONAL_MAX: '100000',
      FAT_FINGER_QUANTITY_MAX: '10000',
      FAT_FINGER_PCT_OF_ADV_MAX: '0.05',
      PERFORMANCE_CACHE_TTL: '300',
      MAX_PERFORMANCE_DAYS: '90',
      STRATEGY_ACTIVITY_THRESHOLD_SECONDS: '86400',
    });
    expect(() => readConfiguration(standard, OPERATOR_SETTING_NAMES)).not.toThrow();
    expect(SETTINGS.ALPACA_PAPER.standard).toBe('true');
    expect(SETTINGS.ALPACA_BASE_URL.standard).toBe('https://paper-api.alpaca.markets');
    expect(SETTINGS.ENVIRONMENT.standard).toBe('dev');
  });

  it('holds for all environments, or for the one that it names', () => {
    const chosen = { FAT_FINGER_NOTIONAL_MAX: '20000', 'dev.SAFE_MODE': 'true', 'live.RATE_LIMIT_SUBMIT': '4' };
    expect(settingsOf(chosen)).toMatchObject({
      FAT_FINGER_NOTIONAL_MAX: '20000',
      SAFE_MODE: 'true',
      RATE_LIMIT_SUBMIT: '40',
    });
    expect(settingsOf(chosen, 'live')).toMatchObject({ SAFE_MODE: 'false', RATE_LIMIT_SUBMIT: '4' });
  });

  it('is refused at a deploy with every fault named at once', () => {
    const wrong = { SAFE_MODE: 'yes', MAX_SLICE_PCT_OF_ADV: '1.5', RATE_LIMIT_READ: '0' };
    expect(() => settingsOf(wrong)).toThrow(
      /SAFE_MODE is "yes": expected "true" or "false"; MAX_SLICE_PCT_OF_ADV is .*; RATE_LIMIT_READ is /,
    );
  });

  it.each(['CIRCUIT_BREAKER_ENABLED', 'LIQUIDITY_CHECK_ENABLED'])(
    'is refused where it switches %s off for live',
    (name) => {
      expect(() => settingsOf({ [name]: 'false' }, 'live')).toThrow(`${name} is switched off, and live does not start`);
      expect(settingsOf({ [name]: 'false' })).toMatchObject({ [name]: 'false' });
    },
  );

  it('reaches every function of the environment', () => {
    const functions = houseUnderTest('paper', { SAFE_MODE: 'true' }).ofType('AWS::Lambda::Function');
    const rooms = functions.filter(
      ({ props }) => props.at('Environment', 'Variables', 'BELAY_ACCOUNT').value !== undefined,
    );
    expect(rooms.length).toBeGreaterThan(8);
    for (const { props } of rooms) {
      const variables = props.at('Environment', 'Variables');
      expect(variables.at('SAFE_MODE').text).toBe('true');
      for (const name of OPERATOR_SETTING_NAMES) {
        if (name === 'SAFE_MODE' || OPERATOR_SETTINGS[name].standard === '') continue;
        expect(variables.at(name).text).toBe(OPERATOR_SETTINGS[name].standard);
      }
    }
  });
});
