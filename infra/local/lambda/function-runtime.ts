/** Lambda on one machine: the functions of the plan, loaded from their rooms' sources and invoked in this process. */
import type { FunctionPlan } from '#infra/local/template/house-plan.ts';
import { LOCAL_REGION } from '#infra/local/template/physical-names.ts';
import { TemplateError } from '#infra/local/template/template-files.ts';
import { type Handler, Invocation, type InvocationOutcome } from './invocation.ts';
import { runtimeVariables } from './invocation-scope.ts';

export interface FunctionFailure {
  readonly functionName: string;
  readonly atMs: number;
  readonly errorType: string;
  readonly errorMessage: string;
  readonly stack: string | null;
}

export interface RuntimeOptions {
  /** Given to every function beside its own variables: endpoints and credentials of the emulators. */
  readonly machineVariables: () => Readonly<Record<string, string>>;
  /** Imports the handler module of a room, for one of its functions. */
  readonly importRoom: (room: string, functionName: string) => Promise<unknown>;
  /** Told of every invocation's failure. */
  readonly onFailure: (failure: FunctionFailure) => void;
}

interface LoadedFunction {
  readonly plan: FunctionPlan;
  /** One object for all invocations, as one sandbox has one environment; null before the first. */
  environment: Record<string, string | undefined> | null;
  handler: Promise<Handler> | null;
}

export class FunctionRuntime {
  readonly #functions: ReadonlyMap<string, LoadedFunction>;
  readonly #options: RuntimeOptions;
  readonly #running = new Set<Invocation>();
  #invocations = 0;

  constructor(plans: readonly FunctionPlan[], options: RuntimeOptions) {
    this.#options = options;
    this.#functions = new Map(plans.map((plan) => [plan.name, { plan, environment: null, handler: null }]));
  }

  plan(functionName: string): FunctionPlan {
    return this.#loaded(functionName).plan;
  }

  /** Starts an invocation; its outcome never rejects. */
  invoke(functionName: string, event: unknown): Invocation {
    const loaded = this.#loaded(functionName);
    this.#invocations += 1;
    loaded.environment ??= {
      ...runtimeVariables(loaded.plan, LOCAL_REGION),
      ...this.#options.machineVariables(),
      ...loaded.plan.environment,
    };
    const invocation = new Invocation({
      plan: loaded.plan,
      event,
      environment: loaded.environment,
      load: () => this.#load(loaded),
      ordinal: this.#invocations,
    });
    this.#running.add(invocation);
    invocation.outcome.then(
      (outcome) => this.#ended(invocation, outcome),
      () => undefined,
    );
    return invocation;
  }

  running(): readonly Invocation[] {
    return [...this.#running];
  }

  /** Whether every running invocation sleeps. */
  isSettled(): boolean {
    return this.#working().length === 0;
  }

  /** Resolves when every running invocation sleeps. */
  async settled(): Promise<void> {
    for (let working = this.#working(); working.length > 0; working = this.#working()) {
      await Promise.all(working.map((invocation) => invocation.settled()));
    }
  }

  #working(): readonly Invocation[] {
    return this.running().filter((invocation) => invocation.sleepingUntilMs() === null);
  }

  #ended(invocation: Invocation, outcome: InvocationOutcome): void {
    this.#running.delete(invocation);
    if (outcome.ok) return;
    const { errorType, errorMessage, stack } = outcome;
    this.#options.onFailure({
      functionName: invocation.functionName,
      atMs: Date.now(),
      errorType,
      errorMessage,
      stack,
    });
  }

  /** A cold start that failed is tried anew by the next invocation, as Lambda does. */
  async #load(loaded: LoadedFunction): Promise<Handler> {
    loaded.handler ??= this.#import(loaded.plan);
    try {
      return await loaded.handler;
    } catch (error) {
      loaded.handler = null;
      throw error;
    }
  }

  async #import(plan: FunctionPlan): Promise<Handler> {
    const exports = await this.#options.importRoom(plan.room, plan.name);
    const handler = handlerIn(exports, plan.handlerExport);
    if (handler === null) {
      throw new TemplateError(
        `functions/${plan.room}/handler.ts has no function ${plan.handlerExport} for ${plan.name}`,
      );
    }
    return handler;
  }

  #loaded(functionName: string): LoadedFunction {
    const found = this.#functions.get(functionName);
    if (found === undefined) throw new TemplateError(`there is no function ${functionName}`);
    return found;
  }
}

function handlerIn(exports: unknown, name: string): Handler | null {
  if (typeof exports !== 'object' || exports === null) return null;
  const exported: unknown = Reflect.get(exports, name);
  return isHandler(exported) ? exported : null;
}

const isHandler = (value: unknown): value is Handler => typeof value === 'function';
