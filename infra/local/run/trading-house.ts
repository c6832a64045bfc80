/** A house with its market, its broker and its first account: everything that `npm start` runs. */
import { OPERATOR_SETTING_NAMES } from '#shared/runtime/operator-settings.ts';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { type EpochMs, epochMs } from '#shared/core/kernel/instant.ts';
import type { BrokerSimulator } from '#infra/local/alpaca/embedding.ts';
import type { FunctionFailure } from '#infra/local/lambda/function-runtime.ts';
import { type LocalMarket, openMarket } from '#infra/local/market/open-market.ts';
import { DeliveryRecord } from '#infra/local/summary/delivery-record.ts';
import { PublishedFacts } from '#infra/local/summary/published-facts.ts';
import { cachedAssembly } from '#infra/local/template/cached-assembly.ts';
import { type HouseClock, startHouseClock } from '#infra/local/time/house-clock.ts';
import { buildIdOf } from '#infra/source-hash.ts';
import { Conductor } from './conductor.ts';
import { makeFirstAccount } from './first-account.ts';
import { FrameWatch } from './frame-watch.ts';
import { type House, startHouse, workSources } from './house.ts';
import { BROKER_SECRET, runStart, startLocalBroker, venueOf } from './local-market.ts';
import { type KeptProgress, ProgressKeeper, readProgress } from './progress.ts';
import { openRunLog, type RunLog } from './run-log.ts';
import type { RunOptions } from './run-options.ts';
import type { Venue } from './venue.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const ISSUER_FILE = join(ROOT, '.belay', 'issuer.json');
/** Tells the operator's command where this house is, for as long as it runs. */
const HOUSE_FILE = join(ROOT, '.belay', 'house.json');

/** What senders of webhooks, and services that call the API, sign with at home. */
const WEBHOOK_SECRET = JSON.stringify({ secret: 'local-webhook-secret' });
const INTERNAL_SECRET = JSON.stringify({ secret: 'local-internal-secret' });

/**
 * A house that was killed and started again has lost this much of its day: longer than any lease that its functions held
 * when they died, shorter than the age at which a slot is too old to be decided on.
 */
const RESTART_MS = 50_000;

export interface TradingHouse {
  readonly options: RunOptions;
  readonly market: LocalMarket;
  readonly clock: HouseClock;
  readonly broker: BrokerSimulator;
  readonly venue: Venue;
  readonly house: House;
  readonly conductor: Conductor;
  readonly progress: ProgressKeeper;
  readonly published: PublishedFacts;
  readonly deliveries: DeliveryRecord;
  readonly failures: readonly FunctionFailure[];
  readonly log: RunLog;
  readonly resumed: boolean;
  stop(): Promise<void>;
}

/** What the state of a run belongs to. */
function fingerprintOf({ days, symbols, universe, seed, data, strategies }: RunOptions, market: LocalMarket): string {
  const [from, to] = [market.tradingDays[0]?.date, market.tradingDays.at(-1)?.date];
  return JSON.stringify({ days, symbols, universe, seed, data, strategies, from, to });
}

const freshProgress = (fingerprint: string, nowMs: number): KeptProgress => ({
  fingerprint,
  nowMs,
  fired: {},
  open: [],
  streams: {},
  days: 0,
});

interface Ground {
  readonly assemblyDirectory: string;
  readonly market: LocalMarket;
  /** Where logs go, and state where it is kept. */
  readonly directory: string;
  readonly progress: ProgressKeeper;
  readonly resumed: boolean;
  readonly startAt: EpochMs;
}

async function prepare(options: RunOptions): Promise<Ground> {
  const [assemblyDirectory, market] = await Promise.all([cachedAssembly(ROOT), openMarket(options.data, options)]);
  if (options.state !== null) mkdirSync(options.state, { recursive: true });
  const directory = options.state ?? mkdtempSync(join(tmpdir(), 'belay-'));
  const file = options.state === null ? null : join(options.state, 'progress.json');
  const fingerprint = fingerprintOf(options, market);
  const kept = file === null ? null : readProgress(file, fingerprint);
  const over = kept !== null && kept.days >= options.days;
  const startAt = kept === null ? runStart(market) : epochMs(kept.nowMs + (over ? 0 : RESTART_MS));
  const progress = new ProgressKeeper(file, kept ?? freshProgress(fingerprint, startAt));
  return { assemblyDirectory, market, directory, progress, resumed: kept !== null, startAt };
}

/** @throws MarketFileError, ProgressError, TemplateError, EmulatorError, PortInUseError; nothing is left running. */
export async function startTradingHouse(options: RunOptions): Promise<TradingHouse> {
  const ground = await prepare(options);
  const clock = startHouseClock(ground.startAt);
  const stops: (() => void | Promise<void>)[] = [() => clock.stop()];
  const stop = async (): Promise<void> => {
    for (const one of stops.splice(0).reverse()) await one();
  };
  try {
    return await furnish(options, ground, clock, { stop, add: (one) => stops.push(one) });
  } catch (error) {
    await stop();
    throw error;
  }
}

interface Stops {
  readonly stop: () => Promise<void>;
  readonly add: (stop: () => void | Promise<void>) => void;
}

async function furnish(options: RunOptions, ground: Ground, clock: HouseClock, stops: Stops): Promise<TradingHouse> {
  const { market, directory, progress, resumed } = ground;
  const log = openRunLog(directory, options.verbose);
  stops.add(() => log.close());
  const broker = await startLocalBroker(market, clock, options.seed, options.state);
  stops.add(() => broker.close());
  const published = new PublishedFacts(options.state === null ? null : join(directory, 'published.txt'));
  const deliveries = new DeliveryRecord();
  const failures: FunctionFailure[] = [];
  const house = await startHouse({
    assemblyDirectory: ground.assemblyDirectory,
    clock,
    progress,
    port: options.port,
    stateDirectory: options.state,
    issuerFile: ISSUER_FILE,
    changes: {
      // What the shell sets holds here as at a deploy: `SAFE_MODE=true npm start`.
      ...chosenIn(process.env),
      // Orders may leave, and nowhere but to the simulator.
      DRY_RUN: 'false',
      ALPACA_BASE_URL: broker.url,
      ALPACA_DATA_URL: broker.url,
      ALPACA_STREAM_URL: broker.orderStreamUrl,
      BUILD_ID: buildIdOf(ROOT),
    },
    secrets: {
      SECRET_BROKER_ID: BROKER_SECRET,
      SECRET_WEBHOOK_ID: WEBHOOK_SECRET,
      SECRET_INTERNAL_ID: INTERNAL_SECRET,
    },
    importRoom: (room) => import(pathToFileURL(join(ROOT, 'functions', room, 'handler.ts')).href),
    logSink: log.sink,
    onFailure: (failure) => failures.push(failure),
    onEvent: (event) => published.add(event),
    onDelivered: (delivery) => {
      const isDeadLetters = house.plan.queues.some(({ deadLetter }) => deadLetter?.queueName === delivery.queueName);
      deliveries.add(delivery, isDeadLetters);
    },
  });
  stops.add(() => house.stop());
  describeHouse(house, stops);
  const universe = market.instruments.map(({ ticker }) => ticker);
  const { universeSource } = market;
  await makeFirstAccount(house, { universe, universeSource, strategies: options.strategies }, clock.now());
  const venue = venueOf(broker);
  const conductor = conduct(options, { clock, house, venue, progress, stops });
  const parts = { market, clock, broker, venue, house, conductor, progress, published, deliveries, failures, log };
  return { options, ...parts, resumed, stop: stops.stop };
}

const chosenIn = (environment: NodeJS.ProcessEnv): Readonly<Record<string, string>> =>
  Object.fromEntries(
    OPERATOR_SETTING_NAMES.flatMap((name) => {
      const { [name]: value } = environment;
      return value === undefined ? [] : [[name, value] as const];
    }),
  );

function describeHouse(house: House, stops: Stops): void {
  const variables: Record<string, string> = { ...house.machineVariables };
  for (const { environment } of house.plan.functions) Object.assign(variables, environment);
  writeFileSync(HOUSE_FILE, JSON.stringify({ apiUrl: house.apiUrl, variables }), { mode: 0o600 });
  stops.add(() => rmSync(HOUSE_FILE, { force: true }));
}

function conduct(
  options: RunOptions,
  parts: {
    readonly clock: HouseClock;
    readonly house: House;
    readonly venue: Venue;
    readonly progress: ProgressKeeper;
    readonly stops: Stops;
  },
): Conductor {
  const { clock, house, venue, progress, stops } = parts;
  const frames = new FrameWatch(venue);
  stops.add(() => frames.stop());
  return new Conductor({
    clock,
    agenda: house.agenda,
    runtime: house.runtime,
    invoker: house.invoker,
    sources: workSources(house),
    lanes: new Set(house.lanes),
    timetable: house.timetable,
    venue,
    frames,
    progress,
    everySlot: options.everyMinute,
    isWaiting: house.isWaiting,
  });
}
