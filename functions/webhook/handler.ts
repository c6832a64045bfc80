/** The door of the webhook: no authorizer stands before it, the signature is its lock. */
import { coldStart } from '#shared/runtime/cold-start.ts';
import { httpDoor, jsonAnswer, problemAnswer, rawBody } from '#shared/runtime/doors/http-door.ts';
import type { RoomTelemetry } from '#shared/runtime/telemetry.ts';
import { receiveUpdate, type WebhookDependencies } from './receive-update.ts';
import { wire } from './wiring.ts';

export const webhookDoor = (dependencies: WebhookDependencies & { readonly telemetry: RoomTelemetry }) =>
  httpDoor(dependencies.telemetry, async (event) => {
    const signature = event.headers['x-alpaca-signature'];
    const receipt = await receiveUpdate(dependencies, rawBody(event), signature);
    if (receipt.kind !== 'refused') return jsonAnswer(202, receipt);
    return problemAnswer({
      type: `urn:belay:problem:${receipt.code}`,
      title: 'The webhook was refused',
      status: receipt.status,
      code: receipt.code,
      detail: receipt.message,
    });
  });

export const handler = coldStart(() => Promise.resolve(webhookDoor(wire(process.env))));
