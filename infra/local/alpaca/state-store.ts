/**
 * Keeps an account on disk: a snapshot, written beside and renamed into place, and a log of what changed since, one
 * line a step, written before the step is answered. A process that is killed loses no line that it had written; a line
 * cut off at the end was never answered for.
 */
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { type EpochMs, addMs, msOf } from '#shared/core/kernel/instant.ts';
import { hexOf } from '#shared/core/venue/fingerprint.ts';
import { type VenueSnapshot, snapshotOf } from '#shared/core/venue/venue-snapshot.ts';
import type { VenueNews } from '#shared/core/venue/venue-state.ts';
import type { Desk } from './desk.ts';
import { type SavedChange, type SavedSnapshot, savedChange, savedSnapshot, stateText } from './state-schema.ts';

const LOG_BYTES_MAX = 16 * 1_048_576;

/** What was kept of an account. */
export interface KeptAccount {
  readonly venue: VenueSnapshot;
  readonly preferences: Desk['preferences'];
  readonly generation: number;
}

interface Files {
  readonly snapshot: string;
  readonly log: (generation: number) => string;
}

/** A key may hold anything; its hash is a file name. */
function filesOf(directory: string, key: string): Files {
  const name = `account-${hexOf(0, 'account-file:', key, 0).slice(0, 16)}`;
  return {
    snapshot: join(directory, `${name}.json`),
    log: (generation) => join(directory, `${name}.${generation}.jsonl`),
  };
}

/** The snapshot with all that happened since. */
function applyLog(kept: SavedSnapshot, log: readonly SavedChange[]): Omit<KeptAccount, 'generation'> {
  const orders = new Map(kept.venue.orders.map((order) => [order.id, order]));
  const due = new Map(kept.venue.due.map((event) => [event.entry, event]));
  const executions = [...kept.venue.executions];
  const adjustments = [...kept.venue.adjustments];
  const equityCloses = [...kept.venue.equityCloses];
  for (const change of log) {
    for (const order of change.orders) orders.set(order.id, order);
    for (const event of change.dueAdded) due.set(event.entry, event);
    for (const entry of change.dueRemoved) due.delete(entry);
    executions.push(...change.executions);
    adjustments.push(...change.adjustments);
    equityCloses.push(...change.equityCloses);
  }
  const last = log.at(-1);
  const { cash, feesPaid, realised, flags, positions, dueCount, lastStamp } = last ?? kept.venue;
  return {
    preferences: last?.preferences ?? kept.preferences,
    venue: {
      openedAt: kept.venue.openedAt,
      openingCash: kept.venue.openingCash,
      cash,
      feesPaid,
      realised,
      flags,
      positions,
      dueCount,
      lastStamp,
      orders: [...orders.values()],
      executions,
      adjustments,
      equityCloses,
      due: [...due.values()],
    },
  };
}

/** Every whole line; the last one may have been cut off by the end of the process, any other may not. */
function readLog(path: string): readonly SavedChange[] {
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, 'utf8').split('\n');
  const rest = lines.pop();
  const changes = lines.map((line, index) => {
    const read = savedChange.safeParse(JSON.parse(line));
    if (!read.success) throw new Error(`${path}, line ${index + 1}: ${read.error.message}`);
    return read.data;
  });
  if (rest !== undefined && rest !== '') process.stderr.write(`${path}: dropped a line that was never finished\n`);
  return changes;
}

interface Kept extends KeptAccount {
  readonly seed: number;
}

function readKept(files: Files): Kept | null {
  if (!existsSync(files.snapshot)) return null;
  const read = savedSnapshot.safeParse(JSON.parse(readFileSync(files.snapshot, 'utf8')));
  if (!read.success) throw new Error(`${files.snapshot}: ${read.error.message}`);
  const { generation, seed } = read.data;
  return { ...applyLog(read.data, readLog(files.log(generation))), generation, seed };
}

/**
 * What was kept of the account in the directory; null when nothing was.
 * @throws Error when it was kept under another seed, or cannot be read.
 */
export function readAccount(directory: string, key: string, seed: number): KeptAccount | null {
  const kept = readKept(filesOf(directory, key));
  if (kept !== null && kept.seed !== seed)
    throw new Error(`${directory} was kept under seed ${kept.seed}, not ${seed}`);
  return kept;
}

/** The last instant of what was kept of the account; null when nothing was. */
export function keptUntil(directory: string, key: string): EpochMs | null {
  const kept = readKept(filesOf(directory, key));
  return kept === null || kept.venue.lastStamp === 0n ? null : addMs(msOf(kept.venue.lastStamp), 1);
}

export interface AccountStore {
  /** Writes what has changed since the last time; nothing when nothing has. */
  keep(news: readonly VenueNews[]): void;
  close(): void;
}

type Figures = Pick<SavedChange, 'cash' | 'feesPaid' | 'realised' | 'flags' | 'preferences' | 'dueCount' | 'lastStamp'>;

function figuresOf(desk: Desk): Figures {
  const { state } = desk.venue;
  return {
    cash: state.cash,
    feesPaid: state.feesPaid,
    realised: state.realised,
    flags: state.flags,
    preferences: desk.preferences,
    dueCount: state.dueCount,
    lastStamp: state.lastStamp,
  };
}

/** What the log has told so far. */
interface Told {
  readonly figures: string;
  readonly due: ReadonlySet<number>;
  readonly executions: number;
  readonly adjustments: number;
  readonly equityCloses: number;
}

const toldOf = (desk: Desk): Told => ({
  figures: stateText(figuresOf(desk)),
  due: new Set(desk.venue.state.due.map((event) => event.entry)),
  executions: desk.venue.state.executions.length,
  adjustments: desk.venue.state.adjustments.length,
  equityCloses: desk.venue.state.equityCloses.length,
});

/** One line of the log: what is new since the last one. Null when nothing is. */
function changeSince(desk: Desk, told: Told, news: readonly VenueNews[]): string | null {
  const { state } = desk.venue;
  const present = new Set(state.due.map((event) => event.entry));
  const dueAdded = state.due.filter((event) => !told.due.has(event.entry));
  const dueRemoved = [...told.due].filter((entry) => !present.has(entry));
  const figures = figuresOf(desk);
  const still = news.length === 0 && dueAdded.length === 0 && dueRemoved.length === 0;
  if (still && stateText(figures) === told.figures) return null;
  const numbers = new Set(news.map((item) => item.order.number));
  return stateText({
    ...figures,
    positions: [...state.positions.values()],
    orders: [...numbers].map((number) => state.orders[number - 1]),
    executions: state.executions.slice(told.executions),
    adjustments: state.adjustments.slice(told.adjustments),
    equityCloses: state.equityCloses.slice(told.equityCloses),
    dueAdded,
    dueRemoved,
  });
}

/** Writes the whole state beside the old one and renames it into its place. */
function writeSnapshot(path: string, desk: Desk, generation: number): void {
  const saved: SavedSnapshot = {
    format: 1,
    seed: desk.venue.rules.seed,
    generation,
    venue: snapshotOf(desk.venue.state),
    preferences: desk.preferences,
  };
  const beside = `${path}.new`;
  writeFileSync(beside, stateText(saved));
  renameSync(beside, path);
}

/** Goes on keeping an account: writes a fresh snapshot first, so that the log starts empty. */
export function accountStore(directory: string, desk: Desk, generationBefore: number): AccountStore {
  mkdirSync(directory, { recursive: true });
  const files = filesOf(directory, desk.credentials.key);
  let generation = generationBefore;
  let file = -1;
  let logBytes = 0;
  let told = toldOf(desk);

  function compact(): void {
    generation += 1;
    writeSnapshot(files.snapshot, desk, generation);
    if (file !== -1) closeSync(file);
    file = openSync(files.log(generation), 'a');
    rmSync(files.log(generation - 1), { force: true });
    logBytes = 0;
  }

  compact();
  return {
    keep(news) {
      const line = changeSince(desk, told, news);
      if (line === null) return;
      logBytes += writeSync(file, `${line}\n`);
      if (logBytes > LOG_BYTES_MAX) compact();
      told = toldOf(desk);
    },
    close: () => closeSync(file),
  };
}
