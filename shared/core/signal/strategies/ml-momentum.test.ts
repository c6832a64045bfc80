import { describe, expect, it } from 'vitest';
import { strategyId, ticker } from '#shared/core/kernel/identity.ts';
import { calendarDate } from '#shared/core/kernel/instant.ts';
import { sliceBars } from '#shared/core/market/history.ts';
import { adjustForSplits } from '#shared/core/market/splits.ts';
import type { BarColumns } from '#shared/core/market/types.ts';
import { type ModelVersion, modelVersion } from '../model/model-version.ts';
import { momentumTrainer } from '../model/momentum-model.ts';
import { trainedThroughFor } from '../model/walk-forward.ts';
import type { ModelTrainer } from '../strategy.ts';
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
const trainer = momentumTrainer(plan);

function trained(bars: readonly BarColumns[], asOf: string, of: ModelTrainer = trainer): ModelVersion {
  const date = calendarDate(asOf);
  const through = trainedThroughFor(date);
  const training = of.train(new MarketHistory(bars).symbolsAsOf(through, null, date), through);
  if (training.kind === 'not-trained') throw new Error(training.reason);
  return training.version;
}

const base = trained(market(), '2023-08-15');
const fixedModel = (intercept: number): ModelVersion =>
  modelVersion(
    {
      means: Array.from({ length: 9 }, () => 0),
      scales: Array.from({ length: 9 }, () => 1),
      intercept,
      weights: Array.from({ length: 9 }, () => 0),
    },
    base.metadata,
  );

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

describe('momentumTrainer', () => {
  it('finds what is there to find, and says how it was trained', () => {
    expect(base.metadata).toMatchObject({
      strategyId: 'ml-momentum',
      trainedThrough: '2023-06-30',
      horizonSessions: 5,
      symbols: ['S0', 'S1', 'S2', 'S3', 'S4', 'S5', 'S6', 'S7'],
      converged: true,
      l2: 10,
    });
    expect(base.version.startsWith('2023-06-30-')).toBe(true);
    expect(base.metadata.trainedFrom >= '2022-03-01').toBe(true);
    expect(base.metadata.features).toHaveLength(base.model.weights.length);
    const { inSample, outOfSample } = base.metadata;
    expect(inSample.logLoss).toBeLessThan(0.45);
    expect(inSample.accuracy).toBeGreaterThan(0.8);
    expect(outOfSample).toMatchObject({ trainedThrough: '2023-03-31', through: '2023-06-30' });
    expect(outOfSample?.accuracy).toBeGreaterThan(0.75);
    // Eight symbols, 62 sessions, a row every fifth, whose label has to be known by the end.
    expect(outOfSample?.samples).toBeGreaterThan(70);
    expect(outOfSample?.samples).toBeLessThan(100);
  });

  it('scores out of sample by a model that knew no label of the quarter', () => {
    // Where the last quarter runs against all that came before, the model of before is worse than a coin.
    const turn = DATES.findIndex((date) => date > '2023-03-31');
    const turned = market().map((bars) => {
      const close = bars.close.map((value, day) => (day < turn ? value : (bars.close[turn] ?? 0) ** 2 / value));
      return { ...bars, open: close, high: close.map((v) => v * 1.01), low: close.map((v) => v * 0.99), close };
    });
    const { outOfSample, inSample } = trained(turned, '2023-08-15').metadata;
    expect(inSample.accuracy).toBeGreaterThan(outOfSample?.accuracy ?? 1);
    expect(trained(market(240), '2022-11-15').metadata.outOfSample).toBeNull();
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
    expect(trained(changed, '2023-08-15')).toEqual(base);
    // One day earlier is inside, so the model must tell the difference.
    const inside = market().map((bars) => ({
      ...bars,
      close: bars.close.with(cut - 1, (bars.close[cut - 1] ?? 0) * 1.2),
    }));
    expect(trained(inside, '2023-08-15').version).not.toBe(base.version);
  });

  it('is the same from any session of the quarter, also where a symbol has gone since', () => {
    const gone = market().map((bars, rank) =>
      rank === 3 ? sliceBars(bars, 0, dayOf(calendarDate('2023-07-20'))) : bars,
    );
    for (const asOf of ['2023-07-03', '2023-08-15', '2023-09-29']) {
      expect(trained(market(), asOf)).toEqual(base);
      expect(trained(gone, asOf)).toEqual(base);
    }
  });

  it('is the same after a split has restated all that came before', () => {
    const split = { date: calendarDate('2023-07-20'), to: 3, from: 1 };
    const restated = market().map((bars) => adjustForSplits(bars, [{ ...split, ticker: bars.ticker }], split.date));
    expect(restated[0]?.close[0]).not.toBe(market()[0]?.close[0]);
    expect(trained(restated, '2023-08-15')).toEqual(base);
  });

  it('trains nothing on too few rows, and thins too many', () => {
    const through = dateAt(99);
    const few = trainer.train(viewAt(new MarketHistory(market(100)), through).symbols, through);
    expect(few).toEqual({ kind: 'not-trained', reason: expect.stringMatching(/expected at least 200/) });
    const thin = trained(market(), '2023-12-29', momentumTrainer({ ...plan, samplesMax: 300 }));
    expect(trained(market(), '2023-12-29').metadata.inSample.samples).toBeGreaterThan(500);
    expect(thin.metadata.inSample.samples).toBeLessThanOrEqual(300);
    expect(thin.metadata.inSample.samples).toBeGreaterThan(200);
  });

  it('says what keeps a version from speaking for the strategy', () => {
    const withMetadata = (changed: Partial<ModelVersion['metadata']>): ModelVersion =>
      modelVersion(base.model, { ...base.metadata, ...changed });
    expect(trainer.unfit(base)).toBeNull();
    expect(trainer.unfit(null)).toBe('is not there');
    expect(trainer.unfit(withMetadata({ converged: false }))).toBe('did not converge');
    expect(trainer.unfit(withMetadata({ strategyId: strategyId('momentum') }))).toMatch(
      /is of momentum, not of ml-momentum/,
    );
    expect(trainer.unfit(withMetadata({ featureSet: { name: 'old', hash: 'x' } }))).toMatch(/reads the features old/);
    expect(trainer.unfit(withMetadata({ horizonSessions: 9 }))).toMatch(/9 sessions ahead; the strategy holds for 5/);
    expect(trainer.unfit({ ...base, model: { ...base.model, weights: [1] } })).toMatch(/has 1 weights; expected 9/);
  });

  it('counts other features, labels and penalties as another plan', () => {
    const plans = [plan, { ...plan, l2: 11 }, { ...plan, horizonSessions: 6 }, { ...plan, samplesMax: 300 }];
    expect(new Set(plans.map((one) => momentumTrainer(one).planId)).size).toBe(4);
    expect(momentumTrainer({ ...plan }).planId).toBe(trainer.planId);
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

  it('names the version in each signal that the model made', () => {
    const [signal] = run(mlMomentum(), market());
    expect(signal?.modelVersion?.startsWith(trainedThroughFor(signal.asOf))).toBe(true);
  });

  it('enters nothing without a model, and still leaves after its time', () => {
    expect(run(mlMomentum(), market(60), { model: null })).toEqual([]);
    const signals = run(mlMomentum(), [barsOf(swinging(0, 120))], { position: heldSince(110), model: null });
    expect(signals.map(({ asOf, reason, modelVersion: by }) => [dayOf(asOf), reason.code, by])[0]).toEqual([
      115,
      'held-long-enough',
      null,
    ]);
  });

  it('leaves after five sessions, or when the model turns', () => {
    const bars = [barsOf(swinging(0, 120))];
    const codes = (intercept: number): (string | number)[][] =>
      run(mlMomentum(), bars, { model: fixedModel(intercept), position: heldSince(110) })
        .filter(({ asOf }) => dayOf(asOf) >= 111)
        .map(({ asOf, reason }) => [dayOf(asOf), reason.code]);
    expect(codes(0)[0]).toEqual([115, 'held-long-enough']);
    expect(codes(-0.3)[0]).toEqual([111, 'model-reversed']);
  });
});
