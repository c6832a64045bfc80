/** One call of a function's handler: its context, its timeout on the house's clock, and what became of it. */
import { createHash } from 'node:crypto';
import type { Context } from 'aws-lambda';
import type { FunctionPlan } from '#infra/local/template/house-plan.ts';
import { arnOf } from '#infra/local/template/physical-names.ts';
import { type InvocationScope, runInScope } from './invocation-scope.ts';

export type Handler = (event: unknown, context: Context) => unknown;

export type InvocationOutcome =
  | { readonly ok: true; readonly payload: unknown }
  | { readonly ok: false; readonly errorType: string; readonly errorMessage: string; readonly stack: string | null };

export interface InvocationRequest {
  readonly plan: FunctionPlan;
  readonly event: unknown;
  readonly environment: Record<string, string | undefined>;
  readonly load: () => Promise<Handler>;
  /** Counts the house's invocations, and makes the request id. */
  readonly ordinal: number;
}

const HANG_LOOK_MS = 250;

/** Starts at once. Its outcome never rejects: what the handler throws is a failed outcome. */
export class Invocation {
  readonly functionName: string;
  readonly requestId: string;
  /** Counts the house's invocations in the order of their beginning. */
  readonly ordinal: number;
  /** When the function is cut off, on the house's clock. */
  readonly deadlineMs: number;
  readonly outcome: Promise<InvocationOutcome>;
  readonly #scope: InvocationScope;
  readonly #plan: FunctionPlan;
  #running = true;
  #settleWaiters: (() => void)[] = [];
  #cutOff: (outcome: InvocationOutcome) => void = () => undefined;

  constructor(request: InvocationRequest) {
    const { plan } = request;
    this.#plan = plan;
    this.functionName = plan.name;
    this.ordinal = request.ordinal;
    this.requestId = requestIdOf(plan.name, request.ordinal);
    this.deadlineMs = Date.now() + plan.timeoutSeconds * 1000;
    this.#scope = {
      functionName: plan.name,
      environment: request.environment,
      sleepingUntilMs: null,
      onSleep: () => this.#release(),
    };
    const cut = new Promise<InvocationOutcome>((resolve) => {
      this.#cutOff = resolve;
    });
    const stopWatching = this.#watchHang();
    this.outcome = Promise.race([this.#work(request), cut]).finally(() => {
      this.#running = false;
      stopWatching();
      this.#release();
    });
  }

  isRunning(): boolean {
    return this.#running;
  }

  /** The instant before which it does nothing; null while it works and when it has ended. */
  sleepingUntilMs(): number | null {
    const untilMs = this.#scope.sleepingUntilMs;
    return this.#running && untilMs !== null && untilMs > Date.now() ? untilMs : null;
  }

  /** Resolves when it has ended or sleeps. */
  async settled(): Promise<void> {
    while (this.#running && this.sleepingUntilMs() === null) {
      await new Promise<void>((resolve) => {
        this.#settleWaiters.push(resolve);
      });
    }
  }

  /** Ends it as failed when its deadline has come. */
  endIfOverdue(): void {
    if (this.#running && Date.now() >= this.deadlineMs) this.#timeOut();
  }

  async #work(request: InvocationRequest): Promise<InvocationOutcome> {
    const context = contextOf(this.#plan, this.requestId, this.deadlineMs);
    try {
      const payload = await runInScope(this.#scope, async () => {
        const handler = await request.load();
        return handler(request.event, context);
      });
      return { ok: true, payload };
    } catch (error) {
      if (!(error instanceof Error)) return { ok: false, errorType: 'Error', errorMessage: String(error), stack: null };
      return { ok: false, errorType: error.name, errorMessage: error.message, stack: error.stack ?? null };
    }
  }

  /** A handler that hangs would let the house's clock stand for ever: the timeout holds on the machine's clock too. */
  #watchHang(): () => void {
    let workedMs = 0;
    const look = setInterval(() => {
      if (this.sleepingUntilMs() === null) workedMs += HANG_LOOK_MS;
      if (workedMs >= this.#plan.timeoutSeconds * 1000) this.#timeOut();
    }, HANG_LOOK_MS);
    return () => clearInterval(look);
  }

  #timeOut(): void {
    const errorMessage = `${this.requestId} Task timed out after ${this.#plan.timeoutSeconds}.00 seconds`;
    this.#cutOff({ ok: false, errorType: 'Sandbox.Timedout', errorMessage, stack: null });
  }

  #release(): void {
    for (const waiter of this.#settleWaiters.splice(0)) waiter();
  }
}

/** In the form of a UUID, as Lambda's are, but the same in every run. */
function requestIdOf(functionName: string, ordinal: number): string {
  const hex = createHash('sha256').update(`${functionName}/${ordinal}`).digest('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join('-');
}

function contextOf(plan: FunctionPlan, requestId: string, deadlineMs: number): Context {
  return {
    callbackWaitsForEmptyEventLoop: false,
    functionName: plan.name,
    functionVersion: '$LATEST',
    invokedFunctionArn: arnOf('lambda', `function:${plan.name}`),
    memoryLimitInMB: String(plan.memoryMb),
    awsRequestId: requestId,
    logGroupName: `/aws/lambda/${plan.name}`,
    logStreamName: 'local',
    getRemainingTimeInMillis: () => Math.max(0, deadlineMs - Date.now()),
    // Handlers are asynchronous functions; what stems from the time before promises does nothing.
    done: () => undefined,
    fail: () => undefined,
    succeed: () => undefined,
  };
}
