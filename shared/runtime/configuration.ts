/**
 * The settings of a function, from its environment variables. Each room names those that it needs, so that a function
 * gets no more than it uses, and one whose settings are missing, wrong or at odds refuses to start with every fault named.
 */
import { OPERATOR_SETTINGS, OPERATOR_SETTING_NAMES } from '#shared/runtime/operator-settings.ts';
import { type Configuration, SETTINGS, type VariableName } from '#shared/runtime/settings.ts';

export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
  readonly faults: readonly string[];
  constructor(faults: readonly string[]) {
    super(`the settings are not usable: ${faults.join('; ')}`);
    this.faults = faults;
  }
}

type Environment = Readonly<Record<string, string | undefined>>;
type Values = Partial<Record<VariableName, unknown>>;

/**
 * Reads the named variables.
 * @throws ConfigurationError that lists every variable that is missing, wrong or at odds with another, never a value.
 */
export function readConfiguration<const K extends VariableName>(
  environment: Environment,
  names: readonly K[],
): Configuration<K> {
  const values: Values = {};
  const faults = names.flatMap((variable) => readVariable(environment[variable], variable, values) ?? []);
  const odds = oddsOf(environment);
  if (faults.length > 0 || odds.length > 0 || !isComplete(values, names)) {
    throw new ConfigurationError([...faults, ...odds]);
  }
  return values;
}

function readVariable(given: string | undefined, variable: VariableName, values: Values): string | null {
  const { read, standard } = SETTINGS[variable];
  const text = given === undefined || given === '' ? standard : given;
  if (text === null) return `${variable} is missing`;
  const result = read.safeParse(text);
  if (!result.success) return `${variable}: ${result.error.issues[0]?.message ?? 'not readable'}`;
  values[variable] = result.data;
  return null;
}

const isComplete = <K extends VariableName>(values: Values, names: readonly K[]): values is Configuration<K> =>
  names.every((variable) => variable in values);

/** Checks that live trading does not start without. */
const HELD_ON_LIVE = OPERATOR_SETTING_NAMES.filter((name) => 'heldOnLive' in OPERATOR_SETTINGS[name]);

function settingOf(environment: Environment, variable: VariableName): string {
  const given = environment[variable] ?? '';
  return given === '' ? (SETTINGS[variable].standard ?? '') : given;
}

/**
 * What is right by itself and wrong together, whichever of it a room reads: live with a check switched off, and a paper
 * flag that does not fit the environment or the host.
 */
function oddsOf(environment: Environment): readonly string[] {
  const isLive = settingOf(environment, 'ENVIRONMENT') === 'live';
  const isPaper = settingOf(environment, 'ALPACA_PAPER') !== 'false';
  const hostOf = (variable: VariableName): string => URL.parse(settingOf(environment, variable))?.host ?? '';
  const wrongHost = isPaper ? LIVE_HOST : PAPER_HOST;
  // A room that knows no broker is told neither flag nor host.
  const knowsBroker = environment['ALPACA_PAPER'] !== undefined || environment['ALPACA_BASE_URL'] !== undefined;
  return [
    ...(isLive
      ? HELD_ON_LIVE.filter((name) => settingOf(environment, name) !== OPERATOR_SETTINGS[name].standard).map(
          (variable) => `${variable} is switched off, and live does not start without it`,
        )
      : []),
    ...(knowsBroker && isLive === isPaper
      ? [`ALPACA_PAPER does not fit ENVIRONMENT: expected ${isLive ? '"false" in live' : '"true" outside of live'}`]
      : []),
    ...(knowsBroker
      ? HOSTS.filter((variable) => hostOf(variable) === wrongHost).map(
          (variable) => `${variable} and ALPACA_PAPER disagree on whether money is real`,
        )
      : []),
  ];
}

const LIVE_HOST = 'api.alpaca.markets';
const PAPER_HOST = 'paper-api.alpaca.markets';
const HOSTS = ['ALPACA_BASE_URL', 'ALPACA_STREAM_URL'] as const;
