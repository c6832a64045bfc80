import { describe, expect, it } from 'vitest';
import { ticker } from '#shared/core/kernel/identity.ts';
import { calendarDate } from '#shared/core/kernel/instant.ts';
import type { BarColumns } from '#shared/core/market/types.ts';
import type { LogisticModel } from '../model/logistic-regression.ts';
import { activateModel, emptyRegistry, type ModelVersion, registerModel } from '../model/model-registry.ts';
import { registeredModels, trainedThroughFor, trainMomentumModel, WalkForwardModels } from '../model/momentum-model.ts';
import { MarketHistory } from '../view.ts';
import { mlMomentum, trainingPlan } from './ml-momentum.ts';
import { barsOf, DATES, dateAt, dayOf, heldSince, run, viewAt } from './series-fixture.ts';

/** Swings of thirty sessions, each symbol at its own phase: what rises goes on rising for a while. */
const swinging = (phase: number, length = DATES.length): number[] =>
  Array.from(
    { length },
    (_, day) => 100 * Math.exp(0.15 * Math.sin((day + phase * 4) / 9) + 0.004 * Math.sin(day * 1.7 + phase)),
  );

const market = (length = DATES.length): readonly BarColumns[] =>
  Array.from({ length: 8 }, (_, phase) =>
    barsOf(swinging(phase, length), (day) => 1e6 * (1 + 0.3 * Math.sin(day + phase)), ticker(`S${phase}`)),
  );

const plan = trainingPlan();
const fixedModel = (intercept: number): LogisticModel => ({
  means: Array.from({ length: 9 }, () => 0),
  scales: Array.from({ length: 9 }, () => 1),
  intercept,
  weights: Array.from({ length: 9 }, () => 0),
});

function trained(bars: readonly BarColumns[], asOf: string): ModelVersion {
  const date = calendarDate(asOf);
  const version = trainMomentumModel(viewAt(new MarketHistory(bars), date), trainedThroughFor(date), plan);
  if (version === null) throw new Error('too few rows');
  return version;
}

describe('trainedThroughFor', () => {
  it('is the last session before the quarter', () => {
    const through = (text: string): string => trainedThroughFor(calendarDate(text));
    expect(['2023-01-03', '2023-03-31', '2023-04-03', '2023-08-15', '2023-12-29'].map(through)).toEqual([
      '2022-12-30',
      '2022-12-30',
      '2023-03-31',
      '2023-06-30',
      '2023-09-29',
    ]);
  });
});

describe('trainMomentumModel', () => {
  const version = trained(market(), '2023-08-15');

  it('finds what is there to find, and says how it was trained', () => {
    expect(version.metadata).toMatchObject({
      strategyId: 'ml-momentum',
      trainedThrough: '2023-06-30',
      horizonSessions: 5,
      converged: true,
      l2: 10,
    });
    expect(version.metadata.trainedFrom >= '2022-03-01').toBe(true);
    expect(version.metadata.logLoss).toBeLessThan(0.45);
    expect(version.metadata.features).toHaveLength(version.model.weights.length);
  });

  it('does not see a bar after the session it was trained through', () => {
    const cut = DATES.findIndex((date) => date > '2023-06-30');
    const changed = market().map((bars) => {
      const scramble = (column: Float64Array): Float64Array =>
        column.map((value, day) => (day < cut ? value : value * (1 + 0.2 * Math.sin(day * 3.1))));
      return {
        ...bars,
        open: scramble(bars.open),
        high: scramble(bars.high),
        low: scramble(bars.low),
        close: scramble(bars.close),
      };
    });
    expect(trained(changed, '2023-08-15')).toEqual(version);
    // One day earlier is inside, so the model must tell the difference.
    const inside = market().map((bars) => ({
      ...bars,
      close: bars.close.with(cut - 1, (bars.close[cut - 1] ?? 0) * 1.2),
    }));
    expect(trained(inside, '2023-08-15').version).not.toBe(version.version);
  });

  it('is the same from any session of the quarter', () => {
    expect(trained(market(), '2023-07-03')).toEqual(version);
    expect(trained(market(), '2023-09-29')).toEqual(version);
  });

  it('trains nothing on too few rows, and thins too many', () => {
    const view = viewAt(new MarketHistory(market(100)), dateAt(99));
    expect(trainMomentumModel(view, dateAt(99), plan)).toBeNull();
    const many = viewAt(new MarketHistory(market()), calendarDate('2023-12-29'));
    const all = trainMomentumModel(many, calendarDate('2023-12-29'), plan);
    const thin = trainMomentumModel(many, calendarDate('2023-12-29'), { ...plan, samplesMax: 300 });
    expect(all?.metadata.samples).toBeGreaterThan(600);
    expect(thin?.metadata.samples).toBeLessThanOrEqual(300);
    expect(thin?.metadata.samples).toBeGreaterThan(200);
  });
});

describe('mlMomentum', () => {
  it('enters walk-forward where the model gives a rise more than 60 %, and is mostly right here', () => {
    const bars = market();
    const signals = run(mlMomentum(), bars);
    const outcomes = signals.flatMap(({ ticker: name, asOf, confidence }) => {
      expect(confidence).toBeGreaterThan(0.6);
      const close = bars.find((columns) => columns.ticker === name)?.close;
      const later = close?.[dayOf(asOf) + 5];
      return later === undefined ? [] : [later > (close?.[dayOf(asOf)] ?? 0)];
    });
    expect(outcomes.length).toBeGreaterThan(200);
    expect(outcomes.filter(Boolean).length / outcomes.length).toBeGreaterThan(0.8);
  });

  it('says nothing without a model', () => {
    expect(run(mlMomentum({}, { modelAsOf: () => null }), market(60))).toEqual([]);
  });

  it('leaves after five sessions, or when the model turns', () => {
    const bars = [barsOf(swinging(0, 120))];
    const codes = (intercept: number): (string | number)[][] =>
      run(mlMomentum({}, { modelAsOf: () => fixedModel(intercept) }), bars, { position: heldSince(110) })
        .filter(({ asOf }) => dayOf(asOf) >= 111)
        .map(({ asOf, reason }) => [dayOf(asOf), reason.code]);
    expect(codes(0)[0]).toEqual([115, 'held-long-enough']);
    expect(codes(-0.3)[0]).toEqual([111, 'model-reversed']);
  });
});

describe('registeredModels', () => {
  const version = trained(market(), '2023-08-15');
  const registry = registerModel(emptyRegistry(plan.strategyId), version);
  const history = new MarketHistory(market());
  const at = (text: string) => viewAt(history, calendarDate(text));

  it('speaks only with the active version, and only for its quarter', () => {
    expect(registeredModels(registry).modelAsOf(at('2023-08-15'))).toBeNull();
    const active = activateModel(registry, version.version);
    const source = registeredModels(active.ok ? active.value : registry);
    expect(source.modelAsOf(at('2023-08-15'))).toEqual(version.model);
    expect(source.modelAsOf(at('2023-10-02'))).toBeNull();
  });

  it('gives the signals of the walk-forward model', () => {
    const active = activateModel(registry, version.version);
    const walk = new WalkForwardModels(plan);
    const view = at('2023-08-15');
    expect(mlMomentum({}, registeredModels(active.ok ? active.value : registry)).signals(view)).toEqual(
      mlMomentum({}, walk).signals(view),
    );
    const [used, unused] = [mlMomentum({}, walk), mlMomentum({}, registeredModels(registry))];
    expect([used.modelThrough?.(view), unused.modelThrough?.(view)]).toEqual(['2023-06-30', null]);
    expect(walk.versions.map((trainedVersion) => trainedVersion.version)).toEqual([version.version]);
  });
});
