/**
 * The settings that an operator chooses for a deployment, as data: the stacks put each of them into the environment of
 * every function, and `settings.ts` reads them there. Whatever is not chosen has its standard.
 */

export interface OperatorSetting {
  readonly standard: string;
  readonly means: string;
  /** What a deploy takes for it, as a regular expression over the whole text. */
  readonly pattern: string;
  /** What would be right, for whoever got it wrong. */
  readonly expected: string;
  /** Live trading starts with the standard alone: a check that may be switched off elsewhere. */
  readonly heldOnLive?: true;
}

const TRUE_OR_FALSE = { pattern: 'true|false', expected: '"true" or "false"' } as const;
const SHARE = { pattern: '0(\\.\\d{1,4})?|1(\\.0{1,4})?', expected: 'a share from 0 to 1, such as "0.05"' } as const;
const DECIMAL = { pattern: '\\d{1,15}(\\.\\d{1,9})?', expected: 'a decimal such as "100000"' } as const;
const COUNT = { pattern: '[1-9]\\d{0,5}', expected: 'a whole number above zero' } as const;
const WHOLE = { pattern: '\\d{1,8}', expected: 'a whole number' } as const;

export const OPERATOR_SETTINGS = {
  TRADING_DISABLED: {
    standard: 'false',
    means: "nothing passes but cancels and an operator's flatten",
    ...TRUE_OR_FALSE,
  },
  STRATEGY_DISABLED_LIST: {
    standard: '',
    means: 'strategies that may only close positions, with commas between',
    pattern: '[a-z0-9, -]*',
    expected: 'names of strategies with commas between them',
  },
  SAFE_MODE: { standard: 'false', means: 'nothing is written at the broker but cancels', ...TRUE_OR_FALSE },
  CIRCUIT_BREAKER_ENABLED: {
    standard: 'true',
    means: 'the monitor trips the circuit breaker',
    heldOnLive: true,
    ...TRUE_OR_FALSE,
  },
  LIQUIDITY_CHECK_ENABLED: {
    standard: 'true',
    means: 'orders are held against the volume of the market',
    heldOnLive: true,
    ...TRUE_OR_FALSE,
  },
  MAX_SLICE_PCT_OF_ADV: {
    standard: '0.01',
    means: 'most that one slice may be of average daily volume, whatever the policy says',
    ...SHARE,
  },
  FAT_FINGER_NOTIONAL_MAX: {
    standard: '100000',
    means: 'most that one order may be worth, whatever the policy says',
    ...DECIMAL,
  },
  FAT_FINGER_QUANTITY_MAX: {
    standard: '10000',
    means: 'most units that one order may be for, whatever the policy says',
    ...DECIMAL,
  },
  FAT_FINGER_PCT_OF_ADV_MAX: {
    standard: '0.05',
    means: 'most that one order may be of average daily volume, whatever the policy says',
    ...SHARE,
  },
  PERFORMANCE_CACHE_TTL: { standard: '300', means: 'seconds for which performance figures are kept', ...WHOLE },
  MAX_PERFORMANCE_DAYS: { standard: '90', means: 'most days that performance is asked over', ...COUNT },
  STRATEGY_ACTIVITY_THRESHOLD_SECONDS: {
    standard: '86400',
    means: 'a strategy without a signal for longer counts as inactive',
    ...WHOLE,
  },
  INTERNAL_TOKEN_ROLE: {
    standard: 'trader',
    means: 'the role that a service acts in',
    pattern: 'viewer|trader|operator|admin',
    expected: '"viewer", "trader", "operator" or "admin"',
  },
  INTERNAL_TOKEN_TOLERANCE_SECONDS: {
    standard: '300',
    means: "how far the time of a service's token may be away, before or after",
    ...COUNT,
  },
  RATE_LIMIT_READ: { standard: '1200', means: 'requests a minute that read, over all callers', ...COUNT },
  RATE_LIMIT_CHANGE: { standard: '60', means: 'requests a minute that change something', ...COUNT },
  RATE_LIMIT_SUBMIT: { standard: '40', means: 'requests a minute for an order', ...COUNT },
  RATE_LIMIT_SLICE: { standard: '10', means: 'requests a minute for an order in slices', ...COUNT },
  RATE_LIMIT_CANCEL: { standard: '100', means: 'requests a minute that cancel', ...COUNT },
} as const satisfies Readonly<Record<string, OperatorSetting>>;

export type OperatorSettingName = keyof typeof OPERATOR_SETTINGS;

const isName = (text: string): text is OperatorSettingName => Object.hasOwn(OPERATOR_SETTINGS, text);
export const OPERATOR_SETTING_NAMES: readonly OperatorSettingName[] = Object.keys(OPERATOR_SETTINGS).filter(isName);
