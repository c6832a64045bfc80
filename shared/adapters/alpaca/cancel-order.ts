/** Asking for an order's cancellation, and what the answer proves. It never proves that the order is canceled. */
import type { BrokerOrderId } from '#shared/core/kernel/identity.ts';
import type { CancelOutcome } from '#shared/ports/broker.ts';
import { brokerErrorOf } from './error-body.ts';
import type { Reply } from './http-attempt.ts';
import type { AlpacaHttp } from './http-client.ts';
import type { Redact } from './redaction.ts';
import { brokerRefusal } from './refusal-texts.ts';
import { redactedError } from './submit-order.ts';

const UNKNOWN_ORDER = /^order not found/i;
/** The broker's words for a path id that is no UUID, and therefore none of its orders. */
const NO_ORDER_ID = /^order_id is missing/i;
const ENDED = /^order is (?:already in "(?<state>[^"]*)" state|not cancelable)/i;

const isRefusal = (status: number): boolean => status >= 400 && status < 500 && status !== 408;

function cancelOutcome(reply: Reply, redact: Redact): CancelOutcome {
  switch (reply.kind) {
    case 'not-sent':
      return { kind: 'throttled', cause: `not sent: ${reply.cause}`, retryAfterMs: null };
    case 'lost':
      return { kind: 'ambiguous', cause: reply.cause };
    case 'garbled':
    case 'json': {
      const { status, requestId, retryAfterMs } = reply.head;
      if (status === 429) return { kind: 'throttled', cause: 'the broker throttles', retryAfterMs };
      if (status >= 200 && status < 300) return { kind: 'requested' };
      if (reply.kind === 'garbled') return { kind: 'ambiguous', cause: `status ${status}: ${reply.cause}` };
      const error = redactedError(brokerErrorOf(reply.value), redact);
      const said = error.message ?? '';
      if (status === 404 && UNKNOWN_ORDER.test(said)) return { kind: 'not-found' };
      if (status === 422 && NO_ORDER_ID.test(said)) return { kind: 'not-found' };
      const ended = status === 422 ? ENDED.exec(said) : null;
      if (ended !== null) {
        // A repeat while the first request is on its way is answered in the words of an end.
        return ended.groups?.['state'] === 'pending_cancel'
          ? { kind: 'requested' }
          : { kind: 'already-ended', detail: said };
      }
      if (isRefusal(status)) return { kind: 'refused', refusal: brokerRefusal(status, error, requestId) };
      return { kind: 'ambiguous', cause: `status ${status}: ${said}` };
    }
  }
}

/** Asks once. @throws Bug only. */
export async function cancelOrder(http: AlpacaHttp, id: BrokerOrderId): Promise<CancelOutcome> {
  const reply = await http.once({ kind: 'cancel', method: 'DELETE', path: `/v2/orders/${encodeURIComponent(id)}` });
  return cancelOutcome(reply, http.redact);
}
