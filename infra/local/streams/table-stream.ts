/**
 * A table stream's event source mapping: batches in order, and nothing overtakes a batch that fails. It is tried again
 * with growing pauses of the house's clock, halved where the mapping asks for it, and given up for the on-failure
 * queue when its attempts or its age have run out.
 */
import type { EmulatorTraffic } from '#infra/local/endpoint/emulator-traffic.ts';
import type { FunctionRuntime } from '#infra/local/lambda/function-runtime.ts';
import { reportedFailures } from '#infra/local/queues/queue-event.ts';
import { matchesPattern } from '#infra/local/rules/event-pattern.ts';
import type { WorkSource } from '#infra/local/run/work-source.ts';
import type { StreamPlan } from '#infra/local/template/house-plan.ts';
import { arnOf, LOCAL_REGION } from '#infra/local/template/physical-names.ts';
import type { Agenda } from '#infra/local/time/agenda.ts';
import { sequenceOf, type StreamClient, type StreamRecord } from './stream-client.ts';

const PAUSE_MS_MIN = 1_000;
const PAUSE_MS_MAX = 60_000;
/** The stream itself keeps a record for a day. */
const STREAM_AGE_SECONDS_MAX = 86_400;

export interface TableStreamParts {
  readonly plan: StreamPlan;
  readonly client: StreamClient;
  readonly runtime: FunctionRuntime;
  readonly agenda: Agenda;
  /** Calls to the DynamoDB emulator. */
  readonly traffic: EmulatorTraffic;
  /** Sends what was given up to the on-failure queue. */
  readonly giveUp: (queueName: string, body: string) => Promise<void>;
  /** Told up to which sequence number everything is done. */
  readonly onDone: (sequenceNumber: string) => void;
}

interface SeenRecord {
  readonly record: StreamRecord;
  readonly seenMs: number;
}

export class TableStream implements WorkSource {
  readonly name: string;
  readonly #parts: TableStreamParts;
  /** Read from the stream and not done yet, oldest first. */
  #pending: SeenRecord[] = [];
  /** State of the traffic at which the stream was read to its end; null when it was not read yet. */
  #emptyAt: number | null = null;
  #attempts = 0;
  #batchMax: number;
  #pausedUntilMs = 0;

  constructor(parts: TableStreamParts) {
    this.#parts = parts;
    this.name = `${parts.plan.tableName} stream`;
    this.#batchMax = parts.plan.batchSize;
  }

  async step(): Promise<boolean> {
    if (Date.now() < this.#pausedUntilMs) return false;
    if (this.#pending.length === 0 && !(await this.#read())) return false;
    const batch = this.#pending.slice(0, this.#batchMax);
    const wanted = batch.filter(({ record }) => this.#isWanted(record));
    if (wanted.length === 0) this.#done(batch.length);
    else await this.#deliver(batch, wanted);
    return true;
  }

  lookAgain(): void {
    this.#emptyAt = null;
  }

  async #read(): Promise<boolean> {
    const { changes } = this.#parts.traffic;
    if (this.#emptyAt === changes) return false;
    const records = await this.#parts.client.read(this.#parts.plan.batchSize);
    const seenMs = Date.now();
    this.#pending = records.map((record) => ({ record, seenMs }));
    if (records.length === 0) this.#emptyAt = changes;
    return records.length > 0;
  }

  #isWanted(record: StreamRecord): boolean {
    const { filters } = this.#parts.plan;
    return filters.length === 0 || filters.some((filter) => matchesPattern(filter, record));
  }

  async #deliver(batch: readonly SeenRecord[], wanted: readonly SeenRecord[]): Promise<void> {
    const { plan, runtime } = this.#parts;
    const outcome = await runtime.invoke(plan.functionName, streamEvent(plan.tableName, wanted)).outcome;
    const identifiers = wanted.map(({ record }) => sequenceOf(record));
    const failed = outcome.ok && plan.reportsItemFailures ? reportedFailures(outcome.payload, identifiers) : null;
    if (outcome.ok && (failed === null || failed.size === 0)) {
      this.#done(batch.length);
      return;
    }
    const firstFailed = failed === null ? 0 : batch.findIndex(({ record }) => failed.has(sequenceOf(record)));
    if (firstFailed > 0) this.#done(firstFailed);
    await this.#failed(wanted.length);
  }

  /** Takes the first records off and begins with fresh attempts. */
  #done(count: number): void {
    const last = this.#pending[count - 1];
    this.#pending = this.#pending.slice(count);
    this.#attempts = 0;
    this.#batchMax = this.#parts.plan.batchSize;
    if (last !== undefined) this.#parts.onDone(sequenceOf(last.record));
  }

  async #failed(batchSize: number): Promise<void> {
    const { plan, agenda } = this.#parts;
    this.#attempts += 1;
    if (this.#isExhausted()) {
      await this.#giveUp();
      return;
    }
    if (plan.bisectsOnError && batchSize > 1) this.#batchMax = Math.ceil(batchSize / 2);
    const pauseMs = Math.min(PAUSE_MS_MAX, PAUSE_MS_MIN * 2 ** (this.#attempts - 1));
    this.#pausedUntilMs = Date.now() + pauseMs;
    // The clock must stop at the end of the pause; the step after it finds the batch.
    agenda.put(this.#pausedUntilMs, async () => undefined);
  }

  #isExhausted(): boolean {
    const { retriesMax, recordAgeSecondsMax } = this.#parts.plan;
    const ageMsMax = (recordAgeSecondsMax < 0 ? STREAM_AGE_SECONDS_MAX : recordAgeSecondsMax) * 1000;
    const ageMs = Date.now() - (this.#pending[0]?.seenMs ?? Date.now());
    return ageMs > ageMsMax || (retriesMax >= 0 && this.#attempts > retriesMax);
  }

  async #giveUp(): Promise<void> {
    const { plan, giveUp } = this.#parts;
    const lost = this.#pending.slice(0, this.#batchMax);
    if (plan.onFailureQueue !== null) {
      await giveUp(
        plan.onFailureQueue,
        JSON.stringify({
          requestContext: {
            functionArn: arnOf('lambda', `function:${plan.functionName}`),
            condition: 'RetryAttemptsExhausted',
            approximateInvokeCount: this.#attempts,
          },
          DDBStreamBatchInfo: {
            startSequenceNumber: lost[0]?.record.dynamodb.SequenceNumber,
            endSequenceNumber: lost.at(-1)?.record.dynamodb.SequenceNumber,
            batchSize: lost.length,
            streamArn: arnOf('dynamodb', `table/${plan.tableName}/stream/local`),
          },
          timestamp: new Date().toISOString(),
          version: '1.0',
        }),
      );
    }
    this.#done(lost.length);
  }
}

/** The emulator's records are the function's own form already, but for whose they are and when they were made. */
const streamEvent = (tableName: string, records: readonly SeenRecord[]): unknown => ({
  Records: records.map(({ record, seenMs }) => ({
    ...record,
    eventSource: 'aws:dynamodb',
    awsRegion: LOCAL_REGION,
    eventSourceARN: arnOf('dynamodb', `table/${tableName}/stream/local`),
    dynamodb: { ...record.dynamodb, ApproximateCreationDateTime: Math.floor(seenMs / 1000) },
  })),
});
