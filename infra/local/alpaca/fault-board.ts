/** The switches of the faults. Whether one strikes is drawn from (seed, fault, subject, draw), never from chance. */
import type { EpochMs } from '#shared/core/kernel/instant.ts';
import { chanceOf } from '#shared/core/venue/fingerprint.ts';
import type { BrokerFaults, FaultSetting } from './embedding.ts';
import { FAULTS, type FaultDefinition, type FaultName, isFaultName } from './fault-catalogue.ts';

type Parameters = FaultDefinition['parameters'];

/** What a fault that strikes was told. */
export interface Strike {
  text(name: string): string;
  number(name: string): number;
  flag(name: string): boolean;
}

export interface FaultBoard extends BrokerFaults {
  /**
   * Whether the fault strikes here and now. `filters` are compared with the parameters of the same names, where these
   * are not *. A fault that strikes uses up one of its count.
   */
  strikes(name: FaultName, subject: string, filters?: Readonly<Record<string, string>>): Strike | null;
  /** Whether the fault is on at all now, without using it up: for faults that last. */
  lasts(name: FaultName): Strike | null;
}

interface Switch {
  readonly setting: FaultSetting;
  readonly parameters: Parameters;
  strikes: number;
  draws: number;
}

function parametersOf(name: FaultName, given: FaultSetting['parameters']): Parameters {
  const defaults: Parameters = FAULTS[name].parameters;
  for (const [parameter, value] of Object.entries(given ?? {})) {
    const known = defaults[parameter];
    if (known === undefined) {
      const names = Object.keys(defaults).join(', ');
      throw new Error(`fault ${name} has no parameter ${parameter}: expected ${names === '' ? 'none' : names}`);
    }
    if (typeof known !== typeof value) throw new Error(`fault ${name}: ${parameter} must be a ${typeof known}`);
  }
  return { ...defaults, ...given };
}

function checkSetting(name: string, setting: FaultSetting): void {
  const { probability, count } = setting;
  if (probability !== undefined && !(probability >= 0 && probability <= 1)) {
    throw new Error(`fault ${name}: probability must lie between 0 and 1`);
  }
  if (count !== undefined && !(Number.isInteger(count) && count >= 0)) {
    throw new Error(`fault ${name}: count must be a whole number of at least 0`);
  }
}

const strikeOf = (parameters: Parameters): Strike => ({
  text: (name) => String(parameters[name] ?? ''),
  number: (name) => Number(parameters[name] ?? 0),
  flag: (name) => parameters[name] === true,
});

export function faultBoard(seed: number, now: () => EpochMs): FaultBoard {
  const switches = new Map<FaultName, Switch>();

  /** The switch, if it is on at this instant and not used up. */
  function live(name: FaultName): Switch | null {
    const found = switches.get(name);
    if (found === undefined) return null;
    const { count, fromMs, untilMs } = found.setting;
    const at = now();
    if (count !== undefined && found.strikes >= count) return null;
    if ((fromMs !== undefined && at < fromMs) || (untilMs !== undefined && at >= untilMs)) return null;
    return found;
  }

  return {
    set(name, setting = {}) {
      if (!isFaultName(name)) throw new Error(`there is no fault ${name}`);
      checkSetting(name, setting);
      switches.set(name, { setting, parameters: parametersOf(name, setting.parameters), strikes: 0, draws: 0 });
    },
    clear(name) {
      if (isFaultName(name)) switches.delete(name);
    },
    clearAll: () => switches.clear(),
    active: () => [...switches].map(([name, { setting, strikes }]) => ({ name, setting, strikes })),
    strikes(name, subject, filters = {}) {
      const found = live(name);
      if (found === null) return null;
      for (const [filter, value] of Object.entries(filters)) {
        const wanted = found.parameters[filter];
        if (wanted !== undefined && wanted !== '*' && wanted !== value) return null;
      }
      found.draws += 1;
      if (chanceOf(seed, `fault:${name}:`, subject, found.draws) >= (found.setting.probability ?? 1)) return null;
      found.strikes += 1;
      return strikeOf(found.parameters);
    },
    lasts(name) {
      const found = live(name);
      return found === null ? null : strikeOf(found.parameters);
    },
  };
}
