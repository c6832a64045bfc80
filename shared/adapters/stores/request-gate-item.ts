/** The gate in front of the broker as an item. */
import { ItemReader, list, map, text, whole, wholeOrNull } from '#shared/adapters/stores/attributes.ts';
import type { Item, ItemValue } from '#shared/core/kernel/item.ts';
import { type Circuit, CIRCUIT_PHASES } from '#shared/core/safety/broker-circuit.ts';
import type { RequestGateState } from '#shared/core/safety/request-gate.ts';

const circuitItem = (circuit: Circuit): ItemValue =>
  map({
    phase: text(circuit.phase),
    failuresInRow: whole(circuit.failuresInRow),
    lastFailureAt: wholeOrNull(circuit.lastFailureAt),
    windowFrom: whole(circuit.windowFrom),
    windowAnswered: whole(circuit.windowAnswered),
    windowFailed: whole(circuit.windowFailed),
    openings: whole(circuit.openings),
    openedAt: wholeOrNull(circuit.openedAt),
    waitUntil: wholeOrNull(circuit.waitUntil),
  });

/** The attributes of a gate but for its keys. */
export const requestGateAttributes = ({ budget, circuits, tally, version }: RequestGateState): Item => ({
  limit: whole(budget.limit),
  spentUntil: whole(budget.spentUntil),
  stoppedUntil: whole(budget.stoppedUntil),
  throttles: whole(budget.throttles),
  reads: circuitItem(circuits.reads),
  orders: circuitItem(circuits.orders),
  tally: list(
    tally.map(({ minute, answered, failed }) =>
      map({ minute: whole(minute), answered: whole(answered), failed: whole(failed) }),
    ),
  ),
  version: whole(version),
});

function readCircuit(reader: ItemReader): Circuit {
  const instantOrNull = (attribute: string) => reader.orNull(attribute, (name) => reader.instant(name));
  return {
    phase: reader.oneOf('phase', CIRCUIT_PHASES),
    failuresInRow: reader.whole('failuresInRow'),
    lastFailureAt: instantOrNull('lastFailureAt'),
    windowFrom: reader.instant('windowFrom'),
    windowAnswered: reader.whole('windowAnswered'),
    windowFailed: reader.whole('windowFailed'),
    openings: reader.whole('openings'),
    openedAt: instantOrNull('openedAt'),
    waitUntil: instantOrNull('waitUntil'),
  };
}

/** @throws Fault `permanent` item-corrupt. */
export function readRequestGate(item: Item): RequestGateState {
  const reader = new ItemReader(item, 'request gate');
  return {
    budget: {
      limit: reader.whole('limit'),
      spentUntil: reader.instant('spentUntil'),
      stoppedUntil: reader.instant('stoppedUntil'),
      throttles: reader.whole('throttles'),
    },
    circuits: { reads: readCircuit(reader.nested('reads')), orders: readCircuit(reader.nested('orders')) },
    tally: reader.items('tally').map((one) => ({
      minute: one.whole('minute'),
      answered: one.whole('answered'),
      failed: one.whole('failed'),
    })),
    version: reader.whole('version'),
  };
}
