/** Requests for orders over the tables. */
import * as z from 'zod';
import { readCommand } from '#events/command.ts';
import { ItemReader, text, textOrNull, whole } from '#shared/adapters/stores/attributes.ts';
import { orderRequestKey, orderRequestPointerKey } from '#shared/adapters/stores/keys.ts';
import { Bug, Fault } from '#shared/core/kernel/fault.ts';
import { clientOrderIdOf, decisionId, type DecisionId } from '#shared/core/kernel/identity.ts';
import type { Condition, Item } from '#shared/core/kernel/item.ts';
import type { OrderRequest, OrderRequests } from '#shared/ports/order-requests.ts';
import type { Tables } from '#shared/ports/tables.ts';

const STATES = ['accepted', 'sent', 'failed'] as const;
const failureDocument = z.strictObject({
  code: z.string(),
  message: z.string(),
  context: z.record(z.string(), z.string()),
});

const absent: Condition = { name: 'request-absent', test: { op: 'absent' } };
const there: Condition = { name: 'request-there', test: { op: 'exists' } };
const notSent: Condition = {
  name: 'request-not-sent',
  test: { op: 'equals', attribute: 'state', value: text('accepted') },
};

function requestItem(request: OrderRequest): Item {
  const key = orderRequestKey(request.decisionId);
  return {
    pk: text(key.pk),
    sk: text(key.sk),
    decisionId: text(request.decisionId),
    clientOrderId: text(request.clientOrderId),
    bodyHash: text(request.bodyHash),
    command: text(JSON.stringify(request.command)),
    requestedBy: text(request.by),
    requestedAt: whole(request.requestedAt),
    state: text(request.state),
    failure: textOrNull(request.failure === null ? null : JSON.stringify(request.failure)),
  };
}

function readRequest(item: Item): OrderRequest {
  const reader = new ItemReader(item, 'request for an order');
  const command = reader.parsed('command', reader.text('command'), (raw) => readCommand(JSON.parse(raw)));
  if (command.type !== 'submit-order.v1') throw reader.corrupt('command', `is a ${command.type}`);
  return {
    decisionId: reader.named('decisionId', decisionId),
    clientOrderId: reader.named('clientOrderId', clientOrderIdOf),
    bodyHash: reader.text('bodyHash'),
    command,
    by: reader.text('requestedBy'),
    requestedAt: reader.instant('requestedAt'),
    state: reader.oneOf('state', STATES),
    failure: reader.orNull('failure', (name) =>
      reader.parsed(name, reader.text(name), (raw) => failureDocument.parse(JSON.parse(raw))),
    ),
  };
}

export function orderRequestsStore(tables: Tables): OrderRequests {
  const ofDecision = async (id: DecisionId): Promise<OrderRequest | null> => {
    const item = await tables.get('safety', orderRequestKey(id));
    return item === null ? null : readRequest(item);
  };

  return {
    ofDecision,

    async make(request) {
      const pointer = orderRequestPointerKey(request.clientOrderId);
      const outcome = await tables.transact([
        { kind: 'put', table: 'safety', item: requestItem(request), conditions: [absent] },
        {
          kind: 'put',
          table: 'safety',
          item: { pk: text(pointer.pk), sk: text(pointer.sk), decisionId: text(request.decisionId) },
          conditions: [absent],
        },
      ]);
      if (outcome.ok) return { made: true, request };
      const found = await ofDecision(request.decisionId);
      if (found === null) throw new Bug(`order ${request.clientOrderId} was asked for under another decision`);
      return { made: false, request: found };
    },

    async ofOrder(clientOrderId) {
      const pointer = await tables.get('safety', orderRequestPointerKey(clientOrderId));
      if (pointer === null) return null;
      const found = await ofDecision(new ItemReader(pointer, 'request pointer').named('decisionId', decisionId));
      if (found === null) throw new Fault('permanent', 'request-missing', `the request for ${clientOrderId} is gone`);
      return found;
    },

    async markSent(id) {
      // Somebody else may have said so before, or that it failed: what was said first stays.
      await tables.write({
        kind: 'update',
        table: 'safety',
        key: orderRequestKey(id),
        set: { state: text('sent') },
        conditions: [there, notSent],
      });
    },

    async fail(id, failure) {
      await tables.write({
        kind: 'update',
        table: 'safety',
        key: orderRequestKey(id),
        set: { state: text('failed'), failure: text(JSON.stringify(failure)) },
        conditions: [there],
      });
    },
  };
}
