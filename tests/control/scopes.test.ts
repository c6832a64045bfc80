/** A scope narrows what a caller may do to strategies, on every route that moves something; a cursor is one of ours. */
import { describe, expect, it } from 'vitest';
import { readCommand } from '#events/command.ts';
import { problemSchema, SCHEMAS } from '#functions/control/schemas.ts';
import { isCursor, cursorOf } from '#functions/control/page-cursor.ts';
import { type ControlHouse, openHouse } from './control-house.ts';
import { asked, hold } from './route-cases.ts';

const SCOPED = ['operator', 'strategy:ma-crossover'];
const commandsOn = (house: ControlHouse) =>
  house.queues.urgent.receive({ count: 10 }).map(({ body }) => readCommand(JSON.parse(body)));

describe('a scope', () => {
  it('refuses to cancel an order of another strategy, also before anybody has claimed it', async () => {
    const house = await openHouse();
    const { params = {} } = await asked(house);
    const answer = await house.ask('cancelOrder', { params, groups: SCOPED });
    expect([answer.status, problemSchema.parse(answer.json()).code]).toEqual([403, 'strategy-out-of-scope']);
    expect(commandsOn(house)).toEqual([]);
    expect((await house.ask('cancelOrder', { params, groups: ['trader', 'strategy:manual'] })).status).toBe(202);
  });

  it('flattens what is in reach, and lets the rest be', async () => {
    const house = await openHouse();
    await hold(house, '10');
    const flatten = async (groups: readonly string[]) => {
      const answer = await house.ask('flattenAll', { body: { reason: 'a test flattens' }, groups });
      expect(answer.status).toBe(202);
      return SCHEMAS.flattenAll.success.body.parse(answer.json()).orders.map(({ strategy_id: of }) => of);
    };
    expect(await flatten(SCOPED)).toEqual([]);
    expect(await flatten(['operator', 'strategy:manual'])).toEqual(['manual']);
  });
});

describe('a cursor', () => {
  it('is refused when it is no text, so that no key grows beyond what a table takes', async () => {
    const bytes = Buffer.alloc(384, 0xff).toString('base64url');
    expect(isCursor(bytes)).toBe(false);
    expect(isCursor(cursorOf('2026-03-09T14:00:00.000Z#é'))).toBe(true);
    const house = await openHouse();
    for (const [id, query] of [
      ['getJournal', { day: '2026-03-09' }],
      ['getPendingOrders', {}],
      ['getPolicyVersions', {}],
    ] as const) {
      const answer = await house.ask(id, { query: { ...query, cursor: bytes } });
      expect([id, answer.status, problemSchema.parse(answer.json()).field]).toEqual([id, 400, 'cursor']);
    }
  });
});
