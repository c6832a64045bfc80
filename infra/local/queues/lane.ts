/**
 * A queue's event source mapping in discrete time: one batch at a time, the oldest message first. What fails is seen
 * again when its visibility timeout has passed on the house's clock, whatever the emulator's own clock says.
 */
import type { EmulatorTraffic } from '#infra/local/endpoint/emulator-traffic.ts';
import type { FunctionRuntime } from '#infra/local/lambda/function-runtime.ts';
import type { Invocation } from '#infra/local/lambda/invocation.ts';
import type { WorkSource } from '#infra/local/run/work-source.ts';
import type { LanePlan, QueuePlan } from '#infra/local/template/house-plan.ts';
import type { Agenda } from '#infra/local/time/agenda.ts';
import type { QueueClient, ReceivedMessage } from './queue-client.ts';
import { type LaneMessage, queueEvent, reportedFailures } from './queue-event.ts';

/** The longest that a message can be hidden: the emulator's clock must not be the one that shows it again. */
const HIDDEN_SECONDS = 43_200;
const FETCH_MAX = 10;

/** What became of one message that was handed to its function. */
export interface LaneDelivery {
  readonly queueName: string;
  readonly body: string;
  /** Of the invocation that it was handed to: of two, which was begun first. */
  readonly ordinal: number;
  /** False when it returned to its queue. */
  readonly handled: boolean;
  /** On the machine's clock. */
  readonly tookMs: number;
}

export interface LaneParts {
  readonly plan: LanePlan;
  readonly queue: QueuePlan;
  readonly client: QueueClient;
  readonly runtime: FunctionRuntime;
  readonly agenda: Agenda;
  /** Calls to the SQS emulator. */
  readonly traffic: EmulatorTraffic;
  readonly onDelivered: (delivery: LaneDelivery) => void;
}

const sequenceOf = ({ message }: LaneMessage): string => message.Attributes['SequenceNumber'] ?? '';
const bySequence = (a: LaneMessage, b: LaneMessage): number =>
  sequenceOf(a) < sequenceOf(b) ? -1 : sequenceOf(a) > sequenceOf(b) ? 1 : 0;

export class Lane implements WorkSource {
  readonly name: string;
  readonly #parts: LaneParts;
  /** When the house first saw a message that is not done yet. */
  readonly #seen = new Map<string, number>();
  #fetched: LaneMessage[] = [];
  /** State of the traffic at which the queue had nothing; null when it was not asked yet. */
  #emptyAt: number | null = null;
  #waiting = 0;
  /** Deliveries whose functions have not ended, or have and are not finished yet. */
  readonly #sleeping = new Set<{ readonly invocation: Invocation; readonly finished: Promise<void> }>();
  /** A message was shown again since the queue was last empty. */
  #released = false;

  constructor(parts: LaneParts) {
    this.#parts = parts;
    this.name = parts.plan.queueName;
  }

  /** Messages that failed and wait to be seen again. */
  get waiting(): number {
    return this.#waiting;
  }

  get concurrencyMax(): number | null {
    return this.#parts.plan.concurrencyMax;
  }

  lookAgain(): void {
    this.#emptyAt = null;
  }

  /**
   * The oldest messages of all that can be seen: one caller at a time. A function that lies down to sleep is left to it:
   * the house's clock would stand for ever while somebody waited for it. Its group stays locked until it has ended.
   */
  async step(): Promise<boolean> {
    await this.#finishEnded();
    await this.#fetch();
    const batch = this.#fetched.splice(0, this.#parts.plan.batchSize);
    if (batch.length === 0) return false;
    const invocation = this.#invoke(batch);
    const delivery = { invocation, finished: this.#deliver(batch, invocation) };
    this.#sleeping.add(delivery);
    await invocation.settled();
    await this.#finishEnded();
    return true;
  }

  /** What became of messages whose functions have ended meanwhile. */
  async #finishEnded(): Promise<void> {
    for (const delivery of this.#sleeping) {
      if (delivery.invocation.isRunning()) continue;
      this.#sleeping.delete(delivery);
      await delivery.finished;
    }
  }

  /** Whatever the queue gives next: any number of callers at a time. */
  async stepAlone(): Promise<boolean> {
    const { client, plan } = this.#parts;
    const messages = await client.receive(this.name, { count: plan.batchSize, visibilitySeconds: HIDDEN_SECONDS });
    if (messages.length === 0) return false;
    const batch = messages.map((message) => this.#see(message));
    await this.#deliver(batch, this.#invoke(batch));
    return true;
  }

  /** Fetches before every step: a message of a group that was locked may be older than those at hand. */
  async #fetch(): Promise<void> {
    const { client, traffic, queue } = this.#parts;
    const { changes } = traffic;
    if (this.#emptyAt === changes) return;
    const messages = await client.receive(this.name, { count: FETCH_MAX, visibilitySeconds: HIDDEN_SECONDS });
    if (messages.length === 0) {
      // What was received too often is moved to the dead letters by being asked for.
      if (this.#released && queue.deadLetter !== null) traffic.touch();
      this.#released = false;
      this.#emptyAt = traffic.changes;
      return;
    }
    this.#fetched.push(...messages.map((message) => this.#see(message)));
    this.#fetched.sort(bySequence);
  }

  #see(message: ReceivedMessage): LaneMessage {
    const firstSeenMs = this.#seen.get(message.MessageId) ?? Date.now();
    this.#seen.set(message.MessageId, firstSeenMs);
    return { message, firstSeenMs };
  }

  #invoke(batch: readonly LaneMessage[]): Invocation {
    const { plan, runtime } = this.#parts;
    return runtime.invoke(plan.functionName, queueEvent(this.name, batch));
  }

  async #deliver(batch: readonly LaneMessage[], invocation: Invocation): Promise<void> {
    const { plan } = this.#parts;
    const startedMs = performance.now();
    const outcome = await invocation.outcome;
    const identifiers = batch.map(({ message }) => message.MessageId);
    const failed = !outcome.ok
      ? new Set(identifiers)
      : plan.reportsItemFailures
        ? reportedFailures(outcome.payload, identifiers)
        : new Set<string>();
    for (const { message } of batch) {
      const handled = !failed.has(message.MessageId);
      if (handled) await this.#finish(message);
      else this.#hide(message);
      const tookMs = performance.now() - startedMs;
      this.#parts.onDelivered({
        queueName: this.name,
        body: message.Body,
        ordinal: invocation.ordinal,
        handled,
        tookMs,
      });
    }
  }

  async #finish(message: ReceivedMessage): Promise<void> {
    this.#seen.delete(message.MessageId);
    await this.#parts.client.delete(this.name, message.ReceiptHandle);
    // Its group is free again.
    this.#emptyAt = null;
  }

  #hide(message: ReceivedMessage): void {
    const { agenda, client, queue } = this.#parts;
    this.#waiting += 1;
    agenda.put(Date.now() + queue.visibilityTimeoutSeconds * 1000, async () => {
      this.#waiting -= 1;
      this.#released = true;
      await client.release(this.name, message.ReceiptHandle);
    });
  }
}
