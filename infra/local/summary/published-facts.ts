/** Which facts came to the bus, over a restart too. */
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import * as z from 'zod';
import type { BusEvent } from '#infra/local/rules/event-bus.ts';

const detail = z.object({ meta: z.object({ eventId: z.string() }) });

export class PublishedFacts {
  readonly #file: string | null;
  readonly #ids: Set<string>;

  /** @param file keeps the ids; null keeps them in memory. */
  constructor(file: string | null) {
    this.#file = file;
    const kept = file !== null && existsSync(file) ? readFileSync(file, 'utf8').split('\n') : [];
    this.#ids = new Set(kept.filter((id) => id !== ''));
  }

  get ids(): ReadonlySet<string> {
    return this.#ids;
  }

  add(event: BusEvent): void {
    const id = detail.safeParse(event.detail).data?.meta.eventId;
    if (id === undefined || this.#ids.has(id)) return;
    this.#ids.add(id);
    if (this.#file !== null) appendFileSync(this.#file, `${id}\n`);
  }
}
