/** EventBridge on one machine: events put on a bus, and what its rules hand to whom. */
import { createHash } from 'node:crypto';
import type { AsynchronousInvoker } from '#infra/local/lambda/asynchronous-invoker.ts';
import type { WorkSource } from '#infra/local/run/work-source.ts';
import type { RulePlan, RuleTarget } from '#infra/local/template/house-plan.ts';
import { LOCAL_ACCOUNT, LOCAL_REGION } from '#infra/local/template/physical-names.ts';
import { inputText } from './target-input.ts';
import { matchesPattern } from './event-pattern.ts';

/** An event as a rule's target gets it. */
export interface BusEvent {
  readonly version: '0';
  readonly id: string;
  readonly source: string;
  readonly 'detail-type': string;
  readonly account: string;
  readonly region: string;
  readonly time: string;
  readonly resources: readonly string[];
  readonly detail: unknown;
}

export interface PutEntry {
  readonly bus: string;
  readonly source: string;
  readonly detailType: string;
  readonly detail: unknown;
  readonly resources: readonly string[];
}

export interface EventBusParts {
  readonly rules: readonly RulePlan[];
  readonly invoker: AsynchronousInvoker;
  readonly send: (
    queueName: string,
    body: string,
    group: { readonly id: string; readonly dedupId: string } | null,
  ) => Promise<void>;
  /** Told of every event, whether or not a rule matches it. */
  readonly onEvent: (event: BusEvent) => void;
}

interface Delivery {
  readonly target: RuleTarget;
  readonly event: BusEvent;
}

export class EventBus implements WorkSource {
  readonly name = 'event bus';
  readonly #parts: EventBusParts;
  readonly #deliveries: Delivery[] = [];
  #events = 0;

  constructor(parts: EventBusParts) {
    this.#parts = parts;
  }

  /** Takes an event; its deliveries wait until they are stepped through. @returns its id. */
  put(entry: PutEntry): string {
    this.#events += 1;
    const event: BusEvent = {
      version: '0',
      id: eventIdOf(this.#events),
      source: entry.source,
      'detail-type': entry.detailType,
      account: LOCAL_ACCOUNT,
      region: LOCAL_REGION,
      time: `${new Date().toISOString().slice(0, 19)}Z`,
      resources: entry.resources,
      detail: entry.detail,
    };
    this.#parts.onEvent(event);
    for (const rule of this.#parts.rules) {
      if (rule.bus !== entry.bus || !matchesPattern(rule.pattern, event)) continue;
      for (const target of rule.targets) this.#deliveries.push({ target, event });
    }
    return event.id;
  }

  async step(): Promise<boolean> {
    const delivery = this.#deliveries.shift();
    if (delivery === undefined) return false;
    await this.#deliver(delivery);
    return true;
  }

  /** Events come by calls; nothing is asked for. */
  lookAgain(): void {}

  async #deliver({ target, event }: Delivery): Promise<void> {
    switch (target.kind) {
      case 'function':
        return this.#parts.invoker.invoke(target.functionName, JSON.parse(inputText(target.input, event)));
      case 'queue': {
        const group = target.groupId === null ? null : { id: target.groupId, dedupId: event.id };
        return this.#parts.send(target.queueName, inputText(target.input, event), group);
      }
      case 'notice':
        return undefined;
    }
  }
}

/** In the form of a UUID, but the same in every run. */
function eventIdOf(ordinal: number): string {
  const hex = createHash('sha256').update(`event/${ordinal}`).digest('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join('-');
}
