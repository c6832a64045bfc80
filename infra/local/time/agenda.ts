/** What is to happen at instants of the house's clock beside schedules: retries, and messages that are seen again. */

interface Entry {
  readonly atMs: number;
  readonly ordinal: number;
  readonly work: () => Promise<void>;
}

export class Agenda {
  readonly #entries: Entry[] = [];
  #ordinal = 0;

  /** Entries of one instant are done in the order in which they were put down. */
  put(atMs: number, work: () => Promise<void>): void {
    this.#ordinal += 1;
    const entry = { atMs, ordinal: this.#ordinal, work };
    const index = this.#entries.findIndex((other) => other.atMs > atMs);
    this.#entries.splice(index === -1 ? this.#entries.length : index, 0, entry);
  }

  nextAtMs(): number | null {
    return this.#entries[0]?.atMs ?? null;
  }

  get size(): number {
    return this.#entries.length;
  }

  /** Does the first entry whose instant has come; false when there is none. */
  async step(nowMs: number): Promise<boolean> {
    const first = this.#entries[0];
    if (first === undefined || first.atMs > nowMs) return false;
    this.#entries.shift();
    await first.work();
    return true;
  }
}
