/** Asynchronous invocations, as schedules and rules make them: tried again as the function's own settings say. */
import type { Agenda } from '#infra/local/time/agenda.ts';
import { arnOf } from '#infra/local/template/physical-names.ts';
import type { FunctionRuntime } from './function-runtime.ts';
import type { Invocation, InvocationOutcome } from './invocation.ts';

const RETRY_PAUSES_MS = [60_000, 120_000];

export interface AsynchronousParts {
  readonly runtime: FunctionRuntime;
  readonly agenda: Agenda;
  readonly giveUp: (queueName: string, body: string) => Promise<void>;
}

export class AsynchronousInvoker {
  readonly #parts: AsynchronousParts;
  #waiting = 0;

  constructor(parts: AsynchronousParts) {
    this.#parts = parts;
  }

  /** Invocations that failed and wait for their next attempt. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Starts the invocation and resolves when it has ended or sleeps; its retries are put on the agenda. */
  async invoke(functionName: string, event: unknown): Promise<void> {
    await this.#attempt(functionName, event, 1, Date.now());
  }

  async #attempt(functionName: string, event: unknown, attempt: number, firstMs: number): Promise<void> {
    const invocation = this.#parts.runtime.invoke(functionName, event);
    const ended = invocation.outcome.then((outcome) => this.#ended(invocation, outcome, event, attempt, firstMs));
    await Promise.race([ended, invocation.settled()]);
  }

  async #ended(
    invocation: Invocation,
    outcome: InvocationOutcome,
    event: unknown,
    attempt: number,
    firstMs: number,
  ): Promise<void> {
    if (outcome.ok) return;
    const { functionName } = invocation;
    const { asynchronous } = this.#parts.runtime.plan(functionName);
    const pauseMs = RETRY_PAUSES_MS[attempt - 1];
    const retryAtMs = Date.now() + (pauseMs ?? 0);
    const young = retryAtMs - firstMs <= asynchronous.eventAgeSecondsMax * 1000;
    if (pauseMs !== undefined && attempt <= asynchronous.retriesMax && young) {
      this.#waiting += 1;
      this.#parts.agenda.put(retryAtMs, async () => {
        this.#waiting -= 1;
        await this.#attempt(functionName, event, attempt + 1, firstMs);
      });
      return;
    }
    if (asynchronous.onFailureQueue === null) return;
    await this.#parts.giveUp(
      asynchronous.onFailureQueue,
      JSON.stringify({
        version: '1.0',
        timestamp: new Date().toISOString(),
        requestContext: {
          requestId: invocation.requestId,
          functionArn: arnOf('lambda', `function:${functionName}:$LATEST`),
          condition: young ? 'RetriesExhausted' : 'EventAgeExceeded',
          approximateInvokeCount: attempt,
        },
        requestPayload: event,
        responseContext: { statusCode: 200, executedVersion: '$LATEST', functionError: 'Unhandled' },
        responsePayload: { errorType: outcome.errorType, errorMessage: outcome.errorMessage },
      }),
    );
  }
}
