/** Facts as entries of the bus, and which of them travel together. */
import type { Fact } from '#events/envelope.ts';
import { Fault } from '#shared/core/kernel/fault.ts';

export interface BusEntry {
  readonly fact: Fact;
  /** Such as "belay.execute". */
  readonly source: string;
  /** The detail as JSON text: meta and data. */
  readonly detail: string;
}

const REQUEST_ENTRIES_MAX = 10;
const REQUEST_BYTES_MAX = 256 * 1024;
/** What the service counts for the time of an entry. */
const TIME_BYTES = 14;

/** @throws Fault `permanent` for a fact that no request can hold. */
export function entriesOf(facts: readonly Fact[]): readonly BusEntry[] {
  return facts.map((fact) => {
    const detail = JSON.stringify({ meta: fact.meta, data: fact.data });
    const entry = { fact, source: `belay.${fact.room}`, detail };
    const bytes = bytesOf(entry);
    if (bytes > REQUEST_BYTES_MAX) {
      const limits = `an entry has at most ${REQUEST_BYTES_MAX} bytes, not ${bytes}`;
      throw new Fault('permanent', 'bus-refused', `fact ${fact.meta.eventId}: ${limits}`);
    }
    return entry;
  });
}

/** Cuts the entries, in their order, into requests of at most ten and 256 KiB each. */
export function requestsOf(entries: readonly BusEntry[]): readonly (readonly BusEntry[])[] {
  const requests: BusEntry[][] = [];
  let bytes = 0;
  for (const entry of entries) {
    const size = bytesOf(entry);
    const request = requests.at(-1);
    const fits = request !== undefined && request.length < REQUEST_ENTRIES_MAX && bytes + size <= REQUEST_BYTES_MAX;
    if (fits) request.push(entry);
    else requests.push([entry]);
    bytes = fits ? bytes + size : size;
  }
  return requests;
}

const bytesOf = (entry: BusEntry): number =>
  TIME_BYTES + [entry.source, entry.fact.type, entry.detail].reduce((sum, text) => sum + Buffer.byteLength(text), 0);
