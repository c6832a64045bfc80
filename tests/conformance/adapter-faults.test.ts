/** What the Alpaca adapter makes of every fault that the broker simulator knows; none is left out. */
import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FAULTS, type FaultName, isFaultName } from '#infra/local/alpaca/fault-catalogue.ts';
import { type AdapterDesk, openDesk } from './adapter-desk.ts';
import type { FaultCase } from './fault-case.ts';
import { NEWS_FAULT_CASES } from './news-fault-cases.ts';
import { SIGHT_FAULT_CASES } from './sight-fault-cases.ts';
import { WIRE_FAULT_CASES } from './wire-fault-cases.ts';

const CASES = {
  ...WIRE_FAULT_CASES,
  ...SIGHT_FAULT_CASES,
  ...NEWS_FAULT_CASES,
} as const satisfies Readonly<Record<FaultName, FaultCase>>;

const faultNames: readonly FaultName[] = Object.keys(CASES).filter(isFaultName);

/** Faults that last as long as they are on, and count no strikes. */
const UNCOUNTED: ReadonlySet<FaultName> = new Set(['clock-skew', 'account-blocked', 'stream-down']);

let desk: AdapterDesk;
beforeEach(async () => {
  desk = await openDesk();
});
afterEach(async () => {
  await desk.close();
});

describe('the adapter under the fault', () => {
  it.each(faultNames)('%s answers as its case says', async (fault) => {
    await CASES[fault].prove(desk);
    const active = desk.simulator.faults.active().find(({ name }) => name === fault);
    expect(UNCOUNTED.has(fault) || (active?.strikes ?? 0) > 0).toBe(true);
  });
});

describe('docs/concepts/alpaca-adapter.md', () => {
  const page = readFileSync(new URL('../../docs/concepts/alpaca-adapter.md', import.meta.url), 'utf8');

  it('says of every fault what the broker does and how the adapter answers', () => {
    const written = page.split('\n').filter((line) => line.startsWith('| `'));
    const rows = faultNames.map((fault) => `| \`${fault}\` | ${FAULTS[fault].says} | ${CASES[fault].answers} |`);
    expect(written).toEqual(rows);
  });
});
