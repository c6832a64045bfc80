/** What the operator chooses at a deploy, as CDK context: `-c dryRun=false -c alarmEmails=a@example.com,b@example.com`. */
import type { Node } from 'constructs';

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
