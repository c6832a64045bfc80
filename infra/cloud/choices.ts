/**
 * What the operator chooses at a deploy, as CDK context: `-c dryRun=false -c alarmEmails=a@example.com,b@example.com`, and
 * each setting under its own name, `-c FAT_FINGER_NOTIONAL_MAX=20000`, or for one environment alone, `-c dev.SAFE_MODE=true`.
 */
import type { Node } from 'constructs';
import type { EnvironmentName } from '#infra/environments.ts';
import { OPERATOR_SETTING_NAMES, OPERATOR_SETTINGS, type OperatorSetting } from '#shared/runtime/operator-settings.ts';

export interface Choices {
  /** True unless it is said otherwise in so many words. */
  readonly dryRun: boolean;
  readonly alarmEmails: readonly string[];
}

export class ChoiceError extends Error {
  override readonly name = 'ChoiceError';
}

/** @throws ChoiceError that names the choice, what was given and what is right. */
export function readChoices(node: Node): Choices {
  return {
    dryRun: readDryRun(node.tryGetContext('dryRun')),
    alarmEmails: readEmails(node.tryGetContext('alarmEmails')),
  };
}

/** One setting of an environment: chosen for it, chosen for all, or its standard. */
function readSetting(node: Node, environment: EnvironmentName, name: string, setting: OperatorSetting) {
  const given: unknown = node.tryGetContext(`${environment}.${name}`) ?? node.tryGetContext(name);
  // CDK reads `true` of its own files as a truth value, and of the command line as a text.
  const value = given === undefined ? setting.standard : typeof given === 'string' ? given : JSON.stringify(given);
  if (!new RegExp(`^(?:${setting.pattern})$`).test(value)) {
    return { name, value, fault: `${name} is ${JSON.stringify(given)}: expected ${setting.expected}` };
  }
  const isHeld = environment === 'live' && setting.heldOnLive === true && value !== setting.standard;
  return { name, value, fault: isHeld ? `${name} is switched off, and live does not start without it` : null };
}

/**
 * The settings of an environment, each by its variable.
 * @throws ChoiceError that names every setting at fault at once
 */
export function readSettings(node: Node, environment: EnvironmentName): Readonly<Record<string, string>> {
  const read = OPERATOR_SETTING_NAMES.map((name) => readSetting(node, environment, name, OPERATOR_SETTINGS[name]));
  const faults = read.flatMap(({ fault }) => (fault === null ? [] : [fault]));
  if (faults.length > 0) throw new ChoiceError(`settings of ${environment}: ${faults.join('; ')}`);
  return Object.fromEntries(read.map(({ name, value }) => [name, value]));
}

function readDryRun(given: unknown): boolean {
  if (given === undefined || given === 'true' || given === true) return true;
  if (given === 'false' || given === false) return false;
  throw new ChoiceError(`dryRun is ${JSON.stringify(given)}: expected "true" or "false"`);
}

function readEmails(given: unknown): readonly string[] {
  if (given === undefined) return [];
  const emails = typeof given === 'string' ? given.split(',').map((email) => email.trim()) : [];
  if (emails.length === 0 || emails.some((email) => !/^[^\s@]+@[^\s@]+$/.test(email))) {
    throw new ChoiceError(`alarmEmails is ${JSON.stringify(given)}: expected addresses with commas between them`);
  }
  return emails;
}
