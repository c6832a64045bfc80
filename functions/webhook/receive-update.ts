/** News by webhook: signed over the bytes as they came, read, and settled through the one door. */
import type { OrderUpdate } from '#shared/core/order/order.ts';
import type { Telemetry } from '#shared/ports/telemetry.ts';
import { askForPass, type NewsDependencies, type NewsEnd, takeIn } from '#shared/runtime/order-news.ts';
import { signatureFits } from '#shared/runtime/signature.ts';

/** A body beyond this is no order update. */
export const BODY_BYTES_MAX = 64 * 1024;

export interface WebhookDependencies extends NewsDependencies {
  /** Shared with the sender, each of them good. They are needed in every environment: an unsigned door in dev is how one reaches live. */
  readonly secrets: () => Promise<readonly string[]>;
  /** Reads the broker's event. @throws for a body that is none. */
  readonly readUpdate: (body: unknown) => OrderUpdate;
}

export type Receipt =
  | {
      readonly kind: NewsEnd;
      readonly brokerOrderId: string | null;
      /** False for an event or a status that nobody knows: the order is taken for open and looked at again. */
      readonly understood: boolean;
    }
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
  dependencies: WebhookDependencies,
  body: Uint8Array,
  signature: string | undefined,
): Promise<Receipt> {
  const { secrets, readUpdate, telemetry } = dependencies;
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
  if (update === null) {
    // It was signed, so that something happened: what it was is read from the broker.
    await askForPass(dependencies, 'webhook', 'unreadable', '');
    return refused(400, 'body-unreadable', 'the body is no order update');
  }
  const kind = await takeIn(dependencies, 'webhook', { ...update, source: 'webhook' });
  return { kind, brokerOrderId: update.brokerOrderId, understood: update.status !== 'open-unrecognised' };
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
