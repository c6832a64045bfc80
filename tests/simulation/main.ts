/** `npm run simulate`: worlds by their seeds, until something does not hold. */
import { Command, InvalidArgumentError } from 'commander';
import { progressBar } from '#infra/local/run/progress-bar.ts';
import { AS_BUILT } from './alterations.ts';
import type { Findings } from './campaign.ts';
import { REACHABLE_PAIRS, STATE_PAIRS } from './coverage.ts';
import { leadWithCrew } from './crew.ts';
import { INVARIANTS } from './invariants.ts';
import { madeMarkets, symbols } from './market.ts';
import { isPlantName, PLANT_NAMES, PLANTS, plantNamed } from './plants.ts';
import { planOf } from './rare.ts';
import { realMarkets } from './real-bars.ts';
import { type RunOptions, runWorld } from './run-world.ts';
import { Shrinker } from './shrink.ts';

interface Options {
  readonly seeds: number;
  readonly from: number;
  readonly seed?: number;
  readonly trace?: boolean;
  readonly json?: boolean;
  readonly plant?: string;
  readonly plants?: boolean;
  readonly members?: number;
  readonly bars?: string;
}

const wholeNumber =
  (min: number) =>
  (text: string): number => {
    const value = Number(text);
    if (!/^\d{1,9}$/.test(text) || value < min) throw new InvalidArgumentError(`expected a whole number from ${min}.`);
    return value;
  };

const plantName = (text: string): string => {
  if (!isPlantName(text)) throw new InvalidArgumentError(`expected one of ${PLANT_NAMES.join(', ')}.`);
  return text;
};

type Setting = Pick<Options, 'plant' | 'bars'>;

/** What every world of this run is led with, made anew for each. */
async function optionsOf({ plant, bars }: Setting): Promise<() => RunOptions> {
  const markets = bars === undefined ? madeMarkets : await realMarkets(bars, symbols);
  return () => ({ markets, alterations: plant === undefined ? AS_BUILT : plantNamed(plant).alterations() });
}

const replayCommand = (seed: number, { plant, bars }: Setting): string =>
  [
    `npm run simulate -- --seed ${seed} --trace`,
    ...(plant === undefined ? [] : [`--plant ${plant}`]),
    ...(bars === undefined ? [] : [`--bars ${bars}`]),
  ].join(' ');

const rate = (worlds: number, startedAt: number): number => worlds / ((performance.now() - startedAt) / 1_000);

/** Shrinks a failing seed and tells its story. */
async function explain(seed: number, setting: Setting): Promise<void> {
  const plan = planOf(seed);
  const options = await optionsOf(setting);
  const result = await runWorld(plan, options());
  if (result.violation === null) {
    console.log(`seed ${seed}: in another process nothing is broken`);
    return;
  }
  const { invariant, what } = result.violation;
  const shrunk = await new Shrinker(plan, result, options).shrink();
  console.log(`\nseed ${seed} breaks ${invariant === 0 ? 'a rule of its own' : `invariant ${invariant}`}: ${what}`);
  if (invariant !== 0) console.log(`  (${INVARIANTS[invariant]})`);
  console.log(`the shortest trace that was found, in ${shrunk.tries} tries:`);
  for (const line of shrunk.result.lines) if (isTelling(line)) console.log(`  ${line}`);
  console.log(`replay: ${replayCommand(seed, setting)}\n`);
}

/** What a reader of a story skips: reads, and what is said each minute whatever happens. */
const DULL =
  /tables: (get|query)|broker: GET|bus: publish|tables: write (safety|books)|reconciliation\.checked|ended: done/;
const isTelling = (line: string): boolean => !DULL.test(line);

async function replay(seed: number, options: Options): Promise<number> {
  const result = await runWorld(planOf(seed), { ...(await optionsOf(options))(), keepTrace: true });
  if (options.trace === true) for (const line of result.lines) console.log(line);
  const { violation, hash, tally } = result;
  const verdict = violation === null ? 'nothing is broken' : `${violation.invariant}: ${violation.what}`;
  console.log(`seed ${seed}: ${tally.steps} steps, hash ${hash}, ${verdict}`);
  return violation === null ? 0 : 1;
}

const summaryOf = (sum: Findings, worldsPerSecond: number) => ({
  seeds: sum.worlds,
  violations: sum.caught.length,
  worldsPerSecond: Math.round(worldsPerSecond * 10) / 10,
  steps: sum.steps,
  crashes: sum.crashes,
  statePairsCovered: sum.statePairs.length,
  statePairsReachable: REACHABLE_PAIRS.size,
  statePairsTotal: STATE_PAIRS.size,
  faults: sum.faults,
});

function printSummary(sum: Findings, worldsPerSecond: number): void {
  const summary = summaryOf(sum, worldsPerSecond);
  const { seeds, violations, steps, crashes, statePairsCovered, statePairsReachable, statePairsTotal } = summary;
  console.log(`${seeds} worlds, ${worldsPerSecond.toFixed(1)} a second, ${steps} steps, ${crashes} crashes`);
  console.log(`${violations} worlds in which something did not hold`);
  console.log(
    `${statePairsCovered} pairs of state and event of ${statePairsReachable} that a world can come to (${statePairsTotal} are legal)`,
  );
  console.log(`${sum.faultSteps.length} pairs of fault and step`);
  const faults = Object.entries(sum.faults).sort(([, a], [, b]) => b - a);
  for (const [kind, count] of faults) console.log(`  ${String(count).padStart(8)}  ${kind}`);
}

const EXPLAINED_MAX = 3;

async function campaign(options: Options): Promise<number> {
  const { seeds, from, plant, bars, json = false, members } = options;
  const startedAt = performance.now();
  const bar = progressBar(process.stderr, seeds, 'worlds');
  const sum = await leadWithCrew({
    from,
    seeds,
    plant: plant ?? null,
    bars: bars ?? null,
    untilCaught: plant !== undefined,
    ...(members === undefined ? {} : { members }),
    onProgress: ({ worlds, caught }) =>
      bar.show(worlds, `${rate(worlds, startedAt).toFixed(1)} a second, ${caught.length} failed`),
  });
  bar.end();
  const worldsPerSecond = rate(sum.worlds, startedAt);
  if (!json) printSummary(sum, worldsPerSecond);
  for (const { seed } of sum.caught.slice(0, json ? 0 : EXPLAINED_MAX)) await explain(seed, options);
  for (const { seed, violation } of sum.caught) {
    console.log(
      `seed ${seed}: ${violation.invariant}: ${violation.what.split('\n')[0]}; ${replayCommand(seed, options)}`,
    );
  }
  if (json) console.log(JSON.stringify(summaryOf(sum, worldsPerSecond)));
  // A planted bug that is not caught is the failure.
  return (plant === undefined) === (sum.caught.length === 0) ? 0 : 1;
}

const program = new Command('simulate')
  .description('The production code of every function in worlds of bad luck, one for each seed.')
  .option('--seeds <n>', 'how many worlds', wholeNumber(1), 1_000)
  .option('--from <seed>', 'the first seed', wholeNumber(0), 0)
  .option('--seed <seed>', 'leads one world', wholeNumber(0))
  .option('--trace', 'tells all that happens in that one world')
  .option('--plant <name>', 'switches a planted bug on, and ends with the first world that catches it', plantName)
  .option('--plants', 'lists the planted bugs')
  .option('--bars <path>', 'a file of real daily bars that the worlds trade on; made-up ones unless told')
  .option('--members <n>', 'processes at most; as many as there are processors unless told', wholeNumber(1))
  .option('--json', 'ends with one line of JSON')
  .action(async (options: Options) => {
    if (options.plants === true) {
      for (const name of PLANT_NAMES) console.log(`${name.padEnd(26)} ${PLANTS[name].says}`);
    } else if (options.seed !== undefined) process.exitCode = await replay(options.seed, options);
    else process.exitCode = await campaign(options);
  });

await program.parseAsync();
