import { describe, expect, it } from 'vitest';
import { intentOf } from '#events/order-command.ts';
import { readCommand } from '#events/command.ts';
import { text } from '#shared/adapters/stores/attributes.ts';
import { strategyKey } from '#shared/adapters/stores/keys.ts';
import { marketStore } from '#shared/adapters/stores/market-store.ts';
import { modelsStore } from '#shared/adapters/stores/models-store.ts';
import { reconciliationsStore } from '#shared/adapters/stores/reconciliations-store.ts';
import { parseMoney, ZERO_MONEY } from '#shared/core/kernel/decimal.ts';
import { Fault } from '#shared/core/kernel/fault.ts';
import { strategyId, ticker } from '#shared/core/kernel/identity.ts';
import { addMs, type CalendarDate, calendarDate, parseEpochMs } from '#shared/core/kernel/instant.ts';
import { refusal } from '#shared/core/kernel/refusal.ts';
import { closedCircuit } from '#shared/core/safety/broker-circuit.ts';
import { openGate } from '#shared/core/safety/request-gate.ts';
import type { PassFigures } from '#shared/ports/reconciliations.ts';
import { problemSchema, SCHEMAS } from '#functions/control/schemas.ts';
import { signal } from '#tests/portfolio/sample-snapshot.ts';
import { type ControlHouse, NOW, openHouse, SESSION } from './control-house.ts';
import { asked, keepModel, PLAIN_ORDER, ROUTE_CASES } from './route-cases.ts';

const AAPL = { params: { symbol: 'AAPL' } };
const why = async (house: ControlHouse) => SCHEMAS.getWhy.success.body.parse((await house.ask('getWhy', AAPL)).json());
const health = async (house: ControlHouse) =>
  SCHEMAS.getHealth.success.body.parse((await house.ask('getHealth')).json());

const figuresAt = (equity: string): PassFigures => ({
  cash: ZERO_MONEY,
  expectedCash: ZERO_MONEY,
  equity: parseMoney(equity),
  realizedProfit: parseMoney('5'),
  unrealizedProfit: parseMoney('1'),
  positions: [],
});

describe('why a symbol was traded or was not', () => {
  it('is that nobody made signals, until somebody has', async () => {
    const house = await openHouse();
    expect(await why(house)).toMatchObject({ signals: null, signals_as_of: '2026-03-06', day: SESSION, obstacles: [] });
    expect((await why(house)).verdict).toContain('No signals were made as of 2026-03-06');
  });

  it('is what a run refused the signal for', async () => {
    const house = await openHouse();
    await ROUTE_CASES.getFunnel.success(house);
    const told = await why(house);
    expect(told.decisions).toMatchObject([{ outcome: 'refused', stage: 'risk', reason: { code: 'strategy-cash' } }]);
    expect(told.verdict).toBe(
      'The signal of ma-crossover was refused at the stage risk: no cash left (strategy-cash).',
    );
    expect(told.facts.map(({ type }) => type)).toEqual(['signal.rejected.v1']);
  });

  it('is what the sender refused an order for before it existed', async () => {
    const house = await openHouse();
    await asked(house);
    const [message] = house.queues.orders.receive({ count: 1 });
    const command = readCommand(JSON.parse(message?.body ?? 'null'));
    if (command.type !== 'submit-order.v1') throw new Error('no command');
    const gone = refusal('breaker-tripped', 'the circuit breaker is tripped');
    await house.dependencies.orders.refuse(intentOf(command.data, command.meta.correlationId), gone, NOW);
    const told = await why(house);
    expect(told.orders).toMatchObject([{ state: 'refused', filled_qty: '0', reason: { code: 'breaker-tripped' } }]);
    expect(told.verdict).toContain('the circuit breaker is tripped (breaker-tripped)');
  });

  it('tells everything that would keep an entry from passing, the widest first', async () => {
    const house = await openHouse();
    const body = { reason: 'a test says so' };
    await house.ask('tripCircuitBreaker', { body });
    await house.ask('disableStrategy', { params: { strategy_id: 'ma-crossover' }, body });
    const quarantine = { code: 'position-mismatch', message: 'the books differ', at: NOW };
    await house.dependencies.books.quarantine(house.account, ticker('AAPL'), quarantine, 'pass-1');
    const { obstacles } = await why(house);
    expect(obstacles.map(({ code }) => code)).toEqual(['breaker-tripped', 'symbol-quarantined', 'strategy-disabled']);
    const other = await house.ask('getWhy', { params: { symbol: 'NOPE' } });
    expect(SCHEMAS.getWhy.success.body.parse(other.json()).obstacles.map(({ code }) => code)).toEqual([
      'breaker-tripped',
      'symbol-not-in-universe',
      'book-missing',
      'strategy-disabled',
    ]);
  });
});

describe('why, of a universe that changes daily', () => {
  it('is the place of the symbol by dollars traded, and that nobody knows it where it was not recorded', async () => {
    const house = await openHouse();
    const { policies, documentOf } = house.dependencies;
    const active = await policies.active(house.account);
    if (active === null) throw new Error('the house has no policy');
    const document = { ...documentOf(active), universeSource: { kind: 'dynamic', count: 1, sessions: 60 } };
    const change = { expected: 1, by: 'ada', reason: 'a test', now: house.clock.now() };
    expect(await policies.publish(house.account, document, change)).toMatchObject({ ok: true });
    expect(await why(house)).toMatchObject({ in_universe: false, universe: null });
    const session = calendarDate('2026-03-06');
    const ranking = ['KO', 'AAPL'].map((name, place) => ({ ticker: ticker(name), dollars: 1000 - place }));
    await marketStore(house.tables, house.clock).saveUniverse(session, {
      source: 'dynamic',
      policyVersion: 2,
      symbols: [ticker('KO')],
      ranking,
    });
    const told = await why(house);
    expect(told.universe).toEqual({
      source: 'dynamic',
      policy_version: 2,
      members: 1,
      rank: 2,
      average_dollars: 999,
    });
    expect(told.verdict).toContain('AAPL was number 2 by dollars traded as of 2026-03-06; the universe takes 1');
    expect(told.obstacles.map(({ code }) => code)).toContain('symbol-not-in-universe');
  });

  it('refuses an order for a symbol outside, and one while nobody knows what is inside', async () => {
    const house = await openHouse();
    const { policies, documentOf } = house.dependencies;
    const active = await policies.active(house.account);
    if (active === null) throw new Error('the house has no policy');
    const document = { ...documentOf(active), universeSource: { kind: 'dynamic', count: 1, sessions: 60 } };
    await policies.publish(house.account, document, {
      expected: 1,
      by: 'ada',
      reason: 'a test',
      now: house.clock.now(),
    });
    const order = async () => {
      const answer = await house.ask('submitOrder', { body: PLAIN_ORDER });
      return answer.status === 202 ? 'accepted' : problemSchema.parse(answer.json()).code;
    };
    const record = (...symbols: readonly string[]) =>
      marketStore(house.tables, house.clock).saveUniverse(calendarDate('2026-03-06'), {
        source: 'dynamic',
        policyVersion: 2,
        symbols: symbols.map(ticker),
        ranking: [],
      });
    expect(await order()).toBe('symbol-not-whitelisted');
    await record('KO');
    expect(await order()).toBe('symbol-not-whitelisted');
    await record('AAPL');
    expect(await order()).toBe('accepted');
  });
});

describe('why, of a strategy that trades by a model', () => {
  const BY_MODEL = strategyId('ml-momentum');
  const asOf = calendarDate('2026-03-06');
  const opened = async () => {
    const house = await openHouse();
    const key = strategyKey(house.account, strategyId('ma-crossover'));
    const item = await house.tables.get('safety', key);
    const own = { ...item, sk: text(strategyKey(house.account, BY_MODEL).sk), strategyId: text(BY_MODEL) };
    await house.tables.write({ kind: 'put', table: 'safety', item: own, conditions: [] });
    const store = modelsStore(house.tables, 'signal', house.clock);
    return { house, store };
  };

  it('is the version that made the signal', async () => {
    const { house, store } = await opened();
    const version = await keepModel(house, '2025-12-31');
    const by = { by: 'signal', reason: 'it is due', now: house.clock.now(), correlationId: 'c-1' };
    await store.move(BY_MODEL, { expected: 0, version, pinned: false, ...by });
    await store.noteUse(BY_MODEL, asOf, { kind: 'active', version });
    const made = signal(ticker('AAPL'), { strategyId: BY_MODEL, asOf, modelVersion: version });
    await marketStore(house.tables, house.clock).saveSignals(asOf, [made]);
    const told = await why(house);
    expect(told.signals).toMatchObject([{ strategy_id: BY_MODEL, model_version: version }]);
    expect(told.strategies).toContainEqual(expect.objectContaining({ model: { version, reason: null } }));
    expect(told.obstacles).toEqual([]);
  });

  it('is that it had none, and that none may be used now', async () => {
    const { house, store } = await opened();
    await store.noteUse(BY_MODEL, asOf, { kind: 'none', reason: 'there are 3 rows' });
    await marketStore(house.tables, house.clock).saveSignals(asOf, []);
    const told = await why(house);
    expect(told.verdict).toMatch(/No strategy made a signal.* ml-momentum had no model to make one: there are 3 rows/);
    expect(told.obstacles.map(({ code }) => code)).toEqual(['model-unusable']);
  });
});

describe('health', () => {
  it('tells how each part answers', async () => {
    const house = await openHouse();
    expect(await health(house)).toMatchObject({
      state: 'ok',
      trading_state: 'ACTIVE',
      database: { state: 'ok', latency_ms: 0 },
      queue: { state: 'ok', latency_ms: 0, detail: '0 commands wait' },
      broker: { state: 'ok', latency_ms: 0 },
      reconciliation: { state: 'ok', age_ms: 30_000, detail: 'fresh' },
    });
  });

  it('says that the broker is down without asking it more than a few times a minute', async () => {
    const house = await openHouse();
    let questions = 0;
    const clock = (): Promise<never> => {
      questions += 1;
      return Promise.reject(new Fault('transient', 'broker-unreachable', 'no connection'));
    };
    house.dependencies = { ...house.dependencies, broker: { ...house.dependencies.broker, clock } };
    for (let round = 0; round < 5; round += 1) await health(house);
    expect(await health(house)).toMatchObject({
      state: 'down',
      broker: { state: 'down', detail: 'broker-unreachable' },
    });
    expect(questions).toBe(1);
    house.clock.moveBy(15_000);
    await health(house);
    expect(questions).toBe(2);
  });

  it('is degraded while a circuit in front of the broker is open', async () => {
    const house = await openHouse();
    const gate = openGate(NOW);
    const orders = { ...closedCircuit(NOW), phase: 'open' as const, waitUntil: addMs(NOW, 15_000) };
    const trading = { ...gate, circuits: { ...gate.circuits, orders } };
    house.dependencies = {
      ...house.dependencies,
      traffic: { read: () => Promise.resolve({ trading, data: null }) },
    };
    const told = await health(house);
    expect(told).toMatchObject({ state: 'degraded', broker: { circuits: { reads: 'closed', orders: 'open' } } });
  });

  it('says so when reconciliation is stale in session, and that nothing but reducing passes', async () => {
    const house = await openHouse();
    house.clock.moveBy(600_000);
    const told = await health(house);
    expect(told).toMatchObject({ state: 'down', trading_state: 'REDUCING', reconciliation: { state: 'down' } });
    expect(told.trading_state_reason).not.toBeNull();
  });

  it('knows the first pass of a day before its open for what it is, and does not take one of the day before', async () => {
    const house = await openHouse();
    const { safety, build } = house.dependencies;
    house.clock.moveTo(parseEpochMs('2026-03-10T13:05:00Z'));
    const passed = (session: CalendarDate, agoMs: number) =>
      safety.recordPass(house.account, { startedAt: addMs(house.clock.now(), -agoMs), session, build });
    await passed(SESSION, 60_000);
    expect(await health(house)).toMatchObject({
      trading_state: 'REDUCING',
      trading_state_reason: 'no reconciliation pass has succeeded in this session',
    });
    await passed(calendarDate('2026-03-10'), 30_000);
    expect(await health(house)).toMatchObject({ trading_state: 'ACTIVE', reconciliation: { session: '2026-03-10' } });
  });
});

describe('metrics', () => {
  it('has the groups that were named: orders, broker calls, health, reconciliation, performance', async () => {
    const house = await openHouse();
    const gate = openGate(NOW);
    house.dependencies = {
      ...house.dependencies,
      traffic: { read: () => Promise.resolve({ trading: gate, data: null }) },
    };
    const { text } = await house.ask('getMetrics');
    const names = new Set([...text.matchAll(/^belay_([a-z_]+)\{/gm)].map((match) => match[1]));
    for (const name of [
      'orders_open',
      'order_facts_today',
      'broker_requests_limit',
      'broker_circuit_closed',
      'trading_active',
      'commands_waiting',
      'reconciliation_age_seconds',
      'symbols_quarantined',
      'equity',
      'session_profit',
    ]) {
      expect([name, names.has(name)]).toEqual([name, true]);
    }
    // Each line is a comment or a sample, and each family is told of once.
    for (const line of text.trimEnd().split('\n')) {
      expect(line).toMatch(
        /^(# (HELP|TYPE) belay_[a-z_]+ .+|belay_[a-z_]+\{[a-z_]+="[^"]*"(,[a-z_]+="[^"]*")*\} -?[\d.e+-]+)$/,
      );
    }
    expect([...text.matchAll(/^# TYPE (\S+)/gm)]).toHaveLength(names.size);
  });
});

describe('the performance of the last sessions', () => {
  const read = async (house: ControlHouse, days?: string) =>
    SCHEMAS.getDailyPerformance.success.body.parse(
      (await house.ask('getDailyPerformance', days === undefined ? {} : { query: { days } })).json(),
    );

  it('tells each session and sums them up, and the one that goes on as not closed', async () => {
    const house = await openHouse();
    await keepSession(house, '2026-03-06', '100000', '101000');
    const told = await read(house, '5');
    expect(told.sessions).toMatchObject([
      { session: '2026-03-06', closed: true, profit: '1000', realized_profit: '5' },
    ]);
    expect(told.sessions[0]?.return).toBeCloseTo(0.01, 12);
    expect(told.summary).toMatchObject({ sessions: 1, profit: '1000', sharpe: null });
    await keepSession(house, SESSION, '101000', null);
    house.clock.moveBy(300_000);
    expect((await read(house, '5')).sessions[0]).toMatchObject({ session: SESSION, closed: false, equity: '100000' });
  });

  it('is kept for as long as is set, and read again after', async () => {
    const house = await openHouse();
    const first = await house.ask('getDailyPerformance');
    expect(first.headers['cache-control']).toBe('private, max-age=300');
    await keepSession(house, '2026-03-06', '100000', '99000');
    house.clock.moveBy(299_000);
    const kept = await house.ask('getDailyPerformance');
    expect([kept.text, kept.headers['cache-control']]).toEqual([first.text, 'private, max-age=1']);
    // Another number of days is another answer.
    expect((await read(house, '3')).sessions).toHaveLength(1);
    house.clock.moveBy(1_000);
    expect((await read(house)).sessions).toMatchObject([{ profit: '-1000' }]);
  });
});

describe('what people ask of other rooms', () => {
  it('is shown until a whole pass has answered it, once for a repeat under one key', async () => {
    const house = await openHouse();
    const headers = { 'idempotency-key': 'k-1' };
    const answers = await Promise.all([
      house.ask('runReconciliation', { headers }),
      house.ask('runReconciliation', { headers, body: { reason: 'look again' } }),
    ]);
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    await house.ask('runReconciliation');
    const status = SCHEMAS.getReconciliation.success.body.parse((await house.ask('getReconciliation')).json());
    expect(status.asked).toHaveLength(2);
    const facts = await house.dependencies.journal.byDay('2026-03-09');
    expect(facts.filter(({ type }) => type === 'reconciliation.requested.v1')).toHaveLength(2);
  });

  it('is refused where a dry run would book nothing, or the span is none', async () => {
    const house = await openHouse();
    const body = { after: '2026-03-01T00:00:00Z' };
    const inDryRun = await house.ask('backfillFills', { body });
    expect([inDryRun.status, inDryRun.text.includes('backfill-in-dry-run')]).toEqual([409, true]);
    house.dependencies = { ...house.dependencies, dryRun: false };
    const backwards = await house.ask('backfillFills', { body: { ...body, until: '2026-02-01T00:00:00Z' } });
    expect([backwards.status, backwards.text.includes('backfill-span')]).toEqual([422, true]);
  });

  it('wakes the room of signals by a fact, once for a repeat under one key', async () => {
    const house = await openHouse();
    const headers = { 'idempotency-key': 'k-1' };
    const answer = await house.ask('generateSignals', { headers });
    expect((await house.ask('generateSignals', { headers })).text).toBe(answer.text);
    expect(answer.json()).toMatchObject({ session: '2026-03-06', status_url: expect.stringContaining('signals:2026') });
    const facts = await house.dependencies.journal.byDay('2026-03-09');
    expect(facts.filter(({ type }) => type === 'signals.requested.v1')).toMatchObject([{ data: { by: 'ada' } }]);
  });
});

async function keepSession(house: ControlHouse, session: string, start: string, end: string | null): Promise<void> {
  const store = reconciliationsStore(house.tables, 'reconcile');
  const at = house.clock.now();
  const date = calendarDate(session);
  await store.keepSession(house.account, date, { at, figures: figuresAt(start), ended: false });
  if (end !== null) await store.keepSession(house.account, date, { at, figures: figuresAt(end), ended: true });
}
