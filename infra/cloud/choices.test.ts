import { App } from 'aws-cdk-lib';
import { describe, expect, it } from 'vitest';
import { readChoices } from '#infra/cloud/choices.ts';

const choose = (context: Readonly<Record<string, unknown>>) => readChoices(new App({ context }).node);

describe('readChoices', () => {
  it('stays dry and tells nobody when nothing is chosen', () => {
    expect(choose({})).toEqual({ dryRun: true, alarmEmails: [] });
  });

  it.each([
    ['false', false],
    [false, false],
    ['true', true],
    [true, true],
  ])('reads dryRun %o', (given, dryRun) => {
    expect(choose({ dryRun: given }).dryRun).toBe(dryRun);
  });

  it.each(['False', 'no', '0', '', 0, null])('refuses dryRun %o rather than guess', (given) => {
    expect(() => choose({ dryRun: given })).toThrow(/dryRun is .*: expected "true" or "false"/);
  });

  it('reads addresses with commas between them', () => {
    expect(choose({ alarmEmails: 'a@example.com, b@example.com' }).alarmEmails).toEqual([
      'a@example.com',
      'b@example.com',
    ]);
  });

  it.each(['', 'nobody', 'a@example.com,', ['a@example.com']])('refuses alarmEmails %o', (given) => {
    expect(() => choose({ alarmEmails: given })).toThrow(/alarmEmails is .*: expected addresses/);
  });
});
