/**
 * What belongs to one running invocation: its function's environment, its standard output and whether it only waits for
 * time to pass. All functions share this process, so each sees what is its own through the asynchronous context: its
 * process.env is exactly what its template gives it, and its log lines go to the house's log.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { FunctionPlan } from '#infra/local/template/house-plan.ts';

export interface InvocationScope {
  readonly functionName: string;
  /** The whole environment of the function: nothing of the machine's own shows through. */
  readonly environment: Record<string, string | undefined>;
  /** Instant that the invocation last lay down to sleep until; null when it never did. */
  sleepingUntilMs: number | null;
  /** Called whenever it lies down. */
  readonly onSleep: () => void;
}

const scopes = new AsyncLocalStorage<InvocationScope>();

export const runInScope = <T>(scope: InvocationScope, work: () => Promise<T>): Promise<T> => scopes.run(scope, work);

/** Where lines go that functions write to standard output or standard error. */
export type LogSink = (functionName: string, text: string) => void;

/** What the runtime itself adds to a function's environment, beside credentials and endpoints. */
export const runtimeVariables = (plan: FunctionPlan, region: string): Readonly<Record<string, string>> => ({
  AWS_LAMBDA_FUNCTION_NAME: plan.name,
  AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
  AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(plan.memoryMb),
  AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${plan.name}`,
  AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
  AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
  AWS_DEFAULT_REGION: region,
  TZ: ':UTC',
});

/**
 * Gives every invocation its own process.env and its own standard output for as long as the house stands.
 * @returns what takes both back.
 */
export function separateInvocations(sink: LogSink): () => void {
  const machine = process.env;
  process.env = new Proxy(machine, environmentOfInvocation);
  const restores = [divert(process.stdout, sink), divert(process.stderr, sink), hearSleepers()];
  return () => {
    for (const restore of restores) restore();
    process.env = machine;
  };
}

const environmentNow = (machine: NodeJS.ProcessEnv): NodeJS.ProcessEnv => scopes.getStore()?.environment ?? machine;

const environmentOfInvocation: ProxyHandler<NodeJS.ProcessEnv> = {
  get: (machine, name): unknown => Reflect.get(environmentNow(machine), name),
  set: (machine, name, value) => Reflect.set(environmentNow(machine), name, value),
  has: (machine, name) => Reflect.has(environmentNow(machine), name),
  deleteProperty: (machine, name) => Reflect.deleteProperty(environmentNow(machine), name),
  ownKeys: (machine) => Reflect.ownKeys(environmentNow(machine)),
  getOwnPropertyDescriptor: (machine, name) => Reflect.getOwnPropertyDescriptor(environmentNow(machine), name),
  defineProperty: (machine, name, descriptor) => Reflect.defineProperty(environmentNow(machine), name, descriptor),
};

function divert(stream: NodeJS.WriteStream, sink: LogSink): () => void {
  const write = stream.write.bind(stream);
  const diverting = (chunk: string | Uint8Array, ...rest: readonly unknown[]): boolean => {
    const scope = scopes.getStore();
    if (scope === undefined) return Reflect.apply(write, stream, [chunk, ...rest]) === true;
    const text = typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString('utf8');
    // Outside the scope, so that the sink may write to the house's own output.
    scopes.exit(() => sink(scope.functionName, text));
    const written = rest.at(-1);
    if (typeof written === 'function') process.nextTick(written);
    return true;
  };
  stream.write = diverting;
  return () => {
    stream.write = write;
  };
}

const untilMsIn = (message: unknown): number | null =>
  typeof message === 'object' && message !== null && 'untilMs' in message && typeof message.untilMs === 'number'
    ? message.untilMs
    : null;

/** The system's clock adapter says on this channel until when an invocation sleeps. */
function hearSleepers(): () => void {
  const onSleeping = (message: unknown): void => {
    const [scope, untilMs] = [scopes.getStore(), untilMsIn(message)];
    if (scope === undefined || untilMs === null) return;
    scope.sleepingUntilMs = untilMs;
    scope.onSleep();
  };
  subscribe('belay.clock.sleeping', onSleeping);
  return () => {
    unsubscribe('belay.clock.sleeping', onSleeping);
  };
}
