import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readFact } from '#events/fact.ts';
import { openHouse } from './control-house.ts';
import { ROUTE_CASES } from './route-cases.ts';

const DIRECTORY = 'events/golden';

/** Facts that control says, or finds said, and the request that shows each. */
const SAID = [
  ['signals.requested.v1', 'generateSignals'],
  ['flatten.requested.v1', 'flattenAll'],
  ['model.trained.v1', 'setActiveModel'],
  ['model.activated.v1', 'setActiveModel'],
] as const;

describe('facts that control says', () => {
  it.each(SAID)('%s is what its file shows (UPDATE_GOLDEN=1 writes it)', async (type, operation) => {
    const house = await openHouse();
    await house.ask(operation, await ROUTE_CASES[operation].success(house));
    const facts = await house.dependencies.journal.byDay('2026-03-09');
    const fact = facts.find((said) => said.type === type);
    const file = join(DIRECTORY, `${type}.json`);
    if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(file, `${JSON.stringify(fact, null, 2)}\n`);
    expect(existsSync(file)).toBe(true);
    const golden: unknown = JSON.parse(readFileSync(file, 'utf8'));
    expect(fact).toEqual(golden);
    expect(readFact(golden)).toEqual(golden);
  });
});
