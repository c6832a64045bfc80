/** A small house for tests: templates written by hand, handlers given as functions, the emulators real. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type EpochMs, parseEpochMs } from '#shared/core/kernel/instant.ts';
import type { FunctionFailure } from '#infra/local/lambda/function-runtime.ts';
import type { Handler } from '#infra/local/lambda/invocation.ts';
import type { BusEvent } from '#infra/local/rules/event-bus.ts';
import { startHouseClock, type HouseClock } from '#infra/local/time/house-clock.ts';
import { Conductor } from './conductor.ts';
import { FrameWatch } from './frame-watch.ts';
import { type House, startHouse, workSources } from './house.ts';
import { ProgressKeeper } from './progress.ts';
import { NO_VENUE, type Venue } from './venue.ts';

interface TestStack {
  readonly Resources: Readonly<Record<string, unknown>>;
  readonly Outputs?: Readonly<Record<string, unknown>>;
}

export interface TestHouseOptions {
  readonly stacks: Readonly<Record<string, TestStack>>;
  /** Handlers by room. */
  readonly rooms: Readonly<Record<string, Handler>>;
  readonly startAt?: string;
  readonly venue?: Venue;
  readonly everySlot?: boolean;
  readonly changes?: Readonly<Record<string, string>>;
  readonly secrets?: Readonly<Record<string, string>>;
}

export interface TestHouse {
  readonly house: House;
  readonly clock: HouseClock;
  readonly conductor: Conductor;
  readonly failures: FunctionFailure[];
  readonly events: BusEvent[];
  readonly logs: { readonly functionName: string; readonly text: string }[];
  runUntil(instant: string): Promise<void>;
  stop(): Promise<void>;
}

export async function startTestHouse(options: TestHouseOptions): Promise<TestHouse> {
  const directory = mkdtempSync(join(tmpdir(), 'belay-house-'));
  const assemblyDirectory = join(directory, 'assembly');
  mkdirSync(assemblyDirectory);
  for (const [stack, template] of Object.entries(options.stacks)) {
    writeFileSync(join(assemblyDirectory, `${stack}.template.json`), JSON.stringify(template));
  }
  const startAt: EpochMs = parseEpochMs(options.startAt ?? '2024-03-08T12:00:00Z');
  const clock = startHouseClock(startAt);
  const venue = options.venue ?? NO_VENUE;
  const start = { fingerprint: '', nowMs: startAt, fired: {}, open: [], streams: {}, days: 0 };
  const progress = new ProgressKeeper(null, start);
  const [failures, events, logs]: [FunctionFailure[], BusEvent[], { functionName: string; text: string }[]] = [
    [],
    [],
    [],
  ];
  const house = await startHouse({
    assemblyDirectory,
    clock,
    progress,
    port: 0,
    stateDirectory: null,
    issuerFile: join(directory, 'issuer.json'),
    changes: options.changes ?? {},
    secrets: options.secrets ?? {},
    importRoom: (room) => Promise.resolve({ handler: options.rooms[room] }),
    logSink: (functionName, text) => logs.push({ functionName, text }),
    onFailure: (failure) => failures.push(failure),
    onEvent: (event) => events.push(event),
    onDelivered: () => undefined,
  }).catch((error: unknown) => {
    clock.stop();
    throw error;
  });
  const frames = new FrameWatch(venue);
  const conductor = new Conductor({
    clock,
    agenda: house.agenda,
    runtime: house.runtime,
    invoker: house.invoker,
    sources: workSources(house),
    lanes: new Set(house.lanes),
    timetable: house.timetable,
    venue,
    frames,
    progress,
    everySlot: options.everySlot ?? false,
    isWaiting: house.isWaiting,
  });
  return {
    house,
    clock,
    conductor,
    failures,
    events,
    logs,
    runUntil: (instant) => conductor.runUntil(parseEpochMs(instant)),
    stop: async () => {
      frames.stop();
      await house.stop();
      clock.stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

interface FunctionOptions {
  readonly timeoutSeconds?: number;
  readonly environment?: Readonly<Record<string, unknown>>;
}

export const queueResource = (name: string): unknown => ({ Type: 'AWS::SQS::Queue', Properties: { QueueName: name } });

/** A lane whose messages are seen again after 180 s. */
export const fifoResource = (name: string, deadLetters?: string): unknown => ({
  Type: 'AWS::SQS::Queue',
  Properties: {
    QueueName: `${name}.fifo`,
    FifoQueue: true,
    VisibilityTimeout: 180,
    ...(deadLetters === undefined
      ? {}
      : { RedrivePolicy: { deadLetterTargetArn: { 'Fn::GetAtt': [deadLetters, 'Arn'] }, maxReceiveCount: 2 } }),
  },
});

/** Hands a lane's messages to a function one at a time. */
export const laneResource = (target: string, queue: string): unknown => ({
  Type: 'AWS::Lambda::EventSourceMapping',
  Properties: {
    FunctionName: { Ref: target },
    EventSourceArn: { 'Fn::GetAtt': [queue, 'Arn'] },
    BatchSize: 1,
    FunctionResponseTypes: ['ReportBatchItemFailures'],
    ScalingConfig: { MaximumConcurrency: 2 },
  },
});

export const tableResource = (name: string, streamed = false): unknown => ({
  Type: 'AWS::DynamoDB::Table',
  Properties: {
    TableName: name,
    KeySchema: [
      { AttributeName: 'pk', KeyType: 'HASH' },
      { AttributeName: 'sk', KeyType: 'RANGE' },
    ],
    AttributeDefinitions: [
      { AttributeName: 'pk', AttributeType: 'S' },
      { AttributeName: 'sk', AttributeType: 'S' },
    ],
    ...(streamed ? { StreamSpecification: { StreamViewType: 'NEW_IMAGE' } } : {}),
  },
});

/** A function's resource; its logical id is the caller's. */
export const functionResource = (room: string, options: FunctionOptions = {}): unknown => ({
  Type: 'AWS::Lambda::Function',
  Properties: {
    FunctionName: room,
    Timeout: options.timeoutSeconds ?? 30,
    MemorySize: 512,
    Environment: { Variables: options.environment ?? {} },
    Role: { 'Fn::GetAtt': ['Role', 'Arn'] },
  },
  Metadata: { 'belay:room': room, 'belay:export': 'handler' },
});

/** A schedule in New York's time, its slot and kind as input. */
export const scheduleResource = (target: string, kind: string, expression: string, State = 'ENABLED'): unknown => ({
  Type: 'AWS::Scheduler::Schedule',
  Properties: {
    ScheduleExpression: expression,
    ScheduleExpressionTimezone: 'America/New_York',
    FlexibleTimeWindow: { Mode: 'OFF' },
    State,
    Target: {
      Arn: { 'Fn::GetAtt': [target, 'Arn'] },
      RoleArn: 'arn:aws:iam::000000000000:role/scheduler',
      Input: `{"slot":"<aws.scheduler.scheduled-time>","kind":"${kind}"}`,
    },
  },
});

/** Asynchronous invocations of a function are not tried again. */
export const noRetries = (target: string): unknown => ({
  Type: 'AWS::Lambda::EventInvokeConfig',
  Properties: { FunctionName: { Ref: target }, Qualifier: '$LATEST', MaximumRetryAttempts: 0 },
});
