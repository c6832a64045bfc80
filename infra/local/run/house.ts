/** The house on one machine: everything that the plan asks for, started together and stopped together. */
import { type AwsEndpoint, type AwsEndpointParts, startAwsEndpoint } from '#infra/local/endpoint/aws-endpoint.ts';
import { EmulatorTraffic } from '#infra/local/endpoint/emulator-traffic.ts';
import { createPlannedTables } from '#infra/local/endpoint/table-setup.ts';
import { startDynamoDb } from '#infra/local/emulators/dynamodb.ts';
import type { Emulator } from '#infra/local/emulators/emulator-process.ts';
import { startSqs } from '#infra/local/emulators/sqs.ts';
import { type ApiServer, startApiServer } from '#infra/local/http/api-server.ts';
import { keepIssuer, makeVerifier, type TokenVerifier } from '#infra/local/http/local-issuer.ts';
import { AsynchronousInvoker } from '#infra/local/lambda/asynchronous-invoker.ts';
import { type FunctionFailure, FunctionRuntime } from '#infra/local/lambda/function-runtime.ts';
import { type LogSink, separateInvocations } from '#infra/local/lambda/invocation-scope.ts';
import { Lane, type LaneDelivery, type LaneParts } from '#infra/local/queues/lane.ts';
import { QueueClient } from '#infra/local/queues/queue-client.ts';
import { type BusEvent, EventBus } from '#infra/local/rules/event-bus.ts';
import { OneOffSchedules } from '#infra/local/schedules/one-off-schedules.ts';
import { makeTimetable, type TimetableRow } from '#infra/local/schedules/timetable.ts';
import { StreamClient } from '#infra/local/streams/stream-client.ts';
import { TableStream, type TableStreamParts } from '#infra/local/streams/table-stream.ts';
import type { HousePlan } from '#infra/local/template/house-plan.ts';
import { readHousePlan } from '#infra/local/template/read-house-plan.ts';
import { Agenda } from '#infra/local/time/agenda.ts';
import type { HouseClock } from '#infra/local/time/house-clock.ts';
import { atHome, machineVariables } from './function-environments.ts';
import type { ProgressKeeper } from './progress.ts';
import type { WorkSource } from './work-source.ts';

export interface HouseOptions {
  /** Where the synthesised templates lie. */
  readonly assemblyDirectory: string;
  readonly clock: HouseClock;
  readonly progress: ProgressKeeper;
  /** TCP port of the HTTP API; 0 takes any free one. */
  readonly port: number;
  /** Keeps tables and queues over a restart; null: they live in memory. */
  readonly stateDirectory: string | null;
  /** Holds the key that local tokens are signed with. */
  readonly issuerFile: string;
  /** Values that stand in for those of the template, where it gives a function the variable. */
  readonly changes: Readonly<Record<string, string>>;
  /** Texts of secrets, by the variable that names the secret to the functions. */
  readonly secrets: Readonly<Record<string, string>>;
  readonly importRoom: (room: string, functionName: string) => Promise<unknown>;
  readonly logSink: LogSink;
  readonly onFailure: (failure: FunctionFailure) => void;
  readonly onEvent: (event: BusEvent) => void;
  readonly onDelivered: (delivery: LaneDelivery) => void;
}

export interface House {
  readonly plan: HousePlan;
  readonly apiUrl: string;
  readonly agenda: Agenda;
  readonly runtime: FunctionRuntime;
  readonly invoker: AsynchronousInvoker;
  readonly lanes: readonly Lane[];
  readonly streams: readonly TableStream[];
  readonly bus: EventBus;
  readonly timetable: readonly TimetableRow[];
  readonly queues: QueueClient;
  readonly dynamoDbEndpoint: string;
  /** What every function is told beside its own variables. */
  readonly machineVariables: Readonly<Record<string, string>>;
  /** Something waits for its next attempt. */
  readonly isWaiting: () => boolean;
  /** Rejects when an emulator stops by itself. */
  readonly broken: Promise<never>;
  stop(): Promise<void>;
}

/** What was started, to be stopped in the opposite order. */
class Stops {
  readonly #stops: (() => void | Promise<void>)[] = [];

  add(stop: () => void | Promise<void>): void {
    this.#stops.push(stop);
  }

  async run(): Promise<void> {
    for (const stop of this.#stops.splice(0).reverse()) await stop();
  }
}

/** @throws EmulatorError, TemplateError, PortInUseError; nothing that was started is left behind. */
export async function startHouse(options: HouseOptions): Promise<House> {
  const stops = new Stops();
  try {
    return await assemble(options, stops);
  } catch (error) {
    await stops.run();
    throw error;
  }
}

async function assemble(options: HouseOptions, stops: Stops): Promise<House> {
  const { dynamoDb, sqs } = await startEmulators(options, stops);
  const plan = readPlan(options, sqs);
  const sqsTraffic = trafficTo(sqs, stops);
  const queues = new QueueClient(sqs.endpoint, () => sqsTraffic.touch());
  await Promise.all([createPlannedTables(dynamoDb.endpoint, plan.tables), queues.create(plan.queues)]);
  const agenda = new Agenda();
  // Nobody is fed from these queues: what is in them waits for a person.
  const giveUp = (queueName: string, body: string): Promise<void> => queues.send(queueName, body, null);
  const { importRoom, onFailure } = options;
  const runtime = new FunctionRuntime(plan.functions, {
    machineVariables: () => machineVariables({ dynamodb: dynamoDb.endpoint, sqs: sqs.endpoint, house: endpoint.url }),
    importRoom,
    onFailure,
  });
  const invoker = new AsynchronousInvoker({ runtime, agenda, giveUp });
  const bus = new EventBus({
    rules: plan.rules,
    invoker,
    send: (queueName, body, group) => queues.send(queueName, body, group),
    onEvent: options.onEvent,
  });
  const schedules = new OneOffSchedules({ agenda, invoker, groups: plan.scheduleGroups, functions: plan.functions });
  const endpoint = await startEndpoint(options, plan, { bus, schedules }, stops);
  const variables = machineVariables({ dynamodb: dynamoDb.endpoint, sqs: sqs.endpoint, house: endpoint.url });
  stops.add(separateInvocations(options.logSink));
  const lanes = makeLanes(options, plan, { queues, runtime, agenda, traffic: sqsTraffic });
  const streamParts = { runtime, agenda, giveUp, traffic: trafficTo(dynamoDb, stops) };
  const streams = await openStreams(options, plan, dynamoDb, streamParts);
  const api = await startApi(options, plan, runtime, stops);
  return {
    plan,
    apiUrl: api.url,
    agenda,
    runtime,
    invoker,
    lanes,
    streams,
    bus,
    timetable: makeTimetable(plan.schedules, plan.functions, options.clock.now()),
    queues,
    dynamoDbEndpoint: dynamoDb.endpoint,
    machineVariables: variables,
    isWaiting: () => invoker.waiting > 0 || lanes.some((lane) => lane.waiting > 0),
    broken: brokenBy([dynamoDb, sqs]),
    stop: () => stops.run(),
  };
}

/** Both at once; when one does not start, the other is stopped too. */
async function startEmulators(
  options: HouseOptions,
  stops: Stops,
): Promise<{ readonly dynamoDb: Emulator; readonly sqs: Emulator }> {
  const kept = options.stateDirectory === null ? {} : { stateDirectory: options.stateDirectory };
  const starting = [startDynamoDb(kept), startSqs(kept)] as const;
  for (const emulator of await Promise.allSettled(starting)) {
    if (emulator.status === 'fulfilled') stops.add(() => emulator.value.stop());
  }
  const [dynamoDb, sqs] = await Promise.all(starting);
  return { dynamoDb, sqs };
}

function readPlan(options: HouseOptions, sqs: Emulator): HousePlan {
  const plan = readHousePlan(options.assemblyDirectory, {
    queueEndpoint: sqs.endpoint,
    apiEndpoint: `http://127.0.0.1:${options.port}`,
  });
  return { ...plan, functions: atHome(plan.functions, options.changes) };
}

function startEndpoint(
  options: HouseOptions,
  plan: HousePlan,
  parts: Pick<AwsEndpointParts, 'bus' | 'schedules'>,
  stops: Stops,
): Promise<AwsEndpoint> {
  const textOf = (arn: string): string | null => {
    for (const { environment } of plan.functions) {
      for (const [variable, text] of Object.entries(options.secrets)) if (environment[variable] === arn) return text;
    }
    return null;
  };
  const secret = (id: string): { readonly arn: string; readonly name: string; readonly text: string } | null => {
    const found = plan.secrets.find(({ arn, name }) => arn === id || name === id);
    const text = found === undefined ? null : textOf(found.arn);
    return found === undefined || text === null ? null : { ...found, text };
  };
  return started(startAwsEndpoint({ ...parts, buses: plan.buses, secret }), stops);
}

async function started<T extends { close(): Promise<void> }>(starting: Promise<T>, stops: Stops): Promise<T> {
  const server = await starting;
  stops.add(() => server.close());
  return server;
}

function trafficTo(emulator: Emulator, stops: Stops): EmulatorTraffic {
  const traffic = new EmulatorTraffic(emulator.endpoint);
  stops.add(() => traffic.stop());
  return traffic;
}

function makeLanes(
  options: HouseOptions,
  plan: HousePlan,
  parts: Pick<LaneParts, 'runtime' | 'agenda' | 'traffic'> & { readonly queues: QueueClient },
): readonly Lane[] {
  const lanes = plan.lanes.flatMap((lane) => {
    const queue = plan.queues.find(({ name }) => name === lane.queueName);
    return queue === undefined
      ? []
      : [new Lane({ plan: lane, queue, client: parts.queues, ...parts, onDelivered: options.onDelivered })];
  });
  // The lane of exits is looked at first: in the cloud the two run side by side.
  return lanes.toSorted((a, b) => Number(/urgent/i.test(b.name)) - Number(/urgent/i.test(a.name)));
}

function openStreams(
  options: HouseOptions,
  plan: HousePlan,
  dynamoDb: Emulator,
  parts: Pick<TableStreamParts, 'runtime' | 'agenda' | 'giveUp' | 'traffic'>,
): Promise<readonly TableStream[]> {
  return Promise.all(
    plan.streams.map(async (stream) => {
      const after = options.progress.progress.streams[stream.tableName] ?? null;
      const client = await StreamClient.open(dynamoDb.endpoint, stream.tableName, after);
      const onDone = (sequence: string): void => options.progress.handedOn(stream.tableName, sequence);
      return new TableStream({ plan: stream, client, ...parts, onDone });
    }),
  );
}

async function startApi(
  options: HouseOptions,
  plan: HousePlan,
  runtime: FunctionRuntime,
  stops: Stops,
): Promise<ApiServer> {
  const authorizer = plan.api.routes.find((route) => route.authorizer !== null)?.authorizer ?? null;
  const verify: TokenVerifier =
    authorizer === null
      ? () => Promise.resolve(null)
      : await makeVerifier(await keepIssuer(options.issuerFile, authorizer));
  return started(startApiServer({ plan: plan.api, port: options.port, runtime, verify }), stops);
}

function brokenBy(emulators: readonly Emulator[]): Promise<never> {
  const broken = new Promise<never>((_, reject) => {
    for (const emulator of emulators) emulator.ended.catch(reject);
  });
  // Whoever does not watch learns of it from the next call, which fails.
  broken.catch(() => undefined);
  return broken;
}

/** Everything that may hold work, in the order in which a fast run asks: commands, then facts, then what they wake. */
export const workSources = (house: House): readonly WorkSource[] => [...house.lanes, ...house.streams, house.bus];
