/**
 * How far the house has come, kept beside its tables: the instant that its clock has reached, which slots were fired,
 * and which of them have not been worked off. A house that was killed goes on from there; a slot that was open is fired
 * again, as a scheduler delivers at least once.
 */
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import * as z from 'zod';

const kept = z.strictObject({
  /** What the run is made of: other flags are another run. */
  fingerprint: z.string(),
  nowMs: z.int(),
  /** The last slot of each row. */
  fired: z.record(z.string(), z.int()),
  /** Slots whose consequences were not worked off. */
  open: z.array(z.strictObject({ row: z.string(), slotMs: z.int() })),
  /** Up to where each table's stream is handed on. */
  streams: z.record(z.string(), z.string()),
  /** Days of the run that are over. */
  days: z.int(),
});
export type KeptProgress = z.output<typeof kept>;

export class ProgressError extends Error {
  override readonly name = 'ProgressError';
}

/** @returns null for a fresh start. @throws ProgressError when the state is another run's, or not readable. */
export function readProgress(file: string, fingerprint: string): KeptProgress | null {
  if (!existsSync(file)) return null;
  const read = kept.safeParse(JSON.parse(readFileSync(file, 'utf8')));
  if (!read.success) throw new ProgressError(`${file} is not readable: ${z.prettifyError(read.error)}`);
  if (read.data.fingerprint !== fingerprint) {
    throw new ProgressError(
      `${file} belongs to a run with other flags or data: use them, or another --state directory`,
    );
  }
  return read.data;
}

export class ProgressKeeper {
  readonly #file: string | null;
  #now: KeptProgress;

  /** @param file null keeps nothing. */
  constructor(file: string | null, start: KeptProgress) {
    this.#file = file;
    this.#now = start;
  }

  get progress(): KeptProgress {
    return this.#now;
  }

  moved(nowMs: number): void {
    this.#keep({ nowMs });
  }

  /** Written before the slot is fired. */
  opened(row: string, slotMs: number): void {
    const open = this.#now.open.filter((other) => other.row !== row || other.slotMs !== slotMs);
    this.#keep({ fired: { ...this.#now.fired, [row]: slotMs }, open: [...open, { row, slotMs }] });
  }

  /** Written when nothing is pending any more. */
  workedOff(): void {
    if (this.#now.open.length > 0) this.#keep({ open: [] });
  }

  /** Not written by itself: what is handed on again does no harm. */
  handedOn(stream: string, sequenceNumber: string): void {
    this.#now = { ...this.#now, streams: { ...this.#now.streams, [stream]: sequenceNumber } };
  }

  dayOver(days: number): void {
    this.#keep({ days });
  }

  #keep(change: Partial<KeptProgress>): void {
    this.#now = { ...this.#now, ...change };
    if (this.#file === null) return;
    const whole = `${this.#file}.new`;
    writeFileSync(whole, JSON.stringify(this.#now));
    renameSync(whole, this.#file);
  }
}
