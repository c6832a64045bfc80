/**
 * Whether anybody may have put something into an emulator since it was last looked at. Functions run in this process, so
 * their calls are seen as they leave it; that saves a fast run from asking five times for work after every step.
 */
import type { ClientRequest } from 'node:http';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';

const REQUEST_STARTED = 'http.client.request.start';
/** Calls that change nothing that anybody waits for. */
const READS =
  /^(DynamoDB_\d+\.(Get|Query|Scan|BatchGet|TransactGet|Describe|List)|AmazonSQS\.(Get|List|Receive|Delete))/;

const requestIn = (message: unknown): ClientRequest | null =>
  typeof message === 'object' && message !== null && 'request' in message && isRequest(message.request)
    ? message.request
    : null;

const isRequest = (value: unknown): value is ClientRequest =>
  typeof value === 'object' && value !== null && 'getHeader' in value && typeof value.getHeader === 'function';

export class EmulatorTraffic {
  readonly #host: string;
  #changes = 0;

  /** @param endpoint of the emulator. */
  constructor(endpoint: string) {
    this.#host = new URL(endpoint).host;
    subscribe(REQUEST_STARTED, this.#hear);
  }

  /** Grows whenever something may have changed. */
  get changes(): number {
    return this.#changes;
  }

  /** The house itself has changed something. */
  touch(): void {
    this.#changes += 1;
  }

  stop(): void {
    unsubscribe(REQUEST_STARTED, this.#hear);
  }

  readonly #hear = (message: unknown): void => {
    const request = requestIn(message);
    if (request === null || request.getHeader('host') !== this.#host) return;
    if (!READS.test(String(request.getHeader('x-amz-target')))) this.#changes += 1;
  };
}
