/** The functions of a world, what feeds them, and their schedules. */
import { readCommand } from '#events/command.ts';
import { answerCommand } from '#functions/execute/answer-command.ts';
import { endDeadLetter } from '#functions/execute/end-dead-letter.ts';
import { ingestBars } from '#functions/ingest/ingest-bars.ts';
import { ingestQuotes } from '#functions/ingest/ingest-quotes.ts';
import { holdStream } from '#functions/listen/hold-stream.ts';
import { finishRuns } from '#functions/orchestrate/finish-runs.ts';
import { orchestrateRun } from '#functions/orchestrate/orchestrate-run.ts';
import { guardAccount } from '#functions/protect/guard-account.ts';
import { publishFacts } from '#functions/publish/publish-facts.ts';
import { reconcilePass } from '#functions/reconcile/reconcile-pass.ts';
import { reportSession } from '#functions/report/report-session.ts';
import { generateSignals } from '#functions/signal/generate-signals.ts';
import { workPlans } from '#functions/slice/work-plans.ts';
import { receiveUpdate } from '#functions/webhook/receive-update.ts';
import { factsOfItem } from '#shared/adapters/stores/journal-item.ts';
import type { ReceivedFifoMessage } from '#shared/adapters/memory/fifo-queue.ts';
import type { StreamedChange } from '#shared/adapters/memory/table-stream.ts';
import { Fault } from '#shared/core/kernel/fault.ts';
import { addMs, type EpochMs } from '#shared/core/kernel/instant.ts';
import type { StreamEntry } from '#functions/publish/publish-facts.ts';
import { signatureOf } from './broker-side.ts';
import { type Ended, FunctionRoom } from './function-room.ts';
import { sendWebhooks } from './order-news.ts';
import { LanePump, StreamPump } from './pumps.ts';
import {
  controlRoom,
  executeRoom,
  type Ground,
  ingestRoom,
  listenRoom,
  orchestrateRoom,
  protectRoom,
  publishRoom,
  reconcileRoom,
  reportRoom,
  signalRoom,
  sliceRoom,
  webhookRoom,
} from './rooms.ts';
import type { SimulatedProcess } from './simulated-process.ts';
import { VISIBILITY_MS, type World } from './world.ts';

const COMMAND_MS = 30_000;
const GUARD_MS = 60_000;
const LISTEN_MS = 170_000;
const LANE_CONCURRENCY = 2;
const SLICE_TARGET = 'arn:aws:lambda:us-east-1:000000000000:function:slice';
const LATE_SCHEDULE_MS = [1_000, 70_000] as const;

/** What a schedule wakes. */
export type Scheduled =
  | 'reconcile'
  | 'protect'
  | 'listen'
  | 'orchestrate'
  | 'finish'
  | 'quotes'
  | 'slice'
  | 'bars'
  | 'signals'
  | 'report';

export class Functions {
  readonly execute: FunctionRoom<ReturnType<typeof executeRoom>>;
  readonly control: FunctionRoom<ReturnType<typeof controlRoom>>;
  readonly #world: World;
  readonly #reconcile: FunctionRoom<ReturnType<typeof reconcileRoom>>;
  readonly #protect: FunctionRoom<ReturnType<typeof protectRoom>>;
  readonly #listen: FunctionRoom<ReturnType<typeof listenRoom>>;
  readonly #webhook: FunctionRoom<ReturnType<typeof webhookRoom>>;
  readonly #publish: FunctionRoom<ReturnType<typeof publishRoom>>;
  readonly #orchestrate: FunctionRoom<ReturnType<typeof orchestrateRoom>>;
  readonly #ingest: FunctionRoom<ReturnType<typeof ingestRoom>>;
  readonly #signal: FunctionRoom<ReturnType<typeof signalRoom>>;
  readonly #slice: FunctionRoom<ReturnType<typeof sliceRoom>>;
  readonly #report: FunctionRoom<ReturnType<typeof reportRoom>>;
  readonly #stream: StreamPump;
  readonly #lanes: readonly LanePump[];
  #posts = 0;
  #wholePasses = 0;

  constructor(world: World) {
    this.#world = world;
    this.execute = this.#room('execute', COMMAND_MS, executeRoom);
    this.control = this.#room('control', COMMAND_MS, controlRoom);
    this.#reconcile = this.#room('reconcile', GUARD_MS, reconcileRoom);
    this.#protect = this.#room('protect', GUARD_MS, protectRoom);
    this.#listen = this.#room('listen', LISTEN_MS, listenRoom);
    this.#webhook = this.#room('webhook', COMMAND_MS, webhookRoom);
    this.#publish = this.#room('publish', COMMAND_MS, publishRoom);
    this.#orchestrate = this.#room('orchestrate', COMMAND_MS, orchestrateRoom);
    this.#ingest = this.#room('ingest', COMMAND_MS, ingestRoom);
    this.#signal = this.#room('signal', COMMAND_MS, signalRoom);
    this.#slice = this.#room('slice', GUARD_MS, sliceRoom);
    this.#report = this.#room('report', COMMAND_MS, reportRoom);
    const { scheduler, faults, stream } = world;
    const parts = (name: string) => ({ scheduler, faults, chance: world.chance.fork(`pump:${name}`) });
    this.#stream = new StreamPump({ ...parts('stream'), stream, handle: (changes) => this.#publishChanges(changes) });
    const lane = (name: 'orders' | 'urgent') =>
      new LanePump({
        ...parts(name),
        name,
        queue: world.queues[name],
        visibilityMs: VISIBILITY_MS,
        concurrencyMax: LANE_CONCURRENCY,
        handle: (message) => this.#answer(message),
      });
    const dead = new LanePump({
      ...parts('dead'),
      name: 'dead',
      queue: world.queues.dead,
      visibilityMs: VISIBILITY_MS,
      concurrencyMax: 1,
      handle: (message) => this.#bury(message),
    });
    this.#lanes = [lane('orders'), lane('urgent'), dead];
    world.whenJournaled(() => this.#stream.wake());
    world.whenSent(() => this.wakeLanes());
    world.whenWoken((at) => scheduler.at(at, () => this.fire('slice', at)));
    if (world.plan.news.webhook) {
      const { side } = world;
      sendWebhooks({ ...parts('webhook'), side }, (body) => this.#post(body));
    }
  }

  #room<D>(
    name: string,
    timeoutMs: number,
    assemble: (ground: Ground, process: SimulatedProcess) => D,
  ): FunctionRoom<D> {
    const world = this.#world;
    return new FunctionRoom({
      name,
      timeoutMs,
      scheduler: world.scheduler,
      chance: world.chance.fork(`room:${name}`),
      start: (room) => world.start(room),
      assemble: (process) => assemble(world.ground, process),
      onBug: (room, error) => {
        const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
        world.violate({ invariant: 0, what: `${room}: ${text}` });
      },
    });
  }

  wakeLanes(): void {
    for (const lane of this.#lanes) lane.wake();
  }

  /** Whether facts wait to be published. */
  isBehind(): boolean {
    return this.#stream.isBehind();
  }

  /** Every room is started anew from here on. */
  replaceAll(): void {
    const rooms = [this.execute, this.control, this.#reconcile, this.#protect, this.#listen, this.#webhook];
    const others = [this.#publish, this.#orchestrate, this.#ingest, this.#signal, this.#slice, this.#report];
    for (const room of [...rooms, ...others]) room.replace();
  }

  #answer(message: ReceivedFifoMessage): Promise<Ended<unknown>> {
    return this.execute.invoke(async (dependencies, { process, id }) => {
      const command = readCommand(parsed(message.body));
      const sender = { holder: id, until: addMs(process.clock.now(), COMMAND_MS) };
      const end = await answerCommand(dependencies, command, sender);
      this.#world.say(`${process.name} ended ${command.type}: ${JSON.stringify(end).slice(0, 160)}`);
    });
  }

  #bury(message: ReceivedFifoMessage): Promise<Ended<unknown>> {
    return this.execute.invoke((dependencies) => endDeadLetter(dependencies, readCommand(parsed(message.body))));
  }

  #publishChanges(changes: readonly StreamedChange[]): Promise<Ended<string | null>> {
    return this.#publish.invoke((dependencies) => publishFacts(dependencies, changes.map(entryOf)));
  }

  #post(body: Uint8Array): void {
    this.#posts += 1;
    const again = this.#posts;
    this.#webhook
      .invoke((dependencies) => receiveUpdate(dependencies, body, signatureOf(body)))
      .then(
        // Who sends webhooks tries again where nobody took one.
        ({ kind }) => {
          if (kind !== 'done' && again < 400) this.#world.scheduler.after(5_000, () => this.#post(body));
        },
        () => undefined,
      );
  }

  /** Passes of reconciliation that went through to their end. */
  get wholePasses(): number {
    return this.#wholePasses;
  }

  /** Fires a schedule for its slot, as the scheduler of the cloud does: perhaps late, twice or not at all. */
  fire(what: Scheduled, slot: EpochMs): void {
    const { faults, scheduler } = this.#world;
    if (faults.strikes('missed-schedule', what)) return;
    const late = faults.strikes('late-schedule', what) ? faults.amount('late-schedule', ...LATE_SCHEDULE_MS) : 0;
    const times = faults.strikes('doubled-schedule', what) ? 2 : 1;
    for (let time = 0; time < times; time += 1) scheduler.after(late + time * 200, () => this.#run(what, slot));
  }

  #run(what: Scheduled, slot: EpochMs): void {
    const world = this.#world;
    const report = (promise: Promise<Ended<unknown>>): void => {
      promise.then(
        ({ kind }) => {
          world.say(`${what} ended: ${kind}`);
          if (what === 'reconcile' && kind === 'done') this.#wholePasses += 1;
        },
        () => undefined,
      );
    };
    switch (what) {
      case 'reconcile':
        report(
          this.#reconcile.invoke((dependencies, { process }) => {
            const until = addMs(process.clock.now(), GUARD_MS);
            return reconcilePass(dependencies, () => until - process.clock.now());
          }),
        );
        return;
      case 'protect':
        report(this.#protect.invoke((dependencies) => guardAccount(dependencies, 'guard')));
        return;
      case 'listen':
        report(this.#listen.invoke((dependencies) => holdStream(dependencies, LISTEN_MS)));
        return;
      case 'quotes':
        report(this.#ingest.invoke((dependencies) => ingestQuotes(dependencies, slot)));
        return;
      case 'bars':
        report(this.#ingest.invoke((dependencies) => ingestBars(dependencies)));
        return;
      case 'slice':
        report(this.#slice.invoke((dependencies) => workPlans(dependencies, SLICE_TARGET)));
        return;
      case 'signals':
        report(this.#signal.invoke((dependencies) => generateSignals(dependencies)));
        return;
      case 'report':
        report(this.#report.invoke((dependencies) => reportSession(dependencies)));
        return;
      case 'finish':
        report(this.#orchestrate.invoke((dependencies) => finishRuns(dependencies)));
        return;
      case 'orchestrate':
        report(this.#orchestrate.invoke((dependencies, { id }) => orchestrateRun(dependencies, slot, id)));
        return;
    }
  }
}

/** @throws Fault for a body that is no JSON: the door answers so, and the lane gives it up after its tries */
function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch (cause) {
    throw new Fault('permanent', 'message-unreadable', 'the message is no JSON', { cause });
  }
}

const entryOf = ({ sequenceNumber, kind, after }: StreamedChange): StreamEntry => ({
  sequenceNumber,
  facts: kind === 'INSERT' && after !== null ? factsOfItem(after) : [],
});
