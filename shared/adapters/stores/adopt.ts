/** The one named exception to the claim: an order that is at the broker already, taken into the table. */
import type { Room } from '#events/envelope.ts';
import { readBook } from '#shared/adapters/stores/book-item.ts';
import { bookKey } from '#shared/adapters/stores/keys.ts';
import { stepWrites } from '#shared/adapters/stores/step-writes.ts';
import { Fault } from '#shared/core/kernel/fault.ts';
import { adoptOrphan } from '#shared/core/order/broker-snapshot.ts';
import type { Clock } from '#shared/ports/clock.ts';
import type { Adoption, Settled } from '#shared/ports/orders.ts';
import type { Tables } from '#shared/ports/tables.ts';

const SWAP_ROUNDS_MAX = 20;

/** @returns null when the order has a row already: its news is settled as any other's. */
export async function adopt(tables: Tables, room: Room, clock: Clock, adoption: Adoption): Promise<Settled | null> {
  const { intent, reservation, found, sequenceBefore } = adoption;
  const { accountId, ticker } = intent.terms;
  for (let round = 0; round < SWAP_ROUNDS_MAX; round += 1) {
    const item = await tables.get('books', bookKey(accountId, ticker));
    if (item === null) throw new Fault('permanent', 'book-missing', `${accountId} has no book of ${ticker}`);
    const now = clock.now();
    const made = adoptOrphan(intent, reservation, found, now);
    const order = { ...made.order, journalSequence: sequenceBefore + made.consequences.facts.length };
    const step = { ...made, order };
    const change = { before: null, sequenceBefore, step, book: readBook(item), now };
    const outcome = await tables.transact(stepWrites(room, change));
    if (outcome.ok) return { order, changed: true, followUps: made.consequences.followUps };
    const names = outcome.failures.flatMap((failure) => failure.names);
    if (names.includes('order-exists')) return null;
    if (names.some((name) => name !== 'book-version-changed')) {
      throw new Fault('permanent', 'adoption-refused', `${found.brokerOrderId} cannot be adopted: ${names.join(', ')}`);
    }
  }
  throw new Fault('transient', 'order-contended', `other writers of the book of ${ticker} won every round`);
}
