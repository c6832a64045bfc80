/** Which strategies are at work, by the signals that they made. */
import { describe, expect, it } from 'vitest';
import { SCHEMAS } from '#functions/control/schemas.ts';
import { marketStore } from '#shared/adapters/stores/market-store.ts';
import type { CalendarDate } from '#shared/core/kernel/instant.ts';
import { lastCompletedSession, sessionBefore } from '#shared/core/market/session-calendar.ts';
import { type ControlHouse, NOW, openHouse } from './control-house.ts';
import { ticker } from '#shared/core/kernel/identity.ts';

const LAST = lastCompletedSession(NOW).date;
const BEFORE = sessionBefore(LAST).date;

async function signal(house: ControlHouse, session: CalendarDate): Promise<string> {
  const [first] = await house.dependencies.safety.strategies(house.account);
  if (first === undefined) throw new Error('the house has no strategy');
  const { strategyId } = first;
  const reason = { code: 'crossed-up', text: 'it crossed', numbers: {} };
  const base = { strategyId, ticker: ticker('AAPL'), kind: 'entry', side: 'buy', confidence: 1, reason } as const;
  await marketStore(house.tables, house.clock).saveSignals(session, [
    { ...base, price: 100, atr: 2, asOf: session, modelVersion: null },
  ]);
  return strategyId;
}

const viewOf = async (house: ControlHouse, strategy: string) =>
  SCHEMAS.getStrategy.success.body.parse(
    (await house.ask('getStrategy', { params: { strategy_id: strategy } })).json(),
  );

describe('a strategy', () => {
  it('is active with a signal of the last session, and not with one of the session before alone', async () => {
    const [today, yesterday] = [await openHouse(), await openHouse()];
    const strategy = await signal(today, LAST);
    expect(await viewOf(today, strategy)).toMatchObject({ active: true, last_signal_on: LAST });
    await signal(yesterday, BEFORE);
    expect(await viewOf(yesterday, strategy)).toMatchObject({ active: false, last_signal_on: null });
  });

  it('is active for as long as STRATEGY_ACTIVITY_THRESHOLD_SECONDS says', async () => {
    const house = await openHouse();
    const strategy = await signal(house, BEFORE);
    house.dependencies = { ...house.dependencies, inactiveAfterMs: 7 * 86_400_000 };
    expect(await viewOf(house, strategy)).toMatchObject({ active: true, last_signal_on: BEFORE });
  });
});
