/** News by webhook: signed over the bytes as they came, read, and settled through the one door. */
import type { AccountId } from '#shared/core/kernel/identity.ts';
import type { OrderUpdate } from '#shared/core/order/order.ts';
import type { Orders } from '#shared/ports/orders.ts';
import type { Orphans } from '#shared/ports/orphans.ts';
import type { Telemetry } from '#shared/ports/telemetry.ts';
import { signatureFits } from '#shared/runtime/signature.ts';

/** A body beyond this is no order update. */
export const BODY_BYTES_MAX = 64 * 1024;

export interface WebhookDependencies {
  readonly accountId: AccountId;
  readonly orders: Orders;
  readonly orphans: Orphans;
  readonly telemetry: Telemetry;
  /** Shared with the sender, each of them good. They are needed in every environment: an unsigned door in dev is how one reaches live. */
  readonly secrets: () => Promise<readonly string[]>;
  /** Reads the broker's event. @throws for a body that is none. */
  readonly readUpdate: (body: unknown) => OrderUpdate;
}

export type Receipt =
  | { readonly kind: 'settled' | 'unchanged' | 'kept-as-orphan'; readonly brokerOrderId: string | null }
  | {
      readonly kind: 'refused';
      readonly status: 400 | 401 | 413;
      readonly code: 'body-too-large' | 'signature-missing' | 'signature-wrong' | 'body-not-json' | 'body-unreadable';
      readonly message: string;
    };

const refused = (
  status: 400 | 401 | 413,
  code: Extract<Receipt, { kind: 'refused' }>['code'],
  message: string,
): Receipt => ({ kind: 'refused', status, code, message });

/** @throws Fault when the tables did not answer: the sender then tries again. */
export async function receiveUpdate(
  { accountId, orders, orphans, secrets, readUpdate, telemetry }: WebhookDependencies,
  body: Uint8Array,
  signature: string | undefined,
): Promise<Receipt> {
  if (body.length > BODY_BYTES_MAX) {
    return refused(413, 'body-too-large', `an update has at most ${BODY_BYTES_MAX} bytes`);
  }
  if (signature === undefined) return refused(401, 'signature-missing', 'X-Alpaca-Signature is missing');
  const fits = (await secrets()).map((secret) => signatureFits(body, signature, secret));
  if (!fits.includes(true)) {
    telemetry.warn('a webhook was wrongly signed', { bytes: body.length });
    return refused(401, 'signature-wrong', 'X-Alpaca-Signature is not the HMAC-SHA256 of the body');
  }
  const parsed = parseJson(body);
  if (parsed === null) return refused(400, 'body-not-json', 'the body is no JSON object');
  const update = read(readUpdate, parsed.value, telemetry);
  if (update === null) return refused(400, 'body-unreadable', 'the body is no order update');
  const settled = await orders.settle({ ...update, source: 'webhook' });
  if (settled !== null) {
    return { kind: settled.changed ? 'settled' : 'unchanged', brokerOrderId: update.brokerOrderId };
  }
  await orphans.keep(accountId, update);
  telemetry.warn('news of an order that is not in the table was kept', { brokerOrderId: update.brokerOrderId });
  return { kind: 'kept-as-orphan', brokerOrderId: update.brokerOrderId };
}

function parseJson(body: Uint8Array): { readonly value: unknown } | null {
  try {
    return { value: JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body)) };
  } catch {
    return null;
  }
}

function read(readUpdate: (body: unknown) => OrderUpdate, value: unknown, telemetry: Telemetry): OrderUpdate | null {
  try {
    return readUpdate(value);
  } catch (cause) {
    telemetry.warn('a signed webhook could not be read', { cause: cause instanceof Error ? cause.message : 'unknown' });
    return null;
  }
}
